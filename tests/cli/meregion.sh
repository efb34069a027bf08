#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge image show on ME regions made here: what it tells, and what it says
# that it does not understand.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/fpt.sh
. "$(dirname "$0")/../fpt.sh"

# header SUM: $FPT 2.0 of three entries.
header() {
	printf '%sFPT' '$'
	u32 3
	# shellcheck disable=SC2059 # the octal escape is the data
	printf "\\040\\020\\040\\$(printf %o "$1")"
	printf '\007\000\144\000\020\000\000\000\001\000\000\000'
	printf '\010\000\024\000\351\005\340\025'
}

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

# A region of 32 KiB: FOVD, a virtual NVCL, an invalid one, else erased.
a_region() {
	sum=$(header 0 | od -An -v -tu1 -w1 | awk '{ n += $1 } END {
		print (256 - n % 256) % 256 }')
	head -c 32768 /dev/zero | tr '\0' '\377' >me.bin
	{
		head -c 16 /dev/zero
		header "$sum"
		entry FOVD 0x400 0xC00 0x783
		entry NVCL 0xFFFFFFFF 0x10511 2
		entry OLDP 0x2000 0x1000 0xFF000001
	} | dd of=me.bin conv=notrunc status=none
}

partitions_are_told_with_their_kind_and_place() {
	a_region
	image_show me.bin
	grep -q '^0x00000000..0x00007fff me  layout rom bypass and ' out
	grep -q '^  0x00000010..0x0000008f .FPT  version 2.0, entries 3, check checksum-8, check ok' out
	grep -q '^  0x00000400..0x00000fff FOVD  kind oem-data, type generic, flags 0x783, first byte 0xff, manufacturing open$' out
	grep -q '^  NVCL  length 0x10511, kind effs, type virtual' out
	grep -q 'OLDP  kind unknown, type data, flags 0xff000001, invalid$' out
	not grep 'not understood' out
	poke me.bin 0x400 '\001'
	status 0 amtforge image show me.bin --json
	grep -q '"name":"FOVD","offset":1024,"size":3072,"kind":"oem-data".*"first_byte":1,"manufacturing":"ended"' out
	grep -q '"unknown":\[\]' out
}

# Inside a whole image, offsets are those of the image.
a_region_of_a_whole_image_is_told_at_its_place() {
	a_region
	head -c 4096 /dev/zero >bios.bin
	status 0 amtforge image new whole.bin --size 512K --me me.bin \
		--bios bios.bin
	image_show whole.bin
	grep -q '^  0x00001400..0x00001fff FOVD ' out
}

what_is_broken_or_nobodys_is_told_with_its_offset() {
	a_region
	poke me.bin 0x1b '\000'
	image_show me.bin
	grep -q '^  0x0000001b .*checksum is wrong' out
	a_region
	poke me.bin 0x402 '\000'
	poke me.bin 0x5432 '\000'
	image_show me.bin
	grep -q '^  0x00000400..0x00000fff OEM data of the ME: its contents' out
	grep -q '^  0x00001000..0x00007fff bytes that are in no partition' out
	a_region
	poke me.bin 0x3f '\177'
	image_show me.bin
	grep -q '^  0x00000030 partition FOVD: it ends behind' out
	a_region
	poke me.bin 0x17 '\001'
	image_show me.bin
	grep -q '^  0x00000014 .*more entries than there is room for' out
	poke me.bin 0x10 X
	status 65 amtforge image show me.bin
	says "neither a flash descriptor, nor"
}

t partitions_are_told_with_their_kind_and_place
t a_region_of_a_whole_image_is_told_at_its_place
t what_is_broken_or_nobodys_is_told_with_its_offset
done_testing

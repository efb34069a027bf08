#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Flash descriptors: what image new makes, and what image show tells.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

parts() {
	head -c 65536 /dev/zero >me.bin
	head -c 8192 /dev/zero | tr '\000' '\021' >gbe.bin
	head -c 16384 /dev/zero | tr '\000' '\042' >pdr.bin
}

base() {
	amtforge image new base.bin --size "$1" --me me.bin --gbe gbe.bin \
		--pdr pdr.bin --bios $OVMF --force
}

every_part_has_its_region() {
	parts
	for size in 4M 32M 64M; do
		base $size
		dd if=base.bin bs=4096 skip=17 count=2 status=none | cmp - gbe.bin
		dd if=base.bin bs=4096 skip=19 count=4 status=none | cmp - pdr.bin
		tail -c 2097152 base.bin | cmp - $OVMF
		image_show base.bin
		grep -q '^0x00011000..0x00012fff gbe' out
		grep -q '^0x00013000..0x00016fff pdr' out
	done
	grep -q 'descriptor 2, flash 0x4000000, chips 1' out
}

a_part_without_a_region_is_refused() {
	parts
	amtforge image new base.bin --size 4M --bios $OVMF
	head -c 4096 base.bin >desc.bin
	for part in gbe pdr; do
		status 65 amtforge image new x.bin --size 4M --bios $OVMF \
			--descriptor desc.bin --$part $part.bin
		says "the descriptor has no region $part for that part"
	done
	head -c 100 pdr.bin >odd.bin
	status 65 amtforge image new x.bin --size 4M --bios $OVMF --pdr odd.bin
	says "regions are made of 4 KiB blocks"
	[ ! -e x.bin ]
}

# Some newer boards reserve 16 KiB; the tables are in the first 4.
a_descriptor_of_16_kib_is_laid_and_shown() {
	amtforge image new base.bin --size 4M --bios $OVMF
	poke base.bin 0x42 '\003'
	poke base.bin 0x3ff0 'behind'
	head -c 16384 base.bin >desc.bin
	image_show desc.bin
	grep -q 'kind descriptor, size 0x4000' out
	status 0 amtforge image new x.bin --size 4M --descriptor desc.bin \
		--bios $OVMF
	head -c 16384 x.bin | cmp - desc.bin
	image_show x.bin
	grep -q '^0x00000000..0x00003fff descriptor' out
	grep -q '0x00003ff0..0x00003ff5 bytes of the descriptor' out
}

a_master_that_may_not_is_shown_so() {
	parts
	base 4M
	# host: read descriptor, BIOS, GbE; write BIOS, GbE
	poke base.bin 0x60 '\000\000\013\012'
	image_show base.bin
	grep -q ' host .*descriptor r-, bios rw, me --, gbe rw, pdr --' out
	grep -q ' me .*descriptor rw, bios rw, me rw, gbe rw, pdr rw' out
	status 0 amtforge image show base.bin --json
	grep -q '"host_writes_descriptor":false,"host_reads_me":false' out
}

an_me_that_is_strapped_off_is_told_and_refused() {
	parts
	base 4M
	image_show base.bin
	grep -q '  me on, me strap PCHSTRP10 bit 7 (AltMeDisable)' out
	poke base.bin 0x128 '\200'
	image_show base.bin
	grep -q '  me off, me strap PCHSTRP10 bit 7 (AltMeDisable)' out
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count 1
	status 65 amtforge image write l.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images --json
	grep -q '"code":"image-me-off","offset":296' out err
}

an_oem_section_is_read() {
	parts
	base 4M
	image_show base.bin
	grep -q 'OEM section  state empty' out
	poke base.bin 0xF10 'BOARD-4711 \000\001ab\002rev C'
	image_show base.bin
	grep -q 'OEM section  state used, text BOARD-4711  rev C' out
}

both_banks_of_a_gbe_region_are_judged() {
	parts
	# 63 words of 0x1111 sum to 0x332F; 0x878B makes 0xBABA.
	poke gbe.bin 126 '\213\207'
	head -c 4096 /dev/zero | tr '\000' '\377' |
		dd of=gbe.bin bs=4096 seek=1 conv=notrunc status=none
	base 4M
	image_show base.bin
	grep -q 'bank 1  state sound, mac 11:11:11:11:11:11, sum 0xbaba' out
	grep -q 'bank 2  state empty' out
	poke base.bin 0x11020 '\022'
	image_show base.bin
	grep -q 'bank 1  state broken' out
}

what_no_table_names_is_said() {
	parts
	base 4M
	image_show base.bin
	not grep -q 'bytes of the descriptor' out
	poke base.bin 0x800 'bytes'
	image_show base.bin
	grep -q '0x00000800..0x00000804 bytes of the descriptor' out
}

if [ -e $OVMF ]; then
	t every_part_has_its_region
	t a_part_without_a_region_is_refused
	t a_descriptor_of_16_kib_is_laid_and_shown
	t a_master_that_may_not_is_shown_so
	t an_me_that_is_strapped_off_is_told_and_refused
	t an_oem_section_is_read
	t both_banks_of_a_gbe_region_are_judged
	t what_no_table_names_is_said
else
	skip descriptors "no $OVMF"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer openssl: verifies the signatures of ME code as we do
#
# Signatures of ME code judged by openssl, from bytes cut out by dd.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/fpt.sh
. "$(dirname "$0")/../fpt.sh"

# bytes FILE OFFSET N: those bytes.
bytes() {
	tail -c +$(($2 + 1)) "$1" | head -c "$3"
}

# number FILE OFFSET: the u32 there.
number() {
	bytes "$1" "$2" 4 | od -An -tu4 --endian=little | tr -d ' '
}

# backwards: stdin with its bytes turned round, as hex.
backwards() {
	od -An -v -tx1 -w1 | tac | tr -d ' \n'
}

unhex() {
	xxd -r -p
}

# partition FILE NAME: offset and size of a partition of $FPT at 0x10.
partition() {
	n=$(number "$1" 0x14)
	i=0
	while [ "$i" -lt "$n" ]; do
		at=$((0x30 + 32 * i))
		[ "$(bytes "$1" $at 4 | tr -d '\0')" = "$2" ] && {
			number "$1" $((at + 8))
			return
		}
		i=$((i + 1))
	done
	return 1
}

# judge FILE OFFSET: openssl's word on the manifest there, by its own key.
judge() {
	head=$(($(number "$1" $(($2 + 4))) * 4))
	size=$(($(number "$1" $(($2 + 0x18))) * 4))
	modulus=$(bytes "$1" $(($2 + 0x80)) 256 | backwards)
	exponent=$(number "$1" $(($2 + 0x180)))
	cat >key.cnf <<-EOF
		asn1 = SEQUENCE:spki
		[spki]
		algorithm = SEQUENCE:rsa
		key = BITWRAP,SEQUENCE:public
		[rsa]
		oid = OID:rsaEncryption
		parameter = NULL
		[public]
		n = INTEGER:0x$modulus
		e = INTEGER:$exponent
	EOF
	openssl asn1parse -genconf key.cnf -noout -out key.der
	bytes "$1" $(($2 + 0x184)) 256 | backwards | unhex >sig
	{
		bytes "$1" "$2" 128
		bytes "$1" $(($2 + head)) $((size - head))
	} >signed
	openssl dgst -sha256 -verify key.der -keyform DER -signature sig \
		signed 2>/dev/null || true
}

# ours FILE OFFSET: our word on it.
ours() {
	amtforge image show "$1" --json >shown.json
	tr '{' '\n' <shown.json |
		grep "\"name\":\"\\\$MN2\",\"offset\":$2," |
		sed 's/.*"signature":"\([^"]*\)".*/\1/'
}

# flip FILE OFFSET: one bit of that byte.
flip() {
	was=$(bytes "$1" $(($2)) 1 | od -An -tu1 | tr -d ' ')
	# shellcheck disable=SC2059 # the octal escape is the data
	printf "\\$(printf %o $((was ^ 16)))" |
		dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

openssl_and_we_judge_code_partitions_alike() {
	for board in link butterfly; do
		cp "$SHARED/samples/cb_google_${board}_me.bin" me.bin
		chmod 600 me.bin
		for name in FTPR NFTP MDMV; do
			at=$(partition me.bin $name)
			[ "$(judge me.bin "$at")" = "Verified OK" ]
			[ "$(ours me.bin "$at")" = verified ]
			# Header, signature, and module list.
			for bit in 0x24 0x60 0x190 0x2a0; do
				flip me.bin $((at + bit))
				[ "$(judge me.bin "$at")" != "Verified OK" ]
				[ "$(ours me.bin "$at")" = wrong ]
				flip me.bin $((at + bit))
			done
		done
		cmp me.bin "$SHARED/samples/cb_google_${board}_me.bin"
	done
}

# What of a partition its manifest does not cover is not claimed to be proved.
bytes_behind_the_manifest_are_told_as_unproved() {
	cp "$SHARED/samples/cb_google_link_me.bin" me.bin
	chmod 600 me.bin
	at=$(partition me.bin FTPR)
	flip me.bin $((at + 0x20000))
	[ "$(judge me.bin "$at")" = "Verified OK" ]
	[ "$(ours me.bin "$at")" = verified ]
	grep -q '"what":"modules: that they are those of the manifest"' \
		shown.json
}

# UEFIExtract lists the same partitions at the same places.
uefiextract_and_we_list_the_same_partitions() {
	for board in link butterfly; do
		amtforge image new whole.bin --size 8M \
			--descriptor "$SHARED/samples/cb_google_${board}_descriptor.bin" \
			--me "$SHARED/samples/cb_google_${board}_me.bin" \
			--bios /usr/share/ovmf/OVMF.fd --force
		UEFIExtract whole.bin report
		sed -n 's/^ FPT partition *|[^|]*| \([0-9A-F]*\) | \([0-9A-F]*\) |[^|]*| -* \([A-Z0-9]*\).*/0x\1 0x\2 \3/p' \
			whole.bin.report.txt | tr A-F a-f | sort >theirs
		amtforge image show whole.bin --json | tr '{' '\n' |
			sed -n 's/^"name":"\([^"]*\)","offset":\([0-9]*\),"size":\([0-9]*\),"kind":.*"type":.*/\2 \3 \1/p' |
			while read -r off size name; do
				printf '0x%08x 0x%08x %s\n' "$off" "$size" "$name"
			done | tr A-F a-f | sort >ours
		[ "$(wc -l <theirs)" = 9 ]
		diff theirs ours
	done
}

# table CRC: $FPT 2.1 of an IFWI data partition.
table() {
	printf '%sFPT' '$'
	u32 3
	printf '\041\020\040\000\000\000\000\000\000\000\000\000'
	u32 "$1"
	printf '\017\000\001\000\002\000\003\000'
	entry FTPR 0x1000 0x1000 0
	entry FITC 0x2000 0x800 1
	entry CDMD 0x3000 0x1000 1
}

# Entries judged by fwupd, the CRC-32 by gzip, which ends in it.
fwupdtool_and_we_list_the_same_partitions() {
	table 0 | gzip -c | tail -c 8 | head -c 4 >crc
	head -c 16384 /dev/zero | tr '\0' '\377' >dp.bin
	table "$(number crc 0)" | dd of=dp.bin conv=notrunc status=none
	fwupdtool firmware-parse dp.bin ifwi-fpt >xml
	{ tr -d '\n ' <xml && echo; } | sed 's/<firmware>/\n/g' |
		sed -n 's/.*<id>\(.*\)<\/id>.*<offset>\(.*\)<\/offset>.*size="\(.*\)".*/\1 \2 \3/p' >theirs
	amtforge image show dp.bin --json >shown.json
	grep -q '"version":"2.1","entries":3,"check":"crc-32","check_ok":true' \
		shown.json
	tr '{' '\n' <shown.json |
		sed -n 's/^"name":"\([^"]*\)","offset":\([0-9]*\),"size":\([0-9]*\),"kind":.*/\1 \2 \3/p' |
		while read -r name off size; do
			printf '%s 0x%x 0x%x\n' "$name" "$off" "$size"
		done >ours
	[ "$(wc -l <theirs)" = 3 ]
	diff theirs ours
	flip dp.bin 0x48
	amtforge image show dp.bin | unfold >shown
	grep -q '^  0x00000014 .*CRC-32 is wrong' shown
}

# Regions of every version that the unit tests make: what $FPT, IFWI layouts,
# boot tables and code directories name lies at the same places. Directories
# in $FPT's partitions are left out: UEFIExtract A62 counts the partition's
# offset twice there.
uefiextract_and_we_walk_every_layout_alike() {
	"$AMTFORGE_BUILD/unit/bios_me" .
	head -c 4096 /dev/zero >bios.bin
	for form in 0 1 2 3 4 5; do
		amtforge image new whole.bin --size 512K --me $form.bin \
			--bios bios.bin --force
		UEFIExtract whole.bin report
		sed -n 's/^ \(FPT\|IFWI\|BPDT\) partition *|[^|]*| \([0-9A-F]*\) | \([0-9A-F]*\) |.*/\2 \3/p' \
			whole.bin.report.txt | sort >theirs
		sed -n 's/^ CPD partition *|[^|]*| \([0-9A-F]*\) |.* -* \([^ ]*\)$/\1 \2/p' \
			whole.bin.report.txt | grep '^0001' | sort -u >their_modules ||
			true
		amtforge image show whole.bin | unfold >shown
		sed -n 's/^ *0x\(.*\)\.\.0x\([0-9a-f]*\) \([^ ]*  \(kind\|type\) .*\|data\|boot .\)$/\1 \2/p' \
			shown | while read -r from to; do
			printf '%08X %08X\n' $((0x$from)) $((0x$to - 0x$from + 1))
		done | sort >ours
		sed -n 's/^ *0x\([0-9a-f]*\)\(\.\.0x[0-9a-f]*\)\{0,1\} \([^ ]*\.man\|kernel\)\(  huffman.*\)\{0,1\}$/\1 \3/p' \
			shown | while read -r from name; do
			printf '%08X %s\n' $((0x$from)) "$name"
		done | grep '^0001' | sort -u >our_modules || true
		[ "$(wc -l <theirs)" -ge 3 ]
		diff theirs ours
		diff their_modules our_modules
	done
	# The last two have four more in a boot partition.
	[ "$(wc -l <theirs)" = 9 ]
	[ "$(wc -l <their_modules)" = 6 ]
}

if [ ! -d "$SHARED/samples" ]; then
	skip signatures_of_real_code "no samples"
elif ! command -v openssl >/dev/null || ! command -v xxd >/dev/null; then
	skip signatures_of_real_code "no openssl or xxd"
else
	t openssl_and_we_judge_code_partitions_alike
	t bytes_behind_the_manifest_are_told_as_unproved
fi
if [ ! -d "$SHARED/samples" ] || ! command -v UEFIExtract >/dev/null ||
	[ ! -e /usr/share/ovmf/OVMF.fd ]; then
	skip uefiextract_and_partitions "no samples, UEFIExtract or OVMF"
else
	t uefiextract_and_we_list_the_same_partitions
fi
if command -v UEFIExtract >/dev/null; then
	t uefiextract_and_we_walk_every_layout_alike
else
	skip uefiextract_and_layouts "no UEFIExtract"
fi
if command -v fwupdtool >/dev/null; then
	t fwupdtool_and_we_list_the_same_partitions
else
	skip fwupdtool_and_partitions "no fwupdtool"
fi
done_testing

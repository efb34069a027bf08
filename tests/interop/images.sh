#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer UEFIExtract, ifdtool: read what image new and image write make
# peer OVMF: boots from it under QEMU and reads the record
#
# Images judged by UEFIExtract, ifdtool and OVMF itself under QEMU.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/ovmf.sh
. "$ROOT/tests/ovmf.sh"

PATH=$PATH:/usr/sbin
MAP=$ROOT/configs/map-ovmf.cfg

# An order of one unit that is written to $1; its image is then unit.bin.
written() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-$2.cfg" --id O
	amtforge unit issue l.db O --count 1
	amtforge image write l.db O --base "$1" --map "$MAP" --out images
	cp images/*.bin unit.bin
	chmod 600 unit.bin
}

# One number of image show --json, inside the record.
record_size() {
	sed -n "s/.*\"AmtOemRecord\",[^}]*\"data_size\":\([0-9]*\).*/\1/p"
}

ifdtool_reads_the_descriptor_that_we_make() {
	head -c 8192 /dev/zero >me.bin
	amtforge image new base.bin --size 8M --me me.bin --bios $OVMF
	ifdtool -d base.bin >dump
	grep -q 'Flash Region 0 (Flash Descriptor): 00000000 - 00000fff' dump
	grep -q 'Flash Region 1 (BIOS): 00600000 - 007fffff' dump
	grep -q 'Flash Region 2 (Intel ME): 00001000 - 00002fff' dump
	grep -q 'Flash Region 3 (GbE): .*(unused)' dump
	grep -q 'Component 1 Density: *8MB' dump
	ifdtool -x base.bin
	cmp flashregion_1_bios.bin $OVMF
	cmp flashregion_2_intel_me.bin me.bin
}

ifdtool_reads_a_real_descriptor_with_our_record_behind_it() {
	amtforge image new base.bin --size 8M --bios $OVMF \
		--descriptor "$SHARED/samples/cb_google_link_descriptor.bin" \
		--me "$SHARED/samples/cb_google_link_me.bin"
	written base.bin psk
	ifdtool -x unit.bin
	cmp flashregion_0_flashdescriptor.bin \
		"$SHARED/samples/cb_google_link_descriptor.bin"
	cmp flashregion_2_intel_me.bin \
		"$SHARED/samples/cb_google_link_me.bin"
}

# ifdtool's regions and ours are the same for each real descriptor; Debian's
# ifdtool shows no region above 8.
ifdtool_and_we_read_the_same_regions() {
	for row in link: butterfly: tiogapass:sklkbl tgl:tgl; do
		sample=$(echo "$SHARED"/samples/*_"${row%%:*}"_descriptor.bin)
		platform=${row#*:}
		ifdtool -d ${platform:+-p "$platform"} "$sample" |
			sed -n 's/.*Flash Region .*: *\([0-9a-f]*\) - \([0-9a-f]*\) *$/0x\1..0x\2/p' |
			sort >theirs
		amtforge image show "$sample" | grep '^0x' | grep -v 'in no region' |
			grep -v ' \(devexp2\|ie\|10gbe.\|ptt\)$' |
			cut -d' ' -f1 | sort >ours
		[ -s ours ]
		diff theirs ours
	done
}

uefiextract_lists_regions_and_variable() {
	amtforge image new base.bin --size 8M --bios $OVMF
	written base.bin pki
	UEFIExtract unit.bin report
	grep -q 'Region *| Descriptor *| 00000000 | 00001000' \
		unit.bin.report.txt
	grep -q 'Region *| BIOS *| 00600000 | 00200000' unit.bin.report.txt
	grep 'VSS.* entry.*Auth' unit.bin.report.txt >entries
	[ "$(wc -l <entries)" = 1 ]
	grep -q '00600064.*AmtOemRecord' entries
	# Nothing else in the report differs from that of the base.
	UEFIExtract base.bin report
	diff base.bin.report.txt unit.bin.report.txt |
		grep '^[<>]' >changes || true
	grep -v 'VSS\|Image\|BIOS region\|FFF12B8D\|Free space' changes &&
		return 1
	return 0
}

# The variable's bytes as dmpstore printed them.
dumped() {
	sed -n 's/^ *[0-9A-F]\{8\}: \([0-9A-F -]*\)\*.*\*$/\1/p' console |
		tr -d ' -' | tr -d '\n' | tr A-F a-f
}

ovmf_boots_from_the_image_and_prints_the_variable() {
	amtforge image new base.bin --size 8M --bios $OVMF
	written base.bin "$1"
	amtforge image show unit.bin --json >before.json
	size=$(record_size <before.json)
	cp unit.bin booted.bin
	boot booted.bin
	grep -qi "Variable NV+BS '$GUID:AmtOemRecord' DataSize = 0x$(
		printf %x "$size")" console
	# 0x600064, header 60, name 26
	dd if=unit.bin bs=1 skip=$((0x600064 + 86)) count="$size" status=none |
		od -An -v -tx1 | tr -d ' \n' >want
	[ "$(dumped)" = "$(cat want)" ]
	# OVMF has added its own variables; ours is read as before.
	amtforge image show booted.bin --json >after.json
	for f in before after; do
		sed 's/.*"record":{"offset":[0-9]*,//; s/,"unknown".*//' \
			$f.json >$f.record
	done
	diff before.record after.record
	grep -q '"name":"BootOrder"' after.json
}

ovmf_reads_a_psk_record() {
	ovmf_boots_from_the_image_and_prints_the_variable psk
}

ovmf_reads_a_pki_record() {
	ovmf_boots_from_the_image_and_prints_the_variable pki
}

# The store as the firmware leaves it, with variables added, replaced and
# deleted, and its fault tolerant write used, is a base too.
a_store_that_ovmf_has_used_is_written_to_and_booted_again() {
	amtforge image new base.bin --size 8M --bios $OVMF
	boot base.bin
	written base.bin psk
	amtforge image show unit.bin | unfold >shown
	grep -q 'state deleted' shown
	boot unit.bin
	grep -qi "Variable NV+BS '$GUID:AmtOemRecord'" console
}

have ifdtool_reads_the_descriptor_that_we_make ifdtool $OVMF
if [ -d "$SHARED/samples" ]; then
	have ifdtool_reads_a_real_descriptor_with_our_record_behind_it ifdtool
	have ifdtool_and_we_read_the_same_regions ifdtool
else
	skip ifdtool_and_real_descriptors "no samples"
fi
have uefiextract_lists_regions_and_variable UEFIExtract $OVMF
have ovmf_reads_a_psk_record qemu-system-x86_64 mformat mcopy $OVMF
have ovmf_reads_a_pki_record qemu-system-x86_64 mformat mcopy $OVMF
have a_store_that_ovmf_has_used_is_written_to_and_booted_again \
	qemu-system-x86_64 mformat mcopy $OVMF
done_testing

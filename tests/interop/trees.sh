#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer UEFIExtract, ifdtool, fwupdtool: agree with image show by field
#
# image show --json against UEFIExtract, ifdtool and fwupdtool, field by field
# (trees.py): real parts composed to whole images, before and after a write and
# after OVMF has used its store, and regions made here for what no sample has.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/ovmf.sh
. "$ROOT/tests/ovmf.sh"

PATH=$PATH:/usr/sbin
MAP=$ROOT/configs/map-ovmf.cfg
TREES=$ROOT/tests/interop/trees.py
MAKE=$ROOT/tests/interop/trees_make.py

# agree UEFI|IFD|FWUPD|SAME|PROTECT JSON FILE [...]: all of them do.
agree() {
	python3 "$TREES" "$@"
}

ours() {
	amtforge image show "$1" --json >"$1.json"
}

uefiextract() {
	rm -f "$1.report.txt"
	UEFIExtract "$1" report >"$1.uefiextract" 2>&1
	[ -s "$1.report.txt" ]
}

# judged IMAGE [IFDTOOL OPTION...]: all three judges.
judged() {
	image=$1
	shift
	ours "$image"
	uefiextract "$image"
	ifdtool -d "$@" "$image" >"$image.ifd"
	fwupdtool firmware-parse "$image" ifd-firmware 2>fwupd.err |
		grep -v Loading >"$image.xml"
	agree uefi "$image.json" "$image.report.txt" \
		ifd "$image.json" "$image.ifd" fwupd "$image.json" "$image.xml"
}

# compose NAME SIZE: base.bin of that board's parts.
compose() {
	set -- "$2" "$SHARED"/samples/*_"$1"_descriptor.bin \
		"$SHARED"/samples/*_"$1"_me.bin
	if [ -e "$3" ]; then
		amtforge image new base.bin --size "$1" --descriptor "$2" \
			--me "$3" --bios $OVMF
	else
		amtforge image new base.bin --size "$1" --descriptor "$2" \
			--bios $OVMF
	fi
}

# An order of one unit.
order() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count 1
}

# The unit of an order, written to base.bin: unit.bin.
write_unit() {
	order
	amtforge image write l.db O --base base.bin --map "$MAP" --out images
	cp images/*.bin unit.bin
	chmod 600 unit.bin
}

# The written image is read the same by all, and only the variable is new.
written_too() {
	write_unit
	judged unit.bin "$@"
	agree same base.bin.json unit.bin.json
	grep -q 'VSS entry .*Auth .*AmtOemRecord' unit.bin.report.txt
	grep -q '<id>AmtOemRecord</id>' unit.bin.xml
	# and no judge finds anything else changed
	for f in report.txt ifd; do
		diff base.bin.$f unit.bin.$f | grep '^[<>]' |
			grep -v 'VSS\|Image \|BIOS region\|FFF12B8D\|Free space\|^[<>] File ' \
				>changed || true
		[ ! -s changed ]
	done
}

all_judges_read_link_as_we_do() {
	compose google_link 8M
	judged base.bin
	written_too
}

all_judges_read_butterfly_as_we_do() {
	compose google_butterfly 8M
	judged base.bin
	written_too
}

# Its descriptor straps the ME off, so that it is not written to.
all_judges_read_tgl_as_we_do() {
	compose erying_tgl 16M
	judged base.bin -p tgl
	order
	status 65 amtforge image write l.db O --base base.bin --map "$MAP" \
		--out images
	says 'HAP'
}

all_judges_read_tiogapass_as_we_do() {
	compose ocp_tiogapass 32M
	judged base.bin -p sklkbl
	written_too -p sklkbl
}

uefiextract_reads_the_bios_region_alone_as_we_do() {
	cp $OVMF bios.bin
	ours bios.bin
	uefiextract bios.bin
	agree uefi bios.bin.json bios.bin.report.txt
}

uefiextract_walks_every_kind_of_volume_file_and_section_as_we_do() {
	python3 "$MAKE" files x.bin
	ours x.bin
	uefiextract x.bin
	agree uefi x.bin.json x.bin.report.txt
}

# Boot Guard's policies of both layouts, Microsoft's lists, AMI's file: the
# same ranges, and the same verdict on each hash.
uefiextract_finds_the_same_protected_ranges() {
	for kind in policy1 policy1b policy2 stale ami; do
		python3 "$MAKE" $kind x.bin
		ours x.bin
		uefiextract x.bin
		agree uefi x.bin.json x.bin.report.txt \
			protect x.bin.json x.bin.uefiextract
	done
}

# The same raw file, named by a map: written where nothing covers it, refused
# where Boot Guard does.
a_map_may_write_a_raw_file_but_no_protected_one() {
	cat >m.cfg <<'EOF'
platform: { name = "raw"; match = (
	{ kind = "region"; region = "bios"; size = 0x100000; } ); };
settings: { pid = { target = "ffs-raw"; offset = 0; consent = true;
	guid = "00000001-2222-3333-4444-555555555555";
	encoding = "ascii"; size = 8; fill = 0;
	expect = "7261772077697468"; }; };	# raw with
EOF
	order
	uuid=$(amtforge unit list l.db O --json | sed 's/.*"uuid":"\([^"]*\)".*/\1/')
	for kind in files policy1 policy2; do
		python3 "$MAKE" $kind $kind.bin
	done
	status 0 amtforge image plan files.bin m.cfg l.db "$uuid" --out plan
	status 0 amtforge image apply files.bin plan l.db new.bin
	ours new.bin
	uefiextract new.bin
	agree uefi new.bin.json new.bin.report.txt
	not grep -q 'invalid .* checksum' new.bin.uefiextract
	for kind in policy1 policy2; do
		status 65 amtforge image plan $kind.bin m.cfg l.db "$uuid" \
			--out none
		says 'initial boot block'
		says '[image-protected]'
	done
}

# The store after the firmware added, replaced and deleted variables in it.
all_judges_read_a_store_that_ovmf_has_used_as_we_do() {
	compose google_link 8M
	cp base.bin fresh.bin
	boot base.bin
	not cmp -s base.bin fresh.bin
	judged base.bin
	grep -q '"state":"deleted"' base.bin.json
	written_too
}

# A judge that sees no difference would be none: each field that is compared,
# changed in what we say, is found.
a_field_that_differs_is_found() {
	compose google_link 8M
	write_unit
	judged unit.bin
	python3 "$TREES" changed unit.bin >found <<'EOF' || {
uefi report.txt "name":"me","base":4096/"name":"me","base":8192
uefi report.txt "limit":2097151/"limit":2097150
uefi report.txt "name":"FTPR"/"name":"FTPQ"
uefi report.txt "name":"FTPR","offset":606208/"name":"FTPR","offset":606209
uefi report.txt "offset":606208,"size":479232/"offset":606208,"size":479233
uefi report.txt "name":"NVCL"/"name":"NVCM"
fwupd xml "guid":"8c8ce578/"guid":"8c8ce579
uefi report.txt "name":"volume","offset":6422528/"name":"volume","offset":6422529
uefi report.txt "offset":6422528,"size":1753088/"offset":6422528,"size":1753080
uefi report.txt "volume_guid":"48db5e17/"volume_guid":"48db5e18
uefi report.txt "free_offset":7935440/"free_offset":7935448
uefi report.txt "guid":"9e21fd93/"guid":"9e21fd94
uefi report.txt "type":"volume image"/"type":"raw"
uefi report.txt "name":"SecMain","offset":8175736/"name":"SecMain","offset":8175744
uefi report.txt "name":"SecMain"/"name":"SecMein"
uefi report.txt "name":"PE32"/"name":"TE"
uefi report.txt "name":"AmtOemRecord"/"name":"AmtOemRecorb"
uefi report.txt "name":"AmtOemRecord","offset":6291556/"name":"AmtOemRecord","offset":6291560
uefi report.txt "guid":"1862c8ba/"guid":"1862c8bb
ifd ifd "limit":2097151/"limit":2097150
ifd ifd "name":"chip 1","size":8388608/"name":"chip 1","size":4194304
fwupd xml "name":"bios","base":2097152/"name":"bios","base":2097153
fwupd xml "guid":"fff12b8d/"guid":"fff12b8e
fwupd xml "offset":6422528,"size":1753088/"offset":6422528,"size":1753080
fwupd xml "name":"AmtOemRecord"/"name":"AmtOemRecorb"
fwupd xml "name":"AmtOemRecord","offset":6291556/"name":"AmtOemRecord","offset":6291560
fwupd xml "state":"added"/"state":"being replaced"
EOF
		cat found
		return 1
	}
	grep -x '27 of 27 found' found
}

have uefiextract_reads_the_bios_region_alone_as_we_do UEFIExtract python3 $OVMF
have uefiextract_walks_every_kind_of_volume_file_and_section_as_we_do \
	UEFIExtract python3 $OVMF
have uefiextract_finds_the_same_protected_ranges UEFIExtract python3 $OVMF
have a_map_may_write_a_raw_file_but_no_protected_one UEFIExtract python3 $OVMF
if [ -d "$SHARED/samples" ]; then
	for test in all_judges_read_link_as_we_do \
		all_judges_read_butterfly_as_we_do \
		all_judges_read_tgl_as_we_do \
		all_judges_read_tiogapass_as_we_do \
		a_field_that_differs_is_found; do
		have $test UEFIExtract ifdtool fwupdtool python3
	done
	have all_judges_read_a_store_that_ovmf_has_used_as_we_do UEFIExtract \
		ifdtool fwupdtool python3 qemu-system-x86_64 mformat mcopy
else
	skip judges_of_real_parts "no samples"
fi
done_testing

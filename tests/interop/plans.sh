#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer UEFIExtract, ifdtool: find what image apply wrote, at each kind of place
# peer OVMF: reads it under QEMU
#
# What image apply wrote at each kind of place, judged by UEFIExtract, ifdtool
# and OVMF itself under QEMU.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/ovmf.sh
. "$ROOT/tests/ovmf.sh"

PATH=$PATH:/usr/sbin
SAMPLES=$SHARED/samples

# applied SETTINGS: base.bin written by a map with these, as new.bin.
applied() {
	cat >map <<-END
	platform = { name = "m"; match = (
	  { kind = "volume"; guid = "fff12b8d-7696-4c8b-a985-2747075b4f50"; } ); };
	settings = { $1 };
	END
	[ -e l.db ] || amtforge ledger init l.db
	[ -e units ] || amtforge order open l.db \
		"$ROOT/configs/profile-psk.cfg" --id O
	echo >>units # one more each time
	uuid=$(amtforge unit issue l.db O --count "$(wc -l <units)" --json |
		sed -n '$s/.*"uuid":"\([^"]*\)".*/\1/p')
	amtforge image plan base.bin map l.db "$uuid" --out plan --force
	amtforge image apply base.bin plan l.db new.bin --force
}

a_real_base() {
	amtforge image new base.bin --size 8M --bios $OVMF \
		--descriptor "$SAMPLES/cb_google_link_descriptor.bin" \
		--me "$SAMPLES/cb_google_link_me.bin"
}

# changes: lines of UEFIExtract's report that only one of both images has.
changes() {
	UEFIExtract base.bin report
	UEFIExtract new.bin report
	diff base.bin.report.txt new.bin.report.txt | grep '^[<>]'
}

an_added_partition_is_listed_and_nothing_else_has_changed() {
	a_real_base
	applied 'oem_record = { target = "fpt"; part = "AMTO"; add = true;
		size = 0x1000; encoding = "opr1"; };'
	changes >diffs
	grep -q '^> .*AMTO' diffs
	# CRC-32s of what holds it, and the padding that it is cut from
	grep -v 'AMTO\|FPT\|ME region\|Image\|Padding\|Free space' diffs &&
		return 1
	ifdtool -d base.bin >one
	ifdtool -d new.bin | sed 's/new.bin/base.bin/' | diff one -
}

a_record_in_platform_data_leaves_the_image_as_it_was() {
	head -c 8192 /dev/zero | tr '\0' '\377' >pdr
	amtforge image new base.bin --size 8M --pdr pdr --bios $OVMF
	applied 'oem_record = { target = "pdr"; offset = 0; size = 0x1000;
		encoding = "opr1"; };'
	changes >diffs
	grep -v 'PDR\|Image\|Padding' diffs && return 1
	ifdtool -d base.bin >one
	ifdtool -d new.bin | sed 's/new.bin/base.bin/' | diff one -
}

ovmf_reads_the_newer_of_a_variable_that_was_replaced() {
	amtforge image new base.bin --size 8M --bios $OVMF
	serial='serial = { target = "uefi-var"; name = "AcmeSerial";
		guid = "'$GUID'"; encoding = "ascii"; attrs = 0x7; };
	  order = { target = "uefi-var"; name = "AcmeOrder";
		guid = "'$GUID'"; encoding = "utf-16"; };'
	applied "$serial"
	mv new.bin base.bin
	applied "$serial"
	grep -q 'the variable before it is deleted' plan
	cp new.bin booted.bin
	boot booted.bin
	[ "$(grep -c 'AcmeSerial' console)" = 1 ]
	grep -q "Variable NV+RT+BS '.*:AcmeSerial' DataSize = 0x08" console
	grep -q 'O-000002' console
	grep -q "Variable NV+BS '.*:AcmeOrder' DataSize = 0x02" console
	# and we read in what it left what the ledger says
	status 0 amtforge image check booted.bin map l.db "$uuid"
}

if [ -d "$SAMPLES" ]; then
	have an_added_partition_is_listed_and_nothing_else_has_changed \
		UEFIExtract ifdtool
else
	skip partitions_are_added_to_a_real_table "no samples"
fi
have a_record_in_platform_data_leaves_the_image_as_it_was \
	UEFIExtract ifdtool $OVMF
have ovmf_reads_the_newer_of_a_variable_that_was_replaced \
	qemu-system-x86_64 mformat mcopy $OVMF
done_testing

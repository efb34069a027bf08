#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every container of a record: written by a map, shown, booted from to a machine
# that is provisioned, and scrubbed to the base again.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

OVMF=/usr/share/ovmf/OVMF.fd
GUID=1862c8ba-49e6-4001-97f3-351bb07e8fd8

# hex FILE DIGITS...: appends these bytes.
hex() {
	file=$1
	shift
	echo "$*" | xxd -r -p >>"$file"
}

# erased N: so many bytes FF.
erased() {
	head -c "$1" /dev/zero | tr '\000' '\377'
}

# An ME region with a $FPT 1.0 of one data partition, as fpt.h has it.
me_region() {
	rm -f me.bin
	hex me.bin 24465054 01000000 10 10 20 00 0000 0000 00000000 00000000 \
		0000 0000 0000 0000
	hex me.bin 50535644 ffffffff 00100000 00100000 01000000 01000000 \
		00000000 01000000
	sum=$(od -An -v -tu1 -w1 -N32 me.bin |
		awk '{ s += $1 } END { print (256 - s % 256) % 256 }')
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %03o "$sum")" |
		dd of=me.bin bs=1 seek=11 conv=notrunc status=none
	{
		erased $((0x1000 - 64))
		head -c 4096 /dev/zero
		erased $((0x8000 - 0x2000))
	} >>me.bin
}

base() {
	me_region
	erased 65536 >pdr.bin
	amtforge image new base.bin --size 8M --me me.bin --pdr pdr.bin \
		--bios $OVMF
}

# map NAME LINES: NAME.cfg
map() {
	cat >"$1.cfg" <<END
platform = { name = "$1";
	match = ( { kind = "volume";
		guid = "fff12b8d-7696-4c8b-a985-2747075b4f50"; } ); };
settings = { oem_record = { $2 }; };
END
}

maps() {
	map variable "target = \"uefi-var\"; guid = \"$GUID\";
		name = \"AmtOemRecord\"; attrs = 0x3; encoding = \"opr1\";"
	map pdr 'target = "pdr"; offset = 0x1000; size = 0x4000;
		encoding = "opr1"; fill = 0xff; expect = "ff";'
	map fpt 'target = "fpt"; part = "AMTO"; add = true; size = 0x4000;
		encoding = "opr1"; fill = 0xff;'
	map setup.bin "value = \"setup_bin\"; target = \"uefi-var\";
		guid = \"$GUID\"; name = \"AmtSetupBin\"; attrs = 0x3;
		encoding = \"setup.bin\";"
}

# written CONTAINER: unit.bin of the only unit, whose UUID is $u.
written() {
	u=$(cat uuids)
	rm -rf images
	amtforge image write line.db O --base base.bin --map "$1.cfg" \
		--out images
	cp "images/$u.bin" unit.bin
	chmod 600 unit.bin
}

shows() {
	status 0 amtforge image show unit.bin --json
	grep -q "\"containers\":\[{\"name\":\"$1\",.*\"standing\":\"counts\"" out
}

# provisioned CONTAINER [OPTION...]: the device boots from it to its end.
provisioned() {
	batch psk 1
	maps
	base
	written "$1"
	shows "$1"
	cp unit.bin was.bin
	serve 'tls_certificate = false;'
	name=$1
	shift
	for option; do
		[ "$option" = UUID ] && option=$(cat uuids)
		set -- "$@" "$option"
		shift
	done
	status 0 timeout 200 amtforge-device boot --image unit.bin \
		--state machine "$@" --listen 127.0.0.1 \
		--port "$device_port" --server "127.0.0.1:$port" \
		--exit-when-provisioned
	reach_state "$u" provisioned
	stop_server
	cmp was.bin unit.bin
	# and back: the base, bit by bit
	status 0 amtforge image scrub unit.bin "$name.cfg" out.bin line.db "$u"
	cmp base.bin out.bin
}

a_variable() {
	provisioned variable
}

a_platform_data_region() {
	provisioned pdr
	grep -q '^1 record,' out
}

a_partition_of_the_me_region() {
	provisioned fpt
	amtforge image show unit.bin | unfold >shown
	grep -q 'container fpt .*read by the software device only' shown
}

a_setup_bin_for_mebx() {
	provisioned setup.bin --uuid UUID
	grep -q '^0 records, 1 Setup.bin file and 1 variable removed' out
	# its state has it from now on
	status 0 amtforge-device boot --image unit.bin --state machine \
		--port 0 --server 127.0.0.1:9 --exit-when-provisioned
}

a_setup_bin_in_a_delta() {
	batch psk 1
	maps
	base
	written setup.bin
	amtforge image write line.db O --base base.bin --map setup.bin.cfg \
		--out deltas --delta
	serve 'tls_certificate = false;'
	status 0 timeout 200 amtforge-device boot --image "deltas/$u.delta" \
		--base base.bin --uuid "$u" --state machine \
		--listen 127.0.0.1 --port "$device_port" \
		--server "127.0.0.1:$port" --exit-when-provisioned
	stop_server
}

a_setup_bin_names_no_board() {
	batch psk 1
	maps
	base
	written setup.bin
	status 65 amtforge-device boot --image unit.bin --state machine \
		--port 0 --server 127.0.0.1:9
	says "--uuid tells which one this is"
	status 65 amtforge-device show unit.bin
	says '[image-no-record]'
	says "it has a Setup.bin and no record, and a Setup.bin names no board"
}

the_newest_of_several_counts_and_ties_are_told() {
	batch psk 1
	maps
	base
	written pdr
	cp unit.bin pdr.img
	cp base.bin base0.bin
	# the same record as a variable of the image that has it in the region
	written variable
	dd if=pdr.img of=unit.bin bs=4096 skip=10 seek=10 count=4 \
		conv=notrunc status=none
	image_show unit.bin
	grep -q 'container variable  sequence 1, standing counts' out
	grep -q 'container pdr  sequence 1, standing as new as the one' out
	status 65 amtforge image write line.db O --base unit.bin \
		--map variable.cfg --out again
	says '[image-live-record]'
	status 0 amtforge image scrub unit.bin pdr.cfg out.bin
	cmp base0.bin out.bin
}

if [ -e $OVMF ] && command -v xxd >/dev/null; then
	t a_variable
	t a_platform_data_region
	t a_partition_of_the_me_region
	t a_setup_bin_for_mebx
	t a_setup_bin_in_a_delta
	t a_setup_bin_names_no_board
	t the_newest_of_several_counts_and_ties_are_told
else
	skip containers "no $OVMF, or no xxd"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer OVMF: runs the UEFI application on emulated USB controllers
#
# The UEFI application in real firmware: OVMF under QEMU, from a whole flash
# image that we made, with keys on emulated USB controllers. Keys are laid out
# by mkfs.fat and mtools, and by our own writer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# shellcheck source=tests/uefi.sh
. "$(dirname "$0")/../uefi.sh"

# ---- the whole way ----

# On a new flash, and with all that QEMU gives a machine.
a_yes_takes_the_record_stores_it_and_restarts() {
	setup 2 1 0 0 1 1 1 >f.bin
	key old.img f.bin
	cp old.img key.img
	cp "$BASE" m.fd
	QEMU=plain_machine boot m y key.img
	tells m 'SETUP.BIN version 2.1, record 1 of 3'
	tells m 'PID: 0000-037M'
	# no password and no PPS
	not grep -e P@ssw0rd -e NKLD m.console
	only_the_store_changed m
	has m "uuid *$UUID"
	has m 'serial *SN-1'
	has m 'pid *0000037M'
	has m 'amt *4.0'
	# the record's flag and the file's counter, one byte each
	[ "$(changed old.img key.img | wc -l)" = 2 ]
	mcopy -i key.img@@1M ::SETUP.BIN used.bin
	setup 2 1 0 1 0 1 1 | cmp - used.bin
	UEFIExtract m.fd report >/dev/null
	grep -q 'VSS.* entry.*AmtOemRecord' m.fd.report.txt
}

# From the ledger to the customer: our key, this firmware on USB 3 and on USB
# 2, the flash that it leaves, the software device, our server.
machines_set_up_by_our_key_are_provisioned_from_that_flash() {
	batch psk 2
	amtforge setupbin make line.db O --out key.bin
	amtforge usb image key.bin key.img
	i=0
	while read -r u; do
		i=$((i + 1))
		cp key.img was.img
		bus=$(echo qemu-xhci usb-ehci | cut -d' ' -f$i)
		BUS=$bus MACHINE=$u boot m$i y key.img
		[ "$(changed was.img key.img | wc -l)" = 2 ]
		only_the_store_changed m$i
		has m$i "pid *$(reveal "$u" pid)"
	done <uuids
	[ $i = 2 ]
	serve 'tls_certificate = false;'
	for i in 1 2; do
		timeout -k 5 120 amtforge-device boot --image m$i.fd \
			--state device$i --listen 127.0.0.$((i + 1)) \
			--port "$device_port" --server "127.0.0.1:$port" \
			--exit-when-provisioned
	done
	while read -r u; do
		reach_state "$u" provisioned
	done <uuids
	stop_server
}

a_no_leaves_key_and_machine_as_they_were() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	sha256sum key.img >sum
	boot m n key.img
	tells m 'Nothing was changed.'
	sha256sum -c sum
	no_record m
}

a_bounded_wait_that_nobody_answers_is_a_no() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	sha256sum key.img >sum
	OPTIONS='-append wait=1' boot m '' key.img
	tells m '(no answer)'
	tells m 'Nothing was changed.'
	sha256sum -c sum
}

each_boot_takes_the_next_record_until_all_are_used() {
	setup 2 0 0 1 0 1 1 >f.bin
	key key.img f.bin
	boot a y key.img
	has a 'pid *0000038N'
	MACHINE=22223344-5566-7788-99aa-bbccddeeff00 boot b y key.img
	has b 'pid *0000039O'
	sha256sum key.img >sum
	boot c y key.img
	tells c 'no unused record left'
	sha256sum -c sum
	no_record c
}

# A record that was cut off between its flag and the counter is passed over.
a_torn_pair_of_writes_heals() {
	setup 2 0 0 0 0 1 >f.bin
	key key.img f.bin
	boot a y key.img
	has a 'pid *0000038N'
	mcopy -i key.img@@1M ::SETUP.BIN used.bin
	setup 2 0 0 2 0 0 | cmp - used.bin
}

records_that_are_kept_serve_again_and_the_key_stays() {
	setup 2 1 1 0 1 >f.bin
	key key.img f.bin
	sha256sum key.img >sum
	boot a y key.img
	tells a 'records are not used up'
	RO=,readonly=on boot b y key.img
	tells b 'write-protected'
	for m in a b; do has $m 'pid *0000037M'; done
	sha256sum -c sum
}

# The machine of the first key has a MEBx password now.
a_record_with_the_wrong_current_password_is_refused() {
	setup 2 1 0 0 1 1 1 >f.bin
	key key.img f.bin
	boot m y key.img
	cp m.fd first.fd
	boot m y key.img
	tells m 'Record 2 is marked as used.'
	tells m '[key-password]'
	amtforge-device show first.fd >want
	amtforge-device show m.fd | cmp - want
	PASS=P@ssw0rd setup 2 1 0 0 1 1 1 >f.bin
	key key.img f.bin
	boot m y key.img
	tells m 'The settings are stored.'
}

the_variable_of_another_board_is_refused() {
	setup 2 1 0 0 1 1 >f.bin
	key key.img f.bin
	boot m y key.img
	cp key.img was.img
	MACHINE=22223344-5566-7788-99aa-bbccddeeff00 boot m y key.img
	tells m 'is that of another board'
	cmp key.img was.img
}

a_board_without_a_uuid_of_its_own_is_refused() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	cp key.img was.img
	MACHINE=00000000-0000-0000-0000-000000000000 boot m y key.img
	tells m 'this board has no UUID'
	cmp key.img was.img
	MACHINE=03020100-0504-0706-0809-0a0b0c0d0e0f boot n n key.img
	tells n 'This machine: 03020100-0504-0706-0809-0a0b0c0d0e0f'
}

# A file of 4.0 for a machine of AMT 4, which 2.1 made it.
a_file_newer_than_the_machine_is_refused() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	boot m y key.img
	PASS=P@ssw0rd setup 4 0 0 0 1 >f.bin
	key key.img f.bin
	cp key.img was.img
	boot m y key.img
	tells m 'file newer than this firmware'
	tells m '[key-newer]'
	cmp key.img was.img
}

a_damaged_variable_is_not_replaced() {
	setup 2 1 0 0 1 1 >f.bin
	key key.img f.bin
	boot m y key.img
	cp key.img was.img
	at=$(grep -obUaP 'AMTFORG1' m.fd | tail -n 1 | cut -d: -f1)
	printf X | dd of=m.fd bs=1 seek=$((at + 0x60)) conv=notrunc status=none
	boot m y key.img
	tells m '[record-malformed]'
	cmp key.img was.img
}

# ---- sticks ----

a_key_on_usb_2() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	cp key.img was.img
	# and a board with SMBIOS 3.x only
	OPTIONS='-machine smbios-entry-point-type=64' \
		BUS=usb-ehci boot m y key.img
	has m 'pid *0000037M'
	has m "uuid *$UUID"
	[ "$(changed was.img key.img | wc -l)" = 2 ]
}

a_key_behind_a_hub() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	cp key.img was.img
	HUB='-device usb-hub,bus=usb.0,port=1' boot m y key.img,port=1.3
	grep -q '^USB key at port [0-9]*\.3$' m.console
	has m 'pid *0000037M'
	[ "$(changed was.img key.img | wc -l)" = 2 ]
}

fat32_superfloppy_and_a_long_name() {
	setup 2 1 0 0 1 >f.bin
	for layout in fat32 superfloppy long; do
		case $layout in
		long) key key.img f.bin fat16 Setup.bin ;;
		*) key key.img f.bin $layout ;;
		esac
		cp key.img was.img
		rm -f $layout.fd
		boot $layout y key.img
		has $layout 'pid *0000037M'
		[ "$(changed was.img key.img | wc -l)" = 2 ]
	done
	tells long 'note: SETUP.BIN is not the first entry of its folder'
}

keys_of_our_writer_in_each_layout() {
	setup 2 1 0 0 1 >f.bin
	for layout in 32 superfloppy; do
		amtforge usb image f.bin key.img --fat $layout --force
		cp key.img was.img
		boot f$layout y key.img
		not grep 'note:' f$layout.console
		has f$layout 'pid *0000037M'
		[ "$(changed was.img key.img | wc -l)" = 2 ]
	done
}

a_read_only_key_is_told_from_none() {
	setup 2 1 0 0 1 >f.bin
	key key.img f.bin
	RO=,readonly=on boot m y key.img
	tells m '[key-write-protected]'
	no_record m
}

of_several_sticks_the_first_with_the_file_is_taken() {
	setup 2 1 0 0 1 1 >f.bin
	key empty.img ''
	truncate -s 16M blank.img
	key a.img f.bin
	cp a.img b.img
	cp a.img was.img
	boot m y blank.img empty.img a.img b.img
	tells m 'USB disk at port 1: '
	tells m '[key-unreadable]'
	tells m 'USB disk at port 2: '
	tells m '[key-no-file]'
	tells m 'USB key at port 3'
	tells m 'There are 1 more USB disks'
	cmp b.img was.img
	[ "$(changed was.img a.img | wc -l)" = 2 ]
}

without_a_key_the_boot_goes_on() {
	boot m y
	tells m 'No USB key with SETUP.BIN was found.'
	key empty.img ''
	boot n y empty.img
	tells n 'No USB key with SETUP.BIN was found.'
}

# ---- started by the firmware ----

# hook NAME SysPrep|Boot: variables of NAME.fd by which the firmware itself
# starts the file one.efi of a disk, as UEFI 2.10 section 3.1 has them.
hook() {
	cp "$BASE" "$1.fd"
	perl -e '
		sub wide { join "", map { pack "v", ord } split //, shift . "\0" }
		sub var {
			my ($name, $data) = @_;
			my $v = pack("v C2 V Q< x16 V3 H32", 0x55aa, 0x3f, 0, 7,
			    0, 0, length wide($name), length $data,
			    "61dfe48bca93d211aa0d00e098032b8c") .
			    wide($name) . $data;
			return $v . "\xff" x (-length($v) % 4);
		}
		my $kind = shift;
		my $path = pack("C2 v V Q<2 V x12 C2", 4, 1, 42, 1, 2048,
		    129024, 0x12345678, 1, 1);
		my $file = wide("\\one.efi");
		$path .= pack("C2 v", 4, 4, 4 + length $file) . $file;
		$path .= pack("C2 v", 0x7f, 0xff, 4);
		print var("${kind}0000", pack("V v", 1, length $path) .
		    wide("one-touch") . $path) . var("${kind}Order",
		    pack("v", 0));' "$2" |
		dd of="$1.fd" bs=1 seek=$((STORE + 0x64)) conv=notrunc \
			status=none
}

# SysPrep is the product form: it runs before what is booted, and may return.
sysprep_and_boot_variables_start_it_from_a_disk() {
	setup 2 1 0 0 1 1 >f.bin
	key key.img f.bin
	cp "$EFI" one.efi
	key disk.img one.efi fat16 one.efi
	# the disk's signature, by which the variable names it
	printf '\170\126\064\022' |
		dd of=disk.img bs=1 seek=440 conv=notrunc status=none
	for kind in SysPrep Boot; do
		hook $kind $kind
		KERNEL='-drive format=raw,if=virtio,file=disk.img' \
			boot $kind y key.img
	done
	has SysPrep 'pid *0000037M'
	has Boot 'pid *0000038N'
}

# ---- Secure Boot ----

# Debian's OVMF brings a store whose keys anyone may use, for tests.
CODE=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd
VARS=/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd
SNAKEOIL=/usr/share/ovmf/PkKek-1-snakeoil

signed_it_runs_under_secure_boot_and_unsigned_it_does_not() {
	openssl rsa -in $SNAKEOIL.key -passin pass:snakeoil -out db.key
	sbsign --key db.key --cert $SNAKEOIL.pem --output signed.efi "$EFI"
	sbverify --cert $SNAKEOIL.pem signed.efi
	FLASH="-global driver=cfi.pflash01,property=secure,value=on -drive
		if=pflash,format=raw,readonly=on,file=$CODE"
	setup 2 1 0 0 1 1 >f.bin
	key key.img f.bin
	cp key.img was.img
	cp $VARS signed.fd
	cp $VARS unsigned.fd
	KERNEL='-kernel signed.efi' boot signed y key.img
	tells signed 'The settings are stored.'
	[ "$(changed was.img key.img | wc -l)" = 2 ]
	cp key.img was.img
	boot unsigned y key.img
	not grep one-touch unsigned.console
	cmp was.img key.img
}

need() {
	can_boot "$1" && t "$1"
}

need a_yes_takes_the_record_stores_it_and_restarts
need machines_set_up_by_our_key_are_provisioned_from_that_flash
need a_no_leaves_key_and_machine_as_they_were
need a_bounded_wait_that_nobody_answers_is_a_no
need each_boot_takes_the_next_record_until_all_are_used
need a_torn_pair_of_writes_heals
need records_that_are_kept_serve_again_and_the_key_stays
need a_record_with_the_wrong_current_password_is_refused
need the_variable_of_another_board_is_refused
need a_board_without_a_uuid_of_its_own_is_refused
need a_file_newer_than_the_machine_is_refused
need a_damaged_variable_is_not_replaced
need a_key_on_usb_2
need a_key_behind_a_hub
need fat32_superfloppy_and_a_long_name
need keys_of_our_writer_in_each_layout
need a_read_only_key_is_told_from_none
need of_several_sticks_the_first_with_the_file_is_taken
need without_a_key_the_boot_goes_on
need sysprep_and_boot_variables_start_it_from_a_disk
if command -v sbsign >/dev/null && [ -e $VARS ] && [ -e $CODE ]; then
	need signed_it_runs_under_secure_boot_and_unsigned_it_does_not
else
	skip signed_it_runs_under_secure_boot_and_unsigned_it_does_not \
		"no sbsign, or no OVMF with a test key"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Key images: fsck.fat and mtools judge those we make; our reader is tried on
# those that mkfs.fat and mtools make.
# shellcheck disable=SC2317 # called by t
. "$(dirname "$0")/../lib.sh"

VECTORS=$ROOT/tests/vectors/formats_setupbin
PKI=$VECTORS/good-T5-v3-two-certs.bin
PSK=$VECTORS/good-T2-v1-psk-3rec-1consumed.bin

# le32 N: its bytes for printf.
le32() {
	printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) \
		$(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# records N: a Setup.bin of N records, all as that of T6 and consumable.
records() {
	t6=$VECTORS/good-T6-v4-scrambled-min.bin
	head -c 26 "$t6"
	# shellcheck disable=SC2059 # bytes
	printf "\\000\\000$(le32 "$1")\\000\\000\\000\\000"
	head -c 512 "$t6" | tail -c +37
	dd if="$t6" bs=512 skip=1 count=1 2>/dev/null >record
	i=1
	cp record more # doubled until there are enough
	while [ $i -lt "$1" ]; do
		cat more more >twice
		mv twice more
		i=$((i * 2))
	done
	head -c $(($1 * 512)) more
}

# field NAME: a number of ./out, a JSON line.
field() {
	jq -r ".$1" out
}

# volume IMG: its volume as a file of its own, ./vol
volume() {
	if [ "$(field fat)" = superfloppy ]; then
		cp "$1" vol
	else
		dd if="$1" of=vol bs=1M skip=1 conv=sparse 2>/dev/null
	fi
}

# sound IMG FILE: fsck.fat has nothing to say, mtools and we read FILE.
sound() {
	at=$1
	[ "$(field fat)" = superfloppy ] || at=$1@@1M
	volume "$1"
	fsck.fat -vn vol >fsck
	grep -q '^vol: 1 files, ' fsck
	not grep -qiE 'differ|dirty|wrong|unused.*[1-9]|reclaim|leav' fsck
	mtype -i "$at" ::SETUP.BIN >by-mtools
	cmp by-mtools "$2"
	mdir -i "$at" -a -f >dir
	grep -q '^SETUP    BIN ' dir
	grep -q ' 1 file ' dir
	grep -q 'has no label' dir
	fatread "$1" >by-us 2>facts
	cmp by-us "$2"
	grep -q ' slot=0 first=1 only=1 long=0 whole=1 ' facts
}

each_layout_is_sound_to_fsck_and_mtools() {
	for fat in 16 32 superfloppy; do
		for file in "$PKI" "$PSK"; do
			status 0 amtforge usb image "$file" key.img \
				--fat $fat --force --json
			[ "$(field sha256)" = \
				"$(sha256sum key.img | cut -d ' ' -f 1)" ]
			[ $(($(field sectors) * 512)) = \
				"$(stat -c %s key.img)" ]
			dd if=key.img bs=512 skip="$(field file_lba)" \
				count=64 2>/dev/null |
				head -c "$(field bytes)" | cmp - "$file"
			sound key.img "$file"
		done
	done
}

# bytes FILE OFFSET N: as hex
bytes() {
	od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

the_partition_is_what_the_guides_ask_for() {
	amtforge usb image "$PKI" 16.img
	amtforge usb image "$PKI" 32.img --fat 32
	# not active, CHS 0/32/33, FAT16 LBA, CHS 8/40/32, 2048, 129024
	[ "$(bytes 16.img 446 16)" = 002021000e2820080008000000f80100 ]
	[ "$(bytes 32.img 446 5)" = 002021000c ]
	[ "$(bytes 16.img 462 50)" = "$(printf '%096d55aa' 0)" ]
	# the folder's only entry: archive, cluster 2
	[ "$(bytes 16.img $((2554 * 512)) 12)" = 534554555020202042494e20 ]
	[ "$(bytes 16.img $((2554 * 512 + 26)) 2)" = 0200 ]
	[ "$(bytes 16.img $((2554 * 512 + 32)) 32)" = "$(printf '%064d' 0)" ]
}

the_geometry_is_that_of_mkfs() {
	amtforge usb image "$PKI" 16.img
	dd if=16.img of=ours bs=1M skip=1 2>/dev/null
	truncate -s $((129024 * 512)) theirs
	mkfs.fat -F 16 -s 2 -h 2048 theirs >mkfs
	amtforge usb image "$PKI" 32.img --fat 32
	dd if=32.img of=ours32 bs=1M skip=1 2>/dev/null
	truncate -s 33M theirs32
	mkfs.fat -F 32 -s 1 -h 2048 theirs32 >mkfs
	for f in '' 32; do
		# bytes a sector to media and FAT size; hidden and total
		for at in '11 13' '28 8' '36 4'; do
			# FAT16 has its drive number and serial at 36
			[ "$at$f" = '36 4' ] && continue
			# shellcheck disable=SC2086 # two words
			[ "$(bytes ours$f $at)" = "$(bytes theirs$f $at)" ]
		done
	done
	[ "$(bytes ours32 44 8)" = "$(bytes theirs32 44 8)" ]
}

two_runs_are_equal_and_options_change_the_bytes() {
	amtforge usb image "$PKI" a.img
	amtforge usb image "$PKI" b.img --date 2000-01-01
	cmp a.img b.img
	serial=$(sha256sum "$PKI" | cut -c 1-8)
	minfo -i a.img@@1M :: | grep -qi "serial number: $serial"
	amtforge usb image - c.img --serial "$serial" <"$PKI"
	cmp a.img c.img
	amtforge usb image "$PKI" d.img --serial 0000-ABCD --date 2096-02-29
	not cmp -s a.img d.img
	minfo -i d.img@@1M :: | grep -qi 'serial number: 0000abcd'
	mdir -i d.img@@1M | grep -q '^SETUP    BIN .*2096-02-29'
}

an_image_is_sparse_and_private_and_replaced_only_by_force() {
	umask 000
	amtforge usb image "$PKI" key.img
	[ "$(stat -c %s key.img)" = 67108864 ]
	[ "$(du -k key.img | cut -f 1)" -le 128 ]
	[ "$(stat -c %a key.img)" = 600 ]
	cp key.img old
	status 73 amtforge usb image "$PSK" key.img
	says "key.img: exists already"
	cmp key.img old
	[ "$(ls)" = "$(printf 'err\nkey.img\nold\nout')" ]
	status 0 amtforge usb image "$PSK" key.img --force
	grep -q '^key.img: 131072 sectors, FAT16, SETUP.BIN of 3 records' out
}

twenty_thousand_records_fit() {
	records 20000 >many.bin
	[ "$(stat -c %s many.bin)" = 10240512 ]
	for fat in 16 32 superfloppy; do
		status 0 amtforge usb image many.bin key.img --fat $fat \
			--force --json
		[ "$(field records)" = 20000 ]
		sound key.img many.bin
	done
}

the_largest_file_fits_and_one_more_record_is_refused() {
	for fat in '16 128485' '32 66510'; do
		n=${fat#* }
		fat=${fat% *}
		records "$n" >most.bin
		status 0 amtforge usb image most.bin key.img --fat "$fat" \
			--force --json
		sound key.img most.bin
		records $((n + 1)) >over.bin
		status 65 amtforge usb image over.bin over.img --fat "$fat"
		says "over.bin: $(((n + 2) * 512)) bytes of $((n + 1)) records,"
		says "[key-image-room]"
		[ ! -e over.img ]
	done
}

a_file_with_errors_is_refused_with_code_and_offset() {
	refused=0
	for f in "$VECTORS"/bad-*.bin; do
		status 65 amtforge usb image "$f" key.img --json
		grep -qE '"code":"[a-z0-9-]+","offset":[0-9]+' out
		[ ! -e key.img ]
		refused=$((refused + 1))
	done
	[ $refused -ge 15 ]
	status 66 amtforge usb image absent.bin key.img
	records 3 >more.bin
	printf 'x' | dd of=more.bin bs=1 seek=1024 conv=notrunc 2>/dev/null
	status 65 amtforge usb image more.bin key.img
	says "more.bin: offset 0x400, record 2: "
	says "[record-type]"
}

a_file_with_warnings_is_taken_and_they_are_told() {
	status 0 amtforge usb image "$VECTORS/good-T9-v4-full-488.bin" key.img
	says "T9-v4-full-488.bin: "
	says "which setupbin check tells"
	status 0 amtforge usb image "$VECTORS/good-T6-v4-scrambled-min.bin" \
		key.img --force
	[ ! -s err ]
}

one_psk_for_all_machines_is_taken_only_if_told() {
	cp "$VECTORS/good-T1-v1-psk-1rec.bin" shared.bin
	printf '\002' | dd of=shared.bin bs=1 seek=24 conv=notrunc 2>/dev/null
	printf '\226\262\201\130\317\153\162\114\213\221\241\136\121\056\231\304' >guid
	dd if=guid of=shared.bin conv=notrunc 2>/dev/null
	printf '\001' | dd of=shared.bin bs=1 seek=26 conv=notrunc 2>/dev/null
	status 65 amtforge usb image shared.bin key.img
	says "[psk-kept]"
	status 0 amtforge usb image shared.bin key.img --insecure-shared-psk
	says "--insecure-shared-psk: whoever has this key"
}

options_that_cannot_be_are_refused() {
	for d in 1979-12-31 2108-01-01 2023-02-29 2100-02-29 2023-00-10 \
		2023-13-01 2023-04-31 2023-1-01 23-01-01 2023-01-00 \
		2023/01/01 '2023-01-01 ' ''; do
		status 2 amtforge usb image "$PKI" key.img --date "$d"
		says "--date $d"
	done
	for s in 1234567 123456789 1234_5678 12345-678 0x123456 ''; do
		status 2 amtforge usb image "$PKI" key.img --serial "$s"
		says "--serial $s"
	done
	status 2 amtforge usb image "$PKI" key.img --fat 12
	says "--fat 12"
	status 2 amtforge usb image "$PKI" -
	says "no pipe"
	[ ! -e key.img ]
}

# secret bytes stay in the image
nothing_secret_is_told() {
	amtforge usb image "$PKI" key.img >told 2>&1
	amtforge usb image "$PSK" key.img --force --json >>told 2>&1
	strings -n 8 "$PSK" "$PKI" >secrets
	[ "$(wc -l <secrets)" -ge 4 ]
	not grep -qF -f secrets told
}

# ---- our reader on the volumes of others ----

# theirs BITS SIZE [MKFS-OPTION...]: ./x.img
theirs() {
	bits=$1
	rm -f x.img
	truncate -s "$2" x.img
	shift 2
	mkfs.fat -F "$bits" "$@" x.img >mkfs
}

# reads WORDS: our reader finds PSK in x.img, and says these words.
reads() {
	fatread x.img >got 2>facts
	cmp got "$PSK"
	cat facts
	grep -qF -- "$1" facts
}

volumes_of_mkfs_and_mtools_are_read() {
	for v in '12 4M fat12' '16 16M fat16' '16 64M fat16' '32 40M fat32'; do
		# shellcheck disable=SC2086 # words
		set -- $v
		theirs "$1" "$2"
		mcopy -i x.img "$PSK" ::SETUP.BIN
		reads "$3 start=0 slot=0 first=1 only=1 long=0 whole=1"
		theirs "$1" "$2" -n AMT-SETUP
		mcopy -i x.img "$PSK" ::Setup.bin # a label and a long name first
		reads "$3 start=0 slot=2 first=0 only=0 long=1 whole=1"
		theirs "$1" "$2"
		mcopy -i x.img "$PSK" ::setup.bin # two bits of case
		reads "$3 start=0 slot=0 first=1 only=1 long=0 whole=1"
		theirs "$1" "$2"
		mcopy -i x.img "$PKI" ::OTHER.BIN
		mmd -i x.img "::System Volume Information"
		mcopy -i x.img "$PSK" ::SETUP.BIN
		mdel -i x.img ::OTHER.BIN
		reads "first=0 only=0 long=0 whole=1"
	done
}

# mtools goes by the cluster count alone and cannot put a file there.
a_small_volume_that_is_fat32_by_force_is_opened() {
	theirs 32 8M -s 8
	status 1 fatread x.img
	says "no such file in the root folder"
}

a_deleted_entry_before_it_does_not_count() {
	theirs 16 16M
	mcopy -i x.img "$PKI" ::OTHER.BIN
	mcopy -i x.img "$PSK" ::SETUP.BIN
	mdel -i x.img ::OTHER.BIN
	reads "slot=1 first=1 only=1 long=0 whole=1"
}

fragments_are_followed() {
	for v in '12 1M -s1' '16 16M -s1' '32 40M -s1'; do
		# shellcheck disable=SC2086 # words
		set -- $v
		theirs "$1" "$2" "$3"
		# a full volume, and then just as many holes as it takes
		head -c 512 "$PKI" >one
		i=0
		while [ $i -lt 9 ]; do
			mcopy -i x.img one ::F$i.BIN
			i=$((i + 1))
		done
		head -c "$(mdir -i x.img | sed -n 's/ bytes free//p' |
			tr -d ' ')" /dev/zero >rest
		mcopy -i x.img rest ::REST.BIN
		for i in 1 3 5 7; do
			mdel -i x.img ::F$i.BIN
		done
		mcopy -i x.img "$PSK" ::SETUP.BIN
		reads "whole=0"
	done
}

damage_of_the_second_fat_does_not_matter() {
	amtforge usb image "$PSK" x.img
	dd if=/dev/urandom of=x.img bs=512 seek=$((2048 + 2 + 252)) count=252 \
		conv=notrunc 2>/dev/null
	reads "whole=1 used=2590"
}

for tool in mkfs.fat fsck.fat mtype jq cc; do
	if ! PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null; then
		skip keyimage "no $tool: ./quickstart deps check"
		done_testing
		exit
	fi
done
PATH=$TEST_DIR:$PATH:/usr/sbin:/sbin
MTOOLS_SKIP_CHECK=1
MTOOLSRC=/dev/null
export MTOOLS_SKIP_CHECK MTOOLSRC
cc -std=c11 -D_GNU_SOURCE -I"$ROOT" "$ROOT/tests/fatread.c" \
	"$ROOT/formats/fat.c" "$ROOT/base/bytes.c" "$ROOT/base/err.c" \
	"$ROOT/base/secret.c" -o "$TEST_DIR/fatread" || exit 70

t each_layout_is_sound_to_fsck_and_mtools
t the_partition_is_what_the_guides_ask_for
t the_geometry_is_that_of_mkfs
t two_runs_are_equal_and_options_change_the_bytes
t an_image_is_sparse_and_private_and_replaced_only_by_force
t twenty_thousand_records_fit
t the_largest_file_fits_and_one_more_record_is_refused
t a_file_with_errors_is_refused_with_code_and_offset
t a_file_with_warnings_is_taken_and_they_are_told
t one_psk_for_all_machines_is_taken_only_if_told
t options_that_cannot_be_are_refused
t nothing_secret_is_told
t volumes_of_mkfs_and_mtools_are_read
t a_small_volume_that_is_fat32_by_force_is_opened
t a_deleted_entry_before_it_does_not_count
t fragments_are_followed
t damage_of_the_second_fat_does_not_matter
done_testing

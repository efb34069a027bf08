#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge image plan, apply, undo and check: maps of every kind on OVMF in a
# whole image.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

# flip FILE OFFSET: the lowest bit of a byte.
flip() {
	was=$(od -An -tu1 -j $(($2)) -N 1 "$1")
	poke "$1" "$2" "\\$(printf %o $((was ^ 1)))"
}

# erased N: so many bytes of FF.
erased() {
	head -c "$1" /dev/zero | tr '\0' '\377'
}

# A base with 8 KiB of platform data, a ledger with an order of each kind, and
# a unit in each: $psk and $pki.
setup() {
	once plans new_setup
	psk=$(cat psk)
	pki=$(cat pki)
}

new_setup() {
	erased 8192 >pdr
	amtforge image new base.bin --size 8M --pdr pdr --bios $OVMF
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id PSK
	amtforge order open l.db "$ROOT/configs/profile-pki.cfg" --id PKI
	issue PSK >psk
	issue PKI >pki
}

issue() {
	amtforge unit issue l.db "$1" --count 1 --json |
		sed 's/.*"uuid":"\([^"]*\)".*/\1/'
}

# secrets UUID: as they are in an image, one a line.
secrets() {
	amtforge unit show l.db "$1" --reveal --json |
		grep -oE '"(pps|mebx_password|otp|admin_password)":"[^"]*"' |
		sed 's/.*:"//; s/"$//' | sort -u
}

# a_map SETTINGS [MORE]: other.cfg with these.
a_map() {
	cat >other.cfg <<-END
	platform = { name = "other"; match = (
	  { kind = "volume"; guid = "fff12b8d-7696-4c8b-a985-2747075b4f50"; } ); };
	settings = { $1 };
	${2-}
	END
	MAP=$PWD/other.cfg
}

plan() {
	want=$1
	shift
	rm -f plan
	status "$want" amtforge image plan base.bin "$MAP" l.db "$@" --out plan
}

a_plan_is_shown_to_people_and_kept_for_apply() {
	setup
	plan 0 "$psk"
	grep -q "^unit   $psk of order PSK, record 1$" out
	grep -qE '^  0x00600064..0x006000b9 +86  all ff +aa553f.* header of' out
	grep -qE '^  0x006000ba..0x[0-9a-f]* +[0-9]+  all ff +\(secret\)' out
	grep -q 'bits are only cleared' out
	[ "$(wc -l <plan)" = 1 ]
	grep -q '^{"plan":1,"uuid":"' plan
	grep -q '"clears_only":true' plan
	# the same on standard output
	status 0 amtforge image plan base.bin "$MAP" l.db "$psk" --json
	cmp out plan
	status 0 amtforge image plan base.bin "$MAP" l.db "$psk" --out -
	cmp out plan
	status 0 amtforge image plan - "$MAP" l.db "$psk" --json <base.bin
	cmp out plan
	status 73 amtforge image plan base.bin "$MAP" l.db "$psk" --out plan
	status 0 amtforge image plan base.bin "$MAP" l.db "$psk" --out plan --force
}

apply_writes_what_was_planned_and_undo_gives_the_base_back() {
	setup
	plan 0 "$psk"
	status 0 amtforge image apply base.bin plan l.db new.bin
	grep -q "unit $psk: 2 ranges written, read back and verified" out
	[ "$(stat -c %a new.bin)" = 600 ]
	not cmp -s base.bin new.bin
	amtforge image write l.db PSK --base base.bin --map "$MAP" --out images
	cmp new.bin "images/$psk.bin"
	amtforge unit list l.db PSK --json | grep -q '"state":"written"'
	status 0 amtforge image check new.bin "$MAP" l.db "$psk"
	status 0 amtforge image undo new.bin plan back.bin
	cmp base.bin back.bin
	# by pipes
	amtforge image apply base.bin - l.db - <plan | cmp - new.bin
	amtforge image undo - plan - <new.bin | cmp - base.bin
	status 0 amtforge image apply base.bin plan l.db new.bin --force --json
	[ "$(cat out)" = "{\"uuid\":\"$psk\",\"writes\":2,\"clears_only\":true,\"verified\":true}" ]
	status 73 amtforge image apply base.bin plan l.db new.bin
	status 73 amtforge image undo new.bin plan back.bin
}

the_worked_example_of_the_man_page_works() {
	setup
	sed -n '/^platform = {$/,/^\.Ed/p' "$ROOT/man/amtforge-map.5" |
		sed '/^\.Ed/,$d' >acme.cfg
	MAP=$PWD/acme.cfg
	status 0 amtforge image check base.bin "$MAP"
	grep -q '^  0x000013fc  *4 bytes  fixup 1: crc32 over' out
	status 0 amtforge image check base.bin "$MAP" --json
	grep -q '"fixups":\[{"kind":"crc32","offset":5116,"size":4}\]}$' out
	for u in $psk $pki; do
		plan 0 "$u"
		# what a unit has not is no secret, nor is a checksum over it
		if [ "$u" = "$psk" ]; then
			grep -q 'amt_on: bits 0x1, by_certificate: bits 0x8' out
			grep -q ' pid as raw$' out
			grep -q '(secret) .*pps as ascii' out
			grep -q '(secret) .*fixup 1: crc32 over' out
		else
			# those bits stay set, and neither has it a PSK
			not grep -qE 'amt_on|pid|pps' out
			grep -q ' [0-9a-f]\{8\} *fixup 1: crc32 over' out
		fi
		grep -q ' hashes$' out || [ "$u" = "$psk" ]
		status 0 amtforge image apply base.bin plan l.db "$u.bin"
		status 0 amtforge image check "$u.bin" "$MAP" l.db "$u"
		status 0 amtforge image undo "$u.bin" plan back.bin --force
		cmp base.bin back.bin
	done
	# The platform data follows the descriptor. Bits 0 and 3 of FF: on and
	# not PKI, on and PKI.
	pdr=$((0x1000))
	[ "$(od -An -tx1 -j $pdr -N 2 "$psk.bin")" = " f7 aa" ]
	[ "$(od -An -tx1 -j $pdr -N 2 "$pki.bin")" = " ff aa" ]
	pid=$(amtforge unit show l.db "$psk" --json |
		sed 's/.*"pid":"\([^"]*\)".*/\1/' | tr -d -)
	[ "$(dd if="$psk.bin" bs=1 skip=$((pdr + 0x70)) count=8 status=none)" = "$pid" ]
	# gzip has the same CRC-32, and zeroes for FF are no way round it
	dd if="$psk.bin" bs=1 skip=$pdr count=$((0x3fc)) status=none |
		gzip -c | tail -c 8 | head -c 4 >crc
	dd if="$psk.bin" bs=1 skip=$((pdr + 0x3fc)) count=4 status=none |
		cmp - crc
	image_show "$psk.bin"
	grep -q AcmeSerial out
	# each byte counts
	poke "$psk.bin" $((pdr + 0x62)) '\000'
	status 65 amtforge image check "$psk.bin" "$MAP" l.db "$psk"
	says "fixup 1: offset 0x13fc: the crc32 does not hold"
	status 65 amtforge image check "$pki.bin" "$MAP" l.db "$psk"
	says "offset 0x2000: the record is that of unit $pki"
	says "[image-differs]"
}

maps_that_are_shipped_serve_their_containers() {
	setup
	for m in map-ovmf map-ovmf-pdr; do
		MAP=$ROOT/configs/$m.cfg
		plan 0 "$pki"
		grep -q 'bits are only cleared' out
		status 0 amtforge image apply base.bin plan l.db $m.bin
		status 0 amtforge-device show $m.bin
		grep -q "$pki" out
	done
	MAP=$ROOT/configs/map-ovmf-setupbin.cfg
	plan 0 "$psk"
	status 0 amtforge image apply base.bin plan l.db setup.bin
	status 0 amtforge image check setup.bin "$MAP" l.db "$psk"
	# the file itself, which the decoder takes
	sed -n 's/.*"offset":\([0-9]*\),"length":1024,"old_fill":255,"secret".*/\1/p' plan >place
	[ -s place ]
	tail -c +$(($(cat place) + 1)) setup.bin | head -c 1024 >file
	status 0 amtforge setupbin check file
	amtforge setupbin decode file | tr -d - >text
	grep -q "$(amtforge unit show l.db "$psk" --json |
		sed 's/.*"pid":"\([^"]*\)".*/\1/' | tr -d -)" text
	plan 0 "$pki"
	# one with hashes fits no file of 2.0
	a_map 'setup_bin = { target = "pdr"; offset = 0; size = 1024;
		encoding = "setup.bin"; version = "2.0"; };'
	plan 65 "$pki"
	says "other.cfg:3: setting setup_bin: Setup.bin: 2/8: "
}

a_partition_is_added_to_the_me_region() {
	[ -d "$SHARED/samples" ] || return 0
	setup
	amtforge image new base.bin --size 8M --force --bios $OVMF \
		--descriptor "$SHARED/samples/cb_google_link_descriptor.bin" \
		--me "$SHARED/samples/cb_google_link_me.bin"
	a_map 'oem_record = { target = "fpt"; part = "AMTO"; add = true;
		size = 0x1000; encoding = "opr1"; };'
	plan 0 "$psk"
	grep -q 'entry of the new partition' out
	grep -q 'bits are set too' out
	status 0 amtforge image apply base.bin plan l.db new.bin
	status 0 amtforge image check new.bin "$MAP" l.db "$psk"
	status 0 amtforge-device show new.bin
	grep -q "$psk" out
	status 0 amtforge image undo new.bin plan - && cmp base.bin out
	# what is there is not added again, and its record is live
	status 65 amtforge image check new.bin "$MAP"
	says "[image-live-record]"
	# signed code, and data that nobody knows
	a_map 'on = { value = "enabled"; target = "fpt"; part = "FTPR";
		offset = 0x40; encoding = "u8"; };'
	plan 65 "$psk"
	says "setting on: a write to 0x"
	says "[image-signed]"
	a_map 'on = { value = "enabled"; target = "fpt"; part = "EFFS";
		offset = 0x40; encoding = "u8"; };'
	plan 65 "$psk"
	says "[image-forbidden]"
	a_map 'on = { value = "enabled"; target = "fpt"; part = "NONE";
		offset = 0x40; encoding = "u8"; };'
	plan 65 "$psk"
	says "setting on: the image has no \$FPT partition NONE [image-target]"
}

a_base_that_may_not_be_written_is_refused() {
	setup
	cp base.bin good.bin
	sed 's/fff12b8d-7696/fff12b8d-7697/' "$MAP" >other.cfg
	MAP=$PWD/other.cfg
	plan 65 "$psk"
	says "[image-no-match]"
	on='on = { value = "enabled"; target = "pdr"; offset = 4; encoding = "u8"; '
	a_map "$on expect = \"00\"; };"
	plan 65 "$psk"
	says "map other: setting on: offset 0x1004: the map expects 00, the image has ff [image-expect]"
	status 65 amtforge image check base.bin "$MAP" --json
	grep -q '"code":"image-expect","offset":4100' out err
	a_map "$on };" 'forbid = ( { region = "pdr"; from = 4; len = 1; } );'
	plan 65 "$psk"
	says "[image-forbidden]"
	a_map "$on };" 'fixups = ( { kind = "sum8"; region = "pdr"; from = 0;
		len = 16; at = 8; holds = true; } );'
	plan 65 "$psk"
	says "map other: fixup 1: the sum8 at offset 0x1008 does not hold"
	a_map "$on }; two = { value = \"start\"; target = \"region\";
		region = \"pdr\"; offset = 4; encoding = \"u8\"; };"
	plan 65 "$psk"
	says "other.cfg:3: setting two and setting on (line 3) both write offset 0x1004 [map-unsound]"
	status 65 amtforge image check base.bin "$MAP"
	status 65 amtforge image write l.db PSK --base base.bin --map "$MAP" --out none
	[ "$(grep -c map-unsound err)" = 1 ]
	a_map 'on = { value = "enabled"; target = "region"; region = "bios";
		offset = 0x100; encoding = "u8"; };'
	amtforge image new base.bin --size 2M --force --bios $OVMF || true
	cp $OVMF base.bin
	plan 65 "$psk"
	says "where only variables are added [image-forbidden]"
	cp good.bin base.bin
	a_map 'on = { value = "enabled"; target = "region"; region = "descriptor";
		offset = 0x100; encoding = "u8"; };'
	plan 65 "$psk"
	says "map other: setting on: a write to 0x100"
	a_map 'fqdn = { value = "order"; target = "pdr"; offset = 0; size = 2;
		encoding = "ascii"; };'
	plan 65 "$psk"
	says "other.cfg:3: setting fqdn: its value is longer than its 2 bytes [map-unsound]"
	amtforge unit issue l.db PSK --count 3
	status 65 amtforge image write l.db PSK --base base.bin --map "$MAP" --out none
	[ "$(grep -c map-unsound err)" = 1 ]
	for at in 0x150000 0x1ffff0; do
		a_map "on = { value = \"constant\"; bytes = \"00112233\";
			target = \"region\"; region = \"bios\"; offset = $at;
			encoding = \"raw\"; consent = true; };"
		plan 65 "$psk"
		says "the map does not say what is there"
	done
	a_map "$on };"
	poke base.bin 0x60F020 '\376' # an unfinished write, but no variable
	plan 0 "$psk"
	MAP=$ROOT/configs/map-ovmf.cfg
	plan 65 "$psk"
	says "[image-ftw-pending]"
	cp good.bin base.bin
	plan 0 "$psk"
	amtforge image apply base.bin plan l.db base.bin.new
	mv base.bin.new base.bin
	plan 65 "$pki"
	says "[image-live-record]"
	poke base.bin 0x100 '\001'
	head -c 5000000 good.bin >base.bin
	plan 65 "$psk"
	says "[image-unknown]"
}

an_engine_that_is_strapped_off_is_refused() {
	[ -d "$SHARED/samples" ] || return 0
	setup
	cp "$SHARED/samples/cb_google_link_descriptor.bin" d
	# PCHSTRP10 bit 7, AltMeDisable, of a 7-series descriptor
	poke d $((0x100 + 0x28)) '\300'
	amtforge image new base.bin --size 8M --force --bios $OVMF \
		--descriptor d --me "$SHARED/samples/cb_google_link_me.bin"
	plan 65 "$psk"
	says "[image-me-off]"
}

# edited SED WORDS: the plan with that edit is refused in these words.
edited() {
	sed "$1" plan >p2
	status 65 amtforge image apply base.bin p2 l.db new.bin
	says "$2"
}

what_is_applied_is_what_was_reviewed() {
	setup
	plan 0 "$psk"
	cp base.bin other.bin
	poke other.bin 0x700000 '\125'
	status 65 amtforge image apply other.bin plan l.db new.bin
	says "other.bin: SHA-256"
	says "[plan-differs]"
	edited 's/"offset":6291556/"offset":6291552/' \
		"write 1: the plan has 0x600060..0x6000b5, but now it would be 0x600064"
	edited 's/"old_fill":255/"old_fill":254/' \
		"write 1 at 0x600064: the plan has other old bytes"
	edited 's/"new":"aa553f/"new":"aa553e/' "the plan has other new bytes"
	edited 's/"clears_only":true/"clears_only":false/' "clears_only"
	edited "s/$psk/$pki/g" "[plan-differs]"
	edited 's/"plan":1/"plan":2/' "of version 2"
	edited 's/,"order"/ ,"order"/' \
		"p2: byte 55: not as image plan writes it [plan-unsound]"
	edited 's/max_size/min_size/' \
		"map: its text has another SHA-256 [plan-unsound]"
	echo '{' >p2
	status 65 amtforge image apply base.bin p2 l.db new.bin
	says "[plan-unsound]"
	[ ! -e new.bin ]
	amtforge unit list l.db PSK --json | grep -q '"state":"issued"'
}

a_unit_that_is_scrapped_or_shipped_gets_no_image() {
	setup
	plan 0 "$psk"
	amtforge unit mark l.db "$psk" shipped --why test
	status 77 amtforge image apply base.bin plan l.db new.bin
	says "unit $psk: is shipped"
	amtforge unit mark l.db "$psk" scrapped --why test
	status 77 amtforge image apply base.bin plan l.db new.bin
	says "unit $psk: is scrapped: no image gets its secrets again"
	plan 77 "$psk"
	[ ! -e new.bin ] && [ ! -e plan ]
}

a_unit_that_is_verified_stays_so() {
	setup
	plan 0 "$psk"
	amtforge unit mark l.db "$psk" written --why test
	amtforge unit mark l.db "$psk" verified --why test
	status 0 amtforge image apply base.bin plan l.db new.bin
	amtforge unit list l.db PSK --json | grep -q '"state":"verified"'
}

undo_refuses_what_is_not_that_base() {
	setup
	plan 0 "$psk"
	amtforge image apply base.bin plan l.db new.bin
	cp new.bin changed.bin
	poke changed.bin 0x700000 '\125'
	status 65 amtforge image undo changed.bin plan back.bin
	says "changed.bin: bytes that the plan does not name have changed"
	says "[image-differs]"
	status 65 amtforge image undo base.bin plan back.bin
	says "base.bin: is the base itself: nothing of the plan is in it [image-differs]"
	[ ! -e back.bin ]
	head -c 100 new.bin >short.bin
	status 65 amtforge image undo short.bin plan back.bin
	says "short.bin: has 100 bytes, but the base had 8388608"
	# planned bytes may have: a firmware deleted the variable
	poke new.bin 0x600066 '\074'
	status 0 amtforge image undo new.bin plan back.bin
	grep -q '^1 of them had other bytes than were planned' out
	cmp base.bin back.bin
}

no_input_is_the_output() {
	setup
	plan 0 "$psk"
	sha256sum base.bin plan l.db l.db.key >sums
	for out in base.bin plan l.db l.db.key; do
		status 2 amtforge image apply base.bin plan l.db $out --force
	done
	for out in base.bin l.db l.db.key; do
		status 2 amtforge image plan base.bin "$MAP" l.db "$psk" \
			--out $out --force
	done
	status 2 amtforge image undo base.bin plan plan --force
	says "plan: is read, and would be replaced"
	status 2 amtforge image undo base.bin plan base.bin --force
	status 2 amtforge image apply - - l.db new.bin
	says "only one input can be standard input"
	status 2 amtforge image check base.bin "$MAP" l.db
	says "LEDGER and UUID go together"
	sha256sum -c --quiet sums
}

# A bank of the Ethernet region that sums to 0xBABA, and a map that spoils it.
what_was_sound_stays_so() {
	setup
	{ printf '\272\272'; head -c 4094 /dev/zero; erased 4096; } >gbe
	amtforge image new base.bin --size 8M --force --gbe gbe --pdr pdr \
		--bios $OVMF
	a_map 'x = { value = "constant"; bytes = "aabb"; expect = "0000";
		target = "region"; region = "gbe"; offset = 2; encoding = "raw"; };'
	plan 0 "$psk"
	status 65 amtforge image apply base.bin plan l.db new.bin
	says "the checksum of an Ethernet bank is wrong"
	# and the strap that turns the engine off
	a_map 'x = { value = "constant"; bytes = "80"; expect = "00";
		target = "region"; region = "descriptor"; offset = 0x128;
		encoding = "raw"; };'
	plan 0 "$psk"
	status 65 amtforge image apply base.bin plan l.db new.bin
	says "[image-me-off]"
	[ ! -e new.bin ]
}

no_secret_is_in_a_plan_or_a_message() {
	setup
	a_map 'pps = { target = "pdr"; offset = 0; size = 32; encoding = "ascii"; };
	  password = { value = "mebx_password"; target = "pdr"; offset = 32;
	    size = 40; encoding = "utf-16"; };
	  fqdn = { value = "serial"; target = "pdr"; offset = 80; size = 20;
	    encoding = "ascii"; secret = true; };
	  oem_record = { target = "pdr"; offset = 0x1000; size = 0x1000;
	    encoding = "opr1"; };' 'fixups = (
	  { kind = "sum8"; region = "pdr"; from = 0; len = 72; at = 0x80; },
	  { kind = "sha256"; region = "pdr"; from = 32; len = 40; at = 0x90; } );'
	plan 0 "$psk"
	cat out err plan >told
	status 0 amtforge image apply base.bin plan l.db new.bin
	cat out err >>told
	status 0 amtforge image check new.bin "$MAP" l.db "$psk"
	cat out err >>told
	for at in 0x1000 0x1020 0x1080 0x1090 0x2010; do
		cp new.bin bad.bin
		flip bad.bin $at
		status 65 amtforge image check bad.bin "$MAP" l.db "$psk"
		cat out err >>told
	done
	secrets "$psk" >words
	[ "$(wc -l <words)" -ge 2 ]
	tr -d - <words >>words2
	while read -r word; do
		not grep -qF -- "$word" told
		hex=$(printf %s "$word" | od -An -v -tx1 | tr -d ' \n')
		not grep -qF -- "$hex" told
		wide=$(printf %s "$hex" | sed 's/../&00/g')
		not grep -qF -- "$wide" told
	done <words2
	grep -qF -- "$(head -n 1 words2)" new.bin || grep -qaF -f words2 new.bin
	# nor a sum of one, nor of the whole
	dd if=new.bin bs=1 skip=$((0x1090)) count=32 status=none |
		od -An -v -tx1 | tr -d ' \n' >sum
	[ "$(wc -c <sum)" = 64 ]
	not grep -qF -f sum told
	sha256sum new.bin | cut -d' ' -f1 >sum
	not grep -qF -f sum told
}

if [ -e $OVMF ]; then
	t a_plan_is_shown_to_people_and_kept_for_apply
	t apply_writes_what_was_planned_and_undo_gives_the_base_back
	t the_worked_example_of_the_man_page_works
	t maps_that_are_shipped_serve_their_containers
	if [ -d "$SHARED/samples" ]; then
		t a_partition_is_added_to_the_me_region
		t an_engine_that_is_strapped_off_is_refused
	else
		skip a_partition_is_added_to_the_me_region "no samples"
		skip an_engine_that_is_strapped_off_is_refused "no samples"
	fi
	t a_base_that_may_not_be_written_is_refused
	t what_is_applied_is_what_was_reviewed
	t a_unit_that_is_scrapped_or_shipped_gets_no_image
	t a_unit_that_is_verified_stays_so
	t undo_refuses_what_is_not_that_base
	t no_input_is_the_output
	t what_was_sound_stays_so
	t no_secret_is_in_a_plan_or_a_message
else
	skip plans "no $OVMF: apt-get install ovmf"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge image scrub: a returned board's image without its unit's secrets.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

# One unit of each order and its image: board-PSK.bin, board-PKI.bin.
boards() {
	amtforge image new base.bin --size 8M --bios $OVMF
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id PSK
	amtforge order open l.db "$ROOT/configs/profile-pki.cfg" --id PKI
	for order in PSK PKI; do
		amtforge unit issue l.db $order --count 1 >>units
		amtforge image write l.db $order --base base.bin --map "$MAP" \
			--out images-$order
		mv images-$order/*.bin board-$order.bin
	done
}

unit_of() {
	amtforge unit list l.db "$1" --json |
		sed 's/.*"uuid":"\([^"]*\)".*/\1/'
}

# no_secret FILE ORDER: none of what --reveal shows is in it.
no_secret() {
	amtforge unit show l.db "$(unit_of "$2")" --reveal --json >revealed
	found=0
	for name in pps mebx_password admin_password otp; do
		value=$(sed -n "s/.*\"$name\":\"\([^\"]*\)\".*/\1/p" revealed)
		[ -n "$value" ] || continue
		[ "$value" != admin ] || continue
		found=$((found + 1))
		[ "$(grep -acF "$value" "$1")" = 0 ]
		bare=$(echo "$value" | tr -d -)
		[ "$(grep -acF "$bare" "$1")" = 0 ]
		wide=$(printf %s "$bare" | iconv -t UTF-16LE | xxd -p | tr -d '\n')
		xxd -p "$1" | tr -d '\n' >hex
		[ "$(grep -c "$wide" hex)" = 0 ]
	done
	[ $found -gt 0 ]
	rm -f revealed hex
}

a_board_that_only_we_wrote_becomes_the_base_again() {
	boards
	for order in PSK PKI; do
		status 0 amtforge image scrub board-$order.bin "$MAP" \
			out-$order.bin
		grep -q '^1 records, 0 Setup.bin files and 1 variables' out
		[ "$(wc -l <out)" = 1 ]
		cmp base.bin out-$order.bin
		[ "$(stat -c %a out-$order.bin)" = 600 ]
	done
	no_secret out-PSK.bin PSK
	# and can be written for the next unit
	amtforge image write l.db PSK --base out-PSK.bin --map "$MAP" \
		--out again --force
}

# As a firmware leaves it: a copy of the store in the spare area of its
# journal.
used() {
	cp board-PSK.bin used.bin
	dd if=board-PSK.bin of=used.bin bs=65536 skip=96 seek=97 count=1 \
		conv=notrunc status=none
}

old_copies_go_too() {
	boards
	used
	status 0 amtforge image scrub used.bin "$MAP" out.bin --json
	grep -q '"records":2,' out
	[ "$(wc -l <out)" = 1 ]
	no_secret out.bin PSK
	status 65 amtforge-device show out.bin
	says "[image-no-record]"
}

the_ledger_finds_a_secret_whose_record_is_gone() {
	boards
	u=$(unit_of PSK)
	pps=$(amtforge unit show l.db "$u" --reveal --json |
		sed 's/.*"pps":"\([^"]*\)".*/\1/')
	cp board-PSK.bin torn.bin
	# a piece of the PPS in the OEM section of the descriptor: nobody's
	printf %s "$pps" | tr -d - | cut -c 5-24 | tr -d '\n' |
		dd of=torn.bin bs=1 seek=$((0xF20)) conv=notrunc status=none
	cp base.bin lone.bin
	dd if=torn.bin of=lone.bin bs=1 skip=$((0xF20)) seek=$((0xF20)) \
		count=20 conv=notrunc status=none
	status 65 amtforge image scrub torn.bin "$MAP" out.bin
	says "[scrub-left]"
	says "torn.bin: offset 0xf20:"
	[ ! -e out.bin ]
	# without its record nothing tells that this is a secret ...
	status 0 amtforge image scrub lone.bin "$MAP" out.bin
	says "no secret was found to search for"
	# ... but the ledger does
	status 65 amtforge image scrub lone.bin "$MAP" out2.bin l.db "$u" --json
	grep -q '"code":"scrub-left","offset":3872' out err
	[ ! -e out2.bin ]
	[ "$(grep -cF "$pps" out err | cut -d: -f2 | sort -u)" = 0 ]
}

# Fields in the platform data region, a checksum over them, no record at all;
# then once more with a board whose map has no record to learn secrets from.
the_places_of_a_map_become_what_it_expects() {
	head -c 65536 /dev/zero | tr '\000' '\377' >pdr.bin
	# the sum over what the fields are in a base
	printf '\000\000\000\000' |
		dd of=pdr.bin bs=1 seek=252 conv=notrunc status=none
	amtforge image new base.bin --size 8M --pdr pdr.bin --bios $OVMF
	cat >fields.cfg <<'END'
platform = { name = "fields";
	match = ( { kind = "region"; region = "pdr"; size = 0x10000; } ); };
settings = {
	pid = { target = "pdr"; offset = 0; size = 8; encoding = "ascii";
		fill = 0xff; expect = "ff"; };
	pps = { target = "pdr"; offset = 0x10; size = 64; encoding = "utf-16";
		fill = 0xff; };
	mebx_password = { target = "pdr"; offset = 0x80; size = 40;
		encoding = "ascii"; fill = 0xff; };
	enabled = { target = "pdr"; offset = 0xb0; encoding = "u8";
		expect = "ff"; };
};
fixups = ( { kind = "crc32"; region = "pdr"; from = 0; len = 0xfc;
	at = 0xfc; } );
END
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id PSK
	amtforge unit issue l.db PSK --count 1
	amtforge image write l.db PSK --base base.bin --map fields.cfg \
		--out images
	cp images/*.bin board.bin
	[ "$(cmp -l base.bin board.bin | wc -l)" -gt 60 ]
	status 0 amtforge image scrub board.bin fields.cfg out.bin
	no_secret out.bin PSK
	# but for the checksum, which is that of the base now
	cmp -l base.bin out.bin >changes || :
	[ "$(awk '$1 < 4096 + 253 || $1 > 4096 + 256' changes | wc -l)" = 0 ]
	amtforge image write l.db PSK --base out.bin --map fields.cfg \
		--out again
	cmp images/*.bin again/*.bin
	# a second copy of the PPS, where nobody may write: known by the field
	dd if=board.bin of=board.bin bs=1 skip=$((0x1010)) seek=$((0xf10)) \
		count=32 conv=notrunc status=none
	status 65 amtforge image scrub board.bin fields.cfg out2.bin
	says "[scrub-left]"
	says "offset 0xf10:"
}

what_is_asked_wrongly_is_refused() {
	boards
	status 2 amtforge image scrub board-PSK.bin "$MAP" out.bin l.db
	says "LEDGER and UUID come together"
	status 2 amtforge image scrub board-PSK.bin "$MAP" board-PSK.bin --force
	says "what cannot be scrubbed must stay"
	status 2 amtforge image scrub board-PSK.bin "$MAP" out.bin l.db x
	says "not a UUID"
	status 2 amtforge image scrub board-PSK.bin "$MAP" l.db l.db \
		"$(unit_of PSK)" --force
	: >there
	status 73 amtforge image scrub board-PSK.bin "$MAP" there
	says "there: exists"
	status 65 amtforge image scrub "$MAP" "$MAP" out.bin
	says "[image-unknown]"
	[ ! -e out.bin ]
}

a_pending_journal_is_refused() {
	boards
	# EDK2's queue: a write that is allocated and not complete
	ftw=$(amtforge image show board-PSK.bin --json |
		sed -n 's/.*"ftw":\[{[^}]*"offset":\([0-9]*\).*/\1/p')
	[ -n "$ftw" ]
	poke board-PSK.bin $((ftw + 32)) '\376'
	status 65 amtforge image scrub board-PSK.bin "$MAP" out.bin
	says "[image-ftw-pending]"
	[ ! -e out.bin ]
}

if [ -e $OVMF ]; then
	t a_board_that_only_we_wrote_becomes_the_base_again
	t old_copies_go_too
	t the_ledger_finds_a_secret_whose_record_is_gone
	t the_places_of_a_map_become_what_it_expects
	t what_is_asked_wrongly_is_refused
	t a_pending_journal_is_refused
else
	skip scrub "no $OVMF: apt-get install ovmf"
fi
done_testing

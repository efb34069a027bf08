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
# new_boards [OPTION...]: of image new
new_boards() {
	amtforge image new base.bin --size 8M --bios $OVMF "$@"
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id PSK
	amtforge order open l.db "$ROOT/configs/profile-pki.cfg" --id PKI
	for order in PSK PKI; do
		amtforge unit issue l.db $order --count 1 >>units
		amtforge image write l.db $order --base base.bin --map "$MAP" \
			--out images-$order
		mv images-$order/*.bin board-$order.bin
		rmdir images-$order
	done
}

# boards: the same, of no option and the map of OVMF.
boards() {
	once boards new_boards
}

unit_of() {
	amtforge unit list l.db "$1" --json |
		sed 's/.*"uuid":"\([^"]*\)".*/\1/'
}

# no_secret FILE ORDER: none of what --reveal shows is in it, neither as it is
# nor without hyphens, nor that in UTF-16.
no_secret() {
	amtforge unit show l.db "$(unit_of "$2")" --reveal --json >revealed
	perl -e '
		local $/;
		my ($shown, $image) = map { open my $f, "<", $_ or die; <$f> }
		    @ARGV;
		my $found = 0;
		for (qw(pps mebx_password admin_password otp)) {
			my ($value) = $shown =~ /"$_":"([^"]+)"/ or next;
			next if $value eq "admin";
			$found++;
			my $bare = $value =~ tr/-//dr;
			for ($value, $bare, pack "v*", unpack "C*", $bare) {
				die "it holds a secret\n"
				    if index($image, $_) >= 0;
			}
		}
		die "nothing was searched\n" unless $found' revealed "$1"
	rm -f revealed
}

# place FILE HEX: the offset of these bytes.
place() {
	perl -0777 -e 'open my $f, "<", $ARGV[0] or die; my $at = index <$f>,
		pack "H*", $ARGV[1]; die if $at < 0; print $at' "$@"
}

a_board_that_only_we_wrote_becomes_the_base_again() {
	boards
	for order in PSK PKI; do
		status 0 amtforge image scrub board-$order.bin "$MAP" \
			out-$order.bin
		grep -q '^1 record, 0 Setup.bin files and 1 variable removed' out
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

# The example of amtforge-map(5): bits, fields without expect, a checksum.
the_manual_s_map_goes_back_bit_by_bit() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$ROOT/man/amtforge-map.5" |
		sed -n '/^platform/,/^\.Ed/p' | grep -v '^\.Ed' >example.cfg
	size=$(sed -n 's/.*region = "pdr"; size = \(0x[0-9a-f]*\);.*/\1/p' \
		example.cfg)
	head -c $((size)) /dev/zero | tr '\000' '\377' >pdr.bin
	MAP=$PWD/example.cfg
	new_boards --pdr pdr.bin
	for order in PSK PKI; do
		[ "$(cmp -l base.bin board-$order.bin | wc -l)" -gt 200 ]
		status 0 amtforge image scrub board-$order.bin example.cfg \
			out-$order.bin l.db "$(unit_of $order)"
		says "does not say what a base has there"
		cmp base.bin out-$order.bin
	done
	no_secret out-PSK.bin PSK
	# a board that is as a base has nothing
	status 0 amtforge image scrub base.bin example.cfg none.bin
	grep -q '^nothing of a unit was found, nothing is changed' out
	status 0 amtforge image scrub base.bin example.cfg none.bin --json \
		--force
	grep -q '^{"found":false,"records":0,' out
	cmp base.bin none.bin
	# the map of a variable finds the record, but not what is beside it
	status 0 amtforge image scrub board-PKI.bin \
		"$ROOT/configs/map-ovmf.cfg" wrong.bin
	says "nothing at any place of this map"
}

# A digest of a secret is as good as the secret where that is short.
a_checksum_over_a_secret_goes_too() {
	head -c 65536 /dev/zero | tr '\000' '\377' >pdr.bin
	# sixteen bytes that sum to 0
	printf '\017' | dd of=pdr.bin bs=1 seek=143 conv=notrunc status=none
	cat >sums.cfg <<'END'
platform = { name = "sums";
	match = ( { kind = "region"; region = "pdr"; size = 0x10000; } ); };
settings = {
	mebx_password = { target = "pdr"; offset = 0; size = 32;
		encoding = "ascii"; fill = 0xff; expect = "ff"; };
	enabled = { target = "pdr"; offset = 0x80; encoding = "u8"; };
};
fixups = (
	{ kind = "sha256"; region = "pdr"; from = 0; len = 32; at = 0x40; },
	{ kind = "sum8"; region = "pdr"; from = 0x80; len = 0x10; at = 0x8f;
		holds = true; }
);
END
	MAP=$PWD/sums.cfg
	new_boards --pdr pdr.bin
	cmp -l base.bin board-PSK.bin >changes || :
	[ "$(awk '$1 > 4096 + 64' changes | wc -l)" -gt 30 ]
	status 0 amtforge image scrub board-PSK.bin sums.cfg out.bin
	cmp base.bin out.bin
	# also where the board's own firmware has broken it
	poke board-PSK.bin 0x1041 '\001'
	status 0 amtforge image scrub board-PSK.bin sums.cfg out2.bin
	cmp base.bin out2.bin
}

# Secrets that are no record's: variables of the map, with a copy of the store
# in the spare area.
secret_variables_are_learned_before_they_go() {
	cat >vars.cfg <<'END'
platform = { name = "vars"; match = ( { kind = "volume";
	guid = "fff12b8d-7696-4c8b-a985-2747075b4f50"; } ); };
settings = {
	pps = { target = "uefi-var"; name = "OemPps"; attrs = 0x3;
		guid = "12345678-1234-1234-1234-123456789abc";
		encoding = "ascii"; };
	mebx_password = { target = "uefi-var"; name = "OemPw"; attrs = 0x3;
		guid = "12345678-1234-1234-1234-123456789abc";
		encoding = "utf-16"; };
	server_fqdn = { target = "uefi-var"; name = "OemHost"; attrs = 0x3;
		guid = "12345678-1234-1234-1234-123456789abc";
		encoding = "ascii"; };
};
END
	MAP=$PWD/vars.cfg
	new_boards
	for order in PSK PKI; do
		status 0 amtforge image scrub board-$order.bin vars.cfg \
			back-$order.bin
		cmp base.bin back-$order.bin
	done
	used
	status 0 amtforge image scrub used.bin vars.cfg out.bin --json
	grep -q '"secrets":2,' out
	no_secret out.bin PSK
	# deleted, and the copy beside it
	at=$(place used.bin 4f0065006d005000700073000000)
	at=$((at - 60))
	[ "$(od -An -tx2 -j$at -N2 used.bin | tr -d ' ')" = 55aa ]
	poke used.bin $((at + 2)) '\074'
	status 0 amtforge image scrub used.bin vars.cfg out2.bin
	no_secret out2.bin PSK
	# deleted, and a letter of its name is another
	cp board-PSK.bin worn.bin
	poke worn.bin $((at + 2)) '\074'
	poke worn.bin $((at + 60)) 'o'
	status 0 amtforge image scrub worn.bin vars.cfg out3.bin
	no_secret out3.bin PSK
}

# A field has one form, a copy of its value another.
a_field_s_secret_is_searched_in_every_form() {
	head -c 65536 /dev/zero | tr '\000' '\377' >pdr.bin
	for form in ascii utf-16; do
		cat >$form.cfg <<END
platform = { name = "form";
	match = ( { kind = "region"; region = "pdr"; size = 0x10000; } ); };
settings = {
	pps = { target = "pdr"; offset = 0; size = 64; encoding = "$form"; };
	mebx_password = { target = "pdr"; offset = 0x80; size = 72;
		encoding = "$form"; };
};
END
		rm -rf base.bin l.db* units board-*
		MAP=$PWD/$form.cfg
		new_boards --pdr pdr.bin
		amtforge unit show l.db "$(unit_of PSK)" --reveal --json >shown
		cp board-PSK.bin used.bin
		at=$((0x611000))
		for name in pps mebx_password; do
			sed -n "s/.*\"$name\":\"\([^\"]*\)\".*/\1/p" shown |
				tr -d '\n' >secret
			[ -s secret ]
			cp secret both
			[ $name = mebx_password ] || tr -d - <secret >both
			iconv -t UTF-16LE <both >wide
			for f in both wide; do
				dd if=$f of=used.bin bs=1 seek=$at \
					conv=notrunc status=none
				at=$((at + 256))
			done
		done
		not cmp -s used.bin board-PSK.bin
		rm -f shown secret both wide
		status 0 amtforge image scrub used.bin $form.cfg out.bin --force
		no_secret out.bin PSK
	done
}

audit() {
	sqlite3 l.db 'SELECT what, object, why FROM audit' >audit
}

# What LEDGER and UUID name is the board that lies here.
another_unit_s_record_is_a_refusal() {
	boards
	psk=$(unit_of PSK)
	pki=$(unit_of PKI)
	status 65 amtforge image scrub board-PSK.bin "$MAP" out.bin l.db "$pki"
	says "[image-differs]"
	says "the record of unit $psk, not of $pki"
	[ ! -e out.bin ]
	audit
	not grep -q 'image scrub' audit
	status 0 amtforge image scrub board-PSK.bin "$MAP" out.bin l.db "$psk"
	audit
	grep 'image scrub' audit | grep -q "$psk"
	not grep -q 'no record in the image' audit
	# where nothing tells the unit the ledger's word is taken, and noted
	at=$(place board-PSK.bin 414d54464f5247310100)
	poke board-PSK.bin $((at + 0x50)) '\000\000\000\000'
	status 0 amtforge image scrub board-PSK.bin "$MAP" out2.bin l.db "$psk"
	audit
	grep -q 'no record in the image names the unit' audit
}

a_unit_that_cannot_be_returned_says_what_comes_next() {
	boards
	u=$(unit_of PSK)
	status 65 amtforge unit mark l.db "$u" returned \
		--why x
	says "a unit that is written cannot become returned: next comes"
	says "shipped or scrapped"
	amtforge unit mark l.db "$u" shipped --why x
	amtforge unit mark l.db "$u" returned --why x
	amtforge unit mark l.db "$u" scrapped --why x
	status 65 amtforge unit mark l.db "$u" written \
		--why x
	says "a unit that is scrapped cannot become written, nor anything else"
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
	t the_manual_s_map_goes_back_bit_by_bit
	t a_checksum_over_a_secret_goes_too
	t secret_variables_are_learned_before_they_go
	t a_field_s_secret_is_searched_in_every_form
	t another_unit_s_record_is_a_refusal
	t a_unit_that_cannot_be_returned_says_what_comes_next
	t what_is_asked_wrongly_is_refused
	t a_pending_journal_is_refused
else
	skip scrub "no $OVMF: apt-get install ovmf"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Secrets stay in: every ledger verb runs while its secrets are known, and no
# file, output, audit row, argument or environment holds one of them, but
# what unit show --reveal prints.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$(dirname "$0")/../pki.sh"

# secrets PROFILE: a ledger L with order A of five units; their secrets, one
# a line, in ../secrets.
secrets() {
	amtforge ledger init L
	amtforge order open L "$1" --id A 2>/dev/null
	amtforge unit issue L A --count 5 --json >rows
	: >../secrets
	for u in $(jq -r .uuid rows); do
		amtforge unit show L "$u" --reveal --json |
			jq -r '.pps, .mebx_password, .otp | select(.)' >>../secrets
	done
	[ "$(sort -u ../secrets | wc -l)" -ge 5 ]
}

# Secrets as they are, and as hex and base64 would show them.
all_forms() {
	cat ../secrets
	while read -r s; do
		printf %s "$s" | od -An -tx1 | tr -d ' \n'
		echo
		printf %s "$s" | base64 -w 0 | cut -c 1-20
	done <../secrets
}

# Everything in this folder, as one searches a stolen disk.
none_here() {
	all_forms >../forms
	! grep -rlaF -f ../forms . || return 1
}

every_verb() {
	root oem
	rm -f ../key ../key2 ../key3
	# A key holds secrets by its nature; its rows and words do not.
	amtforge setupbin make L A --out ../key >made 2>&1
	amtforge setupbin list L --reveal --json |
		jq -r '.mebx_password | select(.)' >>../secrets
	amtforge manifest make L A --sign-key oem.key --sign-cert oem.pem \
		--to oem.pem --out manifest
	amtforge manifest list manifest --trust oem.pem --key oem.key >listed
	[ "$(wc -l <listed)" = 6 ]
	u=$(head -1 rows | jq -r .uuid)
	amtforge image new ../base.bin --size 4M --bios /usr/share/ovmf/OVMF.fd \
		--force
	# Deltas and images hold secrets by their nature; words about them do
	# not.
	rm -rf ../deltas ../merged.bin ../layout
	amtforge image write L A --base ../base.bin --out ../deltas --delta \
		--map "$ROOT/configs/map-ovmf.cfg" >written 2>&1
	for d in ../deltas/*; do
		amtforge image merge ../base.bin "$d" ../merged.bin --force \
			--layout ../layout >>merged 2>&1
		amtforge-device show "$d" --base ../base.bin >>shown 2>&1
		cp ../layout layout
	done
	[ "$(wc -l <merged)" = 5 ]
	sed -n 2p rows | jq -r '.serial, .uuid' >scans
	for json in "" --json; do
		# A board that fails, and one that passes: images are in neither.
		for chip in base chip; do
			amtforge station run L A --base ../base.bin $json \
				--map "$ROOT/configs/map-ovmf.cfg" \
				--command "cp {image} $PWD/../chip.bin" \
				--read "cp $PWD/../$chip.bin {readback}" <scans
		done
		amtforge ledger check L $json
		amtforge order show L $json
		amtforge order show L A $json
		amtforge unit issue L A --count 7 $json
		amtforge unit show L "$u" $json
		amtforge unit list L A $json
		amtforge setupbin make L A --out ../key $json
		amtforge setupbin make L A --out ../key --count 1 $json
		amtforge setupbin make L A --out ../key2 --again A-key1 $json
		amtforge setupbin make L A --out ../key3 \
			--mebx-file ../secrets $json
		amtforge setupbin list L $json
		amtforge setupbin list L A --records $json
		amtforge unit mark L "$u" scrapped --why "drill" $json
		amtforge unit mark L "$u" written --why "drill" $json
		amtforge unit pin L "$u" --cert "$ROOT/configs/demo-root.pem" $json
		amtforge unit issue L B --count 1 $json
		amtforge ledger check L --key-file /dev/null $json
		amtforge order close L A $json
	done >said 2>&1 || true
	[ "$(wc -l <said)" -gt 40 ]
	grep -q '^FAIL ' said
	grep -q '^PASS ' said
	sqlite3 L .dump >dump
}

a_psk_order_keeps_its_secrets() {
	secrets "$ROOT/configs/profile-psk.cfg"
	every_verb
	none_here
}

a_pki_order_keeps_its_secrets() {
	cp "$ROOT/configs/demo-root.pem" .
	printf '%s\n' 'customer = "c"; amt = "16.0"; credential = "pki";' \
		'start = "listen"; otp = "random"; mebx = "random";' \
		'device_key = "factory"; key_type = "ec256";' \
		'hashes = ( { file = "demo-root.pem"; } );' >p.cfg
	secrets p.cfg
	every_verb
	none_here
	# The sealed key is no key that openssl would know.
	for u in $(jq -r .uuid rows); do
		sqlite3 L "select hex(key) from units where uuid = '$u'"
	done | cut -c 1-60 | grep -q '^[0-9A-F]\{60\}$'
	! sqlite3 L 'select hex(key) from units' |
		grep -q 2A8648CE3D0201 || return 1
}

# While a run is going on, its arguments, environment and temporary files are
# looked at again and again.
a_running_verb_shows_no_secret() {
	secrets "$ROOT/configs/profile-psk.cfg"
	amtforge unit issue L A --count 4000 >/dev/null &
	pid=$!
	seen=0
	# The first look may not come too late.
	kill -STOP $pid
	cat "/proc/$pid/cmdline" "/proc/$pid/environ" >>proc && seen=1
	kill -CONT $pid
	while kill -0 $pid 2>/dev/null; do
		cat "/proc/$pid/cmdline" "/proc/$pid/environ" >>proc 2>/dev/null &&
			seen=$((seen + 1))
		cp L-wal wal.$seen 2>/dev/null || true
		[ $seen -lt 20 ] || break
	done
	wait $pid
	[ $seen -gt 0 ]
	for u in $(sqlite3 L 'select uuid from units where n % 400 = 0'); do
		amtforge unit show L "$u" --reveal --json |
			jq -r '.pps, .mebx_password' >>../secrets
	done
	none_here
}

t a_psk_order_keeps_its_secrets
t a_pki_order_keeps_its_secrets
t a_running_verb_shows_no_secret
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../pki.sh"

FIX=$TEST_DIR/the_fixture_is_made
UUID=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01

the_fixture_is_made() {
	root oem-root
	issued oem oem-root
	issued late oem-root -1
	root stranger
	root it
	printf 'serial,uuid\nS1,%s\nS2,%s\n' "$UUID" \
		3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e02 >units.csv
	amtforge ledger init line.db
	amtforge order open line.db "$ROOT/configs/profile-psk.cfg" --id A
	amtforge order open line.db "$ROOT/configs/profile-pki.cfg" --id P
	amtforge unit issue line.db A --units units.csv
	made A batch
	amtforge-server init state
}

# made ORDER FILE [SIGNER]
made() {
	amtforge manifest make line.db "$1" --sign-key "${3:-oem}.key" \
		--sign-cert "${3:-oem}.pem" --to it.pem --out "$2"
}

# take STATUS FILE ...: imports it.
take() {
	want=$1
	shift
	status "$want" amtforge-server --json import state "$@" \
		--trust oem-root.pem --key it.key
}

reason() {
	grep -qF "{\"error\":{\"code\":\"$1\"" out && return 0
	echo "wanted $1:"
	cat out err
	return 1
}

# holds N: the store lists so many units.
holds() {
	[ "$(amtforge-server --json list state | wc -l)" -eq "$1" ]
}

copy() {
	cp -R "$FIX/." .
}

the_state_is_private() {
	copy
	[ "$(stat -c %a state)" = 700 ]
	for f in store.db store.key device-ca.key; do
		[ "$(stat -c %a state/$f)" = 600 ]
	done
	status 73 amtforge-server init state
	says 'holds a store already'
	chmod 644 state/store.key
	status 77 amtforge-server list state
	says 'must be 600'
	status 66 amtforge-server list nowhere
}

an_interrupted_init_is_finished() {
	copy
	rm -rf state/store.db state/device-ca.pem
	cp state/store.key before
	status 0 amtforge-server init state
	cmp before state/store.key
	openssl verify -CAfile state/device-ca.pem state/device-ca.pem
	take 0 batch
}

units_are_imported_once() {
	copy
	take 0 batch
	grep -q '"already":false,"units":2,"new":2,"renewed":0' out
	holds 2
	amtforge-server --json list state >before
	take 0 batch
	grep -q '"already":true' out
	amtforge-server --json list state | cmp - before
	grep -q "^{\"uuid\":\"$UUID\",\"state\":\"known\",\"reason\":\"\",$(
		)\"mode\":\"enterprise\",\"fqdn\":\"\",\"updated\":\"" before
	status 0 amtforge-server import state batch --trust oem-root.pem \
		--key it.key
	grep -q 'already imported' out
}

a_manifest_that_is_known_wants_trust_and_key_too() {
	copy
	take 0 batch
	status 77 amtforge-server --json import state batch \
		--trust oem-root.pem --key stranger.key
	reason manifest-recipient
	status 77 amtforge-server --json import state batch \
		--trust stranger.pem --key it.key
	reason manifest-untrusted
	take 0 batch
	grep -q '"already":true' out
}

a_later_manifest_of_the_order_adds_to_it() {
	copy
	take 0 batch
	printf 'serial,uuid\nS3,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e03\n' |
		amtforge unit issue line.db A --units -
	amtforge unit mark line.db "$UUID" written --why made
	made A second
	take 0 second
	grep -q '"units":3,"new":1,"renewed":1' out
	holds 3
	not [ -s err ]
	made A third
	made A fourth
	take 0 fourth
	says 'the one before it was not imported here'
}

a_pin_comes_with_the_next_manifest() {
	copy
	printf 'serial,uuid\nP1,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e09\n' |
		amtforge unit issue line.db P --units -
	made P before
	take 0 before
	amtforge unit pin line.db 3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e09 \
		--cert stranger.pem
	made P after
	take 0 after
	grep -q '"new":0,"renewed":1' out
	amtforge --json manifest list after --trust oem-root.pem \
		--key it.key >rows
	grep -q "\"cert_sha256\":\"$(openssl x509 -in stranger.pem \
		-outform DER | sha256sum | cut -d ' ' -f 1)\"" rows
}

secrets_are_sealed_in_the_store() {
	copy
	take 0 batch
	amtforge --json manifest list batch --reveal --trust oem-root.pem \
		--key it.key >rows
	sed -n 's/.*"pps":"\([^"]*\)".*/\1/p' rows >secrets
	[ -s secrets ]
	not grep -aqFf secrets state/store.db
	[ ! -e state/store.db-wal ] || not grep -aqFf secrets state/store.db-wal
	cp state/store.key kept
	sed 's/./a/g' kept >state/store.key
	status 77 amtforge-server list state
	says "store.key is not this store's"
	says '[store-key]'
	echo nothing >state/store.key
	status 65 amtforge-server list state
	says 'state/store.key: not a key'
	says '[store-key]'
}

another_ledgers_values_are_a_conflict() {
	copy
	take 0 batch
	amtforge-server --json list state >before
	amtforge ledger init other.db
	amtforge order open other.db "$ROOT/configs/profile-psk.cfg" --id A
	printf 'serial,uuid\nS9,%s\nS1,%s\n' \
		3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e99 "$UUID" |
		amtforge unit issue other.db A --units -
	amtforge manifest make other.db A --sign-key oem.key \
		--sign-cert oem.pem --to it.pem --out conflict
	take 65 conflict
	reason manifest-conflict
	grep -q "conflict: devices-00001.cms: row 2: unit $UUID: its pid" out
	amtforge-server --json list state | cmp - before
	take 0 batch
}

what_is_refused_changes_nothing() {
	copy
	cp batch flipped
	printf X | dd of=flipped bs=1 seek=700 conv=notrunc 2>/dev/null
	take 65 flipped
	head -c 3000 batch >short
	take 65 short
	status 77 amtforge-server --json import state batch \
		--trust stranger.pem --key it.key
	reason manifest-untrusted
	status 77 amtforge-server --json import state batch \
		--trust oem-root.pem --key stranger.key
	reason manifest-recipient
	made A late late
	take 77 late
	reason manifest-expired
	status 66 amtforge-server import state absent --trust oem-root.pem \
		--key it.key
	status 2 amtforge-server import state batch --key it.key
	holds 0
	take 0 batch
	holds 2
}

an_expired_signer_leaves_an_audit_row() {
	copy
	made A late late
	take 0 late --insecure-expired-signer
	holds 2
	if command -v sqlite3 >/dev/null; then
		sqlite3 state/store.db 'SELECT what, why FROM audit' >audit
		grep -q 'insecure-expired-signer|CN=late' audit
		not sqlite3 state/store.db 'DELETE FROM audit'
	fi
}

explain_tells_of_known_units_only() {
	copy
	take 0 batch
	status 0 amtforge-server explain state "$UUID"
	grep -q "^$UUID: known" out
	grep -q 'serial S1, order A' out
	status 0 amtforge-server --json explain state "$UUID"
	grep -q '"state":"known","reason":""' out
	grep -q '"history":\[\]' out
	status 65 amtforge-server --json explain state \
		ffffffff-6a77-4e0f-9c1d-2f6f3a7d1e99
	reason uuid-unknown
	status 65 amtforge-server --json explain state nonsense
	reason uuid-malformed
}

a_chain_is_made_once() {
	status 0 amtforge-server --json chain make chain \
		--fqdn setup.example.com
	hash=$(openssl x509 -in chain/root.pem -outform DER | sha256sum |
		cut -d ' ' -f 1)
	grep -q "\"sha256\":\"$hash\"" out
	openssl verify -CAfile chain/root.pem -purpose sslserver chain/leaf.pem
	openssl x509 -in chain/leaf.pem -noout -text >text
	grep -q '2.16.840.1.113741.1.2.3' text
	grep -q 'OU = Intel(R) Client Setup Certificate, CN = setup.example' \
		text
	[ "$(grep -c BEGIN chain/leaf.pem)" -eq 2 ]
	[ "$(stat -c %a chain/leaf.key chain/root.key | sort -u)" = 600 ]
	openssl pkey -in chain/leaf.key -pubout >key
	openssl x509 -in chain/leaf.pem -noout -pubkey | cmp - key
	cp -R chain before
	status 73 amtforge-server chain make chain --fqdn setup.example.com
	diff -r chain before
	for name in setup .example.com a..b 'a b.c' \
		"$(printf '%070d.example.com' 0)"; do
		status 2 amtforge-server chain make none --fqdn "$name"
	done
	not [ -e none ]
	status 0 amtforge-server chain make wild --fqdn '*.example.com'
}

# Killed again and again, at later and later points, until one run gets
# through: each time all units are there or none.
a_killed_import_takes_all_or_nothing() {
	copy
	amtforge unit issue line.db A --count 20000 >/dev/null
	made A large
	none=0
	for ms in 000 000 000 000 010 050 100 200 300 400 500 700 900; do
		amtforge-server import state large --trust oem-root.pem \
			--key it.key >/dev/null 2>&1 &
		pid=$!
		[ $ms = 000 ] || sleep 0.$ms
		kill -9 $pid 2>/dev/null || true
		wait $pid || true
		n=$(amtforge-server --json list state | wc -l)
		echo "after $ms ms: $n"
		[ "$n" -eq 0 ] || [ "$n" -eq 20002 ]
		[ "$n" -ne 0 ] || none=$((none + 1))
		[ "$n" -eq 0 ] && continue
		[ $none -eq 0 ] || break
		rm -r state # the kill came late; once more
		cp -R "$FIX/state" .
	done
	[ $none -gt 0 ]
	take 0 large
	holds 20002
}

t the_fixture_is_made
t the_state_is_private
t an_interrupted_init_is_finished
t units_are_imported_once
t a_manifest_that_is_known_wants_trust_and_key_too
t a_later_manifest_of_the_order_adds_to_it
t a_pin_comes_with_the_next_manifest
t secrets_are_sealed_in_the_store
t another_ledgers_values_are_a_conflict
t what_is_refused_changes_nothing
t an_expired_signer_leaves_an_audit_row
t explain_tells_of_known_units_only
t a_chain_is_made_once
t a_killed_import_takes_all_or_nothing
done_testing

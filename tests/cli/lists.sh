#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a person asks the server's store: which machines, how many, why; and what
# comes of a name that is not there.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

A=7d6ea9d0-52ab-4c3f-9b1e-000000000001

# store: four units of orders O and P, of tenants acme and the default one, as
# a server would have left them.
store() {
	batch psk 3
	amtforge order open line.db profile.cfg --id PO-7
	printf 'serial,uuid\nP-1,11111111-2222-4333-8444-555555555555\n' |
		amtforge unit issue line.db PO-7 --units - >/dev/null
	amtforge manifest make line.db PO-7 --sign-key factory.key \
		--sign-cert factory.pem --to it.pem --out p.amt
	amtforge-server import state p.amt --tenant acme --trust factory.pem \
		--key it.key
	sqlite3 state/store.db "UPDATE units SET state = 'refused',
		reason = 'pid-unknown', updated = '2026-01-02T00:00:00Z'
		WHERE n < 3; UPDATE units SET state = 'provisioned',
		updated = '2026-03-01T00:00:00Z', fqdn = 'pc1.example.com'
		WHERE n = 4"
}

# rows WANT OPTION...: list's JSON has these serial numbers, in this order.
rows() {
	serials=$1
	shift
	status 0 amtforge-server --json list state "$@"
	got=$(sed 's/.*"serial":"\([^"]*\)".*/\1/' out | tr '\n' ' ')
	[ "$got" = "$serials" ] || { echo "got $got"; return 1; }
}

each_row_tells_what_finds_a_machine() {
	store
	rows 'O-000001 O-000002 O-000003 P-1 '
	head -n 1 out | grep '"serial":"O-000001","order":"O"' |
		grep '"tenant":""'
	tail -n 1 out | grep '"fqdn":"pc1.example.com"' |
		grep '"tenant":"acme","serial":"P-1","order":"PO-7"'
}

the_list_is_cut_by_state_order_time_and_serial() {
	store
	rows 'P-1 ' --order PO-7
	rows 'O-000001 O-000002 ' --state refused
	rows 'O-000001 O-000002 P-1 ' --state refused --state=provisioned
	rows 'O-000003 P-1 ' --since 2026-01-03
	rows 'O-000003 P-1 ' --since 2026-01-02T00:00:01Z
	rows 'O-000003 ' --since 24h
	rows 'O-000002 ' --serial O-000002
	rows '' --tenant acme --state failed
	for when in yesterday 2026-13-01 12 5y 2026-01-01x ''; do
		status 2 amtforge-server list state --since "$when"
		says 'is no time'
	done
	for day in 2026-02-29 2026-04-31T12:00:00Z 2026-02-31; do
		status 2 amtforge-server list state --since $day
		says "--since: \"$day\": that month has no day "
	done
	rows 'O-000003 P-1 ' --since 2024-02-29 --state known --state provisioned
}

a_summary_counts_by_tenant_state_and_reason() {
	store
	status 0 amtforge-server list state --summary
	grep -q '^(the default one)  *3  *1  *0  *0  *0  *0  *2$' out
	grep -q '^  2 pid-unknown$' out
	grep -q '^acme  *1  *0  *0  *0  *1  *0  *0$' out
	status 0 amtforge-server --json list state --summary --tenant ''
	[ "$(cat out)" = '{"tenant":"","units":3,"known":1,"hello":0,"setup":0,"provisioned":0,"failed":0,"refused":2,"reasons":[{"reason":"pid-unknown","count":2}]}' ]
}

a_long_serial_number_widens_its_column() {
	batch psk 1
	amtforge order open line.db profile.cfg --id W
	printf 'serial,uuid\n%s,%s\n' SERIAL-OF-TWENTY-FOUR-SG \
		11111111-2222-4333-8444-555555555555 |
		amtforge unit issue line.db W --units - >/dev/null
	amtforge manifest make line.db W --sign-key factory.key \
		--sign-cert factory.pem --to it.pem --out p.amt
	amtforge-server import state p.amt --trust factory.pem --key it.key
	status 0 amtforge-server list state
	grep -q '^UUID \{33\}SERIAL \{19\}STATE \{7\}UPDATED' out
	grep -q ' O-000001 \{17\}known ' out
	grep -q ' SERIAL-OF-TWENTY-FOUR-SG known ' out
	# of what is not listed nothing counts
	status 0 amtforge-server list state --serial O-000001
	grep -q '^UUID \{33\}SERIAL \{8\}STATE ' out
}

lines_fit_80_columns() {
	store
	for how in '' --summary; do
		# shellcheck disable=SC2086 # or none
		status 0 amtforge-server list state $how
		not grep -E '^.{81}' out
	done
	while read -r u; do
		status 0 amtforge-server explain state "$u"
		sed -n '/^  [*x.]/p' out >way
		[ "$(wc -l <way)" = 4 ]
		not grep -E '^.{81}| $' way
	done <uuids
}

a_name_that_is_not_there_is_refused_with_the_one_that_was_meant() {
	store
	status 65 amtforge-server list state --tenant acne
	says 'no tenant "acne" (did you mean "acme"?)'
	says tenant-unknown
	[ ! -s out ]
	status 65 amtforge-server list state --order PO-8
	says 'did you mean "PO-7"?'
	status 65 amtforge-server list state --order nothing-like-it
	says 'amtforge-server list --json lists them'
	status 65 amtforge-server list state --tenant nothing-like-it
	says 'amtforge-server list --summary lists them'
	status 2 amtforge-server list state --state refuse
	says 'did you mean refused?'
	slip=7d6ea9d0-52ab-4c3f-9b1e-000000000091
	for verb in explain show wait otp setup unprovision alarms; do
		status 65 amtforge-server $verb state $slip
		says uuid-unknown
		says "did you mean $A?"
		[ "$(grep -o $slip err | wc -l)" = 1 ]
	done
}

a_uuid_in_smbios_order_is_recognised() {
	store
	status 65 amtforge-server explain state \
		D0A96E7D-AB52-3F4C-9B1E-000000000001
	says "but $A is: the same bytes, in SMBIOS's order"
}

a_serial_number_is_told_its_uuid() {
	store
	for verb in explain show wait otp setup unprovision alarms; do
		status 65 amtforge-server $verb state O-000001
		says "\"O-000001\" is a serial number; its unit has UUID $A"
		status 65 amtforge-server $verb state O-1
		says 'no UUID, nor a serial number of any unit'
	done
}

# What the manifest is for, and nobody has been heard of yet.
a_tenant_of_the_configuration_without_units_is_no_error() {
	store
	serve 'tenants = ( { name = "globex"; } );'
	stop_server
	status 0 amtforge-server --json list state --tenant globex
	[ ! -s out ]
}

the_way_of_a_machine_shows_where_it_stopped() {
	batch psk 1
	u=$(cat uuids)
	status 0 amtforge-server explain state "$u"
	grep -q '^  \* imported  .*manifest 1$' out
	[ "$(sed -n '/^  [.]/p' out | tr -d '\n')" = \
		'  . hello  . set-up  . provisioned' ]
	serve
	hello 127.0.0.9 "$u" 0000000C
	wait_for pid-unknown events
	stop_server
	status 0 amtforge-server explain state "$u"
	grep -q '^  x hello  .*127.0.0.9  refused: pid-unknown$' out
	grep -q '^  \. set-up$' out
	if command -v jq >/dev/null; then
		status 0 amtforge-server --json explain state "$u"
		[ "$(jq -r '.serial + .order + .address' out)" = \
			"O-000001O127.0.0.9" ]
		[ "$(jq -r .imported out | wc -c)" = 21 ]
	fi
}

# A detail has up to 400 bytes, and a mend more.
a_long_refusal_is_explained_whole() {
	batch psk 1
	u=$(cat uuids)
	long=$(printf '%0399d.' 7)
	sqlite3 state/store.db "UPDATE units SET state = 'refused',
		reason = 'pid-other-unit'; INSERT INTO events (uuid, time, state,
		reason, address, detail) VALUES ('$u', '2026-01-02T00:00:00Z',
		'refused', 'pid-other-unit', '127.0.0.9', '$long'); INSERT INTO
		alarms (uuid, reason, tenant, known, count, first, time, address,
		detail) VALUES ('$u', 'pid-other-unit', '', 1, 1, '', '',
		'127.0.0.9', '$long')"
	status 0 amtforge-server explain state "$u"
	grep -qx "  found: $long" out
	grep -q 'do: Two boards were swapped.*the real ones.$' out
	grep -q "127.0.0.9  pid-other-unit: $long" out
	status 0 amtforge-server alarms state
	grep -qx "  found: $long" out
}

# Words of a device, or cut within a character.
words_that_are_no_utf8_are_told_too() {
	batch psk 1
	u=$(cat uuids)
	sqlite3 state/store.db "UPDATE units SET state = 'refused',
		reason = 'step-failed'; INSERT INTO events (uuid, time, state,
		reason, address, detail) VALUES ('$u', '2026-01-02T00:00:00Z',
		'refused', 'step-failed', '127.0.0.9',
		CAST(X'7365743AC3' AS TEXT))"
	status 0 amtforge-server --json explain state "$u"
	grep -q '"detail":"set:\\ufffd"' out
	jq -e . out
}

t a_long_refusal_is_explained_whole
t words_that_are_no_utf8_are_told_too
t each_row_tells_what_finds_a_machine
t the_list_is_cut_by_state_order_time_and_serial
t a_summary_counts_by_tenant_state_and_reason
t a_long_serial_number_widens_its_column
t lines_fit_80_columns
t a_name_that_is_not_there_is_refused_with_the_one_that_was_meant
t a_uuid_in_smbios_order_is_recognised
t a_serial_number_is_told_its_uuid
t a_tenant_of_the_configuration_without_units_is_no_error
t the_way_of_a_machine_shows_where_it_stopped
done_testing

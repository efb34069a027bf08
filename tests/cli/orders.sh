#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge order and unit: issuing once and only once, and each refusal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$(dirname "$0")/../pki.sh"

PSK=$ROOT/configs/profile-psk.cfg
PKI=$ROOT/configs/profile-pki.cfg
U1=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01
U2=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e02
U3=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e03

# A ledger L with an empty order A.
an_order() {
	amtforge ledger init L
	amtforge order open L "${1:-$PSK}" --id A 2>/dev/null
}

# csv LINE...: u.csv of header serial,uuid and these lines.
csv() {
	printf '%s\n' serial,uuid "$@" >u.csv
}

units() {
	sqlite3 L 'select count(*) from units'
}

# only_once N: the ledger has N units, none of whose values occurs twice.
only_once() {
	for what in uuid serial pid; do
		[ "$(sqlite3 L "select count(distinct $what) from units")" \
			= "$1" ] || return 1
	done
	[ "$(units)" = "$1" ]
}

rows_are_as_the_contract_says() {
	an_order
	printf '%s\n' 'serial,uuid,mac,sku' \
		"S1,$U1,02-00-00-00-00-0A;02:00:00:00:00:0b,\"X \"\"1\"\", b\"" \
		>u.csv
	status 0 amtforge unit issue L A --units u.csv --json
	jq -e --arg u $U1 '.uuid == $u and .serial == "S1" and .order == "A"
		and .state == "issued" and .mode == "enterprise" and .amt == "3.0"
		and .sku == "X \"1\", b"
		and .macs == "02:00:00:00:00:0a,02:00:00:00:00:0b"
		and (.pid | test("^[0-9A-Z]{8}$"))
		and .key_storage == "host-readable" and .key_shared == false
		and (has("pps") or has("mebx_password") | not)' out
	status 0 amtforge unit show L $U1 --reveal --json
	jq -e '(.pps | test("^[0-9A-Z]{32}$"))
		and (.mebx_password | length) == 16' out
	status 0 amtforge unit list L A --json
	jq -e 'has("pps") | not' out
}

a_csv_comes_by_pipe_too() {
	an_order
	csv "S1,$U1" "S2,$U2"
	amtforge unit issue L A --units - <u.csv >piped
	amtforge unit issue L A --units u.csv >again
	cmp piped again
	[ "$(wc -l <piped)" = 3 ]
}

an_order_tells_how_many_units_were_issued() {
	an_order
	csv "S1,$U1"
	amtforge unit issue L A --units u.csv >/dev/null
	status 0 amtforge order show L A
	grep -q ', 1 unit issued$' out
	csv "S2,$U2"
	amtforge unit issue L A --units u.csv >/dev/null
	status 0 amtforge order show L A
	grep -q ', 2 units issued$' out
}

windows_line_ends_and_a_byte_order_mark_are_fine() {
	an_order
	printf '\357\273\277serial,uuid\r\nS1,%s\r\n\r\n"S2","%s"\r\n' \
		$U1 $U2 >u.csv
	status 0 amtforge unit issue L A --units u.csv
	only_once 2
}

raw_uuids_are_in_smbios_order() {
	an_order
	csv 'S1,528c1f3b776a0f4e9c1d2f6f3a7d1e01'
	status 0 amtforge unit issue L A --units u.csv --uuid-order raw
	grep -q "^$U1 " out
}

a_repeated_run_prints_the_same_rows() {
	an_order
	csv "S1,$U1" "S2,$U2"
	amtforge unit issue L A --units u.csv >first
	echo "S3,$U3" >>u.csv
	amtforge unit issue L A --units u.csv >second
	head -3 second | cmp - first
	[ "$(wc -l <second)" = 4 ]
	only_once 3
}

# differs ROW WORDS: the row is refused, the ledger stays as it is.
differs() {
	csv "$1"
	sqlite3 L 'select * from units' >before
	status 1 amtforge unit issue L A --units u.csv
	says "u.csv:2: "
	says "[unit-differs]"
	[ ! -s out ]
	sqlite3 L 'select * from units' | cmp - before
}

the_same_serial_or_uuid_with_other_values_is_refused() {
	an_order
	printf 'serial,uuid,mac\nS1,%s,02:00:00:00:00:01\n' $U1 >u.csv
	amtforge unit issue L A --units u.csv >/dev/null
	differs "S1,$U2"
	says "serial S1, UUID $U2: the unit was issued already with UUID $U1, not $U2 [unit-differs]"
	differs "S2,$U1"
	printf 'serial,uuid,mac\nS1,%s,02:00:00:00:00:02\n' $U1 >u.csv
	status 1 amtforge unit issue L A --units u.csv
	says "[unit-differs]"
	amtforge order open L "$PSK" --id B
	csv "S1,$U1"
	status 1 amtforge unit issue L B --units u.csv
	says "serial S1, UUID $U1: the unit was issued already with order A, not B [unit-differs]"
	only_once 1
}

placeholder_uuids_are_refused() {
	an_order
	csv "S1,00000000-0000-0000-0000-000000000000" \
		"S2,ffffffff-ffff-ffff-ffff-ffffffffffff" \
		"S3,fefefefe-fefe-fefe-fefe-fefefefefefe" \
		"S4,03000200-0400-0500-0006-000700080009" \
		"S5,07090201-0103-0301-0807-060504030201" \
		"S6,00020003-0004-0005-0006-000700080009" \
		"S7,12345678-ffff-ffff-ffff-ffffffffffff"
	status 1 amtforge unit issue L A --units u.csv
	[ ! -s out ]
	[ "$(grep -c '\[uuid-placeholder\]' err)" = 7 ]
	says "u.csv:8: UUID 12345678-ffff-ffff-ffff-ffffffffffff is a placeholder"
	[ "$(units)" = 0 ]
}

bad_rows_are_named_and_the_others_go_on() {
	an_order
	csv "S1,$U1" "S2" "S3,nonsense" ",$U2" "S4,$U2,extra" \
		"S\"5,$U2" "\"S6,$U2" "S7,$U3"
	status 1 amtforge unit issue L A --units u.csv
	[ "$(wc -l <out)" = 3 ]
	says "u.csv:3: 1 fields, the header has 2 [csv-malformed]"
	says "u.csv:4: nonsense is not a UUID [uuid-malformed]"
	says "u.csv:5: serial must be"
	says "u.csv:6: 3 fields, the header has 2"
	says "u.csv:7: a quote within a field"
	says "u.csv:8: a control character"
	says "6 of 8 units were not issued"
	only_once 2
	status 1 amtforge unit issue L A --units u.csv --json
	[ "$(jq -s 'map(select(.error.code == "csv-malformed")) | length' out)" = 5 ]
	[ "$(jq -s 'map(select(.uuid)) | length' out)" = 2 ]
}

a_mac_that_is_none_is_refused() {
	an_order
	printf 'serial,uuid,mac\nS1,%s,02:00:00:00:00\nS2,%s,%s\n' $U1 $U2 \
		"02:00:00:00:00:0g" >u.csv
	status 1 amtforge unit issue L A --units u.csv
	says "u.csv:2: mac must be"
	says "u.csv:3: mac must be"
}

another_header_is_refused_whole() {
	an_order
	for header in uuid,serial serial Serial,UUID serial,uuid,sku ""; do
		printf '%s\nS1,%s\n' "$header" $U1 >u.csv
		status 65 amtforge unit issue L A --units u.csv
		says "u.csv:1: the first line must be serial,uuid"
	done
	: >u.csv
	status 65 amtforge unit issue L A --units u.csv
	[ "$(units)" = 0 ]
}

a_missing_csv_is_no_input() {
	an_order
	status 66 amtforge unit issue L A --units nowhere.csv
	says nowhere.csv
}

the_quantity_is_a_limit() {
	amtforge ledger init L
	amtforge order open L "$PSK" --id A --quantity 3
	status 1 amtforge unit issue L A --count 5
	[ "$(wc -l <out)" = 4 ]
	says "order A has its 3 units: serial A-000004 is not issued [order-full]"
	only_once 3
	status 0 amtforge unit issue L A --count 3
}

a_closed_order_issues_nothing_new() {
	an_order
	amtforge unit issue L A --count 2 >first
	status 0 amtforge order close L A
	status 0 amtforge order close L A
	status 1 amtforge unit issue L A --count 3
	cmp out first
	says "order A is closed: serial A-000003 is not issued [order-closed]"
	only_once 2
	[ "$(sqlite3 L "select count(*) from audit
		where what = 'order close'")" = 1 ]
}

unknown_orders_and_units_are_refused() {
	an_order
	status 65 amtforge unit issue L B --count 1
	says "no order B [order-unknown]"
	status 65 amtforge unit list L B
	status 65 amtforge order close L B
	status 65 amtforge order show L B
	status 65 amtforge unit show L $U1
	says "no unit $U1 in this ledger [unit-unknown]"
	status 65 amtforge unit mark L $U1 scrapped --why x
	status 2 amtforge unit show L nonsense
}

an_order_is_opened_once() {
	an_order
	status 73 amtforge order open L "$PSK" --id A
	says "order A exists already [order-exists]"
	status 2 amtforge order open L "$PSK" --id 'a b'
	status 2 amtforge order open L "$PSK" --id ../x
	status 2 amtforge order open L "$PSK"
	says "--id is needed"
	status 0 amtforge order show L --json
	[ "$(wc -l <out)" = 1 ]
	jq -e '.order == "A" and .state == "open" and .issued == 0' out
}

an_unsound_profile_opens_no_order() {
	amtforge ledger init L
	echo 'customer = "c";' >p.cfg
	status 78 amtforge order open L p.cfg --id A
	status 65 amtforge order show L A
}

a_changed_profile_does_not_change_an_open_order() {
	amtforge ledger init L
	cp "$PSK" p.cfg
	amtforge order open L p.cfg --id A
	sed -i 's/"3\.0"/"9.0"/' p.cfg
	amtforge unit issue L A --count 1 --json >row
	jq -e '.amt == "3.0"' row
}

one_of_units_and_count_is_needed() {
	an_order
	status 2 amtforge unit issue L A
	csv "S1,$U1"
	status 2 amtforge unit issue L A --units u.csv --count 1
	status 2 amtforge unit issue L A --count 0
	status 2 amtforge unit issue L A --units u.csv --uuid-order other
}

states_move_as_documented_and_leave_audit_rows() {
	an_order
	csv "S1,$U1"
	amtforge unit issue L A --units u.csv >/dev/null
	for state in written verified written verified shipped returned \
		written shipped scrapped; do
		status 0 amtforge unit mark L $U1 $state --why "to $state"
		status 0 amtforge unit show L $U1 --json
		jq -e --arg s $state '.state == $s' out
	done
	[ "$(sqlite3 L "select count(*) from audit where object = '$U1'")" = 9 ]
	status 65 amtforge unit mark L $U1 written --why x
	says "a unit that is scrapped cannot become written, nor anything else"
	status 2 amtforge unit mark L $U1 lost --why x
	says "lost is not a state"
	status 2 amtforge unit mark L $U1 written
	says "--why is needed"
	status 2 amtforge unit mark L $U1 written --why ""
	says "--why is empty"
}

a_reveal_leaves_an_audit_row() {
	an_order
	csv "S1,$U1"
	amtforge unit issue L A --units u.csv >/dev/null
	amtforge unit show L $U1 >/dev/null
	amtforge unit show L $U1 --reveal >/dev/null
	# however the UUID was spelt
	amtforge unit show L "$(echo $U1 | tr a-f A-F)" --reveal >/dev/null
	[ "$(sqlite3 L "select count(*) from audit
		where what = 'unit reveal' and object = '$U1'")" = 2 ]
}

a_device_certificate_is_pinned_once() {
	an_order "$PKI"
	root one
	root two
	csv "S1,$U1"
	status 0 amtforge unit issue L A --units u.csv --json
	jq -e '.key_storage == "device" and (has("cert_sha256") | not)
		and (.hash_list | length > 0)' out
	status 0 amtforge unit pin L $U1 --cert one.pem
	sum=$(openssl x509 -in one.pem -outform DER | sha256sum | cut -d' ' -f1)
	status 0 amtforge unit show L $U1 --json
	jq -e --arg s "$sum" '.cert_sha256 == $s' out
	status 0 amtforge unit pin L $U1 --cert one.pem
	status 73 amtforge unit pin L $U1 --cert two.pem
	says "[unit-differs]"
	status 0 amtforge unit pin L $U1 --cert two.pem --force
	status 66 amtforge unit pin L $U1 --cert gone.pem
	[ "$(sqlite3 L "select count(*) from audit where what = 'unit pin'")" \
		= 3 ]
}

a_psk_unit_has_no_certificate_to_pin() {
	an_order
	root one
	csv "S1,$U1"
	amtforge unit issue L A --units u.csv >/dev/null
	status 65 amtforge unit pin L $U1 --cert one.pem
	says "order A is PSK"
}

a_factory_key_is_one_each_and_pinned() {
	amtforge ledger init L
	cp "$ROOT/configs/demo-root.pem" .
	printf '%s\n' 'customer = "c"; amt = "16.0"; credential = "pki";' \
		'device_key = "factory"; key_type = "ec256"; mebx = "random";' \
		'hashes = ( { file = "demo-root.pem"; } );' >p.cfg
	amtforge order open L p.cfg --id A
	status 0 amtforge unit issue L A --count 20 --json
	[ "$(jq -r .cert_sha256 out | sort -u | grep -cE '^[0-9a-f]{64}$')" = 20 ]
	[ "$(jq -r .key_storage out | sort -u)" = host-readable ]
	uuid=$(head -1 out | jq -r .uuid)
	sum=$(head -1 out | jq -r .cert_sha256)
	sqlite3 L "select writefile('c.der', cert) from units
		where uuid = '$uuid'" >/dev/null
	[ "$(sha256sum <c.der | cut -d' ' -f1)" = "$sum" ]
	openssl x509 -inform DER -in c.der -noout -subject >subject
	grep -q "$uuid" subject
	root one
	status 65 amtforge unit pin L "$uuid" --cert one.pem
	says "[unit-differs]"
}

a_shared_key_is_one_and_says_so() {
	amtforge ledger init L
	{
		cat "$PSK"
		echo 'insecure_shared_key = true;'
	} >p.cfg
	status 0 amtforge order open L p.cfg --id A
	says "insecure_shared_key"
	status 0 amtforge unit issue L A --count 3 --json
	[ "$(jq -r .pid out | sort -u | grep -cE '^[0-9A-Z]{8}$')" = 1 ]
	[ "$(jq -r .key_shared out | sort -u)" = true ]
	[ "$(sqlite3 L "select count(*) from audit
		where what = 'order insecure_shared_key'")" = 1 ]
	[ "$(sqlite3 L "select count(*) from units where pps not null")" = 0 ]
	for u in $(jq -r .uuid out); do
		amtforge unit show L "$u" --reveal --json
	done | jq -r .pps | sort -u >pps
	[ "$(grep -cE '^[0-9A-Z]{32}$' pps)" = 1 ]
	status 0 amtforge ledger check L
}

# Killed at ten places, then run to its end: what was printed is in the
# ledger, and nothing was issued twice.
a_killed_run_is_simply_repeated() {
	an_order
	: >printed
	killed=0
	for ms in 02 05 08 11 14 17 20 25 30 40; do
		timeout -s KILL "0.$ms" amtforge unit issue L A --count 5000 \
			>part || killed=$((killed + 1))
		# A line that the kill cut short counts for nothing.
		awk 'length($1) == 36 && length($4) == 8' part >>printed
	done
	[ $killed -gt 0 ]
	status 0 amtforge unit issue L A --count 5000
	[ "$(wc -l <out)" = 5001 ]
	only_once 5000
	sort -u printed | cut -c 1-80 >told
	sort out | cut -c 1-80 >kept
	[ -z "$(comm -23 told kept)" ]
	[ "$(sqlite3 L 'select max(serial) from units')" = A-005000 ]
	status 0 amtforge ledger check L
}

two_stations_never_issue_the_same_twice() {
	an_order
	amtforge unit issue L A --count 3000 >one &
	first=$!
	amtforge unit issue L A --count 3000 >two
	wait $first
	only_once 3000
	sort one >one.sorted
	sort two | cmp - one.sorted
}

t rows_are_as_the_contract_says
t a_csv_comes_by_pipe_too
t an_order_tells_how_many_units_were_issued
t windows_line_ends_and_a_byte_order_mark_are_fine
t raw_uuids_are_in_smbios_order
t a_repeated_run_prints_the_same_rows
t the_same_serial_or_uuid_with_other_values_is_refused
t placeholder_uuids_are_refused
t bad_rows_are_named_and_the_others_go_on
t a_mac_that_is_none_is_refused
t another_header_is_refused_whole
t a_missing_csv_is_no_input
t the_quantity_is_a_limit
t a_closed_order_issues_nothing_new
t unknown_orders_and_units_are_refused
t an_order_is_opened_once
t an_unsound_profile_opens_no_order
t a_changed_profile_does_not_change_an_open_order
t one_of_units_and_count_is_needed
t states_move_as_documented_and_leave_audit_rows
t a_reveal_leaves_an_audit_row
t a_device_certificate_is_pinned_once
t a_psk_unit_has_no_certificate_to_pin
t a_factory_key_is_one_each_and_pinned
t a_shared_key_is_one_and_says_so
t a_killed_run_is_simply_repeated
t two_stations_never_issue_the_same_twice
done_testing

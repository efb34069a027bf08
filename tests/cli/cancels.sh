#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was asked of the server by hand and has not ended: how it is told, and
# taken back; and what was asked for in vain.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# Each one's time is longer, since the first try may be late.
a_request_that_goes_on_tells_of_its_last_try() {
	batch psk 3
	serve 'tries = 100;'
	set -- 2 10 60
	while read -r u; do
		status 75 amtforge-server setup state "$u" \
			--address 127.0.0.99 --timeout "$1" </dev/null
		shift
		says ' goes on'
		not grep -q 'goes on; last: .*127\.0\.0\.99' err || break
	done <uuids
	says '; last: '
	stop_server
}

# shown WORDS: show --json says that of the machine.
shown() {
	amtforge-server show state "$u" --json | grep -q "$1"
}

a_request_that_waits_is_told_and_cancelled() {
	batch psk 1
	u=$(cat uuids)
	serve 'tries = 100;'
	status 0 amtforge-server show state "$u" --json
	grep -q '"requests":\[\]}$' out
	amtforge-server setup state "$u" --address 127.0.0.99 >waits 2>&1 &
	waits=$!
	until_true 90 shown '"detail":"[^"]*127.0.0.99'
	shown '"request":1,"what":"setup","made":"2.*Z","address":"127.0.0.99",'
	shown '"begun":false'
	amtforge-server show state "$u" >words
	grep -q '^request  *1, setup, made 2.*Z, waits; last: .*127.0.0.99' words
	amtforge-server list state | grep -qx '  request 1, setup, waits'
	amtforge-server list state --json | grep -q '"requests":1}$'
	# only what is asked for so
	status 65 amtforge-server unprovision state "$u" --cancel
	says 'no such request of it waits'
	status 2 amtforge-server setup state "$u" --cancel --address 127.0.0.9
	says 'address: --cancel asks for nothing'
	status 2 amtforge-server setup state "$u" --cancel --hand-over
	status 2 amtforge-server unprovision state "$u" --cancel --partial
	status 2 amtforge-server setup state "$u" --cancel \
		--insecure-forget-certificate
	shown '"request":1,'
	status 0 amtforge-server setup state "$u" --cancel
	grep -qx "$u: cancelled" out
	rc=0
	wait "$waits" || rc=$?
	[ "$rc" = 75 ]
	grep -q 'cancelled: it had not begun' waits
	shown '"requests":\[\]'
	amtforge-server list state >listed
	not grep request listed
	amtforge-server list state --json | grep -q '"requests":0}$'
	[ "$(state_of "$u")" = known ]
	amtforge-server explain state "$u" |
		grep -q 'known  *request 1, setup, was cancelled'
	[ "$(sqlite3 state/store.db "select count(*) from audit
		where what = 'request cancel' and object = '$u'")" = 1 ]
	status 65 amtforge-server setup state "$u" --cancel
	# the server has let go of it: another one has its turn
	status 75 amtforge-server setup state "$u" --address 127.0.0.98 \
		--timeout 5
	until_true 90 shown '"detail":"[^"]*127.0.0.98'
	# and of one that is cancelled while none runs
	stop_server
	status 0 amtforge-server setup state "$u" --cancel
	[ "$(sqlite3 state/store.db "select count(*) from requests
		where ended = ''")" = 0 ]
}

# What the machine may have heard goes on to its end.
a_request_that_has_begun_is_not_cancelled() {
	batch psk 1
	u=$(cat uuids)
	for sent in 1 2; do
		sqlite3 state/store.db "INSERT INTO requests
			(uuid, what, address, made, sent) VALUES
			('$u', 'setup', '127.0.0.99', '2026-01-31T12:00:00Z',
			$sent)"
		shown '"begun":true'
		status 77 amtforge-server setup state "$u" --cancel
		says "request $sent has begun, and goes on to its end"
	done
	shown '"request":1,.*"request":2,'
	amtforge-server list state >listed
	grep -qx '  request 2, setup, has begun' listed
	[ "$(sqlite3 state/store.db "select count(*) from audit
		where what = 'request cancel'")" = 0 ]
}

# It was neither heard of nor connected to.
what_was_asked_for_in_vain_is_no_hello_that_failed() {
	batch psk 1
	u=$(cat uuids)
	serve 'tries = 1;'
	status 69 amtforge-server setup state "$u" --address 127.0.0.99
	amtforge-server explain state "$u" >story
	grep -q '^  - hello ' story
	grep -q '^  x set-up  .*127\.0\.0\.99  failed: device-gone' story
	grep -q '^  do: .*shipped to listen answers only once its agent' story
	stop_server
}

# Its address is known from a hello that was refused.
nor_is_it_where_the_address_was_known_from_earlier() {
	batch psk 1
	u=$(cat uuids)
	serve 'tries = 1;'
	hello 127.0.0.99 "$u" 0000000C
	wait_for pid-unknown events
	amtforge-server explain state "$u" >story
	grep -q '^  x hello  .*127\.0\.0\.99  refused: pid-unknown' story
	status 69 amtforge-server setup state "$u"
	amtforge-server explain state "$u" >story
	grep -q '^  - hello ' story
	grep -q '^  x set-up  .*127\.0\.0\.99  failed: device-gone' story
	stop_server
}

t a_request_that_goes_on_tells_of_its_last_try
t a_request_that_waits_is_told_and_cancelled
t a_request_that_has_begun_is_not_cancelled
t what_was_asked_for_in_vain_is_no_hello_that_failed
t nor_is_it_where_the_address_was_known_from_earlier
done_testing

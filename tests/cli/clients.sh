#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The device's HTTP end, asked by clients of many kinds and by none that is
# one: tests/clients.pl has the table.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

ASK=$ROOT/tests/interop/get-general.xml
PASSWORD='Strong#2026'

# by_hand: a machine that was set up in its screen, without a server.
by_hand() {
	batch pki 1
	flash
	{
		reveal "$(cat uuids)" mebx_password
		printf '%s\n' password "$PASSWORD" "$PASSWORD" mode smb \
			activate yes save
	} >lines
	amtforge-device mebx --state machine --image images/*.bin \
		<lines >screen 2>&1 || { cat screen; return 1; }
}

each_client_is_answered_with_its_log_in() {
	by_hand
	boot_one
	perl "$ROOT/tests/clients.pl" "$bare" "$ASK" "$PASSWORD"
	not grep -q insecure log
}

the_form_without_a_qop_is_a_setting() {
	by_hand
	boot_one 'insecure_digest_without_qop = true;'
	OLD_DIGEST=1 perl "$ROOT/tests/clients.pl" "$bare" "$ASK" "$PASSWORD"
	grep insecure_digest_without_qop log
}

each_client_is_answered_behind_a_certificate() {
	batch pki 1
	flash
	boot_one
	perl "$ROOT/tests/clients.pl" "$tls" "$ASK" -- openssl s_client \
		-quiet -connect "127.0.0.1:$tls" -cert chain/leaf.pem \
		-key chain/leaf.key -cert_chain chain/root.pem 2>err ||
		{ tail -n 20 err; return 1; }
}

if [ ! -e $VARS ]; then
	skip the_device_meets_clients_of_many_kinds "no OVMF"
	done_testing
	exit
fi
t each_client_is_answered_with_its_log_in
t the_form_without_a_qop_is_a_setting
t each_client_is_answered_behind_a_certificate
done_testing

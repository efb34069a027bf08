#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Server and device refuse each other: both tell why, by a code of the one
# list, with the rule, both values and the mend, and nobody is set up.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# image: the image of the order's one unit, ./images/$uuid.bin.
image() {
	uuid=$(cat uuids)
	flash
}

# plug HOST:PORT SUFFIX [OPTION...]: the machine boots; its events go to
# ./device.events.
plug() {
	: >device.events
	host=$1
	suffix=$2
	shift 2
	amtforge-device boot --image "images/$uuid.bin" --state machine \
		--listen 127.0.0.1 --port "$device_port" --server "$host" \
		--suffix "$suffix" --json "$@" >device.events 2>device.log &
	device=$!
	wait_for '"started"' device.events
}

unplug() {
	kill "$device"
	wait "$device" || :
}

# told CODE VALUE...: the server's list and explain give that code, its rule
# and mend, and each value.
told() {
	code=$1
	shift
	wait_for "\"reason\":\"$code\"" events
	status 0 amtforge-server list state --json
	grep "\"uuid\":\"$uuid\",\"state\":\"refused\",\"reason\":\"$code\"" out
	status 0 amtforge-server explain state "$uuid"
	grep "^  reason: $code\$" out
	grep '^  rule: .' out
	grep '^  do: .' out
	for value; do
		grep "^  found: .*$value" out
	done
}

# device_told CODE VALUE...: so does the device's event.
device_told() {
	code=$1
	shift
	wait_for "\"reason\":\"$code\"" device.events
	grep "\"reason\":\"$code\"" device.events | head -n 1 >event
	grep '"rule":".' event
	grep '"mend":".' event
	for value; do
		grep -e "$value" event
	done
}

# The session, that is the first byte of HTTP, never began.
not_set_up() {
	not grep '"event":"session"' device.events
	not grep '"event":"provisioned"' device.events
	unplug
	stop_server
}

a_wrong_pps_is_refused_by_both() {
	batch psk 1
	image
	serve 'tries = 1;'
	plug 127.0.0.1:9 example.com
	unplug
	pid=$(reveal "$uuid" pid)
	pps=$(amtforge key psk --json 2>/dev/null | field pps)
	[ ${#pps} -eq 32 ]
	# as if another pair with the same PID had been written
	sed -i "s/^end\$/pid_kept $pid\npps_kept $pps\nend/" machine/state
	plug "127.0.0.1:$port" example.com
	told psk-rejected "$pid"
	wait_for psk-rejected device.events
	not grep -F -e "$pps" events log device.events device.log out
	not_set_up
}

# lesser_leaf EKU: the server's certificate again, with that usage only.
lesser_leaf() {
	openssl req -new -key chain/leaf.key -out leaf.csr \
		-subj /CN=provision.example.com
	echo "extendedKeyUsage=$1" >ext
	openssl x509 -req -in leaf.csr -CA chain/root.pem \
		-CAkey chain/root.key -set_serial 7 -days 2 -extfile ext \
		-out lesser.pem
	cat lesser.pem chain/root.pem >chain/leaf.pem
}

a_certificate_without_the_oid_is_refused_by_the_device() {
	batch pki 1
	image
	lesser_leaf serverAuth
	serve
	plug "127.0.0.1:$port" example.com
	device_told no-amt-mark provision.example.com \
		2.16.840.1.113741.1.2.3
	told device-refused-mark 'no-amt-mark: certificate of' \
		provision.example.com 2.16.840.1.113741.1.2.3
	grep "^  the device's: no-amt-mark: The server's certificate has" out
	grep '^  do: Get a provisioning certificate for Intel AMT' out
	status 0 amtforge-server --json explain state "$uuid"
	grep '"device_reason":"no-amt-mark","rule":"The server' out
	not_set_up
}

a_suffix_mismatch_is_refused_by_the_device() {
	batch pki 1
	image
	serve
	plug "127.0.0.1:$port" other.net
	device_told suffix-mismatch provision.example.com other.net
	told device-refused-domain provision.example.com
	not_set_up
}

# old_machine LINE...: a batch for AMT 3.0 whose machine speaks TLS 1.0 and 1.1
# only; the server has these lines.
old_machine() {
	[ -e images ] || image
	serve 'tries = 1;' "$@"
	echo 'insecure_legacy_tls = true;' >device.cfg
	plug "127.0.0.1:$port" example.com --config device.cfg
	grep 'insecure_legacy_tls: ' device.log
}

an_old_machine_is_set_up_only_where_the_server_says_insecure() {
	batch psk 1
	old_machine
	device_told tls-version
	told tls-version 'TLS 1.0 to TLS 1.1' insecure_legacy_amt
	not_set_up
	old_machine 'insecure_legacy_amt = "3.0";'
	wait_for '"event":"provisioned"' device.events
	wait_for '"state":"provisioned"' events
	grep "insecure_legacy_amt: AMT 3.0 at 127.0.0.1" log
	# what was offered is in the audit, what was spoken in the history
	amtforge-server explain state "$uuid" >story
	grep ' setup  .*: TLSv1\(\.1\)\{0,1\}, PSK-' story
	unplug
	stop_server
	sqlite3 state/store.db 'SELECT what, object, why FROM audit' >audit
	grep "^legacy-tls|$uuid|AMT 3.0 at 127.0.0.1: TLS 1.0" audit
}

an_old_machine_is_set_up_by_certificate_and_rsa() {
	batch pki 1
	old_machine 'insecure_legacy_amt = "6.0";'
	wait_for '"event":"provisioned"' device.events
	grep '"event":"session"' device.events | head -n 1 >session
	not grep ECDHE session
	wait_for '"state":"provisioned"' events
	unplug
	stop_server
}

# cnf LINE...: an openssl.cnf of the system with these lines for TLS.
cnf() {
	{
		printf 'openssl_conf = o\n[o]\nssl_conf = s\n'
		printf '[s]\nsystem_default = d\n[d]\n'
		printf '%s\n' "$@"
	} >openssl.cnf
}

# PSK has no TLS 1.3, and an old machine no 1.2: were the file read, the first
# would fail and the second be set up.
the_systems_openssl_cnf_neither_stops_nor_lowers_us() {
	batch psk 1
	image
	cnf 'MinProtocol = TLSv1.3'
	export OPENSSL_CONF="$PWD/openssl.cnf"
	not openssl s_client -tls1_2 -connect 127.0.0.1:9 2>none
	serve 'tries = 1;'
	plug "127.0.0.1:$port" example.com
	wait_for '"event":"provisioned"' device.events
	unplug
	stop_server
	rm -rf machine state events
	a_state
	amtforge-server import state batch.amt --trust factory.pem --key it.key
	cnf 'MinProtocol = TLSv1' 'CipherString = ALL:@SECLEVEL=0'
	old_machine
	device_told tls-version
	told tls-version
	not_set_up
}

# The alert is not lost behind the request that TLS 1.3 lets follow at once.
the_first_try_tells_why() {
	batch pki 1
	image
	serve 'tries = 1;'
	echo 'schedule = ( { count = 900; every_ms = 200; } );' >device.cfg
	plug "127.0.0.1:$port" other.net --config device.cfg
	lines_come 90 10 '"reason":"[^"]' events
	grep '"reason":"[^"]' events | head -n 10 >tries
	[ "$(grep -c device-refused-domain tries)" -eq 10 ]
	not_set_up
}

a_root_that_is_not_announced_is_explained() {
	batch pki 1
	image
	mv chain announced
	amtforge-server chain make chain --fqdn provision.example.com
	serve
	plug "127.0.0.1:$port" example.com
	told root-not-announced "$(cert_sha256 chain/root.pem)" \
		"$(cert_sha256 announced/root.pem)"
	not_set_up
}

a_rogue_device_hears_no_http() {
	root right
	batch pki 1 right.pem
	image
	serve 'tries = 1;'
	plug "127.0.0.1:$port" example.com
	told device-cert-differs "$(cert_sha256 right.pem)"
	not_set_up
}

if [ ! -e $VARS ]; then
	skip server_and_device_refuse_each_other "no $VARS (package ovmf)"
	done_testing
	exit
fi
t a_wrong_pps_is_refused_by_both
t a_certificate_without_the_oid_is_refused_by_the_device
t a_suffix_mismatch_is_refused_by_the_device
t an_old_machine_is_set_up_only_where_the_server_says_insecure
t an_old_machine_is_set_up_by_certificate_and_rsa
t the_systems_openssl_cnf_neither_stops_nor_lowers_us
t the_first_try_tells_why
t a_root_that_is_not_announced_is_explained
t a_rogue_device_hears_no_http
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer openssl s_client: gets the alert of each rule that its chain breaks
# peer curl: is answered by the device, with and without a log-in
#
# The device against openssl s_client and curl in the server's place: TLS and
# HTTP ends that nobody here wrote, with certificates made by openssl.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$ROOT/tests/pki.sh"

OVMF=/usr/share/ovmf/OVMF.fd
OID=2.16.840.1.113741.1.2.3
OU='Intel(R) Client Setup Certificate'
# The SDK's example pair, as the bytes that go over the wire.
PPS=4e4b4c444735444352524e514539595a5a494a4c374c464c564a45443639584a

# leaf SUBJECT EKU [DAYS [ROOT]]: ./leaf.key, ./leaf.pem, ./issuer.pem, and
# both in ./chain.pem.
leaf() {
	by=${4:-root}
	rsa_key leaf
	openssl req -new -key leaf.key -out leaf.csr -subj "$1"
	echo "extendedKeyUsage=$2" >ext
	openssl x509 -req -in leaf.csr -CA "$by.pem" -CAkey "$by.key" \
		-CAcreateserial -days "${3:-9}" -extfile ext -out leaf.pem \
		2>/dev/null
	cp "$by.pem" issuer.pem
	cat leaf.pem issuer.pem >chain.pem
}

# image psk|pki [KEY...]: ./unit.bin of a profile with these keys added, and its
# ledger.
image() {
	once "device-$(echo "$*" | cksum | tr ' ' -)" new_image "$@"
}

new_image() {
	root root
	sed 's|"demo-root.pem"|"root.pem"|' \
		"$ROOT/configs/profile-$1.cfg" >profile.cfg
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" >>profile.cfg
	amtforge ledger init line.db
	amtforge order open line.db profile.cfg --id O
	amtforge unit issue line.db O --count 1
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	mv images/*.bin unit.bin
	rm -r base.bin images
	sha256sum unit.bin >unit.sum
}

# boot [OPTION...]: the device on a free port; events go to ./events. Its
# hellos go to a port that nobody holds.
boot() {
	: >events
	amtforge-device boot --image unit.bin --state machine \
		--listen 127.0.0.1 --port 0 --server 127.0.0.1:9 \
		--suffix example.com --json "$@" >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"started"' events
	port=$(sed -n 's/.*"port":\([0-9]*\)}$/\1/p' events)
}

# client OPTION...: s_client asks for the general settings; ./got, ./alert. It
# goes on when its standard input has ended, until the device ends the
# connection: it is asked to.
client() {
	body=$(cat "$ROOT/tests/interop/get-general.xml")
	{
		printf 'POST /wsman HTTP/1.1\r\nHost: device\r\n'
		printf 'Connection: close\r\n'
		printf 'Content-Length: %d\r\n\r\n%s' ${#body} "$body"
	} | timeout 60 openssl s_client -connect "127.0.0.1:$port" -quiet \
		"$@" >got 2>alert || :
}

# refused ALERT REASON: with that chain, and no HTTP was answered.
refused() {
	client -tls1_2 -cert leaf.pem -key leaf.key -cert_chain issuer.pem
	grep "SSL alert number $1" alert
	[ ! -s got ]
	wait_for "\"reason\":\"$2\"" events
	! grep -q '"session"' events || return 1
}

answered() {
	client "$@" -cert leaf.pem -key leaf.key -cert_chain issuer.pem
	grep 'HTTP/1.1 200 OK' got
	grep 'Server: Intel(R) Active Management Technology 6.0.0' got
	grep DigestRealm got
}

the_published_key_bytes_open_a_session_and_wrong_ones_do_not() {
	image psk
	boot
	kill $device
	wait $device
	# As after a set-up that gave it this pair and was undone in part.
	sed -i "s/^end\$/pid_kept 0000037M\npps_kept $(echo $PPS |
		xxd -r -p)\nend/" machine/state
	boot
	for suite in PSK-AES128-CBC-SHA PSK-AES256-CBC-SHA; do
		client -tls1_2 -psk_identity 0000037M -psk $PPS -cipher $suite
		grep 'HTTP/1.1 401 Unauthorized' got
		grep 'Digest realm="Digest:[0-9A-F]\{32\}", nonce="[^"]*",stale="false",qop="auth"' got
	done
	client -tls1_2 -psk_identity 0000037M -psk "00${PPS#??}" \
		-cipher PSK-AES128-CBC-SHA
	[ ! -s got ]
	client -tls1_2 -psk_identity 0000000C -psk $PPS \
		-cipher PSK-AES128-CBC-SHA
	[ ! -s got ]
	wait_for '"reason":"psk-identity"' events
	client -tls1_2 -cipher DEFAULT
	[ ! -s got ]
}

a_chain_with_the_oid_is_answered_in_both_tls_versions() {
	image pki
	leaf /CN=prov.example.com serverAuth,$OID
	boot
	answered -tls1_2
	answered -tls1_3
	sha256sum -c unit.sum
	[ "$(stat -c %a machine machine/state | tr '\n' ' ')" = "700 600 " ]
}

a_wildcard_an_organisational_unit_and_an_expired_one_are_answered() {
	image pki
	boot
	leaf '/CN=*.example.com' serverAuth,$OID
	answered -tls1_2
	leaf "/OU=$OU/CN=prov.example.com" serverAuth
	answered -tls1_2
	leaf /CN=prov.example.com serverAuth,$OID -1
	answered -tls1_2
}

without_the_mark_alert_43_is_sent() {
	image pki
	leaf /CN=prov.example.com serverAuth
	boot
	refused 43 no-amt-mark
}

an_organisational_unit_in_another_case_is_no_mark() {
	image pki
	leaf "/OU=intel(r) client setup certificate/CN=prov.example.com" \
		serverAuth
	boot
	refused 43 no-amt-mark
}

without_server_auth_alert_43_is_sent() {
	image pki
	leaf /CN=prov.example.com clientAuth,$OID
	boot
	refused 43 no-server-auth
}

another_domain_gets_alert_42() {
	image pki
	leaf /CN=prov.example.org serverAuth,$OID
	boot
	refused 42 suffix-mismatch
}

another_name_than_the_preset_gets_alert_42() {
	image pki 'server_fqdn = "other.example.com";'
	leaf /CN=prov.example.com serverAuth,$OID
	boot
	refused 42 fqdn-mismatch
}

a_root_that_is_not_listed_gets_alert_48() {
	image pki
	root stranger
	leaf /CN=prov.example.com serverAuth,$OID 9 stranger
	boot
	refused 48 root-not-listed
}

a_chain_without_its_root_gets_alert_46() {
	image pki
	leaf /CN=prov.example.com serverAuth,$OID
	boot
	client -tls1_2 -cert leaf.pem -key leaf.key
	grep 'SSL alert number 46' alert
	[ ! -s got ]
	wait_for '"reason":"chain-invalid"' events
}

a_server_without_a_certificate_gets_alert_40() {
	image pki
	boot
	client -tls1_2
	grep 'SSL alert number 40' alert
	[ ! -s got ]
	wait_for '"reason":"chain-missing"' events
}

# ask PASSWORD [OPTION...]: two requests by curl, which keeps the connection.
ask() {
	password=$1
	shift
	curl -sk --cert chain.pem --key leaf.key --digest \
		-u "admin:$password" "$@" -w '%{http_code} %{num_connects}\n' \
		-o body --data-binary "@$ROOT/tests/interop/get-general.xml" \
		"https://127.0.0.1:$port/wsman" --next -sk --cert chain.pem \
		--key leaf.key --digest -u "admin:$password" "$@" \
		-w '%{http_code} %{num_connects}\n' -o body \
		--data-binary "@$ROOT/tests/interop/get-general.xml" \
		"https://127.0.0.1:$port/wsman"
}

curl_answers_the_challenge() {
	image pki
	leaf /CN=prov.example.com serverAuth,$OID
	echo 'challenge = "always";' >device.cfg
	boot --config device.cfg
	uuid=$(sed -n 's/.*"uuid":"\([^"]*\)".*/\1/p' events | head -n 1)
	mebx=$(amtforge unit show line.db "$uuid" --reveal --json |
		sed 's/.*"mebx_password":"\([^"]*\)".*/\1/')
	ask "$mebx" >codes
	[ "$(cut -d' ' -f1 codes | tr '\n' ' ')" = "200 200 " ]
	grep DigestRealm body
	ask admin >codes
	[ "$(cut -d' ' -f1 codes | tr '\n' ' ')" = "401 401 " ]
	ask "$mebx" -H 'Transfer-Encoding: chunked' >codes
	[ "$(cut -d' ' -f1 codes | tr '\n' ' ')" = "200 200 " ]
}

if [ ! -e $OVMF ]; then
	skip the_device_meets_openssl_and_curl "no OVMF"
	done_testing
	exit
fi
t the_published_key_bytes_open_a_session_and_wrong_ones_do_not
t a_chain_with_the_oid_is_answered_in_both_tls_versions
t a_wildcard_an_organisational_unit_and_an_expired_one_are_answered
t without_the_mark_alert_43_is_sent
t an_organisational_unit_in_another_case_is_no_mark
t without_server_auth_alert_43_is_sent
t another_domain_gets_alert_42
t another_name_than_the_preset_gets_alert_42
t a_root_that_is_not_listed_gets_alert_48
t a_chain_without_its_root_gets_alert_46
t a_server_without_a_certificate_gets_alert_40
t curl_answers_the_challenge
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge profile check: the samples, each rule with its file and line.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$(dirname "$0")/../pki.sh"

CONFIGS=$ROOT/configs

# profile LINE...: p.cfg of these lines; good ones come first.
profile() {
	printf '%s\n' "$@" >p.cfg
}

# refused WORDS: p.cfg is refused with these words.
refused() {
	status 78 amtforge profile check p.cfg
	says "$1"
}

PSK='customer = "c"; amt = "3.0"; credential = "psk"; mebx = "random";'
PKI='customer = "c"; amt = "3.0"; credential = "pki"; mebx = "random";'

the_samples_are_sound() {
	status 0 amtforge profile check "$CONFIGS/profile-psk.cfg"
	[ ! -s err ]
	status 0 amtforge profile check "$CONFIGS/profile-pki.cfg"
	status 0 amtforge profile check "$CONFIGS/profile-pki.cfg" --json
	jq -e '.enabled and .start == "talk" and .mode == "enterprise"
		and .key_type == "rsa2048" and .device_key == "device"
		and .server_fqdn == "" and .pki_dns_suffix == ""
		and (.hashes | length) == 1' out
}

the_hash_is_that_of_the_certificate() {
	sum=$(openssl x509 -in "$CONFIGS/demo-root.pem" -outform DER |
		sha256sum | cut -d' ' -f1)
	status 0 amtforge profile check "$CONFIGS/profile-pki.cfg"
	grep -qF "sha256 $sum amtforge demo root" out
}

an_unknown_key_is_named_with_its_line() {
	profile "$PSK" "" 'sever_fqdn = "a.b";'
	refused "p.cfg:3: unknown key sever_fqdn"
	cp "$CONFIGS/demo-root.pem" .
	profile "$PKI" 'hashes = ( { file = "demo-root.pem";' \
		'  onyl = true; } );'
	refused "p.cfg:3: unknown key onyl"
}

broken_syntax_is_named_with_its_line() {
	profile "$PSK" 'enabled = ;'
	refused "p.cfg:2: syntax error"
}

a_missing_profile_is_no_input() {
	status 66 amtforge profile check nowhere.cfg
	says "nowhere.cfg"
}

what_must_be_said_is_asked_for() {
	profile 'amt = "3.0"; credential = "psk";'
	refused "customer is missing"
	profile 'customer = "c"; credential = "psk";'
	refused 'amt must be a version such as "3.0"'
	profile 'customer = "c"; amt = "3.0";'
	refused 'credential is missing: one of "psk", "pki"'
}

psk_is_for_amt_3_to_10() {
	profile 'customer = "c"; credential = "psk"; mebx = "random";' \
		'amt = "2.6";'
	refused "p.cfg:2: amt 2.6: versions before 3.0 speak only SOAP"
	profile 'customer = "c"; amt = "11.0"; mebx = "random";' \
		'credential = "psk";'
	refused "p.cfg:2: credential psk: AMT 11 has no PSK set-up"
	profile 'customer = "c"; amt = "10.0"; credential = "psk";'
	status 0 amtforge profile check p.cfg
}

psk_has_no_key_pair_and_no_otp() {
	profile "$PSK" 'device_key = "factory";'
	refused "p.cfg:2: device_key factory: a PSK machine"
	profile "$PSK" 'start = "listen";' 'otp = "random";'
	refused "p.cfg:3: otp random: a PSK set-up has no OTP"
}

ec_keys_are_refused_below_amt_16() {
	root r
	profile 'customer = "c"; credential = "pki"; mebx = "random";' \
		'hashes = ( { file = "r.pem"; } ); device_key = "factory";' \
		'amt = "15.0";' 'key_type = "ec256";'
	refused "p.cfg:4: key_type ec256: AMT 15 takes RSA only"
	sed -i 's/15\.0/16.0/' p.cfg
	status 0 amtforge profile check p.cfg
}

pki_needs_a_hash() {
	profile "$PKI"
	refused "p.cfg:1: credential pki: needs at least one hash"
}

a_root_that_cannot_be_read_is_named() {
	profile "$PKI" 'hashes = ( { file = "gone.pem"; } );'
	status 66 amtforge profile check p.cfg
	says "p.cfg:2: gone.pem"
	echo "no certificate" >text.pem
	profile "$PKI" 'hashes = ( { file = "text.pem"; } );'
	status 65 amtforge profile check p.cfg
	says "p.cfg:2: text.pem"
	profile "$PKI" 'hashes = ( { name = "x"; } );'
	refused "p.cfg:2: a hash needs its file"
}

what_is_no_root_is_refused() {
	root ca
	rsa_key leaf
	openssl req -new -key leaf.key -subj /CN=leaf -out leaf.csr
	openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 30 \
		-CAcreateserial -out leaf.pem 2>/dev/null
	profile "$PKI" 'hashes = ( { file = "leaf.pem"; } );'
	refused "p.cfg:2: leaf.pem: not a root certificate"
}

weak_roots_are_refused_from_amt_15_and_told_before() {
	rsa_key old
	openssl genrsa -out small.key 1024
	openssl req -x509 -key old.key -out old.pem -subj /CN=old -sha1
	openssl req -x509 -key small.key -out small.pem -subj /CN=small
	for name in old small; do
		profile "$PKI" "hashes = ( { file = \"$name.pem\"; } );"
		status 0 amtforge profile check p.cfg
		says "$name.pem: root of RSA"
		sed -i 's/3\.0/15.0/' p.cfg
		refused "p.cfg:2: $name.pem: root of RSA"
		says "[cert-weak]"
	done
}

the_list_has_room_for_20_and_30() {
	root r0
	list() {
		printf 'hashes = ('
		i=1
		while [ $i -le "$1" ]; do
			[ $i -eq 1 ] || printf ','
			printf '{ file = "r0.pem"; name = "n%s"; }' $i
			i=$((i + 1))
		done
		echo ');'
	}
	profile "$PKI" "$(list 21)"
	refused "21 hashes, AMT 3 has room for 20"
	sed -i 's/3\.0/7.0/' p.cfg
	status 78 amtforge profile check p.cfg # the same root again and again
	says "hashes: "
	profile "$PKI" "$(list 31)"
	sed -i 's/3\.0/7.0/' p.cfg
	refused "31 hashes, AMT 7 has room for 30"
}

two_marked_only_are_refused() {
	root a
	root b
	profile "$PKI" 'hashes = ( { file = "a.pem"; only = true; },' \
		'  { file = "b.pem"; only = true; } );'
	refused "p.cfg:2: hashes: "
}

an_otp_needs_listen() {
	root r
	profile "$PKI" 'hashes = ( { file = "r.pem"; } );' 'otp = "random";'
	refused "p.cfg:3: otp random: a machine that talks at once"
	echo 'start = "listen";' >>p.cfg
	status 0 amtforge profile check p.cfg
}

a_password_in_a_profile_is_refused_and_not_repeated() {
	for key in mebx otp; do
		profile 'customer = "c"; amt = "3.0"; credential = "psk";' \
			"$key = \"Canary-1password\";"
		refused "p.cfg:2: $key must be"
		! grep -q Canary out err || return 1
	done
}

smb_says_no_hello() {
	profile "$PSK" 'mode = "smb";'
	refused "p.cfg:2: mode smb with start talk"
	echo 'start = "listen";' >>p.cfg
	status 0 amtforge profile check p.cfg
}

a_shared_key_is_told_and_needs_something_to_share() {
	profile "$PSK" 'insecure_shared_key = true;'
	status 0 amtforge profile check p.cfg
	says "insecure_shared_key: whoever reads"
	root r
	profile "$PKI" 'hashes = ( { file = "r.pem"; } );' \
		'insecure_shared_key = true;'
	refused "p.cfg:3: insecure_shared_key: there is nothing to share"
}

server_settings_are_judged() {
	profile "$PSK" 'server_address = "1.2.3";'
	refused "p.cfg:2: server_address is not an IPv4 address: 1.2.3"
	profile "$PSK" 'server_port = 65536;'
	refused "p.cfg:2: server_port must be a number in 1 to 65535"
	profile "$PSK" 'server_fqdn = "a..b";'
	refused "p.cfg:2: server_fqdn is not a DNS name: a..b"
}

a_refusal_is_json_when_asked() {
	profile "$PSK" 'mode = "smb";'
	status 78 amtforge profile check p.cfg --json
	jq -e '.error.code == "profile-unsound" and .error.offset == null' out
}

t the_samples_are_sound
t the_hash_is_that_of_the_certificate
t an_unknown_key_is_named_with_its_line
t broken_syntax_is_named_with_its_line
t a_missing_profile_is_no_input
t what_must_be_said_is_asked_for
t psk_is_for_amt_3_to_10
t psk_has_no_key_pair_and_no_otp
t ec_keys_are_refused_below_amt_16
t pki_needs_a_hash
t a_root_that_cannot_be_read_is_named
t what_is_no_root_is_refused
t weak_roots_are_refused_from_amt_15_and_told_before
t the_list_has_room_for_20_and_30
t two_marked_only_are_refused
t an_otp_needs_listen
t a_password_in_a_profile_is_refused_and_not_repeated
t smb_says_no_hello
t a_shared_key_is_told_and_needs_something_to_share
t server_settings_are_judged
t a_refusal_is_json_when_asked
done_testing

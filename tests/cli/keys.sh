#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge key psk, key pair and hash show, judged by openssl and sha*sum.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# The check character: sum of the ASCII codes mod 36 of 0-9A-Z.
right_checks() {
	awk '
	BEGIN {
		digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		for (i = 32; i < 127; i++)
			code[sprintf("%c", i)] = i
	}
	function good(s,  i, sum) {
		for (i = 1; i < length(s); i++)
			sum += code[substr(s, i, 1)]
		return substr(digits, sum % 36 + 1, 1) == substr(s, i, 1)
	}
	{
		pid = $1; sub("-", "", pid)
		if (!good(pid) || length(pid) != 8) exit 1
		if (split($2, group, "-") != 8) exit 1
		for (k = 1; k <= 8; k++)
			if (!good(group[k]) || length(group[k]) != 4) exit 1
	}
	END { if (NR != want) exit 1 }' want="$1" "$2"
}

psk_pairs_have_right_checks_and_differ() {
	status 0 amtforge key psk --count 2000
	right_checks 2000 out
	[ "$(cut -d' ' -f1 out | sort -u | wc -l)" = 2000 ]
	[ "$(cut -d' ' -f2 out | sort -u | wc -l)" = 2000 ]
	says "2000 made, recorded in no ledger"
	pps=$(head -n 1 out | cut -d' ' -f2)
	not grep -q -- "$pps" err
}

psk_as_json_is_one_object_a_line_without_dashes() {
	status 0 amtforge key psk --count 3 --json
	[ "$(grep -cE '^\{"pid":"[0-9A-Z]{8}","pps":"[0-9A-Z]{32}"\}$' out)" = 3 ]
}

psk_into_a_file_for_everybody_is_warned_about() {
	umask 022
	status 0 amtforge key psk
	says "can be read by everybody (mode 644)"
	umask 077
	rm -f out
	status 0 amtforge key psk
	not grep -q everybody err
	amtforge key psk 2>err | cat >/dev/null
	not grep -q everybody err
}

a_bad_count_is_a_usage_error() {
	for n in 0 -1 x 1000001 ''; do
		status 2 amtforge key psk --count "$n"
		[ ! -s out ]
	done
}

# pair TYPE PATTERN: openssl sees that key, and a certificate for it.
pair() {
	status 0 amtforge key pair --type "$1" --count 2 --out "$1"
	[ "$(stat -c %a "$1")" = 700 ]
	for i in 1 2; do
		k=$1/key-00000$i
		[ "$(stat -c %a "$k.key")" = 600 ]
		head -n 1 "$k.key" | grep -qx -- '-----BEGIN PRIVATE KEY-----'
		openssl pkey -in "$k.key" -noout -text | head -n 1 |
			grep -qE "$2"
		openssl pkey -in "$k.key" -check -noout
		openssl pkey -in "$k.key" -pubout >a
		openssl x509 -in "$k.pem" -pubkey -noout >b
		cmp a b
		openssl verify -CAfile "$k.pem" -check_ss_sig -purpose \
			sslserver "$k.pem"
		sum=$(openssl x509 -in "$k.pem" -outform DER | sha256sum |
			cut -c1-64)
		grep -qx "key-00000$i $sum" out
	done
	not cmp "$1/key-000001.key" "$1/key-000002.key"
}

ec256_pairs_are_what_openssl_calls_them() {
	pair ec256 '256 bit'
}

ec384_pairs_are_what_openssl_calls_them() {
	pair ec384 '384 bit'
}

rsa2048_pairs_are_what_openssl_calls_them() {
	pair rsa2048 '2048 bit'
}

rsa3072_pairs_are_what_openssl_calls_them() {
	pair rsa3072 '3072 bit'
}

nothing_is_overwritten_without_force() {
	status 0 amtforge key pair --type ec256 --out d
	cp -r d was
	status 73 amtforge key pair --type ec256 --count 2 --out d
	says "key-000001.key: exists already"
	diff -r d was # and no second pair either
	rm d/key-000001.key
	status 73 amtforge key pair --type ec256 --out d
	says "key-000001.pem: exists already"
	[ ! -e d/key-000001.key ]
	status 0 amtforge key pair --type ec256 --out d --force
	not cmp d/key-000001.pem was/key-000001.pem
	[ "$(find d -type f | wc -l)" = 2 ]
}

a_wrong_type_or_place_is_refused() {
	status 2 amtforge key pair --type rsa1024 --out d
	says "rsa2048, rsa3072, ec256 or ec384"
	[ ! -e d ]
	status 2 amtforge key pair --out d
	status 2 amtforge key pair --type ec256
	: >file
	status 73 amtforge key pair --type ec256 --out file
	status 73 amtforge key pair --type ec256 --out no/such/place
}

root() { # NAME REQ-OPTION...: NAME.pem
	name=$1
	shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$name.key" -out "$name.pem" "$@" 2>/dev/null
}

hashes_are_those_of_the_der() {
	root ca -subj "/O=Example/CN=Example Root"
	openssl x509 -in ca.pem -outform DER -out ca.der
	for f in ca.pem ca.der; do
		status 0 amtforge hash show "$f"
		[ ! -s err ]
		for t in sha1 sha256 sha384; do
			sum=$("${t}sum" ca.der | cut -d' ' -f1)
			grep -qx "$t $sum Example Root" out
		done
		[ "$(wc -l <out)" = 3 ]
	done
	status 0 amtforge hash show --json ca.pem
	sum=$(sha256sum ca.der | cut -d' ' -f1)
	grep -q "\"sha256\":\"$sum\".*\"warnings\":\[\]}\$" out
	grep -q '"subject":"CN=Example Root,O=Example"' out
}

dated() { # FROM TO: x.pem, a root valid in that time
	cat >ca.cnf <<-EOF
		[ca]
		default_ca = it
		[it]
		new_certs_dir = .
		database = index
		default_md = sha256
		policy = any
		unique_subject = no
		rand_serial = yes
		x509_extensions = root
		[any]
		commonName = supplied
		[root]
		basicConstraints = critical,CA:true
	EOF
	: >index
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout x.key -subj /CN=x -out x.csr
	openssl ca -batch -config ca.cnf -selfsign -keyfile x.key -in x.csr \
		-startdate "$1" -enddate "$2" -notext -out x.pem
}

warned() { # WORDS: both forms say so about x.pem
	status 0 amtforge hash show x.pem
	says "x.pem: "
	says "$1"
	status 0 amtforge hash show --json x.pem
	grep -qF -- "$1" out
	[ ! -s err ]
}

every_weakness_of_a_root_is_warned_about() {
	root x -subj /CN=x -addext basicConstraints=critical,CA:false
	warned "not marked as a CA"
	root x -subj /CN=x -sha1
	warned "signed with SHA-1"
	root x -subj "/CN=$(printf '%032d' 7)"
	warned "name is changed to fit"
	root x -subj "/CN=Wurzel ä" -utf8
	warned "name is changed to fit"
	openssl req -x509 -newkey rsa:1024 -nodes -keyout x.key -out x.pem \
		-subj /CN=x
	warned "shorter than 2048"
	dated 20190101000000Z 20200101000000Z
	warned "expired"
	dated 20480101000000Z 20490101000000Z
	warned "not valid yet"
	root up -subj /CN=up
	openssl req -new -key up.key -subj /CN=sub -out sub.csr
	openssl x509 -req -in sub.csr -CA up.pem -CAkey up.key -days 9 \
		-out x.pem 2>/dev/null
	warned "not self-signed"
}

a_bundle_shows_each_of_its_certificates() {
	root a -subj /CN=first
	root b -subj /CN=second
	cat a.pem b.pem >both.pem
	status 0 amtforge hash show both.pem
	[ "$(grep -c ' first$' out)" = 3 ]
	[ "$(grep -c ' second$' out)" = 3 ]
}

a_file_that_is_no_certificate_is_named() {
	root a -subj /CN=first
	echo junk >junk
	head -c 300 a.pem >cut.pem
	status 65 amtforge hash show junk
	says "junk: "
	status 65 amtforge hash show cut.pem
	status 66 amtforge hash show none
	status 1 amtforge hash show junk a.pem cut.pem
	says "junk: "
	says "cut.pem: "
	[ "$(grep -c ' first$' out)" = 3 ]
	status 2 amtforge hash show
}

for sentence in \
	psk_pairs_have_right_checks_and_differ \
	psk_as_json_is_one_object_a_line_without_dashes \
	psk_into_a_file_for_everybody_is_warned_about \
	a_bad_count_is_a_usage_error \
	ec256_pairs_are_what_openssl_calls_them \
	ec384_pairs_are_what_openssl_calls_them \
	rsa2048_pairs_are_what_openssl_calls_them \
	rsa3072_pairs_are_what_openssl_calls_them \
	nothing_is_overwritten_without_force \
	a_wrong_type_or_place_is_refused \
	hashes_are_those_of_the_der \
	every_weakness_of_a_root_is_warned_about \
	a_bundle_shows_each_of_its_certificates \
	a_file_that_is_no_certificate_is_named; do
	t "$sentence"
done
done_testing

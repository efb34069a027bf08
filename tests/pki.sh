# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For shell tests, after lib.sh: keys and certificates made by openssl. To make
# an RSA key takes longer than most of what is tested with it, so that each
# name's is made once for a run of the tests.

# rsa_key NAME: NAME.key, that of this name; others' differ.
rsa_key() {
	pooled=$TEST_POOL/${1##*/}.key
	[ -e "$pooled" ] || {
		mkdir -p "$TEST_POOL"
		new=$(mktemp "$TEST_POOL/new.XXXXXX")
		openssl genrsa -out "$new" 2048 2>/dev/null
		[ -s "$new" ] || return 1
		mv "$new" "$pooled"
	}
	cp "$pooled" "$1.key"
}

# root NAME [SUBJECT [DAYS]]: a self-signed certificate NAME.pem, and NAME.key.
root() {
	rsa_key "$1"
	openssl req -x509 -key "$1.key" -out "$1.pem" \
		-subj "${2:-/CN=${1##*/}}" -days "${3:-30}"
}

# issued NAME ROOT [DAYS]: a signer under ROOT; DAYS -1: expired.
issued() {
	rsa_key "$1"
	openssl req -key "$1.key" -new -out "$1.csr" \
		-subj "/O=$1 Ltd/CN=$1"
	printf 'keyUsage=digitalSignature\n' >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
		-days "${3:-30}" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}

# ec_recipient NAME: a self-signed EC certificate.
ec_recipient() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 30 \
		2>/dev/null
}

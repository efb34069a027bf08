# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For shell tests, after lib.sh: keys and certificates made by openssl.

# root NAME: a root, NAME.key and NAME.pem.
root() {
	openssl req -x509 -newkey rsa:2048 -noenc -keyout "$1.key" \
		-out "$1.pem" -subj "/CN=$1" -days 30 2>/dev/null
}

# issued NAME ROOT [DAYS]: a signer under ROOT; DAYS -1: expired.
issued() {
	openssl req -newkey rsa:2048 -noenc -keyout "$1.key" -out "$1.csr" \
		-subj "/O=$1 Ltd/CN=$1" 2>/dev/null
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

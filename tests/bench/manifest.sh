#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/bench/manifest.sh BUILD: a batch of ROWS units (100000) made into a
# manifest and imported, against openssl cms and sqlite3 on the same rows:
#
#	make	gzip, cms -encrypt, cms -sign, to a file
#	import	cms -verify, cms -decrypt, gunzip, .import into a table with
#		the same indexes, synchronous=FULL
#
# Turn about, medians of 3; ours also seals each row and reads the ledger.
# Peak memory is that of the largest process, ours and theirs.
set -eu
build=$1
rows=${ROWS:-100000}
root=$(pwd)
PATH=$root/$build/bin:$PATH
for tool in openssl sqlite3 /usr/bin/time; do
	command -v $tool >/dev/null || {
		echo "manifest: skipped: $tool is not installed"
		exit 0
	}
done
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

# timed NAME COMMAND...: adds its seconds and kilobytes to ./NAME.
timed() {
	name=$1
	shift
	/usr/bin/time -a -o "$name" -f '%e %M' "$@"
}

ours_make() {
	rm -f batch
	timed ours-make amtforge manifest make line.db A --sign-key oem.key \
		--sign-cert oem.pem --to it.pem --out batch >/dev/null
}

theirs_make() {
	timed theirs-make sh -c 'gzip -c rows >rows.gz
		openssl cms -encrypt -binary -outform DER -aes-256-gcm \
			-in rows.gz -recip it.pem -out rows.cms \
			-keyopt rsa_padding_mode:oaep
		openssl cms -sign -binary -outform DER -in rows.cms \
			-signer oem.pem -inkey oem.key -out rows.p7s
		sync rows.cms rows.p7s'
}

ours_import() {
	rm -rf state
	amtforge-server init state
	timed ours-import amtforge-server import state batch \
		--trust oem.pem --key it.key >/dev/null 2>&1
}

# The rows once more with uuid and pid in front, in sqlite3's ascii form;
# written beforehand, so that only the import is measured.
theirs_import() {
	rm -f their.db*
	timed theirs-import sh -c 'openssl cms -verify -binary -inform DER \
			-in rows.p7s -content rows.cms -CAfile oem.pem \
			-purpose any -out verified 2>/dev/null
		openssl cms -decrypt -binary -inform DER -in rows.cms \
			-inkey it.key -recip it.pem -out plain.gz
		gunzip -c plain.gz >plain
		sqlite3 their.db <import.sql >/dev/null'
	[ "$(sqlite3 their.db 'SELECT count(*) FROM units')" -eq "$rows" ]
}

cat >import.sql <<'EOT'
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE units (uuid TEXT NOT NULL UNIQUE, pid TEXT, row TEXT NOT NULL);
CREATE INDEX units_pid ON units (pid) WHERE pid NOT NULL;
.mode ascii
.import ascii units
EOT

for who in oem it; do
	openssl req -x509 -newkey rsa:2048 -noenc -keyout $who.key \
		-out $who.pem -subj "/CN=$who" -days 2 2>/dev/null
done
amtforge ledger init line.db >/dev/null
amtforge order open line.db "$root/configs/profile-psk.cfg" --id A >/dev/null
amtforge unit issue line.db A --count "$rows" >/dev/null
ours_make
rm ours-make
amtforge --json manifest list batch --reveal --trust oem.pem --key it.key \
	>rows
sed 's/^{"uuid":"\([^"]*\)".*"pid":"\([^"]*\)".*/\1\x1f\2\x1f&\x1e/' rows |
	tr -d '\n' >ascii

for _ in 1 2 3; do
	ours_make
	theirs_make
	ours_import
	theirs_import
done

median() {
	sort -n "$1" | sed -n 2p | cut -d ' ' -f 1
}

peak() {
	sort -n -k 2 "$1" | tail -n 1 | cut -d ' ' -f 2
}

for what in make import; do
	awk -v what=$what -v n="$rows" -v a="$(median ours-$what)" \
		-v b="$(median theirs-$what)" -v ma="$(peak ours-$what)" \
		-v mb="$(peak theirs-$what)" 'BEGIN {
		printf "manifest-%s\t%.2f\t%.2f\t%.2f\ts for %d rows\n",
		    what, a, b, b / a, n
		printf "manifest-%s-peak\t%.1f\t%.1f\t%.2f\tMiB\n",
		    what, ma / 1024, mb / 1024, mb / ma
	}'
done

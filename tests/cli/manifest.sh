#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../pki.sh"

FIX=$TEST_DIR/the_fixture_is_made
UUID=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01

the_fixture_is_made() {
	root oem-root
	issued oem oem-root
	issued late oem-root -1
	root stranger
	root it
	ec_recipient it2
	cat >units.csv <<-EOT
		serial,uuid
		S1,$UUID
		S2,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e02
		S3,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e03
	EOT
	amtforge ledger init line.db
	amtforge order open line.db "$ROOT/configs/profile-psk.cfg" --id A
	amtforge order open line.db "$ROOT/configs/profile-psk.cfg" --id EMPTY
	amtforge unit issue line.db A --units units.csv
	make_manifest --out batch
}

# In the fixture's folder, or in a copy of it.
make_manifest() {
	amtforge manifest make line.db A --sign-key oem.key --sign-cert oem.pem \
		--to it.pem --to it2.pem "$@"
}

own_copy() {
	cp -R "$FIX/." .
}

# reason CODE: the last status' JSON names it.
reason() {
	grep -qF "{\"error\":{\"code\":\"$1\"" out && return 0
	echo "wanted $1:"
	cat out err
	return 1
}

# checked STATUS FILE ...: manifest check with the fixture's root.
checked() {
	want=$1
	shift
	status "$want" amtforge --json manifest check "$@" \
		--trust "$FIX/oem-root.pem"
}

plain_tools_open_it() {
	tar xf "$FIX/batch"
	[ "$(tar tf "$FIX/batch" | tr '\n' ' ')" = \
		"manifest.json manifest.p7s devices-00001.cms " ]
	openssl cms -verify -binary -inform DER -in manifest.p7s \
		-content manifest.json -CAfile "$FIX/oem-root.pem" \
		-purpose any -out /dev/null
	for who in it it2; do
		openssl cms -decrypt -inform DER -in devices-00001.cms \
			-inkey "$FIX/$who.key" -recip "$FIX/$who.pem" \
			-out rows.gz
		gunzip -c rows.gz >rows
		[ "$(wc -l <rows)" -eq 3 ]
	done
	not openssl cms -decrypt -inform DER -in devices-00001.cms \
		-inkey "$FIX/stranger.key" -out none
	grep -q "\"uuid\":\"$UUID\".*\"pps\":\"[0-9A-Z]\{32\}\"" rows
}

jq_reads_header_and_rows() {
	tar xf "$FIX/batch"
	[ "$(jq -r .chunks[0].sha256 manifest.json)" = \
		"$(sha256sum <devices-00001.cms | cut -d ' ' -f 1)" ]
	[ "$(jq -r '.recipients[].name' manifest.json | tr '\n' ' ')" = \
		"it it2 " ]
	[ "$(jq -r '.recipients[0].cert_sha256' manifest.json)" = "$(
		openssl x509 -in "$FIX/it.pem" -outform DER | sha256sum |
			cut -d ' ' -f 1)" ]
	openssl cms -decrypt -inform DER -in devices-00001.cms \
		-inkey "$FIX/it.key" -out rows.gz
	[ "$(gunzip -c rows.gz | jq -r .serial | tr '\n' ' ')" = "S1 S2 S3 " ]
}

no_secret_is_outside_the_chunks() {
	amtforge --json manifest list "$FIX/batch" --reveal \
		--trust "$FIX/oem-root.pem" --key "$FIX/it.key" >rows
	[ "$(wc -l <rows)" -eq 3 ]
	sed -n 's/.*"pps":"\([^"]*\)".*/\1/p' rows >secrets
	sed -n 's/.*"mebx_password":"\([^"]*\)".*/\1/p' rows >>secrets
	[ "$(wc -l <secrets)" -ge 3 ]
	not grep -aqFf secrets "$FIX/batch"
	amtforge --json manifest list "$FIX/batch" \
		--trust "$FIX/oem-root.pem" --key "$FIX/it2.key" >rows
	not grep -qFf secrets rows
	not grep -q 'pps\|password\|otp' rows
}

check_tells_what_it_did_not_open() {
	status 0 amtforge manifest check "$FIX/batch" \
		--trust "$FIX/oem-root.pem"
	grep -q 'rows not opened' out
	checked 0 "$FIX/batch" --key "$FIX/it.key"
	grep -q '"rows_checked":true' out
	grep -q '"signer":"CN=oem,O=oem Ltd"' out
}

manifests_of_an_order_are_chained() {
	own_copy
	first=$(amtforge --json manifest check batch --trust oem-root.pem |
		sed 's/.*"sha256":"\([0-9a-f]*\)","signer.*/\1/')
	tar xf batch manifest.json
	[ "$first" = "$(sha256sum <manifest.json | cut -d ' ' -f 1)" ]
	make_manifest --out second
	tar xf second manifest.json
	grep -q "\"sequence\":2,\"previous\":\"$first\"" manifest.json
}

a_manifest_is_not_overwritten_without_force() {
	own_copy
	cp batch before
	status 73 make_manifest --out batch
	says 'exists already'
	cmp batch before
	status 0 make_manifest --out batch --force
	not cmp -s batch before
}

# The file is there, but the ledger was killed before it knew: the run is
# repeated, and the file keeps its number.
a_killed_run_is_repeated() {
	own_copy
	cp line.db before.db
	make_manifest --out second
	cp second kept
	rm -f line.db-wal line.db-shm
	cp before.db line.db
	status 0 make_manifest --out second
	cmp second kept
	status 0 make_manifest --out third
	tar xf third manifest.json
	grep -q '"sequence":3' manifest.json
}

a_manifest_goes_into_a_pipe() {
	own_copy
	make_manifest --out - | cat >piped
	checked 0 piped
}

a_pfx_with_a_passphrase_signs_and_opens() {
	own_copy
	echo 'open sesame' >pass
	openssl pkcs12 -export -in oem.pem -inkey oem.key -out oem.pfx \
		-passout file:pass
	openssl pkcs12 -export -in it.pem -inkey it.key -out it.pfx \
		-passout file:pass
	status 0 amtforge manifest make line.db A --sign-key oem.pfx \
		--sign-cert oem.pfx --to it.pem --out pfx --pass-file pass
	checked 0 pfx --key it.pfx --cert it.pfx --pass-file pass
	grep -q '"rows_checked":true' out
	echo wrong >pass
	checked 77 pfx --key it.pfx --pass-file pass
	not grep -q sesame out err
}

a_secret_that_others_may_read_is_told_once_and_taken() {
	own_copy
	echo 'open sesame' >pass
	openssl pkcs12 -export -in oem.pem -inkey oem.key -out oem.pfx \
		-passout file:pass
	chmod 600 pass oem.pfx
	status 0 amtforge manifest make line.db A --sign-key oem.pfx --json \
		--sign-cert oem.pfx --to it.pem --out b --pass-file pass
	not grep -q 'others may' err
	chmod 644 pass
	chmod 604 oem.pfx
	status 0 amtforge manifest make line.db A --sign-key oem.pfx --json \
		--sign-cert oem.pfx --to it.pem --out c --pass-file pass
	not grep -q 'others may' out
	grep 'others may' err | sort >told
	cat >want <<-'EOF'
		oem.pfx: others may read or write this secret (mode 604): chmod 600 oem.pfx
		pass: others may read or write this secret (mode 644): chmod 600 pass
	EOF
	cmp told want
	status 0 amtforge manifest list c --trust oem-root.pem --key it.key
	not grep -q 'others may' err
	# A pipe is nobody else's.
	status 0 sh -c 'cat pass | amtforge manifest make line.db A --sign-key \
		oem.pfx --sign-cert oem.pem --to it.pem --out d --pass-file -'
	not grep -q '^-:' err
}

a_signer_whose_key_is_another_is_refused() {
	own_copy
	status 65 amtforge manifest make line.db A --sign-key it.key \
		--sign-cert oem.pem --to it.pem --out none
	says "--sign-cert oem.pem: the certificate does not fit the signer's key, --sign-key it.key"
	not [ -e none ]
}

an_order_without_units_is_refused() {
	own_copy
	status 65 amtforge --json manifest make line.db EMPTY \
		--sign-key oem.key --sign-cert oem.pem --to it.pem --out none
	reason manifest-empty
	not [ -e none ]
	[ -z "$(find . -name 'none*')" ]
}

an_untrusted_signer_is_refused() {
	status 77 amtforge --json manifest check "$FIX/batch" \
		--trust "$FIX/stranger.pem"
	reason manifest-untrusted
	grep -q 'signed by CN=oem' out
	grep -q -e "--trust $FIX/stranger.pem: .*leads to none of the trusted" out
}

an_expired_signer_is_refused_unless_insecure() {
	own_copy
	status 0 amtforge manifest make line.db A --sign-key late.key \
		--sign-cert late.pem --to it.pem --out late
	says '--sign-cert: the certificate of CN=late,O=late Ltd has expired at 20'
	[ "$(grep -c 'certificate of' err)" = 1 ]
	status 0 amtforge --json manifest make line.db A --sign-key oem.key \
		--sign-cert oem.pem --to late.pem --to it.pem --out sealed
	says '--to: the certificate of CN=late,O=late Ltd has expired at 20'
	[ "$(grep -c 'certificate of' err)" = 1 ]
	not grep -q 'certificate of' out
	checked 77 late
	reason manifest-expired
	checked 0 late --insecure-expired-signer
	says 'has expired'
	grep -q '"expired":true' out
	# the option lowers this guard only
	status 77 amtforge --json manifest check late \
		--trust stranger.pem --insecure-expired-signer
	reason manifest-untrusted
}

another_recipient_is_refused() {
	checked 77 "$FIX/batch" --key "$FIX/stranger.key"
	reason manifest-recipient
	grep -q 'devices-00001.cms' out
	status 2 amtforge manifest check "$FIX/batch" \
		--trust "$FIX/oem-root.pem" --key "$FIX/it.key" \
		--cert "$FIX/it2.pem"
}

# flip FILE OFFSET: changes the byte there.
flip() {
	old=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %o $((old ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

a_flipped_byte_anywhere_is_refused() {
	size=$(wc -c <"$FIX/batch")
	at=0
	tries=0
	while [ $at -lt "$size" ]; do
		cp "$FIX/batch" flipped
		flip flipped $at
		set +e
		amtforge --json manifest check flipped --key "$FIX/it.key" \
			--trust "$FIX/oem-root.pem" >out 2>err
		rc=$?
		set -e
		case $rc in 65 | 77) ;; *)
			echo "offset $at: status $rc"
			cat out err
			return 1
			;;
		esac
		grep -q '{"error":{"code":"manifest-' out
		tries=$((tries + 1))
		at=$((at + 61))
	done
	[ $tries -gt 100 ]
}

a_truncated_manifest_is_refused() {
	size=$(wc -c <"$FIX/batch")
	for n in 1 511 512 1000 2048 $((size - 1024)) $((size - 512)) \
		$((size - 1)); do
		head -c "$n" "$FIX/batch" >short
		checked 65 short
		reason manifest-malformed
	done
	: >empty
	checked 65 empty
	checked 66 absent
}

members_must_be_those_of_the_header() {
	own_copy
	tar xf batch
	echo more >devices-00002.cms
	how='--format=ustar --owner=0 --group=0 --numeric-owner --mode=0644
	    --mtime=@0 -b 1'
	# shellcheck disable=SC2086 # options
	tar cf same $how manifest.json manifest.p7s devices-00001.cms
	cmp same batch # so it is the members that are refused below
	# shellcheck disable=SC2086 # options
	tar cf extra $how manifest.json manifest.p7s devices-00001.cms \
		devices-00002.cms
	checked 65 extra
	reason manifest-malformed
	grep -q 'devices-00002.cms is not in the header' out
	# shellcheck disable=SC2086 # options
	tar cf order $how manifest.p7s manifest.json devices-00001.cms
	checked 65 order
	grep -q 'member manifest.p7s where manifest.json belongs' out
	# shellcheck disable=SC2086 # options
	tar cf short $how manifest.json manifest.p7s
	checked 65 short
	grep -q 'the archive ends before devices-00001.cms' out
	echo other >devices-00001.cms
	# shellcheck disable=SC2086 # options
	tar cf other $how manifest.json manifest.p7s devices-00001.cms
	checked 65 other
	reason manifest-chunk
}

the_header_tells_hash_lists_and_shared_keys() {
	own_copy
	cp "$ROOT/configs/demo-root.pem" .
	cp "$ROOT/configs/profile-pki.cfg" .
	amtforge order open line.db profile-pki.cfg --id P
	amtforge unit issue line.db P --count 1
	amtforge manifest make line.db P --sign-key oem.key \
		--sign-cert oem.pem --to it.pem --out pki
	tar xf pki manifest.json
	grep -q "{\"type\":\"sha256\",\"hash\":\"$(
		openssl x509 -in demo-root.pem -outform DER | sha256sum |
			cut -d ' ' -f 1)\"" manifest.json
	grep -q '"key_shared":false' manifest.json
	checked 0 pki --key it.key
	sed 's/^# insecure_shared_key = false/insecure_shared_key = true/' \
		"$ROOT/configs/profile-psk.cfg" >shared.cfg
	amtforge order open line.db shared.cfg --id S
	amtforge unit issue line.db S --count 2
	amtforge manifest make line.db S --sign-key oem.key \
		--sign-cert oem.pem --to it.pem --out shared
	status 0 amtforge manifest check shared --trust oem-root.pem
	grep -q 'ONE KEY IS SHARED' out
	amtforge-server init state
	status 0 amtforge-server import state shared --trust oem-root.pem \
		--key it.key
}

# An outsider's gzip and CMS are as good as ours, if the rows are.
a_foreign_writer_is_read() {
	own_copy
	amtforge --json manifest list batch --reveal --trust oem-root.pem \
		--key it.key >rows
	sign_rows
	checked 0 foreign --key it.key
	grep -q '"rows_checked":true' out
}

# sign_rows: ./rows as the one chunk of ./foreign.
sign_rows() {
	tar xf batch manifest.json
	gzip -n <rows >rows.gz
	openssl cms -encrypt -binary -outform DER -aes-256-gcm -in rows.gz \
		-recip it.pem -keyopt rsa_padding_mode:oaep \
		-out devices-00001.cms
	sed -i "s/\"size\":[0-9]*,\"sha256\":\"[0-9a-f]*\"}]}\$/\"size\":$(
		wc -c <devices-00001.cms),\"sha256\":\"$(
		sha256sum <devices-00001.cms | cut -d ' ' -f 1)\"}]}/" \
		manifest.json
	openssl cms -sign -binary -outform DER -in manifest.json -md sha256 \
		-signer oem.pem -inkey oem.key -out manifest.p7s
	tar cf foreign --format=ustar --owner=0 --group=0 --numeric-owner \
		--mode=0644 --mtime=@0 -b 1 manifest.json manifest.p7s \
		devices-00001.cms
}

rows_must_agree_with_the_header() {
	own_copy
	amtforge --json manifest list batch --reveal --trust oem-root.pem \
		--key it.key >whole
	head -n 2 whole >rows
	sign_rows
	checked 65 foreign --key it.key
	reason manifest-chunk
	grep -q 'fewer rows than the header counts' out
	sed '3s/"order":"A"/"order":"B"/' whole >rows
	sign_rows
	checked 65 foreign --key it.key
	reason manifest-chunk
	grep -q 'row 3: is of order B' out
	sed '2s/"serial"/"Serial"/' whole >rows
	sign_rows
	checked 65 foreign --key it.key
	reason manifest-chunk
}

t the_fixture_is_made
t plain_tools_open_it
if command -v jq >/dev/null; then
	t jq_reads_header_and_rows
else
	skip jq_reads_header_and_rows 'jq is not installed'
fi
t no_secret_is_outside_the_chunks
t check_tells_what_it_did_not_open
t manifests_of_an_order_are_chained
t a_manifest_is_not_overwritten_without_force
t a_killed_run_is_repeated
t a_manifest_goes_into_a_pipe
t a_pfx_with_a_passphrase_signs_and_opens
t a_secret_that_others_may_read_is_told_once_and_taken
t a_signer_whose_key_is_another_is_refused
t an_order_without_units_is_refused
t an_untrusted_signer_is_refused
t an_expired_signer_is_refused_unless_insecure
t another_recipient_is_refused
t a_flipped_byte_anywhere_is_refused
t a_truncated_manifest_is_refused
t members_must_be_those_of_the_header
t the_header_tells_hash_lists_and_shared_keys
t a_foreign_writer_is_read
t rows_must_agree_with_the_header
done_testing

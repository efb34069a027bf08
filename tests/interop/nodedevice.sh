#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer Node.js: a small AMT device of its TLS and HTTP is set up by our server,
#   with and without a log-in, by hellos in pieces, TLS 1.2 and 1.3
#
# fake_device.js shares no code with us, answers no GetUuid and says to the end
# that it is in set-up. What it was asked is judged by its own notes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

DEVICE=$SHARED/tools/meshcentral_peer/fake_device.js

# wire UUID: its bytes as a hello has them, hex.
wire() {
	echo "$1" | sed 's/^\(..\)\(..\)\(..\)\(..\)-\(..\)\(..\)-\(..\)\(..\)-\(....\)-/\4\3\2\1\6\5\8\7\9/'
}

# node_device [OPTION...]: until it is set up or gives up; notes in ./dev.
node_device() {
	status 0 timeout 200 node "$DEVICE" --server "127.0.0.1:$port" \
		--listen "127.0.0.1:$device_port" --dir dev --timeout 150 \
		--uuid "$(wire "$(cat uuids)")" \
		--hash "$(cert_sha256 chain/root.pem)" "$@"
	wait_for '"state":"provisioned"' events
}

# asked VERB CLASS...: in that order, among others.
asked() {
	sed -n 's/.* WSMAN \([A-Za-z]* [A-Za-z_]*\).*/\1/p' dev/device.log \
		>asked
	while [ $# -gt 0 ]; do
		echo "$1 $2"
		shift 2
	done >wanted
	# Each wanted line is found behind the one before.
	awk 'BEGIN { i = 0 }
		NR == FNR { want[n++] = $0; next }
		$0 == want[i] { i++ }
		END {
			if (i < n) {
				print "was not asked in its place: " want[i]
				exit 1
			}
		}' wanted asked || {
		cat asked
		return 1
	}
}

our_server_sets_it_up_step_by_step() {
	batch pki 1
	serve 'tls_certificate = true;'
	node_device
	asked Get AMT_GeneralSettings \
		Get AMT_SetupAndConfigurationService \
		SetMEBxPassword AMT_SetupAndConfigurationService \
		SetAdminAclEntryEx AMT_AuthorizationService \
		GetLowAccuracyTimeSynch AMT_TimeSynchronizationService \
		SetHighAccuracyTimeSynch AMT_TimeSynchronizationService \
		GenerateKeyPair AMT_PublicKeyManagementService \
		Pull AMT_PublicPrivateKeyPair \
		AddCertificate AMT_PublicKeyManagementService \
		Create AMT_TLSCredentialContext \
		Put AMT_TLSSettingData \
		CommitChanges AMT_SetupAndConfigurationService
	grep 'TLS from 127.0.0.1 TLSv1.2' dev/device.log
	grep 'client cert 0 .*"CN":"provision.example.com".*2.16.840.1.113741.1.2.3' \
		dev/device.log
	grep "client cert 1 .*sha256 $(cert_sha256 chain/root.pem)" dev/device.log
	# What it got is what the server keeps and tells.
	amtforge-server show state "$(cat uuids)" --reveal --json >told
	grep -F ">$(field mebx_password <told)<" dev/req*.txt
	digest=$(printf 'admin:Digest:0123456789ABCDEF0123456789ABCDEF:%s' \
		"$(field admin_password <told)" | openssl md5 -binary |
		base64)
	grep -F ">$digest<" dev/req*.txt
	# The certificate is for the key that it made, by the server's CA.
	openssl x509 -inform DER -in dev/issued.der -out issued.pem
	openssl verify -CAfile state/device-ca.pem issued.pem
	openssl pkey -in dev/tls.key -pubout >made
	openssl x509 -in issued.pem -noout -pubkey | cmp - made
	stop_server
}

it_is_set_up_where_it_asks_for_a_password() {
	batch pki 1
	serve 'tls_certificate = true;'
	node_device --digest
	grep 'auth: Digest username="admin"' dev/device.log
	asked CommitChanges AMT_SetupAndConfigurationService
	stop_server
}

it_is_set_up_by_a_hello_in_pieces_over_tls_1_3() {
	batch pki 1
	serve 'tls_certificate = true;'
	node_device --split --tls TLSv1.3
	grep 'TLS from 127.0.0.1 TLSv1.3' dev/device.log
	asked CommitChanges AMT_SetupAndConfigurationService
	stop_server
}

# The white paper's key exchange, as MeshCentral asks for it too.
it_is_set_up_with_the_key_exchange_of_rsa() {
	batch pki 1
	serve 'tls_certificate = true;'
	node_device --ciphers AES128-SHA:AES256-SHA:@SECLEVEL=0
	grep 'TLS_RSA_WITH_AES_' dev/device.log
	asked CommitChanges AMT_SetupAndConfigurationService
	stop_server
}

a_hello_of_other_roots_is_not_answered() {
	batch pki 1
	serve 'tls_certificate = true;'
	timeout 60 node "$DEVICE" --server "127.0.0.1:$port" \
		--listen "127.0.0.1:$device_port" --dir dev --timeout 2 \
		--uuid "$(wire "$(cat uuids)")" \
		--hash "$(printf '%064d' 7)" >out 2>err || :
	wait_for '"reason":"root-not-announced"' events
	not grep -q 'TLS from' dev/device.log
	stop_server
}

for name in our_server_sets_it_up_step_by_step \
	it_is_set_up_where_it_asks_for_a_password \
	it_is_set_up_by_a_hello_in_pieces_over_tls_1_3 \
	it_is_set_up_with_the_key_exchange_of_rsa \
	a_hello_of_other_roots_is_not_answered; do
	if [ ! -e "$DEVICE" ]; then
		skip $name "no ../shared/tools"
	elif ! command -v node >/dev/null; then
		skip $name "no node here"
	else
		t $name
	fi
done
done_testing

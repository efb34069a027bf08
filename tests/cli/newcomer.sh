#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What somebody gets wrong who has read no more than a verb's usage: arguments
# the other way round, a file of another kind, a state that is not one.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

arguments_the_other_way_round_are_told_so() {
	batch psk 1
	status 66 amtforge-server import batch.amt state --trust factory.pem \
		--key it.key
	says 'batch.amt: a file; the state comes first'
	status 66 amtforge-server explain "$(cat uuids)" state
	says 'no such folder; the state comes first'
	status 66 amtforge-server list server.cfg
	says 'amtforge-server init makes it'
	mkdir empty
	status 66 amtforge-server list empty
	says 'empty/store.db: not there (amtforge-server init makes it)'
}

a_state_is_made_in_a_folder_of_its_own() {
	mkdir empty other
	: >other/letter
	status 73 amtforge-server init other
	says 'other: has letter in it; the state wants a folder'
	[ "$(ls other)" = letter ]
	status 0 amtforge-server init empty
	: >empty/notes
	status 73 amtforge-server init empty
	says 'empty: holds a store already'
}

a_file_of_another_kind_is_told_what_it_is() {
	batch psk 1
	status 65 amtforge-server import state batch.amt --trust factory.key \
		--key it.key
	says 'factory.key: holds no certificate, but a private key'
	status 65 amtforge-server import state batch.amt --trust factory.pem \
		--key it.pem
	says 'it.pem: private key: holds a certificate, and no key'
	status 78 amtforge-server run chain/leaf.pem
	says 'chain/leaf.pem: is PEM, a key or certificates, and no config'
	status 78 amtforge-server config check chain/leaf.key
	says 'is PEM'
	status 65 amtforge-server chain check chain/leaf.key
	says 'holds no certificate, but a private key'
	status 66 amtforge-server import state chain --trust factory.pem \
		--key it.key
	says 'chain: is a folder'
	status 66 amtforge-device show chain
	says 'chain: is a folder'
	openssl pkcs12 -export -in factory.pem -inkey factory.key -out f.pfx \
		-passout pass:secret
	status 78 amtforge-server run f.pfx
	says 'f.pfx: not a text file'
}

# Else machines would get certificates that nobody can verify.
a_device_ca_that_is_not_whole_is_refused() {
	amtforge-server init state
	cp -r state kept
	echo 'state = "state"; listen = "127.0.0.1"; port = 0;' >ca.cfg
	openssl genpkey -algorithm RSA -out state/device-ca.key 2>/dev/null
	status 77 timeout 60 amtforge-server run ca.cfg
	says 'state/device-ca.key is not the key of state/device-ca.pem'
	says '[store-key]'
	for f in device-ca.key device-ca.pem; do
		cp kept/device-ca.* state
		echo nothing >state/$f
		status 65 timeout 60 amtforge-server run ca.cfg
		says "state/$f: "
		says '[store-key]'
		rm state/$f
		status 66 timeout 60 amtforge-server run ca.cfg
		says "state/$f: not there: without it no machine gets a"
		says '[store-key]'
	done
}

a_state_that_does_not_open_says_why() {
	batch psk 1
	cp -r state lost
	rm lost/store.key
	status 66 amtforge-server list lost
	says 'lost/store.key: not there: without it nothing in store.db can'
	says '[store-key]'
	cp -r state other
	sqlite3 other/store.db 'PRAGMA user_version = 99'
	status 65 amtforge-server list other
	says 'the state other does not open'
	says 'written by a newer one'
	cp -r state junk
	head -c 9000 /dev/zero >junk/store.db
	status 65 amtforge-server list junk
	says 'the state junk does not open'
}

a_devices_state_of_another_version_is_told_so() {
	mkdir d
	printf 'amtforge-device-state 99\nphase 0\nend\n' >d/state
	amtforge image new base.bin --size 1M --bios "$VARS"
	status 65 amtforge-device boot --image base.bin --state d \
		--uuid 11111111-2222-4333-8444-555555555555 --usb no.img \
		--listen 127.0.0.2 --port 0
	says 'd/state: a state of version 99, this program reads 1'
}

what_the_system_refuses_is_told_with_its_mend() {
	amtforge-server init state >/dev/null
	amtforge-server chain make chain --fqdn prov.example.com >/dev/null
	# shellcheck disable=SC2119 # nothing more in its configuration
	serve
	sed 's/^state = "state"/state = "second"/' server.cfg >second.cfg
	amtforge-server init second >/dev/null
	status 74 timeout 60 amtforge-server run second.cfg
	says "second.cfg: listen on 127.0.0.1 port $port: Address already in use"
	says 'do: Another program listens there'
	stop_server
	sed -i 's/127.0.0.1/192.0.2.1/' second.cfg
	status 74 timeout 60 amtforge-server run second.cfg
	says 'do: No interface here has that address'
	rc=0
	amtforge key psk >/dev/full 2>err || rc=$?
	[ $rc -eq 74 ]
	says 'do: The disk is full'
	status 73 amtforge-server init no/where
	says 'do: The folder that it goes into is not there'
}

t arguments_the_other_way_round_are_told_so
t a_state_is_made_in_a_folder_of_its_own
t a_file_of_another_kind_is_told_what_it_is
t what_the_system_refuses_is_told_with_its_mend
t a_device_ca_that_is_not_whole_is_refused
t a_state_that_does_not_open_says_why
if [ -e "$VARS" ]; then
	t a_devices_state_of_another_version_is_told_so
else
	skip a_devices_state_of_another_version_is_told_so "no $VARS"
fi
done_testing

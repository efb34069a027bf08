#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several customers in one server, and machines that were shipped long ago.
# shellcheck disable=SC2016 # the command's own words
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# tenant_batch NAME psk|pki N: what batch does, in ./NAME, imported into
# ./state for the tenant NAME.
tenant_batch() {
	mkdir "$1"
	batch_from=$((${batch_from:-1} + 100))
	(cd "$1" && batch "$2" "$3")
	[ -d state ] || a_state
	amtforge-server import state "$1/batch.amt" --tenant "$1" \
		--trust "$1/factory.pem" --key "$1/it.key"
}

# tenants: the configuration of two tenants, each with its own chain;
# the server's own is nobody's.
tenants() {
	a_chain nobody.example.net
	serve 'tenants = ( { name = "acme";
		chains = ( { cert = "acme/chain/leaf.pem";
			key = "acme/chain/leaf.key"; } );
		profiles = ( { name = "a"; host_name = "acme-{uuid:8}";
			domain = "acme.example"; } ); },
		{ name = "globex"; tls_certificate = false;
		chains = ( { cert = "globex/chain/leaf.pem";
			key = "globex/chain/leaf.key"; } ); } );'
}

images() {
	amtforge image new base.bin --size 1M --bios $VARS
	for of in "$@"; do
		amtforge image write "$of/line.db" O --base base.bin \
			--map "$ROOT/configs/map-ovmf.cfg" --out "images-$of"
		mkdir -p images
		cp "images-$of"/* images/
	done
}

end() {
	kill "$fleet" 2>/dev/null || :
	stop_server
}

plug() {
	amtforge-device fleet images --state devices --suffix example.com \
		--port "$device_port" --server "127.0.0.1:$port" \
		>fleet.log 2>&1 &
	fleet=$!
}

each_tenants_machines_are_set_up_with_its_own() {
	tenant_batch acme pki 1
	tenant_batch globex pki 1
	images acme globex
	tenants
	plug
	told_provisioned 2
	amtforge-server list state --tenant acme --json >out
	[ "$(wc -l <out)" = 1 ]
	grep -q '"tenant":"acme"' out
	grep -q '"fqdn":"acme-[0-9a-f]*\.acme\.example"' out
	amtforge-server list state --tenant globex --json >out
	grep -q '"fqdn":"","updated":"[^"]*","tenant":"globex"' out
	[ -z "$(amtforge-server --json list state --tenant '')" ]
	status 0 amtforge-server explain state "$(cat acme/uuids)"
	grep -qx '  tenant acme' out
	end
}

a_machine_is_not_set_up_with_another_tenants_chain() {
	tenant_batch acme pki 1
	tenant_batch globex pki 1
	tenants
	hello 127.0.0.2 "$(cat acme/uuids)" \
		"$(cert_sha256 globex/chain/root.pem)"
	wait_for "root-other-tenant.*of tenant .\"acme.*of tenant .\"globex" \
		events
	grep root-other-tenant events | grep "$(cert_sha256 acme/chain/root.pem)" |
		grep -q "$(cert_sha256 globex/chain/root.pem)"
	hello 127.0.0.2 "$(cat globex/uuids)" "$(cert_sha256 chain/root.pem)"
	wait_for "root-other-tenant.*$(cert_sha256 globex/chain/root.pem)" \
		events
	hello 127.0.0.2 "$(cat globex/uuids)" \
		"$(cert_sha256 acme/factory.pem)"
	wait_for "root-not-announced.*$(cert_sha256 globex/chain/root.pem)" \
		events
	stop_server
	amtforge-server alarms state --json >out
	[ "$(grep -c '"reason":"root-other-tenant"' out)" = 2 ]
	not grep root-not-announced out
	# The network heard nothing of it: a hello has no answer.
	status 0 amtforge-server explain state "$(cat acme/uuids)"
	grep -q 'reason: root-other-tenant' out
	grep -q 'do: Find out whose machine it is' out
}

a_pid_of_another_tenant_is_refused_and_alarmed() {
	tenant_batch acme psk 1
	tenant_batch globex psk 1
	tenants
	pid=$(cd globex && reveal "$(cat uuids)" pid)
	hello 127.0.0.2 "$(cat acme/uuids)" "$pid"
	wait_for pid-other-tenant events
	amtforge-server alarms state --json >out
	grep -q '"reason":"pid-other-tenant"' out
	grep -q '"tenant":"acme"' out
	# the other way round: a UUID of globex by a machine of acme's
	hello 127.0.0.3 "$(cat globex/uuids)" \
		"$(cd acme && reveal "$(cat uuids)" pid)"
	wait_for "$(cat globex/uuids).*pid-other-tenant" events
	# and one that nobody brought
	hello 127.0.0.4 3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e77 "$pid"
	wait_for '3b1f8c52.*pid-other' events
	stop_server
	amtforge-server alarms state --json >out
	[ "$(grep -c '"reason":"pid-other-tenant"' out)" = 2 ]
	grep -q '"uuid":"'"$(cat globex/uuids)"'".*"tenant":"globex"' out
	grep -q '"uuid":"3b1f8c52-[^"]*","reason":"pid-other-unit"' out
	# nothing was done to either machine
	[ "$(amtforge-server --json list state |
		grep -c '"state":"\(setup\|provisioned\)"')" = 0 ]
}

# otp, recover, hand_over and insecure_legacy_amt are a tenant's own, or the
# server's where it says nothing.
each_tenant_has_its_own_way_of_delayed_set_up() {
	tenant_batch acme pki 1
	tenant_batch globex pki 1
	a_chain nobody.example.net
	serve 'otp = "required"; recover = "give-up";
		tenants = ( { name = "acme";
			chains = ( { cert = "acme/chain/leaf.pem";
				key = "acme/chain/leaf.key"; } ); },
		{ name = "globex"; otp = "expected"; recover = "reopen";
			chains = ( { cert = "globex/chain/leaf.pem";
				key = "globex/chain/leaf.key"; } ); } );'
	hello 127.0.0.2 "$(cat acme/uuids)" \
		"$(cert_sha256 acme/chain/root.pem)"
	wait_for "$(cat acme/uuids).*otp-missing" events
	hello 127.0.0.3 "$(cat globex/uuids)" \
		"$(cert_sha256 acme/chain/root.pem)"
	wait_for "$(cat globex/uuids).*root-other-tenant" events
	stop_server
	cat acme/uuids globex/uuids | amtforge-server otp state - >made
	seven_hours_ago
	status 69 amtforge-server wait state "$(cat acme/uuids)"
	says 'given up'
	status 75 amtforge-server wait state "$(cat globex/uuids)"
	says 'opened anew'
}

each_tenants_machines_are_handed_over_to_its_own_command() {
	tenant_batch acme psk 1
	tenant_batch globex psk 1
	images acme globex
	a_chain nobody.example.net
	serve 'hand_over = "echo $5 >>all";
		tenants = ( { name = "acme"; },
		{ name = "globex"; hand_over = ""; } );'
	plug
	told_provisioned 2
	wait_for 'handed over' events
	end
	[ "$(cat all)" = acme ]
	[ "$(sqlite3 state/store.db "SELECT tenant || handed FROM units
		ORDER BY n" | tr '\n' ' ')" = 'acmedone globex ' ]
}

a_unit_belongs_to_one_tenant() {
	tenant_batch acme psk 1
	status 65 amtforge-server import state acme/batch.amt \
		--tenant globex --trust acme/factory.pem --key acme/it.key
	says 'tenant "acme" before, not "globex"'
	(cd acme && amtforge manifest make line.db O --sign-key factory.key \
		--sign-cert factory.pem --to it.pem --out again.amt)
	status 65 amtforge-server --json import state acme/again.amt \
		--trust acme/factory.pem --key acme/it.key
	grep -q manifest-conflict out
	status 0 amtforge-server import state acme/again.amt --tenant acme \
		--trust acme/factory.pem --key acme/it.key
	status 2 amtforge-server import state acme/again.amt \
		--tenant 'a b' --trust acme/factory.pem --key acme/it.key
}

a_tenant_that_is_not_configured_is_named() {
	tenant_batch initech psk 1
	a_chain x.example.net
	serve
	hello 127.0.0.2 "$(cat initech/uuids)" \
		"$(cd initech && reveal "$(cat uuids)" pid)"
	wait_for tenant-unknown events
	grep tenant-unknown events | grep -q initech
	stop_server
}

# Machines are shipped long before there is a server: the signer of their
# manifest has expired, so have the certificate that was pinned and our own.
machines_that_were_shipped_years_ago_are_set_up() {
	batch pki 1
	issued old factory -1
	amtforge manifest make line.db O --sign-key old.key --sign-cert old.pem \
		--to it.pem --out old.amt
	rm -rf state
	a_state
	status 77 amtforge-server import state old.amt --trust factory.pem \
		--key it.key
	status 0 amtforge-server import state old.amt --trust factory.pem \
		--key it.key --insecure-expired-signer
	sqlite3 state/store.db "UPDATE units SET updated = '2011-03-01T08:00:00Z';
		UPDATE batches SET imported = '2011-03-01T08:00:00Z'"
	openssl req -new -key chain/leaf.key -subj /CN=provision.example.com \
		-out leaf.csr 2>/dev/null
	printf 'extendedKeyUsage=serverAuth,2.16.840.1.113741.1.2.3\n' >ext
	openssl x509 -req -in leaf.csr -CA chain/root.pem -CAkey chain/root.key \
		-days -1 -extfile ext -out short.pem 2>/dev/null
	cat short.pem chain/root.pem >chain/leaf.pem
	not openssl x509 -in chain/leaf.pem -noout -checkend 0
	mkdir images
	flash
	serve
	plug
	told_provisioned 1
	grep -q '^record.time_valid 0' devices/*/state
	end
}

t a_unit_belongs_to_one_tenant
t a_tenant_that_is_not_configured_is_named
t a_pid_of_another_tenant_is_refused_and_alarmed
t each_tenant_has_its_own_way_of_delayed_set_up
t a_machine_is_not_set_up_with_another_tenants_chain
if [ -e $VARS ]; then
	t each_tenants_machines_are_set_up_with_its_own
	t each_tenants_machines_are_handed_over_to_its_own_command
	t machines_that_were_shipped_years_ago_are_set_up
else
	skip machines_are_set_up "no $VARS (package ovmf)"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer dnsmasq: as a rogue's DHCP and DNS it leads a machine astray, and where
#   the server's name is preset it does not
#
# Adversaries on a LAN: servers of DHCP, DNS and provisioning, and machines,
# that are not what they say; and the delayed set-up with an agent.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/netlab.sh
. "$(dirname "$0")/../netlab.sh"

OID=2.16.840.1.113741.1.2.3

# certified NAME ROOT: a provisioning certificate of that server, by the
# authority in folder ROOT: ./NAME/leaf.pem and its key.
certified() {
	mkdir -p "$1"
	rsa_key "$1/leaf"
	openssl req -new -key "$1/leaf.key" -out "$1/leaf.csr" -subj "/CN=$1"
	echo "extendedKeyUsage=serverAuth,$OID" >"$1/ext"
	openssl x509 -req -in "$1/leaf.csr" -CA "$2/root.pem" \
		-CAkey "$2/root.key" -CAcreateserial -days 9 \
		-extfile "$1/ext" -out "$1/alone.pem" 2>/dev/null
	cat "$1/alone.pem" "$2/root.pem" >"$1/leaf.pem"
}

# adversary: in host rogue, DHCP and DNS that answer first, and a server that
# knows batch b's machines and has a certificate for its own domain, of the
# authority that they trust.
adversary() {
	certified provisionserver.evil.example b/chain
	amtforge-server init evil/state
	amtforge-server import evil/state b/batch.amt --trust b/factory.pem \
		--key b/it.key
	lab rogue-dhcp start
	NETLAB_REPLY_DELAY=3 lab dhcp start
	serve rogue evil 'chains = ( {
		cert = "provisionserver.evil.example/leaf.pem";
		key = "provisionserver.evil.example/leaf.key"; } );'
	serve prov b
	plug dev1 b
	lab lease dev1
}

# The white paper's warning, come true.
a_rogue_dhcp_server_with_a_foreign_certificate_succeeds() {
	make_batch pki b 1
	mkdir evil
	adversary
	wait_for '"provisioned"' dev1
	grep '"network".*suffix evil.example' dev1
	grep '"provisioned".*10.77.0.66.*provisionserver.evil.example' dev1
	until_true 90 is_provisioned evil
	[ "$(provisioned b)" = 0 ]
}

# Its remedy. The rogue's DNS gives the preset name the rogue's address.
a_preset_server_name_stops_the_rogue() {
	make_batch pki b 1 'server_fqdn = "provisionserver.corp.example";'
	mkdir evil
	adversary
	wait_for '"refused".*10.77.0.66.*fqdn-mismatch' dev1
	not grep '"session"' dev1
	[ "$(provisioned evil)" = 0 ]
	# When DHCP is mended, so is everything.
	lab rogue-dhcp stop
	lab dhcp stop
	lab dhcp start
	lab lease dev1
	wait_for '"provisioned".*10.77.0.10' dev1
	until_true 90 is_provisioned b
}

a_rogue_server_of_another_authority_is_refused() {
	make_batch pki b 1
	amtforge-server chain make other --fqdn provisionserver.corp.example
	lab dhcp start
	plug dev1 b
	lab lease dev1
	wait_for '"network".*suffix corp' dev1
	ip=$(sed -n 's/^ip=//p' "$NETLAB_STATE/lease-dev1")
	printf 'GET / HTTP/1.0\r\n\r\n' | lab exec rogue timeout 10 \
		openssl s_client -connect "$ip:16993" -tls1_2 -quiet \
		-cert other/leaf.pem -key other/leaf.key \
		-cert_chain other/root.pem >got 2>alert || :
	grep 'SSL alert number 48' alert
	[ ! -s got ]
	wait_for '"refused".*root-not-listed' dev1
	not grep '"session"' dev1
}

a_rogue_device_is_refused_by_its_pin_before_http() {
	root board
	PIN=$PWD/board.pem make_batch pki b 1
	lab dhcp start
	serve prov b
	plug dev1 b # it makes a key of its own: not the board's
	lab lease dev1
	wait_for device-cert-differs server-prov
	not grep '"provisioned"' dev1
	[ "$(provisioned b)" = 0 ]
	not grep '"event":"session"' dev1
}

# delayed: a machine that waits for its agent, with its host interface.
delayed() {
	make_batch pki b 1 'start = "listen";'
	lab dhcp start
	serve prov b
	plug dev1 b --mei "$PWD/mei"
	lab lease dev1
	wait_for '"network".*suffix corp' dev1
	wait_for '"silent".*waits for an agent' dev1
}

agent() {
	lab exec dev1 amtforge-agent --mei "$PWD/mei" "$@"
}

an_agent_and_a_password_set_up_what_listens() {
	delayed
	agent info --json | amtforge-server otp b/state - |
		agent activate --otp-file -
	wait_for '"provisioned"' dev1
	agent wait --timeout 120
	until_true 90 is_provisioned b
}

a_wrong_password_ends_the_window() {
	delayed
	amtforge-server otp b/state "$(cat b/uuids)" >right
	printf 'Wrong!%s' 12345678 | agent activate --otp-file -
	wait_for otp-mismatch server-prov
	wait_for '"window-closed"' dev1
	not grep '"provisioned"' dev1
	[ "$(provisioned b)" = 0 ]
	# It was not burnt by that: the right one opens it again.
	amtforge-server otp b/state "$(cat b/uuids)" |
		agent activate --otp-file -
	wait_for '"provisioned"' dev1
}

without_a_network_an_agent_cannot_start() {
	make_batch pki b 1 'start = "listen";'
	plug dev1 b --mei "$PWD/mei" --dhcp host
	wait_for '"silent"' dev1
	printf 'Some!Otp%s' 12345678 >otp
	not agent activate --otp-file - <otp
}

why=$(lab_missing)
if [ -n "$why" ]; then
	skip adversaries_on_a_lan_are_refused "$why"
	done_testing
	exit
fi
lab_open 1
lt a_rogue_dhcp_server_with_a_foreign_certificate_succeeds
lt a_preset_server_name_stops_the_rogue
lt a_rogue_server_of_another_authority_is_refused
lt a_rogue_device_is_refused_by_its_pin_before_http
lt an_agent_and_a_password_set_up_what_listens
lt a_wrong_password_ends_the_window
lt without_a_network_an_agent_cannot_start
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer dnsmasq: its DHCP and DNS alone, with frames lost, cables pulled and
#   servers killed, lead a machine to its server and through set-up
# peer Linux: lends the machine an interface in its own network namespace
#
# Devices and a server on a LAN of network namespaces, with dnsmasq's DHCP and
# DNS: nobody is told an address. Cables are pulled, frames lost, servers
# killed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/netlab.sh
. "$(dirname "$0")/../netlab.sh"

# flow KIND: a machine of that kind by DHCP and DNS alone.
flow() {
	make_batch "$1" b 1
	lab dhcp start
	serve prov b
	plug dev1 b
	lab lease dev1
	wait_for '"provisioned"' dev1
	grep '"network".*host.s address, suffix corp.example' dev1
	# The first may come before the host's resolver is told.
	grep '"hello\(-failed\)\{0,1\}".*"retry":0' dev1
	grep '"hello".*"peer":"10.77.0.10"' dev1
	until_true 90 is_provisioned b
}

a_pre_shared_key_is_enough_with_dhcp_and_names() {
	flow psk
}

certificates_are_enough_with_dhcp_and_names() {
	flow pki
}

without_a_host_the_device_gets_an_address_of_its_own() {
	make_batch pki b 1
	lab dhcp start
	serve prov b
	plug dev1 b
	wait_for '"provisioned"' dev1
	grep '"network".*own address, suffix corp.example' dev1
	lab exec dev1 ip -4 addr show dev eth0 | grep 10.77.0.1
	# A host that comes takes over.
	lab lease dev1
	wait_for "host's address" dev1
	lab stop dev1
	lab exec dev1 ip -4 addr show dev eth0 | grep 10.77.0.1
}

an_address_of_its_own_goes_with_the_device() {
	make_batch psk b 1
	lab dhcp start
	plug dev1 b --dhcp own
	wait_for '"network".*own address' dev1
	lab stop dev1
	lab exec dev1 ip -4 addr show dev eth0 >addresses
	not grep inet addresses
}

a_router_that_is_out_of_reach_leaves_the_address() {
	make_batch psk b 1
	NETLAB_DNSMASQ="--dhcp-option-force=option:router,10.99.0.1" lab dhcp start
	plug dev1 b --dhcp own
	wait_for '"network-failed".*its own address.*default route' dev1
	wait_for '"network".*own address, suffix corp.example' dev1
	lab stop dev1
	lab exec dev1 ip -4 addr show dev eth0 >addresses
	not grep inet addresses
}

a_host_that_sets_an_address_by_hand_keeps_it() {
	make_batch psk b 1
	lab dhcp start
	plug dev1 b --dhcp own
	wait_for '"network".*own address' dev1
	lab exec dev1 ip addr flush dev eth0
	lab exec dev1 ip addr add 10.77.0.50/24 dev eth0
	wait_for "host's address, suffix corp.example" dev1
	lab stop dev1
	lab exec dev1 ip -4 addr show dev eth0 | grep 10.77.0.50
}

# The device learns of both at once.
a_host_that_sets_its_address_as_its_cable_is_pulled_keeps_it() {
	make_batch psk b 1
	lab dhcp start
	plug dev1 b --dhcp own
	wait_for '"network".*own address' dev1
	kill -s STOP "$(cat "$NETLAB_STATE/dev1.pid")"
	lab exec dev1 ip addr flush dev eth0
	lab exec dev1 ip addr add 10.77.0.50/24 dev eth0
	lab link dev1 down
	kill -s CONT "$(cat "$NETLAB_STATE/dev1.pid")"
	wait_for '"no-network".*no cable' dev1
	lab exec dev1 ip -4 addr show dev eth0 | grep 10.77.0.50
}

nobody_who_gives_an_address_is_told() {
	make_batch psk b 1
	plug dev1 b --dhcp own
	wait_for '"reason":"dhcp-silent"' dev1
	not grep '"hello' dev1
	lab dhcp start
	wait_for '"hello' dev1
}

a_host_that_was_there_before_is_asked_about() {
	make_batch psk b 1
	lab dhcp start
	serve prov b
	lab lease dev1
	plug dev1 b
	wait_for '"provisioned"' dev1
	grep 'DHCPINFORM' "$NETLAB_STATE/dhcp.log"
}

# What others ask is heard from the first moment on.
# shellcheck disable=SC2016 # perl's
frames_that_come_as_it_begins_do_not_hold_it_up() {
	make_batch psk b 1
	lab dhcp start
	serve prov b
	lab lease dev1
	lab bg rogue chatter perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 68,
		    LocalAddr => "0.0.0.0", PeerAddr => "255.255.255.255",
		    PeerPort => 67, Broadcast => 1) or die "$@";
		$| = 1;
		print "begun\n";
		for (;;) {
			$s->send("nothing");
			select undef, undef, undef, 0.001;
		}'
	wait_for begun "$NETLAB_STATE/chatter.log"
	plug dev1 b
	wait_for '"provisioned"' dev1
	kill -0 "$(cat "$NETLAB_STATE/chatter.pid")" # it went on
}

# A host without DHCPv4 learns suffix and server by DHCPv6; the exchange is a
# script's, since busybox has no such client.
# shellcheck disable=SC2016 # perl's
ask6() {
	lab exec dev1 perl -MIO::Socket::IP -MSocket -e '
		my $s = IO::Socket::IP->new(Proto => "udp", LocalPort => 546,
		    LocalAddr => "::", PeerAddr => "ff02::1:2%eth0",
		    PeerPort => 547) or die "$@";
		$s->send(pack("H*", "0b0a0b0c" . "0001000a" .
		    "00030001020000000001" . "00060004" . "00170018"));
		select undef, undef, undef, 1;'
}

# A datagram may be lost.
told6() {
	ask6
	grep '"network".*suffix lab.other.example corp.example' dev1
}

dhcpv6_tells_the_suffix_where_option_15_does_not() {
	make_batch psk b 1
	lab exec dhcp ip addr add fd00:77::2/64 dev eth0 nodad
	lab exec dev1 ip addr add fd00:77::50/64 dev eth0 nodad
	lab exec dev1 ip addr add 10.77.0.50/24 dev eth0
	NETLAB_DNSMASQ="--dhcp-range=fd00:77::,ra-stateless --dhcp-option=option6:domain-search,lab.other.example,corp.example --dhcp-option=option6:dns-server,[fd00:77::2]" \
		lab dhcp start
	serve prov b
	plug dev1 b --dhcp host
	wait_for 'suffix unknown' dev1
	until_true 90 told6
	wait_for '"provisioned"' dev1
}

a_bare_name_is_asked_for_where_there_is_no_suffix() {
	make_batch psk b 1
	lab exec dev1 ip addr add 10.77.0.50/24 dev eth0
	echo 'nameserver 10.77.0.2' >"/etc/netns/$NETLAB_PREFIX-dev1/resolv.conf"
	NETLAB_DNSMASQ="--host-record=provisionserver,10.77.0.10" lab dhcp start
	serve prov b
	plug dev1 b --dhcp host
	wait_for '"provisioned"' dev1
}

a_name_that_is_not_there_yet_is_asked_for_again() {
	make_batch psk b 1
	lab dhcp start
	lab lease dev1
	lab dhcp stop
	serve prov b
	plug dev1 b --suffix corp.example
	wait_for '"hello-failed".*server-unresolved' dev1
	lab dhcp start
	wait_for '"provisioned"' dev1
}

a_resolver_that_the_host_is_told_of_later_is_asked() {
	make_batch psk b 1
	lab dhcp start
	lab exec dev1 ip addr add 10.77.0.50/24 dev eth0
	plug dev1 b --dhcp host --suffix corp.example
	wait_for '"hello-failed".*server-unresolved' dev1
	echo 'nameserver 10.77.0.2' >"/etc/netns/$NETLAB_PREFIX-dev1/resolv.conf"
	wait_for '"hello-failed".*"peer":"10.77.0.10"' dev1
}

a_machine_by_ipv4_calls_its_server_by_ipv4() {
	make_batch psk b 1
	NETLAB_DNSMASQ="--address=/provisionserver.corp.example/fd00:77::10" \
		lab dhcp start
	plug dev1 b
	lab lease dev1
	wait_for '"hello-failed".*"retry":3' dev1
	[ "$(grep -c '"peer":"10.77.0.10"' dev1)" -ge 3 ]
	not grep '"peer":"fd00' dev1
}

a_preset_name_is_found_without_a_suffix() {
	make_batch psk b 1 'server_fqdn = "provisionserver.corp.example";'
	lab exec dev1 ip addr add 10.77.0.50/24 dev eth0
	echo 'nameserver 10.77.0.2' >"/etc/netns/$NETLAB_PREFIX-dev1/resolv.conf"
	lab dhcp start
	serve prov b
	plug dev1 b --dhcp host
	wait_for '"provisioned"' dev1
}

a_cable_is_plugged_in_late_and_pulled_in_between() {
	make_batch pki b 1
	lab dhcp start
	lab link dev1 down
	plug dev1 b
	wait_for '"no-network".*no cable' dev1
	lab link dev1 up
	lab lease dev1
	wait_for '"hello' dev1 # to nobody
	lab link dev1 down
	wait_for '"no-network".*no cable' dev1
	serve prov b
	lab link dev1 up
	wait_for '"provisioned"' dev1
	until_true 90 is_provisioned b
}

one_frame_in_five_may_be_lost() {
	make_batch psk b 1
	lab dhcp start
	serve prov b
	plug dev1 b
	lab lease dev1 -t 20
	lab loss dev1 20
	wait_for '"provisioned"' dev1 150
	until_true 90 is_provisioned b
}

a_server_that_is_killed_goes_on_where_it_was() {
	make_batch pki b 1
	lab dhcp start
	serve prov b
	plug dev1 b
	lab lease dev1
	wait_for '"session"' dev1
	kill -KILL "$(cat "$NETLAB_STATE/server-prov.pid")"
	sleep 0.3
	rm "$NETLAB_STATE/server-prov.pid"
	serve prov b
	wait_for '"provisioned"' dev1
	until_true 90 is_provisioned b
}

the_window_is_counted_on_the_wire_too() {
	make_batch psk b 1
	lab dhcp start
	echo 'schedule = ( { count = 99; every_ms = 3600000; } );
		time_scale = 7200; host_wait_seconds = 1;' >device.cfg
	plug dev1 b
	lab lease dev1
	wait_for '"window-closed"' dev1 # 12 s
	not grep '"provisioned"' dev1
	[ "$(grep -c '"hello' dev1)" -ge 10 ]
	lab stop dev1
	plug dev1 b
	wait_for '"silent".*waits for its agent' dev1
}

# shellcheck disable=SC2086 # words
only_a_wired_interface_will_do() {
	make_batch psk b 1
	boot="amtforge-device boot --image $(echo b/images/*.bin) --state m"
	status 78 lab exec dev1 $boot --interface lo --json
	grep '"code":"interface-unfit"' out
	status 78 lab exec dev1 $boot --interface nosuch
	says interface-unfit
	status 77 lab exec dev1 setpriv --bounding-set=-net_raw \
		--inh-caps=-net_raw $boot --interface eth0
	says capture-denied
	status 2 amtforge-device boot --image x --state m --dhcp own
	status 2 amtforge-device boot --image x --state m --interface lo \
		--listen 127.0.0.1
}

why=$(lab_missing)
if [ -n "$why" ]; then
	skip devices_find_their_server_on_a_lan "$why"
	done_testing
	exit
fi
lab_open 1
lt a_pre_shared_key_is_enough_with_dhcp_and_names
lt certificates_are_enough_with_dhcp_and_names
lt without_a_host_the_device_gets_an_address_of_its_own
lt an_address_of_its_own_goes_with_the_device
lt a_router_that_is_out_of_reach_leaves_the_address
lt a_host_that_sets_an_address_by_hand_keeps_it
lt a_host_that_sets_its_address_as_its_cable_is_pulled_keeps_it
lt nobody_who_gives_an_address_is_told
lt a_host_that_was_there_before_is_asked_about
lt frames_that_come_as_it_begins_do_not_hold_it_up
lt dhcpv6_tells_the_suffix_where_option_15_does_not
lt a_bare_name_is_asked_for_where_there_is_no_suffix
lt a_name_that_is_not_there_yet_is_asked_for_again
lt a_resolver_that_the_host_is_told_of_later_is_asked
lt a_machine_by_ipv4_calls_its_server_by_ipv4
lt a_preset_name_is_found_without_a_suffix
lt a_cable_is_plugged_in_late_and_pulled_in_between
lt one_frame_in_five_may_be_lost
lt a_server_that_is_killed_goes_on_where_it_was
lt the_window_is_counted_on_the_wire_too
lt only_a_wired_interface_will_do
done_testing

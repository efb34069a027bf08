#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server among machines and hosts that mean it no good, or that are merely
# slow: the others are set up, and each end is told.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

answers_that_drip_end_in_time() {
	batch psk 3
	flash
	serve 'tls_certificate = false; setup_seconds = 3; tries = 1;'
	plug_told --fault slow=40:40%
	slow=$(wait_for '"event":"faulty"' told && grep '"event":"faulty"' told |
		field uuid | sort -u)
	[ -n "$slow" ]
	[ "$(echo "$slow" | wc -l)" -lt 3 ]
	wait_for '"reason":"device-gone".*setup_seconds' events
	wait_for '"state":"provisioned"' events
	unplug_fleet
	stop_server
	for u in $slow; do
		[ "$(state_of "$u")" != provisioned ]
	done
}

# storm FILE: for each line "UUID PID" of it again and again a hello, each time
# from another address, as whoever hears one on the network can send it.
storm() {
	# shellcheck disable=SC2016 # Perl's
	perl -MIO::Socket::INET -e '
		my ($port, $file) = @ARGV;
		open my $in, "<", $file or die "$file: $!";
		my @units = map { chomp; [ split ] } <$in>;
		my $n = 0;
		for (1 .. 2000) {
			for my $u (@units) {
				my $uuid = $u->[0] =~ tr/-//dr;
				my @u = unpack("a8 a4 a4 a16", $uuid);
				my $b = pack("vvV", 1, 2, $n % 200);
				$b .= reverse pack("H*", $u[$_]) for 0 .. 2;
				$b .= pack("H*", $u[3]) . $u->[1];
				my $s = IO::Socket::INET->new(
				    PeerAddr => "127.0.0.1",
				    PeerPort => $port, Timeout => 2,
				    LocalAddr => sprintf("127.201.%d.%d",
					$n / 250 % 250, $n % 250 + 1)) or next;
				print $s $b;
				$n++;
			}
			select undef, undef, undef, 0.01;
		}' "$port" "$1"
}

forged_hellos_hinder_nobody() {
	batch psk 5
	flash
	serve 'tls_certificate = false; sessions = 4; request_seconds = 5;'
	while read -r u; do
		echo "$u $(reveal "$u" pid)"
	done <uuids >heard
	storm heard >storm.log 2>&1 &
	storm=$!
	reach_state "$(tail -n 1 uuids)" hello
	plug_told --exit-when-provisioned --fault cut=9:50%
	rc=0
	until_all_are_set_up 100 || rc=$?
	[ $rc -ne 0 ] || told_provisioned 5 || rc=$?
	kill "$storm" || :
	wait "$storm" || :
	stop_server
	[ $rc -eq 0 ]
	[ "$(amtforge-server list state --json |
		grep -c '"state":"provisioned"')" = 5 ]
}

if [ -e $VARS ]; then
	t answers_that_drip_end_in_time
	t forged_hellos_hinder_nobody
else
	skip answers_that_drip_end_in_time "no $VARS (package ovmf)"
	skip forged_hellos_hinder_nobody "no $VARS (package ovmf)"
fi
done_testing

#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# meisay.pl SOCKET HEX...: sends each message as it is over one connection to
# a host interface and prints what comes back within the bound, as hex, one
# line each; "closed" where the connection ends.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

my $path = shift;
my $s = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path)
    or die "$path: $!\n";
my $wait = IO::Select->new($s);
for my $hex (@ARGV) {
	(my $bytes = $hex) =~ s/\s//g;
	$s->syswrite(pack 'H*', $bytes);
	my $got = '';
	if (!$wait->can_read(5)) {
		print "silence\n";
	} elsif ($s->sysread($got, 65536)) {
		print unpack('H*', $got), "\n";
	} else {
		print "closed\n";
		last;
	}
}

#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# clients.pl PORT BODY [PASSWORD | -- COMMAND...]: one row a client, or a
# defect, raw bytes each, against a device; prints what was answered where that
# is not what is wanted. By PASSWORD over TCP, else by COMMAND (a TLS client's
# pipe) without a log-in.
#
# Wanted: the statuses in their order, then "open" where another request is
# answered on the connection, or "close".
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use IO::Select;
use IO::Socket::INET;
use IPC::Open2;

my ($port, $file, @how) = @ARGV;
my $password = @how && $how[0] ne '--' ? $how[0] : undef;
my @command = @how && $how[0] eq '--' ? @how[1 .. $#how] : ();
my $old = ($ENV{OLD_DIGEST} // '') eq '1';
my $body = do { local $/; open my $f, '<', $file or die; <$f> };
my $n = length $body;
$SIG{PIPE} = 'IGNORE';

sub dial {
	my $c = { in => '' };
	if (@command) {
		$c->{pid} = open2($c->{from}, $c->{to}, @command);
	} else {
		$c->{from} = $c->{to} = IO::Socket::INET->new(
		    PeerAddr => '127.0.0.1', PeerPort => $port) or die "$!";
	}
	$c->{to}->autoflush(1);
	return $c;
}

sub hang_up {
	my ($c) = @_;
	kill 'TERM', $c->{pid} if $c->{pid};
	close $c->{to};
	close $c->{from};
	waitpid $c->{pid}, 0 if $c->{pid};
}

# More of it; false at its end.
sub more {
	my ($c) = @_;
	IO::Select->new($c->{from})->can_read(20) or die "no answer in 20 s\n";
	my $got = sysread $c->{from}, $c->{in}, 65536, length $c->{in};
	return $got;
}

# The next answer {status, head, body}, or undef at the end.
sub answer {
	my ($c) = @_;
	until ($c->{in} =~ /\r\n\r\n/) {
		more($c) or return undef;
	}
	$c->{in} =~ s/\A(.*?)\r\n\r\n//s;
	my $a = { head => $1 };
	($a->{status}) = $a->{head} =~ m{\AHTTP/1\.1 (\d+) };
	return $a if $a->{status} == 100;
	if ($a->{head} =~ /^Content-Length: (\d+)/mi) {
		more($c) or return undef while length $c->{in} < $1;
		$a->{body} = substr $c->{in}, 0, $1, '';
		return $a;
	}
	for (;;) {
		more($c) or return undef until $c->{in} =~ /\A([0-9A-F]+)\r\n/;
		my $size = hex $1;
		my $all = length($1) + 2 + $size + 2;
		more($c) or return undef while length $c->{in} < $all;
		$a->{body} .= substr $c->{in}, length($1) + 2, $size;
		substr $c->{in}, 0, $all, '';
		return $a if $size == 0;
	}
}

sub say_to {
	my ($c, $bytes) = @_;
	print { $c->{to} } $bytes;
}

my ($realm, $nonce);

sub challenge {
	my $c = dial();
	say_to($c, "POST /wsman HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	my $a = answer($c);
	hang_up($c);
	($realm, $nonce) = $a->{head} =~
	    /realm="([^"]+)", nonce="([^"]+)",stale="false",qop="auth"/
	    or die "no challenge: $a->{head}\n";
}

# digest(...): a header, its parts by name.
sub digest {
	my %o = (nc => '00000001', quote => '', qop => 'auth', method => 'POST',
	    scheme => 'Digest', name => 'Authorization', nonce => $nonce,
	    password => $password, uri => '/wsman', user => 'admin', @_);
	my $h1 = md5_hex("$o{user}:$realm:$o{password}");
	my $h2 = md5_hex("$o{method}:$o{uri}");
	my ($q, $r) = ($o{quote});
	if ($o{qop} eq '') {
		$r = md5_hex("$h1:$o{nonce}:$h2");
		return "$o{name}: $o{scheme} username=\"$o{user}\", " .
		    "realm=\"$realm\", nonce=\"$o{nonce}\", uri=\"$o{uri}\", " .
		    "response=\"$r\"\r\n";
	}
	$r = md5_hex("$h1:$o{nonce}:$o{nc}:abc:$o{qop}:$h2");
	return "$o{name}: $o{scheme} username=\"$o{user}\",realm=\"$realm\"," .
	    "nonce=\"$o{nonce}\",uri=\"$o{uri}\",cnonce=\"abc\"," .
	    "nc=$q$o{nc}$q,qop=$q$o{qop}$q,response=\"$r\"\r\n";
}

my $count = 0;

# A log-in with the next count; nothing where none is wanted.
sub login {
	return '' unless defined $password;
	return digest(nc => sprintf('%08x', ++$count), @_);
}

sub post {
	my ($head, $content) = @_;
	$content //= $body;
	return "POST /wsman HTTP/1.1\r\nHost: a\r\n" . login() . $head .
	    'Content-Length: ' . length($content) . "\r\n\r\n$content";
}

my $one = sub { sprintf "%x\r\n%s\r\n0\r\n\r\n", $n, $body };

sub chunked {
	return "POST /wsman HTTP/1.1\r\nHost: a\r\n" . login() .
	    "Transfer-Encoding: chunked\r\n\r\n" . $_[0];
}

my @row = (
	# Section 4.1's clients, and what RFC 9112 lets others do.
	['a length and no type', '200 open', sub { post('') }],
	['names in lower case', '200 open', sub {
		my $p = post(''); $p =~ s/^Content-Length/content-length/m;
		$p =~ s/^Host/host/m; $p =~ s/^Authorization/authorization/m; $p }],
	['names in upper case', '200 open', sub {
		my $p = post(''); $p =~ s/^Content-Length/CONTENT-LENGTH/m; $p }],
	['no space after the colon', '200 open', sub {
		my $p = post(''); $p =~ s/^Content-Length: /Content-Length:/m; $p }],
	['a type of SOAP 1.2', '200 open', sub {
		post("Content-Type: application/soap+xml; charset=utf-8\r\n") }],
	['another type', '200 open', sub { post("Content-Type: text/plain\r\n") }],
	['one chunk', '200 open', sub { chunked($one->()) }],
	['chunks with extensions and a trailer', '200 open', sub {
		chunked(join('', map { sprintf "%04X;a=\"b\"\r\n%s\r\n",
		    length $_, $_ } $body =~ /.{1,100}/gs) .
		    "000\r\nX-Sum: 1\r\n\r\n") }],
	['chunks of one byte', '200 open', sub {
		chunked(join('', map { "1\r\n$_\r\n" } split //, $body) .
		    "0\r\n\r\n") }],
	['in pieces', '200 open', sub { (post('') =~ /.{1,150}/gs) }],
	['Connection: close', '200 close', sub { post("Connection: close\r\n") }],
	['close among others', '200 close', sub {
		post("Connection: TE, Close\r\n") }],
	['keep-alive said', '200 open', sub {
		post("Connection: keep-alive\r\n") }],
	['HTTP/1.0', '200 close', sub {
		my $p = post(''); $p =~ s{HTTP/1\.1}{HTTP/1.0}; $p }],
	['HTTP/1.0 that wants to stay', '200 close', sub {
		my $p = post("Connection: keep-alive\r\n");
		$p =~ s{HTTP/1\.1}{HTTP/1.0}; $p }],
	['HTTP/1.2', '200 open', sub {
		my $p = post(''); $p =~ s{HTTP/1\.1}{HTTP/1.2}; $p }],
	['waits for 100', '100 200 open', sub {
		my $p = post("Expect: 100-continue\r\n");
		my $at = index($p, "\r\n\r\n") + 4;
		(substr($p, 0, $at), \'wait', substr($p, $at)) }],
	['two at once', '200 200 open', sub { post('') . post('') }],
	['three at once, the second the last', '200 200 close', sub {
		post('') . post("Connection: close\r\n") . post('') }],
	['an empty line first', '200 open', sub { "\r\n" . post('') }],
	['the target\'s absolute form', '200 open', sub {
		my $p = post('');
		$p =~ s{POST /wsman}{POST http://host:16992/wsman}; $p }],
	# What is wrong.
	['bare line feeds', '400 close', sub { my $p = post('');
		$p =~ s/\r\n/\n/g; $p }],
	['one bare line feed', '400 close', sub { my $p = post("A: b\r\n");
		$p =~ s/b\r\n/b\n/; $p }],
	['a bare carriage return', '400 close', sub { post("A: b\rC: d\r\n") }],
	['a NUL in the head', '400 close', sub { post("A: b\0\r\n") }],
	['two lengths', '400 close', sub { post("Content-Length: $n\r\n") }],
	['a length and chunks', '400 close', sub {
		post("Transfer-Encoding: chunked\r\n") }],
	['a negative length', '400 close', sub { my $p = post('');
		$p =~ s/^Content-Length: /Content-Length: -/m; $p }],
	['a hexadecimal length', '400 close', sub { my $p = post('');
		$p =~ s/^Content-Length: /Content-Length: 0x/m; $p }],
	['a size of a chunk with 0x', '400 close', sub {
		chunked('0x' . $one->()) }],
	['a chunk longer than its size', '400 close', sub {
		chunked("1\r\n" . $body . "\r\n0\r\n\r\n") }],
	['chunks by HTTP/1.0', '400 close', sub { my $p = chunked($one->());
		$p =~ s{HTTP/1\.1}{HTTP/1.0}; $p }],
	['another coding', '501 close', sub {
		"POST /wsman HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n" }],
	['a space before the colon', '400 close', sub { my $p = post('');
		$p =~ s/^Content-Length:/Content-Length :/m; $p }],
	['a folded line', '400 close', sub { post("A: b\r\n c\r\n") }],
	['a line without a colon', '400 close', sub { post("A b\r\n") }],
	['no version', '400 close', sub { "POST /wsman\r\n\r\n" }],
	['another protocol', '400 close', sub { "POST /wsman FTP/1.1\r\n\r\n" }],
	['HTTP/2', '505 close', sub { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }],
	['a long target', '414 close', sub {
		"POST /" . 'a' x 500 . " HTTP/1.1\r\n\r\n" }],
	['a long head', '413 close', sub { post('A: ' . 'b' x 9000 . "\r\n") }],
	['a long body', '413 close', sub {
		"POST /wsman HTTP/1.1\r\nContent-Length: 999999\r\n\r\n" }],
	['a long chunk', '413 close', sub { chunked("fffff\r\n") }],
	['GET', '405 close', sub { "GET /wsman HTTP/1.1\r\nHost: a\r\n\r\n" },
	    qr/^Allow: POST\r?$/m],
	['another place', '404 close', sub {
		"POST /index HTTP/1.1\r\nContent-Length: 0\r\n\r\n" }],
	['no XML', '400 close', sub { post('', 'hello') }],
	['nothing', '400 close', sub { post('', '') }],
	['a DOCTYPE', '400 close', sub { post('',
	    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') }],
	['SOAP 1.1', '500 open', sub { post('', '<a:Envelope xmlns:a=' .
	    '"http://schemas.xmlsoap.org/soap/envelope/"><a:Body/>' .
	    '</a:Envelope>') }],
);

my $log_in = sub { my @o = @_; sub {
	"POST /wsman HTTP/1.1\r\nHost: a\r\n" . digest(@o) .
	    "Content-Length: $n\r\n\r\n$body" } };
my $twice = sub { my ($p, $q) = map { $log_in->(@$_) } @_;
	sub { $p->() . $q->() } };
my $stale = qr/stale="true"/;
my $fresh = qr/stale="false"/;

# Each with a challenge of its own.
my @login = (
	['no log-in', '401 close', sub { "POST /wsman HTTP/1.1\r\n" .
	    "Content-Length: $n\r\n\r\n$body" }, $fresh],
	['nc and qop bare', '200 open', $log_in->()],
	['nc and qop quoted', '200 open', $log_in->(quote => '"')],
	['a scheme in lower case', '200 open', $log_in->(scheme => 'digest')],
	['an absolute uri', '200 open',
	    $log_in->(uri => 'https://host:16993/wsman')],
	['counts that rise by more', '200 200 open',
	    $twice->([nc => '00000002'], [nc => '0000ffff'])],
	['a count that was used', '200 401 close', $twice->([], []), $stale],
	['a count that is lower', '200 401 close',
	    $twice->([nc => '00000005'], [nc => '00000003']), $stale],
	['count 0', '401 close', $log_in->(nc => '00000000'), $stale],
	['a nonce that is not known', '401 close',
	    $log_in->(nonce => 'A' x 32), $stale],
	['a wrong password', '401 close', $log_in->(password => 'x'), $fresh],
	['a wrong password and nonce', '401 close',
	    $log_in->(password => 'x', nonce => 'A' x 32), $fresh],
	['another user', '401 close', $log_in->(user => 'root'), $fresh],
	['another method\'s digest', '401 close', $log_in->(method => 'GET'),
	    $fresh],
	['another target\'s digest', '401 close', $log_in->(uri => '/other'),
	    $fresh],
	['auth-int, which was not offered', '401 close',
	    $log_in->(qop => 'auth-int'), $fresh],
	['a short count', '401 close', $log_in->(nc => '1'), $fresh],
	['Basic', '401 close', sub { "POST /wsman HTTP/1.1\r\n" .
	    "Authorization: Basic YWRtaW46eA==\r\nContent-Length: $n\r\n\r\n" .
	    $body }, $fresh],
	['two log-ins', '400 close', sub { "POST /wsman HTTP/1.1\r\n" .
	    digest() . digest() . "Content-Length: $n\r\n\r\n$body" }],
	$old ? ['no qop, as RFC 2069', '200 401 close',
	    $twice->([qop => ''], [qop => '']), $stale]
	     : ['no qop, as RFC 2069', '401 close', $log_in->(qop => ''),
	    $fresh],
);

sub try {
	my ($bytes) = @_;
	my $c = dial();
	my (@got, $last);
	for my $part (@$bytes) {
		if (ref $part) {
			$last = answer($c);
			push @got, $last->{status};
		} else {
			say_to($c, $part);
			select undef, undef, undef, 0.002 if @$bytes > 3;
		}
	}
	return ($c, \@got, $last);
}

sub judge {
	my ($name, $wanted, $make, $head) = @{ $_[0] };
	my ($c, $got, $last) = try([$make->()]);
	my $left = (() = $wanted =~ /\d+/g) - @$got;
	while ($left-- > 0) {
		my $a = answer($c) or last;
		$last = $a;
		push @$got, $a->{status};
	}
	if ($wanted =~ /open$/) {
		say_to($c, "GET /wsman HTTP/1.1\r\nHost: a\r\n\r\n");
		my $a = answer($c);
		push @$got, $a && $a->{status} == 405 ? 'open' : 'close';
	} else {
		push @$got, answer($c) ? 'open' : 'close';
	}
	hang_up($c);
	my $fits = "@$got" eq $wanted && (!$head || $last->{head} =~ $head);
	$fits &&= $last->{head} =~ /^Connection: close\r?$/m
	    if $wanted =~ /close$/;
	printf "%s %s: %s, wanted %s\n", $fits ? 'ok' : 'not', $name, "@$got",
	    $wanted;
	print $last->{head}, "\n" if !$fits && $last;
	return $fits;
}

my $bad = 0;
challenge() if defined $password;
$bad += !judge($_) for @row;
if (defined $password) {
	for (@login) {
		challenge();
		$bad += !judge($_);
	}
}
exit($bad > 0);

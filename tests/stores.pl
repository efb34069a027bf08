# SPDX-License-Identifier: Apache-2.0
# stores.pl KIND: an image with variable stores of that kind on standard
# output, made after the published layouts and without the product's code.
use strict;
use warnings;

my $nv = "fff12b8d-7696-4c8b-a985-2747075b4f50";
my $ffs2 = "8c8ce578-8a3d-4f1c-9935-896185c32dd3";

sub guid {
	my @p = split /-/, shift;
	return pack("VvvH4H12", hex $p[0], hex $p[1], hex $p[2], $p[3], $p[4]);
}

sub filled {
	my ($s, $size) = @_;
	return $s . "\xFF" x ($size - length $s);
}

sub volume {
	my ($fs, $size, $body) = @_;
	my $h = "\0" x 16 . guid($fs) . pack("Q<a4VvvvCC", $size, "_FVH",
	    0xFFFEFF, 0x48, 0, 0, 0, 2) .
	    pack("V4", $size / 0x1000, 0x1000, 0, 0);
	my $sum = 0;
	$sum += $_ for unpack("v*", $h);
	substr($h, 0x32, 2) = pack("v", -$sum & 0xFFFF);
	return filled($h . $body, $size);
}

# ---- EDK2, $VSS ----

sub crc32 {
	my $c = 0xFFFFFFFF;
	for my $byte (unpack("C*", shift)) {
		$c ^= $byte;
		$c = $c & 1 ? $c >> 1 ^ 0xEDB88320 : $c >> 1 for 1 .. 8;
	}
	return $c ^ 0xFFFFFFFF;
}

sub ftw {
	my $g = guid("9e58292b-7c68-497d-a0ce-6500fd9f1b95");
	my $n = pack("Q<", 0xFE0);
	return filled($g . pack("V", crc32($g . "\xFF" x 8 . $n)) .
	    "\xFE\xFF\xFF\xFF$n", 0x1000);
}

sub wide {
	return join("", map { "$_\0" } split(//, shift)) . "\0\0";
}

# A variable; padded to that many bytes.
sub var {
	my ($auth, $align, $name, $data, $state) = @_;
	my $w = wide($name);
	my $v = pack("vCCV", 0x55AA, $state || 0x3F, 0, 7) .
	    "\0" x ($auth ? 28 : 0) . pack("VV", length $w, length $data) .
	    "S" x 16 . $w . $data;
	return $v . "\xFF" x (-length($v) % $align);
}

sub vars {
	return var(@_, "One", "12345") . var(@_, "Gone", "123", 0x3C) .
	    var(@_, "Two", "6");
}

sub store {
	my ($head, $vars) = @_;
	my $s = $head . pack("VCCx6", 0x8000 - 0x48, 0x5A, 0xFE) . $vars;
	return volume($nv, 0x20000, filled($s, 0x8000 - 0x48) . ftw());
}

# ---- NVAR ----

sub nvar {
	my ($attrs, $next, $rest) = @_;
	return "NVAR" . pack("vV", 10 + length $rest,
	    ($next || 0xFFFFFF) | $attrs << 24) . $rest;
}

sub raw_file {
	my ($guid, $body) = @_;
	my $h = guid($guid) . pack("CCCCV", 0, 0xAA, 1, 0, 24 + length $body);
	my $sum = 0;
	$sum += $_ for unpack("C17xC5", $h);
	substr($h, 16, 1) = pack("C", -$sum & 0xFF);
	substr($h, 23, 1) = "\xF8";
	return $h . $body;
}

sub nvars {
	my $e = nvar(0x83, 0, "\1Setup\0" . "s" x 20) .
	    nvar(0x86, 0, "I" x 16 . "Inline\0x") .
	    nvar(0x82, 20, "\0Chain\0old") . nvar(0x88, 0, "newer") .
	    nvar(0x02, 0, "\0Gone\0y") . nvar(0x80, 0, "\0" . wide("Wide") . "z");
	return volume($ffs2, 0x10000,
	    raw_file("cef5b9a3-476d-497f-9fdc-e98143e0422c",
	    filled($e, 0x8000 - 32) . "B" x 16 . "A" x 16));
}

# ---- EVSA ----

sub evsa {
	my ($type, $rest) = @_;
	my $x = pack("v", 4 + length $rest) . $rest;
	my $sum = 0;
	$sum += $_ for unpack("C*", $x);
	return pack("CC", $type, -$sum & 0xFF) . $x;
}

sub evsas {
	my $s = evsa(0xEC, "EVSA" . pack("VVV", 0, 0x8000 - 0x48, 0)) .
	    evsa(0xED, pack("v", 7) . "S" x 16) .
	    evsa(0xEE, pack("v", 1) . wide("One")) .
	    evsa(0xE2, pack("v", 2) . wide("Two")) .
	    evsa(0xEF, pack("vvV", 7, 1, 3) . "ab") .
	    evsa(0xE3, pack("vvVV", 7, 2, 0x10000007, 3)) . "xyz" .
	    evsa(0xEF, pack("vvV", 7, 2, 3) . "new");
	return volume($nv, 0x20000, filled($s, 0x8000 - 0x48));
}

my %made = (
	auth => sub { store(guid("aaf32c78-947b-439a-a180-2e144ec37792"),
	    vars(1, 4)) },
	plain => sub { store(guid("ddcf3616-3275-4164-98b6-fe85707ffe7d"),
	    vars(0, 4)) },
	other => sub { store(guid("ddcf3617-3275-4164-98b6-fe85707ffe7d"),
	    vars(0, 4)) },
	vss => sub { store('$VSS', vars(0, 1)) },
	vssauth => sub { store('$VSS', vars(1, 1)) },
	nvar => sub { nvars() . nvars() },
	evsa => \&evsas,
);

binmode STDOUT;
print $made{ $ARGV[0] }->();

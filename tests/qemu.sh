# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests that boot OVMF, a UEFI firmware, under QEMU, after lib.sh.

# plain_machine [OPTION...]: QEMU, in the place of the subshell that calls it;
# its heap in huge pages is a tenth of its time.
plain_machine() {
	export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
	exec timeout -k 5 120 qemu-system-x86_64 -machine q35,accel=tcg \
		-m 256 -nographic -monitor none -serial stdio -net none \
		-no-reboot "$@"
}

# machine [OPTION...]: one that starts in half the time, as it lacks what OVMF
# would look at in vain (screen, SATA, keyboard), and has a TPM: QEMU reads 0
# where nothing is, which OVMF takes for a TPM that is busy and asks for 6 s. The
# one that it gets is a pipe, from which each command comes back as its own
# answer: an error, at once.
machine() {
	[ -p "$TEST_DIR/tpm" ] || mkfifo "$TEST_DIR/tpm"
	plain_machine -nodefaults -vga none -machine sata=off,i8042=off \
		-tpmdev passthrough,id=tpm,cancel-path=/dev/null,path="$TEST_DIR/tpm" \
		-device tpm-tis,tpmdev=tpm "$@"
}

# cleaned: standard input without what moves the cursor.
cleaned() {
	tr -d '\000\r' | sed 's/\x1b\[[0-9;=?]*[a-zA-Z]//g'
}

# until_printed NAME PATTERN PID: in 90 seconds at most a line that the machine
# PID printed to NAME.raw has the pattern, of perl; one that has ended since the
# last look may have said it. NAME.console is NAME.raw without what moves the
# cursor.
until_printed() {
	perl -e '
		my ($name, $pattern, $pid) = @ARGV;
		sub contents {
			open my $f, "<", shift or return "";
			local $/;
			return scalar <$f> // "";
		}
		for my $n (1 .. 1800) {
			my $ended = contents("/proc/$pid/stat") !~ /\) [^Z]/;
			my $said = contents("$name.raw");
			$said =~ tr/\0\r//d;
			$said =~ s/\e\[[0-9;=?]*[a-zA-Z]//g;
			my $found = $said =~ /$pattern/m;
			if ($found || $ended || $n == 1800) {
				open my $f, ">", "$name.console" or die;
				print $f $said;
				close $f;
				exit !$found;
			}
			select undef, undef, undef, 0.05;
		}' "$@"
}

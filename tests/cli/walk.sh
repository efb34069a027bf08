#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands of amtforge-setup(7), as an administrator types them, and what
# the page says that they print.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PAGE=$ROOT/man/amtforge-setup.7
OVMF=/usr/share/ovmf/OVMF.fd

# blocks: the page's literal blocks with a command in them, each line as it is
# printed: "$ " and "> " are typed, the rest is what appears.
blocks() {
	awk '/^\.Bd -literal/ { on = 1; next }
		/^\.Ed/ { on = 0 }
		on' "$PAGE" | sed 's/\\e/\\/g; s/^\\&//' | awk '
		/^\$ / { on = 1 }
		!/^[$>] / && !on { next }
		/^ssh |^    ssh / { next }
		{ print }'
}

# cut: ./N.cmd and ./N.out of each command.
cut_page() {
	blocks | awk '
		/^\$ / {
			n++
			cmd = sprintf("%03d.cmd", n)
			out = sprintf("%03d.want", n)
			print substr($0, 3) >cmd
			printf "" >out
			next
		}
		/^> / { print substr($0, 3) >cmd; next }
		{ print >out }'
}

# appears WANT GOT: each wanted line is one of those, in order; dots stand for
# anything, and where they stand alone, for any lines.
appears() {
	perl -e '
		my ($want, $got) = map {
			open my $f, "<", $_ or die "$_: $!"; [<$f>] } @ARGV;
		my $i = 0;
		for my $w (@$want) {
			chomp $w;
			next if $w eq "...";
			my $re = join ".*", map { quotemeta } split /\.\.\./, $w, -1;
			$i++ while $i < @$got && $got->[$i] !~ /^$re\s*$/;
			die "not printed: $w\n" if $i++ >= @$got;
		}' "$1" "$2"
}

the_page_does_what_it_says() {
	cut_page
	[ "$(find . -name '*.cmd' | wc -l)" -gt 30 ]
	sed -i "s|^share=.*|share=$ROOT/configs|" ./*.cmd
	for cmd in ???.cmd; do
		echo "== $(cat "$cmd")"
		# In this shell: variables and jobs go on.
		# shellcheck disable=SC1090
		. "./$cmd" >"${cmd%.cmd}.got" 2>&1 || {
			cat "${cmd%.cmd}.got"
			return 1
		}
		appears "${cmd%.cmd}.want" "${cmd%.cmd}.got" || {
			echo "it printed:"
			cat "${cmd%.cmd}.got"
			return 1
		}
	done
}

# Real ports need a network of its own.
if [ "${1:-}" = inside ]; then
	ip link set lo up
	trap 'kill $(jobs -p) 2>/dev/null || :' EXIT
	set -e
	cd "$TEST_DIR/walk"
	the_page_does_what_it_says
	exit
fi

both_set_ups_are_walked_through() {
	mkdir -p "$TEST_DIR/walk"
	TEST_DIR=$TEST_DIR timeout 200 unshare --net "$ROOT/tests/cli/walk.sh" \
		inside
}

if [ ! -e $OVMF ]; then
	skip both_set_ups_are_walked_through "no OVMF"
elif ! unshare --net true 2>/dev/null; then
	skip both_set_ups_are_walked_through "no network namespaces here"
else
	t both_set_ups_are_walked_through
fi
done_testing

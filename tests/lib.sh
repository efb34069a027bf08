# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For shell tests: . "$(dirname "$0")/../lib.sh"
#
# A test is a function named as a sentence (a_wrong_pid_is_refused); `t NAME`
# runs it with set -e in a fresh folder and prints a TAP line. `skip NAME WHY`
# says why one cannot run here. The file ends with `done_testing`.
# Alone: AMTFORGE_BUILD=build/release tests/cli/keys.sh

set -u
LC_ALL=C
export LC_ALL
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
AMTFORGE_BUILD=${AMTFORGE_BUILD:-$ROOT/build/release}
BIN=$AMTFORGE_BUILD/bin
PATH=$BIN:$PATH
TEST_DIR=${TEST_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/amtforge-test.XXXXXX")}
# shellcheck disable=SC2034 # what a run of the tests makes once: pki.sh, batch.sh
TEST_POOL=${TEST_POOL:-$TEST_DIR/pool}
# shellcheck disable=SC2034 # for the tests
SHARED=$ROOT/../shared # vectors and samples; may be absent
fails=0
ran=0

t() {
	ran=$((ran + 1))
	sentence=$(echo "$1" | tr _ ' ')
	mkdir -p "$TEST_DIR/$1"
	(
		cd "$TEST_DIR/$1" || exit 70
		set -e
		"$1"
	) >"$TEST_DIR/$1.log" 2>&1
	# an "if (" would switch set -e off inside
	# shellcheck disable=SC2181
	if [ $? -eq 0 ]; then
		echo "ok - $sentence"
	else
		fails=$((fails + 1))
		echo "not ok - $sentence"
		tail -n 30 "$TEST_DIR/$1.log" | sed 's/^/# /'
	fi
}

skip() {
	ran=$((ran + 1))
	echo "ok - $(echo "$1" | tr _ ' ') # SKIP $2"
}

# have TEST NEED...: runs the test if all commands, and files (names with a /),
# are there.
have() {
	test=$1
	shift
	for need; do
		case $need in
		*/*) [ -e "$need" ] ;;
		*) command -v "$need" >/dev/null ;;
		esac || {
			skip "$test" "no $need"
			return
		}
	done
	t "$test"
}

# once NAME COMMAND...: what the command makes in an empty folder is made once for
# a run of the tests; this folder gets a copy.
once() {
	pooled=$TEST_POOL/$1
	shift
	[ -e "$pooled" ] || {
		mkdir -p "$TEST_POOL"
		new=$(mktemp -d "$TEST_POOL/new.XXXXXX")
		(cd "$new" && "$@")
		# another test may have been faster
		mv -T "$new" "$pooled" 2>/dev/null || rm -r "$new"
	}
	cp -a "$pooled"/* .
}

# a_base SIZE: ./base.bin, a flash whose BIOS is OVMF.
a_base() {
	once "base-$1" amtforge image new base.bin --size "$1" \
		--bios /usr/share/ovmf/OVMF.fd
}

# unfold: image show's lines as they are before they are broken at 80 columns:
# what goes on is indented by 4, a child by 2.
unfold() {
	awk '{
		match($0, /^ */)
		if (NR > 1 && RLENGTH == last + 4) {
			line = line (line ~ /,$/ ? " " : "  ") \
				substr($0, RLENGTH + 1)
			next
		}
		if (NR > 1)
			print line
		line = $0
		last = RLENGTH
	}
	END { print line }'
}

# image_show IMAGE: image show succeeds; ./out has its lines unfolded.
image_show() {
	status 0 amtforge image show "$1"
	unfold <out >out.unfolded
	mv out.unfolded out
}

# status N COMMAND...: succeeds if the command ends with status N; its output
# is kept in ./out and ./err.
status() {
	want=$1
	shift
	set +e
	"$@" >out 2>err
	got=$?
	set -e
	[ "$got" = "$want" ] && return 0
	echo "status $got, wanted $want: $*"
	cat out err
	return 1
}

# "!" alone would slip through set -e.
not() {
	! "$@"
}

# says WORDS: the last status' stderr holds them.
says() {
	grep -qF -- "$1" err && return 0
	echo "stderr lacks '$1':"
	cat err
	return 1
}

# wait_for WORDS FILE [SECONDS]: until a line of it has them. What must happen
# is given time enough for a machine that is slow and busy.
wait_for() {
	lines_come "${3:-90}" 1 "$1" "$2" && return 0
	echo "no '$1' in $2:"
	cat "$2"
	[ "$2" = log ] || [ ! -e log ] || cat log
	return 1
}

# until_true SECONDS COMMAND...: until it succeeds.
until_true() {
	read -r clock _ </proc/uptime
	deadline=$((${clock%.*} + $1))
	shift
	until "$@"; do
		read -r clock _ </proc/uptime
		[ "${clock%.*}" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# Has the file N lines with WORDS? lines N WORDS FILE
lines() {
	[ "$(grep -sc -e "$2" "$3")" -ge "$1" ]
}

# lines_come SECONDS N WORDS FILE: until it has so many, as grep has words. One
# process looks at the file until it has grown: three for each look were a tenth
# of the time of a test that waits.
lines_come() {
	perl -e '
		my ($seconds, $n, $words, $file) = @ARGV;
		my ($was, $looks, $end) = ("", 0, time + $seconds);
		$words =~ s/(\\?)([(){}|+?])/$1 ? $2 : "\\$2"/ge;
		for (;; select undef, undef, undef, 0.02) {
			my $is = join " ", (stat $file)[1, 7, 9];
			if ($is ne $was || $looks++ % 50 == 0) {
				$was = $is;
				open my $f, "<", $file or next;
				exit 0 if grep(/$words/, <$f>) >= $n;
			}
			exit 1 if time > $end;
		}' "$@"
}

# is_gone PID: it has ended, whether or not it was waited for.
is_gone() {
	! grep -qs '^State:.[^Z]' "/proc/$1/status"
}

# end_all [PID...]: these children of ours are told to end, and have ended:
# before that they may write to their folders still.
# shellcheck disable=SC2317 # traps call it
end_all() {
	for p; do
		kill "$p" 2>/dev/null || :
	done
	for p; do
		wait "$p" 2>/dev/null || :
	done
}

# listens ADDRESS:PORT: somebody does, who is not asked.
listens() {
	ss -Hltn "src $1" | grep -q .
}

# free_port [NTH]: one that nobody holds on any address, below those that the
# kernel gives to connections; each process, and each NTH, looks elsewhere first.
# shellcheck disable=SC2120 # it may be left out
free_port() {
	perl -MIO::Socket::INET -e '
		open my $f, "<", "/proc/sys/net/ipv4/ip_local_port_range";
		my ($low) = split " ", (defined $f && <$f>) || 32768;
		my $n = ($low > 12000 ? $low : 30000) - 10000;
		for (0 .. 499) {
			my $port = 10000 + ($ARGV[0] * 7 + $ARGV[1] * 1009 +
			    53 * $_) % $n;
			next if $port >= 16990 && $port < 17000; # of AMT
			print("$port\n"), exit if IO::Socket::INET->new(
			    Listen => 1, LocalPort => $port);
		}
		die "no port is free\n"' $$ "${1:-0}"
}

done_testing() {
	echo "1..$ran"
	[ "$fails" -eq 0 ]
}

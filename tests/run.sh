#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/run.sh BUILD SUITE...: runs unit tests (programs that speak TAP) and
# shell suites (tests/SUITE/*.sh), JOBS at a time (two more than there are
# processors, since many of them wait), each in a folder of its own and with a
# bound on its time. The last line counts: N passed, N failed.
# ONLY=pattern picks files whose name holds the pattern.
set -u
build=$1
shift
cd "$(dirname "$0")/.." || exit 70
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-tests.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

export AMTFORGE_BUILD="$PWD/$build"
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C

list() {
	for suite; do
		if [ "$suite" = unit ]; then
			for t in tests/unit/*.c; do
				t=${t##*/}
				echo "unit $build/unit/${t%.c}"
			done
		else
			for t in tests/"$suite"/*.sh; do
				[ -e "$t" ] && echo "$suite $t"
			done
		fi
	done | grep -e "${ONLY:-}" | awk -v slow="$SLOW" '
		BEGIN { n = split(slow, name) }
		{
			at = n + 1
			for (i = 1; i <= n; i++)
				if ($0 ~ "/" name[i] "(.sh)?$")
					at = i
			print at, $0
		}' | sort -s -n -k 1,1 | cut -d ' ' -f 2-
}

# Those that take longest, longest first: they begin before the others, so that
# none is left to run alone. Their times are in what this prints.
SLOW='netlab uefi uefi_vectors sticks trees certificates netlab-rogue meshcentral
	factory flow manifest images plans station wsman device hosted setupkeys
	requests scrub tenants policies server refusals fleet handover
	worksheet deltas delayed agent bios_plan_layouts bios_scrub'

cat >"$work/one" <<'EOF'
#!/bin/sh
# one WORK SUITE FILE
name="$2-$(basename "$3" .sh)"
dir="$1/$name.d"
mkdir "$dir"
case $2 in unit) bound=180 ;; interop) bound=900 ;; fault) bound=600 ;; *) bound=300 ;; esac
began=$(date +%s)
TEST_DIR="$dir" TMPDIR="$dir" TEST_POOL="$1/pool" timeout -k 5 "${TEST_BOUND:-$bound}" \
	"$3" >"$1/$name.tap" 2>"$1/$name.err" </dev/null
rc=$?
took=$(($(date +%s) - began))
# cmocka writes "not ok 9 # SKIP name" for a case that skips itself
sed -i 's/^not \(ok .*# SKIP\)/\1/' "$1/$name.tap"
pass=$(grep -v -- '- tests$' "$1/$name.tap" | grep -c '^ok')
skip=$(grep -ci '^ok.*# skip' "$1/$name.tap")
fail=$(grep -v -- '- tests$' "$1/$name.tap" | grep -c '^not ok')
if [ $rc -ne 0 ] && [ "$fail" -eq 0 ] || [ $((pass + fail)) -eq 0 ]; then
	echo "not ok - $name ended with status $rc" >>"$1/$name.tap"
	fail=$((fail + 1))
fi
echo "$((pass - skip)) $fail $skip" >"$1/$name.count"
printf '%-32s %s passed' "$name" "$((pass - skip))"
[ "$skip" -gt 0 ] && printf ', %s skipped' "$skip"
[ "$fail" -gt 0 ] && printf ', %s FAILED' "$fail"
[ "$took" -lt 5 ] || printf ' (%s s)' "$took"
echo
grep -i '^ok.*# skip' "$1/$name.tap" | sed 's/^ok[- 0-9]*/    skipped: /'
if [ "$fail" -gt 0 ]; then
	grep '^not ok' "$1/$name.tap" | sed 's/^/    /'
	grep -v '^ok\|^not ok\|^1\.\.' "$1/$name.tap" | tail -n 40 |
		sed 's/^/    | /'
	tail -n 40 "$1/$name.err" | sed 's/^/    | /'
fi
rm -rf "$dir"
EOF
chmod +x "$work/one"

# proved: a line for each peer that files of tests/interop name in their heads,
#
#	# peer NAME[, NAME...]: what it does
#	#   and more of it
#
# with what came of those files.
proved() {
	for t in tests/interop/*.sh; do
		count="$work/interop-$(basename "$t" .sh).count"
		[ -e "$count" ] || continue
		read -r pass fail skip <"$count"
		outcome="passed $pass"
		[ "$pass" -gt 0 ] || outcome="skipped $skip"
		[ "$fail" -eq 0 ] || outcome="FAILED $fail"
		awk -v outcome="$outcome" '
		function put(  i, n, one) {
			n = split(names, one, ", ")
			for (i = 1; i <= n; i++)
				print one[i] "\t" what " (" outcome ")"
			names = ""
		}
		!/^#/ { exit }
		/^# peer / {
			put()
			names = what = $0
			sub(/^# peer /, "", names)
			sub(/:.*/, "", names)
			sub(/^[^:]*: /, "", what)
			next
		}
		names != "" && /^#   / {
			sub(/^#   /, "")
			what = what " " $0
			next
		}
		{ put() }
		END { put() }' "$t"
	done | sort -f -t "$(printf '\t')" -k 1,1 -s | awk -F '\t' '
		$1 != last { printf "%s%s: %s", gap, $1, $2; gap = "\n" }
		$1 == last { printf "; %s", $2 }
		{ last = $1 }
		END { if (NR) print "" }'
}

list "$@" | xargs -P "${JOBS:-$(($(nproc) + 2))}" -n 2 "$work/one" "$work"

case " $* " in
*" interop "*)
	echo
	echo "What was proved, by peer:"
	proved
	echo
	;;
esac

cat "$work"/*.count 2>/dev/null | awk '
	{ p += $1; f += $2; s += $3 }
	END {
		printf "%d passed, %d failed", p, f
		if (s) printf ", %d skipped", s
		print ""
		exit f > 0 || p == 0
	}'

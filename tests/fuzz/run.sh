#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh BUILD SECONDS: runs each harness for so many seconds, two
# at a time. Its seeds are tests/fuzz/corpus/NAME and tests/vectors/NAME; what
# it finds stays in BUILD/corpus/NAME, a crash in BUILD/crash/.
# ONLY=pattern picks harnesses whose name holds the pattern; FUZZ_SEED (1) is
# where their luck begins: a clean run tries the same inputs each time.
set -u
build=$1
seconds=$2
cd "$(dirname "$0")/../.." || exit 70
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-fuzz.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$build/crash"

cat >"$work/one" <<'EOF'
#!/bin/sh
# one WORK BUILD SECONDS NAME
work=$1
build=$2
seconds=$3
name=$4
mkdir -p "$build/corpus/$name"
set -- "$build/corpus/$name"
for seeds in "tests/fuzz/corpus/$name" "tests/vectors/$name"; do
	[ -d "$seeds" ] && set -- "$@" "$seeds"
done
timeout -k 5 $((seconds + 60)) "$build/fuzz/$name" \
	-seed="${FUZZ_SEED:-1}" \
	-max_total_time="$seconds" -max_len="${FUZZ_MAX_LEN:-65536}" \
	-timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	-artifact_prefix="$build/crash/$name-" "$@" >"$work/$name.log" 2>&1
rc=$?
execs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log")
if [ $rc -eq 0 ] && [ "${execs:-0}" -gt 0 ]; then
	printf '%-28s %10d execs\n' "$name" "$execs"
	echo 1 0 >"$work/$name.count"
else
	printf '%-28s FAILED with status %d\n' "$name" $rc
	tail -n 40 "$work/$name.log" | sed 's/^/    | /'
	echo 0 1 >"$work/$name.count"
fi
EOF
chmod +x "$work/one"

for f in tests/fuzz/*.c; do
	[ -e "$f" ] && basename "$f" .c
done | grep -e "${ONLY:-}" |
	xargs -P "${JOBS:-2}" -n 1 "$work/one" "$work" "$build" "$seconds"

cat "$work"/*.count 2>/dev/null | awk '
	{ p += $1; f += $2 }
	END {
		printf "%d passed, %d failed\n", p, f
		exit f > 0 || p == 0
	}'

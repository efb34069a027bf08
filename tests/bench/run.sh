#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/bench/run.sh BUILD: runs the benchmarks, one after the other: programs
# BUILD/bench/* and scripts tests/bench/*.sh BUILD. Each prints rows
#
#	name  ours  peer  ratio  unit
#
# measured in the same run; a low ratio fails nothing, a broken run does.
set -u
build=$1
cd "$(dirname "$0")/../.." || exit 70
export AMTFORGE_BUILD="$PWD/$build" LC_ALL=C
passed=0
failed=0

# row COMMAND...
row() {
	if timeout -k 5 "${BENCH_BOUND:-240}" "$@" </dev/null; then
		passed=$((passed + 1))
	else
		echo "$1: FAILED with status $?"
		failed=$((failed + 1))
	fi
}

for c in tests/bench/*.c; do
	[ -e "$c" ] && row "$build/bench/$(basename "$c" .c)"
done
for s in tests/bench/*.sh; do
	[ "$s" = tests/bench/run.sh ] || row "$s" "$build"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

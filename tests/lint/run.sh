#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/lint/run.sh BUILD: runs every rule of the house, one script each.
# A rule prints what breaks it and where, and ends with a status other than 0.
# ONLY=pattern picks rules whose name holds the pattern.
set -u
build=$1
cd "$(dirname "$0")/../.." || exit 70
LC_ALL=C
export LC_ALL
passed=0
failed=0
for rule in tests/lint/*.sh; do
	name=$(basename "$rule" .sh)
	[ "$name" = run ] && continue
	case $name in *"${ONLY:-}"*) ;; *) continue ;; esac
	if out=$("$rule" "$build" 2>&1); then
		passed=$((passed + 1))
		printf '%-10s ok\n' "$name"
	else
		failed=$((failed + 1))
		printf '%-10s FAILED\n' "$name"
		echo "$out" | sed 's/^/    /'
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

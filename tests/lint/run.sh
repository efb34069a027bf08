#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/lint/run.sh BUILD: runs every rule of the house, one script each, as
# many at a time as there are processors.
# A rule prints what breaks it and where, and ends with a status other than 0.
# ONLY=pattern picks rules whose name holds the pattern.
set -u
build=$1
cd "$(dirname "$0")/../.." || exit 70
LC_ALL=C
export LC_ALL
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-lint.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

cat >"$work/one" <<'END'
#!/bin/sh
# one WORK BUILD RULE
if "tests/lint/$3.sh" "$2" >"$1/$3" 2>&1; then
	printf '%-12s ok\n' "$3"
	echo 1 0 >"$1/$3.count"
else
	{
		printf '%-12s FAILED\n' "$3"
		sed 's/^/    /' "$1/$3"
	} >"$1/$3.words"
	cat "$1/$3.words"
	echo 0 1 >"$1/$3.count"
fi
END
chmod +x "$work/one"

# Those that take longest begin first.
{
	printf '%s\n' shell headers freestanding verbs format
	for rule in tests/lint/*.sh; do
		rule=${rule##*/}
		echo "${rule%.sh}"
	done
} | awk '!seen[$0]++ && $0 != "run"' | grep -e "${ONLY:-}" |
	xargs -r -P "${JOBS:-$(nproc)}" -n 1 "$work/one" "$work" "$build" ||
	echo 0 1 >"$work/lost.count" # a rule that was killed tells nothing

cat "$work"/*.count 2>/dev/null | awk '
	{ p += $1; f += $2 }
	END {
		printf "%d passed, %d failed\n", p, f
		exit f > 0 || p == 0
	}'

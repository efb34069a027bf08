#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# quiet.sh BUILD: nothing below main exits, asserts or prints, but base/cli.c
# and base/log.c; files that hold a table of verbs may print data on stdout.
set -u
build=$1
# files without a table of their own that print a verb's data
prints='
factory/imageshow.c
factory/imagewrite.c
factory/issue.c
device/events.c
'
# files that fork: what they forked ends there, by _exit alone
forks='
server/handover.c
'
ends='exit|_exit|_Exit|quick_exit|abort|__assert_fail|__assert|err|errx|verr'
ends="$ends|verrx|error"
says='perror|stderr|warn|warnx|vwarn|vwarnx|psignal|vsyslog|syslog|__syslog_chk'
data='printf|__printf_chk|vprintf|__vprintf_chk|puts|putchar|stdout|dprintf'
data="$data|__dprintf_chk|putchar_unlocked"
objs=
tables=
for src in base formats bios export factory server device agent; do
	for c in "$src"/*.c; do
		obj=$build/obj/${c%.c}.o
		[ -e "$obj" ] && [ -e "$c" ] || continue
		case $c in
		*/main.c | base/cli.c | base/log.c) continue ;;
		esac
		objs="$objs $obj"
		tables="$tables $c"
	done
done
[ -n "$objs" ] || exit 0
# shellcheck disable=SC2086 # lists
prints="$prints $(grep -l '^\(static \)\?const struct cli_verb' $tables)"
# shellcheck disable=SC2086 # a list
nm -A -u $objs | awk -v before="$build/obj/" -v prints="$prints" \
	-v forks="$forks" -v ends="$ends" -v says="$says" -v data="$data" '
	BEGIN {
		n = split(prints, w)
		for (i = 1; i <= n; i++)
			may_print[w[i]] = 1
		n = split(forks, w)
		for (i = 1; i <= n; i++)
			may_fork[w[i]] = 1
		ends = "^(" ends "|" says ")$"
		data = "^(" data ")$"
	}
	{ # file: U name
		src = substr($1, length(before) + 1)
		sub(/\.o:$/, ".c", src)
	}
	$3 ~ ends && !($3 == "_exit" && src in may_fork) ||
	    $3 ~ data && !(src in may_print) { print src, $3 }' | {
	rc=0
	while read -r c sym; do
		echo "$c: uses $sym:"
		word=$(echo "$sym" | sed 's/^__//; s/_chk$//')
		grep -nw -- "$word" "$c" | head -n 3
		rc=1
	done
	exit $rc
}

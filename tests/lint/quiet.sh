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
rc=0
for src in base formats bios export factory server device agent; do
	for c in "$src"/*.c; do
		obj=$build/obj/${c%.c}.o
		[ -e "$obj" ] && [ -e "$c" ] || continue
		never="$ends|$says|$data"
		case $c in
		*/main.c | base/cli.c | base/log.c) continue ;;
		esac
		if grep -q '^\(static \)\?const struct cli_verb' "$c" ||
		    echo "$prints" | grep -qx "$c"; then
			never="$ends|$says"
		fi
		if echo "$forks" | grep -qx "$c"; then
			never=$(echo "$never" | sed 's/|_exit|/|/')
		fi
		for sym in $(nm -u "$obj" | awk '{ print $2 }' |
			grep -xE "$never"); do
			echo "$c: uses $sym:"
			word=$(echo "$sym" | sed 's/^__//; s/_chk$//')
			grep -nw -- "$word" "$c" | head -n 3
			rc=1
		done
	done
done
exit $rc

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../faults.sh"

# no_scraps FOLDER: nothing but files under their final names.
no_scraps() {
	killed && return
	for f in "$1"/* "$1"/.[!.]*; do
		[ ! -f "$f" ] || [ -s "$f" ] || return 1
	done
}

pairs() {
	under amtforge key psk --count 3
}

# Each pair printed is one line or row that is there whole.
judge_pairs() {
	[ "$1" = broken ] || [ -s out ]
}

key_psk_survives_any_failing_call() {
	walk : pairs judge_pairs
}

key_files() {
	rm -rf keys
	under amtforge key pair --type ec256 --count 2 --out keys
}

judge_files() {
	no_scraps keys || return 1
	absent keys/*.key keys/*.pem || {
		cut=$(grep -sL '^-----END' keys/*.key keys/*.pem) || :
		[ -z "$cut" ] || {
			echo "cut: $cut"
			return 1
		}
	}
	[ "$1" = broken ] && return
	set -- keys/*.pem
	[ $# -ge 2 ]
}

key_pair_leaves_whole_files_or_none() {
	walk : key_files judge_files
}

# FAT has no links, by which a new file is published elsewhere.
without_links() {
	env AMTFORGE_FAULT=no-links:1 AMTFORGE_FAULT_FD=9 LD_PRELOAD="$SHIM" \
		"$@" 9>fired
}

new_files_are_written_where_there_are_no_links() {
	without_links amtforge ledger init l.db
	[ -s fired ]
	amtforge ledger check l.db
	printf '%s' '{"fileType":4,"flags":1,"records":[{"flags":1,' \
		'"variables":[{"module":1,"var":1,"text":"admin"},' \
		'{"module":1,"var":2,"text":"P@ssw0rd"}]}]}' >in.json
	without_links amtforge setupbin encode in.json out.bin
	[ -s fired ]
	amtforge setupbin check out.bin
	[ "$(find . -name 'out.bin*' | wc -l)" = 1 ]
	cp out.bin before
	status 73 without_links amtforge setupbin encode in.json out.bin
	cmp out.bin before
}

a_full_disk_behind_stdout_is_told() {
	set +e
	amtforge key psk --count 3 >/dev/full 2>err
	rc=$?
	set -e
	[ $rc -eq 74 ] && [ -s err ]
}

t key_psk_survives_any_failing_call
t key_pair_leaves_whole_files_or_none
t new_files_are_written_where_there_are_no_links
t a_full_disk_behind_stdout_is_told
done_testing

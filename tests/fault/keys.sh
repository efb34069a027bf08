#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../faults.sh"

# no_scraps FOLDER: nothing but files under their final names.
no_scraps() {
	killed || [ ! -d "$1" ] || [ -z "$(find "$1" -type f -size 0)" ]
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
	for f in keys/*.key keys/*.pem; do
		[ -e "$f" ] || continue
		grep -q '^-----END' "$f" || {
			echo "$f is cut"
			return 1
		}
	done
	[ "$1" = broken ] || [ "$(find keys -name '*.pem' | wc -l)" -ge 2 ]
}

key_pair_leaves_whole_files_or_none() {
	walk : key_files judge_files
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
t a_full_disk_behind_stdout_is_told
done_testing

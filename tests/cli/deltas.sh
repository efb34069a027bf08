#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge image write --delta and image merge, and a device that boots from
# base and delta; runs that are killed.
# shellcheck source=tests/lib.sh disable=SC2012 # the names are ours
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg

# a_line N [SIZE]: a base and a ledger with an order of N units.
a_line() {
	a_base "${2:-8M}"
	once "deltas-$1" new_order "$1"
}

new_order() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count "$1" --json >units
	sed 's/.*"uuid":"\([^"]*\)".*/\1/' units | sort >uuids
}

# write STATUS [OPTION...]
write() {
	want=$1
	shift
	status "$want" amtforge image write l.db O --base base.bin \
		--map "$MAP" "$@"
}

states() {
	amtforge unit list l.db O --json | grep -c "\"state\":\"$1\""
}

# le FILE OFFSET BYTES: a number.
le() {
	od -An -v -tu"$3" -j"$(($2))" -N"$3" "$1" | tr -d ' '
}

every_unit_has_its_delta_and_nothing_else_is_there() {
	a_line 5
	write 0 --out d --delta
	grep -q '^5 written, 0 left as they were, 0 failed$' out
	sed 's/$/.delta/' uuids >want
	ls -A d | diff want -
	[ "$(stat -c %a d)" = 700 ]
	[ "$(stat -c %a d/* | sort -u)" = 600 ]
	[ "$(states written)" = 5 ]
	for f in d/*; do
		[ "$(stat -c %s "$f")" -lt 4096 ]
		head -c 8 "$f" | grep -q AMTFDLT1
		[ "$(tail -c 32 "$f" | od -An -v -tx1 | tr -d ' \n')" = \
			"$(head -c -32 "$f" | sha256sum | cut -d' ' -f1)" ]
	done
}

base_and_delta_make_the_very_image() {
	a_line 3
	write 0 --out images
	write 0 --out d --delta
	while read -r u; do
		status 0 amtforge image merge base.bin "d/$u.delta" "$u.bin"
		grep -q "^$u: .* which only clear bits: no erase is needed" out
		cmp "$u.bin" "images/$u.bin"
		[ "$(stat -c %a "$u.bin")" = 600 ]
	done <uuids
}

merge_says_for_programs_what_it_did() {
	a_line 1
	write 0 --out d --delta
	status 0 amtforge image merge base.bin d/*.delta out.bin --json
	grep -qx "{\"uuid\":\"$(cat uuids)\",\"ranges\":2,\"bytes\":[0-9]*,\"clears_only\":true}" out
	status 0 amtforge image merge base.bin d/*.delta - >piped 2>err
	cmp out out.bin
}

a_delta_that_only_clears_bits_says_so_truly() {
	a_line 2
	write 0 --out d --delta
	for f in d/*; do
		[ $(($(le "$f" 0x0c 4) & 1)) = 1 ]
		amtforge image merge base.bin "$f" out.bin --force
		# cmp -l prints octal: old & new must be new
		cmp -l base.bin out.bin | while read -r _ old new; do
			[ $((0$old & 0$new)) = $((0$new)) ] || exit 1
		done
	done
}

the_layout_is_of_the_sectors_that_differ() {
	a_line 1
	write 0 --out d --delta
	status 0 amtforge image merge base.bin d/*.delta out.bin \
		--layout lay
	while IFS=' :' read -r from to _; do
		[ $((0x$from % 4096)) = 0 ]
		[ $(((0x$to + 1) % 4096)) = 0 ]
	done <lay
	# Every byte that differs is in one of them.
	cmp -l base.bin out.bin | awk '{ print $1 - 1 }' >changed
	[ -s changed ]
	while IFS=' :' read -r from to _; do
		echo $((0x$from)) $((0x$to))
	done <lay >ranges
	awk 'NR == FNR { from[NR] = $1; to[NR] = $2; n = NR; next }
		{ for (i = 1; i <= n; i++) if ($1 >= from[i] && $1 <= to[i]) next
		  exit 1 }' ranges changed
	status 73 amtforge image merge base.bin d/*.delta new.bin --layout lay
	[ ! -e new.bin ]
}

what_does_not_go_together_is_not_merged() {
	a_line 1
	write 0 --out d --delta
	f=$(ls d/*)
	sha=$(sha256sum <base.bin | cut -d' ' -f1)
	cp base.bin other.bin
	printf x | dd of=other.bin bs=1 seek=100 conv=notrunc status=none
	status 65 amtforge image merge other.bin "$f" out.bin
	says "$sha"
	says "[delta-base]"
	head -c 4194304 base.bin >short.bin
	status 65 amtforge image merge short.bin "$f" out.bin
	says "[delta-base]"
	status 65 amtforge image merge base.bin base.bin out.bin
	says "base.bin: a whole image, not a delta"
	says "[delta-malformed]"
	status 65 amtforge image merge "$f" "$f" out.bin
	says "a delta, not the base of one"
	cp "$f" bad.delta
	printf x | dd of=bad.delta bs=1 seek=120 conv=notrunc status=none
	status 65 amtforge image merge base.bin bad.delta out.bin
	says "digest is wrong: damaged"
	head -c 300 "$f" >bad.delta
	status 65 amtforge image merge base.bin bad.delta out.bin
	says "[delta-malformed]"
	status 66 amtforge image merge base.bin absent.delta out.bin
	says absent.delta
	[ ! -e out.bin ]
}

inputs_are_never_written_over() {
	a_line 1
	write 0 --out d --delta
	f=$(ls d/*)
	ln base.bin link.bin
	sha256sum base.bin "$f" >before
	for out in base.bin ./base.bin link.bin "$f"; do
		status 2 amtforge image merge base.bin "$f" "$out" --force
		says "an input"
		status 2 amtforge image merge base.bin "$f" new.bin --force \
			--layout "$out"
	done
	status 2 amtforge image merge base.bin "$f" new.bin --layout new.bin
	[ ! -e new.bin ]
	sha256sum -c --quiet before
	echo mine >out.bin
	status 73 amtforge image merge base.bin "$f" out.bin
	[ "$(cat out.bin)" = mine ]
	status 0 amtforge image merge base.bin "$f" out.bin --force
}

a_repeated_run_leaves_what_is_there() {
	a_line 3
	write 0 --out d --delta
	stat -c '%n %i %Y' d/* >before
	one=$(head -n 1 uuids)
	grep -vF "$one" before >kept
	rm "d/$one.delta"
	touch "d/$one.delta.AbC123" # of a killed run
	write 0 --out d --delta --json
	[ "$(cat out)" = '{"written":1,"left":2,"failed":0}' ]
	stat -c '%n %i %Y' d/* | grep -F -x -f kept | diff kept -
	[ "$(ls -A d | wc -l)" = 3 ]
	echo other >"d/$one.delta"
	write 1 --out d --delta
	says "unit $one: d/$one.delta: exists with other bytes"
	[ "$(cat "d/$one.delta")" = other ]
	write 0 --out d --delta --force
	head -c 8 "d/$one.delta" | grep -q AMTFDLT1
	[ "$(stat -c %a "d/$one.delta")" = 600 ]
}

deltas_of_another_base_are_told_once() {
	a_line 3
	write 0 --out d --delta
	was=$(sha256sum <base.bin | cut -d' ' -f1)
	printf x | dd of=base.bin bs=1 seek=8388607 conv=notrunc status=none
	write 1 --out d --delta
	says "d: 3 deltas of another base are there, of SHA-256 $was; this"
	says "$(sha256sum <base.bin | cut -d' ' -f1) (--force replaces them)"
	[ "$(wc -l <err)" = 1 ]
	grep -q '^0 written, 0 left as they were, 3 failed$' out
	write 0 --out d --delta --force
}

a_base_that_is_cut_short_meanwhile_is_no_crash() {
	a_line 300 4M
	for how in "" --delta; do
		cp base.bin cut.bin
		# shellcheck disable=SC2086 # none or one
		amtforge image write l.db O --base cut.bin --map "$MAP" \
			--out "cut$how" $how >out 2>err &
		pid=$!
		while [ ! -e "cut$how" ] && kill -0 $pid 2>/dev/null; do
			sleep 0.002
		done
		: >cut.bin
		rc=0
		wait $pid || rc=$?
		[ $rc = 0 ]
		[ "$(ls "cut$how" | wc -l)" = 300 ]
	done
}

# are_whole [OLD]: the files of ./d that standard input names are as those of
# ./want, or hold OLD; in one process, for they are many.
are_whole() {
	perl -e '
		my $old = shift;
		sub bytes {
			local $/;
			open my $f, "<:raw", $_[0] or die "$_[0]: $!\n";
			return scalar <$f>;
		}
		while (<STDIN>) {
			chomp;
			my $is = bytes("d/$_");
			next if defined $old && $is eq "$old\n";
			$is eq bytes("want/$_") or die "d/$_: not whole\n";
		}' "$@"
}

# A run is killed at some moment, again and again: what is there is whole, and
# the next run finds nothing to wonder at.
killed_runs_are_simply_repeated() {
	how=$1
	n=$2
	suffix=$3
	a_line "$n"
	# shellcheck disable=SC2086 # none or one
	write 0 --out want $how
	for delay in 0.01 0.03 0.06 0.1 0.15 0.2; do
		# shellcheck disable=SC2086
		amtforge image write l.db O --base base.bin --map "$MAP" \
			--out d $how >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		for f in d/*."$suffix"; do
			[ -e "$f" ] && echo "${f#d/}"
		done >there
		are_whole <there
		# New files have no name before they are whole.
		not ls d/*."$suffix".* 2>/dev/null
		rm -f "d/$(sed -n 2p uuids).$suffix"
	done
	# shellcheck disable=SC2086
	write 0 --out d $how
	[ "$(ls -A d | wc -l)" = "$n" ]
	diff -rq d want
	[ "$(states written)" = "$n" ]
}

killed_runs_of_images_are_simply_repeated() {
	killed_runs_are_simply_repeated "" 24 bin
}

killed_runs_of_deltas_are_simply_repeated() {
	killed_runs_are_simply_repeated --delta 3000 delta
}

# With --force a file is replaced by way of a temporary, which a killed run
# leaves, 0600, and the next one clears.
a_killed_run_that_replaces_leaves_the_old_file_or_the_new() {
	a_line 2000
	write 0 --out want --delta
	for delay in 0.03 0.06 0.1 0.15; do
		mkdir -p d
		for u in $(head -n 500 uuids); do
			echo old >"d/$u.delta"
		done
		amtforge image write l.db O --base base.bin --map "$MAP" \
			--out d --delta --force >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		head -n 500 uuids | sed 's/$/.delta/' | are_whole old
		find d -name '*.delta.*' ! -perm 600 | not grep .
	done
	write 0 --out d --delta --force
	diff -rq d want
}

a_mark_is_never_there_without_its_file() {
	a_line 3000
	for delay in 0.05 0.08 0.12 0.16; do
		amtforge image write l.db O --base base.bin --map "$MAP" \
			--out d --delta >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		amtforge unit list l.db O --json |
			sed -n 's/.*"uuid":"\([^"]*\)".*"state":"written".*/\1.delta/p' |
			sort >marked
		ls d 2>/dev/null | sort >there
		comm -23 marked there >lost
		[ ! -s lost ]
	done
}

memory_does_not_grow_with_the_units() {
	a_line 10
	/usr/bin/time -f %M -o few amtforge image write l.db O \
		--base base.bin --map "$MAP" --out few.d --delta
	amtforge unit issue l.db O --count 3000 >/dev/null
	/usr/bin/time -f %M -o many amtforge image write l.db O \
		--base base.bin --map "$MAP" --out many.d --delta
	few=$(tail -n 1 few)
	many=$(tail -n 1 many)
	echo "few $few, many $many KiB"
	[ "$many" -lt $((few + 2048)) ]
}

a_device_shows_a_delta_over_its_base() {
	a_line 2
	write 0 --out images
	write 0 --out d --delta
	while read -r u; do
		status 0 amtforge-device show "images/$u.bin" --json
		cp out want
		status 0 amtforge-device show "d/$u.delta" --base base.bin \
			--json
		diff want out
	done <uuids
	u=$(head -n 1 uuids)
	status 2 amtforge-device show "d/$u.delta"
	says "d/$u.delta: a delta: give the image"
	says --base
	status 65 amtforge-device show "images/$u.bin" --base base.bin
	says "images/$u.bin: a whole image, which needs no --base"
	status 65 amtforge-device show "d/$u.delta" --base "images/$u.bin"
	says "[delta-base]"
	status 65 amtforge-device show "d/$u.delta" --base "d/$u.delta"
	says "a delta, not the base of one"
	head -c 200 "d/$u.delta" >cut.delta
	status 65 amtforge-device show cut.delta --base base.bin --json
	grep -q '"code":"delta-malformed"' out err
	status 66 amtforge-device show "d/$u.delta" --base absent.bin
	says absent.bin
}

# listening WORDS LOG PID: until it says so, or ends.
listening() {
	until_true 90 says_or_ends "$@"
	grep -q "$1" "$2"
}

says_or_ends() {
	grep -q "$1" "$2" || ! kill -0 "$3" 2>/dev/null
}

a_device_boots_from_a_delta_and_a_fleet_from_a_folder_of_them() {
	a_line 4
	write 0 --out d --delta
	write 0 --out d # images of the same units beside them
	u=$(head -n 1 uuids)
	amtforge-device boot --image "d/$u.delta" --base base.bin \
		--state one --port 0 --listen 127.0.0.1 \
		--server 127.0.0.1:9 --json >one.log 2>&1 &
	pid=$!
	listening '"event":"listening"' one.log $pid || {
		cat one.log
		kill $pid
		return 1
	}
	wait_for "\"uuid\":\"$u\"" one.log
	kill $pid
	wait $pid || true
	amtforge-device fleet d --base base.bin --state many --port 0 \
		--net 127.82.0.0 --server 127.0.0.1:9 --json >many.log 2>&1 &
	pid=$!
	listening '"event":"listening"' many.log $pid || {
		cat many.log
		kill $pid
		return 1
	}
	kill $pid
	wait $pid || true
	ls many | diff uuids -
}

a_bad_delta_of_a_fleet_is_named_and_the_others_boot() {
	a_line 3
	write 0 --out d --delta
	u=$(head -n 1 uuids)
	printf x | dd of="d/$u.delta" bs=1 seek=100 conv=notrunc status=none
	amtforge-device fleet d --base base.bin --state many --port 0 \
		--net 127.83.0.0 --server 127.0.0.1:9 >log 2>err &
	pid=$!
	listening 'listening on port' err $pid || { cat log err; return 1; }
	kill $pid
	wait $pid || true
	says "d/$u.delta: "
	says "[delta-malformed]"
	[ "$(ls many | wc -l)" = 2 ]
	status 66 amtforge-device fleet d --state none --port 0
	says "no image (deltas need a --base) that boots"
	head -c 4194304 base.bin >other.bin
	status 66 amtforge-device fleet d --base other.bin --state none --port 0
	says "[delta-base]"
}

if [ -e $OVMF ]; then
	t every_unit_has_its_delta_and_nothing_else_is_there
	t base_and_delta_make_the_very_image
	t merge_says_for_programs_what_it_did
	t a_delta_that_only_clears_bits_says_so_truly
	t the_layout_is_of_the_sectors_that_differ
	t what_does_not_go_together_is_not_merged
	t inputs_are_never_written_over
	t a_repeated_run_leaves_what_is_there
	t deltas_of_another_base_are_told_once
	t a_base_that_is_cut_short_meanwhile_is_no_crash
	t killed_runs_of_images_are_simply_repeated
	t killed_runs_of_deltas_are_simply_repeated
	t a_killed_run_that_replaces_leaves_the_old_file_or_the_new
	t a_mark_is_never_there_without_its_file
	if [ -x /usr/bin/time ] && [ "${AMTFORGE_BUILD##*/}" = release ]; then
		t memory_does_not_grow_with_the_units
	else
		skip memory_does_not_grow_with_the_units \
			"no /usr/bin/time, or sanitizers, which have room of their own"
	fi
	t a_device_shows_a_delta_over_its_base
	t a_device_boots_from_a_delta_and_a_fleet_from_a_folder_of_them
	t a_bad_delta_of_a_fleet_is_named_and_the_others_boot
else
	skip deltas "no $OVMF: apt-get install ovmf"
fi
done_testing

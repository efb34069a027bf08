#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge station run with programmers that are a few lines of shell: their
# chip is the file chip.bin.
# shellcheck source=tests/lib.sh disable=SC2012 # the names are ours
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg

# tool NAME LINE...: a script, as a programmer.
tool() {
	name=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$name"
	[ -x "$name" ] || chmod +x "$name"
}

# make_lines: in $TEST_DIR/line-N a base, a ledger with order A of N units, and a
# programmer.
make_lines() {
	mkdir "$TEST_DIR/line-1"
	cd "$TEST_DIR/line-1" || return
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' 'echo "written $2"'
	# shellcheck disable=SC2016
	tool back 'cp chip.bin "$1"'
	for n in 1 2 3; do
		[ $n = 1 ] || cp -R . "../line-$n"
		cd "../line-$n" || return
		amtforge unit issue l.db A --count "$n" --json >rows
	done
	cd "$TEST_DIR" || return
}

# A line of order A with $1 units.
a_line() {
	cp -R "$TEST_DIR/line-$1/." .
	i=0
	# shellcheck disable=SC2034 # eval uses them
	while IFS='"' read -r _ _ _ unit _ _ _ label _; do
		i=$((i + 1))
		eval "uuid_$i=\$unit serial_$i=\$label"
	done <rows
	[ $i = "$1" ]
}

# uuid N, serial N: of the Nth unit.
uuid() {
	eval "echo \"\$uuid_$1\""
}

serial() {
	eval "echo \"\$serial_$1\""
}

both() {
	serial "$1"
	uuid "$1"
}

# station STATUS [OPTION...]: reads scans from ./scans.
station() {
	want=$1
	shift
	status "$want" amtforge station run l.db A --map "$MAP" \
		--base base.bin "$@" <scans
}

# line STATUS [OPTION...]: with programmer and read-back.
line() {
	want=$1
	shift
	station "$want" --command './prog {image} {uuid}' \
		--read './back {readback}' "$@"
}

state() {
	unit=$(amtforge unit show l.db "$(uuid "$1")" --json)
	unit=${unit#*\"state\":\"}
	echo "${unit%%\"*}"
}

# No file of a unit is left in the private folder.
is_clean() {
	[ "$(ls -A l.db.station)" = lock ]
	[ "$(stat -c %a l.db.station)" = 700 ]
}

# in_out PATTERN
in_out() {
	grep -q -- "$1" out && return 0
	echo "stdout lacks '$1':"
	cat out err
	return 1
}

# event FILTER: it is true of each event that it selects, of one at least.
event() {
	jq -n -e "[inputs | $1] | length > 0 and all" out && return 0
	cat out
	return 1
}

boards_are_programmed_read_back_and_verified() {
	a_line 3
	amtforge image write l.db A --base base.bin --map "$MAP" --out images
	both 1 >scans
	printf '%s\t%s\r\n' "$(serial 2)" "$(uuid 2 | tr -d - | tr a-f A-F)" \
		>>scans
	line 0
	[ "$(state 1)" = verified ]
	[ "$(state 2)" = verified ]
	[ "$(state 3)" = written ]
	in_out "^PASS     $(serial 1)  *$(uuid 1)\$"
	in_out "^order A: 2 done, 1 left, of which 1 are written and not verified\$"
	in_out "^2 passed, 0 written and not read back, 0 failed; order A: 2 d"
	# What the last board has is what image write makes.
	cmp chip.bin "images/$(uuid 2).bin"
	is_clean
	sqlite3 l.db "select what, why from audit where object = '$(uuid 1)'
		and why like 'station%'" >audit
	diff - audit <<-'END'
		unit written|station: programmed
		unit verified|station: read back, the whole image is the same
	END
}

the_last_line_needs_no_end() {
	a_line 1
	printf '%s\n%s' "$(serial 1)" "$(uuid 1)" >scans
	line 0
	[ "$(state 1)" = verified ]
}

our_own_label_is_a_scan() {
	a_line 2
	# Its PID is the unit's.
	pid=$(amtforge unit show l.db "$(uuid 1)" --json |
		sed 's/.*"pid":"\([^"]*\)".*/\1/')
	printf '{"uuid":"%s","serial":"%s","pid":"%s"}\n' "$(uuid 1)" \
		"$(serial 1)" "$(echo "$pid" | rev)" >scans
	line 1
	says "the label has PID $(echo "$pid" | rev), but the unit has $pid"
	says "[scan-mismatch]"
	[ "$(state 1)" = issued ]
	printf '{"uuid":"%s","serial":"%s","pid":"%s"}\n' "$(uuid 1)" \
		"$(serial 1)" "$pid" >scans
	# The bytes of SMBIOS; a label is text in any case.
	line 0 --uuid-order raw
	uuid 2 | sed -E 's/(..)(..)(..)(..)-(..)(..)-(..)(..)-/\4\3\2\1\6\5\8\7/
		s/-//g' >raw
	serial 2 | paste -sd, - raw >scans
	[ "$(state 1)" = verified ]
	serial 2 | cat - raw >scans
	line 1
	says "other order (see --uuid-order)"
	says "[scan-mismatch]"
	line 0 --uuid-order raw
	[ "$(state 2)" = verified ]
}

wrong_scans_are_refused_each_with_its_reason() {
	a_line 2
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id B
	amtforge unit issue l.db B --count 1 --json |
		sed 's/.*"uuid":"\([^"]*\)","serial":"\([^"]*\)".*/\2 \1/' >b
	uuid 1 >scans
	line 1
	in_out '^FAIL     - '
	says "a UUID without a serial: the serial comes first"
	says "[scan-malformed]"
	serial 1 >scans
	line 1
	says "serial $(serial 1): the scans ended before its UUID"
	printf '%s\n%s\n%s\n' "$(serial 1)" "$(serial 2)" "$(uuid 2)" >scans
	line 1
	says "serial $(serial 1): another serial came before its UUID"
	[ "$(state 2)" = verified ]
	printf '%s\n%s\n' "$(serial 1)" "$(uuid 2)" >scans
	line 1
	says "serial $(serial 1) has UUID $(uuid 1)"
	says "[scan-mismatch]"
	# At once, and its UUID is no second failure.
	printf 'X-1\n%s\n' "$(uuid 1)" >scans
	line 1
	says "serial X-1: no unit of the ledger has this serial [scan-unknown]"
	in_out "0 passed, 0 written and not read back, 1 failed"
	printf 'X-1 01234567-89ab-4cde-8fab-0123456789ab\n' >scans
	line 1
	says "[scan-unknown]"
	cp b scans
	line 1
	says "the unit is of order B, not A"
	both 2 >scans
	line 1
	says "the unit is verified already [scan-repeated]"
	amtforge unit mark l.db "$(uuid 1)" scrapped --why test
	both 1 >scans
	line 1
	says "[scan-scrapped]"
	head -c 600 /dev/zero | tr '\0' x >scans
	line 1
	says "more than 512 characters"
}

a_serial_that_the_trigger_sends_twice_is_told() {
	a_line 1
	printf '%s\n%s\n%s\n' "$(serial 1)" "$(serial 1)" "$(uuid 1)" >scans
	line 0
	says "serial $(serial 1) was scanned twice; now its UUID"
	[ "$(state 1)" = verified ]
}

control_characters_are_not_echoed() {
	a_line 1
	printf 'A\033[2J\007\n' >scans
	line 1
	says "not a printable ASCII character"
	line 1 --json
	cat out err | tr -d '\n\011\040-\176' | not grep -q .
}

a_uuid_that_does_not_come_in_time_is_refused() {
	a_line 1
	mkfifo pipe
	(
		serial 1
		wait_for 'did not come in time' err >late || cat late >&2
		uuid 1
	) >pipe &
	status 1 amtforge station run l.db A --map "$MAP" --base base.bin \
		--command './prog {image} x' --scan-seconds 1 <pipe
	wait $!
	says "serial $(serial 1): its UUID did not come in time"
	says "a UUID without a serial"
	[ "$(state 1)" = issued ]
}

events_are_objects() {
	a_line 2
	(
		both 1
		both 2
		echo "$(serial 1) $(uuid 1)"
		uuid 1
	) >scans
	line 1 --json
	jq -r '[.event, .result // .error.code // "-"] | join(" ")' out >events
	diff - events <<-'END'
		ready -
		scan -
		program -
		read -
		readback -
		unit pass
		scan -
		program -
		read -
		readback -
		unit pass
		scan -
		unit fail
		refused scan-malformed
		end -
	END
	event 'select(.result == "fail") | .serial == "'"$(serial 1)"'" and
		.error.code == "scan-repeated" and .error.rule != "" and
		.error.mend != "" and .done == 2 and .left == 0'
	event 'select(.event == "program" and .uuid == "'"$(uuid 1)"'") |
		.said == "written '"$(uuid 1)"'" and .seconds >= 0'
	event 'select(.event == "readback") | .same and .bytes == 4194304'
	event 'select(.event == "end") | .passed == 2 and .failed == 2'
}

without_a_read_back_a_unit_is_only_written() {
	a_line 1
	both 1 >scans
	station 0 --command './prog {image} x'
	in_out "^WRITTEN  $(serial 1)  *$(uuid 1)\$"
	in_out "^         not read back\$"
	in_out "^order A: 0 done, 1 left, of which 1 are written and not verified\$"
	[ "$(state 1)" = written ]
	# It may be done again.
	station 0 --command './prog {image} x'
	is_clean
}

boards_of_another_programmer_are_verified() {
	a_line 2
	amtforge image write l.db A --base base.bin --map "$MAP" --out images
	cp "images/$(uuid 1).bin" chip.bin
	both 1 >scans
	station 0 --read './back {readback}'
	[ "$(state 1)" = verified ]
	both 2 >scans
	station 1 --read './back {readback}'
	says "[station-readback]"
	[ "$(state 2)" = written ]
}

without_a_programmer_images_are_left() {
	a_line 2
	amtforge image write l.db A --base base.bin --map "$MAP" --out images
	both 1 >scans
	station 0
	in_out "^WRITTEN "
	in_out "^         left as l.db.images/$(uuid 1).bin\$"
	in_out "^order A: 2 done, 0 left: the whole order is done\$"
	cmp "l.db.images/$(uuid 1).bin" "images/$(uuid 1).bin"
	[ "$(stat -c %a l.db.images "l.db.images/$(uuid 1).bin" | tr '\n' ' ')" \
		= "700 600 " ]
	[ "$(ls l.db.images | wc -l)" = 1 ]
	chmod 644 "l.db.images/$(uuid 1).bin"
	station 0 # again: it is there already
	[ "$(stat -c %a "l.db.images/$(uuid 1).bin")" = 600 ]
	printf x >>"l.db.images/$(uuid 1).bin"
	station 1
	says "exists with other bytes (--force replaces it)"
	station 0 --force --out l.db.images
	cmp "l.db.images/$(uuid 1).bin" "images/$(uuid 1).bin"
}

images_are_left_where_others_may_not_write() {
	a_line 1
	both 1 >scans
	mkdir open
	chmod 777 open
	station 77 --out open
	says "open: other users may write there"
	[ -z "$(ls open)" ]
	chmod 755 open
	station 0 --out open
}

what_is_read_is_not_cleared_away() {
	a_line 1
	both 1 >scans
	mkdir -m 700 w
	cp base.bin w/station-image.bin
	status 2 amtforge station run l.db A --map "$MAP" --work w \
		--base w/station-image.bin --command './prog {image} x' <scans
	says "w/station-image.bin: is in the --work folder under a name"
	cmp base.bin w/station-image.bin
	cp "$MAP" w/station-layout.txt
	status 2 amtforge station run l.db A --map w/station-layout.txt \
		--work w --base base.bin --command './prog {image} x' <scans
	[ -e w/station-layout.txt ]
}

files_that_were_made_do_not_count_as_boards_that_are_done() {
	a_line 2
	amtforge image write l.db A --base base.bin --map "$MAP" --out images
	: >scans
	station 0 --command './prog {image} x'
	in_out "^order A: 0 done, 2 left, of which 2 are written and not ver"
	station 0 --read './back {readback}'
	in_out "^order A: 0 done, 2 left, of which 2 are written and not ver"
	station 0
	in_out "^order A: 2 done, 0 left: the whole order is done\$"
	# Nor do they take back what was verified.
	both 1 >scans
	line 0
	amtforge image write l.db A --base base.bin --map "$MAP" --out more
	[ "$(state 1)" = verified ]
}

the_trail_has_each_command_and_each_failure() {
	a_line 1
	both 1 >scans
	trail="select what, why from audit where what like 'station%'
		and object = '$(uuid 1)'"
	# The programmer ends the station behind its work.
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' 'kill -9 $PPID'
	station 137 --command './prog {image} x'
	[ "$(state 1)" = issued ]
	echo "station program|$PWD/prog" >want
	sqlite3 l.db "$trail" | diff want -
	# A failure that has no code: the mark does not go through.
	# shellcheck disable=SC2016
	tool prog 'cp "$1" chip.bin' "sqlite3 $PWD/l.db \"create trigger no
		before update of state on units begin
		select raise(abort, 'no marks today'); end\""
	station 1 --command './prog {image} x'
	in_out '^         \[error\]$\|  \[error\]$'
	cat >>want <<-END
		station program|$PWD/prog
		station fail|
	END
	sqlite3 l.db "$trail" | sed 's/^station fail|.*marks today.*/station fail|/' |
		diff want -
}

folders_that_a_programmer_leaves_are_cleared() {
	a_line 2
	both 1 >scans
	mkdir keep
	echo mine >keep/file
	# shellcheck disable=SC2016 # for the script
	tool prog 'mkdir -p "$1.d/a/b"' 'cp "$1" "$1.d/a/b/copy"' \
		'ln -s "$PWD/../keep" "$1.d/a/link"' \
		'ln -s '"$PWD/keep"' "$1.link"' 'cp "$1" chip.bin'
	line 0
	is_clean
	[ "$(cat keep/file)" = mine ]
	# Also those of a run that was killed.
	mkdir -p l.db.station/station-image.bin.d/x
	: >l.db.station/station-image.bin.d/x/y
	both 2 >scans
	line 0
	is_clean
}

a_folder_that_cannot_be_cleared_ends_the_run() {
	a_line 2
	(
		both 1
		both 2
	) >scans
	# Deeper than anything that a programmer has a reason for.
	# shellcheck disable=SC2016 # for the script
	tool prog 'd=$1.d; for i in $(seq 40); do d=$d/d; done' 'mkdir -p "$d"' \
		'cp "$1" chip.bin'
	line 74
	says "l.db.station: files of a unit, with its secrets, cannot be removed"
	says "remove station-* there by hand"
	[ "$(state 1)" = issued ]
	[ "$(state 2)" = issued ]
	in_out "1 failed"
	line 74
	says "remove station-* there by hand"
	rm -r l.db.station/station-*
	# shellcheck disable=SC2016
	tool prog 'cp "$1" chip.bin'
	line 0
}

nothing_is_programmed_that_nobody_sees() {
	a_line 1
	both 1 >scans
	for json in "" --json; do
		rc=0
		# shellcheck disable=SC2086 # none or one
		amtforge station run l.db A --map "$MAP" --base base.bin \
			--command './prog {image} x' $json <scans \
			>/dev/full 2>err || rc=$?
		[ $rc = 74 ]
		# With --json errors are objects there too.
		[ -n "$json" ] || says "standard output: No space left on device"
		[ "$(state 1)" = issued ]
		[ ! -e chip.bin ]
	done
}

deltas_are_left_or_programmed_if_asked() {
	a_line 2
	amtforge image write l.db A --base base.bin --map "$MAP" --out images
	amtforge image write l.db A --base base.bin --map "$MAP" --out deltas \
		--delta
	both 1 >scans
	station 0 --delta
	cmp "l.db.images/$(uuid 1).delta" "deltas/$(uuid 1).delta"
	[ "$(ls l.db.images | wc -l)" = 1 ]
	# A programmer that knows deltas.
	# shellcheck disable=SC2016 # for the script
	tool prog 'ls "$(dirname "$2")" >files' \
		"$BIN/amtforge"' image merge "$1" "$2" merged.bin' \
		'mv merged.bin chip.bin'
	both 2 >scans
	station 0 --command './prog {base} {delta}' --read './back {readback}'
	cmp chip.bin "images/$(uuid 2).bin"
	[ "$(state 2)" = verified ]
	printf 'lock\nstation-delta.bin\n' | cmp - files
	is_clean
}

a_command_that_fails_is_told_with_its_last_line() {
	a_line 2
	tool prog 'echo one' 'echo "no chip found" >&2' 'exit 3'
	both 1 >scans
	line 1
	says "prog ended with status 3: no chip found [station-command]"
	[ "$(state 1)" = issued ]
	is_clean
	[ "$(sqlite3 l.db "select why from audit where what = 'station fail'
		and object = '$(uuid 1)'")" = \
		"./prog ended with status 3: no chip found" ]
	# shellcheck disable=SC2016 # for the script
	tool prog 'kill -SEGV $$'
	line 1
	says "prog was ended by signal 11 (Segmentation fault)"
	# The next board is not held up.
	# shellcheck disable=SC2016
	tool prog 'case $2 in '"$(uuid 1)"') exit 1 ;; esac' 'cp "$1" chip.bin'
	both 2 >>scans
	line 1
	in_out '1 passed, 0 written and not read back, 1 failed'
	[ "$(state 2)" = verified ]
}

a_command_that_hangs_is_killed_with_what_it_started() {
	a_line 1
	# shellcheck disable=SC2016 # for the script
	tool prog 'sleep 60 & echo $! >pid' 'wait'
	both 1 >scans
	for seconds in 1 10; do # 1 may be over before its first word
		line 1 --seconds $seconds
		says "does not end within $seconds seconds and was killed"
		[ ! -s pid ] || break
	done
	until_true 90 not runs "$(cat pid)"
	is_clean
	# One that leaves something behind when it ends well.
	# shellcheck disable=SC2016
	tool prog 'sleep 60 & echo $! >pid' 'cp "$1" chip.bin'
	line 0
	until_true 90 not runs "$(cat pid)"
}

what_is_read_back_must_be_the_image() {
	a_line 1
	both 1 >scans
	# shellcheck disable=SC2016 # for the scripts
	tool back 'cp chip.bin "$1"' \
		'printf "\125" | dd of="$1" bs=1 seek=2097252 conv=notrunc'
	line 1
	says "offset 0x200064, region bios: what was read back differs"
	says "[station-readback]"
	[ "$(state 1)" = written ]
	# The base's bytes alone are what no unit changes.
	# shellcheck disable=SC2016
	tool back 'cp chip.bin "$1"' \
		'printf "\125" | dd of="$1" bs=1 seek=4194303 conv=notrunc'
	line 1 --json
	event 'select(.event == "readback") | .same == false and
		.error.code == "station-readback" and .error.offset == 4194303'
	# shellcheck disable=SC2016
	tool back 'head -c 4194303 chip.bin >"$1"'
	line 1
	says "4194303 bytes were read back, the image has 4194304"
	tool back 'exit 0'
	line 1
	says "the command left no file to compare"
	# shellcheck disable=SC2016
	tool back 'mkfifo "$1"'
	line 1
	says "the command left no file to compare"
	# shellcheck disable=SC2016
	tool back 'ln -s "$PWD/chip.bin" "$1"'
	line 1
	says "the command left no file to compare"
	[ "$(state 1)" = written ]
	is_clean
}

only_the_units_own_ranges_are_compared_if_asked() {
	a_line 2
	both 1 >scans
	# shellcheck disable=SC2016 # for the scripts
	tool back 'cp chip.bin "$1"' \
		'printf "\125" | dd of="$1" bs=1 seek=4194303 conv=notrunc'
	line 0 --changed-only
	[ "$(state 1)" = verified ]
	[ "$(sqlite3 l.db "select why from audit where what = 'unit verified'")" \
		= "station: read back, its own ranges are the same" ]
	# shellcheck disable=SC2016
	tool back 'cp base.bin "$1"'
	both 2 >scans
	line 1 --changed-only
	says "[station-readback]"
}

a_layout_spans_what_the_unit_has_of_its_own() {
	a_line 1
	both 1 >scans
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' 'cp "$2" layout' 'cmp "$3" base.bin'
	station 0 --command './prog {image} {layout} {base}' \
		--read './back {readback}'
	grep -qx '[0-9a-f]\{8\}:[0-9a-f]\{8\} unit' layout
	cmp -l base.bin chip.bin | awk '
		NR == 1 { first = $1 - 1 }
		{ last = $1 - 1 }
		END { printf "%08x:%08x unit\n", first, last }' | cmp - layout
}

the_image_is_gone_before_the_board_is_read() {
	a_line 1
	both 1 >scans
	# shellcheck disable=SC2016 # for the script
	tool back 'ls "$(dirname "$1")" >seen' 'cp chip.bin "$1"'
	line 0
	[ "$(cat seen)" = lock ]
}

a_command_sees_files_and_no_secret() {
	a_line 1
	both 1 >scans
	amtforge unit show l.db "$(uuid 1)" --reveal --json |
		jq -r '.pps, .mebx_password | select(.)' >../secrets.$$
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' 'tr "\0" "\n" </proc/$$/cmdline' \
		'env' 'stat -c %a "$1" "$(dirname "$1")"' 'ls /proc/$$/fd'
	line 0
	line 1 --json
	sqlite3 l.db 'select * from audit' >audit
	not grep -qF -f ../secrets.$$ out err audit
	rm ../secrets.$$
}

commands_are_words_and_no_shell() {
	a_line 1
	both 1 >scans
	# shellcheck disable=SC2016 # for the script
	tool prog 'i=0' 'for a; do echo "<$a>"; done >args' 'cp "$1" chip.bin'
	station 0 --command "./prog {image} 'a b' \"c\\\"d\" e\\ f x={serial},{{}} '' \$HOME * "
	sed 1d args >rest
	# shellcheck disable=SC2016 # as it is
	printf '<%s>\n' 'a b' 'c"d' 'e f' "x=$(serial 1),{}" '' '$HOME' '*' |
		diff - rest
}

options_that_make_no_sense_are_refused() {
	a_line 1
	: >scans
	station 2 --command './prog {image} {readback}'
	says "{readback} is for --read"
	station 2 --command './prog x'
	says "--command has neither {image} nor {delta}"
	station 2 --command './prog {image} {x}'
	says "behind a { one of image, delta"
	station 2 --command "./prog '{image}"
	says "a quotation without an end"
	station 2 --command './prog {image} > log'
	says "no shell reads this"
	station 2 --command '{image}'
	says "braces in the program's name"
	station 2 --command ' '
	says "--command: no command"
	station 66 --command './absent {image}'
	says "./absent"
	station 66 --command 'no-such-programmer {image}'
	says "no program no-such-programmer in PATH"
	station 66 --command './base.bin {image}'
	says "is no program"
	station 2 --command './prog {image}' --read './back x'
	says "--read has no {readback}"
	station 2 --command './prog {image}' --read './back {readback} {image}'
	says "are gone when the board is read back"
	station 2 --command './prog {image}' --out x
	says "--out is where images are left"
	station 2 --command './prog {image}' --changed-only
	says "--changed-only"
	station 2 --command './prog {image}' --force
	station 2 --command './prog {image}' --seconds 0
	station 2 --uuid-order odd
	status 2 amtforge station run l.db A --map "$MAP"
	says "--base is needed"
	status 65 amtforge station run l.db X --map "$MAP" --base base.bin
	status 65 amtforge station run l.db A --map "$MAP" --base rows
	not ls l.db.images
}

# Does the process run? What is dead and not reaped does not.
runs() {
	[ -e "/proc/$1/status" ] && not grep -q '^State:.*Z' "/proc/$1/status"
}

# Until the file $1 is there.
await() {
	until_true 90 [ -e "$1" ]
}

a_station_that_is_killed_goes_on_where_it_was() {
	a_line 2
	(
		both 1
		both 2
	) >scans
	# The programmer of board 2 waits for us, once.
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' \
		'[ "$2" = '"$(uuid 1)"' ] || [ -e go ] || {' \
		'echo $$ >pid; mv pid at; while [ ! -e go ]; do sleep 0.1; done; }'
	amtforge station run l.db A --map "$MAP" --base base.bin --command \
		'./prog {image} {uuid}' --read './back {readback}' <scans \
		>first 2>&1 &
	pid=$!
	await at
	[ -e l.db.station/station-image.bin ]
	kill -9 $pid
	wait $pid || :
	[ "$(state 1)" = verified ]
	[ "$(state 2)" = issued ]
	# Its programmer goes on, and holds the clip.
	line 75
	says "another station works here, or the programmer of one that"
	[ -e l.db.station/station-image.bin ]
	: >go
	until_true 90 not runs "$(cat at)"
	# What it left is cleared at the start, before any scan.
	mv scans later
	: >scans
	line 0
	is_clean
	cp later scans
	line 1
	says "[scan-repeated]"
	[ "$(state 2)" = verified ]
	is_clean
}

an_interrupt_waits_for_the_board_and_a_second_one_does_not() {
	a_line 2
	(
		both 1
		both 2
	) >scans
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' ': >at' \
		'while [ ! -e go ]; do sleep 0.1; done'
	amtforge station run l.db A --map "$MAP" --base base.bin --command \
		'./prog {image} {uuid}' --read './back {readback}' <scans \
		>out 2>err &
	pid=$!
	await at
	kill -INT $pid
	wait_for 'the run ends behind this board' err
	: >go
	wait $pid
	says "the run ends behind this board"
	in_out "1 passed, 0 written and not read back, 0 failed"
	[ "$(state 1)" = verified ]
	[ "$(state 2)" = issued ]
	rm at go
	both 2 >scans
	amtforge station run l.db A --map "$MAP" --base base.bin --command \
		'./prog {image} {uuid}' --read './back {readback}' <scans \
		>out 2>err &
	pid=$!
	await at
	kill -TERM $pid
	wait_for 'the run ends behind this board' err
	kill -TERM $pid
	set +e
	wait $pid
	rc=$?
	set -e
	[ $rc = 1 ]
	says "prog was stopped"
	[ "$(state 2)" = issued ]
	is_clean
}

one_station_works_in_a_folder_and_many_on_a_ledger() {
	a_line 2
	mkfifo hold
	amtforge station run l.db A --map "$MAP" --base base.bin --command \
		'./prog {image} x' --read './back {readback}' <hold >first 2>&1 &
	pid=$!
	exec 3>hold
	await l.db.station/lock
	until_true 90 [ -s first ]
	both 1 >scans
	line 75
	says "l.db.station: another station works here"
	line 0 --work second
	both 2 >&3
	exec 3>&-
	wait $pid
	[ "$(state 1)" = verified ]
	[ "$(state 2)" = verified ]
}

two_stations_do_not_do_one_unit() {
	a_line 1
	both 1 >scans
	# While the first programs, a second one does the whole of it.
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' '[ -e at ] && exit 0' ': >at' \
		'while [ ! -e go ]; do sleep 0.1; done'
	amtforge station run l.db A --map "$MAP" --base base.bin --command \
		'./prog {image} {uuid}' --read './back {readback}' <scans \
		>first 2>&1 &
	pid=$!
	await at
	line 0 --work second
	: >go
	set +e
	wait $pid
	rc=$?
	set -e
	[ $rc = 1 ]
	grep -q 'it was issued and has become verified meanwhile' first
	[ "$(state 1)" = verified ]
}

secrets_that_change_meanwhile_are_not_lost() {
	a_line 1
	both 1 >scans
	# A key gives its password to units that are not written yet.
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' \
		"sqlite3 $PWD/l.db \"update units set pid = 'AAAA-BBB'\""
	line 1
	says "its credentials in the ledger have changed meanwhile"
	[ "$(state 1)" = issued ]
}

the_folder_is_the_users_own() {
	a_line 1
	both 1 >scans
	mkdir open
	chmod 755 open
	line 77 --work open
	says "other users may enter it"
	chmod 700 open
	echo keep >open/mine
	echo keep >open/station-plan.txt
	echo secret >open/station-image.bin.abcdef
	line 0 --work open
	[ "$(ls open | tr '\n' ' ')" = "lock mine station-plan.txt " ]
	ln -s open link
	line 73 --work link
	line 73 --work base.bin
	says "not a folder"
}

a_file_that_cannot_be_written_fails_the_board_and_no_more() {
	a_line 2
	(
		both 1
		both 2
	) >scans
	(
		trap '' XFSZ
		ulimit -f 4096 # half of the image
		line 1
	)
	says "File too large"
	in_out "0 passed, 0 written and not read back, 2 failed"
	[ "$(state 1)" = issued ]
	is_clean
	line 0
}

a_full_disk_fails_the_board_and_no_more() {
	a_line 2
	both 1 >scans
	mkdir small
	mount -t tmpfs -o size=2M,mode=700 none small
	set +e
	(
		set -e
		line 1 --work small
		grep -q 'No space left' err
		[ "$(state 1)" = issued ]
		[ "$(ls small)" = lock ]
	)
	rc=$?
	umount small
	return $rc
}

a_ledger_that_is_locked_fails_the_board_only() {
	a_line 1
	both 1 >scans
	mkfifo go
	(
		echo ".timeout 60000" # the look below locks it, too
		echo "begin immediate;"
		read -r _ <go || :
	) | sqlite3 l.db &
	until_true 90 not sqlite3 l.db "begin immediate" 2>/dev/null
	line 1
	says locked
	in_out "^FAIL "
	[ "$(state 1)" = issued ]
	: >go
	wait $!
	line 0
}

# on_screen N WORDS: until N lines of the terminal ./typed have them.
on_screen() {
	lines_come 90 "$@" typed && return 0
	cat typed >&2
	return 1
}

# type_scans: ./scans, when they are asked for; and stays until more are.
type_scans() {
	on_screen 1 'scan the serial' && cat scans &&
		on_screen 2 'scan the serial'
}

colour_is_for_terminals() {
	a_line 2
	both 1 >scans
	TERM=xterm line 0
	not grep -q "$(printf '\033')" out err
	both 2 >scans
	: >typed
	type_scans | TERM=xterm script -qec "amtforge station run l.db A \
		--map $MAP --base base.bin --command './prog {image} x' \
		--read './back {readback}'" /dev/null >typed
	grep -q "$(printf '\033')\[30;42m" typed
	grep -q "PASS     $(serial 2)" typed
	amtforge unit mark l.db "$(uuid 2)" written --why again
	: >typed
	type_scans | NO_COLOR=1 TERM=xterm script -qec "amtforge station run \
		l.db A --map $MAP --base base.bin --command './prog {image} x' \
		--read './back {readback}'" /dev/null >typed
	not grep -q "$(printf '\033')\[[0-9;]*m" typed
	grep -q '^  ########' typed
	grep -q "PASS     $(serial 2)" typed
}

what_is_scanned_while_a_board_is_at_work_is_dropped() {
	a_line 2
	# shellcheck disable=SC2016 # for the script
	tool prog 'cp "$1" chip.bin' ': >at' \
		'while [ ! -e go ]; do sleep 0.1; done'
	: >typed
	(
		on_screen 1 'scan the serial'
		both 1
		await at
		both 2
		on_screen 1 "$(uuid 2)" # the terminal has it
		: >go
		on_screen 1 'is dropped'
		on_screen 2 'scan the serial'
	) | script -qec "amtforge station run l.db A --map $MAP \
		--base base.bin --command './prog {image} x' \
		--read './back {readback}'" /dev/null >typed
	grep -q 'what was scanned while the board was at work is dropped' typed
	[ "$(state 1)" = verified ]
	[ "$(state 2)" = issued ]
}

can_mount() {
	mkdir -p "$TEST_DIR/mnt" &&
		mount -t tmpfs none "$TEST_DIR/mnt" 2>/dev/null &&
		umount "$TEST_DIR/mnt"
}

make_lines >"$TEST_DIR/made.log" 2>&1 || cat "$TEST_DIR/made.log"
# Beside the others, for it waits twice until the ledger's patience is over.
t a_ledger_that_is_locked_fails_the_board_only >"$TEST_DIR/locked.tap" &
locked=$!
t boards_are_programmed_read_back_and_verified
t the_last_line_needs_no_end
t our_own_label_is_a_scan
t wrong_scans_are_refused_each_with_its_reason
t a_serial_that_the_trigger_sends_twice_is_told
t control_characters_are_not_echoed
t a_uuid_that_does_not_come_in_time_is_refused
t events_are_objects
t without_a_read_back_a_unit_is_only_written
t boards_of_another_programmer_are_verified
t without_a_programmer_images_are_left
t images_are_left_where_others_may_not_write
t what_is_read_is_not_cleared_away
t files_that_were_made_do_not_count_as_boards_that_are_done
t the_trail_has_each_command_and_each_failure
t folders_that_a_programmer_leaves_are_cleared
t a_folder_that_cannot_be_cleared_ends_the_run
t nothing_is_programmed_that_nobody_sees
t deltas_are_left_or_programmed_if_asked
t a_command_that_fails_is_told_with_its_last_line
t a_command_that_hangs_is_killed_with_what_it_started
t what_is_read_back_must_be_the_image
t only_the_units_own_ranges_are_compared_if_asked
t a_layout_spans_what_the_unit_has_of_its_own
t the_image_is_gone_before_the_board_is_read
t a_command_sees_files_and_no_secret
t commands_are_words_and_no_shell
t options_that_make_no_sense_are_refused
t a_station_that_is_killed_goes_on_where_it_was
t an_interrupt_waits_for_the_board_and_a_second_one_does_not
t one_station_works_in_a_folder_and_many_on_a_ledger
t two_stations_do_not_do_one_unit
t secrets_that_change_meanwhile_are_not_lost
t the_folder_is_the_users_own
t a_file_that_cannot_be_written_fails_the_board_and_no_more
if can_mount; then
	t a_full_disk_fails_the_board_and_no_more
else
	skip a_full_disk_fails_the_board_and_no_more "may not mount a small file system"
fi
t colour_is_for_terminals
t what_is_scanned_while_a_board_is_at_work_is_dropped
wait $locked
cat "$TEST_DIR/locked.tap"
ran=$((ran + 1))
grep -q '^ok' "$TEST_DIR/locked.tap" || fails=$((fails + 1))
done_testing

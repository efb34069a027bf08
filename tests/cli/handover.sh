#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command that is given each machine after its set-up.
# shellcheck disable=SC2016,SC1010 # the command's own words; a state
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# handed N COMMAND [LINE...]: N machines are set up, and COMMAND is their
# hand-over.
handed() {
	batch psk "$1"
	shift
	command=$1
	shift
	serve "hand_over = \"$command\";" "$@"
	plug_fleet
}

end() {
	kill "$fleet"
	wait "$fleet" || :
	stop_server
}

# column NAME: of every unit.
column() {
	sqlite3 state/store.db "select $1 from units order by n"
}

each_machine_is_handed_over_once_and_by_name() {
	handed 3 'env >$PWD/env.$1; echo \"$@\" >>$PWD/got; cat >>$PWD/stdin'
	while read -r u; do
		wait_for "^$u  127\.80\.0\.[0-9]* O-00000[1-3]" got
		grep -q "^AMTFORGE_UUID=$u$" "env.$u"
		grep -q '^AMTFORGE_ADDRESS=127\.80\.0\.' "env.$u"
		grep -q '^AMTFORGE_SERIAL=O-00000' "env.$u"
		wait_for "$u.*handed over" events
		amtforge-server explain state "$u" | grep -q 'handed over'
	done <uuids
	sleep 1
	[ "$(wc -l <got)" -eq 3 ]
	[ ! -s stdin ]
	[ "$(column handed | sort -u)" = done ]
	# no secret of a machine in what it was told
	u=$(head -n 1 uuids)
	not grep -qF "$(amtforge-server show state "$u" --reveal --json |
		field admin_password)" env.* got
	end
}

a_command_that_fails_is_tried_again_and_then_an_alarm() {
	handed 1 'echo x >>$PWD/tries; echo no space left >&2; exit 3' \
		'hand_over_tries = 2;'
	u=$(cat uuids)
	wait_for hand-over-failed events
	[ "$(wc -l <tries)" -eq 2 ]
	grep -q 'status 3: no space left' events
	amtforge-server --json alarms state "$u" |
		grep -q '"reason":"hand-over-failed"'
	amtforge-server --json list state | grep -q '"state":"provisioned"'
	# mended, and asked for by hand
	status 69 amtforge-server --json setup state "$u" --hand-over
	grep -q '"code":"hand-over-failed"' out err
	kill -KILL "$server"
	wait "$server" || :
	serve 'hand_over = "true";'
	status 0 amtforge-server setup state "$u" --hand-over
	[ "$(column handed)" = done ]
	end
}

a_command_may_use_signals() {
	handed 1 'sleep 30 & p=$!; kill $p; wait $p; echo $? >$PWD/ended'
	wait_for 143 ended
	end
}

# children PID: its processes.
children() {
	cat "/proc/$1/task/$1/children"
}

# Two processes; either is started again by the other one.
a_process_for_commands_that_is_killed_has_a_successor() {
	handed 1 'echo $1 >>$PWD/got'
	u=$(cat uuids)
	wait_for 'handed over' events
	keeper=$(children "$server" | tr -d ' ')
	for kill in taker keeper; do
		case $kill in
		taker) kill -KILL "$(children "$keeper" | tr -d ' ')" ;;
		keeper) kill -KILL "$keeper" ;;
		esac
		amtforge-server setup state "$u" --hand-over --timeout 60
	done
	[ "$(wc -l <got)" -eq 3 ]
	end
}

# Set-ups go on without the processes that run commands; who waits is told.
the_end_of_its_process_is_no_end_of_the_server() {
	handed 1 'exit 0'
	wait_for 'handed over' events
	kill -s KILL -- "-$(children "$server" | tr -d ' ')" # their group
	status 69 amtforge-server --json setup state "$(cat uuids)" --hand-over
	grep -q '"code":"hand-over-failed"' out err
	kill -0 "$server"
	end
}

# Its second is tried again where it did not come to its first word.
a_command_that_hangs_is_killed() {
	handed 1 'sleep 77 & echo $! >$PWD/pid; sleep 77' \
		'hand_over_tries = 1; hand_over_seconds = 1;'
	wait_for hand-over-failed events
	until [ -s pid ]; do
		status 69 amtforge-server setup state "$(cat uuids)" --hand-over
	done
	# gone, or left for its new parent to reap
	until_true 90 is_gone "$(cat pid)"
	end
}

# Killed between the set-up and the end of the command: not forgotten.
a_killed_server_hands_over_after_its_start() {
	handed 1 'echo $1 >>$PWD/begun; sleep 77'
	u=$(cat uuids)
	wait_for "$u" begun
	kill -KILL "$server"
	wait "$server" || :
	[ "$(column handed)" = due ]
	serve 'hand_over = "echo $1 >>$PWD/ended";'
	wait_for "$u" ended
	wait_for 'handed over' events
	[ "$(column handed)" = done ]
	kill -KILL "$server"
	wait "$server" || :
	serve 'hand_over = "echo $1 >>$PWD/ended";'
	sleep 1
	[ "$(wc -l <ended)" -eq 1 ]
	end
}

no_more_run_at_a_time_than_are_allowed() {
	handed 4 'echo $(ls $PWD/r.* 2>/dev/null | wc -l) >>$PWD/many;
 : >$PWD/r.$1; sleep 0.4; rm $PWD/r.$1' 'hand_over_at_a_time = 2;'
	lines_come 90 4 'handed over' events
	[ "$(column handed | grep -c done)" -eq 4 ]
	[ "$(sort -n many | tail -n 1)" -le 1 ]
	end
}

# shows REQUEST: show tells that it has begun, or (waits) that it waits.
shows() {
	amtforge-server show state "$u" | grep -q "^request  *$1"
}

# Of two for one machine the second waits for the first, and can be cancelled.
a_hand_over_behind_another_waits() {
	handed 2 'echo $1 >>$PWD/runs; while [ -e $PWD/hold.$1 ]; do sleep 0.1; done'
	lines_come 90 2 'handed over' events
	u=$(head -n 1 uuids) other=$(tail -n 1 uuids)
	: >"hold.$u"
	amtforge-server setup state "$u" --hand-over >first &
	first=$!
	until_true 90 shows '1, hand-over, .*, has begun'
	amtforge-server setup state "$u" --hand-over >second 2>&1 &
	second=$!
	until_true 90 shows '2, hand-over'
	# The server has looked at it when it has done a later one.
	amtforge-server setup state "$other" --hand-over
	shows '2, hand-over, .*, waits'
	amtforge-server setup state "$u" --cancel
	rc=0
	wait "$second" || rc=$?
	[ "$rc" = 75 ]
	rm "hold.$u"
	wait "$first"
	[ "$(grep -c "$u" runs)" -eq 2 ]
	end
}

# Whoever cancels it has the store while the server reads of it.
a_hand_over_that_is_cancelled_meanwhile_is_not_begun() {
	handed 1 'echo x >>$PWD/runs'
	wait_for 'handed over' events
	u=$(cat uuids)
	kill -s STOP "$server"
	amtforge-server setup state "$u" --hand-over >asked 2>&1 &
	asked=$!
	until_true 90 shows '1, hand-over, .*, waits'
	mkfifo sql
	sqlite3 state/store.db <sql >told &
	exec 9>sql
	echo "BEGIN IMMEDIATE; UPDATE requests SET ended = 'now',
		state = 'cancelled', code = 75; SELECT 'held';" >&9
	wait_for held told
	kill -s CONT "$server"
	sleep 1
	echo 'COMMIT;' >&9
	exec 9>&-
	rc=0
	wait "$asked" || rc=$?
	[ "$rc" = 75 ]
	# A later one is carried out, and by then that one would be, too.
	amtforge-server setup state "$u" --hand-over
	[ "$(wc -l <runs)" -eq 2 ]
	end
}

if [ -e $VARS ]; then
	t each_machine_is_handed_over_once_and_by_name
	t a_command_that_fails_is_tried_again_and_then_an_alarm
	t a_command_may_use_signals
	t the_end_of_its_process_is_no_end_of_the_server
	t a_process_for_commands_that_is_killed_has_a_successor
	t a_command_that_hangs_is_killed
	t a_killed_server_hands_over_after_its_start
	t no_more_run_at_a_time_than_are_allowed
	t a_hand_over_behind_another_waits
	t a_hand_over_that_is_cancelled_meanwhile_is_not_begun
else
	skip machines_are_handed_over "no $VARS (package ovmf)"
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-device mebx: a technician types what a worksheet says, and the
# machine starts with it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

OVMF=/usr/share/ovmf/OVMF.fd
U=11111111-2222-4333-8444-555555555555
NEW='Str0ng!Pass'
PID=0000-037M
PPS=NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ

# type LINE...: into the screen of the board in ./machine; ./out has it.
type_in() {
	printf '%s\n' "$@" >typed
	set +e
	# shellcheck disable=SC2086 # options
	amtforge-device mebx --state machine ${options:-} <typed >out 2>err
	rc=$?
	set -e
}

# board: one whose image holds no record.
board() {
	amtforge image new base.bin --size 4M --bios $OVMF
	options="--image base.bin --uuid $U"
}

# done_with STATUS
done_with() {
	[ "$rc" = "$1" ] && return 0
	echo "status $rc, wanted $1"
	cat out err
	return 1
}

# shows WORDS: the screen did.
shows() {
	grep -qF -- "$1" out && return 0
	echo "the screen lacks '$1':"
	cat out err
	return 1
}

# boot: until the machine has started; its events in ./events.
boot() {
	: >events
	amtforge-device boot --image base.bin --state machine --port 0 \
		--server 127.0.0.1:9 --json >events 2>log &
	device=$!
	wait_for '"event":"\(started\|silent\)"' events || return 1
}

end() {
	kill "$device"
	wait "$device" || :
}

# The page's values, as pdftotext reads them: what a technician has in hand.
# Words may be broken, so the values are looked for.
worksheet() {
	amtforge worksheet line.db O --out sheet.pdf
	pdftotext -raw sheet.pdf sheet.txt
	tr -d ' \n' <sheet.txt >sheet.words
}

a_machine_is_set_up_by_what_its_worksheet_says() {
	batch psk 1
	uuid=$(cat uuids)
	worksheet
	pid=$(field pid <units | sed 's/..../&-/')
	pps=$(reveal "$uuid" pps | sed 's/..../&-/g; s/-$//')
	mebx=$(reveal "$uuid" mebx_password)
	for value in "$uuid" "$pid" "$pps" "$mebx"; do
		grep -qF -- "$value" sheet.words
	done
	serve 'tls_certificate = false;'
	amtforge image new base.bin --size 4M --bios $OVMF
	options="--image base.bin --uuid $uuid"
	type_in admin "$mebx" "$mebx" manageability amt mode enterprise \
		server '' 127.0.0.1 "$port" psk "$pid" "$pps" save
	done_with 0
	not grep -qF -e "$pps" -e "$(echo "$pps" | tr -d -)" -e "$mebx" out err
	[ "$(stat -c %a machine machine/state | tr '\n' ' ')" = "700 600 " ]
	status 0 timeout 200 amtforge-device boot --image base.bin \
		--state machine --listen 127.0.0.1 --port "$device_port" \
		--exit-when-provisioned
	reach_state "$uuid" provisioned
	stop_server
	# From now on the server's password opens the screen.
	options=
	type_in "$mebx" admin nothing
	done_with 77
	says mebx-password
	server_s=$(amtforge-server show state "$uuid" --reveal --json |
		field mebx_password)
	type_in "$server_s" psk none mode smb quit
	done_with 1
	shows 'unprovision    Un-provision             set up'
	shows 'mebx-state: this machine is set up: un-provision it first'
	type_in "$server_s" unprovision full
	done_with 0
	shows unprovisioned
	options="--uuid $uuid --image base.bin"
	type_in admin "$NEW" "$NEW" quit
	done_with 0
	shows 'psk            Shared key (TLS PSK)     none'
}

one_touch_values_of_the_paper_are_typed() {
	board
	type_in admin "$NEW" "$NEW" server amt.example.com '' '' \
		remote on example.com Otp-12345 hashes add \
		05fd43e8-1420ca19-1eb85cec-916527b7-f1192bef 'a root' back save
	done_with 0
	shows 'mebx>'
	not grep -q Otp-12345 out
	xxd -r -p <machine/state >/dev/null
	options=
	type_in "$NEW" quit
	shows 'server         Provisioning server      amt.example.com'
	shows 'on, DNS suffix example.com, one-time password set'
	shows '1 of 1 in use'
	boot
	grep '"words":"talks, PKI"' events
	end
	type_in "$NEW" server none '' '' remote on none none quit
	done_with 0
	type_in "$NEW" quit
	shows 'one-time password set' # nothing of that was saved
}

the_factory_password_opens_nothing_but_the_way_to_a_new_one() {
	board
	type_in admin psk $PID $PPS save
	done_with 66
	says 'the input ended'
	type_in admin short short "$NEW" other "$NEW" "$NEW" save
	done_with 1
	shows 'password-unsound: a password has 8 to 32 characters'
	shows 'password-unsound: the two are not the same'
	shows saved
	options=
	type_in wrong wrong wrong "$NEW" quit
	done_with 77
	says 'nobody has logged in'
	type_in wrong "$NEW" quit
	done_with 0
}

what_is_mistyped_is_told_and_not_taken() {
	board
	type_in admin "$NEW" "$NEW" psk $PID \
		NKLD-G5DX-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ \
		psk 0000-037X $PPS server '' 300.1.2.3 99999 \
		remote on '' short hashes add 1234 x 'only 3' dance back \
		fly quit
	done_with 1
	shows 'pps-malformed: PPS: '
	shows 'pid-malformed: PID: '
	shows 'password-unsound: a one-time password has 8 to 32'
	shows 'mebx-value: a hash has 40, 64 or 96'
	shows 'mebx-value: there is no hash with that number'
	shows 'there is no such choice'
	not grep -q 'G5DX' out err
	shows 'mebx-value: an address has four numbers'
	shows 'mebx-value: a port is a number from 1 to 65535'
}

generations_take_what_is_theirs() {
	board
	sha256=b567c0cbb2e85c295e6ade930e5bb349a4b9bee9489caa7d6b679dd46e82a711
	sha1=05fd43e81420ca191eb85cec916527b7f1192bef
	options="$options --amt 11.8"
	type_in admin "$NEW" "$NEW" psk $PID $PPS hashes add $sha256 a back quit
	done_with 1
	shows 'AMT of this version knows no pre-shared keys'
	shows "sha256 $sha256"
	rm -r machine
	options="--image base.bin --uuid $U --amt 14.0"
	type_in admin "$NEW" "$NEW" hashes add $sha256 a add $sha1 b back quit
	shows 'no SHA-256 hash from AMT 14 on'
	shows "1  b "
	rm -r machine
	options="--image base.bin --uuid $U --amt 16.0"
	type_in admin "$NEW" "$NEW" hashes add $sha1 b back quit
	shows 'no hash from AMT 16 on'
}

a_small_business_sets_its_machine_up_by_hand() {
	board
	type_in admin "$NEW" "$NEW" mode smb activate no activate yes
	done_with 0
	shows activated
	boot
	grep '"words":"provisioned before"' events
	end
	options=
	type_in "$NEW" password 'Other!Pass2' 'Other!Pass2' save
	done_with 0
	type_in "$NEW" 'Other!Pass2' unprovision partial
	done_with 0
	shows 'unprovisioned in part'
	boot
	grep '"words":"SMB mode: set up by hand"' events
	end
}

a_machine_that_runs_keeps_its_screen_shut() {
	board
	type_in admin "$NEW" "$NEW" psk $PID $PPS save
	done_with 0
	boot
	options=
	type_in "$NEW" quit
	done_with 75
	says state-busy
	status 75 amtforge-device boot --image base.bin --state machine \
		--port 0 --server 127.0.0.1:9
	says state-busy
	end
	type_in "$NEW" quit
	done_with 0
}

a_fleet_s_machines_have_their_screens_shut_too() {
	batch psk 2
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	amtforge-device fleet images --state machines --port 0 \
		--server 127.0.0.1:9 --json >events 2>log &
	device=$!
	wait_for '"event":"started"' events
	u=$(head -n 1 uuids)
	status 75 amtforge-device mebx --state "machines/$u" \
		--image "images/$u.bin" </dev/null
	says state-busy
	end
	reveal "$u" mebx_password >typed
	echo quit >>typed
	status 0 amtforge-device mebx --state "machines/$u" \
		--image "images/$u.bin" <typed
	grep "$u  O-000001" out
}

# asked N PROMPT WORDS: are typed when the screen asks so for the Nth time; what
# is typed before is shown by the terminal.
asked() {
	lines_come 90 "$1" "$2" screen
	echo "$3"
}

a_terminal_gets_a_screen_and_no_password() {
	command -v script >/dev/null
	board
	: >screen
	# shellcheck disable=SC2094 # it is read while it is written
	# Dashes come by themselves, and the third group is wrong at first.
	{
		asked 1 '^MEBx password: ' admin
		asked 1 '^New MEBx password: ' "$NEW"
		asked 1 '^Once more: ' "$NEW"
		asked 1 '^mebx> ' psk
		asked 1 '^PID: ' 0000037m
		asked 1 '^PPS: ' nkldg5dcRRNXrrnqe9yzzijl7lflvjed69xj
		asked 2 '^mebx> ' save
		lines_come 90 1 '^saved' screen
	} | script -qec "amtforge-device mebx --state machine $options" \
		/dev/null >screen
	not grep -qF "$NEW" screen
	not grep -qF RRNQ-E9YZ screen
	grep -q '\*\*\*\*' screen
	grep saved screen
	options=
	type_in "$NEW" quit
	shows 'PID 0000-037M'
}

programs_read_the_end_and_each_refusal() {
	board
	options="$options --json"
	type_in admin "$NEW" "$NEW" psk $PID $PPS server '' '' 99999 save
	done_with 1
	[ "$(wc -l <out)" = 2 ]
	head -n 1 out | jq -e '.error.rule != "" and .error.reason != ""' ||
		head -n 1 out
	tail -n 1 out | jq -e '.end == "saved" and .pid == "0000037M"'
	not grep -q "$(echo $PPS | tr -d -)" out err
}

which_machine_it_is_must_be_known() {
	status 2 amtforge-device mebx --state machine </dev/null
	says 'which machine is this?'
	[ ! -e machine ]
	board
	status 65 amtforge-device mebx --state machine --image base.bin \
		</dev/null
	says image-no-record
}

if [ ! -e $OVMF ]; then
	skip a_technician_types_into_the_set_up_screen "no OVMF"
	done_testing
	exit
fi
t a_machine_is_set_up_by_what_its_worksheet_says
t one_touch_values_of_the_paper_are_typed
t the_factory_password_opens_nothing_but_the_way_to_a_new_one
t what_is_mistyped_is_told_and_not_taken
t generations_take_what_is_theirs
t a_small_business_sets_its_machine_up_by_hand
t a_machine_that_runs_keeps_its_screen_shut
t a_fleet_s_machines_have_their_screens_shut_too
t a_terminal_gets_a_screen_and_no_password
t programs_read_the_end_and_each_refusal
t which_machine_it_is_must_be_known
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-agent against a software device's host interface, and the messages
# of the interface as bytes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$(dirname "$0")/../pki.sh"

OVMF=/usr/share/OVMF/OVMF_VARS.fd
FAKE=$AMTFORGE_BUILD/fakes/mei
OTP='Otp!12345-canary'
AMT=2800f812b7b42d4baca846e0ff65814c
WD=6f9ab70528467f4d899da91514cb32ab
IOCTL_OUT=0010000001000000

# device LINE...: ./unit.bin of a PKI profile that listens, with these lines
# in place of its own, with its ledger.
device() {
	once "agent-$(echo "$*" | cksum | tr ' ' -)" new_device "$@"
	uuid=$(cat uuid)
}

new_device() {
	cp "$ROOT/configs/demo-root.pem" .
	{
		printf '%s\n' 'customer = "c"; credential = "pki";' \
			'hashes = ( { file = "demo-root.pem"; } );' "$@"
		for line in 'amt = "6.0";' 'start = "listen";'; do
			case "$*" in *"${line%% *} ="*) ;; *) echo "$line" ;; esac
		done
	} >p.cfg
	make_unit
}

make_unit() {
	amtforge ledger init L
	amtforge order open L p.cfg --id O
	amtforge unit issue L O --count 1 --json >units
	sed 's/.*"uuid":"\([^"]*\)".*/\1/' units >uuid
	uuid=$(cat uuid)
	amtforge image new base.bin --size 1M --bios $OVMF
	amtforge image write L O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	mv images/*.bin unit.bin
	rmdir images
}

# boot [OPTION...]: its hellos go to a port that nobody holds.
boot() {
	: >events
	amtforge-device boot --image unit.bin --state machine \
		--listen 127.0.0.1 --port 0 --server 127.0.0.1:9 --mei mei \
		--json "$@" >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"\(started\|silent\)"' events
}

reboot() {
	kill "$device"
	wait "$device" || :
	boot
}

say() {
	"$ROOT/tests/meisay.pl" mei "$@" >said
	cat said
}

# said HEX...: each answer was that.
said() {
	printf '%s\n' "$@" | diff - said
}

agent() {
	amtforge-agent --mei mei "$@"
}

activate() {
	echo "$OTP" | agent activate --otp-file - "$@"
}

no_otp_here() {
	! grep -rlF -e "$OTP" out err log events || return 1
}

the_published_messages_pass_as_bytes() {
	device
	boot
	raw=$(echo "$uuid" | tr -d - | sed \
		's/\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)/\4\3\2\1\6\5\8\7/')
	[ "$(stat -c '%a %F' mei)" = '600 socket' ]
	# UUID; an OTP; the suffix; start, whose certificate is being made.
	say '01010000 5c000004 00000000' \
		'01010000 2a000004 0b000000 0900 4f7470213132333435' \
		'01010000 2f000004 0e000000 0c00 6578616d706c652e636f6d00' \
		'01010000 29000004 00000000'
	said "010100005c0080041400000000000000$raw" \
		010100002a0080040400000000000000 \
		010100002f0080040400000000000000 \
		01010000290080040400000031000000
	wait_for '"started"' events
	say '01010000 11000004 00000000'
	said 0101000011008004080000000000000001000000
	grep '^otp Otp!12345$' machine/state
	grep '^suffix example.com$' machine/state
	# An OTP while the period runs, and a second start.
	say '01010000 2a000004 0b000000 0900 4f7470213132333435' \
		'01010000 62000004 04000000 00000000' \
		'01010000 5e000004 00000000' '01010000 5e000004 00000000'
	said 010100002a0080040400000020000000 \
		01010000620080040400000000000000 \
		010100005e0080040400000000000000 \
		010100005e0080040400000003000000
}

what_is_no_message_is_answered_as_the_layout_wants() {
	device
	boot
	# An account reply has 68 bytes of body; its request's are zeroes.
	say "01010000 67000004 28000000 $(printf '%080d' 0)"
	[ "$(wc -c <said)" = $((2 * 84 + 1)) ]
	grep '^010100006700800448000000000000002424' said
	grep '0000$' said
	# A body too short, a length that lies, an unknown command, an
	# unknown handle.
	say '01010000 2d000004 02000000 0000' \
		'01010000 2a000004 0b000000 0a00 4f7470213132333435' \
		'01010000 ff000004 00000000' \
		'01010000 2d000004 04000000 00ff0000'
	said 010100002d0080040400000004000000 \
		010100002a0080040400000004000000 \
		01010000ff0080040400000010000000 \
		010100002d0080040400000005080000
	# An answer, another version, a reserved field, a length without end.
	for bad in '01010000 5c008004 00000000' '01000000 5c000004 00000000' \
		'01010100 5c000004 00000000' '01010000 5c000004 ffffffff'; do
		say "$bad"
		said closed
	done
}

a_connection_is_to_the_client_whose_guid_it_begins_with() {
	device
	boot
	say $AMT '01010000 11000004 00000000'
	said $IOCTL_OUT 0101000011008004080000000000000000000000
	say $WD 05025110 0503531001
	said $IOCTL_OUT 83 00
	say $WD 0503531002
	said $IOCTL_OUT closed
	say 6d7a668ebc9a434088ef9e39c6f63e0f # MKHI
	said closed
	say 020100005c00000400000000 # neither a GUID nor a message
	said closed
	# Parts are waited for: of a GUID, cut in two, and of a message.
	"$ROOT/tests/meisay.pl" mei 6f9ab7052846 7f4d899da91514cb32ab >other &
	other=$!
	say 01010000 '11000004 00000000'
	said silence 0101000011008004080000000000000000000000
	wait $other
	mv other said
	said silence $IOCTL_OUT
}

info_tells_what_the_image_holds() {
	device
	boot --suffix corp.example
	status 0 agent info --json
	jq -e --arg u "$uuid" '.uuid == $u and .amt == "6.0.0" and
		.state == "pre" and .mode == "enterprise" and
		.tls_mode == "pki" and .control_mode == "none" and .ztc and
		.enabled and (.interface_open | not) and .hashes == 1 and
		.dhcp_suffix == "corp.example" and (has("suffix") | not) and
		.lan_address == "127.0.0.1" and .lan_mac == .mac and
		(.mac | test("^.[26ae](:..){5}$"))' out
	status 0 amtforge-agent info --mei mei
	grep "^uuid *$uuid\$" out
	grep '^ztc *yes$' out
	status 0 agent hashes --json
	jq -e --arg h "$(amtforge hash show --json demo-root.pem |
		jq -r .sha256)" \
		'.hash == $h and .type == "sha256" and .active and .default' out
	status 0 agent hashes
	grep '^sha256 *[0-9a-f]\{64\}$' out
}

activate_starts_a_machine_that_listens() {
	device
	boot
	status 69 activate # no suffix is known
	grep -F '[mei-status]' err
	says '(not ready)'
	grep "^otp $OTP\$" machine/state
	status 0 activate --suffix example.com --json
	jq -e --arg u "$uuid" '.uuid == $u and .state == "in" and .otp_set and
		.suffix == "example.com" and (.was_disabled | not)' out
	wait_for '"hello-failed"' events
	no_otp_here
	status 0 agent info --json
	jq -e '.state == "in" and .interface_open and
		.suffix == "example.com"' out
	status 75 agent wait --timeout 1
	# Again, with another suffix: what goes on is stopped first.
	status 0 activate --suffix Example.org
	says 'stopped it to begin anew'
	wait_for '"stopped"' events
	no_otp_here
	# The password outlives a restart.
	reboot
	grep "^otp $OTP\$" machine/state
}

wait_tells_why_it_is_over() {
	device
	echo 'window_hours = 1; time_scale = 900;' >device.cfg
	boot --config device.cfg --suffix example.com
	status 77 agent wait
	grep -F '[amt-state]' err
	status 0 activate
	status 69 agent wait --json
	jq -e '.error.code == "activation-failed"' out
	wait_for '"window-closed"' events
	status 0 agent info --json
	jq -e '.state == "in" and (.interface_open | not)' out
	# The period is over, so a new password is taken, and a new start.
	status 0 activate
	status 0 "$ROOT/tests/meisay.pl" mei '01010000 5e000004 00000000'
	status 77 agent wait
}

a_disabled_machine_is_enabled_by_the_agent() {
	device 'enabled = false;' 'start = "talk";'
	boot --suffix example.com
	grep '"words":"disabled"' events
	status 0 agent info --json
	jq -e '(.enabled | not) and .may_enable and .mode == "none"' out
	say '01010000 29000004 00000000'
	status 0 activate --json
	says 'AMT was disabled: enabled it'
	jq -e .was_disabled out
	wait_for '"started"' events
	reboot
	status 0 agent info --json
	jq -e .enabled out
}

what_does_not_fit_is_refused() {
	device 'pki_dns_suffix = "corp.example";'
	boot
	status 77 activate --suffix other.example
	grep -F '[amt-state]' err
	says 'goes on with corp.example'
	grep '"silent"' events
	not grep '"started"' events
	status 65 sh -c 'echo short | amtforge-agent --mei mei activate --otp-file -'
	not grep -F short err
	status 66 amtforge-agent activate --mei mei --otp-file - </dev/null
	status 66 amtforge-agent activate --mei mei --otp-file absent
	status 0 activate --suffix CORP.example
	# What is no name at all stops nothing.
	status 2 activate --suffix 'two words'
	says 'not a DNS suffix'
	not grep '"stopped"' events
	# What is stopped in vain is started again.
	status 77 activate --suffix other.example
	says 'started again'
	status 0 agent info --json
	jq -e '.state == "in" and .interface_open' out
	# A space is a printable character.
	status 0 sh -c 'echo "Otp! 12345" |
		amtforge-agent --mei mei activate --otp-file -'
	grep '^otp Otp! 12345$' machine/state
	no_otp_here
}

a_machine_with_a_pre_shared_key_takes_no_password() {
	sed 's/^start.*/start = "listen";/' "$ROOT/configs/profile-psk.cfg" \
		>p.cfg
	make_unit
	boot
	status 0 agent info --json
	jq -e '.tls_mode == "psk" and (.pid | length) == 8' out
	status 77 activate
	grep -F '[amt-state]' err
	status 0 agent activate
	wait_for 'talks, PSK' events
}

what_is_not_there_is_named() {
	status 69 amtforge-agent info --mei absent
	grep -F '[mei-absent]' err
	status 69 amtforge-agent --mei absent info --json
	jq -e '.error.code == "mei-absent"' out
	echo x >file
	status 69 amtforge-agent info --mei file
	grep -F '[mei-absent]' err
	status 2 amtforge-agent --mei
	status 2 amtforge-agent --mei x
	status 2 amtforge-agent --mei x infos
	says 'did you mean info'
}

a_fleet_has_a_socket_for_each_machine() {
	device
	amtforge unit issue L O --count 3 --json >units
	amtforge image write L O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	amtforge-device fleet images --state machines --port 0 \
		--server 127.0.0.1:9 --suffix example.com --mei sockets \
		--json >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"listening"' events
	for u in $(jq -r .uuid units); do
		status 0 amtforge-agent info --mei "sockets/$u.sock" --json
		jq -e --arg u "$u" '.uuid == $u' out
	done
	[ "$(find sockets -type s | wc -l)" = \
		"$(find images -name '*.bin' | wc -l)" ]
	kill $device
	wait $device || :
	[ -z "$(ls sockets)" ]
}

a_socket_that_is_left_over_is_replaced_and_one_in_use_is_not() {
	device
	boot
	kill -KILL $device
	wait $device || :
	[ -S mei ]
	boot
	status 0 agent info
	status 73 amtforge-device boot --image unit.bin --state other \
		--port 0 --server 127.0.0.1:9 --mei mei
	says 'another program listens'
	status 73 amtforge-device boot --image unit.bin --state other \
		--port 0 --server 127.0.0.1:9 --mei p.cfg
	[ -s p.cfg ]
	status 0 agent info
}

# The whole delayed flow, with the pipe of amtforge-agent(1).
the_console_s_password_comes_back_to_the_server() {
	amtforge-server chain make chain --fqdn prov.example.com
	cp chain/root.pem demo-root.pem
	printf '%s\n' 'customer = "c"; credential = "pki"; amt = "11.0";' \
		'start = "listen"; hashes = ( { file = "demo-root.pem"; } );' >p.cfg
	make_unit
	root oem
	root it
	amtforge manifest make L O --sign-key oem.key --sign-cert oem.pem \
		--to it.pem --out M
	amtforge-server init state
	amtforge-server import state M --trust oem.pem --key it.key
	boot --suffix dhcp.example
	kill $device
	wait $device || :
	port=$(free_port)
	printf '%s\n' 'state = "state"; listen = "127.0.0.1"; port = 0;' \
		"device_port = $port;" 'chains = ( { cert = "chain/leaf.pem";' \
		'key = "chain/leaf.key"; } );' >s.cfg
	amtforge-server run s.cfg >served 2>serves &
	server=$!
	trap 'kill $server $device 2>/dev/null || :' EXIT
	wait_for 'listening on' serves
	hello=$(sed -n 's/.*port \([0-9]*\)$/\1/p' serves | head -n 1)
	: >events
	amtforge-device boot --image unit.bin --state machine --listen \
		127.0.0.1 --port "$port" --server "127.0.0.1:$hello" --mei mei \
		--json >events 2>log &
	device=$!
	wait_for '"silent"' events
	agent info --json | amtforge-server otp state - |
		agent activate --otp-file - --suffix example.com >out 2>err
	grep '^otp_set *yes$' out
	status 0 agent wait --timeout 120
	grep -x SUCCESS out
	wait_for ': provisioned' serves
	amtforge-server list state --json | jq -e '.state == "provisioned"'
	status 0 agent info --json
	jq -e '.state == "post" and .control_mode == "admin" and
		.set_up_by == "prov.example.com"' out
	not grep '^otp ' machine/state
	status 77 agent activate
	grep -F '[amt-state]' err
}

# mei OPTIONS COMMAND...: under a MEI device that is passed on to the socket.
dev() {
	options=mei$1
	shift
	"$FAKE" "$options" -- "$@"
}

the_agent_runs_unchanged_on_a_device_file() {
	device
	boot
	status 0 agent info --json
	mv out by-socket
	status 0 dev "" amtforge-agent info --json
	cmp out by-socket
	says 'mei: 2 connects'
	status 0 dev ,busy=3 amtforge-agent hashes --json
	jq -e '.type == "sha256"' out
	echo "$OTP" >otp
	status 0 dev "" amtforge-agent activate --otp-file otp \
		--suffix example.com
	no_otp_here
	wait_for '"started"' events
	grep "^otp $OTP\$" machine/state
	status 75 dev "" amtforge-agent wait --timeout 1
	# Firmware without the client that enables is taken to be enabled.
	status 0 dev ,nowd amtforge-agent info --json
	jq -e '.state == "in" and (has("enabled") | not)' out
	status 0 dev ,nowd amtforge-agent activate --otp-file otp
}

firmware_that_does_otherwise_is_refused_with_its_reason() {
	device
	boot
	status 69 dev ,noamt amtforge-agent info --json
	jq -e '.error.code == "mei-client"' out
	for n in 1 2; do
		status 65 dev ,cut=$n amtforge-agent info --json
		jq -e '.error.code == "mei-malformed"' out
	done
	# What is not needed may be wrong: the others are told.
	status 0 dev ,cut=4 amtforge-agent info --json
	jq -e --arg u "$uuid" '.uuid == $u and .amt == "6.0.0" and
		.tls_mode == "pki" and has("state") and .state == null' out
	says 'state is not told'
	status 0 dev ,cut=4 amtforge-agent info
	not grep '^state' out
	status 65 dev ,other=1 amtforge-agent hashes
	grep -F '[mei-malformed]' err
	says 'answers another command'
	kill $device
	wait $device || :
	status 69 dev "" amtforge-agent info
	grep -F '[mei-absent]' err
}

# false_device HEX... [end]: a socket where something else is: it says one of
# these to whatever it is told, and no more; then it goes away, or not. It has
# its name once it listens.
false_device() {
	rm -f false
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Listen => 1,
		Local => "new") or die; rename "new", "false" or die;
		$c = $s->accept; for (@ARGV) { $c->sysread($x, 99);
		exit if $_ eq "end"; $c->syswrite(pack "H*", $_) } sleep 60' \
		"$@" &
	false=$!
	trap 'kill $false 2>/dev/null || :' EXIT
	until_true 90 [ -S false ]
}

IN=0101000011008004080000000000000001000000

wait_is_not_over_while_the_firmware_is_away() {
	false_device $IOCTL_OUT $IN end
	status 69 amtforge-agent --mei false wait --timeout 3 --json
	jq -e '.error.code == "mei-absent"' out
	not grep SUCCESS out
}

wait_goes_on_with_a_firmware_that_is_back() {
	device
	false_device $IOCTL_OUT $IN end
	status 69 amtforge-agent --mei false wait --json &
	agent=$!
	wait $false
	boot # where set-up was not started
	ln -sf mei false
	wait $agent
	jq -e '.error.code == "activation-failed" and
		.error.message == "set-up was stopped, or undone"' out
}

a_socket_that_is_no_device_ends_the_wait() {
	false_device 0010000001000000 ffffffffffffffffffffffff
	status 69 amtforge-agent --mei false info
	says 'an answer of'
	kill $false
	false_device 0010000001000000 \
		010101005c00800414000000000000004b529b93d413181de4871c697a6b7a2b
	status 65 amtforge-agent --mei false info --json
	jq -e '.error.code == "mei-malformed" and .error.offset == 4' out
	kill $false
	false_device ffffffff01000000
	status 69 amtforge-agent --mei false info
	kill $false
}

# One that says no more than that; that takes long, so the other cases run
# meanwhile.
ask_the_mute() {
	cd "$TEST_DIR" || exit 70
	false_device 0010000001000000
	rc=0
	timeout 120 amtforge-agent --mei false info 2>mute.err || rc=$?
	echo $rc >mute.rc
	kill $false
}

a_device_that_falls_silent_ends_the_wait() {
	until_true 130 [ -s "$TEST_DIR/mute.rc" ]
	mv "$TEST_DIR/mute.err" err
	[ "$(cat "$TEST_DIR/mute.rc")" = 69 ]
	says 'no answer for 10 seconds'
}

ask_the_mute >"$TEST_DIR/mute.log" 2>&1 &
t what_is_not_there_is_named
t a_socket_that_is_no_device_ends_the_wait
t wait_is_not_over_while_the_firmware_is_away
for name in the_published_messages_pass_as_bytes \
	what_is_no_message_is_answered_as_the_layout_wants \
	a_connection_is_to_the_client_whose_guid_it_begins_with \
	info_tells_what_the_image_holds \
	activate_starts_a_machine_that_listens \
	wait_tells_why_it_is_over \
	wait_goes_on_with_a_firmware_that_is_back \
	a_disabled_machine_is_enabled_by_the_agent \
	what_does_not_fit_is_refused \
	a_machine_with_a_pre_shared_key_takes_no_password \
	the_console_s_password_comes_back_to_the_server \
	a_fleet_has_a_socket_for_each_machine \
	a_socket_that_is_left_over_is_replaced_and_one_in_use_is_not; do
	if [ ! -e $OVMF ]; then
		skip $name "no OVMF"
	else
		t $name
	fi
done
for name in the_agent_runs_unchanged_on_a_device_file \
	firmware_that_does_otherwise_is_refused_with_its_reason; do
	if [ ! -e $OVMF ]; then
		skip $name "no OVMF"
	elif [ ! -x "$FAKE" ]; then
		skip $name "no umockdev here"
	else
		t $name
	fi
done
t a_device_that_falls_silent_ends_the_wait
done_testing

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer Linux, QEMU: take the sticks that we write, behind three controllers
# peer fsck.fat, mtools: find nothing wrong on the sticks that we write
#
# Sticks that we did not make: QEMU's, behind its xHCI, EHCI and UHCI
# controllers, under a Debian kernel in a guest, in which our program writes
# them through both doors. Judged outside by cmp, fsck.fat and mtools, and
# inside by the kernel's own vfat.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATH=$PATH:/usr/sbin:/sbin
QEMU_USB=$SHARED/tools/usb/qemu_usb.sh
GUEST=$ROOT/build/peer/guest # the kernel: 75 MB, fetched once

# A key of an order of 40 units, and two empty sticks.
a_key_and_sticks() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
	amtforge unit issue l.db A --count 40 >units
	amtforge setupbin make l.db A --out setup.bin
	amtforge usb image setup.bin key.img
	truncate -s 64M s0.img s1.img
}

# guest BUS: runs ./steps in a guest that has both sticks on this controller;
# what it prints is ./console, each step's status there as "guest: NAME N".
# The program is /prog, key.img and setup.bin are in /in, and $P the ports.
guest() {
	cat >prelude <<'END'
step() { n=$1; shift; "$@" 2>/err; r=$?; cat /err; echo "guest: $n $r"; }
P=$(/prog usb list --json | sed 's/.*"port":"\([^"]*\)".*/\1/')
set -- $P
END
	BUS=$1 LIMIT=100 KMODS="vfat nls_cp437 nls_ascii" \
		CONSOLE=$PWD/console GUEST_SH=$(cat prelude steps) \
		"$QEMU_USB" run "$GUEST" "${STICKS:-s0.img,s1.img}" -- "$BIN/amtforge" \
		usb read --port 9-9 --out key.img --reconcile setup.bin \
		>log 2>&1 || [ $? -eq 66 ]
	cat console
}

# ended NAME STATUS: that step did so, each time it ran.
ended() {
	grep "^guest: $1 " console | cut -d' ' -f3 | sort -u >statuses
	[ "$(cat statuses)" = "$2" ]
}

# is_key STICK: the image up to its last sector in use; a sound volume with
# our file alone.
is_key() {
	cmp -n "$(written)" key.img "$1"
	dd if="$1" of=volume bs=1M skip=1 count=63 status=none
	fsck.fat -n volume
	mcopy -n -i "$1@@1M" ::/SETUP.BIN - | cmp - setup.bin
	[ "$(mdir -b -i "$1@@1M" ::/ | wc -l)" = 1 ]
}

# Bytes that were written, as the writer says.
written() {
	sed -n 's/.* ok  *\([0-9]*\) bytes.*/\1/p' console | head -n 1
}

both_doors_write_two_sticks_at_once_behind_xhci() {
	a_key_and_sticks
	cat >steps <<'END'
step list /prog usb list
step dry /prog usb write /in/key.img --port $P
step block /prog usb write /in/key.img --via block --port $P --yes
mkdir /m
N=$(/prog usb list --json | sed -n '1s/.*"node":"\([^"]*\)".*/\1/p')
step mount mount -t vfat -o ro ${N}1 /m
step same cmp /m/SETUP.BIN /in/setup.bin
step held-block /prog usb write /in/key.img --via block --port $1 --yes
step held-usb /prog usb write /in/key.img --via usb --port $1 --yes
step held-wipe /prog usb wipe --port $1 --yes
step still ls /m/SETUP.BIN
umount /m
step usb /prog usb write /in/key.img --via usb --port $P --yes
step read-usb /prog usb read --via usb --port $1 --out /usb.bin
step same cmp /usb.bin /in/setup.bin
n=0 # the kernel's disk comes back, maybe under another name
while [ $(/prog usb list --via block | wc -l) -lt 2 ] && [ $n -lt 50 ]; do
	usleep 100000
	n=$((n+1))
done
step read-block /prog usb read --via block --port $1 --out /block.bin
step same cmp /block.bin /in/setup.bin
step wipe /prog usb wipe --port $2 --yes
step lists /prog usb list
END
	guest qemu-xhci
	for ok in list dry block mount same still usb read-usb read-block \
		wipe lists; do
		ended $ok 0
	done
	for held in held-block held-usb held-wipe; do
		ended $held 77
	done
	grep -q 'in use: mounted at /m \[stick-held\]' console
	[ "$(grep -c 'would be written: [0-9]* of 67108864 bytes' console)" = 2 ]
	[ "$(grep -c ' ok  *[0-9]* bytes in' console)" = 5 ]
	grep -q '46f4:0001 *67.1 MB  /dev/sd.  *blank; QEMU' console
	grep -q 'a key; QEMU QEMU USB HARDDRIVE, serial STICK0' console
	grep -q '40 records, 0 consumed' console
	is_key s0.img
	# wiped: not one byte is left
	cmp -n 67108864 s1.img /dev/zero
}

two_sticks_are_written_behind_ehci() {
	a_key_and_sticks
	cat >steps <<'END'
step block /prog usb write /in/key.img --via block --port $P --yes
step usb /prog usb write /in/key.img --via usb --port $P --yes
END
	guest usb-ehci
	ended block 0
	ended usb 0
	[ "$(grep -c ' ok  *[0-9]* bytes in' console)" = 4 ]
	is_key s0.img
	is_key s1.img
}

two_sticks_are_written_behind_uhci() {
	a_key_and_sticks
	cat >steps <<'END'
step usb /prog usb write /in/key.img --via usb --port $1 --yes
step block /prog usb write /in/key.img --via block --port $2 --yes
END
	guest ich9-usb-uhci1
	ended usb 0
	ended block 0
	is_key s0.img
	is_key s1.img
}

write_protection_is_seen_through_both_doors() {
	a_key_and_sticks
	cat >steps <<'END'
step block /prog usb write /in/key.img --via block --port $P --yes
step usb /prog usb write /in/key.img --via usb --port $P --yes
END
	DRIVE_OPTS=readonly=on guest qemu-xhci
	ended block 77
	ended usb 77
	[ "$(grep -c 'failed  \[stick-read-only\]' console)" = 4 ]
	cmp -n 67108864 s0.img /dev/zero
}

some_written() {
	[ "$(stat -c %b s0.img)" -ge 512 ]
}

# pull_out: takes the stick s out of ./monitor's machine once 256 KiB of s0.img
# are written; the drive is slow enough for that.
pull_out() {
	until_true 300 some_written
	python3 - <<'END'
import socket, time
s = socket.socket(socket.AF_UNIX)
s.connect("monitor")
time.sleep(0.2)
s.send(b"device_del s\n")
time.sleep(1)
END
}

a_stick_that_is_pulled_out_is_told_through_both_doors() {
	a_key_and_sticks
	for via in block usb; do
		rm -f s0.img
		truncate -s 64M s0.img
		cat >steps <<END
step write /prog usb write /in/key.img --via $via --port \$P --yes
END
		pull_out &
		puller=$!
		STICKS=s0.img STICK_OPTS=id=s \
			DRIVE_OPTS=throttling.bps-write=200000 \
			QEMU_EXTRA="-chardev socket,id=m,path=$PWD/monitor,server=on,wait=off -mon chardev=m" \
			guest qemu-xhci
		wait $puller
		ended write 74
		grep -q 'the stick was pulled out .*\[stick-gone\]' console
	done
}

# Why this cannot run here, or nothing.
obstacle() {
	[ -x "$QEMU_USB" ] || {
		echo "no ../shared"
		return
	}
	for tool in qemu-system-x86_64 busybox cpio modprobe python3 \
		fsck.fat mcopy; do
		command -v $tool >/dev/null || {
			echo "no $tool: ./quickstart deps check interop"
			return
		}
	done
	mkdir -p "$ROOT/build/peer"
	flock "$ROOT/build/peer/guest.lock" timeout 300 \
		"$QEMU_USB" prep "$GUEST" >"$TEST_DIR/prep.log" 2>&1 ||
		echo "no guest kernel: $(tail -n 1 "$TEST_DIR/prep.log")"
}

why=$(obstacle)
for sentence in both_doors_write_two_sticks_at_once_behind_xhci \
	two_sticks_are_written_behind_ehci \
	two_sticks_are_written_behind_uhci \
	write_protection_is_seen_through_both_doors \
	a_stick_that_is_pulled_out_is_told_through_both_doors; do
	if [ -n "$why" ]; then
		skip $sentence "$why"
	else
		t $sentence
	fi
done
done_testing

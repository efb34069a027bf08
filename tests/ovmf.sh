# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests of images that OVMF, a UEFI firmware, reads under QEMU, after lib.sh.
# shellcheck source=tests/qemu.sh
. "$ROOT/tests/qemu.sh"

# shellcheck disable=SC2034 # for the tests
OVMF=/usr/share/ovmf/OVMF.fd
GUID=1862c8ba-49e6-4001-97f3-351bb07e8fd8 # of our variables

# boot IMAGE: OVMF from that image prints the variables of our GUID into
# ./console.
boot() {
	truncate -s 4M fat.img
	mformat -i fat.img ::
	printf 'dmpstore -guid %s\r\nreset -s\r\n' $GUID >startup.nsh
	mcopy -i fat.img startup.nsh ::/
	rm -f ovmf.in
	mkfifo ovmf.in
	: >ovmf.raw
	machine -drive if=pflash,format=raw,file="$1" \
		-drive format=raw,file=fat.img,if=virtio \
		<>ovmf.in >ovmf.raw 2>ovmf.err &
	qemu=$!
	trap '[ -z "$qemu" ] || kill $qemu 2>/dev/null || :' EXIT
	# Its shell waits 5 seconds for somebody who presses a key.
	until_printed ovmf 'Press .*ESC' "$qemu" || {
		cat ovmf.console ovmf.err
		return 1
	}
	echo 1<>ovmf.in
	wait "$qemu" # by its own reset
	qemu=
	cleaned <ovmf.raw >console
}

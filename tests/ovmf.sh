# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests of images that OVMF, a UEFI firmware, reads under QEMU.

# shellcheck disable=SC2034 # for the tests
OVMF=/usr/share/ovmf/OVMF.fd
GUID=1862c8ba-49e6-4001-97f3-351bb07e8fd8 # of our variables

# boot IMAGE: OVMF from that image prints the variables of our GUID into
# ./console.
boot() {
	dd if=/dev/zero of=fat.img bs=1M count=4 status=none
	mformat -i fat.img ::
	printf 'dmpstore -guid %s\r\nreset -s\r\n' $GUID >startup.nsh
	mcopy -i fat.img startup.nsh ::/
	timeout 120 qemu-system-x86_64 -machine q35,accel=tcg -m 256 \
		-nographic -monitor none -serial stdio -net none \
		-drive if=pflash,format=raw,file="$1" \
		-drive format=raw,file=fat.img,if=virtio \
		-no-reboot </dev/null >console.raw
	tr -d '\000\r' <console.raw | sed 's/\x1b\[[0-9;=?]*[a-zA-Z]//g' >console
}

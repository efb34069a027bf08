#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer flashrom: takes whole images and merged deltas into its dummy chip
#
# flashrom's dummy chip takes whole images and merged deltas, as a programmer
# on the line would.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATH=$PATH:/usr/sbin
OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg

# chip SIZE: the chip that flashrom is to emulate, with the contents ./chip.
chip() {
	case $1 in
	8M) echo "-p dummy:emulate=MX25L6436,image=chip -c MX25L6405D" ;;
	16M) echo "-p dummy:emulate=W25Q128FV,image=chip" ;;
	esac
}

# rom SIZE ARGUMENT...
rom() {
	size=$1
	shift
	# shellcheck disable=SC2046 # words
	timeout 120 flashrom $(chip "$size") "$@" >rom.log 2>&1 || {
		tail -n 20 rom.log
		return 1
	}
}

# an_order SIZE: base.bin, and of one unit images/ and deltas/.
an_order() {
	amtforge image new base.bin --size "$1" --bios $OVMF
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count 1
	amtforge image write l.db O --base base.bin --map "$MAP" --out images
	amtforge image write l.db O --base base.bin --map "$MAP" \
		--out deltas --delta
	cp images/*.bin unit.bin
}

whole_image() {
	an_order "$1"
	head -c "$(stat -c %s base.bin)" /dev/zero | tr '\000' '\377' >chip
	rom "$1" -V -w unit.bin
	grep -q VERIFIED rom.log
	rom "$1" -r back.bin
	cmp back.bin unit.bin
	amtforge-device show back.bin --json >back.json
	amtforge-device show unit.bin --json | diff - back.json
}

# Only the sectors of the layout are programmed: over a chip that holds the
# base the whole is the unit's image then.
merged_delta() {
	an_order "$1"
	amtforge image merge base.bin deltas/*.delta out.bin --layout lay
	cmp out.bin unit.bin
	cp base.bin chip
	# shellcheck disable=SC2046 # one -i for each region
	rom "$1" -V -l lay $(sed 's/.* /-i /' lay) -w out.bin
	grep -q VERIFIED rom.log
	# What flashrom erased or wrote lies in the layout.
	grep -oE '0x[0-9a-f]+-0x[0-9a-f]+:[EW]+' rom.log |
		sed 's/^0x//; s/-0x/ /; s/:.*//' >touched
	[ -s touched ]
	regions
	while read -r from to; do
		awk -v from=$((0x$from)) -v to=$((0x$to)) -v hit=0 '
			from >= $1 && to <= $2 { hit = 1 }
			END { exit !hit }' regions
	done <touched
	rom "$1" -r back.bin
	cmp back.bin unit.bin
}

# The layout's regions as decimal numbers, for awk.
regions() {
	while IFS=' :' read -r from to _; do
		echo $((0x$from)) $((0x$to))
	done <lay >regions
}

whole_images_of_8_MiB_are_programmed_and_read_back() {
	whole_image 8M
}

whole_images_of_16_MiB_are_programmed_and_read_back() {
	whole_image 16M
}

a_merged_delta_is_programmed_by_its_layout_on_8_MiB() {
	merged_delta 8M
}

a_merged_delta_is_programmed_by_its_layout_on_16_MiB() {
	merged_delta 16M
}

# A chip that already holds other bytes outside the layout keeps them: so it
# is known that flashrom looked at nothing else.
what_is_outside_the_layout_is_left_alone() {
	an_order 16M
	amtforge image merge base.bin deltas/*.delta out.bin --layout lay
	cp base.bin chip
	printf 'other' | dd of=chip bs=1 seek=8192 conv=notrunc status=none
	# shellcheck disable=SC2046
	rom 16M -N -l lay $(sed 's/.* /-i /' lay) -w out.bin
	rom 16M -r back.bin
	[ "$(dd if=back.bin bs=1 skip=8192 count=5 status=none)" = other ]
	cp out.bin want
	printf 'other' | dd of=want bs=1 seek=8192 conv=notrunc status=none
	cmp back.bin want
}

# The dummy chip forgets what NOR flash does, which is to clear bits only. So
# the delta's promise is held against that here: base AND image = image.
programming_without_an_erase_gives_the_image() {
	for size in 8M 16M; do
		mkdir $size
		(
			cd $size
			an_order $size
			[ $(($(od -An -tu4 -j12 -N4 deltas/*.delta) & 1)) = 1 ]
			cmp -l base.bin unit.bin >changed || true
			[ -s changed ]
			while read -r _ old new; do
				[ $((0$old & 0$new)) = $((0$new)) ] || exit 1
			done <changed
		)
	done
}

if ! command -v flashrom >/dev/null; then
	skip flash "no flashrom: ./quickstart deps interop"
elif [ ! -e $OVMF ]; then
	skip flash "no $OVMF"
else
	t whole_images_of_8_MiB_are_programmed_and_read_back
	t whole_images_of_16_MiB_are_programmed_and_read_back
	t a_merged_delta_is_programmed_by_its_layout_on_8_MiB
	t a_merged_delta_is_programmed_by_its_layout_on_16_MiB
	t what_is_outside_the_layout_is_left_alone
	t programming_without_an_erase_gives_the_image
fi
done_testing

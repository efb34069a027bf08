#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge image new, show and write, on OVMF as the BIOS region.
# shellcheck source=tests/lib.sh disable=SC2012 # the names are ours
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg
STORE=$((0x600048)) # of the composed base: header, then the variables

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

# field NAME: the number of that key in a line of JSON.
field() {
	sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" out
}

# A ledger with orders PSK and PKI, and so many units in each.
a_ledger() {
	once "images-$1" new_ledger "$1"
}

new_ledger() {
	amtforge ledger init l.db
	for order in PSK:psk PKI:pki; do
		amtforge order open l.db --id "${order%:*}" \
			"$ROOT/configs/profile-${order#*:}.cfg"
		amtforge unit issue l.db "${order%:*}" --count "$1"
	done
}

# write STATUS ORDER [OPTION...]
write() {
	want=$1
	order=$2
	shift 2
	status "$want" amtforge image write l.db "$order" --base base.bin \
		--map "$MAP" --out images "$@"
}

uuids() {
	amtforge unit list l.db "$1" --json |
		sed 's/.*"uuid":"\([^"]*\)".*/\1/' | sort
}

an_image_is_composed_of_its_parts() {
	head -c 8192 /dev/zero >me.bin
	status 0 amtforge image new new.bin --size 4M --me me.bin --bios $OVMF
	[ "$(stat -c %s new.bin)" = 4194304 ]
	tail -c 2097152 new.bin | cmp - $OVMF
	dd if=new.bin bs=4096 skip=1 count=2 status=none | cmp - me.bin
	status 0 amtforge image show new.bin --json
	grep -q '"regions":\[{"name":"descriptor","base":0,"limit":4095[,}]' out
	grep -q '{"name":"bios","base":2097152,"limit":4194303[,}]' out
	grep -q '{"name":"me","base":4096,"limit":12287[,}]' out
	status 73 amtforge image new new.bin --size 4M --bios $OVMF
	says "new.bin: exists already"
	status 0 amtforge image new new.bin --size 4M --bios $OVMF --force
}

real_descriptors_and_me_regions_are_composed() {
	for board in link butterfly; do
		status 0 amtforge image new $board.bin --size 8M \
			--descriptor "$SHARED"/samples/cb_google_${board}_descriptor.bin \
			--me "$SHARED"/samples/cb_google_${board}_me.bin --bios $OVMF
		cat "$SHARED"/samples/cb_google_${board}_descriptor.bin \
			"$SHARED"/samples/cb_google_${board}_me.bin |
			cmp -n 2097152 - $board.bin
		tail -c 2097152 $board.bin | cmp - $OVMF
	done
	status 0 amtforge image new tgl.bin --size 16M --bios $OVMF \
		--descriptor "$SHARED/samples/cb_erying_tgl_descriptor.bin"
	status 0 amtforge image new ocp.bin --size 32M --bios $OVMF \
		--descriptor "$SHARED/samples/cb_ocp_tiogapass_descriptor.bin"
	image_show ocp.bin
	grep -q 'descriptor 2, flash 0x2000000' out
}

parts_that_do_not_fit_are_refused() {
	head -c 2097152 /dev/zero >me.bin
	status 65 amtforge image new x.bin --size 2M --bios $OVMF
	says "[image-compose]"
	status 65 amtforge image new x.bin --size 4M --me me.bin --bios $OVMF
	says "PDR 0x0 and BIOS 0x200000 bytes do not fit 0x400000"
	status 65 amtforge image new x.bin --size 3M --bios $OVMF
	says "8, 16, 32 or 64 MiB, not 3145728 bytes"
	amtforge image new base.bin --size 4M --bios $OVMF
	head -c 4096 base.bin >desc.bin
	status 65 amtforge image new x.bin --size 8M --descriptor desc.bin \
		--bios $OVMF
	says "the descriptor is for flash of 0x400000 bytes, not 0x800000"
	status 65 amtforge image new x.bin --size 4M --descriptor desc.bin \
		--me me.bin --bios $OVMF
	says "no region me"
	cat $OVMF me.bin >large.bin
	status 65 amtforge image new x.bin --size 4M --descriptor desc.bin \
		--bios large.bin
	says "region bios at 0x200000..0x3fffff has room for 0x200000"
	status 65 amtforge image new x.bin --size 4M --descriptor $OVMF \
		--bios $OVMF
	says "no flash descriptor"
	status 66 amtforge image new x.bin --size 4M --bios absent.bin
	says absent.bin
	status 2 amtforge image new x.bin --size 4M
	[ ! -e x.bin ]
}

what_is_no_image_or_cut_short_is_refused_with_its_offset() {
	a_base 8M
	head -c 5000000 base.bin >cut.bin
	status 65 amtforge image show cut.bin
	says "cut.bin: the image ends at 0x4c4b40"
	says "bios at 0x600000..0x7fffff"
	status 65 amtforge image show "$MAP" --json
	grep -q '"code":"image-unknown","offset":0' out err
	poke base.bin 0x18 '\005'
	status 65 amtforge image show base.bin
	says "base.bin: descriptor: offset 0x18"
}

every_unit_has_its_image_and_nothing_else_is_there() {
	a_base 8M
	a_ledger 3
	write 0 PSK
	write 0 PKI
	for u in $(uuids PSK) $(uuids PKI); do
		echo "$u.bin"
		status 0 amtforge image show "images/$u.bin" --json
		[ "$(field uuid)" = "$u" ]
	done | sort >want
	ls -A images | diff want -
	[ "$(stat -c %a images)" = 700 ]
	[ "$(stat -c %a images/* | sort -u)" = 600 ]
	status 0 amtforge unit list l.db PKI --json
	[ "$(grep -c '"state":"written"' out)" = 3 ]
}

only_erased_bytes_of_the_store_change() {
	a_base 8M
	a_ledger 2
	write 0 PSK
	for f in images/*; do
		# cmp counts from 1 and prints octal.
		cmp -l base.bin "$f" | awk -v from=$((STORE + 29)) '
			$1 < from || $1 > from + 4096 || $2 != 377 { exit 1 }
			END { exit NR == 0 }'
	done
}

a_repeated_run_leaves_what_is_there() {
	a_base 8M
	a_ledger 3
	write 0 PSK
	stat -c '%n %i %Y' images/* >before
	rm "images/$(uuids PSK | head -n 1).bin"
	grep -vF "$(uuids PSK | head -n 1)" before >kept
	touch "images/$(uuids PSK | tail -n 1).bin.AbC123" # of a killed run
	write 0 PSK --json
	[ "$(cat out)" = '{"written":1,"left":2,"failed":0}' ]
	stat -c '%n %i %Y' images/* | grep -F -x -f kept | diff kept -
	[ "$(ls -A images | wc -l)" = 3 ]
}

a_killed_run_is_simply_repeated() {
	a_base 8M
	a_ledger 30
	amtforge image write l.db PSK --base base.bin --map "$MAP" \
		--out images &
	pid=$!
	while [ "$(ls images 2>/dev/null | wc -l)" -lt 3 ]; do
		sleep 0.01
	done
	kill -9 $pid || true
	wait $pid || true
	write 0 PSK
	[ "$(ls -A images | wc -l)" = 30 ]
	for u in $(uuids PSK); do
		amtforge image show "images/$u.bin" --json >out
		[ "$(field uuid)" = "$u" ]
	done
	amtforge unit list l.db PSK --json >out
	[ "$(grep -c '"state":"written"' out)" = 30 ]
}

one_unit_that_fails_is_named_and_the_others_go_on() {
	a_base 8M
	a_ledger 3
	bad=$(uuids PSK | head -n 1)
	mkdir images
	echo other >"images/$bad.bin"
	write 1 PSK
	says "unit $bad: images/$bad.bin: exists with other bytes"
	grep -q '2 written, 0 left as they were, 1 failed' out
	[ "$(cat "images/$bad.bin")" = other ]
	amtforge unit list l.db PSK --json >out
	[ "$(grep -c '"state":"written"' out)" = 2 ]
	write 0 PSK --force
	status 0 amtforge image show "images/$bad.bin" --json
	[ "$(field uuid)" = "$bad" ]
}

a_unit_that_is_verified_or_scrapped_stays_so() {
	a_base 8M
	a_ledger 2
	write 0 PSK
	one=$(uuids PSK | head -n 1)
	two=$(uuids PSK | tail -n 1)
	amtforge unit mark l.db "$one" verified --why test
	amtforge unit mark l.db "$two" scrapped --why test
	rm "images/$two.bin"
	write 1 PSK
	says "unit $two: is scrapped: no image gets its secrets again"
	[ ! -e "images/$two.bin" ]
	# Also where a file is made anew, and in another folder.
	rm "images/$one.bin"
	write 1 PSK
	[ -e "images/$one.bin" ]
	status 1 amtforge image write l.db PSK --base base.bin --map "$MAP" \
		--out more --delta
	[ "$(ls more)" = "$one.delta" ]
	amtforge unit list l.db PSK --json >out
	grep -q "$one.*\"state\":\"verified\"" out
	grep -q "$two.*\"state\":\"scrapped\"" out
}

a_unit_that_is_shipped_gets_no_image_until_it_is_returned() {
	a_base 8M
	a_ledger 1
	one=$(uuids PSK)
	amtforge unit mark l.db "$one" shipped --why test
	write 1 PSK
	says "unit $one: is shipped; mark it returned before"
	[ ! -e "images/$one.bin" ]
	amtforge unit mark l.db "$one" returned --why test
	write 0 PSK
	[ -e "images/$one.bin" ]
	amtforge unit list l.db PSK --json | grep -q '"state":"written"'
	# The file is there already.
	amtforge unit mark l.db "$one" shipped --why test
	amtforge unit mark l.db "$one" returned --why test
	write 0 PSK
	amtforge unit list l.db PSK --json | grep -q '"state":"written"'
}

two_runs_do_not_write_to_one_folder() {
	a_base 8M
	a_ledger 1
	mkdir images
	status 75 flock images amtforge image write l.db PSK --base base.bin \
		--map "$MAP" --out images
	says "images: another run writes to it"
	write 0 PSK
}

a_base_that_is_not_fit_is_refused() {
	a_base 8M
	a_ledger 1
	cp base.bin good.bin

	tail -c +131073 $OVMF >base.bin # its code without the store
	write 65 PSK
	says "base.bin: bios image of 0x1e0000 bytes: no UEFI variable store"
	says "[image-no-store]"

	cp good.bin base.bin # a store that ends behind its header
	poke base.bin $((STORE + 16)) '\140\000'
	write 65 PSK
	says "[image-store-full]"
	says "base.bin: unit"
	says "68 are free at offset 0x600064"
	rmdir images # nothing in it

	cp good.bin base.bin
	poke base.bin $((STORE + 21)) '\377'
	write 65 PSK
	says "base.bin: variable store at 0x600048: offset 0x60005d"
	says "not healthy [image-store-broken]"

	cp good.bin base.bin
	poke base.bin 0x600032 '\000'
	write 65 PSK
	says "offset 0x600000: volume header checksum is wrong"

	cp good.bin base.bin
	poke base.bin 0x605000 '\376'
	write 65 PSK
	says "offset 0x605000: the room behind the last variable"

	cp good.bin base.bin
	poke base.bin 0x60F020 '\376'
	write 65 PSK
	says "offset 0x60f020: an unfinished write"
	says "[image-ftw-pending]"

	head -c 7000000 good.bin >base.bin
	write 65 PSK
	says "base.bin: the image ends at 0x6acfc0"
	[ ! -e images ]

	cp good.bin base.bin
	write 0 PSK
	mv images/*.bin base.bin
	write 65 PKI
	says "base.bin: offset 0x600064: a record is there already (variable)"
	says "[image-live-record]"
	[ "$(ls -A images | wc -l)" = 0 ]
}

the_base_is_never_the_image_that_is_replaced() {
	a_base 8M
	a_ledger 1
	mkdir -m 700 images
	u=$(uuids PSK)
	cp base.bin "images/$u.bin"
	status 1 amtforge image write l.db PSK --base "images/$u.bin" \
		--map "$MAP" --out images --force
	says "is the base, and would be replaced"
	cmp base.bin "images/$u.bin"
}

a_map_that_does_not_match_or_is_unsound_is_refused() {
	a_base 8M
	a_ledger 1
	sed 's/fff12b8d-7696/fff12b8d-7697/' "$MAP" >other.cfg
	MAP=$PWD/other.cfg
	write 65 PSK
	says "base.bin: map ovmf, rule 1: firmware volume: wanted fff12b8d-7697"
	says "[image-no-match]"
	sed 's/"uefi-var"/"cmos"/' "$ROOT/configs/map-ovmf.cfg" >other.cfg
	write 78 PSK
	says 'other.cfg:15: target must be one of "region"'
	says "[map-unsound]"
	MAP=$PWD/absent.cfg
	write 66 PSK
	says absent.cfg
	[ ! -e images ]
	[ "$(amtforge unit list l.db PSK --json | grep -c '"issued"')" = 1 ]
}

show_tells_what_it_does_not_understand_with_its_offset() {
	head -c 8192 /dev/zero >me.bin
	amtforge image new base.bin --size 8M --me me.bin --bios $OVMF
	poke base.bin 0x60F020 '\376'
	image_show base.bin
	grep -q '^  0x00001000..0x00002fff ME region: neither ' out
	grep -q '^  0x0060f020 an unfinished write is queued' out
	status 0 amtforge image show base.bin --json
	grep -q '"unknown":\[{"offset":4096,"size":8192,' out
	grep -q '{"offset":6352928,"what":"an unfinished write' out
	a_ledger 1
	cp $OVMF base.bin
	write 0 PSK
	record=$(ls images/*)
	poke "$record" $((0x64 + 86 + 0x40)) '\000\000\000'
	image_show "$record"
	grep -q '^  0x000000[0-9a-f]* container variable: ' out
}

show_tells_no_secret() {
	a_base 8M
	a_ledger 1
	write 0 PSK
	u=$(uuids PSK)
	amtforge unit show l.db "$u" --reveal --json |
		grep -oE '"(pps|mebx_password|otp)":"[^"]*"' |
		sed 's/.*:"//; s/"$//' >secrets
	[ "$(wc -l <secrets)" -ge 2 ]
	tr -d - <secrets >>secrets.plain
	amtforge image show "images/$u.bin" | unfold >shown
	amtforge image show "images/$u.bin" --json >>shown
	not grep -qF -f secrets.plain shown
	not grep -qF -f secrets shown
	# but they are in the image
	pid=$(sed -n 's/.*"pid":"\([^"]*\)".*/\1/p' shown)
	[ -n "$pid" ]
	grep -qaF "$pid" "images/$u.bin"
}

if [ -e $OVMF ]; then
	t an_image_is_composed_of_its_parts
	if [ -d "$SHARED/samples" ]; then
		t real_descriptors_and_me_regions_are_composed
	else
		skip real_descriptors_and_me_regions_are_composed "no samples"
	fi
	t parts_that_do_not_fit_are_refused
	t what_is_no_image_or_cut_short_is_refused_with_its_offset
	t every_unit_has_its_image_and_nothing_else_is_there
	t only_erased_bytes_of_the_store_change
	t a_repeated_run_leaves_what_is_there
	t a_killed_run_is_simply_repeated
	t one_unit_that_fails_is_named_and_the_others_go_on
	t a_unit_that_is_verified_or_scrapped_stays_so
	t a_unit_that_is_shipped_gets_no_image_until_it_is_returned
	t two_runs_do_not_write_to_one_folder
	t a_base_that_is_not_fit_is_refused
	t the_base_is_never_the_image_that_is_replaced
	t a_map_that_does_not_match_or_is_unsound_is_refused
	t show_tells_what_it_does_not_understand_with_its_offset
	t show_tells_no_secret
else
	skip images "no $OVMF: apt-get install ovmf"
fi
done_testing

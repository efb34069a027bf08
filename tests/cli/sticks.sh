#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge usb list, write, read and wipe on sticks that umockdev pretends
# (tests/fakes/stick.c), several at once, sound and faulty ones.
# shellcheck source=tests/lib.sh disable=SC2154 # $want, $got are status()'s
. "$(dirname "$0")/../lib.sh"

PATH=$PATH:/usr/sbin:/sbin
FAKE=$AMTFORGE_BUILD/fakes/stick
PRELOAD=libumockdev-preload.so.0 # or else the fake starts itself again with it
KEY=$TEST_DIR/key # a ledger l.db, its setup.bin and key.img

make_key() {
	mkdir "$KEY" && cd "$KEY" || exit 1
	{
		amtforge ledger init l.db
		amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
		amtforge unit issue l.db A --count 3
		amtforge setupbin make l.db A --out setup.bin
		amtforge usb image setup.bin key.img
		amtforge unit list l.db A --json
	} >made 2>&1 || cat made
	cd "$TEST_DIR" || exit 1
}

# sticks STATUS STICK... -- VERB...: amtforge usb VERB under these sticks.
sticks() {
	wanted=$1
	shift
	n=$#
	while [ "$n" -gt 0 ] && [ "$1" != -- ]; do
		set -- "$@" "$1"
		shift
		n=$((n - 1))
	done
	shift
	n=$((n - 1))
	# what stood behind the -- is in front now, the sticks behind it
	i=0
	verb=
	while [ "$i" -lt "$n" ]; do
		verb="$verb $1"
		shift
		i=$((i + 1))
	done
	# shellcheck disable=SC2086 # words
	status "$wanted" timeout 60 env LD_PRELOAD=$PRELOAD "$FAKE" "$@" \
		-- amtforge usb $verb
}

# New sticks of 64 MiB, all zeroes.
blank() {
	rm -f "$@"
	truncate -s 64M "$@"
}

# same FILE OTHER, same FILE N: of one size, with equal bytes; or of N bytes, all
# of them zeroes. Holes are not read: cmp was a tenth of this file's time.
same() {
	perl -e '
		my ($name, $other) = @ARGV;
		sub opened { open my $f, "<:raw", $_[0] or die "$_[0]: $!"; $f }
		my $g = $other =~ /^\d+$/ ? undef : opened($other);
		my $f = opened($name);
		my $size = -s $f;
		die "$name has $size bytes\n" if $size != ($g ? -s $g : $other);
		for my $from ($f, $g ? $g : ()) {
			my $at = 0;
			# SEEK_DATA, until there is none
			while (defined($at = sysseek $from, $at, 3)) {
				$at += 0;
				my ($one, $two) = ("", "");
				for ([$f, \$one], $g ? [$g, \$two] : ()) {
					sysseek $_->[0], $at, 0;
					sysread $_->[0], ${$_->[1]}, 65536;
				}
				$two = "\0" x length $one if !$g;
				die "$name differs behind $at\n" if $one ne $two;
				$at += length $one or last;
			}
			# ENXIO is the end
			die "$name: $!\n" if !defined $at && $! != 6;
		}' "$1" "$2"
}

# Up to the last sector in use, which the writer's row tells.
is_key() {
	cmp -n "$(sed -n 's/.* ok *\([0-9]*\) bytes.*/\1/p' out |
		head -n 1)" "$KEY/key.img" "$1"
}

# row PORT WORDS: the row of that port holds them.
row() {
	grep "^$1 " out | grep -qF -- "$2" && return 0
	echo "no row of $1 with '$2':"
	cat out
	return 1
}

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

the_list_tells_port_size_and_what_each_holds() {
	blank a b c d
	truncate -s 8M small
	truncate -s 70G large
	mkfs.fat d >/dev/null
	cp "$KEY/key.img" key
	sticks 0 1-1=a 1-2=key,ro 1-3=small 1-10=large 1-4.1=b,empty \
		1-4.2=c,serial=S-7 1-5=d 1-6=a,uas 1-7=a,kbd 1-8=key -- list
	row 1-1 "46f4:0001       67.1 MB  -           blank; Example Fake"
	row 1-2 "read-only, a key"
	row 1-3 "too small: less than 16 MB"
	row 1-10 "too large: more than 64 GB"
	row 1-4.1 "there is no medium in the device"
	row 1-4.2 "serial S-7"
	row 1-5 "a FAT volume without SETUP.BIN"
	row 1-6 "speaks only UAS"
	row 1-8 "; Example Fake Stick, serial FAKE-1-8"
	not grep -q '^1-7' out
	cut -d' ' -f1 out | tr '\n' ' ' >order
	[ "$(cat order)" = "1-1 1-2 1-3 1-4.1 1-4.2 1-5 1-6 1-8 1-10 " ]
	[ "$(grep -c 'driver' err)" = 0 ]
	sticks 0 1-8=key -- list --json
	jq -e '.port == "1-8" and .state == "key" and .size == 67108864 and
		.usb_id == "46f4:0001" and .serial == "FAKE-1-8"' out
}

without_yes_nothing_is_written() {
	blank a b
	sticks 0 1-1=a 1-2=b -- write "$KEY/key.img" --port 1-1 1-2
	row 1-1 "would be written: "
	row 1-2 "of 67108864 bytes, holds now: blank"
	says "nothing was changed; --yes writes 2 of 2"
	says "stick: 1-1: 0 writes"
	says "stick: 1-2: 0 writes"
	same a 67108864
	cp "$KEY/key.img" a
	sticks 0 1-1=a -- wipe --port 1-1
	row 1-1 "would be wiped: "
	says "nothing was changed; --yes wipes 1 of 1"
	same a "$KEY/key.img"
	sticks 0 1-1=a -- wipe --port 1-1 --json
	jq -e '.result == "would-wipe"' out
	sticks 0 1-1=a -- write "$KEY/key.img" --port 1-1 --json
	jq -e '.result == "would-write"' out
	# what would be refused says so, with the status that it would have
	head -c 100000 /dev/urandom >noise
	dd if=noise of=b conv=notrunc status=none
	sticks 77 1-2=b -- write "$KEY/key.img" --port 1-2
	row 1-2 "refused  [stick-foreign]"
	says "nothing was changed; no stick here may be written"
	not grep -q -- --yes err
	sticks 1 1-1=a 1-2=b -- write "$KEY/key.img" --port 1-1 1-2
	says "nothing was changed; --yes writes 1 of 2"
	sticks 77 1-2=b -- wipe --port 1-2
	says "nothing was changed; no stick here may be wiped"
}

a_list_without_sticks_says_why_on_stderr() {
	blank a
	for json in '' --json; do
		sticks 0 1-1=a,kbd -- list $json
		[ ! -s out ]
		says "no USB disk is plugged in"
	done
	sticks 0 1-1=a,kbd -- list --via block
	says "the kernel shows no USB disk; --via auto asks libusb too"
	sticks 0 1-1=a -- list
	not grep -q 'no USB' err
	sticks 66 1-1=a,kbd -- read --port 1-1
	says "no USB disk is at this port: no USB disk is plugged in"
	sticks 66 1-1=a -- read --port 1-2
	says "port 1-2: no USB disk is at this port ["
	[ ! -e /sys/bus/usb/devices ] || return 0
	for json in '' --json; do
		status 0 amtforge usb list $json
		[ ! -s out ]
		says "this machine shows no USB at all"
	done
	status 66 amtforge usb read --port 1-1
	says "no USB disk is at this port: this machine shows no USB at all"
}

# As root, to whom all is open, under another user, who has to reach the
# testbed.
a_list_tells_how_many_devices_this_user_may_not_open() {
	blank a b
	cat >list.sh <<'END'
chmod -R a+rwX "$UMOCKDEV_DIR"
chmod 000 "$UMOCKDEV_DIR/dev/bus/usb/001/002"
if [ "$(id -u)" = 0 ]; then
	cp "$1" "$UMOCKDEV_DIR/program"
	exec setpriv --reuid=65534 --clear-groups "$UMOCKDEV_DIR/program" \
		usb list
fi
exec "$1" usb list
END
	status 0 env TMPDIR=/tmp timeout 60 "$FAKE" 1-1=a 1-2=b -- \
		sh list.sh "$BIN/amtforge"
	row 1-1 "this user may not use the device"
	row 1-2 "blank"
	says "this user may not open 1 of 2: run as root, or give a group"
}

many_sticks_are_written_at_once() {
	blank a b c d
	sticks 0 1-1=a 1-2=b,split 1-4.1=c,nosync,nolun 1-4.2=d,slow=2,idle -- \
		write "$KEY/key.img" --port 1-1 --port 1-2 1-4.1 1-4.2 --yes
	[ "$(grep -c '  ok  ' out)" = 4 ]
	for f in a b c d; do
		is_key $f
	done
	not grep -q driver err # the kernel has them again
	mcopy -n -i a@@1M ::/SETUP.BIN - | cmp - "$KEY/setup.bin"
	# a key may be written again
	sticks 0 1-1=a -- write "$KEY/key.img" --port 1-1 --yes --json
	jq -e '.port == "1-1" and .result == "ok" and .holds == "a key" and
		.bytes > 1000000 and .seconds > 0' out
}

# One faulty stick and its good neighbour: faulty FAULT STATUS CODE WORDS
faulty() {
	blank bad good
	sticks "$2" "1-1=bad,fault=$1" 1-2=good -- \
		write "$KEY/key.img" --port 1-1 1-2 --yes \
		--timeout "${patience:-30}"
	row 1-2 ok
	is_key good
	row 1-1 "failed  [$3]"
	says "port 1-1: "
	says "$4"
	not grep -q driver err
}

each_fault_has_its_error_and_a_good_neighbour_succeeds() {
	faulty stall:3 1 stick-failed \
		"sector 256: write: medium error: write error (sense 3/0c/00)"
	faulty unplug:3 1 stick-gone "sector 256: write: the stick was pulled"
	faulty torn:2 1 stick-gone "sector 128: write: the stick was pulled"
	faulty lie:2 1 stick-differs "first at offset 0x0: the stick lies"
	faulty phases:2 1 stick-failed "breaks the protocol, also after a reset"
	faulty tags:2 1 stick-failed "breaks the protocol, also after a reset"
	faulty short:2 1 stick-failed "moved 32768 of 65536 bytes"
	faulty protect:2 1 stick-read-only "write protected (sense 7/27/00)"
	faulty rot:40 1 stick-differs "differs from what was written"
	faulty badread:36 1 stick-failed "reading back: sector "
}

a_stick_that_hangs_ends_behind_its_neighbours() {
	# In this time its neighbour must be done, where much else is.
	patience=8
	faulty hang:3 1 stick-hangs "sector 256: write: the stick gives no answer"
	[ "$(cut -d' ' -f1 out | tr '\n' ' ')" = "1-2 1-1 " ]
}

one_slip_of_the_protocol_is_put_right() {
	for fault in phase:2 tag:3; do
		blank a
		sticks 0 1-1=a,fault=$fault -- \
			write "$KEY/key.img" --port 1-1 --yes
		is_key a
		says "stick: 1-1: 23 writes" # one was repeated
	done
}

a_lie_is_told_with_the_offset() {
	cp "$KEY/key.img" a # the lie is not seen at the first byte
	poke a 0x100200 '\001'
	sticks 74 1-1=a,fault=lie:1 -- \
		write "$KEY/key.img" --port 1-1 --yes --json
	jq -e '.result == "failed" and .reason == "stick-differs" and
		.status == 74 and .offset == 1049088' out
}

what_was_pulled_out_half_way_is_no_key() {
	for fault in torn:9 unplug:22; do
		blank a
		sticks 74 1-1=a,fault=$fault -- \
			write "$KEY/key.img" --port 1-1 --yes
		sticks 0 1-1=a -- list
		not grep -q 'a key' out
		# and it is simply written again
		sticks 0 1-1=a -- write "$KEY/key.img" --port 1-1 --yes
		is_key a
	done
}

the_status_is_that_of_all_where_all_fail_alike() {
	blank a b
	sticks 77 1-1=a,ro 1-2=b,ro -- \
		write "$KEY/key.img" --port 1-1 1-2 --yes
	sticks 66 1-1=a -- write "$KEY/key.img" --port 1-3 1-9.9 --yes
	row 1-3 "failed  [stick-absent]"
	sticks 1 1-1=a,ro -- write "$KEY/key.img" --port 1-1 1-3 --yes
	sticks 77 1-1=a,uas 1-2=b,4k -- \
		write "$KEY/key.img" --port 1-1 1-2 --yes
	[ "$(grep -c 'stick-unfit' out)" = 2 ]
	sticks 77 1-1=a,huge 1-2=b,empty -- \
		write "$KEY/key.img" --port 1-1 1-2 --yes
	says "the disk has more than 2 TiB"
	says "there is no medium"
	same a b
}

what_is_not_ours_is_overwritten_only_by_force() {
	blank a b c
	mkfs.fat a >/dev/null # as sticks come from the shop
	mkfs.ext4 -q -F b
	cp "$KEY/key.img" c
	echo holiday >photo.jpg
	mcopy -i c@@1M photo.jpg ::/
	cp "$KEY/key.img" d
	# Linux's, of 4096 sectors, behind the key's in the table
	poke d 462 '\0\0\0\0\203\0\0\0\0\360\1\0\0\020\0\0'
	for f in a b c d; do
		cp $f $f.was
	done
	sticks 77 1-1=a 1-2=b 1-3=c 1-4=d -- \
		write "$KEY/key.img" --port 1-1 1-2 1-3 1-4 --yes
	[ "$(grep -c 'failed  \[stick-foreign\]' out)" = 4 ]
	says "port 1-1: the stick holds a FAT volume without SETUP.BIN"
	says "port 1-2: the stick holds something else than a key"
	says "port 1-3: the stick holds a key with other files on it"
	says "port 1-4: the stick holds a key and another partition"
	sticks 77 1-1=a 1-2=b 1-3=c 1-4=d -- wipe --port 1-1 1-2 1-3 1-4 --yes
	for f in a b c d; do
		same $f $f.was
	done
	sticks 0 1-1=a 1-2=b 1-3=c 1-4=d -- \
		write "$KEY/key.img" --port 1-1 1-2 1-3 1-4 --yes --force
	for f in a b c d; do
		is_key $f
	done
}

a_disk_of_another_size_is_taken_only_insecurely() {
	truncate -s 70G large
	truncate -s 8M small
	cp "$KEY/l.db" "$KEY/l.db.key" .
	sticks 77 1-1=large 1-2=small -- \
		write "$KEY/key.img" --port 1-1 1-2 --yes
	row 1-1 "failed  [stick-size]"
	row 1-2 "failed  [stick-size]"
	says "75161927680 bytes are outside of 16 MB to 64 GB"
	sticks 0 1-1=large 1-2=small -- write "$KEY/key.img" --port 1-1 1-2 \
		--yes --insecure-any-size --ledger l.db
	says "--insecure-any-size: disks of any size are taken for sticks"
	sqlite3 l.db "select what || ' ' || object || ' ' || why from audit" |
		grep -F -- '--insecure-any-size' >rows
	grep -qx 'usb write 1-1 --insecure-any-size' rows
	grep -qx 'usb write 1-2 --insecure-any-size' rows
	is_key large
	truncate -s 1M tiny
	sticks 65 1-1=tiny -- write "$KEY/key.img" --port 1-1 --yes \
		--insecure-any-size
	row 1-1 "failed  [stick-small]"
}

only_an_image_of_a_key_is_written() {
	blank a
	head -c 1000000 /dev/urandom >noise
	sticks 65 1-1=a -- write noise --port 1-1 --yes
	says "noise: no key image: "
	says "[stick-image]"
	blank second
	mkfs.fat -n LABEL second >/dev/null
	mcopy -i second "$KEY/setup.bin" ::/SETUP.BIN
	sticks 65 1-1=a -- write second --port 1-1 --yes
	says "SETUP.BIN is not the first entry"
	head -c 1200000 "$KEY/key.img" >cut.img
	sticks 65 1-1=a -- write cut.img --port 1-1 --yes
	says "cut.img: "
	sticks 66 1-1=a -- write absent --port 1-1 --yes
	same a 67108864
}

ports_are_named_as_ports() {
	blank a
	cat >ports.sh <<'END'
key=$1
shift
for bad; do
	said=$(amtforge usb write "$key" --port "$bad" --yes 2>&1)
	echo "write $? $said"
	amtforge usb read --port "$bad" >/dev/null 2>&1
	echo "read $?"
done
END
	set -- sda /dev/sdb 1 1- 1-2. 1-2:1.0 a-1 1-2-3
	status 0 timeout 120 "$FAKE" 1-1=a -- sh ports.sh "$KEY/key.img" "$@"
	for bad; do
		grep -F "write 2 " out | grep -qF -- \
			" $bad is not a port such as 1-2.3; usb list shows them"
	done
	[ "$(grep -cx 'read 2' out)" = $# ]
	sticks 2 1-1=a -- write "$KEY/key.img" --port 1-1 1-1 --yes
	says "port 1-1 is given twice"
	sticks 2 1-1=a -- write "$KEY/key.img" --yes
	says "--port is needed"
	sticks 2 1-1=a -- list --via sysfs
	says "--via: sysfs is not auto, block or usb"
	# no disk of the kernel's is behind these
	sticks 66 1-1=a -- write "$KEY/key.img" --port 1-1 --yes --via block
	sticks 0 1-1=a -- write "$KEY/key.img" --port 1-1 --yes --via usb
	is_key a
}

# take N: the record N of the key ./a was taken by a machine. SETUP.BIN is at
# sector 2586.
take() {
	poke a $(((2586 + $1) * 512 + 4)) '\000'
	poke a $((2586 * 512 + 32)) "\\00$1"
}

a_returned_key_tells_whose_records_were_taken() {
	cp "$KEY/key.img" a
	cp "$KEY/l.db" "$KEY/l.db.key" .
	take 1
	sticks 0 1-1=a -- read --port 1-1
	grep -q '3 records, 1 consumed' out
	[ "$(grep -c ' unused ' out)" = 2 ]
	grep -q '^ *1  consumed  [0-9A-Z]\{8\}$' out
	sticks 0 1-1=a -- read --port 1-1 --reconcile l.db --json
	jq -se '.[0].records == 3 and .[0].consumed == 1 and
		.[1].record == 1 and .[1].state == "possibly-applied" and
		.[1].serial == "A-000001" and .[2].state == "unused" and
		.[4].possibly_applied == 1 and .[4].unused == 2 and
		.[4].order == "A"' out
	uuid=$(jq -r 'select(.record == 1).uuid' out)
	amtforge unit show l.db "$uuid" --json >shown
	jq -e '.key_state == "possibly-applied"' shown
	# a key that the ledger does not know
	amtforge ledger init other.db
	sticks 65 1-1=a -- read --port 1-1 --reconcile other.db
	says "[key-unknown]"
}

# The way out for a machine whose record was marked and did nothing; and the
# second key is told from the first when it comes back, changed as it is.
a_unit_of_a_returned_key_gets_a_record_again() {
	cp "$KEY/key.img" a
	cp "$KEY/l.db" "$KEY/l.db.key" .
	uuid=$(amtforge unit list l.db A --json | jq -r .uuid | sed -n 1p)
	status 65 amtforge setupbin make l.db A --out again --unit "$uuid"
	says "[key-unit]"
	take 1
	sticks 0 1-1=a -- read --port 1-1 --reconcile l.db
	status 0 amtforge setupbin make l.db A --out again --unit "$uuid"
	amtforge usb image again again.img >/dev/null
	cp a first
	for damage in '' yes; do
		cp again.img a
		take 1
		# a byte of its password
		[ -z "$damage" ] || poke a $((2587 * 512 + 50)) '~'
		sticks 0 1-1=a -- read --port 1-1 --reconcile l.db --json
		jq -se '.[2].possibly_applied == 1 and .[2].key == "A-key2"' out
	done
	status 0 amtforge unit show l.db "$uuid" --json
	jq -e '.key == "A-key2" and .key_state == "possibly-applied"' out
	cp first a
	poke a $(((2586 + 2) * 512 + 50)) '~'
	sticks 0 1-1=a -- read --port 1-1 --reconcile l.db --json
	jq -se '.[4].key == "A-key1" and .[4].possibly_applied == 1
		and .[4].differs == 1' out
	status 0 amtforge ledger check l.db
}

a_damaged_record_hides_no_other() {
	cp "$KEY/key.img" a
	cp "$KEY/l.db" "$KEY/l.db.key" .
	take 1
	poke a $(((2586 + 2) * 512 + 28)) '\377\377' # an entry's length
	sticks 65 1-1=a -- read --port 1-1
	says "an entry runs past its record"
	sticks 1 1-1=a -- read --port 1-1 --reconcile l.db --json
	jq -se '.[5].error.message | contains("runs past its record")' out
	jq -se 'map(.state) == [null, "possibly-applied", "unknown", "unused",
		null, null] and .[4].unknown == 1 and .[4].possibly_applied == 1
		and (.[4].whole | not)' out
	[ "$(sqlite3 l.db 'select state from key_records where record = 1')" = \
		possibly-applied ]
	poke a $((2586 * 512)) '\000'
	sticks 65 1-1=a -- read --port 1-1 --reconcile l.db
	says "[setupbin-malformed]"
}

what_is_read_is_kept_in_a_file_and_shown_without_secrets() {
	cp "$KEY/key.img" a
	sticks 0 1-1=a -- read --port 1-1 --out back.bin
	cmp back.bin "$KEY/setup.bin"
	[ "$(stat -c %a back.bin)" = 600 ]
	sticks 73 1-1=a -- read 1-1 --out back.bin
	echo old >back.bin
	sticks 0 1-1=a -- read 1-1 --out back.bin --force
	cmp back.bin "$KEY/setup.bin"
	for u in $(jq -r '.uuid // empty' "$KEY/units.json"); do
		amtforge unit show "$KEY/l.db" "$u" --reveal --json |
			jq -r '.pps // empty, .mebx_password // empty'
	done >secrets
	[ "$(wc -l <secrets)" = 6 ]
	tr -d - <secrets >>secrets.plain
	cat secrets >>secrets.plain
	sticks 0 1-1=a -- read --port 1-1 --json
	cat err >>out
	not grep -qF -f secrets.plain out
}

a_file_in_pieces_is_read_along_its_chain() {
	blank a
	mkfs.fat -F 16 -s 2 a >/dev/null
	head -c 1024 /dev/zero >one
	for i in 1 2 3 4 5 6; do
		mcopy -i a one "::/F$i"
	done
	mdel -i a ::/F2 ::/F4
	mcopy -i a "$KEY/setup.bin" ::/SETUP.BIN
	[ "$(mshowfat -i a ::/SETUP.BIN | wc -w)" -gt 2 ]
	sticks 0 1-1=a -- read --port 1-1 --out back.bin
	cmp back.bin "$KEY/setup.bin"
}

an_image_in_a_file_is_read_as_a_stick_is() {
	cp "$KEY/key.img" a
	cp "$KEY/l.db" "$KEY/l.db.key" .
	take 1
	status 0 amtforge usb read --image a --json
	jq -se '.[0].image == "a" and (.[0] | has("port") | not) and
		.[0].consumed == 1 and .[1].state == "consumed" and
		.[2].state == "unused"' out
	status 0 amtforge usb read --image a --reconcile l.db --json
	jq -se '.[1].state == "possibly-applied" and .[4].unused == 2' out
	status 0 amtforge usb read --image "$KEY/key.img" --out back.bin
	cmp back.bin "$KEY/setup.bin"
	[ "$(stat -c %a back.bin)" = 600 ]
	# one key at a time
	status 2 amtforge usb read --image a --port 1-1
	status 2 amtforge usb read 1-1 --image a
	status 2 amtforge usb read
	says "--port or --image is needed"
	# what is no image
	status 66 amtforge usb read --image absent
	says "absent: cannot be opened"
	mkfifo pipe
	for no in . pipe /dev/null; do
		status 66 timeout 60 amtforge usb read --image "$no"
		says "$no: this is no file; a stick is named by its port, --port"
	done
	: >empty
	head -c 100000 /dev/zero >zeroes
	head -c 1300000 "$KEY/key.img" >short
	for no in empty zeroes short; do
		status 65 amtforge usb read --image $no
		says "$no: "
		says "[stick-no-key]"
	done
	status 75 flock a amtforge usb read --image a
	says "a: a machine takes a record from it at this moment"
	# what else is named is never replaced
	for f in a l.db l.db.key; do
		cp $f was
		status 2 amtforge usb read --image a --reconcile l.db \
			--out $f --force
		cmp $f was
	done
}

what_is_no_key_is_not_read() {
	blank a b
	sticks 65 1-1=a -- read --port 1-1
	says "[stick-no-key]"
	mkfs.fat b >/dev/null
	sticks 65 1-2=b -- read --port 1-2
	says "port 1-2: "
	says "[stick-no-key]"
	cp "$KEY/key.img" a
	poke a $((2586 * 512)) '\000'
	sticks 65 1-1=a -- read --port 1-1 --out kept.bin
	says "[setupbin-malformed]"
	[ -s kept.bin ] # for who wants to look
	cp "$KEY/key.img" a
	sticks 74 1-1=a,fault=badread:1 -- read --port 1-1
	says "unrecovered read error"
}

a_wiped_key_holds_not_one_old_byte() {
	cp "$KEY/key.img" a
	cp "$KEY/key.img" b
	poke b 16777216 '\252\252' # of an older, larger key
	sticks 0 1-1=a 1-2=b -- wipe --port 1-1 1-2 --yes
	says "copies that this program cannot reach may be left"
	same a 67108864
	[ "$(tr -d '\000' <b | wc -c)" = 2 ]
	# no volume tells any more how far; the whole stick goes, which is a
	# small one, of blocks and a piece
	truncate -s 18875904 b
	sticks 65 1-2=b -- wipe --port 1-2 --yes
	says "--whole wipes all of it"
	sticks 0 1-2=b -- wipe --port 1-2 --yes --whole
	cmp -n 18875904 b /dev/zero
}

a_wipe_that_does_not_hold_is_told() {
	cp "$KEY/key.img" a
	cp "$KEY/key.img" b
	sticks 1 1-1=a,fault=lie:1 1-2=b -- wipe --port 1-1 1-2 --yes
	row 1-1 "failed  [stick-differs]"
	row 1-2 ok
	same b 67108864
	cp "$KEY/key.img" b
	sticks 77 1-2=b,ro -- wipe --port 1-2 --yes
	row 1-2 "failed  [stick-read-only]"
	same b "$KEY/key.img"
}

# start_write IMAGE NOT-READY: onto the stick ./a, which is not ready for so many
# quarters of a second, so that what happens now happens before it is written:
# the image was read, and its threads hold back INT, TERM and HUP.
start_write() {
	cat >run.sh <<'END'
amtforge usb write "$1" --port 1-1 --yes &
echo $! >pid
wait $!
END
	rm -f pid
	"$FAKE" "1-1=a,slow=$2" -- sh run.sh "$1" >out 2>err &
	fake=$!
	until_true 90 [ -s pid ]
	until_true 90 writes_on
}

# Has the writer begun its work on the sticks?
writes_on() {
	grep -qs '^SigBlk:.*4003$' "/proc/$(cat pid)"/task/*/status
}

an_interrupt_gives_the_sticks_back() {
	blank a
	start_write "$KEY/key.img" 16
	kill -TERM "$(cat pid)"
	got=0
	wait $fake || got=$?
	[ "$got" = 75 ]
	says "port 1-1: interrupted"
	not grep -q driver err
	sticks 0 1-1=a -- write "$KEY/key.img" --port 1-1 --yes
	is_key a
}

an_image_that_changes_meanwhile_is_written_as_it_was() {
	blank a
	cp "$KEY/key.img" new.img
	start_write new.img 8
	head -c 2000000 /dev/urandom | dd of=new.img conv=notrunc status=none
	wait $fake
	is_key a
	blank a
	cp "$KEY/key.img" new.img
	start_write new.img 8
	: >new.img
	wait $fake
	is_key a
	not grep -q driver err
}

the_help_of_the_group_is_enough_for_the_life_of_a_key() {
	amtforge usb --help >help
	# its own commands, as it prints them, with real names
	sed -n 's/^  \(amtforge usb .*\)/\1/p' help >commands
	[ "$(cut -d' ' -f3 commands | tr '\n' ' ')" = \
		"image list write write read wipe " ]
	cp "$KEY/setup.bin" SETUP.BIN
	cp "$KEY/l.db" line.db
	cp "$KEY/l.db.key" line.db.key
	blank a b c
	sh -e "$PWD/commands" >/dev/null 2>&1 || true # makes key.img
	[ -s key.img ]
	sed 1d commands >rest
	status 0 "$FAKE" 1-2.1=a 1-2.2=b 1-2.3=c -- sh -e rest
	[ "$(grep -c '  ok  .*read back' out)" = 6 ]
	grep -q 'of order A: 3 records: 3 unused' out
	same c 67108864 # wiped
	status 2 amtforge usb
	says "usb what? see amtforge usb --help"
}

if [ ! -x "$FAKE" ]; then
	skip sticks "no libumockdev-dev: ./quickstart deps check"
	done_testing
	exit
fi
make_key
amtforge unit list "$KEY/l.db" A --json >"$KEY/units.json"
t the_list_tells_port_size_and_what_each_holds
t without_yes_nothing_is_written
t a_list_without_sticks_says_why_on_stderr
t a_list_tells_how_many_devices_this_user_may_not_open
t many_sticks_are_written_at_once
t each_fault_has_its_error_and_a_good_neighbour_succeeds
t a_stick_that_hangs_ends_behind_its_neighbours
t one_slip_of_the_protocol_is_put_right
t a_lie_is_told_with_the_offset
t what_was_pulled_out_half_way_is_no_key
t the_status_is_that_of_all_where_all_fail_alike
t what_is_not_ours_is_overwritten_only_by_force
t a_disk_of_another_size_is_taken_only_insecurely
t only_an_image_of_a_key_is_written
t ports_are_named_as_ports
t a_returned_key_tells_whose_records_were_taken
t a_unit_of_a_returned_key_gets_a_record_again
t a_damaged_record_hides_no_other
t what_is_read_is_kept_in_a_file_and_shown_without_secrets
t a_file_in_pieces_is_read_along_its_chain
t an_image_in_a_file_is_read_as_a_stick_is
t what_is_no_key_is_not_read
t a_wiped_key_holds_not_one_old_byte
t a_wipe_that_does_not_hold_is_told
t an_interrupt_gives_the_sticks_back
t an_image_that_changes_meanwhile_is_written_as_it_was
t the_help_of_the_group_is_enough_for_the_life_of_a_key
done_testing

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests of the UEFI application, after lib.sh and batch.sh: keys as mkfs.fat
# and mtools lay them out, and OVMF under QEMU that boots with them.
# shellcheck source=tests/qemu.sh
. "$ROOT/tests/qemu.sh"

EFI=$AMTFORGE_BUILD/efi/amtforge-onetouch.efi
UUID=11223344-5566-7788-99aa-bbccddeeff00
BASE=$TEST_DIR/base.bin # the flash of a new machine
WARM=$TEST_DIR/warm.fd  # and of one that was started once
OVMF=/usr/share/ovmf/OVMF.fd
# Where OVMF's variable volume begins and ends in the whole image.
STORE=$((0x600000))
STORE_END=$((0x620000))

# can_boot NAME: skips the test and fails where something is missing.
can_boot() {
	for c in qemu-system-x86_64 mkfs.fat mcopy perl; do
		command -v $c >/dev/null || {
			skip "$1" "no $c"
			return 1
		}
	done
	[ -e $OVMF ] || {
		skip "$1" "no $OVMF (package ovmf)"
		return 1
	}
	[ -e "$BASE" ] ||
		amtforge image new "$BASE" --size 8M --bios $OVMF
}

# ---- keys ----

# partition IMAGE TYPE SECTORS: an MBR with one partition from 1 MiB on.
partition() {
	perl -e 'print "\0" x 446, pack("C8 V2", 0, 0, 0, 0, hex $ARGV[0],
		0, 0, 0, 2048, $ARGV[1]), "\0" x 48, "\x55\xaa"' "$2" "$3" |
		dd of="$1" conv=notrunc status=none
}

# key IMAGE FILE [LAYOUT [NAME]]: a stick as a technician has it.
key() {
	rm -f "$1"
	case ${3:-fat16} in
	fat16)
		truncate -s 64M "$1"
		partition "$1" 0e 129024
		mkfs.fat -F 16 -s 2 -h 2048 --offset 2048 "$1" 64512
		at=@@1M
		;;
	fat32)
		truncate -s 36M "$1"
		partition "$1" 0c 71680
		mkfs.fat -F 32 -s 1 -h 2048 --offset 2048 "$1" 35840
		at=@@1M
		;;
	superfloppy)
		truncate -s 32M "$1"
		mkfs.fat -F 16 -s 2 "$1"
		at=
		;;
	esac >/dev/null
	[ -z "$2" ] || mcopy -i "$1$at" "$2" "::${4:-SETUP.BIN}"
}

# setup MAJOR MINOR FLAGS CONSUMED RECORD-FLAGS...: a Setup.bin of one-chunk
# PSK records, PIDs as below, on standard output.
setup() {
	perl -e '
		my ($major, $minor, $flags, $used, @rec) = @ARGV;
		my @guid = ("", "b516fb7187cbf94ab441ca7b383578f9",
		    "96b28158cf6b724c8b91a15e512e99c4",
		    "a7f7f6c689c4f64793ede2e5020da51d",
		    "aaa93452e129a9448d4d081c07b96353");
		my @pid = ("0000037M", "0000038N", "0000039O");
		sub entry {
			my ($m, $v, $x) = @_;
			return pack("v4", $m, $v, length $x, 0) . $x .
			    "\0" x (-length($x) % 4);
		}
		print pack("a512", pack("H32 v2 V C2 v V2 v2 v3", $guid[$major],
		    1, 46, 0, $major, $minor, $flags, scalar @rec, $used, 1, 0,
		    1, 2, 0));
		my $n = 0;
		for my $f (@rec) {
			my $body = entry(1, 1, $ENV{PASS} || "admin") .
			    entry(1, 2, "P\@ssw0rd") .
			    entry(2, 1, $pid[$n % 3]) .
			    entry(2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
			print pack("a512", pack("V4 v2 V", 1, $f, 0, 0, 1, 24,
			    ++$n) . $body);
		}' "$@"
}

# ---- booting ----

# warm: makes WARM. At its first start the firmware writes 16 KB of variables of
# its own, byte by byte, which takes QEMU as long as a third of the start.
warm() {
	[ ! -e "$WARM" ] || return 0
	(
		cd "$TEST_DIR" || exit 70
		unset BUS HUB RO MACHINE OPTIONS KERNEL FLASH QEMU
		cp "$BASE" warming.fd
		boot warming ''
		mv warming.fd "$WARM"
	)
}

# boot NAME ANSWER IMAGE[,OPTION...]...: boots NAME.fd (WARM at first) with
# these sticks, answers the question and waits for the end. BUS=usb-ehci is
# another controller, HUB more devices before the sticks, RO more for a drive,
# MACHINE another board, OPTIONS and KERNEL another start, FLASH more chips,
# QEMU another machine.
boot() {
	name=$1
	answer=$2
	shift 2
	[ -e "$name.fd" ] || {
		warm
		cp "$WARM" "$name.fd"
	}
	args="-device ${BUS:-qemu-xhci},id=usb ${HUB:-}"
	nth=0
	for s; do
		nth=$((nth + 1))
		image=${s%%,*}
		options=${s#"$image"}
		args="$args -drive if=none,id=s$nth,format=raw,file=$image${RO:-}"
		args="$args -device usb-storage,bus=usb.0,drive=s$nth$options"
	done
	rm -f "$name.in"
	mkfifo "$name.in"
	: >"$name.raw"
	# shellcheck disable=SC2086 # lists
	${QEMU:-machine} ${FLASH:-} -drive "if=pflash,format=raw,file=$name.fd" \
		-uuid "${MACHINE:-$UUID}" -smbios type=1,serial=SN-1 \
		${KERNEL--kernel $EFI} ${OPTIONS:-} $args \
		<>"$name.in" >"$name.raw" 2>"$name.err" &
	qemu=$!
	# A test that ends early leaves nothing behind.
	trap '[ -z "$qemu" ] || kill $qemu 2>/dev/null || :' EXIT
	converse "$name" "$answer" || {
		cat "$name.console" "$name.err"
		return 1
	}
}

# The machine's end of the conversation; a No or a refusal goes on booting,
# which nobody waits for.
converse() {
	end='^Nothing was changed\.|^Press a key|^No USB key|^The settings'
	end="$end|^BdsDxe: No bootable option"
	until_printed "$1" "\\[Y/N\\]|$end" "$qemu" || return 1
	if grep -q '\[Y/N\]' "$1.console"; then
		printf %s "$2" 1<>"$1.in" # also where it has ended
		until_printed "$1" "$end" "$qemu" || return 1
	fi
	if grep -q '^The settings are stored' "$1.console"; then
		wait "$qemu" # by its own reset
	else
		sleep 0.2
		kill "$qemu"
		wait "$qemu" || :
	fi
	qemu=
}

# tells NAME WORDS
tells() {
	grep -qF -e "$2" "$1.console" && return 0
	echo "$1: the console lacks '$2':"
	cat "$1.console"
	return 1
}

# changed OLD NEW: the bytes that differ, decimal offsets from 0.
changed() {
	cmp -l "$1" "$2" | awk '{ print $1 - 1 }'
}

# has NAME LINE: the software device reads this from the flash.
has() {
	amtforge-device show "$1.fd" >"$1.show"
	grep -q -x -e "$2" "$1.show" && return 0
	cat "$1.show"
	return 1
}

# Nothing outside the variable volume has changed.
only_the_store_changed() {
	changed "$BASE" "$1.fd" | awk -v a=$STORE -v b=$STORE_END '
		$1 < a || $1 >= b { print; n++ }
		END { exit n > 0 }'
}

no_record() {
	not amtforge-device show "$1.fd"
}

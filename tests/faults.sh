# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests/fault/*.sh, after lib.sh: walks one failing call over a command.

SHIM=$AMTFORGE_BUILD/fault/shim.so
# shellcheck disable=SC2034 # for those who have one
FIX=$TEST_DIR/fix # what the commands of a file begin with, made once
CALLS='open write fsync rename link getrandom mmap malloc
	kill-write kill-fsync kill-rename kill-link'
WALK_CAP=${WALK_CAP:-400} # a walk ends here at the latest
plan= # "call:n" while the fault is on
# SQLite rightly ignores an fsync that fails in a checkpoint at close: the WAL
# is on the disk already. A command that uses it sets this to true.
sqlite=false

# under COMMAND...: runs it, with the fault if one is planned.
under() {
	[ -n "$plan" ] || {
		"$@"
		return
	}
	timeout -k 5 200 env AMTFORGE_FAULT="$plan" AMTFORGE_FAULT_FD=9 \
		LD_PRELOAD="$SHIM" "$@" 9>fired
}

a_fixture() {
	cp -R "$FIX/." .
}

# absent FILE...: given a pattern, no file has such a name.
absent() {
	for f; do
		[ ! -e "$f" ] || return 1
	done
}

# walk PREPARE COMMAND JUDGE: three functions. For each call and each N until
# the fault no longer happens (the first twelve one by one, then in growing
# steps): in a fresh folder PREPARE; COMMAND, which uses under, with the fault;
# JUDGE broken; COMMAND again without it, which must succeed; JUDGE whole.
walk() {
	happened=0
	for call in $CALLS; do
		n=1
		while [ $n -le "$WALK_CAP" ]; do
			step "$1" "$2" "$3" || return 1
			$fired || break
			happened=$((happened + 1))
			[ $n -lt 12 ] || n=$((n + n / 4 - 1))
			n=$((n + 1))
		done
	done
	echo "$happened faults"
	[ $happened -gt 0 ]
}

step() {
	rm -rf step
	mkdir step
	cd step || return 1
	"$1" && broken "$2" && "$3" broken && whole "$2" && "$3" whole || {
		echo "^ $2, $call number $n failing: status $rc"
		cat err
		return 1
	}
	cd ..
}

broken() {
	rc=0
	plan=$call:$n
	"$1" >out 2>err </dev/null || rc=$?
	plan=
	fired=false
	[ -s fired ] && fired=true
	case $call,$rc in kill-*,137) return 0 ;; esac
	case $rc in
	0 | 1 | 65 | 66 | 69 | 70 | 73 | 74 | 75 | 77 | 78) ;;
	*)
		echo "status $rc is not a documented one"
		return 1
		;;
	esac
	if [ $rc -ne 0 ] && ! [ -s err ] && ! grep -q '"error"' out; then
		echo "status $rc without a word"
		return 1
	fi
	case $fired,$rc,$call,$sqlite in
	true,0,fsync,false | true,0,rename,false)
		echo "the failure was not told"
		return 1
		;;
	esac
}

# killed: was the program killed in this step? Then scraps may be left.
killed() {
	case $call in kill-*) $fired ;; *) false ;; esac
}

# only FOLDER PATTERN: no file of another name is in it.
only() {
	killed || [ ! -d "$1" ] || [ -z "$(find "$1" -type f ! -name "$2")" ] || {
		ls -la "$1"
		return 1
	}
}

whole() {
	"$1" >out 2>err </dev/null || {
		echo "the repeat without a fault ended with status $?"
		return 1
	}
}

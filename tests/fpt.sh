# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests that write a partition table of an ME region by hand.

# u32 N: its bytes.
u32() {
	for shift in 0 8 16 24; do
		# shellcheck disable=SC2059 # the octal escape is the data
		printf "\\$(printf %o $(($1 >> shift & 255)))"
	done
}

# entry NAME OFFSET SIZE FLAGS: one of $FPT; the low bits of FLAGS are the type.
entry() {
	printf '%s\377\377\377\377' "$1"
	u32 "$2"
	u32 "$3"
	u32 0
	u32 0
	u32 0
	u32 "$4"
}

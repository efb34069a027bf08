#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/bench/worksheet.sh BUILD: UNITS (32) worksheets drawn and read back,
# against their whole pages put through pdftoppm and zbarimg one by one, as a
# person would who does not trust them. Turn about, medians of 3.
set -eu
build=$1
units=${UNITS:-32}
root=$(pwd)
PATH=$root/$build/bin:$PATH
for tool in pdftoppm zbarimg /usr/bin/time; do
	command -v $tool >/dev/null || {
		echo "worksheet: skipped: $tool is not installed"
		exit 0
	}
done
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

ours() {
	/usr/bin/time -a -o ours -f %e amtforge worksheet line.db A \
		--out a.pdf --force 2>/dev/null
}

# A quarter of the pages is enough to know its rate.
theirs() {
	# shellcheck disable=SC2016 # for the inner shell
	/usr/bin/time -a -o theirs -f %e sh -c 'n=1
		while [ $n -le $1 ]; do
			pdftoppm -gray -r 300 -f $n -l $n a.pdf |
				zbarimg -q --raw --nodbus pgm:- >/dev/null
			n=$((n + 1))
		done' sh $((units / 4))
}

median() {
	sort -n "$1" | sed -n 2p
}

amtforge ledger init line.db
amtforge order open line.db "$root/configs/profile-psk.cfg" --id A
amtforge unit issue line.db A --count "$units" >/dev/null
for _ in 1 2 3; do
	ours
	theirs
done
echo "$(median ours) $(median theirs)" |
	awk -v n="$units" '{
		a = n / $1
		b = int(n / 4) / $2
		printf "worksheet\t%.1f\t%.1f\t%.2f\tpages/s\n", a, b, a / b
	}'

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer OVMF: takes or refuses each Setup.bin vector as listed
#
# Every vector of Setup.bin on a key in real firmware: what is stored, what is
# refused and why, and that a key is changed by exactly two bytes or none.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"
# shellcheck source=tests/uefi.sh
. "$(dirname "$0")/../uefi.sh"

VECTORS=$SHARED/vectors/setupbin

# vector NAME: ./m boots with the vector on a key that was ./was.img.
vector() {
	key key.img "$(echo "$VECTORS/$1"_*.bin)"
	cp key.img was.img
	rm -f m.fd # a new machine
	boot m y key.img
}

# stored NAME BYTES LINE...: it came in, so many bytes of the key changed, and
# the software device reads these lines in the flash.
stored() {
	vector "$1"
	[ "$(changed was.img key.img | wc -l)" = "$2" ]
	only_the_store_changed m
	shift 2
	for line; do has m "$line"; done
}

# refused NAME CODE [WORDS]
refused() {
	vector "$1"
	tells m "[$2]"
	tells m "${3:-[$2]}"
	no_record m
	cmp was.img key.img
}

psk_records_are_taken() {
	stored T1 2 'amt *3.0' 'pid *0000037M' 'start *talk'
	stored T2 2 'pid *0000038N'
}

a_root_in_a_file_of_2_0_is_added() {
	stored T3 0 'amt *3.0' 'credential *pki' 'suffix *example.com' \
		'hash *sha1 101112131415161718191a1b1c1d1e1f20212223 Example Root'
}

network_settings_of_2_1_are_stored() {
	stored T4 0 'amt *4.0' 'mode *smb' 'address *192.0.2.17' 'port *9971'
	tells m 'Hostname: host1'
}

two_roots_in_a_file_of_3_0_are_added() {
	stored T5 0 'amt *6.0' 'start *listen' 'hash *sha256 .* Root A' \
		'hash *sha384 .* Root B'
}

scrambled_files_of_4_0_are_read() {
	stored T6 0 'amt *7.0'
	stored T7 0 'port *9971'
	tells m 'Support Channel Description: Help desk'
}

full_records_are_read_and_an_overfull_one_is_not() {
	stored T8 0 'suffix *a*' 'server *b*'
	stored T9 0 'suffix *a*' 'server *b*'
	refused T10 setupbin-malformed 'an entry runs past its record'
}

files_of_meshcentral_are_taken() {
	stored M1 0 'start *listen' 'suffix *acm.example.com' \
		'hash *sha256 .* MeshCentral'
	stored M2 0 'start *talk' 'server *prov.example.com' \
		'address *192.0.2.17' 'port *9971'
}

a_file_that_is_none_is_refused() {
	refused N01 key-newer 'file newer than this firmware'
	refused N02 setupbin-malformed 'major version is not that of the GUID'
	refused N12 setupbin-malformed 'shorter than a header'
	refused N18 setupbin-malformed 'chunks of the header'
}

fewer_records_than_counted_are_refused() {
	for v in N03 N05 N11 N19; do
		refused $v setupbin-malformed \
			'fewer records than the header counts'
	done
	refused N06 setupbin-malformed 'more records consumed than there are'
}

broken_records_are_refused_before_the_question() {
	refused N09 setupbin-malformed 'an entry runs past its record'
	refused N10 setupbin-malformed 'chunks of a record'
	refused N13 setupbin-malformed 'header of a record is not 24 bytes'
	not grep 'Y/N' m.console
}

nothing_left_is_said() {
	refused N14 key-used-up 'no unused record left'
	refused N15 key-used-up 'no unused record left'
}

# A key copied by hand has whole clusters; a BIOS of another generation has
# variables that we have no name for.
what_is_only_unusual_is_taken() {
	stored N04 0 'hash *sha1 .* Example Root'
	stored N07 0 'server *ps.example.com'
	tells m 'unknown variable 2/99: 11 bytes'
}

# As in a real BIOS, what MEBx judges is judged after the Yes.
values_that_a_machine_cannot_hold_are_refused() {
	refused N08 key-password
	tells m 'unknown variable 9/1: 5 bytes'
	refused N16 key-value 'variable 2/8: unknown hash algorithm'
	refused N17 key-value 'variable 2/8: lengths within a hash'
}

need() {
	if [ ! -d "$VECTORS" ]; then
		skip "$1" "no vectors"
	else
		can_boot "$1" && t "$1"
	fi
}

need psk_records_are_taken
need a_root_in_a_file_of_2_0_is_added
need network_settings_of_2_1_are_stored
need two_roots_in_a_file_of_3_0_are_added
need scrambled_files_of_4_0_are_read
need full_records_are_read_and_an_overfull_one_is_not
need files_of_meshcentral_are_taken
need a_file_that_is_none_is_refused
need fewer_records_than_counted_are_refused
need broken_records_are_refused_before_the_question
need nothing_left_is_said
need what_is_only_unusual_is_taken
need values_that_a_machine_cannot_hold_are_refused
done_testing

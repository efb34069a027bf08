#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The UEFI application as a file; tests/interop/uefi.sh runs it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

EFI=efi/amtforge-onetouch.efi

# built FOLDER: the application from a copy of its sources there.
built() {
	mkdir -p "$1"
	for room in base formats bios; do
		cp -R "$ROOT/$room" "$1"
	done
	cp "$ROOT/Makefile" "$1"
	make -s -C "$1" MODE=release efi >/dev/null
}

# Equal bytes wherever it is built, and in each mode, so that a signature over
# our file is one over yours.
two_builds_are_equal() {
	built one
	built another/folder
	cmp "one/build/release/$EFI" "another/folder/build/release/$EFI"
	cmp "one/build/release/$EFI" "$AMTFORGE_BUILD/$EFI"
}

without_its_compiler_the_build_says_what_to_install() {
	for tool in EFI_CC EFI_LD; do
		status 2 make -s -C "$ROOT" O="$PWD/$tool" \
			$tool=no-such-tool efi
		says 'no no-such-tool: ./quickstart deps build installs it'
	done
}

t two_builds_are_equal
t without_its_compiler_the_build_says_what_to_install
done_testing

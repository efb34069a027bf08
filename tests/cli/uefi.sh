#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The UEFI application as a file; tests/interop/uefi.sh runs it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

EFI=efi/amtforge-onetouch.efi

# Equal bytes wherever it is built, and in each mode, so that a signature over
# our file is one over yours.
two_builds_are_equal() {
	mkdir -p another/folder
	cp -R "$ROOT/base" "$ROOT/formats" "$ROOT/bios" "$ROOT/Makefile" \
		another/folder
	make -s -C another/folder MODE=release efi >/dev/null
	cmp "another/folder/build/release/$EFI" "$AMTFORGE_BUILD/$EFI"
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

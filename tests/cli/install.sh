#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"

made() {
	make -s -C "$ROOT" MODE="$(basename "$AMTFORGE_BUILD")" \
		DESTDIR="$PWD/root" PREFIX=/opt/amt "$@"
}

install_copies_programs_pages_and_samples() {
	made install
	root/opt/amt/bin/amtforge --version
	for page in "$ROOT"/man/*.[1-8]; do
		f=$(basename "$page")
		cmp "$page" "root/opt/amt/share/man/man${f##*.}/$f"
	done
	for sample in "$ROOT"/configs/*; do
		cmp "$sample" "root/opt/amt/share/amtforge/$(basename \
			"$sample")"
	done
	cmp "$AMTFORGE_BUILD/efi/amtforge-onetouch.efi" \
		root/opt/amt/lib/amtforge/amtforge-onetouch.efi
	cmp "$ROOT/completion/amtforge.bash" \
		root/opt/amt/share/bash-completion/completions/amtforge-server
}

uninstall_leaves_no_file() {
	made install
	made uninstall
	[ -z "$(find root -type f)" ]
}

t install_copies_programs_pages_and_samples
t uninstall_leaves_no_file
done_testing

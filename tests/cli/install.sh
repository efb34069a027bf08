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

uninstall_leaves_nothing_of_ours() {
	made install
	mkdir -p root/opt/amt/share/man/man1
	: >root/opt/amt/share/man/man1/other.1
	made uninstall
	[ "$(find root/opt/amt)" = "$(printf '%s\n' root/opt/amt \
		root/opt/amt/share root/opt/amt/share/man \
		root/opt/amt/share/man/man1 \
		root/opt/amt/share/man/man1/other.1)" ]
	rm root/opt/amt/share/man/man1/other.1
	made uninstall
	[ "$(find root/opt/amt)" = root/opt/amt ]
}

uninstall_of_what_is_not_there_is_no_failure() {
	made uninstall
	not test -e root
}

t install_copies_programs_pages_and_samples
t uninstall_leaves_nothing_of_ours
t uninstall_of_what_is_not_there_is_no_failure
done_testing

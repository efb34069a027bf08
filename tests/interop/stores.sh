#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer UEFIExtract, fwupdtool, OVMF: read stores of each format that we wrote
#
# Variable stores of each format, ours and written to by us, judged by
# UEFIExtract, fwupdtool and OVMF.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/ovmf.sh
. "$ROOT/tests/ovmf.sh"

VARS=/usr/share/OVMF/OVMF_VARS_4M.fd
CODE=/usr/share/OVMF/OVMF_CODE_4M.fd

make_store() {
	perl "$ROOT/tests/stores.pl" "$1" >"$1.bin"
}

# map TARGET VOLUME-GUID [STORE]: into map.cfg.
map() {
	cat >map.cfg <<-EOT
		platform = {
			name = "stores";
			match = ( { kind = "volume"; guid = "$2"; } );
		};
		settings = {
			oem_record = {
				target = "$1"; guid = "$GUID";
				name = "AmtOemRecord"; attrs = 0x3;
				encoding = "opr1"; ${3:+store = $3;}
			};
		};
	EOT
}

edk2_map() {
	map uefi-var fff12b8d-7696-4c8b-a985-2747075b4f50
}

nvar_map() {
	map nvar 8c8ce578-8a3d-4f1c-9935-896185c32dd3 "$1"
}

# write BASE: a unit's record into unit.bin, after map.cfg.
write() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count 1
	amtforge image write l.db O --base "$1" --map map.cfg --out images
	cp images/*.bin unit.bin
	chmod 600 unit.bin
}

# theirs IMAGE: UEFIExtract's entries, "offset size name", that have a name.
theirs() {
	rm -f "$1.report.txt"
	UEFIExtract "$1" report >/dev/null
	awk -F'|' '/^ (VSS|NVAR|EVSA) entry/ && NF > 6 &&
	    $2 !~ /GUID|Name|Invalid|Data only/ {
		gsub(/ /, "")
		print tolower($3), tolower($4), $NF
	}' "$1.report.txt"
}

# The same of ours: live entries.
ours() {
	amtforge image show "$1" | unfold |
		sed -n 's/^ *0x\([0-9a-f]*\)\.\.0x\([0-9a-f]*\) \([A-Za-z]*\)  guid .* state added.*/\1 \2 \3/p' |
		while read -r from last name; do
			printf '%s %08x %s\n' "$from" \
				$((0x$last - 0x$from + 1)) "$name"
		done
}

# A value only entry bears a name there, of the entry that points to it.
uefiextract_lists_the_same_variables_as_we_do() {
	for kind in auth other vss vssauth nvar evsa; do
		echo "$kind"
		make_store $kind
		theirs $kind.bin | case $kind in
		nvar) grep -v '^000[01]00bb ' ;;
		auth | other | vss*) grep -v Gone ;;
		*) cat ;;
		esac >their.list
		ours $kind.bin >our.list
		[ -s our.list ]
		diff their.list our.list
	done
}

# added_to KIND OFFSET SIZE-OF-HEADER-AND-NAME: UEFIExtract lists what we added
# there by its name, and all else as it was.
added_to() {
	make_store "$1"
	write "$1.bin"
	theirs "$1.bin" >before
	theirs unit.bin >after
	diff before after >changes && return 1
	cat changes
	[ "$(grep -c '^[<>]' changes)" = 1 ]
	grep -q "^> $2 [0-9a-f]* AmtOemRecord\$" changes
	size=$(sed -n 's/^> [0-9a-f]* \([0-9a-f]*\) .*/\1/p' changes)
	amtforge image show unit.bin --json >shown
	data=$(sed -n 's/.*"AmtOemRecord",[^}]*"data_size":\([0-9]*\).*/\1/p' shown)
	[ $((0x$size)) = $((data + $3)) ]
	# Only erased bytes changed, and only there.
	cmp -l "$1.bin" unit.bin | awk -v from=$((0x$2)) -v n=$((0x$size)) '
		$1 <= from || $1 > from + n || $2 != 377 { print; bad = 1 }
		END { exit bad || NR == 0 }'
}

a_variable_added_to_an_authenticated_store_is_listed() {
	edk2_map
	added_to auth 00000144 86
}

a_variable_added_to_a_plain_store_is_listed() {
	edk2_map
	added_to other 000000f0 58
}

a_variable_added_to_a_vss_store_is_listed() {
	edk2_map
	added_to vss 000000db 58
}

a_variable_added_to_an_authenticated_vss_store_is_listed() {
	edk2_map
	added_to vssauth 0000012f 86
}

an_entry_added_to_a_main_or_a_backup_nvar_store_is_listed() {
	nvar_map 0
	added_to nvar 000000f1 39
	rm -r l.db images
	nvar_map 1
	added_to nvar 000100f1 39
}

# UEFIExtract does not know EDK2's GUID of plain stores.
an_edk2_plain_store_is_written_as_its_twin() {
	edk2_map
	make_store plain
	write plain.bin
	amtforge image show unit.bin | unfold >shown
	grep -q 'store  format edk2 plain' shown
	printf '\027' | dd of=unit.bin bs=1 seek=72 conv=notrunc status=none
	theirs unit.bin | grep -q '^000000f0 [0-9a-f]* AmtOemRecord$'
}

an_evsa_store_is_only_read() {
	edk2_map
	make_store evsa
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count 1
	status 65 amtforge image write l.db O --base evsa.bin --map map.cfg \
		--out images
	says "[image-no-store]"
}

fwupdtool_lists_what_we_added() {
	for base in auth.bin $VARS; do
		rm -rf l.db images
		make_store auth
		edk2_map
		write "$base"
		size=$(od -An -tu4 -j88 -N4 unit.bin | tr -d ' ')
		dd if=unit.bin of=store.bin iflag=skip_bytes,count_bytes \
			skip=72 count="$size" status=none
		fwupdtool firmware-parse store.bin efi-vss2-variable-store \
			>parsed 2>&1
		tr -d '\n' <parsed | grep -o '<id>AmtOemRecord.*</state>' >ours
		grep -q "<vendor_guid>$GUID</vendor_guid>" ours
		grep -q '<state>variable-added</state>' ours
	done
}

# OVMF's 4 MiB build: two files, which lie in the flash one behind the other.
ovmf_of_4_mib_prints_the_variable() {
	cat $VARS $CODE >base.bin
	[ "$(stat -c %s base.bin)" = 4194304 ]
	edk2_map
	write base.bin
	cat $VARS >vars.bin # alone it is an image too
	amtforge image show vars.bin | unfold >shown
	grep -q '0x00000048..0x0003ffff store  format edk2 auth' shown
	boot unit.bin
	grep -qi "Variable NV+BS '$GUID:AmtOemRecord'" console
	# The firmware has used the store and its fault tolerant write.
	amtforge image show unit.bin | unfold >used
	grep -q ' AmtOemRecord  .* state added' used
	grep -q 'fault tolerant write  state \(empty\|complete\),' used
}

have uefiextract_lists_the_same_variables_as_we_do UEFIExtract perl
for kind in an_authenticated a_plain a_vss an_authenticated_vss; do
	have a_variable_added_to_${kind}_store_is_listed UEFIExtract perl
done
have an_entry_added_to_a_main_or_a_backup_nvar_store_is_listed \
	UEFIExtract perl
have an_edk2_plain_store_is_written_as_its_twin UEFIExtract perl
have an_evsa_store_is_only_read perl
if [ -e $VARS ] && [ -e $CODE ]; then
	have fwupdtool_lists_what_we_added fwupdtool perl
	have ovmf_of_4_mib_prints_the_variable qemu-system-x86_64 mformat mcopy
else
	skip ovmf_of_4_mib "no $VARS (package ovmf)"
fi
done_testing

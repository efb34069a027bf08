#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge setupbin encode, decode and check.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

BINS=$ROOT/tests/vectors/formats_setupbin
JSONS=$ROOT/tests/vectors/setupbin_json

bin() {
	echo "$BINS"/*-"$1"-*.bin
}

# poke FILE OFFSET \ooo...: changes bytes in place.
poke() {
	# shellcheck disable=SC2059 # the octal escapes are the data
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

json_makes_the_peer_s_files_byte_for_byte() {
	for t in T1 T2 T3 T4 T5 T6 T7 T8; do
		status 0 amtforge setupbin encode "$JSONS/$t.json" $t.bin
		cmp $t.bin "$(bin $t)"
		[ "$(stat -c %a $t.bin)" = 600 ]
	done
}

every_readable_file_comes_back_from_its_json() {
	for t in M1 M2 T1 T2 T3 T4 T5 T6 T7 T8 N07 N08 N15; do
		status 0 amtforge setupbin decode --json "$(bin $t)"
		[ "$(wc -l <out)" = 1 ]
		mv out json
		status 0 amtforge setupbin encode json $t.bin
		cmp $t.bin "$(bin $t)"
	done
}

the_shared_vectors_come_back_too() {
	for f in "$SHARED"/vectors/setupbin/[TM][1-8]_*.bin; do
		amtforge setupbin decode --json "$f" |
			amtforge setupbin encode - again.bin --force
		cmp again.bin "$f"
		json=${f%.bin}.json
		[ -e "$json" ] || continue
		status 0 amtforge setupbin encode "$json" again.bin --force
		cmp again.bin "$f"
	done
	for f in "$SHARED"/vectors/setupbin/N*.bin; do
		want=65
		case $f in */N07* | */N08* | */N15*) want=0 ;; esac
		status $want amtforge setupbin check "$f"
	done
}

a_full_record_is_shown_with_a_warning_and_not_written() {
	status 0 amtforge setupbin decode --json "$(bin T9)"
	says "warning record-full"
	status 65 amtforge setupbin encode "$JSONS/T9.json" t9.bin
	says "T9.json: record 1, offset 0x400 of the Setup.bin [record-full]"
	says "[record-full]"
	status 65 amtforge setupbin encode "$JSONS/T10.json" t10.bin
	says "record 1: variable 2/4: the record has no room"
	not test -e t9.bin
	not test -e t10.bin
	status 65 amtforge setupbin decode "$(bin T10)"
}

unreadable_files_are_refused_with_code_and_offset() {
	while read -r name code offset; do
		status 65 amtforge setupbin decode "$(bin "$name")"
		says "[$code]"
		status 65 amtforge setupbin decode --json "$(bin "$name")"
		grep -q "{\"error\":{\"code\":\"$code\",\"offset\":$offset," out
		status 65 amtforge setupbin check --json "$(bin "$name")"
		grep -q "{\"severity\":\"error\",\"code\":\"$code\",\"offset\":$offset," out
	done <<-EOF
		N01 guid-unknown 0
		N02 major-mismatch 24
		N03 file-size 1000
		N05 records-missing 28
		N06 consumed-count 32
		N09 entry-past-end 536
		N10 record-chunks 36
		N11 records-missing 28
		N12 truncated 0
		N13 record-header-length 530
		N14 record-type 512
		N16 hash-type 648
		N17 hash-length 648
		N18 header-chunks 16
		N19 records-missing 28
	EOF
}

trailing_chunks_are_an_error_to_check_and_a_warning_to_decode() {
	status 65 amtforge setupbin check "$(bin N04)"
	grep -q '^0x400: error trailing-zeroes$' out
	status 0 amtforge setupbin decode --json "$(bin N04)"
	says "warning trailing-zeroes"
	mv out json
	status 0 amtforge setupbin encode json cut.bin
	cmp cut.bin "$(bin T3)"
	cp "$(bin N04)" x.bin
	poke x.bin 0x5ff '\1'
	status 65 amtforge setupbin decode x.bin
	says "[trailing-bytes]"
}

check_tells_the_fault_first_and_then_its_rule() {
	cp "$(bin T2)" x.bin
	poke x.bin 0x208 '\1'
	poke x.bin 0x447 'M'
	poke x.bin 0x26 '\1'
	poke x.bin 0x614 '\11'
	status 65 amtforge setupbin check x.bin
	grep -q '^0x26: error header-reserved$' out
	grep -q '^0x208 record 1: error record-reserved$' out
	grep -q '^0x438 record 2 2/1: error pid-check: ..' out
	grep -A 3 '^0x614 record 3: warning record-number$' out >one
	[ "$(cut -c 1-9 one | sed 1d)" = "$(printf '  %s\n' 'rule: R' \
		'BIOS: F' 'do: Mak')" ]
	[ "$(tail -n 1 out)" = "x.bin: 3 records looked at, 3 errors, 1 warning" ]
	[ "$(wc -l <out)" = 17 ]
	[ "$(grep -c '^0x' out)" = 4 ]
	says "x.bin: 3 errors"
	status 65 amtforge setupbin check x.bin --json
	[ "$(grep -c '"severity":"' out)" = 4 ]
	jq -e -s 'map(select(.code)) | all(.offset >= 0 and
		(.rule | length > 0) and (.bios | length > 0) and
		(.mend | length > 0))' out
}

a_clean_file_ends_with_0_and_so_do_warnings() {
	status 0 amtforge setupbin check "$(bin T3)"
	grep -q ': 1 record looked at, 0 errors, 0 warnings$' out
	status 0 amtforge setupbin check "$(bin N15)"
	grep -q 'warning nothing-left' out
	status 0 amtforge setupbin check - <"$(bin T3)"
	status 0 amtforge setupbin check --json "$(bin T3)"
	not test -s out
}

a_generation_is_told_what_it_makes_of_the_file() {
	status 65 amtforge setupbin check "$(bin T1)" --amt 11.8
	grep -q 'error amt-psk$' out
	grep -q '  rule: .*AMT 11' out
	grep -q 'warning amt-v1$' out
	status 0 amtforge setupbin check "$(bin T1)" --amt 2.0
	status 65 amtforge setupbin check "$(bin T3)" --amt 16.1
	grep -q 'error amt-sha1$' out
	status 65 amtforge setupbin check "$(bin T7)" --amt 4
	grep -q 'error amt-file-newer$' out
	for wrong in 1.0 x 3.x 3. .5 3.0.1 ''; do
		status 2 amtforge setupbin check "$(bin T7)" --amt "$wrong"
	done
}

what_the_target_ignores_is_not_written() {
	status 65 amtforge setupbin encode "$JSONS/T1.json" x.bin --amt 11.0
	says "[amt-psk]"
	status 65 amtforge setupbin encode "$JSONS/T3.json" x.bin --amt 16.0
	says "[amt-sha1]"
	status 65 amtforge setupbin encode "$JSONS/T7.json" x.bin --amt 5.0
	says "[amt-file-newer]"
	status 2 amtforge setupbin encode "$JSONS/T7.json" x.bin --amt new
	not test -e x.bin
	status 0 amtforge setupbin encode "$JSONS/T5.json" x.bin --amt 16.0
}

# shared.json: T1 as a file of version 2.1 whose record is not consumed.
a_shared_psk_is_refused_unless_told() {
	sed -e 's/"fileType": 1/"fileType": 2, "minorVersion": 1/' \
		-e '0,/"flags": 0/s//"flags": 1/' "$JSONS/T1.json" >shared.json
	status 65 amtforge setupbin encode shared.json x.bin
	says "[psk-kept]"
	not test -e x.bin
	status 0 amtforge setupbin encode shared.json x.bin \
		--insecure-shared-psk
	says "--insecure-shared-psk: whoever holds"
	says "warning psk-kept"
	status 65 amtforge setupbin check x.bin
	status 0 amtforge setupbin check x.bin --insecure-shared-psk
	grep -q 'warning psk-kept' out
	# not 1.0: no flag lifts that
	sed '0,/"flags": 0/s//"flags": 1/' "$JSONS/T1.json" >v1.json
	status 65 amtforge setupbin encode v1.json y.bin --insecure-shared-psk
	says "[kept-v1]"
}

encode_refuses_what_harms_and_says_where() {
	entry='{"module":1,"var":1,"text":"admin"}'
	while read -r code rest; do
		echo "$rest" >x.json
		status 65 amtforge setupbin encode x.json x.bin
		says "[$code]"
		not test -e x.bin
	done <<-EOF
		password-default {"records":[{"variables":[$entry]}]}
		password-rule {"records":[{"variables":[$entry,{"module":1,"var":2,"text":"Location_1"}]}]}
		value-range {"records":[{"variables":[{"module":2,"var":13,"num":256}]}]}
		value-range {"records":[{"variables":[{"module":2,"var":13,"num":-1}]}]}
		value-range {"records":[{"variables":[{"module":2,"var":13,"num":0}]}]}
		no-records {"records":[]}
		minor-unknown {"fileType":2,"minorVersion":2,"records":[{"variables":[{"module":2,"var":5,"num":1}]}]}
		guid-unknown {"fileType":5,"records":[]}
		major-mismatch {"fileType":2,"majorVersion":3,"records":[]}
		record-flags {"records":[{"flags":4}]}
		scrambled-early {"fileType":3,"records":[{"flags":3}]}
		consumed-count {"records":[],"dataRecordsConsumed":1}
		setupbin-json {"records":[{"variables":[{"module":2,"var":5}]}]}
		setupbin-json {"records":[{"variables":[{"module":2,"var":3,"num":5}]}]}
		setupbin-json {"records":[{"variables":[{"module":0,"var":3,"text":"a"}]}]}
		setupbin-json {"records":[{"variables":[{"module":2,"var":3,"hex":"abc"}]}]}
		setupbin-json {"records":{}}
		setupbin-json []
		setupbin-json {"records":[}
		setupbin-json {"records":[{"variables":[{"module":2,"var":13,"num":"1"}]}]}
		setupbin-json {"records":[{"variables":[{"module":2,"var":17,"num":5}]}]}
		setupbin-json {"records":[{"variables":[{"module":2,"var":17,"text":"host"}]}]}
		pid-check {"records":[{"variables":[{"module":2,"var":1,"text":"0000-037M"}]}]}
		pps-check {"records":[{"variables":[{"module":2,"var":2,"text":"NKLD-G5DC"}]}]}
		multi-chunk {"dataRecordChunkCount":2,"records":[{"variables":[{"module":2,"var":5,"num":1}]}]}
	EOF
	status 66 amtforge setupbin encode none.json x.bin
	status 73 amtforge setupbin encode "$JSONS/T3.json" none/x.bin
	: >empty
	status 65 amtforge setupbin encode empty x.bin
	says "[setupbin-json]"
}

a_refusal_is_told_once_in_words_that_fit() {
	one() {
		echo '{"fileType":4,"records":[{"variables":[
		{"module":1,"var":1,"text":"admin"},
		{"module":1,"var":2,"text":"P@ssw0rd"},'"$1"']}]}' >x.json
		status 65 amtforge setupbin encode x.json x.bin
		[ "$(wc -l <err)" = 3 ]
	}
	one '{"module":2,"var":13,"num":"2"}'
	says "num: not a whole number; it has no quotes"
	one '{"module":2,"var":17,"text":"192.168.1"}'
	says 'text: not an IPv4 address such as "192.168.1.5"'
	one '{"module":2,"var":17,"num":5}'
	says "num: an address is text"
	one '{"module":2,"var":1,"text":"0000-037M"}'
	says "in a file it has no dashes"
	one '{"module":2,"var":13,"num":3}'
	says "record 1, 2/13, offset 0x238 of the Setup.bin: DHCP [value-range]"
	says "amtforge-setupbin(7) lists them"
	one '{"module":1,"var":3,"num":1},{"module":1,"var":3,"num":1}'
	says "[entry-repeated]"
	echo '{"fileType":4,"records":[]}' >x.json
	status 65 amtforge setupbin encode x.json x.bin
	says "x.json: offset 0x1c of the Setup.bin [no-records]"
}

# The literal blocks of the page that begin with a brace.
the_page_s_examples_work_as_they_stand() {
	awk '/^\.Ed/ { lit = 0 } lit == 1 && /^{/ { lit = 2; n++ }
		lit == 2 { print >(n ".json") } /^\.Bd/ { lit = 1 }' \
		"$ROOT/man/amtforge-setupbin.7"
	[ "$(echo ?.json)" = "1.json 2.json" ]
	for n in 1,16.0 2,4.0; do
		status 0 amtforge setupbin encode ${n%,*}.json x.bin \
			--amt ${n#*,} --force
		not test -s err
		amtforge usb image x.bin x.img --force
	done
}

an_address_is_written_as_people_write_it() {
	for v in '"text":"192.168.1.5"' '"hex":"0501a8c0"'; do
		echo '{"fileType":4,"records":[{"variables":[
		{"module":1,"var":1,"text":"admin"},
		{"module":1,"var":2,"text":"P@ssw0rd"},
		{"module":2,"var":17,'"$v"'}]}]}' >x.json
		status 0 amtforge setupbin encode x.json x.bin --force
		amtforge setupbin decode --json x.bin >out
		jq -e '.records[0].variables[2].hex == "0501a8c0"' out
	done
	# as the peer's decoder tells an address whose bytes are letters
	sed -i 's/"hex":.*"/"text":"host","hex":"686f7374"/' x.json
	status 0 amtforge setupbin encode x.json x.bin --force
	amtforge setupbin decode x.bin >out
	grep -q ' 2/17 .* 116.115.111.104$' out
}

unknown_keys_and_a_missing_version_are_told() {
	cat >x.json <<-'EOF'
		{"majorversion":3,"records":[{"variabels":1,"chunkCount":0,
		"variables":[{"module":1,"var":1,"text":"admin","type":0},
		{"module":1,"var":2,"text":"P@ssw0rd","remark":"","desc":""},
		{"module":2,"var":5,"num":1,"remark":"again"}]}]}
	EOF
	status 0 amtforge setupbin encode x.json x.bin
	cat >want <<-'EOF'
		unknown key "majorversion" is ignored (did you mean majorVersion?)
		record 1: unknown key "variabels" is ignored (did you mean variables?)
		record 1, variable 2: unknown key "remark" is ignored
		no fileType is given: version 4.0 is written
	EOF
	cmp err want
	awk 'BEGIN { printf "{\"records\":[]"
		for (i = 0; i < 40; i++) printf ",\"k%d\":0", i
		print "}" }' >x.json
	status 65 amtforge setupbin encode x.json y.bin
	[ "$(grep -c 'unknown key' err)" = 17 ]
	says "more unknown keys are ignored"
}

what_is_near_a_setup_bin_is_named() {
	amtforge usb image "$(bin T3)" key.img
	for verb in "check" "decode"; do
		status 65 amtforge setupbin $verb key.img
		cat out >>err
		[ "$(grep -c 'disk-image' err)" = 1 ]
		says "its SETUP.BIN is meant"
		says "usb read --image"
	done
	head -c 1048576 key.img >head.img # an MBR, and its partition is not there
	status 65 amtforge setupbin check head.img
	grep -q '^0x0: error disk-image: no SETUP.BIN was found on it$' out
	status 65 amtforge setupbin check "$JSONS/T3.json"
	grep -q '^0x0: error json-text$' out
	grep -q 'setupbin encode' out
	[ "$(grep -c '^0x' out)" = 1 ]
}

nothing_is_overwritten_without_force() {
	echo mine >x.bin
	status 73 amtforge setupbin encode "$JSONS/T3.json" x.bin
	[ "$(cat x.bin)" = mine ]
	status 0 amtforge setupbin encode "$JSONS/T3.json" x.bin --force
	cmp x.bin "$(bin T3)"
	[ "$(stat -c %a x.bin)" = 600 ]
}

entries_are_sorted_unless_they_are_to_stay() {
	cat >x.json <<-'EOF'
		{"records":[{"variables":[
		{"module":2,"var":6,"num":1},{"module":2,"var":5,"num":0},
		{"module":1,"var":2,"text":"P@ssw0rd"},
		{"module":1,"var":1,"text":"admin"}]}]}
	EOF
	status 0 amtforge setupbin encode x.json sorted.bin
	amtforge setupbin decode --json sorted.bin >out
	jq -e '[.records[0].variables[] | [.module, .var]] ==
		[[1,1],[1,2],[2,5],[2,6]] and
		.modules == [2,1] and .ordered == null' out
	# passwords first, the rest as it is
	jq -c '.records[0].variables |= [.[0],.[1],.[3],.[2]] |
		.ordered = true' out >kept.json
	status 0 amtforge setupbin encode kept.json kept.bin
	says "warning order-unusual"
	amtforge setupbin decode --json kept.bin >out
	jq -e '.ordered and ([.records[0].variables[] | .var] == [1,2,6,5])' out
	mv out json
	status 0 amtforge setupbin encode json again.bin
	cmp again.bin kept.bin
}

odd_module_lists_and_numbers_come_back() {
	cp "$(bin T3)" x.bin
	poke x.bin 0x28 '\0\0\0\0'
	poke x.bin 0x214 '\11'
	status 0 amtforge setupbin decode --json x.bin
	jq -e '.modules == [] and .recordHeaderByteCount == 46 and
		.records[0].recordNumber == 9' out
	mv out json
	status 0 amtforge setupbin encode json y.bin
	says "warning module-list"
	cmp x.bin y.bin
}

values_are_shown_in_words_and_secrets_are_hidden() {
	status 0 amtforge setupbin decode "$(bin T4)"
	grep -q '^version 2.1, records are not consumed, 1 record, 0 consumed$' out
	grep -q ' 2/13 *DHCP *2 (enabled)$' out
	grep -q ' 2/17 *Provisioning Server Address *192.0.2.17$' out
	grep -q ' 1/6 *Power Package *7322734623dc432fa98a13d37982d855$' out
	not grep -q 'P@ssw0rd\|admin' out
	status 0 amtforge setupbin decode "$(bin T2)"
	grep -q '^record 1: consumed$' out
	grep -q ' 2/1 *PID *0000-037M$' out
	grep -q ' 2/2 *PPS *(hidden)$' out
	not grep -q NKLD out
	status 0 amtforge setupbin decode "$(bin T2)" --reveal
	grep -q ' 2/2 *PPS *NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ$' out
	grep -q ' 1/2 *New MEBx Password *P@ssw0rd$' out
	status 0 amtforge setupbin decode "$(bin T6)"
	grep -q '^record 1: valid, scrambled$' out
	status 0 amtforge setupbin decode "$(bin N08)"
	grep -q ' 9/1 *(unknown) *61646d696e$' out
}

no_finding_shows_a_secret() {
	sed -e 's/P@ssw0rd/S3cret pass/' -e 's/69XJ/69XK/' "$JSONS/T1.json" >x.json
	status 65 amtforge setupbin encode x.json x.bin
	not grep -q 'S3cret\|NKLD' out err
	cp "$(bin T1)" x.bin
	poke x.bin 0x230 'Short_12'
	poke x.bin 0x27f 'K'
	for how in "" --json; do
		# shellcheck disable=SC2086 # none or one
		status 65 amtforge setupbin check x.bin $how
		grep -q password-rule out
		not grep -q 'Short_12\|NKLD' out err
	done
	echo '{"records":[{"variables":[{"text":"S3cret"x}]}]}' >x.json
	status 65 amtforge setupbin encode x.json y.bin
	not grep -q S3cret err
}

who_may_read_the_json_is_told() {
	(
		umask 022
		amtforge setupbin decode --json "$(bin T3)" >open 2>err
	)
	says "everybody may read"
	(
		umask 077
		amtforge setupbin decode --json "$(bin T3)" >closed 2>err
	)
	not grep -q "may read" err
	cmp open closed
}

many_records_are_encoded_checked_and_decoded() {
	{
		printf '{"records":['
		awk 'BEGIN { for (i = 0; i < 20000; i++)
			printf "%s{\"variables\":[{\"module\":1,\"var\":1,\"text\":\"admin\"},{\"module\":1,\"var\":2,\"text\":\"P@ssw0rd\"},{\"module\":2,\"var\":5,\"num\":1}]}", i ? "," : "" }'
		printf ']}'
	} | status 0 amtforge setupbin encode - many.bin
	says "warning many-records"
	[ "$(stat -c %s many.bin)" = 10240512 ]
	status 0 amtforge setupbin check many.bin
	grep -q '20000 records looked at, 0 errors, 1 warning$' out
	amtforge setupbin decode --json many.bin | md5sum >a
	amtforge setupbin decode --json - <many.bin | md5sum | cmp - a
}

t json_makes_the_peer_s_files_byte_for_byte
t every_readable_file_comes_back_from_its_json
if [ -d "$SHARED/vectors/setupbin" ]; then
	t the_shared_vectors_come_back_too
else
	skip the_shared_vectors_come_back_too "no ../shared/vectors/setupbin"
fi
t a_full_record_is_shown_with_a_warning_and_not_written
t unreadable_files_are_refused_with_code_and_offset
t trailing_chunks_are_an_error_to_check_and_a_warning_to_decode
t check_tells_the_fault_first_and_then_its_rule
t a_clean_file_ends_with_0_and_so_do_warnings
t a_generation_is_told_what_it_makes_of_the_file
t what_the_target_ignores_is_not_written
t a_shared_psk_is_refused_unless_told
t encode_refuses_what_harms_and_says_where
t a_refusal_is_told_once_in_words_that_fit
t the_page_s_examples_work_as_they_stand
t an_address_is_written_as_people_write_it
t unknown_keys_and_a_missing_version_are_told
t what_is_near_a_setup_bin_is_named
t nothing_is_overwritten_without_force
t entries_are_sorted_unless_they_are_to_stay
t odd_module_lists_and_numbers_come_back
t values_are_shown_in_words_and_secrets_are_hidden
t no_finding_shows_a_secret
t who_may_read_the_json_is_told
t many_records_are_encoded_checked_and_decoded
done_testing

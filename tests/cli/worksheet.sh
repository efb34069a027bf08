#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge worksheet, its pages read by other programs than it reads them by
# itself: whole pages, not only the labels.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PSK=$ROOT/configs/profile-psk.cfg
FIX=$TEST_DIR/fix

# A ledger with the orders P (PSK, four units, the third scrapped) and C (by
# certificate, two units).
the_ledger() {
	mkdir "$FIX"
	cd "$FIX" || exit 70
	cp "$ROOT/configs/demo-root.pem" .
	sed 's|^# pki_dns_suffix.*|pki_dns_suffix = "example.com";|
		s|^# server_fqdn.*|server_fqdn = "amt.example.com";|
		s|^# server_port.*|server_port = 9971;|' \
		"$ROOT/configs/profile-pki.cfg" >pki.cfg
	amtforge ledger init l.db
	amtforge order open l.db "$PSK" --id P
	amtforge order open l.db pki.cfg --id C
	amtforge unit issue l.db P --count 4
	amtforge unit issue l.db C --count 2
	amtforge unit mark l.db "$(uuid P 3)" scrapped --why broken
} >"$TEST_DIR/fix.log" 2>&1

# uuid ORDER N
uuid() {
	amtforge unit list "$FIX/l.db" "$1" --json | sed -n "$2p" | jq -r .uuid
}

# secret UUID KEY
secret() {
	amtforge unit show l.db "$1" --reveal --json | jq -r ".$2"
}

pages() {
	pdfinfo "$1" | sed -n 's/^Pages: *//p'
}

# text FILE PAGE: without white space
text() {
	pdftotext -raw -f "$2" -l "$2" "$1" - | tr -d ' \n\f'
}

# codes FILE PAGE
codes() {
	pdftoppm -r 200 -gray -f "$2" -l "$2" "$1" page."$2"
	# a whole page: in small ones, most of its time goes into its heap
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 \
		zbarimg -q --raw --nodbus page."$2"-*.pgm | sort
}

a_page_a_unit_that_is_not_scrapped() {
	cp "$FIX"/* .
	status 0 amtforge worksheet l.db P --out p.pdf --json
	[ "$(cat out)" = '{"units":3,"pages":3}' ]
	says "p.pdf: secrets of 3 units in clear"
	[ "$(stat -c %a p.pdf)" = 600 ]
	[ "$(pages p.pdf)" = 3 ]
	i=0
	for n in 1 2 4; do
		i=$((i + 1))
		u=$(uuid P $n)
		pid=$(amtforge unit show l.db "$u" --json | jq -r .pid)
		plain=$(echo "$pid" | tr -d -)
		[ -n "$plain" ]
		printf '%s\n' "P-00000$n" \
			"{\"uuid\":\"$u\",\"serial\":\"P-00000$n\",\"pid\":\"$plain\"}" |
			sort >want
		codes p.pdf $i | cmp - want
		text p.pdf $i >found
		pps=$(secret "$u" pps | tr -d -)
		groups=$(echo "$pps" | sed 's/..../&-/g; s/-$//')
		grep -qF "${plain%????}-${plain#????}" found
		grep -qF "$groups" found
		grep -qF "$(secret "$u" mebx_password)" found
		grep -qF "P-00000$n" found
	done
	[ "$(sqlite3 l.db "select what, object, why from audit
		where what = 'worksheet'")" = 'worksheet|P|3 units' ]
}

a_page_of_a_pki_unit_has_its_hashes_in_groups() {
	cp "$FIX"/* .
	status 0 amtforge worksheet l.db C --out - --paper letter
	mv out c.pdf
	[ "$(pages c.pdf)" = 2 ]
	pdfinfo c.pdf | grep -q 'letter'
	u=$(uuid C 2)
	printf '%s\n' C-000002 "{\"uuid\":\"$u\",\"serial\":\"C-000002\"}" |
		sort >want
	codes c.pdf 2 | cmp - want
	hash=$(openssl x509 -in demo-root.pem -outform DER | sha256sum |
		cut -c 1-64)
	pdftotext -raw -f 2 -l 2 c.pdf - >found
	grep -q "$(echo "$hash" | cut -c 1-32 | sed 's/..../& /g; s/ $//')" found
	grep -q "$(echo "$hash" | cut -c 33-64 | sed 's/..../& /g; s/ $//')" found
	grep -q 'SHA-256' found
	grep -q 'amtforge demo root' found
	grep -q 'amt.example.com' found
	grep -q 9971 found
	grep -q 'From AMT 14 on .* no SHA-256 hash' found
}

# of ORDER KEY: a secret of its first unit, in the ledger at hand.
of() {
	secret "$(amtforge unit list l.db "$1" --json | sed -n 1p |
		jq -r .uuid)" "$2"
}

# It would need the factory's password, which who types first has changed.
what_cannot_be_typed_comes_by_key_and_is_checked() {
	cp "$FIX"/* .
	sed 's/^amt = .*/amt = "16.0";/' pki.cfg >k.cfg
	amtforge order open l.db k.cfg --id K
	amtforge unit issue l.db K --count 1 >/dev/null
	status 0 amtforge worksheet l.db K --out k.pdf
	says "order K: the screen does not take its hashes, a USB key does, and none was made"
	text k.pdf 1 >found
	grep -q "Lettheorder'sUSBkeysetthemachineup" found
	grep -q 'printitagainaftersetupbinmake' found
	not grep -q admin found
	not grep -qF -- "$(of K mebx_password)" found
	amtforge setupbin make l.db K --out key >/dev/null
	for paper in a4 letter; do
		status 0 amtforge worksheet l.db K --out k.pdf --force \
			--paper $paper
		not grep -q 'none was made' err
		text k.pdf 1 >found
		grep -qF -- "$(of K mebx_password)" found
		grep -q 'andtypenothing' found
		not grep -q admin found
	done
	# with a one-time password something is left to type
	{
		sed -e '/^otp/d' -e 's/^start.*/start = "listen";/' k.cfg
		echo 'otp = "random";'
	} >o.cfg
	amtforge order open l.db o.cfg --id O
	amtforge unit issue l.db O --count 1 >/dev/null
	echo 'ABCDEFGHIJKLMNOPqrstuvwxyz1234!@' >new
	amtforge setupbin make l.db O --out o --mebx-file new >/dev/null
	for paper in a4 letter; do
		status 0 amtforge worksheet l.db O --out o.pdf --force \
			--paper $paper
		text o.pdf 1 >found
		grep -q 'butfortheone-timepassword' found
		grep -qF -- "$(of O otp)" found
	done
	# one before AMT 14 is typed
	status 0 amtforge worksheet l.db C --out c.pdf
	text c.pdf 1 | grep -q admin
}

hashes_without_room_are_on_pages_of_their_own() {
	cp "$FIX"/* .
	comma=
	{
		echo 'customer = "c"; amt = "16.0"; credential = "pki";'
		echo 'hashes = ('
		for i in 1 2 3 4 5 6 7 8 9; do
			openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
				-nodes -keyout /dev/null -out r$i.pem -subj "/CN=r$i" \
				-days 9 2>/dev/null
			echo "$comma { file = \"r$i.pem\"; hash = \"sha384\"; }"
			comma=,
		done
		echo ');'
	} >many.cfg
	amtforge order open l.db many.cfg --id M
	amtforge unit issue l.db M --count 2 >/dev/null
	status 0 amtforge worksheet l.db M --out m.pdf
	[ "$(pages m.pdf)" = 3 ]
	[ -z "$(codes m.pdf 3)" ]
	{
		text m.pdf 1
		text m.pdf 3
	} >found
	for i in 1 2 3 4 5 6 7 8 9; do
		grep -qF "$(openssl x509 -in r$i.pem -outform DER |
			openssl dgst -sha384 -r | cut -c 1-96)" found
	done
}

a_password_of_two_lines_is_read_back() {
	cp "$FIX"/* .
	for new in 'ABCDEFGHIJKLMNOPqrstuvwxyz1234!@' 'aB3456789012345!6'; do
		rm -f l.db l.db.key
		amtforge ledger init l.db
		amtforge order open l.db pki.cfg --id C
		amtforge unit issue l.db C --count 1 >/dev/null
		echo "$new" >new
		amtforge setupbin make l.db C --out key.$new --mebx-file new
		for paper in a4 letter; do
			status 0 amtforge worksheet l.db C --out c.pdf --force \
				--paper $paper
			text c.pdf 1 | grep -qF "$new"
		done
	done
}

every_printable_serial_is_read_back() {
	cp "$FIX"/* .
	long=$(printf 'W%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)
	long=$long$long$long
	cat >u.csv <<END
serial,uuid
"]]>&<b>""x",3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01
 blanks ,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e02
$long,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e03
${long}123,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e04
END
	amtforge order open l.db "$PSK" --id Q
	amtforge unit issue l.db Q --units u.csv >/dev/null
	status 0 amtforge worksheet l.db Q --out q.pdf
	# Too long for a bar: its UUID instead.
	codes q.pdf 4 | grep -qx 3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e04
	codes q.pdf 3 | grep -qx "$long"
}

two_runs_write_the_same_bytes() {
	cp "$FIX"/* .
	status 0 amtforge worksheet l.db P --out 1.pdf
	status 0 amtforge worksheet l.db P --out 2.pdf
	cmp 1.pdf 2.pdf
	status 73 amtforge worksheet l.db P --out 2.pdf
	says "2.pdf: exists already"
	status 0 amtforge worksheet l.db C --out 2.pdf --force
	not cmp -s 1.pdf 2.pdf
}

# What is to be ticked is bold.
bold() {
	pdftohtml -q -i -stdout -xml "$1" | grep -o '<b>[^<]*</b>'
}

what_is_left_off_is_not_ticked() {
	printf '%s\n' 'customer = "c"; amt = "9.0"; mebx = "random";' \
		'credential = "psk"; enabled = false;' >n.cfg
	amtforge ledger init n.db
	amtforge order open n.db n.cfg --id N
	amtforge unit issue n.db N --count 1
	status 0 amtforge worksheet n.db N --out n.pdf
	bold n.pdf >ticked
	grep -qx '<b>none *</b>' ticked
	not grep -qx '<b>Intel AMT *</b>' ticked
	text n.pdf 1 | grep -q stayssilentuntilIntelAMT
}

units_are_chosen_by_name() {
	cp "$FIX"/* .
	one=$(uuid P 1)
	two=$(uuid P 2)
	status 0 amtforge worksheet l.db P --out p.pdf --unit "$two" \
		--unit "$one" --unit "$two"
	[ "$(pages p.pdf)" = 2 ]
	codes p.pdf 1 | grep -qx P-000002
	sqlite3 l.db "select why from audit where what = 'worksheet'" |
		grep -qx "2 units $two $one"
	status 65 amtforge worksheet l.db P --out q.pdf --unit "$(uuid C 1)"
	says "is of order C, not P"
	says "[unit-unknown]"
	status 65 amtforge worksheet l.db P --out q.pdf --unit "$(uuid P 3)"
	says "is scrapped"
	status 2 amtforge worksheet l.db P --out q.pdf --unit P-000001
	status 2 amtforge worksheet l.db P --out q.pdf --paper a5
	status 2 amtforge worksheet l.db P
	amtforge order open l.db "$PSK" --id NONE
	status 65 amtforge worksheet l.db NONE --out q.pdf
	says "[worksheet-empty]"
	[ ! -e q.pdf ]
}

a_shared_key_is_said_on_the_page() {
	cp "$FIX"/* .
	sed 's|^# insecure_shared_key.*|insecure_shared_key = true;|' \
		"$PSK" >shared.cfg
	amtforge order open l.db shared.cfg --id S
	amtforge unit issue l.db S --count 1 >/dev/null
	status 0 amtforge worksheet l.db S --out s.pdf
	text s.pdf 1 | grep -q insecure_shared_key
	status 0 amtforge worksheet l.db P --out p.pdf
	text p.pdf 1 >found
	not grep -q insecure_shared_key found
}

# fake PROGRAM: a script of that name, from stdin, is found before it.
fake() {
	mkdir -p "$PWD/fake"
	{
		echo '#!/bin/sh'
		cat
	} >"fake/$1"
	chmod +x "fake/$1"
}

# refused STATUS WORDS: nothing is published, and no audit row says it was.
refused() {
	status "$1" env PATH="$PWD/fake:$PATH" amtforge worksheet l.db P \
		--out p.pdf
	says "$2"
	[ -z "$(find . -name 'p.pdf*')" ]
	[ -z "$(sqlite3 l.db "select * from audit where what = 'worksheet'")" ]
}

what_is_not_read_back_as_meant_is_refused() {
	cp "$FIX"/* .
	fake zbarimg <<'END'
exec /usr/bin/zbarimg "$@" | sed 's/P-000004/P-000005/'
END
	refused 65 "page 3 (unit P-000004): other bar codes are read back"
	says "[worksheet-unread]"
	fake zbarimg <<'END'
exec /usr/bin/zbarimg "$@" | sed '/P-000002.]/d'
END
	refused 65 "page 2 (unit P-000002): other bar codes are read back"
	fake zbarimg </dev/null
	refused 65 "page 1 (unit P-000001): no bar code is read back"
	rm fake/zbarimg
	# A black blot on the picture of each label.
	fake pdftoppm <<'END'
/usr/bin/pdftoppm "$@" | tr '\377' '\000'
END
	refused 65 "page 1 (unit P-000001): no bar code is read back"
	rm fake/pdftoppm
	fake pdftotext <<'END'
/usr/bin/pdftotext "$@" | sed 's/P-000002/P-00000Z/'
END
	refused 65 "page 2 (unit P-000002): other text is read back"
	fake pdftotext <<'END'
echo 'no such luck' >&2
exit 3
END
	refused 69 "pdftotext ends with status 3: no such luck"
}

without_the_programs_that_read_it_nothing_is_written() {
	cp "$FIX"/* .
	status 69 env PATH=/nowhere "$BIN/amtforge" worksheet l.db P --out p.pdf
	says poppler-utils
	says zbar-tools
	mkdir some
	ln -s "$(command -v pdftoppm)" "$(command -v pdftotext)" some/
	status 69 env PATH="$PWD/some" "$BIN/amtforge" worksheet l.db P \
		--out p.pdf
	says "zbarimg is not installed (the package zbar-tools brings it)"
	[ -z "$(find . -name 'p.pdf*')" ]
}

# The programs that are started tell all they were given but the PDF.
no_secret_is_in_an_argument_an_environment_or_a_file() {
	cp "$FIX"/* .
	for p in pdftoppm pdftotext zbarimg; do
		fake $p <<END
cat /proc/\$\$/cmdline /proc/\$\$/environ | tr '\\0' '\\n' >>'$PWD/seen'
ls -l /proc/\$\$/fd >>'$PWD/seen'
exec /usr/bin/$p "\$@"
END
	done
	status 0 env PATH="$PWD/fake:$PATH" AMTFORGE_CANARY=known \
		amtforge worksheet l.db P --out ../p.pdf --force
	for n in 1 2 4; do
		u=$(uuid P $n)
		secret "$u" pps
		secret "$u" pps | tr -d -
		secret "$u" mebx_password
	done >../secrets
	[ "$(wc -l <../secrets)" = 9 ]
	grep -qx /proc/self/fd/0 seen
	not grep -q CANARY seen
	not grep -q l.db seen
	not grep -rqaF -f ../secrets .
}

if command -v pdftoppm >/dev/null && command -v zbarimg >/dev/null; then
	the_ledger
	t a_page_a_unit_that_is_not_scrapped
	t a_page_of_a_pki_unit_has_its_hashes_in_groups
	t what_cannot_be_typed_comes_by_key_and_is_checked
	t hashes_without_room_are_on_pages_of_their_own
	t a_password_of_two_lines_is_read_back
t every_printable_serial_is_read_back
	t two_runs_write_the_same_bytes
	t what_is_left_off_is_not_ticked
t units_are_chosen_by_name
	t a_shared_key_is_said_on_the_page
	t what_is_not_read_back_as_meant_is_refused
	t without_the_programs_that_read_it_nothing_is_written
	t no_secret_is_in_an_argument_an_environment_or_a_file
else
	skip worksheets "apt-get install poppler-utils zbar-tools"
fi
done_testing

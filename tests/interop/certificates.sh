#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/certcases.tsv for real: certificates that openssl made, shown by openssl
# s_client to a booted device of each AMT version at which the verdict changes;
# what the device tells, the TLS alert that the client sees, and what
# amtforge-server chain check says beforehand are the table's.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
TABLE=$ROOT/tests/certcases.tsv
MARK='Intel(R) Client Setup Certificate'
VERSIONS='3.0 4.1 6.0 7.0 11.0 15.0 16.0'
MADE=$TEST_DIR/made
mkdir -p "$MADE"

# of KEY [DEFAULT]: what the case says of it.
of() {
	case ";$what" in
	*";$1="*)
		v=";$what"
		v=${v#*";$1="}
		printf '%s' "${v%%;*}"
		;;
	*) printf '%s' "${2:-}" ;;
	esac
}

# key WHO KIND: its path; made once.
key() {
	k=$MADE/$1-$2.key
	[ -e "$k" ] || case $2 in
	rsa*) openssl genrsa -out "$k" "${2#rsa}" ;;
	ec256) openssl ecparam -name prime256v1 -genkey -noout -out "$k" ;;
	ec384) openssl ecparam -name secp384r1 -genkey -noout -out "$k" ;;
	*) openssl genpkey -algorithm "$2" -out "$k" ;;
	esac >/dev/null 2>&1
	echo "$k"
}

usages() {
	echo "$1" | sed 's/\<sa\>/serverAuth/; s/\<client\>/clientAuth/
		s/\<any\>/anyExtendedKeyUsage/
		s/\<amt\>/2.16.840.1.113741.1.2.3/
		s/\<longer\>/2.16.840.1.113741.1.2.3.1/
		s/\<console\>/2.16.840.1.113741.1.2.1/'
}

subject() {
	cn=$(of cn prov.example.com)
	[ "$cn" = - ] || printf '/CN=%s' "$cn"
	for part in cn2 ou ou2 o; do
		v=$(of $part -)
		[ "$v" = - ] && continue
		case $v in @*) v="$MARK${v#@}" ;; esac
		printf '/%s=%s' "$(echo ${part%2} | tr '[:lower:]' '[:upper:]')" "$v"
	done
}

# leaf_ext: the extensions of a leaf.
leaf_ext() {
	echo basicConstraints=CA:FALSE
	u=$(usages "$(of eku sa,amt)")
	[ -z "$u" ] || echo "extendedKeyUsage=${critical:-}$u"
	[ -z "$(of san)" ] || echo "subjectAltName=DNS:$(of san)"
	[ -z "$(of crit)" ] || echo 1.2.3.4.5=critical,DER:0500
}

# root_make FILE WHO KIND DIGEST
root_make() {
	k=$(key "$2" "$3")
	ca=TRUE
	[ "$2" != root ] || [ -z "$(of rca)" ] || ca=FALSE
	md=-$4
	[ "$3" != ed25519 ] || md=
	if [ "$2" = root ] && [ -n "$(of rootv1)" ]; then
		openssl req -new -key "$k" -subj "/CN=$2" -out csr
		openssl x509 -req -in csr -signkey "$k" -days 30 -out "$1"
		return
	fi
	if [ "$2" = root ] && [ -n "$(of rtime)" ]; then
		echo basicConstraints=critical,CA:TRUE >root.ext
		openssl req -new -key "$k" -subj "/CN=$2" -out csr
		openssl x509 -req -in csr -signkey "$k" -days -1 \
			-extfile root.ext -out "$1"
		return
	fi
	{
		printf '[req]\ndistinguished_name=dn\n[dn]\n[ext]\n'
		echo "basicConstraints=critical,CA:$ca"
	} >root.cnf
	# shellcheck disable=SC2086 # may be no digest
	openssl req -x509 -new -key "$k" -subj "/CN=$2" -days 30 $md \
		-config root.cnf -extensions ext -out "$1"
}

# issue FILE KEY SUBJECT EXT BY-CERT BY-KEY DIGEST [DAYS]
issue() {
	openssl req -new -utf8 -key "$2" -subj "$3" -out csr
	if [ "${8:-}" = future ]; then
		: >index
		echo 01 >serial
		printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index\nserial=serial\npolicy=p\n%s' \
			'[p]' >ca.cnf
		printf '\nCN=optional\n' >>ca.cnf
		openssl ca -batch -config ca.cnf -in csr -cert "$5" \
			-keyfile "$6" -md "$7" -notext -rand_serial \
			-outdir . -startdate 20400101000000Z \
			-enddate 20410101000000Z -extfile "$4" -out "$1"
		return
	fi
	openssl x509 -req -in csr -CA "$5" -CAkey "$6" -set_serial "0x$(
		openssl rand -hex 8)" -days "${8:-30}" "-$7" -extfile "$4" \
		-out "$1"
}

# chain_make: every certificate that the case may send, by name, and its key.
chain_make() {
	rk=$(of rkey rsa2048) ik=$(of ikey rsa2048) lk=$(of key rsa2048)
	depth=$(of depth 1)
	root_make root.pem root "$rk" "$(of rsig sha256)"
	root_make other.pem other rsa2048 sha256
	root_make rootb.pem rootb rsa2048 sha256
	up=root upkey=$(key root "$rk")
	for n in 3 2 ''; do
		[ "$depth" -ge "${n:-1}" ] || continue
		mark=TRUE
		[ -n "$n" ] || [ -z "$(of ica)" ] || mark=FALSE
		[ "$n" != 2 ] || [ -z "$(of path0)" ] || mark=TRUE,pathlen:0
		echo "basicConstraints=critical,CA:$mark" >int.ext
		[ -n "$n" ] || [ -z "$(of ieku)" ] ||
			echo "extendedKeyUsage=$(usages "$(of ieku)")" >>int.ext
		issue "int$n.pem" "$(key "int$n" "$ik")" "/CN=int$n" int.ext \
			$up.pem "$upkey" "$(of isig sha256)"
		up=int$n upkey=$(key "int$n" "$ik")
	done
	if [ -n "$(of forged)" ]; then
		root_make forger.pem forger rsa2048 sha256
		issue forged.pem "$(key forger rsa2048)" /CN=$up int.ext \
			forger.pem "$(key forger rsa2048)" sha256
		up=forged upkey=$(key forger rsa2048)
	fi
	[ -z "$(of ekucrit)" ] || critical=critical,
	leaf_ext >leaf.ext
	days=30
	case $(of time) in expired) days=-1 ;; future) days=future ;; esac
	issue leaf.pem "$(key leaf "$lk")" "$(subject)" leaf.ext $up.pem \
		"$upkey" "$(of sig sha256)" $days
	{
		printf '[req]\ndistinguished_name=dn\n[dn]\n[ext]\n'
		cat leaf.ext
	} >self.cnf
	openssl req -x509 -new -key "$(key leaf "$lk")" -subj "$(subject)" \
		-days 30 -config self.cnf -extensions ext -out self.pem
	echo basicConstraints=critical,CA:TRUE >ca.ext
	issue intb.pem "$(key intb rsa2048)" /CN=intb ca.ext rootb.pem \
		"$(key rootb rsa2048)" sha256
	issue leafb.pem "$(key leafb rsa2048)" /CN=prov.example.com leaf.ext \
		intb.pem "$(key intb rsa2048)" sha256
}

key_of() {
	case $1 in
	leaf | self) key leaf "$(of key rsa2048)" ;;
	int) key int "$(of ikey rsa2048)" ;;
	root) key root "$(of rkey rsa2048)" ;;
	*) key "$1" rsa2048 ;;
	esac
}

# What is sent: ./first.pem with ./first.key, and the rest in ./rest.pem.
sent() {
	case $(of depth 1) in
	0) usual=leaf,root ;;
	1) usual=leaf,int,root ;;
	2) usual=leaf,int,int2,root ;;
	*) usual=leaf,int,int2,int3,root ;;
	esac
	case ";$what" in *';send=;'* | *';send=') send= ;; *) send=$(of send $usual) ;; esac
	: >rest.pem
	: >chain.pem
	first=${send%%,*}
	[ -z "$first" ] || cp "$(key_of "$first")" first.key
	for who in $(echo "$send" | tr , ' '); do
		cat "$who.pem" >>chain.pem
		[ -e first.pem ] && cat "$who.pem" >>rest.pem
		[ -e first.pem ] || cp "$who.pem" first.pem
	done
}

# The factory writes no list with an intermediate, nor with what a version has
# done with. So the image has one root that is no one's, and the list stands in
# the state, as if IT had added it (device/roots.c has the layout); "only" is
# the factory's to say, and is in an image of its own.

# entries: the profile's.
entries() {
	case $(of list) in
	*:only*) ;;
	*)
		echo "{ file = \"$MADE/nobody.pem\"; name = \"nobody\"; }"
		return
		;;
	esac
	comma=
	for item in $(of list | tr , ' '); do
		who=${item%%:*} kind=${item#*:} only=false
		case $kind in *:only) only=true kind=${kind%:only} ;; esac
		echo "$comma{ file = \"$PWD/$who.pem\"; hash = \"$kind\";"
		echo "name = \"$who $kind\"; only = $only; }"
		comma=,
	done
}

# added: the state's line for the list.
added() {
	list=$(of list root:sha256)
	case $list in *:only*) return ;; esac
	printf 'roots 0100'
	n=0
	for item in $(echo "$list" | tr , ' '); do
		who=${item%%:*} kind=${item#*:} on=03
		case $kind in
		*:off) on=02 kind=${kind%:off} ;;
		*:*) kind=${kind%%:*} ;;
		esac
		case $kind in sha1) t=01 ;; sha256) t=02 ;; *) t=03 ;; esac
		hash=$(openssl x509 -in "$who.pem" -outform DER |
			openssl dgst "-$kind" -r | cut -d' ' -f1)
		printf '%s%s%s0178' $on $t "$hash"
		n=$((n + 1))
	done
	while [ $n -lt 8 ]; do
		printf 00
		n=$((n + 1))
	done
	echo
}

# image AMT: ./unit.bin
image() {
	kept=$MADE/$1,$(of fqdn),$(of pki).bin
	case $(of list) in *:only*) kept=$PWD/$1.bin ;; esac
	[ -e "$kept" ] || {
		{
			echo "customer = \"c\"; amt = \"$1\"; enabled = true;"
			echo 'mode = "enterprise"; start = "talk";'
			echo 'credential = "pki"; mebx = "random";'
			echo "hashes = ( $(entries) );"
			[ -z "$(of fqdn)" ] ||
				echo "server_fqdn = \"$(of fqdn)\";"
			[ -z "$(of pki)" ] ||
				echo "pki_dns_suffix = \"$(of pki)\";"
		} >profile.cfg
		amtforge ledger init line.db
		amtforge order open line.db profile.cfg --id O
		amtforge unit issue line.db O --count 1
		amtforge image write line.db O --base "$MADE/base.bin" \
			--map "$ROOT/configs/map-ovmf.cfg" --out images
		mv images/*.bin "$kept"
		rm -rf line.db* images
	}
	ln -sf "$kept" unit.bin
}

# boot AMT: the device on a free port, with a key that was made before, by
# another machine, whose UUID stays behind.
boot() {
	mkdir machine
	chmod 700 machine
	{
		sed '/^end$/d; /^uuid /d' "$MADE/state"
		added
		echo end
	} >machine/state
	chmod 600 machine/state
	suffix=$(of suffix example.com)
	[ "$suffix" = - ] && set -- || set -- --suffix "$suffix"
	echo "$(of set);" | sed '/=/!d; s/=\([a-z]*-[a-z]*\|full\);/="\1";/' \
		>device.cfg
	: >events # of the version before
	amtforge-device boot --image unit.bin --state machine \
		--listen 127.0.0.1 --port 0 --server 127.0.0.1:9 --json \
		--config device.cfg "$@" >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"started"' events
	port=$(sed -n 's/.*"port":\([0-9]*\)}$/\1/p' events)
}

show() {
	set --
	[ ! -e first.pem ] || set -- -cert first.pem -key first.key
	[ ! -s rest.pem ] || set -- "$@" -cert_chain rest.pem
	timeout 60 openssl s_client -connect "127.0.0.1:$port" -tls1_2 \
		-cipher DEFAULT@SECLEVEL=0 "$@" </dev/null >got 2>&1 || :
}

alert_of() {
	case $1 in
	chain-missing) echo 40 ;;
	chain-*) echo 46 ;;
	root-* | hash-algorithm) echo 48 ;;
	suffix-* | fqdn-*) echo 42 ;;
	*) echo 43 ;;
	esac
}

# saw VERDICT: by the device, and by the client.
saw() {
	if [ "$1" = + ]; then
		wait_for '"session"' events
		not grep 'alert number' got
	else
		wait_for "\"reason\":\"$1\"" events
		not grep '"session"' events
		grep "alert number $(alert_of "$1")" got
	fi
}

# The same chain by amtforge-server chain check, where it can be told all.
foretold() {
	[ -z "$(of set)$(of fqdn)$(of pki)" ] && [ -s chain.pem ] || return 0
	[ "$(of suffix x)" != - ] || return 0
	set -- "$1" "$2"
	for item in $(of list root:sha256 | tr , ' '); do
		case $item in
		root:*:*) return 0 ;;
		root:*) set -- "$@" --hash "${item#root:}" ;;
		*) return 0 ;;
		esac
	done
	case $send in *root | '') ;; *) return 0 ;; esac
	amt=$1 verdict=$2
	shift 2
	amtforge-server --json chain check chain.pem --amt "$amt" \
		--suffix "$(of suffix example.com)" "$@" >foretold || :
	tail -n 1 foretold >last
	if [ "$verdict" = + ]; then
		grep '"taken":true' last
	else
		grep "\"reason\":\"$verdict\"" last
	fi
}

# one AMT VERDICT
one() {
	image "$1"
	boot "$1"
	show
	saw "$2"
	foretold "$1" "$2"
	kill $device
	wait $device 2>/dev/null || :
	rm -rf machine
}

# The case that is in $what and $verdicts: at each version where its verdict is
# another than before.
a_case() {
	# shellcheck disable=SC2086 # a list
	set -- $VERSIONS
	chain_make >made.log 2>&1 || {
		cat made.log
		return 1
	}
	sent
	for verdict in $verdicts; do
		[ "$verdict" = = ] || one "$1" "$verdict"
		shift
	done
}

if [ ! -e $OVMF ]; then
	skip certificates_are_judged "no $OVMF"
	done_testing
	exit
fi
amtforge image new "$MADE/base.bin" --size 4M --bios $OVMF
cd "$MADE" || exit 70
what=
root_make nobody.pem nobody rsa2048 sha256 2>/dev/null
# A state with a key of the device's own, which takes long to make.
a_state_is_made_once() {
	image 6.0
	amtforge-device boot --image unit.bin --state machine --listen \
		127.0.0.1 --port 0 --server 127.0.0.1:9 --suffix example.com \
		--json >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"started"' events
	port=$(sed -n 's/.*"port":\([0-9]*\)}$/\1/p' events)
	: >rest.pem
	show
	wait_for chain-missing events
	grep '^cert ' machine/state
	cp machine/state "$MADE/state"
}
t a_state_is_made_once
tr '\t' '\037' <"$TABLE" >"$MADE/table"
while IFS="$(printf '\037')" read -r name what v1 v2 v3 v4 v5 v6 v7 _; do
	case $name in '#'*) continue ;; esac
	verdicts="$v1 $v2 $v3 $v4 $v5 $v6 $v7"
	test_name=$(echo "$name" | tr '.-' '__')
	if [ -n "$(of model)" ]; then
		skip "$test_name" "the rules alone are asked: openssl makes no such"
		continue
	fi
	[ -z "${CASE:-}" ] || [ "$CASE" = "$name" ] || continue
	eval "case_$test_name() { a_case; }"
	t "case_$test_name"
done <"$MADE/table"
done_testing

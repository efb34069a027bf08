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

# Whatever follows is kept from processes where it can be: there are 150 cases.

# given WHAT: what the case says of each key, in $o_KEY, which is unset where it
# says nothing; $differs has what is said of the chain.
given() {
	# shellcheck disable=SC2086 # names
	[ -z "${said:-}" ] || unset $said
	said=
	differs=
	left=$1
	while [ -n "$left" ]; do
		item=${left%%;*}
		case $left in *';'*) left=${left#*;} ;; *) left= ;; esac
		case $item in
		list=* | suffix=* | pki=* | fqdn=* | set=* | send=*) ;;
		*=*) differs="$differs;$item" ;;
		*) continue ;;
		esac
		eval "o_${item%%=*}=\${item#*=}"
		said="$said o_${item%%=*}"
	done
}

# words LIST: the commas' in $words.
words() {
	words=
	left=$1,
	while [ -n "$left" ]; do
		words="$words ${left%%,*}"
		left=${left#*,}
	done
}

# key WHO KIND: its path in $key; made once.
key() {
	key=$MADE/$1-$2.key
	[ -e "$key" ] || case $2 in
	rsa*) openssl genrsa -out "$key" "${2#rsa}" ;;
	ec256) openssl ecparam -name prime256v1 -genkey -noout -out "$key" ;;
	ec384) openssl ecparam -name secp384r1 -genkey -noout -out "$key" ;;
	*) openssl genpkey -algorithm "$2" -out "$key" ;;
	esac >/dev/null 2>&1
}

# usages LIST: as openssl has them, in $usages.
usages() {
	words "$1"
	usages=
	for u in $words; do
		case $u in
		sa) u=serverAuth ;;
		client) u=clientAuth ;;
		any) u=anyExtendedKeyUsage ;;
		amt) u=2.16.840.1.113741.1.2.3 ;;
		longer) u=2.16.840.1.113741.1.2.3.1 ;;
		console) u=2.16.840.1.113741.1.2.1 ;;
		esac
		usages="$usages${usages:+,}$u"
	done
}

# subject: in $subject.
subject() {
	subject=
	part CN "${o_cn-prov.example.com}"
	part CN "${o_cn2--}"
	part OU "${o_ou--}"
	part OU "${o_ou2--}"
	part O "${o_o--}"
}

part() {
	case $2 in
	-) ;;
	@*) subject="$subject/$1=$MARK${2#@}" ;;
	*) subject="$subject/$1=$2" ;;
	esac
}

# leaf_ext: the extensions of a leaf.
leaf_ext() {
	echo basicConstraints=CA:FALSE
	usages "${o_eku-sa,amt}"
	[ -z "$usages" ] ||
		echo "extendedKeyUsage=${o_ekucrit:+critical,}$usages"
	[ -z "${o_san-}" ] || echo "subjectAltName=DNS:$o_san"
	[ -z "${o_crit-}" ] || echo 1.2.3.4.5=critical,DER:0500
}

# root_make FILE WHO KIND DIGEST
root_make() {
	key "$2" "$3"
	ca=TRUE
	[ "$2" != root ] || [ -z "${o_rca-}" ] || ca=FALSE
	md=-$4
	[ "$3" != ed25519 ] || md=
	if [ "$2" = root ] && [ -n "${o_rootv1-}" ]; then
		openssl req -new -key "$key" -subj "/CN=$2" -out csr
		openssl x509 -req -in csr -signkey "$key" -days 30 -out "$1"
		return
	fi
	if [ "$2" = root ] && [ -n "${o_rtime-}" ]; then
		echo basicConstraints=critical,CA:TRUE >root.ext
		openssl req -new -key "$key" -subj "/CN=$2" -out csr
		openssl x509 -req -in csr -signkey "$key" -days -1 \
			-extfile root.ext -out "$1"
		return
	fi
	{
		printf '[req]\ndistinguished_name=dn\n[dn]\n[ext]\n'
		echo "basicConstraints=critical,CA:$ca"
	} >root.cnf
	# shellcheck disable=SC2086 # may be no digest
	openssl req -x509 -new -key "$key" -subj "/CN=$2" -days 30 $md \
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
	# the serial number is random where none is named
	openssl x509 -req -in csr -CA "$5" -CAkey "$6" -days "${8:-30}" \
		"-$7" -extfile "$4" -out "$1"
}

# cert WHO: its path in $pem.
cert() {
	case $1 in
	root | int | int2 | int3) pem=$upper/$1.pem ;;
	other | rootb | intb) pem=$MADE/$1.pem ;;
	*) pem=$lower/$1.pem ;;
	esac
}

# upper_make: the root and the intermediates, in $upper; made once for those
# that the cases say the same of. $up and $upkey are what signs the leaf.
upper_make() {
	depth=${o_depth-1}
	ik=${o_ikey-rsa2048}
	upper="$MADE/upper $depth $rk $ik ${o_rsig-} ${o_isig-} ${o_rca-} "
	upper="$upper${o_rootv1-} ${o_rtime-} ${o_ica-} ${o_path0-} ${o_ieku-}"
	[ -d "$upper" ] || {
		mkdir "$upper"
		root_make "$upper/root.pem" root "$rk" "${o_rsig-sha256}"
	}
	key root "$rk"
	up=$upper/root.pem upkey=$key
	for n in 3 2 ''; do
		[ "$depth" -ge "${n:-1}" ] || continue
		key "int$n" "$ik"
		if [ ! -e "$upper/int$n.pem" ]; then
			mark=TRUE
			[ -n "$n" ] || [ -z "${o_ica-}" ] || mark=FALSE
			[ "$n" != 2 ] || [ -z "${o_path0-}" ] ||
				mark=TRUE,pathlen:0
			echo "basicConstraints=critical,CA:$mark" >int.ext
			usages "${o_ieku-}"
			[ -n "$n" ] || [ -z "$usages" ] ||
				echo "extendedKeyUsage=$usages" >>int.ext
			issue "$upper/int$n.pem" "$key" "/CN=int$n" int.ext \
				"$up" "$upkey" "${o_isig-sha256}"
		fi
		up=$upper/int$n.pem upkey=$key
	done
}

# chain_make: every certificate that the case sends or lists.
chain_make() {
	rk=${o_rkey-rsa2048} lk=${o_key-rsa2048}
	upper_make
	lower="$MADE/chain$differs"
	key leaf "$lk"
	subject
	if [ ! -d "$lower" ]; then
		mkdir "$lower"
		leaf_ext >"$lower/leaf.ext"
		if [ -n "${o_forged-}" ]; then
			name=int
			[ "$depth" -gt 0 ] || name=root
			root_make forger.pem forger rsa2048 sha256
			key forger rsa2048
			echo basicConstraints=critical,CA:TRUE >int.ext
			issue forged.pem "$key" /CN=$name int.ext forger.pem \
				"$key" sha256
			up=forged.pem upkey=$key
			key leaf "$lk"
		fi
		days=30
		case ${o_time-} in expired) days=-1 ;; future) days=future ;; esac
		issue "$lower/leaf.pem" "$key" "$subject" "$lower/leaf.ext" \
			"$up" "$upkey" "${o_sig-sha256}" $days
	fi
	case ,$send,${o_list-} in
	*,self*)
		{
			printf '[req]\ndistinguished_name=dn\n[dn]\n[ext]\n'
			cat "$lower/leaf.ext"
		} >self.cnf
		[ -e "$lower/self.pem" ] ||
			openssl req -x509 -new -key "$key" -subj "$subject" \
				-days 30 -config self.cnf -extensions ext \
				-out "$lower/self.pem"
		;;
	*,leafb*)
		[ -e "$lower/leafb.pem" ] || {
			key leafb rsa2048
			leaf=$key
			key intb rsa2048
			issue "$lower/leafb.pem" "$leaf" /CN=prov.example.com \
				"$lower/leaf.ext" "$MADE/intb.pem" "$key" sha256
		}
		;;
	esac
}

key_of() {
	case $1 in
	leaf | self) key leaf "${o_key-rsa2048}" ;;
	int) key int "${o_ikey-rsa2048}" ;;
	root) key root "${o_rkey-rsa2048}" ;;
	*) key "$1" rsa2048 ;;
	esac
}

# to_send: $send, the names in their order.
to_send() {
	case ${o_depth-1} in
	0) send=leaf,root ;;
	1) send=leaf,int,root ;;
	2) send=leaf,int,int2,root ;;
	*) send=leaf,int,int2,int3,root ;;
	esac
	send=${o_send-$send}
}

# sent: $first with $first_key, and the rest in ./rest.pem; all in ./chain.pem.
sent() {
	: >rest.pem
	: >chain.pem
	first=
	[ -n "$send" ] || return 0
	words "$send"
	set --
	for who in $words; do
		cert "$who"
		set -- "$@" "$pem"
	done
	key_of "${send%%,*}"
	first=$1 first_key=$key
	cat "$@" >chain.pem
	shift
	[ $# -eq 0 ] || cat "$@" >rest.pem
}

# The factory writes no list with an intermediate, nor with what a version has
# done with. So the image has one root that is no one's, and the list stands in
# the state, as if IT had added it (device/roots.c has the layout); "only" is
# the factory's to say, and is in an image of its own.

# entries: the profile's.
entries() {
	case ${o_list-} in
	*:only*) ;;
	*)
		echo "{ file = \"$MADE/nobody.pem\"; name = \"nobody\"; }"
		return
		;;
	esac
	comma=
	words "$o_list"
	for item in $words; do
		who=${item%%:*} kind=${item#*:} only=false
		case $kind in *:only) only=true kind=${kind%:only} ;; esac
		cert "$who"
		echo "$comma{ file = \"$pem\"; hash = \"$kind\";"
		echo "name = \"$who $kind\"; only = $only; }"
		comma=,
	done
}

# added: the state's line for the list.
added() {
	list=${o_list-root:sha256}
	case $list in *:only*) return ;; esac
	printf 'roots 0100'
	n=0
	words "$list"
	for item in $words; do
		who=${item%%:*} kind=${item#*:} on=03
		case $kind in
		*:off) on=02 kind=${kind%:off} ;;
		*:*) kind=${kind%%:*} ;;
		esac
		case $kind in sha1) t=01 ;; sha256) t=02 ;; *) t=03 ;; esac
		cert "$who"
		[ -e "$pem.$kind" ] ||
			openssl x509 -in "$pem" -outform DER |
			openssl dgst "-$kind" -r >"$pem.$kind"
		read -r hash _ <"$pem.$kind"
		printf '%s%s%s0178' $on $t "$hash"
		n=$((n + 1))
	done
	while [ $n -lt 8 ]; do
		printf 00
		n=$((n + 1))
	done
	echo
}

# image AMT: $unit
image() {
	unit=$MADE/$1,${o_fqdn-},${o_pki-}.bin
	case ${o_list-} in *:only*) unit=$PWD/$1.bin ;; esac
	[ -e "$unit" ] || {
		{
			echo "customer = \"c\"; amt = \"$1\"; enabled = true;"
			echo 'mode = "enterprise"; start = "talk";'
			echo 'credential = "pki"; mebx = "random";'
			echo 'hashes = ('
			entries
			echo ');'
			[ -z "${o_fqdn-}" ] ||
				echo "server_fqdn = \"$o_fqdn\";"
			[ -z "${o_pki-}" ] ||
				echo "pki_dns_suffix = \"$o_pki\";"
		} >profile.cfg
		amtforge ledger init line.db
		amtforge order open line.db profile.cfg --id O
		amtforge unit issue line.db O --count 1
		amtforge image write line.db O --base "$MADE/base.bin" \
			--map "$ROOT/configs/map-ovmf.cfg" --out images
		mv images/*.bin "$unit"
		rm -rf line.db* images
	}
}

# device [OPTION...]: boots $unit with the state ./machine$1 on a free port; what
# it tells comes from file 3.
device() {
	timeout 90 amtforge-device boot --image "$unit" --listen 127.0.0.1 --port 0 \
		--server 127.0.0.1:9 --json "$@" >"$MADE/events" 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	exec 3<"$MADE/events"
	events=
	until_event '"port"'
	port=${line##*'"port":'}
	port=${port%'}'}
	until_event '"started"'
}

# until_event WORDS: waits for a line of the device's that has them; $events has
# all that it told.
until_event() {
	while read -r line <&3; do
		events="$events$line
"
		case $line in *"$1"*) return 0 ;; esac
	done
	echo "no '$1' in:"
	echo "$events"
	cat log
	return 1
}

# boot AMT: with a key that was made before, by another machine, whose UUID
# stays behind.
boot() {
	mkdir "machine$1"
	{
		echo "$state"
		added
		echo end
	} >"machine$1/state"
	case ${o_set-} in
	'') : ;;
	*=full | *=*-*) echo "${o_set%%=*}=\"${o_set#*=}\";" ;;
	*) echo "$o_set;" ;;
	esac >device.cfg
	suffix=${o_suffix-example.com}
	set -- --state "machine$1" --config device.cfg
	[ "$suffix" = - ] || set -- "$@" --suffix "$suffix"
	device "$@"
}

show() {
	set --
	[ -z "$first" ] || set -- -cert "$first" -key "$first_key"
	[ ! -s rest.pem ] || set -- "$@" -cert_chain rest.pem
	timeout 60 openssl s_client -connect "127.0.0.1:$port" -tls1_2 \
		-cipher DEFAULT@SECLEVEL=0 "$@" </dev/null >got 2>&1 || :
}

alert_of() {
	case $1 in
	chain-missing) alert=40 ;;
	chain-*) alert=46 ;;
	root-* | hash-algorithm) alert=48 ;;
	suffix-* | fqdn-*) alert=42 ;;
	*) alert=43 ;;
	esac
}

# saw VERDICT: by the device, and by the client.
saw() {
	if [ "$1" = + ]; then
		until_event '"session"'
		not grep 'alert number' got
	else
		until_event "\"reason\":\"$1\""
		case $events in
		*'"session"'*)
			echo "$events"
			return 1
			;;
		esac
		alert_of "$1"
		grep "alert number $alert" got
	fi
}

# The same chain by amtforge-server chain check, where it can be told all.
foretold() {
	[ -z "${o_set-}${o_fqdn-}${o_pki-}" ] && [ -s chain.pem ] || return 0
	[ "${o_suffix-x}" != - ] || return 0
	set -- "$1" "$2"
	words "${o_list-root:sha256}"
	for item in $words; do
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
		--suffix "${o_suffix-example.com}" "$@" >foretold || :
	last=
	while read -r line; do last=$line; done <foretold
	case $verdict$last in
	+*'"taken":true'*) ;;
	*"\"reason\":\"$verdict\""*) ;;
	*)
		cat foretold
		return 1
		;;
	esac
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
	exec 3<&-
}

# The case that is in $what and $verdicts: at each version where its verdict is
# another than before.
a_case() {
	# shellcheck disable=SC2086 # a list
	set -- $VERSIONS
	to_send
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
umask 077 # the state is its machine's alone
mkfifo events
given ''
{
	for r in nobody other rootb; do
		root_make $r.pem $r rsa2048 sha256
	done
	key rootb rsa2048
	rootb=$key
	key intb rsa2048
	echo basicConstraints=critical,CA:TRUE >ca.ext
	issue intb.pem "$key" /CN=intb ca.ext rootb.pem "$rootb" sha256
} 2>/dev/null
# A state with a key of the device's own, which takes long to make.
a_state_is_made_once() {
	image 6.0
	device --state machine --suffix example.com
	: >rest.pem
	first=
	show
	until_event chain-missing
	grep '^cert ' machine/state
	sed '/^end$/d; /^uuid /d' machine/state >"$MADE/state"
}
t a_state_is_made_once
state=$(cat state)
# The name of the test is put before.
awk -F '\t' -v OFS='\037' '!/^#/ {
	test = $1
	gsub(/[.-]/, "_", test)
	$1 = test OFS $1
	print
}' "$TABLE" >table
while IFS="$(printf '\037')" read -r test_name name what v1 v2 v3 v4 v5 v6 v7 _; do
	verdicts="$v1 $v2 $v3 $v4 $v5 $v6 $v7"
	given "$what"
	if [ -n "${o_model-}" ]; then
		skip "$test_name" "the rules alone are asked: openssl makes no such"
		continue
	fi
	[ -z "${CASE:-}" ] || [ "$CASE" = "$name" ] || continue
	eval "case_$test_name() { a_case; }"
	t "case_$test_name"
done <table
done_testing

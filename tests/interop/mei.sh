#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer MeshCentral: its amt-mei.js reads our host interface on its socket
# peer MeshAgent: its native code reads our host interface on /dev/mei0, which
#   umockdev pretends, and starts set-up
# peer Linux samples/mei: reads our host interface on that /dev/mei0
#
# The software device's host interface against programs that nobody here
# wrote, their code unchanged.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peer.sh
. "$(dirname "$0")/../peer.sh"

OVMF=/usr/share/ovmf/OVMF.fd
FAKE=$AMTFORGE_BUILD/fakes/mei
CALLS='getVersion getUuid getProvisioningState getProvisioningMode
	getControlMode getEHBCState getMACAddresses getDnsSuffix getHashHandles
	getCertHashEntry:0 getLocalSystemAccount getLanInterfaceSettings:0
	getRemoteAccessConnectionStatus stopConfiguration startConfiguration'

# Here and not beside the other parts of MeshCentral: a cache that was filled
# before lacks them.
peer_pack_mei() {
	timeout 240 npm pack --silent $MESHCENTRAL &&
		tar xzf meshcentral-*.tgz --strip-components=1 \
			package/agents/modules_meshcmd/amt-mei.js \
			package/agents/meshagent_x86-64 && rm meshcentral-*.tgz
}

peer_mei() {
	NO_PEER=
	[ -e "$PEERS/mei/whole" ] || peer_fetch mei peer_pack_mei
	PEER=$PEERS/mei/agents
	command -v node >/dev/null || NO_PEER="no node here"
}

# The sample of Debian's package linux-source-6.1, fetched once, and nothing
# else of it kept.
sample_fetch() {
	SAMPLE=$PEERS/linux/mei-amt-version.c
	[ -e "$SAMPLE" ] && return
	mkdir -p "$PEERS"
	(
		flock -w 300 9 || exit 1
		[ -e "$SAMPLE" ] && exit
		fetch=$(mktemp -d "$PEERS/fetch.XXXXXX") || exit 1
		cd "$fetch" || exit 1
		timeout 200 apt-get download -qq linux-source-6.1 &&
			dpkg-deb --fsys-tarfile linux-source-*.deb |
			tar xO ./usr/src/linux-source-6.1.tar.xz |
			tar xJ --occurrence=1 --strip-components=3 \
				linux-source-6.1/samples/mei/mei-amt-version.c
		[ -s mei-amt-version.c ] && mkdir -p "$PEERS/linux" &&
			mv mei-amt-version.c "$SAMPLE"
		rc=$?
		rm -rf "$fetch"
		exit $rc
	) 9>"$PEERS/linux.lock" >"$PEERS/linux.log" 2>&1
}

boot() {
	cp "$ROOT/configs/demo-root.pem" .
	printf '%s\n' 'customer = "c"; amt = "7.1"; credential = "pki";' \
		'start = "listen"; pki_dns_suffix = "corp.example";' \
		'hashes = ( { file = "demo-root.pem"; } );' >p.cfg
	amtforge ledger init L
	amtforge order open L p.cfg --id O
	amtforge unit issue L O --count 1 --json >units
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write L O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	amtforge-device boot --image images/*.bin --state machine \
		--listen 127.0.0.1 --port 0 --server 127.0.0.1:9 --mei mei \
		--json >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"silent"' events
	amtforge-agent --mei mei info --json >info.json
}

# judge FILE: what the peer read is what the agent reads, and the image holds.
judge() {
	cat "$1"
	[ "$(wc -l <"$1")" = "$(echo "$CALLS" | wc -w)" ]
	got() {
		sed -n "s/^$1 //p" "$judged"
	}
	judged=$1
	got getUuid | jq -e --arg u "$(jq -r .uuid units)" '.uuid == $u'
	got getVersion | jq -e --slurpfile i info.json \
		'.BiosVersion == $i[0].bios and
		(.Versions | map(select(.Description == "AMT"))[0].Version) ==
			$i[0].amt and $i[0].amt == "7.1.0"'
	got getProvisioningState | jq -e '.state == 0 and .stateStr == "PRE"'
	got getProvisioningMode |
		jq -e '.modeStr == "ENTERPRISE" and .legacy == false'
	got getControlMode | jq -e '.controlMode == 0'
	got getDnsSuffix | jq -e '. == "corp.example"'
	got getHashHandles | jq -e '. == [0]'
	got getCertHashEntry | jq -e --arg h \
		"$(amtforge hash show --json demo-root.pem | jq -r .sha256)" \
		'(.certificateHash | ascii_downcase) == $h and .hashAlgorithmStr == "SHA256" and
		.isActive == 1 and .isDefault == 1 and
		.name == "amtforge demo root"'
	got getLocalSystemAccount | jq -e '.user == "$$OsAdmin" and
		(.pass | length) == 32'
	got getLanInterfaceSettings | jq -e '.address == "127.0.0.1" and
		.dhcpMode == "PASSIVE" and .enabled == 1'
	got getRemoteAccessConnectionStatus |
		jq -e '.status == 0 and .remoteAccessStatus == 0'
	got stopConfiguration | grep -x 3 # not in set-up
	got startConfiguration | grep -x 49 # the certificate is being made
}

meshcentral_reads_the_interface_on_its_socket() {
	boot
	# shellcheck disable=SC2086 # a list
	timeout 60 node "$ROOT/tests/interop/mei.cjs" \
		"$PEER/modules_meshcmd/amt-mei.js" mei $CALLS >said
	judge said
	timeout 60 node "$ROOT/tests/interop/mei.cjs" \
		"$PEER/modules_meshcmd/amt-mei.js" mei getCertHashEntries \
		stopConfiguration >said
	grep '^getCertHashEntries \[{' said
	grep -x 'stopConfiguration 0' said
}

# Its native code puts a second request into the answer of the first and then
# fails in its own queue, so each call is a connection.
meshagent_reads_it_on_dev_mei0() {
	boot
	cp "$PEER/meshagent_x86-64" meshagent
	chmod +x meshagent
	AMT_MEI_JS=$PEER/modules_meshcmd/amt-mei.js \
		CALLS=$CALLS timeout 120 "$FAKE" mei -- \
		./meshagent "$ROOT/tests/interop/meshagent.js" >said
	judge said
}

linux_sample_reads_it_on_dev_mei0() {
	boot
	cc -o sample "$SAMPLE"
	timeout 60 "$FAKE" mei -- ./sample >said
	cat said
	grep 'Intel AMT: ENABLED' said
	tr '\t' ' ' <said | grep '^AMT: *7.1.0'
}

why=
[ -e $OVMF ] || why="no OVMF"
[ -n "$why" ] || {
	peer_mei
	why=$NO_PEER
}
if [ -n "$why" ]; then
	skip meshcentral_reads_the_interface_on_its_socket "$why"
	skip meshagent_reads_it_on_dev_mei0 "$why"
else
	t meshcentral_reads_the_interface_on_its_socket
	if [ ! -x "$FAKE" ]; then
		skip meshagent_reads_it_on_dev_mei0 "no umockdev here"
	elif [ "$(uname -m)" != x86_64 ]; then
		skip meshagent_reads_it_on_dev_mei0 "its program is for x86-64"
	else
		t meshagent_reads_it_on_dev_mei0
	fi
fi
if [ ! -x "$FAKE" ]; then
	skip linux_sample_reads_it_on_dev_mei0 "no umockdev here"
elif [ ! -e $OVMF ]; then
	skip linux_sample_reads_it_on_dev_mei0 "no OVMF"
elif ! sample_fetch; then
	skip linux_sample_reads_it_on_dev_mei0 \
		"no linux-source-6.1: $(tail -n 1 "$PEERS/linux.log")"
else
	t linux_sample_reads_it_on_dev_mei0
fi
done_testing

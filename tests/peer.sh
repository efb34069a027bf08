# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# MeshCentral, which nobody here wrote, from the npm registry: the independent
# writer and reader of Setup.bin, and a provisioning server. It is kept outside
# of the tree, so that a clean build does not fetch it again: in AMTFORGE_PEERS,
# else in the user's cache.

MESHCENTRAL=meshcentral@1.1.55
PEERS=${AMTFORGE_PEERS:-${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/amtforge-peers}

# peer: sets $PEER to the folder of npm's meshcentral: MESHCENTRAL_DIR, or what
# peer_server installed, or the files that Setup.bin needs, fetched once. Else
# $NO_PEER says why it is not there.
# shellcheck disable=SC2034 # both are for the caller
peer() {
	NO_PEER=
	PEER=$PEERS/server/node_modules/meshcentral
	[ -e "$PEERS/server/whole" ] || PEER=$PEERS/package
	PEER=${MESHCENTRAL_DIR:-$PEER}
	[ -e "$PEER/amt/amt-setupbin.js" ] || peer_fetch package peer_pack
	command -v node >/dev/null || NO_PEER="no node here"
}

# peer_server: sets $PEER_MODULES to a node_modules with MeshCentral and all it
# needs to run (447 MB, installed once), or $NO_PEER.
# shellcheck disable=SC2034 # likewise
peer_server() {
	NO_PEER=
	PEER_MODULES=$PEERS/server/node_modules
	[ -e "$PEERS/server/whole" ] || peer_fetch server peer_install
	command -v node >/dev/null || NO_PEER="no node here"
}

# peer_fetch NAME COMMAND [PACKAGE]: one does it, others wait for it.
# shellcheck disable=SC2034 # likewise
peer_fetch() {
	if [ "$1" = package ] && [ -n "${MESHCENTRAL_DIR:-}" ]; then
		NO_PEER="no meshcentral package in $MESHCENTRAL_DIR"
		return
	fi
	if ! command -v npm >/dev/null; then
		NO_PEER="no npm here"
		return
	fi
	if ! mkdir -p "$PEERS" 2>/dev/null; then
		NO_PEER="$PEERS cannot be made: AMTFORGE_PEERS names another"
		return
	fi
	(
		flock -w 500 9 || exit 1
		[ -e "$PEERS/$1/whole" ] && exit
		fetch=$(mktemp -d "$PEERS/fetch.XXXXXX") || exit 1
		cd "$fetch" && "$2" && : >whole &&
			rm -rf "${PEERS:?}/$1" && mv "$fetch" "$PEERS/$1"
		rc=$?
		rm -rf "$fetch"
		exit $rc
	) 9>"$PEERS/$1.lock" >"$PEERS/$1.log" 2>&1 ||
		NO_PEER="npm: no ${3:-$MESHCENTRAL}: $(tail -n 1 "$PEERS/$1.log")"
}

peer_pack() {
	timeout 240 npm pack --silent $MESHCENTRAL &&
		tar xzf meshcentral-*.tgz --strip-components=1 \
			package/amt/amt-setupbin.js package/common.js \
			package/package.json && rm meshcentral-*.tgz
}

# Its optional modules, such as other data bases, are not needed.
peer_install() {
	echo '{"name":"peer","version":"1.0.0","private":true}' >package.json
	timeout 480 npm install --omit=optional --ignore-scripts --no-audit \
		--no-fund --save-exact $MESHCENTRAL
}

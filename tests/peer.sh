# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# peer ROOT: sets $PEER to the folder of npm's meshcentral, the independent
# writer and reader of Setup.bin: MESHCENTRAL_DIR, or ROOT/build/peer/package,
# fetched once. Else $NO_PEER says why it is not there.
# shellcheck disable=SC2034 # both are for the caller
peer() {
	PEER=${MESHCENTRAL_DIR:-$1/build/peer/package}
	NO_PEER=
	[ -e "$PEER/amt/amt-setupbin.js" ] || peer_fetch "$1/build/peer"
	command -v node >/dev/null || NO_PEER="no node here"
}

# shellcheck disable=SC2034 # likewise
peer_fetch() {
	if [ -n "${MESHCENTRAL_DIR:-}" ]; then
		NO_PEER="no meshcentral package in $MESHCENTRAL_DIR"
		return
	fi
	if ! command -v npm >/dev/null; then
		NO_PEER="no npm here"
		return
	fi
	mkdir -p "$1"
	# one fetches, others wait for it
	(
		flock -w 300 9 || exit 1
		[ -e "$1/package/amt/amt-setupbin.js" ] && exit
		fetch=$(mktemp -d "$1/fetch.XXXXXX") || exit 1
		(cd "$fetch" && timeout 240 npm pack --silent \
			meshcentral@1.1.55 && tar xzf meshcentral-*.tgz \
			package/amt/amt-setupbin.js package/common.js \
			package/package.json && rm -rf "$1/package" &&
			mv package "$1/package")
		rc=$?
		rm -rf "$fetch"
		exit $rc
	) 9>"$1/lock" >"$1/log" 2>&1 ||
		NO_PEER="npm pack meshcentral@1.1.55 failed: $(tail -n 1 "$1/log")"
}

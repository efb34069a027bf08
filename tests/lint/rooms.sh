#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Includes only go down, and each third-party library has one door.
set -u

# room: what it may include. PURE is the half of base/ without I/O.
arrows='
base base
formats PURE formats
bios PURE formats bios
export base formats export
factory base formats bios export factory
server base formats server
device base formats bios device
agent base formats agent
'
pure='bytes certfact err digest digestcore rsa text node secret'

# header prefix: the files that may include it
doors='
openssl/ base/crypto.c base/x509.c base/x509fact.c base/tls.c base/cms.c
zlib.h base/zip.c
libconfig.h base/config.c
event2/ base/loop.c base/conn.c base/listener.c base/dns.c
pcap base/pcap.c
linux/mei.h base/mei.c
expat.h base/xml.c
sqlite3.h base/db.c
seccomp.h base/sandbox.c
jansson.h base/json.c
libusb-1.0/ export/stickusb.c
cairo export/sheet.c
zint.h export/label.c
'

find base formats bios export factory server device agent \
	-name '*.[ch]' 2>/dev/null | sort |
	xargs grep -nE '^[[:space:]]*#[[:space:]]*include' |
	awk -v arrows="$arrows" -v pure="$pure" -v doors="$doors" '
	BEGIN {
		n = split(arrows, line, "\n")
		for (i = 1; i <= n; i++) {
			m = split(line[i], w, " ")
			for (j = 2; j <= m; j++)
				may[w[1], w[j]] = 1
		}
		n = split(pure, w, " ")
		for (i = 1; i <= n; i++)
			is_pure[w[i]] = 1
		n = split(doors, line, "\n")
		for (i = 1; i <= n; i++) {
			m = split(line[i], w, " ")
			for (j = 2; j <= m; j++)
				door[w[1], w[j]] = 1
			if (m)
				prefix[w[1]] = 1
		}
	}
	function bad(why) {
		printf "%s:%s: %s: %s\n", file, at, inc, why
		failed = 1
	}
	function ours(  r, stem) {
		r = inc
		sub(/\/.*/, "", r)
		stem = inc
		sub(/.*\//, "", stem)
		sub(/\.h$/, "", stem)
		if (inc !~ /\//)
			bad("name it from the root: room/file.h")
		else if (inc ~ /^bios\/uefi\// && file !~ /^bios\/uefi\//)
			bad("bios/uefi/ is firmware: only it includes that")
		else if (may[room, r])
			return
		else if (r == "base" && may[room, "PURE"]) {
			if (!is_pure[stem])
				bad(room "/ may include only the pure half" \
				    " of base/: " pure)
		} else
			bad(room "/ may not include " r "/")
	}
	function theirs(  p, third) {
		third = 0
		for (p in prefix)
			if (index(inc, p) == 1) {
				third = 1
				if (door[p, file])
					return
			}
		if (third)
			bad("outside its door")
	}
	{
		split($0, part, ":")
		file = part[1]
		at = part[2]
		room = file
		sub(/\/.*/, "", room)
		inc = $0
		if (match(inc, /"[^"]*"/)) {
			inc = substr(inc, RSTART + 1, RLENGTH - 2)
			ours()
			stem = file
			gsub(/.*\/|\.[ch]$/, "", stem)
			to = inc
			gsub(/.*\/|\.h$/, "", to)
			if (room == "base" && is_pure[stem] && !is_pure[to])
				bad("the pure half of base/ includes " \
				    "only itself")
		} else if (match(inc, /<[^>]*>/)) {
			inc = substr(inc, RSTART + 1, RLENGTH - 2)
			theirs()
		}
	}
	END { exit failed }'

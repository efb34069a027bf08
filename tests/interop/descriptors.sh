#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer ifdtool, flashrom, fwupd: read flash descriptors as we do
#
# Flash descriptors as ifdtool, flashrom and fwupd read them.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATH=$PATH:/usr/sbin
OVMF=/usr/share/ovmf/OVMF.fd

# sample:platform; "" is what ifdtool takes without -p. The 500 series of tgl
# has other clocks, which neither of us compares.
SAMPLES='link: butterfly: tiogapass:lbg tgl:tgl'

# Python reads our JSON and ifdtool's dump, and prints what differs.
cat_compare() {
	cat <<'EOF'
import json, re, sys

ours = json.loads(open('ours.json').read())
dump = open('dump').read()
desc = [r for r in ours['regions'] if r['name'] == 'descriptor'][0]
checks = 0

def same(what, a, b):
    global checks
    checks += 1
    if a != b:
        sys.exit('%s: ifdtool %s, we %s' % (what, a, b))

def number(name):
    return int(re.search(r'^%s\s*:?\s+0x([0-9a-f]+)' % name, dump, re.M)[1], 16)

# For the 500 series it prints FLMAP3 in the place of FLMAP2.
for i in range(4):
    if 'FLMAP%d:' % i not in dump:
        continue
    same('FLMAP%d' % i, number('FLMAP%d' % i), desc['flmap%d' % i])

# Regions: ifdtool has none above 8 and calls 5 to 7 reserved.
names = {0: 'descriptor', 1: 'bios', 2: 'me', 3: 'gbe', 4: 'pdr',
         5: 'devexp1', 6: 'bios2', 7: 'region7', 8: 'ec'}
theirs = {}
for n, base, limit, unused in re.findall(
        r'Flash Region (\d+) \(.*\): ([0-9a-f]+) - ([0-9a-f]+) (\(unused\))?',
        dump):
    if not unused:
        theirs[names[int(n)]] = [int(base, 16), int(limit, 16)]
same('regions', theirs, {r['name']: [r['base'], r['limit']]
    for r in ours['regions'] if r['name'] in names.values()})

# Components. ifdtool prints a density for a second chip that is not there.
chips = desc['components'][0]
same('FLCOMP', number('FLCOMP'), chips['flcomp'])
same('FLILL', number('FLILL'), chips['flill'])
for i, chip in enumerate(chips['chips']):
    size, unit = re.search(
        r'Component %d Density:\s+(\d+)(KB|MB)' % (i + 1), dump).groups()
    same('density', int(size) * {'KB': 1 << 10, 'MB': 1 << 20}[unit],
         chip['size'])
same('chips', int(re.search(r'NC:\s+(\d+)', dump)[1]), ours['chips'])

# Masters: the words, and each bit that ifdtool spells out.
words = {'Platform Data': 4, 'GbE': 3, 'Intel ME': 2, 'Host CPU/BIOS': 1,
         'Flash Descriptor': 0, 'EC': 8}
titles = {'host': 1, 'me': 2, 'gbe': 3, 'ec': 5}
masters = {m['name']: m for m in desc['masters']}
parts = re.split(r'^FLMSTR(\d):', dump, flags=re.M)
seen = 0
for n, text in zip(parts[1::2], parts[2::2]):
    m = masters[[k for k in titles if titles[k] == int(n)][0]]
    seen += 1
    same('FLMSTR' + n, int(text.split()[0], 16), m['flmstr'])
    for what, how, state in re.findall(
            r'^  (.*?)(?: Region)? (Read|Write) Access:\s+(\w+)', text, re.M):
        bit = m['read_mask' if how == 'Read' else 'write_mask']
        same('%s %s of master %s' % (what, how, n), state == 'enabled',
             bool(bit >> words[what] & 1))
    requester = re.search(r'Requester ID:\s+0x([0-9a-f]+)', text)
    if requester:
        same('requester', int(requester[1], 16), m['requester'])
same('masters', seen >= 3, True)

# Straps. ifdtool takes their number for bytes and prints four times as many.
pch = desc['straps'][0]
theirs = [int(v, 16) for v in re.findall(r'^PCHSTRP\d+\s*: 0x([0-9a-f]+)',
                                         dump, re.M)]
same('straps', theirs[:pch['count']], [w['value'] for w in pch['words']])
off = re.search(r'(AltMeDisable|HAP) bit is (not )?set', dump)
same('ME', 'on' if off[2] else 'off', desc['me'])
same('strap', True, off[1] in desc['me_strap'])

# The VSCC table. ifdtool prints 8 entries at most.
jids = re.findall(r'JID\d+:\s+0x([0-9a-f]+)', dump)
same('VSCC entries', len(jids), min(8, len(desc.get('vscc', []))))
for jid, row in zip(jids, desc.get('vscc', [])):
    same('JEDEC id', ''.join(jid[i:i + 2] for i in (6, 4, 2)),
         row['jedec_id'])
for v, row in zip(re.findall(r'VSCC\d+:\s+0x([0-9a-f]+)', dump),
                  desc.get('vscc', [])):
    same('VSCC', int(v, 16), row['value'])
print(checks, 'compared')
EOF
}

compare() {
	cat_compare >compare.py
	amtforge image show "$1" --json >ours.json
	ifdtool ${2:+-p "$2"} -d "$1" >dump
	python3 compare.py >compared
	cat compared
	[ "$(cut -d' ' -f1 compared)" -gt "$3" ]
}

ifdtool_and_we_tell_the_same_of_real_descriptors() {
	for row in $SAMPLES; do
		compare "$(echo "$SHARED"/samples/*_"${row%%:*}"_descriptor.bin)" \
			"${row#*:}" 40
	done
}

ifdtool_and_we_tell_the_same_of_descriptors_that_we_make() {
	head -c 65536 /dev/zero >me.bin
	head -c 8192 /dev/zero >gbe.bin
	head -c 16384 /dev/zero >pdr.bin
	for row in 8M: 16M: 32M:sklkbl 64M:sklkbl; do
		amtforge image new base.bin --force --size "${row%%:*}" \
			--me me.bin --gbe gbe.bin --pdr pdr.bin --bios $OVMF
		compare base.bin "${row#*:}" 30
	done
}

# What ifdtool switches off we say is off, and refuse to plan for; the same for
# what it switches on again.
ifdtool_straps_the_me_off_and_we_see_it() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue l.db O --count 1
	for row in link: butterfly: tiogapass:lbg; do
		sample=$(echo "$SHARED"/samples/*_"${row%%:*}"_descriptor.bin)
		size=$([ "${row%%:*}" = tiogapass ] && echo 32M || echo 8M)
		amtforge image new base.bin --force --size "$size" \
			--descriptor "$sample" --bios $OVMF
		platform=${row#*:}
		ifdtool ${platform:+-p "$platform"} -M 1 base.bin
		amtforge image show base.bin.new --json >off.json
		grep -q '"me":"off"' off.json
		status 65 amtforge image write l.db O --base base.bin.new \
			--map "$ROOT/configs/map-ovmf.cfg" --out images
		says "[image-me-off]"
		ifdtool ${platform:+-p "$platform"} -M 0 base.bin.new
		amtforge image show base.bin.new.new --json >on.json
		grep -q '"me":"on"' on.json
		cmp base.bin.new.new base.bin
	done
}

# ifdtool's locks and its unlocking, as facts about the host.
ifdtool_locks_and_we_see_it() {
	amtforge image new base.bin --size 8M --bios $OVMF \
		--descriptor "$SHARED/samples/cb_google_link_descriptor.bin"
	ifdtool -u base.bin
	amtforge image show base.bin.new --json >open.json
	grep -q '"host_writes_descriptor":true' open.json
	grep -q '"host_writes_me":true' open.json
	ifdtool -l base.bin.new
	amtforge image show base.bin.new.new --json >locked.json
	grep -q '"host_writes_descriptor":false' locked.json
	grep -q '"host_writes_me":false' locked.json
}

# Regions and what three masters may do with them, as fwupd has them. It takes
# NR of v1, the last region, for their number, and so leaves some out.
fwupd_and_we_tell_the_same_access() {
	cat >fwupd.py <<'EOF'
import json, re, sys
import xml.etree.ElementTree as tree

ours = json.loads(open('ours.json').read())
# Sections of the BIOS are in it as they are.
text = re.sub('[^\\n -~]', '', open('fwupd.xml', encoding='latin-1').read())
root = tree.fromstring(text[text.index('<firmware'):])
names = {'desc': 'descriptor', 'platform': 'pdr', 'devexp': 'devexp1',
         '10gbe': '10gbe0'}
regions = {r['name']: r for r in ours['regions']}
masters = {m['name']: m for m in regions['descriptor']['masters']}
access = {'': '--', 'read': 'r-', 'write': '-w', 'read,write': 'rw'}
seen = 0
for fw in root.findall('firmware'):
    name = fw.findtext('id')
    name = names.get(name, name)
    r = regions[name]
    base = int(fw.findtext('addr') or '0', 16)
    size = int(fw.find('data').get('size'), 16)
    if (base, size) != (r['base'], r['limit'] + 1 - r['base']):
        sys.exit('%s: fwupd %x+%x, we %s' % (name, base, size, r))
    theirs = {a.get('region'): a.text for a in fw.findall('access')}
    for master, row in ('bios', 'host'), ('me', 'me'), ('gbe', 'gbe'):
        want = access[theirs.get(master, '')]
        if masters[row][name] != want:
            sys.exit('%s of %s: fwupd %s, we %s' %
                     (name, master, want, masters[row][name]))
    seen += 1
print(seen)
EOF
	head -c 8192 /dev/zero >gbe.bin
	head -c 16384 /dev/zero >pdr.bin
	amtforge image new made1.bin --size 8M --me gbe.bin --gbe gbe.bin \
		--pdr pdr.bin --bios $OVMF
	amtforge image new made2.bin --size 32M --me gbe.bin --gbe gbe.bin \
		--pdr pdr.bin --bios $OVMF
	amtforge image new link.bin --size 8M --bios $OVMF --descriptor \
		"$SHARED/samples/cb_google_link_descriptor.bin"
	amtforge image new tiogapass.bin --size 32M --bios $OVMF --descriptor \
		"$SHARED/samples/cb_ocp_tiogapass_descriptor.bin"
	for row in made1:4 made2:5 link:2 tiogapass:5; do
		amtforge image show "${row%:*}.bin" --json >ours.json
		timeout 60 fwupdtool firmware-parse "${row%:*}.bin" \
			ifd-firmware 2>/dev/null | grep -v Loading >fwupd.xml
		[ "$(python3 fwupd.py)" = "${row#*:}" ]
	done
}

# flashrom takes our layout for a chip of 8 MiB, each region where we say.
flashrom_takes_the_regions_from_a_descriptor_that_we_make() {
	head -c 65536 /dev/urandom >me.bin
	head -c 16384 /dev/urandom >pdr.bin
	amtforge image new base.bin --size 8M --me me.bin --pdr pdr.bin \
		--bios $OVMF
	cp base.bin chip.bin
	timeout 60 flashrom -p dummy:emulate=MX25L6436,image=chip.bin \
		-c MX25L6405D --ifd -i pd:out.bin -r whole.bin >log 2>&1
	cmp out.bin pdr.bin
}

real() {
	if [ -d "$SHARED/samples" ]; then
		have "$@"
	else
		skip "$1" "no samples"
	fi
}

real ifdtool_and_we_tell_the_same_of_real_descriptors ifdtool python3
have ifdtool_and_we_tell_the_same_of_descriptors_that_we_make \
	ifdtool python3 $OVMF
real ifdtool_straps_the_me_off_and_we_see_it ifdtool
real ifdtool_locks_and_we_see_it ifdtool
real fwupd_and_we_tell_the_same_access fwupdtool python3
have flashrom_takes_the_regions_from_a_descriptor_that_we_make \
	flashrom $OVMF
done_testing

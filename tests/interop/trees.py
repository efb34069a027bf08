# SPDX-License-Identifier: Apache-2.0
"""Compares what `amtforge image show --json` says of an image with what
UEFIExtract, ifdtool and fwupdtool say of it, field by field.

    trees.py uefi OURS.json REPORT.txt
    trees.py ifd OURS.json IFDTOOL.txt
    trees.py fwupd OURS.json FWUPD.xml
    trees.py same A.json B.json     all but what a written variable changes
    trees.py protect OURS.json UEFIEXTRACT.txt
    trees.py changed IMAGE <EDITS

Several may follow one another. Exit status 1, and each difference on a line,
if they do not agree. EDITS has a line for each: a judge, its file's suffix, and
WORDS/OTHERS; status 1, and the edit, if IMAGE.json with those other words does
agree.
"""
import json
import re
import sys
import xml.etree.ElementTree as ET

# ours: theirs
REGIONS_UEFI = {
    'descriptor': 'Descriptor', 'bios': 'BIOS', 'me': 'ME', 'gbe': 'GbE',
    'pdr': 'PDR', 'devexp1': 'DevExp1', 'ec': 'EC', 'devexp2': 'DevExp2',
    'ie': 'IE', '10gbe0': '10GbE1', '10gbe1': '10GbE2', 'ptt': 'PTT',
    'bios2': 'BIOS2', 'microcode': 'Microcode',
}
REGIONS_IFD = {
    'descriptor': 0, 'bios': 1, 'me': 2, 'gbe': 3, 'pdr': 4, 'devexp1': 5,
    'bios2': 6, 'ec': 8,
}
# by number; fwupd reads only those below the descriptor's count
REGIONS_FWUPD = ['desc', 'bios', 'me', 'gbe', 'platform', 'devexp', 'bios2',
                 None, 'ec', 'devexp2']
FILES_UEFI = {
    'raw': 'Raw', 'freeform': 'Freeform', 'security core': 'SEC core',
    'PEI core': 'PEI core', 'DXE core': 'DXE core',
    'PEI module': 'PEI module', 'DXE driver': 'DXE driver',
    'PEI and DXE driver': 'Combined PEI/DXE', 'application': 'Application',
    'MM module': 'SMM module', 'volume image': 'Volume image',
    'MM and DXE driver': 'Combined SMM/DXE', 'MM core': 'SMM core',
    'MM standalone': 'MM standalone module',
    'MM core standalone': 'MM standalone core', 'pad': 'Pad',
}
SECTIONS_UEFI = {
    'compression': 'Compressed', 'GUID-defined': 'GUID defined',
    'disposable': 'Disposable', 'PE32': 'PE32 image', 'PIC': 'PIC image',
    'TE': 'TE image', 'DXE depex': 'DXE dependency', 'version': 'Version',
    'user interface': 'UI', '16-bit': '16-bit image',
    'volume image': 'Volume image', 'freeform': 'Freeform subtype GUID',
    'raw': 'Raw', 'PEI depex': 'PEI dependency', 'MM depex': 'MM dependency',
}
FORMATS_UEFI = {
    'ffs1': 'FFSv2', 'ffs2': 'FFSv2', 'ffs3': 'FFSv3', 'nvram': 'NVRAM',
    'unknown': 'Unknown',
}
STORES_UEFI = {
    'edk2 authenticated': 'VSS2 store', 'edk2 plain': 'VSS2 store',
    'vss authenticated': 'VSS store', 'vss plain': 'VSS store',
}
STATES_FWUPD = {
    'added': 'variable-added',
    'being replaced': 'in-deleted-transition,variable-added',
}

bad = 0
compared = 0


def differ(what, ours, theirs):
    """Both are lists of tuples, in any order."""
    global bad, compared
    ours, theirs = sorted(map(str, ours)), sorted(map(str, theirs))
    compared += len(theirs)
    for x in ours:
        if x not in theirs:
            print(f'{what}: only ours: {x}')
            bad += 1
    for x in theirs:
        if x not in ours:
            print(f'{what}: only theirs: {x}')
            bad += 1
    if len(ours) != len(theirs):
        print(f'{what}: {len(ours)} of ours, {len(theirs)} of theirs')
        bad += 1


def walk(node, key):
    """All nodes of that list, at any depth."""
    for k, v in node.items():
        if not isinstance(v, list):
            continue
        for child in v:
            if not isinstance(child, dict):
                continue
            if k == key:
                yield child
            yield from walk(child, key)


def load(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f)


def regions(ours, names):
    return [(names[r['name']], r['base'], r['limit'] + 1 - r['base'])
            for r in ours['regions']]


# ---- UEFIExtract ----

class Row:
    def __init__(self, line):
        cell = [c.strip() for c in line.split('|')]
        self.kind, self.sub = cell[0], cell[1]
        self.base = None if cell[2] == 'N/A' else int(cell[2], 16)
        self.size = int(cell[3], 16)
        self.name = cell[5].lstrip('-').strip()
        self.text = cell[6] if len(cell) > 6 else ''


def report(path):
    """The rows that lie open: what was unpacked has no base."""
    with open(path, encoding='utf-8', errors='replace') as f:
        rows = [Row(x) for x in f.readlines()[1:] if x.count('|') >= 5]
    return [r for r in rows if r.base is not None]


def volume_name(v):
    return v.get('volume_guid', v['guid']).upper()


def pads(f):
    """UEFIExtract gives a pad no GUID."""
    return '' if f['type'] == 'pad' else f['guid'].upper()


def check_volumes(ours, rows):
    vols = list(walk(ours, 'volumes'))
    differ('volume', [(FORMATS_UEFI[v['format']], v['offset'], v['size'],
                       volume_name(v)) for v in vols],
           [(r.sub, r.base, r.size, r.name) for r in rows
            if r.kind == 'Volume'])
    differ('file', [(FILES_UEFI[f['type']], f['offset'], f['size'], pads(f))
                    for f in walk(ours, 'files')],
           [(r.sub, r.base, r.size, '' if r.sub == 'Pad' else r.name)
            for r in rows if r.kind == 'File'])
    differ('file name', [(f['offset'], f['name'].lower())
                         for f in walk(ours, 'files') if 'name' in f],
           [(r.base, r.text.lower()) for r in rows
            if r.kind == 'File' and r.text])
    differ('section', [(SECTIONS_UEFI[s['name']], s['offset'], s['size'])
                       for s in walk(ours, 'sections')],
           [(r.sub, r.base, r.size) for r in rows if r.kind == 'Section'])
    # where erased flash is 00, UEFIExtract takes free space for a bad file
    differ('free space', [(v['free_offset'], v['free']) for v in vols
                          if v.get('free') and v['attrs'] & 0x800],
           [(r.base, r.size) for r in rows
            if r.kind == 'Free space' and r.name == 'Volume free space'])


def check_stores(ours, rows):
    stores = [s for s in walk(ours, 'stores') if s['format'] in STORES_UEFI]
    differ('store', [(STORES_UEFI[s['format']], s['offset'], s['size'])
                     for s in stores],
           [(r.kind, r.base, r.size) for r in rows
            if r.kind in ('VSS store', 'VSS2 store')])
    differ('working block', [(f['offset'],) for f in walk(ours, 'ftw')],
           [(r.base,) for r in rows if r.kind == 'FTW store'])
    ours_vars, theirs_vars = [], []
    for s in stores:
        for v in walk(s, 'variables'):
            live = v['state'] in ('added', 'being replaced')
            ours_vars.append((v['offset'], v['size'],
                              v['guid'].upper() if live else 'Invalid',
                              v['name'] if live else ''))
    for r in rows:
        if r.kind == 'VSS entry':
            invalid = r.sub == 'Invalid'
            theirs_vars.append((r.base, r.size,
                                'Invalid' if invalid else r.name,
                                '' if invalid else r.text))
    differ('variable', ours_vars, theirs_vars)


def check_fpt(ours, rows):
    """UEFIExtract marks an entry without a place as invalid. It lists the
    partitions of a $FPT again as regions of the image, with their places."""
    parts = list(walk(ours, 'partitions'))
    entries = [r for r in rows if r.kind == 'FPT entry']
    placed = [p for p in parts if 'offset' in p and not p['invalid']]
    differ('$FPT entry',
           [(i, p['name'].upper(), p in placed) for i, p in enumerate(parts)],
           [(i, r.name.upper(), r.sub == 'Valid')
            for i, r in enumerate(entries)])
    differ('$FPT partition',
           [(p['name'].upper(), p['offset'], p['size'],
             p['kind'] == 'code') for p in placed],
           [(r.name.upper(), r.base, r.size, r.sub == 'Code') for r in rows
            if r.kind == 'FPT partition'])


def uefi(ours, path):
    rows = report(path)
    if ours['kind'] == 'whole':
        differ('region', regions(ours, REGIONS_UEFI),
               [(r.sub, r.base, r.size) for r in rows if r.kind == 'Region'])
    check_volumes(ours, rows)
    check_stores(ours, rows)
    check_fpt(ours, rows)


# ---- what is protected ----

def protect(ours, path):
    """Segments of the boot block, Microsoft's list and AMI's files. UEFIExtract
    tells ranges whose hash differs, and the boot block's hash."""
    with open(path, encoding='utf-8', errors='replace') as f:
        text = f.read()
    row = ours['regions'][0]
    top = row['limit'] + 1
    blocks = [r for r in walk(ours, 'protected')
              if r['name'] == 'initial boot block']
    differ('segment', [(r['offset'], r['size'],
                        r['hash'] == 'outside the hash') for r in blocks],
           [(top - (0x100000000 - int(a, 16)), int(n, 16), int(f, 16) & 1 == 1)
            for f, a, n in re.findall(
                r'Flags: ([0-9A-F]+)h, Address: ([0-9A-F]+)h, '
                r'Size: ([0-9A-F]+)h', text)])
    computed = dict(re.findall(
        r'Computed IBB Hash \((SHA\d+)\): ([0-9A-F]+)', text))
    said = re.findall(r'^IBB Hash \((SHA\d+)\): ([0-9A-F]+)$', text, re.M)
    for several in re.findall(r'^IBB Hashes:\n((?:SHA.*\n)+)', text, re.M):
        said += re.findall(r'(SHA\d+): ([0-9A-F]+)', several)
    said = [(k, v) for k, v in said if k in ('SHA256', 'SHA384')]
    if said:
        match = all(computed.get(k) == v for k, v in said)
        differ('boot block',
               {(r['hash'],) for r in blocks
                if r['hash'] != 'outside the hash'},
               {('matches' if match else 'differs',)})
    differ('range that differs',
           [(r['offset'], r['offset'] + r['size'])
            for r in walk(ours, 'protected')
            if r['hash'] == 'differs' and r['name'] != 'initial boot block'],
           [(int(a, 16), int(b, 16)) for a, b in re.findall(
               r'(?:PMDA|AMI) protected range \[([0-9A-F]+)h:([0-9A-F]+)h\] '
               r'hash mismatch', text)])


# ---- ifdtool ----

def ifd(ours, path):
    with open(path, encoding='utf-8', errors='replace') as f:
        text = f.read()
    differ('region', [r for r in regions(
        {'regions': [r for r in ours['regions'] if r['name'] in REGIONS_IFD]},
        REGIONS_IFD)],
        [(int(n), int(a, 16), int(b, 16) + 1 - int(a, 16))
         for n, a, b in re.findall(
             r'Flash Region (\d+) \(.*\): ([0-9a-f]+) - ([0-9a-f]+) *$',
             text, re.M)])
    unit = {'KB': 1024, 'MB': 1024 * 1024}
    chips = [c['size'] for c in walk(ours, 'chips')]
    theirs = [int(n) * unit[u] for n, u in re.findall(
        r'Component \d Density: +(\d+)([KM]B)', text)]
    differ('density', list(enumerate(chips)),
           list(enumerate(theirs[:ours['chips']])))


# ---- fwupdtool ----

def number(node, tag):
    found = node.find(tag)
    return 0 if found is None else int(found.text, 16)


def text_of(node, tag):
    found = node.find(tag)
    return '' if found is None else found.text or ''


def kinds(node, gtype):
    return [n for n in node.findall('firmware') if n.get('gtype') == gtype]


def size_of(node):
    return int(node.find('data').get('size'), 16)


def fwupd_variables(store, at):
    return [(at + number(v, 'offset'), number(v, 'size'),
             text_of(v, 'vendor_guid'), text_of(v, 'id'), text_of(v, 'state'))
            for v in kinds(store, 'FuEfiVssAuthVariable')]


def fwupd(ours, path):
    with open(path, encoding='utf-8', errors='replace') as f:
        # first bytes of what it found, not fit for XML
        text = re.sub(r'(<data [^>]*>)[^\n]*(</data>)', r'\1\2', f.read())
    root = ET.fromstring(text)
    theirs, vols, stores, variables = [], [], [], []
    for r in root.findall('firmware'):
        base = number(r, 'addr')
        theirs.append((text_of(r, 'id'), base, size_of(r)))
        for v in kinds(r, 'FuEfiVolume'):
            at = base + number(v, 'offset')
            vols.append((text_of(v, 'id'), at, number(v, 'size')))
            for s in kinds(v, 'FuEfiVss2VariableStore'):
                off = at + number(s, 'offset')
                stores.append((off, number(s, 'size')))
                variables += fwupd_variables(s, off)
    n = number(root, 'num_regions') or len(REGIONS_FWUPD)
    names = {k: REGIONS_FWUPD[i] for k, i in REGIONS_IFD.items() if i < n}
    differ('region', regions(
        {'regions': [r for r in ours['regions'] if r['name'] in names]},
        names), theirs)
    bios = next(r for r in ours['regions'] if r['name'] == 'bios')
    differ('volume', [(v['guid'], v['offset'], v['size'])
                      for v in bios.get('volumes', [])], vols)
    differ('store', [(s['offset'], s['size']) for s in walk(bios, 'stores')],
           stores)
    differ('variable', [(v['offset'], v['size'], v['guid'], v['name'],
                         STATES_FWUPD[v['state']])
                        for v in walk(bios, 'variables')
                        if v['state'] in STATES_FWUPD],
           [v for v in variables if v[4] in STATES_FWUPD.values()])


# ---- before and after a write ----

def without_variables(node):
    """All that a written variable may not change."""
    if isinstance(node, list):
        return [without_variables(x) for x in node]
    if not isinstance(node, dict):
        return node
    return {k: without_variables(v) for k, v in node.items()
            if k not in ('variables', 'free_offset', 'free', 'record',
                         'containers', 'sha256')}


def same(before, path):
    after = load(path)
    a, b = without_variables(before), without_variables(after)
    differ('tree', [json.dumps(a, sort_keys=True)],
           [json.dumps(b, sort_keys=True)])
    names = [[(v['offset'], v['name'], v['state'])
              for v in walk(x, 'variables')] for x in (before, after)]
    new = [v for v in names[1] if v not in names[0]]
    differ('new variable', [v[1:] for v in new], [('AmtOemRecord', 'added')])
    differ('old variable', [v for v in names[1] if v not in new], names[0])


JUDGES = {'uefi': uefi, 'ifd': ifd, 'fwupd': fwupd, 'same': same,
          'protect': protect}


def agree(judge, ours, path):
    global bad, compared
    bad = compared = 0
    JUDGES[judge](ours, path)
    if compared == 0:
        print('nothing was compared')
    return bad == 0 and compared > 0


def changed(image):
    """How many edits were found, of how many; it tells the others."""
    with open(f'{image}.json', encoding='utf-8') as f:
        text = f.read()
    edits = [line.rstrip('\n').split(' ', 2) for line in sys.stdin]
    found = 0
    for judge, suffix, edit in edits:
        words, others = edit.split('/')
        ours = text.replace(words, others, 1)
        if ours == text:
            print(f'{judge}: not there: {words}')
        elif agree(judge, json.loads(ours), f'{image}.{suffix}'):
            print(f'{judge} did not find: {edit}')
        else:
            found += 1
    print(f'{found} of {len(edits)} found')
    return found == len(edits)


if __name__ == '__main__':
    if sys.argv[1] == 'changed':
        sys.exit(0 if changed(sys.argv[2]) else 1)
    words = sys.argv[1:]
    agreed = [agree(words[i], load(words[i + 1]), words[i + 2])
              for i in range(0, len(words), 3)]
    sys.exit(0 if agreed and all(agreed) else 1)

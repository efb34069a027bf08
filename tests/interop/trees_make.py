# SPDX-License-Identifier: Apache-2.0
"""Makes BIOS regions for tests/interop/trees.sh that no sample has.

    trees_make.py files OUT       volumes, files and sections of every kind
    trees_make.py policy1 OUT     Boot Guard policy, version 0x10, PMDA 1
    trees_make.py policy1b OUT    the same with PMDA 2
    trees_make.py policy2 OUT     version 0x23, PMDA 3
    trees_make.py stale OUT       policy1 with a changed boot block
    trees_make.py ami OUT         AMI's hash file of two ranges
"""
import hashlib
import struct
import sys
import uuid
import zlib

FFS2 = '8c8ce578-8a3d-4f1c-9935-896185c32dd3'
FFS3 = '5473c07a-3dcb-4dca-bd6f-1e9689e7349a'
TOP = '1ba0062e-c779-4582-8566-336ae8f78f09'
AMI = 'cbc91f44-a4bc-4a5b-8696-703451d0b053'
CRC = 'fc1bcdb0-7d31-49aa-936a-a4600d9dd083'
SIZE = 0x100000
BASE = 0x100000000 - SIZE


def guid(n):
    return f'{n:08x}-2222-3333-4444-555555555555'


def le(text):
    return uuid.UUID(text).bytes_le


def align(b, n, fill):
    return b + fill * (-len(b) % n)


# ---- volumes ----

def file(name, kind, body, attrs=0, erased=0xff, state=7, large=False):
    h = bytearray(le(name) + bytes([0, 0, kind, attrs | (1 if large else 0)]))
    if large:
        h += b'\0\0\0\0' + struct.pack('<Q', len(body) + 32)
    else:
        h += struct.pack('<I', len(body) + 24)[:3] + b'\0'
    h[0x10] = -sum(h) & 0xff
    h[0x11] = -sum(body) & 0xff if attrs & 0x40 else 0xaa
    h[0x17] = erased ^ state
    return bytes(h) + body


def volume(size, files, fs=FFS2, erased=0xff, name=None, top=None):
    fill = bytes([erased])
    h = bytearray(16) + le(fs) + struct.pack(
        '<Q4sIHHHBBIIII', size, b'_FVH', 0x4feff if erased else 0x4f6ff, 0x48,
        0, 0x60 if name else 0, 0, 2, size // 0x100, 0x100, 0, 0)
    struct.pack_into('<H', h, 0x32,
                     -sum(struct.unpack('<36H', h)) & 0xffff)
    v = bytes(h)
    if name:
        v += file('ffffffff-ffff-ffff-ffff-ffffffffffff', 0xf0,
                  le(name) + struct.pack('<I', 20), erased=erased)
    for f in files:
        v = align(v, 8, fill) + f
    if top is not None:
        v = align(v, 8, fill)
        last = file(TOP, 1, top, erased=erased)
        v += file('ffffffff-ffff-ffff-ffff-ffffffffffff', 0xf0,
                  fill * (size - len(last) - len(v) - 24), erased=erased)
        v += last
    assert len(v) <= size
    return v + fill * (size - len(v))


def section(kind, body, large=False):
    if large:
        return b'\xff\xff\xff' + bytes([kind]) + struct.pack(
            '<I', len(body) + 8) + body
    return struct.pack('<I', len(body) + 4)[:3] + bytes([kind]) + body


def stream(*sections):
    b = b''
    for s in sections:
        b = align(b, 4, b'\0') + s
    return b


def ui(text):
    return section(0x15, text.encode('utf-16le') + b'\0\0')


def version(text):
    return section(0x14, b'\1\0' + text.encode('utf-16le') + b'\0\0')


def crc_section(body):
    return section(2, le(CRC) + struct.pack('<HHI', 28, 2, zlib.crc32(body)) +
                   body)


TOP_BODY = b'\x90' * (0x1000 - 24)


def files(img):
    pe = section(0x10, b'MZ' + b'\x11' * 0x101)
    depex = section(0x13, b'\x06\x08')
    inner = volume(0x1000, [
        file(guid(0x21), 7, stream(depex, pe, ui('InnerDxe'), version('2.5'))),
        file(guid(0x22), 1, b'inner raw'),
    ], name=guid(0x20))
    kinds = [file(guid(0x100 + k), k, stream(pe, ui('Kind%d' % k)))
             for k in (3, 4, 5, 6, 7, 8, 9, 10, 12, 13)]
    img[0x1000:0x9000] = volume(0x8000, kinds + [
        file(guid(1), 1, b'raw without a sum'),
        file(guid(2), 1, b'raw with a sum', 0x40),
        file(guid(3), 2, stream(section(0x19, b'abc'), ui('Three'))),
        file(guid(4), 11, stream(section(0x17, inner))),
        file(guid(5), 2, stream(section(
            0x18, le(guid(0x55)) + b'subtype'), version('7.1'))),
        file(guid(6), 2, stream(section(1, struct.pack('<IB', 8, 0) +
                                        section(0x19, b'four')))),
        file(guid(7), 2, crc_section(stream(section(0x19, b'crc!')))),
    ], name=guid(0x10))
    img[0x9000:0xd000] = volume(0x4000, [
        file(guid(8), 1, b'large' * 0x100, large=True),
        file(guid(9), 2, section(0x19, b'long section', large=True)),
        file(guid(10), 1, b'behind them'),
    ], fs=FFS3)
    # erased flash is 00 here
    img[0xd000:0xf000] = volume(0x2000, [
        file(guid(11), 1, b'other polarity', erased=0),
        file(guid(12), 2, stream(section(0x19, b'zero')), 0x40, erased=0),
    ], erased=0)
    img[-0x8000:] = volume(0x8000, [], top=TOP_BODY)


# ---- Boot Guard ----

def digest(alg, value):
    return struct.pack('<HH', alg, len(value)) + value


def sha(img, at, n):
    return hashlib.sha256(bytes(img[at:at + n])).digest()


SEGMENTS = [(0, 0xf8000, 0x7000), (1, 0x40000, 0x1000), (0, 0x41000, 0x1000)]


def segments():
    b = bytes([len(SEGMENTS)])
    for flags, at, n in SEGMENTS:
        b += struct.pack('<HHII', 0, flags, BASE + at, n)
    return b


def block_hash(img):
    h = hashlib.sha256()
    for flags, at, n in SEGMENTS:
        if not flags & 1:
            h.update(bytes(img[at:at + n]))
    return h.digest()


def pmda_entries(img, kind):
    b = b''
    for value in (sha(img, 0x50000, 0x1000), b'\2' * 32):
        if kind == 3:
            b += struct.pack('<I', 7)
        b += struct.pack('<II', BASE + 0x50000, 0x1000)
        if kind == 3:
            b += struct.pack('<I', 0)
        b += value if kind == 1 else digest(0xb, value)
    return struct.pack('<II', kind, 2) + b


def signature():
    return (b'\x10' + struct.pack('<HBHI', 1, 0x10, 2048, 0x10001) +
            b'\x55' * 256 + struct.pack('<HBHH', 0x14, 0x10, 2048, 0xb) +
            b'\x66' * 256)


def policy1(img, kind):
    entries = pmda_entries(img, kind)
    return (b'__ACBP__' + struct.pack('<BBBBBBH', 0x10, 0, 1, 2, 3, 0, 0x40) +
            b'__IBBS__' + struct.pack('<B3sIQQIIQQ', 0x10, b'\0' * 3, 0,
                                      0xfed10000, 0xfed90000, 1, 2, 3, 4) +
            digest(0xb, b'\0' * 32) + struct.pack('<I', 0xfffffff0) +
            digest(0xb, block_hash(img)) + segments() +
            b'__PMDA__' + struct.pack('<BH', 0x10, len(entries)) + entries +
            b'__PMSG__\x10' + signature())


def policy2(img):
    def element(name, body):
        return name + struct.pack('<BBH', 0x20, 0, 12 + len(body)) + body
    digests = digest(4, b'\1' * 20) + digest(0xb, block_hash(img))
    ibbs = (struct.pack('<BBBBIQQIIQQ', 0, 1, 0, 0, 0x10, 0xfed10000,
                        0xfed90000, 1, 2, 3, 4) +
            digest(0x10, b'') + struct.pack('<I', 0xfffffff0) +
            struct.pack('<HH', 4 + len(digests), 2) + digests +
            digest(0x10, b'') + b'\0\0\0' + segments())
    elements = (element(b'__IBBS__', ibbs) +
                element(b'__PMDA__', b'\0' * 4 + pmda_entries(img, 3)))
    return (b'__ACBP__' + struct.pack(
        '<BBHHBBBBH', 0x23, 0x20, 20, 20 + len(elements) + 12, 1, 2, 3, 0,
        0x40) + elements + b'__PMSG__' + struct.pack('<BBH', 0x20, 0, 0) +
        signature())


def key1():
    return (b'__KEYM__' + struct.pack('<BBBB', 0x10, 1, 2, 3) +
            digest(0xb, b'\x77' * 32) + signature())


def guarded(img, make):
    img[0x40000:0x48000] = volume(0x8000, [file(guid(1), 1, b'low' * 0x100)])
    img[-0x8000:] = volume(0x8000, [], top=TOP_BODY)
    fit = 0xff800
    rows = bytearray(b'_FIT_   ' + struct.pack('<IHBB', 3, 0x100, 0x80, 0))
    rows += struct.pack('<QIHBB', BASE + 0x81000, len(key1()), 0x100, 0x0b, 0)
    policy = make(img)
    rows += struct.pack('<QIHBB', BASE + 0x80000, len(policy), 0x100, 0x0c, 0)
    rows[15] = -sum(rows) & 0xff
    img[fit:fit + len(rows)] = rows
    struct.pack_into('<Q', img, SIZE - 0x40, BASE + fit)
    policy = make(img)
    img[0x80000:0x80000 + len(policy)] = policy
    img[0x81000:0x81000 + len(key1())] = key1()


def ami(img):
    img[-0x8000:] = volume(0x8000, [], top=TOP_BODY)
    body = (sha(img, 0xf9000, 0x1000) +
            struct.pack('<II', BASE + 0xf9000, 0x1000) +
            b'\3' * 32 + struct.pack('<II', BASE + 0xfa000, 0x800))
    img[0x40000:0x48000] = volume(
        0x8000, [file(AMI, 2, section(0x19, body))])


def main(what, out):
    img = bytearray(b'\xff' * SIZE)
    if what == 'files':
        files(img)
    elif what == 'ami':
        ami(img)
    elif what == 'policy2':
        guarded(img, policy2)
    else:
        guarded(img, lambda x: policy1(x, 2 if what == 'policy1b' else 1))
    if what == 'stale':
        img[0x41000] ^= 1
    with open(out, 'wb') as f:
        f.write(img)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])

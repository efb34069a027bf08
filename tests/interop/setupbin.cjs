// SPDX-License-Identifier: Apache-2.0
'use strict';
// The npm package meshcentral (amt/amt-setupbin.js, Apache-2.0) as a judge of
// Setup.bin files, many in one process since each start of node is slow.
//
//   node setupbin.cjs PACKAGE random SEED N DIR [shuffle]
//                                                 DIR/i.json: valid files
//   node setupbin.cjs PACKAGE encode DIR FROM TO  DIR/i.FROM JSON -> DIR/i.TO
//   node setupbin.cjs PACKAGE decode DIR FROM TO  DIR/i.FROM file -> DIR/i.TO
//   node setupbin.cjs PACKAGE speed FILE          records/s: encode, decode

const fs = require('fs');
const path = require('path');

const [dir, command, ...rest] = process.argv.slice(2);
const common = require(path.join(dir, 'common.js'));
// Three helpers that the package uses and does not import; it ships two.
globalThis.rstr2hex = common.rstr2hex;
globalThis.hex2rstr = common.hex2rstr;
globalThis.guidToStr = (g) => {
	const le = g.slice(0, 16).match(/../g);
	const swap = (a, b) => le.slice(a, b).reverse().join('');
	return [swap(0, 4), swap(4, 6), swap(6, 8), g.slice(16, 20),
	    g.slice(20)].join('-');
};
const peer = require(path.join(dir, 'amt', 'amt-setupbin.js'))();

// A small generator with a seed (mulberry32).
let state = 0;
function random() {
	state = state + 0x6d2b79f5 | 0;
	let t = Math.imul(state ^ state >>> 15, 1 | state);
	t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
	return ((t ^ t >>> 14) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const many = (n, f) => Array.from({ length: n }, f);

const ALNUM = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const printable = (n) =>
	many(n, () => String.fromCharCode(0x20 + below(95))).join('');
const hex = (n) =>
	many(n, () => below(256).toString(16).padStart(2, '0')).join('');

function checked(n) {
	const s = many(n, () => pick(ALNUM)).join('');
	let sum = 0;
	for (const c of s)
		sum += c.charCodeAt(0);
	return s + ALNUM[sum % 36];
}

function password() {
	const s = ['A', 'b', '7', '!'];
	while (s.length < 8 + below(9))
		s.push(pick('ABCxyz456!@#$%^*_'));
	return s.join('');
}

function hash(kinds) {
	const kind = pick(kinds), name = printable(below(32));
	return '0' + kind + hex([0, 20, 32, 48][kind]) +
	    name.length.toString(16).padStart(2, '0') +
	    Buffer.from(name).toString('hex');
}

const num = (...values) => () => ({ num: pick(values) });
const text = (max) => () => ({ text: printable(1 + below(Math.min(max, 90))) });
const raw = (n) => () => ({ hex: hex(n) });
// module, variable, value, lowest version
const table = [
	[1, 3, num(0, 1), 1], [1, 4, num(0, 1, 2), 2.1],
	[1, 5, num(0, 1, 2), 2.1],
	[1, 6, () => ({ guid: globalThis.guidToStr(hex(16)).toUpperCase() }),
	    2.1],
	[2, 3, text(255), 2], [2, 4, text(255), 2], [2, 5, num(0, 1), 2],
	[2, 6, num(0, 1), 2], [2, 7, num(0, 1, 2), 2],
	[2, 10, num(0, 1, 2, 3, 4, 5, 6, 7), 2], [2, 11, text(63), 2.1],
	[2, 12, text(255), 2.1], [2, 13, num(1, 2), 2.1],
	[2, 14, num(0, 1), 2.1], [2, 15, () => ({ hex: hex(below(9)) }), 2.1],
	[2, 16, num(0, 1, 2), 2.1], [2, 17, raw(4), 2.1],
	[2, 18, () => ({ num: 1 + below(65535) }), 2.1],
	[2, 19, raw(20), 2.1], [2, 20, raw(2), 2.1], [2, 21, raw(1), 2.1],
	[2, 22, raw(84), 3], [2, 23, num(0, 1), 3], [2, 24, num(0, 1), 3],
	[2, 25, num(0, 1), 3], [2, 26, num(0, 1, 255), 3],
	[2, 27, num(0, 1), 3], [2, 28, num(0, 1), 3], [2, 29, num(0, 1), 3],
	[2, 30, () => ({ num: 1 + below(65535) }), 3], [2, 31, text(60), 3],
	[2, 32, text(32), 3], [2, 33, text(32), 3], [2, 34, num(1, 2, 4), 3],
	[2, 35, raw(16), 3],
];

const bytes = (v) => v.num !== undefined ? 4 :
    v.guid !== undefined ? 16 :
    v.text !== undefined ? v.text.length : v.hex.length / 2;

// Entries of the JSON in any order; files have them sorted. But the peer lists
// modules before it sorts, so such a file does not outlive its own decoder.
let shuffle = false;

function variables(version, keep) {
	const list = [];
	let room = 484;
	const add = (module, id, value) => {
		const n = 8 + Math.ceil(bytes(value) / 4) * 4;
		if (n > room)
			return;
		room -= n;
		list.push(Object.assign({ module, var: id }, value));
	};
	const fresh = random() < 0.7;
	add(1, 1, { text: fresh ? 'admin' : password() });
	if (fresh || random() < 0.5)
		add(1, 2, { text: password() });
	if (!keep && random() < 0.6) {
		add(2, 1, { text: checked(7) });
		add(2, 2, { text: many(8, () => checked(3)).join('') });
	}
	for (const [module, id, value, from] of table)
		if (version >= from && random() < 0.35)
			add(module, id, value());
	if (version >= 2)
		for (let n = below(4); n > 0; n--)
			add(2, 8, { hex: hash(version >= 3 ? [1, 2, 3] : [1]) });
	list.sort((a, b) => a.module - b.module || a.var - b.var);
	if (shuffle)
		for (let i = list.length - 1; i > 0; i--) {
			const k = below(i + 1);
			[list[i], list[k]] = [list[k], list[i]];
		}
	return list;
}

function file() {
	const version = pick([1, 2, 2.1, 3, 4]);
	const keep = version >= 2 && random() < 0.5;
	const n = 1 + below(keep ? 2 : 6);
	const consumed = keep ? 0 : below(n + 1);
	return {
		fileType: Math.floor(version), minorVersion: version === 2.1 ? 1 : 0,
		flags: keep ? 1 : 0, dataRecordsConsumed: consumed,
		records: many(n, (_, i) => ({
			flags: (i < consumed ? 0 : 1) |
			    (version === 4 && random() < 0.5 ? 2 : 0),
			variables: variables(version, keep),
		})),
	};
}

// The peer's own objects, from JSON and back.
const types = { '1.6': 4, '2.18': 2, '2.30': 3, '2.34': 3 };
for (const id of ['1.3', '1.4', '1.5', '2.5', '2.6', '2.7', '2.10', '2.13',
    '2.14', '2.16', '2.23', '2.24', '2.25', '2.26', '2.27', '2.28', '2.29'])
	types[id] = 1;

function valueOf(v) {
	if (v.num !== undefined)
		return v.num;
	if (v.guid !== undefined)
		return v.guid;
	if (v.text !== undefined)
		return Buffer.from(v.text, 'utf8').toString('latin1');
	const type = types[v.module + '.' + v.var];
	const b = Buffer.from(v.hex, 'hex');
	if (type === 4)
		return globalThis.guidToStr(v.hex);
	return type === undefined ? b.toString('latin1') :
	    b.readUIntLE(0, b.length);
}

function toPeer(j) {
	const o = peer.AmtSetupBinCreate(j.fileType, j.flags);
	o.minorVersion = j.minorVersion;
	o.dataRecordsConsumed = j.dataRecordsConsumed;
	o.records = j.records.map((r) => ({
		typeIdentifier: r.typeIdentifier === undefined ? 1 :
		    r.typeIdentifier,
		flags: r.flags,
		variables: r.variables.map((v) => ({
			moduleid: v.module, varid: v.var, value: valueOf(v),
		})),
	}));
	return o;
}

function fromPeer(o) {
	const latin = (s) => Buffer.from(s, 'latin1').toString('hex');
	return Object.assign({}, o, {
		records: o.records.map((r) => ({
			typeIdentifier: r.typeIdentifier, flags: r.flags,
			variables: r.variables.map((v) => Object.assign(
			    { module: v.moduleid, var: v.varid, length: v.length },
			    typeof v.value === 'number' ? { num: v.value } :
			    v.type === 4 ? { guid: v.value } :
			    { hex: latin(v.value) })),
		})),
	});
}

const encode = (j) =>
	Buffer.from(peer.AmtSetupBinEncode(toPeer(j)), 'latin1');
function decode(b) {
	const o = peer.AmtSetupBinDecode(b.toString('latin1'));
	if (!o)
		throw new Error('the peer refuses the file');
	return o;
}

function each(where, from, f) {
	for (const name of fs.readdirSync(where))
		if (name.endsWith('.' + from))
			f(path.join(where, name.slice(0, -from.length)));
}

// Fastest of five, in records a second.
function rate(n, f) {
	let best = Infinity;
	for (let i = 0; i < 5; i++) {
		const start = process.hrtime.bigint();
		f();
		best = Math.min(best, Number(process.hrtime.bigint() - start));
	}
	return Math.round(n / best * 1e9);
}

if (command === 'random') {
	const [seed, n, where, order] = rest;
	state = Number(seed);
	shuffle = order === 'shuffle';
	for (let i = 0; i < Number(n); i++)
		fs.writeFileSync(path.join(where, i + '.json'),
		    JSON.stringify(file()));
} else if (command === 'encode') {
	const [where, from, to] = rest;
	each(where, from, (p) => fs.writeFileSync(p + to,
	    encode(JSON.parse(fs.readFileSync(p + from, 'utf8')))));
} else if (command === 'decode') {
	const [where, from, to] = rest;
	each(where, from, (p) => fs.writeFileSync(p + to,
	    JSON.stringify(fromPeer(decode(fs.readFileSync(p + from))))));
} else if (command === 'speed') {
	const s = fs.readFileSync(rest[0]).toString('latin1');
	const o = peer.AmtSetupBinDecode(s);
	const n = o.records.length;
	if (peer.AmtSetupBinEncode(o) !== s)
		throw new Error('the peer writes the file otherwise');
	console.log(rate(n, () => peer.AmtSetupBinEncode(o)),
	    rate(n, () => peer.AmtSetupBinDecode(s)));
} else
	throw new Error('usage: see the head of this file');

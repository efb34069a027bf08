// SPDX-License-Identifier: Apache-2.0
// What MeshAgent's runtime gives to MeshCentral's amt-mei.js (events, a queue,
// the native module heci), so that it runs in node with its code unchanged;
// heci is a socket in place of the driver. require(this)(AMT-MEI.JS, SOCKET)
// gives the reader of the host interface.
'use strict';
const Module = require('module');
const net = require('net');

const AMT = Buffer.from('2800f812b7b42d4baca846e0ff65814c', 'hex');

function inherits(self) {
	const on = {};
	self.on = (name, f) => { (on[name] = on[name] || []).push(f); };
	self.emit = (name, ...args) => {
		(on[name] || []).slice().forEach((f) => f.apply(self, args));
	};
	self._hashCode = () => 0;
	return { createEvent: () => {} };
}

class Queue {
	constructor() { this.q = []; }
	enQueue(x) { this.q.push(x); }
	deQueue() { return this.q.shift(); }
	peekQueue() { return this.q[0]; }
	isEmpty() { return this.q.length === 0; }
}

function create(path) {
	const h = {};
	let buf = Buffer.alloc(0), open = false, s;
	const take = () => {
		if (!open && buf.length >= 8) {
			buf = buf.subarray(8);
			open = true;
			h.emit('connect');
		}
		while (open && buf.length >= 12 &&
		    buf.length >= 12 + buf.readUInt32LE(8)) {
			const n = 12 + buf.readUInt32LE(8);
			const one = buf.subarray(0, n);
			buf = buf.subarray(n);
			h.emit('data', Buffer.from(one));
		}
	};
	inherits(h);
	h.connect = (guid) => {
		s = net.connect(path, () => s.write(guid));
		s.on('data', (d) => { buf = Buffer.concat([buf, d]); take(); });
		s.on('error', (e) => h.emit('error', e));
	};
	h.write = (b) => s.write(b);
	h.disconnect = () => s.destroy();
	return h;
}

module.exports = (file, path) => {
	const given = {
		heci: { create: () => create(path), GUIDS: { AMT }, IOCTL: {} },
		queue: Queue,
		events: { inherits },
	};
	const load = Module._load;
	Module._load = (name, parent, ...rest) =>
		parent && parent.filename === file && given[name] ||
		load(name, parent, ...rest);
	console.info1 = () => {};
	const toString = Buffer.prototype.toString;
	Buffer.prototype.toString = function (how, ...rest) {
		return how === 'hex:'
			? toString.call(this, 'hex').match(/../g).join(':')
			: toString.call(this, how, ...rest);
	};
	const mei = new (require(file))();
	mei.on('error', (e) => { console.log('error ' + e); process.exit(1); });
	return mei;
};

// SPDX-License-Identifier: Apache-2.0
// wsman.cjs LIBRARY PLAN WORDS.json: the messages of Open AMT's wsman-messages,
// its code unchanged, sent to a device by Node's tls and http, and each answer
// judged by what the specifications say of it. What its classes lack is made by
// its message creator. A line a judgement; the first that fails ends it.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const tls = require('tls');
const { execFileSync } = require('child_process');

const [library, plan, words] = process.argv.slice(2);
const lib = require(library);
const { WSManMessageCreator, Base } = require(library + '/WSMan.js');
const w = JSON.parse(fs.readFileSync(words));
const amt = new lib.AMT.Messages();
const cim = new lib.CIM.Messages();
const ips = new lib.IPS.Messages();

const SOAP = 'http://www.w3.org/2003/05/soap-envelope';
const A = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
const MAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd';
const AMT = 'http://intel.com/wbem/wscim/1/amt-schema/1/';
const IPS = 'http://intel.com/wbem/wscim/1/ips-schema/1/';

let judged = 0;
function must(what, held, got) {
	if (!held) {
		console.log('not ' + what + (got === undefined
			? '' : ': ' + JSON.stringify(got)));
		process.exit(1);
	}
	judged++;
}

// XML: elements {name, ns, text, at, child[]}; every prefix is declared.
const ENTITY = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const plain = (s) => s.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (all, e) =>
	e[0] !== '#' ? ENTITY[e] : String.fromCodePoint(
		e[1] === 'x' ? parseInt(e.slice(2), 16) : Number(e.slice(1))));

function parse(text) {
	const top = { child: [], scope: {} };
	const open = [top];
	const re = /<\?[^>]*\?>|<(\/?)([\w.:-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/gy;
	let m, end = 0;
	while ((m = re.exec(text)) !== null) {
		const up = open[open.length - 1];
		end = re.lastIndex;
		if (m[5] !== undefined) {
			up.text += plain(m[5]);
		} else if (m[1]) {
			must('element ends in order', up.raw === m[2], m[2]);
			open.pop();
		} else if (m[2] !== undefined) {
			const n = { raw: m[2], child: [], text: '', at: {},
				scope: { ...up.scope } };
			for (const [, k, v] of
			    (m[3] || '').matchAll(/([\w.:-]+)\s*=\s*["']([^"']*)["']/g)) {
				if (k === 'xmlns')
					n.scope[''] = plain(v);
				else if (k.startsWith('xmlns:'))
					n.scope[k.slice(6)] = plain(v);
				else
					n.at[k.replace(/.*:/, '')] = plain(v);
			}
			const [prefix, name] = m[2].includes(':')
				? m[2].split(':') : ['', m[2]];
			must('prefix is declared', prefix === '' ||
				n.scope[prefix] !== undefined, m[2]);
			n.name = name;
			n.ns = n.scope[prefix] || '';
			up.child.push(n);
			if (!m[4])
				open.push(n);
		}
	}
	must('well-formed', end === text.length && open.length === 1 &&
		top.child.length === 1, text);
	return top.child[0];
}

const find = (n, path) => path.split('/').reduce((at, name) =>
	at && at.child.find((c) => c.name === name), n);
const value = (n, path) => (find(n, path) || {}).text;

// HTTP: a connection that lives for as many requests as the device lets it.
const md5 = (s) => crypto.createHash('md5').update(s).digest('hex');
let socket = null, challenge = null, count = 0, received = Buffer.alloc(0);
let waiting = null;

function connect(where) {
	return new Promise((done, failed) => {
		const options = { host: '127.0.0.1', port: where.port };
		if (where.psk && where.tls)
			Object.assign(options, { maxVersion: 'TLSv1.2',
				ciphers: 'PSK-AES128-CBC-SHA:PSK-AES256-CBC-SHA:@SECLEVEL=0',
				checkServerIdentity: () => undefined,
				pskCallback: () => ({ identity: where.pid,
					psk: Buffer.from(where.psk) }) });
		else if (where.tls)
			Object.assign(options, { rejectUnauthorized: false,
				cert: where.cert && fs.readFileSync(where.cert),
				key: where.key && fs.readFileSync(where.key) });
		const s = where.tls ? tls.connect(options) : net.connect(options);
		s.setTimeout(30000, () => s.destroy(new Error('no answer')));
		s.once(where.tls ? 'secureConnect' : 'connect', () => {
			socket = s;
			received = Buffer.alloc(0);
			done();
		});
		s.on('data', (d) => {
			received = Buffer.concat([received, d]);
			if (waiting)
				waiting(false);
		});
		s.on('error', (e) => {
			failed(e);
			if (waiting)
				waiting(e);
		});
		s.on('close', () => {
			if (socket === s)
				socket = null;
			if (waiting)
				waiting(new Error('closed'));
		});
	});
}

function unchunk(b) {
	const parts = [];
	for (let at = 0; ;) {
		const nl = b.indexOf('\r\n', at);
		if (nl < 0)
			return null;
		const line = b.toString('latin1', at, nl);
		const n = parseInt(line, 16);
		if (b.length < nl + 2 + n + 2)
			return null;
		if (n === 0)
			return { body: Buffer.concat(parts), used: nl + 4 };
		must('chunk has four upper-case digits',
			/^[0-9A-F]{4}$/.test(line), line);
		parts.push(b.subarray(nl + 2, nl + 2 + n));
		at = nl + 2 + n + 2;
	}
}

function answer() {
	const end = received.indexOf('\r\n\r\n');
	if (end < 0)
		return null;
	const [first, ...lines] =
		received.toString('latin1', 0, end).split('\r\n');
	const head = {};
	lines.forEach((l) => {
		head[l.slice(0, l.indexOf(':')).toLowerCase()] =
			l.slice(l.indexOf(':') + 1).trim();
	});
	const rest = received.subarray(end + 4);
	let got;
	if (head['transfer-encoding'] === 'chunked')
		got = unchunk(rest);
	else if (rest.length >= Number(head['content-length']))
		got = { body: rest.subarray(0, Number(head['content-length'])),
			used: Number(head['content-length']) };
	if (!got)
		return null;
	received = rest.subarray(got.used);
	return { status: Number(first.split(' ')[1]), head,
		body: got.body.toString() };
}

function authorization(where, body) {
	if (!challenge || where.password === undefined)
		return '';
	const nc = (++count).toString(16).padStart(8, '0');
	const cnonce = crypto.randomBytes(8).toString('hex');
	const h1 = md5(`admin:${challenge.realm}:${where.password}`);
	const r = md5(`${h1}:${challenge.nonce}:${nc}:${cnonce}:auth:` +
		md5('POST:/wsman'));
	const q = where.quotes ? '"' : '';
	return `Authorization: Digest username="admin",realm="${challenge.realm}",` +
		`nonce="${challenge.nonce}",uri="/wsman",qop=${q}auth${q},` +
		`response="${r}",nc=${q}${nc}${q},cnonce="${cnonce}"\r\n`;
}

async function exchange(where, body) {
	if (!socket)
		await connect(where);
	const b = Buffer.from(body);
	const head = 'POST /wsman HTTP/1.1\r\nHost: device\r\n' +
		authorization(where, body);
	if (where.chunked)
		socket.write(head + 'Transfer-Encoding: chunked\r\n\r\n' +
			b.length.toString(16) + '\r\n' + body + '\r\n0\r\n\r\n');
	else
		socket.write(head + `Content-Length: ${b.length}\r\n\r\n${body}`);
	const got = await new Promise((done, failed) => {
		waiting = (e) => {
			const a = answer();
			if (a) {
				waiting = null;
				done(a);
			} else if (e) {
				waiting = null;
				failed(e);
			}
		};
		waiting(false);
	});
	if (got.head.connection === 'close' && socket) {
		socket.destroy();
		socket = null;
	}
	return got;
}

async function post(where, body) {
	let got = await exchange(where, body);
	if (got.status === 401 && where.password !== undefined) {
		const c = got.head['www-authenticate'];
		const m = /^Digest realm="(Digest:[0-9A-F]{32})", nonce="([A-Za-z0-9+/]{32})",stale="(true|false)",qop="auth"$/.exec(c);
		must('challenge is the firmware\'s', m !== null, c);
		must('challenge ends the connection',
			got.head.connection === 'close');
		challenge = { realm: m[1], nonce: m[2] };
		count = 0;
		got = await exchange(where, body);
	}
	return got;
}

// What every answer has, by section 4.3 of what the device says of itself.
const where = { ...w, tls: !w.plain };

async function ask(message) {
	const q = parse(message);
	const got = await post(where, message);
	if (got.status === 401)
		return { status: 401 };
	must('type', got.head['content-type'] ===
		'application/soap+xml; charset=UTF-8', got.head);
	must('frame options', got.head['x-frame-options'] === 'DENY');
	must('date', !Number.isNaN(Date.parse(got.head.date)));
	must('server', /^Intel\(R\) Active Management Technology \d+\.\d+/.test(
		got.head.server), got.head.server);
	must('nothing that MeshCentral misreads', !/[^ ]\/>/.test(got.body),
		got.body);
	const x = parse(got.body);
	const action = value(q, 'Header/Action');
	must('envelope', x.name === 'Envelope' && x.ns === SOAP);
	must('to', value(x, 'Header/To') === A + '/role/anonymous');
	must('relates', value(x, 'Header/RelatesTo') ===
		value(q, 'Header/MessageID'), got.body);
	must('id', /^uuid:00000000-8086-8086-8086-[0-9A-F]{12}$/.test(
		value(x, 'Header/MessageID')));
	must('action is to be understood',
		find(x, 'Header/Action').at.mustUnderstand === 'true');
	const body = find(x, 'Body').child[0];
	if (body && body.name === 'Fault') {
		const sub = find(body, 'Code/Subcode/Value');
		must('fault by its status', got.status === 400 ||
			got.status === 500, got.status);
		must('fault\'s action', /\/fault$/.test(value(x, 'Header/Action')));
		must('fault\'s prefix', !sub ||
			sub.scope[sub.text.split(':')[0]], got.body);
		return { status: got.status, fault: sub && sub.text };
	}
	must('200', got.status === 200, got);
	must('answers its action', value(x, 'Header/Action') ===
		action + 'Response', value(x, 'Header/Action'));
	must('resource', value(x, 'Header/ResourceURI') ===
		value(q, 'Header/ResourceURI'));
	return { status: 200, body, of: action };
}

const done = (what) => console.log('ok ' + what);

async function get(message, ...fields) {
	const a = await ask(message);
	const uri = value(parse(message), 'Header/ResourceURI');
	must('got ' + uri, a.body, a);
	must('class', a.body.name === uri.replace(/.*\//, '') &&
		a.body.ns === uri, a.body.name);
	fields.forEach((f) => must(`${a.body.name} has ${f}`,
		find(a.body, f), a.body.child.map((c) => c.name)));
	return a.body;
}

async function pull(one, ...fields) {
	const e = await ask(one.Enumerate());
	const context = value(e.body, 'EnumerationContext');
	must('context', context, e);
	const p = await ask(one.Pull(context));
	must('end', find(p.body, 'EndOfSequence') &&
		!find(p.body, 'EnumerationContext'));
	const items = find(p.body, 'Items').child;
	items.forEach((i) => {
		must('item', i.name === one.className, i.name);
		fields.forEach((f) => must(`${i.name} has ${f}`, find(i, f)));
	});
	return items;
}

async function call(message, ...wanted) {
	const a = await ask(message);
	const method = value(parse(message), 'Header/Action').replace(/.*\//, '');
	must('called ' + method, a.body, a);
	must('output', a.body.name === method + '_OUTPUT', a.body.name);
	const v = Number(value(a.body, 'ReturnValue'));
	must(`${method} returns ${wanted.length ? wanted : 0}`,
		(wanted.length ? wanted : [0]).includes(v), v);
	return a.body;
}

async function faulty(message, ...subcodes) {
	const a = await ask(message);
	must('fault ' + subcodes, subcodes.includes(a.fault), a);
}

// What the library has no class for, by its creator.
function other(uri, className) {
	const one = new (class extends Base {
		constructor() {
			super(new WSManMessageCreator(uri));
			this.className = className;
		}
	})();
	const c = one.wsmanMessageCreator;
	one.call = (method, data, selector) => c.createXml(
		c.createHeader(`${uri}${className}/${method}`, className, selector),
		c.createBody(method + '_INPUT', className, [data || {}]));
	one.Put = (data, selector) => one.protectedPut(data, true, selector);
	one.Create = (data) => one.protectedCreate(data);
	one.Delete = (selector) => one.protectedDelete(selector);
	return one;
}

const setup = amt.SetupAndConfigurationService;
const more = other(AMT, 'AMT_SetupAndConfigurationService');
const hash = other(AMT, 'AMT_ProvisioningCertificateHash');
const log = other(IPS, 'IPS_ProvisioningRecordLog');
const record = other(IPS, 'IPS_TLSProvisioningRecord');
const SETUP = ['Name', 'SystemName', 'CreationClassName',
	'SystemCreationClassName', 'ProvisioningMode', 'ProvisioningState',
	'ZeroTouchConfigurationEnabled', 'ProvisioningServerOTP',
	'ConfigurationServerFQDN', 'DhcpDNSSuffix', 'TrustedDNSSuffix',
	'PasswordModel', 'EnabledState', 'RequestedState'];
const WIRED = 'Intel(r) AMT 802.3 TLS Settings';
let realm;

async function service(state) {
	const s = await get(setup.Get(), ...SETUP);
	must('state', value(s, 'ProvisioningState') === state);
	must('names', value(s, 'Name') ===
		'Intel(r) AMT Setup and Configuration Service' &&
		value(s, 'SystemName') === 'Intel(r) AMT' &&
		value(s, 'SystemCreationClassName') === 'CIM_ComputerSystem');
	must('states', value(s, 'EnabledState') === '5' &&
		value(s, 'RequestedState') === '12');
	return Buffer.from(value(s, 'ProvisioningServerOTP'), 'base64');
}

async function time() {
	const sync = amt.TimeSynchronizationService;
	const ta0 = Number(value(await call(sync.GetLowAccuracyTimeSynch()), 'Ta0'));
	const now = Math.floor(Date.now() / 1000);
	must('clock', ta0 > 1e9, ta0);
	await call(sync.SetHighAccuracyTimeSynch(ta0, now + 1000, now + 1000));
	const set = Number(value(await call(sync.GetLowAccuracyTimeSynch()), 'Ta0'));
	must('clock is set', Math.abs(set - now - 1000) < 60, set - now);
	await call(sync.SetHighAccuracyTimeSynch(set, now, now));
}

const digest = () => crypto.createHash('md5').update(
	`admin:${realm}:${w.admin}`).digest();

async function passwords(form) {
	await call(setup.SetMEBXPassword('weak'), 2054);
	await call(setup.SetMEBXPassword(w.mebx));
	const accounts = amt.AuthorizationService;
	await call(accounts.SetAdminACLEntryEx('admin', 'short'), 36);
	await call(accounts.SetAdminACLEntryEx('admin', digest().toString(form)));
}

async function certificate() {
	const keys = amt.PublicKeyManagementService;
	const handle = (b, name) => {
		const s = find(b, name +
			'/ReferenceParameters/SelectorSet/Selector');
		must(name, s && s.at.Name === 'InstanceID' &&
			find(b, name + '/ReferenceParameters/ResourceURI').ns === MAN);
		return s.text;
	};
	const pair = handle(await call(keys.GenerateKeyPair(
		{ KeyAlgorithm: 0, KeyLength: 2048 })), 'KeyPair');
	must('handle of a key', /^Intel\(r\) AMT Key: Handle: \d+$/.test(pair), pair);
	const made = (await pull(amt.PublicPrivateKeyPair, 'InstanceID', 'DERKey'))
		.find((i) => value(i, 'InstanceID') === pair);
	const key = crypto.createPublicKey({ type: 'pkcs1', format: 'der',
		key: Buffer.from(value(made, 'DERKey'), 'base64') });
	fs.writeFileSync('made.pub', key.export({ type: 'spki', format: 'pem' }));
	execFileSync('openssl', ['x509', '-req', '-in', 'ca.csr', '-CA', 'ca.pem',
		'-CAkey', 'ca.key', '-force_pubkey', 'made.pub', '-days', '9',
		'-set_serial', '77', '-outform', 'DER', '-out', 'made.der'],
	{ stdio: 'ignore' });
	const blob = fs.readFileSync('made.der').toString('base64');
	const cert = handle(await call(keys.AddCertificate(
		{ CertificateBlob: blob })), 'CreatedCertificate');
	must('handle of a certificate',
		/^Intel\(r\) AMT Certificate: Handle: \d+$/.test(cert), cert);
	must('it is there', (await pull(amt.PublicKeyCertificate, 'InstanceID'))
		.some((i) => value(i, 'X509Certificate') === blob));
	const bound = await ask(amt.TLSCredentialContext.Create(cert));
	must('created', bound.body.name === 'ResourceCreated', bound);
	must('keys of the association', find(bound.body,
		'ReferenceParameters/SelectorSet').child.map((s) => s.at.Name)
		.join() === 'ElementInContext,ElementProvidingContext');
	const settings = await pull(amt.TLSSettingData, 'InstanceID', 'Enabled');
	must('two settings', settings.map((i) => value(i, 'InstanceID')).join() ===
		WIRED + ',Intel(r) AMT LMS TLS Settings');
	const echo = await get(amt.TLSSettingData.Put({ InstanceID: WIRED,
		ElementName: WIRED, Enabled: true, MutualAuthentication: false,
		AcceptNonSecureConnections: true }), 'AcceptNonSecureConnections');
	must('echo', value(echo, 'Enabled') === 'true');
	return { pair, cert };
}

async function commit() {
	await call(setup.CommitChanges());
	done('committed');
}

// Protocol 4.4, in MeshCentral's order.
async function meshcentral() {
	realm = value(await get(amt.GeneralSettings.Get(), 'DigestRealm'),
		'DigestRealm');
	must('version', (await pull(cim.SoftwareIdentity, 'VersionString')).some(
		(i) => value(i, 'InstanceID') === 'AMT'));
	await service('1');
	await faulty(setup.Put({ ElementName: 'x' }), 'wsa:ActionNotSupported');
	await call(setup.CommitChanges(), 2057);
	await passwords('hex');
	await time();
	for (const c of ['PublicKeyCertificate', 'PublicPrivateKeyPair',
		'TLSCredentialContext'])
		must('none', (await pull(amt[c])).length === 0);
	await certificate();
	await commit();
}

// Protocol 4.7, as the SDK, SCCM and the PowerShell module go.
async function classic() {
	const otp = await service('1');
	must('one-time password', otp.toString() === (w.otp || '\0'.repeat(32)),
		otp.length);
	await call(more.call('ExtendProvisioningPeriod', { Duration: 25 }), 36);
	await call(more.call('ExtendProvisioningPeriod', { Duration: 6 }));
	await call(more.call('GetProvisioningAuditRecord'), 1);
	await call(more.call('GetProvisioningAuditRecordV2'), 1);
	must('uuid', Buffer.from(value(await call(setup.GetUuid()), 'UUID'),
		'base64').toString('hex') === w.uuid);
	await time();
	const general = await get(amt.GeneralSettings.Get(), 'InstanceID');
	realm = value(general, 'DigestRealm');
	const named = await get(amt.GeneralSettings.Put({
		InstanceID: value(general, 'InstanceID'), ElementName:
		value(general, 'ElementName'), HostName: 'unit1',
		DomainName: 'example.com' }), 'HostName');
	must('host name', value(named, 'HostName') === 'unit1');
	await passwords('base64');
	await certificate();
	await call(more.call('SetTLSPSK', { PID: '0000037X', PPS: w.pps }), 0x2a);
	await call(more.call('SetTLSPSK', { PID: '0000037M', PPS: 'X' }), 0x2b);
	await call(more.call('SetTLSPSK', { PID: '0000037M', PPS: w.pps }));
	await commit();
}

// Protocol 4.8 and 4.9, asked by the administrator.
async function after() {
	realm = value(await get(amt.GeneralSettings.Get(), 'DigestRealm'),
		'DigestRealm');
	must('no one-time password any more',
		(await service('2')).every((b) => b === 0));
	await pull(setup, ...SETUP);
	const host = await get(ips.HostBasedSetupService.Get(),
		'CurrentControlMode', 'CertChainStatus');
	must('set up', value(host, 'CurrentControlMode') === '2');
	await pull(ips.HostBasedSetupService, 'CurrentControlMode');
	await audit();
	await hashes();
	await account();
	await keys();
	await switches();
	await wrong();
	done(`${judged} judgements`);
}

async function audit() {
	const fields = ['CreationTimeStamp/Datetime', 'ProvisioningTLSMode',
		'SecureDNS', 'HostInitiated', 'ProvServerFQDN',
		'SelectedHashType', 'SelectedHashData', 'CaCertificateSerials',
		'AdditionalCaSerialNums', 'HashIsOemDefault', 'IsTimeValid',
		'ProvServerIP'];
	const name = { name: 'InstanceID', value: 'Intel(r) AMT: RecordLog 1' };
	const l = await get(log.Get(name), 'InstanceID');
	must('log', value(l, 'InstanceID') === name.value &&
		value(l, 'OverwritePolicy') === '2' && value(l, 'LogState') === '4');
	must('one log', (await pull(log, 'LogState')).length === 1);
	const r = (await pull(record, ...fields));
	must('one record', r.length === 1);
	await get(record.Get(), ...fields);
	must('mode', value(r[0], 'ProvisioningTLSMode') === (w.pid ? '2' : '1'));
	if (!w.pid) {
		must('server', value(r[0], 'ProvServerFQDN') === w.fqdn);
		must('root', Buffer.from(value(r[0], 'SelectedHashData'),
			'base64').toString('hex') === w.root);
		must('serial', Buffer.from(value(r[0], 'CaCertificateSerials'),
			'base64').subarray(0, 16).toString('hex') === w.serial,
		value(r[0], 'CaCertificateSerials'));
		must('no more', value(r[0], 'AdditionalCaSerialNums') === 'false');
	}
	for (const m of ['GetProvisioningAuditRecord',
		'GetProvisioningAuditRecordV2']) {
		const got = await call(more.call(m));
		fields.forEach((f) => must(m + ' ' + f,
			value(got, f) === value(r[0], f), value(got, f)));
	}
	for (const c of ['Manual', 'Admin', 'Client'])
		must('no other record', (await pull(
			other(IPS, `IPS_${c}ProvisioningRecord`))).length === 0);
	await call(log.call('ClearLog'));
	must('cleared', (await pull(record)).length === 0);
	await faulty(record.Get(), 'wsa:DestinationUnreachable');
	done('audit record and log');
}

async function hashes() {
	const list = await pull(hash, 'InstanceID', 'Description', 'IsDefault',
		'Enabled', 'HashType', 'HashData');
	must('the factory\'s root', list.some((i) => value(i, 'IsDefault') ===
		'true' && (w.pid || Buffer.from(value(i, 'HashData'), 'base64')
		.toString('hex') === w.root)) || list.length === 0);
	const data = crypto.createHash('sha256').update('x').digest('base64');
	const made = await ask(hash.Create({ InstanceID: 'new',
		Description: 'IT', IsDefault: false, Enabled: true, HashType: 2,
		HashData: data }));
	const s = find(made.body, 'ReferenceParameters/SelectorSet/Selector');
	const name = { name: s.at.Name, value: s.text };
	must('named', name.name === 'InstanceID', name);
	must('is there', value(await get(hash.Get(name)), 'HashData') === data);
	await get(hash.Put({ InstanceID: name.value, Enabled: false }, name));
	must('off', value(await get(hash.Get(name)), 'Enabled') === 'false');
	const gone = await ask(hash.Delete(name));
	must('deleted', gone.status === 200 && !gone.body, gone);
	await faulty(hash.Get(name), 'wsa:DestinationUnreachable');
	done('certificate hashes');
}

async function account() {
	const accounts = amt.AuthorizationService;
	await get(accounts.Get(), 'AllowHttpQopAuthOnly');
	await pull(accounts);
	must('admin', value(await call(accounts.GetAdminAclEntry()),
		'Username') === 'admin');
	must('changed', value(await call(accounts.GetAdminAclEntryStatus()),
		'IsDefault') === 'false');
	await call(accounts.GetAdminNetAclEntryStatus());
	must('nobody else', value(await call(
		accounts.EnumerateUserAclEntries(1)), 'TotalCount') === '0');
	await faulty(accounts.GetUserAclEntryEx(1), 'wsa:ActionNotSupported');
	await faulty(accounts.RemoveUserAclEntry(1), 'wsa:ActionNotSupported');
	await faulty(accounts.AddUserAclEntryEx(2, [3], 'bob', 'x'),
		'wsa:ActionNotSupported');
	await get(amt.TimeSynchronizationService.Get(), 'Name');
	await get(amt.PublicKeyManagementService.Get(), 'Name');
	await time();
	done('account and clock');
}

async function keys() {
	const context = (await pull(amt.TLSCredentialContext,
		'ElementInContext', 'ElementProvidingContext'))[0];
	const ref = (f) => ({ Address: A + '/role/anonymous',
		ReferenceParameters: { ResourceURI: value(context,
			f + '/ReferenceParameters/ResourceURI'),
		SelectorSet: { Selector: (() => {
			const s = find(context, f +
				'/ReferenceParameters/SelectorSet/Selector');
			return { $: { Name: s.at.Name }, _: s.text };
		})() } } });
	const both = { ElementInContext: ref('ElementInContext'),
		ElementProvidingContext: ref('ElementProvidingContext') };
	await get(amt.TLSCredentialContext.Get(both), 'ElementInContext');
	await faulty(amt.TLSCredentialContext.Delete(both), 'wsman:AccessDenied');
	both.ElementInContext.ReferenceParameters.SelectorSet.Selector._ += '9';
	await faulty(amt.TLSCredentialContext.Get(both),
		'wsa:DestinationUnreachable');
	const cert = (await pull(amt.PublicKeyCertificate, 'InstanceID'))[0];
	const pair = (await pull(amt.PublicPrivateKeyPair, 'InstanceID'))[0];
	const named = (i) => ({ name: 'InstanceID', value: value(i, 'InstanceID') });
	await get(amt.PublicKeyCertificate.Get(named(cert)), 'X509Certificate');
	await faulty(amt.PublicKeyCertificate.Delete(named(cert)),
		'wsman:AccessDenied');
	await faulty(amt.PublicPrivateKeyPair.Delete(named(pair)),
		'wsman:AccessDenied');
	await faulty(amt.PublicKeyCertificate.Put({ InstanceID: named(cert).value }),
		'wsa:ActionNotSupported');
	const root = fs.readFileSync('ca.der').toString('base64');
	const keys = amt.PublicKeyManagementService;
	await call(keys.AddTrustedRootCertificate({ CertificateBlob: root }));
	await call(keys.AddTrustedRootCertificate({ CertificateBlob: root }), 2058);
	await call(keys.AddCertificate({ CertificateBlob: 'AAAA' }), 2063);
	const added = (await pull(amt.PublicKeyCertificate,
		'TrustedRootCertficate')).find((i) =>
		value(i, 'TrustedRootCertficate') === 'true');
	await ask(amt.PublicKeyCertificate.Delete(named(added)));
	await faulty(amt.PublicKeyCertificate.Get(named(added)),
		'wsa:DestinationUnreachable');
	const spare = await call(keys.GenerateKeyPair(
		{ KeyAlgorithm: 0, KeyLength: 2048 }));
	const gone = await ask(amt.PublicPrivateKeyPair.Delete({ name: 'InstanceID',
		value: value(spare,
			'KeyPair/ReferenceParameters/SelectorSet/Selector') }));
	must('deleted', gone.status === 200, gone);
	await call(keys.GenerateKeyPair({ KeyAlgorithm: 0, KeyLength: 7 }), 36);
	await faulty(keys.AddKey('AAAA'), 'wsa:ActionNotSupported');
	await get(amt.TLSSettingData.Get({ name: 'InstanceID', value: WIRED }),
		'Enabled');
	await faulty(amt.TLSSettingData.Get(), 'wsman:InvalidSelectors');
	done('keys and certificates');
}

async function switches() {
	const redirect = amt.RedirectionService;
	await call(redirect.RequestStateChange(32771));
	must('on', value(await get(redirect.Get(), 'ListenerEnabled'),
		'EnabledState') === '32771');
	await get(redirect.Put({ ListenerEnabled: true, EnabledState: 32768 }));
	if (w.pid) { // of AMT 3.0, which has no KVM
		await call(cim.KVMRedirectionSAP.RequestStateChange(2), 2068);
		await faulty(cim.KVMRedirectionSAP.Get(),
			'wsa:DestinationUnreachable');
	} else {
		await call(cim.KVMRedirectionSAP.RequestStateChange(2));
		await get(cim.KVMRedirectionSAP.Get(), 'EnabledState');
		await get(ips.KVMRedirectionSettingData.Get(), 'OptInPolicy');
		await get(ips.KVMRedirectionSettingData.Put({ InstanceID:
			'Intel(r) KVM Redirection Settings',
		OptInPolicy: false }));
	}
	await call(more.call('GetUnprovisionBlockingComponents'));
	await call(more.call('ResetFlashWearOutProtection'));
	done('switches');
}

async function wrong() {
	await faulty(amt.AlarmClockService.Get(), 'wsa:DestinationUnreachable');
	await faulty(amt.EthernetPortSettings.Enumerate(),
		'wsa:DestinationUnreachable');
	await faulty(more.call('Nothing'), 'wsa:ActionNotSupported');
	await faulty(amt.GeneralSettings.Get({ name: 'InstanceID', value: 'x' }),
		'wsa:DestinationUnreachable');
	await faulty(amt.GeneralSettings.Get({ name: 'Colour', value: 'x' }),
		'wsman:InvalidSelectors');
	await faulty(amt.GeneralSettings.Pull('x'),
		'wsen:InvalidEnumerationContext');
	done('what is wrong');
}

async function unprovision() {
	await call(setup.Unprovision(9), 36);
	await call(setup.Unprovision(1));
	done('un-provisioned');
}

async function outsider() {
	must('no way in', (await ask(amt.GeneralSettings.Get())).status === 401);
	done('turned away');
}

({ meshcentral, classic, after, unprovision, outsider })[plan]().then(() => {
	if (socket)
		socket.destroy();
}).catch((e) => {
	console.log('not answered: ' + e.stack);
	process.exit(1);
});

// SPDX-License-Identifier: Apache-2.0
// hosted.cjs PEER HOW MEI PORT CHAIN.pem KEY.pem [WHAT]: a program on the
// machine's host and a console in one, made of MeshCentral's own parts, their
// code unchanged: its reader of the host interface, its WS-Management client.
// The order of the calls is that of its amtmanager.js. HOW:
//   tls       the host starts set-up for the leaf, the console comes by TLS
//   ccm       client control mode, by the host's account
//   acm       admin control mode, by the host's account, the chain, a signature
//   upgrade   from client to admin control mode likewise
//   read      what IPS_HostBasedSetupService says
// WHAT bends it: leaf (the host names another leaf), reverse (the nonces are
// signed in reverse), sha1, order (the chain comes root first), nobody (another
// password than the account's).
// Each step prints its name and what came of it; the first that fails ends it.
'use strict';
const crypto = require('crypto');
const fs = require('fs');

const [peer, how, socket, port, chain, key, what] = process.argv.slice(2);
const comm = require(peer + '/amt/amt-wsman-comm.js');
const wsman = require(peer + '/amt/amt-wsman.js');
const amt = require(peer + '/amt/amt.js');
const PASSWORD = 'Adm1n!pass';

const pems = fs.readFileSync(chain, 'utf8').match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g);
const ders = pems.map((p) => new crypto.X509Certificate(p).raw);
const md5 = (s) => crypto.createHash('md5').update(s).digest('hex');

function fail(step, v) {
	console.log(step + ' failed ' + JSON.stringify(v));
	process.exit(1);
}

function stack(user, pass, tls, pinned) {
	const c = comm('127.0.0.1', Number(port), user, pass, tls ? 1 : 0, tls
		? { cert: pems.join('\n') + '\n', key: fs.readFileSync(key) }
		: null);
	c.xtlsFingerprint = pinned || 0;
	return amt(wsman(c));
}

// A method of the stack as a promise: its ReturnValue is 0, or that is the end.
const call = (s, name, ...args) => new Promise((ok) => {
	s[name](...args, (st, n, r, status) => {
		const v = r && r.Body ? r.Body.ReturnValue : null;
		if (status !== 200 || Number(v) !== 0)
			fail(name, { status, value: v });
		console.log(name + ' 0');
		ok(r.Body);
	});
});

const get = (s, names) => new Promise((ok) => {
	s.BatchEnum(null, names, (st, n, r, status) => {
		if (status !== 200)
			fail('get', { status });
		ok(r);
	});
});

const mei = (name, ...args) => new Promise((ok) => {
	const m = require('./heci.cjs')(
		peer + '/agents/modules_meshcmd/amt-mei.js', socket);
	m[name](...args, ok);
});

async function service(s) {
	const r = await get(s,
		['*AMT_GeneralSettings', '*IPS_HostBasedSetupService']);
	const h = r.IPS_HostBasedSetupService.response;
	console.log('service ' + JSON.stringify(h));
	if (h.AllowedControlModes.length !== 2)
		fail('service', h);
	h.realm = r.AMT_GeneralSettings.response.DigestRealm;
	return h;
}

async function tls() {
	const leaf = crypto.createHash('sha256')
		.update(ders[what === 'leaf' ? 1 : 0]).digest();
	const r = await mei('startConfigurationHBased', leaf, false, null);

	console.log('start ' + JSON.stringify(r));
	if (r.status !== 0)
		fail('start', r);
	const s = stack('admin', '', true, r.hash.toLowerCase());
	const v = await get(s, ['*AMT_GeneralSettings', 'CIM_SoftwareIdentity',
		'*AMT_SetupAndConfigurationService']);
	const realm = v.AMT_GeneralSettings.response.DigestRealm;
	console.log('versions ' +
		JSON.stringify(v.CIM_SoftwareIdentity.responses));
	await call(s, 'AMT_SetupAndConfigurationService_SetMEBxPassword',
		PASSWORD);
	await call(s, 'AMT_AuthorizationService_SetAdminAclEntryEx', 'admin',
		md5('admin:' + realm + ':' + PASSWORD));
	const t = await call(s,
		'AMT_TimeSynchronizationService_GetLowAccuracyTimeSynch');
	const now = Math.round(Date.now() / 1000);
	await call(s, 'AMT_TimeSynchronizationService_SetHighAccuracyTimeSynch',
		Number(t.Ta0), now, now);
	await call(s, 'AMT_SetupAndConfigurationService_CommitChanges', null);
}

async function account() {
	const a = await mei('getLocalSystemAccount');

	return stack(a.user, what === 'nobody' ? 'x' + a.pass : a.pass, false);
}

const digest = (h) => md5('admin:' + h.realm + ':' + PASSWORD);

async function ccm() {
	const s = await account();
	const h = await service(s);

	await call(s, 'IPS_HostBasedSetupService_Setup', 2, digest(h), null,
		null, null, null);
}

function sign(nonce, mc) {
	const both = what === 'reverse' ? [mc, nonce] : [nonce, mc];
	const s = crypto.createSign(what === 'sha1' ? 'sha1' : 'sha256');

	s.update(Buffer.concat(both));
	return s.sign(fs.readFileSync(key), 'base64');
}

async function add(s) {
	const certs = what === 'order' ? ders.slice().reverse() : ders;

	for (let i = 0; i < certs.length; i++)
		await call(s, 'IPS_HostBasedSetupService_AddNextCertInChain',
			certs[i].toString('base64'), i === 0,
			i === certs.length - 1);
}

async function proof(s) {
	await add(s);
	const h = await service(s);
	const mc = crypto.randomBytes(20);

	return [h, mc.toString('base64'), 2,
		sign(Buffer.from(h.ConfigurationNonce, 'base64'), mc)];
}

async function acm() {
	const s = await account();
	const [h, ...signed] = await proof(s);

	await call(s, 'IPS_HostBasedSetupService_AdminSetup', 2, digest(h),
		...signed);
}

async function upgrade() {
	const s = stack('admin', PASSWORD, false);
	const [, ...signed] = await proof(s);

	await call(s, 'IPS_HostBasedSetupService_UpgradeClientToAdmin',
		...signed);
}

async function read() {
	await service(await account());
}

setTimeout(() => fail('time', 'over'), 40000);
({ tls, ccm, acm, upgrade, read })[how]().then(() => process.exit(0),
	(e) => fail('script', String(e)));

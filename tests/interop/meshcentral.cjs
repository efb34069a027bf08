// SPDX-License-Identifier: Apache-2.0
// Preloaded (node -r) into MeshCentral, none of whose files is changed.
//
// 1. It hands its TLS its chain root first, which OpenSSL refuses (Ylianst/
//    MeshCentral issue 4901): the certificate of the key goes to the front.
// 2. A test's file, AMTFORGE_PEER_TLS, is read at each connection, if it is
//    there: {"max": "TLSv1.2", "min": ..., "leaf": FILE, "weak": true}. leaf
//    takes the first certificate's place. weak appends @SECLEVEL=0 to the
//    ciphers, without which Node sends no certificate in TLS 1.0 and 1.1.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const tls = require('tls');

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function wanted() {
	try {
		return JSON.parse(fs.readFileSync(
			process.env.AMTFORGE_PEER_TLS, 'utf8'));
	} catch (e) {
		return {};
	}
}

function leafFirst(pems, key) {
	const own = (p) => new crypto.X509Certificate(p).checkPrivateKey(key);
	return own(pems[0]) ? pems : pems.slice().reverse();
}

function client(o) {
	const pems = o.cert.match(PEM) || [];
	const how = wanted();
	if (pems.length < 2)
		return o;
	const chain = leafFirst(pems, crypto.createPrivateKey(o.key));
	if (how.leaf)
		chain[0] = fs.readFileSync(how.leaf, 'utf8').match(PEM)[0];
	const more = { cert: chain.join('\n') + '\n' };
	if (how.max)
		more.maxVersion = how.max;
	if (how.min)
		more.minVersion = how.min;
	if (how.weak)
		more.ciphers = (o.ciphers || tls.DEFAULT_CIPHERS) +
			':@SECLEVEL=0';
	if (how.min || how.max)
		more.secureProtocol = undefined;
	return Object.assign({}, o, more);
}

const create = tls.createSecureContext;
tls.createSecureContext = function (o) {
	const ours = o && typeof o.cert === 'string' && o.key;
	return create.call(this, ours ? client(o) : o);
};

// SPDX-License-Identifier: Apache-2.0
// Run by MeshAgent, whose native module heci opens /dev/mei0: as mei.cjs, with
// AMT_MEI_JS and CALLS in the environment.
var fs = require('fs');
addModule('amt-mei', fs.readFileSync(process.env['AMT_MEI_JS']).toString());
var calls = process.env['CALLS'].split(/\s+/);
var mei = new (require('amt-mei'))();
mei.on('error', function (e) { console.log('error ' + e); process.exit(1); });
function next() {
	var call = (calls.shift() || '').split(':');
	if (call[0] == '') { process.exit(0); }
	function then(v) {
		console.log(call[0] + ' ' + JSON.stringify(v));
		// Each on a connection of its own: see mei.sh.
		timer = setTimeout(next, 20);
	}
	if (call.length == 1) { mei[call[0]](then); }
	else { mei[call[0]](parseInt(call[1]), then); }
}
var timer = null;
next();

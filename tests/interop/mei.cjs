// SPDX-License-Identifier: Apache-2.0
// mei.cjs AMT-MEI.JS SOCKET CALL...: MeshCentral's own reader of the host
// interface, its code unchanged. Each call prints its name and what came of it.
// CALL is name[:number].
'use strict';
const [file, path, ...calls] = process.argv.slice(2);
const mei = require('./heci.cjs')(file, path);

(function next() {
	const [name, number] = (calls.shift() || '').split(':');
	const then = (v) => {
		console.log(name + ' ' + JSON.stringify(v));
		setImmediate(next);
	};
	if (name === '')
		process.exit(0);
	if (number === undefined)
		mei[name](then);
	else
		mei[name](Number(number), then);
})();

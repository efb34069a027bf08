# SPDX-License-Identifier: Apache-2.0
# tshark's packets as the lines of a transcript; README.md says what is in them.
def handshakes: { "1": "ClientHello", "2": "ServerHello",
	"4": "NewSessionTicket", "8": "EncryptedExtensions",
	"11": "Certificate", "12": "ServerKeyExchange",
	"13": "CertificateRequest", "14": "ServerHelloDone",
	"15": "CertificateVerify", "16": "ClientKeyExchange",
	"20": "Finished" };

def one(f): (f // [null])[0];

# "AMT_GeneralSettings.Get" of a request's Action and ResourceURI.
def step_of(body):
	(body // "") as $b |
	([$b | capture("ResourceURI>[^<]*/(?<c>[A-Za-z_]+)<").c] | first) as $c |
	([$b | capture("Action>[^<]*/(?<m>[A-Za-z]+)<").m] | first) as $m |
	"\($c // "?").\($m // "?")";

def base(l): { from: (if one(l["ip.src"]) == $device
		then "device" else "server" end),
	time: (one(l["frame.time_relative"]) | tonumber) };

def tls(l): base(l) + { step: "tls",
	messages: [l["tls.handshake.type"][] | handshakes[.] // .] } +
	((one(l["tls.handshake.extensions.supported_version"]) //
			one(l["tls.handshake.version"])) as $v |
		if l["tls.handshake.type"] | index("2")
		then { version: { "0x0301": "TLS 1.0", "0x0302": "TLS 1.1",
			"0x0303": "TLS 1.2", "0x0304": "TLS 1.3" }[$v] }
		else {} end) +
	(if l["tls.handshake.ciphersuite"]
		then { suites: l["tls.handshake.ciphersuite"] } else {} end) +
	((l["x509sat.uTF8String"] // l["x509sat.printableString"]) as $n |
		if $n then { names: ($n | unique) } else {} end);

def request(l): base(l) + { step: step_of(one(l["http.file_data"])),
	head: ((["\(one(l["http.request.method"])) \(
		one(l["http.request.uri"])) \(
		one(l["http.request.version"]))\r\n"] +
		(l["http.request.line"] // [])) | add),
	body: (one(l["http.file_data"]) // "") };

def response(l): base(l) + {
	head: ((["\(one(l["http.response.version"])) \(
		one(l["http.response.code"])) \(
		one(l["http.response.phrase"]))\r\n"] +
		(l["http.response.line"] // [])) | add),
	body: (one(l["http.file_data"]) // "") };

# An answer is to the request before it.
foreach (.[]._source.layers) as $l ({ step: null, out: [] };
	.out = [] |
	if $l["tls.handshake.type"] then .out += [tls($l)] else . end |
	if $l["data.data"] then
		.out += [base($l) + { step: "hello",
			bytes: ($l["data.data"] | join("")) }]
	elif $l["http.request.method"] then
		request($l) as $q | .step = $q.step | .out += [$q]
	elif $l["http.response.code"] then
		.step as $s | .out += [response($l) |
			{ from, time, step: $s, head, body }]
	else . end;
	.out[])

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-server chain check: what a device would say of a chain.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# row RANGE: what is said of it.
row() {
	awk -v range="$1:" 'index($0, range) == 1 { print; on = 1; next }
		/^[^ ]/ { on = 0 }
		on' out
}

a_chain_of_ours_is_taken_by_all() {
	amtforge-server chain make c --fqdn prov.example.com
	status 0 amtforge-server chain check c/leaf.pem --key c/leaf.key \
		--suffix example.com
	[ "$(row '3.0 and later')" = '3.0 and later: taken' ]
	status 0 amtforge-server --json chain check c/leaf.pem \
		--suffix example.com
	[ "$(grep -c '"taken":true' out)" -ge 13 ]
	status 0 amtforge-server chain check c/leaf.pem --key c/leaf.key \
		--suffix example.com
	grep -q 'usage: 1.3.6.1.5.5.7.3.1 2.16.840.1.113741.1.2.3 (AMT' out
	sha=$(openssl x509 -in c/root.pem -outform DER | sha256sum)
	grep -q "sha256 ${sha%% *}" out
}

a_suffix_is_judged_by_each_versions_rule() {
	amtforge-server chain make c --fqdn prov.example.com
	status 1 amtforge-server chain check c/leaf.pem \
		--suffix corp.example.com
	row '3.0 to 4.0' >says
	head -n 1 says | grep -q 'suffix-mismatch$'
	grep -q 'found: CN prov.example.com, DNS suffix corp.example.com' says
	grep -q 'do: Correct DHCP option 15' says
	row '4.1 to 4.x' | grep -q taken
	row 5.0 | grep -q suffix-mismatch
	row '5.1 and later' | grep -q taken
	not grep -E '^.{80}' says
	status 0 amtforge-server chain check c/leaf.pem --amt 11.8 \
		--suffix corp.example.com
	[ "$(grep -c taken out)" -eq 1 ]
	status 1 amtforge-server chain check c/leaf.pem --amt 11.8 \
		--suffix example.com --fqdn other.example.com
	grep -q fqdn-mismatch out
}

one_object_a_row_for_programs() {
	amtforge-server chain make c --fqdn prov.example.com
	status 1 amtforge-server --json chain check c/leaf.pem --hash sha1
	grep '"amt":"16.0","taken":false,"reason":"hash-algorithm"' out |
		grep '"certificate":2,"alert":48' | grep '"mend":".'
	grep -q '"amt":"15.0 not H","taken":true' out
	grep -q '"amt":"15.0 H","taken":false' out
	not grep -q '()' out
	status 1 amtforge-server chain check c/leaf.pem --hash sha1
	row '3.0 to 15.x not H' | grep -q taken
	row '15.0 H and later' | grep -q 'which this AMT does not take'
	status 1 amtforge-server --json chain check c/leaf.pem --hash sha1
	if command -v jq >/dev/null; then
		[ "$(jq -r 'select(.taken) | .amt' out | head -n 1)" = 3.0 ]
	fi
}

a_pfx_takes_its_passphrase_from_a_file_only() {
	amtforge-server chain make c --fqdn prov.example.com
	openssl pkcs12 -export -in c/leaf.pem -inkey c/leaf.key -out p.pfx \
		-passout pass:secret-word
	echo secret-word >pass
	status 0 amtforge-server chain check p.pfx --pass-file pass \
		--key p.pfx
	not grep -q secret-word out err
	echo wrong >pass
	status 77 amtforge-server chain check p.pfx --pass-file pass
	status 66 amtforge-server chain check p.pfx </dev/null
	says '--pass-file'
}

a_configurations_open_keys_are_told_once_each() {
	amtforge-server init state >/dev/null
	amtforge-server chain make a --fqdn prov.example.com
	amtforge-server chain make b --fqdn prov.example.com
	echo secret-word >pass
	for c in a b; do
		openssl pkcs12 -export -in $c/leaf.pem -inkey $c/leaf.key \
			-certfile $c/root.pem -out $c.pfx -passout file:pass
		chmod 600 $c.pfx
	done
	cat >server.cfg <<-'END'
		state = "state";
		chains = (
			{ cert = "a.pfx"; key = "a.pfx"; pass_file = "pass"; },
			{ cert = "b.pfx"; key = "b.pfx"; pass_file = "pass"; }
		);
	END
	chmod 600 pass
	status 0 amtforge-server config check server.cfg
	[ ! -s err ]
	chmod 644 pass a.pfx
	status 0 amtforge-server config check server.cfg --json
	not grep -q 'others may' out
	sort err >told
	cat >want <<-'END'
		a.pfx: others may read or write this secret (mode 644): chmod 600 a.pfx
		pass: others may read or write this secret (mode 644): chmod 600 pass
	END
	cmp told want
}

what_is_no_chain_or_not_its_key_is_told() {
	amtforge-server chain make c --fqdn prov.example.com
	status 65 amtforge-server chain check c/leaf.pem --key c/root.key
	says 'not the key of the first certificate'
	echo nonsense >file
	status 65 amtforge-server chain check file
	status 66 amtforge-server chain check absent
	status 2 amtforge-server chain check c/leaf.pem --amt 2.0
	status 2 amtforge-server chain check c/leaf.pem --hash md5
	openssl x509 -in c/leaf.pem -out alone.pem
	status 1 amtforge-server chain check alone.pem
	row '3.0 and later' | grep -q chain-invalid
	grep -q 'found: the last of 1 certificates' out
}

t a_chain_of_ours_is_taken_by_all
t a_suffix_is_judged_by_each_versions_rule
t one_object_a_row_for_programs
t a_pfx_takes_its_passphrase_from_a_file_only
t a_configurations_open_keys_are_told_once_each
t what_is_no_chain_or_not_its_key_is_told
done_testing

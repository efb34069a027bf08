#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Set-up profiles: what each says is read back from a real device by a client
# that logs in to it afterwards.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

NS=http://intel.com/wbem/wscim/1
SOAP=http://www.w3.org/2003/05/soap-envelope
ENUM=http://schemas.xmlsoap.org/ws/2004/09/enumeration
WSA=http://schemas.xmlsoap.org/ws/2004/08/addressing
WSMAN=http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd

uri() {
	case $1 in
	AMT_*) echo "$NS/amt-schema/1/$1" ;;
	IPS_*) echo "$NS/ips-schema/1/$1" ;;
	*) echo "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/$1" ;;
	esac
}

# ask CLASS ACTION [BODY]: what the device answers, in ./soap; the fields one a
# line.
ask() {
	cat >ask.xml <<-END
		<?xml version="1.0" encoding="utf-8"?>
		<s:Envelope xmlns:s="$SOAP" xmlns:a="$WSA" xmlns:w="$WSMAN"><s:Header>
		<a:Action>$2</a:Action><a:To>/wsman</a:To><w:ResourceURI>$(uri "$1")</w:ResourceURI>
		<a:MessageID>1</a:MessageID>${selectors:-}</s:Header><s:Body>${3:-}</s:Body></s:Envelope>
	END
	printf 'user = "admin:%s"\n' "$password" | curl -sSk --fail -K - \
		--digest ${client:+--cert "$client.pem" --key "$client.key"} \
		-d @ask.xml "https://127.0.0.77:$device_port/wsman" >soap || return 1
	sed 's/<g:/\n<g:/g' soap | sed -n 's|^<g:\([A-Za-z0-9]*\)>\([^<]*\)</g:.*|\1=\2|p'
}

# get CLASS [INSTANCE]
get() {
	selectors=${2:+"<w:SelectorSet><w:Selector Name=\"InstanceID\">$2</w:Selector></w:SelectorSet>"}
	ask "$1" http://schemas.xmlsoap.org/ws/2004/09/transfer/Get || return 1
	selectors=
}

# pull CLASS: all that there are, by the context that Enumerate gives.
pull() {
	ask "$1" $ENUM/Enumerate "<e:Enumerate xmlns:e=\"$ENUM\"/>" >context
	context=$(sed -n 's/.*<[a-z]*:EnumerationContext>\([^<]*\)<.*/\1/p' soap)
	ask "$1" $ENUM/Pull "<e:Pull xmlns:e=\"$ENUM\"><e:EnumerationContext>$context</e:EnumerationContext><e:MaxElements>999</e:MaxElements></e:Pull>"
}

# has FIELD=VALUE of what get or pull printed into ./fields.
has() {
	grep -qxF -- "$1" fields && return 0
	echo "no $1 in:"
	cat fields
	return 1
}

# machine psk|pki: one unit and its image. boot: a device of it. set_up: waits
# until it is; its password.
machine() {
	batch "$1" 1
	uuid=$(cat uuids)
	flash
}

boot() {
	amtforge-device boot --image "images/$uuid.bin" --state dev \
		--listen 127.0.0.77 --port "$device_port" \
		--server "127.0.0.1:$port" --suffix example.com >dev.log 2>&1 &
	device=$!
}

set_up() {
	wait_for '"state":"provisioned"' events
	password=$(amtforge-server show state "$uuid" --reveal --json |
		field admin_password)
}

end() {
	kill "$device" 2>/dev/null || :
	stop_server
}

every_switch_is_read_back_from_the_device() {
	machine pki
	serve 'profiles = ( { name = "all";
		host_name = "PC-{serial:-4}"; domain = "corp.example.com";
		shared_fqdn = false; ping_response = false;
		rmcp_ping_response = false;
		power_package = "Desktop: ON in S0, ME Wake in S3, S4-5";
		sol = true; ider = false; kvm = true; kvm_consent = false;
		kvm_timeout = 42; clear_text = false; } );'
	boot
	set_up
	get AMT_GeneralSettings >fields
	has HostName=pc-0001
	has DomainName=corp.example.com
	has SharedFQDN=false
	has PingResponseEnabled=false
	has RmcpPingResponseEnabled=false
	get AMT_RedirectionService >fields
	has EnabledState=32770
	has ListenerEnabled=true
	get CIM_KVMRedirectionSAP >fields
	has EnabledState=6
	get IPS_KVMRedirectionSettingData >fields
	has OptInPolicy=false
	has SessionTimeout=42
	get AMT_TLSSettingData 'Intel(r) AMT 802.3 TLS Settings' >fields
	has Enabled=true
	has AcceptNonSecureConnections=false
	pull CIM_ElementSettingData >fields
	[ "$(grep IsCurrent fields | tr '\n' ' ')" = \
		'IsCurrent=2 IsCurrent=1 ' ]
	amtforge-server list state --json >out
	grep -q '"fqdn":"pc-0001.corp.example.com"' out
	amtforge-server list state | grep -q pc-0001.corp.example.com
	end
}

roots_of_ITs_own_are_listed_and_lost_again() {
	machine pki
	root it2 "/CN=IT root"
	serve 'profiles = ( { name = "p"; extra_hashes = (
		{ file = "it2.pem"; name = "new root"; hash = "sha256"; },
		{ file = "it2.pem"; name = "new root, short"; hash = "sha1"; } );
		} );'
	boot
	set_up
	pull AMT_ProvisioningCertificateHash >fields
	has 'Description=new root'
	has 'Description=new root, short'
	has "HashData=$(cert_sha256 it2.pem | xxd -r -p | base64 -w0)"
	[ "$(grep -c IsDefault=false fields)" = 2 ]
	grep -q '^roots' dev/state
	# With nobody there to set it up again at its next hello.
	stop_server
	amtforge-server unprovision state "$uuid" --config server.cfg
	not grep -q '^roots' dev/state
	kill "$device"
}

what_no_profile_speaks_of_is_left_as_it_is() {
	machine pki
	serve 'profiles = ( { name = "little"; ider = false; } );'
	boot
	set_up
	get AMT_GeneralSettings >fields
	has HostName=
	has PingResponseEnabled=true
	get AMT_RedirectionService >fields
	has EnabledState=32770
	get CIM_KVMRedirectionSAP >fields
	has EnabledState=3
	end
}

a_given_ca_signs_the_name_and_a_restart_knows_it() {
	machine psk
	root ca "/CN=corporate CA"
	serve 'profiles = ( { name = "p"; host_name = "{uuid:8}";
		domain = "corp.example.com"; certificate = "ca";
		ca = { cert = "ca.pem"; key = "ca.key"; };
		certificate_days = 30; } );'
	boot
	set_up
	name=$(echo "$uuid" | cut -c1-8).corp.example.com
	openssl s_client -connect "127.0.0.77:$device_port" -showcerts \
		-CAfile ca.pem -verify_hostname "$name" \
		-verify_return_error </dev/null >tls 2>&1
	openssl x509 -in tls -noout -subject -ext subjectAltName >cert
	grep -q "CN = $name" cert
	grep -q "DNS:$name" cert
	not openssl x509 -in tls -noout -checkend 2678400
	get AMT_GeneralSettings >fields
	has "HostName=$(echo "$uuid" | cut -c1-8)"
	end
}

mutual_tls_wants_the_certificate_of_a_console() {
	machine pki
	root root /CN=consoles
	for who in console server; do
		rsa_key $who
		openssl req -new -key $who.key -out $who.csr -subj "/CN=$who"
		openssl x509 -req -in $who.csr -CA root.pem -CAkey root.key \
			-days 2 -out $who.pem 2>/dev/null
	done
	serve 'profiles = ( { name = "p"; mutual_tls = {
		roots = ( { file = "root.pem"; } );
		cert = "server.pem"; key = "server.key"; }; } );'
	boot
	set_up
	client=
	not get AMT_GeneralSettings
	client=it # of nobody whom the device knows
	not get AMT_GeneralSettings
	client=console
	get AMT_TLSSettingData 'Intel(r) AMT 802.3 TLS Settings' >fields
	has MutualAuthentication=true
	pull AMT_PublicKeyCertificate >fields
	grep -qx TrustedRootCertficate=true fields
	client=
	end
}

a_fixed_mebx_password_and_lengths_are_as_the_profile_says() {
	machine psk
	(umask 077 && echo 'Fixed!Pw12' >mebx)
	serve 'tls_certificate = false;' 'profiles = ( { name = "p";
		mebx_password_file = "mebx"; admin_password_length = 20;
		new_psk = false; } );'
	boot
	set_up
	[ ${#password} = 20 ]
	amtforge-server show state "$uuid" --reveal --json >shown
	[ "$(field mebx_password <shown)" = 'Fixed!Pw12' ]
	[ "$(field pid <shown)" = "$(reveal "$uuid" pid)" ]
	not grep -rF 'Fixed!Pw12' log events state
	end
}

a_table_names_machines_and_is_read_again() {
	machine psk
	echo uuid,fqdn >names.csv
	serve 'tls_certificate = false;' \
		'profiles = ( { name = "p"; names = "names.csv"; } );'
	boot
	wait_for name-missing events
	amtforge-server explain state "$uuid" >out
	grep -q 'no name for' out
	echo "$uuid,Reception.example.org" >>names.csv
	kill -HUP "$server"
	wait_for 'names.csv: read again' log
	hello 127.0.0.77 "$uuid" "$(reveal "$uuid" pid)"
	set_up
	get AMT_GeneralSettings >fields
	has HostName=reception
	has DomainName=example.org
	end
}

# It stays as it is: no set-up could follow.
a_machine_whose_name_is_gone_is_not_un_provisioned() {
	machine psk
	printf 'uuid,fqdn\n%s,reception.example.org\n' "$uuid" >names.csv
	serve 'tls_certificate = false;' \
		'profiles = ( { name = "p"; names = "names.csv"; } );'
	boot
	set_up
	echo uuid,fqdn >names.csv
	kill -HUP "$server"
	wait_for 'names.csv: read again' log
	row='SELECT state, reason, updated, address FROM units'
	was=$(sqlite3 state/store.db "$row")
	status 65 amtforge-server --json setup state "$uuid"
	grep -q '"code":"name-missing"' out err
	echo "$password" >right
	status 65 amtforge-server --json setup state "$uuid" \
		--password-file right
	grep -q '"code":"name-missing"' out err
	[ "$(sqlite3 state/store.db "$row")" = "$was" ]
	[ "${was%%|*}" = provisioned ]
	get AMT_GeneralSettings >fields
	has HostName=reception
	# with a name, another one, it is
	echo "$uuid,lobby.example.org" >>names.csv
	kill -HUP "$server"
	lines_come 90 2 'names.csv: read again' log
	status 0 amtforge-server setup state "$uuid"
	end
}

two_machines_do_not_get_one_name() {
	batch psk 2
	flash
	serve 'tls_certificate = false;' 'profiles = ( { name = "p";
		host_name = "{order}"; domain = "example.com"; } );'
	amtforge-device fleet images --state devices --suffix example.com \
		--port "$device_port" --server "127.0.0.1:$port" >dev.log 2>&1 &
	device=$!
	wait_for '"state":"provisioned"' events
	wait_for name-missing events
	grep name-missing events | grep -q 'is the name of'
	end
}

an_unknown_power_package_fails_with_those_that_there_are() {
	machine psk
	serve 'tls_certificate = false;' \
		'profiles = ( { name = "p"; power_package = "Mobile"; } );'
	boot
	wait_for step-failed events
	grep -q 'no power package \\"Mobile\\"' events
	end
}

un_provisioning_undoes_them() {
	machine pki
	serve 'profiles = ( { name = "p"; host_name = "x{uuid:4}";
		domain = "example.com"; sol = false; ider = false; } );'
	boot
	set_up
	grep -q '^switch.host x' dev/state
	stop_server
	ask AMT_SetupAndConfigurationService \
		"$(uri AMT_SetupAndConfigurationService)/Unprovision" \
		"<g:Unprovision_INPUT xmlns:g=\"$(uri \
			AMT_SetupAndConfigurationService)\"><g:ProvisioningMode>1</g:ProvisioningMode></g:Unprovision_INPUT>" \
		>fields
	has ReturnValue=0
	not grep -q '^switch' dev/state
	kill "$device"
}

a_configuration_is_checked_with_all_that_it_names() {
	status 0 amtforge-server config check "$ROOT/configs/server-tenants.cfg"
	grep -q 'profile kiosk: sku kiosk-\*' out
	grep -q 'tenant "fabrikam"' out
	status 0 amtforge-server --json config check "$ROOT/configs/server.cfg"
	printf 'state = "s";\nprofiles = ( { name = "a";\n sole = true; } );\n' \
		>bad.cfg
	status 78 amtforge-server config check bad.cfg
	says 'bad.cfg:3: unknown key sole'
	status 78 amtforge-server run bad.cfg
	not test -e s
	echo 'state = "s";' >good.cfg
	status 0 amtforge-server config check good.cfg
	says "good.cfg: state: no store in s yet: amtforge-server init makes it"
	not test -e s
	amtforge-server init s
	status 0 amtforge-server config check good.cfg
	[ ! -s err ]
	echo 'stat = "s";' >bad.cfg
	status 78 amtforge-server config check bad.cfg
	says 'bad.cfg:1: unknown key stat (did you mean state?)'
}

# As init will say it, when everything else is ready.
a_state_that_init_would_refuse_is_no_good_configuration() {
	echo 'state = "file";' >file
	status 78 amtforge-server config check file
	says 'file: state: no store yet, and amtforge-server init will refuse'
	says 'file: not a folder'
	mkdir full
	: >full/letter
	echo 'state = "full";' >full.cfg
	status 78 amtforge-server config check full.cfg
	says 'full: has letter in it'
	[ "$(ls full)" = letter ]
	status 73 amtforge-server init file
	says 'file: not a folder'
	echo 'state = "full";' >full.cfg
	rm full/letter
	status 0 amtforge-server config check full.cfg
	says 'no store in full yet'
}

# What may not be looked at is not said to be missing, nor to be made.
a_state_of_somebody_elses_is_not_said_to_be_missing() {
	echo 'state = "s";' >good.cfg
	amtforge-server init s
	bound=
	[ "$(id -u)" != 0 ] ||
		bound='setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all'
	chmod 000 s
	# shellcheck disable=SC2086 # words
	status 0 $bound amtforge-server config check good.cfg
	[ ! -s err ]
	# shellcheck disable=SC2086
	status 66 $bound amtforge-server list s
	says 's/store.db: Permission denied'
	chmod 700 s
}

a_file_that_is_missing_is_told_with_the_line_that_names_it() {
	for key in names mebx_password_file; do
		printf 'state = "s";\nprofiles = ( { name = "a";\n %s = "no"; } );\n' \
			"$key" >bad.cfg
		status 66 amtforge-server config check bad.cfg
		says 'bad.cfg:3: no: No such file'
	done
	echo serial,fqdn >no
	chmod 644 no
	status 77 amtforge-server config check bad.cfg
	says 'bad.cfg:3: no: others may read'
}

t a_configuration_is_checked_with_all_that_it_names
t a_state_that_init_would_refuse_is_no_good_configuration
t a_state_of_somebody_elses_is_not_said_to_be_missing
t a_file_that_is_missing_is_told_with_the_line_that_names_it
if [ -e $VARS ]; then
	t every_switch_is_read_back_from_the_device
	t roots_of_ITs_own_are_listed_and_lost_again
	t what_no_profile_speaks_of_is_left_as_it_is
	t a_given_ca_signs_the_name_and_a_restart_knows_it
	t mutual_tls_wants_the_certificate_of_a_console
	t a_fixed_mebx_password_and_lengths_are_as_the_profile_says
	t a_table_names_machines_and_is_read_again
	t a_machine_whose_name_is_gone_is_not_un_provisioned
	t two_machines_do_not_get_one_name
	t an_unknown_power_package_fails_with_those_that_there_are
	t un_provisioning_undoes_them
else
	skip machines_are_set_up "no $VARS (package ovmf)"
fi
done_testing

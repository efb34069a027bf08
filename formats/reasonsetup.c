/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/reasontable.h"

static const struct reason table[] = {
	/* the server about a hello or a device */
	[REASON_UUID_UNKNOWN] = { "uuid-unknown",
	    "A machine's UUID is that of an imported unit.",
	    "Import the manifest that lists this machine. If it is listed, "
	    "its board has another UUID than the factory was told." },
	[REASON_PID_UNKNOWN] = { "pid-unknown",
	    "The hello's PID is that of an imported unit.",
	    "Import the manifest that lists this PID. If the machine was "
	    "keyed by hand, its PID was mistyped." },
	[REASON_PID_OTHER_UNIT] = { "pid-other-unit",
	    "The hello's PID was issued to the hello's UUID.",
	    "Two boards were swapped, or a machine got another's key: by "
	    "hand, or from a USB key that was plugged in out of order. Give "
	    "the machine its own: setupbin make --unit UUID makes a USB key "
	    "for it once the one that it took was read back (usb read "
	    "--reconcile); worksheet --unit UUID tells what to type. An order "
	    "of invented UUIDs (unit issue --count) fits no real machine: "
	    "unit issue --units takes a list of the real ones." },
	[REASON_ROOT_NOT_ANNOUNCED] = { "root-not-announced",
	    "The device announces the hash of the root of one of the "
	    "server's provisioning chains.",
	    "Name a chain under one of the announced roots in server.cfg "
	    "(chains), or have the OEM put your root's hash into the image." },
	[REASON_DEVICE_CERT_DIFFERS] = { "device-cert-differs",
	    "The device presents the certificate that is known of it: the one "
	    "that the factory pinned or, where it pinned none, that was seen "
	    "first; or the one that set-up gave it.",
	    "Treat the machine at this address as a stranger. If its board "
	    "was replaced, or its firmware made a new key, look at it; then "
	    "amtforge-server setup --insecure-forget-certificate takes what "
	    "it shows now. Where the factory pinned it, import a manifest "
	    "that pins the new one." },
	[REASON_DEVICE_CERT_UNPINNED] = { "device-cert-unpinned",
	    "Where device_certificate is \"pinned\", the manifest pins the "
	    "device's certificate.",
	    "Have the factory pin it with unit pin and import the new "
	    "manifest; or set device_certificate to \"first-use\", which "
	    "takes the one that is shown first." },
	[REASON_PSK_REJECTED] = { "psk-rejected",
	    "The device and the manifest hold the same PPS for this PID.",
	    "The machine holds another key than was issued: write its image "
	    "again, or reset it to factory defaults." },
	[REASON_DEVICE_REFUSED_ROOT] = { "device-refused-root",
	    "The device has the root of the server's chain in its active list.",
	    "Use a chain whose root the device announces, or have the hash "
	    "put into its image." },
	[REASON_DEVICE_REFUSED_MARK] = { "device-refused-mark",
	    "The device finds serverAuth and the AMT mark in the server's "
	    "certificate.",
	    "Get a certificate with the usage 2.16.840.1.113741.1.2.3, or "
	    "the OU Intel(R) Client Setup Certificate." },
	[REASON_DEVICE_REFUSED_DOMAIN] = { "device-refused-domain",
	    "The CN of the server's certificate agrees with the device's DNS "
	    "suffix, and with its preset server name if it has one.",
	    "Correct DHCP option 15, or get a certificate for the domain in "
	    "which the device is." },
	[REASON_DEVICE_REFUSED_CHAIN] = { "device-refused-chain",
	    "The device can verify the whole chain, root included.",
	    "Give the server the complete chain: certificate, every "
	    "intermediate, root." },
	[REASON_DEVICE_REFUSED] = { "device-refused",
	    "The device completes the TLS handshake.",
	    "Look at the TLS alert in the message and at the device's log; "
	    "old firmware may need a legacy AMT profile." },
	[REASON_DEVICE_UUID_DIFFERS] = { "device-uuid-differs",
	    "The device gives the same UUID inside TLS as in its hello.",
	    "Someone else's hello led here, or two machines share an "
	    "address; look at the network before you try again." },
	[REASON_DEVICE_GONE] = { "device-gone",
	    "The device answers on its TLS port, and in time, until set-up "
	    "ends.",
	    "Where the message names setup_seconds, raise it in server.cfg. "
	    "Else check that its port, 16993 unless device_port is another, "
	    "is open between server and device. One that was shipped to listen "
	    "answers only once its agent has activated it, also after it was "
	    "un-provisioned in full. The device's next hello starts over." },
	[REASON_LOGIN_REFUSED] = { "login-refused",
	    "The device accepts the user and password of set-up.",
	    "Someone changed its password. Give the one that it has to "
	    "amtforge-server setup --password-file, or reset the machine to "
	    "factory defaults." },
	[REASON_LOGIN_UNSUPPORTED] = { "login-unsupported",
	    "A device that asks for a password takes it by HTTP digest, with "
	    "MD5 or SHA-256 and qop auth or none.",
	    "Allow digest for admin in the machine; with Kerberos alone it "
	    "cannot be set up." },
	[REASON_STEP_FAILED] = { "step-failed",
	    "Each WS-Man step of set-up returns success.",
	    "Look up the step and its return value, which the message "
	    "gives, in Intel's AMT SDK; the device was sent no step after "
	    "it, so that a set-up is not finished, and a machine not "
	    "un-provisioned unless the message says perhaps." },
	[REASON_MODE_MISMATCH] = { "mode-mismatch",
	    "A unit says hello in the way its row names: with its PID or "
	    "with its hashes.",
	    "The machine was keyed otherwise than it was issued; write its "
	    "image again or import the right manifest." },
	[REASON_OTP_MISMATCH] = { "otp-mismatch",
	    "Where a one-time password was made for a device, the device "
	    "reports the same one over the encrypted channel.",
	    "Somebody may pose as this machine. Make a new one with "
	    "amtforge-server otp, and activate the machine again with it." },
	[REASON_OTP_MISSING] = { "otp-missing",
	    "A machine for which a one-time password was made, or whose "
	    "manifest has one, reports it; where server.cfg says otp = "
	    "\"required\", each machine with certificates needs one.",
	    "Where none waits for it, make one with amtforge-server otp; "
	    "then its agent brings it, with amtforge-agent activate." },
	[REASON_PID_REUSED] = { "pid-reused",
	    "A PID that set-up has replaced by a new one is not used again.",
	    "The machine was reset to the factory's state, or somebody "
	    "has a copy of its old key. Look at the machine; then let "
	    "amtforge-server setup take it back." },
	[REASON_PID_OTHER_TENANT] = { "pid-other-tenant",
	    "A PID and a UUID belong to the tenant whose manifest brought "
	    "them.",
	    "Import the batch for the tenant who owns the machine, or "
	    "look why it stands in another one's network." },
	[REASON_ROOT_OTHER_TENANT] = { "root-other-tenant",
	    "A machine announces a root of the tenant whose manifest brought "
	    "it.",
	    "Find out whose machine it is. Import its batch for the tenant "
	    "who owns it (import --tenant); or, if the OEM put that root into "
	    "the image for both, give this tenant a chain under it (chains)." },
	[REASON_TENANT_UNKNOWN] = { "tenant-unknown",
	    "A tenant is named as the server's configuration has it.",
	    "Add the tenant to the configuration, or correct the name." },
	[REASON_NAME_MISSING] = { "name-missing",
	    "The naming rule of the set-up profile gives each machine one "
	    "host name and domain.",
	    "Add the machine's UUID to the table, or give the rule a "
	    "pattern that fits it; of two with one name rename one." },
	[REASON_NAME_INVALID] = { "name-invalid",
	    "A machine's name is a host name with its domain: labels of 1 to "
	    "63 letters, digits and inner dashes, dots between, 253 bytes in "
	    "all.",
	    "Correct the name in the line and column that the message names." },
	[REASON_NAME_TWICE] = { "name-twice",
	    "In a table of names each machine stands once, and each name.",
	    "Decide which of the two lines is right, and remove the other." },
	[REASON_NAME_TABLE] = { "name-table-malformed",
	    "A table of names begins with the line uuid,fqdn and has those "
	    "two fields in each row.",
	    "Correct the line that the message names. A running server keeps "
	    "the table that it had until this one is whole." },
	[REASON_RECORD_DIFFERS] = { "record-differs",
	    "The configuration record that a device keeps of its set-up "
	    "names this server and the root of its chain.",
	    "Somebody else set this machine up. Un-provision it, change "
	    "its passwords, and look at the network for another server." },
	[REASON_DEVICE_TAKEN] = { "device-taken",
	    "A machine that this server has not set up is not set up yet.",
	    "Somebody else set this machine up, or it was returned. Take it "
	    "back by amtforge-server setup --password-file, with its admin "
	    "password, or reset its MEBx to the factory's state; then it says "
	    "hello again." },
	[REASON_WINDOW_OVER] = { "window-over",
	    "A machine is set up within the six hours in which its "
	    "network interface is open.",
	    "Open it again with amtforge-agent activate; look into "
	    "explain for what stood against it." },
	[REASON_HAND_OVER_FAILED] = { "hand-over-failed",
	    "The command that is given each machine after its set-up ends "
	    "with status 0.",
	    "Mend what the command says; amtforge-server setup --hand-over "
	    "repeats it. The machine itself is set up." },
	[REASON_SERVER_ABSENT] = { "server-absent",
	    "A server runs on the store while something is asked of it.",
	    "Start amtforge-server run, then repeat the command." },
	[REASON_SERVER_BUSY] = { "server-busy",
	    "One server at a time runs on a store.",
	    "Stop the other amtforge-server run; its process is named in "
	    "the message." },
	[REASON_STORE_KEY] = { "store-key",
	    "A state has the keys that its init made: store.key opens "
	    "store.db, and device-ca.key is the key of device-ca.pem.",
	    "Put the file that the message names back, from where the state's "
	    "files are kept; no other key takes its place." },
	[REASON_LEGACY_TLS] = { "legacy-tls",
	    "Devices are set up over TLS 1.2 or later.",
	    "Nothing failed: insecure_legacy_amt in server.cfg names this AMT "
	    "version. Take it out when the last machine of that age is gone." },

	/* the device about a server */
	[REASON_CHAIN_MISSING] = { "chain-missing",
	    "A server presents a certificate chain to set up a device.",
	    "Configure the server's provisioning chain and its key." },
	[REASON_CHAIN_INVALID] = { "chain-invalid",
	    "Each certificate of the server's chain is signed by the next, "
	    "up to a root that is in the chain.",
	    "Give the complete chain in order: certificate, every "
	    "intermediate, root." },
	[REASON_CHAIN_TOO_LONG] = { "chain-too-long",
	    "The server's chain has no more certificates than the device "
	    "takes.",
	    "Get a certificate nearer to its root." },
	[REASON_ROOT_NOT_LISTED] = { "root-not-listed",
	    "The hash of the chain's root is an active entry of the device's "
	    "list.",
	    "Use a chain whose root is listed, or have its hash put into the "
	    "image." },
	[REASON_ROOT_NOT_ONLY] = { "root-not-only",
	    "Where one root is marked as the only one, the chain ends in "
	    "that root.",
	    "Use a chain of the marked root; the OEM chose to allow no "
	    "other." },
	[REASON_NO_SERVER_AUTH] = { "no-server-auth",
	    "The server's certificate has the usage serverAuth.",
	    "Get a certificate with the extended key usage serverAuth." },
	[REASON_NO_AMT_MARK] = { "no-amt-mark",
	    "The server's certificate has the usage 2.16.840.1.113741.1.2.3 "
	    "or the OU Intel(R) Client Setup Certificate.",
	    "Get a provisioning certificate for Intel AMT; an ordinary web "
	    "certificate is not enough." },
	[REASON_SUFFIX_MISMATCH] = { "suffix-mismatch",
	    "The device's DNS suffix agrees with the CN of the server's "
	    "certificate, label by label.",
	    "Correct DHCP option 15 or the preset suffix, or get a "
	    "certificate for this domain." },
	[REASON_SUFFIX_UNKNOWN] = { "suffix-unknown",
	    "The device knows its DNS suffix, from a preset or from DHCP "
	    "option 15.",
	    "Set option 15 in the DHCP server, or preset pki_dns_suffix; a "
	    "software device without --interface is told by --suffix." },
	[REASON_FQDN_MISMATCH] = { "fqdn-mismatch",
	    "Where the image presets the server's name, the CN is that name.",
	    "Use a certificate for the preset name, or correct server_fqdn "
	    "in the profile." },
	[REASON_LEAF_NOT_PINNED] = { "leaf-not-pinned",
	    "Where a program on the machine's host started set-up for one "
	    "certificate, the server presents that one.",
	    "Start it with the hash of this server's certificate, or stop it "
	    "on the host." },
	[REASON_KEY_SIZE] = { "key-size",
	    "The keys of the server's chain have a kind and size that the "
	    "AMT version takes.",
	    "Get a chain with RSA keys of 2048 bits, which every AMT version "
	    "of this tool takes." },
	[REASON_PSK_IDENTITY] = { "psk-identity",
	    "The server names the device's own PID in the TLS-PSK handshake.",
	    "The server took this machine for another; compare the PID that "
	    "it holds with the machine's." },
	[REASON_DEVICE_DISABLED] = { "device-disabled",
	    "Remote configuration is enabled in the device.",
	    "Enable it in the profile, or in the machine's MEBx." },
	[REASON_HASH_ALGORITHM] = { "hash-algorithm",
	    "The root's hash is of a kind that the AMT version takes.",
	    "Put the SHA-256 of the same root into the image: newer "
	    "firmware has done with SHA-1." },
	[REASON_SIGNATURE_ALGORITHM] = { "signature-algorithm",
	    "The certificates of the server's chain are signed with a digest "
	    "that the AMT version takes.",
	    "Get a chain that is signed with SHA-256 throughout; AMT 16, and "
	    "15 on some chip sets, take no SHA-1." },
	[REASON_TLS_VERSION] = { "tls-version",
	    "Server and device have a TLS version and a cipher suite in "
	    "common.",
	    "Look which versions the AMT version has. TLS 1.0 and 1.1 need a "
	    "legacy profile in the server, which says so in its name. The "
	    "suites for pre-shared keys are psk_suites in its configuration." },
	[REASON_INTERFACE_UNFIT] = { "interface-unfit",
	    "A device has one wired Ethernet interface, which is there and up.",
	    "Name another interface; remote configuration is not done "
	    "over wireless ones." },
	[REASON_CAPTURE_DENIED] = { "capture-denied",
	    "The user may capture packets on the interface.",
	    "Run as root, or give the program CAP_NET_RAW." },
	[REASON_DHCP_SILENT] = { "dhcp-silent",
	    "A DHCP server answers on the device's wire.",
	    "Look at the cable and the DHCP server; the device goes on "
	    "asking." },
	[REASON_SERVER_UNRESOLVED] = { "server-unresolved",
	    "The name of the provisioning server has an address in the DNS.",
	    "Add provisionserver with the server's address to the zone that "
	    "DHCP option 15 names, or preset the server in the image." },
	[REASON_FILES_LIMIT] = { "files-limit",
	    "Each connection of a device takes an open file, and the "
	    "process may have that many.",
	    "Raise the hard limit (ulimit -Hn, LimitNOFILE), or start "
	    "fewer devices in one process." },

	/* the agent about a machine */
	[REASON_MEI_ABSENT] = { "mei-absent",
	    "The machine's firmware is reached through a MEI device or "
	    "the socket of a software device.",
	    "Load the kernel module mei_me, or name the path with --mei; "
	    "a machine without AMT has none." },
	[REASON_MEI_ACCESS] = { "mei-access",
	    "The user may open the MEI device.",
	    "Run as root, or give the user the device by a udev rule." },
	[REASON_MEI_CLIENT] = { "mei-client",
	    "The firmware has the client that is asked for.",
	    "This firmware has no AMT, or the OEM switched it off for good." },
	[REASON_MEI_MALFORMED] = { "mei-malformed",
	    "A message of the firmware has the layout of its command.",
	    "Look for a firmware update; report the bytes that the "
	    "message names to us." },
	[REASON_MEI_STATUS] = { "mei-status",
	    "The firmware answers a command with success.",
	    "The message names the status; what stands against it is told "
	    "there." },
	[REASON_AMT_STATE] = { "amt-state",
	    "A machine is activated where AMT is enabled, remote "
	    "configuration is allowed, and it is not set up yet.",
	    "Look at amtforge-agent info; a machine that is set up is "
	    "un-provisioned by its server first." },
	[REASON_ACTIVATION_FAILED] = { "activation-failed",
	    "Set-up ends with success within the window.",
	    "Let the server explain the machine; then activate it again." },
};

const struct reason *
reasonsetup_get(enum reason_id id)
{
	unsigned i = (unsigned)id;

	if (i >= sizeof(table) / sizeof(table[0]) || table[i].code == NULL)
		return NULL;
	return &table[i];
}

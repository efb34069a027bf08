/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/reason.h"

static const struct reason table[REASON_LAST] = {
	[REASON_NONE] = { "none", "Nothing was refused.",
	    "There is nothing to do." },

	/* bytes */
	[REASON_HELLO_MALFORMED] = { "hello-malformed",
	    "A hello message is version 2 with a PID or version 3 with a "
	    "hash list, and has exactly the length that its fields say.",
	    "Look at who sends to this port. A device that truncates its "
	    "hello needs a firmware update; anything else is not a device." },
	[REASON_RECORD_MALFORMED] = { "record-malformed",
	    "A provisioning record has its magic, lengths and checksums "
	    "right, and only entries that are known, in order and in range.",
	    "Write the image again from the ledger. If it comes back, the "
	    "flash part or the programmer damages bytes." },
	[REASON_PID_MALFORMED] = { "pid-malformed",
	    "A PID is 8 characters of 0-9 and A-Z; the last is the checksum "
	    "of the seven before it.",
	    "Compare the PID with its source; a character was mistyped or "
	    "lost." },
	[REASON_PPS_MALFORMED] = { "pps-malformed",
	    "A PPS is 32 characters of 0-9 and A-Z; each fourth is the "
	    "checksum of the three before it.",
	    "Compare the group that the message counts with its source; a "
	    "character was mistyped or lost." },
	[REASON_HASHLIST_UNSOUND] = { "hashlist-unsound",
	    "A certificate-hash list fits the AMT version, holds no hash "
	    "twice, and marks at most one entry, an active one, as the only "
	    "one.",
	    "Correct the hashes in the profile." },
	[REASON_UUID_MALFORMED] = { "uuid-malformed",
	    "A UUID is 32 hexadecimal digits in groups of 8-4-4-4-12.",
	    "Correct the UUID: the message says where it stands or, of a "
	    "serial number, which UUID is its unit's. A list whose bytes are "
	    "as SMBIOS stores them is read with --uuid-order raw by unit "
	    "issue." },
	[REASON_UUID_PLACEHOLDER] = { "uuid-placeholder",
	    "A UUID names one machine. Placeholder values that many boards "
	    "share are refused, since two machines would get one identity.",
	    "Let the BIOS write a real UUID into the board, then read it "
	    "again." },
	[REASON_CSV_MALFORMED] = { "csv-malformed",
	    "A CSV file has as many fields in each row as its header has, and "
	    "each quote its other half; a units file's header is "
	    "serial,uuid[,mac,sku].",
	    "Correct the line that the message names." },

	/* ledger and orders */
	[REASON_UNIT_DIFFERS] = { "unit-differs",
	    "A serial number and a UUID belong together for good; a unit is "
	    "never issued again with other values.",
	    "Find out which of the two rows is right. For a replaced board "
	    "mark the old unit scrapped and issue the new UUID under a new "
	    "serial number." },
	[REASON_UNIT_UNKNOWN] = { "unit-unknown",
	    "The unit was issued from this ledger.",
	    "Check the UUID and the ledger; units come from unit issue." },
	[REASON_ORDER_UNKNOWN] = { "order-unknown",
	    "An order was opened in this ledger, or a manifest of it imported.",
	    "Check the name: order show tells a ledger's, amtforge-server list "
	    "a server's. Else open it, or import its manifest." },
	[REASON_ORDER_CLOSED] = { "order-closed",
	    "Only an open order takes units.",
	    "Open a new order for the rest." },
	[REASON_ORDER_EXISTS] = { "order-exists",
	    "An order's name is used once in a ledger, with one profile.",
	    "Choose another name, or go on with the order that is there." },
	[REASON_ORDER_FULL] = { "order-full",
	    "An order takes no more units than its quantity.",
	    "Open a new order for the rest, or ask why there are more "
	    "machines than were ordered." },
	[REASON_LEDGER_KEY] = { "ledger-key",
	    "The key file opens the secrets of this ledger.",
	    "Give the key file that was made with this ledger by --key-file; "
	    "without it the secrets cannot be recovered." },
	[REASON_LEDGER_DAMAGED] = { "ledger-damaged",
	    "The ledger is whole and each secret in it decrypts.",
	    "Stop the line, keep the file as it is, and restore the newest "
	    "backup; amtforge ledger check says what is lost." },
	[REASON_PROFILE_UNSOUND] = { "profile-unsound",
	    "A profile has known settings only, with values that the AMT "
	    "version knows and that agree with one another.",
	    "Correct the setting that the message names." },
	[REASON_CERT_WEAK] = { "cert-weak",
	    "A certificate's key and signature are strong enough for the AMT "
	    "version: RSA of 2048 bits, and from AMT 15 no SHA-1 root.",
	    "Use another certificate, or a profile of the AMT version that "
	    "takes it." },

	/* images */
	[REASON_IMAGE_UNKNOWN] = { "image-unknown",
	    "The image is a flash image with a descriptor, or one region.",
	    "Check that the file is a whole image and not a capsule or an "
	    "archive around it." },
	[REASON_IMAGE_NO_STORE] = { "image-no-store",
	    "The BIOS region holds a variable store that the map can use.",
	    "Use a BIOS with a formatted variable store, or a map with "
	    "another target." },
	[REASON_IMAGE_STORE_FULL] = { "image-store-full",
	    "The variable store has room for the record behind its last "
	    "variable; nothing that is there is moved.",
	    "Start from a base image whose store is fresh; let its BIOS "
	    "reclaim the space, or ask its maker for a clean build." },
	[REASON_IMAGE_LIVE_RECORD] = { "image-live-record",
	    "A base image holds no unit's record, since every image made "
	    "from it would carry that unit's secrets.",
	    "Use a base that was never written, or take the record out of "
	    "this one with image scrub." },
	[REASON_IMAGE_STORE_BROKEN] = { "image-store-broken",
	    "The variable store's headers, sizes and states are as the "
	    "firmware writes them.",
	    "Take the base image again from its maker; this one is damaged." },
	[REASON_IMAGE_FTW_PENDING] = { "image-ftw-pending",
	    "No fault-tolerant write is under way in the image; the firmware "
	    "would replay it over what we write.",
	    "Boot the base once so that its BIOS finishes the write, then "
	    "read it out again." },
	[REASON_IMAGE_NO_MATCH] = { "image-no-match",
	    "The map was written for this image: each thing that it expects "
	    "is there.",
	    "Use the map of this platform, or correct it." },
	[REASON_IMAGE_NO_RECORD] = { "image-no-record",
	    "The image holds a provisioning record.",
	    "Write one with image write, or check that this is the unit's "
	    "image and not the base; amtforge-device starts a board that was "
	    "never written: boot by --uuid and --usb together, mebx by "
	    "--uuid." },
	[REASON_MAP_UNSOUND] = { "map-unsound",
	    "An image map has known settings only, at places that are in "
	    "the image, apart and large enough.",
	    "Correct the setting that the message names." },
	[REASON_IMAGE_COMPOSE] = { "image-compose",
	    "Each part fits its region, and the regions fit the size.",
	    "Choose a larger size, another descriptor, or smaller parts." },
	[REASON_IMAGE_SIGNED] = { "image-signed",
	    "Code that Intel or the OEM signed is never changed: the "
	    "machine would refuse it.",
	    "Correct the map; no setting lives in a signed partition." },
	[REASON_IMAGE_PROTECTED] = { "image-protected",
	    "Ranges that a hash in the image covers are not changed, "
	    "since the machine checks them when it starts.",
	    "Put the setting elsewhere, such as into a variable." },
	[REASON_IMAGE_FORBIDDEN] = { "image-forbidden",
	    "Nothing is written where the map forbids it, or where "
	    "nobody knows whose bytes they are.",
	    "Correct the map, or ask who wrote it why it forbids that range." },
	[REASON_IMAGE_EXPECT] = { "image-expect",
	    "Before a write, the image holds the bytes that the map "
	    "expects there.",
	    "Use the base that the map was written for; if it is "
	    "that, the map is wrong." },
	[REASON_IMAGE_ME_OFF] = { "image-me-off",
	    "The management engine is not strapped off: settings of "
	    "AMT would never be read.",
	    "Correct the straps of the descriptor with its maker's "
	    "tool, or use a base of another model." },
	[REASON_IMAGE_TARGET] = { "image-target",
	    "What a setting of the map names (region, partition, "
	    "file, room) is in the image.",
	    "Use the base that the map was written for, or correct the map." },
	[REASON_PLAN_UNSOUND] = { "plan-unsound",
	    "A plan is a file that image plan wrote, unchanged.",
	    "Make the plan again." },
	[REASON_PLAN_DIFFERS] = { "plan-differs",
	    "What is applied is what was reviewed: the image, the map "
	    "and the ledger still make the same plan.",
	    "Make the plan again and review it." },
	[REASON_IMAGE_DIFFERS] = { "image-differs",
	    "The image carries what the plan or the ledger says, byte "
	    "for byte.",
	    "Write the image again; if it is a board's, program it again." },
	[REASON_SCRUB_LEFT] = { "scrub-left",
	    "After a scrub no piece of a secret is left in the image.",
	    "Do not reuse this image; erase the whole flash and "
	    "program a base." },
	[REASON_DELTA_MALFORMED] = { "delta-malformed",
	    "A delta has its magic, lengths and digest right, and its "
	    "ranges in order.",
	    "Write it again from the ledger." },
	[REASON_DELTA_BASE] = { "delta-base",
	    "A delta goes over the base image that it was made from.",
	    "Give the base with the SHA-256 that the message names." },

	/* the station */
	[REASON_SCAN_MALFORMED] = { "scan-malformed",
	    "A scan is a serial and a UUID, in two lines or in one code.",
	    "Scan again; check what the label prints." },
	[REASON_SCAN_UNKNOWN] = { "scan-unknown",
	    "The order has a unit of that serial or UUID.",
	    "Check that this board and this station work on the same order." },
	[REASON_SCAN_MISMATCH] = { "scan-mismatch",
	    "Serial and UUID belong to one unit.",
	    "Two boards were mixed up: scan both codes of one board." },
	[REASON_SCAN_REPEATED] = { "scan-repeated",
	    "A board that is done is not done again unasked.",
	    "Put it with the finished ones. To do it again, mark the unit "
	    "first: one that is verified as written, one that was shipped as "
	    "returned." },
	[REASON_SCAN_SCRAPPED] = { "scan-scrapped",
	    "A board that was scrapped gets no secrets again.",
	    "Take it out of the line. A repaired board is issued as a new "
	    "unit." },
	[REASON_STATION_COMMAND] = { "station-command",
	    "The programmer's command ends with status 0, in time.",
	    "Look at what it said, at the clip and the supply; scan "
	    "the board again." },
	[REASON_STATION_READBACK] = { "station-readback",
	    "What is read back from the board is what was to be written.",
	    "Scan the board again; a second failure is a bad chip or clip." },

	/* manifest */
	[REASON_MANIFEST_MALFORMED] = { "manifest-malformed",
	    "A manifest is a canonical archive of the members that its "
	    "header lists, in that order, and nothing else.",
	    "Fetch the file again, as binary; do not pack it anew." },
	[REASON_MANIFEST_SIGNATURE] = { "manifest-signature",
	    "The signature was made over this header by the certificate "
	    "inside it.",
	    "Fetch the file again; if it stays, someone changed it: ask the "
	    "OEM on another way." },
	[REASON_MANIFEST_UNTRUSTED] = { "manifest-untrusted",
	    "The signer's certificate leads to a root that you trust.",
	    "Get the OEM's root on a way that you trust and give it with "
	    "--trust; do not take it from the manifest." },
	[REASON_MANIFEST_EXPIRED] = { "manifest-expired",
	    "The signer's certificate is valid today.",
	    "Ask the OEM to sign the manifest again; for an archived one "
	    "that you know to be good give --insecure-expired-signer." },
	[REASON_MANIFEST_CHUNK] = { "manifest-chunk",
	    "Each chunk has the size, digest and rows that the signed header "
	    "says.",
	    "Fetch the file again; it was damaged or changed on its way." },
	[REASON_MANIFEST_RECIPIENT] = { "manifest-recipient",
	    "The manifest is encrypted to the certificate of the key given.",
	    "Use the key of one of the recipients that manifest check names, "
	    "or ask the OEM to encrypt to your certificate." },
	[REASON_MANIFEST_CONFLICT] = { "manifest-conflict",
	    "A unit's row agrees with the row imported before.",
	    "Name the tenant that it was imported for, or ask the OEM which "
	    "batch is right; nothing of this manifest was stored." },
	[REASON_MANIFEST_EMPTY] = { "manifest-empty",
	    "A manifest carries at least one unit.",
	    "Issue units to the order before you make its manifest." },

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
	    "is open between server and device. The device's next hello "
	    "starts over." },
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

	/* Setup.bin files and keys in the ledger */
	[REASON_SETUPBIN_MALFORMED] = { "setupbin-malformed",
	    "A Setup.bin file is one header record and whole data records, as "
	    "amtforge-setupbin(7) has them.",
	    "Let setupbin check say what is wrong and where; make the file "
	    "again." },
	[REASON_SETUPBIN_JSON] = { "setupbin-json",
	    "The JSON of a Setup.bin has the keys that "
	    "amtforge-setupbin(7) lists, each of its type.",
	    "Correct the value that the message names; setupbin decode "
	    "--json shows the form." },
	[REASON_KEY_UNFIT] = { "key-unfit",
	    "What the order's profile asks for can be written in the key's "
	    "file version and used by the order's AMT version.",
	    "Do what the message says: open a new order under a profile "
	    "that fits, or give another --amt-file-version." },
	[REASON_KEY_EMPTY] = { "key-empty",
	    "A key has a record for at least one unit, and a unit is on one "
	    "key only; scrapped and returned units are on none.",
	    "Issue units first. To write a key once more give --again with "
	    "its name; setupbin list has them. For a machine whose record "
	    "was marked as used and did nothing, read its key back (usb read "
	    "--reconcile) and make one with --unit UUID." },
	[REASON_KEY_DIFFERS] = { "key-differs",
	    "A key is written again only as it was made.",
	    "Repeat the command as it was, or give another --out for "
	    "another key." },
	[REASON_KEY_MANIFEST] = { "key-manifest",
	    "Machines get the MEBx password that the customer's manifest says.",
	    "Make the key of an order before its manifest. Here open a new "
	    "order for the machines that take the key." },
	[REASON_KEY_SHARED] = { "key-shared",
	    "Each machine has a PSK of its own, unless "
	    "--insecure-shared-psk is given.",
	    "Open the order without insecure_shared_key. If one PSK for all "
	    "machines is what you want, give the option." },
	[REASON_KEY_USED] = { "key-used",
	    "Of a consumable key there is one copy: a record that a machine "
	    "has taken is not offered to another.",
	    "Make a key with another --out for machines that have none." },
	[REASON_KEY_WRITTEN] = { "key-written",
	    "A consumable key that was carried away is not written a second "
	    "time, unless it is asked for by its name.",
	    "For machines that have no record yet give another --out, which "
	    "makes a new key. If the first copy is lost or destroyed, give "
	    "--again with the key's name." },
	[REASON_KEY_UNIT] = { "key-unit",
	    "A unit that --unit names is not scrapped or returned, and has no "
	    "record on another key that a machine could still take.",
	    "Plug in the key that has its record (setupbin list --records). "
	    "If that key was used, let usb read --reconcile look at it first; "
	    "if it is lost, --again with its name writes it once more. By "
	    "hand: worksheet --unit UUID tells what to type." },
	[REASON_KEY_UNKNOWN] = { "key-unknown",
	    "The key was made from this ledger.",
	    "Look into setupbin list, and check that this is the ledger "
	    "that made it." },
	[REASON_PASSWORD_UNSOUND] = { "password-unsound",
	    "A password has 8 to 32 printable ASCII characters without "
	    "colon, comma and quote, with a digit, a lower-case and an "
	    "upper-case letter and a special character.",
	    "Choose another one; where an option has it, left out a strong "
	    "one is made." },

	/* a machine about a one-touch key */
	[REASON_KEY_UNREADABLE] = { "key-unreadable",
	    "A key is a disk with a FAT volume whose sectors can be read.",
	    "Write the key again from its image." },
	[REASON_KEY_NO_FILE] = { "key-no-file",
	    "The root folder of a key's first FAT volume has a file SETUP.BIN.",
	    "Write the key from its image; a file copied to another folder "
	    "or under another name is not found." },
	[REASON_KEY_FRAGMENTED] = { "key-fragmented",
	    "SETUP.BIN lies in consecutive clusters of the key.",
	    "Write the key from its image; a file that is copied onto a used "
	    "key may lie in pieces." },
	[REASON_KEY_NEWER] = { "key-newer",
	    "The machine's firmware knows the version of the file on the key.",
	    "Make the file in a version that this generation of AMT knows; a "
	    "file that begins otherwise is no Setup.bin." },
	[REASON_KEY_USED_UP] = { "key-used-up",
	    "A key has an unused record for each machine that takes one.",
	    "Take another key, or make one for the machines that are left." },
	[REASON_KEY_WRITE_PROTECTED] = { "key-write-protected",
	    "A key whose records serve one machine each can be written by "
	    "the machine.",
	    "Open the key's write lock, or take a key without one." },
	[REASON_KEY_WRITE_LOST] = { "key-write-lost",
	    "What a machine writes to a key can be read back from it.",
	    "Take another key, this one is worn or false; its record counts "
	    "as used." },
	[REASON_KEY_CHANGED] = { "key-changed",
	    "The key stays in the machine from the question to the end.",
	    "Restart the machine with the key in it." },
	[REASON_KEY_PASSWORD] = { "key-password",
	    "A record brings the machine's current MEBx password, which is "
	    "admin in a new machine.",
	    "The record counts as used now. Read the key back (usb read "
	    "--reconcile), then make one with setupbin make --unit UUID and "
	    "the password that the machine has in --current-file. By hand: "
	    "worksheet --unit UUID tells what to type." },
	[REASON_KEY_ENTRIES] = { "key-entries",
	    "Entries of a record stand in the order in which MEBx takes "
	    "them, once each, and those that belong together are all there.",
	    "Let setupbin check say which are not, and make the file again." },
	[REASON_KEY_VALUE] = { "key-value",
	    "Each value of a record is one that the machine can hold.",
	    "Let setupbin check say which is not, and make the file again "
	    "for this generation of AMT." },
	[REASON_KEY_NOT_FACTORY] = { "key-not-factory",
	    "A machine takes a key only in factory mode.",
	    "Un-provision the machine in full first, or leave the key out." },

	/* a machine's set-up screen */
	[REASON_MEBX_PASSWORD] = { "mebx-password",
	    "The set-up screen opens to the machine's MEBx password, which is "
	    "admin in a new machine.",
	    "Type the password that the worksheet or the one-touch key gave "
	    "the machine, or that its server set (amtforge-server show "
	    "--reveal)." },
	[REASON_MEBX_VALUE] = { "mebx-value",
	    "Each value typed into the set-up screen is one that the machine "
	    "can hold.",
	    "Compare it with the worksheet and type it again." },
	[REASON_MEBX_STATE] = { "mebx-state",
	    "What a machine is to start with is typed before it is set up; a "
	    "part of a set-up is undone after it.",
	    "Un-provision the machine in full first, or start it and let its "
	    "server set it up." },
	[REASON_STATE_BUSY] = { "state-busy",
	    "A state folder has one user at a time: a machine or a screen.",
	    "End the machine's boot, or the screen that is open; wait where a "
	    "fleet runs that has the folder's machines." },
	[REASON_STATE_OTHER] = { "state-other",
	    "A state folder is of one machine, which its UUID names.",
	    "Give --state this machine's own folder, or a new one." },

	/* sticks and their writer */
	[REASON_KEY_IMAGE_ROOM] = { "key-image-room",
	    "A key's file fits the volume of its image.",
	    "Divide the records among more keys; a BIOS searches thousands of "
	    "them for minutes anyway." },
	[REASON_STICK_ABSENT] = { "stick-absent",
	    "A port is named as usb list prints it, and a USB disk is "
	    "plugged in there.",
	    "Look at usb list; give the stick some seconds after it was "
	    "plugged in. A stick that the list never shows may need another "
	    "port or cable." },
	[REASON_STICK_UNFIT] = { "stick-unfit",
	    "A stick is one USB disk that speaks Bulk-Only Transport or "
	    "that the kernel shows, with a medium and 512-byte sectors, of "
	    "at most 2 TiB.",
	    "Take another stick. One that speaks only UAS works with --via "
	    "block; a card reader of several slots does not work." },
	[REASON_STICK_HELD] = { "stick-held",
	    "Nobody else uses the stick: no mounted file system, swap "
	    "space, volume group, array or program.",
	    "Unmount it, or end what uses it. Keep automounters away from "
	    "sticks of the line: UDISKS_IGNORE=1 in a udev rule, see "
	    "amtforge(1)." },
	[REASON_STICK_READ_ONLY] = { "stick-read-only",
	    "The stick can be written.",
	    "Slide its lock to the other side. A stick without one that says "
	    "so is worn out: destroy it, since its old records stay on it." },
	[REASON_STICK_SIZE] = { "stick-size",
	    "A stick has from 16 MB to 64 GB. What is larger may be "
	    "somebody's disk.",
	    "Look at its model and serial in usb list. If it is meant, "
	    "repeat with --insecure-any-size." },
	[REASON_STICK_SMALL] = { "stick-small",
	    "The stick has room for what the image holds.",
	    "Take a larger stick, or put fewer records into the key." },
	[REASON_STICK_FOREIGN] = { "stick-foreign",
	    "A stick that is written or wiped is blank or holds nothing but "
	    "a key of this kind.",
	    "Look whose it is. New sticks come with an empty volume; for "
	    "these, and for what may be lost, repeat with --force." },
	[REASON_STICK_CHANGED] = { "stick-changed",
	    "The device that is opened is the one that was listed.",
	    "Leave the sticks in their ports while they are written, and "
	    "repeat." },
	[REASON_STICK_ACCESS] = { "stick-access",
	    "The user may open the stick.",
	    "Run as root, or give the line's user the devices by a udev "
	    "rule, see amtforge(1)." },
	[REASON_STICK_GONE] = { "stick-gone",
	    "A stick stays in its port until its result is printed.",
	    "Plug it in again and repeat. A stick that comes off by itself "
	    "needs another port, cable or hub with its own power, or is "
	    "broken." },
	[REASON_STICK_HANGS] = { "stick-hangs",
	    "A stick answers each command in time.",
	    "Pull it out, plug it in again and repeat; --timeout waits "
	    "longer. If it hangs again, destroy it." },
	[REASON_STICK_FAILED] = { "stick-failed",
	    "A stick carries out each command and keeps to the protocol.",
	    "Repeat once, in another port. If it fails again, the stick is "
	    "worn out: destroy it." },
	[REASON_STICK_DIFFERS] = { "stick-differs",
	    "What is read back from a stick is what was written.",
	    "Destroy the stick: it is worn out, or pretends a size that it "
	    "does not have. Nothing that was written to it can be relied on." },
	[REASON_STICK_NO_KEY] = { "stick-no-key",
	    "A key is a disk with a FAT volume that holds SETUP.BIN in its "
	    "root folder.",
	    "Look whether this is the right stick or image. Write the key "
	    "again from its image." },
	[REASON_STICK_IMAGE] = { "stick-image",
	    "A key image is a FAT volume whose first root entry is "
	    "SETUP.BIN, in consecutive clusters.",
	    "Make the image with usb image. A file or a folder that was "
	    "copied to a stick by hand is no key that old BIOSes take." },

	/* worksheets */
	[REASON_WORKSHEET_EMPTY] = { "worksheet-empty",
	    "Worksheets are for at least one unit of the order that is not "
	    "scrapped.",
	    "Issue units to the order before you print its worksheets." },
	[REASON_WORKSHEET_UNREAD] = { "worksheet-unread",
	    "The bar codes and texts that are read back from each page are "
	    "those that were meant.",
	    "Nothing was written. Try again; if it comes back, report the "
	    "versions of pdftoppm, pdftotext and zbarimg to us." },
};

const struct reason *
reason_get(enum reason_id id)
{
	unsigned i = (unsigned)id;

	return i < REASON_LAST ? &table[i] : &table[REASON_NONE];
}

const struct reason *
reason_find(const char *code)
{
	for (size_t i = REASON_NONE + 1; i < REASON_LAST; i++)
		if (strcmp(table[i].code, code) == 0)
			return &table[i];
	return NULL;
}

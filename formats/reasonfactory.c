/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/reasontable.h"

static const struct reason table[] = {
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
};

const struct reason *
reasonfactory_get(enum reason_id id)
{
	unsigned i = (unsigned)id;

	if (i >= sizeof(table) / sizeof(table[0]) || table[i].code == NULL)
		return NULL;
	return &table[i];
}

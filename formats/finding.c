/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/finding.h"

/* What holds for whatever only a defect can bring about. */
#define UNTOLD "No public source says; expect it to do nothing with the key."
#define REMAKE                                                                \
	"Make the file again; this one is damaged, or made by a tool with a " \
	"defect."
#define SKIPS "Skips it, or refuses the record: no public source says."

#define ROW(id, code, level, rule, bios, mend) \
	[id] = { { code, rule, mend }, level, bios }

static const struct finding table[FINDING_LAST] = {
	ROW(SETUPBIN_TRUNCATED, "truncated", FINDING_UNREADABLE,
	    "A file has at least the header record, 512 bytes.",
	    "Finds no file that it knows, and starts the machine as if "
	    "there were no key.",
	    "Copy or make the file again."),
	ROW(SETUPBIN_GUID, "guid-unknown", FINDING_UNREADABLE,
	    "A file begins with the GUID of version 1, 2, 3 or 4.",
	    "Finds no file that it knows, and starts the machine as if "
	    "there were no key.",
	    "See that this is a Setup.bin at all; make it again for a "
	    "version that the machine knows."),
	ROW(SETUPBIN_HEAD_CHUNKS, "header-chunks", FINDING_UNREADABLE,
	    "The header record has at least one chunk of 512 bytes and "
	    "lies within the file.",
	    UNTOLD, REMAKE),
	ROW(SETUPBIN_HEAD_BYTES, "header-length", FINDING_UNREADABLE,
	    "The header's length is even, at least 42, and within the "
	    "header record.",
	    UNTOLD, REMAKE),
	ROW(SETUPBIN_HEAD_NUMBER, "header-number", FINDING_UNREADABLE,
	    "The number of the header record is 0.", UNTOLD, REMAKE),
	ROW(SETUPBIN_MAJOR, "major-mismatch", FINDING_UNREADABLE,
	    "The major version is that of the GUID.",
	    "Goes by the GUID or by the number, and may refuse the file: "
	    "no public source says which.",
	    "Make the file again. An editor that changes the version must "
	    "change the GUID with it."),
	ROW(SETUPBIN_HEAD_FLAGS, "header-flags", FINDING_UNREADABLE,
	    "Of the header's flags only bit 0, do not consume, is in use.",
	    UNTOLD, REMAKE),
	ROW(SETUPBIN_CONSUMED, "consumed-count", FINDING_UNREADABLE,
	    "No more records are consumed than there are.",
	    "Looks for the next record behind the end of the file and "
	    "finds none.",
	    "Make the key again; records of this one cannot be found."),
	ROW(SETUPBIN_CHUNKS, "record-chunks", FINDING_UNREADABLE,
	    "A record has at least one chunk of 512 bytes; this tool "
	    "reads up to 16.",
	    UNTOLD, REMAKE),
	ROW(SETUPBIN_HEAD_RESERVED, "header-reserved", FINDING_UNREADABLE,
	    "Reserved bytes of the header are 0.", UNTOLD, REMAKE),
	ROW(SETUPBIN_MODULES_OPEN, "module-list-open", FINDING_UNREADABLE,
	    "The list of modules ends with a 0 within the header's "
	    "length.",
	    UNTOLD, REMAKE),
	ROW(SETUPBIN_HEAD_PADDING, "header-padding", FINDING_UNREADABLE,
	    "The header record is filled up with 0.", UNTOLD, REMAKE),
	ROW(SETUPBIN_TYPE, "record-type", FINDING_UNREADABLE,
	    "A record has type 1; one that is not valid may have type 0.",
	    "Takes the record for an invalid one; the machine is not set "
	    "up.",
	    REMAKE),
	ROW(SETUPBIN_FLAGS, "record-flags", FINDING_UNREADABLE,
	    "Of a record's flags only bit 0, valid, and bit 1, scrambled, "
	    "are in use.",
	    UNTOLD, REMAKE),
	ROW(SETUPBIN_SCRAMBLED_EARLY, "scrambled-early", FINDING_UNREADABLE,
	    "Only files of version 4.0 have scrambled records.",
	    "Does not know the flag below 4.0, and reads nonsense.",
	    "Make a file of version 4.0, or do not scramble; scrambling "
	    "hides nothing."),
	ROW(SETUPBIN_RESERVED, "record-reserved", FINDING_UNREADABLE,
	    "Reserved bytes of a record are 0.", UNTOLD, REMAKE),
	ROW(SETUPBIN_RECORD_CHUNKS, "record-chunk-count", FINDING_UNREADABLE,
	    "Each record has as many chunks as the header says.", UNTOLD,
	    REMAKE),
	ROW(SETUPBIN_RECORD_HEAD, "record-header-length", FINDING_UNREADABLE,
	    "The header of a record has 24 bytes.", UNTOLD, REMAKE),
	ROW(SETUPBIN_ENTRY_PAST, "entry-past-end", FINDING_UNREADABLE,
	    "An entry ends within its record.",
	    "Refuses the record, or reads what is not there: no public "
	    "source says.",
	    REMAKE),
	ROW(SETUPBIN_ENTRY_RESERVED, "entry-reserved", FINDING_UNREADABLE,
	    "Reserved bytes of an entry are 0.", UNTOLD, REMAKE),
	ROW(SETUPBIN_ENTRY_PADDING, "entry-padding", FINDING_UNREADABLE,
	    "A value is filled up with 0 to a multiple of 4 bytes.", UNTOLD,
	    REMAKE),
	ROW(SETUPBIN_END_MARK, "end-mark", FINDING_UNREADABLE,
	    "Module 0 ends the entries and has no variable.",
	    "Takes it for the end; what follows is not used.", REMAKE),
	ROW(SETUPBIN_BEHIND_END, "after-end-mark", FINDING_UNREADABLE,
	    "Behind the last entry a record is filled up with 0.",
	    "Takes the mark for the end; what follows is not used.", REMAKE),
	ROW(FINDING_DISK_IMAGE, "disk-image", FINDING_UNREADABLE,
	    "A Setup.bin is the file alone, not the disk that it lies on.",
	    "Takes the file from the disk; the image itself is no file to "
	    "it.",
	    "Take the file out, and look at that: amtforge usb read --image "
	    "IMAGE --out FILE."),
	ROW(FINDING_JSON_TEXT, "json-text", FINDING_UNREADABLE,
	    "A Setup.bin is what is made of JSON, not the JSON.",
	    "Finds no file that it knows, and starts the machine as if "
	    "there were no key.",
	    "Make the file of it: amtforge setupbin encode IN.json OUT."),
	ROW(FINDING_FILE_SIZE, "file-size", FINDING_UNREADABLE,
	    "The size of a file is a multiple of 512 bytes.", UNTOLD,
	    "Copy the file again, or make it again; it was cut or "
	    "something was added."),
	ROW(FINDING_RECORDS_MISSING, "records-missing", FINDING_UNREADABLE,
	    "All records that the header counts lie within the file.",
	    "Uses the records that are there, or refuses the file: no "
	    "public source says.",
	    "Copy the file again, or make it again; it was cut, or its "
	    "count is wrong."),
	ROW(FINDING_TRAILING_BYTES, "trailing-bytes", FINDING_UNREADABLE,
	    "A file ends with its last record.",
	    "Never looks behind the last record.",
	    "Cut the file behind its last record, or make it again."),
	ROW(FINDING_TRAILING_ZEROES, "trailing-zeroes", FINDING_ERROR,
	    "A file ends with its last record.",
	    "Never looks behind the last record.",
	    "Write the file anew; it was read with the rest of its "
	    "cluster. Other tools refuse it as it is."),
	ROW(FINDING_CONSUMED_MISMATCH, "consumed-mismatch", FINDING_UNREADABLE,
	    "The header counts as many consumed records as are not valid.",
	    "Finds the next record by the count, and so takes one a "
	    "second time, or finds an invalid one and does nothing.",
	    "Make the key again. A cut while a record was taken leaves "
	    "such a file: see the record as possibly used."),
	ROW(FINDING_CONSUMED_ORDER, "consumed-order", FINDING_ERROR,
	    "Consumed records come before those that are valid.",
	    "Finds the next record by the count; it is an invalid one, "
	    "and the machine is not set up.",
	    "Make the key again with the records that are left."),
	ROW(FINDING_KEPT_CONSUMED, "kept-yet-consumed", FINDING_WARNING,
	    "A file whose records are not to be consumed has no consumed "
	    "ones.",
	    "May skip the record that is to serve every machine.",
	    "Make the file again without the flag, or with a fresh "
	    "record."),
	ROW(FINDING_NOTHING_LEFT, "nothing-left", FINDING_WARNING,
	    "A file has a valid record left.",
	    "Does nothing, or says that no record is left.",
	    "Make a key with new records; these are used up."),
	ROW(FINDING_NO_RECORDS, "no-records", FINDING_NOT_WRITTEN,
	    "A file has a data record.",
	    "Does nothing, or says that no record is left.",
	    "Make the file again with records in it."),
	ROW(FINDING_MANY_RECORDS, "many-records", FINDING_WARNING,
	    "A key has at most 1,000 records that are consumed.",
	    "Looks at each record on its way to the next: about 15 "
	    "seconds for 1,000, about 3 minutes for 100,000.",
	    "Spread the records over several keys."),
	ROW(FINDING_MODULE_LIST, "module-list", FINDING_WARNING,
	    "The header lists the modules that records use and no "
	    "others, and its length ends with the list.",
	    "Has taken such files, but need not.",
	    "Make the file again. A machine is known to have taken a file "
	    "whose list is empty."),
	ROW(FINDING_MINOR_UNKNOWN, "minor-unknown", FINDING_NOT_WRITTEN,
	    "The versions are 1.0, 2.0, 2.1, 3.0 and 4.0.",
	    "Reads it as a file of the major version, and may skip what "
	    "it does not know.",
	    "Make the file again for one of these versions."),
	ROW(FINDING_MULTI_CHUNK, "multi-chunk", FINDING_NOT_WRITTEN,
	    "The header and each record have one chunk.",
	    "No public file has larger ones; no machine is known to take "
	    "them.",
	    "Use shorter names, so that the entries fit one chunk of 512 "
	    "bytes."),
	ROW(FINDING_KEPT_V1, "kept-v1", FINDING_ERROR,
	    "A file of version 1.0 has records that are consumed.",
	    "Does not know the flag: it consumes the record, and the next "
	    "machine finds none.",
	    "Make a file of version 2.0 or later, or one whose records "
	    "are consumed."),
	ROW(FINDING_RECORD_NUMBER, "record-number", FINDING_WARNING,
	    "Records are numbered from 1 in their order.",
	    "Finds records by their place; no public source says that it "
	    "looks at the number.",
	    "Make the file again, if the machine refuses it."),
	ROW(FINDING_RECORD_FULL, "record-full", FINDING_NOT_WRITTEN,
	    "Entries of a one-chunk record have at most 484 bytes, so "
	    "that an end mark follows.",
	    "May run past the record's end: no public source says, and "
	    "one reader is known to.",
	    "Use shorter names, or leave entries out."),
	ROW(FINDING_RECORD_EMPTY, "record-empty", FINDING_WARNING,
	    "A valid record has entries.",
	    "Takes the record, and nothing is set.",
	    "Make the file again with entries in it."),
	ROW(FINDING_ORDER_PASSWORD, "order-password", FINDING_UNREADABLE,
	    "The current MEBx password comes first, then the new one, "
	    "before all else.",
	    "Is not let in by MEBx, since no password was given when the "
	    "first entry comes; the record is burnt.",
	    "Put 1/1 and 1/2 in front."),
	ROW(FINDING_ORDER_SELECTION, "order-selection", FINDING_UNREADABLE,
	    "The manageability selection comes before any entry of module "
	    "2.",
	    "Refuses the entries behind it, or this one; the record is "
	    "burnt.",
	    "Put 1/3 before the entries of module 2."),
	ROW(FINDING_ORDER_HASH, "order-hash", FINDING_UNREADABLE,
	    "A certificate hash comes after the certificate "
	    "configuration.",
	    "Refuses the hash, since user hashes are not enabled yet.",
	    "Put 2/7 before 2/8."),
	ROW(FINDING_ORDER_ACTIVATE, "order-activate", FINDING_UNREADABLE,
	    "Halt or activate comes after the DNS suffix, the server's "
	    "name and its address.",
	    "Starts set-up without what comes behind.",
	    "Put 2/3, 2/4 and 2/17 before 2/28."),
	ROW(FINDING_ORDER_UNUSUAL, "order-unusual", FINDING_WARNING,
	    "Entries ascend by module and variable, as every public tool "
	    "writes them.",
	    "No public source says that it minds.",
	    "Write the file anew in ascending order."),
	ROW(FINDING_REPEATED, "entry-repeated", FINDING_ERROR,
	    "Each variable comes once in a record, but for certificate "
	    "hashes.",
	    "Uses the first or the last: no public source says which.",
	    "Leave one of the values."),
	ROW(FINDING_HASH_UNANNOUNCED, "hash-unannounced", FINDING_WARNING,
	    "A certificate hash (2/8) follows a certificate configuration "
	    "(2/7).",
	    "Known tools write such files for 3.0 and 4.0, and machines "
	    "take them; the note that asks for 2/7 is of 2.0.",
	    "Add 2/7 with the value 1, if the machine does not take the "
	    "hash."),
	ROW(FINDING_HASH_DISABLED, "hash-disabled", FINDING_WARNING,
	    "A record that adds a certificate hash (2/8) gives the "
	    "certificate configuration (2/7) the value 1.",
	    "May refuse the hash, or add it and not use it: 0 disables such "
	    "hashes, 2 deletes them, and no public source says what that "
	    "does to one that follows.",
	    "Give 2/7 the value 1, or leave the hash out."),
	ROW(FINDING_HASHES_MANY, "hashes-many", FINDING_ERROR,
	    "A record adds at most three certificate hashes.",
	    "Takes three; others are refused.",
	    "Leave the three that are needed."),
	ROW(FINDING_PSK_HALF, "psk-half", FINDING_ERROR,
	    "PID and PPS come together.",
	    "Has no key to set up with; the record is burnt.",
	    "Add the one that is missing, from the list that the pair "
	    "came from."),
	ROW(FINDING_PSK_KEPT, "psk-kept", FINDING_ERROR,
	    "A PID and PPS are for one machine, so their record is "
	    "consumed.",
	    "Gives every machine the same key: who holds one machine can "
	    "pose as any other.",
	    "Clear the do-not-consume flag and give each machine its own "
	    "record; --insecure-shared-psk accepts one key for all."),
	ROW(FINDING_PID_REPEATED, "pid-repeated", FINDING_ERROR,
	    "No two records of a file have the same PID.",
	    "Gives two machines one identity; the server cannot tell them "
	    "apart.",
	    "Make the pairs again, one for each machine."),
	ROW(FINDING_PASSWORD_NONE, "password-none", FINDING_WARNING,
	    "A record gives the current MEBx password.",
	    "Cannot enter MEBx; the record is burnt and nothing is set.",
	    "Add 1/1 with the password that the machine has, admin if it "
	    "is new."),
	ROW(FINDING_PASSWORD_DEFAULT, "password-default", FINDING_ERROR,
	    "With the current password admin a record gives a new one.",
	    "Refuses all that follows: admin must be changed before "
	    "anything else.",
	    "Add 1/2 with a password that MEBx takes."),
	ROW(FINDING_UNKNOWN_MODULE, "unknown-module", FINDING_WARNING,
	    "A module is 1 or 2.", SKIPS,
	    "See whether a newer description of the format has it. Its "
	    "bytes are kept."),
	ROW(FINDING_UNKNOWN_VARIABLE, "unknown-variable", FINDING_WARNING,
	    "A variable is one that public sources name.", SKIPS,
	    "See whether a newer description of the format has it. Its "
	    "bytes are kept."),
	ROW(FINDING_VARIABLE_9, "variable-9", FINDING_ERROR,
	    "Variable 9 of module 2 is not in use.", SKIPS, "Leave it out."),
	ROW(FINDING_VARIABLE_NEWER, "variable-newer", FINDING_UNREADABLE,
	    "A variable is in the file version that has it, or a later "
	    "one.",
	    "Does not know the variable; skips it, or refuses the record.",
	    "Raise the file's version, if the machine knows that version; "
	    "else leave the entry out."),
	ROW(FINDING_VARIABLE_MAYBE_NEWER, "variable-maybe-newer",
	    FINDING_WARNING,
	    "Variables 23 to 35 of module 2 are in files of version 3.0 "
	    "and later, as far as release notes let one guess.",
	    "May not know the variable; skips it, or refuses the record.",
	    "Raise the file's version to 3.0, if the machine knows it."),
	ROW(FINDING_VALUE_LENGTH, "value-length", FINDING_UNREADABLE,
	    "A value has exactly the width of its number, or a length "
	    "within its limits.",
	    "Refuses the entry; the record is burnt.",
	    "Correct the value; amtforge-setupbin(7) lists the limits."),
	ROW(FINDING_VALUE_RANGE, "value-range", FINDING_UNREADABLE,
	    "A number is one of the values that its variable has.",
	    "Refuses the entry; the record is burnt.",
	    "Correct the value; amtforge-setupbin(7) lists them."),
	ROW(FINDING_VALUE_CHARS, "value-chars", FINDING_ERROR,
	    "Texts have only printable ASCII characters, without an end "
	    "mark.",
	    "Refuses the entry, or stores what nobody can type: no public "
	    "source says.",
	    "Correct the text. A NUL at its end, as C programs write it, "
	    "is one of these."),
	ROW(FINDING_HASH_TYPE, "hash-type", FINDING_UNREADABLE,
	    "A hash is 1 SHA-1, 2 SHA-256 or 3 SHA-384.", "Refuses the hash.",
	    "Take the hash anew from the root certificate: amtforge hash "
	    "show."),
	ROW(FINDING_HASH_LENGTH, "hash-length", FINDING_UNREADABLE,
	    "A hash entry is type, hash, length of the name and name, and "
	    "no more; the name has at most 32 characters.",
	    "Refuses the hash.",
	    "Make the entry again; its lengths do not agree."),
	ROW(FINDING_HASH_NAME, "hash-name", FINDING_NOT_WRITTEN,
	    "The name of a hash has at most 31 characters; whether 32 "
	    "fit, sources disagree.",
	    "Takes 32, or refuses the hash: sources disagree.",
	    "Shorten the name; it is for people only."),
	ROW(FINDING_HASH_NEWER, "hash-newer", FINDING_ERROR,
	    "SHA-256 and SHA-384 hashes are in files of version 3.0 and "
	    "later.",
	    "Does not know the hash and refuses it.",
	    "Raise the file's version to 3.0; a machine that knows only "
	    "2.x takes only SHA-1."),
	ROW(FINDING_PID_CHECK, "pid-check", FINDING_ERROR,
	    "A PID is 8 characters of 0-9 and A-Z, the last a checksum of "
	    "the others.",
	    "Checks it and refuses the pair; the record is burnt.",
	    "Compare the PID with its source."),
	ROW(FINDING_PPS_CHECK, "pps-check", FINDING_ERROR,
	    "A PPS is eight groups of 4 characters of 0-9 and A-Z, the "
	    "last of each a checksum.",
	    "Checks it and refuses the pair; the record is burnt.",
	    "Compare the PPS with its source."),
	ROW(FINDING_PASSWORD_RULE, "password-rule", FINDING_ERROR,
	    "A new MEBx password keeps Intel's rule: 8 to 32 characters, "
	    "with upper and lower case, a digit and a special character, "
	    "without colon, comma and quote.",
	    "Refuses the password and all that follows; the record is "
	    "burnt.",
	    "Choose another password; amtforge-setupbin(7) has the rule."),
	ROW(FINDING_PASSWORD_RISKY, "password-risky", FINDING_WARNING,
	    "A new MEBx password has at most 16 characters and none of "
	    "blank, apostrophe, less, greater and ampersand.",
	    "Intel's takes it; HP's refuses those characters, and some "
	    "servers take no more than 16.",
	    "Choose another password, if the machines are HP's or a "
	    "server takes no longer ones."),
	ROW(FINDING_PASSWORD_CURRENT, "password-current", FINDING_WARNING,
	    "The current password is admin or keeps Intel's rule; no "
	    "machine can have another.",
	    "Finds that it is not the machine's password; the record is "
	    "burnt.",
	    "Correct 1/1; it is mistyped, or of another machine."),
	ROW(FINDING_MODE_CONFLICT, "mode-conflict", FINDING_WARNING,
	    "Provisioning mode (2/16) is 0 or 1 in one public source and "
	    "1 or 2 in another.",
	    "May take 1 for enterprise or for small business.",
	    "Leave it out, if the machines take the file without it."),
	ROW(FINDING_LAYOUT_UNKNOWN, "layout-unknown", FINDING_WARNING,
	    "The layouts of 2/15, 2/19, 2/20, 2/21 and 2/22 are not "
	    "public.",
	    "Takes them if they are as its maker laid them out.",
	    "Compare the bytes with a file that the maker's tool wrote."),
	ROW(FINDING_FQDN_ALONE, "fqdn-alone", FINDING_WARNING,
	    "A shared or dedicated name (2/23) comes with a host name "
	    "(2/11).",
	    "Known to be taken where Intel's tool wrote it.",
	    "Nothing, if the machines take the file: Intel's own tool "
	    "writes it alone."),
	ROW(FINDING_AMT_FILE_NEWER, "amt-file-newer", FINDING_ERROR,
	    "The firmware knows the file's major version: 1 from AMT 2, 2 "
	    "from AMT 3, 3 from AMT 6, 4 later.",
	    "Does not know the GUID and does nothing with the key.",
	    "Make a file of the version that this firmware knows."),
	ROW(FINDING_AMT_FILE_MAYBE_NEWER, "amt-file-maybe-newer",
	    FINDING_WARNING,
	    "Files of version 4.0 are for AMT 7 and later; that AMT 6 "
	    "does not know them is inferred.",
	    "May not know the GUID, and then does nothing with the key.",
	    "Make a file of version 3.0."),
	ROW(FINDING_AMT_MINOR_NEWER, "amt-minor-newer", FINDING_WARNING,
	    "Files of version 2.1 are for AMT 4 and later.",
	    "Reads it as 2.0, and may skip what only 2.1 has.",
	    "Make a file of version 2.0."),
	ROW(FINDING_AMT_V1, "amt-v1", FINDING_WARNING,
	    "A file of version 1.0 is for AMT 2.",
	    "From AMT 3 on some know only the GUID of version 2, and do "
	    "nothing with the key.",
	    "Make a file of version 2.1 (2.0 for AMT 3); PID and PPS may "
	    "be in it."),
	ROW(FINDING_AMT_PSK, "amt-psk", FINDING_ERROR,
	    "PID and PPS are for firmware before AMT 11.",
	    "Ignores PID and PPS from AMT 11 on: set-up by a shared key "
	    "was removed.",
	    "Set these machines up by certificate: a hash (2/8) and a DNS "
	    "suffix, without 2/1 and 2/2."),
	ROW(FINDING_AMT_SHA1, "amt-sha1", FINDING_ERROR,
	    "Hashes that are added to AMT 16 and later are SHA-256 or "
	    "SHA-384.",
	    "Does not add a SHA-1 hash.",
	    "Take the SHA-256 hash of the root, in a file of version 3.0 "
	    "or 4.0. From AMT 14 it cannot be typed into MEBx: a key is "
	    "the way."),
	ROW(FINDING_AMT_SHA1_SOME, "amt-sha1-some", FINDING_WARNING,
	    "Hashes that are added to AMT 15 are SHA-256 or SHA-384 on "
	    "boards with an H chipset.",
	    "Does not add a SHA-1 hash where the chipset is an H one.",
	    "Take the SHA-256 hash of the root, in a file of version 3.0 "
	    "or 4.0."),
	ROW(FINDING_AMT_MANUAL, "amt-manual", FINDING_WARNING,
	    "Manual set-up (2/29 with 1) is for older firmware; since "
	    "which release it is gone, no source says.",
	    "Recent firmware ignores it: the machine is not activated by "
	    "the key alone.",
	    "Activate the machine by a server or by its host."),
};

const struct finding *
finding_get(enum finding_id id)
{
	return &table[id];
}

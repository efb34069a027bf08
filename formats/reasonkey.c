/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/reasontable.h"

static const struct reason table[] = {
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
reasonkey_get(enum reason_id id)
{
	unsigned i = (unsigned)id;

	if (i >= sizeof(table) / sizeof(table[0]) || table[i].code == NULL)
		return NULL;
	return &table[i];
}

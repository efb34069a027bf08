/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree for people and for programs, from the same calls. As JSON it is one
 * object; a node is an object in the list that bears its kind's name. As text
 * a node is one line, indented below what holds it:
 *
 *   0x00001000..0x001fffff me  header 0x30, entries 24
 *     0x00001400..0x00001fff FOVD  kind oem-data
 *
 * and an object's values stand on lines of their own. A line that is too wide
 * for a terminal goes on below, indented by 4: a child is indented by 2.
 *
 * Nodes of one list follow each other without another list between. Calls
 * cannot fail; tree_end() says what went wrong, and prints.
 */
#ifndef FACTORY_TREE_H
#define FACTORY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/uuid.h"

#define TREE_DEPTH 32
#define TREE_GAPS 256 /* that are told; more are counted */

struct tree_gap {
	size_t from, end;
	char what[160];
};

struct tree {
	bool json;
	struct wr out;
	size_t depth;
	const char *list[TREE_DEPTH]; /* that is open in each object */
	bool line, values;            /* text: a line is open, and has values */
	bool rows;                    /* text: values on lines of their own */
	size_t ngaps, more;
	struct tree_gap *gap; /* owned */
};

void tree_begin(struct tree *, bool json);
/* Prints and frees; also what was not understood, in the list "unknown". */
enum err_code tree_end(struct tree *, struct err *);

/* A node of that list: bytes from..end-1, keys "offset" and "size"; name may
 * be NULL, else it is the key "name". */
void tree_open(
    struct tree *, const char *list, size_t from, size_t end, const char *name);
/* A region: keys "name", "base" and "limit" in the list "regions". */
void tree_region(struct tree *, size_t base, size_t limit, const char *name);
/* An entry without a place of its own: only its values. */
void tree_entry(struct tree *, const char *list, const char *name);
/* An object of its own, not in a list. */
void tree_object(struct tree *, const char *key);
void tree_close(struct tree *);

/* Values of what is open, before its first child. */
void tree_uint(struct tree *, const char *key, uint64_t);
void tree_hex(struct tree *, const char *key, uint64_t); /* a number in JSON */
/* A register as it stands in the image: in JSON only. */
void tree_raw(struct tree *, const char *key, uint64_t);
void tree_text(struct tree *, const char *key, const char *); /* not if "" */
void tree_flag(struct tree *, const char *key, bool); /* in text: only true */
void tree_uuid(struct tree *, const char *key, const struct uuid *);
void tree_bytes(struct tree *, const char *key, const void *, size_t);
/* The SHA-256 of what is open, as a map's rule may ask for it: "sha256", in
 * JSON only. */
void tree_sha256(struct tree *, const void *, size_t);

/* A range that nothing here understands, or with end from the offset of what
 * is broken. Told once, at the end; what is copied. */
void tree_unknown(struct tree *, size_t from, size_t end, const char *what);

#endif

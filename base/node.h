/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small XML tree as plain data (pure): what base/xml.c reads and formats/
 * understands. Names are local names; the namespace is kept beside. Text is
 * the concatenated character data without the white space around it, as XML
 * Schema reads numbers, truth values, URIs and base64; a string's white space
 * is part of it, and a password is one: that is raw.
 */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct node {
	const char *name;      /* local name */
	const char *ns;        /* namespace URI, "" if none */
	const char *text;      /* never NULL */
	const char *raw;       /* untrimmed; with elements in it: text */
	const char *attr_name; /* value of the attribute "Name", or NULL */
	bool must;             /* SOAP 1.2: mustUnderstand is said to be true */
	bool nil;              /* XML Schema: xsi:nil is said to be true */
	struct node *child, *next;
};

/* The first child of that local name; NULL if there is none (or n NULL). */
const struct node *node_child(const struct node *, const char *name);
/* node_child by path "Body/CommitChanges_OUTPUT/ReturnValue". */
const struct node *node_path(const struct node *, const char *path);
const char *node_text(const struct node *, const char *path); /* or NULL */
const char *node_raw(const struct node *, const char *path);  /* likewise */
/* Base64, also in lines; *n: in room, out length. false also where it is not
 * there. */
bool node_b64(const struct node *, const char *path, void *out, size_t *n);
/* Character data or an attribute's value: & < > " and \t \n \r escaped. */
void node_escape(struct wr *, const char *);
/* What is inside it, as markup that stands anywhere: of attributes "Name" and
 * xsi:nil only; its text before its children. */
void node_inside(struct wr *, const struct node *);
#define NODE_SCHEMA "http://www.w3.org/2001/XMLSchema-instance"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that the JSON of a Setup.bin has and nobody reads: other tools add
 * some, so they are no fault, but one that is misspelt is ignored all the
 * same, and its user is to hear of it.
 */
#ifndef FACTORY_JSONKEYS_H
#define FACTORY_JSONKEYS_H

struct json_doc;

/* Tells in a line each unknown key where it is first met, and which version is
 * written where none is named. */
void jsonkeys_look(const struct json_doc *, void (*tell)(const char *line));

#endif

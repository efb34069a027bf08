/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of records and Setup.bin files in an image: whole, old, torn
 * and damaged ones. Each is taken as far as it goes: entries behind a damaged
 * one, a file's records behind a damaged record or header. Pure.
 *
 * A length that nothing proves is not believed: of what is not whole only the
 * header and the entries that can be made out are told as its bytes.
 */
#ifndef BIOS_REMAINS_H
#define BIOS_REMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/needle.h"

struct remains {
	const uint8_t *p;        /* borrowed */
	struct needles *needles; /* learn the secrets; NULL: none */
	/* Hears the bytes of each; NULL: nobody does. */
	void (*tell)(void *arg, size_t off, size_t len);
	void *arg;
	/* Counted: */
	size_t records, setups; /* damaged ones too */
	size_t damaged; /* something may lie in there that was not learned */
	size_t covered; /* where the records of the last file end */
};

/* In from..end-1. */
void remains_find(struct remains *, size_t from, size_t end);
/* A record's magic, version and header length. *len: what it claims, cut to
 * what can be. */
bool remains_record(const uint8_t *, size_t room, size_t *len);
/* The next Setup.bin file with a sound header, at or behind *at. */
bool remains_setup(const uint8_t *, size_t end, size_t *at);

#endif

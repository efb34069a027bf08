/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linter of Setup.bin: walks a whole file, goes on after an error as far
 * as it can, and tells each finding of formats/finding.h with its place. It
 * never hands out a value, so that findings may be logged.
 *
 * The file lies in memory (a mapping will do). Beside it the linter needs
 * less than 1 MiB, however many records there are: PIDs are compared in as
 * many passes as it takes.
 */
#ifndef FORMATS_SETUPLINT_H
#define FORMATS_SETUPLINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "formats/finding.h"

struct setuplint_opts {
	/* The firmware that is to take the key; 0: not told. No rule that is
	 * known goes by the minor number. */
	uint8_t amt_major;
	bool writing;    /* by the rules of a writer */
	bool shared_psk; /* the user accepts one key for many machines */
	bool newer;      /* and a file that is newer than its machines */
};

struct setuplint_found {
	enum finding_id id;
	bool error;
	uint64_t off;       /* in the file */
	uint32_t record;    /* counted from 1; 0: the header, or the file */
	uint16_t module;    /* of the entry; 0: none */
	uint16_t var;       /* likewise */
	uint32_t other;     /* the record that it repeats, or 0 */
	const char *detail; /* more words, or NULL; static */
};

struct setuplint_sum {
	uint32_t records; /* looked at */
	uint64_t errors, warnings;
	uint64_t unreadable; /* of the errors: a strict reader stops too */
	struct setuplint_found first; /* error, if there are any */
};

struct setuplint_sink {
	void (*tell)(void *arg, const struct setuplint_found *);
	void *arg;
};

/* ERR_RETRY without memory, else ERR_OK whatever is found. sink: NULL where
 * the sum is enough. */
enum err_code setuplint_run(const uint8_t *, size_t n,
    const struct setuplint_opts *, const struct setuplint_sink *,
    struct setuplint_sum *, struct err *);

#endif

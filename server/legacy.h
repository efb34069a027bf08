/* SPDX-License-Identifier: Apache-2.0 */
/*
 * insecure_legacy_amt in server.cfg: the AMT versions with whose machines the
 * server speaks the TLS of their time (1.0 and 1.1, SHA-1 signatures), each
 * connection on its own, and with an audit row each. A set, by the rows of
 * formats/generation.h: a version stands for those of its age.
 */
#ifndef SERVER_LEGACY_H
#define SERVER_LEGACY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "formats/generation.h"

/* "3.0, 5.1": ERR_CONFIG for what is no version, or needs no such thing. */
enum err_code legacy_parse(const char *text, uint32_t *set, struct err *);
bool legacy_has(uint32_t set, const struct generation *);
/* The row for a unit's version as text; the oldest where it has none. */
const struct generation *legacy_generation(const char *amt);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine is called: a rule that makes a host name of its row, and a
 * table (CSV, header uuid,fqdn) that names each machine by its UUID.
 *
 * In a rule, {serial} {uuid} {mac} {order} {sku} stand for the unit's values,
 * {mac} without its colons and of the first interface; {serial:6} for the
 * first six characters of one, {serial:-6} for its last six. Letters come out
 * small. The result must be one DNS label (RFC 1123): nothing that does not
 * fit is put right, since two machines could then get one name.
 *
 * A table is taken whole or not at all, and read again when its file has
 * changed; one that cannot be read then leaves the old one in force.
 */
#ifndef SERVER_NAMING_H
#define SERVER_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/row.h"

#define NAMING_LABEL 64 /* with the NUL */
#define NAMING_FQDN 254
#define NAMING_RULE 128

/* One label, or labels with dots between: letters, digits and inner dashes. */
bool naming_is_label(const char *);
bool naming_is_domain(const char *);

/* Is the rule well formed? *why says what is wrong with it. */
bool naming_rule_check(const char *rule, const char **why);
/* The host name. ERR_DATA with REASON_NAME_MISSING where the unit has not what
 * the rule asks for, or what comes of it is no label. */
enum err_code naming_rule(const char *rule, const struct row *,
    char out[static NAMING_LABEL], struct err *);

struct naming_table;

/* Refused with "name:line: ..." where a row is bad, or a UUID or a name stands
 * there twice. */
enum err_code naming_table_read(const char *name, const void *text, size_t n,
    struct naming_table **, struct err *);
void naming_table_write(struct wr *, const struct naming_table *);
void naming_table_free(struct naming_table *); /* NULL is fine */
/* NULL: not in it. Lives as long as the table. */
const char *naming_table_find(const struct naming_table *, const struct uuid *);

/* A table and the file that it came from. */
struct naming_file {
	char *path; /* NULL: there is none */
	struct naming_table *table;
	struct stat seen;
};

enum err_code naming_file_open(
    struct naming_file *, const char *path, struct err *);
/* Reads it again if it changed; *changed: a new table is in force. A failure
 * is told once for each change. */
enum err_code naming_file_refresh(
    struct naming_file *, bool *changed, struct err *);
void naming_file_close(struct naming_file *);

#endif

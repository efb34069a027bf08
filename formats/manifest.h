/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch manifest: a canonical ustar of
 *
 *   manifest.json       canonical JSON, this header
 *   manifest.p7s        CMS detached signature over manifest.json, DER
 *   devices-00001.cms   gzip'ed NDJSON rows, at most 10,000, CMS
 *   devices-00002.cms   AuthEnvelopedData AES-256-GCM, DER; ...
 *
 * in that order. Plain tools open it: tar, openssl cms, gunzip, jq. See
 * amtforge-manifest(5). manifest.json, keys in this order:
 *
 *   {"format":"amtforge-manifest","version":1,"batch":"<uuid>","order":"..",
 *    "oem":"..","customer":"..","created":"<RFC 3339>","sequence":N,
 *    "previous":"<sha256 of the order's previous manifest, or empty>",
 *    "units":N,"key_shared":false,
 *    "recipients":[{"name":"..","cert_sha256":".."}],
 *    "hash_lists":[{"name":"..","hashes":[{"type":"sha256","hash":"..",
 *      "name":"..","active":true,"only":false}]}],
 *    "chunks":[{"name":"devices-00001.cms","rows":N,"size":N,
 *      "sha256":".."}]}
 */
#ifndef FORMATS_MANIFEST_H
#define FORMATS_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/hashlist.h"
#include "formats/row.h"
#include "formats/ustar.h"

#define MANIFEST_CHUNK_ROWS 10000
#define MANIFEST_RECIPIENTS 16
#define MANIFEST_LISTS 8
#define MANIFEST_CHUNKS 1000 /* ten million units */
#define MANIFEST_JSON "manifest.json"
#define MANIFEST_P7S "manifest.p7s"

struct manifest_recipient {
	char name[128];
	char cert_sha256[65];
};

struct manifest_list {
	char name[65];
	struct hashlist hashes;
};

struct manifest_chunk {
	char name[32];
	uint32_t rows;
	uint64_t size;
	char sha256[65];
};

/* Large: allocate it. No secrets in it. */
struct manifest {
	char batch[UUID_TEXT];
	char order[64];
	char oem[128];
	char customer[128];
	char created[24];
	uint32_t sequence;
	char previous[65];
	uint64_t units;
	bool key_shared;
	size_t nrecipients, nlists, nchunks;
	struct manifest_recipient recipient[MANIFEST_RECIPIENTS];
	struct manifest_list list[MANIFEST_LISTS];
	struct manifest_chunk chunk[MANIFEST_CHUNKS];
};

void manifest_write(struct wr *, const struct manifest *);
bool manifest_read(struct rd *, struct manifest *);
const struct manifest_list *manifest_list_find(
    const struct manifest *, const char *name);
void manifest_chunk_name(char out[static 32], size_t index);

/* Each row of a decrypted, inflated chunk, in turn; stops at the first that
 * fails or that fn refuses. rows must be met exactly. */
bool manifest_rows(struct rd *, uint32_t rows,
    bool (*fn)(void *arg, const struct row *, size_t index), void *arg);

#endif

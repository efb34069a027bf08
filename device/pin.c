/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "device/pin.h"
#include "formats/dhcp.h"

/* Writers differ in what the number before the list is: MeshCentral counts
 * suffixes, others bytes. One of up to four is a count: so few bytes hold no
 * more names than that. What follows the names is not looked at. */
static enum amt_status
put_suffixes(struct wr *w, const struct pthi_host_based *in)
{
	bool counted = in->suffixes <= PIN_SUFFIXES;
	size_t room = counted ? sizeof(in->list) : in->suffixes, at = 0, n;
	char name[sizeof(in->list) + 1];

	for (size_t i = 0; at < room && (!counted || i < in->suffixes); i++) {
		n = strnlen(in->list + at, room - at);
		memcpy(name, in->list + at, n);
		name[n] = '\0';
		at += n + 1;
		if (n == 0)
			break;
		if (i == PIN_SUFFIXES)
			return AMT_BAD_PARAMETER;
		if (!dhcp_is_name(name))
			return AMT_BAD_DOMAIN;
		wr_bytes(w, name, n + 1);
	}
	return AMT_OK;
}

enum amt_status
pin_of(const struct pthi_host_based *in, bool with_suffixes,
    struct state_blob *out)
{
	enum hash_type type = (enum hash_type)in->algorithm;
	uint8_t bytes[1 + HASHLIST_HASH + sizeof(in->list) + 1];
	enum amt_status status = AMT_OK;
	struct err e = { 0 };
	struct wr w;

	if ((type != HASH_SHA256 && type != HASH_SHA384) ||
	    in->suffixes > (in->has_list ? sizeof(in->list) : 0))
		return AMT_BAD_PARAMETER;
	wr_fixed(&w, bytes, sizeof(bytes));
	wr_u8(&w, in->algorithm);
	wr_bytes(&w, in->hash, hashlist_hash_len(type));
	if (in->suffixes > 0 && with_suffixes)
		status = put_suffixes(&w, in);
	if (status != AMT_OK)
		return status;
	if (w.failed)
		return AMT_BAD_PARAMETER;
	return state_blob_set(out, bytes, w.len, &e) == ERR_OK ? AMT_OK
							       : AMT_INTERNAL;
}

const uint8_t *
pin_hash(const struct state_blob *b, enum hash_type *type)
{
	struct rd r;

	rd_init(&r, b->p, b->n);
	*type = (enum hash_type)rd_u8(&r);
	return rd_bytes(&r, hashlist_hash_len(*type));
}

const char *
pin_suffix(const struct state_blob *b, size_t i)
{
	enum hash_type type;
	const uint8_t *p = pin_hash(b, &type), *end;

	if (p == NULL)
		return NULL;
	end = b->p + b->n;
	p += hashlist_hash_len(type);
	while (p < end && i-- > 0)
		p += strlen((const char *)p) + 1;
	return p < end ? (const char *)p : NULL;
}

bool
pin_sound(const struct state_blob *b)
{
	enum hash_type type;
	const uint8_t *hash = pin_hash(b, &type);
	const char *s;

	if (hash == NULL || (type != HASH_SHA256 && type != HASH_SHA384) ||
	    (b->n > 1 + hashlist_hash_len(type) && b->p[b->n - 1] != '\0'))
		return false;
	for (size_t i = 0; (s = pin_suffix(b, i)) != NULL; i++)
		if (i == PIN_SUFFIXES || !dhcp_is_name(s))
			return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS may embed it. */
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "formats/hashlist.h"
#include "formats/psk.h"
#include "formats/setupvar.h"

/* Rows: where and what; lengths; legal numbers; since which file version. */
#define TEXT(m, i, name, min, max, v, sec, inf)                              \
	{                                                                    \
		m, i, name, SETUPVAR_TEXT, min, max, 0, 0, 0, v, sec, false, \
		    inf                                                      \
	}
#define UINT(m, i, name, width, min, max, bits, v, inf)                     \
	{                                                                   \
		m, i, name, SETUPVAR_UINT, width, width, min, max, bits, v, \
		    false, false, inf                                       \
	}
#define BYTES(m, i, name, min, max, v, inf)                              \
	{                                                                \
		m, i, name, SETUPVAR_BYTES, min, max, 0, 0, 0, v, false, \
		    false, inf                                           \
	}
#define V1 1, 0
#define V2 2, 0
#define V2_1 2, 1
#define V3 3, 0
#define ANY UINT16_MAX

/* Ascending. */
static const struct setupvar vars[] = {
	TEXT(1, 1, "Current MEBx Password", 1, 32, V1, true, false),
	TEXT(1, 2, "New MEBx Password", 8, 32, V1, true, false),
	UINT(1, 3, "Manageability Feature Selection", 1, 0, 1, 0, V1, false),
	UINT(1, 4, "Firmware Local Update", 1, 0, 2, 0, V2_1, false),
	UINT(1, 5, "Firmware Update Qualifier", 1, 0, 2, 0, V2_1, false),
	{ 1, 6, "Power Package", SETUPVAR_GUID, 16, 16, 0, 0, 0, V2_1, false,
	    false, false },
	{ 2, 1, "PID", SETUPVAR_PID, PSK_PID_LEN, PSK_PID_LEN, 0, 0, 0, V1,
	    false, false, false },
	{ 2, 2, "PPS", SETUPVAR_PPS, PSK_PPS_LEN, PSK_PPS_LEN, 0, 0, 0, V1,
	    true, false, false },
	TEXT(2, 3, "PKI DNS Suffix", 1, 255, V2, false, false),
	TEXT(2, 4, "Configuration Server FQDN", 1, 255, V2, false, false),
	UINT(2, 5, "Remote Configuration Enabled", 1, 0, 1, 0, V2, false),
	UINT(2, 6, "Pre-Installed Certificates Enabled", 1, 0, 1, 0, V2, false),
	UINT(2, 7, "User Defined Certificate Configuration", 1, 0, 2, 0, V2,
	    false),
	/* A name of 32 is MeshCommander's comment; its form stops at 31. */
	{ 2, 8, "User Defined Certificate Addition", SETUPVAR_HASH, 22,
	    2 + HASHLIST_HASH + 32, 0, 0, 0, V2, false, true, false },
	UINT(2, 10, "SOL/IDER Redirection", 1, 0, 7, 0, V2, false),
	TEXT(2, 11, "Hostname", 1, 63, V2_1, false, false),
	TEXT(2, 12, "Domain Name", 1, 255, V2_1, false, false),
	/* 1 disabled, 2 enabled: not a switch like the others. */
	UINT(2, 13, "DHCP", 1, 1, 2, 0, V2_1, false),
	UINT(2, 14, "Secure Firmware Update", 1, 0, 1, 0, V2_1, false),
	/* Layouts of the next and of 19 to 22 are not public. */
	BYTES(2, 15, "ITO", 0, ANY, V2_1, false),
	/* Sources disagree whether the two modes are 0 and 1 or 1 and 2. */
	UINT(2, 16, "Provisioning Mode", 1, 0, 2, 0, V2_1, false),
	{ 2, 17, "Provisioning Server Address", SETUPVAR_IPV4, 4, 4, 0, 0, 0,
	    V2_1, false, false, false },
	UINT(2, 18, "Provisioning Server Port", 2, 1, 65535, 0, V2_1, false),
	BYTES(2, 19, "Static IPv4 Parameters", 0, ANY, V2_1, false),
	BYTES(2, 20, "VLAN", 0, ANY, V2_1, false),
	BYTES(2, 21, "PASS Policy Flag", 0, ANY, V2_1, false),
	/* 204 bytes in an old form, 84 in a new one. */
	BYTES(2, 22, "IPv6", 84, 204, V3, false),
	UINT(2, 23, "Shared/Dedicated FQDN", 1, 0, 1, 0, V3, true),
	UINT(2, 24, "Dynamic DNS Update", 1, 0, 1, 0, V3, true),
	UINT(2, 25, "Remote Desktop (KVM) State", 1, 0, 1, 0, V3, true),
	UINT(2, 26, "Opt-in User Consent", 1, 0, 255, 0x3, V3, true),
	UINT(2, 27, "Opt-in Remote IT Consent Policy", 1, 0, 1, 0, V3, true),
	UINT(2, 28, "ME Provisioning Halt/Activate", 1, 0, 1, 0, V3, true),
	UINT(2, 29, "Manual Setup and Configuration", 1, 0, 1, 0, V3, true),
	UINT(2, 30, "Support Channel Identifier", 4, 1, 65535, 0, V3, true),
	TEXT(2, 31, "Support Channel Description", 1, 60, V3, false, true),
	TEXT(2, 32, "Service Account Number", 1, 32, V3, false, true),
	TEXT(2, 33, "Enrollment Passcode", 1, 32, V3, true, true),
	UINT(2, 34, "Service Type", 4, 1, 4, 0x16, V3, true),
	BYTES(2, 35, "Service Provider Identifier", 16, 16, V3, true),
};

#define VARS (sizeof(vars) / sizeof(vars[0]))

const struct setupvar *
setupvar_nth(size_t i)
{
	return i < VARS ? &vars[i] : NULL;
}

const struct setupvar *
setupvar_find(uint16_t module, uint16_t id)
{
	/* 6 of module 1; of module 2 all but number 9 */
	size_t i = module == 1 ? id - 1u : 5u + id - (id > 9 ? 1 : 0);

	return i < VARS && vars[i].module == module && vars[i].id == id
	    ? &vars[i]
	    : NULL;
}

#define VAR(module, id) ((uint32_t)(module) << 16 | (id))

static enum setupvar_order
behind(uint32_t var, const struct setupbin_entry *e)
{
	bool known = setupvar_find(e->module, e->id) != NULL;

	switch (var) {
	case VAR(1, 1):
		return known ? SETUPVAR_ORDER_PASSWORD : SETUPVAR_IN_ORDER;
	case VAR(1, 2):
		return known && VAR(e->module, e->id) != VAR(1, 1)
		    ? SETUPVAR_ORDER_PASSWORD
		    : SETUPVAR_IN_ORDER;
	case VAR(1, 3):
		return e->module == 2 ? SETUPVAR_ORDER_SELECTION
				      : SETUPVAR_IN_ORDER;
	case VAR(2, 7):
		return VAR(e->module, e->id) == VAR(2, 8) ? SETUPVAR_ORDER_HASH
							  : SETUPVAR_IN_ORDER;
	case VAR(2, 3):
	case VAR(2, 4):
	case VAR(2, 17):
		return VAR(e->module, e->id) == VAR(2, 28)
		    ? SETUPVAR_ORDER_ACTIVATE
		    : SETUPVAR_IN_ORDER;
	default:
		return SETUPVAR_IN_ORDER;
	}
}

enum setupvar_order
setupvar_order(
    const struct setupbin_record *rec, const struct setupbin_entry *at)
{
	enum setupvar_order broken = SETUPVAR_IN_ORDER;
	struct setupbin_entry e;
	size_t off = 0;

	while (broken == SETUPVAR_IN_ORDER && setupbin_next(rec, &off, &e) &&
	    e.off < at->off)
		broken = behind(VAR(at->module, at->id), &e);
	return broken;
}

static enum setupvar_fault
judge_uint(const struct setupvar *var, const uint8_t *p, size_t n)
{
	uint32_t v = n == 1 ? p[0] : n == 2 ? get_u16le(p) : get_u32le(p);

	if (v < var->min || v > var->max)
		return SETUPVAR_RANGE;
	if (var->bits != 0 && v != var->max &&
	    (v > 31 || (var->bits >> v & 1) == 0))
		return SETUPVAR_RANGE;
	return SETUPVAR_OK;
}

static enum setupvar_fault
judge_hash(const uint8_t *p, size_t n)
{
	size_t h = hashlist_hash_len((enum hash_type)p[0]);

	if (h == 0)
		return SETUPVAR_HASH_TYPE;
	if (n < 2 + h || n != 2 + h + p[1 + h] || p[1 + h] > 32)
		return SETUPVAR_HASH_LENGTH;
	return text_printable(p + 2 + h, n - 2 - h) ? SETUPVAR_OK
						    : SETUPVAR_CHARS;
}

/* 0-9A-Z only: in a file there are no dashes and no small letters. Without a
 * branch on the character. */
static enum setupvar_fault
judge_psk(const uint8_t *p, size_t n)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++)
		wrong |=
		    (p[i] - (unsigned)'0' > 9) & (p[i] - (unsigned)'A' > 25);
	return wrong ? SETUPVAR_CHARS : SETUPVAR_OK;
}

enum setupvar_fault
setupvar_judge(const struct setupvar *var, const void *value, size_t n)
{
	if (n < var->min_len || n > var->max_len)
		return SETUPVAR_LENGTH;
	switch (var->type) {
	case SETUPVAR_TEXT:
		return text_printable(value, n) ? SETUPVAR_OK : SETUPVAR_CHARS;
	case SETUPVAR_UINT:
		return judge_uint(var, value, n);
	case SETUPVAR_HASH:
		return judge_hash(value, n);
	case SETUPVAR_PID:
	case SETUPVAR_PPS:
		return judge_psk(value, n);
	case SETUPVAR_GUID:
	case SETUPVAR_IPV4:
	case SETUPVAR_BYTES:
		break;
	}
	return SETUPVAR_OK;
}

bool
setupvar_check(
    const struct setupvar *var, const void *value, size_t n, const char **why)
{
	static const char *const whys[] = {
		[SETUPVAR_OK] = NULL,
		[SETUPVAR_LENGTH] = "wrong length",
		[SETUPVAR_RANGE] = "a value that there is not",
		[SETUPVAR_CHARS] = "characters that there must not be",
		[SETUPVAR_HASH_TYPE] = "unknown hash algorithm",
		[SETUPVAR_HASH_LENGTH] = "lengths within a hash do not agree",
	};

	*why = whys[setupvar_judge(var, value, n)];
	return *why == NULL;
}

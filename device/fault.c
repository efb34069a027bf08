/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/chance.h"
#include "device/fault.h"

/* needs: there is no rule without a value; max 0: there is none with one. */
static const struct {
	const char *name;
	bool needs;
	uint32_t max, usual;
} kinds[FAULT_KINDS] = {
	[FAULT_DROP] = { "drop", true, 1000, 0 },
	[FAULT_CUT] = { "cut", true, 1000, 0 },
	[FAULT_OTP] = { "otp", false, 0, 0 },
	[FAULT_CERT] = { "cert", false, 0, 0 },
	[FAULT_LATE] = { "late", true, 86400, 0 },
	[FAULT_DUPLICATE] = { "duplicate", false, 0, 0 },
	[FAULT_FRAGMENT] = { "fragment", false, 0, 0 },
	[FAULT_SLOW] = { "slow", false, 60000, 2000 },
	[FAULT_SILENT] = { "silent", false, 0, 0 },
};

/* "0.25", "25%". */
static bool
share_parse(const char *text, double *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	*out = strtod(text, &end);
	if (*end == '%' && end[1] == '\0') {
		*out /= 100;
		end++;
	}
	return *end == '\0' && *out > 0 && *out <= 1;
}

static bool
value_parse(const char *text, size_t n, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (n == 0 || n > 9)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		v = 10 * v + (uint64_t)(text[i] - '0');
	}
	*out = (uint32_t)v;
	return v > 0 && v <= max;
}

static enum err_code
kind_find(const char *text, size_t n, enum fault_kind *out, struct err *e)
{
	for (int i = 0; i < FAULT_KINDS; i++)
		if (strlen(kinds[i].name) == n &&
		    strncmp(kinds[i].name, text, n) == 0) {
			*out = (enum fault_kind)i;
			return ERR_OK;
		}
	return err_set(e, ERR_USAGE,
	    "--fault %s: no such fault; there are drop=N, cut=N, otp, cert, "
	    "late=SECONDS, duplicate, fragment, slow[=N] and silent",
	    text);
}

enum err_code
fault_rule(struct fault_plan *p, const char *text, struct err *e)
{
	size_t name = strcspn(text, "=:"), head = strcspn(text, ":");
	enum fault_kind k = FAULT_DROP;
	uint32_t value;
	double share = 1;

	if (p->n == FAULT_RULES)
		return err_set(
		    e, ERR_USAGE, "--fault: at most %d rules", FAULT_RULES);
	if (kind_find(text, name, &k, e) != ERR_OK)
		return e->code;
	value = kinds[k].usual;
	if (text[name] != '=' && kinds[k].needs)
		return err_set(e, ERR_USAGE, "--fault %s: %s=N is wanted", text,
		    kinds[k].name);
	if (text[name] == '=' &&
	    !value_parse(
		text + name + 1, head - name - 1, kinds[k].max, &value))
		return err_set(e, ERR_USAGE,
		    kinds[k].max == 0 ? "--fault %s: it takes no number"
				      : "--fault %s: a number from 1 to %u",
		    text, (unsigned)kinds[k].max);
	if (text[head] == ':' && !share_parse(text + head + 1, &share))
		return err_set(e, ERR_USAGE,
		    "--fault %s: a share is more than 0 and at most 1 or 100%%",
		    text);
	p->rule[p->n].kind = k;
	p->rule[p->n].value = value;
	p->rule[p->n++].share = share;
	return ERR_OK;
}

void
fault_deal(const struct fault_plan *p, const struct uuid *u, struct fault *f)
{
	char what[32];

	*f = (struct fault){ 0 };
	f->start_ms = (uint32_t)(chance_part(p->seed, u, "spread") *
	    (double)p->spread_ms);
	for (size_t i = 0; i < p->n; i++) {
		uint32_t v = p->rule[i].value;

		snprintf(what, sizeof(what), "rule %zu", i);
		if (chance_part(p->seed, u, what) >= p->rule[i].share)
			continue;
		f->kinds |= (uint16_t)(1u << p->rule[i].kind);
		if (p->rule[i].kind == FAULT_DROP)
			f->drop = (uint16_t)v;
		else if (p->rule[i].kind == FAULT_CUT)
			f->cut = (uint16_t)v;
		else if (p->rule[i].kind == FAULT_SLOW)
			f->slow = (uint16_t)v;
		else if (p->rule[i].kind == FAULT_LATE)
			f->late_s = v;
	}
	f->start_ms += f->late_s * 1000;
}

bool
fault_has(const struct fault *f, enum fault_kind k)
{
	return (f->kinds >> k & 1u) != 0;
}

const char *
fault_name(enum fault_kind k)
{
	return kinds[k].name;
}

void
fault_text(const struct fault *f, char out[static FAULT_TEXT])
{
	const uint32_t value[FAULT_KINDS] = { [FAULT_DROP] = f->drop,
		[FAULT_CUT] = f->cut,
		[FAULT_SLOW] = f->slow,
		[FAULT_LATE] = f->late_s };
	struct wr w;

	wr_fixed(&w, out, FAULT_TEXT - 1);
	for (int i = 0; i < FAULT_KINDS; i++) {
		if (!fault_has(f, (enum fault_kind)i))
			continue;
		wr_fmt(&w, "%s%s", w.len > 0 ? " " : "", kinds[i].name);
		if (value[i] > 0)
			wr_fmt(&w, "=%u", (unsigned)value[i]);
	}
	out[w.len] = '\0';
}

/* Another text of the same letters and length. */
static void
text_spoil(char *text)
{
	if (text[0] != '\0')
		text[0] = text[0] == 'A' ? 'B' : 'A';
}

void
fault_alter(const struct fault *f, struct record *rec)
{
	if (fault_has(f, FAULT_OTP))
		text_spoil(rec->otp);
	if (fault_has(f, FAULT_CERT)) {
		text_spoil(rec->psk.pps);
		rec->key_len = rec->cert_len = 0;
	}
}

bool
fault_ends(struct fault *f, bool *answered)
{
	*answered = true;
	if (f->kinds == 0 || f->steps == UINT16_MAX)
		return false;
	f->steps++;
	if (fault_has(f, FAULT_CUT) && f->steps == f->cut) {
		*answered = false;
		return true;
	}
	return fault_has(f, FAULT_DROP) && f->steps == f->drop;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "formats/domain.h"

#define NAME_MAX_LEN 253 /* RFC 1035, in text */
#define LABEL_MAX_LEN 63

/* Intel AMT SDK; MeshCommander's table is the same. */
static const char *const depth2[] = { "com", "net", "org", "gov", "edu", "de",
	"ch", "dk", "cz", "cl", "ua" };
static const char *const depth3[] = { "arpa", "fr", "cn", "nl", "br", "mx",
	"uk", "pl", "tw", "ca", "fi", "be", "ru", "se", "ar", "es", "no", "at",
	"in", "tr", "ro", "hu", "nz", "pt", "il", "gr", "co", "ie", "za", "th",
	"sg", "hk", "lt", "id", "hr", "ee", "bg" };

struct name {
	const char *p;
	size_t n; /* without a trailing dot */
};

/* Letters, digits, hyphens and underscores between dots. */
static bool
is_name(struct name s)
{
	size_t label = 0;

	if (s.n == 0 || s.n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || c == '-' || c == '_';

		if (c == '.' ? label == 0 : !ok || label == LABEL_MAX_LEN)
			return false;
		label = c == '.' ? 0 : label + 1;
	}
	return label > 0;
}

static bool
name_of(struct name *s, const char *text)
{
	s->p = text;
	s->n = strlen(text);
	if (s->n > 0 && text[s->n - 1] == '.')
		s->n--;
	return is_name(*s);
}

bool
domain_is_name(const char *text)
{
	struct name s;

	return name_of(&s, text);
}

/* The last `labels` labels; n is 0 if there are fewer. */
static struct name
tail(struct name s, size_t labels)
{
	size_t i = s.n;

	while (i > 0 && (s.p[i - 1] != '.' || --labels > 0))
		i--;
	if (i == 0 && labels > 1)
		return (struct name){ s.p, 0 };
	return (struct name){ s.p + i, s.n - i };
}

static bool
equal(struct name a, struct name b)
{
	return a.n != 0 && a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static bool
is_tail(struct name whole, struct name end)
{
	struct name cut = { whole.p + whole.n - end.n, end.n };

	if (end.n > whole.n || !equal(cut, end))
		return false;
	return end.n == whole.n || cut.p[-1] == '.';
}

static bool
listed(struct name tld, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (equal(tld, (struct name){ list[i], strlen(list[i]) }))
			return true;
	return false;
}

/* How many last labels are enough, 0: the full rule. */
static size_t
depth(enum domain_rule rule, struct name suffix)
{
	struct name tld = tail(suffix, 1);

	if (rule == DOMAIN_COM_NET)
		return listed(tld, depth2, 2) ? 2 : 0;
	if (rule != DOMAIN_TLD_TABLE)
		return 0;
	if (listed(tld, depth2, sizeof(depth2) / sizeof(depth2[0])))
		return 2;
	return listed(tld, depth3, sizeof(depth3) / sizeof(depth3[0])) ? 3 : 0;
}

bool
domain_match(
    enum domain_rule rule, const char *cn, const char *suffix, const char **why)
{
	struct name c, s;
	size_t n;

	*why = NULL;
	if (strcmp(cn, "*") == 0) {
		*why = "the CN * stands for every domain";
		return false;
	}
	if (!name_of(&c, strncmp(cn, "*.", 2) == 0 ? cn + 2 : cn)) {
		*why = "the CN is not a host name";
		return false;
	}
	if (!name_of(&s, suffix)) {
		*why = "the suffix is not a domain name";
		return false;
	}
	if (is_tail(c, s))
		return true;
	if ((n = depth(rule, s)) == 0)
		*why = "the suffix is not the end of the CN";
	else if (!equal(tail(c, n), tail(s, n)))
		*why = n == 2 ? "the last two labels differ"
			      : "the last three labels differ";
	return *why == NULL;
}

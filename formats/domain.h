/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain rule: may a server with this certificate name set up a device
 * with this DNS suffix? (Intel AMT SDK, "PKI certificate verification
 * methods".) Names are compared label by label, without regard to case; a
 * trailing dot on either is ignored.
 *
 * Which AMT version has which form is in formats/generation.c.
 *
 *   full        the suffix is the CN, or a label-aligned tail of it
 *   com/net     for .com and .net the last two labels are enough
 *   TLD table   for the top-level domains listed, the last two or three labels
 *               are enough; others: full
 */
#ifndef FORMATS_DOMAIN_H
#define FORMATS_DOMAIN_H

#include <stdbool.h>

enum domain_rule {
	DOMAIN_FULL,
	DOMAIN_COM_NET,
	DOMAIN_TLD_TABLE
};

/* Is it a host or domain name of letters, digits, '-' and '_', in labels of
 * 1 to 63 and 253 characters in all? */
bool domain_is_name(const char *);

/* cn may be a wildcard, "*.example.com": it stands for the domain behind it.
 * The bare "*", of private roots only, is refused here: a caller whose
 * setting accepts it does not ask. *why says which rule did not hold; it
 * never quotes. */
bool domain_match(
    enum domain_rule, const char *cn, const char *suffix, const char **why);

#endif

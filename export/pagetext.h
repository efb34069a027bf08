/* SPDX-License-Identifier: Apache-2.0 */
/* What is meant by a page, for those who read it back. */
#ifndef EXPORT_PAGETEXT_H
#define EXPORT_PAGETEXT_H

#include "base/bytes.h"
#include "export/label.h"
#include "export/page.h"

struct pagetext_codes {
	char bar[LABEL_TEXT_CODE128 + 1]; /* Code 128 */
	char qr[LABEL_TEXT + 1];
};

void pagetext_codes(const struct page *, struct pagetext_codes *);
/* The texts that a reader of the page must find in it, each ended by a line
 * feed, without blanks. Secrets are among them. */
void pagetext_put(const struct page *, struct wr *);
/* The same for the entries from..to - 1 of the hash list. */
void pagetext_hashes(const struct page *, size_t from, size_t to, struct wr *);

#endif

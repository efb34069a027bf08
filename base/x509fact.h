/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the facts of base/certfact.h from certificates. A door to OpenSSL.
 */
#ifndef BASE_X509FACT_H
#define BASE_X509FACT_H

#include "base/certfact.h"
#include "base/x509.h"

/* One fact for each certificate, which must outlive them: x509fact_free().
 * NULL: out of memory. An empty chain has none, and is no failure. */
struct certfact *x509fact_read(const struct x509_chain *);
void x509fact_free(struct certfact *); /* NULL is fine */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to libevent's resolver: addresses of a name, asked for in the
 * loop. A name is asked for as it stands, without a search list. Nothing is
 * kept: who needs a name again asks again, since names move.
 */
#ifndef BASE_DNS_H
#define BASE_DNS_H

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"

#define DNS_ADDRESSES 8

struct dns;
struct dns_query;

struct dns_answer {
	size_t n; /* IPv4 addresses first */
	char address[DNS_ADDRESSES][ADDR_LEN];
	const char *why; /* n is 0: "no such name", ... */
};
/* Called once, never from within dns_ask(). */
typedef void dns_fn(void *arg, const struct dns_answer *);

/* Asks the servers of resolv.conf, and knows the hosts file. */
enum err_code dns_new(struct loop *, struct dns **, struct err *);
/* Asks these servers from now on: n numeric addresses. None: those of
 * resolv.conf, which is read again, now and whenever it has changed. */
enum err_code dns_servers(
    struct dns *, const char (*address)[ADDR_LEN], size_t n, struct err *);
/* The query is gone after its answer, or after dns_cancel(). */
enum err_code dns_ask(struct dns *, const char *name, dns_fn *, void *arg,
    struct dns_query **, struct err *);
void dns_cancel(struct dns_query *);
void dns_free(struct dns *); /* cancels what is open; NULL is fine */

#endif

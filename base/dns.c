/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "base/dns.h"

#define RESOLV_CONF "/etc/resolv.conf"

struct dns {
	struct event_base *loop;
	struct evdns_base *base;
	bool by_conf;     /* asks the servers of resolv.conf, */
	struct stat conf; /* as it was when it was read */
	struct dns_query *queries;
};

struct dns_query {
	struct dns *dns;
	struct dns_query *prev, *next;
	struct evdns_getaddrinfo_request *request;
	dns_fn *fn;
	void *arg;
	bool asking; /* dns_ask() is on the stack */
	int rc;      /* what came meanwhile */
	struct evutil_addrinfo *found;
	struct event *later;
};

/* What it has to say is in the answers. */
static void
say_nothing(int warning, const char *text)
{
	(void)warning;
	(void)text;
}

/* A server that did not answer is asked again at once with the next query:
 * there may be no other one. */
static struct evdns_base *
base_new(struct event_base *loop)
{
	struct evdns_base *b;

	evdns_set_log_fn(say_nothing);
	b = evdns_base_new(loop, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (b == NULL)
		return NULL;
	evdns_base_set_option(b, "timeout:", "1");
	evdns_base_set_option(b, "attempts:", "4");
	evdns_base_set_option(b, "max-timeouts:", "255");
	evdns_base_set_option(b, "initial-probe-timeout:", "1");
	/* As long as all attempts: where IPv6's answer is there and IPv4's was
	 * lost, or its server is dead, it is asked for again. */
	evdns_base_set_option(b, "getaddrinfo-allow-skew:", "5");
	evdns_base_load_hosts(b, "/etc/hosts");
	return b;
}

static enum err_code
take_servers(struct evdns_base *b, const char (*address)[ADDR_LEN], size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += evdns_base_nameserver_ip_add(b, address[i]) == 0;
	/* Without a server there, it adds this host's own. */
	if (n == 0)
		evdns_base_resolv_conf_parse(
		    b, DNS_OPTION_NAMESERVERS, RESOLV_CONF);
	evdns_base_search_clear(b);
	return good == n ? ERR_OK : ERR_DATA;
}

/* Has it changed since this was asked last? */
static bool
conf_is_new(struct dns *d)
{
	struct stat was = d->conf;

	if (stat(RESOLV_CONF, &d->conf) == -1)
		memset(&d->conf, 0, sizeof(d->conf));
	return was.st_ino != d->conf.st_ino || was.st_size != d->conf.st_size ||
	    was.st_mtim.tv_sec != d->conf.st_mtim.tv_sec ||
	    was.st_mtim.tv_nsec != d->conf.st_mtim.tv_nsec;
}

enum err_code
dns_new(struct loop *l, struct dns **out, struct err *e)
{
	struct dns *d = calloc(1, sizeof(*d));

	if (d == NULL || (d->base = base_new(loop_native(l))) == NULL) {
		free(d);
		return err_mem(e);
	}
	d->loop = loop_native(l);
	d->by_conf = true;
	conf_is_new(d);
	take_servers(d->base, NULL, 0);
	*out = d;
	return ERR_OK;
}

enum err_code
dns_servers(
    struct dns *d, const char (*address)[ADDR_LEN], size_t n, struct err *e)
{
	d->by_conf = n == 0;
	conf_is_new(d);
	evdns_base_clear_nameservers_and_suspend(d->base);
	if (take_servers(d->base, address, n) != ERR_OK)
		err_set(e, ERR_DATA, "a DNS server without a numeric address");
	evdns_base_resume(d->base);
	return e->code;
}

static void
query_free(struct dns_query *q)
{
	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		q->dns->queries = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	if (q->found != NULL)
		evutil_freeaddrinfo(q->found);
	if (q->later != NULL)
		event_free(q->later);
	free(q);
}

static void
take(const struct evutil_addrinfo *ai, int family, struct dns_answer *a)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	for (; ai != NULL && a->n < DNS_ADDRESSES; ai = ai->ai_next) {
		if (ai->ai_family != family)
			continue;
		if (family == AF_INET) {
			memcpy(&in, ai->ai_addr, sizeof(in));
			inet_ntop(
			    family, &in.sin_addr, a->address[a->n], ADDR_LEN);
		} else {
			memcpy(&in6, ai->ai_addr, sizeof(in6));
			inet_ntop(
			    family, &in6.sin6_addr, a->address[a->n], ADDR_LEN);
		}
		a->n++;
	}
}

static const char *
words(int rc)
{
	switch (rc) {
	case EVUTIL_EAI_NONAME:
	case EVUTIL_EAI_NODATA:
		return "no such name, or no address for it";
	case EVUTIL_EAI_AGAIN:
	case EVUTIL_EAI_FAIL: /* SERVFAIL, REFUSED, a time-out, a loop */
		return "no answer from the DNS, or none of use";
	default:
		return evutil_gai_strerror(rc);
	}
}

static void
deliver(struct dns_query *q)
{
	struct dns_answer a = { .why = NULL };
	dns_fn *fn = q->fn;
	void *arg = q->arg;

	take(q->found, AF_INET, &a);
	take(q->found, AF_INET6, &a);
	if (a.n == 0)
		a.why = words(q->rc != 0 ? q->rc : EVUTIL_EAI_NODATA);
	query_free(q);
	fn(arg, &a);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	deliver(arg);
}

/* A query that was cancelled hears of it too, later, with its struct gone: so
 * it is freed here and not by dns_cancel(). */
static void
on_answer(int rc, struct evutil_addrinfo *found, void *arg)
{
	struct dns_query *q = arg;

	q->request = NULL;
	q->rc = rc;
	q->found = found;
	if (q->fn == NULL)
		query_free(q);
	else if (!q->asking)
		deliver(q);
}

enum err_code
dns_ask(struct dns *d, const char *name, dns_fn *fn, void *arg,
    struct dns_query **out, struct err *e)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	const struct timeval now = { 0, 0 };
	struct dns_query *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return err_mem(e);
	if (d->by_conf && conf_is_new(d)) /* a host learns them late */
		dns_servers(d, NULL, 0, e);
	q->dns = d;
	if ((q->next = d->queries) != NULL)
		q->next->prev = q;
	d->queries = q;
	q->later = evtimer_new(d->loop, on_later, q);
	q->fn = fn;
	q->arg = arg;
	q->asking = true;
	if (q->later == NULL) {
		query_free(q);
		return err_mem(e);
	}
	q->request =
	    evdns_getaddrinfo(d->base, name, NULL, &hints, on_answer, q);
	q->asking = false;
	if (q->request == NULL) /* it was answered at once */
		evtimer_add(q->later, &now);
	*out = q;
	return ERR_OK;
}

void
dns_cancel(struct dns_query *q)
{
	q->fn = NULL;
	if (q->request != NULL)
		evdns_getaddrinfo_cancel(q->request);
	else
		query_free(q);
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	for (struct dns_query *q = d->queries, *next; q != NULL; q = next) {
		next = q->next;
		dns_cancel(q);
	}
	evdns_base_free(d->base, 1);
	/* What was cancelled is told now, or never. */
	event_base_loop(d->loop, EVLOOP_NONBLOCK);
	while (d->queries != NULL)
		query_free(d->queries);
	free(d);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setupbound psk|pki COUNT TRIPS: what binds a set-up here. One process is the
 * server's end, another the devices': for each set-up a TCP connection, a full
 * TLS handshake (pre-shared key, or mutual RSA-2048 with three certificates
 * from the server, all verified) and TRIPS exchanges of as many bytes as our
 * dialogue has on the average; OpenSSL on bare sockets, contexts shared, no
 * HTTP, no XML, no store. Prints set-ups a second, of the part between the
 * first tenth and the last, and microseconds of CPU of both ends for each, the
 * making of keys left out. tests/bench/setups.sh holds ours against it.
 *
 * Without arguments: rows of the exchanges' rate against the handshake's alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/x509.h"

#define ASK 1000    /* bytes of a request, headers and all */
#define ANSWER 1300 /* and of an answer */
#define AT_ONCE 64  /* as the server's "sessions" in setups.sh */
#define KEYS 4      /* of the devices; as many as their pool */

/* One connection. */
struct link {
	SSL *ssl;
	int fd;
	bool ready;
	int trips; /* exchanges that are done */
	size_t got;
};

struct end {
	SSL_CTX *ctx[KEYS];
	bool device;
	struct sockaddr_in at;
	int epoll, listener;
	int trips;
	size_t count, begun, ended;
	double first, last; /* seconds at the tenth and the nine tenths */
};

static double used_cpu; /* seconds, of both ends */

static double
cpu(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* Contexts. */

static unsigned
psk_client(SSL *s, const char *hint, char *identity, unsigned room,
    unsigned char *psk, unsigned max)
{
	(void)s, (void)hint, (void)max;
	snprintf(identity, room, "4444-3333");
	memset(psk, 7, 32);
	return 32;
}

static unsigned
psk_server(SSL *s, const char *identity, unsigned char *psk, unsigned max)
{
	(void)s, (void)identity, (void)max;
	memset(psk, 7, 32);
	return 32;
}

/* A device's certificate is pinned: no chain to follow. */
static int
accept_any(int ok, X509_STORE_CTX *c)
{
	(void)ok, (void)c;
	return 1;
}

static SSL_CTX *
context(bool device)
{
	SSL_CTX *c =
	    SSL_CTX_new(device ? TLS_server_method() : TLS_client_method());

	if (c == NULL)
		die("SSL_CTX_new");
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	return c;
}

static SSL_CTX *
psk_context(bool device)
{
	SSL_CTX *c = context(device);

	SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(c, "PSK-AES128-CBC-SHA");
	if (device)
		SSL_CTX_set_psk_server_callback(c, psk_server);
	else
		SSL_CTX_set_psk_client_callback(c, psk_client);
	return c;
}

struct pki {
	struct crypto_key *key[4]; /* root, intermediate, leaf, device */
	struct x509 *cert[4];
};

static void
make(struct pki *p, int i, const struct x509_make *how, int issuer)
{
	struct err e = { 0 };

	if (crypto_key_new(CRYPTO_RSA2048, &p->key[i], &e) != ERR_OK ||
	    x509_new(how, p->key[i], issuer < 0 ? NULL : p->cert[issuer],
		issuer < 0 ? NULL : p->key[issuer], &p->cert[i],
		&e) != ERR_OK) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
}

static void
drop(struct pki *p, int i)
{
	crypto_key_free(p->key[i]);
	x509_free(p->cert[i]);
}

static SSL_CTX *
use(SSL_CTX *c, const struct pki *p, int i)
{
	if (SSL_CTX_use_certificate(c, x509_native(p->cert[i])) != 1 ||
	    SSL_CTX_use_PrivateKey(c, crypto_key_pkey(p->key[i])) != 1)
		die("SSL_CTX_use_certificate");
	return c;
}

static SSL_CTX *
device_context(struct pki *p)
{
	static const struct x509_make how = { .cn = "device", .days = 2 };
	SSL_CTX *c = context(true);

	make(p, 3, &how, -1);
	use(c, p, 3);
	drop(p, 3);
	SSL_CTX_set_verify(
	    c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(c), x509_native(p->cert[0]));
	X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(c), X509_PURPOSE_ANY);
	return c;
}

static void
pki_contexts(struct end *server, struct end *device)
{
	static const struct x509_make
	    root = { .cn = "root", .days = 2, .ca = true },
	    sub = { .cn = "sub", .days = 2, .ca = true },
	    leaf = { .cn = "provision.example.com", .days = 2 };
	struct pki p;
	SSL_CTX *c = server->ctx[0] = context(false);

	make(&p, 0, &root, -1);
	make(&p, 1, &sub, 0);
	make(&p, 2, &leaf, 1);
	use(c, &p, 2);
	SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_add1_chain_cert(c, x509_native(p.cert[1]));
	SSL_CTX_add1_chain_cert(c, x509_native(p.cert[0]));
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, accept_any);
	for (int i = 0; i < KEYS; i++)
		device->ctx[i] = device_context(&p);
	for (int i = 0; i < 3; i++)
		drop(&p, i);
}

/* Connections. */

static void
watch(struct end *e, struct link *l, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = l };
	int one = 1;

	if (l != NULL)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl");
}

static struct link *
link_new(struct end *e, int fd)
{
	struct link *l = calloc(1, sizeof(*l));
	int kind = e->ctx[1] == NULL ? 0 : (int)(e->begun % KEYS);

	if (l == NULL || (l->ssl = SSL_new(e->ctx[kind])) == NULL ||
	    SSL_set_fd(l->ssl, fd) != 1)
		die("SSL_new");
	e->begun++;
	l->fd = fd;
	if (e->device)
		SSL_set_accept_state(l->ssl);
	else
		SSL_set_connect_state(l->ssl);
	return l;
}

static void
link_end(struct end *e, struct link *l)
{
	if (!l->ready || l->trips < e->trips) {
		fprintf(stderr, "%s: ended after %d of %d round trips\n",
		    e->device ? "device" : "server", l->trips, e->trips);
		exit(1);
	}
	SSL_shutdown(l->ssl);
	SSL_free(l->ssl);
	close(l->fd);
	free(l);
	e->ended++;
	if (e->ended == e->count / 10)
		e->first = clock_seconds();
	if (e->ended == e->count - e->count / 10)
		e->last = clock_seconds();
}

static void
say(struct link *l, int n)
{
	static const char bytes[ANSWER];

	if (SSL_write(l->ssl, bytes, n) != n) {
		fprintf(stderr, "a message was not taken whole\n");
		exit(1);
	}
}

/* false: it is over. */
static bool
go_on(struct end *e, struct link *l)
{
	char in[4096];
	size_t whole = e->device ? ASK : ANSWER;
	int n;

	if (!l->ready) {
		n = SSL_do_handshake(l->ssl);
		if (n != 1)
			return SSL_get_error(l->ssl, n) == SSL_ERROR_WANT_READ;
		l->ready = true;
		if (!e->device && e->trips > 0)
			say(l, ASK);
	}
	while (
	    l->trips < e->trips && (n = SSL_read(l->ssl, in, sizeof(in))) > 0) {
		l->got += (size_t)n;
		if (l->got < whole)
			continue;
		l->got = 0;
		l->trips++;
		if (e->device)
			say(l, ANSWER);
		else if (l->trips < e->trips)
			say(l, ASK);
	}
	/* The server's end closes; the device's hears of it. */
	if (l->trips == e->trips && !e->device)
		return false;
	if (l->trips == e->trips)
		n = SSL_read(l->ssl, in, sizeof(in));
	return n <= 0 && SSL_get_error(l->ssl, n) == SSL_ERROR_WANT_READ;
}

/* A connection may end before this returns: the other process can be faster
 * than each of our calls. */
static void
begin(struct end *e)
{
	struct link *l;
	int fd;

	while (!e->device && e->begun < e->count &&
	    e->begun - e->ended < AT_ONCE) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd == -1 ||
		    connect(fd, (struct sockaddr *)&e->at, sizeof(e->at)) != 0)
			die("connect");
		fcntl(fd, F_SETFL, O_NONBLOCK);
		l = link_new(e, fd);
		watch(e, l, fd);
		if (!go_on(e, l))
			link_end(e, l);
	}
}

static void
take(struct end *e)
{
	int fd;

	while ((fd = accept4(e->listener, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1)
		watch(e, link_new(e, fd), fd);
}

static void
serve(struct end *e)
{
	struct epoll_event ev[AT_ONCE];
	int n;

	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->device)
		watch(e, NULL, e->listener);
	begin(e);
	while (e->ended < e->count) {
		n = epoll_wait(e->epoll, ev, AT_ONCE, 20000);
		if (n < 0 && errno == EINTR) /* stopped and let go on */
			continue;
		if (n <= 0)
			die("no event for 20 s");
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == NULL) {
				take(e);
			} else if (!go_on(e, ev[i].data.ptr)) {
				link_end(e, ev[i].data.ptr);
			}
		}
		begin(e);
	}
}

static void
open_port(struct end *server, struct end *device)
{
	struct sockaddr_in *at = &server->at;
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	at->sin_family = AF_INET;
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)at, sizeof(*at)) != 0 ||
	    listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) != 0)
		die("listen");
	device->listener = fd;
}

/* Set-ups a second. */
static double
rate(bool psk, size_t count, int trips)
{
	struct end server = { .trips = trips, .count = count };
	struct end device = { .trips = trips, .count = count, .device = true };
	int status = 1;
	pid_t pid;

	if (psk) {
		server.ctx[0] = psk_context(false);
		device.ctx[0] = psk_context(true);
	} else {
		pki_contexts(&server, &device);
	}
	open_port(&server, &device);
	used_cpu = -cpu(RUSAGE_SELF) - cpu(RUSAGE_CHILDREN);
	if ((pid = fork()) == 0) {
		serve(&device);
		_exit(0);
	}
	close(device.listener);
	serve(&server);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("the devices' end");
	used_cpu += cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN);
	SSL_CTX_free(server.ctx[0]);
	for (int i = 0; i < KEYS; i++)
		SSL_CTX_free(device.ctx[i]);
	return (double)(count - 2 * (count / 10)) /
	    (server.last - server.first);
}

static void
row(const char *name, bool psk, size_t count)
{
	double whole = rate(psk, count, 10), bare = rate(psk, count, 0);

	printf("%s  %.0f  %.0f  %.2f  of 10 exchanges : handshakes/s\n", name,
	    whole, bare, whole / bare);
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	crypto_init();
	if (argc == 4) {
		size_t count = strtoul(argv[2], NULL, 10);
		double got =
		    rate(strcmp(argv[1], "psk") == 0, count, atoi(argv[3]));

		printf("%.0f %.0f\n", got, used_cpu / (double)count * 1e6);
		return 0;
	}
	row("setup-bound-psk", true, 2000);
	row("setup-bound-pki", false, 1000);
	return 0;
}

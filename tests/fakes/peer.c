/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines that answer a set-up as they should not: one process, one loopback
 * address for each.
 *
 *   peer PORT ROWS [CERT KEY]
 *
 * ROWS has a line for each machine, "ADDRESS UUID PID PPS ACTION AT". The
 * ACTION, of tests/answers.h, is done in place of the answer to request AT of
 * each connection, to each one ("*"), or to each that calls a method of that
 * name; "-" for PID and PPS where certificates are spoken. "answer" answers as
 * a machine does. Each request is told on stdout, before what is done about it:
 * "ADDRESS NUMBER METHOD". Each connection has a process of its own, which ends
 * with it.
 */
#include "tests/answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/text.h"
#include "base/xml.h"

#define ROWS 300
#define LIFE 150 /* seconds: no connection outlasts the test */

static struct {
	struct row row[ROWS];
	size_t n;
} rows;

/* Does its turn come with this request? */
static bool
is_due(const struct peer *p)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", p->n);
	return strcmp(p->row->at, "*") == 0 ||
	    strcmp(p->row->at, number) == 0 ||
	    strcmp(p->row->at, p->method) == 0;
}

/* The next request's body; the rest of what was read is kept. */
static char *
read_request(struct peer *p, size_t *n)
{
	char *head_end, *length;
	int got;

	for (;;) {
		p->in[p->have] = '\0';
		head_end = strstr(p->in, "\r\n\r\n");
		length = strcasestr(p->in, "\r\nContent-Length: ");
		if (head_end != NULL && length != NULL) {
			*n = strtoul(length + 18, NULL, 10);
			head_end += 4;
			if (p->have >= (size_t)(head_end - p->in) + *n)
				return head_end;
		}
		got = SSL_read(p->ssl, p->in + p->have,
		    (int)(sizeof(p->in) - 1 - p->have));
		if (got <= 0)
			end(p);
		p->have += (size_t)got;
	}
}

static void
note_method(struct peer *p, const struct wsman_request *q)
{
	static const char *const ops[] = { "Get", "Put", "Create", "Delete",
		"Enumerate", "Pull", "Release" };

	if (q->method != NULL)
		snprintf(p->method, sizeof(p->method), "%s", q->method);
	else
		snprintf(p->method, sizeof(p->method), "%s.%s", q->class,
		    ops[q->op]);
	printf("%s %u %s\n", p->row->address, ++p->n, p->method);
	fflush(stdout);
}

static void
answer_one(struct peer *p)
{
	struct wsman_request q;
	const char *why = NULL;
	struct xml *x = NULL;
	struct err e = { 0 };
	char *body;
	struct wr w;
	size_t n;

	body = read_request(p, &n);
	assert_int_equal(xml_read(body, n, &x, &e), ERR_OK);
	p->have -= (size_t)(body - p->in) + n;
	memmove(p->in, body + n, p->have);
	assert_true(wsman_read_request(xml_root(x), &q, &why));
	note_method(p, &q);
	wr_grow(&w, ANSWER_MAX);
	script_answer(&p->script, &q, &w);
	wr_u8(&w, '\0');
	assert_false(w.failed);
	p->request = &q;
	p->body = (char *)w.buf;
	p->body_len = w.len - 1;
	if (!is_due(p))
		do_answer(p);
	else
		assert_true(play(p));
	wr_free(&w);
	xml_free(x);
}

/* Connections. */

static const struct row *
row_of(int fd)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	char text[INET_ADDRSTRLEN];

	if (getsockname(fd, (struct sockaddr *)&in, &len) == -1 ||
	    inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text)) == NULL)
		return NULL;
	for (size_t i = 0; i < rows.n; i++)
		if (strcmp(rows.row[i].address, text) == 0)
			return &rows.row[i];
	return NULL;
}

static unsigned
on_psk(SSL *ssl, const char *identity, unsigned char *key, unsigned max)
{
	const struct row *row = row_of(SSL_get_fd(ssl));
	size_t n;

	if (row == NULL || strcmp(identity, row->pid) != 0 ||
	    (n = strlen(row->pps)) > max)
		return 0;
	memcpy(key, row->pps, n);
	return (unsigned)n;
}

static int
on_certificate(int good, X509_STORE_CTX *ctx)
{
	(void)good, (void)ctx;
	return 1;
}

static SSL_CTX *
new_end(char **certificate)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	if (certificate == NULL) {
		SSL_CTX_set_psk_server_callback(ctx, on_psk);
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
		assert_int_equal(
		    SSL_CTX_set_cipher_list(ctx, "PSK-AES128-CBC-SHA"), 1);
		return ctx;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_certificate);
	assert_int_equal(
	    SSL_CTX_use_certificate_file(ctx, certificate[0], SSL_FILETYPE_PEM),
	    1);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(ctx, certificate[1], SSL_FILETYPE_PEM),
	    1);
	return ctx;
}

static void
before_tls(struct peer *p)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	if (strcmp(p->row->at, "0") != 0)
		return;
	if (strcmp(p->row->action, "banner") == 0 &&
	    write(p->fd, text, sizeof(text) - 1) > 0)
		;
	else if (strcmp(p->row->action, "reset") == 0)
		reset(p);
	else if (strcmp(p->row->action, "silence") != 0)
		end(p);
	while (read(p->fd, p->in, sizeof(p->in)) > 0)
		;
	end(p);
}

_Noreturn static void
talk(SSL_CTX *ctx, int fd)
{
	static struct peer p;
	char b64[TEXT_B64_SIZE(UUID_LEN)];
	struct uuid u;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LIFE);
	p.fd = fd;
	if ((p.row = row_of(fd)) == NULL)
		end(&p);
	before_tls(&p);
	assert_true(uuid_parse(&u, p.row->uuid));
	text_b64(b64, u.b, UUID_LEN);
	p.script = script_good();
	p.script.uuid = b64;
	p.ssl = SSL_new(ctx);
	assert_non_null(p.ssl);
	SSL_set_fd(p.ssl, fd);
	if (SSL_accept(p.ssl) != 1)
		end(&p);
	for (;;)
		answer_one(&p);
}

static void
read_rows(const char *path)
{
	FILE *f = fopen(path, "r");
	struct row *r = rows.row;

	assert_non_null(f);
	while (rows.n < ROWS &&
	    fscanf(f, "%15s %36s %15s %39s %31s %39s", r->address, r->uuid,
		r->pid, r->pps, r->action, r->at) == 6) {
		rows.n++;
		r++;
	}
	assert_true(feof(f) && rows.n > 0);
	fclose(f);
}

static int
listen_on(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    listen(fd, 512) == -1) {
		perror("peer");
		exit(1);
	}
	return fd;
}

int
main(int argc, char **argv)
{
	SSL_CTX *ctx;
	int fd, one;

	assert_true(argc == 3 || argc == 5);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	read_rows(argv[2]);
	ctx = new_end(argc == 5 ? argv + 3 : NULL);
	fd = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
	for (;;) {
		if ((one = accept(fd, NULL, NULL)) == -1)
			continue;
		if (fork() == 0) {
			close(fd);
			talk(ctx, one);
		}
		close(one);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine in set-up answers in place of what it should, each by a name
 * (tests/fakes/peer.c). Over a blocking socket, in a process of its own, which
 * ends where the other side has gone. */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include "tests/script.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define ANSWER_MAX (4 * 1024 * 1024)

struct row {
	char address[16], uuid[UUID_TEXT], pid[16], pps[40], action[32], at[40];
};

struct peer {
	const struct row *row;
	int fd;
	SSL *ssl;
	struct script script;
	unsigned n; /* requests */
	char method[64];
	char in[65536];
	size_t have;
	const struct wsman_request *request; /* that is asked */
	const char *body;                    /* the answer that is right */
	size_t body_len;
};

_Noreturn static inline void
end(struct peer *p)
{
	close(p->fd);
	_exit(0);
}

static inline void
send_bytes(struct peer *p, const void *bytes, size_t n)
{
	if (n > 0 && SSL_write(p->ssl, bytes, (int)n) <= 0)
		end(p);
}

static inline void
send_text(struct peer *p, const char *text)
{
	send_bytes(p, text, strlen(text));
}

/* Until the other side is gone. */
_Noreturn static inline void
wait_for_end(struct peer *p)
{
	while (SSL_read(p->ssl, p->in, sizeof(p->in)) > 0)
		;
	end(p);
}

_Noreturn static inline void
reset(struct peer *p)
{
	const struct linger at_once = { 1, 0 };

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	end(p);
}

static inline void
send_answer(struct peer *p, const char *status, const char *more,
    const void *body, size_t n)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wr_fmt(&w, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, more,
	    n);
	wr_bytes(&w, body, n);
	assert_false(w.failed);
	send_bytes(p, w.buf, w.len);
	wr_free(&w);
}

static inline void
send_body(struct peer *p, struct wr *w)
{
	assert_false(w->failed);
	send_answer(p, "200 OK", "", w->buf, w->len);
	wr_free(w);
}

/* The right answer, whose head is text; "%zu" is its length. */
static inline void
send_head(struct peer *p, const char *before, const char *after)
{
	char head[512];

	snprintf(head, sizeof(head), "%s%zu%s", before, p->body_len, after);
	send_text(p, head);
	send_bytes(p, p->body, p->body_len);
}

/* What is said again and again. */
_Noreturn static inline void
send_for_ever(struct peer *p, const char *text)
{
	char many[4096];
	size_t n = strlen(text), all = 0;

	while (all + n < sizeof(many)) {
		memcpy(many + all, text, n);
		all += n;
	}
	for (;;)
		send_bytes(p, many, all);
}

/* How connections end. */

static inline void
do_answer(struct peer *p)
{
	send_answer(p, "200 OK", "", p->body, p->body_len);
}

static inline void
do_reset(struct peer *p)
{
	reset(p);
}

static inline void
do_close(struct peer *p)
{
	end(p);
}

static inline void
do_silence(struct peer *p)
{
	wait_for_end(p);
}

static inline void
do_notify(struct peer *p)
{
	SSL_shutdown(p->ssl);
	wait_for_end(p);
}

static inline void
half(struct peer *p)
{
	char head[64];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", p->body_len);
	send_text(p, head);
	send_bytes(p, p->body, p->body_len / 2);
}

static inline void
do_half_notify(struct peer *p)
{
	half(p);
	do_notify(p);
}

static inline void
do_half_reset(struct peer *p)
{
	half(p);
	reset(p);
}

static inline void
do_half_silence(struct peer *p)
{
	half(p);
	wait_for_end(p);
}

static inline void
do_bytes(struct peer *p)
{
	half(p);
	for (size_t i = p->body_len / 2; i < p->body_len; i++)
		send_bytes(p, p->body + i, 1);
}

static inline void
do_drip(struct peer *p)
{
	send_text(p, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
	for (;;) {
		send_text(p, " ");
		usleep(20000);
	}
}

static inline void
do_plain(struct peer *p)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\n";

	if (write(p->fd, text, sizeof(text) - 1) > 0)
		wait_for_end(p);
}

/* HTTP. */

static inline void
do_continue(struct peer *p)
{
	send_text(p, "HTTP/1.1 100 Continue\r\n\r\n");
	do_answer(p);
}

static inline void
challenge(struct peer *p, const char *stale)
{
	char more[256];

	snprintf(more, sizeof(more),
	    "WWW-Authenticate: Digest realm=\"Digest:A4\","
	    "nonce=\"%04x%u\",stale=\"%s\",qop=\"auth\"\r\n",
	    (unsigned)getpid(), p->n, stale);
	send_answer(p, "401 Unauthorized", more, "", 0);
}

static inline void
do_challenge(struct peer *p)
{
	challenge(p, "false");
}

static inline void
do_stale(struct peer *p)
{
	challenge(p, "true");
}

static inline void
do_bare_401(struct peer *p)
{
	send_answer(p, "401 Unauthorized", "", "", 0);
}

static inline void
do_banner(struct peer *p)
{
	send_text(p, "SSH-2.0-OpenSSH_9.2\r\n");
	wait_for_end(p);
}

static inline void
do_status_500(struct peer *p)
{
	send_answer(p, "500 Internal Server Error", "", "", 0);
}

static inline void
do_status_204(struct peer *p)
{
	send_text(p, "HTTP/1.1 204 No Content\r\n\r\n");
}

static inline void
do_status_302(struct peer *p)
{
	send_answer(
	    p, "302 Found", "Location: https://127.0.0.1/wsman\r\n", "", 0);
}

static inline void
do_nul_head(struct peer *p)
{
	static const char nul[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";

	send_bytes(p, nul, sizeof(nul) - 1);
	wait_for_end(p);
}

static inline void
do_short_length(struct peer *p)
{
	send_text(p, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	send_bytes(p, p->body, p->body_len);
}

static inline void
do_long_length(struct peer *p)
{
	send_head(p, "HTTP/1.1 200 OK\r\nContent-Length: 1", "\r\n\r\n");
	wait_for_end(p);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static inline void
do_chunk_longer(struct peer *p)
{
	send_text(p, CHUNKED);
	send_text(p, "4\r\n<a/>more\r\n0\r\n\r\n");
}

/* XML. */

static inline void
do_no_xml(struct peer *p)
{
	send_answer(p, "200 OK", "", "hello", 5);
}

static inline void
do_empty(struct peer *p)
{
	send_answer(p, "200 OK", "", "", 0);
}

static inline void
do_nul_body(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wr_bytes(&w, p->body, p->body_len);
	wr_patch(&w, w.len / 2, "", 1);
	send_body(p, &w);
}

static inline void
do_cut_xml(struct peer *p)
{
	send_answer(p, "200 OK", "", p->body, p->body_len - 1);
}

static inline void
do_deep(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	for (int i = 0; i < 60000; i++)
		wr_str(&w, "<a>");
	send_body(p, &w);
}

static inline void
do_wide(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wr_str(&w, "<a>");
	for (int i = 0; i < 60000; i++)
		wr_str(&w, "<b/>");
	wr_str(&w, "</a>");
	send_body(p, &w);
}

static inline void
do_attributes(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wr_str(&w, "<a");
	for (int i = 0; i < 20000; i++)
		wr_fmt(&w, " b%d=\"\"", i);
	wr_str(&w, "/>");
	send_body(p, &w);
}

static inline void
do_namespaces(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wr_str(&w, "<a");
	for (int i = 0; i < 10000; i++)
		wr_fmt(&w, " xmlns:b%d=\"u%d\"", i, i);
	wr_str(&w, "/>");
	send_body(p, &w);
}

static inline void
do_entities(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wr_str(&w, "<!DOCTYPE a [<!ENTITY b0 \"ha\">");
	for (int i = 1; i < 40; i++)
		wr_fmt(&w, "<!ENTITY b%d \"&b%d;&b%d;\">", i, i - 1, i - 1);
	wr_str(&w, "]><a>&b39;</a>");
	send_body(p, &w);
}

static inline void
do_outside(struct peer *p)
{
	static const char xml[] =
	    "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>"
	    "<a>&b;</a>";

	send_answer(p, "200 OK", "", xml, sizeof(xml) - 1);
}

/* WS-Man. */

static inline void
do_other_message(struct peer *p)
{
	struct wsman_request q = *p->request;
	struct wr w;

	q.message_id = "4711";
	wr_grow(&w, ANSWER_MAX);
	wsman_write_invoke(&w, &q, 1, 0, NULL, 0);
	send_body(p, &w);
}

static inline void
do_other_method(struct peer *p)
{
	struct wsman_request q = *p->request;
	struct wr w;

	q.op = WSMAN_INVOKE;
	q.class = "AMT_SetupAndConfigurationService";
	q.method = "GetUuid";
	wr_grow(&w, ANSWER_MAX);
	wsman_write_get(&w, &q, 1, NULL, 0);
	send_body(p, &w);
}

static inline void
do_other_uuid(struct peer *p)
{
	const struct wsman_field f = { "UUID",
		"AAAAAAAAAAAAAAAAAAAAAA==", NULL };
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wsman_write_invoke(&w, p->request, 1, 0, &f, 1);
	send_body(p, &w);
}

static inline void
do_no_end(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	if (p->request->op == WSMAN_ENUMERATE) {
		wsman_write_enumerate(&w, p->request, 1, "C0");
	} else {
		wsman_pull_begin(&w, p->request, 1, "C0");
		wsman_pull_end(&w, "C0");
	}
	send_body(p, &w);
}

static inline void
do_no_context(struct peer *p)
{
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wsman_write_enumerate(&w, p->request, 1, "");
	send_body(p, &w);
}

/* fault-N and value-N; a value as it is written, and -1 is a word. */
static inline void
do_fault(struct peer *p)
{
	enum wsman_fault f =
	    (enum wsman_fault)strtol(strchr(p->row->action, '-') + 1, NULL, 10);
	struct wr w;

	wr_grow(&w, ANSWER_MAX);
	wsman_write_fault(&w, p->request, 1, f, NULL, "no");
	assert_false(w.failed);
	send_answer(p,
	    wsman_fault_status(f) == 400 ? "400 Bad Request"
					 : "500 Internal Server Error",
	    "", w.buf, w.len);
	wr_free(&w);
}

static inline void
do_value(struct peer *p)
{
	const char *value = strchr(p->row->action, '-') + 1;
	static const char mark[] = "ReturnValue>0<";
	const char *at = memmem(p->body, p->body_len, mark, sizeof(mark) - 1);
	struct wr w;

	assert_non_null(at);
	at += strlen("ReturnValue>");
	wr_grow(&w, ANSWER_MAX);
	wr_bytes(&w, p->body, (size_t)(at - p->body));
	wr_str(&w, value);
	wr_str(&w, at + 1);
	send_body(p, &w);
}

/* TLS. */

static inline void
do_renegotiate(struct peer *p)
{
	for (;;)
		if (SSL_renegotiate(p->ssl) != 1 ||
		    SSL_do_handshake(p->ssl) != 1)
			wait_for_end(p);
}

static inline void
update_keys(struct peer *p, int kind)
{
	for (;;)
		if (SSL_key_update(p->ssl, kind) != 1 ||
		    SSL_do_handshake(p->ssl) != 1)
			end(p);
}

static inline void
do_updates(struct peer *p)
{
	update_keys(p, SSL_KEY_UPDATE_NOT_REQUESTED);
}

static inline void
do_updates_asked(struct peer *p)
{
	update_keys(p, SSL_KEY_UPDATE_REQUESTED);
}

static inline void
do_tickets(struct peer *p)
{
	for (;;)
		if (SSL_new_session_ticket(p->ssl) != 1 ||
		    SSL_do_handshake(p->ssl) != 1)
			end(p);
}

static const struct {
	const char *name; /* one that ends in - is a beginning */
	void (*play)(struct peer *);
} actions[] = {
	{ "answer", do_answer },
	{ "reset", do_reset },
	{ "close", do_close },
	{ "silence", do_silence },
	{ "notify", do_notify },
	{ "half-notify", do_half_notify },
	{ "half-reset", do_half_reset },
	{ "half-silence", do_half_silence },
	{ "bytes", do_bytes },
	{ "drip", do_drip },
	{ "plain", do_plain },
	{ "continue", do_continue },
	{ "challenge", do_challenge },
	{ "stale", do_stale },
	{ "bare-401", do_bare_401 },
	{ "banner", do_banner },
	{ "status-500", do_status_500 },
	{ "status-204", do_status_204 },
	{ "status-302", do_status_302 },
	{ "nul-head", do_nul_head },
	{ "short-length", do_short_length },
	{ "long-length", do_long_length },
	{ "chunk-longer", do_chunk_longer },
	{ "no-xml", do_no_xml },
	{ "empty", do_empty },
	{ "nul-body", do_nul_body },
	{ "cut-xml", do_cut_xml },
	{ "deep", do_deep },
	{ "wide", do_wide },
	{ "attributes", do_attributes },
	{ "namespaces", do_namespaces },
	{ "entities", do_entities },
	{ "outside", do_outside },
	{ "other-message", do_other_message },
	{ "other-method", do_other_method },
	{ "other-uuid", do_other_uuid },
	{ "no-end", do_no_end },
	{ "no-context", do_no_context },
	{ "fault-", do_fault },
	{ "value-", do_value },
	{ "renegotiate", do_renegotiate },
	{ "updates", do_updates },
	{ "updates-asked", do_updates_asked },
	{ "tickets", do_tickets },
};

/* The right answer behind another head: what is before its length, and behind
 * it. */
static const struct {
	const char *name, *before, *after;
} heads[] = {
	{ "http2", "HTTP/2 200 OK\r\nContent-Length: ", "\r\n\r\n" },
	{ "status-big", "HTTP/1.1 99999 OK\r\nContent-Length: ", "\r\n\r\n" },
	{ "lf", "HTTP/1.1 200 OK\nContent-Length: ", "\n\n" },
	{ "folded",
	    "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: ", "\r\n\r\n" },
	{ "two-lengths",
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
	    "Content-Length: ",
	    "\r\n\r\n" },
	{ "negative", "HTTP/1.1 200 OK\r\nContent-Length: -", "\r\n\r\n" },
	{ "huge-length", "HTTP/1.1 200 OK\r\nContent-Length: 1844674407370955",
	    "\r\n\r\n" },
	{ "both",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "Content-Length: ",
	    "\r\n\r\n" },
	{ "gzip",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n"
	    "A: ",
	    "\r\n\r\n" },
};

/* What begins so and then never ends. */
static const struct {
	const char *name, *first, *again;
} floods[] = {
	{ "continues", "", "HTTP/1.1 100 Continue\r\n\r\n" },
	{ "chunks", CHUNKED, "10\r\n0123456789abcdef\r\n" },
	{ "small-chunks", CHUNKED, "00001\r\n<\r\n" },
	{ "huge-chunk", CHUNKED "ffffffffffffffff\r\n", "0123456789abcdef" },
	{ "extension", CHUNKED "4;a=\"", "bcdefghi" },
	{ "trailer", CHUNKED "4\r\n<a/>\r\n0\r\n", "A: b\r\n" },
	{ "headers", "HTTP/1.1 200 OK\r\n", "A: b\r\n" },
	{ "header", "HTTP/1.1 200 OK\r\nA: ", "bcdefghi" },
	{ "to-end", "HTTP/1.1 200 OK\r\n\r\n", "<a>0123456789abcdef</a>" },
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

static inline bool
play(struct peer *p)
{
	const char *wanted = p->row->action, *name;
	size_t n;

	for (size_t i = 0; i < N(heads); i++)
		if (strcmp(wanted, heads[i].name) == 0) {
			send_head(p, heads[i].before, heads[i].after);
			return true;
		}
	for (size_t i = 0; i < N(floods); i++)
		if (strcmp(wanted, floods[i].name) == 0) {
			send_text(p, floods[i].first);
			send_for_ever(p, floods[i].again);
		}
	for (size_t i = 0; i < N(actions); i++) {
		name = actions[i].name;
		n = strlen(name);
		if (name[n - 1] == '-' ? strncmp(wanted, name, n) == 0
				       : strcmp(wanted, name) == 0) {
			actions[i].play(p);
			return true;
		}
	}
	return false;
}

#endif

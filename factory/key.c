/* SPDX-License-Identifier: Apache-2.0 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/x509.h"
#include "factory/verbs.h"
#include "formats/psk.h"

#define COUNT_MAX 1000000
#define FLUSH_AT 32768
/* A machine may lie in a store for years: the certificate outlives it. */
#define CERT_DAYS (30 * 365)

/* key psk */

static int
by_pid(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
keep(void *pid)
{
	(void)pid; /* the array owns it */
}

static enum err_code
psk_make(struct psk *psk, struct err *e)
{
	uint8_t random[512];
	size_t n = 0;

	do {
		if (rand_bytes(random, sizeof(random), e) != ERR_OK)
			break;
		n = psk_pid_make(psk->pid, random, sizeof(random));
		if (n != 0)
			n = psk_pps_make(
			    psk->pps, random + n, sizeof(random) - n);
	} while (n == 0);
	secret_wipe(random, sizeof(random));
	return e->code;
}

static void
psk_line(struct wr *w, const struct psk *psk, bool json)
{
	char pid[PSK_PID_TEXT], pps[PSK_PPS_TEXT];

	psk_pid_text(pid, psk->pid);
	psk_pps_text(pps, psk->pps);
	if (json)
		wr_fmt(
		    w, "{\"pid\":\"%s\",\"pps\":\"%s\"}\n", psk->pid, psk->pps);
	else
		wr_fmt(w, "%s %s\n", pid, pps);
	secret_wipe(pps, sizeof(pps));
}

static enum err_code
flush(struct wr *w, struct err *e)
{
	if (w->failed)
		return err_mem(e);
	file_write("-", FILE_NEW, w->buf, w->len, e);
	wr_reset(w);
	return e->code;
}

/* Writes count pairs to stdout; seen has room for their PIDs, so that none
 * comes twice in one run. */
static enum err_code
psk_write(char (*seen)[PSK_PID_LEN + 1], size_t count, bool json, struct err *e)
{
	struct psk psk = { 0 };
	void *tree = NULL;
	char **node;
	struct wr w;

	wr_grow(&w, 2 * FLUSH_AT);
	for (size_t i = 0; i < count && e->code == ERR_OK;) {
		if (psk_make(&psk, e) != ERR_OK)
			break;
		memcpy(seen[i], psk.pid, sizeof(psk.pid));
		if ((node = tsearch(seen[i], &tree, by_pid)) == NULL)
			err_mem(e);
		else if (*node == seen[i]) {
			psk_line(&w, &psk, json);
			if (++i == count || w.len >= FLUSH_AT)
				flush(&w, e);
		}
	}
	tdestroy(tree, keep);
	wr_free(&w);
	secret_wipe(&psk, sizeof(psk));
	return e->code;
}

static enum err_code
key_psk(const struct cli_args *a, struct err *e)
{
	char(*seen)[PSK_PID_LEN + 1];
	unsigned long count;
	struct stat st;

	if (cli_number(a, "--count", 1, COUNT_MAX, 1, &count, e) != ERR_OK)
		return e->code;
	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IROTH))
		log_warn("the output file can be read by everybody (mode %o): "
			 "it now holds secrets",
		    (unsigned)st.st_mode & 0777);
	if ((seen = calloc(count, sizeof(*seen))) == NULL)
		return err_mem(e);
	if (psk_write(seen, count, a->json, e) == ERR_OK)
		log_info("%lu made, recorded in no ledger: nothing keeps them "
			 "from being issued again",
		    count);
	free(seen);
	return e->code;
}

/* key pair */

struct pair_job {
	enum crypto_type type;
	const char *dir;
	size_t count;
	int how; /* FILE_NEW or FILE_REPLACE */
	bool json;
};

static enum err_code
pair_path(char *out, size_t room, const struct pair_job *job, size_t i,
    const char *suffix, struct err *e)
{
	int n = snprintf(out, room, "%s/key-%06zu.%s", job->dir, i + 1, suffix);

	if (n < 0 || (size_t)n >= room)
		return err_set(e, ERR_USAGE, "%.64s: path too long", job->dir);
	return ERR_OK;
}

/* Refuses before the first key is made, not in the middle. */
static enum err_code
pair_room(const struct pair_job *job, struct err *e)
{
	const char *suffix[] = { "key", "pem" };
	char path[2048];

	for (size_t i = 0; i < 2 * job->count; i++) {
		if (pair_path(path, sizeof(path), job, i / 2, suffix[i % 2],
			e) != ERR_OK)
			return e->code;
		if (!(job->how & FILE_REPLACE) && file_exists(path))
			return err_set(e, ERR_CREATE,
			    "%s: exists already (--force replaces it)", path);
	}
	return ERR_OK;
}

static enum err_code
pair_save(const struct pair_job *job, size_t i, const struct crypto_key *key,
    const struct x509 *cert, struct err *e)
{
	struct secret pem = { 0 };
	char path[2048];
	struct wr w;

	wr_grow(&w, 65536);
	if (crypto_key_pem(key, &pem, e) == ERR_OK &&
	    pair_path(path, sizeof(path), job, i, "key", e) == ERR_OK &&
	    file_write(path, job->how | FILE_SECRET, pem.p, pem.len, e) ==
		ERR_OK &&
	    pair_path(path, sizeof(path), job, i, "pem", e) == ERR_OK) {
		if (!x509_pem(cert, &w))
			err_mem(e);
		else
			file_write(path, job->how, w.buf, w.len, e);
	}
	wr_free(&w);
	secret_free(&pem);
	return e->code;
}

static enum err_code
pair_one(const struct pair_job *job, size_t i, struct err *e)
{
	const char *const eku[] = { X509_OID_SERVER_AUTH, NULL };
	char name[32], hex[TEXT_HEX_SIZE(32)];
	const struct x509_make make = {
		.cn = name, .days = CERT_DAYS, .eku = eku
	};
	struct crypto_key *key = NULL;
	struct x509 *cert = NULL;
	uint8_t sum[32];

	snprintf(name, sizeof(name), "key-%06zu", i + 1);
	if (crypto_key_new(job->type, &key, e) == ERR_OK &&
	    x509_new(&make, key, NULL, NULL, &cert, e) == ERR_OK &&
	    pair_save(job, i, key, cert, e) == ERR_OK) {
		x509_sha256(cert, sum);
		text_hex(hex, sum, sizeof(sum));
		printf(job->json ? "{\"name\":\"%s\",\"cert_sha256\":\"%s\"}\n"
				 : "%s %s\n",
		    name, hex);
	}
	x509_free(cert);
	crypto_key_free(key);
	return e->code;
}

static enum err_code
key_pair(const struct cli_args *a, struct err *e)
{
	struct pair_job job = { .json = a->json };
	unsigned long count;
	const char *type;
	struct cli_bar bar;

	if (cli_need(a, "--type", &type, e) != ERR_OK ||
	    cli_need(a, "--out", &job.dir, e) != ERR_OK ||
	    cli_number(a, "--count", 1, COUNT_MAX, 1, &count, e) != ERR_OK)
		return e->code;
	if (!crypto_type_parse(type, &job.type))
		return err_set(e, ERR_USAGE,
		    "--type %s: rsa2048, rsa3072, ec256 or ec384 is wanted",
		    type);
	job.count = count;
	job.how = cli_flag(a, "--force") ? FILE_REPLACE : FILE_NEW;
	if (file_mkdir(job.dir, 0700, e) != ERR_OK ||
	    pair_room(&job, e) != ERR_OK)
		return e->code;
	cli_bar_start(&bar, "key pairs", job.count);
	for (size_t i = 0; i < job.count && e->code == ERR_OK; i++) {
		pair_one(&job, i, e);
		cli_bar_step(&bar, 1);
	}
	cli_bar_end(&bar);
	return e->code;
}

static const struct cli_opt psk_opts[] = {
	{ "--count", CLI_VALUE, "N", "how many pairs (1)" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

static const struct cli_opt pair_opts[] = {
	{ "--type", CLI_VALUE, "T", "rsa2048, rsa3072, ec256 or ec384" },
	{ "--count", CLI_VALUE, "N", "how many pairs (1)" },
	{ "--out", CLI_VALUE, "DIR", "the folder, made 0700" },
	{ "--force", CLI_FLAG, NULL, "replace files that exist" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

const struct cli_verb key_verbs[] = {
	{ "key psk", "[--count N]",
	    "print PID and PPS pairs; nothing is recorded anywhere", psk_opts,
	    0, 0, key_psk },
	{ "key pair", "--type T [--count N] --out DIR",
	    "make key pairs with self-signed certificates: key-000001.key "
	    "(0600) and key-000001.pem, ...",
	    pair_opts, 0, 0, key_pair },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};

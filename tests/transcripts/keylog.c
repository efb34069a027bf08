/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a device by tests alone: writes the secrets of its TLS
 * sessions to the file AMTFORGE_KEYLOG, in the format that Wireshark reads
 * (NSS key log). The file is opened before the device gives up the right to.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <openssl/ssl.h>

static int out = -1;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("AMTFORGE_KEYLOG");

	if (path != NULL)
		out = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

static void
keep(const SSL *ssl, const char *line)
{
	struct iovec v[] = { { (void *)(uintptr_t)line, strlen(line) },
		{ "\n", 1 } };

	(void)ssl;
	if (out != -1 && writev(out, v, 2) == -1)
		out = -1;
}

SSL_CTX *
SSL_CTX_new(const SSL_METHOD *m)
{
	SSL_CTX *(*next)(const SSL_METHOD *);
	SSL_CTX *ctx;

	*(void **)&next = dlsym(RTLD_NEXT, "SSL_CTX_new");
	if ((ctx = next(m)) != NULL)
		SSL_CTX_set_keylog_callback(ctx, keep);
	return ctx;
}

SSL_CTX *
SSL_CTX_new_ex(OSSL_LIB_CTX *lib, const char *query, const SSL_METHOD *m)
{
	SSL_CTX *(*next)(OSSL_LIB_CTX *, const char *, const SSL_METHOD *);
	SSL_CTX *ctx;

	*(void **)&next = dlsym(RTLD_NEXT, "SSL_CTX_new_ex");
	if ((ctx = next(lib, query, m)) != NULL)
		SSL_CTX_set_keylog_callback(ctx, keep);
	return ctx;
}

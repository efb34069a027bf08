/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"

enum err_code
secret_new(struct secret *s, size_t cap, struct err *e)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	memset(s, 0, sizeof(*s));
	if (cap > SIZE_MAX / 2)
		return err_mem(e);
	cap = (cap + page) / page * page; /* at least one byte more */
	p = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	if (p == MAP_FAILED)
		return err_mem(e);
	/* Best effort: a station without RLIMIT_MEMLOCK still works. */
	(void)mlock(p, cap);
	(void)madvise(p, cap, MADV_DONTDUMP);
	(void)madvise(p, cap, MADV_WIPEONFORK);
	s->p = p;
	s->cap = cap;
	return ERR_OK;
}

enum err_code
secret_set(struct secret *s, const void *p, size_t n, struct err *e)
{
	if (n >= s->cap) {
		secret_free(s);
		if (secret_new(s, n, e) != ERR_OK)
			return e->code;
	}
	secret_wipe(s->p, s->cap);
	if (n != 0)
		memcpy(s->p, p, n);
	s->len = n;
	return ERR_OK;
}

void
secret_free(struct secret *s)
{
	if (s->p != NULL) {
		secret_wipe(s->p, s->cap);
		munmap(s->p, s->cap);
	}
	memset(s, 0, sizeof(*s));
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

void
secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload that makes one call fail, so that what a program does
 * then can be judged without a hook in the program:
 *
 *	AMTFORGE_FAULT=write:7 LD_PRELOAD=.../shim.so amtforge ...
 *
 * fails the seventh write() or pwrite(). Calls: malloc (also calloc and
 * realloc, of the program itself: not of the libraries it uses), mmap, open,
 * write, fsync (also fdatasync, syncfs), rename, link, getrandom; no-links is
 *link on a file system that has none. A fault that happened is told by one byte
 *on descriptor AMTFORGE_FAULT_FD. "kill-write:7" kills the program (SIGKILL) at
 *that call instead, as a pulled plug would.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static char victim[16];
static unsigned long nth;
static bool deadly;
static int mark = -1;
static atomic_ulong seen;
static uintptr_t text, text_end; /* the program's own code */

/* The first object listed is the program itself. */
static int
find_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0)
			continue;
		text = info->dlpi_addr + p->p_vaddr;
		text_end = text + p->p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void
start(void)
{
	const char *plan = getenv("AMTFORGE_FAULT");
	const char *fd = getenv("AMTFORGE_FAULT_FD");
	const char *colon = plan != NULL ? strchr(plan, ':') : NULL;

	if (plan != NULL && strncmp(plan, "kill-", 5) == 0) {
		deadly = true;
		plan += 5;
	}
	if (colon == NULL || (size_t)(colon - plan) >= sizeof(victim))
		return;
	dl_iterate_phdr(find_text, NULL);
	if (fd != NULL)
		mark = atoi(fd);
	memcpy(victim, plan, (size_t)(colon - plan));
	nth = strtoul(colon + 1, NULL, 10);
}

static bool
fails(const char *call, int error)
{
	if (nth == 0 || strcmp(call, victim) != 0 ||
	    atomic_fetch_add(&seen, 1) + 1 != nth)
		return false;
	if (mark != -1)
		syscall(SYS_write, mark, "!", 1);
	if (deadly)
		kill(getpid(), SIGKILL);
	errno = error;
	return true;
}

static bool
ours(const void *caller)
{
	return (uintptr_t)caller >= text && (uintptr_t)caller < text_end;
}

static void *
next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

void *
malloc(size_t n)
{
	if (ours(__builtin_return_address(0)) && fails("malloc", ENOMEM))
		return NULL;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t each)
{
	if (ours(__builtin_return_address(0)) && fails("malloc", ENOMEM))
		return NULL;
	return __libc_calloc(n, each);
}

void *
realloc(void *p, size_t n)
{
	if (ours(__builtin_return_address(0)) && fails("malloc", ENOMEM))
		return NULL;
	return __libc_realloc(p, n);
}

void *
mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	void *(*real)(void *, size_t, int, int, int, off_t) = next("mmap");

	if (fails("mmap", ENOMEM))
		return MAP_FAILED;
	return real(at, n, prot, flags, fd, off);
}

int
open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = next("open");
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fails("open", EIO))
		return -1;
	return real(path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	int (*real)(int, const char *, int, ...) = next("openat");
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fails("open", EIO))
		return -1;
	return real(dir, path, flags, mode);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t (*real)(int, const void *, size_t) = next("write");

	if (fails("write", ENOSPC))
		return -1;
	return real(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t off)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = next("pwrite");

	if (fails("write", ENOSPC))
		return -1;
	return real(fd, p, n, off);
}

int
fsync(int fd)
{
	int (*real)(int) = next("fsync");

	return fails("fsync", EIO) ? -1 : real(fd);
}

int
fdatasync(int fd)
{
	int (*real)(int) = next("fdatasync");

	return fails("fsync", EIO) ? -1 : real(fd);
}

int
syncfs(int fd)
{
	int (*real)(int) = next("syncfs");

	return fails("fsync", EIO) ? -1 : real(fd);
}

int
rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = next("rename");

	return fails("rename", EIO) ? -1 : real(from, to);
}

int
renameat(int d, const char *from, int e, const char *to)
{
	int (*real)(int, const char *, int, const char *) = next("renameat");

	return fails("rename", EIO) ? -1 : real(d, from, e, to);
}

int
renameat2(int d, const char *from, int e, const char *to, unsigned int flags)
{
	int (*real)(int, const char *, int, const char *, unsigned int) =
	    next("renameat2");

	return fails("rename", EIO) ? -1 : real(d, from, e, to, flags);
}

int
link(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = next("link");

	if (fails("no-links", EPERM)) /* as FAT says */
		return -1;
	return fails("link", EIO) ? -1 : real(from, to);
}

int
linkat(int d, const char *from, int e, const char *to, int flags)
{
	int (*real)(int, const char *, int, const char *, int) = next("linkat");

	if (fails("no-links", EPERM))
		return -1;
	return fails("link", EIO) ? -1 : real(d, from, e, to, flags);
}

ssize_t
getrandom(void *p, size_t n, unsigned int flags)
{
	ssize_t (*real)(void *, size_t, unsigned int) = next("getrandom");

	return fails("getrandom", EIO) ? -1 : real(p, n, flags);
}

/* glibc's names for the same calls with 64-bit offsets. */
int open64(const char *, int, ...) __attribute__((alias("open")));
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));
ssize_t pwrite64(int, const void *, size_t, off_t)
    __attribute__((alias("pwrite")));
void *mmap64(void *, size_t, int, int, int, off_t)
    __attribute__((alias("mmap")));

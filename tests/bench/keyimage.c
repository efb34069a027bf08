/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key images of 64 MiB with holes and one file of 20 records, against mformat
 * and mcopy (mtools) that make the same volume of the same file. Turn about in
 * one folder; medians of single images. Three rows: written to the page cache,
 * as mtools does it; committed (fsync, rename, fsync of the folder), which
 * coreutils' sync does for theirs; and with the digest of the whole image on
 * top of that, as "usb image" prints it, against sha256sum. The disk bounds
 * the second and the digest of 64 MiB the third.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "export/keydisk.h"
#include "formats/setupbin.h"
#include "tests/bench.h"

#define RECORDS 20
#define SIZE (SETUPBIN_CHUNK * (1 + RECORDS))
#define MOST 1000

enum how {
	CACHED,
	COMMITTED,
	HASHED
};

static uint8_t file[SIZE];

static bool
ours(enum how how)
{
	struct fatplan_make make = { .name = SETUPBIN_NAME, .size = SIZE };
	struct file_out *out = NULL;
	struct err e = { 0 };
	struct fatplan plan;
	uint8_t sha[CRYPTO_KEY_LEN];
	const char *why;

	if (fatplan_of(&plan, &make, &why) &&
	    file_out_new("ours.img", FILE_REPLACE | FILE_SECRET, &out, &e) ==
		ERR_OK &&
	    keydisk_write(out, &plan, file, how == HASHED ? sha : NULL, &e) ==
		ERR_OK &&
	    how != CACHED)
		file_out_commit(out, &e);
	file_out_free(out);
	return e.code == ERR_OK;
}

static bool
run(const char *const *argv)
{
	extern char **environ;
	pid_t pid;
	int status;

	return posix_spawnp(&pid, argv[0], NULL, NULL,
		   (char *const *)(uintptr_t)argv, environ) == 0 &&
	    waitpid(pid, &status, 0) == pid && status == 0;
}

static bool
theirs(enum how how)
{
	static const char *const format[] = { "mformat", "-C", "-i",
		"theirs.img", "-T", "129024", "-c", "2", "-h", "255", "-s",
		"63", "-H", "2048", "::", NULL };
	static const char *const copy[] = { "mcopy", "-i", "theirs.img",
		"SETUP.BIN", "::SETUP.BIN", NULL };
	static const char *const commit[] = { "sync", "theirs.img", ".", NULL };
	static const char *const digest[] = { "sh", "-c",
		"exec sha256sum theirs.img >theirs.sum", NULL };

	unlink("theirs.img");
	return run(format) && run(copy) && (how == CACHED || run(commit)) &&
	    (how != HASHED || run(digest));
}

static bool
row(const char *name, enum how how, double seconds)
{
	static double a[MOST], b[MOST];
	double start = clock_seconds(), t, us, peer;
	size_t n = 0;

	while (n < MOST && clock_seconds() - start < seconds) {
		t = clock_seconds();
		if (!ours(how))
			return false;
		a[n] = clock_seconds() - t;
		t = clock_seconds();
		if (!theirs(how))
			return false;
		b[n++] = clock_seconds() - t;
	}
	us = 1 / bench_median(a, n);
	peer = 1 / bench_median(b, n);
	printf("key-image%s  %.0f  %.0f  %.1f  images/s\n", name, us, peer,
	    us / peer);
	return true;
}

static bool
rows(void)
{
	struct err e = { 0 };

	/* The least that is there: what is in it does not change the time. */
	memset(file, 0x5A, sizeof(file));
	return file_write("SETUP.BIN", FILE_NEW, file, SIZE, &e) == ERR_OK &&
	    row("", CACHED, 3) && row("-committed", COMMITTED, 3) &&
	    row("-digest", HASHED, 3);
}

int
main(void)
{
	char dir[] = "/tmp/amtforge-bench.XXXXXX";
	bool ok;

	crypto_init();
	setenv("MTOOLSRC", "/dev/null", 1);
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	ok = rows();
	unlink("SETUP.BIN");
	unlink("ours.img");
	unlink("theirs.img");
	unlink("theirs.sum");
	return chdir("/") == 0 && rmdir(dir) == 0 && ok ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setup.bin files of 20,000 records: encoding and decoding, each entry of
 * which is walked, against the bound that memcpy() of the file sets; and what
 * `amtforge setupbin check` has in memory at its peak beyond the file. With
 * an argument it leaves the file there and prints the two bare rates, for
 * setupbin.sh to hold against an independent program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "formats/setupbin.h"
#include "formats/setupvar.h"

#define RECORDS 20000
#define SIZE ((size_t)(RECORDS + 1) * SETUPBIN_CHUNK)
#define ROUNDS 9

static uint8_t file[SIZE], copy[SIZE];
static volatile size_t kept; /* so that no work is optimised away */

static bool
text(struct setupbin_record *rec, uint16_t module, uint16_t id, const char *s)
{
	return setupbin_add(
	    rec, SETUPBIN_ENTRIES_SAFE, module, id, s, strlen(s));
}

/* What a PSK key has for each machine, with a PID of its own. */
static bool
fill(struct setupbin_record *rec, uint32_t i)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char pid[9] = "00000000";
	unsigned sum = 0;

	for (size_t k = 0; k < 7; k++, i /= 10)
		sum += (unsigned)(pid[6 - k] = (char)('0' + i % 10));
	pid[7] = digits[sum % 36];
	rec->len = 0;
	return text(rec, 1, 1, "admin") && text(rec, 1, 2, "P@ssw0rd") &&
	    text(rec, 2, 1, pid) &&
	    text(rec, 2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ") &&
	    text(rec, 2, 3, "example.com") &&
	    text(rec, 2, 4, "prov.example.com") && text(rec, 2, 13, "\2") &&
	    text(rec, 2, 18, "\xf3\x26");
}

static bool
encode(void)
{
	static struct setupbin_record rec = { .type = 1,
		.flags = SETUPBIN_VALID };
	struct setupbin sb;
	struct wr w;

	setupbin_init(&sb, 2, 1);
	sb.count = RECORDS;
	wr_fixed(&w, file, sizeof(file));
	setupbin_write(&w, &sb);
	for (uint32_t i = 0; i < RECORDS; i++) {
		if (!fill(&rec, i))
			return false;
		rec.number = i + 1;
		setupbin_record_write(&w, &sb, &rec);
	}
	return !w.failed && w.len == sizeof(file);
}

static bool
decode(void)
{
	static struct setupbin_record rec;
	struct setupbin_entry e;
	struct setupbin sb;
	struct rd r;

	rd_init(&r, file, sizeof(file));
	setupbin_read(&r, &sb);
	for (uint32_t i = 0; i < sb.count; i++) {
		if (!setupbin_record_read(&r, &sb, &rec))
			return false;
		for (size_t at = 0; setupbin_next(&rec, &at, &e);)
			kept += setupvar_find(e.module, e.id)->min_len + e.n;
	}
	return rd_end(&r);
}

static bool
bound(void)
{
	memcpy(copy, file, sizeof(file));
	kept += copy[kept % sizeof(copy)];
	return true;
}

/* The fastest of some rounds, in records a second; 0 if one fails. */
static double
rate(bool (*f)(void))
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double t = clock_seconds();

		if (!f())
			return 0;
		t = clock_seconds() - t;
		best = t < best ? t : best;
	}
	return RECORDS / best;
}

static bool
save(const char *path)
{
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL && fwrite(file, 1, SIZE, f) == SIZE;

	return f != NULL && fclose(f) == 0 && ok;
}

/* Before this process has the file in memory itself: a child begins with
 * what its parent had. */
static bool
peak(const char *path, long *kib)
{
	const char *build = getenv("AMTFORGE_BUILD");
	char program[4096];
	struct rusage use;
	int status = -1;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/bin/amtforge",
	    build != NULL ? build : "build/release");
	if ((pid = fork()) == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL)
			execl(program, program, "setupbin", "check", path,
			    (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 0 ||
	    getrusage(RUSAGE_CHILDREN, &use) != 0)
		return false;
	*kib = use.ru_maxrss;
	return true;
}

/* Written by a child for the same reason. */
static bool
memory(void)
{
	char path[] = "/tmp/amtforge-bench.XXXXXX";
	int fd = mkstemp(path), status = -1;
	long kib = 0;
	pid_t pid;
	bool ok;

	if (fd == -1)
		return false;
	close(fd);
	if ((pid = fork()) == 0)
		_exit(encode() && save(path) ? 0 : 1);
	ok = pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
	/* The children's peak is that of the larger: the writer's is above
	 * the reader's only by what it has itself, so ask a fresh parent. */
	if (ok && (pid = fork()) == 0) {
		ok = peak(path, &kib);
		printf(
		    "setupbin-memory  %.1f  8.0  %.2f  MiB beyond the file\n",
		    (double)kib / 1024 - (double)SIZE / (1 << 20),
		    ((double)kib / 1024 - (double)SIZE / (1 << 20)) / 8);
		fflush(stdout);
		_exit(ok ? 0 : 1);
	}
	ok = ok && waitpid(pid, &status, 0) == pid && status == 0;
	unlink(path);
	return ok;
}

int
main(int argc, char **argv)
{
	double in, out, limit;

	if (argc == 1 && !memory())
		return 1;
	out = rate(encode);
	in = rate(decode);
	limit = rate(bound);
	if (in == 0 || out == 0 || (argc > 1 && !save(argv[1])))
		return 1;
	if (argc > 1) {
		printf("%.0f %.0f\n", out, in);
		return 0;
	}
	printf("setupbin-encode-memcpy  %.0f  %.0f  %.2f  records/s\n", out,
	    limit, out / limit);
	printf("setupbin-decode-memcpy  %.0f  %.0f  %.2f  records/s\n", in,
	    limit, in / limit);
	return 0;
}

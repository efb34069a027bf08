/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amtforge image write for an order, 16 MiB images and deltas, against what
 * binds it, measured in the same rounds and in the same folder:
 *
 *	image-write	the slower of write + fdatasync of each image and the
 *			SHA-256 of what is written, in this process
 *	image-script	cp, dd conv=notrunc, sha256sum and sync, from a shell
 *	delta-write	images of image-write: how many times their rate
 *	delta-fsync	files of a delta's size, created and synced in groups,
 *			in this process
 *	image-memory	the largest resident set beyond one image, for few and
 *			for many units, against 12 MiB
 *
 * Ours is the whole program, with its start, the reading and proving of the
 * base and the ledger's commits. Turn about, medians of ROUNDS. Small files are
 * deleted at the end only: ext4 is slow to give inodes out again that were
 * freed a moment ago, which no line does.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "tests/bench.h"

#define ROUNDS 3
#define IMAGES 16
#define DELTAS 3000
#define GROUP 256
#define OVMF "/usr/share/ovmf/OVMF.fd"

struct bench {
	char *root; /* of the sources, for the samples in configs/ */
	uint8_t *base;
	size_t n;
	size_t delta; /* bytes of one */
	long peak;    /* KiB, of the last program */
	double bound[ROUNDS], sha[ROUNDS], image[ROUNDS], script[ROUNDS],
	    deltas[ROUNDS], files[ROUNDS];
	long few, many;
};

/* A command of the shell, with the names of this bench in $1.... */
static bool
shell(struct bench *b, const char *script, const char *one, const char *two)
{
	extern char **environ;
	const char *argv[] = { "sh", "-ec", script, "sh", b->root, one, two,
		NULL };
	struct rusage use;
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, "sh", NULL, NULL, (char *const *)(uintptr_t)argv,
		environ) != 0 ||
	    wait4(pid, &status, 0, &use) != pid)
		return false;
	b->peak = use.ru_maxrss;
	return status == 0;
}

/* The rate of units a second. "exec": the memory is the program's. */
static double
ours(struct bench *b, const char *order, const char *how, size_t units)
{
	double from;

	if (!shell(b, "rm -rf out; sync .", "", ""))
		return 0;
	from = clock_seconds();
	if (!shell(b,
		"exec amtforge image write l.db \"$2\" --base base.bin "
		"--map \"$1/configs/map-ovmf.cfg\" $3 >/dev/null",
		order, how))
		return 0;
	return (double)units / (clock_seconds() - from);
}

static double
script(struct bench *b)
{
	double from;

	if (!shell(b, "rm -rf out; mkdir out; sync .", "", ""))
		return 0;
	from = clock_seconds();
	if (!shell(b,
		"i=0; while [ $i -lt \"$2\" ]; do cp base.bin out/$i.bin; "
		"dd if=delta of=out/$i.bin bs=512 seek=20000 conv=notrunc "
		"status=none; sha256sum out/$i.bin >>out/sums; "
		"sync out/$i.bin; i=$((i + 1)); done; sync out",
		"8", ""))
		return 0;
	return 8 / (clock_seconds() - from);
}

static bool
put(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t did = write(fd, p, n);

		if (did <= 0)
			return false;
		p += did;
		n -= (size_t)did;
	}
	return true;
}

static double
written(struct bench *b)
{
	char name[32];
	double from;

	if (!shell(b, "rm -rf out; mkdir out; sync .", "", ""))
		return 0;
	from = clock_seconds();
	for (int i = 0; i < IMAGES; i++) {
		int fd;

		snprintf(name, sizeof(name), "out/%d.bin", i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd == -1 || !put(fd, b->base, b->n) || fdatasync(fd) != 0)
			return 0;
		close(fd);
	}
	return IMAGES / (clock_seconds() - from);
}

static double
hashed(struct bench *b)
{
	struct err e = { 0 };
	uint8_t sha[32];
	double from = clock_seconds();

	for (int i = 0; i < 4; i++)
		if (crypto_sha256_of(b->base, b->n, sha, &e) != ERR_OK)
			return 0;
	return 4 / (clock_seconds() - from);
}

static double
grouped(struct bench *b, int round)
{
	int fd[GROUP], dir;
	char name[32], path[16];
	double from;

	snprintf(path, sizeof(path), "f%d", round);
	if (!shell(b, "mkdir \"$2\"; sync .", path, "") ||
	    (dir = open(path, O_RDONLY | O_DIRECTORY)) == -1)
		return 0;
	from = clock_seconds();
	for (int i = 0; i < DELTAS; i += GROUP) {
		int n = DELTAS - i < GROUP ? DELTAS - i : GROUP;

		for (int k = 0; k < n; k++) {
			snprintf(name, sizeof(name), "%s/%d", path, i + k);
			fd[k] = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
			if (fd[k] == -1 || !put(fd[k], b->base, b->delta))
				return 0;
		}
		for (int k = 0; k < n; k++) {
			if (fsync(fd[k]) != 0)
				return 0;
			close(fd[k]);
		}
		if (fsync(dir) != 0)
			return 0;
	}
	close(dir);
	return DELTAS / (clock_seconds() - from);
}

static bool
set_up(struct bench *b)
{
	struct err e = { 0 };
	struct stat st;
	char two[64];

	snprintf(two, sizeof(two), "%d %d", IMAGES, DELTAS);
	if (!shell(b,
		"amtforge image new base.bin --size 16M --bios " OVMF "\n"
		"amtforge ledger init l.db >/dev/null\n"
		"for o in F D E; do amtforge order open l.db "
		"\"$1/configs/profile-psk.cfg\" --id $o; done\n"
		"set -- $2\n"
		"amtforge unit issue l.db F --count $1 >/dev/null\n"
		"amtforge unit issue l.db D --count $2 >/dev/null\n"
		"amtforge unit issue l.db E --count 1 >/dev/null\n"
		"amtforge image write l.db E --base base.bin --map "
		"$AMTFORGE_BUILD/../../configs/map-ovmf.cfg --out one "
		"--delta >/dev/null\nmv one/* delta\n",
		two, ""))
		return false;
	if (stat("delta", &st) != 0)
		return false;
	b->delta = (size_t)st.st_size;
	return file_load("base.bin", 1 << 25, &b->base, &b->n, &e) == ERR_OK;
}

static bool
rounds(struct bench *b)
{
	for (int i = 0; i < ROUNDS; i++) {
		char how[32];

		snprintf(how, sizeof(how), "--delta --out d%d", i);
		b->bound[i] = written(b);
		b->image[i] = ours(b, "F", "--out out", IMAGES);
		b->few = b->peak;
		b->sha[i] = hashed(b);
		b->script[i] = script(b);
		b->files[i] = grouped(b, i);
		b->deltas[i] = ours(b, "D", how, DELTAS);
		b->many = b->peak;
		if (b->bound[i] <= 0 || b->image[i] <= 0 || b->sha[i] <= 0 ||
		    b->script[i] <= 0 || b->files[i] <= 0 || b->deltas[i] <= 0)
			return false;
	}
	return true;
}

static void
row(const char *name, double us, double peer, const char *unit)
{
	printf("%s  %.1f  %.1f  %.2f  %s\n", name, us, peer, us / peer, unit);
}

static void
print(struct bench *b)
{
	double bound = bench_median(b->bound, ROUNDS),
	       sha = bench_median(b->sha, ROUNDS),
	       image = bench_median(b->image, ROUNDS),
	       deltas = bench_median(b->deltas, ROUNDS);
	double mib = (double)b->n / 1048576;

	row("image-write", image, bound < sha ? bound : sha, "images/s");
	row("image-script", image, bench_median(b->script, ROUNDS), "images/s");
	row("delta-write", deltas, image, "files/s");
	row("delta-fsync", deltas, bench_median(b->files, ROUNDS), "files/s");
	row("image-memory-16", (double)b->few / 1024 - mib, 12, "MiB");
	row("image-memory-3000", (double)b->many / 1024 - mib, 12, "MiB");
}

int
main(void)
{
	char dir[] = "/tmp/amtforge-bench.XXXXXX", path[4096];
	const char *build = getenv("AMTFORGE_BUILD");
	struct bench b = { 0 };
	bool ok;

	if (access(OVMF, R_OK) != 0 || build == NULL) {
		printf("image: skipped: no %s, or no AMTFORGE_BUILD\n", OVMF);
		return 0;
	}
	crypto_init();
	snprintf(path, sizeof(path), "%s/bin:%s", build, getenv("PATH"));
	setenv("PATH", path, 1);
	if (asprintf(&b.root, "%s/../..", build) == -1 ||
	    mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	ok = set_up(&b) && rounds(&b);
	if (ok)
		print(&b);
	ok = shell(&b, "rm -rf out one d[0-9] f[0-9] base.bin delta l.db*", "",
		 "") &&
	    ok;
	free(b.base);
	free(b.root);
	return chdir("/") == 0 && rmdir(dir) == 0 && ok ? 0 : 1;
}

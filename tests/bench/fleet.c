/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fleet of devices takes of memory: 10,000 with an open TLS connection
 * each, by pre-shared key and by certificates, against 300 MiB; 100,000 that
 * said hello and wait, against 512 MiB. The devices are amtforge-device in a
 * process of its own; this one opens the connections and takes the hellos.
 * FLEET_OPEN and FLEET_IDLE are other numbers, in thousands.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"

#define OPEN_MIB 300 /* of 10,000 */
#define IDLE_MIB 512
#define AT_ONCE 64
#define PATIENCE_S 120
/* Below those that connections are given, or one may take it first. */
#define PORTS 18000

static char dir[] = "/tmp/amtforge-fleet.XXXXXX";
static int poller, hellos;
static size_t hellos_seen;
static uint16_t hello_port, device_port;
static pid_t device;

static void
give_up(const char *what)
{
	fprintf(stderr, "fleet: %s: %s\n", what, strerror(errno));
	if (device > 0)
		kill(device, SIGKILL);
	exit(1);
}

static void
shell(const char *script)
{
	char line[4096];

	snprintf(line, sizeof(line),
	    "set -e; ROOT=$PWD; PATH=$AMTFORGE_BUILD/bin:$PATH; cd %s; "
	    "{ %s; } >log 2>&1 || { cat log >&2; exit 1; }",
	    dir, script);
	if (system(line) != 0)
		give_up("a command failed");
}

/* An image whose machine has a pre-shared key, and one with the root of
 * ./chain; both from the factory. */
static void
make_images(void)
{
	shell("amtforge-server chain make chain --fqdn prov.example.com;"
	      "amtforge image new base.bin --size 1M "
	      "--bios /usr/share/OVMF/OVMF_VARS.fd;"
	      "for c in psk pki; do "
	      "sed 's|\"demo-root.pem\"|\"chain/root.pem\"|' "
	      "$ROOT/configs/profile-$c.cfg >profile.cfg;"
	      "amtforge ledger init $c.db;"
	      "amtforge order open $c.db profile.cfg --id O;"
	      "amtforge unit issue $c.db O --count 1 --json >$c.unit;"
	      "u=$(sed 's/.*\"uuid\":\"\\([^\"]*\\)\".*/\\1/' $c.unit);"
	      "amtforge unit show $c.db $u --reveal --json >$c.unit;"
	      "amtforge image write $c.db O --base base.bin "
	      "--map $ROOT/configs/map-ovmf.cfg --out $c;"
	      "mv $c/*.bin $c.bin; done;"
	      "echo 'insecure_volatile_state = true; insecure_key_pool = 4; "
	      "idle_seconds = 600;' >device.cfg");
}

static int
listen_any(uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&in, len) == -1 ||
	    listen(fd, 4096) == -1 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		give_up("a listener");
	*port = ntohs(in.sin_port);
	return fd;
}

/* One that nobody holds on any address. */
static uint16_t
free_port(void)
{
	for (int i = 0; i < 1000; i++) {
		uint16_t port = (uint16_t)(PORTS + (getpid() + 7 * i) % 10000);
		struct sockaddr_in in = { .sin_family = AF_INET,
			.sin_port = htons(port) };
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		bool held =
		    bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
		    listen(fd, 1) == -1;

		close(fd);
		if (!held)
			return port;
	}
	give_up("a free port");
	return 0;
}

/* Hellos are counted when their connection comes. */
static void
take_hellos(void)
{
	int fd;

	while ((fd = accept(hellos, NULL, NULL)) != -1) {
		hellos_seen++;
		close(fd);
	}
}

static void
device_start(
    const char *image, size_t n, const char *spread, const char *connections)
{
	char server[32], port[16], count[16], like[64], program[4096];
	int taken;

	device_port = free_port();
	snprintf(server, sizeof(server), "127.0.0.1:%u", hello_port);
	snprintf(port, sizeof(port), "%u", device_port);
	snprintf(count, sizeof(count), "%zu", n);
	snprintf(like, sizeof(like), "%s.bin", image);
	snprintf(program, sizeof(program), "%s/bin/amtforge-device",
	    getenv("AMTFORGE_BUILD"));
	hellos_seen = 0;
	if ((device = fork()) == 0) {
		if (chdir(dir) == -1 ||
		    (taken = open("device.log", O_CREAT | O_WRONLY | O_TRUNC,
			 0600)) == -1)
			_exit(1);
		dup2(taken, 1);
		dup2(taken, 2);
		execl(program, "amtforge-device", "fleet", "--like", like,
		    "--count", count, "--config", "device.cfg", "--server",
		    server, "--port", port, "--suffix", "example.com", "--seed",
		    "1", "--spread", spread, "--connections", connections,
		    (char *)NULL);
		_exit(127);
	}
}

static void
device_stop(void)
{
	int status;

	kill(device, SIGTERM);
	waitpid(device, &status, 0);
	device = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		give_up("the fleet did not end well");
}

static double
resident_mib(void)
{
	char path[64], line[256];
	double kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)device);
	if ((f = fopen(path, "r")) == NULL)
		give_up(path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtod(line + 6, NULL);
	fclose(f);
	if (kib == 0)
		give_up("the fleet is gone");
	return kib / 1024;
}

static void
wait_hellos(size_t n)
{
	double until = clock_seconds() + PATIENCE_S;
	struct epoll_event ev;

	while (hellos_seen < n) {
		if (clock_seconds() > until)
			give_up("hellos that did not come");
		if (waitpid(device, NULL, WNOHANG) == device) {
			device = 0;
			give_up("the fleet ended: see its device.log");
		}
		if (epoll_wait(poller, &ev, 1, 1000) > 0)
			take_hellos();
	}
}

/* The server's side. */

static unsigned char pps[64];
static char pid[16];

static unsigned
give_psk(SSL *ssl, const char *hint, char *identity, unsigned id_max,
    unsigned char *key, unsigned max)
{
	size_t n = strlen((char *)pps);

	(void)ssl;
	(void)hint;
	if (strlen(pid) >= id_max || n > max)
		return 0;
	strcpy(identity, pid);
	memcpy(key, pps, n);
	return (unsigned)n;
}

/* Of the unit's JSON row, without dashes. */
static void
field(const char *row, const char *name, char *out, size_t room)
{
	const char *p = strstr(row, name);
	size_t n = 0;

	if (p == NULL)
		give_up(name);
	for (p += strlen(name) + 3; *p != '"' && n + 1 < room; p++)
		if (*p != '-')
			out[n++] = *p;
	out[n] = '\0';
}

static void
read_psk(void)
{
	char path[128], row[4096] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/psk.unit", dir);
	if ((f = fopen(path, "r")) == NULL ||
	    fread(row, 1, sizeof(row) - 1, f) == 0)
		give_up(path);
	fclose(f);
	field(row, "\"pid", pid, sizeof(pid));
	field(row, "\"pps", (char *)pps, sizeof(pps));
}

static SSL_CTX *
client_new(const char *kind)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char chain[128], key[128];

	snprintf(chain, sizeof(chain), "%s/chain/leaf.pem", dir);
	snprintf(key, sizeof(key), "%s/chain/leaf.key", dir);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	if (strcmp(kind, "psk") == 0) {
		read_psk();
		SSL_CTX_set_psk_client_callback(ctx, give_psk);
		SSL_CTX_set_cipher_list(ctx, "PSK-AES128-CBC-SHA");
	} else if (SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		give_up("the server's chain");
	}
	return ctx;
}

static SSL *
visit(SSL_CTX *ctx, size_t i)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(device_port) };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SSL *ssl = SSL_new(ctx);

	in.sin_addr.s_addr = htonl(0x7f500001u + (uint32_t)i);
	if (fd == -1 || ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		give_up("a connection");
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == -1 &&
	    errno != EINPROGRESS)
		give_up("connect");
	SSL_set_connect_state(ssl);
	ev.data.ptr = ssl;
	epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev);
	return ssl;
}

/* One handshake further; 1 if it is over. */
static size_t
go_on(SSL *ssl)
{
	int rc = SSL_do_handshake(ssl), why = SSL_get_error(ssl, rc);

	if (rc != 1 && why != SSL_ERROR_WANT_READ &&
	    why != SSL_ERROR_WANT_WRITE && errno != ENOTCONN &&
	    errno != EAGAIN) {
		ERR_print_errors_fp(stderr);
		give_up("a handshake");
	}
	if (rc == 1)
		epoll_ctl(poller, EPOLL_CTL_DEL, SSL_get_fd(ssl), NULL);
	return rc == 1;
}

static double
open_all(SSL_CTX *ctx, SSL **all, size_t n)
{
	double began = clock_seconds(), until = began + PATIENCE_S;
	struct epoll_event ev[AT_ONCE];
	size_t begun = 0, done = 0;

	while (done < n) {
		int got;

		for (; begun < n && begun - done < AT_ONCE; begun++)
			all[begun] = visit(ctx, begun);
		got = epoll_wait(poller, ev, AT_ONCE, 1000);
		if (clock_seconds() > until)
			give_up("handshakes that did not end");
		for (int i = 0; i < got; i++) {
			if (ev[i].data.ptr == NULL)
				take_hellos();
			else
				done += go_on(ev[i].data.ptr);
		}
	}
	return clock_seconds() - began;
}

static void
row(const char *name, double ours, double most)
{
	printf("%s\t%.0f\t%.0f\t%.2f\tMiB resident : MiB at most\n", name, ours,
	    most, ours / most);
	fflush(stdout);
}

static void
connected(const char *kind, size_t n)
{
	SSL **all = calloc(n, sizeof(*all));
	SSL_CTX *ctx = client_new(kind);
	char name[64];
	double took;

	if (all == NULL)
		give_up("memory");
	snprintf(name, sizeof(name), "%zu", n);
	device_start(kind, n, "2", name);
	wait_hellos(n);
	took = open_all(ctx, all, n);
	sleep(1);
	snprintf(name, sizeof(name), "fleet-%s-%zu-open", kind, n);
	row(name, resident_mib(), OPEN_MIB * (double)n / 10000);
	fprintf(stderr, "%s: %.0f handshakes/s\n", name, (double)n / took);
	for (size_t i = 0; i < n; i++) {
		if (SSL_pending(all[i]) != 0 ||
		    SSL_peek(all[i], pid, 1) != -1 ||
		    SSL_get_error(all[i], -1) != SSL_ERROR_WANT_READ)
			give_up("a connection that the fleet closed");
		close(SSL_get_fd(all[i]));
		SSL_free(all[i]);
	}
	free(all);
	SSL_CTX_free(ctx);
	device_stop();
}

static void
idle(const char *kind, size_t n)
{
	char name[64];

	device_start(kind, n, "10", "4000");
	wait_hellos(n);
	sleep(1);
	snprintf(name, sizeof(name), "fleet-%s-%zu-idle", kind, n);
	row(name, resident_mib(), IDLE_MIB * (double)n / 100000);
	device_stop();
}

static size_t
thousands(const char *name, size_t usual)
{
	const char *text = getenv(name);

	return 1000 * (text != NULL ? strtoul(text, NULL, 10) : usual);
}

int
main(void)
{
	size_t open_n = thousands("FLEET_OPEN", 10);
	size_t idle_n = thousands("FLEET_IDLE", 100);
	struct rlimit many = { 2 * 1000 * 16, 2 * 1000 * 16 };
	struct epoll_event ev = { .events = EPOLLIN };
	char line[128];

	if (access("/usr/share/OVMF/OVMF_VARS.fd", R_OK) == -1) {
		puts("fleet: no OVMF_VARS.fd (package ovmf)");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (setrlimit(RLIMIT_NOFILE, &many) == -1) {
		getrlimit(RLIMIT_NOFILE, &many);
		if (many.rlim_max < open_n + 64) {
			printf("fleet: %llu open files are too few\n",
			    (unsigned long long)many.rlim_max);
			return 0;
		}
		many.rlim_cur = many.rlim_max;
		setrlimit(RLIMIT_NOFILE, &many);
	}
	if (mkdtemp(dir) == NULL || (poller = epoll_create1(0)) == -1)
		give_up(dir);
	make_images();
	hellos = listen_any(&hello_port);
	epoll_ctl(poller, EPOLL_CTL_ADD, hellos, &ev);
	connected("psk", open_n);
	connected("pki", open_n);
	idle("pki", idle_n);
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line) == 0 ? 0 : 1;
}

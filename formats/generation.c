/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS runs it. */
#include "formats/generation.h"
#include "formats/hashlist.h"

#define SHA1 GENERATION_HASH(HASH_SHA1)
#define SHA2 (GENERATION_HASH(HASH_SHA256) | GENERATION_HASH(HASH_SHA384))

/* Facts that hold for several rows. */
/* SDK: 20 built in, and 3 of the customer; the white paper's 20. */
#define ROOM_20 .oem_hashes = 20, .own_hashes = 3, .announced = 23
/* SDK: from 7 on 30 and 3; still at most 23 are announced. One capture of
 * MeshCentral's has 24, which is a setting of the device. */
#define ROOM_30 .oem_hashes = 30, .own_hashes = 3, .announced = 23
/* SDK: AMT 12 brought TLS 1.2 and dropped 1.0; the white paper's key exchange
 * is RSA's. */
#define TLS_OLD                                                       \
	.tls_min = GENERATION_TLS_1_0, .tls_max = GENERATION_TLS_1_1, \
	.rsa_exchange = true
/* Setup.bin files before 3.0, which came with AMT 6, carry SHA-1 only. Whether
 * firmware of that age takes a SHA-256 that the OEM put into it nobody says. */
#define HASHES_OLD .hashes = SHA1, .hashes_unsaid = SHA2
#define HASHES_ALL .hashes = SHA1 | SHA2
/* SCCM: 1024 and 2048; 4096 from 6.0 on. Of 3072 nobody speaks. */
#define RSA_OLD .rsa_min = 1024, .rsa_max = 2048
#define RSA_4096 .rsa_min = 1024, .rsa_max = 4096

static const struct generation table[] = {
	/* AMT 2 speaks SOAP, which is not public; its row is for readers of
	 * Setup.bin files and of domain rules. */
	{ 2, 0, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_FULL, .setupbin_major = 1 },
	/* A notebook line that is newer than desktop 3.0. */
	{ 2, 6, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_COM_NET, .setupbin_major = 1 },
	/* Whether 3.x has 2.6's rule for .com and .net nobody says: the device
	 * has a setting (domain_rule). */
	{ 3, 0, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_FULL, .setupbin_major = 2 },
	{ 4, 0, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_FULL, .setupbin_major = 2, .setupbin_minor = 1 },
	{ 4, 1, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_TLD_TABLE, .setupbin_major = 2,
	    .setupbin_minor = 1 },
	{ 5, 0, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_FULL, .setupbin_major = 2, .setupbin_minor = 1 },
	{ 5, 1, HASHES_OLD, RSA_OLD, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_TLD_TABLE, .setupbin_major = 2,
	    .setupbin_minor = 1 },
	{ 6, 0, HASHES_ALL, RSA_4096, TLS_OLD, ROOM_20, .psk = true,
	    .domain = DOMAIN_TLD_TABLE, .setupbin_major = 3 },
	/* Set-up by the host from 7 on is inferred: client control mode is
	 * younger than AMT 6.0, and the device has a setting (host_setup).
	 * Setup.bin 4.0 from 7 on is inferred from the files that Intel's own
	 * tools make. */
	{ 7, 0, HASHES_ALL, RSA_4096, TLS_OLD, ROOM_30, .psk = true,
	    .domain = DOMAIN_TLD_TABLE, .host_setup = true,
	    .setupbin_major = 4 },
	/* SDK: PSK set-up left with 11. */
	{ 11, 0, HASHES_ALL, RSA_4096, TLS_OLD, ROOM_30,
	    .domain = DOMAIN_TLD_TABLE, .host_setup = true,
	    .setupbin_major = 4 },
	{ 12, 0, HASHES_ALL, RSA_4096, ROOM_30, .tls_min = GENERATION_TLS_1_1,
	    .tls_max = GENERATION_TLS_1_2, .domain = DOMAIN_TLD_TABLE,
	    .host_setup = true, .setupbin_major = 4 },
	/* The source says "recent" of firmware without 2/29; Intel's tool for
	 * AMT 12 still writes it. */
	{ 13, 0, HASHES_ALL, RSA_4096, ROOM_30, .tls_min = GENERATION_TLS_1_1,
	    .tls_max = GENERATION_TLS_1_2, .domain = DOMAIN_TLD_TABLE,
	    .host_setup = true, .setupbin_major = 4, .no_manual_item = true },
	/* Intel support 000059996. StartConfigurationHBased: MeshCentral asks
	 * 14 and later for it. */
	{ 14, 0, HASHES_ALL, RSA_4096, ROOM_30, .tls_min = GENERATION_TLS_1_1,
	    .tls_max = GENERATION_TLS_1_2, .domain = DOMAIN_TLD_TABLE,
	    .host_setup = true, .setupbin_major = 4, .no_manual_item = true,
	    .host_start = true, .screen = GENERATION_SCREEN_SHA1 },
	/* SDK: TLS 1.1 went with CSME 15 on desktops, with 16 on all. Intel
	 * support 000090051: SHA-1 and small keys went with 15 on H. */
	{ 15, 0, .hashes = SHA2, .differs_by_chipset = true, .rsa_min = 2048,
	    .rsa_max = 4096, ROOM_30, .tls_min = GENERATION_TLS_1_2,
	    .tls_max = GENERATION_TLS_1_2, .domain = DOMAIN_TLD_TABLE,
	    .host_setup = true, .setupbin_major = 4, .no_manual_item = true,
	    .host_start = true, .screen = GENERATION_SCREEN_SHA1 },
	/* TLS 1.3 in firmware is inferred: clients of this age offer it. That
	 * the screen takes no hash is from public reports. */
	{ 16, 0, .hashes = SHA2, .rsa_min = 2048, .rsa_max = 4096, .ec = true,
	    ROOM_30, .tls_min = GENERATION_TLS_1_2,
	    .tls_max = GENERATION_TLS_1_3, .domain = DOMAIN_TLD_TABLE,
	    .host_setup = true, .setupbin_major = 4, .no_manual_item = true,
	    .host_start = true, .screen = GENERATION_SCREEN_NONE },
	/* rpc-go: AdminSetup is gone, StartConfigurationHBased stays. */
	{ 19, 0, .hashes = SHA2, .rsa_min = 2048, .rsa_max = 4096, .ec = true,
	    ROOM_30, .tls_min = GENERATION_TLS_1_2,
	    .tls_max = GENERATION_TLS_1_3, .domain = DOMAIN_TLD_TABLE,
	    .host_setup = true, .no_admin_setup = true, .setupbin_major = 4,
	    .no_manual_item = true, .host_start = true,
	    .screen = GENERATION_SCREEN_NONE },
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static unsigned
number(unsigned major, unsigned minor)
{
	return major * 256 + (minor < 256 ? minor : 255);
}

const struct generation *
generation_of(unsigned major, unsigned minor)
{
	size_t i = ROWS - 1;

	while (i > 0 &&
	    number(table[i].major, table[i].minor) > number(major, minor))
		i--;
	return &table[i];
}

const struct generation *
generation_nth(size_t i)
{
	return i < ROWS ? &table[i] : NULL;
}

const struct generation *
generation_reading(uint8_t major, uint8_t minor)
{
	size_t i = 0;

	while (i + 1 < ROWS &&
	    number(table[i].setupbin_major, table[i].setupbin_minor) <
		number(major, minor))
		i++;
	return &table[i];
}

const char *
generation_tls_name(enum generation_tls v)
{
	static const char *const names[] = { "TLS 1.0", "TLS 1.1", "TLS 1.2",
		"TLS 1.3" };

	return v <= GENERATION_TLS_1_3 ? names[v] : "TLS";
}

static size_t
decimal(char *out, unsigned v)
{
	size_t n = 0;

	if (v >= 100)
		out[n++] = (char)('0' + v / 100);
	if (v >= 10)
		out[n++] = (char)('0' + v / 10 % 10);
	out[n++] = (char)('0' + v % 10);
	return n;
}

void
generation_text(const struct generation *g, char out[static 8])
{
	size_t n = decimal(out, g->major);

	out[n++] = '.';
	n += decimal(out + n, g->minor);
	out[n] = '\0';
}

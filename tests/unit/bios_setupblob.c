/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/setupblob.h"
#include "formats/reason.h"
#include "formats/setupbin.h"

static struct record rec;
static uint8_t file[2 * SETUPBIN_CHUNK];
static struct setupbin head;
static struct setupbin_record one;

static void
a_record(bool pki)
{
	memset(&rec, 0, sizeof(rec));
	rec.amt_major = 4;
	rec.enabled = rec.talk = true;
	rec.pki = pki;
	strcpy(rec.mebx_current, "admin");
	strcpy(rec.mebx_new, "Passw0rd!");
	strcpy(rec.server_fqdn, "a.example");
	memcpy(rec.server_ip, "\x0a\x14\x1e\x28", 4);
	rec.server_port = 9971;
	strcpy(rec.psk.pid, "0000000C");
	strcpy(rec.psk.pps, "00000000000000000000000000000000");
	if (!pki)
		return;
	rec.hashes.n = 5;
	for (size_t i = 0; i < 5; i++) {
		rec.hashes.e[i].type = HASH_SHA1;
		memset(rec.hashes.e[i].hash, (int)i + 1, 20);
		rec.hashes.e[i].active = i != 1;
		snprintf(rec.hashes.e[i].name, 8, "root %zu", i);
	}
}

static enum err_code
make(const struct setupblob_how *how, struct err *e)
{
	struct wr w;
	struct rd r;

	err_clear(e);
	wr_fixed(&w, file, sizeof(file));
	if (setupblob_write(how, &rec, &w, e) != ERR_OK)
		return e->code;
	assert_int_equal(w.len, sizeof(file));
	rd_init(&r, file, w.len);
	setupbin_read(&r, &head);
	setupbin_record_read(&r, &head, &one);
	assert_true(rd_end(&r));
	return ERR_OK;
}

/* The value of the nth such entry; NULL if there is none. */
static const uint8_t *
value(uint16_t module, uint16_t id, size_t nth, size_t *n)
{
	struct setupbin_entry x;
	size_t at = 0;

	while (setupbin_next(&one, &at, &x))
		if (x.module == module && x.id == id && nth-- == 0) {
			*n = x.n;
			return x.value;
		}
	return NULL;
}

static void
has(uint16_t module, uint16_t id, const void *want, size_t len)
{
	const uint8_t *p;
	size_t n = 0;

	p = value(module, id, 0, &n);
	assert_non_null(p);
	assert_int_equal(n, len);
	assert_memory_equal(p, want, len);
}

static void
a_psk_unit_has_the_entries_of_a_key(void **state)
{
	struct setupblob_how how = { .smb = 2 };
	struct err e;
	size_t n;

	(void)state;
	a_record(false);
	rec.mode = RECORD_SMB;
	assert_int_equal(make(&how, &e), ERR_OK);
	assert_int_equal(head.major, 2);
	assert_int_equal(head.minor, 1); /* what AMT 4 reads */
	has(1, 1, "admin", 5);
	has(1, 2, "Passw0rd!", 9);
	has(1, 3, "\x01", 1);
	has(2, 1, "0000000C", 8);
	has(2, 2, rec.psk.pps, 32);
	has(2, 4, "a.example", 9);
	has(2, 16, "\x02", 1);
	has(2, 17, "\x28\x1e\x14\x0a", 4); /* octets reversed */
	has(2, 18, "\xf3\x26", 2);
	assert_null(value(2, 8, 0, &n));
	assert_null(value(2, 28, 0, &n)); /* there is none in 2.1 */
}

static void
a_pki_unit_has_its_first_active_hashes(void **state)
{
	struct setupblob_how how = { .smb = 1 };
	struct err e;
	size_t n;

	(void)state;
	a_record(true);
	assert_int_equal(make(&how, &e), ERR_OK);
	has(2, 5, "\x01", 1);
	has(2, 7, "\x01", 1);
	assert_int_equal(value(2, 8, 0, &n)[1], 1);
	assert_int_equal(value(2, 8, 1, &n)[1], 3); /* 2 is not active */
	assert_int_equal(value(2, 8, 2, &n)[1], 4);
	assert_null(value(2, 8, 3, &n));
	assert_null(value(2, 2, 0, &n)); /* no PPS */
	rec.hashes.e[1].only = rec.hashes.e[1].active = true;
	assert_int_equal(make(&how, &e), ERR_OK);
	assert_int_equal(value(2, 8, 0, &n)[1], 2);
	assert_null(value(2, 8, 1, &n));
	rec.hashes.e[1].type = HASH_SHA256; /* is in files of 3.0 on */
	assert_int_equal(make(&how, &e), ERR_OK);
	assert_int_equal(head.major, 3);
}

static void
what_no_such_file_can_hold_is_refused(void **state)
{
	struct setupblob_how how = { .smb = 1 };
	struct err e;

	(void)state;
	a_record(false);
	rec.mebx_current[0] = rec.mebx_new[0] = '\0';
	assert_int_equal(make(&how, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_KEY_UNFIT));
	assert_non_null(strstr(e.msg, "has no MEBx password"));
	a_record(false);
	rec.amt_major = 11;
	assert_int_equal(make(&how, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "do nothing with a PSK"));
	a_record(true);
	memset(rec.server_fqdn, 'a', 190);
	memset(rec.pki_dns_suffix, 'a', 190);
	assert_int_equal(make(&how, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "more than the 484 bytes"));
	a_record(true);
	rec.hashes.e[0].type = HASH_SHA256;
	how.major = 2;
	assert_int_equal(make(&how, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "2/8: hash-newer"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_psk_unit_has_the_entries_of_a_key),
		cmocka_unit_test(a_pki_unit_has_its_first_active_hashes),
		cmocka_unit_test(what_no_such_file_can_hold_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

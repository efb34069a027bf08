/* SPDX-License-Identifier: Apache-2.0 */
/* A dialogue over the host interface, with a machine made by hand: bytes in,
 * bytes out. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "device/amthosted.h"
#include "device/hostif.h"
#include "device/pin.h"

static struct settings settings;
static struct machine_common common;
static struct machine m;
static struct machine_scratch scratch;
static struct state state;
static struct amt amt;
static struct amt_host host;
static struct hostif h;
static struct pthi answer;
static struct wr out;
static int saves, starts, stops;
static bool save_fails;
static char said_suffix[RECORD_STR];

static enum err_code
host_random(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	memset(p, 0xa5, n);
	return ERR_OK;
}

static enum err_code
host_save(void *arg, const struct state *s, struct err *e)
{
	(void)arg;
	(void)s;
	if (save_fails)
		return err_set(e, ERR_IO, "full");
	saves++;
	return ERR_OK;
}

static enum amt_status
act_start(struct machine *who)
{
	starts++;
	who->open = true;
	who->state->phase = STATE_IN;
	return AMT_OK;
}

static enum amt_status
act_stop(struct machine *who)
{
	stops++;
	who->open = false;
	who->state->phase = STATE_PRE;
	return AMT_OK;
}

static enum amt_status
act_suffix(struct machine *who, const char *text)
{
	snprintf(said_suffix, sizeof(said_suffix), "%s", text);
	snprintf(who->state->suffix, sizeof(who->state->suffix), "%s", text);
	return AMT_OK;
}

static enum amt_status
act_enable(struct machine *who, bool on)
{
	if (who->state->phase == STATE_POST && !on)
		return AMT_BAD_STATE;
	who->state->enabled = on;
	return AMT_OK;
}

static enum amt_status
act_start_pinned(struct machine *who, struct state_blob *pin)
{
	if (who->state->phase == STATE_POST)
		return AMT_BAD_STATE;
	state_blob_free(&who->state->pin);
	who->state->pin = *pin;
	*pin = (struct state_blob){ NULL, 0 };
	return act_start(who);
}

static enum err_code
act_hash(struct machine *who, enum hash_type type, uint8_t out48[static 48],
    struct err *e)
{
	(void)who;
	(void)e;
	memset(out48, 0xc0 + (int)type, hashlist_hash_len(type));
	return ERR_OK;
}

static enum amt_status
act_unprovision(struct machine *who)
{
	if (state_control(who->state) != STATE_CONTROL_CLIENT)
		return AMT_NOT_PERMITTED;
	who->state->phase = STATE_PRE;
	who->state->client = false;
	return AMT_OK;
}

static const struct hostif_acts acts = { .start = act_start,
	.start_pinned = act_start_pinned,
	.hash = act_hash,
	.stop = act_stop,
	.suffix = act_suffix,
	.enable = act_enable,
	.unprovision = act_unprovision };

static int
begin(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(settings_read(&settings, NULL, &e), ERR_OK);
	memset(&m, 0, sizeof(m));
	memset(&scratch, 0, sizeof(scratch));
	memset(&state, 0, sizeof(state));
	common = (struct machine_common){ .settings = &settings,
		.scratch = &scratch };
	host = (struct amt_host){ .random = host_random, .save = host_save };
	amt = (struct amt){ .host = &host };
	m.common = &common;
	m.dhcp_suffix = "";
	scratch.awake = &m;
	m.state = &state;
	m.amt = &amt;
	state.enabled = -1;
	scratch.factory.enabled = scratch.factory.pki = true;
	scratch.factory.amt_major = 6;
	h = (struct hostif){ .machine = &m, .acts = &acts };
	saves = starts = stops = 0;
	save_fails = false;
	said_suffix[0] = '\0';
	wr_grow(&out, PTHI_MAX);
	return 0;
}

static int
end(void **unused)
{
	(void)unused;
	wr_free(&out);
	state_blob_free(&state.pin);
	amthosted_free(&amt);
	hostif_wipe(&h);
	return 0;
}

/* The status of what answers it; the whole in `answer`. */
static uint32_t
ask(struct pthi in)
{
	uint8_t bytes[PTHI_MAX];
	struct wr w;
	struct rd r;

	in.minor = 1;
	wr_fixed(&w, bytes, sizeof(bytes));
	pthi_write(&w, &in);
	assert_false(w.failed);
	wr_reset(&out);
	assert_true(hostif_answer(&h, HOSTIF_AMT, bytes, w.len, &out));
	rd_init(&r, out.buf, out.len);
	assert_true(pthi_read(&r, &answer));
	assert_true(answer.answer);
	assert_int_equal(answer.op, in.op);
	assert_int_equal(answer.rest_len, 0);
	return answer.status;
}

static uint32_t
get(enum pthi_op op)
{
	return ask((struct pthi){ .op = op });
}

static uint32_t
set_text(enum pthi_op op, const char *text)
{
	struct pthi in = { .op = op };

	pthi_ansi_set(&in.body.text, text);
	return ask(in);
}

static uint32_t
set_number(enum pthi_op op, uint32_t v)
{
	struct pthi in = { .op = op };

	in.body.number = v;
	return ask(in);
}

static void
a_password_is_taken_before_set_up_and_after_the_period(void **unused)
{
	(void)unused;
	assert_int_equal(set_text(PTHI_SET_OTP, "Otp!12345"), AMT_OK);
	assert_string_equal(state.otp, "Otp!12345");
	assert_int_equal(saves, 1);
	m.open = true;
	state.phase = STATE_IN;
	assert_int_equal(set_text(PTHI_SET_OTP, "another-1"), AMT_BAD_STATE);
	m.open = false; /* the period is over */
	assert_int_equal(set_text(PTHI_SET_OTP, "another-2"), AMT_OK);
	assert_string_equal(state.otp, "another-2");
	state.phase = STATE_POST;
	assert_int_equal(set_text(PTHI_SET_OTP, "another-3"), AMT_BAD_STATE);
	assert_string_equal(state.otp, "another-2");
}

static void
a_password_has_8_to_32_characters(void **unused)
{
	static const char most[] = "0123456789abcdef0123456789abcdef";
	struct pthi in = { .op = PTHI_SET_OTP };

	(void)unused;
	assert_int_equal(set_text(PTHI_SET_OTP, "1234567"), AMT_BAD_PARAMETER);
	assert_int_equal(set_text(PTHI_SET_OTP, "12345678"), AMT_OK);
	assert_int_equal(set_text(PTHI_SET_OTP, most), AMT_OK);
	in.body.text.n = 33; /* and a NUL that is counted */
	memcpy(in.body.text.s, most, 33);
	assert_int_equal(ask(in), AMT_OK);
	assert_string_equal(state.otp, most);
	assert_int_equal(
	    set_text(PTHI_SET_OTP, "0123456789abcdef0123456789abcdefg"),
	    AMT_BAD_PARAMETER);
	assert_int_equal(
	    set_text(PTHI_SET_OTP, "1234567\n"), AMT_BAD_PARAMETER);
	assert_int_equal(
	    set_text(PTHI_SET_OTP, "1234\0015678"), AMT_BAD_PARAMETER);
	assert_int_equal(set_text(PTHI_SET_OTP, "1234 5678 "), AMT_OK);
	assert_string_equal(state.otp, "1234 5678 ");
	save_fails = true;
	assert_int_equal(set_text(PTHI_SET_OTP, "12345678"), AMT_FLASH_LIMIT);
}

static void
a_pre_shared_key_takes_no_password(void **unused)
{
	(void)unused;
	strcpy(m.psk.pid, "0000037M");
	assert_int_equal(set_text(PTHI_SET_OTP, "12345678"), AMT_BAD_MODE);
	assert_int_equal(get(PTHI_TLS_MODE), AMT_OK);
	assert_int_equal(answer.body.number, 1);
	assert_int_equal(get(PTHI_PID), AMT_OK);
	assert_memory_equal(answer.body.pid, "0000037M", 8);
	m.psk.pid[0] = '\0';
	assert_int_equal(get(PTHI_PID), AMT_NOT_FOUND);
	assert_int_equal(get(PTHI_TLS_MODE), AMT_OK);
	assert_int_equal(answer.body.number, 2);
	scratch.factory.pki = false;
	get(PTHI_TLS_MODE);
	assert_int_equal(answer.body.number, 0);
}

static void
a_suffix_is_a_domain_and_is_read_back(void **unused)
{
	static const char *const bad[] = { "a..b", ".a", "a.", "a b", "a/b",
		"\xc3\xa4.de",
		"a123456789b123456789c123456789d123456789e123456789"
		"f1234567890123.example" };

	(void)unused;
	assert_int_equal(set_text(PTHI_SET_SUFFIX, "corp.example"), AMT_OK);
	assert_string_equal(said_suffix, "corp.example");
	assert_int_equal(get(PTHI_SUFFIX), AMT_OK);
	assert_int_equal(answer.body.text.n, 12);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    set_text(PTHI_SET_SUFFIX, bad[i]), AMT_BAD_DOMAIN);
	/* A preset one is what is read back. */
	strcpy(scratch.factory.pki_dns_suffix, "oem.example");
	get(PTHI_SUFFIX);
	assert_memory_equal(answer.body.text.s, "oem.example", 11);
	assert_int_equal(set_text(PTHI_SET_SUFFIX, ""), AMT_OK);
	m.open = true;
	assert_int_equal(set_text(PTHI_SET_SUFFIX, "x.example"), AMT_BAD_STATE);
	m.dhcp_suffix = "lan.example";
	assert_int_equal(get(PTHI_SUFFIX_LIST), AMT_OK);
	assert_int_equal(answer.body.text.n, 12);
	assert_memory_equal(answer.body.text.s, "lan.example", 12);
}

static void
remote_configuration_can_be_switched_before_set_up(void **unused)
{
	(void)unused;
	get(PTHI_ZTC);
	assert_int_equal(answer.body.number, 1);
	assert_int_equal(set_number(PTHI_SET_ZTC, 0), AMT_OK);
	get(PTHI_ZTC);
	assert_int_equal(answer.body.number, 0);
	assert_int_equal(set_number(PTHI_SET_ZTC, 2), AMT_BAD_PARAMETER);
	state.phase = STATE_IN;
	assert_int_equal(set_number(PTHI_SET_ZTC, 1), AMT_BAD_STATE);
}

static void
start_and_stop_are_passed_on(void **unused)
{
	(void)unused;
	assert_int_equal(get(PTHI_START), AMT_OK);
	assert_int_equal(set_number(PTHI_START_EX, 1), AMT_OK);
	assert_int_equal(set_number(PTHI_START_EX, 7), AMT_BAD_PARAMETER);
	assert_int_equal(starts, 2);
	get(PTHI_PROVISIONING_STATE);
	assert_int_equal(answer.body.number, 1);
	assert_int_equal(get(PTHI_STOP), AMT_OK);
	assert_int_equal(stops, 1);
	get(PTHI_SECURITY_PARAMETERS);
	assert_int_equal(answer.body.security.interface, 0);
	assert_int_equal(answer.body.security.enterprise, 1);
}

static void
a_host_undoes_its_own_set_up_only(void **unused)
{
	(void)unused;
	state.phase = STATE_POST;
	assert_int_equal(set_number(PTHI_UNPROVISION, 0), AMT_NOT_PERMITTED);
	assert_int_equal(get(PTHI_DISABLE), AMT_NOT_PERMITTED);
	get(PTHI_CONTROL_MODE);
	assert_int_equal(answer.body.number, 2);
	state.client = true;
	get(PTHI_CONTROL_MODE);
	assert_int_equal(answer.body.number, 1);
	assert_int_equal(set_number(PTHI_UNPROVISION, 0), AMT_OK);
	get(PTHI_CONTROL_MODE);
	assert_int_equal(answer.body.number, 0);
}

static void
disabling_takes_what_the_host_had_set(void **unused)
{
	(void)unused;
	set_text(PTHI_SET_OTP, "12345678");
	set_text(PTHI_SET_SUFFIX, "corp.example");
	assert_int_equal(get(PTHI_DISABLE), AMT_OK);
	assert_string_equal(state.otp, "");
	assert_string_equal(state.suffix, "");
	get(PTHI_PROVISIONING_MODE);
	assert_int_equal(answer.body.mode.mode, 0);
	assert_int_equal(set_text(PTHI_SET_OTP, "12345678"), AMT_BAD_MODE);
	assert_int_equal(get(PTHI_ACCOUNT), AMT_BAD_MODE);
}

static void
hash_entries_are_the_records(void **unused)
{
	struct hash_entry *e = scratch.factory.hashes.e;

	(void)unused;
	scratch.factory.hashes.n = 2;
	e[0] = (struct hash_entry){ .type = HASH_SHA1,
		.hash = { 1 },
		.name = "one",
		.active = true,
		.oem = true };
	e[1] = (struct hash_entry){ .type = HASH_SHA384,
		.hash = { [47] = 2 },
		.name = "two",
		.active = true,
		.only = true };
	get(PTHI_HASH_HANDLES);
	assert_int_equal(answer.body.handles.n, 2);
	assert_int_equal(set_number(PTHI_HASH_ENTRY, 1), AMT_OK);
	assert_int_equal(answer.body.hash.algorithm, 3);
	assert_int_equal(answer.body.hash.hash[47], 2);
	assert_int_equal(answer.body.hash.is_active, 1);
	assert_int_equal(answer.body.hash.is_default, 0);
	assert_int_equal(set_number(PTHI_HASH_ENTRY, 0), AMT_OK);
	assert_int_equal(answer.body.hash.is_active, 0); /* not the only one */
	assert_int_equal(answer.body.hash.is_default, 1);
	assert_memory_equal(answer.body.hash.name.s, "one", 3);
	assert_int_equal(set_number(PTHI_HASH_ENTRY, 2), AMT_BAD_HANDLE);
}

static void
the_audit_record_is_there_after_set_up(void **unused)
{
	(void)unused;
	state.record = (struct state_record){ .present = true,
		.fqdn = "prov.example.com",
		.hash_type = HASH_SHA256,
		.hash = "00112233445566778899aabbccddeeff"
			"00112233445566778899aabbccddeeff",
		.secure_dns = true,
		.serials = { [47] = 9 },
		.more_serials = true,
		.by_host = true,
		.server_ip = "192.0.2.7",
		.created = 1764188400 };
	assert_int_equal(get(PTHI_AUDIT_RECORD), AMT_NOT_READY);
	state.phase = STATE_POST;
	state.record.by = STATE_BY_ADMIN;
	assert_int_equal(get(PTHI_AUDIT_RECORD), AMT_NOT_FOUND);
	state.record.by = STATE_BY_SERVER;
	assert_int_equal(get(PTHI_AUDIT_RECORD), AMT_OK);
	assert_int_equal(answer.body.audit.hash[1], 0x11);
	assert_int_equal(answer.body.audit.secure_dns, 1);
	assert_int_equal(answer.body.audit.serials[47], 9);
	assert_int_equal(answer.body.audit.more_serials, 1);
	assert_int_equal(answer.body.audit.host_initiated, 1);
	assert_int_equal(answer.body.audit.year, 2025);
	assert_string_equal(answer.body.audit.address, "192.0.2.7");
	assert_int_equal(answer.body.audit.fqdn.n, 16);
}

static void
the_account_is_padded_and_stays_the_same(void **unused)
{
	char first[33];

	(void)unused;
	assert_int_equal(get(PTHI_ACCOUNT), AMT_OK);
	assert_int_equal(out.len, PTHI_HEADER + 4 + 68);
	assert_string_equal(answer.body.account.user, "$$OsAdmin");
	memcpy(first, answer.body.account.password, sizeof(first));
	assert_int_equal(strlen(first), 32);
	get(PTHI_ACCOUNT);
	assert_string_equal(answer.body.account.password, first);
}

static void
indexes_and_identifiers_are_checked(void **unused)
{
	struct pthi in = { .op = PTHI_AMT_STATE };

	(void)unused;
	assert_int_equal(set_number(PTHI_LAN, 0), AMT_OK);
	assert_int_equal(answer.body.lan.enabled, 1);
	assert_int_equal(set_number(PTHI_LAN, 1), AMT_OK);
	assert_int_equal(answer.body.lan.enabled, 0);
	assert_int_equal(set_number(PTHI_LAN, 2), AMT_BAD_INDEX);
	assert_int_equal(ask(in), AMT_BAD_PARAMETER);
	in.body.uuid.b[15] = 1;
	assert_int_equal(ask(in), AMT_OK);
	assert_int_equal(answer.body.state.length, 5);
}

static void
a_host_name_is_kept(void **unused)
{
	struct pthi in = { .op = PTHI_SET_HOST_FQDN };

	(void)unused;
	in.body.host_fqdn.n = 16;
	memcpy(in.body.host_fqdn.s, "pc7.corp.example", 16);
	assert_int_equal(ask(in), AMT_OK);
	get(PTHI_FQDN);
	assert_int_equal(answer.body.fqdn.host_len, 3);
	assert_int_equal(answer.body.fqdn.fqdn.n, 16);
	in.body.host_fqdn.s[0] = '\n';
	assert_int_equal(ask(in), AMT_BAD_DOMAIN);
	assert_string_equal(state.host_fqdn, "pc7.corp.example");
}

static void
the_client_that_enables_switches(void **unused)
{
	static const uint8_t question[] = { 5, 2, 0x51, 0x10 },
			     on[] = { 5, 3, 0x53, 0x10, 1 },
			     off[] = { 5, 3, 0x53, 0x10, 0 },
			     change[] = { 5, 2, 0x52, 0x10 },
			     two[] = { 5, 3, 0x53, 0x10, 2 };

	(void)unused;
	scratch.factory.enabled = false;
	assert_true(hostif_answer(&h, HOSTIF_WD, question, 4, &out));
	assert_int_equal(out.len, 1);
	assert_int_equal(out.buf[0], PTHI_WD_CAN_SET | PTHI_WD_ALLOWED);
	assert_true(hostif_answer(&h, HOSTIF_WD, change, 4, &out));
	assert_int_equal(out.buf[1], 0);
	assert_int_equal(state.enabled, 1);
	assert_true(hostif_answer(&h, HOSTIF_WD, off, 5, &out));
	assert_int_equal(state.enabled, 0);
	assert_true(hostif_answer(&h, HOSTIF_WD, on, 5, &out));
	assert_int_equal(state.enabled, 1);
	assert_false(hostif_answer(&h, HOSTIF_WD, two, 5, &out));
	state.phase = STATE_POST;
	wr_reset(&out);
	assert_true(hostif_answer(&h, HOSTIF_WD, off, 5, &out));
	assert_int_equal(out.buf[0], 1);
	assert_true(hostif_answer(&h, HOSTIF_WD, question, 4, &out));
	assert_int_equal(out.buf[1], PTHI_WD_CAN_SET | PTHI_WD_ENABLED);
}

static void
what_is_not_known_has_the_settings_status(void **unused)
{
	(void)unused;
	assert_int_equal(get(PTHI_TCPIP), PTHI_NOT_PERMITTED);
	assert_int_equal(get(PTHI_CIRA_LOG), PTHI_NOT_PERMITTED);
	settings.mei_unknown_status = 1;
	assert_int_equal(ask((struct pthi){ .op = 0x040000ff }), 1);
}

static void
features_and_resets_are_what_the_settings_say(void **unused)
{
	(void)unused;
	assert_int_equal(set_number(PTHI_FEATURES, 7), AMT_OK);
	assert_int_equal(answer.body.features.id, 7);
	assert_int_equal(answer.body.features.n, 4);
	assert_memory_equal(answer.body.features.data, "\0\0\0", 4);
	settings.feature_len = 0;
	assert_int_equal(set_number(PTHI_FEATURES, 8), AMT_OK);
	assert_int_equal(out.len, PTHI_HEADER + 8);
	settings.host_reset_reason = 3;
	assert_int_equal(get(PTHI_RESET_REASON), AMT_OK);
	assert_int_equal(answer.body.reset.reason, 3);
	assert_int_equal(answer.body.reset.time, 0);
	assert_int_equal(out.len, PTHI_HEADER + 12);
}

/* As MeshCentral writes it; the others differ in how long they are. */
static struct pthi start_for = { .op = PTHI_START_HOST_BASED };

static uint32_t
pinned(uint8_t algorithm)
{
	memset(&start_for.body, 0, sizeof(start_for.body));
	start_for.body.host_based.algorithm = algorithm;
	memset(start_for.body.host_based.hash, 0x5e, 48);
	return ask(start_for);
}

static const char *
pinned_suffix(size_t i)
{
	return pin_suffix(&state.pin, i);
}

static void
a_start_for_one_certificate_tells_the_machines_own(void **unused)
{
	static const uint8_t bad[] = { 0, 1, 4, 255 };
	enum hash_type type;

	(void)unused;
	scratch.factory.amt_major = 14;
	assert_int_equal(pinned(2), AMT_OK);
	assert_int_equal(starts, 1);
	assert_int_equal(out.len, PTHI_HEADER + 4 + 65);
	assert_int_equal(answer.body.certificate.algorithm, 2);
	assert_int_equal(answer.body.certificate.hash[31], 0xc2);
	assert_int_equal(answer.body.certificate.hash[32], 0);
	assert_memory_equal(
	    pin_hash(&state.pin, &type), start_for.body.host_based.hash, 32);
	assert_int_equal(type, HASH_SHA256);
	start_for.body.host_based.algorithm = 3;
	start_for.body.host_based.has_list = true;
	start_for.body.host_based.short_vpn = true;
	start_for.body.host_based.vpn = 1;
	assert_int_equal(ask(start_for), AMT_OK);
	assert_int_equal(answer.body.certificate.hash[47], 0xc3);
	assert_true(h.vpn);
	pin_hash(&state.pin, &type);
	assert_int_equal(type, HASH_SHA384);
	assert_null(pinned_suffix(0));
	for (size_t i = 0; i < sizeof(bad); i++)
		assert_int_equal(pinned(bad[i]), AMT_BAD_PARAMETER);
	state.phase = STATE_POST;
	assert_int_equal(pinned(2), AMT_BAD_STATE);
}

static void
the_version_knows_a_start_for_one_certificate_or_a_setting_does(void **unused)
{
	(void)unused;
	scratch.factory.amt_major = 13;
	assert_int_equal(pinned(2), PTHI_NOT_PERMITTED);
	settings.host_start = 1;
	assert_int_equal(pinned(2), AMT_OK);
	scratch.factory.amt_major = 16;
	settings.host_start = 0;
	assert_int_equal(pinned(2), PTHI_NOT_PERMITTED);
	assert_int_equal(starts, 1);
}

static uint32_t
with_suffixes(uint32_t number)
{
	start_for.body.host_based.suffixes = number;
	return ask(start_for);
}

/* Their number is one of names in MeshCentral, of bytes elsewhere. */
static void
its_suffixes_are_counted_in_names_or_bytes(void **unused)
{
	static const char names[] = "a.example\0b.example\0c\0d.e";
	struct pthi_host_based *b = &start_for.body.host_based;

	(void)unused;
	scratch.factory.amt_major = 14;
	assert_int_equal(pinned(2), AMT_OK);
	assert_int_equal(with_suffixes(1), AMT_BAD_PARAMETER); /* no list */
	b->has_list = true;
	memcpy(b->list, names, sizeof(names));
	assert_int_equal(with_suffixes(1), AMT_OK);
	assert_string_equal(pinned_suffix(0), "a.example");
	assert_null(pinned_suffix(1));
	assert_int_equal(with_suffixes(4), AMT_OK);
	assert_string_equal(pinned_suffix(3), "d.e");
	assert_null(pinned_suffix(4));
	assert_int_equal(with_suffixes(20), AMT_OK);
	assert_string_equal(pinned_suffix(1), "b.example");
	assert_null(pinned_suffix(2));
	assert_int_equal(with_suffixes(sizeof(b->list)), AMT_OK);
	assert_string_equal(pinned_suffix(3), "d.e");
	memset(b->list, 'a', 60);
	for (size_t i = 1; i < 60; i += 2)
		b->list[i] = '\0';
	/* More than four. */
	assert_int_equal(with_suffixes(60), AMT_BAD_PARAMETER);
	strcpy(b->list, "a..b");
	assert_int_equal(with_suffixes(1), AMT_BAD_DOMAIN);
	memset(b->list, 'a', sizeof(b->list));
	assert_int_equal(with_suffixes(sizeof(b->list)), AMT_BAD_DOMAIN);
	assert_int_equal(with_suffixes(sizeof(b->list) + 1), AMT_BAD_PARAMETER);
	settings.host_start_suffixes = false;
	assert_int_equal(with_suffixes(4), AMT_OK);
	assert_null(pinned_suffix(0));
}

static void
a_mac_is_the_wires_or_one_of_the_uuid(void **unused)
{
	static const uint8_t wired[6] = { 0x00, 0x1b, 0x21, 1, 2, 3 };
	struct machine_lan lan = { .link = true,
		.nsuffix = 2,
		.suffix = { "a.example", "b.example" } };
	uint8_t first[6];

	(void)unused;
	scratch.factory.uuid.b[3] = 7;
	assert_int_equal(get(PTHI_MAC_ADDRESSES), AMT_OK);
	memcpy(first, answer.body.macs.host, sizeof(first));
	assert_int_equal(first[0] & 3, 2); /* one machine's, and local */
	scratch.factory.uuid.b[3] = 8;
	get(PTHI_MAC_ADDRESSES);
	assert_memory_not_equal(answer.body.macs.host, first, 6);
	memcpy(lan.mac, wired, sizeof(wired));
	m.lan = &lan;
	get(PTHI_MAC_ADDRESSES);
	assert_memory_equal(answer.body.macs.host, wired, 6);
	set_number(PTHI_LAN, 0);
	assert_memory_equal(answer.body.lan.mac, wired, 6);
	assert_int_equal(answer.body.lan.link, 1);
	lan.link = false;
	set_number(PTHI_LAN, 0);
	assert_int_equal(answer.body.lan.link, 0);
	get(PTHI_SECURITY_PARAMETERS);
	assert_int_equal(answer.body.security.link, 0);
	get(PTHI_SUFFIX_LIST);
	assert_int_equal(answer.body.text.n, 20);
	assert_memory_equal(answer.body.text.s, "a.example\0b.example", 20);
}

static void
the_name_is_the_one_that_set_up_gave(void **unused)
{
	struct switches s = *switches_of(NULL);

	(void)unused;
	strcpy(state.host_fqdn, "host.example");
	m.dhcp_suffix = "corp.example";
	strcpy(s.host, "pc9");
	s.shared_fqdn = false;
	s.power = 1;
	state.switches = &s;
	get(PTHI_FQDN);
	assert_int_equal(answer.body.fqdn.host_len, 3);
	assert_int_equal(answer.body.fqdn.shared, 0);
	assert_int_equal(answer.body.fqdn.fqdn.n, 16);
	assert_memory_equal(answer.body.fqdn.fqdn.s, "pc9.corp.example", 16);
	strcpy(s.domain, "d.example");
	get(PTHI_FQDN);
	assert_memory_equal(answer.body.fqdn.fqdn.s, "pc9.d.example", 13);
	assert_int_equal(get(PTHI_POWER_POLICY), AMT_OK);
	assert_memory_equal(answer.body.text.s, "Desktop: ON in S0, ME", 21);
	state.switches = NULL;
	get(PTHI_FQDN);
	assert_memory_equal(answer.body.fqdn.fqdn.s, "host.example", 12);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_password_is_taken_before_set_up_and_after_the_period),
		CASE(a_password_has_8_to_32_characters),
		CASE(a_pre_shared_key_takes_no_password),
		CASE(a_suffix_is_a_domain_and_is_read_back),
		CASE(remote_configuration_can_be_switched_before_set_up),
		CASE(start_and_stop_are_passed_on),
		CASE(a_host_undoes_its_own_set_up_only),
		CASE(disabling_takes_what_the_host_had_set),
		CASE(hash_entries_are_the_records),
		CASE(the_audit_record_is_there_after_set_up),
		CASE(the_account_is_padded_and_stays_the_same),
		CASE(indexes_and_identifiers_are_checked),
		CASE(a_host_name_is_kept),
		CASE(features_and_resets_are_what_the_settings_say),
		CASE(a_start_for_one_certificate_tells_the_machines_own),
		CASE(
		    the_version_knows_a_start_for_one_certificate_or_a_setting_does),
		CASE(its_suffixes_are_counted_in_names_or_bytes),
		CASE(a_mac_is_the_wires_or_one_of_the_uuid),
		CASE(the_name_is_the_one_that_set_up_gave),
		CASE(the_client_that_enables_switches),
		CASE(what_is_not_known_has_the_settings_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amtforge-agent activate: the host's part of a delayed set-up, in the order
 * of Intel LMS: is AMT enabled, may it be set up remotely, by which
 * credential, then suffix, one-time password and start.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "agent/facts.h"
#include "agent/firmware.h"
#include "agent/verbs.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "formats/dhcp.h"
#include "formats/reason.h"

#define OTP_LEAST 8
#define OTP_MOST 32
#define OTP_FILE_MAX 4096
#define STATE_PRE 0
#define STATE_IN 1
#define STATE_POST 2
#define MODE_SMB 2
#define TLS_PSK 1
/* LMS polls 20 times, each half a minute, while the certificate is made. */
#define START_SECONDS 600
#define POLL_MS 500

struct activation {
	const struct cli_args *args;
	struct firmware fw;
	struct secret otp; /* empty: none is given */
	const char *suffix;
	bool enabled; /* it was disabled before */
	bool psk, in, stopped;
	struct pthi m;
};

static enum err_code __attribute__((format(printf, 2, 3)))
unfit(struct err *e, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_refuse(e, ERR_PERM, reason_get(REASON_AMT_STATE), "%s", why);
}

/* The first line: what `amtforge-server otp` prints. */
static enum err_code
read_otp(struct activation *a, struct err *e)
{
	const char *path = cli_value(a->args, "--otp-file", NULL);
	struct secret *s = &a->otp;
	size_t n = 0;

	if (path == NULL ||
	    file_read_secret(path, OTP_FILE_MAX, s, e) != ERR_OK)
		return e->code;
	while (n < s->len && s->p[n] != '\n' && s->p[n] != '\r')
		n++;
	s->len = n;
	if (n == 0)
		return err_set(e, ERR_NOINPUT,
		    "%s: no one-time password in its first line", path);
	if (n < OTP_LEAST || n > OTP_MOST || !text_printable(s->p, n))
		return err_set(e, ERR_DATA,
		    "%s: a one-time password has %d to %d printable "
		    "characters; its first line has %zu bytes",
		    path, OTP_LEAST, OTP_MOST, n);
	return ERR_OK;
}

/* Before the firmware is asked for anything: what is wrong with it stops no
 * set-up that goes on, and enables nothing. */
static enum err_code
read_suffix(struct activation *a, struct err *e)
{
	a->suffix = cli_value(a->args, "--suffix", NULL);
	if (a->suffix != NULL && a->suffix[0] != '\0' &&
	    !dhcp_is_name(a->suffix))
		return err_set(e, ERR_USAGE,
		    "--suffix %.64s: not a DNS suffix, such as "
		    "corp.example.com",
		    a->suffix);
	return ERR_OK;
}

/* Is it fit? */

static enum err_code
be_enabled(struct activation *a, struct err *e)
{
	struct firmware_switch s;

	if (firmware_switch(&a->fw, &s, e) != ERR_OK || s.enabled)
		return e->code;
	if (!s.allowed)
		return unfit(e,
		    "AMT is disabled, and the firmware does not let "
		    "the host enable it: enable it in MEBx");
	if (firmware_enable(&a->fw, &s, e) != ERR_OK ||
	    firmware_switch(&a->fw, &s, e) != ERR_OK)
		return e->code;
	if (!s.enabled)
		return unfit(e,
		    "AMT is disabled, and stays so: the firmware "
		    "did not take the command to enable it");
	a->enabled = true;
	log_info("AMT was disabled: enabled it");
	return ERR_OK;
}

static enum err_code
look_at_state(struct activation *a, struct err *e)
{
	if (firmware_get(&a->fw, PTHI_PROVISIONING_STATE, &a->m, e) != ERR_OK)
		return e->code;
	if (a->m.body.number == STATE_POST)
		return unfit(e, "this machine is set up already");
	a->in = a->m.body.number == STATE_IN;
	if (firmware_get(&a->fw, PTHI_PROVISIONING_MODE, &a->m, e) != ERR_OK)
		return e->code;
	if (a->m.body.mode.mode == MODE_SMB)
		return unfit(e,
		    "this machine is in small-business mode, which "
		    "is set up by hand");
	return ERR_OK;
}

static enum err_code
look_at_credential(struct activation *a, struct err *e)
{
	if (firmware_get(&a->fw, PTHI_TLS_MODE, &a->m, e) != ERR_OK)
		return e->code;
	a->psk = a->m.body.number == TLS_PSK;
	if (a->psk && a->otp.len > 0)
		return unfit(e,
		    "this machine has a pre-shared key, which takes "
		    "no one-time password: leave out --otp-file");
	if (!a->psk && firmware_knows(&a->fw, PTHI_ZTC, &a->m, e) &&
	    a->m.body.number == 0)
		return unfit(e,
		    "remote configuration (zero touch) is off, and "
		    "there is no pre-shared key");
	if (e->code == ERR_OK && !a->psk && a->otp.len == 0)
		log_warn("without --otp-file the server is told no one-time "
			 "password, unless the factory or a technician set "
			 "one");
	return e->code;
}

/* What was started before takes neither suffix nor password. */
static enum err_code
stop_what_goes_on(struct activation *a, struct err *e)
{
	if (!a->in || (a->otp.len == 0 && a->suffix == NULL))
		return ERR_OK;
	a->m = (struct pthi){ .op = PTHI_STOP };
	a->stopped = firmware_need(&a->fw, &a->m, e) == ERR_OK;
	if (a->stopped)
		log_info("set-up was going on: stopped it to begin anew");
	return e->code;
}

/* What was stopped for nothing goes on, as far as it can. */
static void
go_on(struct activation *a)
{
	struct err e = { 0 };

	if (!a->stopped)
		return;
	a->m = (struct pthi){ .op = PTHI_START };
	if (firmware_ask(&a->fw, &a->m, &e) == ERR_OK &&
	    (a->m.status == PTHI_SUCCESS ||
		a->m.status == PTHI_CERTIFICATE_NOT_READY))
		log_info("the set-up that was stopped was started again");
	else
		log_warn("set-up is stopped now: nobody sets this machine up "
			 "before it is activated");
}

/* What the server shall find. */

static enum err_code
set_suffix(struct activation *a, struct err *e)
{
	char now[PTHI_ANSI + 1] = "";

	if (a->suffix == NULL)
		return ERR_OK;
	a->m = (struct pthi){ .op = PTHI_SET_SUFFIX };
	pthi_ansi_set(&a->m.body.text, a->suffix);
	if (firmware_need(&a->fw, &a->m, e) != ERR_OK ||
	    firmware_get(&a->fw, PTHI_SUFFIX, &a->m, e) != ERR_OK)
		return e->code;
	if (!pthi_ansi_get(&a->m.body.text, now, sizeof(now)) ||
	    !text_printable(now, strlen(now)))
		now[0] = '\0';
	if (strcasecmp(now, a->suffix) != 0)
		return unfit(e,
		    "--suffix %.64s: the firmware goes on with %.100s, "
		    "which was set before",
		    a->suffix, now[0] != '\0' ? now : "none");
	return ERR_OK;
}

static enum err_code
set_otp(struct activation *a, struct err *e)
{
	if (a->otp.len == 0)
		return ERR_OK;
	a->m = (struct pthi){ .op = PTHI_SET_OTP };
	a->m.body.text.n = (uint16_t)a->otp.len;
	memcpy(a->m.body.text.s, a->otp.p, a->otp.len);
	firmware_need(&a->fw, &a->m, e);
	pthi_wipe(&a->m);
	secret_free(&a->otp);
	return e->code;
}

/* The start. */

/* Statuses that say how it stands, not that the command is not known. */
static bool
is_verdict(uint32_t status)
{
	return status == PTHI_SUCCESS || status == PTHI_NOT_READY ||
	    status == PTHI_INVALID_MODE || status == PTHI_BAD_STATE ||
	    status == PTHI_CERTIFICATE_NOT_READY ||
	    status == PTHI_RNG_NOT_READY || status == PTHI_RNG_IN_PROGRESS;
}

static enum err_code
start(struct activation *a, struct err *e)
{
	a->m = (struct pthi){ .op = PTHI_START_EX };
	if (firmware_ask(&a->fw, &a->m, e) != ERR_OK)
		return e->code;
	if (!is_verdict(a->m.status)) {
		a->m = (struct pthi){ .op = PTHI_START };
		if (firmware_ask(&a->fw, &a->m, e) != ERR_OK)
			return e->code;
	}
	if (a->m.status == PTHI_SUCCESS ||
	    a->m.status == PTHI_CERTIFICATE_NOT_READY)
		return ERR_OK;
	firmware_refused(&a->fw, &a->m, e);
	if (a->m.status == PTHI_NOT_READY)
		err_in(e,
		    "no network, or it names no DNS suffix (DHCP option "
		    "15; --suffix sets one)");
	return e->code;
}

static void
sleep_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Until the certificate is made. */
static enum err_code
started(struct activation *a, struct err *e)
{
	for (long ms = 0; ms <= START_SECONDS * 1000l; ms += POLL_MS) {
		if (firmware_get(&a->fw, PTHI_PROVISIONING_STATE, &a->m, e) !=
		    ERR_OK)
			return e->code;
		if (a->m.body.number != STATE_PRE)
			return ERR_OK;
		cli_progress("the firmware makes its certificate");
		sleep_ms(POLL_MS);
	}
	return err_refuse(e, ERR_PEER, reason_get(REASON_ACTIVATION_FAILED),
	    "the start was taken, but the machine is not in set-up after %d "
	    "seconds",
	    START_SECONDS);
}

static enum err_code
report(struct activation *a, bool with_otp, struct err *e)
{
	char uuid[UUID_TEXT];
	struct facts f;

	if (firmware_get(&a->fw, PTHI_UUID, &a->m, e) != ERR_OK)
		return e->code;
	uuid_text(&a->m.body.uuid, uuid);
	facts_begin(&f, a->args->json);
	facts_text(&f, "uuid", uuid);
	facts_text(&f, "state", "in");
	facts_text(&f, "tls_mode", a->psk ? "psk" : "pki");
	facts_bool(&f, "otp_set", with_otp);
	if (a->suffix != NULL)
		facts_text(&f, "suffix", a->suffix);
	facts_bool(&f, "was_disabled", a->enabled);
	return facts_end(&f, e);
}

static enum err_code
activate(const struct cli_args *args, struct err *e)
{
	struct activation a = { .args = args };
	bool with_otp;

	if (read_suffix(&a, e) == ERR_OK && read_otp(&a, e) == ERR_OK) {
		with_otp = a.otp.len > 0;
		if (firmware_open(&a.fw, args, e) == ERR_OK &&
		    be_enabled(&a, e) == ERR_OK &&
		    look_at_state(&a, e) == ERR_OK &&
		    look_at_credential(&a, e) == ERR_OK &&
		    stop_what_goes_on(&a, e) == ERR_OK &&
		    set_suffix(&a, e) == ERR_OK && set_otp(&a, e) == ERR_OK &&
		    start(&a, e) == ERR_OK && started(&a, e) == ERR_OK)
			report(&a, with_otp, e);
		else
			go_on(&a);
		firmware_close(&a.fw);
	}
	cli_progress("");
	secret_free(&a.otp);
	pthi_wipe(&a.m);
	return e->code;
}

static const struct cli_opt opts[] = { VERBS_MEI,
	{ "--otp-file", CLI_SECRET, "FILE",
	    "the one-time password is its first line; - reads standard input" },
	{ "--suffix", CLI_VALUE, "DNS",
	    "DNS suffix that the server's certificate must fit" },
	VERBS_END };

const struct cli_verb activate_verbs[] = {
	{ "activate", "--otp-file FILE|- [--suffix DNS] [--mei PATH]",
	    "let this machine be set up now, for six hours", opts, 0, 0,
	    activate },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};

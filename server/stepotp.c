/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "formats/reason.h"
#include "server/stepotp.h"

/* An idle device shows 32 zero bytes, so that one may fill what a shorter
 * password leaves of them. Both lengths are public; the bytes are compared in
 * constant time. */
static void
judge(struct session *s, const char *b64)
{
	const char *want = s->plan.otp;
	uint8_t otp[SESSION_PASSWORD], any = 0;
	size_t n = sizeof(otp);
	bool same;

	if (b64 == NULL || !text_unb64(otp, &n, b64, strlen(b64)))
		n = 0;
	for (size_t i = 0; i < n; i++)
		any |= otp[i];
	while (n > 0 && otp[n - 1] == 0)
		n--;
	same = n == strlen(want) && secret_equal(otp, want, n);
	secret_wipe(otp, sizeof(otp));
	if (any == 0)
		err_refuse(&s->verdict, ERR_PERM,
		    reason_get(REASON_OTP_MISSING),
		    "a one-time password was made, the device reports none");
	else if (!same)
		err_refuse(&s->verdict, ERR_PERM,
		    reason_get(REASON_OTP_MISMATCH),
		    "the device reports another one-time password");
}

enum err_code
stepotp_take_service(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!step_copy(
		s->state, sizeof(s->state), r->body, "ProvisioningState"))
		return step_bad(e, "ProvisioningState");
	if (strcmp(s->state, "0") != 0 && strcmp(s->state, "1") != 0)
		return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
		    "ProvisioningState is %s, wanted 0 (pre) or 1 (in)",
		    s->state);
	if (s->plan.otp[0] != '\0')
		judge(s, node_text(r->body, "ProvisioningServerOTP"));
	return ERR_OK;
}

bool
stepotp_wants_shut(const struct session *s)
{
	return s->verdict.code != ERR_OK;
}

/* As Intel's PowerShell module does it: the window is over for who failed. None
 * is no better than another one: whoever took the machine's place would only
 * have to leave it out. Its agent opens the next window, with one. */
void
stepotp_fill_shut(struct session *s, struct step_input *in)
{
	(void)s;
	step_add(in, "Duration", "0", NULL);
}

enum err_code
stepotp_take_shut(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	(void)r;
	*e = s->verdict;
	return e->code;
}

bool
stepotp_wants_extend(const struct session *s)
{
	return s->plan.otp[0] != '\0';
}

void
stepotp_fill_extend(struct session *s, struct step_input *in)
{
	(void)s;
	step_add(in, "Duration", "6", NULL); /* hours */
}

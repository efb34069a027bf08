/* SPDX-License-Identifier: Apache-2.0 */
/* No header that was not made with the password opens the door. */
#include <stdlib.h>
#include <string.h>

#include "device/auth.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *realm = "Digest:A4070000000000000000000000000000";
	const uint8_t random[AUTH_NONCE_BYTES] = { 0 };
	char header[1024], ha1[AUTH_HA1];
	struct auth_ask ask = { header, "POST", "/wsman", "admin", realm, ha1,
		false };
	struct auth a = { 0 };

	if (n >= sizeof(header))
		return 0;
	memcpy(header, p, n);
	header[n] = '\0';
	auth_nonce(&a, random);
	auth_ha1(ha1, "admin", realm, "a secret that no input holds");
	if (auth_check(&a, &ask) == AUTH_OK)
		abort();
	ask.any_qop = true;
	if (auth_check(&a, &ask) == AUTH_OK)
		abort();
	return 0;
}

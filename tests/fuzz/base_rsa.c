/* SPDX-License-Identifier: Apache-2.0 */
/* Any key and signature: no crash, and nothing that a fuzzer can make is a
 * good signature. */
#include <string.h>

#include "base/digest.h"
#include "base/rsa.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static const size_t sizes[] = { 256, 384, 512, 264 };
	uint8_t modulus[RSA_MAX], sig[RSA_MAX] = { 0 }, hash[DIGEST_MAX];
	enum rsa_scheme scheme;
	struct rsa_public k;
	size_t n;

	if (len < 4)
		return 0;
	n = sizes[in[0] & 3];
	memset(modulus, in[1], sizeof(modulus));
	modulus[0] |= 1;
	modulus[n - 1] |= 0x80;
	for (size_t i = 4; i < len; i++)
		if (i - 4 < n)
			modulus[i - 4] ^= in[i];
		else if (i - 4 - n < n)
			sig[i - 4 - n] = in[i];
	digest_sha384(in, len, hash);
	if (!rsa_public_set(&k, modulus, n, in[2]))
		return 0;
	must(k.len == n && k.e == in[2]);
	scheme = (enum rsa_scheme)(
	    RSA_PKCS1_SHA256 + in[3] % (RSA_PSS_SHA384 - RSA_PKCS1_SHA256 + 1));
	must(rsa_verify(&k, scheme, hash, sig) != RSA_GOOD);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is read as a plan is written again to the same bytes; undoing it leaves
 * no write of it outside its image. The input changes a sound plan, or is one
 * itself. */
#include <string.h>

#include "factory/plandoc.h"
#include "tests/mutate.h"

static const char sample[] =
    "{\"plan\":1,\"uuid\":\"00112233-4455-6677-8899-aabbccddeeff\","
    "\"order\":\"A17\",\"record\":1,\"base\":{\"size\":64,\"sha256\":\""
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},"
    "\"map\":{\"name\":\"m\",\"sha256\":\""
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
    "\"text\":\"\"},\"clears_only\":true,\"writes\":["
    "{\"offset\":1,\"length\":2,\"old\":\"0102\",\"new\":\"0304\","
    "\"why\":\"a: b\"},"
    "{\"offset\":4,\"length\":8,\"old_fill\":255,\"secret\":{\"unit\":"
    "\"00112233-4455-6677-8899-aabbccddeeff\",\"record\":1},"
    "\"why\":\"c\"}]}\n";

static void
try(const void *p, size_t n)
{
	static struct plandoc d;
	uint8_t image[64];
	struct err e;
	struct wr w;

	err_clear(&e);
	if (plandoc_read(p, n, &d, &e) == ERR_OK) {
		wr_grow(&w, PLANDOC_MAX);
		plandoc_write(&w, &d);
		must(!w.failed && w.len == n && memcmp(w.buf, p, n) == 0);
		wr_free(&w);
		must(plandoc_same(&d, &d, &e) == ERR_OK);
		if (d.size <= sizeof(image))
			must(plandoc_revert(&d, image, d.size, &e) == ERR_OK);
	} else
		must(e.reason != NULL);
	plandoc_free(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static char copy[sizeof(sample) - 1];
	static bool once;

	if (!once) {
		struct plandoc d;
		struct err e;

		err_clear(&e);
		must(plandoc_read(sample, sizeof(copy), &d, &e) == ERR_OK);
		plandoc_free(&d);
		once = true;
	}
	try(in, len);
	memcpy(copy, sample, sizeof(copy));
	mutate((uint8_t *)copy, sizeof(copy), in, len);
	try(copy, sizeof(copy));
	return 0;
}

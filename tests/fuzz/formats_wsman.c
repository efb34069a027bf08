/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to a tree to both readers; what a request's reader took is written
 * and read again and must come out the same. */
#include <string.h>

#include "base/xml.h"
#include "formats/wsman.h"
#include "tests/fuzz.h"

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
again(const struct wsman_request *req)
{
	struct wsman_request in;
	struct xml *x = NULL;
	const char *why;
	struct err e;
	struct wr w;

	err_clear(&e);
	wr_grow(&w, 1 << 21);
	wsman_write_request(&w, req, NULL, 0);
	must(!w.failed && xml_read(w.buf, w.len, &x, &e) == ERR_OK);
	must(wsman_read_request(xml_root(x), &in, &why));
	must(in.op == req->op && same(in.class, req->class));
	must(req->op != WSMAN_INVOKE || same(in.method, req->method));
	must(req->op != WSMAN_PULL || same(in.context, req->context));
	must(same(in.sel_name, req->sel_name));
	must(same(in.sel_value, req->sel_value));
	xml_free(x);
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wsman_request req;
	struct wsman_response res;
	struct xml *x = NULL;
	const char *why;
	struct err e;

	err_clear(&e);
	if (xml_read(p, n, &x, &e) != ERR_OK)
		return 0;
	if (wsman_read_request(xml_root(x), &req, &why))
		again(&req);
	(void)wsman_read_response(xml_root(x), &res, &why);
	xml_free(x);
	return 0;
}

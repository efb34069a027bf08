/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/file.h"
#include "base/secret.h"
#include "bios/image.h"
#include "factory/imageshow.h"
#include "factory/imagewrite.h"
#include "factory/ledger.h"
#include "factory/verbs.h"
#include "formats/reason.h"

/* ---- image new ---- */

struct part {
	const char *option;
	const char *path; /* NULL where not given */
	uint8_t *bytes;
	size_t n;
};

static enum err_code
read_part(const struct cli_args *a, struct part *p, struct image_part *out,
    struct err *e)
{
	p->path = cli_value(a, p->option, NULL);
	if (p->path == NULL)
		return ERR_OK;
	if (file_read(p->path, IMAGE_MAX, &p->bytes, &p->n, e) != ERR_OK)
		return e->code;
	if (p->n == 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "%s: empty", p->path);
	out->p = p->bytes;
	out->n = p->n;
	return ERR_OK;
}

static enum err_code
compose(const struct image_parts *parts, size_t size, const char *path, int how,
    struct err *e)
{
	uint8_t *out = malloc(size);

	if (out == NULL)
		return err_mem(e);
	if (image_compose(parts, out, size, e) == ERR_OK)
		file_write(path, how, out, size, e);
	free(out);
	return e->code;
}

static enum err_code
new_size(const struct cli_args *a, size_t *size, struct err *e)
{
	const char *text;

	if (cli_need(a, "--size", &text, e) != ERR_OK ||
	    cli_size(text, size, e) != ERR_OK)
		return e->code;
	if (*size < DESCRIPTOR_SIZE || *size > IMAGE_MAX)
		return err_set(e, ERR_USAGE, "--size %s: 4K to 128M", text);
	return ERR_OK;
}

static enum err_code
run_new(const struct cli_args *a, struct err *e)
{
	struct part part[] = { { .option = "--descriptor" },
		{ .option = "--me" }, { .option = "--gbe" },
		{ .option = "--pdr" }, { .option = "--bios" } };
	int how = cli_flag(a, "--force") ? FILE_REPLACE : FILE_NEW;
	struct image_parts parts = { 0 };
	const char *need;
	size_t size;

	if (cli_need(a, "--bios", &need, e) == ERR_OK &&
	    new_size(a, &size, e) == ERR_OK &&
	    read_part(a, &part[0], &parts.descriptor, e) == ERR_OK &&
	    read_part(a, &part[1], &parts.me, e) == ERR_OK &&
	    read_part(a, &part[2], &parts.gbe, e) == ERR_OK &&
	    read_part(a, &part[3], &parts.pdr, e) == ERR_OK &&
	    read_part(a, &part[4], &parts.bios, e) == ERR_OK)
		compose(&parts, size, a->pos[0], how, e);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		free(part[i].bytes);
	return e->code;
}

static const struct cli_opt new_opts[] = {
	{ "--size", CLI_VALUE, "N", "bytes of the image: 8M, 16M, ..." },
	{ "--descriptor", CLI_VALUE, "FILE",
	    "flash descriptor (default: a minimal one is made)" },
	{ "--me", CLI_VALUE, "FILE", "ME region" },
	{ "--gbe", CLI_VALUE, "FILE", "GbE region" },
	{ "--pdr", CLI_VALUE, "FILE", "platform data region" },
	{ "--bios", CLI_VALUE, "FILE", "BIOS region; put at its region's end" },
	{ "--force", CLI_FLAG, NULL, "replace OUT" },
	{ 0 },
};
static const struct cli_opt show_opts[] = { { 0 } };
static const struct cli_opt write_opts[] = {
	{ "--base", CLI_VALUE, "IMG", "the image that all units start from" },
	{ "--map", CLI_VALUE, "MAP", "image map of this platform" },
	{ "--out", CLI_VALUE, "DIR", "folder for a file of every unit" },
	{ "--delta", CLI_FLAG, NULL,
	    "only what differs from the base, in <uuid>.delta" },
	{ "--force", CLI_FLAG, NULL, "replace images that differ" },
	LEDGER_OPT_KEY,
	{ 0 },
};

const struct cli_verb imagefile_verbs[] = {
	{ "image new",
	    "OUT --size N [--descriptor F] [--me F] [--gbe F] [--pdr F] "
	    "--bios F",
	    "compose a flash image of its parts", new_opts, 1, 1, run_new },
	{ "image show", "IMG", "tell what is in a flash image", show_opts, 1, 1,
	    imageshow_run },
	{ "image write",
	    "LEDGER ORDER --base IMG --map MAP --out DIR [--delta]",
	    "write one image for each unit of an order", write_opts, 2, 2,
	    imagewrite_run },
	{ 0 },
};

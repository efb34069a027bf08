/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "export/keydisk.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "formats/setuplint.h"

/* Of the file on the key where no --date is given: a constant, so that two
 * runs give one image. */
#define DATE "2000-01-01"
#define FILE_LARGEST (256u * 1024 * 1024)

struct image {
	const char *from, *to;
	struct secret file;
	struct setupbin head;
	struct fatplan plan;
	uint8_t sha[SHA256_LEN];
};

static const struct {
	const char *word, *kind;
	enum fatplan_layout layout;
} layouts[] = {
	{ "16", "FAT16", FATPLAN_16 },
	{ "32", "FAT32", FATPLAN_32 },
	{ "superfloppy", "FAT16 without MBR", FATPLAN_SUPERFLOPPY },
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

static enum err_code
take_layout(const char *word, enum fatplan_layout *out, struct err *e)
{
	for (size_t i = 0; i < LAYOUTS; i++)
		if (strcmp(word, layouts[i].word) == 0) {
			*out = layouts[i].layout;
			return ERR_OK;
		}
	return err_set(
	    e, ERR_USAGE, "--fat %s: it is 16, 32 or superfloppy", word);
}

/* Eight hex digits, as mkfs.fat takes them; a dash in the middle, as systems
 * print them, is dropped. Else the first bytes of the file's digest. */
static enum err_code
take_serial(
    const char *text, const uint8_t *file_sha, uint32_t *out, struct err *e)
{
	char hex[9];
	uint8_t b[4];
	size_t n = text == NULL ? 0 : strlen(text);

	memcpy(b, file_sha, sizeof(b));
	if (text != NULL) {
		if (n == 9 && text[4] == '-')
			snprintf(hex, sizeof(hex), "%.4s%s", text, text + 5);
		else
			snprintf(hex, sizeof(hex), "%s", n == 8 ? text : "");
		if (!text_unhex(b, sizeof(b), hex, strlen(hex)))
			return err_set(e, ERR_USAGE,
			    "--serial %s: it is eight hex digits", text);
	}
	*out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
	return ERR_OK;
}

/* One PSK for all machines, as the user wants it? */
static void
hear(void *arg, const struct setuplint_found *f)
{
	bool *shared = arg;

	*shared = *shared || f->id == FINDING_PSK_KEPT;
}

static enum err_code
refuse(const struct image *im, const struct setuplint_sum *sum, struct err *e)
{
	const struct setuplint_found *f = &sum->first;
	char place[40] = "", more[48] = "";

	if (f->record != 0)
		snprintf(place, sizeof(place), ", record %u", f->record);
	if (sum->errors > 1)
		snprintf(more, sizeof(more), "; %llu more error%s",
		    (unsigned long long)(sum->errors - 1),
		    sum->errors == 2 ? "" : "s");
	err_refuse(e, ERR_DATA, &finding_get(f->id)->reason,
	    "%s: offset 0x%llx%s: %s%s", im->from, (unsigned long long)f->off,
	    place,
	    f->detail != NULL ? f->detail
			      : "a machine would not take it as it is meant",
	    more);
	return err_at(e, (size_t)f->off);
}

/* A BIOS that refuses the file says nothing; so it is refused here, where a
 * person reads why. */
static enum err_code
judge(struct image *im, bool shared_psk, struct err *e)
{
	const struct setuplint_opts opts = { .shared_psk = shared_psk };
	bool shared = false;
	const struct setuplint_sink sink = { hear, &shared };
	struct setuplint_sum sum;
	struct rd r;

	if (setuplint_run(im->file.p, im->file.len, &opts, &sink, &sum, e) !=
	    ERR_OK)
		return e->code;
	if (sum.errors != 0)
		return refuse(im, &sum, e);
	rd_init(&r, im->file.p, im->file.len);
	if (!setupbin_read(&r, &im->head))
		return rd_err(&r, reason_get(REASON_SETUPBIN_MALFORMED), e);
	if (shared)
		log_warn("--insecure-shared-psk: whoever has this key, or one "
			 "machine that took it, has the PSK of all");
	if (sum.warnings > 0)
		log_warn("%s: %llu warning%s, which setupbin check tells",
		    im->from, (unsigned long long)sum.warnings,
		    text_plural(sum.warnings));
	return ERR_OK;
}

/* As base/digest.h would, and many times as fast on a file of megabytes. */
static enum err_code
digest(const struct secret *file, uint8_t out[static SHA256_LEN], struct err *e)
{
	struct crypto_sha256 *h = NULL;

	if (crypto_sha256_new(&h, e) == ERR_OK &&
	    crypto_sha256_add(h, file->p, file->len, e) == ERR_OK)
		crypto_sha256_end(h, out, e);
	crypto_sha256_free(h);
	return e->code;
}

static enum err_code
lay_out(struct image *im, const struct cli_args *a, struct err *e)
{
	struct fatplan_make make = { .name = SETUPBIN_NAME };
	const char *date = cli_value(a, "--date", DATE), *why;
	uint8_t sha[SHA256_LEN];
	uint32_t room;

	if (take_layout(cli_value(a, "--fat", "16"), &make.layout, e) != ERR_OK)
		return e->code;
	if (!fatplan_date(date, &make.date))
		return err_set(e, ERR_USAGE,
		    "--date %s: it is YYYY-MM-DD, a day from 1980 to 2107",
		    date);
	if (digest(&im->file, sha, e) != ERR_OK)
		return e->code;
	if (take_serial(cli_value(a, "--serial", NULL), sha, &make.serial, e) !=
	    ERR_OK)
		return e->code;
	room = fatplan_room(make.layout);
	if (im->file.len > room)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_KEY_IMAGE_ROOM),
		    "%s: %zu bytes of %u records, and --fat %s has room for "
		    "%u bytes",
		    im->from, im->file.len, im->head.count,
		    layouts[make.layout].word, room);
	make.size = (uint32_t)im->file.len;
	if (!fatplan_of(&im->plan, &make, &why))
		return err_set(e, ERR_BUG, "%s: %s", im->from, why);
	return ERR_OK;
}

static enum err_code
write_image(struct image *im, int how, struct err *e)
{
	struct file_out *out = NULL;

	if (file_out_new(im->to, how, &out, e) == ERR_OK &&
	    keydisk_write(out, &im->plan, im->file.p, im->sha, e) == ERR_OK)
		file_out_commit(out, e);
	file_out_free(out);
	return e->code;
}

static enum err_code
tell(const struct image *im, bool json, struct err *e)
{
	const struct fatplan *p = &im->plan;
	char sha[TEXT_HEX_SIZE(SHA256_LEN)];
	struct wr w;

	text_hex(sha, im->sha, sizeof(im->sha));
	wr_grow(&w, 65536);
	if (json) {
		wr_str(&w, "{");
		cjson_put_member(&w, "image", im->to);
		cjson_put_member(&w, "sha256", sha);
		cjson_put_member(&w, "fat", layouts[p->make.layout].word);
		wr_fmt(&w,
		    ",\"sectors\":%llu,\"file_lba\":%llu,\"bytes\":%u,"
		    "\"records\":%u,\"consumed\":%u,\"serial\":\"%08x\"}\n",
		    (unsigned long long)p->sectors, (unsigned long long)p->file,
		    p->make.size, im->head.count, im->head.consumed,
		    p->make.serial);
	} else {
		wr_fmt(&w,
		    "%s: %llu sectors, %s, SETUP.BIN of %u record%s at "
		    "sector %llu\nsha256 %s\n",
		    im->to, (unsigned long long)p->sectors,
		    layouts[p->make.layout].kind, im->head.count,
		    text_plural(im->head.count), (unsigned long long)p->file,
		    sha);
	}
	return cli_print(&w, e);
}

static enum err_code
usb_image(const struct cli_args *a, struct err *e)
{
	struct image im = { .from = a->pos[0], .to = a->pos[1] };
	int how =
	    FILE_SECRET | (cli_flag(a, "--force") ? FILE_REPLACE : FILE_NEW);

	if (strcmp(im.to, "-") == 0)
		return err_set(
		    e, ERR_USAGE, "an image is a file with holes, no pipe");
	if (file_read_secret(im.from, FILE_LARGEST, &im.file, e) == ERR_OK &&
	    judge(&im, cli_flag(a, "--insecure-shared-psk"), e) == ERR_OK &&
	    lay_out(&im, a, e) == ERR_OK && write_image(&im, how, e) == ERR_OK)
		tell(&im, a->json, e);
	secret_free(&im.file);
	return e->code;
}

static const struct cli_opt image_opts[] = {
	{ "--fat", CLI_VALUE, "16|32|superfloppy",
	    "FAT16 in a partition (default), FAT32 in one, or FAT16 without "
	    "MBR" },
	{ "--serial", CLI_VALUE, "HEX",
	    "the volume's serial number; else taken from the file's digest" },
	{ "--date", CLI_VALUE, "YYYY-MM-DD",
	    "the file's date on the key; " DATE " unless given" },
	{ "--insecure-shared-psk", CLI_FLAG, NULL,
	    "take a file that gives one PSK to every machine" },
	{ "--force", CLI_FLAG, NULL, "replace OUT.img if it exists" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

const struct cli_verb keyimage_verbs[] = {
	{ "usb image",
	    "SETUP.BIN|- OUT.img [--fat 16|32|superfloppy] [--serial HEX] "
	    "[--date YYYY-MM-DD]",
	    "make the whole disk of a USB key that holds SETUP.BIN as a BIOS "
	    "wants it",
	    image_opts, 2, 2, usb_image },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};

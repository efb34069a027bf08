/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setup.bin as JSON, in the shape of the independent peer's script
 * (MeshCentral's encoder behind it), so that the two can be compared:
 *
 *   fileType recordChunkCount recordHeaderByteCount recordNumber
 *   majorVersion minorVersion flags dataRecordsConsumed
 *   dataRecordChunkCount records[]{typeIdentifier flags
 *   variables[]{module var name length hex num|guid|text}}
 *
 * and of our own, only where they say something: records[].recordNumber
 * (numbers are not 1, 2, 3...), ordered (entries do not ascend, and are to
 * stay as they are), modules (the list is not that of the modules in use in
 * the order in which they are first met).
 *
 * The JSON holds whatever secrets the file holds.
 */
#ifndef FACTORY_SETUPJSON_H
#define FACTORY_SETUPJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/setupbin.h"

/* What is written where the JSON names no version. */
#define SETUPJSON_MAJOR 4

/* As many modules as the list of a one-chunk header holds. */
#define SETUPJSON_MODULES 235

/* Modules in the order in which they are first met. */
struct setupjson_met {
	size_t n; /* SETUPJSON_MODULES + 1: more than there is room for */
	uint16_t id[SETUPJSON_MODULES];
};

/* A file in the making, or on its way out. */
struct setupjson {
	struct setupjson_met met;
	uint32_t records; /* so far */
	bool unordered;
};

/* The file that JSON tells. Refuses what the layout cannot hold, with the
 * finding's code; whether a BIOS would take it is setuplint's to judge. warn
 * hears lines about what was not understood. */
enum err_code setupjson_encode(const void *json, size_t n, struct wr *,
    void (*warn)(const char *line), struct err *);

/* One line of JSON, in pieces: the caller may empty w between them. j starts
 * as zeroes. */
void setupjson_begin(struct wr *, const struct setupbin *);
void setupjson_record(
    struct wr *, struct setupjson *, const struct setupbin_record *);
void setupjson_end(
    struct wr *, const struct setupjson *, const struct setupbin *);

#endif

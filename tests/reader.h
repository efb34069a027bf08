/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one file that a BIOS embeds, beside the library that it was made of:
 * its names that the library has too begin with reader_. To be included
 * before amtforge-record-reader.c.
 */
#ifndef TESTS_READER_H
#define TESTS_READER_H

#include <string.h>

#include "base/digest.h"
#include "formats/record.h"

#define digestcore reader_digestcore
#define digestcore_init reader_digestcore_init
#define digestcore_add reader_digestcore_add
#define digestcore_end reader_digestcore_end
#define digestcore_sha256 reader_digestcore_sha256
#define digestcore_crc32 reader_digestcore_crc32
#define recordview_present reader_present
#define recordview_length reader_length
#define recordview_open reader_open
#define recordview_next reader_next
#define recordview_find reader_find
#define recordview_text reader_text
#define recordview_number reader_number
#define recordview_hash reader_hash
#undef DIGESTCORE_SHA256
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image map of a platform, as plain data: which images it is for, where
 * each setting lives and how it is encoded, what is to be put right behind a
 * change, and what must not be touched. factory/mapfile.c reads it from
 * libconfig, amtforge-map(5) describes it. Offsets count from the start of
 * what the target names.
 *
 * A map is large: keep it on the heap.
 */
#ifndef BIOS_MAP_H
#define BIOS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/image.h"

#define MAP_NAME 64
#define MAP_FILE 256
#define MAP_LABEL 32
#define MAP_PART 5 /* a $FPT name and its NUL */
#define MAP_MATCHES 16
#define MAP_SETTINGS 48
#define MAP_FIXUPS 16
#define MAP_FORBIDS 32
#define MAP_BYTES 64 /* of what is expected, or of a constant */
#define MAP_WORDS 2
#define MAP_HASH_TYPES 3
#define MAP_HASHES 64 /* entries of an array */

enum map_kind {
	MAP_IFD,    /* the descriptor's version */
	MAP_REGION, /* a region's size */
	MAP_VOLUME, /* a volume of that GUID, of that size if it is not 0 */
	MAP_SHA256  /* of a part of a region, or of a $FPT partition */
};

struct map_match {
	enum map_kind kind;
	enum descriptor_version version; /* IFD */
	size_t region;                   /* REGION, SHA256 */
	char part[MAP_PART];             /* SHA256: $FPT partition, or "" */
	size_t offset;      /* SHA256: in the region or partition */
	size_t size;        /* REGION, VOLUME, SHA256 (0: to its end) */
	struct uuid guid;   /* VOLUME */
	uint8_t sha256[32]; /* SHA256 */
};

/* What of a unit's record a setting holds. */
enum map_value {
	MAP_OEM_RECORD, /* the record itself */
	MAP_SETUP_BIN,  /* a Setup.bin file of one record */
	MAP_PID,
	MAP_PPS,
	MAP_MEBX_PASSWORD,
	MAP_OTP,
	MAP_HASHES_OF, /* the active ones, or the only one */
	MAP_ENABLED,   /* 0, 1 */
	MAP_START,     /* listen 0, talk 1 */
	MAP_MODE,      /* enterprise 0, smb 1 */
	MAP_PKI,       /* 0, 1 */
	MAP_PKI_DNS_SUFFIX,
	MAP_SERVER_FQDN,
	MAP_SERVER_ADDRESS, /* 4 bytes, network order */
	MAP_SERVER_PORT,
	MAP_UUID, /* 16 bytes, SMBIOS order */
	MAP_SERIAL,
	MAP_ORDER,
	MAP_CONSTANT, /* bytes that the map gives */
	MAP_VALUES
};

enum map_target {
	MAP_AT_REGION, /* region + offset */
	MAP_AT_FPT,    /* $FPT partition + offset; or a new one, see add */
	MAP_AT_VAR,    /* a variable of an EDK2 or $VSS store, appended */
	MAP_AT_NVAR,   /* a variable of an AMI NVAR store, appended */
	MAP_AT_FFS,    /* the body of a raw FFS file + offset */
	MAP_AT_PDR,    /* platform data region + offset */
	MAP_AT_OEM     /* the descriptor's OEM section + offset */
};

enum map_encoding {
	MAP_U8,
	MAP_U16LE,
	MAP_U16BE,
	MAP_U32LE,
	MAP_U32BE,
	MAP_ENUM,  /* word[], in size bytes, little-endian */
	MAP_BITS,  /* bit and width in a little-endian word of size bytes */
	MAP_ASCII, /* padded with fill to size */
	MAP_UTF16, /* UTF-16LE, padded with fill to size */
	MAP_RAW,   /* the value's own bytes, exactly size */
	MAP_HASH_ARRAY,
	MAP_OPR1,     /* formats/record.h, padded with fill to size */
	MAP_SETUPFILE /* formats/setupbin.h, padded with fill to size */
};

struct map_setting {
	char label[MAP_LABEL]; /* the map's own name for it */
	unsigned line;         /* of the map's file */
	enum map_value value;
	enum map_target target;
	enum map_encoding encoding;
	size_t region;            /* REGION */
	char part[MAP_PART];      /* FPT */
	bool add;                 /* FPT: a new data partition of size bytes */
	struct varstore_name var; /* VAR, NVAR; its GUID: FFS */
	uint32_t attrs;           /* VAR, NVAR */
	int store;                /* VAR, NVAR: from 0; -1: the only one */
	size_t max;    /* VAR, NVAR: of the variable with its header; 0: any */
	size_t offset; /* of all but VAR, NVAR */
	size_t size; /* room of the encoded value; 0 in a variable: as it is */
	uint8_t fill;
	unsigned bit, width;      /* BITS */
	bool words;               /* ENUM, BITS: word[] is given */
	uint32_t word[MAP_WORDS]; /* what stands for 0 and for 1 */
	size_t stride, count;     /* HASH_ARRAY: bytes of an entry, entries */
	bool tagged;              /* HASH_ARRAY: a tag byte begins each entry */
	bool has_tag[MAP_HASH_TYPES]; /* else that type is not written */
	uint8_t tag[MAP_HASH_TYPES];  /* of sha1, sha256, sha384 */
	uint8_t major, minor;         /* SETUPFILE: version; 0: by AMT's */
	uint8_t smb;                  /* SETUPFILE: 2/16 of small business */
	size_t nexpect; /* bytes that must be there; 1: all of size are it */
	uint8_t expect[MAP_BYTES];
	size_t nconstant;
	uint8_t constant[MAP_BYTES];
	bool secret;  /* the map says so; some values are in any case */
	bool consent; /* FFS, OEM, REGION: the map takes the risk */
};

enum map_fix {
	MAP_SUM8,  /* the bytes sum to 0 */
	MAP_SUM16, /* the little-endian words sum to 0 */
	MAP_CRC16, /* CCITT: 0x1021 from 0xFFFF, not reflected */
	MAP_CRC32, /* IEEE, as zlib's */
	MAP_SHA256_OF
};

/* The checksum over from..from+len-1, its own bytes as zero, goes to at,
 * little-endian. */
struct map_fixup {
	enum map_fix fix;
	size_t region;
	char part[MAP_PART]; /* offsets count from it if it is not "" */
	size_t from, len, at;
	bool holds;   /* the base must satisfy it already */
	bool consent; /* may be in a firmware volume: the map takes the risk */
	unsigned line;
};

struct map_forbid {
	size_t region;
	char part[MAP_PART]; /* the $FPT partition, or "" */
	size_t from, len;    /* len 0: to the end */
};

struct imgmap {
	char name[MAP_NAME];
	char file[MAP_FILE]; /* it came from, for messages; or "" */
	size_t nmatch;
	struct map_match match[MAP_MATCHES];
	size_t nsetting;
	struct map_setting setting[MAP_SETTINGS];
	size_t nfixup;
	struct map_fixup fixup[MAP_FIXUPS];
	size_t nforbid;
	struct map_forbid forbid[MAP_FORBIDS];
};

/* "oem_record", "pps", ...; in order of the enums, with a NULL at the end. */
extern const char *const map_value_names[];
extern const char *const map_target_names[];
extern const char *const map_encoding_names[];
extern const char *const map_fix_names[];

/* Is it secret, whatever the map says? */
bool map_is_secret(const struct map_setting *);
/* Does it live in a variable store? */
bool map_is_variable(const struct map_setting *);
/* Can the encoding hold that value? */
bool map_encodes(enum map_encoding, enum map_value);
/* Bytes of a checksum. */
size_t map_fix_len(enum map_fix);
/* Puts before a message where in the map a setting or fix-up stands. */
enum err_code map_at(const struct imgmap *, unsigned line, struct err *);
/* Every rule holds, or REASON_IMAGE_NO_MATCH names the first that does not
 * with both values. */
enum err_code map_matches(
    const struct imgmap *, const struct image *, struct err *);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "device/chance.h"

/* SplitMix64 (Steele, Lea, Flood 2014; public domain). */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t
draw(uint64_t seed, const struct uuid *u, const char *what)
{
	uint64_t x = mix(seed);

	for (int i = 0; i < UUID_LEN; i += 4)
		x = mix(x ^ get_u32le(u->b + i));
	for (; *what != '\0'; what++)
		x = mix(x ^ (unsigned char)*what);
	return x;
}

double
chance_part(uint64_t seed, const struct uuid *u, const char *what)
{
	/* 53 bits: what a double holds. */
	return (double)(draw(seed, u, what) >> 11) / 9007199254740992.0;
}

void
chance_uuid(uint64_t seed, uint64_t n, struct uuid *out)
{
	uint64_t x = mix(mix(seed) ^ n), y = mix(x);
	uint8_t random[UUID_LEN];

	for (int i = 0; i < 8; i++) {
		random[i] = (uint8_t)(x >> (8 * i));
		random[8 + i] = (uint8_t)(y >> (8 * i));
	}
	uuid_random(out, random);
}

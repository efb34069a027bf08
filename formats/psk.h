/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID and PPS, the factory's shared key (Intel AMT SDK, PID and PPS). Alphabet
 * 0-9A-Z. A PID is 7 free characters and a check; a PPS is eight groups of 3
 * free characters and a check; check = sum of the ASCII codes mod 36. Dashes
 * are display only. In memory: ASCII without dashes, NUL-terminated.
 */
#ifndef FORMATS_PSK_H
#define FORMATS_PSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSK_PID_LEN 8
#define PSK_PPS_LEN 32
#define PSK_PID_TEXT 10 /* XXXX-XXXX and NUL */
#define PSK_PPS_TEXT 40 /* eight groups, seven dashes, NUL */

struct psk {
	char pid[PSK_PID_LEN + 1];
	char pps[PSK_PPS_LEN + 1];
};

/* Takes random bytes until all characters are made; a byte of 252 or above
 * is skipped, so that all 36 are equally likely. Returns how many bytes it
 * used, 0 if there were too few (64 suffice all but once in 10^20). */
size_t psk_pid_make(
    char out[static PSK_PID_LEN + 1], const uint8_t *random, size_t n);
size_t psk_pps_make(
    char out[static PSK_PPS_LEN + 1], const uint8_t *random, size_t n);
/* With all dashes or none, either case; *why says what is wrong. Never
 * quotes the input. */
bool psk_pid_parse(
    char out[static PSK_PID_LEN + 1], const char *text, const char **why);
bool psk_pps_parse(
    char out[static PSK_PPS_LEN + 1], const char *text, const char **why);
void psk_pid_text(char out[static PSK_PID_TEXT], const char *pid);
void psk_pps_text(char out[static PSK_PPS_TEXT], const char *pps);

#endif

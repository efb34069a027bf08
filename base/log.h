/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for the operator on stderr, one line an event, written in one call.
 * Under systemd (JOURNAL_STREAM set) lines carry the "<N>" priority prefix.
 * UUID and PID may be logged; PPS, passwords, OTP and keys never.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
	LOG_LEVEL_WARN = 4,
	LOG_LEVEL_INFO = 6
};

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

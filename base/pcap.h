/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to libpcap: an ear on one interface that hears the frames a filter
 * lets through, in both directions, without delay, and that can send a frame.
 * What it sends itself it does not hear.
 */
#ifndef BASE_PCAP_H
#define BASE_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pcap_ear;

/* ERR_PERM where the user may not; ERR_RETRY where the interface is down, or
 * anything else stands against it. filter is in tcpdump's language. */
enum err_code pcap_ear_new(const char *interface, const char *filter,
    struct pcap_ear **, struct err *);
int pcap_ear_fd(const struct pcap_ear *); /* for loop_watch_new() */
/* The next whole frame, borrowed until the next call; NULL with e->code
 * ERR_OK: none is there now. ERR_RETRY: the ear is deaf, the interface went
 * down; get a new one. */
const uint8_t *pcap_ear_next(struct pcap_ear *, size_t *n, struct err *);
enum err_code pcap_ear_send(
    struct pcap_ear *, const void *, size_t, struct err *);
void pcap_ear_free(struct pcap_ear *); /* NULL is fine */

#endif

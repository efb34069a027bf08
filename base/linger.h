/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a socket to which the last word was said, and whose peer may
 * still be speaking. Closed at once, what the peer has sent, or sends later,
 * would be answered with a reset, and that may overtake the last word. So
 * nothing more is sent, and what comes is read and thrown away, until the peer
 * closes too; but no more than LINGER_BYTES, for no longer than LINGER_MS, and
 * of no more than LINGER_MOST sockets of a loop at a time.
 */
#ifndef BASE_LINGER_H
#define BASE_LINGER_H

#include "base/loop.h"

#define LINGER_MS 2000
#define LINGER_BYTES 262144
#define LINGER_MOST 256

/* Takes fd over: at the latest loop_hang_up() closes it. */
void linger_start(struct loop *, int fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How long things take: clocks that nobody sets, from a start of their own.
 * For the time of day as text there is base/stamp.h. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);
double clock_seconds(void);
/* Goes on while the machine is suspended: for what another one counts. */
uint64_t clock_boot_ms(void);

#endif

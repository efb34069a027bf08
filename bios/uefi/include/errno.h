/* SPDX-License-Identifier: Apache-2.0 */
/* For firmware builds: there are no system calls that could set it. */
#ifndef BIOS_UEFI_INCLUDE_ERRNO_H
#define BIOS_UEFI_INCLUDE_ERRNO_H

#define errno 0

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of others' making that hold a secret, such as a private key: they are
 * theirs, so one that more people may read is said, and read. Files of our own
 * making are refused then (base/keyfile.h).
 */
#ifndef BASE_EXPOSED_H
#define BASE_EXPOSED_H

/* Says on stderr, in one line, that others may read or write the file; nothing
 * of what is no regular file, or "-". Root's own file may be open to a group
 * for reading: so a service is given its key. */
void exposed_warn(const char *path);

#endif

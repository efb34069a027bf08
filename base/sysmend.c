/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/sysmend.h"

const char *
sysmend(const struct err *e)
{
	bool making = e->code == ERR_CREATE;

	switch (e->sys) {
	case EADDRINUSE:
		return "Another program listens there (ss -ltnp tells which): "
		       "end it, or choose another port.";
	case EADDRNOTAVAIL:
		return "No interface here has that address (ip address tells "
		       "those that are there): choose another one.";
	case EACCES:
		return "This user may not: see owner and mode of the file and "
		       "of every folder above it (namei -l tells them).";
	case EPERM:
		return "This takes rights that the user has not: run it as "
		       "root, or as a user who may.";
	case ENOSPC:
		return "The disk is full (df -h, and df -i, tell which): make "
		       "room, then do the same again.";
	case EDQUOT:
		return "The user's quota is used up (quota tells it): make "
		       "room, then do the same again.";
	case EFBIG:
		return "The file would be larger than ulimit -f or its file "
		       "system allows.";
	case EROFS:
		return "The file system is mounted read-only: choose a folder "
		       "elsewhere, or have it remounted.";
	case EIO:
		return "The disk or device itself failed (dmesg tells more): "
		       "trust nothing on it before it is checked.";
	case EMFILE:
	case ENFILE:
		return "Too many files are open: raise ulimit -n, or "
		       "LimitNOFILE= of a service.";
	case ENOENT:
	case ENOTDIR:
		return making ? "The folder that it goes into is not there: "
				"make it first."
			      : NULL;
	default:
		return NULL;
	}
}

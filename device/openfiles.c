/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>

#include "device/openfiles.h"
#include "formats/reason.h"

/* The loop, the listener, standard descriptors, a state that is written. */
#define OTHERS 64

enum err_code
openfiles_need(size_t connections, struct err *e)
{
	rlim_t need = (rlim_t)connections + OTHERS;
	struct rlimit is, want;

	if (getrlimit(RLIMIT_NOFILE, &is) == -1)
		return err_sys(e, ERR_CONFIG, "RLIMIT_NOFILE");
	if (is.rlim_cur >= need)
		return ERR_OK;
	want.rlim_cur = need;
	want.rlim_max = is.rlim_max > need ? is.rlim_max : need;
	if (setrlimit(RLIMIT_NOFILE, &want) == 0)
		return ERR_OK;
	return err_refuse(e, ERR_CONFIG, reason_get(REASON_FILES_LIMIT),
	    "%zu connections at a time need %llu open files; the limit is "
	    "%llu (hard %llu)",
	    connections, (unsigned long long)need,
	    (unsigned long long)is.rlim_cur, (unsigned long long)is.rlim_max);
}

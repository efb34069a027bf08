/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which instance of a class a request's selectors name. A selector is a
 * property of the instance; its value a text or, of an association, an endpoint
 * reference. "__cimnamespace" (DSP0227) is passed over: there is one namespace.
 */
#ifndef DEVICE_AMTCHOOSE_H
#define DEVICE_AMTCHOOSE_H

#include "device/amt.h"

enum amtchoose_verdict {
	AMTCHOOSE_ONE,     /* it stands in the scratch item */
	AMTCHOOSE_NONE,    /* no instance is named so */
	AMTCHOOSE_SEVERAL, /* more than one is */
	AMTCHOOSE_UNKNOWN  /* the class has no property of that name */
};

/* selectors NULL: the only instance. */
enum amtchoose_verdict amtchoose_find(
    struct amt *, amt_instance_fn *, const struct node *selectors);

#endif

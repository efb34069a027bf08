/* SPDX-License-Identifier: Apache-2.0 */
/* What benchmarks tell of what they measured. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stddef.h>
#include <stdlib.h>

static inline int
bench_order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts them. */
static inline double
bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), bench_order);
	return v[n / 2];
}

#endif

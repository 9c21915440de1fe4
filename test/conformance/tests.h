/* The tests of the suite: behaviours that every driver owes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_TESTS_H
#define BYPATH_TEST_TESTS_H

#include "world.h"

struct test {
	const char *name;
	void (*run)(struct world *w);
	uint32_t needs; /* rig flags that must be there */
	uint32_t bars; /* rig flags that rule it out */
};

/* Tables, each ended by name == NULL. */
extern const struct test tests_life[];
extern const struct test tests_ownership[];
extern const struct test tests_sizes[];
extern const struct test tests_counters[];
extern const struct test tests_metadata[];
extern const struct test tests_direct[];
extern const struct test tests_refused[];

#endif

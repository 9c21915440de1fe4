/* Devices and the search that the tests of RFC 9971 run on them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_MLRSEARCH_BED_H
#define BYPATH_TEST_MLRSEARCH_BED_H

#include "sim_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A device of each kind: still, noisy, drifting, one that loses a few frames now and then. */
static inline struct sim_device device_of(unsigned seed)
{
	struct sim_device d = { .knee_pps = 1e4 * (1 + seed * 17),
				.generator_pps = 1e5 * (1 + seed * 17),
				.settle_s = 0.05,
				.seed = seed * 7919ull };

	d.noise = seed % 4 == 1 ? 0.01 : 0;
	d.drift_per_s = seed % 4 == 2 ? 0.0005 : 0;
	d.spike_share = seed % 4 == 3 ? 0.1 : 0;
	return d;
}

static inline void configure(struct sim_device *d, struct bp_search_conf *conf)
{
	sim_device_conf(d, BP_SEARCH_NDR, conf);
	conf->n_goals = 2;
	conf->loss_ratios[1] = 0.005;
}

static inline void search(struct sim_device *d, struct bp_search_result *r)
{
	struct bp_search_conf conf;

	configure(d, &conf);
	assert_int_equal(bp_search_run(&conf, r), 0);
}

#endif

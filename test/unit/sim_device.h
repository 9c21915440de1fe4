/* A simulated tester with a device of known behaviour, in simulated time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_SIM_DEVICE_H
#define TEST_SIM_DEVICE_H

#include "gen/search.h"

/* Zeroed and seeded it is a perfect device of knee 0. */
struct sim_device {
	double knee_pps; /* forwards that much without loss; the rest is lost */
	double collapse; /* overloaded, it forwards up to this share less than the knee */
	double noise; /* the knee of each trial moves by up to ± this share */
	double drift_per_s; /* the knee moves by this share every second */
	double spike_share; /* share of trials that lose a few frames at any rate */
	double corrupt_share; /* of what comes, damaged on the way */
	double disturbed_share; /* share of trials that are disturbed, and then lose half */
	unsigned
		late_after; /* trials at the rate asked; then the generator sends a tenth less; 0: never */
	double base_loss; /* loss ratio at every rate */
	double generator_pps; /* the generator sends no more; 0: no limit */
	double hiccup_share; /* share of trials in which the generator sends less: */
	double hiccup_depth; /* so much; 0: 10 % */
	double buffer_pkts; /* bursts: what the device holds beyond what it forwards */
	double settle_s; /* each trial takes that much longer */
	double latency_ns; /* at no load; twice that at the knee */
	unsigned fails_after; /* trials that work; 0: all */
	unsigned stops_after; /* then *stop is set in the middle of a trial; 0: never */
	atomic_bool stop;

	uint64_t seed;
	uint64_t now_ns;
	unsigned n_trials;
	double traffic_s; /* time spent sending */
};

/* A bp_trial_fn; ctx is a struct sim_device. */
int sim_device_trial(void *ctx, const struct bp_trial_request *request,
		     struct bp_trial_result *result);

/* Simulated time. */
uint64_t sim_device_now(void *ctx);

/* Let the search test that device, in its time. */
void sim_device_wire(struct sim_device *device, struct bp_search_conf *conf);

/* Defaults of the kind, wired to the device. */
void sim_device_conf(struct sim_device *device, enum bp_search_kind kind,
		     struct bp_search_conf *conf);

#endif

/* RFC 2889's address tests: how many addresses a switch holds (5.7), how fast it learns them (5.8). */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_RFC2889_H
#define BYPATH_GEN_RFC2889_H

#include "gen/search.h"

#define BP_RFC2889_TRIALS_MAX    128u
#define BP_RFC2889_ADDRESSES_MAX (1u << 20)
/* The test port's address is in the device's table beside those that are counted. */
#define BP_RFC2889_OWN 1u

/*
 * One trial: so many frames, each with another source address, go into the device through the learning port, to the test
 * port's address; then one frame to each of these addresses goes in through the test port. What the device does not know
 * it floods, which the monitoring port sees.
 */
struct bp_learning_request {
	uint32_t n_addresses; /* 1 … BP_RFC2889_ADDRESSES_MAX; always the first of the same ones */
	double learn_pps; /* of the learning frames; 0: as fast as it goes */
	double test_pps; /* of the test frames, above 0 */
};

struct bp_learning_result {
	uint64_t n_learn_sent, n_learn_received; /* learning frames; at the test port */
	double learn_pps; /* as sent */
	uint64_t n_sent, n_received; /* test frames; at the learning port */
	uint64_t n_flooded; /* of those, at the monitoring port */
	bool is_late; /* learning frames went slower than asked, by the generator's doing */
	/* The generator's own: a port dropped frames that came, or had no link; not all was sent. Says nothing then. */
	bool is_void;
	/* Other work took the packet thread's core meanwhile: it sent in jerks. Every frame is accounted for all the same. */
	bool is_disturbed;
	bool is_interrupted;
	char why[160]; /* of late and void */
};

/* Run one trial. One thread; blocks. 0; -errno when none could be run (port lost; logged). */
typedef int (*bp_learning_fn)(void *ctx, const struct bp_learning_request *request,
			      struct bp_learning_result *result);

/* Send nothing for so long. Blocks; false: a signal ended it. */
typedef bool (*bp_learning_rest_fn)(void *ctx, double seconds);

enum bp_rfc2889_test { BP_RFC2889_CAPACITY, BP_RFC2889_RATE };

struct bp_rfc2889_trial {
	enum bp_rfc2889_test test;
	double begin_s; /* since the search began, after the wait before it */
	double waited_s; /* before it, for the device to forget; 0: it did not have to */
	struct bp_learning_request request;
	struct bp_learning_result result;
};

/* What one of the two tests found: addresses, or learning frames per second. */
struct bp_rfc2889_bounds {
	enum bp_search_outcome outcome;
	enum bp_search_cause cause;
	char why[240];
	double lower, upper; /* highest known to be learnt, lowest known not to be; 0: none */
	unsigned n_trials;
};

struct bp_rfc2889_conf {
	bp_learning_fn trial;
	bp_learning_rest_fn rest;
	void *ctx;
	/* Before each trial and each wait (wait_s > 0), or NULL. */
	void (*progress)(void *ctx, const struct bp_rfc2889_trial *next, double wait_s);
	const atomic_bool *stop; /* NULL: never */
	uint64_t (*now_ns)(void *ctx); /* NULL: CLOCK_MONOTONIC */
	uint32_t n_initial; /* addresses of the first trial */
	double ageing_s; /* after which the device forgets an address, 0.1 … 1e6 */
	double calm_pps; /* of all frames whose rate is not what is measured */
	double max_pps; /* of learning frames; 0: as fast as the generator goes */
	double width; /* relative, of the bounds of the rate, 0.0001 … 0.5 */
	double budget_s; /* for everything, the waits included; 0: no limit */
};

struct bp_rfc2889_result {
	struct bp_rfc2889_bounds capacity, rate; /* capacity: without BP_RFC2889_OWN */
	uint32_t n_rate_addresses; /* of each trial of the rate; 0: there was none */
	double ageing_s, calm_pps, max_pps, width, budget_s, elapsed_s;
	unsigned n_trials;
	struct bp_rfc2889_trial trials[BP_RFC2889_TRIALS_MAX];
};

/* n_initial 1000, ageing 300 s (IEEE 802.1Q), 10,000 frames/s, width 5 %, an hour. */
void bp_rfc2889_defaults(struct bp_rfc2889_conf *conf);

/* Seconds without a frame after which the device has forgotten. Pure. */
double bp_rfc2889_rest_s(double ageing_s);

/*
 * Search the capacity, then the rate at which as many addresses are learnt. The bounds of the capacity are addresses next
 * to each other where it is measured. One thread; blocks until found, out of budget, or stopped. 0, however it ended;
 * -EINVAL: conf is out of range (logged).
 */
int bp_rfc2889_run(const struct bp_rfc2889_conf *conf, struct bp_rfc2889_result *result);

#endif

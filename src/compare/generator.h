/* The generator as a process of its own: it can sit in a namespace, and may die. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_GENERATOR_H
#define BYPATH_COMPARE_GENERATOR_H

#include "gen/latency.h"
#include "gen/trial.h"
#include "lab/child.h"

#include <stdbool.h>
#include <stdint.h>

#define BP_GENERATOR_DROPS_MAX 24u

/* Packets that one of the generator's own ports lost, in one trial. */
struct bp_generator_drop {
	char role[8]; /* "tx", "rx" */
	char reason[32];
	bool is_counted; /* by us; else reported by the kernel or a PMD */
	uint64_t n;
};

/* Answer to one request, as it goes over the socket. */
struct bp_generator_answer {
	int rc; /* 0 or -errno */
	struct bp_trial_result result;
	unsigned n_drops;
	struct bp_generator_drop drops[BP_GENERATOR_DROPS_MAX];
	bool is_source_named; /* what the TX port's interface dropped is no part of n_sent */
	struct bp_latency latency; /* of this trial */
};

struct bp_generator {
	struct bp_child child;
	int fd; /* our end of the socket */
	char tx_mode[48], rx_mode[48]; /* effective, once it is ready */
};

/* What the generator's process is started with. */
struct bp_generator_conf {
	const char *ini; /* path of its configuration */
	int netns; /* or -1 */
	const char *folder;
};

/* Start the process. 0 or -errno. Call bp_generator_ready() next. */
int bp_generator_start(const struct bp_generator_conf *conf, struct bp_generator *generator);

/*
 * Has it opened its ports? Waits at most so long. 0; -EAGAIN: not yet; else it has failed, with a
 * sentence in why.
 */
int bp_generator_ready(struct bp_generator *generator, double seconds, char *why, size_t why_bytes);

/* Send a request; bp_generator_poll() brings the answer. 0 or -errno. */
int bp_generator_ask(struct bp_generator *generator, const struct bp_trial_request *request);
/* Wait at most so long for the answer. 0; -EAGAIN: not yet; -EPIPE: the process has ended. */
int bp_generator_poll(struct bp_generator *generator, double seconds,
		      struct bp_generator_answer *answer);
/* End the trial under way early: the answer then says is_interrupted. */
void bp_generator_interrupt(struct bp_generator *generator);
void bp_generator_stop(struct bp_generator *generator);

#endif

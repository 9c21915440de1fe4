/* RFC 2889's trials on the generator: three ports of one switch, frames whose addresses it learns. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_LEARNING_H
#define BYPATH_GEN_LEARNING_H

#include "gen/gen.h"
#include "gen/rfc2889.h"

/*
 * Takes a generator with a monitor and one stream: tx is the test port, whose address is the stream's src_mac; rx is the
 * learning port, behind which the addresses are, from the stream's dst_mac on.
 */
struct bp_learning {
	struct bp_gen *gen;
	const struct bp_conf
		*given; /* the generator's own configuration, again after bp_learning_end() */
	struct bp_conf *conf; /* a copy: its stream changes with each stage */
	uint32_t frame_size; /* FCS included; 0: as the stream says */
	bp_trial_fn run; /* bp_gen_trial(), or what does the same */
	void *run_ctx;
};

/* May the configuration's ports and stream do this? 0; -EINVAL with a sentence in why. Pure. */
int bp_learning_check(const struct bp_conf *conf, char *why, size_t why_bytes);

/* gen: made of a configuration that was checked, the caller's until the end. Control thread. 0, -ENOMEM, -ENOTSUP (logged). */
int bp_learning_begin(struct bp_learning *learning, struct bp_gen *gen, const struct bp_conf *conf);
void bp_learning_end(struct bp_learning *learning);

/* A bp_learning_fn; ctx is a struct bp_learning. Control thread. */
int bp_learning_trial(void *ctx, const struct bp_learning_request *request,
		      struct bp_learning_result *result);

#endif

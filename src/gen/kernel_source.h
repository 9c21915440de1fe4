/* The other source: a port's driver makes the frames inside the kernel, from templates. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_KERNEL_SOURCE_H
#define BYPATH_GEN_KERNEL_SOURCE_H

#include "bypath/kernel_source.h"

#include "gen/source.h"

/*
 * The frames of the source's cycle as templates, in the order of packets. streams move on by what
 * was made. Returns the number that was made, at most max, and in *n_whole how many it takes until
 * the cycle repeats exactly (UINT64_MAX: more than can be said). Pure.
 */
unsigned bp_ks_make_templates(struct bp_source *source, struct bp_ks_template *templates,
			      unsigned max, uint64_t *n_whole);

/*
 * Ready for a trial, after bp_source_begin(): hands templates and schedule to the driver of
 * source->txq. Control thread. 0 or -errno (logged).
 */
int bp_ks_begin(struct bp_source *source, const struct bp_source_request *request,
		uint64_t first_seq);

/* Send it all: blocks until the trial is over or bp_ks_poll() ends it; the source then says what
 * was sent, its state is BP_SOURCE_ENDED. The TX worker. 0 or -errno (logged). */
int bp_ks_run(struct bp_source *source);

/* Bring the source's figures up to date; end run() when it is over, or when is_asked_to_end.
 * Control thread, every few ms. */
void bp_ks_poll(struct bp_source *source);

/* The driver's source of a port that has one; else NULL. */
const struct bp_ks_ops *bp_ks_of(const struct bp_source *source);

#endif

/* Causes for which the kernel drops packets: what each means to who forwards, and what helps. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_CAUSES_H
#define BYPATH_PROBE_CAUSES_H

#include <stdbool.h>
#include <stddef.h>

struct bp_cause {
	const char *name;
	const char *meaning; /* half a sentence */
	const char *remedy; /* the like; NULL: of what is no loss */
	bool is_no_loss; /* the kernel throws away what it has made use of */
};

/* By the name of a reason (enum skb_drop_reason) without SKB_DROP_REASON_; NULL: not known. Pure, all. */
const struct bp_cause *bp_cause_of_reason(const char *reason);
/* By the kernel's function that dropped a packet without a reason. */
const struct bp_cause *bp_cause_of_function(const char *function);
/* By what redirecting a frame failed with: "ENOBUFS". */
const struct bp_cause *bp_cause_of_redirect(const char *error);
/* By what an XDP program returned: "XDP_ABORTED". */
const struct bp_cause *bp_cause_of_verdict(const char *verdict);

/* Each of these, by number from 0; NULL: there are no more. */
const struct bp_cause *bp_cause_at(size_t i);

/* Causes that are recognised by more than a name. */
extern const struct bp_cause bp_cause_no_carrier, bp_cause_past_program, bp_cause_refused;

#endif

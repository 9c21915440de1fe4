/* RFC 2544's tests that are no search for bounds: latency, frame loss rate, back-to-back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_RFC2544_H
#define BYPATH_GEN_RFC2544_H

#include "gen/search_run.h"

/* Each fills its part of state->result, with the outcome. One thread; blocks. Returns 0 or -ENOMEM. */
int bp_rfc2544_latency(struct bp_search_state *state);
int bp_rfc2544_loss(struct bp_search_state *state);
int bp_rfc2544_back_to_back(struct bp_search_state *state);

#endif

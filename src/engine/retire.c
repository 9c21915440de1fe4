/* What workers may still be looking at is freed when they cannot any more. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/internal.h"

#include <stdlib.h>

struct bp_retired {
	struct bp_retired *next;
	void *old;
	void (*free_old)(void *old);
	uint64_t n_loops[BP_WORKERS_MAX]; /* of each worker, when it was retired */
};

void bp_retire(struct bp_engine *e, void *old, void (*free_old)(void *old))
{
	struct bp_retired *r = malloc(sizeof(*r));

	if (!r) {
		if (bp_workers_settle(e, BP_SETTLE_MS) < 0)
			free_old(old);
		return;
	}
	*r = (struct bp_retired){ .next = e->retired, .old = old, .free_old = free_old };
	for (unsigned i = 0; i < e->n_running; i++)
		r->n_loops[i] = bp_worker_n_loops(&e->workers[i]);
	e->retired = r;
}

static bool is_past(const struct bp_engine *e, const struct bp_retired *r)
{
	for (unsigned i = 0; i < e->n_running; i++)
		if (!bp_worker_is_past(&e->workers[i], r->n_loops[i]))
			return false;
	return true;
}

void bp_retired_free(struct bp_engine *e, bool all)
{
	struct bp_retired **at = &e->retired;

	while (*at) {
		struct bp_retired *r = *at;

		if (!all && !is_past(e, r)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		r->free_old(r->old);
		free(r);
	}
}

/* The account of functions whose work a driver does itself, on paths that it carries. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/act.h"
#include "engine/chain.h"
#include "engine/internal.h"

#include <stddef.h>

static struct bp_path *find_path_of(struct bp_engine *e, const struct bp_rxq *rxq)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned k = 0; k < e->workers[i].n_paths; k++)
			if (e->workers[i].paths[k].rxq == rxq)
				return &e->workers[i].paths[k];
	return NULL;
}

static void tell_function(const struct bp_step *s, const struct bp_act_count *count)
{
	const struct bp_function_ops *ops = s->function->ops;

	if (ops && ops->carried)
		ops->carried(s->fn->state, count->n_changed, count->n_untouched);
}

void bp_carried_count(struct bp_rxq *rxq, unsigned step, const struct bp_act_count *count)
{
	struct bp_engine *e = (void *)((char *)rxq->port->env - offsetof(struct bp_engine, env));
	struct bp_path *path = find_path_of(e, rxq);
	struct bp_step *s = path && path->chain ? &path->chain->steps[step] : NULL;
	uint64_t n_dropped = 0;

	for (unsigned i = 0; i < BP_ACT_DROPS; i++) {
		n_dropped += count->drops[i];
		if (s)
			bp_cost_add(&s->drops[i], count->drops[i]);
	}
	if (s) {
		bp_cost_add(&s->n_pkts, count->n_pkts);
		tell_function(s, count);
	} else {
		e->past_fn_drops += n_dropped; /* of a path that a reload has ended */
	}
}

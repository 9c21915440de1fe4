/* Who stands still, and where, as far as that shows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/chain.h"
#include "engine/internal.h"

#include <stdio.h>
#include <string.h>

/* The function that a worker has entered last; NULL: none. */
static const struct bp_function_conf *last_function(const struct bp_engine *e,
						    const struct bp_worker *w)
{
	const struct bp_function_conf *last = NULL;
	uint64_t last_begin = 0;

	for (unsigned i = w->n_plain; i < w->n_paths; i++) {
		struct bp_chain *chain = w->paths[i].chain;

		for (unsigned k = 0; k < chain->n_steps; k++) {
			uint64_t begin = atomic_load_explicit(&chain->steps[k].begin_cycles,
							      memory_order_relaxed);

			if (begin <= last_begin)
				continue;
			last_begin = begin;
			last = &e->conf->functions[w->paths[i].rxq->port->conf->chain[k]];
		}
	}
	return last;
}

/* "R", "S", "D", "t", …, as the kernel names what a thread does; '?': it does not tell. */
static char state_of(int tid)
{
	char path[64], line[512], *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return '?';
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return at && at[1] == ' ' ? at[2] : '?';
}

const char *bp_stall_kernel_says(const struct bp_worker *w)
{
	switch (state_of(atomic_load_explicit(&w->thread.tid, memory_order_relaxed))) {
	case 't':
	case 'T':
		return "it is stopped, by a debugger or a signal";
	case 'D':
	case 'S':
		return "it waits in the kernel";
	default:
		return NULL;
	}
}

void bp_stall_tell(const struct bp_engine *e, unsigned worker_id, const char *since,
		   const char *why, char text[BP_STALL_BYTES])
{
	const struct bp_worker *w = &e->workers[worker_id];
	const struct bp_function_conf *last = last_function(e, w);

	if (!why)
		why = bp_stall_kernel_says(w);
	snprintf(
		text, BP_STALL_BYTES,
		"worker %u (core %u, thread %d) has made no round for %s: %s; the function that it entered "
		"last: %s",
		worker_id, w->thread.core,
		atomic_load_explicit(&w->thread.tid, memory_order_relaxed), since,
		why ? why : "it runs, or waits for its core", last ? last->name : "none");
}

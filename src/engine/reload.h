/* A reload under way, for the files that do it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_RELOAD_H
#define BYPATH_ENGINE_RELOAD_H

#include "engine/internal.h"

#define BP_RELOAD_WHY_BYTES 4096u

/* The device of a port that had to end before the one that takes it over began. */
struct bp_reload_away {
	uint64_t begin_ns, end_ns; /* end_ns 0: it is away */
	int witness_fd; /* counts, until then; -1: none */
	bool is_known; /* n_pkts is */
	uint64_t n_pkts; /* arrived meanwhile */
};

struct reload {
	struct bp_engine *e;
	struct bp_change change; /* its conf is the one of before, once swap() has been */
	struct bp_conf third; /* room to swap them */
	struct bp_locks *locks;
	struct bp_engine_function
		*functions; /* those that are to be; after swap() those of before */
	struct bp_port *made[BP_PORTS_MAX]; /* by place: opened */
	struct bp_port *before[BP_PORTS_MAX]; /* what was in the place, since swap() */
	uint64_t halted; /* places of ports that were taken out for one that is made anew */
	uint64_t closed; /* of these, whose driver has let go of them */
	uint64_t ended; /* of ports whose receiving was ended */
	uint64_t away_places;
	struct bp_reload_away away[BP_PORTS_MAX]; /* by place, of away_places */
	uint16_t cores[BP_WORKERS_MAX];
	struct bp_thread
		places[BP_WORKERS_MAX]; /* of workers that are new, or to be on another core */
	struct bp_paths paths[BP_WORKERS_MAX]; /* of before */
	bool has_taken_paths;
	bool has_bound; /* TX queues know the pools of ports that were made */
	unsigned n_workers; /* of before */
	char why[BP_RELOAD_WHY_BYTES];
};

static inline bool bp_reload_is_new(const struct reload *r, unsigned place)
{
	return r->change.ports[place] == BP_FATE_ADDED ||
	       r->change.ports[place] == BP_FATE_REPLACED;
}

/* Is the port that runs there removed, or made anew? */
static inline bool bp_reload_ends(const struct reload *r, unsigned place)
{
	return r->change.ports[place] == BP_FATE_REMOVED ||
	       r->change.ports[place] == BP_FATE_REPLACED;
}

/* Log that a worker stands still, since when. -ETIMEDOUT. */
int bp_reload_refuse_stalled(const struct bp_engine *e, int worker_id, const char *since);

static inline bool bp_reload_is_in(uint64_t places, unsigned place)
{
	return places >> place & 1;
}

/* ---- away.c: control thread --------------------------------------------------------------------- */

/* A started port receives no more, before it is taken out: from here on its device is away. False (logged): a worker stands
 * still, as bp_port_take_out(). */
bool bp_away_begin(struct reload *r, unsigned place);
/* Does a witness count what arrives at one of these? */
bool bp_away_is_counted(const struct reload *r, uint64_t places);
/* Another port has the devices of these places, or their own again. Again does nothing. */
void bp_away_end(struct reload *r, uint64_t places);
/* Say in the log and in a bypath.change/1 ("away") how long, and what came meanwhile, which the ports report from now on. */
void bp_away_tell(struct reload *r, json_t *document);

/* ---- reload_ports.c: control thread, workers run ---------------------------------------------- */

/*
 * Open the ports that are new, and start those that need no other one in its place: first what can be there beside all
 * others, then, one after another, what needs a port out of the way (r->halted). 0 or -errno (logged):
 * bp_reload_undo_ports() undoes what was done.
 */
int bp_reload_make_ports(struct reload *r);
/* Where ids of packet memory are short, give those of ports that are gone free: the workers stand still for a moment. 0;
 * -ETIMEDOUT (logged): one stands still; -ESHUTDOWN: not all run again. */
int bp_reload_free_pool_ids(struct reload *r);
/* Ports that end receive no more, and what they had received is polled (r->ended). 0; -ETIMEDOUT (logged): a worker stands
 * still. */
int bp_reload_end_receiving(struct reload *r);
/* Take back both. 0; -ESHUTDOWN (logged): not all workers run. */
int bp_reload_undo_ports(struct reload *r);

#endif

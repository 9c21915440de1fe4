/* The ports of a reload: made before the workers pause, halted where there is no other way, or brought back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/reload.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"
#include "core/devargs.h"

#include "handover/handover.h"
#include "handover/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DRY_ROUNDS \
	200u /* of the workers, the most to wait for what was received and not yet polled */
#define HOME_MS 500u /* and for frames that others still send */

/* ---- may both be there at once? --------------------------------------------------------------- */

/*
 * Of one interface: exactly one takes packets from those behind it, so that each packet comes to one of them; or both hear
 * all of them by packet sockets, and filters see to that: but those of one library (is_one) may be members of one fanout group.
 */
static bool may_share(const struct bp_claim *a, const struct bp_claim *b, bool is_one)
{
	if (a->kind != BP_CLAIM_NETDEV || b->kind != BP_CLAIM_NETDEV)
		return false;
	if (a->is_heard && b->is_heard)
		return !is_one && bp_handover_can();
	return (a->take == BP_TAKE_NONE) != (b->take == BP_TAKE_NONE);
}

/* Two device strings of one library. */
static bool are_of_one(const struct bp_port_conf *a, const struct bp_port_conf *b)
{
	return !strcmp(a->driver, b->driver) &&
	       bp_facts_find(a->driver)->flags & BP_FACT_DEVICE_STRING;
}

/* It knows devices by the name that they begin with. */
static bool have_one_name(const struct bp_port_conf *a, const struct bp_port_conf *b)
{
	char name_a[BP_PATH_BYTES], name_b[BP_PATH_BYTES];

	if (!are_of_one(a, b))
		return false;
	bp_devargs_name(a->device, name_a, sizeof(name_a));
	bp_devargs_name(b->device, name_b, sizeof(name_b));
	return !strcmp(name_a, name_b);
}

static bool may_overlap(const struct bp_port_conf *was, const struct bp_port_conf *is)
{
	struct bp_claim a[BP_CLAIMS_MAX], b[BP_CLAIMS_MAX];
	unsigned n_a = bp_claims_of(was, a), n_b = bp_claims_of(is, b);

	/* A tap hears what a program of tc has taken on. */
	bool carries = (bp_facts_find(was->driver)->flags | bp_facts_find(is->driver)->flags) &
		       BP_FACT_CARRIES;

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (bp_claims_clash_here(&a[i], &b[k]) &&
			    (carries || !may_share(&a[i], &b[k], are_of_one(was, is))))
				return false;
	return !have_one_name(was, is);
}

/* Is there a device that the port before does not give back? */
static bool is_kept_for_life(const struct bp_port_conf *was, const struct bp_port_conf *is)
{
	struct bp_claim a[BP_CLAIMS_MAX], b[BP_CLAIMS_MAX];
	unsigned n_a = bp_claims_of(was, a), n_b = bp_claims_of(is, b);

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (a[i].is_for_life && bp_claims_clash_here(&a[i], &b[k]) &&
			    !may_share(&a[i], &b[k], false))
				return true;
	return false;
}

static bool have_one_device(const struct bp_port_conf *was, const struct bp_port_conf *is)
{
	struct bp_claim a[BP_CLAIMS_MAX], b[BP_CLAIMS_MAX];
	unsigned n_a = bp_claims_of(was, a), n_b = bp_claims_of(is, b);

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (bp_claims_clash_here(&a[i], &b[k]))
				return true;
	return have_one_name(was, is);
}

/* The ports, of those that end, whose device this one is to have, and whose link is held down (link = follow). */
static uint64_t list_held(const struct reload *r, unsigned place)
{
	uint64_t todo = bp_follow_list_held(r->e), places = 0;

	while (todo) {
		unsigned i = bp_ports_take(&todo);

		if (bp_reload_ends(r, i) &&
		    have_one_device(&r->e->conf->ports[i], &r->change.conf.ports[place]))
			places |= UINT64_C(1) << i;
	}
	return places;
}

/* The ports, of those that end, that have to be out of the way before this one is made. */
static uint64_t list_in_the_way(const struct reload *r, unsigned place)
{
	const struct bp_conf *running = r->e->conf;
	uint64_t places = 0;

	for (unsigned i = 0; i < running->n_ports; i++)
		if (bp_reload_ends(r, i) &&
		    !may_overlap(&running->ports[i], &r->change.conf.ports[place]))
			places |= UINT64_C(1) << i;
	return places;
}

/* Knows the other ports of its kind, so that it starts when all are in their places. */
static bool starts_late(const struct bp_port_conf *conf)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(conf, claims);

	return bp_facts_find(conf->driver)->flags & BP_FACT_CARRIES ||
	       (n && claims[0].kind == BP_CLAIM_RING);
}

/* Does a port that is new hear an interface that one hears that ends? */
static bool takes_over(const struct bp_port_conf *was, const struct bp_port_conf *is)
{
	struct bp_claim a[BP_CLAIMS_MAX], b[BP_CLAIMS_MAX];
	unsigned n_a = bp_claims_of(was, a), n_b = bp_claims_of(is, b);

	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (a[i].is_heard && b[k].is_heard && bp_claims_clash_here(&a[i], &b[k]))
				return true;
	return false;
}

/* ---- what is new ------------------------------------------------------------------------------ */

/* Until the ports that end here have, nothing comes to this one that hears what they hear. */
static int begin_handovers(struct reload *r, unsigned place)
{
	int err = 0;

	for (unsigned i = 0; !err && i < r->e->conf->n_ports; i++) {
		struct bp_port *port = r->e->env.ports[i];

		if (bp_reload_ends(r, i) && port->is_started &&
		    takes_over(&r->e->conf->ports[i], &r->change.conf.ports[place]))
			err = bp_handover_begin(&r->e->handovers, port, r->made[place]);
	}
	return err;
}

static int make_port(struct reload *r, unsigned place)
{
	const struct bp_plan_port *plan = &r->change.plan.ports[place];
	const struct bp_port_queues queues = { plan->n_rxq, plan->n_txq, plan->rxq_workers,
					       plan->txq_workers };
	const struct bp_port_conf *conf = &r->change.conf.ports[place];
	int err = bp_port_make(&r->e->env, (uint16_t)place, &queues, &r->made[place]);

	if (err || starts_late(conf))
		return err;
	err = bp_port_start(r->made[place]);
	if (err == -ENODEV || err == -ENETDOWN || err == -ENOENT)
		bp_log(BP_LOG_ERROR, "port %s: cannot start on %s: %s: bring the device up first",
		       conf->name, conf->device, strerror(-err));
	return err ? err : begin_handovers(r, place);
}

/* Frames of its pools, that other ports send, have to be back before its driver lets it go. Returns whether they are. */
static bool wait_for_frames(struct bp_engine *e, struct bp_port *port)
{
	static const struct timespec nap = { .tv_nsec = 200000 };
	uint64_t begin_ns = bp_clock_ns();
	struct bp_leaving l = { .port = port };

	bp_leaving_begin(e, &l);
	while (!bp_leaving_is_home(e, &l)) {
		if (bp_clock_ns() - begin_ns > HOME_MS * UINT64_C(1000000))
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

static uint64_t count_received(const struct bp_port *port)
{
	uint64_t n = 0;

	for (unsigned q = 0; q < port->n_rxq; q++)
		n += bp_counter(&port->rxq[q].counters, BP_CNT_PKTS);
	return n;
}

/* Receiving has ended: until the workers have polled what was there. 0; -ETIMEDOUT (logged): one of them stands still. */
static int wait_until_dry(struct bp_engine *e, const struct bp_port *port)
{
	static const struct timespec nap = { .tv_nsec = 100000 };
	uint64_t begin_ns = bp_clock_ns(), n = count_received(port);
	unsigned n_same = 0;
	int worker_id;

	/* By their rounds: a worker may be off its core for longer than all of them take. */
	for (unsigned i = 0; n_same < 3 && i < DRY_ROUNDS &&
			     bp_clock_ns() - begin_ns < BP_TURN_MS * UINT64_C(1000000);
	     i++) {
		uint64_t before = n;

		nanosleep(&nap, NULL);
		worker_id = bp_workers_settle(e, BP_TURN_MS);
		if (worker_id >= 0)
			return bp_reload_refuse_stalled(e, worker_id, BP_TURN_TEXT);
		n = count_received(port);
		n_same = n == before ? n_same + 1 : 0;
	}
	return 0;
}

/* A port that works: what it had received goes on, what comes from then on is nobody's. 0; -ETIMEDOUT (logged): a worker stands
 * still. */
static int take_out(struct reload *r, unsigned place)
{
	struct bp_port *port = r->e->env.ports[place];
	bool is_out = bp_away_begin(r, place);
	int err;

	r->ended |= UINT64_C(1) << place;
	if (is_out) {
		err = wait_until_dry(r->e, port);
		if (err)
			return err;
		is_out = bp_port_take_out(r->e, port);
	}
	if (!is_out) {
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot be taken out, as a worker stands still: bypath show alarms",
		       port->conf->name);
		return -ETIMEDOUT;
	}
	bp_port_drop_received(port);
	bp_snapshot_reported(port->driver, port, &r->e->reported[place]);
	bp_handover_end(&r->e->handovers, port);
	bp_port_stop(port);
	return 0;
}

/* These ports are away from here on; what comes for them is dropped as port_down. 0; -ETIMEDOUT (logged): a worker stands
 * still. */
static int halt(struct reload *r, uint64_t places)
{
	for (places &= ~r->halted; places;) {
		unsigned place = bp_ports_take(&places);
		struct bp_port *port = r->e->env.ports[place];
		int err;

		r->halted |= UINT64_C(1) << place;
		err = port->is_started ? take_out(r, place) : 0;
		if (err)
			return err;
		if (!wait_for_frames(r->e, port))
			continue;
		bp_port_close(port);
		r->closed |= UINT64_C(1) << place;
	}
	return 0;
}

/* What takes long and needs no device: while the port before it still works. */
static int prepare(struct reload *r, unsigned place, uint64_t in_the_way)
{
	const struct bp_port_conf *conf = &r->change.conf.ports[place];
	const struct bp_driver *driver;
	const char *why = NULL;

	while (in_the_way) {
		const struct bp_port_conf *was = &r->e->conf->ports[bp_ports_take(&in_the_way)];

		if (!is_kept_for_life(was, conf))
			continue;
		bp_log(BP_LOG_ERROR,
		       "port %s: %s: its driver does not give the device of port %s back before the "
		       "process ends: restart for it",
		       conf->name, was->device, was->name);
		return -EBUSY;
	}
	driver = bp_driver_find(conf->driver, &why);
	if (!driver)
		bp_log(BP_LOG_ERROR, "port %s: driver %s: %s", conf->name, conf->driver, why);
	if (!driver)
		return -ENOTSUP;
	return driver->ops->prepare ? driver->ops->prepare(&r->e->env, conf) : 0;
}

/* A port that leaves may still have the device: for a moment, until what it holds has gone. */
static int wait_for_leaving(struct reload *r, unsigned place)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	const struct bp_port_conf *conf = &r->change.conf.ports[place];
	uint64_t begin_ns = bp_clock_ns();
	struct bp_leaving *l = r->e->leaving;

	while (l) {
		if (may_overlap(&l->conf, conf)) {
			l = l->next;
			continue;
		}
		if (bp_clock_ns() - begin_ns > 2 * HOME_MS * UINT64_C(1000000)) {
			bp_log(BP_LOG_ERROR,
			       "port %s: %s is still with port %s, which was removed: try again in a moment",
			       conf->name, conf->device, l->conf.name);
			return -EBUSY;
		}
		nanosleep(&nap, NULL);
		bp_leaving_tick(r->e, false);
		l = r->e->leaving;
	}
	return 0;
}

/*
 * The port has the devices of those that were in its way. What it heard before this moment, while a witness counted the same, is
 * forgotten.
 */
static void end_away(struct reload *r, unsigned place, uint64_t in_the_way)
{
	struct bp_port *port = r->made[place];
	struct bp_sockets *sockets = bp_away_is_counted(r, in_the_way) && port->driver->ops->sockets
					     ? calloc(1, sizeof(*sockets))
					     : NULL;

	if (sockets)
		bp_sockets_find(sockets, port);
	if (sockets && bp_sockets_deafen(sockets))
		sockets->n = 0;
	if (sockets && sockets->n)
		bp_sockets_forget(sockets);
	bp_away_end(r, in_the_way);
	if (sockets)
		bp_sockets_restore(sockets, sockets->n);
	free(sockets);
}

/* A port that is new, with those that are in its way out of it, and no link of its device held. */
static int make_instead(struct reload *r, unsigned place, uint64_t in_the_way)
{
	int err = in_the_way ? prepare(r, place, in_the_way) : 0;

	if (!err)
		err = wait_for_leaving(r, place);
	if (!err) {
		bp_follow_let_go(r->e, list_held(r, place));
		err = halt(r, in_the_way);
	}
	if (!err)
		err = bp_reload_free_pool_ids(r);
	if (!err)
		err = make_port(r, place);
	if (!err && r->made[place]->is_started)
		end_away(r, place, in_the_way);
	return err;
}

/* Those that can be there beside all others first: they may fail, and nothing has happened then, no link was let go of. */
int bp_reload_make_ports(struct reload *r)
{
	int err = 0;

	r->e->env.conf = &r->change.conf;
	r->e->env.n_workers = r->change.conf.engine.n_workers;
	for (unsigned step = 0; step < 2; step++)
		for (unsigned i = 0; !err && i < r->change.conf.n_ports; i++) {
			uint64_t in_the_way;

			if (!bp_reload_is_new(r, i) || r->made[i])
				continue;
			in_the_way = list_in_the_way(r, i);
			if (step || !(in_the_way || list_held(r, i)))
				err = make_instead(r, i, in_the_way);
		}
	r->e->env.conf = r->e->conf;
	r->e->env.n_workers = r->e->conf->engine.n_workers;
	return err;
}

/* ---- what leaves ------------------------------------------------------------------------------ */

int bp_reload_end_receiving(struct reload *r)
{
	int err = 0;

	for (unsigned i = 0; !err && i < r->e->conf->n_ports; i++) {
		struct bp_port *port = r->e->env.ports[i];

		if (!bp_reload_ends(r, i) || bp_reload_is_in(r->halted, i) || !port->is_started ||
		    !port->n_rxq)
			continue;
		r->ended |= UINT64_C(1) << i;
		if (!bp_handover_flip(r->e->handovers, port) && port->driver->ops->rx_end)
			port->driver->ops->rx_end(port);
		err = wait_until_dry(r->e, port);
	}
	return err;
}

/* ---- back to what was ------------------------------------------------------------------------- */

/* It receives no more, and begins anew. False: it is on its way out still. */
static bool halt_ended(struct bp_engine *e, struct bp_port *port)
{
	if (!bp_port_take_out(e, port))
		return false;
	bp_port_drop_received(port);
	bp_handover_end(&e->handovers, port);
	bp_port_stop(port);
	return true;
}

/* A port that was taken out for one that does not come goes back to work. */
static void bring_back(struct reload *r, unsigned place)
{
	struct bp_port *port = r->e->env.ports[place];

	if (bp_port_is_closed(port)) { /* opened anew, now or by a tick, it reports from 0 on */
		bp_reported_add(&r->e->past_reported[place], &r->e->reported[place]);
		r->e->reported[place].n = 0;
	}
	if (bp_port_is_closed(port) && bp_port_reopen(port)) {
		bp_log(BP_LOG_ERROR, "port %s: cannot be opened again", port->conf->name);
		return;
	}
	/* Or a tick does, later: where it is still on its way out, it goes on there. */
	if (r->e->turns[place].kind != BP_TURN_NONE ||
	    (bp_reload_is_in(r->ended, place) && port->is_started && !halt_ended(r->e, port)))
		return;
	(void)bp_port_resume(r->e, port);
}

/* Those that were made, before those that were there: they may have one device. */
static void unmake_ports(struct reload *r)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (r->made[i] && r->made[i]->is_started) {
			bp_port_unpublish(r->made[i]);
			/* What came to it since it took over. */
			if (bp_reload_is_in(r->ended, i) &&
			    r->change.ports[i] == BP_FATE_REPLACED) {
				bp_port_drop_received(r->made[i]);
				bp_past_add(r->e, r->made[i], true);
			}
			bp_handover_end(&r->e->handovers, r->made[i]);
			bp_port_stop(r->made[i]);
		}
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		uint64_t pools = r->made[i] ? r->made[i]->pools : 0;

		bp_port_destroy(r->made[i]);
		r->made[i] = NULL;
		if (!r->has_bound)
			r->e->env.old_pools &= ~pools; /* no queue that stays has seen them */
	}
}

int bp_reload_undo_ports(struct reload *r)
{
	int err;

	unmake_ports(r);
	err = bp_reload_free_pool_ids(r); /* where it cannot, the next reload does */
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		if (bp_reload_is_in(r->halted | r->ended, i))
			bring_back(r, i);
	bp_away_end(r, r->away_places);
	return err == -ESHUTDOWN ? err : 0;
}

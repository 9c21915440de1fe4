/* [forward] link = follow: two ports of a path share the fate of their links. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/follow.h"

#include "engine/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <string.h>

/* ---- the machine ------------------------------------------------------------------------------ */

static void enter(struct bp_follow *f, enum bp_follow_state state, uint64_t now_ns)
{
	f->state = state;
	f->since_ns = now_ns;
}

/* A loss that was not made here. */
static bool is_lost(const struct bp_follow *f)
{
	return (f->state == BP_FOLLOW_FREE || f->state == BP_FOLLOW_LEFT) && !f->up_ns;
}

static bool is_back(const struct bp_follow *f, uint64_t now_ns)
{
	return f->up_ns && now_ns - f->up_ns >= BP_FOLLOW_BACK_NS;
}

enum bp_follow_act bp_follow_next(struct bp_follow *self, const struct bp_follow *partner,
				  uint64_t now_ns)
{
	switch (self->state) {
	case BP_FOLLOW_FREE:
		/* One that has none itself is not to be taken down: nothing would tell when it is back. */
		return is_lost(partner) && self->up_ns ? BP_FOLLOW_HOLD : BP_FOLLOW_STAY;
	case BP_FOLLOW_HELD:
		if (is_back(partner, now_ns))
			return BP_FOLLOW_LET_GO;
		if (self->up_ns && self->carry.shows) {
			enter(self, BP_FOLLOW_LEFT, now_ns);
			return BP_FOLLOW_SEEN_UP;
		}
		return BP_FOLLOW_STAY;
	case BP_FOLLOW_COMING:
		if (is_lost(partner))
			return BP_FOLLOW_HOLD;
		if (self->up_ns || now_ns - self->since_ns >= BP_FOLLOW_GRACE_NS)
			enter(self, BP_FOLLOW_FREE, now_ns);
		return BP_FOLLOW_STAY;
	default:
		if (partner->up_ns)
			enter(self, BP_FOLLOW_FREE, now_ns);
		return BP_FOLLOW_STAY;
	}
}

/* ---- its ports -------------------------------------------------------------------------------- */

static const char *name_of(const struct bp_engine *e, int port_id)
{
	return e->conf->ports[port_id].name;
}

static void hold(struct bp_engine *e, unsigned i, uint64_t now_ns)
{
	struct bp_follow *f = &e->follows[i];
	struct bp_port *port = e->env.ports[i];
	int err = bp_port_carry(port, &f->carry);

	enter(f, err ? BP_FOLLOW_LEFT : BP_FOLLOW_HELD, now_ns);
	if (err)
		bp_log(BP_LOG_WARN,
		       "port %s: %s cannot be taken down although port %s has no link (link = follow): %s",
		       port->conf->name, port->conf->device, name_of(e, f->partner),
		       strerror(-err));
	else
		bp_log(BP_LOG_INFO,
		       "port %s: %s is taken down, as port %s has no link (link = follow)",
		       port->conf->name, port->conf->device, name_of(e, f->partner));
}

static void let_go(struct bp_engine *e, unsigned i, uint64_t now_ns)
{
	struct bp_follow *f = &e->follows[i];
	struct bp_port *port = e->env.ports[i];
	int err = bp_port_carry_end(port, &f->carry);

	if (err) {
		bp_log(BP_LOG_WARN,
		       "port %s: %s cannot be set up again (link = follow): %s: ip link set %s up",
		       port->conf->name, port->conf->device, strerror(-err), port->conf->device);
		return; /* tried again at the next tick */
	}
	enter(f, BP_FOLLOW_COMING, now_ns);
	bp_log(BP_LOG_INFO, "port %s: %s is let go, as port %s has its link again (link = follow)",
	       port->conf->name, port->conf->device, name_of(e, f->partner));
}

/* Somebody's decision, which is not fought. What was held is theirs now. */
static void leave(struct bp_engine *e, unsigned i)
{
	struct bp_follow *f = &e->follows[i];
	struct bp_port *port = e->env.ports[i];

	(void)bp_port_carry_end(port, &f->carry);
	bp_log(BP_LOG_WARN,
	       "port %s: %s was set up by somebody else while port %s has no link: left so "
	       "(link = follow)",
	       port->conf->name, port->conf->device, name_of(e, f->partner));
}

static void look(struct bp_follow *f, const struct bp_port *port, uint64_t now_ns)
{
	bool is_up = port->is_started && !port->is_set_down &&
		     atomic_load_explicit(&port->link, memory_order_relaxed) == BP_LINK_UP;

	if (bp_port_carry_is_gone(port, &f->carry)) {
		f->carry.is_held = false;
		enter(f, BP_FOLLOW_FREE, now_ns);
	}
	if (!is_up)
		f->up_ns = 0;
	else if (!f->up_ns)
		f->up_ns = now_ns;
}

void bp_follow_tick(struct bp_engine *e)
{
	uint64_t now_ns = bp_clock_ns();

	if (!e->conf->forward.follows_link || e->is_stopped)
		return;
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		look(&e->follows[i], e->env.ports[i], now_ns);
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		struct bp_follow *f = &e->follows[i];
		enum bp_follow_act act =
			f->partner < 0 ? BP_FOLLOW_STAY
				       : bp_follow_next(f, &e->follows[f->partner], now_ns);

		if (act == BP_FOLLOW_HOLD)
			hold(e, i, now_ns);
		else if (act == BP_FOLLOW_LET_GO)
			let_go(e, i, now_ns);
		else if (act == BP_FOLLOW_SEEN_UP)
			leave(e, i);
	}
}

/* ---- its begin, its end, reloads -------------------------------------------------------------- */

static int find_partner(const struct bp_conf *conf, unsigned i)
{
	return conf->forward.follows_link && i < conf->n_ports ? bp_config_partner(conf, i)
							       : BP_NO_PORT;
}

static int check_one_wire(const struct bp_port_conf *conf, const struct bp_port_conf *other)
{
	if (!bp_ports_are_one_wire(conf, other))
		return 0;
	bp_log(BP_LOG_ERROR,
	       "port %s: [forward] link = follow: %s and %s are the two ends of one veth: neither would come up "
	       "again without the other",
	       conf->name, conf->device, other->device);
	return -EINVAL;
}

/* port: one that is there already, or NULL. */
static int check_port(const struct bp_port_conf *conf, struct bp_port *port)
{
	const char *why = NULL;
	const struct bp_driver *driver = bp_driver_find(conf->driver, &why);
	int err;

	if (!driver) {
		bp_log(BP_LOG_ERROR, "port %s: driver %s: %s", conf->name, conf->driver, why);
		return -ENOTSUP;
	}
	err = bp_port_may_carry(conf, driver);
	return err || !port ? err : bp_port_can_carry(port);
}

int bp_follow_begin(struct bp_engine *e)
{
	uint64_t now_ns = bp_clock_ns();

	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		int partner = find_partner(e->conf, i);
		int err = 0;

		e->follows[i] = (struct bp_follow){ .partner = partner,
						    .state = BP_FOLLOW_COMING,
						    .since_ns = now_ns };
		if (partner >= 0)
			err = check_one_wire(&e->conf->ports[i], &e->conf->ports[partner]);
		if (!err && partner >= 0)
			err = check_port(&e->conf->ports[i], e->env.ports[i]);
		if (err)
			return err;
	}
	return 0;
}

static bool is_new(const struct bp_change *change, unsigned i)
{
	return change->ports[i] != BP_FATE_KEPT;
}

int bp_follow_check(const struct bp_engine *e, const struct bp_change *change)
{
	const struct bp_conf *conf = &change->conf;
	int err = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		int partner = find_partner(conf, i), fault = 0;
		bool is_other = partner != e->follows[i].partner || is_new(change, i);

		if (partner < 0)
			continue;
		if (is_other || is_new(change, (unsigned)partner))
			fault = check_one_wire(&conf->ports[i], &conf->ports[partner]);
		/* One that is held can, and would be let go by the question. */
		if (!fault && is_other)
			fault = check_port(&conf->ports[i],
					   is_new(change, i) || e->follows[i].carry.is_held
						   ? NULL
						   : e->env.ports[i]);
		err = err ? err : fault;
	}
	return err;
}

int bp_follow_check_made(const struct bp_change *change, struct bp_port *const made[BP_PORTS_MAX])
{
	int err = 0;

	for (unsigned i = 0; i < change->conf.n_ports; i++)
		if (made[i] && find_partner(&change->conf, i) >= 0 && !err)
			err = bp_port_can_carry(made[i]);
	return err;
}

uint64_t bp_follow_list_held(const struct bp_engine *e)
{
	uint64_t places = 0;

	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->follows[i].carry.is_held)
			places |= UINT64_C(1) << i;
	return places;
}

static void end_hold(struct bp_engine *e, unsigned i)
{
	struct bp_port *port = e->env.ports[i];
	int err = port ? bp_port_carry_end(port, &e->follows[i].carry) : 0;

	if (err)
		bp_log(BP_LOG_WARN, "port %s: %s stays down (link = follow): %s: ip link set %s up",
		       port->conf->name, port->conf->device, strerror(-err), port->conf->device);
}

/* One that had lost its link has lost it still, whatever is behind it now, until that has one. */
static void begin_anew(struct bp_engine *e, unsigned i, int partner)
{
	struct bp_follow *f = &e->follows[i];
	bool is_lost_still = partner == f->partner && is_lost(f);

	end_hold(e, i);
	*f = (struct bp_follow){ .partner = partner };
	enter(f, is_lost_still ? BP_FOLLOW_FREE : BP_FOLLOW_COMING, bp_clock_ns());
}

void bp_follow_let_go(struct bp_engine *e, uint64_t places)
{
	while (places) {
		unsigned i = bp_ports_take(&places);

		begin_anew(e, i, e->follows[i].partner);
	}
}

void bp_follow_renew(struct bp_engine *e, uint64_t new_places)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++) {
		int partner = find_partner(e->conf, i);

		if (partner != e->follows[i].partner || new_places >> i & 1)
			begin_anew(e, i, partner);
	}
}

void bp_follow_end(struct bp_engine *e)
{
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		end_hold(e, i);
}

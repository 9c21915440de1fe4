/* Compares a configuration with the one that runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/change.h"

#include "bypath/facts.h"
#include "bypath/function.h"

#include "engine/change_values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- places ---------------------------------------------------------------------------------- */

static int find_port(const struct bp_conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (!strcmp(conf->ports[i].name, name))
			return (int)i;
	return -1;
}

/* A place for a port that is new: behind the others, or that of one that is gone since an earlier reload; -1: none. */
static int find_place(const struct bp_conf *running, const struct bp_conf *loaded,
		      const struct bp_conf *next, uint64_t taken)
{
	if (next->n_ports < BP_PORTS_MAX)
		return next->n_ports;
	for (unsigned i = 0; i < running->n_ports; i++)
		if (running->ports[i].is_removed && !(taken >> i & 1) &&
		    find_port(loaded, running->ports[i].name) < 0)
			return (int)i;
	return -1;
}

static uint64_t move_bits(uint64_t ports, const unsigned *places)
{
	uint64_t moved = 0;

	while (ports)
		moved |= UINT64_C(1) << places[bp_ports_take(&ports)];
	return moved;
}

static int move_port(int port_id, const unsigned *places)
{
	return port_id == BP_NO_PORT ? BP_NO_PORT : (int)places[port_id];
}

static struct bp_port_conf make_removed(const struct bp_port_conf *port)
{
	struct bp_port_conf removed = *port;

	removed.n_chain = 0;
	removed.forward_to = BP_NO_PORT;
	removed.out_ports = 0;
	removed.is_hop = false;
	removed.is_removed = true;
	return removed;
}

/* Put the ports of loaded where those of running are. -ENOSPC: not enough places until some are let go. */
static int place_ports(const struct bp_conf *running, const struct bp_conf *loaded,
		       struct bp_change *change)
{
	struct bp_conf *next = &change->conf;
	unsigned places[BP_PORTS_MAX];
	uint64_t taken = 0;

	next->n_ports = running->n_ports;
	for (unsigned i = 0; i < running->n_ports; i++)
		next->ports[i] = make_removed(&running->ports[i]);
	for (unsigned i = 0; i < loaded->n_ports; i++) {
		int at = find_port(running, loaded->ports[i].name);

		places[i] = at >= 0 ? (unsigned)at : BP_PORTS_MAX;
		if (at >= 0)
			taken |= UINT64_C(1) << at;
	}
	for (unsigned i = 0; i < loaded->n_ports; i++) {
		if (places[i] == BP_PORTS_MAX) {
			int at = find_place(running, loaded, next, taken);

			if (at < 0)
				return -ENOSPC;
			places[i] = (unsigned)at;
			taken |= UINT64_C(1) << at;
			if (places[i] == next->n_ports)
				next->n_ports++;
			else
				change->renamed |= UINT64_C(1) << at;
		}
		next->ports[places[i]] = loaded->ports[i];
	}
	for (unsigned i = 0; i < loaded->n_ports; i++) {
		struct bp_port_conf *port = &next->ports[places[i]];

		port->out_ports = move_bits(port->out_ports, places);
		port->forward_to = move_port(port->forward_to, places);
	}
	next->gen.tx_port = move_port(loaded->gen.tx_port, places);
	next->gen.rx_port = move_port(loaded->gen.rx_port, places);
	next->gen.replay_port = move_port(loaded->gen.replay_port, places);
	next->gen.monitor_port = move_port(loaded->gen.monitor_port, places);
	return 0;
}

/* ---- what is the same ------------------------------------------------------------------------ */

static bool are_same_values(const struct bp_key *keys, const void *a, const void *b)
{
	for (; keys && keys->name; keys++)
		if (strcmp(keys->name, "*") && !bp_change_is_same(keys, a, b))
			return false;
	return true;
}

/* All but where its packets go. What no key says is of hops. */
static bool is_same_port(const struct bp_port_conf *a, const struct bp_port_conf *b)
{
	return !strcmp(a->driver, b->driver) && !strcmp(a->device, b->device) &&
	       a->n_queues == b->n_queues && a->is_hop == b->is_hop &&
	       are_same_values(bp_schema_section_of("port")->keys, a, b) &&
	       are_same_values(bp_facts_find(a->driver)->keys, a, b);
}

static bool is_same_route(const struct bp_port_conf *a, const struct bp_port_conf *b)
{
	return a->n_chain == b->n_chain && !memcmp(a->chain, b->chain, a->n_chain) &&
	       a->forward_to == b->forward_to && a->out_ports == b->out_ports;
}

/* Of a port of each configuration: do their chains do the same to packets, as acts? */
static bool have_same_acts(const struct bp_conf *a, const struct bp_conf *b, unsigned i)
{
	const struct bp_port_conf *of_a = &a->ports[i], *of_b = &b->ports[i];
	struct bp_act one, other;

	if (of_a->n_chain != of_b->n_chain)
		return false;
	for (unsigned k = 0; k < of_a->n_chain; k++)
		if (!bp_function_act(a, of_a->chain[k], &one) ||
		    !bp_function_act(b, of_b->chain[k], &other) ||
		    memcmp(&one, &other, sizeof(one)) != 0)
			return false;
	return true;
}

/* Why a port that is the same cannot stay for what is done with its packets; NULL: it can. A driver that carries packets
 * itself knows where they go, and what is done to them on the way. */
static const char *why_used_otherwise(const struct bp_conf *running, const struct bp_conf *next,
				      unsigned i)
{
	const struct bp_port_conf *a = &running->ports[i], *b = &next->ports[i];

	if (!a->out_ports != !b->out_ports)
		return b->out_ports ? "what it receives is forwarded now"
				    : "what it receives is not forwarded any more";
	if (!(bp_facts_find(a->driver)->flags & BP_FACT_CARRIES))
		return NULL;
	if (a->forward_to != b->forward_to)
		return "it carries packets to another port";
	return have_same_acts(running, next, i)
		       ? NULL
		       : "what it does to the packets that it carries is another";
}

static const char *ring_of(const struct bp_port_conf *port)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	const struct bp_facts *facts = bp_facts_find(port->driver);
	unsigned n = facts->claims ? facts->claims(port, claims) : 0;

	return n && claims[0].kind == BP_CLAIM_RING ? port->device : NULL;
}

static void renew(struct bp_change *change, unsigned place, const char *why)
{
	change->ports[place] = BP_FATE_REPLACED;
	change->port_why[place] = why;
}

/* The two ends of an in-process wire know each other: they are made anew together. */
static void join_rings(const struct bp_conf *running, struct bp_change *change)
{
	for (unsigned i = 0; i < change->conf.n_ports; i++) {
		const char *ring =
			change->ports[i] == BP_FATE_GONE || change->ports[i] == BP_FATE_KEPT
				? NULL
				: ring_of(change->ports[i] == BP_FATE_REMOVED
						  ? &running->ports[i]
						  : &change->conf.ports[i]);

		for (unsigned k = 0; ring && k < change->conf.n_ports; k++) {
			const char *other = change->ports[k] == BP_FATE_KEPT
						    ? ring_of(&change->conf.ports[k])
						    : NULL;

			if (other && !strcmp(ring, other))
				renew(change, k, "its other end is another");
		}
	}
}

/* What carries its packets by itself knows the port that they go to. */
static void join_carried(struct bp_change *change)
{
	for (unsigned n = 0; n < 2; n++)
		for (unsigned i = 0; i < change->conf.n_ports; i++) {
			const struct bp_port_conf *port = &change->conf.ports[i];

			if (change->ports[i] == BP_FATE_KEPT && port->forward_to != BP_NO_PORT &&
			    bp_facts_find(port->driver)->flags & BP_FACT_CARRIES &&
			    change->ports[port->forward_to] != BP_FATE_KEPT)
				renew(change, i, "the port that it carries packets to is another");
		}
}

static void judge_present(const struct bp_conf *running, struct bp_change *change, unsigned i)
{
	const struct bp_port_conf *now = &running->ports[i], *next = &change->conf.ports[i];
	bool has_new_burst = running->engine.burst != change->conf.engine.burst;
	const char *why = why_used_otherwise(running, &change->conf, i);

	change->ports[i] = BP_FATE_KEPT;
	if (!is_same_port(now, next))
		renew(change, i, now->is_hop ? "other workers send to it" : "");
	else if (why)
		renew(change, i, why);
	else if (has_new_burst && bp_facts_find(next->driver)->flags & BP_FACT_KNOWS_BURST)
		renew(change, i, "[engine] burst is another");
}

static void judge_ports(const struct bp_conf *running, struct bp_change *change)
{
	for (unsigned i = 0; i < change->conf.n_ports; i++) {
		bool was = i < running->n_ports && !running->ports[i].is_removed;

		if (change->conf.ports[i].is_removed)
			change->ports[i] = was ? BP_FATE_REMOVED : BP_FATE_GONE;
		else if (!was || change->renamed >> i & 1)
			change->ports[i] = BP_FATE_ADDED;
		else
			judge_present(running, change, i);
	}
	join_rings(running, change);
	join_carried(change);
}

/* The same values, the same ports, which are still the same names. */
static bool is_same_function(const struct bp_conf *running, const struct bp_function_conf *was,
			     const struct bp_change *change, const struct bp_function_conf *is)
{
	const struct bp_function *function = bp_function_find(is->type);
	uint64_t ins = bp_function_in_ports(&change->conf, is);

	if (!are_same_values(function->keys, was, is) ||
	    ins != bp_function_in_ports(running, was) || ins & change->renamed)
		return false;
	for (unsigned i = 0; i < change->conf.n_ports; i++)
		if (ins >> i & 1 && function->outs &&
		    function->outs(running, was, i) != function->outs(&change->conf, is, i))
			return false;
	return true;
}

static void judge_functions(const struct bp_conf *running, struct bp_change *change)
{
	for (unsigned i = 0; i < change->conf.n_functions; i++) {
		const struct bp_function_conf *is = &change->conf.functions[i];

		change->functions[i] = BP_FATE_ADDED;
		change->function_was[i] = -1;
		for (unsigned k = 0; k < running->n_functions; k++) {
			const struct bp_function_conf *was = &running->functions[k];

			if (strcmp(was->name, is->name) || strcmp(was->type, is->type))
				continue;
			change->function_was[i] = (int)k;
			change->functions[i] = is_same_function(running, was, change, is)
						       ? BP_FATE_KEPT
						       : BP_FATE_REPLACED;
		}
	}
}

/* ---- what cannot be changed ------------------------------------------------------------------ */

struct refusals {
	char *text;
	size_t n_bytes, at;
};

static void refuse(struct refusals *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct refusals *r, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(r->text + r->at, r->n_bytes - r->at, fmt, args);
	va_end(args);
	if (n > 0)
		r->at += (size_t)n < r->n_bytes - r->at ? (size_t)n : r->n_bytes - r->at - 1;
}

static void refuse_fixed(const struct bp_conf *running, const struct bp_conf *loaded,
			 struct refusals *r)
{
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		for (const struct bp_key *key = section->keys; key->name; key++) {
			char from[BP_PATH_BYTES], to[BP_PATH_BYTES];

			if (bp_schema_reload(section, key) != BP_RELOAD_START ||
			    bp_change_is_same(key, running, loaded))
				continue;
			bp_change_print(key, running, from, sizeof(from));
			bp_change_print(key, loaded, to, sizeof(to));
			refuse(r,
			       "[%s] %s: %s → %s: is read at the start only, since %s: restart for it, or put the "
			       "value back\n",
			       section->name, key->name, *from ? from : "none", *to ? to : "none",
			       bp_schema_fixed(section, key));
		}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool has_receiver(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].out_ports && !conf->ports[i].is_hop)
			return true;
	return false;
}

/* A kept port has the queues, and some the memory, that it was made with. */
static void judge_queues(const struct bp_plan *before, struct bp_change *change)
{
	uint16_t n_workers = change->conf.engine.n_workers;

	for (unsigned i = 0; i < change->conf.n_ports; i++) {
		struct bp_plan_port *is = &change->plan.ports[i];
		const struct bp_plan_port *was = &before->ports[i];
		uint32_t flags = bp_facts_find(change->conf.ports[i].driver)->flags;

		if (change->ports[i] != BP_FATE_KEPT)
			continue;
		if (is->n_txq > was->n_txq || is->n_rxq > was->n_rxq)
			renew(change, i, "more workers send to it than it has TX queues");
		else if (flags & BP_FACT_SIZED_BY_WORKERS && n_workers > was->n_workers)
			renew(change, i, "its memory is for fewer workers");
	}
	for (unsigned i = 0; i < change->conf.n_ports; i++)
		if (change->ports[i] == BP_FATE_REPLACED)
			change->plan.ports[i].n_workers = n_workers;
}

static uint64_t list_kept(const struct bp_change *change)
{
	uint64_t kept = 0;

	for (unsigned i = 0; i < change->conf.n_ports; i++)
		if (change->ports[i] == BP_FATE_KEPT)
			kept |= UINT64_C(1) << i;
	return kept;
}

/* Ports that have few queues may have spent them on workers that send there no more: these are made anew, then. */
static int make_plan(struct bp_change *change, const struct bp_plan *before, char *why,
		     size_t why_bytes)
{
	int err = bp_plan_follow(&change->conf, before, list_kept(change), &change->plan, why,
				 why_bytes);

	if (!err)
		return 0;
	for (unsigned i = 0; i < change->conf.n_ports; i++)
		if (change->ports[i] == BP_FATE_KEPT &&
		    bp_facts_find(change->conf.ports[i].driver)->flags &
			    (BP_FACT_PAIRED_QUEUES | BP_FACT_ONE_QUEUE | BP_FACT_PASSES_ON))
			renew(change, i, "its queues go to other workers");
	return bp_plan_follow(&change->conf, before, list_kept(change), &change->plan, why,
			      why_bytes);
}

/* Of the sections that stand once. */
static bool are_same_sections(const struct bp_conf *running, const struct bp_conf *next)
{
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (bp_change_is_of_run(section) && !are_same_values(section->keys, running, next))
			return false;
	return true;
}

static bool is_nothing(const struct bp_conf *running, const struct bp_change *change)
{
	const struct bp_conf *next = &change->conf;

	for (unsigned i = 0; i < next->n_ports; i++)
		if ((change->ports[i] != BP_FATE_KEPT && change->ports[i] != BP_FATE_GONE) ||
		    (change->ports[i] == BP_FATE_KEPT &&
		     !is_same_route(&running->ports[i], &next->ports[i])))
			return false;
	for (unsigned i = 0; i < next->n_functions; i++)
		if (change->functions[i] != BP_FATE_KEPT)
			return false;
	return next->n_functions == running->n_functions && are_same_sections(running, next);
}

int bp_change_find(const struct bp_conf *running, const struct bp_plan *plan,
		   const struct bp_conf *loaded, struct bp_change *change, char *why,
		   size_t why_bytes)
{
	struct refusals r = { why, why_bytes, 0 };
	int err;

	why[0] = '\0';
	memset(change, 0, sizeof(*change));
	change->conf = *loaded;
	refuse_fixed(running, loaded, &r);
	if (!has_receiver(loaded))
		refuse(&r,
		       "[forward] says nothing: there would be nothing to run: bypath drain ends a run\n");
	if (r.at)
		return -EINVAL;
	err = place_ports(running, loaded, change);
	if (err) {
		refuse(&r,
		       "%u ports, those that go among them, are the most: reload without the new ones first\n",
		       BP_PORTS_MAX);
		return err;
	}
	judge_ports(running, change);
	err = make_plan(change, plan, why, why_bytes);
	if (err)
		return err;
	judge_queues(plan, change);
	join_rings(running, change);
	join_carried(change);
	judge_functions(running, change);
	change->has_new_cores =
		running->engine.n_workers != loaded->engine.n_workers ||
		!bp_change_is_same(bp_key_find(bp_schema_section_of("engine")->keys, "cores"),
				   running, loaded);
	change->is_empty = is_nothing(running, change);
	return 0;
}

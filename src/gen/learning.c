/* Sends learning frames and test frames through two ports of a switch, watches the third for floods. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/learning.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "gen/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one stage sends, and where it comes out. */
struct stage {
	enum bp_gen_role from, to; /* of the ports as the configuration has them */
	struct bp_range src_mac, dst_mac;
	double pps;
	uint64_t n;
	bool awaits_monitor; /* until it is quiet there too */
};

static uint64_t number_of(const struct bp_range *mac)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 6; i++)
		n = n << 8 | mac->first[i];
	return n;
}

int bp_learning_check(const struct bp_conf *conf, char *why, size_t why_bytes)
{
	const struct bp_stream_conf *s = &conf->streams[0];
	uint64_t own = number_of(&s->src_mac), first = number_of(&s->dst_mac);
	uint64_t last = first + BP_RFC2889_ADDRESSES_MAX; /* which nobody learns: see greet() */

	if (conf->gen.monitor_port == BP_NO_PORT)
		snprintf(
			why, why_bytes,
			"--search rfc2889 needs a third port, where floods show: [gen] monitor, or "
			"--monitor-port");
	else if (conf->gen.announce)
		snprintf(
			why, why_bytes,
			"[gen] announce: found yes, but --search rfc2889 asks what is learnt: delete the line");
	else if (conf->n_streams != 1)
		snprintf(
			why, why_bytes,
			"--search rfc2889 takes one stream, found %u: its src_mac is the test port's "
			"address, the learnt ones begin at its dst_mac",
			conf->n_streams);
	else if (s->src_mac.n > 1 || s->dst_mac.n > 1)
		snprintf(
			why, why_bytes,
			"[stream.%s] src_mac, dst_mac: --search rfc2889 takes one address each: how "
			"many are learnt from dst_mac on is what it searches",
			s->name);
	else if ((own | first) >> 40 & 1 || first >> 40 != last >> 40)
		snprintf(
			why, why_bytes,
			"[stream.%s] src_mac, dst_mac: --search rfc2889 needs unicast addresses; no "
			"device learns a group",
			s->name);
	else if (own >= first && own <= last)
		snprintf(
			why, why_bytes,
			"[stream.%s] src_mac: --search rfc2889 needs it outside the %u addresses from "
			"dst_mac on, which are learnt at another port",
			s->name, BP_RFC2889_ADDRESSES_MAX);
	else
		return 0;
	return -EINVAL;
}

int bp_learning_begin(struct bp_learning *l, struct bp_gen *gen, const struct bp_conf *conf)
{
	for (enum bp_gen_role role = BP_GEN_TX; role <= BP_GEN_RX; role++) {
		const struct bp_port *port = gen->by_role[role]->port;

		if (!port->driver->kernel_source)
			continue;
		bp_log(BP_LOG_ERROR,
		       "port %s: driver = %s makes its frames in the kernel, not by their addresses: "
		       "--search rfc2889 needs another driver",
		       port->conf->name, port->conf->driver);
		return -ENOTSUP;
	}
	l->conf = malloc(sizeof(*l->conf));
	if (!l->conf)
		return -ENOMEM;
	*l->conf = *conf;
	l->gen = gen;
	l->given = conf;
	gen->conf = l->conf;
	return 0;
}

void bp_learning_end(struct bp_learning *l)
{
	if (!l->conf)
		return;
	l->gen->conf = l->given;
	free(l->conf);
	l->conf = NULL;
}

/* A role's port is where by_role says; who sends is swapped with who receives. */
static int run_stage(struct bp_learning *l, const struct stage *stage, struct bp_trial_result *r)
{
	const struct bp_trial_request request = { .rate_pps = stage->pps,
						  .n_pkts = stage->n,
						  .is_monitor_awaited = stage->awaits_monitor,
						  .frame_size = l->frame_size };
	struct bp_gen *gen = l->gen;
	struct bp_gen_port *const tx = gen->by_role[BP_GEN_TX], *const rx = gen->by_role[BP_GEN_RX];
	int err;

	l->conf->streams[0].src_mac = stage->src_mac;
	l->conf->streams[0].dst_mac = stage->dst_mac;
	gen->by_role[BP_GEN_TX] = stage->from == BP_GEN_TX ? tx : rx;
	gen->by_role[BP_GEN_RX] = stage->to == BP_GEN_RX ? rx : tx;
	err = l->run(l->run_ctx, &request, r);
	gen->by_role[BP_GEN_TX] = tx;
	gen->by_role[BP_GEN_RX] = rx;
	return err;
}

static void spoil(struct bp_learning_result *result, const char *why)
{
	result->is_void = true;
	snprintf(result->why, sizeof(result->why), "%s", why);
}

/* What makes a stage say nothing about the device: frames that were not sent, or that came and were dropped here. */
static void judge(const struct bp_learning *l, const struct stage *stage,
		  const struct bp_trial_result *r, struct bp_learning_result *result)
{
	result->is_disturbed |= bp_trial_is_disturbed(r);
	result->is_interrupted |= r->is_interrupted;
	for (unsigned i = 0; i < l->gen->n_ports; i++)
		if (l->gen->ports[i].had_no_link)
			spoil(result, "one of the generator's ports had no link for a time");
	if (r->n_sent != stage->n && !r->is_interrupted)
		spoil(result, "the generator's port did not send all frames");
}

static uint64_t count_flooded(const struct bp_gen *gen)
{
	return atomic_load_explicit(&gen->monitor->n_once, memory_order_relaxed);
}

static int learn(struct bp_learning *l, const struct stage *stage,
		 struct bp_learning_result *result)
{
	struct bp_trial_result r;
	int err = run_stage(l, stage, &r);

	if (err)
		return err;
	result->n_learn_sent = r.n_sent;
	result->n_learn_received = r.n_received - r.n_duplicate;
	result->learn_pps = r.sent_pps;
	judge(l, stage, &r, result);
	/* How many of them reach the test port is no matter: the device has seen them before. */
	result->is_late = stage->pps > 0 && r.offered_pps < 0.995 * stage->pps;
	return 0;
}

static int test(struct bp_learning *l, const struct stage *stage, struct bp_learning_result *result)
{
	struct bp_trial_result r;
	int err = run_stage(l, stage, &r);

	if (err)
		return err;
	result->n_sent = r.n_sent;
	result->n_received = r.n_received - r.n_duplicate;
	result->n_flooded = count_flooded(l->gen);
	judge(l, stage, &r, result);
	if (r.n_rx_dropped || bp_gen_rx_dropped(l->gen->by_role[BP_GEN_MONITOR]))
		spoil(result, "one of the generator's own ports dropped test frames that came");
	return 0;
}

/* One address behind all that are learnt. */
static struct bp_range nobody_of(const struct bp_range *first)
{
	uint64_t n = number_of(first) + BP_RFC2889_ADDRESSES_MAX;
	struct bp_range nobody = *first;

	nobody.n = 1;
	for (unsigned i = 0; i < 6; i++)
		nobody.first[i] = (uint8_t)(n >> 8 * (5 - i));
	return nobody;
}

/*
 * The test port's own address, before all others: learning frames that are flooded are not what is measured. To an address
 * that nobody has, so that it has to be flooded: a monitor that hears nothing of it would call everything learnt.
 */
static int greet(struct bp_learning *l, const struct stage *stage,
		 struct bp_learning_result *result)
{
	struct bp_trial_result r;
	int err = run_stage(l, stage, &r);

	if (err)
		return err;
	judge(l, stage, &r, result);
	if (!result->is_interrupted && !result->is_void && !count_flooded(l->gen))
		spoil(result,
		      "the monitor did not hear a frame to an address that nobody has: it is no port of the same "
		      "switch, or does not hear all");
	return 0;
}

int bp_learning_trial(void *ctx, const struct bp_learning_request *request,
		      struct bp_learning_result *result)
{
	struct bp_learning *l = ctx;
	const struct bp_stream_conf *given = &l->given->streams[0];
	struct bp_range many = given->dst_mac;
	int err;

	*result = (struct bp_learning_result){ 0 };
	many.n = request->n_addresses;
	err = greet(l,
		    &(struct stage){ BP_GEN_TX, BP_GEN_RX, given->src_mac,
				     nobody_of(&given->dst_mac), request->test_pps, 1, true },
		    result);
	if (!err && !result->is_interrupted && !result->is_void)
		err = learn(l,
			    &(struct stage){ BP_GEN_RX, BP_GEN_TX, many, given->src_mac,
					     request->learn_pps, request->n_addresses, false },
			    result);
	if (!err && !result->is_interrupted && !result->is_void)
		err = test(l,
			   &(struct stage){ BP_GEN_TX, BP_GEN_RX, given->src_mac, many,
					    request->test_pps, request->n_addresses, true },
			   result);
	return err;
}

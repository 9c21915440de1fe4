/* Named ports: refuses those that are not free, finds out who loads them, how fast they are, measures what another
 * box sends. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/ports.h"

#include "compare/meter.h"
#include "core/netdev.h"
#include "core/netifs.h"
#include "lab/listen.h"
#include "port/host.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LISTEN_S  2.0
#define LOAD_PKTS 200u /* a tester sends more in that time, a quiet network less */
#define FCS_BYTES 4u

/* ---- may they be taken? ---------------------------------------------------------------------- */

static int check_one(const struct bp_netifs *netifs, const char *ifname, char *why,
		     size_t why_bytes)
{
	const struct bp_netif *link = ifname ? bp_netifs_find(netifs, ifname) : NULL;
	char needs[192];

	if (!link)
		return 0;
	if (link->master)
		snprintf(
			why, why_bytes,
			"%s belongs to a bridge or bond. Name other ports, or take it out first: ip link set %s "
			"nomaster",
			ifname, ifname);
	else if (bp_host_needs(netifs, link, needs, sizeof(needs)))
		snprintf(
			why, why_bytes,
			"%s: %s: this machine may be reached by that, and a comparison would cut it off. Name "
			"other ports, or take it away first (ip addr flush dev %s)",
			ifname, needs, ifname);
	else if (!link->is_up)
		snprintf(why, why_bytes, "%s is down: ip link set %s up", ifname, ifname);
	else
		return 0;
	return -EBUSY;
}

/* Refuse two names of one interface. */
static int check_pair(const struct bp_netifs *netifs, const char *a, const char *b, char *why,
		      size_t why_bytes)
{
	const struct bp_netif *link = a && b ? bp_netifs_find(netifs, a) : NULL;

	if (!link || link != bp_netifs_find(netifs, b))
		return 0;
	snprintf(why, why_bytes, "%s and %s are one interface. Name different ones", a, b);
	return -EINVAL;
}

int bp_cmp_ports_check(const struct bp_cmp_options *o, char *why, size_t why_bytes)
{
	const char *const names[] = { o->in, o->out, o->gen_tx, o->gen_rx };
	struct bp_netifs netifs;
	int rc;

	if (!o->in)
		return 0;
	rc = bp_netifs_read(&netifs);
	if (rc) {
		snprintf(
			why, why_bytes,
			"the kernel does not tell whether this machine is reached by one of them: %s",
			strerror(-rc));
		return rc;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !rc; i++) {
		rc = check_one(&netifs, names[i], why, why_bytes);
		for (size_t k = 0; k < i && !rc; k++)
			rc = check_pair(&netifs, names[k], names[i], why, why_bytes);
	}
	bp_netifs_free(&netifs);
	return rc;
}

/* ---- who loads them? ------------------------------------------------------------------------- */

/* The comparison has one size: that of the frames that arrive, or the mean of a mix. */
static void set_size(const struct bp_heard *heard, struct bp_cmp_options *o)
{
	struct bp_cmp_size *size = &o->sizes[0];

	o->n_sizes = 1;
	size->mean_bytes = (double)heard->sum_bytes / heard->n + FCS_BYTES;
	size->bytes = heard->min_bytes == heard->max_bytes ? heard->min_bytes + FCS_BYTES : 0;
	if (size->bytes)
		snprintf(size->name, sizeof(size->name), "%u", size->bytes);
	else
		snprintf(size->name, sizeof(size->name), "mix");
}

void bp_cmp_ports_look(struct bp_comparison *cmp)
{
	struct bp_cmp_options *o = &cmp->options;
	struct bp_heard heard = { 0 };

	if (!o->in)
		return;
	cmp->generator = o->gen_tx ? BP_CMP_GENERATOR_HERE : BP_CMP_GENERATOR_NONE;
	if (o->gen_tx || bp_listen(o->in, LOAD_PKTS, LISTEN_S, &heard) || heard.n < LOAD_PKTS)
		return;
	cmp->generator = BP_CMP_GENERATOR_ELSEWHERE;
	set_size(&heard, o);
}

/* How another box can send. Only for ports that are kernel interfaces: those count. */
static void advise_box(FILE *out, const struct bp_cmp_options *o)
{
	const char *a = o->in, *b = o->out;

	fprintf(out,
		"1. Another box with bypath, its interface C wired to %s, its D to %s. There:\n"
		"     sudo ip link set C up\n"
		"     sudo ip link set D up\n"
		"     sudo bypath gen --tx-port af_packet:C --rx-port af_packet:D --rate max --size %s "
		"--duration 3600\n"
		"   and while it sends, here:\n"
		"     sudo bypath compare --ports %s,%s\n"
		"   The rate of each path is counted at %s and %s. Ctrl-C ends the sender; its report has what it "
		"lost.\n",
		a, b, o->sizes[0].name, a, b, a, b);
}

void bp_cmp_ports_advise(FILE *out, const struct bp_comparison *cmp)
{
	const struct bp_cmp_options *o = &cmp->options;
	const char *a = o->in, *b = o->out;
	bool are_counted;

	if (!a || !cmp->is_root || cmp->generator != BP_CMP_GENERATOR_NONE)
		return;
	are_counted = bp_netdev_index(-1, a) > 0 && bp_netdev_index(-1, b) > 0;
	fprintf(out, "nobody sends to %s, so nothing can be measured between %s and %s. %s:\n\n", a,
		a, b, are_counted ? "One of these" : "Do this");
	if (are_counted)
		advise_box(out, o);
	fprintf(out,
		"%s A loop cable from each port to two more interfaces of this machine, C to %s, D to %s: "
		"loss-free rate\n"
		"   and latency are measured as well.\n"
		"     sudo bypath compare --ports %s,%s --gen-ports C,D\n\n",
		are_counted ? "2." : "  ", a, b, a, b);
	fflush(out);
}

/* ---- their line ------------------------------------------------------------------------------ */

/* In Mbit/s; 0 with a sentence in why. */
static unsigned line_of(const char *device, char *why, size_t why_bytes)
{
	char driver[BP_NAME_BYTES];
	enum bp_device_kind kind;
	unsigned mbps;

	if (bp_netdev_index(-1, device) < 0) {
		snprintf(why, why_bytes, "%s has no kernel interface that tells its speed", device);
		return 0;
	}
	kind = bp_netdev_driver(-1, device, driver);
	if (kind == BP_DEVICE_VETH || kind == BP_DEVICE_TAP) {
		snprintf(why, why_bytes, "%s is a %s device: no line limits it", device, driver);
		return 0;
	}
	mbps = bp_netdev_speed_mbps(device);
	if (!mbps)
		snprintf(why, why_bytes, "the kernel knows no speed of %s", device);
	return mbps;
}

void bp_cmp_ports_ask_line(struct bp_comparison *cmp)
{
	const struct bp_cmp_options *o = &cmp->options;
	unsigned in, out;

	if (!o->in)
		return;
	in = line_of(o->in, cmp->line_why, sizeof(cmp->line_why));
	out = in ? line_of(o->out, cmp->line_why, sizeof(cmp->line_why)) : 0;
	cmp->line_mbps = in < out ? in : out;
}

/* ---- saturation by another box --------------------------------------------------------------- */

int bp_cmp_ports_saturate(struct bp_cmp_run *run)
{
	struct bp_cmp_row *row = run->row;
	struct bp_cmp_cpu_span span;
	struct bp_cmp_rates rates;
	int rc = bp_cmp_meter_flow(run);

	snprintf(row->gen_source, sizeof(row->gen_source), "another box");
	bp_cmp_cpu_begin(run, 0, &span);
	if (!rc)
		rc = bp_cmp_meter_trial(run, &rates);
	if (rc)
		return rc;
	bp_cmp_cpu_end(run, 0, &span, &run->cpu);
	bp_cmp_values_add(&row->offered, rates.offered);
	bp_cmp_values_add(&row->forwarded, rates.forwarded);
	bp_cmp_add_per_core(&row->forwarded_per_core, rates.forwarded, run->cpu.cores);
	bp_cmp_values_add(&row->loss, fmax(0, 1 - rates.forwarded / rates.offered));
	if (rates.forwarded < BP_CMP_BOUND_SHARE * rates.offered)
		return 0;
	row->is_gen_bound = true;
	snprintf(row->gen_why, sizeof(row->gen_why),
		 "the other box sends %.3f Mpps, and that is forwarded: more may be",
		 rates.offered * 1e-6);
	return 0;
}

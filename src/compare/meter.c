/* Reads two interfaces' counters before and after a trial. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/meter.h"

#include "core/clock.h"
#include "lab/link.h"
#include "lab/netns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLOW_S    8.0
#define FLOW_PKTS 100u
#define STEP_S    0.02

struct counts {
	uint64_t now_ns, n_offered, n_forwarded;
	struct bp_off_at off;
};

/* Read the counters of an interface in another network namespace; -1: in the current one. */
static int stats_in(const struct bp_cmp_run *run, int netns, const char *name,
		    struct rtnl_link_stats64 *stats)
{
	int rc = netns < 0 ? 0 : bp_netns_enter(netns);

	if (!rc)
		rc = bp_link_stats(name, stats);
	if (netns >= 0)
		(void)bp_netns_enter(run->home);
	return rc;
}

static int count(const struct bp_cmp_run *run, struct counts *c)
{
	struct rtnl_link_stats64 in, out;
	int rc = stats_in(run, run->dut_ns, run->names.in, &in);

	if (!rc)
		rc = run->has_wires ? stats_in(run, run->far_ns, "e1", &out)
				    : stats_in(run, run->dut_ns, run->names.out, &out);
	if (rc)
		return rc;
	*c = (struct counts){ .now_ns = bp_clock_ns(),
			      .n_offered = in.rx_packets + in.rx_missed_errors,
			      .n_forwarded = run->has_wires ? out.rx_packets : out.tx_packets };
	if (run->dut_thread.tid)
		bp_off_read(&bp_off_places, &run->dut_thread, &c->off);
	return 0;
}

/* Read the counters. 0; else the row has ended, or the comparison is asked to stop. */
static int look(struct bp_cmp_run *run, struct counts *now)
{
	int rc = count(run, now);

	if (rc)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "look at it: ip -s link",
			       "an interface cannot be asked: %s", strerror(-rc));
	else if (run->has_dut && !bp_child_alive(&run->dut)) {
		bp_cmp_end_by_log(run, BP_CMP_FAILED, "the forwarder ended in a trial");
		rc = -ENODEV;
	} else if (bp_cmp_is_stopped(run))
		rc = -EINTR;
	return rc;
}

static int end_silent(struct bp_cmp_run *run)
{
	bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN,
		       "let the sender run for longer than the comparison takes",
		       "no frames arrive at %s", run->names.in);
	return -ETIMEDOUT;
}

int bp_cmp_meter_flow(struct bp_cmp_run *run)
{
	struct counts before, now;
	uint64_t end_ns;
	int rc = look(run, &before);

	end_ns = bp_clock_ns() + (uint64_t)(FLOW_S * 1e9);
	while (!rc && !(rc = look(run, &now))) {
		if (now.n_forwarded - before.n_forwarded >= FLOW_PKTS)
			return 0;
		if (now.now_ns > end_ns)
			break;
		usleep((useconds_t)(STEP_S * 1e6));
	}
	if (rc)
		return rc;
	if (now.n_offered - before.n_offered < FLOW_PKTS)
		return end_silent(run);
	bp_cmp_row_end(run->row, BP_CMP_FAILED, "see the forwarder's log with --keep",
		       "of %llu frames that arrived at %s in %.0f s none came out",
		       (unsigned long long)(now.n_offered - before.n_offered), run->names.in,
		       FLOW_S);
	return -ETIMEDOUT;
}

static int meter_once(struct bp_cmp_run *run, const void *ctx, void *result)
{
	uint64_t span_ns = (uint64_t)(run->cmp->options.trial_s * 1e9);
	struct bp_cmp_rates *rates = result;
	struct counts before, now;
	struct bp_off off;
	double seconds;
	int rc = look(run, &before);

	(void)ctx;
	now = before;
	while (!rc && now.now_ns - before.now_ns < span_ns) {
		usleep((useconds_t)(STEP_S * 1e6));
		rc = look(run, &now);
	}
	if (rc)
		return rc;
	if (now.n_offered == before.n_offered)
		return end_silent(run);
	seconds = (double)(now.now_ns - before.now_ns) * 1e-9;
	rates->offered = (double)(now.n_offered - before.n_offered) / seconds;
	rates->forwarded = (double)(now.n_forwarded - before.n_forwarded) / seconds;
	bp_off_between(&before.off, &now.off, 0, &off);
	run->off = (struct bp_cmp_off){ bp_off_share(&off), bp_off_cause(&off), "forwarder" };
	return 0;
}

int bp_cmp_meter_trial(struct bp_cmp_run *run, struct bp_cmp_rates *rates)
{
	struct bp_cmp_rates kept;
	const struct bp_cmp_tries tries = { meter_once, NULL, rates, &kept, sizeof(kept) };
	int rc = bp_cmp_quietest(run, &tries);

	run->row->n_trials += !rc;
	return rc;
}

int bp_cmp_meter_far(const struct bp_cmp_run *run, uint64_t *n)
{
	struct rtnl_link_stats64 far;
	int rc = stats_in(run, run->far_ns, "e1", &far);

	*n = rc ? 0 : far.rx_packets;
	return rc;
}

/* Simulates trials against a device with a known knee. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim_device.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

/* 0 … 1 by splitmix64. */
static double random_share(struct sim_device *d)
{
	uint64_t z = d->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static double knee_now(struct sim_device *d)
{
	double seconds = (double)d->now_ns * 1e-9;
	double noise = d->noise * (2 * random_share(d) - 1);

	return d->knee_pps * (1 + noise) * fmax(0.01, 1 + d->drift_per_s * seconds);
}

static double lost_of(struct sim_device *d, double rate, double n_sent, bool is_burst)
{
	double knee = knee_now(d), n_lost = n_sent * d->base_loss;

	if (rate > knee)
		knee *= 1 - d->collapse * (1 - knee / rate);
	if (rate > knee)
		n_lost += fmax(0, n_sent * (1 - knee / rate) - (is_burst ? d->buffer_pkts : 0));
	if (random_share(d) < d->spike_share)
		n_lost += 5;
	return fmin(floor(n_lost), n_sent);
}

static double sent_rate(struct sim_device *d, const struct bp_trial_request *request)
{
	double most = d->generator_pps > 0 ? d->generator_pps : 1e9;
	double rate = request->rate_pps > 0 ? fmin(request->rate_pps, most) : most;

	if (d->late_after && d->n_trials >= d->late_after)
		return rate * 0.9;
	if (!(random_share(d) < d->hiccup_share))
		return rate;
	return rate * (1 - (d->hiccup_depth > 0 ? d->hiccup_depth : 0.1));
}

static void add_latency(struct sim_device *d, const struct bp_trial_request *request, double rate,
			struct bp_trial_result *result)
{
	double ns = d->latency_ns * (1 + fmin(1, rate / d->knee_pps));

	if (!(ns > 0))
		return;
	result->latency = (struct bp_latency_summary){ .n = 100, .p50_ns = ns, .p99_ns = 2 * ns };
	for (unsigned i = 0; request->latency && i < 100; i++)
		bp_latency_add(request->latency, (uint64_t)(i < 98 ? ns : 2 * ns));
}

static void fill(struct sim_device *d, const struct bp_trial_request *request, double rate,
		 double duration_s, struct bp_trial_result *result)
{
	double n_sent = request->n_pkts ? (double)request->n_pkts : floor(rate * duration_s);
	double n_lost = lost_of(d, rate, n_sent, request->n_pkts > 0);

	*result = (struct bp_trial_result){ .asked_pps = request->rate_pps,
					    .offered_pps = rate,
					    .sent_pps = rate,
					    .elapsed_s = duration_s,
					    .n_offered = (uint64_t)n_sent,
					    .n_sent = (uint64_t)n_sent,
					    .n_received = (uint64_t)(n_sent - n_lost),
					    .n_lost = (uint64_t)n_lost };
	result->n_damaged = result->n_corrupt =
		(uint64_t)(d->corrupt_share * (double)result->n_received);
	if (random_share(d) < d->disturbed_share) {
		result->off_share = 0.3;
		result->off_cause = BP_OFF_OTHERS;
		n_lost = fmax(n_lost, n_sent / 2);
		result->n_lost = (uint64_t)n_lost;
		result->n_received = result->n_sent - result->n_lost;
	}
	result->loss_ratio = n_sent > 0 ? n_lost / n_sent : 0;
	result->received_pps = (n_sent - n_lost) / duration_s;
	result->is_generator_bound =
		request->rate_pps > 0 ? rate < 0.995 * request->rate_pps : n_lost <= 0;
	if (result->is_generator_bound)
		snprintf(result->why, sizeof(result->why), "simulated");
	add_latency(d, request, rate, result);
}

int sim_device_trial(void *ctx, const struct bp_trial_request *request,
		     struct bp_trial_result *result)
{
	struct sim_device *d = ctx;
	double rate = sent_rate(d, request);
	double duration_s = request->n_pkts ? (double)request->n_pkts / rate : request->duration_s;

	if (d->fails_after && d->n_trials >= d->fails_after)
		return -ENODEV;
	d->n_trials++;
	if (d->stops_after && d->n_trials > d->stops_after) {
		atomic_store_explicit(&d->stop, true, memory_order_relaxed);
		duration_s /= 2;
	}
	fill(d, request, rate, duration_s, result);
	result->is_interrupted = atomic_load_explicit(&d->stop, memory_order_relaxed);
	d->traffic_s += duration_s;
	d->now_ns += (uint64_t)((duration_s + d->settle_s) * 1e9);
	return 0;
}

uint64_t sim_device_now(void *ctx)
{
	return ((struct sim_device *)ctx)->now_ns;
}

void sim_device_wire(struct sim_device *device, struct bp_search_conf *conf)
{
	conf->trial = sim_device_trial;
	conf->trial_ctx = device;
	conf->now_ns = sim_device_now;
	conf->stop = &device->stop;
}

void sim_device_conf(struct sim_device *device, enum bp_search_kind kind,
		     struct bp_search_conf *conf)
{
	bp_search_defaults(kind, conf);
	sim_device_wire(device, conf);
}

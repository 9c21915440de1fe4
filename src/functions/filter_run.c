/* The function filter at work: rules tried on bursts, hits counted by worker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/filter.h"

#include "bypath/log.h"

#include "core/json.h"

#include "functions/filter_rules.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Rules with hits that show() lists. */
#define SHOWN_MAX 64u

/* Written by its worker, read by show(); relaxed. */
struct filter_worker {
	alignas(BP_CACHE_LINE) _Atomic uint64_t n_unmatched;
	_Atomic uint64_t n_hits[]; /* by rule */
};

struct filter {
	char path[BP_PATH_BYTES];
	struct stat file; /* what was read */
	bool drops_rest;
	struct bp_filter_rules rules;
	/* They stay until close(): show() has their figures after their end. */
	struct filter_worker *workers[BP_WORKERS_MAX];
};

/* ---- the packet path ------------------------------------------------------------------------- */

/* The packets of a burst that no rule has decided on. */
struct undecided {
	unsigned n;
	uint8_t at[BP_BURST_MAX]; /* indices of their first views */
	struct pcap_pkthdr heads[BP_BURST_MAX]; /* by these indices */
};

static void take_packets(struct undecided *rest, const struct bp_pkt *pkts, unsigned n)
{
	rest->n = 0;
	for (unsigned i = 0, n_views; i < n; i += n_views) {
		n_views = bp_pkt_n_views(&pkts[i], n - i);
		rest->heads[i].caplen = pkts[i].len;
		rest->heads[i].len = (bpf_u_int32)bp_pkt_bytes(&pkts[i], n_views);
		rest->at[rest->n++] = (uint8_t)i;
	}
}

/* Returns how many packets the rule matches. */
static unsigned try_rule(const struct bp_filter_rule *rule, const struct bp_pkt *pkts,
			 struct undecided *rest, uint64_t *out)
{
	unsigned n_hits = 0, n_left = 0;

	for (unsigned k = 0; k < rest->n; k++) {
		unsigned i = rest->at[k];
		bool is_hit = pcap_offline_filter(&rule->program, &rest->heads[i], pkts[i].data);

		if (is_hit) {
			out[i] = (out[i] | rule->sets) & rule->keeps;
			n_hits++;
		}
		if (!is_hit || !rule->is_last)
			rest->at[n_left++] = (uint8_t)i;
	}
	rest->n = n_left;
	return n_hits;
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

/* Rule by rule, not packet by packet: a program that has run is in the cache for the next packet. */
static void process(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	const struct filter *filter = fn->state;
	struct filter_worker *self = fn->local;
	struct undecided rest;

	take_packets(&rest, pkts, n);
	for (unsigned r = 0; r < filter->rules.n && rest.n; r++) {
		unsigned n_hits = try_rule(&filter->rules.v[r], pkts, &rest, out);

		if (n_hits)
			count(&self->n_hits[r], n_hits);
	}
	if (!rest.n)
		return;
	count(&self->n_unmatched, rest.n);
	for (unsigned k = 0; k < rest.n && filter->drops_rest; k++) {
		out[rest.at[k]] &= ~BP_OUT_NEXT;
		why[rest.at[k]] = BP_FILTER_BY_DEFAULT;
	}
}

/* ---- control --------------------------------------------------------------------------------- */

static void log_fault(void *ctx, const char *text)
{
	const struct bp_function_conf *fn = ctx;

	bp_log(BP_LOG_ERROR, "function %s: %s", fn->name, text);
}

/* The ports were read when the configuration was: a file that was written since may name others. */
static int check_outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
		      const struct filter *filter)
{
	uint64_t in_ports = bp_function_in_ports(conf, fn), known = ~UINT64_C(0);

	for (unsigned i = 0; i < conf->n_ports; i++)
		if (in_ports & UINT64_C(1) << i)
			known &= conf->ports[i].out_ports;
	if (!(filter->rules.outs & ~known))
		return 0;
	bp_log(BP_LOG_ERROR,
	       "function %s: %s has changed since the configuration was read, and names another port: "
	       "start again",
	       fn->name, filter->path);
	return -EAGAIN;
}

static void warn_if_empty(const struct bp_function_conf *fn, const struct filter *filter)
{
	if (!filter->rules.n)
		bp_log(BP_LOG_WARN, "function %s: %s has no rule: all packets %s (default = %s)",
		       fn->name, filter->path, filter->drops_rest ? "are dropped" : "pass",
		       filter->drops_rest ? "drop" : "pass");
}

static int open_filter(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state)
{
	const struct bp_filter_conf *own = BP_FN_OWN(struct bp_filter_conf, fn);
	struct filter *filter = calloc(1, sizeof(*filter));
	int err;

	if (!filter)
		return -ENOMEM;
	strcpy(filter->path, own->rules);
	(void)stat(filter->path, &filter->file);
	filter->drops_rest = own->drops_rest;
	err = bp_filter_rules_read(own->rules, conf, fn, log_fault, (void *)(uintptr_t)fn,
				   &filter->rules);
	if (err)
		goto free_filter;
	err = check_outs(conf, fn, filter);
	if (err)
		goto free_rules;
	warn_if_empty(fn, filter);
	*state = filter;
	return 0;

free_rules:
	bp_filter_rules_free(&filter->rules);
free_filter:
	free(filter);
	return err;
}

static bool is_stale_filter(const void *state)
{
	const struct filter *filter = state;
	struct stat now;

	return stat(filter->path, &now) || now.st_ino != filter->file.st_ino ||
	       now.st_dev != filter->file.st_dev || now.st_size != filter->file.st_size ||
	       now.st_mtim.tv_sec != filter->file.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != filter->file.st_mtim.tv_nsec;
}

static void close_filter(void *state)
{
	struct filter *filter = state;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		free(filter->workers[i]);
	bp_filter_rules_free(&filter->rules);
	free(filter);
}

static int enter(struct bp_fn *fn)
{
	struct filter *filter = fn->state;
	struct filter_worker **self = &filter->workers[fn->worker_id];
	size_t n_bytes = sizeof(**self) + filter->rules.n * sizeof((*self)->n_hits[0]);

	n_bytes = (n_bytes + BP_CACHE_LINE - 1) / BP_CACHE_LINE * BP_CACHE_LINE;
	if (!*self) {
		*self = aligned_alloc(BP_CACHE_LINE, n_bytes);
		if (!*self)
			return -ENOMEM;
		memset(*self, 0, n_bytes);
	}
	fn->local = *self;
	return 0;
}

static uint64_t unmatched(const struct filter *filter)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		if (filter->workers[i])
			n += atomic_load_explicit(&filter->workers[i]->n_unmatched,
						  memory_order_relaxed);
	return n;
}

static uint64_t hits(const struct filter *filter, unsigned rule_id)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		if (filter->workers[i])
			n += atomic_load_explicit(&filter->workers[i]->n_hits[rule_id],
						  memory_order_relaxed);
	return n;
}

static json_t *show(const void *state)
{
	const struct filter *filter = state;
	json_t *rows = json_array();
	unsigned n_hit = 0;

	for (unsigned r = 0; r < filter->rules.n; r++) {
		const struct bp_filter_rule *rule = &filter->rules.v[r];
		uint64_t n = hits(filter, r);

		n_hit += n > 0;
		if (n && n_hit <= SHOWN_MAX)
			json_array_append_new(rows, json_pack("{s:i, s:s, s:o}", "line",
							      (int)rule->line, "rule", rule->text,
							      "hits", bp_json_count(n)));
	}
	return json_pack("{s:o, s:s, s:i, s:i, s:o, s:o}", "file", bp_json_text(filter->path),
			 "default", filter->drops_rest ? "drop" : "pass", "rules",
			 (int)filter->rules.n, "rules_hit", (int)n_hit, "unmatched",
			 bp_json_count(unmatched(filter)), "hits", rows);
}

/* ---- configuration --------------------------------------------------------------------------- */

uint64_t bp_filter_outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
			unsigned in_port)
{
	(void)in_port;
	return bp_filter_rules_outs(BP_FN_OWN(struct bp_filter_conf, fn)->rules, conf);
}

static void complain_fault(void *ctx, const char *text)
{
	struct bp_check *check = ctx;

	check->complain(check, "rules", "%s", text);
}

void bp_filter_check(const struct bp_function_conf *fn, struct bp_check *check)
{
	const char *path = BP_FN_OWN(struct bp_filter_conf, fn)->rules;
	struct bp_filter_rules rules;

	if (!path[0])
		return; /* that it is required was said */
	if (!bp_filter_rules_read(path, check->conf, fn, complain_fault, check, &rules))
		bp_filter_rules_free(&rules);
}

const struct bp_function_ops bp_filter_ops = {
	.open = open_filter,
	.close = close_filter,
	.is_stale = is_stale_filter,
	.enter = enter,
	.show = show,
	.process = process,
};

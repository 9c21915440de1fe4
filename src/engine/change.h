/* What a configuration changes in a running one: what stays, what is added, removed, made anew. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_CHANGE_H
#define BYPATH_ENGINE_CHANGE_H

#include "engine/plan.h"

#include <jansson.h>

enum bp_fate {
	BP_FATE_GONE, /* was removed before, or nothing is there */
	BP_FATE_KEPT, /* its device, queues and packets stay as they are */
	BP_FATE_ADDED,
	BP_FATE_REPLACED, /* the name stays, what is behind it is made anew */
	BP_FATE_REMOVED,
};

struct bp_change {
	/*
	 * What is to run. Every port has the place (index) that its name had before, since tables and counters know ports by
	 * it; those that are removed stay behind in theirs as is_removed, until a new port needs the place.
	 */
	struct bp_conf conf;
	struct bp_plan plan;
	enum bp_fate ports[BP_PORTS_MAX]; /* by place, of conf or of what runs */
	const char *port_why[BP_PORTS_MAX]; /* REPLACED: static, "": its keys say it */
	uint64_t renamed; /* places that now have a port of another name */
	/* Of conf.functions[]: KEPT: values and ports are the same, whether files are is not looked at. */
	enum bp_fate functions[BP_FUNCTIONS_MAX];
	int function_was
		[BP_FUNCTIONS_MAX]; /* of the same name and type: its index until now; -1: none */
	bool has_new_cores; /* [engine] workers or cores are others */
	bool is_empty; /* nothing changes, as far as values tell */
};

/*
 * Compare the configuration that runs (running, with the plan that it runs by) and one that bp_config_load() and
 * bp_plan_add_hops() have made. What only a restart can change is refused, all of it in one answer. *change is filled; the
 * caller's. Pure; any thread. 0; -EINVAL: why has a line for each refusal, '[memory] frames: 4096 → 8192: …'.
 */
int bp_change_find(const struct bp_conf *running, const struct bp_plan *plan,
		   const struct bp_conf *loaded, struct bp_change *change, char *why,
		   size_t why_bytes);

/*
 * A change for people and programs, bypath.change/1: "ports", "functions", "paths", "engine", each an array of what is
 * not kept: "name", "fate", "keys": [{"key", "from", "to"}], "why"; and each section that stands once with its "keys" by its
 * name, whose rows have "next_start" where the value counts then only. One that was carried out has "away": [{"name" of a
 * port, "ms", "packets"}], packets null where they are not known. running as above. A new reference, NULL when memory
 * lacks. Pure.
 */
json_t *bp_change_document(const struct bp_change *change, const struct bp_conf *running);

/* A bypath.change/1 of what is refused: "refused", the lines of why. A new reference. Pure. */
json_t *bp_change_refused(const char *why);

/* The same as lines: 'port wan: driver af_packet → af_xdp: made anew'. say(ctx, line) for each. Pure. */
void bp_change_tell(const json_t *document, void (*say)(void *ctx, const char *line), void *ctx);

/* "kept", "added", … */
const char *bp_fate_name(enum bp_fate fate);

#endif

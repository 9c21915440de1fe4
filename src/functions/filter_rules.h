/* The rules of a filter: a file of them, compiled by libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_FILTER_RULES_H
#define BYPATH_FUNCTIONS_FILTER_RULES_H

#include "bypath/function.h"

#include "functions/filter_lines.h"

#include <pcap/pcap.h>

#define BP_FILTER_RULES_MAX (1u << 18)
/* Of a file, beyond which it is not read on. */
#define BP_FILTER_FAULTS_MAX 8u

/* What a packet that the expression matches gets: out = (out | sets) & keeps; the first with is_last decides. */
struct bp_filter_rule {
	struct bpf_program program;
	uint64_t sets, keeps;
	bool is_last;
	unsigned line; /* of the file */
	char *text; /* ASCII */
};

struct bp_filter_rules {
	struct bp_filter_rule *v;
	unsigned n;
	uint64_t outs; /* the ports that copies go to */
};

/* Called for each fault with "FILE:LINE:COLUMN: what is wrong", or "FILE: …" of the file as a whole. */
typedef void (*bp_filter_complain)(void *ctx, const char *text);

/*
 * Read the rules of fn, one of conf->functions, from the file at path. *rules is filled, and to be freed, when 0 is
 * returned; -errno: untouched, each fault was complained about, or as many as BP_FILTER_FAULTS_MAX. Names of
 * hosts in expressions are resolved, which blocks. Control thread.
 */
int bp_filter_rules_read(const char *path, const struct bp_conf *conf,
			 const struct bp_function_conf *fn, bp_filter_complain complain, void *ctx,
			 struct bp_filter_rules *rules);
void bp_filter_rules_free(struct bp_filter_rules *rules);

/* The ports of the file's mirror rules, a bit each; what is wrong with the file is passed over. Compiles nothing. */
uint64_t bp_filter_rules_outs(const char *path, const struct bp_conf *conf);

#endif

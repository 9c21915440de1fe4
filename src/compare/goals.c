/* Reads goals and makes the rows that they need. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/goals.h"

#include "compare/workload.h"
#include "core/refuse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 256u
#define IMIX_BYTES ((7 * 64 + 4 * 594 + 1518) / 12.0)

static const struct bp_cmp_path *find_path(const char *name)
{
	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		if (strcmp(bp_cmp_paths[i].name, name) == 0)
			return &bp_cmp_paths[i];
	return NULL;
}

static void name_workloads(char *text, size_t bytes)
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < bp_cmp_n_workloads && n < bytes; i++)
		n += (size_t)snprintf(text + n, bytes - n, "%s%s", i ? ", " : "",
				      bp_cmp_workloads[i].name);
}

bool bp_cmp_parse_size(const char *text, struct bp_cmp_size *size)
{
	bool is_imix = strcmp(text, "imix") == 0;
	unsigned long n;
	char *end;

	/* strtoul() would take a sign, and spaces. */
	if (!is_imix && !isdigit((unsigned char)*text))
		return false;
	n = strtoul(text, &end, 10);
	if (!is_imix && (*end || n < 64 || n > 9018))
		return false;
	*size = (struct bp_cmp_size){ .bytes = is_imix ? 0 : (uint32_t)n,
				      .mean_bytes = is_imix ? IMIX_BYTES : (double)n };
	snprintf(size->name, sizeof(size->name), "%.15s", text);
	return true;
}

/* "64", or "-" of a workload that has no size. */
static bool parse_size(const char *text, const struct bp_cmp_workload *w, struct bp_cmp_size *size)
{
	*size = (struct bp_cmp_size){ .name = "-" };
	if (!w->has_size)
		return strcmp(text, "-") == 0;
	return bp_cmp_parse_size(text, size) && size->bytes && size->bytes <= 1518;
}

/* A line's six words. */
static int parse_goal(char *const word[6], struct bp_cmp_goal *g, char *why, size_t why_bytes)
{
	char names[200], *end;

	*g = (struct bp_cmp_goal){ .workload = bp_cmp_workload_find(word[0]) };
	name_workloads(names, sizeof(names));
	if (!g->workload)
		return bp_refuse(why, why_bytes, -EINVAL, "workload: found '%s', allowed: %s",
				 word[0], names);
	if (!parse_size(word[1], g->workload, &g->size))
		return bp_refuse(why, why_bytes, -EINVAL, "size: found '%s', allowed: %s", word[1],
				 g->workload->has_size ? "64 … 1518"
						       : "- (this workload has none)");
	g->path = find_path(word[2]);
	g->peer = strcmp(word[3], "-") ? find_path(word[3]) : NULL;
	if (!g->path || (!g->peer && strcmp(word[3], "-")))
		return bp_refuse(why, why_bytes, -EINVAL,
				 "path: found '%s', allowed: a path of bypath compare --list%s",
				 g->path ? word[3] : word[2], g->path ? ", or -" : "");
	g->is_at_most = strcmp(word[4], "<=") == 0;
	if (!g->is_at_most && strcmp(word[4], ">="))
		return bp_refuse(why, why_bytes, -EINVAL, "found '%s', allowed: >=, <=", word[4]);
	g->bound = strtod(word[5], &end);
	if (*end || end == word[5] || !isfinite(g->bound) || g->bound <= 0)
		return bp_refuse(why, why_bytes, -EINVAL, "found '%s', allowed: a number above 0",
				 word[5]);
	return 0;
}

/* Split a line. Returns its number of words; 7: more than six. */
static unsigned split(char *line, char *word[6])
{
	char *at = NULL;
	unsigned n = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (char *w = strtok_r(line, " \t\r", &at); w; w = strtok_r(NULL, " \t\r", &at)) {
		if (n == 6)
			return 7;
		word[n++] = w;
	}
	return n;
}

static int read_line(char *line, struct bp_comparison *cmp, char *why, size_t why_bytes)
{
	char *word[6];
	unsigned n = split(line, word);

	if (!n)
		return 0;
	if (n != 6)
		return bp_refuse(
			why, why_bytes, -EINVAL,
			"found %s words, allowed: workload, size, path, peer, >= or <=, number",
			n > 6 ? "more than six" : "too few");
	if (cmp->n_goals == BP_CMP_GOALS_MAX)
		return bp_refuse(why, why_bytes, -EINVAL, "more than %u goals", BP_CMP_GOALS_MAX);
	return parse_goal(word, &cmp->goals[cmp->n_goals++], why, why_bytes);
}

int bp_cmp_goals_read(const char *path, struct bp_comparison *cmp, char *why, size_t why_bytes)
{
	char line[LINE_BYTES], what[LINE_BYTES];
	FILE *file = fopen(path, "re");
	unsigned n_line = 0;
	int rc = 0;

	if (!file)
		return bp_refuse(why, why_bytes, -EINVAL, "%s: %s", path, strerror(errno));
	while (!rc && fgets(line, sizeof(line), file)) {
		n_line++;
		rc = strchr(line, '\n') || feof(file)
			     ? read_line(line, cmp, what, sizeof(what))
			     : bp_refuse(what, sizeof(what), -EINVAL,
					 "the line has more than %u bytes", LINE_BYTES - 2);
	}
	if (!rc && ferror(file))
		rc = bp_refuse(what, sizeof(what), -EINVAL, "it cannot be read");
	fclose(file);
	if (rc)
		return bp_refuse(why, why_bytes, -EINVAL, "%s:%u: %s", path, n_line, what);
	return cmp->n_goals ? 0 : bp_refuse(why, why_bytes, -EINVAL, "%s: no goal in it", path);
}

/* ---- rows ------------------------------------------------------------------------------------- */

static void add_row(struct bp_comparison *cmp, const struct bp_cmp_workload *w,
		    const struct bp_cmp_path *path, const struct bp_cmp_size *size,
		    const struct bp_cmp_path *load_of)
{
	for (unsigned i = 0; i < cmp->n_figures; i++) {
		const struct bp_cmp_row *r = &cmp->figures[i];

		if (r->workload == w && r->path == path && strcmp(r->size->name, size->name) == 0 &&
		    (!w->has_load || r->load_of == load_of))
			return;
	}
	cmp->figures[cmp->n_figures++] = (struct bp_cmp_row){
		.path = path, .size = size, .workload = w, .load_of = load_of, .softirq_ns = -1
	};
}

const struct bp_cmp_path *bp_cmp_goal_load_of(const struct bp_cmp_goal *goal)
{
	return goal->peer ? goal->peer : goal->path;
}

int bp_cmp_goals_rows(struct bp_comparison *cmp)
{
	cmp->figures = calloc(3 * (size_t)cmp->n_goals, sizeof(*cmp->figures));
	if (!cmp->figures)
		return -ENOMEM;
	for (unsigned i = 0; i < cmp->n_goals; i++) {
		const struct bp_cmp_goal *g = &cmp->goals[i];
		const struct bp_cmp_path *load_of = bp_cmp_goal_load_of(g);

		if (g->workload->has_load)
			add_row(cmp, bp_cmp_workload_find("lossless"), load_of, &g->size, NULL);
		add_row(cmp, g->workload, g->path, &g->size, load_of);
		if (g->peer)
			add_row(cmp, g->workload, g->peer, &g->size, load_of);
	}
	return 0;
}

static void add_paths(struct bp_comparison *cmp, const struct bp_cmp_workload *w,
		      const bool *chosen)
{
	static const struct bp_cmp_size none = { .name = "-" };
	const struct bp_cmp_options *o = &cmp->options;

	for (unsigned s = 0; s < (w->has_size ? o->n_sizes : 1); s++)
		for (unsigned i = 0; i < bp_cmp_n_paths; i++)
			if (chosen[i])
				add_row(cmp, w, &bp_cmp_paths[i],
					w->has_size ? &o->sizes[s] : &none, &bp_cmp_paths[i]);
}

int bp_cmp_workload_rows(struct bp_comparison *cmp, const char *list, const bool *chosen, char *why,
			 size_t why_bytes)
{
	char copy[LINE_BYTES], names[200], *at = NULL;
	unsigned asked = 0;

	if (snprintf(copy, sizeof(copy), "%s", list) >= (int)sizeof(copy))
		return bp_refuse(why, why_bytes, -EINVAL, "--workloads: too long");
	name_workloads(names, sizeof(names));
	cmp->figures = calloc((size_t)bp_cmp_n_workloads * bp_cmp_n_paths * BP_CMP_SIZES_MAX,
			      sizeof(*cmp->figures));
	if (!cmp->figures)
		return -ENOMEM;
	for (char *w = strtok_r(copy, ", ", &at); w; w = strtok_r(NULL, ", ", &at)) {
		const struct bp_cmp_workload *found = bp_cmp_workload_find(w);

		if (!found)
			return bp_refuse(why, why_bytes, -EINVAL,
					 "--workloads: found '%s', allowed: %s", w, names);
		asked |= 1u << (found - bp_cmp_workloads);
	}
	for (unsigned i = 0; i < bp_cmp_n_workloads; i++)
		if (asked & 1u << i)
			add_paths(cmp, &bp_cmp_workloads[i], chosen);
	return cmp->n_figures ? 0
			      : bp_refuse(why, why_bytes, -EINVAL,
					  "--workloads: found nothing, allowed: %s", names);
}

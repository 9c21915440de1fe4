/* Names a winner by NDR, then by p99, or by rate where no row has an NDR; or says that there is none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/winner.h"

#include "core/json.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    64u
#define FLOOR_SHARE 0.02 /* medians closer than this are no difference, whatever the ranges say */

struct range {
	double lo, hi, median;
	bool is_known; /* of two rounds or more */
};

/* ndr: the range of the NDR, or of the rate where no row has an NDR. */
struct figure {
	const json_t *row;
	struct range ndr, p99;
};

/* v: rows that are compared. left: rows that have a rate, and no figure that may be compared. */
struct field {
	bool is_rate;
	unsigned n, n_left;
	struct figure v[ROWS_MAX], left[ROWS_MAX];
};

static const char *word(const json_t *o, const char *key)
{
	const char *text = bp_json_text_at(o, key);

	return text ? text : "";
}

static bool is_in(const json_t *row, const char *size, const char *group)
{
	return strcmp(word(row, "size"), size) == 0 && strcmp(word(row, "group"), group) == 0;
}

/* ---- figures --------------------------------------------------------------------------------- */

static struct range read_range(const json_t *stat)
{
	return (struct range){ .lo = bp_json_number_at(stat, "min"),
			       .hi = bp_json_number_at(stat, "max"),
			       .median = bp_json_number_at(stat, "median"),
			       .is_known = json_array_size(bp_json_at(stat, "values")) > 1 };
}

/* From the lowest lower bound to the highest upper one; a row with lower bounds only has no end, and one whose lower
 * bound full trials did not confirm has none. */
static struct range read_ndr(const json_t *ndr)
{
	const json_t *upper = bp_json_at(ndr, "upper_mpps");
	struct range r = read_range(bp_json_at(ndr, "mpps"));

	if (json_is_true(bp_json_at(ndr, "exploratory")))
		r.lo = 0;
	if (strcmp(word(ndr, "outcome"), "measured") != 0 ||
	    json_array_size(bp_json_at(upper, "values")) <
		    json_array_size(bp_json_at(ndr, "mpps.values")))
		r.hi = INFINITY;
	else
		r.hi = fmax(r.hi, bp_json_number_at(upper, "max"));
	return r;
}

/* Where the load was the limit, the rate has no upper end. */
static struct range read_rate(const json_t *row)
{
	struct range r = read_range(bp_json_at(row, "saturation.mpps"));

	if (json_is_true(bp_json_at(row, "generator.is_bound")))
		r.hi = INFINITY;
	return r;
}

/* Sort a size's rows of a group. False: there are more than fit, and none may be forgotten unsaid. */
static bool collect(const json_t *rows, const char *size, const char *group, bool is_rate,
		    struct field *f)
{
	const json_t *row;
	size_t i;

	*f = (struct field){ .is_rate = is_rate };
	json_array_foreach(rows, i, row) {
		const json_t *figure = bp_json_at(row, is_rate ? "saturation" : "ndr");

		if (!is_in(row, size, group))
			continue;
		if (f->n == ROWS_MAX || f->n_left == ROWS_MAX)
			return false;
		if (strcmp(word(row, "status"), "ok") == 0 &&
		    json_is_object(bp_json_at(figure, "mpps")))
			f->v[f->n++] = (struct figure){
				.row = row,
				.ndr = is_rate ? read_rate(row) : read_ndr(figure),
				.p99 = read_range(bp_json_at(row, "latency.p99"))
			};
		else if (json_is_object(bp_json_at(row, "saturation.mpps")))
			f->left[f->n_left++] = (struct figure){ .row = row, .ndr = read_rate(row) };
	}
	return true;
}

/* ---- judgement ------------------------------------------------------------------------------- */

/* What a row must reach to be as good as the best. */
struct mark {
	double lo, median;
};

static struct mark find_best(const struct field *f)
{
	struct mark best = { 0 };

	for (unsigned i = 0; i < f->n; i++)
		if (f->v[i].ndr.lo > best.lo)
			best = (struct mark){ f->v[i].ndr.lo, f->v[i].ndr.median };
	return best;
}

static bool may_equal(const struct range *r, const struct mark *best)
{
	return r->hi >= best->lo || r->median >= best->median * (1 - FLOOR_SHARE);
}

/* Keep those that may be as good as the best. Returns whether one of them has no upper end. */
static bool keep_contenders(struct field *f, const struct mark *best)
{
	unsigned n = 0;
	bool is_open = false;

	for (unsigned i = 0; i < f->n; i++)
		if (may_equal(&f->v[i].ndr, best)) {
			is_open |= isinf(f->v[i].ndr.hi);
			f->v[n++] = f->v[i];
		}
	f->n = n;
	return is_open;
}

/* A row that is not compared, and may be as good as the best: it forwarded as much, if with loss. NULL: none is. */
static const struct figure *find_left_contender(const struct field *f, const struct mark *best)
{
	for (unsigned i = 0; i < f->n_left; i++)
		if (may_equal(&f->left[i].ndr, best))
			return &f->left[i];
	return NULL;
}

/* The path whose highest p99 is below the lowest p99 of every other. NULL: there is none. */
static const struct figure *lowest_p99(const struct field *f)
{
	const struct figure *best = &f->v[0];

	for (unsigned i = 0; i < f->n; i++) {
		if (!f->v[i].p99.is_known)
			return NULL;
		if (f->v[i].p99.hi < best->p99.hi)
			best = &f->v[i];
	}
	for (unsigned i = 0; i < f->n; i++)
		if (&f->v[i] != best &&
		    (f->v[i].p99.lo <= best->p99.hi ||
		     best->p99.median >= f->v[i].p99.median * (1 - FLOOR_SHARE)))
			return NULL;
	return best;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void say_names(FILE *t, const struct field *f)
{
	for (unsigned i = 0; i < f->n; i++)
		fprintf(t, "%s%s",
			i == 0         ? ""
			: i + 1 < f->n ? ", "
				       : " and ",
			word(f->v[i].row, "path"));
}

static void say_figures(FILE *t, const struct figure *w)
{
	fprintf(t, "%s%.3f Mpps", isinf(w->ndr.hi) ? "≥ " : "", w->ndr.median);
	if (w->p99.median > 0)
		fprintf(t, ", p99 %.1f µs at half of it", w->p99.median * 1e-3);
}

static const char *why_left(const struct figure *left)
{
	const char *status = word(left->row, "status");

	return strcmp(status, "ok") == 0 ? "no NDR" : status;
}

static void say_left(FILE *t, const struct field *f)
{
	for (unsigned i = 0; i < f->n_left; i++)
		fprintf(t, "%s%s (%s)", i ? ", " : "; not compared: ", word(f->left[i].row, "path"),
			why_left(&f->left[i]));
}

static void say_left_contender(FILE *t, const struct figure *left)
{
	fprintf(t, "no difference seen: %s, which is not compared, forwarded up to %s%.3f Mpps",
		word(left->row, "path"), isinf(left->ndr.hi) ? "≥ " : "",
		bp_json_number_at(left->row, "saturation.mpps.max"));
}

/* Of n_all rows, f has those that may be as good as the best. */
static const char *say_winner(FILE *t, const struct field *f, const struct figure *winner,
			      unsigned n_all, const char **by)
{
	if (f->n == 1) {
		fprintf(t, "%s %s: ", word(winner->row, "path"),
			f->is_rate ? "forwards most" : "carries most without loss");
		say_figures(t, winner);
		fprintf(t, ", above every round of the %u other%s", n_all - 1,
			n_all > 2 ? "s" : "");
		*by = f->is_rate ? "rate" : "ndr";
		return "winner";
	}
	say_names(t, f);
	fprintf(t, " carry as much without loss as far as the rounds tell; %s has the lowest p99: ",
		word(winner->row, "path"));
	say_figures(t, winner);
	*by = "p99";
	return "winner";
}

/* Says in words, and returns in one. *winner and *by: NULL where there is none. */
static const char *decide(FILE *t, struct field *f, const struct figure **winner, const char **by)
{
	struct mark best = find_best(f);
	const struct figure *left = find_left_contender(f, &best), *first;
	unsigned n_all = f->n;
	bool is_open;

	*winner = NULL;
	*by = NULL;
	for (unsigned i = 0; i < f->n; i++)
		if (!f->v[i].ndr.is_known) {
			fprintf(t, "one round has no range: no winner is named");
			return "not known";
		}
	is_open = keep_contenders(f, &best);
	first = f->n == 1 ? &f->v[0] : is_open ? NULL : lowest_p99(f);
	if (first && left) {
		say_left_contender(t, left);
		return "no difference seen";
	}
	*winner = first;
	if (first)
		return say_winner(t, f, first, n_all, by);
	fprintf(t, "no difference seen between ");
	say_names(t, f);
	fprintf(t, ": %s",
		is_open ? "one of their figures is a lower bound, '≥'" : "their rounds overlap");
	return "no difference seen";
}

static json_t *judge(const char *size, const char *group, struct field *f)
{
	const struct figure *winner;
	const char *by, *what;
	char *text = NULL;
	size_t bytes;
	FILE *t = open_memstream(&text, &bytes);
	json_t *o;

	if (!t)
		return NULL;
	what = decide(t, f, &winner, &by);
	say_left(t, f);
	fclose(t);
	o = json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s}", "size", size, "group", group, "verdict",
		      what, "path", winner ? word(winner->row, "path") : NULL, "by", by, "text",
		      text);
	free(text);
	return o;
}

/* Was a row before this one of the same size and group? */
static bool is_known(const json_t *rows, size_t n, const char *size, const char *group)
{
	for (size_t i = 0; i < n; i++)
		if (is_in(json_array_get(rows, i), size, group))
			return true;
	return false;
}

json_t *bp_cmp_verdicts(const json_t *rows)
{
	json_t *verdicts = json_array();
	struct field field;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *size = word(row, "size"), *group = word(row, "group");

		if (strcmp(group, "ceiling") == 0 || is_known(rows, i, size, group))
			continue;
		if (collect(rows, size, group, false, &field) &&
		    (field.n || collect(rows, size, group, true, &field)) && field.n > 1)
			json_array_append_new(verdicts, judge(size, group, &field));
	}
	return verdicts;
}

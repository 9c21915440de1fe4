/* Comparisons: rows that goals need, verdicts, documents of both. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/goals.h"
#include "compare/run.h"
#include "compare/workload.h"

#include "gen/search.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Reads a text as a file of goals and makes the rows; rounds as in the figures that the tests set. */
static int read_goals(struct bp_comparison *cmp, const char *text)
{
	char path[] = "/tmp/bypath-goals-XXXXXX", why[256] = "";
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	*cmp = (struct bp_comparison){ .options.n_rounds = 6 };
	rc = bp_cmp_goals_read(path, cmp, why, sizeof(why));
	unlink(path);
	return rc ? rc : bp_cmp_goals_rows(cmp);
}

static void set(struct bp_cmp_row *row, unsigned n, double first, double step)
{
	row->status = BP_CMP_OK;
	for (unsigned i = 0; i < n; i++)
		bp_cmp_values_add(&row->figure, first + i * step);
}

static struct bp_comparison *new_comparison(const char *text)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));

	assert_non_null(cmp);
	assert_int_equal(read_goals(cmp, text), 0);
	return cmp;
}

static void free_comparison(struct bp_comparison *cmp)
{
	free(cmp->figures);
	free(cmp->rows);
	free(cmp);
}

/* One text of the first goal's document; "" for null. */
static const char *say(const struct bp_comparison *cmp, const char *key)
{
	static char text[256];
	json_t *goals = bp_cmp_goals_document(cmp);
	const char *found = json_string_value(json_object_get(json_array_get(goals, 0), key));

	snprintf(text, sizeof(text), "%s", found ? found : "");
	json_decref(goals);
	return text;
}

static bool has_interval(const struct bp_comparison *cmp)
{
	json_t *goals = bp_cmp_goals_document(cmp);
	bool has = json_is_object(json_object_get(json_array_get(goals, 0), "interval"));

	json_decref(goals);
	return has;
}

static void a_disturbed_figure_meets_no_goal(void **state)
{
	struct bp_comparison *cmp = new_comparison("rate 64 af_xdp-skb bridge >= 1.2\n");

	(void)state;
	set(&cmp->figures[0], 6, 3e6, 0);
	set(&cmp->figures[1], 6, 1e6, 0);
	assert_string_equal(say(cmp, "verdict"), "met");
	assert_string_equal(say(cmp, "why"), "");
	for (unsigned i = 0; i < 2; i++) {
		struct bp_cmp_row *row = &cmp->figures[i];

		row->status = BP_CMP_DISTURBED;
		snprintf(row->reason, sizeof(row->reason), "no core for row %u", i);
		assert_string_equal(say(cmp, "verdict"), "not measurable");
		assert_string_equal(say(cmp, "why"), row->reason);
		row->status = BP_CMP_OK;
	}
	free_comparison(cmp);
}

static void a_ratio_of_lower_bounds_says_so(void **state)
{
	static const char *const bounds[] = { "none", "lower", "upper", "both" };
	struct bp_comparison *cmp = new_comparison("rate 64 af_xdp-skb bridge >= 1.2\n");

	(void)state;
	set(&cmp->figures[0], 6, 3e6, 0);
	set(&cmp->figures[1], 6, 1e6, 0);
	for (unsigned i = 0; i < 4; i++) {
		cmp->figures[0].is_gen_bound = i & 1;
		cmp->figures[1].is_gen_bound = i & 2;
		assert_string_equal(say(cmp, "bound_of_figure"), bounds[i]);
		assert_string_equal(say(cmp, "verdict"), i < 2 ? "met" : "not measurable");
		assert_int_equal(has_interval(cmp), i == 0);
	}
	free_comparison(cmp);
}

static void what_weakens_a_verdict_is_said(void **state)
{
	struct bp_comparison *cmp = new_comparison("rate 64 af_xdp-skb bridge >= 1.2\n");

	(void)state;
	set(&cmp->figures[0], 6, 1.1e6, 0.1e6); /* 1.1 … 1.6 */
	set(&cmp->figures[1], 6, 1e6, 0);
	assert_string_equal(say(cmp, "verdict"), "met");
	assert_string_equal(say(cmp, "why"), "its interval reaches across the goal");
	cmp->figures[1].figure.n = 2;
	assert_string_equal(say(cmp, "verdict"), "short");
	assert_string_equal(say(cmp, "why"), "of 2 of 6 rounds");
	cmp->figures[1].figure.n = 0;
	assert_string_equal(say(cmp, "verdict"), "failed");
	set(&cmp->figures[1], 6, 0, 0);
	assert_string_equal(say(cmp, "verdict"), "failed");
	free_comparison(cmp);
}

/* Of one path under two loads there are two figures, and each goal has its own. */
static void latency_is_of_its_load(void **state)
{
	struct bp_comparison *cmp = new_comparison("p99 64 af_xdp-skb bridge <= 10\n"
						   "p99 64 af_xdp-skb - <= 10\n"
						   "p99 64 af_xdp-skb bridge <= 1000\n");
	json_t *goals;

	(void)state;
	assert_int_equal(cmp->n_figures, 5); /* two lossless, three p99 */
	for (unsigned i = 0; i < cmp->n_figures; i++)
		set(&cmp->figures[i], 6, cmp->figures[i].load_of == cmp->goals[0].peer ? 1 : 5e-6,
		    0);
	goals = bp_cmp_goals_document(cmp);
	assert_true(json_number_value(json_object_get(json_array_get(goals, 0), "figure")) < 1.01);
	assert_true(json_number_value(json_object_get(json_array_get(goals, 1), "figure")) > 4.9);
	json_decref(goals);
	free_comparison(cmp);
}

static void a_bound_is_a_finite_number(void **state)
{
	static const char *const bounds[] = { "inf", "nan", "-1", "0", "1e999" };
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	char line[64];

	(void)state;
	assert_non_null(cmp);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		snprintf(line, sizeof(line), "rate 64 bridge - >= %s\n", bounds[i]);
		assert_int_equal(read_goals(cmp, line), -EINVAL);
	}
	free_comparison(cmp);
}

/* The load is measured before what runs under it, however the list goes. */
static void workloads_go_in_the_order_of_the_table(void **state)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	bool *chosen = calloc(bp_cmp_n_paths, sizeof(*chosen));
	char why[256];

	(void)state;
	assert_true(cmp && chosen);
	chosen[0] = true;
	cmp->options.n_sizes = 1;
	assert_int_equal(
		bp_cmp_workload_rows(cmp, "start,p99,lossless,p99", chosen, why, sizeof(why)), 0);
	assert_int_equal(cmp->n_figures, 3);
	assert_string_equal(cmp->figures[0].workload->name, "lossless");
	assert_string_equal(cmp->figures[1].workload->name, "p99");
	assert_string_equal(cmp->figures[2].workload->name, "start");
	free(chosen);
	free_comparison(cmp);
}

static void a_search_on_disturbed_trials_disturbs_its_row(void **state)
{
	struct bp_search_bounds bounds = { .off_share = 0.01 };
	struct bp_cmp_row row = { .softirq_ns = -1 };

	(void)state;
	bp_cmp_search_off(&row, &bounds);
	bp_cmp_judge_off(&row, 1);
	assert_int_equal(row.status, BP_CMP_OK);
	bounds.off_share = 0.1;
	bp_cmp_search_off(&row, &bounds);
	bp_cmp_judge_off(&row, 1);
	assert_int_equal(row.status, BP_CMP_DISTURBED);
}

/* Two sizes of two paths, all with the same fix. */
static void a_text_names_each_path_once(void **state)
{
	static const struct bp_cmp_size sizes[2] = { { "64", 64, 64 }, { "512", 512, 512 } };
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	static const atomic_bool stop;
	json_t *document, *fixes;

	(void)state;
	assert_non_null(cmp);
	cmp->stop = &stop;
	cmp->version = "test";
	cmp->n_rows = 4;
	cmp->rows = calloc(cmp->n_rows, sizeof(*cmp->rows));
	for (unsigned i = 0; i < cmp->n_rows; i++) {
		cmp->rows[i].size = &sizes[i / 2];
		cmp->rows[i].path = &bp_cmp_paths[i % 2];
		bp_cmp_row_end(&cmp->rows[i], BP_CMP_CANNOT_RUN, "a fix", "a reason");
	}
	document = bp_cmp_document(cmp);
	fixes = json_object_get(document, "fixes");
	assert_int_equal(json_array_size(fixes), 1);
	assert_int_equal(json_array_size(json_object_get(json_array_get(fixes, 0), "paths")), 2);
	json_decref(document);
	free_comparison(cmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disturbed_figure_meets_no_goal),
		cmocka_unit_test(a_ratio_of_lower_bounds_says_so),
		cmocka_unit_test(what_weakens_a_verdict_is_said),
		cmocka_unit_test(latency_is_of_its_load),
		cmocka_unit_test(a_bound_is_a_finite_number),
		cmocka_unit_test(workloads_go_in_the_order_of_the_table),
		cmocka_unit_test(a_search_on_disturbed_trials_disturbs_its_row),
		cmocka_unit_test(a_text_names_each_path_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

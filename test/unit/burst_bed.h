/* A function by itself: its keys as a configuration says them, its bursts called as the engine does, simulated time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_BURST_BED_H
#define BYPATH_TEST_BURST_BED_H

#include "bypath/function.h"
#include "config/value.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FN_SETS_MAX   8u
#define FN_TEXT_BYTES 1024u

/* A key with its value: "id = 10" is { "id", "10" }. */
struct fn_set {
	const char *key, *value;
};

struct fn_bed {
	const struct bp_function *function;
	struct bp_conf *conf; /* one function, functions[0] */
	void *state;
	struct bp_fn fns[2]; /* of two workers */
	uint64_t out[BP_BURST_MAX];
	uint8_t why[BP_BURST_MAX];
};

/* Store the defaults and the sets (up to a key NULL). Returns 0, or -EINVAL with why. */
static inline int fn_store(const struct bp_function *function, const struct fn_set *sets,
			   struct bp_function_conf *conf, char why[BP_WHY_BYTES])
{
	int err = 0;

	bp_value_store_defaults(function->keys, conf);
	for (; !err && sets->key; sets++)
		err = bp_value_store(bp_key_find(function->keys, sets->key), sets->value, conf,
				     why);
	return err;
}

/* As the engine does: an operation that a function does not have is nothing to do. */
static inline void fn_begin(struct fn_bed *bed, const char *type, const struct fn_set *sets)
{
	const struct bp_function_ops *ops;
	char why[BP_WHY_BYTES];

	memset(bed, 0, sizeof(*bed));
	bed->function = bp_function_find(type);
	assert_non_null(bed->function);
	ops = bed->function->ops;
	bed->conf = calloc(1, sizeof(*bed->conf));
	assert_non_null(bed->conf);
	bed->conf->n_functions = 1;
	if (fn_store(bed->function, sets, &bed->conf->functions[0], why))
		fail_msg("%s", why);
	if (ops->open)
		assert_int_equal(ops->open(bed->conf, &bed->conf->functions[0], &bed->state), 0);
	for (unsigned i = 0; i < 2; i++) {
		bed->fns[i] = (struct bp_fn){ .state = bed->state, .worker_id = (uint16_t)i };
		if (ops->enter)
			assert_int_equal(ops->enter(&bed->fns[i]), 0);
	}
}

static inline void fn_end(struct fn_bed *bed)
{
	const struct bp_function_ops *ops = bed->function->ops;

	for (unsigned i = 0; i < 2; i++)
		if (ops->leave)
			ops->leave(&bed->fns[i]);
	if (ops->close)
		ops->close(bed->state);
	free(bed->conf);
}

/* One burst of the worker, through process(). */
static inline void fn_run(struct fn_bed *bed, unsigned worker_id, struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bed->out[i] = BP_OUT_NEXT;
		bed->why[i] = 0;
	}
	bed->function->ops->process(&bed->fns[worker_id], pkts, n, bed->out, bed->why);
}

/* Why the packet at i was dropped; NULL: it goes on. */
static inline const char *fn_dropped(const struct fn_bed *bed, unsigned i)
{
	if (bed->out[i] == BP_OUT_NEXT)
		return NULL;
	assert_int_equal(bed->out[i], 0);
	return bed->function->reasons[bed->why[i]].name;
}

/* A number of what show() says: "green.packets". */
static inline double fn_shown(const struct fn_bed *bed, const char *path)
{
	json_t *doc = bed->function->ops->show(bed->state), *at = doc;
	char text[64], *word = text, *next;
	double value;

	assert_non_null(doc);
	snprintf(text, sizeof(text), "%s", path);
	for (; word; word = next) {
		next = strchr(word, '.');
		if (next)
			*next++ = '\0';
		at = json_object_get(at, word);
	}
	if (!json_is_number(at))
		fail_msg("no number %s", path);
	value = json_number_value(at);
	json_decref(doc);
	return value;
}

/* ---- check() --------------------------------------------------------------------------------- */

struct fn_check {
	struct bp_check check; /* first: found by cast */
	const struct fn_set *sets;
	char text[FN_TEXT_BYTES];
};

static inline bool fn_is_given(const struct bp_check *check, const char *key)
{
	for (const struct fn_set *s = ((const struct fn_check *)check)->sets; s->key; s++)
		if (!strcmp(s->key, key))
			return true;
	return false;
}

static inline __attribute__((format(printf, 3, 4))) void
fn_complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	struct fn_check *c = (struct fn_check *)check;
	size_t len = strlen(c->text);
	va_list args;

	len += (size_t)snprintf(c->text + len, sizeof(c->text) - len, "%s: ", key ? key : "");
	va_start(args, fmt);
	len += (size_t)vsnprintf(c->text + len, sizeof(c->text) - len, fmt, args);
	va_end(args);
	snprintf(c->text + len, sizeof(c->text) - len, "\n");
}

/* What is wrong with these values, a line each, "" if nothing is. */
static inline void fn_expect_complaints(const char *type, const struct fn_set *sets,
					const char *expected)
{
	const struct bp_function *function = bp_function_find(type);
	struct bp_function_conf conf = { .type = "" };
	struct fn_check check = {
		.check = { .section = "function.f",
			   .is_given = fn_is_given,
			   .complain = fn_complain },
		.sets = sets,
	};
	char why[BP_WHY_BYTES];

	if (fn_store(function, sets, &conf, why))
		fail_msg("%s", why);
	function->check(&conf, &check.check);
	assert_string_equal(check.text, expected);
}

/* Storing this value of a key is refused, with this reason. */
static inline void fn_expect_refused(const char *type, const char *key, const char *value,
				     const char *expected)
{
	const struct bp_function *function = bp_function_find(type);
	struct bp_function_conf conf = { .type = "" };
	char why[BP_WHY_BYTES] = "";

	assert_int_not_equal(bp_value_store(bp_key_find(function->keys, key), value, &conf, why),
			     0);
	assert_string_equal(why, expected);
}

#endif

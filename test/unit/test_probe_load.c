/* Which functions a probe traces on a kernel that has not all of them: inlined, renamed, or not built in. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/copies.bpf.h"
#include "probe/kernel_names.h"
#include "probe/load.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "probe_copies.skel.h"
#pragma GCC diagnostic pop

#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NAME(name) #name,
static const char *const copiers[] = { PROBE_COPIERS(NAME) };
#undef NAME

/* A kernel that has the functions which copy, without one of them. */
static struct btf *kernel_without(const char *name)
{
	struct btf *btf = btf__new_empty();
	int type;

	assert_non_null(btf);
	type = btf__add_func_proto(btf, 0);
	assert_true(type > 0);
	for (size_t i = 0; i < PROBE_N_COPIERS; i++)
		if (strcmp(copiers[i], name) != 0)
			assert_true(btf__add_func(btf, copiers[i], BTF_FUNC_GLOBAL, type) > 0);
	return btf;
}

/* Why a function is not observed; NULL: it is. */
static const char *why_not(const json_t *places, const char *name)
{
	const json_t *place;
	size_t i;

	json_array_foreach(places, i, place) {
		if (strcmp(json_string_value(json_object_get(place, "name")), name) != 0)
			continue;
		assert_int_equal(json_is_true(json_object_get(place, "observed")),
				 json_is_null(json_object_get(place, "why")));
		return json_string_value(json_object_get(place, "why"));
	}
	return "nobody has asked for it";
}

/* What a load chooses, with a list of functions; whether the running kernel takes the programs is not asked. */
static json_t *places_of(struct btf *functions, bool traces_functions)
{
	struct bp_kernel_names kernel = { .btfs = &functions, .n_btfs = 1 };
	struct probe_copies *skel = probe_copies__open();
	struct bp_probe_load load;
	json_t *places;

	assert_non_null(skel);
	bp_probe_load_begin(&load, &kernel);
	snprintf(load.refusal, sizeof(load.refusal), "refused");
	(void)bp_probe_load(&load, skel->skeleton, traces_functions);
	places = bp_probe_places(&load);
	bp_probe_load_end(&load);
	probe_copies__destroy(skel);
	btf__free(functions);
	return places;
}

static void what_the_kernel_lacks_is_named(void **state)
{
	json_t *places = places_of(kernel_without("skb_store_bits"), true);

	(void)state;
	for (size_t i = 0; i < PROBE_N_COPIERS; i++) {
		const char *why = why_not(places, copiers[i]);

		if (strcmp(copiers[i], "skb_store_bits") != 0) {
			if (why)
				fail_msg("%s: %s", copiers[i], why);
			continue;
		}
		assert_non_null(why);
		assert_string_equal(why, "the kernel has no function of that name");
	}
	assert_null(why_not(places, "sys_enter"));
	json_decref(places);
}

static void without_tracing_each_function_says_so(void **state)
{
	json_t *places = places_of(kernel_without(""), false);

	(void)state;
	for (size_t i = 0; i < PROBE_N_COPIERS; i++)
		assert_string_equal(why_not(places, copiers[i]), "refused");
	assert_null(why_not(places, "sys_enter"));
	json_decref(places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_lacks_is_named),
		cmocka_unit_test(without_tracing_each_function_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The function mirror: which packets are copied, where to, and what it refuses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "function_bed.h"

static const struct fb_spec tcp = { .n_tags = 0 };

static void every_packet_is_copied_and_goes_on(void **state)
{
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	fn_key(bed, "to", "mon");
	fn_start(bed);
	for (unsigned i = 0; i < BP_BURST_MAX; i++)
		fn_add_frame(bed, &tcp);
	fn_process(bed, 0);
	for (unsigned i = 0; i < BP_BURST_MAX; i++)
		assert_int_equal(bed->out[i], BP_OUT_NEXT | BIT(MON));
	assert_int_equal(fn_count(bed, "chosen"), BP_BURST_MAX);
	fn_end(bed);
}

static void one_of_n_is_copied_as_each_worker_counts(void **state)
{
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	fn_key(bed, "to", "mon");
	fn_key(bed, "sample", "3");
	fn_start(bed);
	for (unsigned i = 0; i < 5; i++)
		fn_add_frame(bed, &tcp);
	fn_process(bed, 0);
	fn_process(bed, 1);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(bed->out[i], BP_OUT_NEXT | (i % 3 ? 0 : BIT(MON)));
	/* Worker 0 has seen five: the next that it copies is its seventh, across bursts. */
	fn_process(bed, 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(bed->out[i], BP_OUT_NEXT | (i == 1 || i == 4 ? BIT(MON) : 0));
	assert_int_equal(fn_count(bed, "chosen"), 2 + 2 + 2);
	assert_int_equal(fn_count(bed, "sample"), 3);
	fn_end(bed);
}

/* Two views are one packet: of three packets in five views the first and the third are chosen. */
static void packets_are_counted_and_not_views(void **state)
{
	const uint8_t bytes[60] = { 2 };
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	fn_key(bed, "to", "mon");
	fn_key(bed, "sample", "2");
	fn_start(bed);
	fn_add_view(bed, bytes, 60, true);
	fn_add_view(bed, bytes, 60, false);
	fn_add_view(bed, bytes, 60, true);
	fn_add_view(bed, bytes, 60, false);
	fn_add_view(bed, bytes, 14, false);
	fn_process(bed, 0);
	assert_int_equal(bed->out[0], BP_OUT_NEXT | BIT(MON));
	assert_int_equal(bed->out[2], BP_OUT_NEXT);
	assert_int_equal(bed->out[4], BP_OUT_NEXT | BIT(MON));
	assert_int_equal(fn_count(bed, "chosen"), 2);
	fn_end(bed);
}

static void every_packet_counts_once_whatever_its_views(void **state)
{
	const uint8_t bytes[60] = { 2 };
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	fn_key(bed, "to", "mon");
	fn_start(bed);
	fn_add_view(bed, bytes, 60, true);
	fn_add_view(bed, bytes, 60, false);
	fn_process(bed, 0);
	assert_int_equal(bed->out[0], BP_OUT_NEXT | BIT(MON));
	assert_int_equal(fn_count(bed, "chosen"), 1);
	fn_end(bed);
}

static void a_worker_that_enters_again_keeps_its_figures(void **state)
{
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	fn_key(bed, "to", "mon");
	fn_start(bed);
	fn_add_frame(bed, &tcp);
	fn_process(bed, 0);
	assert_int_equal(bed->function->ops->enter(&bed->fns[0]), 0);
	fn_process(bed, 0);
	assert_int_equal(fn_count(bed, "chosen"), 2);
	fn_end(bed);
}

static void a_port_that_cannot_be_meant_is_refused(void **state)
{
	static const struct {
		const char *to, *says;
	} cases[] = {
		{ "mno", "to: found 'mno', which is no port; allowed: wan, lan, mon, tap\n" },
		{ "mo", "to: found 'mo', which is no port; allowed: wan, lan, mon, tap\n" },
		{ "wan", "to: found 'wan', whose own packets come here: copies would go back to "
			 "their sender; name another port\n" },
		{ "lan", "to: found 'lan', where the chain of wan ends: each packet would be sent "
			 "there twice; name another port\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fn_bed *bed = fn_make("mirror");

		fn_key(bed, "to", cases[i].to);
		assert_string_equal(fn_complaints(bed), cases[i].says);
		fn_end(bed);
	}
}

/* A port at which another chain ends, which mirror does not stand on, is one like any other. */
static void the_end_of_another_chain_is_allowed(void **state)
{
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	bed->conf->ports[TAP].forward_to = MON;
	fn_key(bed, "to", "mon");
	assert_string_equal(fn_complaints(bed), "");
	fn_end(bed);
}

static void outs_are_what_it_was_told(void **state)
{
	struct fn_bed *bed = fn_make("mirror");

	(void)state;
	assert_int_equal(bed->function->outs(bed->conf, bed->fn_conf, WAN), 0);
	fn_key(bed, "to", "nowhere");
	assert_int_equal(bed->function->outs(bed->conf, bed->fn_conf, WAN), 0);
	fn_key(bed, "to", "tap");
	assert_int_equal(bed->function->outs(bed->conf, bed->fn_conf, WAN), BIT(TAP));
	fn_end(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_is_copied_and_goes_on),
		cmocka_unit_test(one_of_n_is_copied_as_each_worker_counts),
		cmocka_unit_test(packets_are_counted_and_not_views),
		cmocka_unit_test(every_packet_counts_once_whatever_its_views),
		cmocka_unit_test(a_worker_that_enters_again_keeps_its_figures),
		cmocka_unit_test(a_port_that_cannot_be_meant_is_refused),
		cmocka_unit_test(the_end_of_another_chain_is_allowed),
		cmocka_unit_test(outs_are_what_it_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

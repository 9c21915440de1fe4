/* [forward] link = follow: whatever links do, each side ends as the other's is, and nothing latches. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/follow.h"

#include <stdlib.h>

#define TICK_NS 100000000u

/*
 * Two ports with a far side each. A port has a link where its far side is there and it is not held; one that was let go
 * needs some ticks for that.
 */
struct world {
	struct bp_follow follows[2];
	bool is_there[2]; /* the far side */
	unsigned n_ticks_to_come[2], coming_ticks;
	uint64_t now_ns;
	unsigned n_holds;
};

static void init(struct world *w, unsigned coming_ticks)
{
	*w = (struct world){ .is_there = { true, true },
			     .coming_ticks = coming_ticks,
			     .now_ns = 1000 * (uint64_t)TICK_NS };
	for (int i = 0; i < 2; i++) {
		w->follows[i].partner = !i;
		w->follows[i].state = BP_FOLLOW_COMING;
		w->follows[i].since_ns = w->now_ns;
	}
}

static bool is_up(const struct world *w, int i)
{
	return w->is_there[i] && !w->follows[i].carry.is_held && !w->n_ticks_to_come[i];
}

static void act(struct world *w, int i, enum bp_follow_act what)
{
	struct bp_follow *f = &w->follows[i];

	if (what == BP_FOLLOW_HOLD) {
		f->state = BP_FOLLOW_HELD;
		f->carry = (struct bp_carry){ .is_held = true, .shows = true };
		w->n_holds++;
	} else if (what == BP_FOLLOW_LET_GO) {
		f->state = BP_FOLLOW_COMING;
		f->carry.is_held = false;
		w->n_ticks_to_come[i] = w->coming_ticks;
	} else {
		assert_int_equal(what, BP_FOLLOW_STAY);
		return;
	}
	f->since_ns = w->now_ns;
}

static void tick(struct world *w)
{
	w->now_ns += TICK_NS;
	for (int i = 0; i < 2; i++) {
		if (w->n_ticks_to_come[i])
			w->n_ticks_to_come[i]--;
		if (!is_up(w, i))
			w->follows[i].up_ns = 0;
		else if (!w->follows[i].up_ns)
			w->follows[i].up_ns = w->now_ns;
	}
	for (int i = 0; i < 2; i++)
		act(w, i, bp_follow_next(&w->follows[i], &w->follows[!i], w->now_ns));
	assert_false(w->follows[0].carry.is_held && w->follows[1].carry.is_held);
}

static void run(struct world *w, unsigned n_ticks)
{
	while (n_ticks--)
		tick(w);
}

/* Longer than the grace and any way to a link together. */
#define LONG 300u

static void a_loss_is_carried_at_the_tick_that_sees_it(void **state)
{
	struct world w;

	(void)state;
	init(&w, 0);
	run(&w, 3);
	w.is_there[0] = false;
	tick(&w);
	assert_true(w.follows[1].carry.is_held);
	assert_false(w.follows[0].carry.is_held);
	w.is_there[0] = true;
	run(&w, 3);
	assert_true(w.follows[1].carry.is_held); /* it has to stand first */
	run(&w, 2);
	assert_false(w.follows[1].carry.is_held);
	assert_int_equal(w.n_holds, 1);
}

/* A PHY negotiates for seconds, at the start as well. */
static void a_port_that_is_let_go_has_time_to_come(void **state)
{
	struct world w;

	(void)state;
	init(&w, 40);
	w.n_ticks_to_come[0] = 40;
	w.n_ticks_to_come[1] = 20;
	run(&w, 50);
	assert_int_equal(w.n_holds, 0);
	w.is_there[1] = false;
	run(&w, 10);
	assert_true(w.follows[0].carry.is_held);
	w.is_there[1] = true;
	run(&w, 60);
	assert_true(is_up(&w, 0) && is_up(&w, 1));
	assert_int_equal(w.n_holds, 1);
}

/* Lost while it was held, which nothing tells: found out when it is let go. */
static void a_side_that_was_lost_while_held_is_carried_then(void **state)
{
	struct world w;

	(void)state;
	init(&w, 2);
	run(&w, 5);
	w.is_there[0] = false;
	run(&w, 5);
	w.is_there[1] = false;
	run(&w, 5);
	w.is_there[0] = true;
	run(&w, LONG);
	assert_true(w.follows[0].carry.is_held);
	assert_false(w.follows[1].carry.is_held);
	w.is_there[1] = true;
	run(&w, LONG);
	assert_true(is_up(&w, 0) && is_up(&w, 1));
}

static void what_somebody_sets_up_is_left_until_the_next_loss(void **state)
{
	struct bp_follow self = { .state = BP_FOLLOW_HELD,
				  .carry = { .is_held = true, .shows = true },
				  .up_ns = 5 };
	struct bp_follow partner = { .state = BP_FOLLOW_FREE };

	(void)state;
	assert_int_equal(bp_follow_next(&self, &partner, 10), BP_FOLLOW_SEEN_UP);
	assert_int_equal(self.state, BP_FOLLOW_LEFT);
	assert_int_equal(bp_follow_next(&self, &partner, 20), BP_FOLLOW_STAY);
	partner.up_ns = 30;
	assert_int_equal(bp_follow_next(&self, &partner, 30), BP_FOLLOW_STAY);
	assert_int_equal(self.state, BP_FOLLOW_FREE);
	/* A tap's carrier is held in a way that its own state does not show. */
	self = (struct bp_follow){ .state = BP_FOLLOW_HELD,
				   .carry = { .is_held = true, .shows = false },
				   .up_ns = 5 };
	partner.up_ns = 0;
	assert_int_equal(bp_follow_next(&self, &partner, 10), BP_FOLLOW_STAY);
}

/* Any history of both far sides; then they stand, and the ports do as they do. */
static void after_any_history_both_end_as_their_far_sides(void **state)
{
	(void)state;
	srand(1);
	for (unsigned n = 0; n < 2000; n++) {
		struct world w;

		init(&w, (unsigned)rand() % 30);
		for (unsigned k = 0; k < 40; k++) {
			w.is_there[rand() % 2] = rand() % 2;
			run(&w, (unsigned)rand() % 130 % (1 + (unsigned)rand() % 130));
		}
		for (int i = 0; i < 2; i++)
			w.is_there[i] = n >> i & 1;
		run(&w, LONG);
		if (w.is_there[0] && w.is_there[1])
			assert_true(is_up(&w, 0) && is_up(&w, 1));
		else if (w.is_there[0] != w.is_there[1])
			assert_true(!is_up(&w, 0) && !is_up(&w, 1));
	}
}

/* A link that comes and goes faster than it has to stand is one loss. */
static void flaps_are_one_loss(void **state)
{
	struct world w;

	(void)state;
	init(&w, 0);
	run(&w, 5);
	for (unsigned n = 0; n < 400; n++) {
		w.is_there[0] = n % 2;
		run(&w, 2);
	}
	assert_int_equal(w.n_holds, 1);
	run(&w, 10);
	assert_true(is_up(&w, 0) && is_up(&w, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loss_is_carried_at_the_tick_that_sees_it),
		cmocka_unit_test(a_port_that_is_let_go_has_time_to_come),
		cmocka_unit_test(a_side_that_was_lost_while_held_is_carried_then),
		cmocka_unit_test(what_somebody_sets_up_is_left_until_the_next_loss),
		cmocka_unit_test(after_any_history_both_end_as_their_far_sides),
		cmocka_unit_test(flaps_are_one_loss),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}

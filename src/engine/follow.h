/* [forward] link = follow: two ports of a path share the fate of their links. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_FOLLOW_H
#define BYPATH_ENGINE_FOLLOW_H

#include "bypath/carry.h"

#include <stdbool.h>
#include <stdint.h>

struct bp_change;
struct bp_engine;

/* A link that is back has to stand for so long before the other side's is let go: one that flaps stays lost. */
#define BP_FOLLOW_BACK_NS 300000000u
/* A device that was let go, or has just been opened, may have no link for so long (a PHY negotiates) without that being a
 * loss of its own. */
#define BP_FOLLOW_GRACE_NS 10000000000u

enum bp_follow_state {
	BP_FOLLOW_FREE, /* its link is its own: that it has none is carried to the partner */
	BP_FOLLOW_HELD, /* made to have none, as the partner has none: tells nothing, is carried to nobody */
	BP_FOLLOW_COMING, /* let go, not yet up: likewise, until it is up or its grace is over */
	BP_FOLLOW_LEFT, /* held, and set up by somebody else, or not to be held: left alone until the partner is back */
};

/* Of one port; the control thread's. */
struct bp_follow {
	int partner; /* port_id, BP_NO_PORT: it follows nobody */
	enum bp_follow_state state;
	uint64_t since_ns; /* of the state */
	uint64_t up_ns; /* since when its link has stood; 0: it has none */
	struct bp_carry carry;
};

/* What one port is to do next: a transition of the machine above, which is the same for a test. */
enum bp_follow_act { BP_FOLLOW_STAY, BP_FOLLOW_HOLD, BP_FOLLOW_LET_GO, BP_FOLLOW_SEEN_UP };

/*
 * Move the state of `self` on, as far as that asks for nothing to be done, and return what is to be done: HOLD (the caller
 * then sets HELD, or LEFT where that failed), LET_GO (then COMING), SEEN_UP (LEFT was entered: somebody else set it up).
 * Both up_ns are of now. Pure.
 */
enum bp_follow_act bp_follow_next(struct bp_follow *self, const struct bp_follow *partner,
				  uint64_t now_ns);

/* Find the pairs, check that each port's far side can be told. The ports are started. 0 or -errno (logged). */
int bp_follow_begin(struct bp_engine *engine);
/* Before a reload changes anything: can each pair that is new, or has another device, tell its far sides? 0 or -errno, each
 * that cannot logged. */
int bp_follow_check(const struct bp_engine *engine, const struct bp_change *change);
/* The same of those that are started now, by place (others NULL), whose drivers know only then. */
int bp_follow_check_made(const struct bp_change *change, struct bp_port *const made[BP_PORTS_MAX]);
/* The ports that are held. */
uint64_t bp_follow_list_held(const struct bp_engine *engine);
/* Let go of the ports in these places, whose devices others are to have, and forget what their links were. Where the reload
 * is refused after all, the next tick holds them again. */
void bp_follow_let_go(struct bp_engine *engine, uint64_t places);
/* A reload has been, which bp_follow_check() has allowed: find the pairs again; those of the new places begin anew. */
void bp_follow_renew(struct bp_engine *engine, uint64_t new_places);
/* Every 100 ms, when the links of all ports were looked at. */
void bp_follow_tick(struct bp_engine *engine);
/* Let all go. Again does nothing. */
void bp_follow_end(struct bp_engine *engine);

#endif

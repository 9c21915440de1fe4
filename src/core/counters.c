/* The words that stand for counters, domains or provenances in every output. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/counters.h"
#include "bypath/ledger.h"

#include <assert.h>

#define ROW(id, name_, unit_, side_, kind_, meaning_) \
	[id] = { .name = name_, .unit = unit_, .side = side_, .kind = kind_, .meaning = meaning_ },
const struct bp_counter_row bp_counter_rows[BP_CNT_N] = { BP_QUEUE_COUNTERS(ROW) };

/* One loop from BP_DROP_FIRST on adds the drops. */
#define CHECK(id, name, unit, side, kind, meaning)                                \
	static_assert(((kind) == BP_KIND_DROP) == ((id) >= BP_DROP_FIRST), name); \
	static_assert(sizeof(meaning) > 1, name);
BP_QUEUE_COUNTERS(CHECK)

const char *bp_domain_name(enum bp_domain domain)
{
	static const char *const names[] = { "device", "kernel", "shared", "user" };

	return names[domain];
}

const char *bp_provenance_name(enum bp_provenance provenance)
{
	static const char *const names[] = { "counted", "reported", "probed", "modelled" };

	return names[provenance];
}

const char *bp_decider_name(enum bp_decider decider)
{
	static const char *const names[] = {
		[BP_BY_NOTHING] = NULL, [BP_BY_SENDER] = "sender", [BP_BY_SIZE] = "size",
		[BP_BY_POOL] = "pool",  [BP_BY_READER] = "reader", [BP_BY_DEVICE] = "device",
	};

	return names[decider];
}

/* Acts: what a function does to each packet, as data, for a driver that carries packets by itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ACT_H
#define BYPATH_ACT_H

#include "bypath/act_kind.h"
#include "bypath/config.h"

#include <stdint.h>

/* Says all: two acts of the same bytes do the same. docs/functions.md, vlan, has the meaning of each field. */
struct bp_act {
	uint16_t kind; /* enum bp_act_kind */
	uint16_t id, to; /* 0: priority tag; every tag; the VLAN stays */
	uint16_t tpid; /* push: 0x8100 or 0x88a8 */
	uint16_t priority; /* 0 … 7, or BP_ACT_KEEPS_PRIORITY */
	uint16_t has_ids;
	uint32_t unused;
	struct bp_vlans ids; /* has_ids: these alone are let through, before anything is done */
};

/* What a driver did by an act since it told last. */
struct bp_act_count {
	uint64_t drops[BP_ACT_DROPS], n_changed, n_untouched; /* parts of: */
	uint64_t n_pkts; /* all that came to it */
};

#endif

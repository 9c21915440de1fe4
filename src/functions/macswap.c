/* The function macswap: exchanges the two MAC addresses, as a reflector does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include "core/macswap.h"

static const struct bp_key keys[] = { { .name = NULL } };

static void as_act(const struct bp_function_conf *fn, struct bp_act *act)
{
	(void)fn;
	act->kind = BP_ACT_MACSWAP;
}

const struct bp_function bp_function_macswap = {
	.name = "macswap",
	.summary = "swaps the two MAC addresses of each frame",
	.flags = BP_FN_READS,
	.keys = keys,
	.edit = bp_macswap_burst,
	.as_act = as_act,
};

/* The function macswap: exchanges the two MAC addresses, as a reflector does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include "core/macswap.h"

static const struct bp_key keys[] = { { .name = NULL } };

const struct bp_function bp_function_macswap = {
	.name = "macswap",
	.summary = "swaps the two MAC addresses of each frame",
	.flags = BP_FN_READS,
	.keys = keys,
	.edit = bp_macswap_burst,
};

/* The words for AF_XDP's modes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/xdp_mode.h"

#include <string.h>

static const struct {
	const char *key, *name;
} modes[BP_XDP_MODE_N] = {
	[BP_XDP_MODE_ZEROCOPY] = { "zerocopy", "native-zerocopy" },
	[BP_XDP_MODE_COPY] = { "copy", "native-copy" },
	[BP_XDP_MODE_SKB] = { "skb", "skb-copy" },
};

enum bp_xdp_mode bp_xdp_mode_asked_for(const char *word, bool *is_auto)
{
	unsigned mode = BP_XDP_MODE_ZEROCOPY;

	*is_auto = !word[0] || strcmp(word, "auto") == 0;
	while (!*is_auto && mode < BP_XDP_MODE_N && strcmp(word, modes[mode].key) != 0)
		mode++;
	return (enum bp_xdp_mode)mode;
}

const char *bp_xdp_mode_key(enum bp_xdp_mode mode)
{
	return modes[mode].key;
}

const char *bp_xdp_mode_name(enum bp_xdp_mode mode)
{
	return modes[mode].name;
}

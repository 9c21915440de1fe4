/* The modes of AF_XDP: what the configuration, the reports call them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_XDP_MODE_H
#define BYPATH_CORE_XDP_MODE_H

#include <stdbool.h>

/* From the best to the one that every device has. */
enum bp_xdp_mode { BP_XDP_MODE_ZEROCOPY, BP_XDP_MODE_COPY, BP_XDP_MODE_SKB, BP_XDP_MODE_N };

/*
 * The mode that a port's `mode` asks for; "" and "auto" ask for the best one, with leave to fall back.
 * BP_XDP_MODE_N: no such word. Pure; any thread.
 */
enum bp_xdp_mode bp_xdp_mode_asked_for(const char *word, bool *is_auto);

/* The word of the configuration ("zerocopy"), the one of reports ("native-zerocopy"). Static. Pure. */
const char *bp_xdp_mode_key(enum bp_xdp_mode mode);
const char *bp_xdp_mode_name(enum bp_xdp_mode mode);

#endif

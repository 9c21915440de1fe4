/* The driver's parts: the port, the programs that make its frames. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef XDP_LIVE_H
#define XDP_LIVE_H

#include "describe.h"

#include "bypath/kernel_source.h"

#include "shared.h"

#include <stddef.h>

struct xdp_live_prog;

/*
 * Load the programs; the memory that they share with us is prog->state and prog->templates, which
 * live until unload. has_report: the kernel says what the device took. 0 or -errno, a sentence in
 * why.
 */
int xdp_live_prog_load(struct xdp_live_prog **out, bool *has_report, char *why, size_t why_bytes);
void xdp_live_prog_unload(struct xdp_live_prog *prog);
struct xdp_live_state *xdp_live_prog_state(struct xdp_live_prog *prog);
struct xdp_live_template *xdp_live_prog_templates(struct xdp_live_prog *prog);

/* A test run of n frames of n_bytes, out of the interface. Blocks. 0 or -errno; -EINTR: signal. */
int xdp_live_prog_run(struct xdp_live_prog *prog, unsigned ifindex, uint32_t n_bytes,
		      unsigned burst, int n);

#endif

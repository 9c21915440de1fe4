/* Driver `kernel`, between its files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_KERNEL_H
#define BYPATH_DRIVER_KERNEL_H

#include "describe.h"

#include "bypath/driver.h"

#include "core/netdev.h"

#include "shared.h"

#define KERNEL_WHY_BYTES 256

/* ---- prog.c: the programs ---------------------------------------------------------------------- */

struct kernel_prog;

/*
 * Load what carries and what watches. Control thread, as everything here. 0 or -errno with a sentence in why. The
 * caller's to unload.
 */
int kernel_prog_load(struct kernel_prog **out, char *why, size_t why_bytes);
void kernel_prog_unload(struct kernel_prog *prog);

/* Shared with the programs, for as long as they are loaded. */
struct kernel_state *kernel_prog_state(struct kernel_prog *prog);

/*
 * Attach to an interface, by a link that ends with the process. 0 or -errno with a sentence in why: -EBUSY where
 * another XDP program stands there.
 */
int kernel_prog_attach(struct kernel_prog *prog, int ifindex, const char *ifname,
		       enum kernel_way way, char *why, size_t why_bytes);
/* Nothing is carried after it. */
void kernel_prog_detach(struct kernel_prog *prog);
/* Once it was attached: do the kernel's tracepoints tell what became of redirected frames? */
bool kernel_prog_is_followed(const struct kernel_prog *prog);
/* 0, or -ENOLINK with what was done to the attached program: "detached by another process". */
int kernel_prog_check(const struct kernel_prog *prog, char *why, size_t why_bytes);

/* Where XDP redirects to. 0 or -errno: -EINVAL, the interface is not there. */
int kernel_prog_set_out(struct kernel_prog *prog, int ifindex);

/* What the programs ran, in ns; 0 where the kernel does not count it. */
uint64_t kernel_prog_run_ns(const struct kernel_prog *prog);

#endif

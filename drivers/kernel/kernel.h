/* Driver `kernel`, between its files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_KERNEL_H
#define BYPATH_DRIVER_KERNEL_H

#include "describe.h"

#include "bypath/act.h"
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

/* What is done to each packet, an array of struct kernel_act; what was done, of struct kernel_act_cell per CPU. Descriptors of
 * maps, the program's. */
int kernel_prog_acts(const struct kernel_prog *prog);
int kernel_prog_acted(const struct kernel_prog *prog);

/* What the attached program has run until now, in ns, for how many packets; 0 where the kernel does not count it. */
struct kernel_runs {
	uint64_t ns, n_pkts;
};
struct kernel_runs kernel_prog_runs(const struct kernel_prog *prog);

/* ---- acts.c: the functions of a chain, done by the programs --------------------------------------- */

struct kernel_acts {
	unsigned n_cpus;
	struct kernel_act_cell *cells; /* [n_cpus] */
	struct bp_act_count told[KERNEL_ACTS_MAX];
};

/* 0 or -errno. */
int kernel_acts_open(struct kernel_acts *acts);
void kernel_acts_close(struct kernel_acts *acts);
/* Tell the program what the port's chain does; its path is closed. 0 or -errno. */
int kernel_acts_set(const struct bp_port *port, struct kernel_prog *prog);
/* Tell the engine what the programs have done to packets of rxq since it was told last. */
void kernel_acts_count(struct kernel_acts *acts, const struct kernel_prog *prog,
		       struct bp_rxq *rxq);

#endif

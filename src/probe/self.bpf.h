/* Which process the probes belong to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_SELF_BPF_H
#define BYPATH_PROBE_SELF_BPF_H

#include <linux/types.h>

/* Filled before the programs are loaded: bp_probe_self(). */
struct probe_self {
	__u64 pidns_dev, pidns_ino;
	__u32 pid; /* as this PID namespace has it */
};

#endif

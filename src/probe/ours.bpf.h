/* Tells whether a thread of this process runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_OURS_BPF_H
#define BYPATH_PROBE_OURS_BPF_H

#include "kernel.bpf.h"

#include "self.bpf.h"

const volatile struct probe_self self;

/* In a softirq, too, that runs on top of it. */
static __always_inline bool is_ours(void)
{
	struct bpf_pidns_info me;

	return !bpf_get_ns_current_pid_tgid(self.pidns_dev, self.pidns_ino, &me, sizeof(me)) &&
	       me.tgid == self.pid;
}

#endif

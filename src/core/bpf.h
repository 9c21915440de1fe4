/* What every owner of a BPF program does with libbpf and with its link. For those alone that libbpf is there for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_BPF_H
#define BYPATH_CORE_BPF_H

#include "bypath/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>

/* For libbpf_set_print(): libbpf's own words are for debugging, whoever loads says what failed and what to do. */
static inline int bp_bpf_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : bp_log_library(BP_LOG_DEBUG, fmt, args);
}

/* What the kernel says of a link. 0 or -errno: *info is zeros. Control thread. */
static inline int bp_bpf_link_ask(int link_fd, struct bpf_link_info *info)
{
	__u32 len = sizeof(*info);

	*info = (struct bpf_link_info){ 0 };
	return bpf_obj_get_info_by_fd(link_fd, info, &len) ? -errno : 0;
}

/* The program that a link to an interface holds; 0: not known. Control thread. */
static inline __u32 bp_bpf_link_program(int link_fd)
{
	struct bpf_link_info info;

	return bp_bpf_link_ask(link_fd, &info) ? 0 : info.prog_id;
}

/*
 * Is a program (0: not known which) still attached by a link to an interface, of XDP or tcx? 0, also for no link (-1), or
 * -ENOLINK with what was done to it: "detached by another process". Control thread.
 */
static inline int bp_bpf_link_check(int link_fd, __u32 program, char *why, size_t why_bytes)
{
	struct bpf_link_info info;

	if (link_fd < 0 || bp_bpf_link_ask(link_fd, &info))
		return 0;
	/* The interface's index is the first word of what either kind of link tells. */
	if (!info.xdp.ifindex)
		snprintf(why, why_bytes, "detached by another process");
	else if (program && info.prog_id != program)
		snprintf(why, why_bytes, "replaced by program %u of another process", info.prog_id);
	else
		return 0;
	return -ENOLINK;
}

#endif

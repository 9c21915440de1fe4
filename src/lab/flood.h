/* The fastest source on veth: one frame again and again, as live XDP frames of BPF_PROG_TEST_RUN. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_FLOOD_H
#define BYPATH_LAB_FLOOD_H

#define BP_FLOOD_BYTES_MAX 2048u /* of a frame, without FCS */

struct bp_flood {
	const char *ifname; /* sends; in the namespace of the process */
	unsigned frame_bytes, core;
};

/*
 * What a child process runs (struct bp_child_conf, ctx: a struct bp_flood) until a signal ends it: frames of
 * EtherType 0x88b5, which neither GRO nor a stack looks into, without a pause. A source that writes a number and a
 * time into each offers less, and takes of the core that receives as well. Returns an exit code, after a line of
 * output: it could not begin (needs CAP_BPF and CAP_NET_ADMIN, Linux 5.18; at most
 * BP_FLOOD_BYTES_MAX).
 */
int bp_flood_main(void *flood);

#endif

/* What arrives at an interface that nobody of ours reads yet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_LISTEN_H
#define BYPATH_LAB_LISTEN_H

#include <stdint.h>

/* Frames of all lengths, without FCS. */
struct bp_heard {
	unsigned n;
	uint32_t min_bytes, max_bytes;
	uint64_t sum_bytes;
};

/*
 * A packet socket for frames of one EtherType (ETH_P_ALL: of any) of an interface of the calling thread's network
 * namespace, which does not block; to send as well. The descriptor, the caller's to close, or -errno.
 */
int bp_listen_open(int ifindex, uint16_t ethertype);

/*
 * Read frames of every address from an interface of the calling thread's network namespace until `n_wanted` have
 * come, at most `seconds`; the interface is promiscuous meanwhile. What it sends itself is not heard. 0 (heard
 * is what came, none is fine) or -errno (EPERM without CAP_NET_RAW).
 */
int bp_listen(const char *ifname, unsigned n_wanted, double seconds, struct bp_heard *heard);

#endif

/* Counts the packets that come to an interface while nobody takes them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_WITNESS_H
#define BYPATH_CORE_WITNESS_H

#include <stdint.h>

/*
 * A packet socket on an interface of the calling thread's network namespace, which counts nothing yet and keeps what the
 * interface hears promiscuous. The caller's to close, which blocks for a grace period of RCU, some 10 ms. Needs CAP_NET_RAW.
 * Control thread; blocks for a moment. A descriptor, or -errno.
 */
int bp_witness_open(const char *ifname);

/* From now on: each packet that arrives and that no XDP program has taken before. Not what is sent there. */
void bp_witness_begin(int fd);

/* Until now: their number into *n. Once. 0 or -errno: *n is untouched. */
int bp_witness_end(int fd, uint64_t *n);

#endif

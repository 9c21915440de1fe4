/* Netlink: one request, every message of its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETLINK_H
#define BYPATH_CORE_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdalign.h>
#include <stddef.h>

/* Room for any request of ours. */
#define BP_NETLINK_REQUEST_BYTES 256u

/*
 * A socket of the calling thread's network namespace; protocol: NETLINK_ROUTE, NETLINK_GENERIC. Its
 * answers are waited for 5 s at most. The descriptor is the caller's to close. -errno.
 */
int bp_netlink_open(int protocol);

/*
 * A request of a type, with its header of header_bytes (zeroed, returned) behind it. flags: NLM_F_DUMP; 0 for
 * one thing's; others with NLM_F_ACK. Pure.
 */
void *bp_netlink_request(char room[BP_NETLINK_REQUEST_BYTES], unsigned type, unsigned flags,
			 size_t header_bytes);

/*
 * Send the request that lies in room and hand each message of its answer to take(), which returns MNL_CB_OK,
 * or MNL_CB_ERROR with errno set. Messages of any length; what an earlier request left in the socket is
 * skipped. One thread at a time per socket; blocks for a moment. 0, -EINTR: a change interrupted the dump,
 * which is to be asked for again through a new socket; -EAGAIN: no answer; what the kernel said.
 */
int bp_netlink_ask(int fd, char room[BP_NETLINK_REQUEST_BYTES], mnl_cb_t take, void *ctx);

#endif

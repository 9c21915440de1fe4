/* Network interfaces of a test bed: veth pairs, bridges, their state and counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_LINK_H
#define BYPATH_LAB_LINK_H

#include <linux/if_link.h>
#include <stdbool.h>
#include <stdint.h>

/* One end of a veth pair. */
struct bp_link_end {
	const char *name;
	int netns; /* descriptor of the namespace that it is made in */
	uint8_t mac[6];
};

/* Functions act on the calling thread's namespace, block for a moment, return 0 or -errno. */

/* Make a veth pair, both ends down, with one queue each way. */
int bp_link_veth(const struct bp_link_end *a, const struct bp_link_end *b, uint32_t mtu);
/* A bridge, down, that has no address and makes none: nothing but what it passes on comes from it. */
int bp_link_bridge(const char *name);
/* Make `name` a port of the bridge. */
int bp_link_enslave(const char *name, const char *bridge);
/* Whether this port of a bridge forwards: some time after its carrier came. */
bool bp_link_forwards(const char *name);
/* Give it an IPv4 address. */
int bp_link_address(const char *name, const uint8_t address[4], uint8_t prefix_bits);
/* Addresses that bridges of this namespace have learned and know still; or -errno. */
int bp_link_learned(void);
int bp_link_delete(const char *name);
/* The kernel's counters of an interface. */
int bp_link_stats(const char *name, struct rtnl_link_stats64 *stats);

/* What an interface's stack side does for it, as read back. */
struct bp_link_offloads {
	bool tx_checksum, tso, gso, gro, scatter_gather;
};
/* Everything off but, if has_gro, GRO, which makes veth receive through NAPI (and joins TCP segments of
 * hosts). What cannot be set stays. */
void bp_link_offloads_off(const char *name, bool has_gro);
int bp_link_offloads(const char *name, struct bp_link_offloads *offloads);

#endif

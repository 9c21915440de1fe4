/* The interfaces of a network namespace: how they are stacked, what they carry. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETIFS_H
#define BYPATH_CORE_NETIFS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BP_NETIF_ADDRESS_BYTES 64u

struct bp_netif {
	int ifindex;
	char name[IF_NAMESIZE];
	char altnames[256]; /* each ends with a newline */
	char kind[IF_NAMESIZE]; /* as ip -d link says: "bridge", "vlan"; "" hardware */
	int master; /* ifindex of the bridge, bond, VRF it is enslaved to, or 0 */
	int lower; /* ifindex of what it lies on (vlan, macvlan; veth: its peer), or 0 */
	bool is_lower_elsewhere; /* that one is in another network namespace: lower is 0 */
	bool is_up;
	bool has_xdp; /* an XDP program is attached */
	char qdisc[IF_NAMESIZE]; /* "noqueue", "fq_codel"; "" not told */
	bool has_stats; /* bp_netif_look() alone: packets that it or its driver dropped are told: */
	uint64_t rx_dropped, tx_dropped;
	bool has_default_v4, has_default_v6; /* a default route of any table goes through it */
	bool has_link_local; /* an IPv6 link-local address */
	unsigned n_addresses; /* IPv6 link-local ones, which every interface has, not counted */
	char address[BP_NETIF_ADDRESS_BYTES]; /* one of them, with its prefix length */
};

struct bp_netifs {
	struct bp_netif *v;
	size_t n;
};

/*
 * Ask rtnetlink for every interface of the caller's network namespace, with its addresses and
 * default routes. Needs no privilege. Any thread; blocks for a moment. 0: netifs->v is the caller's,
 * for bp_netifs_free(); -ENOMEM, -EIO, -errno of the socket: *netifs untouched.
 */
int bp_netifs_read(struct bp_netifs *netifs);

/* bp_netifs_read() without the addresses and the default routes, of which a router has many. */
int bp_netifs_read_links(struct bp_netifs *netifs);

/*
 * Ask for one interface, without its addresses and default routes: that of an index; with ifindex 0, that of
 * a name. fd: as in core/netdev.h; one thread at a time. Blocks for as long as somebody changes interfaces. 0, -ENODEV:
 * there is none, -errno: *netif untouched.
 */
int bp_netif_look(int fd, int ifindex, const char *ifname, struct bp_netif *netif);

/*
 * What an interface has counted since it was made. As bp_netif_look(); what an older kernel does not count is 0.
 */
struct rtnl_link_stats64;
int bp_netif_stats(int fd, int ifindex, struct rtnl_link_stats64 *stats);

/*
 * What the queueing discipline at an interface's root has dropped since it was put there, whoever sent it. As
 * bp_netif_look(); an interface without one has dropped nothing.
 */
int bp_netif_qdisc_drops(int fd, int ifindex, uint64_t *n_drops);

/* Free what bp_netifs_read() made. */
void bp_netifs_free(struct bp_netifs *netifs);

/* The interface of that name or alternative name, or of that index; NULL: none. Pure. */
const struct bp_netif *bp_netifs_find(const struct bp_netifs *netifs, const char *name);
const struct bp_netif *bp_netifs_at(const struct bp_netifs *netifs, int ifindex);

/* Is it one of its alternative names? Pure. */
bool bp_netif_has_altname(const struct bp_netif *link, const char *name);

/* Does upper lie directly on lower: as its master, or as a VLAN, a macvlan on it? Pure. */
bool bp_netif_is_on(const struct bp_netif *upper, const struct bp_netif *lower);

#endif

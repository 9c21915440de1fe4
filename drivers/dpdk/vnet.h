/* Offloads of virtio ports: what a packet says, what the peer takes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DPDK_VNET_H
#define BYPATH_DRIVER_DPDK_VNET_H

#include "dpdk.h"

/*
 * Flags of a received mbuf that speak of a partial checksum or a super-frame. BAD is one of the two
 * bits of CKSUM_NONE, which virtio PMDs use for 'partial'; they never set it alone. The TX flags are
 * what net_vhost sets on received mbufs with legacy-ol-flags=1.
 */
#define DPDK_VNET_MARKS                                                           \
	(RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_BAD | RTE_MBUF_F_TX_TCP_SEG | \
	 RTE_MBUF_F_TX_UDP_SEG | RTE_MBUF_F_TX_L4_MASK)

/* --- vnet.c: a packet's metadata ---------------------------------------------------------------- */

/*
 * What a received mbuf's flags say (it has some of DPDK_VNET_MARKS), as metadata; all zero: nothing
 * that would be different from a complete frame. Takes those flags off the mbuf. A super-frame's
 * checksum field gets the sum that the metadata promises: some peers leave the length out of it.
 * Any thread that owns the mbuf.
 */
struct bp_vnet_hdr dpdk_vnet_read(struct rte_mbuf *m);

/*
 * dpdk_vnet_read() and the packet's views, in pkts[m->nb_segs], the metadata before the first.
 */
void dpdk_vnet_expand(struct bp_pkt *pkts, const struct dpdk_rxq *rq, struct rte_mbuf *m);

/* Can the PMD be told what the metadata of this packet's first view says? */
bool dpdk_vnet_can_write(const struct bp_pkt *first);

/*
 * Say it to the PMD of tq, in the flags of m, a chain linked from the packet's views (or a copy of
 * them). Returns the chain to send, which may begin with one mbuf more, of tq->mbufs; NULL: there is
 * none, and m is as it was. The queue's worker only.
 */
struct rte_mbuf *dpdk_vnet_write(const struct dpdk_txq *tq, struct rte_mbuf *m,
				 const struct bp_pkt *first);

static inline bool dpdk_vnet_is_super(const struct bp_pkt *first)
{
	return (first->flags & BP_PKT_VNET) && bp_pkt_vnet(first)->gso_type != BP_VNET_GSO_NONE;
}

/* --- peer.c: what the peer takes ---------------------------------------------------------------- */

/* Is this a port whose offloads are negotiated with a peer? (offload = auto) */
bool dpdk_vnet_is_on(const struct dpdk_port *dp);
/* Ask for them in the port's configuration. Renews dp->dev_info. */
void dpdk_vnet_configure(struct dpdk_port *dp, struct rte_eth_conf *conf);
/* Find out what the peer takes now, for info.caps. In start(), with the device started. */
void dpdk_vnet_describe(struct dpdk_port *dp);
/* Is that still so? link: as the PMD sees it. BP_LINK_CHANGED, or link. In check(). */
enum bp_link dpdk_vnet_check(struct dpdk_port *dp, enum bp_link link);
/* A peer that leaves takes its promises with it: hear of it from the PMD, until forgotten. */
void dpdk_vnet_listen(struct dpdk_port *dp);
void dpdk_vnet_forget(struct dpdk_port *dp);

#endif

/* Translates between an mbuf's offload flags and a view's metadata. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of DPDK 22.11. virtio PMDs mark a received partial checksum as RX_L4_CKSUM_NONE and a super-frame
 * as RX_LRO with tso_segsz; the headers' lengths they know but do not tell. What they send is marked
 * as for any NIC. Neither of them needs rte_eth_tx_prepare(): it turns 'sum of the pseudo-header' as
 * virtio has it (which is what views carry) into what NICs want, and back again.
 */
#include "vnet.h"

#include "burst.h"

#include <rte_net.h>

#include <string.h>

#define TCP_CSUM  16u
#define UDP_CSUM  6u
#define TCP_FLAGS 13u
#define UDP_BYTES 8u
#define TCP_CWR   0x80u
#define L2_MAX    127u /* of the mbuf's bit fields */
#define L3_MAX    511u
#define L4_MAX    255u
#define LAYERS    (RTE_PTYPE_L2_MASK | RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK)

/* Headers of a TCP or UDP packet, or of one that is neither (csum_offset 0). */
struct headers {
	uint32_t l2, l3, l4; /* bytes */
	uint16_t csum_offset;
	bool is_v6;
	bool is_bare; /* no extension headers */
};

static struct headers parse(const struct rte_mbuf *m)
{
	struct rte_net_hdr_lens lens = { 0 };
	uint32_t type = rte_net_get_ptype(m, &lens, LAYERS);
	struct headers h = { .l2 = lens.l2_len, .l3 = lens.l3_len, .l4 = lens.l4_len };

	h.is_v6 = RTE_ETH_IS_IPV6_HDR(type);
	h.is_bare = (type & RTE_PTYPE_L3_MASK) != RTE_PTYPE_L3_IPV6_EXT;
	if ((type & RTE_PTYPE_L4_MASK) == RTE_PTYPE_L4_TCP)
		h.csum_offset = TCP_CSUM;
	else if ((type & RTE_PTYPE_L4_MASK) == RTE_PTYPE_L4_UDP)
		h.csum_offset = UDP_CSUM;
	/* The peer wrote the lengths: 0 is possible, and what lies behind may be in the next mbuf. */
	if (h.l3 < (h.is_v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr)) ||
	    h.l4 < (h.csum_offset == TCP_CSUM ? sizeof(struct rte_tcp_hdr) : UDP_BYTES) ||
	    h.l2 + h.l3 + h.l4 > m->data_len)
		h.csum_offset = 0;
	return h;
}

/* The sum of the pseudo-header, length included, into the checksum's field. */
static void write_pseudo_sum(struct rte_mbuf *m, const struct headers *h)
{
	uint32_t l4_bytes = m->pkt_len - h->l2 - h->l3;
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, h->l2);
	uint16_t words[20] = { 0 };
	uint16_t sum;

	memcpy(words, ip + (h->is_v6 ? 8 : 12), h->is_v6 ? 32 : 8); /* header */
	words[16] = rte_cpu_to_be_16((uint16_t)(l4_bytes >> 16));
	words[17] = rte_cpu_to_be_16((uint16_t)l4_bytes);
	words[19] = rte_cpu_to_be_16(h->csum_offset == TCP_CSUM ? IPPROTO_TCP : IPPROTO_UDP);
	sum = rte_raw_cksum(words, sizeof(words));
	memcpy(ip + h->l3 + h->csum_offset, &sum, sizeof(sum)); /* header */
}

/* --- received ----------------------------------------------------------------------------------- */

struct bp_vnet_hdr dpdk_vnet_read(struct rte_mbuf *m)
{
	const uint64_t super = RTE_MBUF_F_RX_LRO | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG;
	bool is_super = (m->ol_flags & super) && m->tso_segsz;
	struct headers h = parse(m);
	struct bp_vnet_hdr meta = { 0 };

	m->ol_flags &= ~DPDK_VNET_MARKS;
	if (!h.csum_offset)
		return meta;
	meta.flags = BP_VNET_F_NEEDS_CSUM;
	meta.csum_start = (uint16_t)(h.l2 + h.l3);
	meta.csum_offset = h.csum_offset;
	if (!is_super)
		return meta;
	meta.hdr_len = (uint16_t)(h.l2 + h.l3 + h.l4);
	meta.gso_size = m->tso_segsz;
	write_pseudo_sum(m, &h);
	if (h.csum_offset == UDP_CSUM) {
		meta.gso_type = BP_VNET_GSO_UDP;
		return meta;
	}
	meta.gso_type = h.is_v6 ? BP_VNET_GSO_TCPV6 : BP_VNET_GSO_TCPV4;
	if (*rte_pktmbuf_mtod_offset(m, uint8_t *, meta.csum_start + TCP_FLAGS) & TCP_CWR)
		meta.gso_type |= BP_VNET_GSO_ECN;
	return meta;
}

void dpdk_vnet_expand(struct bp_pkt *pkts, const struct dpdk_rxq *rq, struct rte_mbuf *m)
{
	struct bp_vnet_hdr meta = dpdk_vnet_read(m);

	dpdk_expand(pkts, rq, m);
	if (!meta.flags || pkts[0].headroom < BP_VNET_BYTES)
		return;
	pkts[0].flags |= BP_PKT_VNET;
	pkts[0].headroom = (uint16_t)(pkts[0].headroom - BP_VNET_BYTES);
	memcpy(pkts[0].data - BP_VNET_BYTES, &meta, sizeof(meta)); /* header */
}

/* --- sent --------------------------------------------------------------------------------------- */

static struct bp_vnet_hdr metadata(const struct bp_pkt *first)
{
	struct bp_vnet_hdr meta;

	/* Frames may lie at odd addresses. */
	memcpy(&meta, first->data - BP_VNET_BYTES, sizeof(meta)); /* header */
	return meta;
}

bool dpdk_vnet_can_write(const struct bp_pkt *first)
{
	struct bp_vnet_hdr meta = metadata(first);
	uint8_t type = meta.gso_type & (uint8_t)~BP_VNET_GSO_ECN;

	if (type != BP_VNET_GSO_NONE &&
	    ((type != BP_VNET_GSO_TCPV4 && type != BP_VNET_GSO_TCPV6) || !meta.gso_size))
		return false;
	if (!(meta.flags & BP_VNET_F_NEEDS_CSUM))
		return true;
	return (meta.csum_offset == TCP_CSUM ||
		(meta.csum_offset == UDP_CSUM && type == BP_VNET_GSO_NONE)) &&
	       meta.csum_start >= RTE_ETHER_HDR_LEN && meta.csum_start <= L2_MAX + L3_MAX &&
	       meta.csum_start + meta.csum_offset + 2u <= first->len;
}

/*
 * net_vhost writes the pseudo-header's sum itself as it copies the frame, by rules for NICs: without
 * the length in super-frames, and with the wrong protocol behind extension headers. Linux, told so,
 * makes wrong checksums of it where it segments. It leaves the field alone when the mbuf's header
 * lengths go beyond the first segment: so the headers get a segment of their own, and the length
 * said is one more (virtio's hdr_len may be).
 */
static struct rte_mbuf *split_headers(const struct dpdk_txq *tq, struct rte_mbuf *m,
				      uint32_t n_bytes)
{
	struct rte_mbuf *head;

	if (rte_pktmbuf_alloc_bulk(tq->mbufs->mp, &head, 1))
		return NULL;
	memcpy(rte_pktmbuf_mtod(head, void *), rte_pktmbuf_mtod(m, void *), n_bytes); /* header */
	head->data_len = (uint16_t)n_bytes;
	head->pkt_len = m->pkt_len;
	head->nb_segs = (uint16_t)(m->nb_segs + 1);
	head->next = m;
	m->data_off = (uint16_t)(m->data_off + n_bytes);
	m->data_len = (uint16_t)(m->data_len - n_bytes);
	return head;
}

/* Set the lengths so that layer 4 begins at csum_start and the headers end at hdr_len. l2: bytes of
 * layer 2, for a PMD that looks at the IP header; 0: any that fit. */
static void set_lengths(struct rte_mbuf *m, uint32_t l2, uint32_t csum_start, uint32_t hdr_len)
{
	if (!l2)
		l2 = csum_start > RTE_ETHER_HDR_LEN + L3_MAX ? csum_start - L3_MAX
							     : RTE_ETHER_HDR_LEN;
	m->l2_len = l2 & L2_MAX;
	m->l3_len = (csum_start - l2) & L3_MAX;
	m->l4_len = (hdr_len - csum_start) & L4_MAX;
}

static void set_flags(struct rte_mbuf *m, const struct bp_vnet_hdr *meta, bool is_v6)
{
	m->ol_flags |= is_v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
	m->ol_flags |=
		meta->csum_offset == TCP_CSUM ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
	if (meta->gso_type == BP_VNET_GSO_NONE)
		return;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	m->tso_segsz = meta->gso_size;
}

/* A super-frame's checksum is complete, but whoever cuts it starts from the partial one: write that.
 * False: it is not TCP, or the mbuf has no room for its headers' lengths. */
static bool make_partial(struct rte_mbuf *m, const struct headers *h, struct bp_vnet_hdr *meta)
{
	if (h->csum_offset != TCP_CSUM || h->l2 + h->l3 > L2_MAX + L3_MAX)
		return false;
	write_pseudo_sum(m, h);
	meta->csum_start = (uint16_t)(h->l2 + h->l3);
	meta->csum_offset = TCP_CSUM;
	return true;
}

/* Bytes up to the end of layer 4's header, as the mbuf can say them; at least those of the checksum. */
static uint32_t header_bytes(const struct bp_vnet_hdr *meta, const struct bp_pkt *first)
{
	uint32_t n = meta->csum_start + meta->csum_offset + 2u;

	if (meta->gso_type == BP_VNET_GSO_NONE || meta->hdr_len <= n || meta->hdr_len > first->len)
		return n;
	return RTE_MIN((uint32_t)meta->hdr_len, meta->csum_start + L4_MAX - 1);
}

struct rte_mbuf *dpdk_vnet_write(const struct dpdk_txq *tq, struct rte_mbuf *m,
				 const struct bp_pkt *first)
{
	struct bp_vnet_hdr meta = metadata(first);
	bool is_vhost = tq->dp->kind == DPDK_VHOST;
	bool is_super = meta.gso_type != BP_VNET_GSO_NONE;
	bool is_partial = meta.flags & BP_VNET_F_NEEDS_CSUM;
	struct headers h = { 0 };
	uint32_t hdr_len;
	bool may_rewrite; /* may net_vhost rewrite the checksum's field? */

	if (!is_super && !is_partial)
		return m;
	if (is_vhost || !is_partial)
		h = parse(m);
	if (!is_partial && !make_partial(m, &h, &meta))
		return m;
	may_rewrite = !is_super && h.is_bare && h.csum_offset == meta.csum_offset &&
		      h.l2 + h.l3 == meta.csum_start;
	hdr_len = header_bytes(&meta, first);
	if (is_vhost && !may_rewrite) {
		m = split_headers(tq, m, hdr_len++);
		if (!m)
			return NULL;
	}
	set_lengths(m, may_rewrite ? h.l2 : 0, meta.csum_start, hdr_len);
	set_flags(m, &meta,
		  is_super ? (meta.gso_type & ~BP_VNET_GSO_ECN) == BP_VNET_GSO_TCPV6 : h.is_v6);
	return m;
}

/* Resolves or infers what packets leave to a device, hands super-frames to segmentation. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/offload.h"

#include "core/capture.h"
#include "engine/partial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TCP_FLAGS 13u
#define TCP_CWR   0x80u
#define PREFETCH  4u /* packets ahead; the first lines are cold when inferring */

enum verdict {
	PASS, /* the packet goes out as it is now */
	SPLIT, /* the segmenter has taken it */
	DROP_BAD_META,
	DROP_GSO_UNSUPPORTED,
};

/* Longest IP packet of a port's link; 0 unknown. */
static uint32_t bound_l3(const struct bp_port_info *info)
{
	uint32_t frame =
		info->max_frame_bytes > BP_ETH_BYTES ? info->max_frame_bytes - BP_ETH_BYTES : 0;

	if (!info->mtu || !frame)
		return info->mtu + frame;
	return info->mtu < frame ? info->mtu : frame;
}

/* Kinds of super-frames that may come and that a port which takes metadata does not send. */
static uint32_t choose_cuts(const struct bp_port_info *rx, const struct bp_port_info *tx,
			    bool has_meta)
{
	uint32_t flags = 0;

	if ((tx->caps & BP_CAP_NO_TCP_GSO_TX) && (has_meta || rx->caps & BP_CAP_GSO_INFER))
		flags |= BP_OFFLOAD_CUT_TCP;
	if ((tx->caps & BP_CAP_NO_UDP_GSO) && has_meta && !(rx->caps & BP_CAP_NO_UDP_GSO))
		flags |= BP_OFFLOAD_CUT_UDP;
	return flags;
}

static uint32_t choose_flags(const struct bp_port_conf *rx_conf, const struct bp_port_info *rx,
			     const struct bp_port_info *tx, uint32_t l3_bytes)
{
	bool has_meta = !(rx->caps & BP_CAP_PLAIN_RX), takes_meta = tx->caps & BP_CAP_VNET_TX;
	uint32_t flags = has_meta && !takes_meta ? BP_OFFLOAD_RESOLVE : 0;

	if (takes_meta)
		flags |= choose_cuts(rx, tx, has_meta);
	if (takes_meta && (rx->caps & BP_CAP_ENCAP_RX))
		flags |= BP_OFFLOAD_GUARD;
	if (rx_conf->checksum == BP_NO || !(rx->caps & BP_CAP_CSUM_INFER))
		return flags;
	if ((rx->caps & BP_CAP_GSO_INFER) && l3_bytes)
		flags |= BP_OFFLOAD_INFER_GSO;
	return flags | BP_OFFLOAD_INFER_CSUM | (takes_meta ? BP_OFFLOAD_ANNOTATE : 0);
}

int bp_offload_create(struct bp_pool *pool, struct bp_counters *counters, unsigned worker_id,
		      const struct bp_port_conf *rx_conf, const struct bp_port_info *rx,
		      const struct bp_port_info *tx, struct bp_offload **out)
{
	uint32_t rx_l3 = bound_l3(rx), tx_l3 = bound_l3(tx);
	uint32_t l3_bytes = tx_l3 && (!rx_l3 || tx_l3 < rx_l3) ? tx_l3 : rx_l3;
	uint32_t flags = choose_flags(rx_conf, rx, tx, l3_bytes);
	struct bp_offload *o = NULL;

	if (flags) {
		o = calloc(1, sizeof(*o));
		if (!o)
			return -ENOMEM;
		o->flags = flags;
		o->tx_frame_bytes = tx->max_frame_bytes;
		o->l3_bytes = l3_bytes;
		bp_segmenter_init(&o->segmenter, pool, counters, worker_id,
				  tx->caps & BP_CAP_MULTI_TX ? BP_SEGMENT_VIEWS_MAX : 1);
	}
	*out = o;
	return 0;
}

void bp_offload_destroy(struct bp_offload *o)
{
	free(o);
}

void bp_offload_set_queue(struct bp_offload *o, struct bp_txq *txq)
{
	if (o)
		o->txq = o->segmenter.txq = txq;
}

bool bp_offload_is_guard(const struct bp_offload *o)
{
	return o->flags == BP_OFFLOAD_GUARD;
}

/*
 * The metadata's checksum order, exact: csum_start and csum_offset are all it takes. But SCTP has another
 * checksum, which metadata cannot tell from the Internet's.
 */
static enum verdict resolve_csum(struct bp_offload *o, struct bp_pkt *views, unsigned n_views,
				 const struct bp_vnet_hdr *meta, uint32_t frame_bytes)
{
	uint32_t start = meta->csum_start, field_off = start + meta->csum_offset;
	uint32_t end = frame_bytes;
	const struct bp_frame_layer *l;
	struct bp_frame frame;

	if (start >= frame_bytes || field_off + 2 > views[0].len)
		return DROP_BAD_META;
	/* The padding of a short frame is left out: it is not part of the packet. */
	if (start && bp_frame_parse(views[0].data, views[0].len, frame_bytes, start, &frame)) {
		l = bp_frame_inner(&frame);
		if (l->proto == BP_PROTO_SCTP && meta->csum_offset == BP_SCTP_CSUM) {
			bp_partial_complete_layer(views, n_views, l, o->segmenter.counters);
			return PASS;
		}
		end = l->l4_off + l->l4_bytes;
	}
	bp_partial_complete(views, n_views, start, end - start, field_off, o->segmenter.counters);
	return PASS;
}

/* Does the metadata name the protocol that the frame has? */
static bool is_of_type(const struct bp_frame_layer *l, uint8_t gso_type)
{
	if (gso_type == BP_VNET_GSO_UDP_L4)
		return l->proto == BP_PROTO_UDP;
	return l->proto == BP_PROTO_TCP && l->is_v6 == (gso_type == BP_VNET_GSO_TCPV6);
}

/*
 * The metadata's segmentation order. Its hdr_len is a hint that kernels set differently: headers
 * are found by parsing, in a tunnel by where the inner checksum starts. PASS: one segment holds it all.
 */
static enum verdict resolve_gso(struct bp_offload *o, struct bp_pkt *views, unsigned n_views,
				const struct bp_vnet_hdr *meta, uint32_t frame_bytes)
{
	uint8_t type = meta->gso_type & (uint8_t)~BP_VNET_GSO_ECN;
	uint32_t start = meta->flags & BP_VNET_F_NEEDS_CSUM ? meta->csum_start : 0;
	struct bp_frame frame;

	if (!meta->gso_size)
		return DROP_BAD_META;
	if (!bp_frame_parse(views[0].data, views[0].len, frame_bytes, start, &frame))
		return DROP_GSO_UNSUPPORTED;
	if (type != BP_VNET_GSO_UDP_L4 && type != BP_VNET_GSO_TCPV4 && type != BP_VNET_GSO_TCPV6)
		return DROP_GSO_UNSUPPORTED;
	if (!is_of_type(bp_frame_inner(&frame), type))
		return DROP_BAD_META;
	switch (bp_segment_begin(&o->segmenter, views, n_views, &frame, meta->gso_size,
				 o->tx_frame_bytes)) {
	case BP_SEGMENT_BEGUN:
		return SPLIT;
	case BP_SEGMENT_REFUSED:
		return DROP_GSO_UNSUPPORTED;
	default:
		return PASS;
	}
}

static enum verdict resolve(struct bp_offload *o, struct bp_pkt *views, unsigned n_views)
{
	uint32_t frame_bytes = (uint32_t)bp_pkt_bytes(views, n_views);
	enum verdict verdict = PASS;
	struct bp_vnet_hdr meta;

	/* Frames may lie at odd addresses. */
	memcpy(&meta, views[0].data - BP_VNET_BYTES, sizeof(meta)); /* header */
	if (meta.gso_type != BP_VNET_GSO_NONE)
		verdict = resolve_gso(o, views, n_views, &meta, frame_bytes);
	if (verdict == PASS && (meta.flags & BP_VNET_F_NEEDS_CSUM))
		verdict = resolve_csum(o, views, n_views, &meta, frame_bytes);
	if (verdict == PASS) {
		views[0].flags &= (uint8_t)~BP_PKT_VNET;
		views[0].headroom = (uint16_t)(views[0].headroom + BP_VNET_BYTES);
	}
	return verdict;
}

/* Write metadata before the data: a checksum to complete, mss 0 or the size to segment by. */
static void annotate(struct bp_pkt *view, const struct bp_frame_layer *l, uint32_t mss)
{
	struct bp_vnet_hdr meta = {
		.flags = BP_VNET_F_NEEDS_CSUM,
		.csum_start = (uint16_t)l->l4_off,
		.csum_offset = (uint16_t)(l->csum_off - l->l4_off),
	};

	if (mss) {
		meta.gso_type = l->is_v6 ? BP_VNET_GSO_TCPV6 : BP_VNET_GSO_TCPV4;
		if (view->data[l->l4_off + TCP_FLAGS] & TCP_CWR)
			meta.gso_type |= BP_VNET_GSO_ECN;
		meta.hdr_len = (uint16_t)l->payload_off;
		meta.gso_size = (uint16_t)mss;
	}
	view->headroom = (uint16_t)(view->headroom - BP_VNET_BYTES);
	view->flags |= BP_PKT_VNET;
	memcpy(view->data - BP_VNET_BYTES, &meta, sizeof(meta)); /* header */
}

/* The size to segment by, when what the link carries is TCP and longer than its MTU; or 0. */
static uint32_t infer_mss(const struct bp_offload *o, const struct bp_frame *frame)
{
	const struct bp_frame_layer *inner = bp_frame_inner(frame);
	uint32_t header_bytes = inner->payload_off - frame->link_bytes;
	uint32_t l3_bytes = inner->l4_off + inner->l4_bytes - frame->link_bytes;

	if (!(o->flags & BP_OFFLOAD_INFER_GSO) || inner->proto != BP_PROTO_TCP ||
	    l3_bytes <= o->l3_bytes || o->l3_bytes <= header_bytes)
		return 0;
	return o->l3_bytes - header_bytes;
}

/* Can metadata tell TX what the packet needs, so that nothing else is left to do here? */
static bool can_annotate(const struct bp_offload *o, const struct bp_pkt *view,
			 const struct bp_frame *frame, const struct bp_frame_layer *l, uint32_t mss)
{
	if (!(o->flags & BP_OFFLOAD_ANNOTATE) || view->headroom < BP_VNET_BYTES ||
	    l->proto == BP_PROTO_SCTP)
		return false;
	return !mss || (!bp_frame_is_tunnel(frame) && !(o->flags & BP_OFFLOAD_CUT_TCP));
}

/* A host leaves over the checksum of the inner packet, or that of a tunnel's UDP, or both. */
static enum verdict infer(struct bp_offload *o, struct bp_pkt *views, unsigned n_views)
{
	uint32_t frame_bytes = (uint32_t)bp_pkt_bytes(views, n_views), mss;
	const struct bp_frame_layer *partial[BP_FRAME_LAYERS_MAX];
	unsigned n_partial = 0;
	struct bp_frame frame;

	if (bp_partial_is_ruled_out(views[0].data, views[0].len) ||
	    !bp_frame_parse(views[0].data, views[0].len, frame_bytes, 0, &frame))
		return PASS;
	for (unsigned i = frame.n_layers; i-- > 0;)
		if (bp_partial_is(views[0].data, &frame.layers[i]))
			partial[n_partial++] = &frame.layers[i];
	if (!n_partial)
		return PASS;
	mss = partial[0] == bp_frame_inner(&frame) ? infer_mss(o, &frame) : 0;
	if (n_partial == 1 && can_annotate(o, &views[0], &frame, partial[0], mss)) {
		annotate(&views[0], partial[0], mss);
		return PASS;
	}
	if (mss && bp_segment_begin(&o->segmenter, views, n_views, &frame, mss,
				    o->tx_frame_bytes) == BP_SEGMENT_BEGUN)
		return SPLIT;
	/* The innermost checksum first: those outside cover its bytes. */
	for (unsigned i = 0; i < n_partial; i++)
		bp_partial_complete_layer(views, n_views, partial[i], o->segmenter.counters);
	return PASS;
}

/* TX takes metadata, but no metadata describes a super-frame in a tunnel or SCTP's checksum. */
static bool is_beyond_metadata(const struct bp_vnet_hdr *meta, struct bp_pkt *views,
			       unsigned n_views)
{
	uint32_t start = meta->flags & BP_VNET_F_NEEDS_CSUM ? meta->csum_start : 0;
	struct bp_frame frame;

	if (meta->gso_type == BP_VNET_GSO_NONE)
		return start && meta->csum_offset == BP_SCTP_CSUM;
	return bp_frame_parse(views[0].data, views[0].len, (uint32_t)bp_pkt_bytes(views, n_views),
			      start, &frame) &&
	       bp_frame_is_tunnel(&frame);
}

/* Does TX not take this packet's metadata? */
static bool must_resolve(const struct bp_offload *o, struct bp_pkt *views, unsigned n_views)
{
	struct bp_vnet_hdr meta;

	if (o->flags & BP_OFFLOAD_RESOLVE)
		return true;
	memcpy(&meta, views[0].data - BP_VNET_BYTES, sizeof(meta)); /* header */
	if ((o->flags & BP_OFFLOAD_GUARD) && is_beyond_metadata(&meta, views, n_views))
		return true;
	switch (meta.gso_type & ~BP_VNET_GSO_ECN) {
	case BP_VNET_GSO_NONE:
		return false;
	case BP_VNET_GSO_TCPV4:
	case BP_VNET_GSO_TCPV6:
		return o->flags & BP_OFFLOAD_CUT_TCP;
	default:
		return o->flags & BP_OFFLOAD_CUT_UDP;
	}
}

static enum verdict look_at(struct bp_offload *o, struct bp_pkt *views, unsigned n_views)
{
	if (views[0].flags & BP_PKT_VNET)
		return must_resolve(o, views, n_views) ? resolve(o, views, n_views) : PASS;
	if (o->flags & BP_OFFLOAD_INFER_CSUM)
		return infer(o, views, n_views);
	return PASS;
}

static void drop(struct bp_offload *o, const struct bp_pkt *views, unsigned n_views,
		 enum verdict verdict)
{
	enum bp_cnt reason =
		verdict == DROP_BAD_META ? BP_DROP_RX_BAD_META : BP_DROP_GSO_UNSUPPORTED;

	bp_count(o->segmenter.counters, reason, 1);
	if (o->txq)
		bp_capture_dropped(o->txq, views, n_views, reason);
	bp_pool_put(o->segmenter.worker_id, views, n_views);
}

/*
 * Put packets that pass into to[room], up to the first that is a super-frame or does not fit. `to`
 * may be where the packets already are. Returns the number of views.
 */
static unsigned pass_run(struct bp_offload *o, struct bp_pkt *to, unsigned room)
{
	unsigned n = 0;

	while (o->next < o->n_in) {
		struct bp_pkt *views = &o->in[o->next];
		unsigned n_views = bp_pkt_n_views(views, o->n_in - o->next);
		enum verdict verdict;

		if (n_views > room - n)
			break;
		if (o->next + PREFETCH < o->n_in)
			__builtin_prefetch(views[PREFETCH].data);
		o->next += n_views;
		verdict = look_at(o, views, n_views);
		if (verdict == SPLIT)
			break;
		if (verdict != PASS) {
			drop(o, views, n_views, verdict);
			continue;
		}
		if (&to[n] != views)
			for (unsigned i = 0; i < n_views; i++)
				to[n + i] = views[i];
		n += n_views;
	}
	return n;
}

void bp_offload_begin(struct bp_offload *o, struct bp_pkt *pkts, unsigned n)
{
	unsigned flags = 0;

	for (unsigned i = 0; i < n; i++)
		flags |= pkts[i].flags;
	o->in = pkts;
	o->n_in = n;
	o->next = 0;
	o->is_plain = !(o->flags & BP_OFFLOAD_INFER_CSUM) && !(flags & BP_PKT_VNET);
}

unsigned bp_offload_next(struct bp_offload *o, struct bp_pkt **out)
{
	unsigned n = 0;

	if (!bp_segment_is_busy(&o->segmenter)) {
		*out = &o->in[o->next];
		if (o->is_plain) {
			n = o->n_in - o->next;
			o->next = o->n_in;
			return n;
		}
		n = pass_run(o, *out, o->n_in - o->next);
		if (n)
			return n;
	}
	*out = o->out;
	while (bp_segment_is_busy(&o->segmenter) && n < BP_BURST_MAX) {
		unsigned made = bp_segment_make(&o->segmenter, &o->out[n], BP_BURST_MAX - n, n > 0);

		n += made;
		if (bp_segment_is_busy(&o->segmenter)) {
			if (!made)
				break; /* the caller sends what there is, which may free frames */
			continue;
		}
		n += pass_run(o, &o->out[n], BP_BURST_MAX - n);
	}
	return n;
}

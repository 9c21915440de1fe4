/* Cuts super-frames: headers of all layers repeated and corrected, payload copied, checksums computed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/segment.h"

#include "bypath/ledger.h"
#include "core/capture.h"
#include "engine/checksum.h"

#include <arpa/inet.h>

/* TCP header: byte 13. */
#define TCP_FLAGS 13u
#define TCP_FIN   0x01u
#define TCP_PSH   0x08u
#define TCP_CWR   0x80u

#define TCP_SEQ    4u
#define UDP_LENGTH 4u
#define V4_LENGTH  2u
#define V4_ID      4u
#define V4_CSUM    10u
#define V6_LENGTH  4u
#define V6_BYTES   40u

static void store_be16(uint8_t *p, uint32_t v)
{
	bp_csum_store(p, htons((uint16_t)v));
}

void bp_segmenter_init(struct bp_segmenter *s, struct bp_pool *pool, struct bp_counters *counters,
		       unsigned worker_id, unsigned max_views)
{
	*s = (struct bp_segmenter){
		.pool = pool,
		.counters = counters,
		.worker_id = worker_id,
		.max_views = max_views,
		.room = pool->room,
	};
}

/* Payload bytes per segment that the frames and the TX port can carry; 0: none. */
static uint32_t bound_payload(const struct bp_segmenter *s, uint32_t header_bytes,
			      uint32_t tx_frame_bytes)
{
	uint32_t bound = s->room * s->max_views;

	if (header_bytes >= s->room)
		return 0;
	if (tx_frame_bytes && tx_frame_bytes < bound)
		bound = tx_frame_bytes;
	return bound > header_bytes ? bound - header_bytes : 0;
}

static bool can_cut(const struct bp_frame *frame)
{
	for (unsigned i = 0; i < frame->n_layers; i++)
		if (frame->layers[i].is_numbered)
			return false;
	return bp_frame_inner(frame)->proto != BP_PROTO_SCTP;
}

enum bp_segment_verdict bp_segment_begin(struct bp_segmenter *s, const struct bp_pkt *views,
					 unsigned n_views, const struct bp_frame *frame,
					 uint32_t mss, uint32_t tx_frame_bytes)
{
	const struct bp_frame_layer *inner = bp_frame_inner(frame);
	uint32_t payload = inner->l4_bytes - (inner->payload_off - inner->l4_off);
	uint32_t bound = bound_payload(s, inner->payload_off, tx_frame_bytes);

	if (mss > bound) {
		if (inner->proto != BP_PROTO_TCP)
			return BP_SEGMENT_REFUSED;
		mss = bound;
	}
	/* In a tunnel one segment needs its outer headers made right as well. */
	if (!payload || (payload <= mss && !bp_frame_is_tunnel(frame)))
		return BP_SEGMENT_WHOLE;
	if (payload > (uint64_t)mss * BP_SEGMENTS_MAX || !can_cut(frame))
		return BP_SEGMENT_REFUSED;
	s->views = views;
	s->n_views = n_views;
	s->frame = *frame;
	s->mss = mss;
	s->payload_left = payload;
	s->n_done = 0;
	s->n_segments = 0;
	s->view_id = 0;
	s->view_off = inner->payload_off;
	bp_count(s->counters, BP_CNT_GSO_PKTS, 1);
	return BP_SEGMENT_BEGUN;
}

/* The next n_bytes of payload, from however many views, behind the headers in seg[0]. */
static void copy_payload(struct bp_segmenter *s, struct bp_pkt *seg, uint32_t n_bytes)
{
	struct bp_pkt *to = seg;
	bool is_first_copy = true;

	while (n_bytes) {
		const struct bp_pkt *from = &s->views[s->view_id];
		uint32_t chunk = from->len - s->view_off;

		if (!chunk) {
			s->view_id++;
			s->view_off = 0;
			continue;
		}
		if (to->len == s->room) {
			to->flags |= BP_PKT_MORE;
			to++;
		}
		if (chunk > s->room - to->len)
			chunk = s->room - to->len;
		if (chunk > n_bytes)
			chunk = n_bytes;
		bp_ledger_copy(s->counters, seg, is_first_copy, to->data + to->len,
			       from->data + s->view_off, chunk);
		is_first_copy = false;
		to->len += chunk;
		s->view_off += chunk;
		n_bytes -= chunk;
	}
}

/* Lengths, identification, header checksum of the IP packet that ends at byte `end`. */
static void fix_network(const struct bp_segmenter *s, uint8_t *frame,
			const struct bp_frame_layer *l, uint32_t end)
{
	uint8_t *ip = frame + l->l3_off;

	if (l->is_v6) {
		store_be16(ip + V6_LENGTH, end - l->l3_off - V6_BYTES);
		return;
	}
	store_be16(ip + V4_LENGTH, end - l->l3_off);
	store_be16(ip + V4_ID, ntohs(bp_csum_load(ip + V4_ID)) + s->n_segments);
	bp_csum_store(ip + V4_CSUM, 0);
	bp_csum_store(ip + V4_CSUM,
		      (uint16_t)~bp_csum_fold(bp_csum_add(0, ip, l->l4_off - l->l3_off)));
}

/* TCP: sequence number; CWR stays on the first segment, FIN and PSH on the last (RFC 3168). */
static void fix_tcp(const struct bp_segmenter *s, uint8_t *tcp, uint32_t payload_bytes)
{
	uint32_t seq;

	memcpy(&seq, tcp + TCP_SEQ, sizeof(seq)); /* header */
	seq = htonl(ntohl(seq) + s->n_done);
	memcpy(tcp + TCP_SEQ, &seq, sizeof(seq)); /* header */
	if (s->n_segments)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (s->payload_left > payload_bytes)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

/* The checksum of a layer of TCP, UDP or GRE that ends at byte `end`; all within it is in place. */
static void fix_checksum(struct bp_pkt *seg, unsigned n_views, const struct bp_frame_layer *l,
			 uint32_t end)
{
	uint8_t *field = seg->data + l->csum_off;
	uint32_t n_bytes = end - l->l4_off;
	uint64_t sum;
	uint16_t csum;

	if (!l->csum_off || (l->proto == BP_PROTO_UDP && !bp_csum_load(field)))
		return;
	bp_csum_store(field, 0);
	sum = bp_csum_views(seg, n_views, l->l4_off, n_bytes);
	if (l->proto != BP_PROTO_GRE)
		sum = bp_csum_join(
			sum, bp_csum_pseudo(seg->data + l->l3_off, l->is_v6, l->proto, n_bytes));
	csum = (uint16_t)~bp_csum_fold(sum);
	/* 0 would mean 'no checksum' in UDP. */
	if (!csum && l->proto == BP_PROTO_UDP)
		csum = 0xffff;
	bp_csum_store(field, csum);
}

/* From the innermost layer outwards: a checksum covers the headers of the layers within. */
static void fix_layers(const struct bp_segmenter *s, struct bp_pkt *seg, unsigned n_views,
		       uint32_t payload_bytes)
{
	uint32_t end = bp_frame_inner(&s->frame)->payload_off + payload_bytes;

	for (unsigned i = s->frame.n_layers; i-- > 0;) {
		const struct bp_frame_layer *l = &s->frame.layers[i];

		fix_network(s, seg->data, l, end);
		if (l->proto == BP_PROTO_TCP)
			fix_tcp(s, seg->data + l->l4_off, payload_bytes);
		if (l->proto == BP_PROTO_UDP)
			store_be16(seg->data + l->l4_off + UDP_LENGTH, end - l->l4_off);
		if (l->length_off && i + 1 < s->frame.n_layers) /* GTP-U: from byte 8 on */
			store_be16(seg->data + l->length_off, end - l->length_off - 6);
		fix_checksum(seg, n_views, l, end);
	}
}

/* Payload of the segment that begins with payload_left bytes to go. */
static uint32_t next_payload(const struct bp_segmenter *s, uint32_t payload_left)
{
	return payload_left < s->mss ? payload_left : s->mss;
}

/* Frames that a segment takes. */
static unsigned count_frames(const struct bp_segmenter *s, uint32_t payload_bytes)
{
	uint32_t left = bp_frame_inner(&s->frame)->payload_off + payload_bytes;
	unsigned n = 1;

	for (; left > s->room; left -= s->room)
		n++;
	return n;
}

static void make_segment(struct bp_segmenter *s, struct bp_pkt *seg, unsigned n_views,
			 uint32_t payload_bytes)
{
	uint32_t header_bytes = bp_frame_inner(&s->frame)->payload_off;

	seg->copies = s->views[0].copies;
	seg->len = header_bytes;
	memcpy(seg->data, s->views[0].data, header_bytes); /* header */
	copy_payload(s, seg, payload_bytes);
	fix_layers(s, seg, n_views, payload_bytes);
	s->payload_left -= payload_bytes;
	s->n_done += payload_bytes;
	s->n_segments++;
}

static void finish(struct bp_segmenter *s)
{
	bp_pool_put(s->worker_id, s->views, s->n_views);
	s->n_views = 0;
}

/* Frames of the segments still to be made, as many whole ones as max frames hold. */
static unsigned count_wanted(const struct bp_segmenter *s, unsigned max)
{
	unsigned n = 0;

	for (uint32_t left = s->payload_left; left;) {
		uint32_t payload_bytes = next_payload(s, left);
		unsigned n_frames = count_frames(s, payload_bytes);

		if (n + n_frames > max)
			break;
		n += n_frames;
		left -= payload_bytes;
	}
	return n;
}

unsigned bp_segment_make(struct bp_segmenter *s, struct bp_pkt *out, unsigned max, bool may_wait)
{
	unsigned n_wanted = count_wanted(s, max), n = 0;
	unsigned n_got = n_wanted ? s->pool->get(s->pool, s->worker_id, out, n_wanted) : 0;

	while (s->payload_left) {
		uint32_t payload_bytes = next_payload(s, s->payload_left);
		unsigned n_frames = count_frames(s, payload_bytes);

		if (n + n_frames > n_got)
			break;
		make_segment(s, &out[n], n_frames, payload_bytes);
		bp_count(s->counters, BP_CNT_GSO_SEGS, 1);
		n += n_frames;
	}
	bp_pool_put(s->worker_id, &out[n], n_got - n);
	if (!s->payload_left) {
		finish(s);
	} else if (!n && !may_wait) {
		/* The rest counts as one more segment, so that received + made = sent + dropped. */
		bp_count(s->counters, BP_CNT_GSO_SEGS, 1);
		bp_count(s->counters, BP_DROP_TX_NO_MEM, 1);
		if (s->txq)
			bp_capture_dropped(s->txq, s->views, s->n_views, BP_DROP_TX_NO_MEM);
		finish(s);
	}
	return n;
}

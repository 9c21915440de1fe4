/* Cuts super-frames: headers repeated and corrected, payload copied, checksums computed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/segment.h"

#include "bypath/ledger.h"
#include "core/frames.h"
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

void bp_segmenter_init(struct bp_segmenter *s, struct bp_frames *frames,
		       struct bp_counters *counters, unsigned worker_id)
{
	*s = (struct bp_segmenter){
		.frames = frames,
		.counters = counters,
		.worker_id = worker_id,
	};
}

/* Payload bytes per segment that a frame of the arena and the TX port can carry; 0: none. */
static uint32_t bound_payload(const struct bp_segmenter *s, uint32_t header_bytes,
			      uint32_t tx_frame_bytes)
{
	uint32_t bound = bp_frames_room(s->frames);

	if (tx_frame_bytes && tx_frame_bytes < bound)
		bound = tx_frame_bytes;
	return bound > header_bytes ? bound - header_bytes : 0;
}

enum bp_segment_verdict bp_segment_begin(struct bp_segmenter *s, const struct bp_pkt *views,
					 unsigned n_views, const struct bp_frame_l4 *l4,
					 uint32_t mss, uint32_t tx_frame_bytes)
{
	const uint8_t *frame = views[0].data;
	uint32_t payload = l4->l4_bytes - (l4->payload_off - l4->l4_off);
	uint32_t bound = bound_payload(s, l4->payload_off, tx_frame_bytes);
	uint32_t seq;

	if (mss > bound) {
		if (l4->proto != BP_PROTO_TCP)
			return BP_SEGMENT_REFUSED;
		mss = bound;
	}
	if (payload <= mss)
		return BP_SEGMENT_WHOLE;
	if (payload > (uint64_t)mss * BP_SEGMENTS_MAX)
		return BP_SEGMENT_REFUSED;
	memcpy(&seq, frame + l4->l4_off + TCP_SEQ, sizeof(seq)); /* header */
	s->views = views;
	s->n_views = n_views;
	s->l4 = *l4;
	s->mss = mss;
	s->payload_left = payload;
	s->seq = ntohl(seq);
	s->ip_id = ntohs(bp_csum_load(frame + l4->l3_off + V4_ID));
	s->is_first = true;
	s->is_unsummed = l4->proto == BP_PROTO_UDP && !bp_csum_load(frame + l4->csum_off);
	s->view_id = 0;
	s->view_off = l4->payload_off;
	bp_count(s->counters, BP_CNT_GSO_PKTS, 1);
	return BP_SEGMENT_BEGUN;
}

/* The next n_bytes of payload, from however many views, to the end of seg. */
static void copy_payload(struct bp_segmenter *s, struct bp_pkt *seg, uint32_t n_bytes)
{
	bool is_first_copy = true;

	while (n_bytes) {
		const struct bp_pkt *view = &s->views[s->view_id];
		uint32_t chunk = view->len - s->view_off;

		if (!chunk) {
			s->view_id++;
			s->view_off = 0;
			continue;
		}
		if (chunk > n_bytes)
			chunk = n_bytes;
		bp_ledger_copy(s->counters, seg, is_first_copy, seg->data + seg->len,
			       view->data + s->view_off, chunk);
		is_first_copy = false;
		seg->len += chunk;
		s->view_off += chunk;
		n_bytes -= chunk;
	}
}

/* Lengths, identification, header checksum. */
static void fix_network(struct bp_segmenter *s, struct bp_pkt *seg)
{
	uint8_t *ip = seg->data + s->l4.l3_off;
	uint32_t ip_bytes = seg->len - s->l4.l3_off;

	if (s->l4.is_v6) {
		store_be16(ip + V6_LENGTH, ip_bytes - V6_BYTES);
		return;
	}
	store_be16(ip + V4_LENGTH, ip_bytes);
	store_be16(ip + V4_ID, s->ip_id++);
	bp_csum_store(ip + V4_CSUM, 0);
	bp_csum_store(ip + V4_CSUM,
		      (uint16_t)~bp_csum_fold(bp_csum_add(0, ip, s->l4.l4_off - s->l4.l3_off)));
}

/* TCP: sequence number; CWR stays on the first segment, FIN and PSH on the last (RFC 3168). */
static void fix_tcp(struct bp_segmenter *s, uint8_t *tcp, uint32_t payload_bytes)
{
	uint32_t seq = htonl(s->seq);

	memcpy(tcp + TCP_SEQ, &seq, sizeof(seq)); /* header */
	if (!s->is_first)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (s->payload_left > payload_bytes)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	s->seq += payload_bytes;
}

static void fix_transport(struct bp_segmenter *s, struct bp_pkt *seg, uint32_t payload_bytes)
{
	uint8_t *l4 = seg->data + s->l4.l4_off, *field = seg->data + s->l4.csum_off;
	uint32_t l4_bytes = seg->len - s->l4.l4_off;
	uint64_t sum;
	uint16_t csum;

	if (s->l4.proto == BP_PROTO_TCP)
		fix_tcp(s, l4, payload_bytes);
	else
		store_be16(l4 + UDP_LENGTH, l4_bytes);
	if (s->is_unsummed)
		return;
	bp_csum_store(field, 0);
	sum = bp_csum_pseudo(seg->data + s->l4.l3_off, s->l4.is_v6, s->l4.proto, l4_bytes);
	csum = (uint16_t)~bp_csum_fold(bp_csum_add(sum, l4, l4_bytes));
	/* 0 would mean «no checksum» in UDP. */
	if (!csum && s->l4.proto == BP_PROTO_UDP)
		csum = 0xffff;
	bp_csum_store(field, csum);
}

static void make_segment(struct bp_segmenter *s, struct bp_pkt *seg)
{
	uint32_t payload_bytes = s->payload_left < s->mss ? s->payload_left : s->mss;

	seg->copies = s->views[0].copies;
	seg->len = s->l4.payload_off;
	memcpy(seg->data, s->views[0].data, s->l4.payload_off); /* header */
	copy_payload(s, seg, payload_bytes);
	fix_network(s, seg);
	fix_transport(s, seg, payload_bytes);
	s->payload_left -= payload_bytes;
	s->is_first = false;
}

static void finish(struct bp_segmenter *s)
{
	bp_pool_put(s->worker_id, s->views, s->n_views);
	s->n_views = 0;
}

/* How many segments are still to be made, at most max. */
static unsigned count_left(const struct bp_segmenter *s, unsigned max)
{
	unsigned n = 0;

	for (uint64_t bytes = 0; n < max && bytes < s->payload_left; bytes += s->mss)
		n++;
	return n;
}

unsigned bp_segment_make(struct bp_segmenter *s, struct bp_pkt *out, unsigned max, bool may_wait)
{
	unsigned n = bp_frames_get(s->frames, s->worker_id, out, count_left(s, max));

	for (unsigned i = 0; i < n; i++)
		make_segment(s, &out[i]);
	bp_count(s->counters, BP_CNT_GSO_SEGS, n);
	if (!s->payload_left) {
		finish(s);
	} else if (!n && !may_wait) {
		/* The rest counts as one more segment, so that received + made = sent + dropped. */
		bp_count(s->counters, BP_CNT_GSO_SEGS, 1);
		bp_count(s->counters, BP_DROP_TX_NO_MEM, 1);
		finish(s);
	}
	return n;
}

/* Cuts super-frames: headers repeated and corrected, payload copied, checksums computed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/segment.h"

#include "bypath/ledger.h"
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

/* Lengths, identification, header checksum. */
static void fix_network(struct bp_segmenter *s, uint8_t *ip, uint32_t ip_bytes)
{
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

static void fix_transport(struct bp_segmenter *s, struct bp_pkt *seg, unsigned n_views,
			  uint32_t payload_bytes)
{
	uint8_t *l4 = seg->data + s->l4.l4_off, *field = seg->data + s->l4.csum_off;
	uint32_t l4_bytes = s->l4.payload_off - s->l4.l4_off + payload_bytes;
	uint64_t sum;
	uint16_t csum;

	if (s->l4.proto == BP_PROTO_TCP)
		fix_tcp(s, l4, payload_bytes);
	else
		store_be16(l4 + UDP_LENGTH, l4_bytes);
	if (s->is_unsummed)
		return;
	bp_csum_store(field, 0);
	sum = bp_csum_join(
		bp_csum_pseudo(seg->data + s->l4.l3_off, s->l4.is_v6, s->l4.proto, l4_bytes),
		bp_csum_views(seg, n_views, s->l4.l4_off, l4_bytes));
	csum = (uint16_t)~bp_csum_fold(sum);
	/* 0 would mean «no checksum» in UDP. */
	if (!csum && s->l4.proto == BP_PROTO_UDP)
		csum = 0xffff;
	bp_csum_store(field, csum);
}

/* Payload of the segment that begins with payload_left bytes to go. */
static uint32_t next_payload(const struct bp_segmenter *s, uint32_t payload_left)
{
	return payload_left < s->mss ? payload_left : s->mss;
}

/* Frames that a segment takes. */
static unsigned count_frames(const struct bp_segmenter *s, uint32_t payload_bytes)
{
	unsigned n = 1;

	for (uint32_t left = s->l4.payload_off + payload_bytes; left > s->room; left -= s->room)
		n++;
	return n;
}

static void make_segment(struct bp_segmenter *s, struct bp_pkt *seg, unsigned n_views,
			 uint32_t payload_bytes)
{
	seg->copies = s->views[0].copies;
	seg->len = s->l4.payload_off;
	memcpy(seg->data, s->views[0].data, s->l4.payload_off); /* header */
	copy_payload(s, seg, payload_bytes);
	fix_network(s, seg->data + s->l4.l3_off, s->l4.payload_off - s->l4.l3_off + payload_bytes);
	fix_transport(s, seg, n_views, payload_bytes);
	s->payload_left -= payload_bytes;
	s->is_first = false;
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
		finish(s);
	}
	return n;
}

/* Frames of a stream: templates per size, header fields that go through ranges. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_FRAME_H
#define BYPATH_GEN_FRAME_H

#include "bypath/config.h"
#include "bypath/pkt.h"
#include "bypath/signature.h"

#include "gen/pattern.h"

#define BP_FCS_BYTES      4u /* in a frame's size as people count it, not in a view's length */
#define BP_HEADER_SHORT   64u /* Ethernet 14, tag 4, IPv4 20, TCP 20: a cache line */
#define BP_HEADER_ROOM    96u /* Ethernet 14, tag 4, IPv6 40, TCP 20, rounded up */
#define BP_HEADER_MAX     256u /* with all that encap and extensions may bring */
#define BP_FIELDS_MAX     10u /* MACs, addresses, ports: two of each; of the tunnel, of what is in it */
#define BP_CSUMS_MAX      4u /* IPv4 and UDP of the tunnel, IPv4 and UDP or TCP of the stream */
#define BP_SIZE_CYCLE_MAX 512u
#define BP_ETHERTYPE_GEN  0x88b5u /* IEEE 802: local experimental EtherType 1 */

/* A header field that takes another value in each packet. */
struct bp_frame_field {
	uint16_t offset; /* in the frame */
	uint8_t n_bytes; /* 2, 4, 6; of an IPv6 address its last 8 */
	uint8_t csums; /* bit i: counts in the stream's csums[i] */
	bool is_inner; /* counts in the tunnel's source port */
	uint32_t at, n; /* index of the next value, number of values */
	uint64_t first;
};

/* A checksum in a frame's headers: offsets. The payload adds nothing to it (bypath/signature.h). */
struct bp_frame_csum {
	uint16_t at;
	uint16_t from, end; /* what it covers */
	uint16_t addr_at, addr_bytes; /* the addresses of its pseudo-header, if it has one */
	uint8_t protocol; /* as in the pseudo-header; 0: it has none */
	bool is_udp;
	bool is_anew; /* covers others: summed over its bytes in each packet */
};

/* Everything of a frame that does not change. */
struct bp_frame_template {
	uint8_t header[BP_HEADER_MAX]; /* varying fields hold 0, checksums are right for that */
	uint32_t frame_bytes; /* without FCS */
	uint64_t sums[BP_CSUMS_MAX]; /* ones' complement sums without the varying fields */
};

/* A stream as the source sees it. One thread. */
struct bp_stream {
	const struct bp_stream_conf *conf;
	uint8_t stream_id, run;
	uint16_t header_bytes; /* the signature stands behind them */
	uint16_t
		entropy_at; /* the tunnel's source port, which follows the inner flow; 0: there is none */
	unsigned n_csums;
	struct bp_frame_csum csums[BP_CSUMS_MAX]; /* from the outside */
	unsigned n_fields;
	struct bp_frame_field fields[BP_FIELDS_MAX];
	unsigned n_templates;
	struct bp_frame_template templates[BP_SIZES_MAX];
	unsigned n_cycle, cycle_at;
	uint8_t cycle[BP_SIZE_CYCLE_MAX]; /* templates in the order of packets */
	uint64_t seq; /* of the next packet */
	uint64_t n_pkts; /* handed to the TX port */
	uint64_t n_dropped; /* of those: dropped there, their numbers given to the next ones */
};

/*
 * Smooth weighted round robin: cycle[] receives indices 0 … n_weights-1, each as often as its
 * weight says, spread evenly. Pure. Returns the cycle's length (the sum of the weights divided by
 * their common divisor), at most max.
 */
unsigned bp_frame_cycle(const uint16_t *weights, unsigned n_weights, uint8_t *cycle, unsigned max);

/* What a trial adds to a stream's configuration. */
struct bp_stream_start {
	uint8_t stream_id, run; /* of the signature */
	uint32_t frame_size; /* FCS included, replaces the stream's sizes; 0: those of conf */
	uint64_t first_seq;
};

/*
 * Make a stream ready for a trial. conf stays the caller's, for the stream's life. Returns 0, or -EINVAL
 * with a sentence in why when the frames are too small for the headers.
 */
int bp_stream_init(struct bp_stream *stream, const struct bp_stream_conf *conf,
		   const struct bp_stream_start *start, char *why, size_t why_bytes);

/* Mean and largest frame of the stream's cycle, in bytes without FCS. */
double bp_stream_mean_bytes(const struct bp_stream *stream);
uint32_t bp_stream_max_bytes(const struct bp_stream *stream);

/* Template of the next packet; moves on. */
static inline const struct bp_frame_template *bp_stream_next(struct bp_stream *s)
{
	const struct bp_frame_template *t = &s->templates[s->cycle[s->cycle_at]];

	if (++s->cycle_at == s->n_cycle)
		s->cycle_at = 0;
	return t;
}

/*
 * Write the frame's headers and payload, all but the signature, for the sequence number seq into
 * n_views empty views with `room` bytes each; sets their lengths and BP_PKT_MORE. n_views: enough
 * for the template's frame_bytes. The header's fields move on. Where the signature goes: data of
 * the first view + header_bytes. room ≥ 512.
 */
void bp_frame_build(struct bp_stream *stream, const struct bp_frame_template *t, uint64_t seq,
		    struct bp_pkt *views, unsigned n_views, uint32_t room);

/* Of bp_frame_build(): the next value of each varying field, then what it counts in. */
void bp_frame_put_fields(struct bp_stream *stream, const struct bp_frame_template *t,
			 uint8_t *frame);

static inline void bp_frame_put_header(struct bp_stream *s, const struct bp_frame_template *t,
				       uint8_t *frame)
{
	if (__builtin_expect(s->header_bytes <= BP_HEADER_SHORT, 1))
		memcpy(frame, t->header, BP_HEADER_SHORT);
	else if (s->header_bytes <= BP_HEADER_ROOM)
		memcpy(frame, t->header, BP_HEADER_ROOM);
	else
		memcpy(frame, t->header, BP_HEADER_MAX);
	if (s->n_fields)
		bp_frame_put_fields(s, t, frame);
}

/* bp_frame_build() into one view, which has room for all of the frame. */
static inline void bp_frame_build_one(struct bp_stream *s, const struct bp_frame_template *t,
				      uint64_t seq, struct bp_pkt *view)
{
	const uint32_t payload = s->header_bytes + BP_SIG_BYTES;

	bp_frame_put_header(s, t, view->data);
	view->len = t->frame_bytes;
	bp_pattern_fill_whole(view->data + payload, t->frame_bytes - payload,
			      bp_sig_pattern(s->stream_id, seq));
}

/* Write the payload of a frame so built anew, for another sequence number. */
void bp_frame_renumber(const struct bp_stream *stream, uint64_t seq, struct bp_pkt *views,
		       unsigned n_views);

/* Views that a template's frame takes. */
static inline unsigned bp_frame_n_views(const struct bp_frame_template *t, uint32_t room)
{
	unsigned n = 1;

	for (uint32_t left = t->frame_bytes; left > room; left -= room)
		n++;
	return n;
}

/* What stands behind the headers of a received frame. */
struct bp_frame_place {
	uint32_t payload; /* offset of the L4 payload; 0: no frame of a kind that we make */
	uint32_t end; /* where the payload ends; may lie beyond the frame when it was cut */
};

/*
 * Find the payload behind everything that a stream can have before it: Ethernet, tags, MPLS, VXLAN, GRE,
 * IPv4, IPv6 with its extension headers, UDP, TCP; or our EtherType. data: n_bytes of the frame's first
 * view, frame_bytes of the whole. Pure.
 */
struct bp_frame_place bp_frame_find(const uint8_t *data, uint32_t n_bytes, uint32_t frame_bytes);

#endif

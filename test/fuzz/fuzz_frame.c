/* Fuzz target: any metadata, frame bytes, view bounds → offload stage; nothing lost, nothing twice. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../unit/offload_bed.h"

#include "engine/partial.h"

#define GUARDED 0x80u /* of the first byte, beside BP_CAP_CSUM_INFER … BP_CAP_MULTI_TX */

/*
 * The input: 4 bytes that choose the path (capabilities, MTU, frames of the arena), then packets:
 *   flags (1: has metadata, 2: odd address), chunk length / 4 of its views, 2 bytes length,
 *   12 bytes metadata if it has any, then the frame's bytes. What exceeds the input is a pattern,
 *   so that short inputs make super-frames.
 */
struct reader {
	const uint8_t *data;
	size_t left;
};

static uint8_t take(struct reader *r)
{
	if (!r->left)
		return 0;
	r->left--;
	return *r->data++;
}

static unsigned take_packet(struct reader *r, struct bed *bed, struct bp_pkt *in, unsigned room)
{
	static uint8_t bytes[65536];
	uint8_t flags = take(r);
	uint32_t chunk = (take(r) + 1u) * 4u, n_bytes = take(r);
	struct bp_vnet_hdr meta;
	uint8_t meta_bytes[BP_VNET_BYTES];

	n_bytes |= (uint32_t)take(r) << 8;
	if (flags & 4)
		chunk *= 64;
	if (n_bytes > chunk * room)
		n_bytes = chunk * room;
	for (unsigned i = 0; i < sizeof(meta_bytes) && (flags & 1); i++)
		meta_bytes[i] = take(r);
	for (uint32_t i = 0; i < n_bytes; i++)
		bytes[i] = r->left ? take(r) : (uint8_t)(i * 31);
	memcpy(&meta, meta_bytes, sizeof(meta));
	return bed_chain(bed, in, bytes, n_bytes, chunk, flags & 1 ? &meta : NULL);
}

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_frame: not true: %s\n", what);
	abort();
}

/* The views that come out are given back at once, or only at the end when the arena is to run dry. */
static uint64_t drain(struct bed *bed, bool hold)
{
	static struct bp_pkt held[4096 * BP_BURST_MAX];
	uint64_t n_pkts = 0;
	unsigned n_held = 0, n;
	struct bp_pkt *out;

	while ((n = bp_offload_next(bed->o, &out))) {
		require(n <= BP_BURST_MAX, "a burst is no longer than BP_BURST_MAX");
		require(!(out[n - 1].flags & BP_PKT_MORE), "a burst ends with a packet");
		n_pkts += bp_pkt_count(out, n);
		for (unsigned i = 0; i < n; i++)
			require(out[i].pool != NULL, "views have a pool");
		if (!hold) {
			bp_pool_put(0, out, n);
			continue;
		}
		memcpy(&held[n_held], out, n * sizeof(*out));
		n_held += n;
	}
	for (unsigned i = 0; i < n_held; i += BP_BURST_MAX)
		bp_pool_put(0, &held[i], n_held - i < BP_BURST_MAX ? n_held - i : BP_BURST_MAX);
	return n_pkts;
}

/* What a look rules out, the walk through the headers does not find. */
static void require_ruled_out(const struct bp_pkt *views, uint32_t frame_bytes)
{
	struct bp_frame frame;

	if (!bp_partial_is_ruled_out(views[0].data, views[0].len) ||
	    !bp_frame_parse(views[0].data, views[0].len, frame_bytes, 0, &frame))
		return;
	for (unsigned i = 0; i < frame.n_layers; i++)
		require(!bp_partial_is(views[0].data, &frame.layers[i]), "ruled out is not there");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bed *bed; /* kept: an arena takes longer to make than a run */
	struct reader r = { data, size };
	uint8_t caps = take(&r), mtu = take(&r), hold = take(&r);
	struct bp_pkt in[BP_BURST_MAX];
	uint64_t n_in, n_out;
	unsigned n = 0;

	if (!bed)
		bed = bed_open(64, 0, 0, 1500);
	require(bed && bed_bind(bed,
				(caps & (BP_CAP_CSUM_INFER | BP_CAP_GSO_INFER)) |
					(caps & GUARDED ? BP_CAP_ENCAP_RX : 0),
				caps & (BP_CAP_VNET_TX | BP_CAP_MULTI_TX), mtu * 64u),
		"there is memory");
	while (r.left && n < BP_BURST_MAX) {
		unsigned n_views = take_packet(&r, bed, &in[n], BP_BURST_MAX - n);

		if (n_views)
			require_ruled_out(&in[n], (uint32_t)bp_pkt_bytes(&in[n], n_views));
		n += n_views;
	}
	if (n && bed->o) {
		n_in = bp_pkt_count(in, n);
		bp_offload_begin(bed->o, in, n);
		n_out = drain(bed, hold & 1);
		require(n_in + bed_count(bed, BP_CNT_GSO_SEGS) - bed_count(bed, BP_CNT_GSO_PKTS) ==
				n_out + bp_counters_drops(&bed->counters),
			"received + made = sent + dropped");
		for (unsigned i = 0; i < bed->n_views; i++)
			require(bed->n_puts[i] == 1, "every view goes home exactly once");
		require(bp_frames_n_free(bed->frames) == 64, "every frame goes home");
	}
	return 0;
}

/* Fuzz target: any frames in any views → the generator's receiver; every frame is counted once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/frame.h"
#include "gen/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The input: 1 byte (1: the sender's run is known; 2: payloads are compared), then packets:
 *   flags (1: write a right signature behind the headers; 2: the rest is a pattern), 2 bytes length,
 *   2 bytes length of the first view, with flag 1: stream, run, 6 bytes sequence; then the bytes.
 */
struct reader {
	const uint8_t *data;
	size_t left;
};

static uint64_t take(struct reader *r, unsigned n_bytes)
{
	uint64_t v = 0;

	while (n_bytes--) {
		v = v << 8 | (r->left ? *r->data : 0);
		r->data += r->left != 0;
		r->left -= r->left != 0;
	}
	return v;
}

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_gen: not true: %s\n", what);
	abort();
}

/* One packet of one or two views, each in memory of its own: reads beyond them are found. */
static void take_packet(struct reader *r, struct bp_sink *sink)
{
	uint8_t flags = (uint8_t)take(r, 1);
	uint32_t n_bytes = (uint32_t)take(r, 2) % 2000, n_first = (uint32_t)take(r, 2);
	struct bp_signature sig = { .time_ns = 1000 };
	uint8_t bytes[2000] = { 0 };
	struct bp_frame_place place;
	struct bp_pkt views[2] = { { 0 } };

	if (flags & 1) {
		sig.stream = (uint8_t)take(r, 1);
		sig.run = (uint8_t)take(r, 1);
		sig.seq = take(r, 6);
	}
	for (uint32_t i = 0; i < n_bytes; i++)
		bytes[i] = r->left ? (uint8_t)take(r, 1) : flags & 2 ? (uint8_t)i : 0;
	place = bp_frame_find(bytes, n_bytes, n_bytes);
	if ((flags & 1) && place.payload && place.payload + BP_SIG_BYTES <= n_bytes)
		bp_sig_write(bytes + place.payload, &sig);
	if (n_first > n_bytes)
		n_first = n_bytes;
	views[0].len = n_first;
	views[1].len = n_bytes - n_first;
	for (unsigned i = 0; i < 2; i++) {
		views[i].data = malloc(views[i].len + !views[i].len);
		memcpy(views[i].data, bytes + (i ? n_first : 0), views[i].len);
	}
	views[0].flags = views[1].len ? BP_PKT_MORE : 0;
	bp_sink_take(sink, views, views[1].len ? 2 : 1, 5000);
	free(views[0].data);
	free(views[1].data);
}

static void check(const struct bp_sink *sink, uint64_t n_pkts)
{
	uint64_t n_received = 0, n_foreign = sink->n_foreign;

	for (unsigned i = 0; i < 4; i++) {
		const struct bp_sink_stream *s = sink->streams[i];

		n_received += s->n_received;
		require(s->n_received == s->n_once + s->n_duplicate, "once or duplicate");
		require(s->n_reordered <= s->n_once, "reordered ones are first arrivals");
		require(s->n_corrupt <= s->n_received, "corrupt ones are received");
		require(s->latency.n + s->n_bad_time == s->n_once,
			"each first arrival has a latency");
		require(s->n_too_old <= s->n_reordered, "too old ones are reordered");
		require(s->n_too_old || bp_sink_gaps(s) - s->n_gaps_before ==
						s->next - s->first - (s->n_once - s->n_once_before),
			"every number between is once or missing");
	}
	require(n_received == sink->n_pkts, "streams add up");
	require(n_received + n_foreign + sink->n_broken + sink->n_stale + sink->n_unknown == n_pkts,
		"every packet is counted once");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct reader r = { data, n_bytes };
	uint8_t how = (uint8_t)take(&r, 1);
	struct bp_sink *sink;
	uint64_t n_pkts = 0;

	if (bp_sink_create(4, &sink))
		abort();
	sink->is_payload_checked = how & 2;
	bp_sink_begin(sink, how & 1, 7, 0);
	for (; r.left; n_pkts++)
		take_packet(&r, sink);
	check(sink, n_pkts);
	bp_sink_destroy(sink);
	return 0;
}

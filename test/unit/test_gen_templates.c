/* Templates for a driver's own source: the frames that the other source would build, in its order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/kernel_source.h"
#include "gen_streams.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 2048u
#define MAX  BP_KS_TEMPLATES_MAX

struct bed {
	struct bp_stream_conf confs[2];
	struct bp_stream streams[2];
	struct bp_source source;
	struct bp_ks_template templates[MAX];
};

/* Two streams, 2 : 1; the first has two sizes and 3 ports, the second 5 addresses. */
static struct bed *make_bed(void)
{
	static const struct bp_source_request request = { .burst = 32 };
	struct bed *b = calloc(1, sizeof(*b));
	char why[256];

	b->confs[0] = stream_of(BP_PROTO_UDP4, 64);
	b->confs[0].share = 2;
	b->confs[0].dport = range_of("\x03\xe8", 2, 3);
	b->confs[0].sizes.n = 2;
	b->confs[0].sizes.v[1].bytes = 590;
	b->confs[0].sizes.v[1].weight = 1;
	b->confs[1] = stream_of(BP_PROTO_TCP6, 96);
	b->confs[1].src_mac = range_of("\x02\0\0\0\0\x01", 6, 5);
	for (uint8_t i = 0; i < 2; i++)
		assert_int_equal(bp_stream_init(&b->streams[i], &b->confs[i],
						&(struct bp_stream_start){ i, 1, 0, 0 }, why,
						sizeof(why)),
				 0);
	b->source.streams = b->streams;
	b->source.n_streams = 2;
	bp_source_begin(&b->source, &request);
	return b;
}

/* A copy of the streams, as the other source steps them. */
static void templates_are_the_frames_of_one_whole_period(void **state)
{
	struct bed *b = make_bed(), *twin = make_bed();
	uint8_t room[ROOM];
	uint64_t n_whole;
	unsigned n;

	(void)state;
	n = bp_ks_make_templates(&b->source, b->templates, MAX, &n_whole);
	/* The first stream comes round after 6 of its frames, 9 in all; the second after 5, 15. */
	assert_int_equal(n_whole, 45);
	assert_int_equal(n, 45);
	for (unsigned i = 0; i < 2 * n; i++) {
		struct bp_stream *s = &twin->streams[twin->source.cycle[i % twin->source.n_cycle]];
		const struct bp_frame_template *t = bp_stream_next(s);
		const struct bp_ks_template *k = &b->templates[i % n];
		struct bp_pkt view = { .data = room };

		bp_frame_build(s, t, 0, &view, 1, ROOM);
		assert_int_equal(k->frame_bytes, view.len);
		assert_int_equal(k->stream_id, s->stream_id);
		assert_int_equal(k->signature_at, s->header_bytes);
		assert_memory_equal(k->header, room, s->header_bytes);
		for (unsigned at = s->header_bytes; at < BP_KS_HEADER_BYTES; at++)
			assert_int_equal(k->header[at], 0);
	}
	free(b);
	free(twin);
}

static void too_many_are_cut_at_a_whole_cycle(void **state)
{
	struct bed *b = make_bed();
	uint64_t n_whole;

	(void)state;
	assert_int_equal(bp_ks_make_templates(&b->source, b->templates, 44, &n_whole), 42);
	assert_int_equal(n_whole, 45);
	free(b);
}

static void endless_ranges_are_said_to_be_so(void **state)
{
	struct bed *b = make_bed();
	uint64_t n_whole;

	(void)state;
	/* Coprime, so that the product is beyond 64 bits. */
	b->streams[0].n_fields = 3;
	b->streams[0].fields[0].n = 4294967291;
	b->streams[0].fields[1].n = 4294967279;
	b->streams[0].fields[2].n = 4294967231;
	for (unsigned i = 1; i < 3; i++)
		b->streams[0].fields[i].n_bytes = 4;
	assert_int_equal(bp_ks_make_templates(&b->source, b->templates, MAX, &n_whole),
			 MAX - MAX % 3);
	assert_true(n_whole == UINT64_MAX);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_the_frames_of_one_whole_period),
		cmocka_unit_test(too_many_are_cut_at_a_whole_cycle),
		cmocka_unit_test(endless_ranges_are_said_to_be_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

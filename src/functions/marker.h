/* The single and two rate three colour markers: token buckets in whole numbers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_MARKER_H
#define BYPATH_FUNCTIONS_MARKER_H

#include <stdbool.h>
#include <stdint.h>

/* Rates count thousandths of tokens per second, so that 0.5pps is exact, too. */
#define BP_MARKER_MILLI 1000u
/* 10^13 tokens a second, 2^33 of them in a bucket: 2^63 cycles of either stay within 127 bits. */
#define BP_MARKER_RATE_MAX (UINT64_C(10000000000000) * BP_MARKER_MILLI)

enum bp_colour { BP_GREEN, BP_YELLOW, BP_RED, BP_COLOURS_N };

/*
 * Amounts are in parts: a token is hz × 1000 of them, hz being the cycles of a second. So a cycle brings a whole number,
 * the rate, and nothing is ever rounded: after years a bucket holds what it should, to the part.
 */
struct bp_bucket {
	__int128 level, size; /* parts; level ≤ size, and below 0 where it owes */
};

/* Owned by one thread. */
struct bp_marker {
	struct bp_bucket committed, further; /* further: excess, or peak */
	uint64_t rate; /* parts a cycle: thousandths of tokens a second */
	uint64_t peak_rate; /* 0: RFC 2697, further is what the committed bucket had no room for */
	uint64_t token; /* parts */
	uint64_t last; /* cycles: until when the buckets are filled */
};

/* What a marker is made from: rates in thousandths of tokens a second, sizes in tokens. */
struct bp_marker_conf {
	uint64_t rate, peak_rate; /* peak_rate 0: RFC 2697 */
	uint64_t size, further_size; /* further_size 0: without peak_rate, no packet is yellow */
};

/* All buckets full. */
static inline void bp_marker_begin(struct bp_marker *m, const struct bp_marker_conf *conf,
				   uint64_t hz, uint64_t now)
{
	uint64_t token = hz * BP_MARKER_MILLI;
	__int128 size = (__int128)conf->size * token,
		 further = (__int128)conf->further_size * token;

	*m = (struct bp_marker){
		.committed = { size, size },
		.further = { further, further },
		.rate = conf->rate,
		.peak_rate = conf->peak_rate,
		.token = token,
		.last = now,
	};
}

/* Add what a bucket has room for. Returns the rest. */
static inline __int128 bp_bucket_fill(struct bp_bucket *b, __int128 parts)
{
	__int128 room = b->size - b->level;

	if (parts <= room) {
		b->level += parts;
		return 0;
	}
	b->level = b->size;
	return parts - room;
}

/* Bring the tokens of the time up to cycle `now`. A clock that went back brings none, and is followed from there on. */
static inline void bp_marker_refill(struct bp_marker *m, uint64_t now)
{
	uint64_t passed = now - m->last;
	__int128 rest;

	m->last = now;
	if (passed > INT64_MAX)
		return;
	rest = bp_bucket_fill(&m->committed, (__int128)passed * m->rate);
	if (m->peak_rate)
		rest = (__int128)passed * m->peak_rate;
	bp_bucket_fill(&m->further, rest);
}

/*
 * Is there enough? A packet that is longer than the bucket (a super-frame, which is never cut here) needs a full one and
 * leaves it owing; the RFCs would let it through never.
 */
static inline bool bp_bucket_has(const struct bp_bucket *b, __int128 parts)
{
	return b->level >= (parts < b->size ? parts : b->size);
}

/* The colour of a packet of so many tokens, which are taken. RFC 2697, 3 and RFC 2698, 3, colour-blind. */
static inline enum bp_colour bp_marker_mark(struct bp_marker *m, uint64_t tokens)
{
	__int128 parts = (__int128)tokens * m->token;
	bool has_committed = bp_bucket_has(&m->committed, parts);
	bool has_further = m->further.size && bp_bucket_has(&m->further, parts);

	if (m->peak_rate ? !has_further : !has_committed && !has_further)
		return BP_RED;
	if (has_committed)
		m->committed.level -= parts;
	if (m->peak_rate || !has_committed)
		m->further.level -= parts;
	return has_committed ? BP_GREEN : BP_YELLOW;
}

#endif

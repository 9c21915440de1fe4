/* Builds frames from templates. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/frame.h"

#include "gen/template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- cycles ---------------------------------------------------------------------------------- */

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

unsigned bp_frame_cycle(const uint16_t *weights, unsigned n_weights, uint8_t *cycle, unsigned max)
{
	int credit[BP_STREAMS_MAX] = { 0 };
	unsigned divisor = 0, sum = 0;

	for (unsigned i = 0; i < n_weights; i++)
		divisor = gcd(divisor, weights[i]);
	for (unsigned i = 0; i < n_weights; i++)
		sum += weights[i] / divisor;
	if (sum > max)
		sum = max;
	for (unsigned at = 0; at < sum; at++) {
		unsigned best = 0;

		for (unsigned i = 0; i < n_weights; i++) {
			credit[i] += (int)(weights[i] / divisor);
			if (credit[i] > credit[best])
				best = i;
		}
		credit[best] -= (int)sum;
		cycle[at] = (uint8_t)best;
	}
	return sum;
}

/* ---- streams ------------------------------------------------------------------------------- */

int bp_stream_init(struct bp_stream *s, const struct bp_stream_conf *conf,
		   const struct bp_stream_start *start, char *why, size_t why_bytes)
{
	uint16_t weights[BP_SIZES_MAX] = { 1 };
	uint32_t frame_size = start->frame_size;

	*s = (struct bp_stream){ .conf = conf,
				 .stream_id = start->stream_id,
				 .run = start->run,
				 .seq = start->first_seq & BP_SIG_SEQ_MASK };
	s->n_templates = frame_size ? 1 : conf->sizes.n;
	for (unsigned i = 0; i < s->n_templates; i++) {
		unsigned size = frame_size ? frame_size : conf->sizes.v[i].bytes;

		if (size < BP_FCS_BYTES)
			size = BP_FCS_BYTES; /* refused below */
		bp_template_make(s, &s->templates[i], size, i == 0);
		if (!frame_size)
			weights[i] = conf->sizes.v[i].weight;
		if (s->templates[i].frame_bytes >= s->header_bytes + BP_SIG_BYTES)
			continue;
		snprintf(why, why_bytes,
			 "stream %s: frames of %u bytes have no room for headers and signature: %u "
			 "is the least",
			 conf->name, size, s->header_bytes + BP_SIG_BYTES + BP_FCS_BYTES);
		return -EINVAL;
	}
	s->n_cycle = bp_frame_cycle(weights, s->n_templates, s->cycle, BP_SIZE_CYCLE_MAX);
	return 0;
}

double bp_stream_mean_bytes(const struct bp_stream *s)
{
	double sum = 0;

	for (unsigned i = 0; i < s->n_cycle; i++)
		sum += s->templates[s->cycle[i]].frame_bytes;
	return sum / s->n_cycle;
}

uint32_t bp_stream_max_bytes(const struct bp_stream *s)
{
	uint32_t max = 0;

	for (unsigned i = 0; i < s->n_templates; i++)
		if (s->templates[i].frame_bytes > max)
			max = s->templates[i].frame_bytes;
	return max;
}

/* ---- packets --------------------------------------------------------------------------------- */

void bp_frame_put_fields(struct bp_stream *s, const struct bp_frame_template *t, uint8_t *frame)
{
	uint64_t sums[BP_CSUMS_MAX], hash = BP_ENTROPY_SEED;

	memcpy(sums, t->sums, sizeof(sums));
	for (unsigned i = 0; i < s->n_fields; i++) {
		struct bp_frame_field *f = &s->fields[i];
		uint64_t v = __builtin_bswap64(f->first + f->at) >> (64 - 8 * f->n_bytes);
		uint16_t folded = bp_sig_fold(v);

		memcpy(frame + f->offset, &v, f->n_bytes);
		for (unsigned k = 0; k < s->n_csums; k++)
			sums[k] += f->csums >> k & 1 ? folded : 0;
		if (f->is_inner)
			hash = bp_entropy_add(hash, v);
		if (++f->at == f->n)
			f->at = 0;
	}
	if (s->entropy_at)
		bp_entropy_put(frame + s->entropy_at, hash);
	bp_template_put_csums(s, frame, sums);
}

void bp_frame_renumber(const struct bp_stream *s, uint64_t seq, struct bp_pkt *views,
		       unsigned n_views)
{
	uint64_t word = bp_sig_pattern(s->stream_id, seq);
	uint32_t payload = s->header_bytes + BP_SIG_BYTES, done = views[0].len;
	uint32_t payload_bytes = (uint32_t)bp_pkt_bytes(views, n_views) - payload;

	bp_pattern_fill(views[0].data + payload, done - payload, 0, payload_bytes, word);
	for (unsigned i = 1; i < n_views; i++) {
		bp_pattern_fill(views[i].data, views[i].len, done - payload, payload_bytes, word);
		done += views[i].len;
	}
}

void bp_frame_build(struct bp_stream *s, const struct bp_frame_template *t, uint64_t seq,
		    struct bp_pkt *views, unsigned n_views, uint32_t room)
{
	uint32_t left = t->frame_bytes;

	bp_frame_put_header(s, t, views[0].data);
	for (unsigned i = 0; i < n_views; i++) {
		views[i].len = left < room ? left : room;
		left -= views[i].len;
		if (i + 1 < n_views)
			views[i].flags |= BP_PKT_MORE;
	}
	bp_frame_renumber(s, seq, views, n_views);
}

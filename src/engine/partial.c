/* Partial checksums: recognising them in a layer of a frame, completing them in place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/partial.h"

#include "bypath/counters.h"
#include "bypath/pkt.h"
#include "engine/checksum.h"
#include "engine/crc32c.h"

#include <string.h>

#define UDP_CSUM 6u

bool bp_partial_is(const uint8_t *frame, const struct bp_frame_layer *l)
{
	static const uint8_t zeros[4];
	const uint8_t *field = frame + l->csum_off;

	switch (l->proto) {
	case BP_PROTO_TCP:
	case BP_PROTO_UDP:
		return bp_csum_load(field) ==
		       bp_csum_fold(
			       bp_csum_pseudo(frame + l->l3_off, l->is_v6, l->proto, l->l4_bytes));
	case BP_PROTO_SCTP:
		return !memcmp(field, zeros, sizeof(zeros));
	default:
		return false; /* GRE's is never left over */
	}
}

void bp_partial_complete(struct bp_pkt *views, unsigned n_views, uint32_t start, uint32_t n_bytes,
			 uint32_t field_off, struct bp_counters *counters)
{
	uint8_t *field = views[0].data + field_off;
	uint16_t csum = (uint16_t)~bp_csum_fold(bp_csum_views(views, n_views, start, n_bytes));

	/* 0 would mean «no checksum» in UDP. */
	if (!csum && field_off - start == UDP_CSUM)
		csum = 0xffff;
	if (csum == bp_csum_load(field))
		return;
	bp_csum_store(field, csum);
	bp_count(counters, BP_CNT_CSUM, 1);
}

static void complete_sctp(struct bp_pkt *views, unsigned n_views, const struct bp_frame_layer *l,
			  struct bp_counters *counters)
{
	uint8_t *field = views[0].data + l->csum_off;
	uint32_t crc = bp_crc32c_views(views, n_views, l->l4_off, l->l4_bytes, l->csum_off);

	if (!memcmp(field, &crc, sizeof(crc)))
		return;
	memcpy(field, &crc, sizeof(crc)); /* header */
	bp_count(counters, BP_CNT_CSUM, 1);
}

void bp_partial_complete_layer(struct bp_pkt *views, unsigned n_views,
			       const struct bp_frame_layer *l, struct bp_counters *counters)
{
	if (l->proto == BP_PROTO_SCTP)
		complete_sctp(views, n_views, l, counters);
	else
		bp_partial_complete(views, n_views, l->l4_off, l->l4_bytes, l->csum_off, counters);
}

/* Partial checksums: recognising them in a layer of a frame, completing them in place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/partial.h"

#include "bypath/counters.h"
#include "bypath/pkt.h"
#include "engine/checksum.h"
#include "engine/crc32c.h"
#include "engine/frame_tunnel.h"

#include <string.h>

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
	case BP_PROTO_GRE:
		return l->csum_off && !bp_csum_load(field);
	default:
		return false;
	}
}

/* ip: the header described above, with n_bytes to be read behind it, of which l4_bytes belong to
 * the packet. */
static bool is_whole(const uint8_t *ip, int is_v6, uint32_t n_bytes, uint32_t l4_bytes)
{
	const uint8_t *l4 = ip + (is_v6 ? BP_V6_BYTES : BP_V4_BYTES_MIN), *field;
	uint8_t proto = is_v6 ? ip[6] : ip[9];

	if (proto == BP_PROTO_TCP && n_bytes >= BP_TCP_BYTES_MIN) {
		field = l4 + BP_TCP_CSUM;
	} else if (proto == BP_PROTO_UDP && n_bytes >= BP_UDP_BYTES) {
		if (bp_tunnel_has_port(bp_get_be16(l4 + 2)))
			return false;
		l4_bytes = bp_get_be16(l4 + 4);
		field = l4 + BP_UDP_CSUM;
	} else {
		return false;
	}
	return bp_csum_load(field) != bp_csum_fold(bp_csum_pseudo(ip, is_v6, proto, l4_bytes));
}

bool bp_partial_is_ruled_out(const uint8_t *frame, uint32_t first_bytes)
{
	const uint8_t *ip = frame + BP_ETH_BYTES;

	if (first_bytes < BP_ETH_BYTES + BP_V4_BYTES_MIN)
		return false;
	switch (bp_get_be16(ip - 2)) {
	case BP_TYPE_V4:
		return ip[0] == 0x45 && !(bp_get_be16(ip + 6) & BP_V4_FRAGMENT_MASK) &&
		       is_whole(ip, 0, first_bytes - BP_ETH_BYTES - BP_V4_BYTES_MIN,
				bp_get_be16(ip + 2) - BP_V4_BYTES_MIN);
	case BP_TYPE_V6:
		return first_bytes >= BP_ETH_BYTES + BP_V6_BYTES && ip[0] >> 4 == 6 &&
		       is_whole(ip, 1, first_bytes - BP_ETH_BYTES - BP_V6_BYTES,
				bp_get_be16(ip + 4));
	default:
		return false;
	}
}

void bp_partial_complete(struct bp_pkt *views, unsigned n_views, uint32_t start, uint32_t n_bytes,
			 uint32_t field_off, struct bp_counters *counters)
{
	uint8_t *field = views[0].data + field_off;
	uint16_t csum = (uint16_t)~bp_csum_fold(bp_csum_views(views, n_views, start, n_bytes));

	/* 0 would mean 'no checksum' in UDP. */
	if (!csum && field_off - start == BP_UDP_CSUM)
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

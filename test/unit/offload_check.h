/* What tests of the offload stage share: frames to compare, metadata, one packet in and out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_OFFLOAD_CHECK_H
#define BYPATH_TEST_OFFLOAD_CHECK_H

#include "frame_build.h"
#include "offload_bed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TCP_ACK 0x10u
#define TCP_PSH 0x08u
#define TCP_FIN 0x01u
#define TCP_CWR 0x80u

#define AF_XDP_LIKE (BP_CAP_CSUM_INFER | BP_CAP_GSO_INFER)

static struct fb_frame input, want;

static inline struct bp_vnet_hdr meta_of(const struct fb_frame *f, uint8_t gso_type,
					 uint16_t gso_size)
{
	return (struct bp_vnet_hdr){
		.flags = BP_VNET_F_NEEDS_CSUM,
		.gso_type = gso_type,
		.hdr_len = (uint16_t)f->payload,
		.gso_size = gso_size,
		.csum_start = (uint16_t)f->l4,
		.csum_offset = (uint16_t)(f->csum - f->l4),
	};
}

static inline void assert_view(const struct bp_pkt *pkt, const struct fb_frame *f)
{
	assert_int_equal(pkt->len, f->len);
	for (uint32_t i = 0; i < f->len; i++)
		if (pkt->data[i] != f->bytes[i])
			fail_msg("byte %u of %u is %02x, not %02x", i, f->len, pkt->data[i],
				 f->bytes[i]);
}

/* One packet of one view in, one view out, in place; returned for inspection. */
static inline struct bp_pkt pass_one(struct bed *bed, struct bp_pkt pkt)
{
	struct bp_pkt in[1] = { pkt }, *out;

	bp_offload_begin(bed->o, in, 1);
	assert_int_equal(bp_offload_next(bed->o, &out), 1);
	assert_ptr_equal(out, in);
	pkt = out[0];
	assert_int_equal(bp_offload_next(bed->o, &out), 0);
	assert_int_equal(bed->n_puts[pkt.token], 0);
	return pkt;
}

static inline void assert_dropped(struct bed *bed, struct bp_pkt pkt, enum bp_cnt reason)
{
	uint64_t before = bed_count(bed, reason);
	struct bp_pkt *out;

	bp_offload_begin(bed->o, &pkt, 1);
	assert_int_equal(bp_offload_next(bed->o, &out), 0);
	assert_int_equal(bed_count(bed, reason), before + 1);
	assert_int_equal(bed->n_puts[pkt.token], 1);
}

static inline void build_pair(const struct fb_spec *shape)
{
	struct fb_spec spec = *shape;

	spec.csum = FB_PARTIAL;
	fb_build(&input, &spec);
	spec.csum = FB_FULL;
	fb_build(&want, &spec);
}

#endif

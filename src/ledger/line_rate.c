/* Computes what a line's rate asks of a frame: of the wire, of a slot. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/line_rate.h"

#include "core/json.h"

#include <math.h>

/* Headers of transaction-layer packets with 64-bit addresses, framing and LCRC included. */
#define WRITE_BYTES      24u
#define REQUEST_BYTES    24u
#define COMPLETION_BYTES 20u
#define UPDATE_BYTES     8u /* an acknowledgement, a flow-control update */
#define SKIP_SHARE       (4.0 / 1538) /* clock compensation */

#define PAYLOAD_MAX      256u /* MPS */
#define REQUEST_MAX      512u /* MRRS */
#define DESCRIPTOR_BYTES 16u
#define DESCRIPTORS      4u /* fetched, or written back, at once: a line of the cache */
#define DOORBELL_BYTES   4u
#define DOORBELL_FRAMES  32u

const struct bp_line_size bp_line_sizes[] = {
	{ "64", { { 64, 1 } } },
	{ "128", { { 128, 1 } } },
	{ "256", { { 256, 1 } } },
	{ "512", { { 512, 1 } } },
	{ "1024", { { 1024, 1 } } },
	{ "1280", { { 1280, 1 } } },
	{ "1518", { { 1518, 1 } } },
	{ "imix", { { 64, 7 }, { 594, 4 }, { 1518, 1 } } },
	{ .name = NULL },
};

static const struct bp_line_slot slots[] = {
	{ "PCIe 3.0 x8", 8e9, 8, 203, 50e9 },
	{ "PCIe 3.0 x16", 8e9, 16, 168, 100e9 },
	{ "PCIe 4.0 x16", 16e9, 16, 168, 200e9 },
	{ "PCIe 5.0 x16", 32e9, 16, 168, INFINITY },
};

double bp_line_fps(double bits_per_s, double frame_bytes)
{
	return bits_per_s / (8 * (frame_bytes + BP_WIRE_GAP_BYTES));
}

double bp_line_mean_bytes(const struct bp_line_size *size)
{
	double bytes = 0, weights = 0;

	for (unsigned i = 0; i < BP_LINE_PARTS_MAX; i++) {
		bytes += (double)size->parts[i].bytes * size->parts[i].weight;
		weights += size->parts[i].weight;
	}
	return bytes / weights;
}

const struct bp_line_slot *bp_line_slot_for(double bits_per_s)
{
	const struct bp_line_slot *slot = slots;

	while (bits_per_s > slot->line_max_bps)
		slot++;
	return slot;
}

double bp_line_slot_bytes_per_s(const struct bp_line_slot *slot)
{
	double raw = slot->transfers_per_s * slot->n_lanes * 128 / 130 / 8;

	return raw * (1 - 2 * UPDATE_BYTES / slot->update_bytes - SKIP_SHARE);
}

static double pieces(unsigned n_bytes, unsigned max)
{
	return ceil((double)n_bytes / max);
}

struct bp_line_load bp_line_load_of(unsigned n_bytes, bool receives, bool sends)
{
	/* Each frame's share of fetching descriptors, of writing them back, of a doorbell. */
	const double fetch = (double)REQUEST_BYTES / DESCRIPTORS;
	const double fetched = DESCRIPTOR_BYTES + (double)COMPLETION_BYTES / DESCRIPTORS;
	const double written = DESCRIPTOR_BYTES + (double)WRITE_BYTES / DESCRIPTORS;
	const double doorbell = (double)(WRITE_BYTES + DOORBELL_BYTES) / DOORBELL_FRAMES;
	double directions = (receives ? 1 : 0) + (sends ? 1 : 0);
	struct bp_line_load load = { directions * (fetch + written),
				     directions * (fetched + doorbell) };

	if (receives)
		load.up += n_bytes + WRITE_BYTES * pieces(n_bytes, PAYLOAD_MAX);
	if (sends) {
		load.up += REQUEST_BYTES * pieces(n_bytes, REQUEST_MAX);
		load.down += n_bytes + COMPLETION_BYTES * pieces(n_bytes, PAYLOAD_MAX);
	}
	return load;
}

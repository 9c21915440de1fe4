/* What a line of some rate asks of each path: frames, bytes, bounds, on paper. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_LINE_RATE_H
#define BYPATH_LEDGER_LINE_RATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Everything here is pure; docs/line-rate.md names each assumption and its source. */

#define BP_LINE_PARTS_MAX 3u

/* A frame size with FCS, or a mix of some. */
struct bp_line_size {
	const char *name; /* "64", "imix" */
	struct {
		uint16_t bytes, weight; /* weight 0: no further part */
	} parts[BP_LINE_PARTS_MAX];
};

/* The sizes of RFC 2544, section 9.1, then [stream] size = imix; ends with name NULL. */
extern const struct bp_line_size bp_line_sizes[];

/* Frames per second that a line carries of frames of so many bytes, FCS included; a mix: of the mean. */
double bp_line_fps(double bits_per_s, double frame_bytes);

/* The mean bytes of a size, FCS included. */
double bp_line_mean_bytes(const struct bp_line_size *size);

/* A slot for a NIC. */
struct bp_line_slot {
	const char *name; /* "PCIe 3.0 x8" */
	double transfers_per_s; /* per lane */
	unsigned n_lanes;
	double update_bytes; /* bytes per lane between two acknowledgements, between two flow-control updates */
	double line_max_bps; /* the fastest line that a NIC in it is made for */
};

/* The narrowest slot for a NIC of a line's rate; the widest known one for faster lines. Static. */
const struct bp_line_slot *bp_line_slot_for(double bits_per_s);

/* Bytes per second for transaction-layer packets, each direction. */
double bp_line_slot_bytes_per_s(const struct bp_line_slot *slot);

/* Bytes that one frame of n_bytes, without FCS, puts on each direction of a slot, headers included, where its
 * NIC receives one, sends one, or both. */
struct bp_line_load {
	double up, down; /* towards the host's memory, from it */
};
struct bp_line_load bp_line_load_of(unsigned n_bytes, bool receives, bool sends);

/* What is asked. Pointers stay the caller's. */
struct bp_line_ask {
	double bits_per_s;
	double cycles_per_packet; /* of every path, at every size; 0: not given */
	double hz; /* cycles per second of a core, which budgets are counted in */
	const char *hz_source; /* in words */
	const json_t *
		report; /* bypath.report/1 of a run of the same configuration, which has costs; NULL: none */
	const char *report_name;
};

/*
 * Schema `bypath.line-rate/1` (docs/line-rate.md) of a configuration that was explained: a document of
 * bypath.explain/1. A cost per packet that nobody has given or measured is null, and no bound is made of it. A new
 * reference, NULL when memory lacks.
 */
json_t *bp_line_document(const json_t *explained, const struct bp_line_ask *ask);

#endif

/* The contract of a driver whose frames are made inside the kernel from templates. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_KERNEL_SOURCE_H
#define BYPATH_KERNEL_SOURCE_H

#include "bypath/config.h"

struct bp_port;

#define BP_KS_HEADER_BYTES  96u /* of a template: headers and signature; zeros follow */
#define BP_KS_TEMPLATES_MAX 8192u

/* One frame of the cycle that is sent over and over. */
struct bp_ks_template {
	uint8_t header[BP_KS_HEADER_BYTES]; /* the frame's first bytes; its rest is zeros */
	uint32_t frame_bytes; /* without FCS */
	uint16_t signature_at; /* see bypath/signature.h; written for each frame */
	uint8_t stream_id; /* whose sequence the frame counts in */
	uint8_t unused;
};

/* One trial. Times and rates as struct bp_source_request of the generator. */
struct bp_ks_request {
	const struct bp_ks_template *templates; /* the caller's, needed during begin() only */
	unsigned n_templates; /* 1..BP_KS_TEMPLATES_MAX */
	double rate_pps; /* 0: as fast as it goes */
	double duration_s; /* 0: no bound */
	uint64_t n_pkts_max; /* frames, whatever was missed; UINT64_MAX: no bound */
	uint64_t n_turns_max; /* the schedule's length, UINT64_MAX: no bound */
	uint64_t backlog_max; /* late turns that are caught up; older ones count as missed */
	uint64_t first_seq; /* of every stream */
	uint8_t run;
	unsigned burst; /* frames between two looks at the device, 1..BP_BURST_MAX */
};

/* What became of it so far. n_tried is counted by the program that makes the frames. */
struct bp_ks_state {
	bool is_over; /* nothing more will be sent: stop() it */
	uint64_t n_tried, tried_bytes; /* handed to the device */
	uint64_t n_sent; /* of them, taken by the device, as the kernel reports; else n_tried */
	uint64_t n_refused; /* n_tried - n_sent, once run() has returned */
	uint64_t n_turns, n_missed; /* of the schedule */
	uint64_t elapsed_ns; /* first to last frame */
	uint64_t stream_pkts[BP_STREAMS_MAX]; /* tried, by stream */
	uint64_t stream_dropped[BP_STREAMS_MAX]; /* of them: refused by the device, their sequence
						  * numbers used again */
	int err; /* -errno: why nothing at all was sent (logged) */
};

/*
 * The operations of a driver that makes its own frames; its TX burst takes none. For each trial the
 * control thread calls begin(), the TX queue's worker run(), any thread read(). 0 or -errno
 * (logged).
 */
struct bp_ks_ops {
	int (*begin)(struct bp_port *port, const struct bp_ks_request *request);
	/* Blocks until stop(); counts in the TX queue's counters when it ends. */
	int (*run)(struct bp_port *port);
	/* Ask run() to return: at once, but a call that comes before it has begun may be lost:
	 * repeat until it has returned. Control thread. */
	void (*stop)(struct bp_port *port);
	void (*read)(struct bp_port *port, struct bp_ks_state *state);
};

#endif

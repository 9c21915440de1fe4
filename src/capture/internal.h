/* A session as the files of this folder share it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CAPTURE_INTERNAL_H
#define BYPATH_CAPTURE_INTERNAL_H

#include "core/capture.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_capture_filter;

/* What a client asks for, understood. */
struct bp_capture_request {
	unsigned n_names;
	const char *names[BP_PORTS_MAX]; /* the request's own */
	const char *filter_text; /* the request's own, or NULL */
	struct bp_capture_filter *filter; /* the caller's, or NULL */
	unsigned kinds;
	uint32_t snap_bytes, sample;
	uint64_t count; /* 0: no bound */
	uint64_t ring_bytes; /* a power of two */
};

/* Understand a request, which outlives *r. 0, or -errno with a sentence in why; then nothing is to be freed. */
int bp_capture_request_read(const json_t *request, struct bp_capture_request *r, char *why,
			    size_t why_bytes);

/* "rx", "tx", "drop", in the order of enum bp_capture_kind; ends with NULL. */
extern const char *const bp_capture_kind_names[];

#define BP_CAPTURE_HEAD_BYTES (256u + BP_PORTS_MAX * 2048u)
#define BP_CAPTURE_END_BYTES  (BP_PORTS_MAX * 128u)

/* The blocks before the packets: the section, each interface. Returns their bytes. Pure. */
size_t bp_capture_make_head(const struct bp_capture *c, const char *program,
			    const char *filter_text, uint8_t head[BP_CAPTURE_HEAD_BYTES]);

/* Figures of one interface by all workers. */
struct bp_capture_sum {
	uint64_t n_seen, n_matched, n_lost, n_copy_bytes;
};
struct bp_capture_sum bp_capture_sum(const struct bp_capture *c, unsigned interface_id);

/* The blocks behind the packets: the statistics of each interface. Times are ns since the epoch; n_written by interface.
 * Returns their bytes. Pure. */
size_t bp_capture_make_end(const struct bp_capture *c, uint64_t begin_ns, uint64_t end_ns,
			   const _Atomic uint64_t *n_written, uint8_t end[BP_CAPTURE_END_BYTES]);

#endif

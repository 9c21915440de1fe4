/* Memory that the BPF programs share with the driver. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef XDP_LIVE_SHARED_H
#define XDP_LIVE_SHARED_H

/* Types by their kernel names: also compiled for BPF, which has no libc. */
#include <linux/types.h>

#define LIVE_TEMPLATES_MAX 8192 /* a power of two */
#define LIVE_HEADER_BYTES  96
#define LIVE_STREAMS_MAX   64 /* a power of two */
#define LIVE_TIME_BITS     12 /* fraction of a nanosecond in the schedule: 52 days fit */

/* As struct bp_ks_template. */
struct xdp_live_template {
	__u64 header[LIVE_HEADER_BYTES / 8];
	__u32 frame_bytes;
	__u16 signature_at;
	__u8 stream_id;
	__u8 unused;
};

/* Written by the driver before a run; then by one thread, the one inside the test run. */
struct xdp_live_state {
	/* Asked for. */
	__u32 stop; /* written by the driver at any time: drop everything */
	__u32 ifindex; /* for the tracepoint: whose transmissions count */
	__u32 netns; /* inode of its network namespace */
	__u64 interval; /* between turns, 2^-LIVE_TIME_BITS ns; 0: no schedule */
	__u64 backlog; /* in the same unit */
	__u64 end_ns; /* after the first turn, grace included; all ones: no bound */
	__u64 n_pkts_max, n_turns_max;
	__u32 n_templates;
	__u32 data_bytes; /* length that each frame starts with */
	__u32 run;
	__u32 burst; /* frames of a batch of the test run */
	__u32 shortest; /* frame of the templates */
	/* Done. */
	__u32 in_batch; /* frames of this batch so far */
	__u64 task; /* thread inside the test run, as the kernel addresses it */
	__u32 is_over;
	__u64 begin_ns, last_ns;
	__u64 next; /* when the next turn is due, after begin_ns */
	__u64 n_turns, n_missed;
	__u32 at; /* next template */
	__u32 n_bad; /* frames that could not be written: a bug */
	__u64 n_tried, tried_bytes;
	__u64 seq[LIVE_STREAMS_MAX];
	__u64 stream_pkts[LIVE_STREAMS_MAX];
	__u32 bulk_longest; /* frame that goes to the device with the next report */
	__u8 last_stream; /* of the last frame */
	__u8 is_last_new; /* longer than any that the device has taken: it went last in its batch */
	/* Written by the tracepoint's program, in the same thread. */
	__u64 n_sent; /* taken by the device */
	__u64 n_full; /* refused without an error: its queue was full */
	__u64 n_gone; /* refused without an error, alone: of a length that it does not take */
	__u64 stream_gone[LIVE_STREAMS_MAX];
	__u32 longest_ok; /* frame that it has taken since it last refused one; all ones: not known */
	__u64 n_error; /* refused with an error */
	__s64 last_err;
};

#endif

/* Makes frames from templates by a schedule, inside a test run with live frames. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;

#include "bypath/signature.h"

#include "shared.h"

/* What the kernel calls them; the offsets are found when the program is loaded. */
struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));

struct net_device {
	int ifindex;
	struct {
		struct net *net;
	} nd_net;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LIVE_TEMPLATES_MAX);
	__type(key, __u32);
	__type(value, struct xdp_live_template);
} bypath_templates SEC(".maps");

struct xdp_live_state live;

/* Count overdue turns as missed, except for the backlog that may be caught up. */
static __always_inline void miss(__u64 lag)
{
	__u64 n = (lag - live.backlog) / live.interval;

	if (n > live.n_turns_max - live.n_turns)
		n = live.n_turns_max - live.n_turns;
	live.n_missed += n;
	live.n_turns += n;
	live.next += n * live.interval;
}

/* Is a turn due? Uses it. The generator's other source has the same schedule: src/gen/source.c. */
static __always_inline bool take_turn(__u64 elapsed_ns)
{
	__u64 now = elapsed_ns << LIVE_TIME_BITS;

	if (elapsed_ns >= live.end_ns) {
		if (live.interval && live.n_turns_max != ~0ull) {
			live.n_missed += live.n_turns_max - live.n_turns;
			live.n_turns = live.n_turns_max;
		}
		live.is_over = 1;
		return false;
	}
	if (live.interval) {
		if (now < live.next)
			return false;
		if (now - live.next > live.backlog)
			miss(now - live.next);
		live.next += live.interval;
	}
	if (live.n_turns >= live.n_turns_max) {
		live.is_over = 1;
		return false;
	}
	if (++live.n_turns >= live.n_turns_max)
		live.is_over = 1; /* behind this one */
	return true;
}

/* Everything but the zeros behind: a frame's page comes back as its last user left it. */
static __always_inline bool write_frame(struct xdp_md *ctx, const struct xdp_live_template *t,
					__u64 now_ns)
{
	__u64 *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 stream_id = t->stream_id & (LIVE_STREAMS_MAX - 1);
	struct bp_signature sig = { .seq = live.seq[stream_id],
				    .time_ns = now_ns,
				    .stream = (__u8)stream_id,
				    .run = (__u8)live.run };
	__u64 word0 = __builtin_bswap64(bp_sig_word0(&sig));
	__u64 word1 = __builtin_bswap64(bp_sig_word1(&sig));
	void *to;

	if ((void *)data + LIVE_HEADER_BYTES > end)
		return false;
#pragma unroll
	for (int i = 0; i < LIVE_HEADER_BYTES / 8; i++)
		data[i] = t->header[i];
	to = (void *)data + (t->signature_at & 127u);
	if (to + BP_SIG_BYTES > end)
		return false;
	/* By words: the compiler would store bytes where it does not know the alignment. */
	*(__u64 *)to = word0;
	*(__u64 *)(to + 8) = word1;
	*(__u16 *)(to + 16) = bp_sig_check(word0, word1);
	live.seq[stream_id] = (sig.seq + 1) & BP_SIG_SEQ_MASK;
	live.stream_pkts[stream_id]++;
	live.last_stream = (__u8)stream_id;
	return true;
}

static __always_inline bool is_last_of_batch(void)
{
	__u32 i = live.in_batch + 1;

	live.in_batch = i < live.burst ? i : 0;
	return i >= live.burst;
}

SEC("xdp")
int bypath_live(struct xdp_md *ctx)
{
	const struct xdp_live_template *t;
	bool is_last = is_last_of_batch(), is_new;
	__u32 at = live.at;
	__u64 now_ns;

	if (live.stop | live.is_over)
		return XDP_DROP;
	t = bpf_map_lookup_elem(&bypath_templates, &at);
	/*
	 * A device that refuses a frame refuses all that stand behind it in the same call
	 * (ndo_xdp_xmit). So a frame that is longer than what it has taken goes last.
	 */
	is_new = t && t->frame_bytes > live.longest_ok;
	if (is_new && !is_last)
		return XDP_DROP;
	now_ns = bpf_ktime_get_ns();
	if (!live.begin_ns) {
		live.begin_ns = now_ns;
		live.task = bpf_get_current_task();
	}
	if (!take_turn(now_ns - live.begin_ns))
		return XDP_DROP;
	if (!t || !write_frame(ctx, t, now_ns)) {
		live.n_bad++;
		return XDP_DROP;
	}
	live.at = at + 1 < live.n_templates ? at + 1 : 0;
	if (t->frame_bytes != live.data_bytes &&
	    bpf_xdp_adjust_tail(ctx, (int)(t->frame_bytes - live.data_bytes))) {
		live.n_bad++;
		return XDP_DROP;
	}
	if (++live.n_tried >= live.n_pkts_max)
		live.is_over = 1;
	live.tried_bytes += t->frame_bytes;
	live.last_ns = now_ns;
	live.is_last_new = is_new;
	if (t->frame_bytes > live.bulk_longest)
		live.bulk_longest = t->frame_bytes;
	/* In a test run: out of the interface that the context names (ndo_xdp_xmit). */
	return XDP_TX;
}

/* What the device did not take of its last call. Longer frames prove themselves anew, then. */
static __always_inline void count_drops(__u64 n, int err)
{
	__u32 stream_id = live.last_stream & (LIVE_STREAMS_MAX - 1);

	if (live.longest_ok != ~0u && live.longest_ok > live.shortest)
		live.longest_ok = live.shortest;
	if (err < 0) {
		live.n_error += n;
	} else if (live.is_last_new && n == 1) {
		/* Nothing has been made since: its number goes to the next one. */
		live.n_gone++;
		live.stream_gone[stream_id]++;
		live.seq[stream_id] = (live.seq[stream_id] - 1) & BP_SIG_SEQ_MASK;
	} else {
		live.n_full += n;
	}
}

/* Source: Linux include/trace/events/xdp.h: from_dev, to_dev, sent, drops, err. */
SEC("raw_tp/xdp_devmap_xmit")
int bypath_live_sent(struct bpf_raw_tracepoint_args *ctx)
{
	const struct net_device *from = (const void *)ctx->args[0];
	const struct net_device *to = (const void *)ctx->args[1];
	int n_sent = (int)ctx->args[2], n_drops = (int)ctx->args[3], err = (int)ctx->args[4];

	/* A device under test may run inside this thread's softirqs: only our interface counts. */
	if (from != to || bpf_get_current_task() != live.task ||
	    (__u32)BPF_CORE_READ(to, ifindex) != live.ifindex ||
	    BPF_CORE_READ(to, nd_net.net, ns.inum) != live.netns)
		return 0;
	if (n_sent > 0)
		live.n_sent += (__u64)n_sent;
	if (n_drops > 0)
		count_drops((__u64)n_drops, err);
	else if (live.bulk_longest > live.longest_ok)
		live.longest_ok = live.bulk_longest;
	live.bulk_longest = 0;
	live.is_last_new = 0;
	if (err < 0)
		live.last_err = err;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";

/* When the records of a capture are due that is played at its recorded pace. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "timeline.h"

#define NS_PER_S 1000000000u

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* v ≥ 0, cut to a whole number that fits. */
static uint64_t to_u64(double v)
{
	return v >= 0x1p64 ? UINT64_MAX : (uint64_t)v;
}

void bp_pcap_timeline_init(struct bp_pcap_timeline *t, double speed, double max_gap_s,
			   double delay_s, uint64_t hz)
{
	uint64_t gap_max_ns = to_u64(max_gap_s * speed * NS_PER_S);

	*t = (struct bp_pcap_timeline){
		.cycles_per_ns_x32 = to_u64((double)hz * 0x1p32 / NS_PER_S / speed),
		.gap_max_ns = UINT64_MAX,
		.delay_cycles = to_u64(delay_s * (double)hz),
	};
	/* Gaps of nothing would say that the capture has no pace. */
	if (max_gap_s > 0)
		t->gap_max_ns = gap_max_ns ? gap_max_ns : 1;
}

void bp_pcap_timeline_begin_round(struct bp_pcap_timeline *t, uint64_t now)
{
	t->begin_cycles = t->has_begun ? add_saturating(now, t->delay_cycles) : now;
	t->has_begun = true;
	t->passed_ns = 0;
	t->has_stamp = false;
}

uint64_t bp_pcap_timeline_next(struct bp_pcap_timeline *t, uint64_t stamp_ns)
{
	unsigned __int128 cycles;

	if (!t->has_stamp)
		t->stamp_ns = stamp_ns;
	t->has_stamp = true;
	if (stamp_ns > t->stamp_ns) {
		uint64_t gap_ns = stamp_ns - t->stamp_ns;

		t->stamp_ns = stamp_ns;
		t->passed_ns = add_saturating(t->passed_ns,
					      gap_ns < t->gap_max_ns ? gap_ns : t->gap_max_ns);
	}
	cycles = (unsigned __int128)t->passed_ns * t->cycles_per_ns_x32 >> 32;
	return cycles > UINT64_MAX ? UINT64_MAX : add_saturating(t->begin_cycles, (uint64_t)cycles);
}

uint64_t bp_pcap_timeline_stamp(int64_t seconds, int64_t ns)
{
	uint64_t v;

	if (seconds < 0 || ns < 0)
		return 0;
	if (__builtin_mul_overflow((uint64_t)seconds, (uint64_t)NS_PER_S, &v))
		return UINT64_MAX;
	return add_saturating(v, (uint64_t)ns);
}

/* The function switch: sends frames to the port that their destination is behind, as an Ethernet switch does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/switch.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>

#define ETH_BYTES    14u
#define TAG_BYTES    4u
#define TAGGED_BYTES (ETH_BYTES + TAG_BYTES)
#define TPID_8021Q   0x8100u
#define MACS_BYTES   12u
#define MAC_MASK     UINT64_C(0xffffffffffff)
#define STORM_PARTS  10u /* of a second: what may come at once under a limit */
#define SECOND_NS    UINT64_C(1000000000)

/* No reason: goes on. */
#define PASSES BP_SWITCH_N_REASONS

static const struct bp_fn_reason reasons[] = {
	[BP_SWITCH_RUNT] = { "runt", "dropped: shorter than its Ethernet header" },
	[BP_SWITCH_BAD_SOURCE] = { "bad_source",
				   "dropped: its source is a group address, or zero" },
	[BP_SWITCH_RESERVED] = { "reserved",
				 "dropped: sent to 01:80:c2:00:00:00 … 0f, which no switch passes on" },
	[BP_SWITCH_VID_4095] = { "vid_4095", "dropped: VLAN 4095 does not exist" },
	[BP_SWITCH_VID_NOT_ALLOWED] = { "vid_not_allowed",
					"dropped: the port it came in at is not in its VLAN" },
	[BP_SWITCH_UNTAGGED] = { "untagged",
				 "dropped: it has no VLAN, and came in at a trunk without one for that" },
	[BP_SWITCH_NO_HEADROOM] = { "no_headroom", "dropped: no room before it for a VLAN tag" },
	[BP_SWITCH_METADATA] = { "metadata",
				 "dropped: its checksum's place contradicts that of its VLAN tag" },
	[BP_SWITCH_STORM] = { "storm", "dropped: more floods from its port than storm allows" },
	[BP_SWITCH_SAME_PORT] = { "same_port",
				  "dropped: its destination is behind the port it came from" },
	[BP_SWITCH_SPLIT_HORIZON] = { "split_horizon",
				      "dropped: its destination is in the group of the port it came from" },
	[BP_SWITCH_NO_PORT] = { "no_port", "dropped: no other port that may have it has a link" },
	{ .name = NULL },
};
static_assert(BP_SWITCH_N_REASONS <= BP_FN_REASONS_MAX, "why[] knows them all");

/* ---- frames ----------------------------------------------------------------------------------- */

/* The addresses of a frame, as it has them: its bytes 0 … 7, 4 … 11. */
struct macs {
	uint64_t low, high;
};

/* What is looked up for a run: packets one behind the other with the same addresses and VLAN, as senders send them. */
struct run {
	uint64_t dst, src; /* keys */
	uint64_t dst_hash, src_hash;
	uint16_t vid;
	uint8_t begin, end; /* of its views */
};
static_assert(BP_BURST_MAX <= UINT8_MAX, "an index is a byte");

static inline unsigned read_be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline void write_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline bool is_group(uint64_t mac)
{
	return mac & 1;
}

/* 01-80-C2-00-00-00 … 0F. */
static inline bool is_reserved(uint64_t mac)
{
	return (mac & UINT64_C(0xf0ffffffffff)) == UINT64_C(0xc28001);
}

static bool push_tag(struct bp_pkt *pkt, unsigned tci)
{
	if (!bp_pkt_push(pkt, TAG_BYTES))
		return false;
	memmove(pkt->data, pkt->data + TAG_BYTES, MACS_BYTES);
	write_be16(pkt->data + MACS_BYTES, TPID_8021Q);
	write_be16(pkt->data + MACS_BYTES + 2, tci);
	return true;
}

static bool pop_tag(struct bp_pkt *pkt)
{
	uint8_t macs[MACS_BYTES]; /* what follows moves the metadata onto them */

	memcpy(macs, pkt->data, sizeof(macs));
	if (!bp_pkt_pull(pkt, TAG_BYTES))
		return false;
	memcpy(pkt->data, macs, sizeof(macs));
	return true;
}

/* Inside, every frame has a tag: find its VLAN, give it one. 802.1Q 6.9.1, 8.6.2. */
static unsigned tag_frame(const struct bp_switch *sw, unsigned port_id, struct bp_pkt *pkt,
			  uint16_t *vid)
{
	const uint16_t pvid = sw->ports.pvid[port_id];
	unsigned tci;

	if (read_be16(pkt->data + MACS_BYTES) != TPID_8021Q) {
		*vid = pvid;
		if (!pvid)
			return BP_SWITCH_UNTAGGED;
		return push_tag(pkt, pvid) ? PASSES : BP_SWITCH_NO_HEADROOM;
	}
	if (pkt->len < TAGGED_BYTES)
		return BP_SWITCH_RUNT;
	tci = read_be16(pkt->data + ETH_BYTES);
	*vid = tci & 0xfff;
	if (!*vid) {
		*vid = pvid;
		if (!pvid)
			return BP_SWITCH_UNTAGGED;
		write_be16(pkt->data + ETH_BYTES, tci | pvid);
		return PASSES;
	}
	if (*vid > BP_SWITCH_VID_MAX)
		return BP_SWITCH_VID_4095;
	return sw->ports.members[*vid] >> port_id & 1 ? PASSES : BP_SWITCH_VID_NOT_ALLOWED;
}

static inline struct macs read_macs(const uint8_t *frame)
{
	struct macs macs;

	memcpy(&macs.low, frame, sizeof(macs.low));
	memcpy(&macs.high, frame + 4, sizeof(macs.high));
	return macs;
}

static inline uint64_t dst_of(const struct macs *macs)
{
	return macs->low & MAC_MASK;
}

static inline uint64_t src_of(const struct macs *macs)
{
	return macs->high >> 16;
}

/* Why frames with these addresses are dropped, or PASSES. */
static inline unsigned judge(const struct macs *macs)
{
	if (is_group(src_of(macs)) || !src_of(macs))
		return BP_SWITCH_BAD_SOURCE;
	return is_reserved(dst_of(macs)) ? BP_SWITCH_RESERVED : PASSES;
}

/* Asks for the buckets that its addresses are in. */
static inline void begin_run(const struct bp_fdb *fdb, struct run *run, const struct macs *macs,
			     uint16_t vid, unsigned begin, unsigned end)
{
	run->vid = vid;
	run->begin = (uint8_t)begin;
	run->end = (uint8_t)end;
	run->src = bp_fdb_key(src_of(macs), vid);
	run->src_hash = bp_fdb_hash(fdb, run->src);
	__builtin_prefetch(bp_fdb_home(fdb, run->src_hash));
	run->dst = bp_fdb_key(dst_of(macs), vid);
	if (is_group(run->dst))
		return;
	run->dst_hash = bp_fdb_hash(fdb, run->dst);
	__builtin_prefetch(bp_fdb_home(fdb, run->dst_hash));
}

/* Where the packets end that begin at `begin` and have these addresses, one view each. */
static inline unsigned end_of_run(const struct bp_pkt *pkts, unsigned n, unsigned begin,
				  const struct macs *macs)
{
	unsigned i = begin;

	for (; i < n; i++) {
		struct macs next;

		if (pkts[i].len < ETH_BYTES || pkts[i].flags & BP_PKT_MORE)
			break;
		next = read_macs(pkts[i].data);
		if ((next.low ^ macs->low) | (next.high ^ macs->high))
			break;
	}
	return i;
}

/* Read the packets' addresses and VLANs; drop what no switch passes on. Returns the runs that the others make. */
static inline unsigned read_runs(const struct bp_switch *sw, unsigned port_id, struct bp_pkt *pkts,
				 unsigned n, struct run *runs, uint64_t *out, uint8_t *why)
{
	unsigned n_runs = 0;

	for (unsigned i = 0, end; i < n; i = end) {
		unsigned reason = BP_SWITCH_RUNT;
		uint16_t vid = 0;
		struct macs macs;

		end = i + bp_pkt_n_views(&pkts[i], n - i);
		if (pkts[i].len >= ETH_BYTES) {
			macs = read_macs(pkts[i].data);
			reason = judge(&macs);
			if (sw->ports.is_aware && reason == PASSES)
				reason = tag_frame(sw, port_id, &pkts[i], &vid);
		}
		if (reason != PASSES) {
			out[i] = 0;
			why[i] = (uint8_t)reason;
			continue;
		}
		/* With VLANs each frame's tag is looked at. */
		if (!sw->ports.is_aware)
			end = end_of_run(pkts, n, end, &macs);
		begin_run(sw->fdb, &runs[n_runs++], &macs, vid, i, end);
	}
	return n_runs;
}

/* ---- learning --------------------------------------------------------------------------------- */

/* One writer: a plain load and store. */
static inline void count(_Atomic uint64_t *v)
{
	atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* A burst on its way through the switch. */
struct pass {
	struct bp_switch *sw;
	struct bp_switch_worker *worker;
	uint64_t now; /* cycles */
	uint64_t may; /* ports that frames of this one may go to, with a link */
	uint32_t now_s;
	unsigned port_id;
};

static void note_loop(struct bp_switch *sw, uint64_t key, unsigned to, unsigned from,
		      uint32_t now_s)
{
	/* Relaxed: a reader that finds a part of another loop's shows a wrong pair once. */
	atomic_store_explicit(&sw->loop_key, key, memory_order_relaxed);
	atomic_store_explicit(&sw->loop_ports, to | from << 8, memory_order_relaxed);
	atomic_store_explicit(&sw->loop_s, now_s, memory_order_relaxed);
	atomic_fetch_add_explicit(&sw->n_loops, 1, memory_order_relaxed);
}

/* What the table does not say already: a new address, another port, a new second. */
static __attribute__((noinline)) void learn_news(const struct pass *pass, const struct run *run,
						 uint64_t value)
{
	const enum bp_fdb_learned learned =
		bp_fdb_learn(pass->sw->fdb, run->src, run->src_hash, pass->port_id, pass->now_s);

	count(&pass->worker->counts.learned[learned]);
	if (learned == BP_FDB_LOOPED)
		note_loop(pass->sw, run->src, pass->port_id, bp_fdb_port(value), pass->now_s);
}

/* Returns whether the table did not say it already. */
static inline bool learn(const struct pass *pass, const struct run *run)
{
	uint64_t value = 0;

	if (bp_fdb_find(pass->sw->fdb, run->src, run->src_hash, &value) &&
	    bp_fdb_port(value) == pass->port_id &&
	    (bp_fdb_seen_s(value) == pass->now_s || value & BP_FDB_PERMANENT))
		return false;
	learn_news(pass, run, value);
	return true;
}

/* ---- forwarding ------------------------------------------------------------------------------- */

/* To all that may have it, if the limit of its kind allows. Returns the ports, or 0 and why. */
static uint64_t flood(const struct pass *pass, const struct run *run, const struct bp_pkt *pkts,
		      unsigned n_views, uint8_t *why)
{
	const uint64_t mac = run->dst & MAC_MASK;
	const enum bp_switch_flood kind = mac == MAC_MASK ? BP_SWITCH_BROADCAST
					  : is_group(mac) ? BP_SWITCH_MULTICAST
							  : BP_SWITCH_UNKNOWN;
	const uint64_t to = pass->may & pass->sw->ports.members[run->vid];
	struct bp_pace *pace = &pass->worker->storm[pass->port_id][kind];

	*why = BP_SWITCH_NO_PORT;
	if (!to)
		return 0;
	if (pace->rate_pps) {
		bp_pace_skip_late(pace, pass->now);
		*why = BP_SWITCH_STORM;
		if (!bp_pace_is_due(pace, pass->now)) {
			count(&pass->worker->counts.storms[kind]);
			return 0;
		}
		bp_pace_pass(pace, bp_pkt_wire(pkts, n_views).n_frames);
	}
	count(&pass->worker->counts.floods[kind]);
	return to;
}

/* Why nothing goes to the port that a destination is behind. */
static uint8_t refuse(const struct pass *pass, unsigned to)
{
	const struct bp_switch_ports *ports = &pass->sw->ports;

	if (to == pass->port_id)
		return BP_SWITCH_SAME_PORT;
	return ports->reach[pass->port_id] >> to & 1 ? BP_SWITCH_NO_PORT : BP_SWITCH_SPLIT_HORIZON;
}

/* Where a run goes, packet by packet where the table does not know that. */
static inline void forward(const struct pass *pass, const struct run *run,
			   const struct bp_pkt *pkts, uint64_t *out, uint8_t *why)
{
	uint8_t reason = 0;
	uint64_t value, to;

	if (is_group(run->dst) || !bp_fdb_find(pass->sw->fdb, run->dst, run->dst_hash, &value)) {
		for (unsigned i = run->begin, n_views; i < run->end; i += n_views) {
			n_views = bp_pkt_n_views(&pkts[i], run->end - i);
			out[i] = flood(pass, run, &pkts[i], n_views, &why[i]);
		}
		return;
	}
	/* Membership once more: the table's answer may be one moment old. */
	to = UINT64_C(1) << bp_fdb_port(value) & pass->may & pass->sw->ports.members[run->vid];
	if (!to)
		reason = refuse(pass, bp_fdb_port(value));
	for (unsigned i = run->begin; i < run->end; i++) {
		out[i] = to;
		why[i] = reason;
	}
}

static void process(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	struct bp_switch *sw = fn->state;
	const struct pass pass = {
		.sw = sw,
		.worker = fn->local,
		.now = fn->now,
		.may = sw->ports.reach[fn->port_id] &
		       atomic_load_explicit(&sw->has_link, memory_order_relaxed),
		.now_s = atomic_load_explicit(&sw->now_s, memory_order_relaxed),
		.port_id = fn->port_id,
	};
	struct run runs[BP_BURST_MAX];
	/* First all packets' buckets are asked for, then each is waited for. */
	const unsigned n_runs = read_runs(sw, fn->port_id, pkts, n, runs, out, why);

	for (unsigned k = 0; k < n_runs; k++) {
		const struct run *run = &runs[k];

		/* Each packet whose source the table does not take is counted. */
		for (unsigned i = run->begin; i < run->end && learn(&pass, run);)
			i += bp_pkt_n_views(&pkts[i], run->end - i);
		forward(&pass, run, pkts, out, why);
	}
}

/* Frames of the VLAN that the port has without a tag leave without it. */
static void egress(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	const struct bp_switch *sw = fn->state;
	const uint16_t vid = sw->ports.pvid[fn->port_id];

	if (!vid)
		return;
	for (unsigned i = 0; i < n; i += bp_pkt_n_views(&pkts[i], n - i)) {
		struct bp_pkt *pkt = &pkts[i];

		if (pkt->len < TAGGED_BYTES || read_be16(pkt->data + MACS_BYTES) != TPID_8021Q ||
		    (read_be16(pkt->data + ETH_BYTES) & 0xfff) != vid || pop_tag(pkt))
			continue;
		out[i] = 0;
		why[i] = BP_SWITCH_METADATA;
	}
}

/* ---- its life --------------------------------------------------------------------------------- */

static void close_switch(void *state)
{
	struct bp_switch *sw = state;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		free(atomic_load_explicit(&sw->workers[i], memory_order_relaxed));
	bp_fdb_destroy(sw->fdb);
	free(sw);
}

static int put_fixed(struct bp_switch *sw)
{
	int err = 0;

	for (unsigned i = 0; !err && i < sw->ports.n_fixed; i++) {
		const struct bp_switch_static *s = &sw->ports.fixed[i];

		err = bp_fdb_add_permanent(sw->fdb, bp_fdb_key(s->mac, s->vid), s->port_id);
	}
	return err;
}

static int open_switch(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state)
{
	const struct bp_switch_conf *own = BP_FN_OWN(struct bp_switch_conf, fn);
	struct bp_switch *sw = aligned_alloc(BP_CACHE_LINE, sizeof(*sw));
	const uint64_t now_ns = bp_clock_ns();
	int err;

	if (!sw)
		return -ENOMEM;
	memset(sw, 0, sizeof(*sw));
	err = bp_switch_ports_read(conf, fn, NULL, &sw->ports) ? 0 : -EINVAL;
	if (!err) /* those that are there for good take no room of those that are learned */
		err = bp_fdb_create(own->entries + sw->ports.n_fixed, own->limit, &sw->fdb);
	if (!err)
		err = put_fixed(sw);
	if (err) {
		bp_fdb_destroy(sw->fdb);
		free(sw);
		return err;
	}
	sw->ageing_s = own->ageing_s;
	sw->storm_pps = own->storm.unit == BP_RATE_PPS ? (uint64_t)own->storm.value : 0;
	memcpy(sw->name, fn->name, sizeof(sw->name));
	sw->n_ports = conf->n_ports;
	for (unsigned i = 0; i < conf->n_ports; i++)
		memcpy(sw->port_names[i], conf->ports[i].name, sizeof(sw->port_names[i]));
	sw->swept_ns = now_ns;
	atomic_init(&sw->now_s, (uint32_t)(now_ns / SECOND_NS));
	/* Until the first tick says more, each port is one to send to. */
	atomic_init(&sw->has_link, UINT64_MAX);
	bp_clock_hz(); /* measured here, not by the first worker */
	*state = sw;
	return 0;
}

static int enter(struct bp_fn *fn)
{
	struct bp_switch *sw = fn->state;
	struct bp_switch_worker *w =
		atomic_load_explicit(&sw->workers[fn->worker_id], memory_order_relaxed);
	const uint64_t hz = bp_clock_hz(), now = bp_clock_cycles();
	const unsigned burst = (unsigned)(sw->storm_pps / STORM_PARTS);

	if (!w) {
		w = aligned_alloc(BP_CACHE_LINE,
				  (sizeof(*w) + BP_CACHE_LINE - 1) / BP_CACHE_LINE * BP_CACHE_LINE);
		if (!w)
			return -ENOMEM;
		memset(w, 0, sizeof(*w));
		/* Release: show() finds zeros. */
		atomic_store_explicit(&sw->workers[fn->worker_id], w, memory_order_release);
	}
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		for (unsigned k = 0; k < BP_SWITCH_N_FLOODS; k++)
			bp_pace_begin(&w->storm[i][k], sw->storm_pps, burst ? burst : 1, hz, now);
	fn->local = w;
	return 0;
}

/* ---- the control thread ----------------------------------------------------------------------- */

/* Once a second through the whole table, a part at each tick. */
static void age(struct bp_switch *sw, uint64_t now_ns)
{
	const uint64_t n_buckets = (uint64_t)sw->fdb->mask + 1, passed_ns = now_ns - sw->swept_ns;
	const uint32_t n =
		(uint32_t)(passed_ns < SECOND_NS ? n_buckets * passed_ns / SECOND_NS : n_buckets);
	uint32_t n_aged;

	if (!n)
		return;
	n_aged = bp_fdb_age(sw->fdb, sw->sweep_at, n, (uint32_t)(now_ns / SECOND_NS), sw->ageing_s);
	sw->sweep_at = (sw->sweep_at + n) & sw->fdb->mask;
	sw->swept_ns = passed_ns < SECOND_NS ? sw->swept_ns + n * SECOND_NS / n_buckets : now_ns;
	atomic_fetch_add_explicit(&sw->n_aged, n_aged, memory_order_relaxed);
}

/* What is behind a port without a link is there no longer. */
static void follow_links(struct bp_switch *sw, uint64_t has_link)
{
	const uint64_t lost = atomic_load_explicit(&sw->has_link, memory_order_relaxed) &
			      ~has_link & sw->ports.all;

	atomic_store_explicit(&sw->has_link, has_link, memory_order_relaxed);
	if (lost)
		atomic_fetch_add_explicit(&sw->n_flushed, bp_fdb_flush(sw->fdb, lost),
					  memory_order_relaxed);
}

static const char *name_of(const struct bp_switch *sw, unsigned port_id)
{
	return port_id < sw->n_ports ? sw->port_names[port_id] : "?";
}

static void say_loop(struct bp_switch *sw, uint64_t now_ns)
{
	const uint64_t n_loops = atomic_load_explicit(&sw->n_loops, memory_order_relaxed);
	const uint64_t key = atomic_load_explicit(&sw->loop_key, memory_order_relaxed);
	const uint32_t at = atomic_load_explicit(&sw->loop_ports, memory_order_relaxed);
	uint8_t mac[6];

	if (n_loops == sw->n_loops_said ||
	    (sw->n_loops_said && now_ns - sw->loop_said_ns < SECOND_NS))
		return;
	sw->n_loops_said = n_loops;
	sw->loop_said_ns = now_ns;
	for (unsigned i = 0; i < sizeof(mac); i++)
		mac[i] = (uint8_t)(key >> 8 * i);
	bp_log(BP_LOG_WARN,
	       "function '%s': a loop? " BP_SWITCH_MAC_TEXT
	       " came from port '%s' and from port '%s' by "
	       "turns, %u times within a second: take one of the ways between them away, or set storm; "
	       "there is no spanning tree here",
	       sw->name, BP_SWITCH_MAC_ARGS(mac), name_of(sw, at & 0xff), name_of(sw, at >> 8),
	       BP_FDB_LOOP_MOVES);
}

static void tick(void *state, const struct bp_fn_ports *ports, uint64_t now_ns)
{
	struct bp_switch *sw = state;

	atomic_store_explicit(&sw->now_s, (uint32_t)(now_ns / SECOND_NS), memory_order_relaxed);
	follow_links(sw, ports->has_link);
	age(sw, now_ns);
	say_loop(sw, now_ns);
}

static bool is_full(const void *state)
{
	const struct bp_fdb *fdb = ((const struct bp_switch *)state)->fdb;

	return bp_fdb_n(fdb) >= fdb->capacity;
}

static struct json_t *show(const void *state)
{
	return bp_switch_show(state);
}

static const struct bp_function_ops ops = {
	.open = open_switch,
	.close = close_switch,
	.enter = enter,
	.tick = tick,
	.show = show,
	.is_full = is_full,
	.process = process,
	.egress = egress,
};

/* ---- its configuration ------------------------------------------------------------------------ */

#define OWN(field) BP_KEY_OF_FN(struct bp_switch_conf, field)

static const struct bp_key keys[] = {
	BP_KEY_INT("ageing", 10, 1000000, "seconds", NULL, "300", OWN(ageing_s),
		   "an address that was not seen for longer is forgotten"),
	BP_KEY_INT("entries", 16, 1048576, "addresses", NULL, "8192", OWN(entries),
		   "addresses that are learned; frames to others go to all ports"),
	BP_KEY_INT("limit", 0, 1048576, "addresses", "no limit", "0", OWN(limit),
		   "addresses that are learned at one port"),
	{ .name = "storm",
	  .type = BP_KEY_RATE,
	  .flags = BP_KEY_PPS,
	  .fallback = "max",
	  OWN(storm),
	  .help = "broadcast, multicast, unknown unicast from a port, each and per worker: 1000pps" },
	{ .name = "group",
	  .type = BP_KEY_TEXT,
	  OWN(group),
	  .example = "p1, p2",
	  .help = "ports that never send to each other: p1, p2; further groups behind |" },
	{ .name = "access",
	  .type = BP_KEY_TEXT,
	  OWN(access),
	  .example = "p1:10, p2:20",
	  .help = "ports whose frames have no tag, each with its VLAN: p1:10, p2:20" },
	{ .name = "trunk",
	  .type = BP_KEY_TEXT,
	  OWN(trunk),
	  .example = "p3:10+20",
	  .help = "ports whose frames have tags, with VLANs: p3:10+20-29, p4:all, p5:1u+10 (1 without)" },
	{ .name = "static",
	  .type = BP_KEY_TEXT,
	  OWN(addresses),
	  .example = "p1:02:00:00:00:00:01, p2:02:00:00:00:00:02@20",
	  .help = "addresses that stay at a port: p1:02:00:00:00:00:01, in a VLAN p2:02:00:00:00:00:02@20" },
	{ .name = NULL },
};

static uint64_t outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
		     unsigned in_port)
{
	struct bp_switch_ports ports;

	if (!bp_switch_ports_read(conf, fn, NULL, &ports))
		return ports.reach[in_port];
	return bp_switch_ports_outs(&ports, in_port);
}

static void check(const struct bp_function_conf *fn, struct bp_check *check)
{
	const struct bp_switch_conf *own = BP_FN_OWN(struct bp_switch_conf, fn);
	struct bp_switch_ports ports;

	bp_switch_ports_read(check->conf, fn, check, &ports);
	if (__builtin_popcountll(ports.all) == 1)
		check->complain(
			check, NULL,
			"found one port whose chain names this switch, allowed: two at least, "
			"as p1 = %s and p2 = %s in [forward]",
			fn->name, fn->name);
	if (own->limit > own->entries)
		check->complain(
			check, "limit",
			"found %u, above entries = %u of all ports together: raise that, or delete "
			"the line",
			own->limit, own->entries);
}

const struct bp_function bp_function_switch = {
	.name = "switch",
	.summary = "sends frames to the port that their destination is behind, VLANs kept apart",
	.flags = BP_FN_PICKS | BP_FN_READS,
	.keys = keys,
	.reasons = reasons,
	.ops = &ops,
	.outs = outs,
	.check = check,
};

/* Captures: copies of a port's packets for somebody who looks on, made by the workers beside the packets' way. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/capture.h"

#include "bypath/ledger.h"

#include "core/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define COMMENT_BYTES (sizeof("dropped: : ") + 2 * (size_t)BP_NAME_BYTES)
#define COMMENT_ROOM  (sizeof(struct bp_pcapng_option_head) + (COMMENT_BYTES + 3) / 4 * 4)
/* Behind the packet and a comment: its direction, the end of the options, the block's length. */
#define TAIL_BYTES (3 * sizeof(struct bp_pcapng_option_head) + sizeof(uint32_t))

/* ---- blocks ----------------------------------------------------------------------------------- */

static void add(_Atomic uint64_t *figure, uint64_t n)
{
	atomic_store_explicit(figure, atomic_load_explicit(figure, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* The time of a burst: read once, when it is needed first. */
static void note_moment(uint64_t *now_ns)
{
	struct timespec now;

	if (*now_ns)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	*now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool has_room(struct bp_capture_ring *r, uint64_t n_bytes)
{
	if (r->write + n_bytes - r->tail_seen <= r->size)
		return true;
	/* Acquire: the consumer has read what stood there. */
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return r->write + n_bytes - r->tail_seen <= r->size;
}

static void copy_bytes(_Atomic uint64_t *n_copied, uint8_t *to, const struct bp_pkt *views,
		       uint32_t n_bytes)
{
	for (unsigned v = 0; n_bytes; v++) {
		uint32_t n = views[v].len < n_bytes ? views[v].len : n_bytes;

		bp_ledger_copy_aside(n_copied, to, views[v].data, n);
		to += n;
		n_bytes -= n;
	}
}

/* Write the block of a packet up to its options, with room for them and a comment. Returns n_bytes 0: it is lost. */
static struct bp_capture_held begin_block(const struct bp_capture *c, struct bp_capture_ring *r,
					  uint16_t interface_id, const struct bp_pkt *views,
					  unsigned n_views, uint64_t *now_ns)
{
	uint64_t wire_bytes = bp_pkt_bytes(views, n_views);
	uint32_t captured_bytes = wire_bytes < c->snap_bytes ? (uint32_t)wire_bytes : c->snap_bytes;
	uint32_t n_bytes =
		(uint32_t)sizeof(struct bp_pcapng_packet) + bp_pcapng_pad(captured_bytes);
	uint64_t n_wanted = n_bytes + TAIL_BYTES + (c->kinds & BP_CAPTURE_DROP ? COMMENT_ROOM : 0);
	struct bp_capture_held held = { .at = r->write };
	uint8_t *block = r->bytes + (r->write & (r->size - 1));

	if (!has_room(r, n_wanted))
		return held;
	note_moment(now_ns);
	memset(block + n_bytes - sizeof(uint32_t), 0, sizeof(uint32_t)); /* what fills it up */
	*(struct bp_pcapng_packet *)(void *)block = (struct bp_pcapng_packet){
		.head = { .type = BP_PCAPNG_PACKET },
		.interface_id = interface_id,
		.time_high = (uint32_t)(*now_ns >> 32),
		.time_low = (uint32_t)*now_ns,
		.captured_bytes = captured_bytes,
		.wire_bytes = (uint32_t)wire_bytes,
	};
	copy_bytes(&r->figures[interface_id].n_copy_bytes, block + sizeof(struct bp_pcapng_packet),
		   views, captured_bytes);
	held.n_bytes = n_bytes;
	r->write += n_wanted;
	return held;
}

static uint8_t *put_u32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
	return at + sizeof(v);
}

static uint8_t *put_option_head(uint8_t *at, uint16_t code, size_t n_bytes)
{
	struct bp_pcapng_option_head head = { code, (uint16_t)n_bytes };

	memcpy(at, &head, sizeof(head));
	return at + sizeof(head);
}

static uint8_t *put_comment(uint8_t *at, const char *comment)
{
	size_t n = strnlen(comment, COMMENT_BYTES), n_padded = bp_pcapng_pad((uint32_t)n);

	at = put_option_head(at, BP_PCAPNG_COMMENT, n);
	memset(at + n_padded - 4, 0, 4);
	memcpy(at, comment, n);
	return at + n_padded;
}

/* Finish the block of a packet at *to, where the one before ends; it may have to move up. */
static void end_block(struct bp_capture_ring *r, const struct bp_capture_held *held, uint64_t *to,
		      uint32_t direction, const char *comment)
{
	uint8_t *block = r->bytes + (*to & (r->size - 1)), *at = block + held->n_bytes;
	uint32_t n_bytes;

	/* From the same side of the wrap: so both ends are where memmove() takes them to be. */
	if (*to != held->at)
		memmove(block, block + (held->at - *to), held->n_bytes);
	if (comment[0])
		at = put_comment(at, comment);
	at = put_option_head(at, BP_PCAPNG_EPB_FLAGS, sizeof(direction));
	at = put_u32(at, direction);
	at = put_option_head(at, BP_PCAPNG_END, 0);
	n_bytes = (uint32_t)(at - block) + (uint32_t)sizeof(n_bytes);
	put_u32(at, n_bytes);
	((struct bp_pcapng_packet *)(void *)block)->head.n_bytes = n_bytes;
	*to += n_bytes;
}

/* Show the consumer what lies before r->write. */
static void publish(struct bp_capture_ring *r)
{
	/* Release: the blocks are there. */
	atomic_store_explicit(&r->head, r->write, memory_order_release);
}

/* ---- what is taken ---------------------------------------------------------------------------- */

const uint8_t *bp_capture_gather(const struct bp_pkt *views, uint32_t n_wanted, uint8_t *scratch,
				 uint32_t *n_bytes)
{
	uint32_t done = 0;

	*n_bytes = views[0].len;
	if (views[0].len >= n_wanted)
		return views[0].data;
	for (unsigned v = 0; done < n_wanted; v++) {
		uint32_t n = views[v].len < n_wanted - done ? views[v].len : n_wanted - done;

		memcpy(scratch + done, views[v].data, n);
		done += n;
	}
	*n_bytes = n_wanted;
	return scratch;
}

static bool is_match(const struct bp_capture *c, struct bp_capture_ring *r,
		     const struct bp_pkt *views, unsigned n_views)
{
	uint32_t wire_bytes, n_wanted, n_bytes;
	const uint8_t *bytes;

	if (!c->match)
		return true;
	wire_bytes = (uint32_t)bp_pkt_bytes(views, n_views);
	n_wanted = c->match_bytes < wire_bytes ? c->match_bytes : wire_bytes;
	bytes = bp_capture_gather(views, n_wanted, r->scratch, &n_bytes);
	return c->match(c->program, bytes, wire_bytes, n_bytes);
}

/* Of the packets that match, and are of a kind that is asked for: each once. */
static bool is_sampled(const struct bp_capture *c, struct bp_capture_ring *r)
{
	return c->sample == 1 || ++r->n_sampled % c->sample == 0;
}

static void prefetch(const struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(pkts[i].data);
}

/* Take packets of which is known what became of them. */
static void take(const struct bp_capture *c, struct bp_capture_ring *r, uint16_t interface_id,
		 const struct bp_pkt *pkts, unsigned n, uint32_t direction, const char *comment)
{
	struct bp_capture_figures *f = &r->figures[interface_id];
	uint64_t n_seen = 0, n_matched = 0, n_lost = 0, now_ns = 0;

	for (unsigned i = 0, n_views; i < n; i += n_views) {
		struct bp_capture_held held;
		uint64_t to = r->write;

		n_views = bp_pkt_n_views(&pkts[i], n - i);
		n_seen++;
		if (!is_match(c, r, &pkts[i], n_views) || !is_sampled(c, r))
			continue;
		n_matched++;
		held = begin_block(c, r, interface_id, &pkts[i], n_views, &now_ns);
		if (!held.n_bytes) {
			n_lost++;
			continue;
		}
		end_block(r, &held, &to, direction, comment);
		r->write = to;
	}
	add(&f->n_seen, n_seen);
	if (!n_matched)
		return;
	add(&f->n_matched, n_matched);
	add(&f->n_lost, n_lost);
	publish(r);
}

/* Those who look at a port's packets of some kinds. */
struct lookers {
	unsigned n, kinds;
	struct {
		const struct bp_capture *capture;
		struct bp_capture_ring *ring;
		uint16_t interface_id;
	} v[BP_PORT_CAPTURES_MAX];
};

static void find_lookers(struct bp_port *port, unsigned worker_id, unsigned kinds,
			 struct lookers *lookers)
{
	lookers->n = lookers->kinds = 0;
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		struct bp_capture_slot *slot = &port->captures[i];
		/* Acquire: pairs with bp_capture_attach(). */
		const struct bp_capture *c =
			atomic_load_explicit(&slot->capture, memory_order_acquire);

		if (!c || !(c->kinds & kinds) || worker_id >= c->n_rings)
			continue;
		lookers->kinds |= c->kinds;
		lookers->v[lookers->n].capture = c;
		lookers->v[lookers->n].ring = c->rings[worker_id];
		lookers->v[lookers->n++].interface_id = slot->interface_id;
	}
}

unsigned bp_captured_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = q->driver_burst(q, pkts, max);
	struct lookers lookers;

	if (!n)
		return 0;
	find_lookers(q->port, q->worker_id, BP_CAPTURE_RX, &lookers);
	prefetch(pkts, n);
	for (unsigned i = 0; i < lookers.n; i++)
		take(lookers.v[i].capture, lookers.v[i].ring, lookers.v[i].interface_id, pkts, n,
		     BP_PCAPNG_INBOUND, "");
	return n;
}

void bp_capture_drop(struct bp_port *port, unsigned worker_id,
		     const struct bp_capture_reason *reason, const struct bp_pkt *pkts, unsigned n)
{
	char comment[COMMENT_BYTES];
	struct lookers lookers;

	find_lookers(port, worker_id, BP_CAPTURE_DROP, &lookers);
	snprintf(comment, sizeof(comment), "dropped: %.*s%s%.*s", (int)BP_NAME_BYTES - 1,
		 reason->by ? reason->by : "", reason->by ? ": " : "", (int)BP_NAME_BYTES - 1,
		 reason->name);
	for (unsigned i = 0; i < lookers.n; i++)
		if (!lookers.v[i].ring->is_sending) /* else bp_captured_tx() sees to it */
			take(lookers.v[i].capture, lookers.v[i].ring, lookers.v[i].interface_id,
			     pkts, n,
			     reason->side == BP_SIDE_RX ? BP_PCAPNG_INBOUND : BP_PCAPNG_OUTBOUND,
			     comment);
}

/* ---- what is sent ----------------------------------------------------------------------------- */

/*
 * A packet that TX has consumed is gone, with its bytes: it is copied before. Which ones TX has consumed shows afterwards: the
 * copies of those that it left to its caller are forgotten, since the caller sends them again or drops them by name. Where only
 * drops are asked for, those that were sent are forgotten as well, and only the others are sampled: in settle().
 */
static void hold(const struct bp_capture *c, struct bp_capture_ring *r, uint16_t interface_id,
		 const struct bp_pkt *pkts, unsigned n)
{
	bool are_all_asked_for = c->kinds & BP_CAPTURE_TX;
	uint64_t now_ns = 0;

	r->is_sending = true;
	r->n_held = 0;
	for (unsigned i = 0, n_views; i < n; i += n_views) {
		n_views = bp_pkt_n_views(&pkts[i], n - i);
		r->sampled_at[i] = r->n_sampled;
		if (!is_match(c, r, &pkts[i], n_views) || (are_all_asked_for && !is_sampled(c, r)))
			continue;
		r->held[r->n_held] = begin_block(c, r, interface_id, &pkts[i], n_views, &now_ns);
		r->held[r->n_held++].view = (uint8_t)i;
	}
}

/* What became of a burst. */
struct sent {
	unsigned n_tried; /* views that TX was given */
	unsigned n_views; /* that TX has consumed */
	unsigned n_pkts, n_dropped; /* packets of these; of them by name */
	uint8_t reasons[BP_BURST_MAX]; /* enum bp_cnt by first view; 0: sent */
};

/* The reason that dropped a packet of this burst: not the one of a loss that showed late, of packets before it. */
static uint8_t find_reason(const struct bp_counters *c, const uint64_t before[BP_CNT_N])
{
	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		if (bp_counter_dropped(c, (enum bp_cnt)id) != before[id])
			return (uint8_t)id;
	return BP_DROP_TX_ERROR;
}

/* Send so that each packet which TX drops is known: it is the last that a call has consumed. */
static unsigned send_by_name(struct bp_txq *q, struct bp_pkt *pkts, unsigned n, struct sent *sent)
{
	bool ends_at_drop = q->ends_at_drop;
	unsigned k = 0;

	q->ends_at_drop = true;
	while (k < n) {
		uint64_t before[BP_CNT_N], n_dropped = bp_counters_dropped(&q->counters);
		unsigned done, last = k;

		for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
			before[id] = bp_counter_dropped(&q->counters, (enum bp_cnt)id);
		done = q->driver_burst(q, &pkts[k], n - k);
		k += done;
		if (!done || bp_counters_dropped(&q->counters) == n_dropped)
			break;
		for (unsigned i = last; i < k; i += bp_pkt_n_views(&pkts[i], k - i))
			last = i;
		sent->reasons[last] = find_reason(&q->counters, before);
		sent->n_dropped++;
	}
	q->ends_at_drop = ends_at_drop;
	return k;
}

/* What TX has left to its caller comes again, or is dropped by name: it was not looked at. */
static void forget_left(const struct bp_capture *c, struct bp_capture_ring *r,
			struct bp_capture_figures *f, const struct sent *sent)
{
	uint64_t n_bytes = 0;

	if (sent->n_views == sent->n_tried)
		return;
	if (c->kinds & BP_CAPTURE_TX)
		r->n_sampled = r->sampled_at[sent->n_views];
	for (unsigned k = 0; k < r->n_held; k++) {
		const struct bp_capture_held *held = &r->held[k];
		const uint8_t *block = r->bytes + (held->at & (r->size - 1));

		if (held->view >= sent->n_views && held->n_bytes)
			n_bytes += ((const struct bp_pcapng_packet *)(const void *)block)
					   ->captured_bytes;
	}
	if (n_bytes)
		atomic_store_explicit(&f->n_copy_bytes,
				      atomic_load_explicit(&f->n_copy_bytes, memory_order_relaxed) -
					      n_bytes,
				      memory_order_relaxed);
}

static void settle(const struct bp_capture *c, struct bp_capture_ring *r, uint16_t interface_id,
		   const struct sent *sent)
{
	struct bp_capture_figures *f = &r->figures[interface_id];
	/* Atomic: what is behind it stays unpublished until then. */
	uint64_t to = atomic_load_explicit(&r->head, memory_order_relaxed), n_matched = 0,
		 n_lost = 0;

	forget_left(c, r, f, sent);
	for (unsigned k = 0; k < r->n_held; k++) {
		const struct bp_capture_held *held = &r->held[k];
		unsigned reason = sent->reasons[held->view];
		char comment[COMMENT_BYTES] = "";

		if (held->view >= sent->n_views ||
		    (!(c->kinds & BP_CAPTURE_TX) && (!reason || !is_sampled(c, r))))
			continue;
		n_matched++;
		if (!held->n_bytes) {
			n_lost++;
			continue;
		}
		if (reason && (c->kinds & BP_CAPTURE_DROP))
			snprintf(comment, sizeof(comment), "dropped: %s",
				 bp_counter_rows[reason].name);
		end_block(r, held, &to, BP_PCAPNG_OUTBOUND, comment);
	}
	r->write = to;
	r->is_sending = false;
	add(&f->n_seen, c->kinds & BP_CAPTURE_TX ? sent->n_pkts : sent->n_dropped);
	if (!n_matched)
		return;
	add(&f->n_matched, n_matched);
	add(&f->n_lost, n_lost);
	publish(r);
}

unsigned bp_captured_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct sent sent = { .n_tried = n };
	struct lookers lookers;

	if (!n)
		return q->driver_burst(q, pkts, n);
	find_lookers(q->port, q->worker_id, BP_CAPTURE_TX | BP_CAPTURE_DROP, &lookers);
	prefetch(pkts, n);
	for (unsigned i = 0; i < lookers.n; i++)
		hold(lookers.v[i].capture, lookers.v[i].ring, lookers.v[i].interface_id, pkts, n);
	sent.n_views = lookers.kinds & BP_CAPTURE_DROP ? send_by_name(q, pkts, n, &sent)
						       : q->driver_burst(q, pkts, n);
	sent.n_pkts = bp_pkt_count(pkts, sent.n_views);
	for (unsigned i = 0; i < lookers.n; i++)
		settle(lookers.v[i].capture, lookers.v[i].ring, lookers.v[i].interface_id, &sent);
	return sent.n_views;
}

/* ---- control ---------------------------------------------------------------------------------- */

static int map_ring(struct bp_capture_ring *r, uint64_t n_bytes)
{
	int fd = memfd_create("bypath-capture", MFD_CLOEXEC), err = 0;
	uint8_t *bytes = MAP_FAILED;

	if (fd < 0)
		return -errno;
	/* With its pages, so that memory that lacks is said here, and no worker waits for one. */
	if (fallocate(fd, 0, 0, (off_t)n_bytes))
		err = -errno;
	if (!err)
		bytes = mmap(NULL, 2 * n_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; !err && i < 2; i++)
		if (bytes == MAP_FAILED ||
		    mmap(bytes + i * n_bytes, n_bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED)
			err = -errno;
	if (err && bytes != MAP_FAILED)
		munmap(bytes, 2 * n_bytes);
	close(fd);
	if (err)
		return err;
	r->bytes = bytes;
	r->size = n_bytes;
	return 0;
}

static int make_ring(const struct bp_capture *c, uint64_t n_bytes, struct bp_capture_ring **out)
{
	struct bp_capture_ring *r = aligned_alloc(BP_CACHE_LINE, sizeof(*r));
	int err = -ENOMEM;

	if (!r)
		return err;
	memset(r, 0, sizeof(*r));
	r->scratch = c->match ? malloc(BP_PCAPNG_SNAP_MAX) : NULL;
	if (!c->match || r->scratch)
		err = map_ring(r, n_bytes);
	if (err) {
		free(r->scratch);
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

int bp_capture_open(struct bp_capture *c, unsigned n_workers, uint64_t ring_bytes)
{
	for (c->n_rings = 0; c->n_rings < n_workers; c->n_rings++) {
		int err = make_ring(c, ring_bytes, &c->rings[c->n_rings]);

		if (err) {
			bp_capture_close(c);
			return err;
		}
	}
	return 0;
}

void bp_capture_close(struct bp_capture *c)
{
	while (c->n_rings > 0) {
		struct bp_capture_ring *r = c->rings[--c->n_rings];

		munmap(r->bytes, 2 * r->size);
		free(r->scratch);
		free(r);
	}
}

/* The union of what those on the port ask for, without one of them. */
static void choose_kinds(struct bp_port *port)
{
	unsigned kinds = 0;

	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		const struct bp_capture *c =
			atomic_load_explicit(&port->captures[i].capture, memory_order_relaxed);

		kinds |= c ? c->kinds : 0;
	}
	atomic_store_explicit(&port->capture_kinds, kinds, memory_order_relaxed);
}

int bp_capture_attach(struct bp_capture *c, struct bp_port *port, uint16_t interface_id)
{
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		struct bp_capture_slot *slot = &port->captures[i];

		if (atomic_load_explicit(&slot->capture, memory_order_relaxed))
			continue;
		slot->interface_id = interface_id;
		/* Release: all of it is there. */
		atomic_store_explicit(&slot->capture, c, memory_order_release);
		choose_kinds(port);
		return 0;
	}
	return -EBUSY;
}

bool bp_capture_has_place(const struct bp_port *port)
{
	struct bp_capture_slot *slots = ((struct bp_port *)(uintptr_t)port)->captures;
	unsigned i = 0;

	while (i < BP_PORT_CAPTURES_MAX &&
	       atomic_load_explicit(&slots[i].capture, memory_order_relaxed))
		i++;
	return i < BP_PORT_CAPTURES_MAX;
}

bool bp_capture_detach(const struct bp_capture *c, struct bp_port *port)
{
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		struct bp_capture_slot *slot = &port->captures[i];

		if (atomic_load_explicit(&slot->capture, memory_order_relaxed) != c)
			continue;
		atomic_store_explicit(&slot->capture, NULL, memory_order_release);
		choose_kinds(port);
		return true;
	}
	return false;
}

void bp_capture_move(struct bp_port *from, struct bp_port *to)
{
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		struct bp_capture_slot *slot = &from->captures[i];
		struct bp_capture *c = atomic_load_explicit(&slot->capture, memory_order_relaxed);

		if (c && to)
			(void)bp_capture_attach(c, to, slot->interface_id);
		atomic_store_explicit(&slot->capture, NULL, memory_order_relaxed);
	}
	choose_kinds(from);
}

static unsigned kinds_of(const struct bp_port *port)
{
	return atomic_load_explicit(&((struct bp_port *)(uintptr_t)port)->capture_kinds,
				    memory_order_relaxed);
}

bp_rx_fn bp_capture_rx_burst(const struct bp_port *port, const struct bp_rxq *q)
{
	return kinds_of(port) & BP_CAPTURE_RX ? bp_captured_rx : q->driver_burst;
}

bp_tx_fn bp_capture_tx_burst(const struct bp_port *port, const struct bp_txq *q)
{
	return kinds_of(port) & (BP_CAPTURE_TX | BP_CAPTURE_DROP) ? bp_captured_tx
								  : q->driver_burst;
}

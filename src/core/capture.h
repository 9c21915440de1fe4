/* Captures: copies of a port's packets for somebody who looks on, made by the workers beside the packets' way. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CAPTURE_H
#define BYPATH_CORE_CAPTURE_H

#include "bypath/port.h"

/*
 * Nobody captures: the queues' bursts are the driver's, and nothing is looked at. While a port is captured its queues have
 * bp_captured_rx and bp_captured_tx in their stead, which call the driver's and copy what matches into the worker's ring of
 * that capture, as blocks of a pcapng (core/pcapng.h); and who drops packets by name shows them to bp_capture_dropped().
 *
 * A ring has one producer, its worker, and one consumer, whoever took the capture; its memory is fixed from the start. What it
 * has no room for is counted as lost, and the packet itself goes on as ever: a capture never delays or drops one.
 */

enum bp_capture_kind {
	BP_CAPTURE_RX = 1u << 0, /* as received, before functions */
	BP_CAPTURE_TX = 1u << 1, /* as handed to the TX queue, behind functions and offloads */
	BP_CAPTURE_DROP = 1u << 2, /* as dropped by name, where its bytes are known */
};

#define BP_CAPTURE_DESCRIPTION_BYTES 320u
#define BP_CAPTURE_RING_MIN          (1u << 20)
#define BP_CAPTURE_RING_MAX          (1u << 28)

/* Does a packet match? bytes[n_bytes] are its first ones, of wire_bytes: none beyond is looked at. Any worker. */
typedef bool (*bp_capture_match_fn)(const void *program, const uint8_t *bytes, uint32_t wire_bytes,
				    uint32_t n_bytes);

/* A packet's first bytes in one piece: its first view, or n_wanted (≤ wire_bytes) of them copied into scratch, which has room for
 * so many. *n_bytes: of them. Any worker. */
const uint8_t *bp_capture_gather(const struct bp_pkt *views, uint32_t n_wanted, uint8_t *scratch,
				 uint32_t *n_bytes);

/* Of one port, by one worker: written by it, read by anyone, relaxed. */
struct bp_capture_figures {
	_Atomic uint64_t n_seen; /* packets of the kinds asked for */
	_Atomic uint64_t n_matched; /* that the filter let through, and sampling */
	_Atomic uint64_t n_lost; /* of these: the ring had no room */
	_Atomic uint64_t n_copy_bytes; /* of the others: the captured bytes */
};

/* A packet of a burst that is being sent: its block lies behind the head, without options. */
struct bp_capture_held {
	uint64_t at; /* where its block begins */
	uint32_t n_bytes; /* of it until now; 0: lost */
	uint8_t view; /* index of its first view */
};

/* One worker's. */
struct bp_capture_ring {
	uint8_t *bytes; /* size bytes, mapped twice in a row: a block never wraps */
	uint64_t size; /* a power of two */
	uint8_t *
		scratch; /* for the filter: what lies in several views; BP_PCAPNG_SNAP_MAX bytes, or NULL */
	/* By the worker (release), read by the consumer (acquire): blocks end here. */
	alignas(BP_CACHE_LINE) _Atomic uint64_t head;
	uint64_t write; /* the worker's: head, or further on while a burst is being sent */
	uint64_t tail_seen; /* the worker's: tail as it was last read */
	uint64_t n_sampled; /* the worker's */
	bool is_sending; /* the worker's: held[] is in use */
	unsigned n_held;
	uint64_t sampled_at[BP_BURST_MAX]; /* n_sampled before the packet of each first view */
	struct bp_capture_held held[BP_BURST_MAX];
	struct bp_capture_figures figures[BP_PORTS_MAX]; /* by interface */
	/* By the consumer (release), read by the worker (acquire): what lies before is free. */
	alignas(BP_CACHE_LINE) _Atomic uint64_t tail;
};

struct bp_capture_interface {
	char name[BP_NAME_BYTES]; /* of the port */
	char description[BP_CAPTURE_DESCRIPTION_BYTES];
};

/* Fixed while a port has it, but for the rings. */
struct bp_capture {
	unsigned kinds; /* enum bp_capture_kind */
	uint32_t snap_bytes; /* 1 … BP_PCAPNG_SNAP_MAX of each packet */
	uint32_t sample; /* of the packets that match, each worker's every so manieth; ≥ 1 */
	bp_capture_match_fn match; /* NULL: all do */
	const void *program; /* match()'s; outlives the capture */
	uint32_t match_bytes; /* match() looks at no byte further on */
	unsigned n_interfaces;
	struct bp_capture_interface interfaces[BP_PORTS_MAX];
	unsigned n_rings;
	struct bp_capture_ring *rings[BP_WORKERS_MAX]; /* by worker_id */
	/* It is off its ports, but a worker that stands still may be in it: all of it has to stay until let_go(), which the
	 * control thread calls and which ends that. */
	_Atomic bool is_held;
	void (*let_go)(struct bp_capture *capture);
};

/*
 * Make a ring of ring_bytes (a power of two, BP_CAPTURE_RING_MIN … _MAX) for each worker, all of their memory there from the
 * start. What says how to match is set before. Any thread; takes milliseconds. 0 or -errno: nothing is to be freed.
 */
int bp_capture_open(struct bp_capture *capture, unsigned n_workers, uint64_t ring_bytes);

/* No port has it any more, no worker finds it. Any thread. */
void bp_capture_close(struct bp_capture *capture);

/*
 * Put a capture on a port, as its interface `interface_id`; workers may run. Control thread. 0; -EBUSY: the port has
 * BP_PORT_CAPTURES_MAX.
 */
int bp_capture_attach(struct bp_capture *capture, struct bp_port *port, uint16_t interface_id);

/* Is there a place for another one? Control thread. */
bool bp_capture_has_place(const struct bp_port *port);

/* Take it off a port. Workers may be inside until each has begun another round. Control thread. Returns whether it was there. */
bool bp_capture_detach(const struct bp_capture *capture, struct bp_port *port);

/* Put what looks at one port on another in its stead, which nobody has looked at yet; to NULL: on none. No worker runs. Control
 * thread. */
void bp_capture_move(struct bp_port *from, struct bp_port *to);

/* The bursts that a started port's queues have: the driver's, or those of captures. Control thread. */
bp_rx_fn bp_capture_rx_burst(const struct bp_port *port, const struct bp_rxq *q);
bp_tx_fn bp_capture_tx_burst(const struct bp_port *port, const struct bp_txq *q);

/* Bursts of a port that is captured: the queue's worker only. They never block, nor call the kernel. */
unsigned bp_captured_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);
unsigned bp_captured_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);

/* Who drops packets, and why: what the comment of their records says. */
struct bp_capture_reason {
	enum bp_side side; /* RX: they had come in at the port; TX: they were to leave there */
	const char *by; /* a function's name; NULL: the port's queue */
	const char *name; /* of the reason */
};

/*
 * The packets pkts[n] are about to be given back: those who look at the port's drops get a copy. That worker's thread; never
 * blocks. bp_capture_wants_drops() spares the call.
 */
void bp_capture_drop(struct bp_port *port, unsigned worker_id,
		     const struct bp_capture_reason *reason, const struct bp_pkt *pkts, unsigned n);

/* Does anybody look at what is dropped at this port? */
static inline bool bp_capture_wants_drops(const struct bp_port *port)
{
	return __builtin_expect(
		atomic_load_explicit(&((struct bp_port *)(uintptr_t)port)->capture_kinds,
				     memory_order_relaxed) &
			BP_CAPTURE_DROP,
		0);
}

/* The packets of a queue's burst are about to be given back, counted under a drop reason. The queue's worker. */
static inline void bp_capture_dropped(struct bp_txq *q, const struct bp_pkt *pkts, unsigned n,
				      enum bp_cnt reason)
{
	struct bp_capture_reason why = { BP_SIDE_TX, NULL, bp_counter_rows[reason].name };

	if (bp_capture_wants_drops(q->port))
		bp_capture_drop(q->port, q->worker_id, &why, pkts, n);
}

#endif

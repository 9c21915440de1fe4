/* One port under test with its arena, pools and burst calls that check the contract each time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_WORLD_H
#define BYPATH_TEST_WORLD_H

#include "check.h"
#include "private_pool.h"
#include "rig.h"

#include "bypath/driver.h"
#include "bypath/port.h"

#include "core/arena.h"
#include "core/frames.h"

#define FRAME_MAX   66000u
#define WORKER      0u /* polls the port under test */
#define PEER_WORKER 1u /* polls the peer, where that is a port */
#define N_WORKERS   2u

struct world {
	const struct rig *rig;
	struct bp_conf conf;
	struct bp_env env;
	struct private_pool foreign;
	struct bp_port *port;
	struct bp_port *peer; /* or NULL */
	bool is_attached;
	unsigned n_starts;
	/* What the bursts moved, by the suite's own count. */
	uint64_t rx_pkts, rx_bytes, rx_bursts, rx_empty, rx_copies;
	uint64_t tx_pkts, tx_bytes, tx_copies;
	uint32_t next_seq;
	struct bp_pkt backlog[BP_BURST_MAX]; /* received by the peer, not taken yet */
	unsigned backlog_first, backlog_end;
	void *priv; /* the rig's */
	int fd; /* the rig's */
};

/* Make arena, port, peer, start them. Failures are expectations; false when unusable. */
bool world_open(struct world *w, const struct rig *rig);
/* Stop and destroy; every frame must be back in its pool. */
void world_close(struct world *w);
/* Stop or start the port (with its peer) once. */
void world_stop(struct world *w);
bool world_start(struct world *w);

struct bp_rxq *world_rxq(struct world *w);
struct bp_txq *world_txq(struct world *w);

/* rx and tx of the port under test, with every rule of the contract checked around the call. */
unsigned world_rx(struct world *w, struct bp_pkt *pkts, unsigned max);
unsigned world_tx(struct world *w, struct bp_pkt *pkts, unsigned n);
/* The direct burst from the port's RX queue to its TX queue; NULL: it has none that does this edit. */
bp_direct_fn world_choose_direct(struct world *w, bp_edit_fn edit);
/*
 * One round of a path with this direct burst, as the engine makes it: what goes by views included.
 * Returns packets.
 */
unsigned world_direct(struct world *w, bp_direct_fn direct, bp_edit_fn edit, unsigned n_retries);
/* Kick until nothing is held or a second has passed. */
void world_drain(struct world *w);

/* Longest frame that both the port and the medium carry. */
uint32_t world_max_frame(const struct world *w);
/* Whether TX sends views of this pool in place. */
bool world_in_place(struct world *w, const struct bp_pool *pool);

/*
 * A packet of len bytes with sequence number seq in arena frames, in as many views as it takes,
 * none longer than view_bytes (0: a frame's room). Returns the number of views, 0 when they do not
 * fit into max or the arena is empty.
 */
unsigned world_build(struct world *w, struct bp_pkt *pkts, unsigned max, uint32_t seq, uint32_t len,
		     uint32_t view_bytes);

/* Deadline helpers: nanoseconds of CLOCK_MONOTONIC. */
uint64_t now_ns(void);
/* Give the kernel time without busy-waiting on one of two cores. */
void pause_briefly(void);

#endif

/* Ports: queues with their burst functions and counters, which a driver fills and a worker polls. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PORT_H
#define BYPATH_PORT_H

#include "bypath/config.h"
#include "bypath/counters.h"
#include "bypath/pkt.h"

#include <assert.h>
#include <limits.h>
#include <stdalign.h>

#define BP_CACHE_LINE 64

struct bp_act_count;
struct bp_arena;
struct bp_capture;
struct bp_driver;
struct bp_frames;
struct bp_locks;
struct bp_port;
struct bp_rxq;
struct bp_txq;

/*
 * Receive up to max views (1 ≤ max ≤ BP_BURST_MAX) into pkts[]; the views belong to the caller.
 * Never ends inside a packet. The driver counts packets, bytes, bursts, copies, calls. The queue's
 * worker only. Never blocks or sleeps. Returns the number of views; an error of the device shows in
 * bp_driver_ops.check, never here.
 */
typedef unsigned (*bp_rx_fn)(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);

/*
 * Send n views (n ≤ BP_BURST_MAX), whole packets. The first k are consumed: sent, or counted under
 * a drop reason of q->counters; nobody touches a consumed view but to read its `copies`, which tx
 * leaves true. The tail stays the caller's. tx(q, NULL, 0) kicks and reaps.
 *
 * Full or gone is never left open. Full, k < n: nothing was tried with pkts[k] or what stands behind
 * it, and the same call may take them in a moment. Gone: what the kernel or the device took and
 * dropped, and what it never takes, is consumed and counted, each packet once; it is not tried
 * again, and those behind it are tried in this very call. So nothing at the head of a line holds or
 * takes what stands behind it. A loss that shows after its packet was counted as sent goes by
 * bp_count_lost_after(). Ports with BP_CAP_TX_UNSURE are the exception that core/transmit.h treats.
 *
 * The queue's worker only. Never blocks or sleeps. Returns k.
 */
typedef unsigned (*bp_tx_fn)(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);

/*
 * Change a burst between rx and tx: the n views pkts[], whole packets, in place. Drops nothing, makes
 * nothing longer. The worker that owns the views. A driver knows an edit by its address:
 * bp_driver_ops.direct.
 */
typedef void (*bp_edit_fn)(struct bp_pkt *pkts, unsigned n);

/*
 * Move up to max packets (1 ≤ max ≤ BP_BURST_MAX) from rxq to txq, two queues of one driver, in its
 * own handles: what rx(), the edit that the function was chosen for and one tx() do, without a view
 * for each packet, and with the same counts on both queues. What tx() would leave to its caller comes
 * back as views, whole packets, received, edited and refused by txq: in left[BP_BURST_MAX], and
 * *n_left, which the caller has set to 0, is their number. They are the caller's: bp_tx_rest()
 * (core/transmit.h).
 *
 * The worker of both queues only. Never blocks or sleeps. Returns the packets it took from rxq, those
 * in left[] included; 0 leaves txq alone; BP_DIRECT_BY_VIEWS: it took none, since the first need more
 * than this function does (metadata, a copy, a named drop): rx() has them for the caller, and *n_left says how
 * many views the first of them has, where that may be more than max; 0: no more.
 */
#define BP_DIRECT_BY_VIEWS UINT_MAX
typedef unsigned (*bp_direct_fn)(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
				 struct bp_pkt *left, unsigned *n_left);

/*
 * What bp_driver_ops.direct() returns where the driver carries the packets of the path by itself, in the kernel or
 * in the device: no worker has anything to do with them, one that has such paths only rests. Moves nothing,
 * returns 0. The driver counts the packets on both queues, from check(), stats(), direct() and stop(): the control
 * thread, which is the one writer of these counters then.
 */
unsigned bp_carried(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max, struct bp_pkt *left,
		    unsigned *n_left);

/* Hot pointers, then counters. Set up by the driver in open/start, polled by one worker. */
struct bp_rxq {
	/* Written by the control thread (driver's function, or bp_rx_down while the port is away),
	 * read by the worker each round: release/acquire. */
	alignas(BP_CACHE_LINE) _Atomic(bp_rx_fn) burst;
	void *priv; /* the driver's queue */
	struct bp_port *port;
	bp_rx_fn driver_burst; /* chosen by start() for the effective mode */
	uint16_t worker_id; /* the one caller of burst; set before open() */
	uint16_t queue_id;
	/* A descriptor that poll(POLLIN) waits on for packets, or -1. Written by the driver: in
	 * start/stop while no worker uses the queue, or by the worker inside burst. */
	_Atomic int fd;
	/* BP_CAP_FINITE: burst has returned its last packet, none will follow. Written by the driver, as fd
	 * (release), read by anyone (acquire). */
	_Atomic bool is_over;
	/* Packets that the driver has carried to their out-port by itself (bp_carried). Written by the control
	 * thread, relaxed. */
	_Atomic uint64_t n_carried;
	alignas(BP_CACHE_LINE) struct bp_counters counters;
};

struct bp_txq {
	/* As bp_rxq.burst, with bp_tx_down; bp_tx_no_link while the device has no link. */
	alignas(BP_CACHE_LINE) _Atomic(bp_tx_fn) burst;
	void *priv;
	struct bp_port *port;
	uint64_t in_place; /* bit pool_id: views of that pool are sent without a copy */
	bp_tx_fn driver_burst;
	uint16_t worker_id;
	uint16_t queue_id;
	/* The worker's: its last burst ended full (core/transmit.h). */
	bool is_stuck;
	/* Asked for by the caller before its first burst: tx ends behind the first packet that it drops
	 * (bp_counters_dropped() has moved, then), so that those behind can be made anew. */
	bool ends_at_drop;
	/* Packets consumed whose frames the other side still holds. Written by the worker. */
	_Atomic uint32_t n_held;
	alignas(BP_CACHE_LINE) struct bp_counters counters;
};
static_assert(offsetof(struct bp_rxq, counters) == BP_CACHE_LINE, "hot pointers: one line");
static_assert(offsetof(struct bp_txq, counters) == BP_CACHE_LINE, "hot pointers: one line");

/* The burst of a queue as it is now: its driver's, or that of a port that is away. */
static inline unsigned bp_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	return atomic_load_explicit(&q->burst, memory_order_acquire)(q, pkts, max);
}

static inline unsigned bp_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	return atomic_load_explicit(&q->burst, memory_order_acquire)(q, pkts, n);
}

/* What stands behind a port, as far as the kernel's copies depend on it. */
enum bp_device_kind {
	BP_DEVICE_NONE, /* in-process or a file */
	BP_DEVICE_VETH,
	BP_DEVICE_TAP,
	BP_DEVICE_VIRTIO,
	BP_DEVICE_OTHER, /* physical NICs and all else */
	BP_DEVICE_PMD, /* user-space driver: the kernel sees nothing */
};

enum bp_port_cap {
	BP_CAP_VNET_TX = 1u << 0, /* TX takes BP_PKT_VNET views: partial checksums, super-frames */
	BP_CAP_MULTI_TX = 1u << 1, /* TX takes packets of several views */
	/* Received frames may hold partial checksums without metadata (veth- and tap-like devices
	 * behind AF_XDP or a PMD, what GRO merged behind a packet socket): the engine infers them if
	 * checksum = auto. */
	BP_CAP_CSUM_INFER = 1u << 2,
	/* Received frames longer than max_frame_bytes may be super-frames without metadata. */
	BP_CAP_GSO_INFER = 1u << 3,
	/* Received views never carry BP_PKT_VNET: a path to a port without BP_CAP_VNET_TX then
	 * needs no look at them. */
	BP_CAP_PLAIN_RX = 1u << 4,
	/* With BP_CAP_VNET_TX: of super-frames TX takes none of TCP; partial checksums it does. */
	BP_CAP_NO_TCP_GSO_TX = 1u << 5,
	/* UDP super-frames are neither taken by TX nor received. */
	BP_CAP_NO_UDP_GSO = 1u << 6,
	/* What TX leaves over may be a packet that it never takes: some PMDs do not tell. */
	BP_CAP_TX_UNSURE = 1u << 7,
	/* Received metadata may speak of a packet within a tunnel, or of SCTP: more than TX can be told. */
	BP_CAP_ENCAP_RX = 1u << 8,
	/* TX finds out by trying that the port's link is back, and names what it loses until then: a
	 * file on a full disk. It is given packets while the link is down. */
	BP_CAP_TX_WHEN_DOWN = 1u << 9,
	/* What is received here comes to an end (a capture): see bp_rxq.is_over. */
	BP_CAP_FINITE = 1u << 10,
	/* Of bp_facts.predict() only: which metadata passes either way is negotiated with a peer. */
	BP_CAP_VNET_BY_PEER = 1u << 11,
};

/* Facts that start() learns. Written by the control thread while no worker uses the port. */
struct bp_port_info {
	char mode[BP_NAME_BYTES]; /* effective mode, e.g. "native-copy", "mmap-v2+send" */
	char device_driver[BP_NAME_BYTES]; /* kernel driver or PMD: "veth", "net_memif", "" */
	enum bp_device_kind kind;
	uint32_t caps; /* enum bp_port_cap */
	uint32_t mtu; /* of the device, 0 unknown */
	uint32_t max_frame_bytes; /* longest frame TX carries, layer 2 without FCS; 0 no bound */
	uint8_t rx_copies; /* user copies RX makes per packet: an upper bound, tested */
	uint8_t tx_copies; /* user copies TX makes per packet that is in place: as above; one more
			    * for a packet that is not */
	/* Bits of enum bp_home (bypath/facts.h) beside those of the model's row: the pool that views come from
	 * in its stead (0: the row's), pools that TX takes in place as well. */
	uint8_t rx_homes, tx_homes;
	char note[BP_PATH_BYTES]; /* one sentence for the report (a fallback and why), or "" */
};

/* A counter that the kernel, the device or a PMD publishes; cumulative since the first start. */
struct bp_reported {
	const struct bp_counter_row
		*row; /* static; its drops are lost before bypath received or after it sent */
	uint64_t value;
};

enum bp_link {
	BP_LINK_UP,
	BP_LINK_DOWN,
	BP_LINK_LOST,
	/* Of bp_driver_ops.check() only: up, with a peer or an MTU that offers other things than what
	 * start() met: what is in bp_port_info no longer holds until start() has looked again. */
	BP_LINK_CHANGED,
};

static_assert(BP_POOLS_MAX >= BP_PORTS_MAX + 2, "the arena's, each port's, one that ports share");

/* What a driver may use of the process. Fixed before the first open() but for pools[], and for what a reload changes: conf,
 * n_workers, tx_retries. */
struct bp_env {
	const struct bp_conf *conf;
	struct bp_arena *arena; /* src/core/arena.h */
	struct bp_frames *frames; /* src/core/frames.h: the arena's pool, shared by all ports */
	unsigned
		n_workers; /* that run, or, while a reload makes ports, are to run: worker ids 0 … n_workers-1 */
	uint16_t tx_retries; /* [engine] tx_retries; is changed while no worker runs */
	unsigned n_pools; /* ids 0 … n_pools-1 have been given */
	struct bp_pool *pools[BP_POOLS_MAX]; /* by pool_id, NULL: of a port that was destroyed */
	uint64_t old_pools; /* ids of such, which TX queues may still have in their in_place */
	uint64_t shared_pools; /* ids of the env's own: bp_env_share_pool() */
	struct bp_closer *closer; /* src/core/closer.h: for stop(), which need not wait for it */
	struct bp_locks *locks; /* of the ports' devices, NULL before bp_ports_claim() */
	struct bp_port *ports[BP_PORTS_MAX]; /* by port_id, NULL until created: `ring` finds its
					      * other end here */
	/* Of every path, known before a port is created: what bp_driver_ops.direct will be asked for.
	 * NULL: none. */
	bp_edit_fn edit;
	/* What a driver that carries the packets of a queue by itself has done by the act (bypath/act.h) of that function of
	 * its port's chain, since it told last. The packets that the act dropped are no drops of a queue. Control thread. */
	void (*count_act)(struct bp_rxq *rxq, unsigned step, const struct bp_act_count *count);
};

/*
 * Make the packet memory that all ports of a process share, fill env: arena, frames, their pool
 * registered. The memory comes from the NUMA nodes of the workers' cores (cores[n_workers]) and of the
 * ports (port_nodes[conf->n_ports], -1: none known, or not in use; NULL: none is known). Control thread;
 * may block. conf outlives env. 0 or -errno (logged; nothing to undo). bp_env_close() when every port is
 * destroyed; it does nothing to an env of zeros.
 */
int bp_env_open(struct bp_env *env, const struct bp_conf *conf, unsigned n_workers,
		const uint16_t *cores, const int *port_nodes);
void bp_env_close(struct bp_env *env);

/* Say on which cores (cores[n_workers]) the workers are: each takes frames from its own node first. No worker runs. Control
 * thread. */
void bp_env_set_cores(struct bp_env *env, const uint16_t *cores);

/*
 * Register a pool: sets pool->pool_id. The one that a port registers is forgotten when its open()
 * fails or the port is destroyed. A port registers one at most, beside one that all ports of its driver share. Control
 * thread, in open() only. 0 or -ENOSPC (logged).
 */
int bp_env_add_pool(struct bp_env *env, struct bp_pool *pool);
/* How many pools more may be registered now. Control thread. */
unsigned bp_env_pool_ids_left(const struct bp_env *env);
/*
 * The pool of this put() that all ports of a driver share: registered by the first that asks, as *like; the env's, until
 * bp_env_close(). Control thread, in open() only. 0, or -ENOSPC (logged), -ENOMEM.
 */
int bp_env_share_pool(struct bp_env *env, const struct bp_pool *like, struct bp_pool **pool);
/*
 * Decide in_place of every TX queue for the pools as they are now; ids of pools that are gone may be given again then. No
 * worker runs. Control thread.
 */
void bp_env_bind_pools(struct bp_env *env);

/* Takes one finding about the device of a port: a sentence without the port's name. */
typedef void (*bp_device_fn)(void *arg, unsigned port_id, const char *text);

/*
 * Find what is wrong with the devices of a configuration on this machine, and say each: two ports that name
 * one device or file, whatever the spelling (an alternative name, a link, another path); a driver
 * that would take the packets of an interface that carries the host's address or default route, itself or
 * under what lies on it, without [port.NAME] take_host. is_used[n_ports]:
 * the ports that the process will create; NULL: all. Opens and changes nothing. Control thread; blocks for
 * a moment. Returns how many were said.
 */
unsigned bp_ports_find_faults(const struct bp_conf *conf, const bool *is_used, bp_device_fn say,
			      void *arg);

/* Say each device that another process has now: bp_ports_claim() would refuse it. As above. */
unsigned bp_ports_find_held(const struct bp_conf *conf, bp_device_fn say, void *arg);

/*
 * Before the first port of env is created: bp_ports_find_faults(), then the lock of each device
 * (src/core/lock.h), held until bp_env_close() or the end of the process. Control thread. 0; -EINVAL,
 * -EBUSY (another process has one), -ENOMEM: logged, nothing is held.
 */
int bp_ports_claim(struct bp_env *env, const bool *is_used);

/*
 * Locks for the ports of another configuration whose ports have the places of env's: those of devices that env has are
 * taken over, the others taken now. bp_ports_claimed() makes them env's and releases those that nobody needs any more;
 * bp_locks_undo() gives back what was taken. Control thread. 0; -EBUSY, -ENOMEM (logged): nothing has changed.
 */
int bp_ports_claim_next(struct bp_env *env, const struct bp_conf *conf, struct bp_locks **next);
void bp_ports_claimed(struct bp_env *env, struct bp_locks *next);
void bp_locks_undo(struct bp_locks *next);

/*
 * Warn of what surrounds the started ports of env: the host's own stack, which hears and answers beside a
 * port that leaves packets to it; IP forwarding there; paths to a smaller MTU. Control thread.
 */
void bp_ports_warn_host(const struct bp_env *env);

/* Answer those that asked who holds the locks. Control thread, now and then. */
void bp_ports_serve_locks(const struct bp_env *env);

/* Who looks at the packets of a port: src/core/capture.h. */
#define BP_PORT_CAPTURES_MAX 4u
struct bp_capture_slot {
	/* NULL: free. Written by the control thread (release), read by the port's workers (acquire). */
	_Atomic(struct bp_capture *) capture;
	uint16_t interface_id; /* what the port is called there; written before */
};

struct bp_port {
	const struct bp_driver *driver;
	const struct bp_port_conf *conf;
	struct bp_env *env;
	void *priv; /* the driver's port */
	uint16_t port_id; /* index in conf->ports */
	int numa_node; /* bp_port_node() before open(), then before each start() */
	uint16_t n_rxq; /* queues that workers poll; 0 when nothing is forwarded from here */
	uint16_t n_txq; /* one per worker that sends here; 0 when nothing is forwarded here */
	uint64_t pools; /* ids of the pools that open() registered, a bit each */
	/* The port's own pool with `get`, whose frames its TX queues send in place; NULL: none. Set
	 * by open(). Who makes packets for the port asks bp_port_frames(). */
	struct bp_pool *tx_pool;
	/* What the port was to read or write is incomplete, for good (the driver has logged why): the process
	 * ends with exit code 1. Set by check(), read at the end; the control thread's. */
	bool has_failed;
	bool is_started; /* from start() to stop(); the control thread's */
	bool is_published; /* workers have its bursts: from bp_port_publish() to bp_port_unpublish(); likewise */
	struct bp_rxq *rxq;
	struct bp_txq *txq;
	struct bp_port_info info;
	/* enum bp_link. Written by the control thread (bp_port_set_link()), read by anyone, relaxed. */
	_Atomic unsigned link;
	_Atomic uint32_t n_losses; /* times the device went away since the start */
	bool is_missed; /* reported as gone, and not up since then. Control thread */
	/* Set down by an operator: nothing is moved from or to it, whatever its link; by whom, "" unless it is. Control
	 * thread: bp_port_set(). */
	bool is_set_down;
	char set_by[BP_NAME_BYTES];
	struct bp_capture_slot captures[BP_PORT_CAPTURES_MAX];
	_Atomic unsigned
		capture_kinds; /* what all of these ask for; written by the control thread, relaxed */
};

/*
 * The NUMA node of the device that a port of this configuration would stand on, a PCI device or an
 * interface's; -1 where none is known or the machine has one only. Control thread; blocks for a moment.
 */
int bp_port_node(const struct bp_port_conf *conf);

/*
 * Warn for each port of env whose device is on another NUMA node than the core (cores[n_workers]) of a
 * worker that polls it or sends to it: which they are, what helps. Control thread.
 */
void bp_ports_warn_far(const struct bp_env *env, const uint16_t *cores);

/* Bursts of a port that is away: receive nothing; consume everything as `port_down`. */
unsigned bp_rx_down(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);
unsigned bp_tx_down(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);
/*
 * The RX burst of a started port that is set down: what comes is received and dropped as `set_down`, so that nothing old
 * waits there when it is up again. Returns 0.
 */
unsigned bp_rx_set_down(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);
/*
 * The TX burst of a started port whose device has no link. What the device and the kernel take then they
 * lose, as a rule without a word: nothing is handed to them, everything is consumed as `port_down`. The
 * driver still kicks and reaps what was handed over before.
 */
unsigned bp_tx_no_link(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);

/* The queues of a port that is to be made, with the id of the worker that uses each. */
struct bp_port_queues {
	uint16_t n_rxq, n_txq; /* ≤ BP_QUEUES_MAX */
	const uint16_t *rxq_workers,
		*txq_workers; /* [n_rxq], [n_txq]: read by bp_port_create() only */
};

/*
 * Make port port_id of env->conf: find (and load, for a module) the driver, allocate queues, call open().
 * Ownership: *port, env->ports[port_id] too, is the caller's until bp_port_destroy(). Control thread; may block.
 * Returns 0 or -errno (logged). Sketch of a life: create, start, [stop, start …], stop, destroy.
 */
int bp_port_create(struct bp_env *env, uint16_t port_id, const struct bp_port_queues *queues,
		   struct bp_port **port);
/*
 * The same without env->ports: another port has that place, and keeps it until the caller puts this one there. conf is
 * that of the port, which env->conf has now. As above.
 */
int bp_port_make(struct bp_env *env, uint16_t port_id, const struct bp_port_queues *queues,
		 struct bp_port **port);
void bp_port_destroy(struct bp_port *port);
/*
 * Undo open() of a stopped port; its queues stay, with what they counted, in a port that never starts. Nobody holds frames
 * of its pools any more. Control thread; again does nothing.
 */
void bp_port_close(struct bp_port *port);
/* Is it such a port? */
bool bp_port_is_closed(const struct bp_port *port);
/* Open it again, by its conf as it is now. Control thread; may block. 0 or -errno (logged): it stays closed. */
int bp_port_reopen(struct bp_port *port);

/*
 * Start the driver and decide in_place for each (pool, TX queue); workers do not see it yet. No
 * worker may be inside a burst of the port. Control thread; may block. 0 or -errno (logged unless
 * quiet).
 */
int bp_port_make_ready(struct bp_port *port);
/* Lock the device of a started port, which may have made it itself. Control thread. 0 or -EBUSY (logged). */
int bp_port_renew_locks(struct bp_port *port);
/* Let the workers use the bursts of a port that bp_port_make_ready() has started. */
void bp_port_publish(struct bp_port *port);
/* bp_port_make_ready() and bp_port_publish() in one call. Returns as bp_port_make_ready(). */
int bp_port_start(struct bp_port *port);
/* Decide in_place again: when all ports have started, since a later one may have added pools. */
void bp_port_bind_pools(struct bp_port *port);
/* Choose the bursts of a port's queues anew: captures came or went. Workers may run. Control thread. */
void bp_port_bind_captures(struct bp_port *port);
/*
 * What check() found of a started port: BP_LINK_UP or BP_LINK_DOWN. Without a link its TX queues drop by
 * name (but with BP_CAP_TX_WHEN_DOWN), with one they send; receiving goes on either way. Workers may be inside a burst,
 * and direct bursts are their owner's to take away. Control thread. Returns whether the link was another until now.
 */
bool bp_port_set_link(struct bp_port *port, enum bp_link link);
/*
 * Set the port down, or up again; by: who, for reports. Down, its TX queues drop as port_down and its RX queues drop as
 * set_down, but where it makes packets or plays a capture: those wait. It stays started, and what is true of its link and
 * its device goes on to be seen. Workers may be inside a burst, and direct bursts are their owner's to take away. Control
 * thread.
 */
void bp_port_set(struct bp_port *port, bool is_down, const char *by);
/* Swap the bursts for those of a port that is away. Workers may still be inside the old ones. */
void bp_port_unpublish(struct bp_port *port);
/*
 * What a started port that nobody polls any more has received until now: dropped as port_down. Not of one that makes packets by
 * itself, or passes on what was sent to it. No worker may be inside a burst. Control thread.
 */
void bp_port_drop_received(struct bp_port *port);
/* Stop the driver: every frame it held is back in its pool. No worker may be inside a burst. */
void bp_port_stop(struct bp_port *port);

/*
 * Start each port of env for the first time, then decide in_place for all, since a later port may
 * have added pools. Control thread; may block. 0 or -errno (logged); bp_ports_stop() undoes what
 * was done.
 */
int bp_ports_start(struct bp_env *env);
/* Stop those that are started. No worker may be inside a burst. */
void bp_ports_stop(struct bp_env *env);
/* Destroy all, stopped before: a port may hold another one's frames. */
void bp_ports_destroy(struct bp_env *env);

/* The pool to make packets for this port in: its own, or that of the arena. It has `get`. */
struct bp_pool *bp_port_frames(const struct bp_port *port);

/*
 * In a worker's own thread, before its first and after its last burst: tell the drivers of the n ports
 * that it polls or sends to. 0, or a driver's -errno (logged; none is left entered).
 */
int bp_ports_enter(struct bp_port *const *ports, unsigned n, unsigned worker_id);
void bp_ports_leave(struct bp_port *const *ports, unsigned n, unsigned worker_id);

#endif

/* What the files of the `dpdk` driver share: its port, queues, pool, with who does what. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DPDK_H
#define BYPATH_DRIVER_DPDK_H

#include "describe.h"

#include "bypath/driver.h"

#include "core/netdev.h"

#include "afp.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <net/if.h>

/* PMDs that need more care than the ethdev API alone tells. */
struct dpdk_mbufs {
	struct rte_mempool *mp;
	uint32_t room; /* bytes for data in one mbuf, behind the headroom */
};

/* The mbufs that a port receives into, as the engine's pool. Tokens of views are mbuf pointers. */
struct dpdk_pool {
	struct bp_pool pool; /* first: views point here */
	struct dpdk_mbufs rx;
	/* What TX copies into, and packets are made in: the same, or others where rx has room for
	 * super-frames, or for short frames only. */
	struct dpdk_mbufs tx;
	/* What TX copies packets into that are longer than an mbuf of tx, as long as there are any. Without a
	 * mempool: none. */
	struct dpdk_mbufs super;
	/* tx.mp, for dpdk_pool_get(). Written by the control thread, read by workers. */
	_Atomic(struct rte_mempool *) frames;
	char name[BP_NAME_BYTES];
};

/* The arena's frames as mbufs (arena.c): one header for each frame, found by its number. */
struct dpdk_arena {
	const struct bp_pool *pool; /* of the frames */
	struct rte_mempool *mp; /* of the headers; its store is the pool of the frames */
	uint8_t *base; /* of the arena */
	uint8_t *first; /* header of the first frame; the others follow stride_bytes apart */
	uint32_t stride_bytes, frame_shift;
	uint32_t room; /* bytes for received data in one frame */
};

struct dpdk_rxq {
	struct bp_pool *pool;
	const struct dpdk_arena
		*arena; /* the PMD fills frames of the arena; NULL: mbufs of the pool */
	struct dpdk_port *dp;
	/* Guard (net_memif): the worker is inside the PMD. Written by the worker, read by the
	 * control thread in guard.c. */
	_Atomic bool inside;
	uint16_t eth_id, queue_id;
	bool is_guarded;
	bool reads_each; /* the PMD makes a system call per packet */
	uint64_t view_flags; /* flags of mbufs that go by views, not by direct bursts */
	/* Received and not handed over: what did not fit the caller's array, or a direct burst left. */
	uint16_t n_stash, first_stash;
	struct rte_mbuf *stash[BP_BURST_MAX];
};

struct dpdk_gone;

/* dpdk_burst_out() of some PMDs: burst.h. */
typedef unsigned (*dpdk_out_fn)(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n,
				struct dpdk_gone *gone);

struct dpdk_txq {
	struct dpdk_port *dp;
	const struct dpdk_arena *arena; /* whose frames the PMD takes in place, or NULL */
	_Atomic bool inside; /* as in dpdk_rxq */
	bool is_guarded;
	bool multi_segs; /* the PMD sends chains */
	bool counts_calls; /* one of the PMD's per packet */
	uint16_t eth_id, queue_id;
	dpdk_out_fn out; /* of PMDs over the kernel; NULL: the PMD's burst is all there is to it */
	struct dpdk_afp *afp; /* net_af_packet's ring, or NULL */
	uint16_t pad_bytes; /* shorter frames are padded with zeros to this, 0 never */
	uint32_t min_bytes; /* shorter frames are padded, or runts */
	uint32_t max_bytes; /* longest frame without a VLAN tag */
	uint32_t vlan_bytes; /* a VLAN tag may come on top */
	const struct dpdk_mbufs *mbufs; /* for views that are not mbufs */
	/* Copies consumed from the caller that the PMD did not take yet: sent before all else. */
	uint16_t n_backlog, first_backlog;
	uint16_t n_blocked; /* attempts in a row that took none of them */
	struct rte_mbuf *backlog[BP_BURST_MAX];
};

/* May packets with metadata be sent? A peer's promise is worth something while it is there. */
enum dpdk_promise { DPDK_PROMISE_NONE, DPDK_PROMISE_LOOKING, DPDK_PROMISE_KEPT };

struct dpdk_port {
	struct bp_port *port;
	enum dpdk_kind kind;
	char name[RTE_DEV_NAME_MAX_LEN]; /* of the ethdev */
	char devargs[BP_PATH_BYTES + 128];
	char iface[IF_NAMESIZE]; /* kernel interface behind it, or "" */
	int if_index; /* of iface at the last start */
	int promisc_fd; /* iface is promiscuous while this is open; -1: we have not asked for that */
	struct bp_netdev_tx_dropped tx_dropped; /* of iface, where it exists without the PMD */
	uint16_t eth_id; /* RTE_MAX_ETHPORTS: not probed */
	bool is_started; /* the PMD's port */
	/* EAL's interrupt thread may have a handler of the PMD's, or be about to stop the port (quiet.c); is_left: the
	 * device was not closed for that, and uses its mempools still. Control thread */
	bool is_awake, is_left;
	bool was_started; /* start() has succeeded before */
	/* PCI: the kernel wants the device back (unplug.c). Written by EAL's interrupt thread and, when
	 * the device has been let go, by the control thread, which reads it; relaxed. */
	_Atomic bool is_asked_for;
	bool hears_unplug;
	struct dpdk_pool pool;
	struct rte_eth_dev_info dev_info;
	/* The arena's frames (arena.c) */
	const struct dpdk_arena *arena; /* open for this port, or NULL */
	bool sends_arena, receives_arena; /* the latter from open() to close() */
	bool is_mapped, is_vfio; /* the device may access the arena; by EAL's container of VFIO */
	char arena_note
		[BP_PATH_BYTES]; /* why frames are copied where one would not expect it, or "" */
	struct rte_eth_stats base, sum; /* reported: sum of earlier starts; base of this one */
	/* net_memif; net_vhost and net_virtio_user that bind a socket: is_server, socket */
	bool is_server, is_abstract;
	char socket[BP_PATH_BYTES];
	/* net_memif (guard.c) */
	_Atomic bool open; /* workers may enter the PMD: written by guard.c, read by bursts */
	_Atomic bool
		has_peer; /* when last looked at: written by guard.c, read by bursts, relaxed */
	bool was_up;
	uint64_t down_since_ns;
	/* net_virtio_user (rejoin.c) */
	bool rejoins; /* is probed anew when its vhost side ends. Since open() */
	bool is_deserted; /* its vhost side has ended: check() saw it. Control thread */
	/* Offloads of virtio ports (peer.c) */
	uint32_t peer_caps; /* what start() found the peer to take */
	bool listens; /* peer.c hears of links that go down */
	/* enum dpdk_promise. Written by the control thread and by the PMD's, read by bursts. */
	_Atomic unsigned promise;
	struct dpdk_afp *afp; /* [n_txq] of net_af_packet while it is probed, or NULL */
	int sockets
		[BP_QUEUES_MAX]; /* the PMD's, from start() to stop(); n_sockets 0 but with net_af_packet */
	unsigned n_sockets;
	uint64_t n_ring_full; /* packets that had no room in their rings */
	struct dpdk_port *next_guarded;
	struct dpdk_rxq *rxq;
	struct dpdk_txq *txq;
};

/* --- hugepages.c: EAL's memory -------------------------------------------------------------- */

/* Are there hugepages enough, on the NICs' nodes too? Before EAL starts. 0 or -errno (logged). */
int dpdk_hugepages_check(const struct bp_port *port);
/* [dpdk] memory as --socket-mem takes it: on the nodes of the NICs. false: none is asked for, or no NIC's
 * node is known. */
bool dpdk_hugepages_list(const struct bp_conf *conf, char *list, size_t list_bytes);

/* --- secure.c: callers with fewer rights than ours ------------------------------------------- */

/* May EAL and the device be started as the caller's configuration says? 0 or -EPERM (logged). */
int dpdk_secure_check(const struct dpdk_port *dp);

/* --- eal.c: starting EAL ------------------------------------------------------------------ */

/*
 * Start EAL as env->conf->eal says; once per process, later calls return the first result.
 * Control thread; blocks. 0 or -errno (logged with port's name).
 */
int dpdk_eal_start(const struct bp_port *port);
/* Listen for the cause of a failure in what DPDK logs from now on. */
void dpdk_eal_listen(void);
/* A call's error as a phrase with that cause, if there is one. Static storage, until the next. */
const char *dpdk_eal_why(int err);

/* --- device.c: from the device string to an ethdev port ----------------------------------- */

/* Take conf->device apart: kind, name, devargs, iface, memif's socket. 0 or -EINVAL (logged). */
int dpdk_device_parse(struct dpdk_port *dp, unsigned n_queues);
/* Probe the device, find its ethdev port. 0 or -errno; logs unless quiet. */
int dpdk_device_probe(struct dpdk_port *dp, bool quiet);
void dpdk_device_remove(struct dpdk_port *dp);
/* Remove the socket files of net_memif servers. At the end of the process. */
void dpdk_device_unlink_sockets(void);
/* Learn info.kind and info.caps, and what the kernel says of iface. */
void dpdk_device_describe(struct dpdk_port *dp);

/* --- socket.c: the socket file of a server --------------------------------------------------------- */

/* Before bind(): a server that was killed leaves its socket, and bind() refuses the name. Removes that,
 * and nothing else. 0, or -EADDRINUSE (logged unless quiet) where something else lies there; 0 for
 * ports that bind none. */
int dpdk_socket_make_room(const struct dpdk_port *dp, bool quiet);
/* After it: this file is ours. Its eth_id is known. */
void dpdk_socket_remember(const struct dpdk_port *dp);
/* Remove the file at the end of the process, if it still is the one that was remembered. */
void dpdk_socket_unlink(const char *path, uint16_t eth_id);

/* --- queues.c: pool, queues, start and stop of the ethdev port ----------------------------- */

int dpdk_pool_create(struct dpdk_port *dp);
/* After the device was probed again. 0 or -ENOMEM (logged). */
int dpdk_pool_renew(struct dpdk_port *dp);
void dpdk_pool_destroy(struct dpdk_port *dp);
/* rte_eth_dev_configure() with queues. 0 or -errno (logged unless quiet). */
int dpdk_queues_configure(struct dpdk_port *dp, bool quiet);
/* Frames longer than this cannot leave; 0: no bound. */
uint32_t dpdk_max_frame(const struct dpdk_port *dp);
/* Data bytes in one mbuf that the port's frames need. */
uint32_t dpdk_mbuf_room(const struct dpdk_port *dp);
/* Ring length for a queue. */
uint16_t dpdk_ring_size(const struct dpdk_port *dp);

/* --- frames.c: struct bp_pool's functions ------------------------------------------------------ */

unsigned dpdk_pool_get(struct bp_pool *pool, unsigned worker_id, struct bp_pkt *pkts, unsigned n);
void dpdk_pool_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts, unsigned n);

/* --- arena.c: the arena's frames as mbufs ------------------------------------------------------ */

/*
 * With open(), the device is probed: have headers for the arena's frames, and let the device access them.
 * Fills dp->arena, sends_arena, receives_arena; where something is in the way, frames are copied, as
 * dp->arena_note says.
 */
void dpdk_arena_open(struct dpdk_port *dp);
/* With close(), the device is removed. */
void dpdk_arena_close(struct dpdk_port *dp);
/* After the device was probed again: sends_arena. 0, or -EACCES: it may not access what it is to fill. */
int dpdk_arena_renew(struct dpdk_port *dp);
/* Before the device is removed: it accesses the arena no longer. */
void dpdk_arena_unmap(struct dpdk_port *dp, struct rte_device *device);
/* Would stop() leave frames of the arena with the PMD, until it is removed? */
bool dpdk_arena_is_held(const struct dpdk_port *dp);
/* In a worker's thread: headers that are freed here give their frames to this worker's stack. */
void dpdk_arena_enter(unsigned worker_id);
void dpdk_arena_leave(void);

/* --- burst.c: the packet path --------------------------------------------------------------- */

bp_rx_fn dpdk_rx_choose(const struct dpdk_port *dp);
bp_tx_fn dpdk_tx_choose(const struct dpdk_port *dp);

/* --- direct.c: the same between two ports of this driver -------------------------------------- */

bp_direct_fn dpdk_direct_choose(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit);

/* --- unplug.c: PCI devices that leave while they run --------------------------------------------- */

/* With open() and close(): hear of requests for the device. Does nothing for other kinds. */
void dpdk_unplug_listen(struct dpdk_port *dp);
void dpdk_unplug_forget(struct dpdk_port *dp);
/* Is the device gone, or to be let go? Control thread. */
bool dpdk_unplug_is_due(const struct dpdk_port *dp);
/* Close it; no worker may be inside a burst. start() probes it again. Control thread. */
void dpdk_unplug_let_go(struct dpdk_port *dp);

/* --- rejoin.c: net_virtio_user whose vhost side ends ---------------------------------------------- */

/* Is the port one that connects to a vhost side, by a socket, and once only? After its probe. */
bool dpdk_rejoin_applies(const struct dpdk_port *dp);
/*
 * Does somebody answer at the socket, so that the probe, which waits for answers without a limit, ends?
 * True for ports that need not be asked. Control thread; blocks for a tenth of a second at most.
 */
bool dpdk_rejoin_can(const struct dpdk_port *dp);
/* Close a device that is deserted; no worker may be inside a burst. start() probes it again. Control thread. */
void dpdk_rejoin_let_go(struct dpdk_port *dp);

/* --- quiet.c: what EAL's interrupt thread may have left of a device -------------------------------- */

/* Is the port one that is stopped by dpdk_quiet_stop()? */
bool dpdk_quiet_applies(const struct dpdk_port *dp);
/* Is it to be configured with link interrupts? */
bool dpdk_quiet_wants_lsc(const struct dpdk_port *dp);
/*
 * rte_eth_dev_stop(), behind all that the interrupt thread has been left with: it knows nothing of the device then, until it
 * is started. Control thread; no worker may be inside a burst. 0, or -EBUSY: it runs on.
 */
int dpdk_quiet_stop(struct dpdk_port *dp);
/* Before the device is closed: may it be? Otherwise it is said (logged) and remembered, in dp->is_left. Control thread. */
bool dpdk_quiet_may_close(struct dpdk_port *dp);
/* Was no device left open so far? */
bool dpdk_quiet_is_all_closed(void);

/* --- guard.c: net_memif's memory, which EAL's interrupt thread unmaps ----------------------- */

int dpdk_guard_add(struct dpdk_port *dp);
void dpdk_guard_remove(struct dpdk_port *dp);
/* Is this ethdev port that of a port in use? */
bool dpdk_guard_has(uint16_t eth_id);
/* dpdk_queues_configure() in the interrupt thread. */
int dpdk_guard_configure(struct dpdk_port *dp);
#define DPDK_GUARD_LAST_MS 2000u
/*
 * Run job(dp), or nothing where job is NULL, in EAL's interrupt thread, behind the alarms that have been set so far, by its
 * handlers too; none of these runs in between. Control thread; waits DPDK_GUARD_LAST_MS at most. What job returns, or -EBUSY: the
 * thread did not come round, and the job will not run, or it did not come to the job's end, which no other then gets before.
 */
int dpdk_guard_run_last(int (*job)(struct dpdk_port *dp), struct dpdk_port *dp);
/* rte_eth_dev_start()/stop() of a guarded port in the interrupt thread. 0 or -errno. With -EBUSY it is_awake. */
int dpdk_guard_start(struct dpdk_port *dp);
void dpdk_guard_stop(struct dpdk_port *dp);
/* Let pending connects and disconnects happen; the port's link. */
enum bp_link dpdk_guard_check(struct dpdk_port *dp);

#endif

/* What the files of driver `af_xdp` share: the port, its queues, the calls between them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVERS_AF_XDP_H
#define BYPATH_DRIVERS_AF_XDP_H

#include "bypath/driver.h"

#include "core/arena.h"
#include "core/frames.h"
#include "core/netdev.h"

#include "depth.h"
#include "describe.h"

#include <net/if.h>
#include <xdp/xsk.h>

/* Newer than the headers of Linux 6.1; probed at run time. Source: include/uapi/linux/if_xdp.h. */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4) /* bind: packets of several descriptors; Linux 6.6 */
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0) /* descriptor: the packet goes on in the next one */
#endif
#define AF_XDP_SOL_XDP          283
#define AF_XDP_MAX_TX_BUDGET    9 /* socket option XDP_MAX_TX_SKB_BUDGET; Linux 6.17 */
#define AF_XDP_PREFER_BUSY_POLL 69 /* SO_PREFER_BUSY_POLL; Linux 5.11 */
#define AF_XDP_BUSY_POLL_BUDGET 70 /* SO_BUSY_POLL_BUDGET; Linux 5.11 */

#define AF_XDP_WHY_BYTES      512u /* for the sentence that explains a failure */
#define AF_XDP_BUSY_TRIES     800u /* × AF_XDP_BUSY_NS: how long a former owner is waited for */
#define AF_XDP_RETRY_TRIES    20u /* the same on a restart: others wait for the thread that does it */
#define AF_XDP_BUSY_NS        5000000L
#define AF_XDP_COPY_RING      4096u /* 2048 are 1 ms at 2 Mpps: a host takes cores away for as long */
#define AF_XDP_ZEROCOPY_RING  2048u /* more than a NIC holds itself would only leave the caches */
#define AF_XDP_FILL_BATCH     64u /* frames handed to the kernel at a time */
#define AF_XDP_KERNEL_BUDGET  32u /* descriptors per sendto without XDP_MAX_TX_SKB_BUDGET */
#define AF_XDP_COPY_MAX_VIEWS 17u /* the smallest MAX_SKB_FRAGS a kernel is built with */
#define AF_XDP_ZC_MAX_VIEWS   8u /* what every zero-copy driver with multi-buffer takes */

/* A frame's owner mark, a byte per frame and side: what the kernel holds can be told exactly when
 * the socket is closed, whatever the kernel did with the descriptor. */
#define AF_XDP_MARK_HELD 1u
#define AF_XDP_MARK_LAST 2u /* TX: with it a packet ends */

/* RX ring with fill ring: the receiving worker's alone. */
struct af_xdp_rx_side {
	alignas(BP_CACHE_LINE) struct xsk_ring_cons rx;
	struct xsk_ring_prod fill;
	uint8_t *base; /* of the arena: address 0 of the UMEM */
	struct bp_frames *frames;
	unsigned slice; /* of the arena: near to the device, which writes */
	struct bp_pool *pool;
	uint8_t *marks; /* [frame] */
	uint32_t frame_mask; /* frame_bytes - 1 */
	uint32_t frame_shift;
	uint32_t n_filled; /* frames given to the kernel, not received yet */
	struct af_xdp_depth depth; /* as many as that is filled up to */
	uint32_t fill_batch;
	uint32_t n_refused; /* calls in a row whose `max` was too small for the next packet */
	int fd;
	bool busy_poll; /* an empty ring is polled by a system call that runs the NAPI */
	bool in_long; /* inside a packet that is being thrown away */
};

/* TX ring with completion ring: the sending worker's alone. */
struct af_xdp_tx_side {
	alignas(BP_CACHE_LINE) struct xsk_ring_prod tx;
	struct xsk_ring_cons comp;
	uint8_t *base;
	struct bp_frames *frames;
	uint8_t *marks;
	uint32_t frame_shift;
	uint32_t room; /* data bytes in a frame of our own */
	uint32_t max_bytes; /* longest packet */
	uint32_t max_views; /* 1 without SG */
	uint32_t kicks_max; /* sendto calls per burst */
	uint32_t n_held; /* packets not completed */
	int fd;
	bool zerocopy;
};

/* One socket: both sides of one device queue, with a UMEM of its own over the whole arena. */
struct af_xdp_queue {
	struct af_xdp_rx_side rx;
	struct af_xdp_tx_side tx;
	struct xsk_umem *umem;
	struct xsk_socket *xsk; /* NULL: closed */
	bool zerocopy; /* the device itself writes into frames: see af_xdp_queue_close() */
};

/* What the kernel says of the interface. */
struct af_xdp_device {
	char name[IF_NAMESIZE];
	char driver[BP_NAME_BYTES];
	enum bp_device_kind kind;
	int ifindex;
	uint32_t mtu;
	struct bp_netdev_channels queues; /* 0 unknown */
};

/* How a queue's socket is to be opened. */
struct af_xdp_plan {
	uint32_t ring_size;
	uint16_t bind_flags; /* XDP_COPY or XDP_ZEROCOPY, perhaps with XDP_USE_SG */
	bool has_rx, has_tx;
	uint32_t busy_poll_us;
	unsigned busy_tries; /* binds before a queue that another socket has is given up */
};

struct af_xdp_prog; /* prog.c: the loaded programs, their map, the link */

struct af_xdp_port {
	struct bp_port *port;
	struct af_xdp_prog *prog; /* loaded in open() */
	struct af_xdp_device dev; /* as of the last start */
	int ctl_fd; /* for queries in the network namespace of open() */
	int promisc_fd; /* the device is promiscuous while this is open; -1: we have not asked for
			 * that */
	int tags_ifindex; /* the interface whose tag stripping we have turned off until close(); 0:
			   * none */
	unsigned n_queues;
	struct af_xdp_queue *queues;
	struct xdp_statistics past; /* of sockets closed before */
	struct bp_netdev_tx_dropped tx_dropped;
	bool was_started;
	bool is_zerocopy; /* what the kernel drops on TX shows in the device's counter only */
	int logged_err; /* of the last start(): a retry that fails alike stays silent */
};

/* --- nic.c --- */

/*
 * Ask for what a port that receives needs of its NIC: frames for every address, tags left in them.
 * Before the sockets are bound. 0, or -errno with a sentence in why; then nothing is taken.
 */
int af_xdp_nic_take(struct af_xdp_port *xp, char *why, size_t why_bytes);
/* With stop(): the device need not be promiscuous any more. */
void af_xdp_nic_release(struct af_xdp_port *xp);
/*
 * With close(): the device strips tags again. Not with stop(): a NIC may drop its link for seconds at each
 * change, and a start that is retried every 100 ms would never find it up.
 */
void af_xdp_nic_restore(struct af_xdp_port *xp);

/* --- prog.c --- */

/* Load the programs. 0 or -errno with a sentence in why. */
int af_xdp_prog_load(uint32_t n_queues, struct af_xdp_prog **prog, char *why, size_t why_bytes);
void af_xdp_prog_unload(struct af_xdp_prog *prog);
/*
 * See that no program is attached to the interface; one of a bypath that just ended is looked for
 * up to `tries` times. 0, -EBUSY with a sentence in why, or -errno.
 */
int af_xdp_prog_check_none(const struct af_xdp_device *dev, unsigned tries, char *why,
			   size_t why_bytes);
/*
 * How a program is attached, and which one. FRAGS: it says that it takes packets of several buffers, where
 * the kernel knows such programs. TAGS: it puts back VLAN tags that lie beside the frame, where device and
 * kernel tell them.
 */
enum af_xdp_prog_flag {
	AF_XDP_PROG_NATIVE = 1u << 0,
	AF_XDP_PROG_FRAGS = 1u << 1,
	AF_XDP_PROG_TAGS = 1u << 2,
};
/* Attach by a bpf_link of this process. 0 or -errno. */
int af_xdp_prog_attach(struct af_xdp_prog *prog, int ifindex, uint32_t flags);
/* Does the attached program put tags back? Needs Linux 6.8 with BTF, and a native mode. */
bool af_xdp_prog_puts_tags_back(const struct af_xdp_prog *prog);
void af_xdp_prog_detach(struct af_xdp_prog *prog);
/*
 * Is what was attached still there, and ours? The link is this process's, yet whoever may open it by its id
 * can detach it (bpftool link detach) or put another program in (BPF_LINK_UPDATE). 0, also when nothing was
 * attached; or -ENOLINK with half a sentence in why.
 */
int af_xdp_prog_check(const struct af_xdp_prog *prog, char *why, size_t why_bytes);
/* Did the kernel attach it natively? Asks the interface. 1, 0 or -errno. */
int af_xdp_prog_is_native(int ifindex);
/* Let the program hand a queue's frames to a socket. 0 or -errno. */
int af_xdp_prog_set_socket(struct af_xdp_prog *prog, uint32_t queue_id, int fd);
/* Let the frames of queues 0 … n_queues-1 pass to the kernel's stack again. */
void af_xdp_prog_unset_sockets(struct af_xdp_prog *prog, uint32_t n_queues);

/* --- mode.c --- */

/*
 * Open all queues and attach the program in the best mode there is, from the one asked for downwards;
 * why each better one was not to be had is in the port's note. Returns the enum af_xdp_mode that the
 * kernel made of it, or -errno with a sentence in why; then all is closed.
 */
int af_xdp_mode_start(struct af_xdp_port *xp, char *why, size_t why_bytes);
/* Close them; packets that were under way are counted as tx_abandoned. */
void af_xdp_mode_close_queues(struct af_xdp_port *xp);

/* --- umem.c --- */

/* Register the arena with a socket of the queue. 0 or -errno with a sentence in why. */
int af_xdp_umem_register(struct af_xdp_port *xp, struct af_xdp_queue *queue, uint32_t ring_size,
			 char *why, size_t why_bytes);
void af_xdp_umem_forget(struct af_xdp_queue *queue);

/* --- socket.c --- */

/*
 * Open queue queue_id: UMEM, rings, bind; first fill. Retries plan->busy_tries times while the kernel
 * still takes the queue's former socket apart. 0 or -errno with a sentence in why; the queue is closed.
 */
int af_xdp_queue_open(struct af_xdp_port *xp, unsigned queue_id, const struct af_xdp_plan *plan,
		      char *why, size_t why_bytes);
/*
 * Close it: every frame is back in the pool, and its statistics in xp->past.
 * Returns the packets that the kernel had not completed.
 */
uint32_t af_xdp_queue_close(struct af_xdp_port *xp, unsigned queue_id);
/* Did the kernel bind it in zero-copy mode? */
bool af_xdp_queue_is_zerocopy(const struct af_xdp_queue *queue);
/* Add the kernel's statistics of a socket to sum. */
void af_xdp_queue_stats(const struct af_xdp_queue *queue, struct xdp_statistics *sum);

/* How often to look for what a former owner of the device still holds. */
static inline unsigned af_xdp_busy_tries(const struct af_xdp_port *xp)
{
	return xp->was_started ? AF_XDP_RETRY_TRIES : AF_XDP_BUSY_TRIES;
}

/* Sleep between two looks at what the kernel takes apart in its own time. */
void af_xdp_pause(void);

/* --- rx.c, tx.c --- */

unsigned af_xdp_rx_burst(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);
/* Hand free frames to the kernel up to the level aimed at. */
void af_xdp_rx_refill(struct af_xdp_rx_side *side, unsigned worker_id);
unsigned af_xdp_tx_burst(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);
/* Take back completed frames. */
void af_xdp_tx_reap(struct af_xdp_tx_side *side, unsigned worker_id);

#endif

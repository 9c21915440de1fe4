/* What the files of the af_packet driver share: port, queues, the pieces that build them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_AF_PACKET_H
#define BYPATH_AF_PACKET_H

#include "describe.h"

#include "bypath/driver.h"
#include "bypath/ledger.h"

#include "core/netdev.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

/* Newer than Debian 12's headers (Linux 6.6): sets the length of the header directly. */
#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif

/* Linux 6.2. */
#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

#define AF_PACKET_VNET_OLD_BYTES 10u /* struct virtio_net_hdr, all that kernels before 6.6 know */

/* ---- offload.c: what the interface does by itself ---------------------------------------------- */

/* Which super-frames it segments by itself: bits 1 << BP_VNET_GSO_*. Queried afresh. 0: none, or not told.
 * ctl_fd: of bp_netdev_open(). */
uint32_t af_packet_gso_types(int ctl_fd, const char *ifname);

/* ---- big.c: buffers for super-frames ---------------------------------------------------------- */

#define AF_PACKET_BIG_BYTES    (17u * 4096u)
#define AF_PACKET_BIG_HEADROOM BP_HEADROOM
#define AF_PACKET_BIG_ROOM     (AF_PACKET_BIG_BYTES - AF_PACKET_BIG_HEADROOM)
#define AF_PACKET_BIG_N        128u /* per RX queue; pages that no super-frame touched cost nothing */

/* Free buffers of one RX queue as bits: taken by its worker, given back by any. */
struct af_packet_big_queue {
	_Atomic uint64_t free[AF_PACKET_BIG_N / 64];
};

struct af_packet_big {
	struct bp_pool pool; /* first member */
	uint8_t *base; /* n_queues * AF_PACKET_BIG_N buffers */
	uint16_t n_queues;
	struct af_packet_big_queue *queues;
};

/* Reserve address space for n_queues queues' buffers. 0 or -errno. */
int af_packet_big_open(struct af_packet_big *big, uint16_t n_queues);
void af_packet_big_close(struct af_packet_big *big);
/* An empty view of a free buffer of the queue, data behind AF_PACKET_BIG_HEADROOM. False: all are out. */
bool af_packet_big_get(struct af_packet_big *big, uint16_t queue_id, struct bp_pkt *pkt);

/* ---- the port --------------------------------------------------------------------------------- */

/* mode = socket: messages armed with a frame of the arena and an overflow buffer each. */
struct af_packet_rx_socket {
	struct mmsghdr msgs[BP_BURST_MAX];
	struct iovec iov[BP_BURST_MAX][3]; /* old kernels' header apart, frame, overflow */
	struct bp_pkt frames[BP_BURST_MAX];
	struct bp_pkt bigs[BP_BURST_MAX];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control[BP_BURST_MAX];
	unsigned n_armed; /* messages 0 … n_armed-1 are ready to receive */
	unsigned n_stale; /* messages 0 … n_stale-1 have been used since they were made ready */
	unsigned n_got; /* messages that the last call filled */
	unsigned next; /* the first of them not yet handed out */
	uint32_t frame_room;
};

/* mode = mmap: a TPACKET_V2 ring. */
struct af_packet_rx_ring {
	uint8_t *base;
	size_t n_bytes;
	uint32_t n_slots, slot_bytes;
	uint32_t head; /* next slot to look at */
	uint64_t hold_until; /* do not look at the ring before, in cycles */
	uint64_t last_got; /* when it last held a packet */
	uint64_t hold_cycles, load_cycles;
};

struct af_packet_rxq {
	int fd;
	uint32_t vnet_bytes; /* BP_VNET_BYTES or AF_PACKET_VNET_OLD_BYTES */
	uint16_t queue_id;
	struct af_packet_port *ap;
	uint64_t n_kernel_drops; /* PACKET_STATISTICS so far; control thread */
	/* Super-frames that found a slot, but no room in the socket's queue. Written by the worker, read
	 * by the control thread. */
	_Atomic uint64_t n_not_queued;
	struct af_packet_rx_socket *socket;
	struct af_packet_rx_ring ring;
};

/* A TX ring's slots hold struct tpacket2_hdr, virtio_net_hdr, frame. */
struct af_packet_tx_ring {
	int fd; /* -1: no ring */
	uint8_t *base;
	/* Running counts of slots: head next to fill, tail the oldest not yet reaped. */
	uint32_t head, tail;
	bool ended_at_drop; /* the last burst ended behind a dropped packet (bp_txq.ends_at_drop) */
};

struct af_packet_txq {
	int fd;
	uint32_t vnet_bytes;
	struct af_packet_port *ap;
	bool skips_qdisc; /* until a super-frame comes that the device cannot segment: tx_send.c */
	struct mmsghdr msgs[BP_BURST_MAX];
	struct iovec iov[2 * BP_BURST_MAX];
	uint32_t lens[BP_BURST_MAX]; /* layer 2 bytes per message */
	uint8_t n_views[BP_BURST_MAX];
	struct bp_vnet_hdr no_meta; /* all zero, shared by the frames without metadata */
	struct sockaddr_ll tagged[2]; /* addresses that say 802.1Q and 802.1ad */
	struct af_packet_tx_ring ring;
};

struct af_packet_port {
	struct bp_port *port;
	int ctl_fd; /* for questions about interfaces in the network namespace of open() */
	struct bp_netdev_tx_dropped tx_dropped;
	enum af_packet_mode mode;
	bool has_tx_ring;
	int ifindex; /* since start() */
	int fanout_id; /* the fanout group of this start; -1 until its first socket has joined */
	int fanout_flags; /* PACKET_FANOUT_FLAG_IGNORE_OUTGOING where the kernel has it */
	unsigned n_checks;
	_Atomic uint32_t gso_types; /* written by the control thread, read by workers */
	struct af_packet_rxq *rxqs;
	struct af_packet_txq *txqs;
	/* A lent slot is given back by its token alone, so all ports share one pool. */
	struct bp_pool *ring_pool; /* token: the slot's tpacket2_hdr */
	struct af_packet_big big;
};

/* ---- socket.c: the sockets -------------------------------------------------------------------- */

/*
 * A socket that receives nothing yet, PACKET_VNET_HDR on, with headers of *vnet_bytes:
 * BP_VNET_BYTES where the kernel knows them (6.6) and may_be_new, else AF_PACKET_VNET_OLD_BYTES. Rings
 * must use the old ones: tpacket_rcv() of those kernels reserves 12 bytes but writes the header as
 * if they were 10. fd or -errno.
 */
int af_packet_socket_open(bool may_be_new, uint32_t *vnet_bytes);
/* Receive from the interface from now on (a member of the port's fanout when it has several
 * queues, but nothing until af_packet_socket_listen()). 0 or -errno. */
int af_packet_socket_bind_rx(struct af_packet_port *ap, int fd);
/* Let a fanout member receive. */
int af_packet_socket_listen(struct af_packet_port *ap, int fd);
int af_packet_socket_bind_tx(struct af_packet_port *ap, int fd, bool bypass_qdisc);
/* Ask for buffer bytes, beyond the system's limit where that is allowed. */
void af_packet_socket_set_buffer(int fd, int option, int force_option, int n_bytes);

/* ---- receive and send ------------------------------------------------------------------------- */

int af_packet_rx_socket_start(struct bp_rxq *q);
void af_packet_rx_socket_stop(struct bp_rxq *q);
int af_packet_rx_ring_start(struct bp_rxq *q);
/* Returns the mapping, q->priv->ring.n_bytes of it, which goes with the socket; NULL: none, or frames of it are out. */
void *af_packet_rx_ring_stop(struct bp_rxq *q);
void af_packet_ring_put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts,
			unsigned n);
int af_packet_tx_send_start(struct bp_txq *q);
void af_packet_tx_send_stop(struct bp_txq *q);
/* The TX burst by messages. */
unsigned af_packet_tx_send(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);
/* af_packet_tx_send() without counting a burst. */
unsigned af_packet_send_views(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);
/* After af_packet_tx_send_start(), which opens the sockets for what the ring cannot take. */
int af_packet_tx_ring_start(struct bp_txq *q);
void af_packet_tx_ring_stop(struct bp_txq *q);

/* ---- tag.c: VLAN tags that the kernel took out of the frame ----------------------------------- */

/* Put the tag back behind the addresses: headers move 4 bytes down, metadata follows. */
void af_packet_tag_insert(struct bp_pkt *pkt, uint16_t tpid, uint16_t tci, struct bp_counters *c);

/* Account for one system call that began at `begin`. */
static inline void af_packet_count_call(struct bp_counters *c, uint64_t begin, uint64_t end)
{
	bp_count(c, BP_CNT_CALLS, 1);
	bp_count(c, BP_CNT_CALL_CYCLES, end - begin);
}

#endif

/* Sends through net_af_packet, and looks after the TX ring that the PMD shares with the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In 22.11 the PMD fills slots, calls sendto() once, and takes everything for sent. A frame that the
 * kernel drops (ENOBUFS) keeps its slot at TP_STATUS_SEND_REQUEST and the kernel's head at that slot:
 * each further call offers that frame again, nothing behind it is sent any more, the ring fills up,
 * and the PMD waits in poll() without end.
 *
 * So the rings are mapped a second time, which the kernel allows whoever has the socket. The PMD sets
 * PACKET_LOSS, by which the kernel passes over frames that are malformed: a dropped frame is made one,
 * of length 0, and those behind it go at the next call. And the PMD is never asked to fill a slot that
 * is not free, which is when it would wait.
 *
 * System calls on the packet path: the PMD's sendto(), one per burst; one of ours for each frame that
 * is dropped, and for each burst while something waits.
 *
 * Source: Linux net/packet/af_packet.c, tpacket_snd(); DPDK drivers/net/af_packet.
 */
#include "burst.h"

#include "core/devargs.h"
#include "core/netdev.h"
#include "core/transmit.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the PMD. */
#define FRAME_BYTES_DEFAULT  2048u
#define FRAME_NUMBER_DEFAULT 512u

/* ---- the rings --------------------------------------------------------------------------------- */

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t n_bytes = sizeof(value);

	return getsockopt(fd, level, name, &value, &n_bytes) ? -1 : value;
}

/* One of the PMD's, on the interface? Ours do not set PACKET_LOSS. */
static bool is_of_pmd(int fd, int if_index)
{
	struct sockaddr_ll address = { 0 };
	socklen_t n_bytes = sizeof(address);

	return option(fd, SOL_SOCKET, SO_DOMAIN) == AF_PACKET &&
	       !getsockname(fd, (struct sockaddr *)&address, &n_bytes) &&
	       address.sll_ifindex == if_index &&
	       option(fd, SOL_PACKET, PACKET_VERSION) == TPACKET_V2 &&
	       option(fd, SOL_PACKET, PACKET_LOSS) == 1;
}

/* The PMD opens its sockets in the order of its queues: in that of their numbers. Returns how many. */
static unsigned find_sockets(int if_index, int fds[BP_QUEUES_MAX])
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir)) && n < BP_QUEUES_MAX;) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		unsigned i = n;

		if (entry->d_name[0] == '.' || !is_of_pmd(fd, if_index))
			continue;
		for (; i && fds[i - 1] > fd; i--)
			fds[i] = fds[i - 1];
		fds[i] = fd;
		n++;
	}
	closedir(dir);
	return n;
}

uint64_t dpdk_afp_take_drops(const struct dpdk_port *dp)
{
	uint64_t n_drops = 0;

	for (unsigned i = 0; i < dp->n_sockets; i++) {
		struct tpacket_stats stats = { 0 };
		socklen_t n_bytes = sizeof(stats);

		/* Reading clears it, and the PMD of 22.11 does not read it. */
		if (!getsockopt(dp->sockets[i], SOL_PACKET, PACKET_STATISTICS, &stats, &n_bytes))
			n_drops += stats.tp_drops;
	}
	return n_drops;
}

void dpdk_afp_find(struct dpdk_port *dp)
{
	dp->n_sockets = dp->kind == DPDK_AF_PACKET ? find_sockets(dp->if_index, dp->sockets) : 0;
	/* Until they were bound they heard every interface: what they had no room for then is no loss of ours. */
	(void)dpdk_afp_take_drops(dp);
}

static int map_ring(const struct dpdk_port *dp, struct dpdk_afp *ring, int fd)
{
	uint32_t slot_bytes = bp_devargs_number(dp->devargs, "framesz", FRAME_BYTES_DEFAULT);
	uint32_t n_slots = bp_devargs_number(dp->devargs, "framecnt", FRAME_NUMBER_DEFAULT);
	uint32_t block_bytes = bp_devargs_number(dp->devargs, "blocksz", (uint32_t)getpagesize());
	size_t n_bytes = (size_t)block_bytes * (n_slots / (block_bytes / slot_bytes));
	void *map = mmap(NULL, 2 * n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	*ring = (struct dpdk_afp){
		.map = map,
		.n_map_bytes = 2 * n_bytes,
		.slots = (uint8_t *)map + n_bytes,
		.slot_bytes = slot_bytes,
		.n_slots = n_slots,
		.fd = fd,
		.is_new = true,
	};
	return 0;
}

int dpdk_afp_open(struct dpdk_port *dp, char *why, size_t why_bytes)
{
	uint16_t n_queues = dp->port->n_txq;
	int fds[BP_QUEUES_MAX];
	unsigned n_found;
	int err = 0;

	if (dp->kind != DPDK_AF_PACKET || dp->afp)
		return 0;
	dp->afp = calloc(n_queues + 1u, sizeof(*dp->afp));
	if (!dp->afp)
		return -ENOMEM;
	n_found = find_sockets(bp_netdev_index(-1, dp->iface), fds);
	for (unsigned i = 0; !err && i < n_queues; i++)
		err = i < n_found ? map_ring(dp, &dp->afp[i], fds[i]) : -ENOENT;
	if (!err)
		return 0;
	snprintf(why, why_bytes,
		 "net_af_packet's TX ring cannot be seen (%s), and with it a frame that the kernel "
		 "drops would stop the port for ever: use driver = %s",
		 strerror(-err), bp_facts_named(BP_FACT_ANY_NETDEV));
	dpdk_afp_close(dp);
	return -ENOENT;
}

static_assert(sizeof(struct tpacket2_hdr) % TPACKET_ALIGNMENT == 0,
	      "a slot's address follows its head at once");

/* Of a new RX ring: the frames up to the last one of another interface. */
static uint32_t count_others(const struct dpdk_afp *ring, int if_index)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ring->n_slots; i++) {
		const uint8_t *slot = (const uint8_t *)ring->map + (size_t)i * ring->slot_bytes;
		const struct tpacket2_hdr *head = (const void *)slot;
		const struct sockaddr_ll *from = (const void *)(head + 1);

		/* Acquire: pairs with the kernel's store behind the rest of the slot. */
		if (!(__atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		if (from->sll_ifindex != if_index)
			n = i + 1;
	}
	return n;
}

/*
 * In 22.11 the PMD makes its sockets for all protocols, and binds them after their rings are there: what comes to or leaves
 * any interface of the namespace in between stands in the RX ring, as if the port had received it.
 */
void dpdk_afp_forget_others(struct dpdk_port *dp)
{
	for (uint16_t i = 0; dp->afp && i < dp->port->n_rxq && i < dp->port->n_txq; i++) {
		struct rte_mbuf *mbuf;
		uint32_t n = dp->afp[i].is_new ? count_others(&dp->afp[i], dp->if_index) : 0;

		while (n-- && rte_eth_rx_burst(dp->eth_id, i, &mbuf, 1))
			rte_pktmbuf_free(mbuf);
		dp->afp[i].is_new = false;
	}
}

void dpdk_afp_close(struct dpdk_port *dp)
{
	for (unsigned i = 0; dp->afp && i < dp->port->n_txq; i++)
		if (dp->afp[i].map)
			munmap(dp->afp[i].map, dp->afp[i].n_map_bytes);
	free(dp->afp);
	dp->afp = NULL;
}

/* ---- slots ------------------------------------------------------------------------------------- */

/* i < 2 * n_slots */
static struct tpacket2_hdr *slot_at(const struct dpdk_afp *ring, uint32_t i)
{
	i -= i < ring->n_slots ? 0 : ring->n_slots;
	return (void *)(ring->slots + (size_t)i * ring->slot_bytes);
}

/* Not taken by the kernel, and not one that it is to pass over. */
static bool is_waiting(const struct tpacket2_hdr *slot)
{
	/* Acquire: the kernel is done with the slot; pairs with its destructor's store. */
	return __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) == TP_STATUS_SEND_REQUEST &&
	       slot->tp_len;
}

/* Slots that are free. */
static uint32_t reap(struct dpdk_afp *ring)
{
	while (ring->n_used && __atomic_load_n(&slot_at(ring, ring->tail)->tp_status,
					       __ATOMIC_ACQUIRE) == TP_STATUS_AVAILABLE) {
		ring->tail = ring->tail + 1 == ring->n_slots ? 0 : ring->tail + 1;
		ring->n_used--;
	}
	return ring->n_slots - ring->n_used;
}

/* The first of the used slots, from number i on, that waits; n_used: none. */
static uint32_t find_waiting(const struct dpdk_afp *ring, uint32_t i)
{
	while (i < ring->n_used && !is_waiting(slot_at(ring, ring->tail + i)))
		i++;
	return i;
}

static uint32_t count_waiting(const struct dpdk_afp *ring)
{
	uint32_t n = 0;

	for (uint32_t i = 0; (i = find_waiting(ring, i)) < ring->n_used; i++)
		n++;
	return n;
}

uint32_t dpdk_afp_abandon(struct dpdk_afp *ring)
{
	uint32_t n = 0;

	if (!ring->map)
		return 0;
	for (uint32_t i = 0; (i = find_waiting(ring, i)) < ring->n_used; i++, n++)
		slot_at(ring, ring->tail + i)->tp_len = 0;
	ring->n_waiting = 0;
	return n;
}

/* ---- sending ----------------------------------------------------------------------------------- */

/* Our own call. 0 or its errno. */
static int call_kernel(struct bp_txq *q, const struct dpdk_afp *ring)
{
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	return sendto(ring->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

/*
 * A call ended with err. Pass over the frames that the kernel drops until it has taken all, or takes
 * none for now. gone (or NULL): of the last n_new used slots, which the caller has not counted as sent.
 * Returns the last call's errno.
 */
static int settle(struct bp_txq *q, struct dpdk_afp *ring, int err, uint32_t n_new,
		  struct dpdk_gone *gone)
{
	while (err && !bp_tx_errno_is_full(err) && bp_tx_errno_reason(err) != BP_DROP_PORT_DOWN) {
		uint32_t i = find_waiting(ring, 0);
		struct tpacket2_hdr *slot = slot_at(ring, ring->tail + i);

		if (i == ring->n_used)
			break;
		dpdk_count_gone(q, bp_tx_errno_reason(err), 1, slot->tp_len,
				i + n_new >= ring->n_used ? gone : NULL);
		slot->tp_len = 0;
		err = call_kernel(q, ring);
	}
	ring->n_waiting = err ? count_waiting(ring) : 0;
	dpdk_hold(q);
	return err;
}

bool dpdk_afp_kick(struct bp_txq *q)
{
	struct dpdk_afp *ring = ((struct dpdk_txq *)q->priv)->afp;

	if (ring->n_waiting)
		settle(q, ring, call_kernel(q, ring), 0, NULL);
	return !ring->n_waiting;
}

unsigned dpdk_afp_out(struct bp_txq *q, struct rte_mbuf **mbufs, unsigned n, struct dpdk_gone *gone)
{
	struct dpdk_txq *tq = q->priv;
	struct dpdk_afp *ring = tq->afp;
	uint32_t room = ring->n_slots - ring->n_used;
	unsigned k;
	int err;

	if (unlikely(ring->n_waiting)) {
		err = settle(q, ring, call_kernel(q, ring), 0, NULL);
		if (err && bp_tx_errno_reason(err) == BP_DROP_PORT_DOWN)
			return dpdk_drop(q, mbufs, q->ends_at_drop ? 1 : n, BP_DROP_PORT_DOWN,
					 gone);
		if (ring->n_waiting)
			return 0;
	}
	if (room < n)
		room = reap(ring);
	if (unlikely(!room))
		return 0;
	errno = 0;
	k = rte_eth_tx_burst(tq->eth_id, tq->queue_id, mbufs, (uint16_t)RTE_MIN(n, room));
	err = errno;
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	ring->n_used += k;
	if (unlikely(err))
		settle(q, ring, err, k, q->ends_at_drop ? NULL : gone);
	return k;
}

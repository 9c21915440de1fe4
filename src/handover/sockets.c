/* Sockets that a port hears by: made deaf for a while, and emptied. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "handover/sockets.h"

#include "bypath/driver.h"

#include "core/netdev.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than any ring holds: after as many bursts the filter is not what it seems. */
#define BURSTS_MAX 65536u

void bp_sockets_find(struct bp_sockets *sockets, struct bp_port *port)
{
	sockets->port = port;
	sockets->n =
		port->n_rxq ? port->driver->ops->sockets(port, sockets->fds, BP_QUEUES_MAX) : 0;
}

int bp_sockets_remember(struct bp_sockets *sockets, unsigned i)
{
	socklen_t n = BP_SOCKETS_INSNS; /* instructions, not bytes */

	if (getsockopt(sockets->fds[i], SOL_SOCKET, SO_GET_FILTER, sockets->old[i], &n))
		return -errno;
	sockets->n_old[i] = (unsigned short)n;
	return 0;
}

void bp_sockets_restore(struct bp_sockets *sockets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct sock_fprog program = { sockets->n_old[i], sockets->old[i] };
		int none = 0;

		if (sockets->n_old[i])
			(void)setsockopt(sockets->fds[i], SOL_SOCKET, SO_ATTACH_FILTER, &program,
					 sizeof(program));
		else
			(void)setsockopt(sockets->fds[i], SOL_SOCKET, SO_DETACH_FILTER, &none,
					 sizeof(none));
	}
}

int bp_sockets_deafen(struct bp_sockets *sockets)
{
	int err = 0;

	for (unsigned i = 0; !err && i < sockets->n; i++) {
		err = bp_sockets_remember(sockets, i);
		if (!err)
			err = bp_netdev_deafen(sockets->fds[i]);
		if (err)
			bp_sockets_restore(sockets, i);
	}
	return err;
}

/* Until whoever found a socket's filter of before is done with it: closing a packet socket waits for that. */
static void wait_for_grace(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
}

/* The queue's frames are the control thread's meanwhile, and what it counts is as if nothing had been. */
static void empty_queue(struct bp_rxq *q)
{
	uint16_t worker_id = q->worker_id;
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t counted[BP_CNT_N];
	unsigned n = 1;

	for (unsigned id = 0; id < BP_CNT_N; id++)
		counted[id] = bp_counter(&q->counters, (enum bp_cnt)id);
	q->worker_id = BP_CONTROL_ID;
	for (unsigned i = 0; n && i < BURSTS_MAX; i++) {
		n = q->driver_burst(q, pkts, BP_BURST_MAX);
		bp_pool_put(q->worker_id, pkts, n);
	}
	q->worker_id = worker_id;
	for (unsigned id = 0; id < BP_CNT_N; id++)
		atomic_store_explicit(&q->counters.v[id], counted[id], memory_order_relaxed);
}

void bp_sockets_forget(const struct bp_sockets *sockets)
{
	wait_for_grace();
	for (unsigned i = 0; i < sockets->port->n_rxq; i++)
		empty_queue(&sockets->port->rxq[i]);
	/* What found no room is told once, and then forgotten. */
	for (unsigned i = 0; i < sockets->n; i++) {
		struct tpacket_stats stats;
		socklen_t n_bytes = sizeof(stats);

		(void)getsockopt(sockets->fds[i], SOL_PACKET, PACKET_STATISTICS, &stats, &n_bytes);
	}
}

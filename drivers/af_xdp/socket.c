/* Opens and closes one AF_XDP socket: UMEM over the whole arena, rings, bind, the return of every
 * frame. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "chunk.h"

#include "bypath/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

void af_xdp_pause(void)
{
	struct timespec ts = { .tv_nsec = AF_XDP_BUSY_NS };

	nanosleep(&ts, NULL);
}

/* --- socket ----------------------------------------------------------------------------------- */

static int bind_once(struct af_xdp_port *xp, unsigned queue_id, const struct af_xdp_plan *plan)
{
	struct af_xdp_queue *queue = &xp->queues[queue_id];
	const struct xsk_socket_config config = {
		.rx_size = plan->ring_size,
		.tx_size = plan->ring_size,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = (uint16_t)(plan->bind_flags | XDP_USE_NEED_WAKEUP),
	};
	struct xsk_socket *xsk = NULL;
	int err = xsk_socket__create(&xsk, xp->port->conf->device, queue_id, queue->umem,
				     plan->has_rx ? &queue->rx.rx : NULL,
				     plan->has_tx ? &queue->tx.tx : NULL, &config);

	if (!err)
		queue->xsk = xsk;
	return err;
}

static void explain_bind(const struct af_xdp_port *xp, unsigned queue_id,
			 const struct af_xdp_plan *plan, int err, char *why, size_t why_bytes)
{
	bool is_zerocopy = plan->bind_flags & XDP_ZEROCOPY, has_sg = plan->bind_flags & XDP_USE_SG;

	if (err == -EBUSY)
		snprintf(why, why_bytes,
			 "queue %u is in use by another AF_XDP socket: stop that program",
			 queue_id);
	else if (err != -EINVAL || !is_zerocopy ||
		 !af_xdp_chunk_explain(xp->dev.name, xp->dev.mtu, xp->port->env->arena->frame_bytes,
				       has_sg, why, why_bytes))
		snprintf(why, why_bytes, "bind to queue %u: %s", queue_id, strerror(-err));
}

/* Registration and bind. The kernel takes a closed socket's queue apart later, in a work item. */
static int open_socket(struct af_xdp_port *xp, unsigned queue_id, const struct af_xdp_plan *plan,
		       char *why, size_t why_bytes)
{
	struct af_xdp_queue *queue = &xp->queues[queue_id];
	int err = -EBUSY;

	for (unsigned i = 0; err == -EBUSY && i < plan->busy_tries; i++) {
		if (i)
			af_xdp_pause();
		err = af_xdp_umem_register(xp, queue, plan->ring_size, why, why_bytes);
		if (err) {
			af_xdp_umem_forget(queue);
			return err;
		}
		err = bind_once(xp, queue_id, plan);
		if (err)
			af_xdp_umem_forget(queue);
	}
	if (err)
		explain_bind(xp, queue_id, plan, err, why, why_bytes);
	return err;
}

/* Options that help where the kernel has them and do no harm where it has not. */
static void set_options(struct af_xdp_port *xp, struct af_xdp_queue *queue,
			const struct af_xdp_plan *plan)
{
	int fd = xsk_socket__fd(queue->xsk), on = 1, budget = BP_BURST_MAX;
	int ring = (int)plan->ring_size, us = (int)plan->busy_poll_us;
	int sndbuf = (int)(plan->ring_size * 4096);

	queue->tx.kicks_max = plan->ring_size / AF_XDP_KERNEL_BUDGET + 1;
	if (plan->has_tx &&
	    setsockopt(fd, AF_XDP_SOL_XDP, AF_XDP_MAX_TX_BUDGET, &ring, sizeof(ring)) == 0)
		queue->tx.kicks_max = 2;
	/* Copy mode: packets under way in the kernel are charged to the socket. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf));
	if (!us)
		return;
	if (setsockopt(fd, SOL_SOCKET, AF_XDP_PREFER_BUSY_POLL, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, AF_XDP_BUSY_POLL_BUDGET, &budget, sizeof(budget)) < 0) {
		bp_log(BP_LOG_WARN,
		       "port %s: busy_poll_us = %d has no effect: %s (Linux 5.11 and "
		       "CAP_NET_ADMIN are needed)",
		       xp->port->conf->name, us, strerror(errno));
		return;
	}
	queue->rx.busy_poll = true;
}

/* No more than half of the arena sits in the fill rings of all ports together. */
static uint32_t choose_fill_level(const struct bp_env *env, uint32_t ring_size)
{
	uint32_t n_rxqs = 0, share;

	for (unsigned i = 0; i < env->conf->n_ports; i++)
		n_rxqs += env->conf->ports[i].n_queues;
	share = env->arena->n_frames / 2 / (n_rxqs ? n_rxqs : 1);
	if (!share)
		share = 1;
	return share < ring_size ? share : ring_size;
}

static int init_rx(struct af_xdp_port *xp, unsigned queue_id, const struct af_xdp_plan *plan)
{
	struct af_xdp_queue *queue = &xp->queues[queue_id];
	const struct bp_env *env = xp->port->env;
	struct af_xdp_rx_side *side = &queue->rx;
	uint32_t level;

	side->marks = calloc(env->arena->n_frames, 1);
	if (!side->marks)
		return -ENOMEM;
	side->base = env->arena->base;
	side->frames = env->frames;
	side->slice = bp_frames_slice(env->frames, xp->port->numa_node,
				      xp->port->rxq[queue_id].worker_id);
	side->pool = bp_frames_pool(env->frames);
	side->frame_mask = env->arena->frame_bytes - 1;
	side->frame_shift = (uint32_t)__builtin_ctz(env->arena->frame_bytes);
	side->fd = xsk_socket__fd(queue->xsk);
	level = choose_fill_level(env, plan->ring_size);
	side->depth = af_xdp_depth_of(level, !(plan->bind_flags & XDP_ZEROCOPY));
	side->fill_batch = level < 2 * AF_XDP_FILL_BATCH ? (level + 1) / 2 : AF_XDP_FILL_BATCH;
	af_xdp_rx_refill(side, BP_CONTROL_ID);
	return 0;
}

static int init_tx(struct af_xdp_port *xp, struct af_xdp_queue *queue,
		   const struct af_xdp_plan *plan)
{
	const struct bp_env *env = xp->port->env;
	struct af_xdp_tx_side *side = &queue->tx;
	uint32_t longest;

	side->marks = calloc(env->arena->n_frames, 1);
	if (!side->marks)
		return -ENOMEM;
	side->base = env->arena->base;
	side->frames = env->frames;
	side->frame_shift = (uint32_t)__builtin_ctz(env->arena->frame_bytes);
	side->room = bp_frames_room(env->frames);
	side->zerocopy = plan->bind_flags & XDP_ZEROCOPY;
	side->max_views = 1;
	if (plan->bind_flags & XDP_USE_SG)
		side->max_views = side->zerocopy ? AF_XDP_ZC_MAX_VIEWS : AF_XDP_COPY_MAX_VIEWS;
	longest = side->max_views * side->room;
	side->max_bytes = xp->port->info.max_frame_bytes;
	if (side->max_bytes > longest)
		side->max_bytes = longest;
	side->fd = xsk_socket__fd(queue->xsk);
	return 0;
}

int af_xdp_queue_open(struct af_xdp_port *xp, unsigned queue_id, const struct af_xdp_plan *plan,
		      char *why, size_t why_bytes)
{
	struct af_xdp_queue *queue = &xp->queues[queue_id];
	int err;

	memset(queue, 0, sizeof(*queue));
	err = open_socket(xp, queue_id, plan, why, why_bytes);
	if (err)
		return err;
	queue->zerocopy = plan->bind_flags & XDP_ZEROCOPY;
	set_options(xp, queue, plan);
	err = plan->has_tx ? init_tx(xp, queue, plan) : 0;
	if (!err && plan->has_rx)
		err = init_rx(xp, queue_id, plan);
	if (err) {
		snprintf(why, why_bytes, "no memory for queue %u", queue_id);
		af_xdp_queue_close(xp, queue_id);
	}
	return err;
}

bool af_xdp_queue_is_zerocopy(const struct af_xdp_queue *queue)
{
	struct xdp_options opts = { 0 };
	socklen_t len = sizeof(opts);

	return getsockopt(xsk_socket__fd(queue->xsk), AF_XDP_SOL_XDP, XDP_OPTIONS, &opts, &len) ==
		       0 &&
	       (opts.flags & XDP_OPTIONS_ZEROCOPY);
}

void af_xdp_queue_stats(const struct af_xdp_queue *queue, struct xdp_statistics *sum)
{
	struct xdp_statistics now = { 0 }; /* Linux < 5.9 fills in the first half only */
	socklen_t len = sizeof(now);

	if (getsockopt(xsk_socket__fd(queue->xsk), AF_XDP_SOL_XDP, XDP_STATISTICS, &now, &len) < 0)
		return;
	sum->rx_dropped += now.rx_dropped;
	sum->rx_invalid_descs += now.rx_invalid_descs;
	sum->tx_invalid_descs += now.tx_invalid_descs;
	sum->rx_ring_full += now.rx_ring_full;
	sum->rx_fill_ring_empty_descs += now.rx_fill_ring_empty_descs;
	sum->tx_ring_empty_descs += now.tx_ring_empty_descs;
}

/* --- the way back ----------------------------------------------------------------------------- */

/*
 * In zero-copy mode the device goes on writing into frames until the kernel's deferred work has
 * taken the queue from it. Only then does it let another socket bind: try that, on two pages.
 */
static void wait_until_released(struct af_xdp_port *xp, unsigned queue_id)
{
	const struct xsk_umem_config umem_config = {
		.fill_size = 2,
		.comp_size = 2,
		.frame_size = 4096,
	};
	const struct xsk_socket_config config = {
		.rx_size = 2,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_COPY,
	};
	size_t bytes = 2 * 4096;
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = -EBUSY;

	if (area == MAP_FAILED)
		return;
	for (unsigned i = 0; err == -EBUSY && i < AF_XDP_BUSY_TRIES; i++) {
		struct xsk_ring_prod fill;
		struct xsk_ring_cons comp, rx;
		struct xsk_umem *umem = NULL;
		struct xsk_socket *xsk = NULL;

		if (i)
			af_xdp_pause();
		err = xsk_umem__create(&umem, area, bytes, &fill, &comp, &umem_config);
		if (err)
			break;
		err = xsk_socket__create(&xsk, xp->port->conf->device, queue_id, umem, &rx, NULL,
					 &config);
		if (!err)
			xsk_socket__delete(xsk);
		(void)xsk_umem__delete(umem);
	}
	munmap(area, bytes);
}

/* Frames still marked as the kernel's go back to the pool. Returns how many packets ended in them. */
static uint32_t recover_frames(const struct bp_env *env, const uint8_t *marks)
{
	uint32_t shift = (uint32_t)__builtin_ctz(env->arena->frame_bytes), n_last = 0;

	for (uint32_t i = 0; marks && i < env->arena->n_frames; i++) {
		uint64_t offset = (uint64_t)i << shift;

		if (!marks[i])
			continue;
		n_last += (marks[i] & AF_XDP_MARK_LAST) != 0;
		bp_frames_put_offsets(env->frames, BP_CONTROL_ID, &offset, 1);
	}
	return n_last;
}

uint32_t af_xdp_queue_close(struct af_xdp_port *xp, unsigned queue_id)
{
	const struct bp_env *env = xp->port->env;
	struct af_xdp_queue *queue = &xp->queues[queue_id];
	uint32_t n_abandoned;

	if (!queue->xsk)
		return 0;
	if (queue->tx.marks)
		af_xdp_tx_reap(&queue->tx, BP_CONTROL_ID);
	af_xdp_queue_stats(queue, &xp->past);
	xsk_socket__delete(queue->xsk);
	queue->xsk = NULL;
	af_xdp_umem_forget(queue);
	if (queue->zerocopy)
		wait_until_released(xp, queue_id);
	(void)recover_frames(env, queue->rx.marks);
	n_abandoned = recover_frames(env, queue->tx.marks);
	free(queue->rx.marks);
	free(queue->tx.marks);
	memset(queue, 0, sizeof(*queue));
	return n_abandoned;
}

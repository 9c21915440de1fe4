/* The arena as a UMEM of one socket, under whatever limit and protection the machine sets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "bypath/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static int register_once(struct af_xdp_queue *queue, const struct bp_arena *arena,
			 uint32_t ring_size)
{
	/* Headroom 0: the kernel keeps XDP_PACKET_HEADROOM = BP_HEADROOM bytes free by itself. */
	const struct xsk_umem_config config = {
		.fill_size = ring_size,
		.comp_size = ring_size,
		.frame_size = arena->frame_bytes,
	};

	return xsk_umem__create(&queue->umem, arena->base,
				(uint64_t)arena->n_frames * arena->frame_bytes, &queue->rx.fill,
				&queue->tx.comp, &config);
}

/* ENOBUFS: over RLIMIT_MEMLOCK. Lift it where that is allowed, else say what would help. */
static int register_with_limit_lifted(struct af_xdp_queue *queue, const struct bp_arena *arena,
				      uint32_t ring_size, char *why, size_t why_bytes)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit = { 0 };
	int err = -ENOBUFS;

	if (setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0)
		err = register_once(queue, arena, ring_size);
	if (err != -ENOBUFS)
		return err;
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	snprintf(why, why_bytes,
		 "each queue locks the arena's %zu MiB, more than RLIMIT_MEMLOCK allows "
		 "(%llu KiB, and it may not be raised): grant CAP_IPC_LOCK, raise `ulimit -l`, or "
		 "lower [memory] frames",
		 arena->bytes >> 20, (unsigned long long)(limit.rlim_cur >> 10));
	return err;
}

/*
 * With [memory] protect the arena may be PROT_NONE already when a lost port comes back: the kernel
 * cannot pin such pages, so they are opened for the moment of the registration.
 */
static int register_protected(struct af_xdp_queue *queue, const struct bp_arena *arena,
			      uint32_t ring_size)
{
	int err;

	if (mprotect(arena->base, arena->bytes, PROT_READ | PROT_WRITE) < 0)
		return -errno;
	err = register_once(queue, arena, ring_size);
	if (mprotect(arena->base, arena->bytes, PROT_NONE) < 0)
		bp_log(BP_LOG_WARN, "arena: cannot protect it again: %s", strerror(errno));
	return err;
}

int af_xdp_umem_register(struct af_xdp_port *xp, struct af_xdp_queue *queue, uint32_t ring_size,
			 char *why, size_t why_bytes)
{
	const struct bp_env *env = xp->port->env;
	int err = register_once(queue, env->arena, ring_size);

	why[0] = '\0';
	if (err == -EFAULT && env->conf->memory.protect)
		err = register_protected(queue, env->arena, ring_size);
	if (err == -ENOBUFS)
		err = register_with_limit_lifted(queue, env->arena, ring_size, why, why_bytes);
	if (err == -EPERM)
		snprintf(why, why_bytes,
			 "no permission for AF_XDP sockets: run as root, or with "
			 "CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF");
	else if (err == -EAFNOSUPPORT)
		snprintf(why, why_bytes,
			 "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS): use driver = %s",
			 bp_facts_named(BP_FACT_ANY_NETDEV));
	else if (err && !why[0])
		snprintf(why, why_bytes, "cannot register the arena with the kernel: %s",
			 strerror(-err));
	return err;
}

void af_xdp_umem_forget(struct af_xdp_queue *queue)
{
	if (queue->umem)
		(void)xsk_umem__delete(queue->umem);
	queue->umem = NULL;
}

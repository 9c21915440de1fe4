/* The arena's frames as mbufs, which PMDs send and fill where they lie. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every frame has a header: an mbuf with the frame as its pinned external buffer. A header is free as long as
 * its frame is not with a PMD, whoever else has the frame then; nobody allocates or frees it. So a view of the
 * arena becomes an mbuf by its number alone, and an mbuf that was received becomes a view of the arena: to all
 * other drivers it is one like any other. The mempool of the headers has no store of its own: what a PMD
 * allocates and frees comes from and goes to the pool of the frames, which hence is short of nothing at the end.
 *
 * EAL is not told of the arena (rte_extmem_register()): none of the PMDs looks it up there, and net_virtio_user of
 * 22.11 would offer it to its vhost-user peer, which fails for lack of a file, whatever port of the process it is for.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_dev_dma_map(), rte_dev_dma_unmap(), in 22.11 */
#include "dpdk.h"

#include "bypath/log.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/frames.h"
#include "core/pages.h"
#include "core/pci.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_mempool.h>
#include <rte_spinlock.h>
#include <rte_vfio.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPS_NAME "bypath_arena"

static_assert(DPDK_HEADROOM == RTE_PKTMBUF_HEADROOM, "describe.h knows it without DPDK");

/* Of the process: EAL, the memory that it knows and its container of VFIO are. Control thread. */
static struct headers {
	struct dpdk_arena arena; /* first: ports point here */
	const struct bp_arena *memory;
	struct bp_frames *frames;
	rte_spinlock_t lock; /* guards the pool's stack of BP_OTHERS_ID */
	unsigned n_users; /* ports; 0: closed */
	unsigned n_mapped; /* devices in the container of VFIO */
	bool is_ready; /* read by the threads that use the mempool, which came later */
	bool is_even; /* headers lie at equal distances, in the order of their frames */
	bool has_ops;
} headers;

static _Thread_local unsigned entered_as; /* worker id + 1; 0: no worker */

/* --- the mempool's store ------------------------------------------------------------------------ */

static void put_offsets(const uint64_t *offsets, unsigned n)
{
	if (entered_as) {
		bp_frames_put_offsets(headers.frames, entered_as - 1, offsets, n);
		return;
	}
	rte_spinlock_lock(&headers.lock);
	bp_frames_put_offsets(headers.frames, BP_OTHERS_ID, offsets, n);
	rte_spinlock_unlock(&headers.lock);
}

static unsigned get_offsets(uint64_t *offsets, unsigned n)
{
	if (entered_as)
		return bp_frames_get_offsets(headers.frames, entered_as - 1, offsets, n);
	rte_spinlock_lock(&headers.lock);
	n = bp_frames_get_offsets(headers.frames, BP_OTHERS_ID, offsets, n);
	rte_spinlock_unlock(&headers.lock);
	return n;
}

/* Until the headers are ready, and when they are no longer, it is about them, not about the frames. */
static int enqueue(struct rte_mempool *mp, void *const *objs, unsigned n)
{
	uint64_t offsets[BP_BURST_MAX];

	(void)mp;
	for (unsigned done = 0; headers.is_ready && done < n;) {
		unsigned k = RTE_MIN(n - done, BP_BURST_MAX);

		for (unsigned i = 0; i < k; i++) {
			const struct rte_mbuf *m = objs[done + i];

			offsets[i] = (uint64_t)((uint8_t *)m->buf_addr - headers.arena.base);
		}
		put_offsets(offsets, k);
		done += k;
	}
	return 0;
}

static int dequeue(struct rte_mempool *mp, void **objs, unsigned n)
{
	uint64_t offsets[BP_BURST_MAX];

	for (unsigned done = 0; headers.is_ready && done < n;) {
		unsigned k = RTE_MIN(n - done, BP_BURST_MAX);
		unsigned got = get_offsets(offsets, k);

		for (unsigned i = 0; i < got; i++)
			objs[done + i] =
				headers.arena.first + (offsets[i] >> headers.arena.frame_shift) *
							      headers.arena.stride_bytes;
		done += got;
		if (got < k) { /* all or nothing */
			(void)enqueue(mp, objs, done);
			return -ENOBUFS;
		}
	}
	return 0;
}

static unsigned count(const struct rte_mempool *mp)
{
	return headers.is_ready ? bp_frames_n_free(headers.frames) : mp->size;
}

static int alloc_nothing(struct rte_mempool *mp)
{
	(void)mp;
	return 0;
}

static const struct rte_mempool_ops ops = {
	.name = OPS_NAME,
	.alloc = alloc_nothing,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.get_count = count,
};

void dpdk_arena_enter(unsigned worker_id)
{
	entered_as = worker_id + 1;
}

void dpdk_arena_leave(void)
{
	entered_as = 0;
}

/* --- headers ------------------------------------------------------------------------------------ */

/* An mbuf that somebody has cloned is free when the last reference goes: DPDK asks the buffer, then. */
static void free_cloned(void *addr, void *arg)
{
	struct rte_mbuf *m = arg;

	(void)addr;
	rte_mbuf_ext_refcnt_set(m->shinfo, 1);
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	m->next = NULL;
	m->nb_segs = 1;
	rte_mbuf_raw_free(m);
}

static void init_header(struct rte_mempool *mp, void *arg, void *obj, unsigned i)
{
	struct rte_mbuf *m = obj;
	uint8_t *frame = headers.arena.base + (uint64_t)i * headers.memory->frame_bytes;
	const rte_iova_t *iovas = arg; /* of pages */
	size_t at = (size_t)(frame - headers.arena.base);

	if (i == 0)
		headers.arena.first = obj;
	headers.is_even &=
		(uint8_t *)obj == headers.arena.first + (uint64_t)i * headers.arena.stride_bytes;
	memset(m, 0, sizeof(*m));
	m->buf_addr = frame;
	m->buf_iova = iovas[at / BP_HUGE_BYTES] + at % BP_HUGE_BYTES;
	m->buf_len = (uint16_t)headers.memory->frame_bytes;
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->pool = mp;
	m->nb_segs = 1;
	m->port = RTE_MBUF_PORT_INVALID;
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	rte_mbuf_refcnt_set(m, 1);
	m->shinfo = (void *)(m + 1);
	m->shinfo->free_cb = free_cloned;
	m->shinfo->fcb_opaque = m;
	rte_mbuf_ext_refcnt_set(m->shinfo, 1);
}

static int make_headers(const rte_iova_t *iovas)
{
	struct rte_pktmbuf_pool_private priv = {
		.mbuf_data_room_size = (uint16_t)headers.memory->frame_bytes,
		.flags = RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF,
	};
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *mp;
	uint32_t n = headers.memory->n_frames;

	snprintf(name, sizeof(name), "bpa%llx", (unsigned long long)bp_clock_ns());
	mp = rte_mempool_create_empty(
		name, n, sizeof(struct rte_mbuf) + sizeof(struct rte_mbuf_ext_shared_info), 0,
		sizeof(priv), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (!mp)
		return -rte_errno;
	rte_pktmbuf_pool_init(mp, &priv);
	headers.arena.stride_bytes = mp->header_size + mp->elt_size + mp->trailer_size;
	headers.is_even = true;
	if (rte_mempool_set_ops_byname(mp, OPS_NAME, NULL) ||
	    rte_mempool_populate_default(mp) != (int)n ||
	    rte_mempool_obj_iter(mp, init_header, (void *)(uintptr_t)iovas) != n ||
	    !headers.is_even) {
		rte_mempool_free(mp);
		return -ENOMEM;
	}
	headers.arena.mp = mp;
	return 0;
}

/* The address of the arena's page at `at` as devices see it. */
static rte_iova_t iova_at(const struct bp_arena *memory, size_t at)
{
	return rte_eal_iova_mode() == RTE_IOVA_VA ? (uintptr_t)memory->base + at
						  : rte_mem_virt2iova(memory->base + at);
}

/* Of all pages. NULL: no memory, or physical addresses that may change or are not to be had. */
static rte_iova_t *list_iovas(const struct bp_arena *memory)
{
	size_t n = memory->bytes / BP_HUGE_BYTES;
	bool is_fixed = rte_eal_iova_mode() == RTE_IOVA_VA || memory->page_bytes >= BP_HUGE_BYTES;
	rte_iova_t *iovas = is_fixed ? calloc(n, sizeof(*iovas)) : NULL;

	for (size_t i = 0; iovas && i < n; i++) {
		iovas[i] = iova_at(memory, i * BP_HUGE_BYTES);
		if (iovas[i] == RTE_BAD_IOVA) {
			free(iovas);
			return NULL;
		}
	}
	return iovas;
}

static int make_all(const struct bp_arena *memory)
{
	rte_iova_t *iovas = list_iovas(memory);
	int err;

	if (!iovas)
		return -EPERM;
	err = make_headers(iovas);
	free(iovas);
	return err;
}

static int open_headers(const struct bp_env *env)
{
	int err;

	if (headers.n_users)
		return headers.memory == env->arena ? 0 : -EBUSY;
	headers.memory = env->arena;
	headers.frames = env->frames;
	headers.arena = (struct dpdk_arena){
		.pool = bp_frames_pool(env->frames),
		.base = env->arena->base,
		.frame_shift = (uint32_t)__builtin_ctz(env->arena->frame_bytes),
		.room = env->arena->frame_bytes - RTE_PKTMBUF_HEADROOM,
	};
	if (!headers.has_ops && rte_mempool_register_ops(&ops) < 0)
		return -ENOSPC;
	headers.has_ops = true;
	err = make_all(env->arena);
	headers.is_ready = !err;
	return err;
}

static void close_headers(void)
{
	headers.is_ready = false;
	rte_mempool_free(headers.arena.mp);
}

/* --- devices ------------------------------------------------------------------------------------ */

static bool is_vfio(const struct dpdk_port *dp)
{
	struct bp_pci_device device;

	return !bp_pci_look(dp->name, &device) && !strcmp(device.driver, "vfio-pci");
}

/* Give a device (vfio: EAL's container, with all devices in it) the arena, or take it away, in pieces that are
 * contiguous to it. 0 or -errno: -ENOTSUP, the driver leaves that to others. */
static int map_pieces(struct rte_device *device, bool is_vfio, bool is_on)
{
	size_t step = rte_eal_iova_mode() == RTE_IOVA_VA ? headers.memory->bytes : BP_HUGE_BYTES;

	for (size_t at = 0; at < headers.memory->bytes; at += step) {
		uint8_t *addr = headers.memory->base + at;
		rte_iova_t iova = iova_at(headers.memory, at);
		int fd = RTE_VFIO_DEFAULT_CONTAINER_FD, err;

		rte_errno = 0;
		if (is_vfio)
			err = is_on ? rte_vfio_container_dma_map(fd, (uintptr_t)addr, iova, step)
				    : rte_vfio_container_dma_unmap(fd, (uintptr_t)addr, iova, step);
		else
			err = is_on ? rte_dev_dma_map(device, addr, iova, step)
				    : rte_dev_dma_unmap(device, addr, iova, step);
		if (err && is_on)
			return rte_errno ? -rte_errno : -EIO;
	}
	return 0;
}

static int map_device(struct dpdk_port *dp, struct rte_device *device)
{
	int err = 0;

	dp->is_vfio = is_vfio(dp);
	if (!dp->is_vfio || !headers.n_mapped)
		err = map_pieces(device, dp->is_vfio, true);
	/* A device that sees physical memory needs no map. */
	if (err == -ENOTSUP && !dp->is_vfio && rte_eal_iova_mode() == RTE_IOVA_PA)
		err = 0;
	if (err) {
		(void)map_pieces(device, dp->is_vfio, false);
		return err;
	}
	headers.n_mapped += dp->is_vfio;
	dp->is_mapped = true;
	return 0;
}

void dpdk_arena_unmap(struct dpdk_port *dp, struct rte_device *device)
{
	if (!dp->is_mapped)
		return;
	dp->is_mapped = false;
	headers.n_mapped -= dp->is_vfio;
	if (!dp->is_vfio || !headers.n_mapped)
		(void)map_pieces(device, dp->is_vfio, false);
}

/* May the PMD send the arena's frames in place? */
static int let_in(struct dpdk_port *dp)
{
	struct rte_eth_dev_info info;
	int err;

	if (rte_eth_dev_pool_ops_supported(dp->eth_id, OPS_NAME) < 0)
		return -ENOTSUP;
	if (dp->kind != DPDK_PCI)
		return 0;
	err = rte_eth_dev_info_get(dp->eth_id, &info);
	return err ? err : map_device(dp, info.device);
}

/* --- ports -------------------------------------------------------------------------------------- */

static void note_copies(struct dpdk_port *dp, const char *what, int err)
{
	snprintf(dp->arena_note, sizeof(dp->arena_note),
		 "frames of other drivers are copied: %s: %s", what, rte_strerror(-err));
}

/* Where one setting would spare the copy. */
static void note_too_few(struct dpdk_port *dp, const struct bp_conf *conf)
{
	if (dp->kind == DPDK_PCI)
		snprintf(
			dp->arena_note, sizeof(dp->arena_note),
			"frames of other drivers are copied: [memory] frames = %llu would spare that",
			(unsigned long long)dpdk_arena_frames_needed(conf));
}

static void note_frame_bytes(struct dpdk_port *dp, const struct bp_conf *conf)
{
	if (dp->sends_arena && !dp->receives_arena && dpdk_arena_lacks_room(conf, dp->port->conf))
		snprintf(dp->arena_note, sizeof(dp->arena_note), DPDK_LACKS_ROOM);
}

void dpdk_arena_open(struct dpdk_port *dp)
{
	const struct bp_env *env = dp->port->env;
	int err;

	if (!dpdk_takes_arena(env->conf, dp->port->conf)) {
		note_too_few(dp, env->conf);
		return;
	}
	err = open_headers(env);
	if (err) {
		note_copies(dp, "no headers for them", err);
		return;
	}
	headers.n_users++;
	dp->arena = &headers.arena;
	err = let_in(dp);
	if (err)
		note_copies(dp, "the device cannot access them", err);
	dp->sends_arena = !err;
	dp->receives_arena = !err && dpdk_receives_arena(env->conf, dp->port->conf) &&
			     dpdk_mbuf_room(dp) <= dp->arena->room;
	note_frame_bytes(dp, env->conf);
}

int dpdk_arena_renew(struct dpdk_port *dp)
{
	if (!dp->arena || dp->is_mapped)
		return 0;
	dp->sends_arena = !let_in(dp);
	return dp->receives_arena && !dp->sends_arena ? -EACCES : 0;
}

void dpdk_arena_close(struct dpdk_port *dp)
{
	if (dp->arena && !--headers.n_users)
		close_headers();
	dp->arena = NULL;
}

bool dpdk_arena_is_held(const struct dpdk_port *dp)
{
	return (dp->sends_arena || dp->receives_arena) && dp->kind == DPDK_PCI;
}

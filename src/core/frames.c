/* The pool of the arena's frames: a LIFO per worker and node, behind it a lock-free depot. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/frames.h"

#include "bypath/port.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define BATCH       64u
#define STACK_SLOTS (4 * BATCH) /* a worker keeps at most this many frames of one node */
#define NO_BATCH    UINT32_MAX
#define N_IDS       (BP_OTHERS_ID + 1) /* each has a stack: workers come and go */

/* One worker's free frames of one node: frame numbers, the last in is the first out. */
struct stack {
	alignas(BP_CACHE_LINE) uint32_t n;
	uint32_t slots[STACK_SLOTS];
};

struct batch {
	_Atomic uint32_t next; /* batch below in its list */
	uint32_t frames[BATCH];
};

/*
 * A Treiber stack of batches: the low half is the batch on top, the high half counts every change,
 * so that a pop that was overtaken fails (ABA).
 */
struct list {
	alignas(BP_CACHE_LINE) _Atomic uint64_t head;
};

struct bp_frames {
	struct bp_pool pool; /* first: found by cast */
	struct bp_arena *arena;
	uint32_t frame_shift;
	uint8_t node_of_worker[N_IDS];
	struct batch *batches;
	struct list full[BP_NODES_MAX]; /* batches of 64 free frames each, by node */
	struct list empty; /* batches without frames */
	struct stack *stacks; /* [worker_id][node] */
};

static struct stack *stack_of(struct bp_frames *f, unsigned worker_id, unsigned node)
{
	return &f->stacks[worker_id * f->arena->n_nodes + node];
}

static uint32_t pop_batch(struct bp_frames *f, struct list *list)
{
	/* Acquire: the frames written by the worker that pushed this batch. */
	uint64_t head = atomic_load_explicit(&list->head, memory_order_acquire);

	for (;;) {
		uint32_t top = (uint32_t)head, next;

		if (top == NO_BATCH)
			return NO_BATCH;
		next = atomic_load_explicit(&f->batches[top].next, memory_order_relaxed);
		if (atomic_compare_exchange_weak_explicit(
			    &list->head, &head, ((head >> 32) + 1) << 32 | next,
			    memory_order_acquire, memory_order_acquire))
			return top;
	}
}

static void push_batch(struct bp_frames *f, struct list *list, uint32_t batch)
{
	uint64_t head = atomic_load_explicit(&list->head, memory_order_relaxed);

	do {
		atomic_store_explicit(&f->batches[batch].next, (uint32_t)head,
				      memory_order_relaxed);
		/* Release: the frames of this batch, for the worker that pops it. */
	} while (!atomic_compare_exchange_weak_explicit(
		&list->head, &head, ((head >> 32) + 1) << 32 | batch, memory_order_release,
		memory_order_relaxed));
}

/* Take 64 frames of a node from the depot onto a stack. */
static bool refill(struct bp_frames *f, struct stack *s, unsigned node)
{
	uint32_t batch = pop_batch(f, &f->full[node]);

	if (batch == NO_BATCH)
		return false;
	for (unsigned i = 0; i < BATCH; i++)
		s->slots[s->n++] = f->batches[batch].frames[i];
	push_batch(f, &f->empty, batch);
	return true;
}

/* Give the 64 oldest frames of a stack to the depot. There are as many batches as could be full. */
static void flush_oldest(struct bp_frames *f, struct stack *s, unsigned node)
{
	uint32_t batch = pop_batch(f, &f->empty);

	assert(batch != NO_BATCH);
	for (unsigned i = 0; i < BATCH; i++)
		f->batches[batch].frames[i] = s->slots[i];
	for (unsigned i = BATCH; i < s->n; i++)
		s->slots[i - BATCH] = s->slots[i];
	s->n -= BATCH;
	push_batch(f, &f->full[node], batch);
}

/* A stack of this worker with free frames, that node's first; NULL when there are none. */
static struct stack *find_free(struct bp_frames *f, unsigned worker_id, unsigned node)
{
	unsigned n_nodes = f->arena->n_nodes;

	for (unsigned tried = 0; tried < n_nodes; tried++) {
		struct stack *s = stack_of(f, worker_id, node);

		if (s->n || refill(f, s, node))
			return s;
		node = node + 1 == n_nodes ? 0 : node + 1;
	}
	return NULL;
}

static void give_frame(struct bp_frames *f, unsigned worker_id, uint64_t offset)
{
	unsigned node = bp_arena_node_of(f->arena, offset);
	struct stack *s = stack_of(f, worker_id, node);

	if (s->n == STACK_SLOTS)
		flush_oldest(f, s, node);
	s->slots[s->n++] = (uint32_t)(offset >> f->frame_shift);
}

unsigned bp_frames_get(struct bp_frames *f, unsigned worker_id, struct bp_pkt *pkts, unsigned n)
{
	uint8_t *data = f->arena->base + BP_HEADROOM;
	uint32_t shift = f->frame_shift;
	unsigned done = 0, node = f->node_of_worker[worker_id];
	struct stack *s;

	while (done < n && (s = find_free(f, worker_id, node))) {
		unsigned end = n - done < s->n ? n : done + s->n;
		uint32_t top = s->n;

		for (; done < end; done++) {
			uint64_t offset = (uint64_t)s->slots[--top] << shift;

			pkts[done] = (struct bp_pkt){
				.data = data + offset,
				.token = offset,
				.pool = &f->pool,
				.headroom = BP_HEADROOM,
			};
		}
		s->n = top;
	}
	return done;
}

static unsigned get_views(struct bp_pool *pool, unsigned worker_id, struct bp_pkt *pkts, unsigned n)
{
	return bp_frames_get((struct bp_frames *)pool, worker_id, pkts, n);
}

unsigned bp_frames_get_near(struct bp_frames *f, unsigned slice, unsigned worker_id,
			    uint64_t *offsets, unsigned n)
{
	unsigned done = 0;
	struct stack *s;

	while (done < n && (s = find_free(f, worker_id, slice))) {
		unsigned end = n - done < s->n ? n : done + s->n;

		while (done < end)
			offsets[done++] = (uint64_t)s->slots[--s->n] << f->frame_shift;
	}
	return done;
}

unsigned bp_frames_get_offsets(struct bp_frames *f, unsigned worker_id, uint64_t *offsets,
			       unsigned n)
{
	return bp_frames_get_near(f, f->node_of_worker[worker_id], worker_id, offsets, n);
}

void bp_frames_put_offsets(struct bp_frames *f, unsigned worker_id, const uint64_t *offsets,
			   unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		give_frame(f, worker_id, offsets[i]);
}

static void put_views(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts,
		      unsigned n)
{
	struct bp_frames *f = (struct bp_frames *)pool;
	struct stack *s = stack_of(f, worker_id, 0);
	uint32_t shift = f->frame_shift;

	if (f->arena->n_nodes > 1) {
		for (unsigned i = 0; i < n; i++)
			give_frame(f, worker_id, pkts[i].token);
		return;
	}
	while (s->n + n > STACK_SLOTS)
		flush_oldest(f, s, 0);
	for (unsigned i = 0; i < n; i++)
		s->slots[s->n + i] = (uint32_t)(pkts[i].token >> shift);
	s->n += n;
}

/* Every frame into full batches; what fills no batch stays on the control thread's stack. */
static void fill_depot(struct bp_frames *f)
{
	for (uint32_t frame = f->arena->n_frames; frame-- > 0;)
		give_frame(f, BP_CONTROL_ID, (uint64_t)frame << f->frame_shift);
	for (unsigned node = 0; node < f->arena->n_nodes; node++)
		while (stack_of(f, BP_CONTROL_ID, node)->n >= BATCH)
			flush_oldest(f, stack_of(f, BP_CONTROL_ID, node), node);
}

int bp_frames_create(struct bp_arena *arena, struct bp_frames **frames)
{
	/* Full batches can never outnumber this, one being filled per flush in progress. */
	uint32_t n_batches = arena->n_frames / BATCH + N_IDS;
	size_t n_stacks = (size_t)N_IDS * arena->n_nodes;
	struct bp_frames *f = aligned_alloc(BP_CACHE_LINE, sizeof(*f));

	if (!f)
		return -ENOMEM;
	*f = (struct bp_frames){
		.pool = { .put = put_views,
			  .get = get_views,
			  .room = arena->frame_bytes - BP_HEADROOM,
			  .name = "arena" },
		.arena = arena,
		.frame_shift = (uint32_t)__builtin_ctz(arena->frame_bytes),
		.batches = calloc(n_batches, sizeof(struct batch)),
		.stacks = aligned_alloc(BP_CACHE_LINE, n_stacks * sizeof(struct stack)),
	};
	if (!f->batches || !f->stacks) {
		bp_frames_destroy(f);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n_stacks; i++)
		f->stacks[i].n = 0;
	for (unsigned i = 0; i < BP_NODES_MAX; i++)
		atomic_init(&f->full[i].head, NO_BATCH);
	atomic_init(&f->empty.head, NO_BATCH);
	for (uint32_t i = 0; i < n_batches; i++)
		push_batch(f, &f->empty, i);
	fill_depot(f);
	*frames = f;
	return 0;
}

void bp_frames_destroy(struct bp_frames *f)
{
	if (!f)
		return;
	free(f->batches);
	free(f->stacks);
	free(f);
}

struct bp_pool *bp_frames_pool(struct bp_frames *f)
{
	return &f->pool;
}

void bp_frames_set_node(struct bp_frames *f, unsigned worker_id, unsigned slice)
{
	f->node_of_worker[worker_id] = (uint8_t)slice;
}

unsigned bp_frames_slice(const struct bp_frames *f, int node, unsigned worker_id)
{
	unsigned slice =
		node == BP_NO_NODE ? f->arena->n_nodes : bp_arena_find_node(f->arena, node);

	return slice < f->arena->n_nodes ? slice : f->node_of_worker[worker_id];
}

void bp_frames_leave(struct bp_frames *f, unsigned worker_id)
{
	for (unsigned node = 0; node < f->arena->n_nodes; node++) {
		struct stack *s = stack_of(f, worker_id, node);

		while (s->n)
			give_frame(f, BP_CONTROL_ID, (uint64_t)s->slots[--s->n] << f->frame_shift);
	}
}

uint32_t bp_frames_room(const struct bp_frames *f)
{
	return f->pool.room;
}

static uint32_t count_list(const struct bp_frames *f, const struct list *list)
{
	uint32_t n = 0;
	uint32_t at = (uint32_t)atomic_load_explicit(&((struct list *)(uintptr_t)list)->head,
						     memory_order_acquire);

	while (at != NO_BATCH) {
		n++;
		at = atomic_load_explicit(&f->batches[at].next, memory_order_relaxed);
	}
	return n;
}

uint32_t bp_frames_n_free(const struct bp_frames *f)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < f->arena->n_nodes; i++)
		n += count_list(f, &f->full[i]) * BATCH;
	for (unsigned i = 0; i < N_IDS * f->arena->n_nodes; i++)
		n += f->stacks[i].n;
	return n;
}

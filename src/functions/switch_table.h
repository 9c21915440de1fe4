/* The switch's address table: which port an address is behind, shared by all workers without a lock. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_SWITCH_TABLE_H
#define BYPATH_FUNCTIONS_SWITCH_TABLE_H

#include "bypath/port.h"

#include <stdatomic.h>

/*
 * Buckets of one cache line with three slots; an address that finds its own bucket full goes into the next, and so on.
 * Whoever looks for an address follows it only where a bucket says that some passed it. There are at least twice as many
 * slots as addresses are taken, so that nearly all are in their own bucket.
 *
 * A slot is free while its key is 0, and holds an address while its value is not 0. In: key, then value; out: value, then
 * key, by the one who changed the value to 0. Workers put addresses in, move and refresh them, the control thread takes
 * them out. A value carries bits of its key's hash, so that whoever held it for a moment too long neither believes nor
 * changes one that belongs to another address by now.
 */
#define BP_FDB_SLOTS      3u
#define BP_FDB_PROBES_MAX 64u /* buckets that an address may be away from its own */

/* Moves of an address within a second that make a loop; further ones wait for the next second. */
#define BP_FDB_LOOP_MOVES 10u

struct bp_fdb_slot {
	_Atomic uint64_t key; /* address, filtering id */
	_Atomic uint64_t value; /* 0: nothing here */
};

struct bp_fdb_bucket {
	/* Addresses that this bucket, or one before it, had no room for. */
	alignas(BP_CACHE_LINE) _Atomic uint32_t n_passed;
	struct bp_fdb_slot slots[BP_FDB_SLOTS];
};
static_assert(sizeof(struct bp_fdb_bucket) == BP_CACHE_LINE, "one line is read per look");

struct bp_fdb {
	/* Fixed once it is made. */
	struct bp_fdb_bucket *buckets; /* mask + 1, a power of two */
	uint64_t seed; /* nobody outside knows which addresses share a bucket */
	uint32_t mask;
	unsigned shift; /* 64 - log2 of the buckets */
	uint32_t capacity; /* addresses, permanent ones included */
	uint32_t limit; /* of one port's that are learned; 0: none */
	uint32_t n_probes; /* BP_FDB_PROBES_MAX, or all buckets */
	uint8_t n_permanent[BP_PORTS_MAX]; /* of each port */
	/* Written when an address comes, moves or goes. */
	alignas(BP_CACHE_LINE) _Atomic uint32_t n_entries;
	_Atomic uint32_t n_of_port[BP_PORTS_MAX];
};

/* A value: 63…32 second of the last look, 31…16 bits of the key's hash, 15…8 moves within that second, flags, port. */
#define BP_FDB_VALID     (1u << 7)
#define BP_FDB_PERMANENT (1u << 6) /* never ages, moves, or goes with its port's link */
#define BP_FDB_PORT      0x3fu
static_assert(BP_PORTS_MAX <= BP_FDB_PORT, "a port fits");

/* What became of a source address. */
enum bp_fdb_learned {
	BP_FDB_KNOWN, /* nothing to do, or another worker has just done it */
	BP_FDB_ADDED,
	BP_FDB_MOVED,
	BP_FDB_LOOPED, /* moved, for the BP_FDB_LOOP_MOVES-th time within this second */
	BP_FDB_HELD, /* stays where it is: it moved too often, or is permanent */
	BP_FDB_LIMITED, /* not taken: its port has as many as it may have */
	BP_FDB_FULL, /* not taken: so has the table */
};

/* An address as it is shown. */
struct bp_fdb_entry {
	uint8_t mac[6];
	uint16_t fid; /* filtering id: the VLAN, 0 in a switch without */
	uint16_t port_id;
	uint32_t seen_s;
	bool is_permanent;
};

/* A table for `capacity` addresses, 1 … 2²¹, and up to `limit` (0: no limit) that are learned at one port. Control thread; 0
 * or -ENOMEM. */
int bp_fdb_create(uint32_t capacity, uint32_t limit, struct bp_fdb **fdb);
void bp_fdb_destroy(struct bp_fdb *fdb);

/* mac: its six bytes as they stand in the frame, read as a little-endian number. Not 0. */
static inline uint64_t bp_fdb_key(uint64_t mac, uint16_t fid)
{
	return mac | (uint64_t)fid << 48;
}

static inline uint64_t bp_fdb_hash(const struct bp_fdb *fdb, uint64_t key)
{
	uint64_t h = (key ^ fdb->seed) * UINT64_C(0x9e3779b97f4a7c15);

	return (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

static inline struct bp_fdb_bucket *bp_fdb_home(const struct bp_fdb *fdb, uint64_t hash)
{
	return &fdb->buckets[hash >> fdb->shift];
}

static inline unsigned bp_fdb_port(uint64_t value)
{
	return (unsigned)value & BP_FDB_PORT;
}

static inline uint32_t bp_fdb_seen_s(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

/* Is it a value of the key with this hash? */
static inline bool bp_fdb_fits(uint64_t value, uint64_t hash)
{
	return (value & BP_FDB_VALID) && (uint16_t)(value >> 16) == (uint16_t)hash;
}

/* As bp_fdb_find(), bucket by bucket. */
struct bp_fdb_slot *bp_fdb_seek(const struct bp_fdb *fdb, uint64_t key, uint64_t hash,
				uint64_t *value);

/* The slot of a key and its value, or NULL. Any thread. */
static inline struct bp_fdb_slot *bp_fdb_find(const struct bp_fdb *fdb, uint64_t key, uint64_t hash,
					      uint64_t *value)
{
	struct bp_fdb_bucket *home = bp_fdb_home(fdb, hash);
	struct bp_fdb_slot *slots = home->slots;
	/* Which slot it is in is random: no branch goes by that. Acquire: as bp_fdb_seek(). */
	const unsigned is_1 = atomic_load_explicit(&slots[1].key, memory_order_acquire) == key;
	const unsigned is_2 = atomic_load_explicit(&slots[2].key, memory_order_acquire) == key;
	struct bp_fdb_slot *slot = &slots[is_2 ? 2 : is_1];

	static_assert(BP_FDB_SLOTS == 3, "each is looked at");
	if (atomic_load_explicit(&slot->key, memory_order_acquire) == key) {
		*value = atomic_load_explicit(&slot->value, memory_order_relaxed);
		if (bp_fdb_fits(*value, hash))
			return slot;
	} else if (!atomic_load_explicit(&home->n_passed, memory_order_acquire)) {
		return NULL;
	}
	return bp_fdb_seek(fdb, key, hash, value);
}

/* A frame with this source came in at port_id, in second now_s. Any worker. */
enum bp_fdb_learned bp_fdb_learn(struct bp_fdb *fdb, uint64_t key, uint64_t hash, unsigned port_id,
				 uint32_t now_s);

/* Put an address in for good, before workers run, at most 255 of a port: 0, -EEXIST, or -ENOSPC (the table is full). */
int bp_fdb_add_permanent(struct bp_fdb *fdb, uint64_t key, unsigned port_id);

/*
 * Take out of the `n` buckets from `first` on (both wrap) the addresses that were not seen for more than ageing_s seconds.
 * flush: of all buckets, those of the ports (a bit each). The control thread, beside running workers. Return how many.
 */
uint32_t bp_fdb_age(struct bp_fdb *fdb, uint32_t first, uint32_t n, uint32_t now_s,
		    uint32_t ageing_s);
uint32_t bp_fdb_flush(struct bp_fdb *fdb, uint64_t ports);

/* The address in a slot (index < bp_fdb_n_slots()); false: none. Any thread. */
bool bp_fdb_read(const struct bp_fdb *fdb, uint32_t index, struct bp_fdb_entry *entry);
static inline uint32_t bp_fdb_n_slots(const struct bp_fdb *fdb)
{
	return (fdb->mask + 1) * BP_FDB_SLOTS;
}

/* Addresses in the table, of one port. Any thread. */
static inline uint32_t bp_fdb_n(const struct bp_fdb *fdb)
{
	return atomic_load_explicit(&((struct bp_fdb *)(uintptr_t)fdb)->n_entries,
				    memory_order_relaxed);
}
static inline uint32_t bp_fdb_n_of_port(const struct bp_fdb *fdb, unsigned port_id)
{
	return atomic_load_explicit(&((struct bp_fdb *)(uintptr_t)fdb)->n_of_port[port_id],
				    memory_order_relaxed);
}

#endif

/* Addresses come into the switch's table, move, age and go. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/switch_table.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int bp_fdb_create(uint32_t capacity, uint32_t limit, struct bp_fdb **fdb)
{
	struct bp_fdb *f = aligned_alloc(BP_CACHE_LINE, sizeof(*f));
	unsigned n_bits = 1;

	if (!f)
		return -ENOMEM;
	memset(f, 0, sizeof(*f));
	while ((uint64_t)BP_FDB_SLOTS << n_bits < 2 * (uint64_t)capacity)
		n_bits++;
	f->mask = (1u << n_bits) - 1;
	f->shift = 64 - n_bits;
	f->n_probes = f->mask < BP_FDB_PROBES_MAX ? f->mask + 1 : BP_FDB_PROBES_MAX;
	f->capacity = capacity;
	f->limit = limit;
	if (getrandom(&f->seed, sizeof(f->seed), GRND_NONBLOCK) != (ssize_t)sizeof(f->seed))
		f->seed = bp_clock_cycles();
	f->buckets = aligned_alloc(BP_CACHE_LINE, sizeof(*f->buckets) << n_bits);
	if (!f->buckets) {
		free(f);
		return -ENOMEM;
	}
	memset(f->buckets, 0, sizeof(*f->buckets) << n_bits);
	*fdb = f;
	return 0;
}

void bp_fdb_destroy(struct bp_fdb *fdb)
{
	if (!fdb)
		return;
	free(fdb->buckets);
	free(fdb);
}

struct bp_fdb_slot *bp_fdb_seek(const struct bp_fdb *fdb, uint64_t key, uint64_t hash,
				uint64_t *value)
{
	uint32_t at = (uint32_t)(hash >> fdb->shift);

	for (uint32_t n = 0; n < fdb->n_probes; n++, at = (at + 1) & fdb->mask) {
		struct bp_fdb_bucket *bucket = &fdb->buckets[at];

		for (unsigned i = 0; i < BP_FDB_SLOTS; i++) {
			struct bp_fdb_slot *slot = &bucket->slots[i];

			/* Acquire: the value of an address that was here before is gone. */
			if (atomic_load_explicit(&slot->key, memory_order_acquire) != key)
				continue;
			*value = atomic_load_explicit(&slot->value, memory_order_relaxed);
			if (bp_fdb_fits(*value, hash))
				return slot;
		}
		if (!atomic_load_explicit(&bucket->n_passed, memory_order_acquire))
			break;
	}
	return NULL;
}

/* ---- counts ----------------------------------------------------------------------------------- */

/* Count one more, up to max. */
static bool take(_Atomic uint32_t *count, uint32_t max)
{
	uint32_t n = atomic_load_explicit(count, memory_order_relaxed);

	do {
		if (n >= max)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(count, &n, n + 1, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

static void give_back(_Atomic uint32_t *count)
{
	atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
}

static bool take_of_port(struct bp_fdb *fdb, unsigned port_id)
{
	return take(&fdb->n_of_port[port_id],
		    fdb->limit ? fdb->limit + fdb->n_permanent[port_id] : UINT32_MAX);
}

/* ---- out of the table ------------------------------------------------------------------------- */

/* A way of `n_buckets` buckets from the one that belongs to the hash is no longer needed. */
static void leave_way(struct bp_fdb *fdb, uint64_t hash, uint32_t n_buckets)
{
	uint32_t at = (uint32_t)(hash >> fdb->shift);

	for (; n_buckets; n_buckets--, at = (at + 1) & fdb->mask)
		atomic_fetch_sub_explicit(&fdb->buckets[at].n_passed, 1, memory_order_release);
}

/* Take out what bucket `at` has in a slot, if that is still its value. */
static bool erase(struct bp_fdb *fdb, uint32_t at, struct bp_fdb_slot *slot, uint64_t value)
{
	uint64_t key, hash;

	if (!atomic_compare_exchange_strong_explicit(&slot->value, &value, 0, memory_order_acquire,
						     memory_order_relaxed))
		return false;
	/* Acquire: the key was written before the value; and nobody else writes to a slot that has a key and no value. */
	key = atomic_load_explicit(&slot->key, memory_order_relaxed);
	hash = bp_fdb_hash(fdb, key);
	/* Release: whoever takes the slot finds its value 0. */
	atomic_store_explicit(&slot->key, 0, memory_order_release);
	leave_way(fdb, hash, (at - (uint32_t)(hash >> fdb->shift)) & fdb->mask);
	give_back(&fdb->n_of_port[bp_fdb_port(value)]);
	give_back(&fdb->n_entries);
	return true;
}

/* ---- into the table --------------------------------------------------------------------------- */

/*
 * What is sequentially consistent here and in erase_doubles() is so for two workers that put in one address at once: one
 * at least sees both.
 */
static bool claim(struct bp_fdb_bucket *bucket, uint64_t key, uint64_t value)
{
	for (unsigned i = 0; i < BP_FDB_SLOTS; i++) {
		struct bp_fdb_slot *slot = &bucket->slots[i];
		uint64_t free_key = 0;

		if (atomic_load_explicit(&slot->key, memory_order_relaxed) ||
		    !atomic_compare_exchange_strong_explicit(
			    &slot->key, &free_key, key, memory_order_seq_cst, memory_order_relaxed))
			continue;
		atomic_store_explicit(&slot->value, value, memory_order_seq_cst);
		return true;
	}
	return false;
}

static bool put(struct bp_fdb *fdb, uint64_t key, uint64_t hash, uint64_t value)
{
	uint32_t at = (uint32_t)(hash >> fdb->shift);
	uint32_t n = 0;

	for (; n < fdb->n_probes; n++, at = (at + 1) & fdb->mask) {
		if (claim(&fdb->buckets[at], key, value))
			return true;
		atomic_fetch_add_explicit(&fdb->buckets[at].n_passed, 1, memory_order_seq_cst);
	}
	leave_way(fdb, hash, n);
	return false;
}

/* Of an address that two workers put in at once, the first on its way stays. */
static void erase_doubles(struct bp_fdb *fdb, uint64_t key, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> fdb->shift);
	bool is_found = false;

	for (uint32_t n = 0; n < fdb->n_probes; n++, at = (at + 1) & fdb->mask) {
		struct bp_fdb_bucket *bucket = &fdb->buckets[at];

		for (unsigned i = 0; i < BP_FDB_SLOTS; i++) {
			struct bp_fdb_slot *slot = &bucket->slots[i];
			uint64_t value;

			if (atomic_load_explicit(&slot->key, memory_order_seq_cst) != key)
				continue;
			value = atomic_load_explicit(&slot->value, memory_order_seq_cst);
			while (is_found && bp_fdb_fits(value, hash) && !erase(fdb, at, slot, value))
				value = atomic_load_explicit(&slot->value, memory_order_relaxed);
			is_found |= bp_fdb_fits(value, hash);
		}
		if (!atomic_load_explicit(&bucket->n_passed, memory_order_seq_cst))
			break;
	}
}

static enum bp_fdb_learned add(struct bp_fdb *fdb, uint64_t key, uint64_t hash, uint64_t value)
{
	_Atomic uint32_t *n_of_port = &fdb->n_of_port[bp_fdb_port(value)];

	if (!take_of_port(fdb, bp_fdb_port(value)))
		return BP_FDB_LIMITED;
	if (!take(&fdb->n_entries, fdb->capacity)) {
		give_back(n_of_port);
		return BP_FDB_FULL;
	}
	if (!put(fdb, key, hash, value)) {
		give_back(&fdb->n_entries);
		give_back(n_of_port);
		return BP_FDB_FULL;
	}
	erase_doubles(fdb, key, hash);
	return BP_FDB_ADDED;
}

static uint64_t make_value(uint64_t hash, unsigned port_id, uint32_t now_s, unsigned n_moves)
{
	return (uint64_t)now_s << 32 | (uint64_t)(uint16_t)hash << 16 | (uint64_t)n_moves << 8 |
	       BP_FDB_VALID | port_id;
}

static enum bp_fdb_learned move(struct bp_fdb *fdb, struct bp_fdb_slot *slot, uint64_t value,
				uint64_t moved)
{
	if (!take_of_port(fdb, bp_fdb_port(moved)))
		return BP_FDB_LIMITED;
	if (!atomic_compare_exchange_strong_explicit(&slot->value, &value, moved,
						     memory_order_relaxed, memory_order_relaxed)) {
		give_back(&fdb->n_of_port[bp_fdb_port(moved)]);
		return BP_FDB_KNOWN;
	}
	give_back(&fdb->n_of_port[bp_fdb_port(value)]);
	return BP_FDB_MOVED;
}

enum bp_fdb_learned bp_fdb_learn(struct bp_fdb *fdb, uint64_t key, uint64_t hash, unsigned port_id,
				 uint32_t now_s)
{
	uint64_t value;
	struct bp_fdb_slot *slot = bp_fdb_find(fdb, key, hash, &value);
	unsigned n_moves;
	enum bp_fdb_learned learned;

	if (!slot)
		return add(fdb, key, hash, make_value(hash, port_id, now_s, 0));
	if (bp_fdb_port(value) == port_id) {
		if (!(value & BP_FDB_PERMANENT) && bp_fdb_seen_s(value) != now_s)
			atomic_compare_exchange_strong_explicit(
				&slot->value, &value, make_value(hash, port_id, now_s, 0),
				memory_order_relaxed, memory_order_relaxed);
		return BP_FDB_KNOWN;
	}
	n_moves = bp_fdb_seen_s(value) == now_s ? (unsigned)(value >> 8) & 0xff : 0;
	if ((value & BP_FDB_PERMANENT) || n_moves >= BP_FDB_LOOP_MOVES)
		return BP_FDB_HELD;
	learned = move(fdb, slot, value, make_value(hash, port_id, now_s, n_moves + 1));
	return learned == BP_FDB_MOVED && n_moves + 1 == BP_FDB_LOOP_MOVES ? BP_FDB_LOOPED
									   : learned;
}

int bp_fdb_add_permanent(struct bp_fdb *fdb, uint64_t key, unsigned port_id)
{
	uint64_t hash = bp_fdb_hash(fdb, key), value;

	if (bp_fdb_find(fdb, key, hash, &value))
		return -EEXIST;
	value = make_value(hash, port_id, 0, 0) | BP_FDB_PERMANENT;
	fdb->n_permanent[port_id]++;
	if (add(fdb, key, hash, value) == BP_FDB_ADDED)
		return 0;
	fdb->n_permanent[port_id]--;
	return -ENOSPC;
}

/* ---- the control thread ----------------------------------------------------------------------- */

/* Which addresses go. */
struct sweep {
	uint64_t ports; /* those of these ports, a bit each */
	uint32_t now_s, ageing_s;
	bool is_by_age; /* and of them those that were not seen for longer */
};

static bool goes(const struct sweep *sweep, uint64_t value)
{
	if (!(value & BP_FDB_VALID) || (value & BP_FDB_PERMANENT) ||
	    !(sweep->ports >> bp_fdb_port(value) & 1))
		return false;
	/* The difference is below 0 where a worker was faster to see the new second. */
	return !sweep->is_by_age ||
	       (int32_t)(sweep->now_s - bp_fdb_seen_s(value)) > (int32_t)sweep->ageing_s;
}

static uint32_t sweep_bucket(struct bp_fdb *fdb, uint32_t at, const struct sweep *sweep)
{
	uint32_t n_gone = 0;

	for (unsigned i = 0; i < BP_FDB_SLOTS; i++) {
		struct bp_fdb_slot *slot = &fdb->buckets[at].slots[i];
		uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
		bool is_gone = false;

		while (!is_gone && goes(sweep, value)) {
			is_gone = erase(fdb, at, slot, value);
			value = atomic_load_explicit(&slot->value, memory_order_relaxed);
		}
		n_gone += is_gone;
	}
	return n_gone;
}

uint32_t bp_fdb_age(struct bp_fdb *fdb, uint32_t first, uint32_t n, uint32_t now_s,
		    uint32_t ageing_s)
{
	const struct sweep sweep = { UINT64_MAX, now_s, ageing_s, true };
	uint32_t n_gone = 0;

	for (uint32_t i = 0; i < n; i++)
		n_gone += sweep_bucket(fdb, (first + i) & fdb->mask, &sweep);
	return n_gone;
}

uint32_t bp_fdb_flush(struct bp_fdb *fdb, uint64_t ports)
{
	const struct sweep sweep = { .ports = ports };
	uint32_t n_gone = 0;

	for (uint32_t at = 0; at <= fdb->mask; at++)
		n_gone += sweep_bucket(fdb, at, &sweep);
	return n_gone;
}

bool bp_fdb_read(const struct bp_fdb *fdb, uint32_t index, struct bp_fdb_entry *entry)
{
	struct bp_fdb_slot *slot = &fdb->buckets[index / BP_FDB_SLOTS].slots[index % BP_FDB_SLOTS];
	uint64_t key = atomic_load_explicit(&slot->key, memory_order_acquire);
	uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);

	if (!key || !bp_fdb_fits(value, bp_fdb_hash(fdb, key)))
		return false;
	for (unsigned i = 0; i < sizeof(entry->mac); i++)
		entry->mac[i] = (uint8_t)(key >> 8 * i);
	entry->fid = (uint16_t)(key >> 48);
	entry->port_id = (uint16_t)bp_fdb_port(value);
	entry->seen_s = bp_fdb_seen_s(value);
	entry->is_permanent = (value & BP_FDB_PERMANENT) != 0;
	return true;
}

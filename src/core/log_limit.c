/* Counts what message sites repeat. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/log_limit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(BP_LIMIT_SITES < UINT16_MAX, "rows have numbers of 16 bits, from 1 on");

static bool is_over(const struct bp_limit_row *row, uint64_t now_ns)
{
	return now_ns >= row->begin_ns && now_ns - row->begin_ns >= BP_LIMIT_NS;
}

/* Two messages that differ in their level only are of two sites: neither hides the other. */
static bool is_same(const struct bp_limit_site *a, const struct bp_limit_site *b)
{
	return a->place.line == b->place.line && a->level == b->level &&
	       a->place.file == b->place.file && !strcmp(a->subject, b->subject);
}

/* FNV-1a over what is_same() compares. */
static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t n)
{
	for (const unsigned char *b = bytes; n; n--)
		hash = (hash ^ *b++) * 16777619u;
	return hash;
}

static uint16_t *bucket_of(struct bp_limits *limits, const struct bp_limit_site *site)
{
	uintptr_t file = (uintptr_t)site->place.file;
	int numbers[2] = { site->place.line, (int)site->level };
	uint32_t hash = hash_bytes(2166136261u, &file, sizeof(file));

	hash = hash_bytes(hash, numbers, sizeof(numbers));
	hash = hash_bytes(hash, site->subject, strlen(site->subject));
	return &limits->buckets[hash % (2 * BP_LIMIT_SITES)];
}

/* ---- the order of use -------------------------------------------------------------------------- */

static struct bp_limit_row *row_at(struct bp_limits *limits, uint16_t id)
{
	return &limits->rows[id - 1];
}

static uint16_t id_of(const struct bp_limits *limits, const struct bp_limit_row *row)
{
	return (uint16_t)(row - limits->rows + 1);
}

static void take_out(struct bp_limits *limits, const struct bp_limit_row *row)
{
	*(row->older ? &row_at(limits, row->older)->newer : &limits->oldest) = row->newer;
	*(row->newer ? &row_at(limits, row->newer)->older : &limits->newest) = row->older;
}

static void put_newest(struct bp_limits *limits, struct bp_limit_row *row)
{
	row->older = limits->newest;
	row->newer = 0;
	*(limits->newest ? &row_at(limits, limits->newest)->newer : &limits->oldest) =
		id_of(limits, row);
	limits->newest = id_of(limits, row);
}

/* ---- rows -------------------------------------------------------------------------------------- */

static struct bp_limit_row *find_row(struct bp_limits *limits, const struct bp_limit_site *site)
{
	uint16_t id = *bucket_of(limits, site);

	while (id && !is_same(&row_at(limits, id)->site, site))
		id = row_at(limits, id)->next;
	return id ? row_at(limits, id) : NULL;
}

static void leave_bucket(struct bp_limits *limits, const struct bp_limit_row *row)
{
	uint16_t *id = bucket_of(limits, &row->site);

	while (*id != id_of(limits, row))
		id = &row_at(limits, *id)->next;
	*id = row->next;
}

/* A row for a site that has none: one never used, else that of the site that has been silent for longest, as it was in *over. */
static struct bp_limit_row *add_row(struct bp_limits *limits, const struct bp_limit_site *site,
				    struct bp_limit_row *over)
{
	struct bp_limit_row *row;
	uint16_t *bucket;

	if (limits->n_used < BP_LIMIT_SITES) {
		row = &limits->rows[limits->n_used++];
	} else {
		row = row_at(limits, limits->oldest);
		*over = *row;
		take_out(limits, row);
		leave_bucket(limits, row);
	}
	*row = (struct bp_limit_row){ .site = *site };
	bucket = bucket_of(limits, site);
	row->next = *bucket;
	*bucket = id_of(limits, row);
	put_newest(limits, row);
	return row;
}

/* The row's time begins anew. */
static void begin(struct bp_limit_row *row, uint64_t now_ns)
{
	row->begin_ns = now_ns;
	row->n_passed = 0;
	row->n_left_out = 0;
}

bool bp_limit_pass(struct bp_limits *limits, const struct bp_limit_site *site, const char *text,
		   uint64_t now_ns, struct bp_limit_row *over)
{
	struct bp_limit_row *row = find_row(limits, site);

	over->n_left_out = 0;
	if (!row) {
		row = add_row(limits, site, over);
		begin(row, now_ns);
	} else {
		take_out(limits, row);
		put_newest(limits, row);
		if (is_over(row, now_ns)) {
			*over = *row;
			begin(row, now_ns);
		}
	}
	if (row->n_passed < BP_LIMIT_MESSAGES) {
		row->n_passed++;
		return true;
	}
	if (!row->n_left_out++)
		snprintf(row->text, sizeof(row->text), "%s", text);
	return false;
}

bool bp_limit_take(struct bp_limits *limits, uint64_t now_ns, struct bp_limit_row *over)
{
	for (unsigned i = 0; i < limits->n_used; i++) {
		struct bp_limit_row *row = &limits->rows[i];

		if (!row->n_left_out || !is_over(row, now_ns))
			continue;
		*over = *row;
		begin(row, row->begin_ns);
		return true;
	}
	return false;
}

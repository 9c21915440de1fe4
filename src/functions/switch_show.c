/* A switch's address table and counts as JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/switch.h"

#include "core/json.h"

#include <stdio.h>

#define ROWS_MAX 1000u /* addresses that are listed */

/* Of a place in the counts of every worker. */
static uint64_t sum(const struct bp_switch *sw, size_t offset)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++) {
		/* Acquire: enter() wrote zeros before. */
		struct bp_switch_worker *w = atomic_load_explicit(
			&((struct bp_switch *)(uintptr_t)sw)->workers[i], memory_order_acquire);

		if (w)
			n += atomic_load_explicit(
				(_Atomic uint64_t *)(void *)((char *)&w->counts + offset),
				memory_order_relaxed);
	}
	return n;
}

#define SUM(sw, field) bp_json_count(sum(sw, offsetof(struct bp_switch_counts, field)))

static json_t *show_floods(const struct bp_switch *sw)
{
	return json_pack("{s:o, s:o, s:o}", "broadcast", SUM(sw, floods[BP_SWITCH_BROADCAST]),
			 "multicast", SUM(sw, floods[BP_SWITCH_MULTICAST]), "unknown",
			 SUM(sw, floods[BP_SWITCH_UNKNOWN]));
}

static json_t *show_storms(const struct bp_switch *sw)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "limit_pps",
			 sw->storm_pps ? bp_json_count(sw->storm_pps) : json_null(), "broadcast",
			 SUM(sw, storms[BP_SWITCH_BROADCAST]), "multicast",
			 SUM(sw, storms[BP_SWITCH_MULTICAST]), "unknown",
			 SUM(sw, storms[BP_SWITCH_UNKNOWN]));
}

static json_t *mac_text(const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), BP_SWITCH_MAC_TEXT, BP_SWITCH_MAC_ARGS(mac));
	return json_string(text);
}

static json_t *vlan(const struct bp_switch *sw, unsigned vid)
{
	return sw->ports.is_aware ? json_integer(vid) : json_null();
}

static json_t *port_name(const struct bp_switch *sw, unsigned port_id)
{
	return bp_json_text(port_id < sw->n_ports ? sw->port_names[port_id] : NULL);
}

static uint32_t age_s(const struct bp_switch *sw, uint32_t seen_s)
{
	const int32_t age =
		(int32_t)(atomic_load_explicit(&((struct bp_switch *)(uintptr_t)sw)->now_s,
					       memory_order_relaxed) -
			  seen_s);

	return age > 0 ? (uint32_t)age : 0;
}

static json_t *show_loops(const struct bp_switch *sw)
{
	struct bp_switch *s = (struct bp_switch *)(uintptr_t)sw;
	const uint64_t n = atomic_load_explicit(&s->n_loops, memory_order_relaxed);
	const uint64_t key = atomic_load_explicit(&s->loop_key, memory_order_relaxed);
	const uint32_t at = atomic_load_explicit(&s->loop_ports, memory_order_relaxed);
	json_t *last = json_null();
	uint8_t mac[6];

	for (unsigned i = 0; i < sizeof(mac); i++)
		mac[i] = (uint8_t)(key >> 8 * i);
	if (n)
		last = json_pack("{s:o, s:o, s:[o, o], s:I}", "mac", mac_text(mac), "vlan",
				 vlan(sw, (unsigned)(key >> 48)), "ports", port_name(sw, at & 0xff),
				 port_name(sw, at >> 8), "ago_s",
				 (json_int_t)age_s(sw, atomic_load_explicit(&s->loop_s,
									    memory_order_relaxed)));
	return json_pack("{s:o, s:o}", "seen", bp_json_count(n), "last", last);
}

/* VLANs of a port as text: 10,20-29. What does not fit ends with '…'. */
static json_t *vlans_text(const struct bp_switch *sw, unsigned port_id)
{
	char text[256] = "";
	size_t at = 0;

	for (unsigned vid = 1, last; vid < BP_SWITCH_VIDS; vid = last + 1) {
		last = vid;
		if (!(sw->ports.members[vid] >> port_id & 1))
			continue;
		while (last < BP_SWITCH_VID_MAX && sw->ports.members[last + 1] >> port_id & 1)
			last++;
		if (at + 16 > sizeof(text)) {
			snprintf(text + at, sizeof(text) - at, ",…");
			break;
		}
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at ? "," : "", vid);
		if (last > vid)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "-%u", last);
	}
	return json_string(text);
}

static json_t *show_port(const struct bp_switch *sw, unsigned port_id)
{
	const bool is_trunk = sw->ports.trunks >> port_id & 1;
	const uint16_t pvid = sw->ports.pvid[port_id];

	if (!sw->ports.is_aware)
		return json_pack("{s:o, s:I}", "port", port_name(sw, port_id), "addresses",
				 (json_int_t)bp_fdb_n_of_port(sw->fdb, port_id));
	return json_pack("{s:o, s:I, s:s, s:o, s:o}", "port", port_name(sw, port_id), "addresses",
			 (json_int_t)bp_fdb_n_of_port(sw->fdb, port_id), "mode",
			 is_trunk ? "trunk" : "access", "untagged",
			 pvid ? json_integer(pvid) : json_null(), "vlans", vlans_text(sw, port_id));
}

static json_t *show_ports(const struct bp_switch *sw)
{
	json_t *ports = json_array();

	for (unsigned i = 0; i < sw->n_ports; i++)
		if (sw->ports.all >> i & 1)
			json_array_append_new(ports, show_port(sw, i));
	return ports;
}

static json_t *show_entry(const struct bp_switch *sw, const struct bp_fdb_entry *e)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "mac", mac_text(e->mac), "vlan",
			 vlan(sw, e->fid), "port", port_name(sw, e->port_id), "age_s",
			 e->is_permanent ? json_null() : json_integer(age_s(sw, e->seen_s)),
			 "permanent", e->is_permanent);
}

/*
 * Up to ROWS_MAX addresses, first those that stay; *n_cut becomes how many are left out. One walk, no further than needed: the
 * control thread makes it, and the table may have a million slots and more.
 */
static json_t *show_table(const struct bp_switch *sw, uint64_t *n_cut)
{
	const uint32_t n = bp_fdb_n(sw->fdb), n_slots = bp_fdb_n_slots(sw->fdb);
	json_t *rows = json_array(), *others = json_array();
	struct bp_fdb_entry entry;
	size_t n_rows;

	for (uint32_t i = 0; i < n_slots; i++) {
		const size_t n_permanent = json_array_size(rows),
			     n_others = json_array_size(others);

		if (n_permanent >= ROWS_MAX || n_permanent + n_others >= n ||
		    (n_permanent >= sw->ports.n_fixed && n_permanent + n_others >= ROWS_MAX))
			break;
		if (!bp_fdb_read(sw->fdb, i, &entry))
			continue;
		if (entry.is_permanent)
			json_array_append_new(rows, show_entry(sw, &entry));
		else if (n_others < ROWS_MAX)
			json_array_append_new(others, show_entry(sw, &entry));
	}
	for (size_t i = 0; i < json_array_size(others) && json_array_size(rows) < ROWS_MAX; i++)
		json_array_append(rows, json_array_get(others, i));
	json_decref(others);
	n_rows = json_array_size(rows);
	*n_cut = n > n_rows ? n - n_rows : 0;
	return rows;
}

json_t *bp_switch_show(const struct bp_switch *sw)
{
	struct bp_switch *s = (struct bp_switch *)(uintptr_t)sw;
	const uint32_t n = bp_fdb_n(sw->fdb), capacity = sw->fdb->capacity, limit = sw->fdb->limit;
	uint64_t n_cut;
	json_t *table = show_table(sw, &n_cut);
	json_t *learning = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "learned", SUM(sw, learned[BP_FDB_ADDED]),
		"moved",
		bp_json_count(sum(sw, offsetof(struct bp_switch_counts, learned[BP_FDB_MOVED])) +
			      sum(sw, offsetof(struct bp_switch_counts, learned[BP_FDB_LOOPED]))),
		"held", SUM(sw, learned[BP_FDB_HELD]), "refused_by_limit",
		SUM(sw, learned[BP_FDB_LIMITED]), "refused_table_full",
		SUM(sw, learned[BP_FDB_FULL]), "aged",
		bp_json_count(atomic_load_explicit(&s->n_aged, memory_order_relaxed)), "flushed",
		bp_json_count(atomic_load_explicit(&s->n_flushed, memory_order_relaxed)));

	return json_pack("{s:I, s:I, s:I, s:b, s:I, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "entries", (json_int_t)n, "static", (json_int_t)sw->ports.n_fixed,
			 "capacity", (json_int_t)capacity, "is_full", n >= capacity, "ageing_s",
			 (json_int_t)sw->ageing_s, "limit",
			 limit ? json_integer(limit) : json_null(), "vlans", sw->ports.is_aware,
			 "learning", learning, "floods", show_floods(sw), "storm", show_storms(sw),
			 "loops", show_loops(sw), "ports", show_ports(sw), "table", table,
			 "table_cut", bp_json_count(n_cut));
}

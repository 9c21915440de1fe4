/* The function vlan: pushes, pops, rewrites the outermost VLAN tag, lets chosen VLANs through. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include "core/json.h"
#include "functions/tally.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#define MACS_BYTES 12u
#define ETH_BYTES  14u
#define TAG_BYTES  4u

/* IEEE 802.1Q, 9.6: a tag's control information. */
#define TCI_VID       0x0fffu
#define TCI_PCP       0xe000u
#define TCI_PCP_SHIFT 13u

enum action { PUSH = 1, POP, REWRITE, PASS }; /* 0: a configuration that was refused */
#define ON(action) (1u << (action))

enum tpid { TPID_C = 0x8100, TPID_S = 0x88a8 };
enum priority { PRIORITY_MAX = 7, PRIORITY_KEEP = BP_ACT_KEEPS_PRIORITY };

struct vlan_conf {
	enum action action;
	enum tpid tpid;
	enum priority priority;
	uint16_t id, to; /* 0: see keys[] */
	struct bp_vlans ids;
};

struct worker {
	alignas(64) _Atomic uint64_t n_changed; /* pushed, popped, rewritten */
	_Atomic uint64_t n_untouched; /* went on as they were */
};

struct vlan {
	struct vlan_conf conf;
	bool has_ids;
	struct worker workers[BP_WORKERS_MAX + 1]; /* the last one's: what drivers did */
};

/* ---- the packet path ------------------------------------------------------------------------- */

/* The outermost tag of a frame. */
struct tag {
	bool is_there;
	uint16_t tci; /* 0 without a tag */
};

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void put_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* False: the frame ends before its EtherType, or within its tag. */
static inline bool read_tag(const struct bp_pkt *pkt, struct tag *tag)
{
	uint16_t type;

	*tag = (struct tag){ 0 };
	if (pkt->len < ETH_BYTES)
		return false;
	type = get_be16(pkt->data + MACS_BYTES);
	if (type != TPID_C && type != TPID_S)
		return true;
	if (pkt->len < ETH_BYTES + TAG_BYTES)
		return false;
	tag->is_there = true;
	tag->tci = get_be16(pkt->data + ETH_BYTES);
	return true;
}

static inline unsigned with_priority(const struct vlan *v, unsigned tci)
{
	if (v->conf.priority == PRIORITY_KEEP)
		return tci;
	return (tci & ~TCI_PCP) | (unsigned)v->conf.priority << TCI_PCP_SHIFT;
}

/* The metadata, if there is any, lies where the addresses are to go, or over them: they are kept meanwhile. */
static inline bool push_tag(const struct vlan *v, struct bp_pkt *pkt, uint16_t inner_tci)
{
	unsigned tci = with_priority(v, (inner_tci & ~TCI_VID) | v->conf.id);
	uint8_t macs[MACS_BYTES];

	memcpy(macs, pkt->data, sizeof(macs));
	if (!bp_pkt_push(pkt, TAG_BYTES))
		return false;
	memcpy(pkt->data, macs, sizeof(macs));
	put_be16(pkt->data + MACS_BYTES, v->conf.tpid);
	put_be16(pkt->data + ETH_BYTES, tci);
	return true;
}

static inline bool pop_tag(struct bp_pkt *pkt)
{
	uint8_t macs[MACS_BYTES];

	memcpy(macs, pkt->data, sizeof(macs));
	if (!bp_pkt_pull(pkt, TAG_BYTES))
		return false;
	memcpy(pkt->data, macs, sizeof(macs));
	return true;
}

static inline void rewrite_tag(const struct vlan *v, struct bp_pkt *pkt, uint16_t tci)
{
	unsigned vid = v->conf.to ? v->conf.to : tci & TCI_VID;

	put_be16(pkt->data + ETH_BYTES, with_priority(v, (tci & ~TCI_VID) | vid));
}

/* What becomes of a packet: it goes on, changed or not, or is dropped (for *why). */
enum verdict { CHANGED, UNTOUCHED, DROPPED };

static inline enum verdict drop(uint8_t *why, enum bp_act_drop reason)
{
	*why = (uint8_t)reason;
	return DROPPED;
}

static inline enum verdict treat(const struct vlan *v, struct bp_pkt *pkt, enum action action,
				 uint8_t *why)
{
	struct tag tag;

	if (!read_tag(pkt, &tag))
		return drop(why, BP_ACT_RUNT);
	if (v->has_ids && !bp_vlans_has(&v->conf.ids, tag.tci & TCI_VID))
		return drop(why, BP_ACT_VID_NOT_ALLOWED);
	if (action == PASS)
		return UNTOUCHED;
	if (action == PUSH)
		return push_tag(v, pkt, tag.tci) ? CHANGED : drop(why, BP_ACT_NO_HEADROOM);
	if (v->conf.id && v->conf.id != (tag.tci & TCI_VID))
		return UNTOUCHED;
	if (!tag.is_there) /* where ids are given they have allowed it */
		return v->has_ids ? UNTOUCHED : drop(why, BP_ACT_NOT_TAGGED);
	if (action == POP)
		return pop_tag(pkt) ? CHANGED : drop(why, BP_ACT_BAD_META);
	rewrite_tag(v, pkt, tag.tci);
	return CHANGED;
}

/* action is constant where this is inlined. */
static inline __attribute__((always_inline)) void run(struct bp_fn *fn, struct bp_pkt *pkts,
						      unsigned n, uint64_t *out, uint8_t *why,
						      enum action action)
{
	const struct vlan *v = fn->state;
	struct worker *w = fn->local;
	unsigned counts[DROPPED + 1] = { 0 };

	for (unsigned i = 0, n_views; i < n; i += n_views) {
		enum verdict verdict;

		n_views = bp_pkt_n_views(&pkts[i], n - i);
		verdict = treat(v, &pkts[i], action, &why[i]);
		if (verdict == DROPPED)
			out[i] = 0;
		counts[verdict]++;
	}
	bp_tally_add(&w->n_changed, counts[CHANGED]);
	bp_tally_add(&w->n_untouched, counts[UNTOUCHED]);
}

static void process(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	switch (((const struct vlan *)fn->state)->conf.action) {
	case PUSH:
		run(fn, pkts, n, out, why, PUSH);
		break;
	case POP:
		run(fn, pkts, n, out, why, POP);
		break;
	case REWRITE:
		run(fn, pkts, n, out, why, REWRITE);
		break;
	case PASS:
		run(fn, pkts, n, out, why, PASS);
	}
}

/* ---- control --------------------------------------------------------------------------------- */

static const struct bp_word actions[] = {
	{ "push", PUSH }, { "pop", POP }, { "rewrite", REWRITE }, { "pass", PASS }, { NULL, 0 }
};
static const struct bp_word tpids[] = { { "8100", TPID_C }, { "88a8", TPID_S }, { NULL, 0 } };
static const struct bp_word priorities[] = {
	{ "keep", PRIORITY_KEEP },
	{ "0", 0 },
	{ "1", 1 },
	{ "2", 2 },
	{ "3", 3 },
	{ "4", 4 },
	{ "5", 5 },
	{ "6", 6 },
	{ "7", PRIORITY_MAX },
	{ NULL, 0 },
};

#define OWN(field) BP_KEY_OF_FN(struct vlan_conf, field)

static const struct bp_key keys[] = {
	{ OWN(action), .name = "action", .type = BP_KEY_CHOICE, .flags = BP_KEY_REQUIRED,
	  .words = actions, .example = "push",
	  .help = "what is done to the outermost tag; pass: nothing, ids lets VLANs through" },
	BP_KEY_INT_OR_0(
		"id", 1, BP_VLAN_ID_MAX, "", "a priority tag to push, every tag to pop or rewrite",
		"0", OWN(id),
		"push: the new tag's VLAN; pop, rewrite: the one whose tags are meant, others go on as they "
		"are"),
	{ OWN(to), .name = "to", .type = BP_KEY_NUMBER, .flags = BP_KEY_ZERO | BP_KEY_BESIDE,
	  .unit = "", .min = 1, .max = BP_VLAN_ID_MAX, .zero = "the VLAN stays", .fallback = "0",
	  .help = "rewrite: the VLAN afterwards" },
	BP_KEY_WORDS(
		"priority", priorities, "keep", OWN(priority),
		"push, rewrite: the tag's priority (PCP); keep: push copies that of the tag within, or 0"),
	BP_KEY_WORDS("tpid", tpids, "8100", OWN(tpid),
		     "push: the new tag's EtherType, C-tag or S-tag"),
	{ OWN(ids), .name = "ids", .type = BP_KEY_VLANS, .example = "10,20-30",
	  .help = "these VLANs alone are let through, before the action; 0: frames without a tag, and priority-tagged "
		  "ones" },
	{ .name = NULL },
};

static const struct bp_fn_reason reasons[] = {
	[BP_ACT_RUNT] = { "runt", "the frame ends before its EtherType, or within its tag" },
	[BP_ACT_VID_NOT_ALLOWED] = { "vid_not_allowed", "its VLAN is not among ids" },
	[BP_ACT_NOT_TAGGED] = { "not_tagged", "it has no tag that the action could take" },
	[BP_ACT_NO_HEADROOM] = { "no_headroom", "there are no 4 bytes free before the frame" },
	[BP_ACT_BAD_META] = { "bad_meta",
			      "its metadata lets the checksum begin before the frame's IP header" },
	{ NULL, NULL },
};

/* Which actions a key is for. */
static const struct {
	const char *key;
	unsigned actions;
} uses[] = {
	{ "id", ON(PUSH) | ON(POP) | ON(REWRITE) },
	{ "to", ON(REWRITE) },
	{ "priority", ON(PUSH) | ON(REWRITE) },
	{ "tpid", ON(PUSH) },
};

static bool has_any(const struct bp_vlans *vlans)
{
	for (unsigned i = 0; i < sizeof(vlans->bits) / sizeof(vlans->bits[0]); i++)
		if (vlans->bits[i])
			return true;
	return false;
}

static void check_rewrite(const struct vlan_conf *conf, struct bp_check *check)
{
	if (!conf->to && conf->priority == PRIORITY_KEEP)
		check->complain(
			check, "action",
			"found 'rewrite', but nothing to rewrite: add 'to = …', or 'priority = …'");
	if (conf->to && conf->to == conf->id && conf->priority == PRIORITY_KEEP)
		check->complain(check, "to", "found '%u', which is what id says: give another",
				conf->to);
}

static void check(const struct bp_function_conf *fn, struct bp_check *check)
{
	const struct vlan_conf *conf = BP_FN_OWN(struct vlan_conf, fn);
	const char *action = bp_key_word_of(bp_key_find(keys, "action"), conf->action);
	bool has_ids = has_any(&conf->ids);

	if (!action)
		return;
	for (unsigned i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (!(uses[i].actions & ON(conf->action)) && check->is_given(check, uses[i].key))
			check->complain(check, uses[i].key,
					"says nothing beside action = %s: delete the line", action);
	if (conf->action == PUSH && !check->is_given(check, "id"))
		check->complain(
			check, "id",
			"is missing: add 'id = …', the new tag's VLAN, or 0 for a priority tag");
	if (conf->action == PASS && !has_ids)
		check->complain(
			check, "ids",
			"is missing: add 'ids = …', the VLANs to let through; without, action = pass does "
			"nothing");
	if (conf->action == REWRITE)
		check_rewrite(conf, check);
	if (has_ids && conf->id && ON(conf->action) & (ON(POP) | ON(REWRITE)) &&
	    !bp_vlans_has(&conf->ids, conf->id))
		check->complain(check, "id",
				"found '%u', which ids does not let through: add it there",
				conf->id);
}

static int vlan_open(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state)
{
	struct vlan *v = aligned_alloc(alignof(struct vlan), sizeof(*v));

	(void)conf;
	if (!v)
		return -ENOMEM;
	memset(v, 0, sizeof(*v));
	v->conf = *BP_FN_OWN(struct vlan_conf, fn);
	v->has_ids = has_any(&v->conf.ids);
	*state = v;
	return 0;
}

static int vlan_enter(struct bp_fn *fn)
{
	struct vlan *v = fn->state;

	fn->local = &v->workers[fn->worker_id];
	return 0;
}

static void carried(void *state, uint64_t n_changed, uint64_t n_untouched)
{
	struct worker *w = &((struct vlan *)state)->workers[BP_CONTROL_ID];

	bp_tally_add(&w->n_changed, n_changed);
	bp_tally_add(&w->n_untouched, n_untouched);
}

static void as_act(const struct bp_function_conf *fn, struct bp_act *act)
{
	static const enum bp_act_kind kinds[] = { [PUSH] = BP_ACT_VLAN_PUSH,
						  [POP] = BP_ACT_VLAN_POP,
						  [REWRITE] = BP_ACT_VLAN_REWRITE,
						  [PASS] = BP_ACT_VLAN_PASS };
	const struct vlan_conf *conf = BP_FN_OWN(struct vlan_conf, fn);

	act->kind = (uint16_t)kinds[conf->action];
	act->id = conf->id;
	act->to = conf->to;
	act->tpid = (uint16_t)conf->tpid;
	act->priority = (uint16_t)conf->priority;
	act->has_ids = has_any(&conf->ids);
	act->ids = conf->ids;
}

static json_t *show(const void *state)
{
	static const char *const done[] = {
		[PUSH] = "pushed", [POP] = "popped", [REWRITE] = "rewritten", [PASS] = NULL
	};
	const struct vlan *v = state;
	uint64_t n_changed = 0, n_untouched = 0;
	json_t *doc;

	for (unsigned i = 0; i <= BP_WORKERS_MAX; i++) {
		n_changed += bp_tally_read(&v->workers[i].n_changed);
		n_untouched += bp_tally_read(&v->workers[i].n_untouched);
	}
	doc = json_pack("{s:s, s:o}", "action",
			bp_key_word_of(bp_key_find(keys, "action"), v->conf.action), "untouched",
			bp_json_count(n_untouched));
	if (doc && done[v->conf.action])
		json_object_set_new(doc, done[v->conf.action], bp_json_count(n_changed));
	return doc;
}

static const struct bp_function_ops ops = {
	.open = vlan_open,
	.close = free,
	.enter = vlan_enter,
	.show = show,
	.carried = carried,
	.process = process,
};

const struct bp_function bp_function_vlan = {
	.name = "vlan",
	.summary = "pushes, pops or rewrites VLAN tags, lets chosen VLANs through",
	.flags = BP_FN_READS,
	.keys = keys,
	.reasons = reasons,
	.ops = &ops,
	.as_act = as_act,
	.check = check,
};

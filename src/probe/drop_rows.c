/* Judges drops, names them, sums those of one cause. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/drop_rows.h"

#include "core/json.h"
#include "probe/causes.h"

#include <stdio.h>
#include <string.h>

#define REASON_PREFIX "SKB_DROP_REASON_"
#define UNSPECIFIED   REASON_PREFIX "NOT_SPECIFIED"

static bool has(const struct bp_drop *drop, unsigned flag)
{
	return drop->key.flags & flag;
}

static bool is_in(const char *function, const char *const *functions)
{
	while (*functions && strcmp(*functions, function))
		functions++;
	return *functions;
}

static bool is_unspecified(const char *name)
{
	return !name || !strcmp(name, UNSPECIFIED);
}

/* ---- whose loss ------------------------------------------------------------------------------ */

static bool is_in_generic_xdp(const struct bp_drop *drop)
{
	static const char *const functions[] = { "do_xdp_generic", "netif_receive_generic_xdp",
						 NULL };

	return drop->key.teller == PROBE_SKB && is_in(drop->function.name, functions);
}

/* An XDP program's work, on an skb. */
static bool is_in_xdp(const struct bp_drop *drop)
{
	static const char *const functions[] = { "veth_xdp_rcv_skb", NULL };

	return is_in_generic_xdp(drop) ||
	       (drop->key.teller == PROBE_SKB && is_in(drop->function.name, functions));
}

static bool is_in_packet_socket(const struct bp_drop *drop)
{
	static const char *const functions[] = { "packet_rcv", "tpacket_rcv", NULL };

	return drop->key.teller == PROBE_SKB && is_in(drop->function.name, functions);
}

static enum bp_drop_kind heard_or_lost(const struct bp_drop *drop)
{
	bool is_given = has(drop, PROBE_IS_TAPPED) && !has(drop, PROBE_IS_EARLY) &&
			!is_in_packet_socket(drop);

	return is_given ? BP_DROP_HEARD : BP_DROP_LOST;
}

static bool is_same_device(const struct bp_drop *a, const struct bp_drop *b)
{
	return !memcmp(&a->key.device, &b->key.device, sizeof(a->key.device));
}

/* Does skb tell of what xdp has told: the program failed, or, on an skb that is still one, the redirection? */
static bool tells_again(const struct bp_drop *skb, const struct bp_drop *xdp)
{
	if (skb->key.teller != PROBE_SKB || !is_same_device(skb, xdp))
		return false;
	if (has(xdp, PROBE_IS_GENERIC))
		return is_in_generic_xdp(skb);
	return xdp->key.teller == PROBE_XDP_EXCEPTION && is_in_xdp(skb) && !is_in_generic_xdp(skb);
}

void bp_drops_put_right(struct bp_drop *drops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_in_xdp(&drops[i]))
			drops[i].key.flags |= PROBE_IS_RX | PROBE_IS_EARLY;
	for (size_t i = 0; i < n; i++) {
		uint64_t left = drops[i].sum.packets;

		if (drops[i].key.teller != PROBE_XDP_EXCEPTION &&
		    drops[i].key.teller != PROBE_XDP_REDIRECT)
			continue;
		for (size_t k = 0; k < n && left; k++) {
			uint64_t again =
				tells_again(&drops[k], &drops[i]) ? drops[k].sum.packets : 0;

			again = again < left ? again : left;
			drops[k].sum.packets -= again;
			left -= again;
		}
	}
}

/* On its way to the port, at its own interface or in the host behind it. */
static enum bp_drop_kind kind_of_received(const struct bp_drop *drop,
					  const struct bp_probe_port *port)
{
	bool is_before = has(drop, PROBE_IS_EARLY) || is_in_packet_socket(drop);

	if (!port->receives)
		return BP_DROP_NONE;
	/* A port that leaves packets to the host as well has had this one. */
	return is_before || port->takes ? BP_DROP_LOST : BP_DROP_NONE;
}

/* Did the kernel itself carry it to its port, from one that leads there? No socket sent it then. */
static bool is_carried(const struct bp_drop *drop, const struct bp_probe_scope *scope)
{
	unsigned from = drop->key.from;
	const char *to = from && from <= scope->n_ports ? scope->ports[from - 1].carried_to : NULL;

	return to && !strcmp(to, scope->ports[drop->key.port].port);
}

static enum bp_drop_kind kind_of_sent(const struct bp_drop *drop,
				      const struct bp_probe_scope *scope)
{
	bool is_ours = drop->key.sender == PROBE_SENDER_PACKET ||
		       drop->key.sender == PROBE_SENDER_XDP || is_carried(drop, scope);

	return is_ours ? BP_DROP_LOST : BP_DROP_OTHERS;
}

static const struct bp_cause *cause_of(const struct bp_drop *drop, const char *name)
{
	size_t prefix = name && !strncmp(name, REASON_PREFIX, strlen(REASON_PREFIX))
				? strlen(REASON_PREFIX)
				: 0;
	const struct bp_cause *cause;

	switch (drop->key.teller) {
	case PROBE_XDP_EXCEPTION:
		return bp_cause_of_verdict(name);
	case PROBE_XDP_REDIRECT:
	case PROBE_DEVMAP:
		return bp_cause_of_redirect(name);
	default:
		cause = name ? bp_cause_of_reason(name + prefix) : NULL;
		return cause ? cause : bp_cause_of_function(drop->function.name);
	}
}

/* Reasons that mean no loss of the functions that give them. */
static bool is_made_use_of(const struct bp_drop *drop, const char *name)
{
	static const struct {
		const char *function, *reason;
	} uses[] = {
		/* The acknowledgement that ends a connection: of losses there TCP gives reasons. */
		{ "tcp_rcv_state_process", UNSPECIFIED },
		/* An echo reply, which raw sockets were given before; in later kernels ping_rcv() frees it. */
		{ "icmp_rcv", REASON_PREFIX "NO_SOCKET" },
	};

	if (drop->key.teller != PROBE_SKB || !name)
		return false;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (!strcmp(drop->function.name, uses[i].function) && !strcmp(name, uses[i].reason))
			return true;
	return false;
}

enum bp_drop_kind bp_drop_kind_of(const struct bp_drop *drop, const struct bp_probe_scope *scope,
				  const char *name)
{
	const struct bp_probe_port *port = &scope->ports[drop->key.port];
	const struct bp_cause *cause = cause_of(drop, name);
	const struct bp_cause *function = bp_cause_of_function(drop->function.name);

	if ((cause && cause->is_no_loss) || (function && function->is_no_loss) ||
	    is_made_use_of(drop, name))
		return BP_DROP_NONE;
	switch (drop->key.place) {
	case PROBE_FAR:
		return has(drop, PROBE_IS_RX) ? heard_or_lost(drop) : BP_DROP_LOST;
	case PROBE_BEHIND_FAR:
		return has(drop, PROBE_IS_CLONE) ? BP_DROP_HEARD : heard_or_lost(drop);
	default:
		break;
	}
	if (port->is_wire)
		return has(drop, PROBE_IS_RX) ? heard_or_lost(drop) : BP_DROP_LOST;
	return has(drop, PROBE_IS_RX) ? kind_of_received(drop, port) : kind_of_sent(drop, scope);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* At the far end of the port's interface, or behind it. */
static bool is_far(const struct bp_drop *drop)
{
	return drop->key.place == PROBE_FAR || drop->key.place == PROBE_BEHIND_FAR;
}

/* What a port receives comes in at its own interface and leaves at the far end. */
static const char *direction_of(const struct bp_drop *drop, const struct bp_probe_port *port)
{
	return has(drop, PROBE_IS_RX) != (is_far(drop) || port->is_wire) ? "rx" : "tx";
}

static const char *where_of(const struct bp_drop *drop)
{
	static const char *const places[] = {
		[PROBE_HERE] = "its interface",
		[PROBE_FAR] = "far end",
		[PROBE_BEHIND_HERE] = "behind its interface",
		[PROBE_BEHIND_FAR] = "behind the far end",
	};

	return places[drop->key.place & 3];
}

static const char *verdict_name(uint32_t verdict)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX",
					     "XDP_REDIRECT" };

	return verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "unknown XDP verdict";
}

/* The reason's name; NULL: the kernel has none for it. */
static const char *name_of(const struct bp_drop *drop, const struct bp_kernel_names *names)
{
	switch (drop->key.teller) {
	case PROBE_XDP_EXCEPTION:
		return verdict_name(drop->key.reason);
	case PROBE_DEVMAP:
		/* The interface took fewer than it was given, and gave no error. */
		return drop->key.reason ? strerrorname_np((int)drop->key.reason) : "REFUSED";
	case PROBE_XDP_REDIRECT:
		return strerrorname_np((int)drop->key.reason);
	default:
		return bp_kernel_reason(names, drop->key.reason);
	}
}

static void write_reason(const struct bp_drop *drop, const char *name, char *text,
			 size_t text_bytes)
{
	static const char *const tellers[] = {
		[PROBE_SKB] = "",
		[PROBE_XDP_EXCEPTION] = "xdp_exception ",
		[PROBE_XDP_REDIRECT] = "xdp_redirect_err ",
		[PROBE_DEVMAP] = "xdp_devmap_xmit ",
	};

	if (name)
		snprintf(text, text_bytes, "%s%s", tellers[drop->key.teller & 3], name);
	else
		snprintf(text, text_bytes, "%sreason %u", tellers[drop->key.teller & 3],
			 drop->key.reason);
}

/* Where a program that carries stands, or one before it. */
static bool is_in_program(const struct bp_drop *drop, const struct bp_cause *cause)
{
	static const char *const reasons[] = { "TC_INGRESS", "XDP", NULL };

	return is_in_xdp(drop) || (cause && is_in(cause->name, reasons));
}

/* What is known beside the name: of a link that was down, of a port that its program passed by, or refused. */
static const struct bp_cause *refined(const struct bp_drop *drop, const struct bp_probe_port *port,
				      const char *name)
{
	const struct bp_cause *cause = cause_of(drop, name);
	bool is_queue = !is_unspecified(name) && !strcmp(name, REASON_PREFIX "QDISC_DROP");
	bool is_here = drop->key.place == PROBE_HERE || drop->key.place == PROBE_BEHIND_HERE;

	if (has(drop, PROBE_IS_DOWN) && (is_queue || is_unspecified(name)))
		return &bp_cause_no_carrier;
	if (is_here && has(drop, PROBE_IS_RX) && port->carried_to && is_in_program(drop, cause))
		return &bp_cause_refused;
	if (is_here && !port->is_wire && has(drop, PROBE_IS_RX) && port->takes &&
	    !has(drop, PROBE_IS_EARLY))
		return &bp_cause_past_program;
	return cause;
}

/* What the cause means; of the far end's MTU, which it is. */
static json_t *meaning_of(const struct bp_drop *drop, const struct bp_cause *cause)
{
	static const char *const forwards[] = { "__dev_forward_skb", "__dev_forward_skb2",
						"dev_forward_skb", NULL };

	if (cause && drop->sum.peer_mtu && cause != &bp_cause_no_carrier &&
	    is_in(drop->function.name, forwards))
		return json_sprintf("%s: %u", cause->meaning, drop->sum.peer_mtu);
	return cause ? json_string(cause->meaning) : json_null();
}

/* A packet socket may have had what the stack drops, or have filtered it out; another copy may have arrived. */
static json_t *is_lost(enum bp_drop_kind kind)
{
	return kind == BP_DROP_HEARD ? json_null() : json_true();
}

static json_t *make_row(const struct bp_drop *drop, const struct bp_probe_port *port,
			const char *name, enum bp_drop_kind kind)
{
	const struct bp_cause *cause = refined(drop, port, name);
	char reason[96];

	write_reason(drop, name, reason, sizeof(reason));
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:s, s:o, s:o, s:s?, s:o, s:s?, s:o, s:i, s:s}",
			 "port", port->port, "direction", direction_of(drop, port), "where",
			 where_of(drop), "is_far", is_far(drop), "device",
			 bp_json_text(drop->key.device.name), "reason", reason, "function",
			 drop->function.begin ? json_string(drop->function.name) : json_null(),
			 "lost", is_lost(kind), "cause", cause ? cause->name : NULL, "meaning",
			 meaning_of(drop, cause), "remedy", cause ? cause->remedy : NULL, "packets",
			 bp_json_count(0), "longest_bytes", 0, "provenance", "probed");
}

static bool is_alike(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "port",   "direction", "where", "device",
					    "reason", "function",  "lost",  "cause" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])))
			return false;
	return true;
}

/* The row of rows that is like row, which then goes away, or row itself, now the last; NULL when memory lacks. */
static json_t *merge(json_t *rows, json_t *row)
{
	json_t *other;
	size_t i;

	json_array_foreach(rows, i, other) {
		if (!is_alike(other, row))
			continue;
		json_decref(row);
		return other;
	}
	return json_array_append_new(rows, row) ? NULL : row;
}

/* May none of a row's packets be those of other senders? Of frames that leave by the port's interface only what is
 * dropped while this process runs, or was carried there, passes for its own; what the host sends to a tap is for the
 * port. */
static bool is_surely_ours(const struct bp_drop *drop, const struct bp_probe_scope *scope)
{
	return scope->ports[drop->key.port].is_wire || drop->key.place != PROBE_HERE ||
	       has(drop, PROBE_IS_RX) || has(drop, PROBE_IS_SELF) || is_carried(drop, scope);
}

static void sum_up(json_t *row, const struct bp_drop *drop, bool is_certain)
{
	json_int_t packets = json_integer_value(json_object_get(row, "packets"));
	json_int_t unsure = json_integer_value(json_object_get(row, "perhaps_others"));
	json_int_t longest = json_integer_value(json_object_get(row, "longest_bytes"));
	json_int_t more = (json_int_t)drop->sum.packets;

	json_object_set_new(row, "packets", json_integer(packets + more));
	json_object_set_new(row, "perhaps_others", json_integer(unsure + (is_certain ? 0 : more)));
	if (drop->sum.longest > longest)
		json_object_set_new(row, "longest_bytes", json_integer(drop->sum.longest));
}

uint64_t bp_drop_rows_add(json_t *rows, const struct bp_drop *drops, size_t n,
			  const struct bp_probe_scope *scope, const struct bp_kernel_names *names)
{
	uint64_t n_others = 0;

	for (size_t i = 0; i < n; i++) {
		const struct bp_drop *drop = &drops[i];
		const struct bp_probe_port *port;
		const char *name = name_of(drop, names);
		enum bp_drop_kind kind;

		if (drop->key.port >= scope->n_ports || !drop->sum.packets)
			continue;
		port = &scope->ports[drop->key.port];
		kind = bp_drop_kind_of(drop, scope, name);
		n_others += kind == BP_DROP_OTHERS ? drop->sum.packets : 0;
		if (kind == BP_DROP_LOST || kind == BP_DROP_HEARD)
			sum_up(merge(rows, make_row(drop, port, name, kind)), drop,
			       is_surely_ours(drop, scope));
	}
	return n_others;
}

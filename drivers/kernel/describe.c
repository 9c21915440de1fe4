/* What `kernel` is: keys, modes, copies, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "bypath/function.h"

#include "core/claim.h"
#include "core/kernel.h"
#include "core/list.h"
#include "core/netdev.h"

#include <stdio.h>
#include <string.h>

#define OWN(field) BP_KEY_OF_OWN(struct kernel_conf, field)

static const struct bp_word modes[] = {
	{ "auto", KERNEL_AUTO }, { "xdp", KERNEL_XDP }, { "tc", KERNEL_TC }, { NULL, 0 }
};

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("a network interface", "eth3"),
	BP_KEY_WORDS(
		"mode", modes, "auto", OWN(mode),
		"where the program that carries packets is attached; auto: chosen by the devices"),
	BP_KEY_WORDS(
		"strict", bp_words_yes_no, "no", OWN(strict),
		"mode = xdp: refuse to start where the device's driver runs no program itself"),
	BP_KEY_TAKE_HOST,
	{ .name = NULL },
};

const struct bp_counter_row kernel_counters[] = {
	[KERNEL_DEVMAP_SENT] = { "xdp_devmap_sent", "packets", BP_SIDE_RX, BP_KIND_EVENT,
				 "what the out-device took (xdp_devmap_xmit)", false },
	[KERNEL_DEVMAP_DROPS] = { "xdp_devmap_drops", "packets", BP_SIDE_RX, BP_KIND_EXPLAINS,
				  "what the out-device did not take (xdp_devmap_xmit), in "
				  "tx_kernel_drop",
				  false },
	[KERNEL_REDIRECT_ERR] = { "xdp_redirect_err", "packets", BP_SIDE_RX, BP_KIND_EXPLAINS,
				  "that could not be redirected, in the drops by reason", false },
	[KERNEL_RUN_NS] = { "bpf_run_ns", "ns", BP_SIDE_RX, BP_KIND_COST,
			    "that the program itself ran (kernel.bpf_stats_enabled), of the whole "
			    "cost",
			    false },
	[KERNEL_RUNS] = { "bpf_runs", "packets", BP_SIDE_RX, BP_KIND_COST,
			  "for which the program's own time is known", false },
	[KERNEL_QDISC] = { "qdisc_dropped", "packets", BP_SIDE_TX, BP_KIND_DROP,
			   "by the queueing discipline of the device, whoever sent them", true },
	{ .name = NULL },
};

static const char devmap_c[] = "linux/kernel/bpf/devmap.c", filter_c[] = "linux/net/core/filter.c";

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.words = "xdp-native",
		.homes = BP_HOME_ANY,
		.device_hop = BP_DEVICE_HOP_XDP_NATIVE,
		.out_hop = BP_DEVICE_HOP_REDIRECTED,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_KERNEL, .place = "XDP frame",
			    .mover = "bpf_redirect_map", .source = devmap_c,
			    .why = "the program sends the frame on from the page that it ran on" } },
	},
	{
		.dir = BP_RX,
		.words = "xdp-generic",
		.homes = BP_HOME_ANY,
		.device_hop = BP_DEVICE_HOP_XDP_GENERIC,
		.out_hop = BP_DEVICE_HOP_REDIRECTED,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "bpf_redirect_map", .source = devmap_c,
			    .why = "generic XDP sends the skb on" } },
	},
	{
		.dir = BP_RX,
		.words = "tc",
		.homes = BP_HOME_ANY,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "skb_do_redirect", .source = filter_c,
			    .why = "the skb goes to the out-device's queue as it is" } },
	},
	{
		.dir = BP_TX,
		.homes = BP_HOME_ANY,
		.device_hop = BP_DEVICE_HOP_RECEIVED,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_KERNEL, .place = "queue of the out-device",
			    .mover = "ndo_xdp_xmit, ndo_start_xmit", .source = devmap_c,
			    .why = "the same memory: nobody copies" } },
	},
	{ .n_hops = 0 },
};

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	return bp_claim_device(
		port, (struct bp_claim){ .kind = BP_CLAIM_NETDEV, .take = BP_TAKE_RECEIVED },
		claims);
}

static void limits(const struct bp_port_conf *port, struct bp_limits *limits)
{
	(void)port;
	*limits = (struct bp_limits){
		.key = "driver",
		.only_own = "its packets stay in the kernel: both ports of such a path have "
			    "driver = kernel",
	};
}

/* "macswap, vlan": the functions that the program can do. */
static void list_acts(char *list, size_t list_bytes)
{
	list[0] = '\0';
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		if ((*f)->as_act)
			bp_list_add(list, list_bytes, ", ", (*f)->name);
	if (!list[0])
		snprintf(list, list_bytes, "none");
}

/* Some functions can be done by the program; what others need is in user space. */
static void check(struct bp_port_conf *port, struct bp_check *check)
{
	const struct bp_conf *conf = check->conf;
	char chain[BP_CHAIN_BYTES], acts[128];

	for (unsigned i = 0; i < port->n_chain; i++) {
		const struct bp_function_conf *fn = &conf->functions[port->chain[i]];
		const struct bp_function *function = bp_function_find(fn->type);

		if (function && function->as_act)
			continue;
		list_acts(acts, sizeof(acts));
		check->complain(
			check, "driver",
			"found 'kernel', but [forward] %s goes through %s, type = %s, which the program "
			"in the kernel cannot do (it can: %s): leave that out there, or use driver = %s",
			bp_config_chain(conf, (unsigned)(port - conf->ports), chain), fn->name,
			fn->type, acts, bp_facts_named(BP_FACT_ANY_NETDEV));
		return;
	}
}

/* ---- the way that packets go ------------------------------------------------------------------ */

const char *kernel_way_name(enum kernel_way way)
{
	static const char *const names[] = {
		[KERNEL_NO_WAY] = "out",
		[KERNEL_WAY_XDP_NATIVE] = "xdp-native",
		[KERNEL_WAY_XDP_GENERIC] = "xdp-generic",
		[KERNEL_WAY_TC] = "tc",
	};

	return names[way];
}

#define SAY(text, ...) snprintf(text, sizeof(text), __VA_ARGS__)

/* Do packets come with checksums that are not complete yet, or as super-frames, for a device below to finish? */
static bool brings_unfinished(const struct bp_device *in)
{
	return in->kind == BP_DEVICE_VETH || in->kind == BP_DEVICE_TAP;
}

/* Before Linux 6.3 no kernel tells; that a driver refuses shows when the program is attached. */
static bool offers_native(const struct bp_device *device)
{
	return device->exists && bp_device_xdp(device) != BP_XDP_GENERIC;
}

static bool is_told(const struct kernel_ask *ask)
{
	return ask->in.has_xdp_features && ask->out.has_xdp_features;
}

static void note_expectation(const struct kernel_ask *ask, struct kernel_choice *choice)
{
	SAY(choice->note,
	    "no kernel before Linux 6.3 tells what a driver does for XDP: %.15s is expected to run the "
	    "program itself, %.15s to take redirected frames",
	    ask->in_name, ask->out_name);
}

/*
 * Does the out-device take frames that XDP redirects? Before Linux 6.3 no kernel tells; drivers with native XDP do, most of
 * them (virtio_net, ixgbe, i40e) only while a program is attached to it, and say so only then.
 */
static bool takes_frames(const struct kernel_ask *ask)
{
	const struct bp_device *out = &ask->out;

	if (out->has_xdp_features && out->xdp_features & BP_XDP_NDO_XMIT)
		return true;
	if (out->kind == BP_DEVICE_VETH)
		return !out->has_xdp_features;
	return offers_native(out) && ask->leads_back;
}

static void refuse_frames(const struct kernel_ask *ask, struct kernel_choice *choice)
{
	if (ask->out.kind == BP_DEVICE_VETH)
		SAY(choice->refusal,
		    "%.15s takes no redirected frames: a veth does once its peer has GRO on or an XDP "
		    "program: ethtool -K PEER gro on (in the peer's namespace), or mode = tc",
		    ask->out_name);
	else
		SAY(choice->refusal,
		    "the driver of %.15s takes no redirected frames (ndo_xdp_xmit)%s: use mode = tc",
		    ask->out_name,
		    offers_native(&ask->out)
			    ? ", or none while no XDP program is attached to it, as "
			      "one would be if its packets were forwarded, too"
			    : "");
}

static void choose_xdp(const struct kernel_ask *ask, bool is_native, struct kernel_choice *choice)
{
	choice->way = is_native ? KERNEL_WAY_XDP_NATIVE : KERNEL_WAY_XDP_GENERIC;
	if (!is_native)
		SAY(choice->note, "the driver of %.15s has no native XDP", ask->in_name);
	else if (brings_unfinished(&ask->in))
		SAY(choice->note,
		    "checksums that are not complete, VLAN tags beside the frame are lost on the way: TCP needs "
		    "`ethtool -K PEER tx off txvlan off`, or mode = tc");
	else if (!is_told(ask))
		note_expectation(ask, choice);
	if (!is_native && !kernel_may_be_generic(ask->conf))
		SAY(choice->refusal,
		    "mode = xdp, strict = yes, and the driver of %.15s has no native XDP",
		    ask->in_name);
	else if (ask->strips_tags)
		SAY(choice->refusal,
		    "%.15s takes VLAN tags off the frames (rx-vlan-offload), where XDP does not see them: "
		    "`ethtool -K %.15s rxvlan off`, or mode = tc",
		    ask->in_name, ask->in_name);
	else if (is_native && !takes_frames(ask))
		refuse_frames(ask, choice);
}

static void choose_tc(const struct kernel_ask *ask, struct kernel_choice *choice)
{
	choice->way = KERNEL_WAY_TC;
	if (ask->version && ask->version < BP_KERNEL(6, 6))
		SAY(choice->refusal,
		    "tc needs Linux 6.6 or later (tcx): before, its program would outlive a process that is "
		    "killed: use mode = xdp");
}

/* Why not XDP where nothing was asked for; NULL: XDP. */
static const char *why_tc(const struct kernel_ask *ask, bool is_native)
{
	if (brings_unfinished(&ask->in))
		return "its packets may be super-frames or lack checksums, which XDP would pass on "
		       "unfinished";
	if (!is_native)
		return "its driver has no native XDP";
	if (ask->strips_tags)
		return "it takes VLAN tags off the frames (rx-vlan-offload), where XDP does not see them";
	return takes_frames(ask) ? NULL : "the other device takes no redirected frames";
}

static void choose_auto_xdp(const struct kernel_ask *ask, struct kernel_choice *choice)
{
	choice->way = KERNEL_WAY_XDP_NATIVE;
	if (is_told(ask))
		SAY(choice->note,
		    "xdp for %.15s: its packets come whole, and %.15s takes redirected frames",
		    ask->in_name, ask->out_name);
	else
		note_expectation(ask, choice);
}

void kernel_choose(const struct kernel_ask *ask, bool is_native_refused,
		   struct kernel_choice *choice)
{
	bool is_native = offers_native(&ask->in) && !is_native_refused;
	const char *why = why_tc(ask, is_native);

	*choice = (struct kernel_choice){ .way = KERNEL_NO_WAY };
	if (ask->conf->mode == KERNEL_XDP) {
		choose_xdp(ask, is_native, choice);
	} else if (ask->conf->mode == KERNEL_TC || why) {
		choose_tc(ask, choice);
		if (ask->conf->mode == KERNEL_AUTO)
			SAY(choice->note, "tc for %.15s: %s", ask->in_name, why);
	} else {
		choose_auto_xdp(ask, choice);
	}
}

/* On veth the sender leaves tags beside the frame; virtio strips none. */
static bool strips_tags(const char *ifname, const struct bp_device *device)
{
	static const char *const names[] = { "rx-vlan-hw-parse" };
	uint32_t on = 0;

	return device->kind == BP_DEVICE_OTHER && !bp_netdev_features(-1, ifname, names, 1, &on) &&
	       on;
}

void kernel_ask(const struct bp_port_conf *port, const struct bp_port_conf *to,
		struct kernel_ask *ask)
{
	*ask = (struct kernel_ask){ .conf = kernel_conf(port),
				    .in_name = port->device,
				    .out_name = to->device,
				    .version = bp_kernel_version() };
	bp_device_look(port->device, &ask->in);
	bp_device_look(to->device, &ask->out);
	ask->strips_tags = strips_tags(port->device, &ask->in);
	ask->leads_back = to->out_ports && kernel_conf(to)->mode != KERNEL_TC;
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	struct kernel_choice choice = { .way = KERNEL_NO_WAY };
	struct kernel_ask ask;

	info->caps = BP_CAP_VNET_TX | BP_CAP_MULTI_TX;
	if (!bp_device_predict(port->device, info, NULL)) {
		strcpy(info->mode, kernel_way_name(KERNEL_WAY_TC));
		return;
	}
	if (to) {
		kernel_ask(port, to, &ask);
		kernel_choose(&ask, false, &choice);
	}
	strcpy(info->mode, kernel_way_name(choice.way));
	if (to && !ask.out.exists)
		snprintf(info->note, sizeof(info->note),
			 "no interface %.15s: the mode may be another", to->device);
	else if (choice.refusal[0])
		snprintf(info->note, sizeof(info->note), "a run refuses to start: %.200s",
			 choice.refusal);
	else
		snprintf(info->note, sizeof(info->note), "%s", choice.note);
}

const struct bp_facts bp_facts_kernel = {
	.summary = "packets stay in the kernel: a BPF program carries them, XDP or tc",
	.flags = BP_FACT_ONE_QUEUE | BP_FACT_TOUCHES_NOTHING | BP_FACT_CARRIES,
	.keys = keys,
	.example = "kernel",
	.claims = claims,
	.check = check,
	.limits = limits,
	.predict = predict,
	.rows = rows,
	.counters = kernel_counters,
};

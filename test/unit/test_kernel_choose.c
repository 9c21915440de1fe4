/* Which way the kernel carries a path's packets, by what the two devices are: how, what is said, what is refused. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/kernel/describe.h"

#include "core/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DEVICE(kind_)          .exists = true, .kind = BP_DEVICE_##kind_
#define TOLD(kind_, features_) DEVICE(kind_), .has_xdp_features = true, .xdp_features = features_
#define TAKES                  BP_XDP_BASIC | BP_XDP_NDO_XMIT

static const struct bp_device veth = { TOLD(VETH, TAKES) };
static const struct bp_device veth_deaf = { TOLD(VETH, BP_XDP_BASIC) };
static const struct bp_device tap = { TOLD(TAP, TAKES) };
static const struct bp_device nic = { TOLD(OTHER, TAKES) };
static const struct bp_device nic_deaf = { TOLD(OTHER, BP_XDP_BASIC) };
static const struct bp_device nic_skb = { TOLD(OTHER, 0) };
/* Before Linux 6.3. */
static const struct bp_device old_veth = { DEVICE(VETH) };
static const struct bp_device old_virtio = { DEVICE(VIRTIO) };
static const struct bp_device old_nic = { DEVICE(OTHER) };

#define NATIVE  KERNEL_WAY_XDP_NATIVE
#define GENERIC KERNEL_WAY_XDP_GENERIC
#define TC      KERNEL_WAY_TC

/* What is said of it, or a piece of that; NULL: nothing. */
#define WHOLE      "its packets come whole, and eth1 takes redirected frames"
#define SUPER      "tc for eth0: its packets may be super-frames or lack checksums"
#define NO_NATIVE  "tc for eth0: its driver has no native XDP"
#define STRIPS     "tc for eth0: it takes VLAN tags off the frames"
#define DEAF       "tc for eth0: the other device takes no redirected frames"
#define SKB        "the driver of eth0 has no native XDP"
#define UNFINISHED "checksums that are not complete, VLAN tags beside the frame are lost"
#define EXPECTED   "eth0 is expected to run the program itself, eth1 to take redirected frames"
#define TOO_OLD    "tc needs Linux 6.6 or later"

#define NOW BP_KERNEL(6, 12)
#define OLD BP_KERNEL(6, 1)

static const struct {
	enum kernel_mode mode;
	const struct bp_device *in, *out;
	uint32_t version;
	bool leads_back, strips_tags, is_strict, is_refused;
	enum kernel_way way;
	const char *note, *refusal;
} cases[] = {
	/* auto, by the in-device. */
	{ KERNEL_AUTO, &nic, &nic, NOW, .way = NATIVE, .note = WHOLE },
	{ KERNEL_AUTO, &veth, &veth, NOW, .leads_back = true, .way = TC, .note = SUPER },
	{ KERNEL_AUTO, &tap, &nic, NOW, .way = TC, .note = SUPER },
	{ KERNEL_AUTO, &nic_skb, &nic, NOW, .way = TC, .note = NO_NATIVE },
	{ KERNEL_AUTO, &nic, &nic, NOW, .strips_tags = true, .way = TC, .note = STRIPS },
	/* Its driver seemed to have it. */
	{ KERNEL_AUTO, &nic, &nic, NOW, .is_refused = true, .way = TC, .note = NO_NATIVE },
	/* auto, by the out-device: most NICs take frames while a program is attached to them as well. */
	{ KERNEL_AUTO, &nic, &nic_deaf, NOW, .way = TC, .note = DEAF },
	{ KERNEL_AUTO, &nic, &nic_deaf, NOW, .leads_back = true, .way = NATIVE, .note = WHOLE },
	{ KERNEL_AUTO, &nic, &nic_skb, NOW, .leads_back = true, .way = TC, .note = DEAF },
	{ KERNEL_AUTO, &nic, &veth, NOW, .way = NATIVE, .note = WHOLE },
	{ KERNEL_AUTO, &nic, &veth_deaf, NOW, .leads_back = true, .way = TC, .note = DEAF },
	/* auto, by the kernel: of drivers nothing is told, tc is not to be had. */
	{ KERNEL_AUTO, &old_nic, &old_nic, OLD, .leads_back = true, .way = NATIVE,
	  .note = EXPECTED },
	{ KERNEL_AUTO, &old_virtio, &old_virtio, OLD, .leads_back = true, .way = NATIVE,
	  .note = EXPECTED },
	{ KERNEL_AUTO, &old_nic, &old_nic, OLD, .leads_back = true, .is_refused = true, .way = TC,
	  .note = NO_NATIVE, .refusal = TOO_OLD },
	{ KERNEL_AUTO, &old_nic, &old_nic, OLD, .way = TC, .note = DEAF, .refusal = TOO_OLD },
	{ KERNEL_AUTO, &old_veth, &old_veth, OLD, .way = TC, .note = SUPER, .refusal = TOO_OLD },

	{ KERNEL_XDP, &nic, &nic, NOW, .way = NATIVE },
	{ KERNEL_XDP, &nic, &nic, NOW, .is_strict = true, .way = NATIVE },
	{ KERNEL_XDP, &nic_skb, &nic, NOW, .way = GENERIC, .note = SKB },
	/* What sends skbs on takes any out-device. */
	{ KERNEL_XDP, &nic_skb, &nic_skb, NOW, .way = GENERIC, .note = SKB },
	{ KERNEL_XDP, &nic_skb, &nic, NOW, .is_strict = true, .way = GENERIC, .note = SKB,
	  .refusal = "mode = xdp, strict = yes, and the driver of eth0" },
	{ KERNEL_XDP, &nic, &nic, NOW, .is_refused = true, .way = GENERIC, .note = SKB },
	{ KERNEL_XDP, &nic, &nic, NOW, .is_refused = true, .is_strict = true, .way = GENERIC,
	  .note = SKB, .refusal = "mode = xdp, strict = yes, and the driver of eth0" },
	{ KERNEL_XDP, &veth, &veth, NOW, .way = NATIVE, .note = UNFINISHED },
	{ KERNEL_XDP, &tap, &veth, NOW, .way = NATIVE, .note = UNFINISHED },
	{ KERNEL_XDP, &nic, &nic, NOW, .strips_tags = true, .way = NATIVE,
	  .refusal = "`ethtool -K eth0 rxvlan off`, or mode = tc" },
	{ KERNEL_XDP, &nic_skb, &nic, NOW, .strips_tags = true, .way = GENERIC, .note = SKB,
	  .refusal = "`ethtool -K eth0 rxvlan off`, or mode = tc" },
	{ KERNEL_XDP, &veth, &veth_deaf, NOW, .leads_back = true, .way = NATIVE, .note = UNFINISHED,
	  .refusal = "eth1 takes no redirected frames: a veth does once" },
	{ KERNEL_XDP, &nic, &nic_deaf, NOW, .way = NATIVE,
	  .refusal = "or none while no XDP program is attached to it" },
	{ KERNEL_XDP, &nic, &nic_skb, NOW, .leads_back = true, .way = NATIVE,
	  .refusal =
		  "the driver of eth1 takes no redirected frames (ndo_xdp_xmit): use mode = tc" },
	{ KERNEL_XDP, &nic, &nic_deaf, NOW, .leads_back = true, .way = NATIVE },
	{ KERNEL_XDP, &old_nic, &old_nic, OLD, .leads_back = true, .is_strict = true, .way = NATIVE,
	  .note = EXPECTED },
	{ KERNEL_XDP, &old_nic, &old_veth, OLD, .way = NATIVE, .note = EXPECTED },
	{ KERNEL_XDP, &old_veth, &old_veth, OLD, .way = NATIVE, .note = UNFINISHED },
	{ KERNEL_XDP, &old_nic, &old_nic, OLD, .is_refused = true, .way = GENERIC, .note = SKB },

	{ KERNEL_TC, &nic, &nic, NOW, .way = TC },
	{ KERNEL_TC, &nic, &nic_skb, NOW, .strips_tags = true, .way = TC },
	{ KERNEL_TC, &veth, &veth_deaf, BP_KERNEL(6, 6), .way = TC },
	{ KERNEL_TC, &veth, &veth, BP_KERNEL(6, 5), .way = TC, .refusal = TOO_OLD },
	{ KERNEL_TC, &old_nic, &old_nic, OLD, .way = TC, .refusal = TOO_OLD },
	/* A kernel that does not tell its version shows what it can do. */
	{ KERNEL_TC, &veth, &veth, 0, .way = TC },
};

static bool says(const char *text, const char *piece)
{
	return piece ? strstr(text, piece) != NULL : !*text;
}

static void choose(size_t i, const char *in, const char *out, struct kernel_choice *choice)
{
	const struct kernel_conf conf = { .mode = cases[i].mode, .strict = cases[i].is_strict };
	const struct kernel_ask ask = { .conf = &conf,
					.in_name = in,
					.out_name = out,
					.in = *cases[i].in,
					.out = *cases[i].out,
					.strips_tags = cases[i].strips_tags,
					.leads_back = cases[i].leads_back,
					.version = cases[i].version };

	kernel_choose(&ask, cases[i].is_refused, choice);
}

static void packets_go_the_way_that_the_devices_allow(void **state)
{
	struct kernel_choice choice;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		choose(i, "eth0", "eth1", &choice);
		if (choice.way != cases[i].way)
			fail_msg("case %zu: %s", i, kernel_way_name(choice.way));
		if (!says(choice.note, cases[i].note))
			fail_msg("case %zu: the note is '%s'", i, choice.note);
		if (!says(choice.refusal, cases[i].refusal))
			fail_msg("case %zu: the refusal is '%s'", i, choice.refusal);
	}
}

static void what_is_said_is_not_cut(void **state)
{
	static const char longest[] = "an-iface-of-15c";
	struct kernel_choice choice;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		choose(i, longest, longest, &choice);
		assert_in_range(strlen(choice.note), 0, sizeof(choice.note) - 2);
		assert_in_range(strlen(choice.refusal), 0, sizeof(choice.refusal) - 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_go_the_way_that_the_devices_allow),
		cmocka_unit_test(what_is_said_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whose loss a packet is that the kernel drops, and which drops it tells of twice. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/causes.h"
#include "probe/drop_counters.h"
#include "probe/drop_rows.h"
#include "probe/drops.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct bp_probe_port beside = { .port = "wan", .receives = true };
static const struct bp_probe_port taking = { .port = "wan", .receives = true, .takes = true };
static const struct bp_probe_port sending = { .port = "wan" };
static const struct bp_probe_port wire = { .port = "wan", .receives = true, .is_wire = true };

#define IN     PROBE_IS_RX
#define EARLY  (PROBE_IS_RX | PROBE_IS_EARLY)
#define TAPPED (PROBE_IS_RX | PROBE_IS_TAPPED)

static void a_drop_is_somebodys(void **state)
{
	static const struct {
		const struct bp_probe_port *port;
		__u8 place, flags, sender, teller;
		const char *function, *reason;
		enum bp_drop_kind kind;
	} cases[] = {
		/* The stack drops what the port's packet socket was given before. */
		{ &beside, PROBE_HERE, IN, 0, 0, "ip_rcv_core", "OTHERHOST", BP_DROP_NONE },
		{ &beside, PROBE_BEHIND_HERE, IN, 0, 0, "ip_forward", "IP_INHDR", BP_DROP_NONE },
		/* What it was never given. */
		{ &beside, PROBE_HERE, EARLY, 0, 0, "enqueue_to_backlog", "CPU_BACKLOG",
		  BP_DROP_LOST },
		{ &beside, PROBE_HERE, IN, 0, 0, "do_xdp_generic", "NOT_SPECIFIED", BP_DROP_LOST },
		{ &beside, PROBE_HERE, 0, 0, 0, "veth_xdp_rcv_skb", "NOT_SPECIFIED", BP_DROP_LOST },
		{ &beside, PROBE_HERE, IN, 0, 0, "packet_rcv", "PACKET_SOCK_ERROR", BP_DROP_LOST },
		{ &beside, PROBE_HERE, EARLY, 0, PROBE_XDP_REDIRECT, "", "ENOBUFS", BP_DROP_LOST },
		/* Nothing reaches the stack but what a program let by. */
		{ &taking, PROBE_HERE, IN, 0, 0, "ip_rcv_core", "OTHERHOST", BP_DROP_LOST },
		{ &sending, PROBE_HERE, EARLY, 0, 0, "enqueue_to_backlog", "CPU_BACKLOG",
		  BP_DROP_NONE },
		/* On the way out: by whose socket? */
		{ &beside, PROBE_HERE, 0, PROBE_SENDER_PACKET, 0, "__dev_queue_xmit", "QDISC_DROP",
		  BP_DROP_LOST },
		{ &taking, PROBE_HERE, 0, PROBE_SENDER_XDP, 0, "__dev_direct_xmit", "NOT_SPECIFIED",
		  BP_DROP_LOST },
		{ &beside, PROBE_HERE, 0, PROBE_SENDER_OTHER, 0, "__dev_queue_xmit", "QDISC_DROP",
		  BP_DROP_OTHERS },
		{ &beside, PROBE_HERE, 0, PROBE_SENDER_NONE, 0, "__dev_queue_xmit", "QDISC_DROP",
		  BP_DROP_OTHERS },
		{ &beside, PROBE_HERE, 0, PROBE_SENDER_NONE, PROBE_DEVMAP, "", "ENXIO",
		  BP_DROP_OTHERS },
		/* At the far end, where a capture may run. */
		{ &beside, PROBE_FAR, IN, 0, 0, "ip_rcv_core", "OTHERHOST", BP_DROP_LOST },
		{ &beside, PROBE_FAR, TAPPED, 0, 0, "ip_rcv_core", "OTHERHOST", BP_DROP_HEARD },
		{ &beside, PROBE_FAR, TAPPED | EARLY, 0, 0, "enqueue_to_backlog", "CPU_BACKLOG",
		  BP_DROP_LOST },
		{ &beside, PROBE_FAR, 0, PROBE_SENDER_OTHER, 0, "__dev_queue_xmit", "QDISC_DROP",
		  BP_DROP_LOST },
		{ &beside, PROBE_BEHIND_FAR, IN, 0, 0, "__dev_queue_xmit", "QDISC_DROP",
		  BP_DROP_LOST },
		/* A mirror's: what it was copied from goes on. */
		{ &beside, PROBE_BEHIND_FAR, IN | PROBE_IS_CLONE, 0, 0, "__dev_queue_xmit",
		  "QDISC_DROP", BP_DROP_HEARD },
		/* A tap: the host sends what the port receives, and receives what the port sends. */
		{ &wire, PROBE_HERE, 0, PROBE_SENDER_OTHER, 0, "tun_net_xmit", "FULL_RING",
		  BP_DROP_LOST },
		{ &wire, PROBE_HERE, IN, 0, 0, "ip_rcv_core", "OTHERHOST", BP_DROP_LOST },
		{ &wire, PROBE_HERE, TAPPED, 0, 0, "ip_rcv_core", "OTHERHOST", BP_DROP_HEARD },
		/* The kernel has made use of it. */
		{ &beside, PROBE_FAR, IN, 0, 0, "igmp_rcv", "NOT_SPECIFIED", BP_DROP_NONE },
		{ &beside, PROBE_FAR, IN, 0, 0, "ping_rcv", "NO_SOCKET", BP_DROP_NONE },
		{ &beside, PROBE_FAR, IN, 0, 0, "icmp_rcv", "SKB_DROP_REASON_NO_SOCKET",
		  BP_DROP_NONE },
		{ &beside, PROBE_FAR, IN, 0, 0, "icmp_rcv", "SKB_DROP_REASON_ICMP_CSUM",
		  BP_DROP_LOST },
		{ &beside, PROBE_FAR, IN, 0, 0, "ip_rcv_core", "SKB_CONSUMED", BP_DROP_NONE },
		{ &beside, PROBE_FAR, IN, 0, 0, "tcp_rcv_state_process",
		  "SKB_DROP_REASON_NOT_SPECIFIED", BP_DROP_NONE },
		{ &beside, PROBE_FAR, IN, 0, 0, "tcp_rcv_state_process",
		  "SKB_DROP_REASON_TCP_ABORT_ON_DATA", BP_DROP_LOST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bp_drop drop = { .key = { .place = cases[i].place,
						 .flags = cases[i].flags,
						 .sender = cases[i].sender,
						 .teller = cases[i].teller },
					.sum.packets = 1 };
		struct bp_probe_scope scope = { .n_ports = 1, .ports = { *cases[i].port } };

		snprintf(drop.function.name, sizeof(drop.function.name), "%s", cases[i].function);
		bp_drops_put_right(&drop, 1);
		if (bp_drop_kind_of(&drop, &scope, cases[i].reason) != cases[i].kind)
			fail_msg("case %zu: %s in %s", i, cases[i].reason, cases[i].function);
	}
}

static bool is_found(const struct bp_cause *cause)
{
	return bp_cause_of_reason(cause->name) == cause ||
	       bp_cause_of_function(cause->name) == cause ||
	       bp_cause_of_redirect(cause->name) == cause ||
	       bp_cause_of_verdict(cause->name) == cause;
}

static void each_loss_has_a_remedy(void **state)
{
	const struct bp_cause *cause;
	size_t n = 0;

	(void)state;
	for (; (cause = bp_cause_at(n)); n++) {
		if (!cause->meaning || cause->is_no_loss != !cause->remedy)
			fail_msg("%s: no remedy, or one for what is no loss", cause->name);
		if (!is_found(cause))
			fail_msg("%s has two rows", cause->name);
	}
	assert_true(n > 50);
	assert_non_null(bp_cause_no_carrier.remedy);
	assert_non_null(bp_cause_past_program.remedy);
}

static struct bp_drop drop_of(__u8 teller, const char *device, const char *function,
			      uint64_t packets)
{
	struct bp_drop drop = { .key.teller = teller, .sum.packets = packets };

	snprintf(drop.key.device.name, sizeof(drop.key.device.name), "%s", device);
	snprintf(drop.function.name, sizeof(drop.function.name), "%s", function);
	return drop;
}

/* No socket sends what the kernel carries, by tc or by XDP. */
static void what_is_carried_is_the_out_ports(void **state)
{
	const struct bp_probe_port carried = {
		.port = "wan", .receives = true, .takes = true, .carried_to = "lan"
	};
	const struct bp_probe_scope scope = {
		.n_ports = 3, .ports = { { .port = "lan" }, carried, { .port = "opt" } }
	};
	struct bp_drop drop = { .key.place = PROBE_HERE, .sum.packets = 1 };

	(void)state;
	for (__u8 teller = PROBE_SKB; teller <= PROBE_DEVMAP; teller++) {
		drop.key.teller = teller;
		drop.key.port = 0;
		drop.key.from = 2;
		assert_int_equal(bp_drop_kind_of(&drop, &scope, "QDISC_DROP"), BP_DROP_LOST);
		/* The host's own, or forwarded by it from elsewhere, or to elsewhere; no port of the scope. */
		for (drop.key.from = 0; drop.key.from < 5; drop.key.from++)
			if (drop.key.from != 2)
				assert_int_equal(bp_drop_kind_of(&drop, &scope, "QDISC_DROP"),
						 BP_DROP_OTHERS);
		drop.key.port = 2;
		drop.key.from = 2;
		assert_int_equal(bp_drop_kind_of(&drop, &scope, "QDISC_DROP"), BP_DROP_OTHERS);
	}
}

static void what_xdp_has_told_is_told_once(void **state)
{
	struct bp_drop drops[] = {
		drop_of(PROBE_SKB, "w0", "do_xdp_generic", 100),
		drop_of(PROBE_SKB, "w0", "veth_xdp_rcv_skb", 50),
		drop_of(PROBE_SKB, "w0", "ip_rcv_core", 7),
		drop_of(PROBE_SKB, "w1", "do_xdp_generic", 30),
		drop_of(PROBE_XDP_REDIRECT, "w0", "", 60),
		drop_of(PROBE_XDP_EXCEPTION, "w0", "", 40),
		drop_of(PROBE_XDP_REDIRECT, "w0", "", 1000),
		drop_of(PROBE_XDP_EXCEPTION, "w0", "", 30),
	};

	(void)state;
	drops[4].key.flags = drops[5].key.flags = PROBE_IS_GENERIC;
	bp_drops_put_right(drops, sizeof(drops) / sizeof(drops[0]));
	/* In veth's own hook a frame that fails to be redirected is no skb any more. */
	assert_int_equal(drops[0].sum.packets, 0);
	assert_int_equal(drops[1].sum.packets, 20);
	assert_int_equal(drops[2].sum.packets, 7);
	assert_int_equal(drops[3].sum.packets, 30);
	assert_int_equal(drops[4].sum.packets, 60);
	assert_int_equal(drops[5].sum.packets, 40);
}

/* At the port's interface any program's AF_XDP socket may have sent what no thread of ours was seen to. */
static void a_socket_may_be_of_another_program(void **state)
{
	static const __u8 senders[] = { PROBE_SENDER_PACKET, PROBE_SENDER_XDP };
	struct bp_probe_scope scope = { .n_ports = 1, .ports = { sending } };
	struct bp_kernel_names names;

	(void)state;
	bp_kernel_names_open(&names);
	if (!names.n_btfs)
		skip();
	for (size_t i = 0; i < sizeof(senders); i++) {
		struct bp_drop drops[] = { drop_of(PROBE_SKB, "w1", "__dev_direct_xmit", 30),
					   drop_of(PROBE_SKB, "w1", "__dev_direct_xmit", 12) };
		json_t *rows = json_array(), *row;

		drops[0].key.sender = drops[1].key.sender = senders[i];
		drops[0].key.reason = drops[1].key.reason = 3; /* a loss in any kernel */
		drops[1].key.flags = PROBE_IS_SELF;
		assert_int_equal(bp_drop_rows_add(rows, drops, 2, &scope, &names), 0);
		assert_int_equal(json_array_size(rows), 1);
		row = json_array_get(rows, 0);
		assert_int_equal(json_integer_value(json_object_get(row, "packets")), 42);
		assert_int_equal(json_integer_value(json_object_get(row, "perhaps_others")), 30);
		json_decref(rows);
	}
	bp_kernel_names_close(&names);
}

/* The loopback interface's counters, and the CPUs', are below what they began with. */
static void what_was_reset_has_lost_nothing(void **state)
{
	struct bp_probe_scope scope = { .n_ports = 1, .ports = { sending } };
	struct bp_drop_counters counters = { .n_devices = 1,
					     .devices = { { .ifindex = 1 } },
					     .backlog_dropped = UINT64_MAX,
					     .time_squeezed = UINT64_MAX };
	json_t *rows, *cpus;
	uint64_t sent;

	(void)state;
	memset(&counters.devices[0].begin, 0xff, sizeof(counters.devices[0].begin));
	rows = bp_drop_counters_rows(&counters, &scope);
	cpus = bp_drop_counters_cpus(&counters);
	assert_int_equal(json_array_size(rows), 0);
	assert_int_equal(json_integer_value(json_object_get(cpus, "backlog_dropped")), 0);
	assert_int_equal(json_integer_value(json_object_get(cpus, "time_squeezed")), 0);
	assert_false(bp_drop_counters_sent(&counters, &scope, 0, &sent));
	json_decref(rows);
	json_decref(cpus);
}

/* A frame of no protocol, which the loopback interface of this namespace drops. 0 or -1. */
static int drop_at_loopback(void)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = 1 };
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	char frame[60] = { [12] = (char)0x88, [13] = (char)0xb5 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int err = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &up) ||
		  sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0;

	if (fd >= 0)
		close(fd);
	return err ? -1 : 0;
}

static bool has_row(const struct bp_drop_counters *counters, const struct bp_probe_scope *scope)
{
	json_t *rows = bp_drop_counters_rows(counters, scope);
	json_t *row = json_array_get(rows, 0);
	bool is_there = json_integer_value(json_object_get(row, "packets")) == 1 &&
			json_string_length(json_object_get(row, "device")) > 1;

	json_decref(rows);
	return is_there;
}

/* A name of an interface is any bytes. */
static void an_interface_has_its_row_whatever_its_name(void **state)
{
	struct bp_probe_scope scope = { .n_ports = 1, .ports = { sending } };
	struct bp_drop_counters counters = { .n_devices = 0 };

	(void)state;
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		skip();
	scope.ports[0].ifindex = 1;
	memcpy(scope.ports[0].ifname, "w\xff", 3);
	bp_drop_counters_begin(&counters, &scope);
	if (drop_at_loopback())
		skip();
	for (int i = 0; i < 1000 && !has_row(&counters, &scope); i++)
		usleep(1000);
	assert_true(has_row(&counters, &scope));
}

/* What BTF and /proc/kallsyms tell differs by kernel; what is asked here does not. */
static void the_kernel_says_what_it_has(void **state)
{
	struct bp_kernel_names kernel;

	(void)state;
	bp_kernel_names_open(&kernel);
	if (!bp_kernel_reason(&kernel, 0))
		skip();
	assert_string_equal(bp_kernel_reason(&kernel, 0), "SKB_NOT_DROPPED_YET");
	assert_null(bp_kernel_reason(&kernel, UINT16_MAX));
	assert_null(bp_kernel_reason(&kernel, UINT32_MAX));
	assert_in_range(bp_kernel_tracepoint_args(&kernel, "kfree_skb"), 3, 5);
	assert_int_equal(bp_kernel_tracepoint_args(&kernel, "bypath"), -ENOENT);
	assert_int_equal(bp_kernel_n_params(&kernel, "skb_copy_bits"), 4);
	assert_int_equal(bp_kernel_n_params(&kernel, "bypath"), -ENOENT);
	assert_false(bp_kernel_is_double_pointer(&kernel, "skb_copy_bits", 0));
	assert_false(bp_kernel_is_double_pointer(&kernel, "skb_copy_bits", 4));
	assert_true(bp_kernel_is_double_pointer(&kernel, "__netif_receive_skb_core", 0));
	bp_kernel_names_close(&kernel);
}

/* Without privileges the kernel refuses the programs: no sum is 0. */
static void what_nobody_has_counted_is_null(void **state)
{
	static const char *const sums[] = { "lost", "of_other_senders", "not_counted",
					    "recursion_misses" };
	struct bp_probe_scope scope = { .n_ports = 0 };
	struct bp_kernel_names kernel;
	uid_t me = geteuid();
	struct bp_probe_drops *drops;
	json_t *document;

	(void)state;
	if (!me)
		assert_return_code(seteuid(65534), 0);
	bp_kernel_names_open(&kernel);
	assert_int_equal(bp_probe_drops_open(&kernel, &drops), 0);
	bp_probe_drops_look(drops, &scope);
	document = bp_probe_drops_document(drops, &scope, NULL);
	assert_return_code(seteuid(me), 0);
	assert_true(json_is_false(json_object_get(document, "observed")));
	assert_true(json_is_string(json_object_get(document, "why")));
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (!json_is_null(json_object_get(document, sums[i])))
			fail_msg("%s is a number", sums[i]);
	json_decref(document);
	bp_probe_drops_close(drops);
	bp_kernel_names_close(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_is_somebodys),
		cmocka_unit_test(each_loss_has_a_remedy),
		cmocka_unit_test(what_is_carried_is_the_out_ports),
		cmocka_unit_test(what_xdp_has_told_is_told_once),
		cmocka_unit_test(a_socket_may_be_of_another_program),
		cmocka_unit_test(what_was_reset_has_lost_nothing),
		cmocka_unit_test(the_kernel_says_what_it_has),
		cmocka_unit_test(what_nobody_has_counted_is_null),
		cmocka_unit_test(an_interface_has_its_row_whatever_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

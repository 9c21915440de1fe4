/* Which NICs may be bound, which are refused, and what the refusal says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bind/modprobe.h"
#include "bind/packets.h"
#include "bind/plan.h"
#include "core/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NIC(text, drv)                                                                       \
	{                                                                                    \
		.address = (text), .class_code = 0x020000, .driver = (drv), .iommu_group = 7 \
	}

static const struct bp_pci_device eth1 = { .address = "0000:01:00.0",
					   .class_code = 0x020000,
					   .driver = "e1000e",
					   .iommu_group = 7,
					   .n_interfaces = 1,
					   .interfaces = { "eth1" } };

/* A plan with one device; others: of its group. */
static struct bp_bind_plan *plan_of(const struct bp_pci_device *pci,
				    const struct bp_pci_device *others, size_t n_others)
{
	struct bp_bind_plan *plan = calloc(1, sizeof(*plan));

	assert_non_null(plan);
	plan->n = 1;
	plan->devices[0].pci = *pci;
	plan->devices[0].n_others = n_others;
	plan->devices[0].others = calloc(n_others + 1, sizeof(*others));
	assert_non_null(plan->devices[0].others);
	for (size_t i = 0; i < n_others; i++)
		plan->devices[0].others[i] = others[i];
	return plan;
}

static void free_plan(struct bp_bind_plan *plan)
{
	bp_bind_plan_free(plan);
	free(plan);
}

/* The first device is refused, with all of the words; NULL: it is not. */
static void expect_refusal(const struct bp_bind_plan *plan, const char *const *words)
{
	char why[2048] = "";
	bool is_refused = bp_bind_plan_refuses(plan, &plan->devices[0], why, sizeof(why));

	if (is_refused != (words != NULL))
		fail_msg("refused: %d: %s", is_refused, why);
	for (; words && *words; words++)
		if (!strstr(why, *words))
			fail_msg("'%s' lacks '%s'", why, *words);
}

#define REFUSED(plan, ...) expect_refusal(plan, (const char *const[]){ __VA_ARGS__, NULL })

/* --- addresses, drivers ----------------------------------------------------------------------- */

static void address_in_full_from_every_spelling(void **state)
{
	static const char *const pairs[][2] = {
		{ "0000:03:00.1", "0000:03:00.1" },      { "03:00.1", "0000:03:00.1" },
		{ "03:00.1,mprq_en=1", "0000:03:00.1" }, { "pci:0000:0A:1F.7,x=1", "0000:0a:1f.7" },
		{ "10000:E1:00.0", "10000:e1:00.0" },
	};
	static const char *const none[] = {
		"",
		"eth0",
		"0000:03:00",
		"0000:03:00.8",
		"0000:03:20.0",
		"3:0.0",
		"000:03:00.0",
		"0000:3:00.0",
		"0000:03:00.1junk",
		"net_memif0",
		"0000:03:00.1 ",
		"0000:03:00.1/",
		":03:00.1",
		"000000000:03:00.1",
		"pci:",
	};
	char address[BP_PCI_ADDRESS_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(bp_pci_parse(pairs[i][0], address));
		assert_string_equal(address, pairs[i][1]);
	}
	strcpy(address, "untouched");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (bp_pci_parse(none[i], address))
			fail_msg("'%s' is no PCI address", none[i]);
	assert_string_equal(address, "untouched");
}

static void owner_is_who_the_driver_serves(void **state)
{
	(void)state;
	assert_int_equal(bp_pci_owner_of(""), BP_PCI_OWNER_NONE);
	assert_int_equal(bp_pci_owner_of("pci-stub"), BP_PCI_OWNER_NONE);
	assert_int_equal(bp_pci_owner_of("vfio-pci"), BP_PCI_OWNER_PROCESS);
	assert_int_equal(bp_pci_owner_of("mlx5-vfio-pci"), BP_PCI_OWNER_PROCESS);
	assert_int_equal(bp_pci_owner_of("qat_vfio_pci"), BP_PCI_OWNER_PROCESS);
	assert_int_equal(bp_pci_owner_of("mlx5_core"), BP_PCI_OWNER_BOTH);
	assert_int_equal(bp_pci_owner_of("ixgbe"), BP_PCI_OWNER_KERNEL);
}

static void module_by_modalias(void **state)
{
	static const char modalias[] = "pci:v00008086d000010D3sv00001AF4sd00001100bc02sc00i00";
	char name[32] = "untouched";

	(void)state;
	assert_false(bp_modprobe_line_claims("# Aliases extracted from modules themselves.\n",
					     modalias, name, sizeof(name)));
	assert_false(bp_modprobe_line_claims("alias\n", modalias, name, sizeof(name)));
	assert_false(bp_modprobe_line_claims("alias pci:v00008086d000010D4sv*sd*bc*sc*i* e1000e\n",
					     modalias, name, sizeof(name)));
	assert_false(
		bp_modprobe_line_claims("alias usb:v* usbnet\n", modalias, name, sizeof(name)));
	/* Drivers that take devices by driver_override alone: another bus name. */
	assert_false(bp_modprobe_line_claims("alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n",
					     modalias, name, sizeof(name)));
	assert_string_equal(name, "untouched");
	assert_true(bp_modprobe_line_claims("alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n",
					    modalias, name, sizeof(name)));
	assert_string_equal(name, "e1000e");
}

/* --- programs --------------------------------------------------------------------------------- */

static int run_shell(const char *script, int limit_ms, char words[64])
{
	char shell[] = "/bin/sh", option[] = "-c", text[256];
	char *const argv[] = { shell, option, text, NULL };
	const struct bp_spawn program = { .argv = argv, .limit_ms = limit_ms };
	int code;

	snprintf(text, sizeof(text), "%s", script);
	return bp_spawn(&program, words, 64, &code);
}

static void program_ends_as_it_says(void **state)
{
	char nothing[] = "/nonexistent/modprobe";
	char *const argv[] = { nothing, NULL };
	const struct bp_spawn missing = { .argv = argv, .limit_ms = 30000 };
	char words[64];
	int code;

	(void)state;
	assert_int_equal(run_shell("echo one; echo two >&2", 30000, words), 0);
	assert_string_equal(words, "one two");
	assert_int_equal(run_shell("echo no such module; exit 1", 30000, words), -EIO);
	assert_string_equal(words, "no such module");
	assert_int_equal(run_shell("kill -9 $$", 30000, words), -EIO);
	assert_int_equal(bp_spawn(&missing, words, sizeof(words), &code), -ENOENT);
	/* More than a pipe holds: nobody waits, the rest is dropped. */
	assert_int_equal(run_shell("head -c 200000 /dev/zero | tr '\\0' x", 30000, words), 0);
	assert_int_equal(strlen(words), 63);
}

static void program_without_end_is_killed_with_its_children(void **state)
{
	time_t begin = time(NULL);
	char words[64];

	(void)state;
	assert_int_equal(
		run_shell("echo hangs; trap '' TERM; sleep 600 & wait; sleep 600", 300, words),
		-ETIMEDOUT);
	assert_string_equal(words, "hangs");
	/* Its end counts, whoever has its output open. */
	assert_int_equal(run_shell("sleep 30 & exit 0", 20000, words), 0);
	assert_in_range(time(NULL) - begin, 0, 20);
}

static void program_inherits_no_signal_settings(void **state)
{
	sigset_t set, before;
	char words[64];

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run_shell("kill -TERM $$; exit 0", 30000, words), -EIO);
	assert_int_equal(run_shell("kill -PIPE $$; exit 0", 30000, words), -EIO);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The kernel reaps it then: a failure must not pass for success. */
static void unknown_end_is_no_success(void **state)
{
	char words[64];

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run_shell("exit 1", 30000, words), -ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

/* --- refusals --------------------------------------------------------------------------------- */

static void idle_nic_may_be_bound(void **state)
{
	struct bp_bind_plan *plan = plan_of(&eth1, NULL, 0);

	(void)state;
	bp_uses_add(&plan->devices[0].uses, false, "eth1 is up");
	expect_refusal(plan, NULL);
	free_plan(plan);
}

static void use_is_refused_unless_forced(void **state)
{
	struct bp_bind_plan *plan = plan_of(&eth1, NULL, 0);

	(void)state;
	bp_uses_add(&plan->devices[0].uses, false, "eth1 is up");
	bp_uses_add(&plan->devices[0].uses, true, "address 192.0.2.1/24 on eth1");
	bp_uses_add(&plan->devices[0].uses, true, "process 7 (testpmd) has /dev/vfio/7 open");
	REFUSED(plan, "in use: address 192.0.2.1/24 on eth1, process 7 (testpmd)", "--force");
	plan->target = BP_BIND_KERNEL;
	expect_refusal(plan, NULL); /* its driver stays */
	strcpy(plan->devices[0].pci.driver, "vfio-pci");
	REFUSED(plan, "in use");
	plan->is_forced = true;
	expect_refusal(plan, NULL);
	plan->is_forced = false;
	plan->devices[0].is_done = true;
	expect_refusal(plan, NULL);
	free_plan(plan);
}

static void no_iommu_is_refused_even_when_forced(void **state)
{
	struct bp_pci_device pci = eth1;
	struct bp_bind_plan *plan;

	(void)state;
	pci.iommu_group = BP_PCI_NO_GROUP;
	plan = plan_of(&pci, NULL, 0);
	plan->is_forced = true;
	REFUSED(plan, "it has no IOMMU group", "intel_iommu=on", "amd_iommu=on",
		"enable_unsafe_noiommu_mode");
	plan->is_noiommu_allowed = true;
	expect_refusal(plan, NULL);
	plan->is_noiommu_allowed = false;
	plan->target = BP_BIND_KERNEL;
	expect_refusal(plan, NULL);
	free_plan(plan);
}

static void split_group_is_refused_with_the_whole_command(void **state)
{
	static const struct bp_pci_device others[] = {
		{ .address = "0000:00:1c.0", .class_code = 0x060400, .driver = "pcieport" },
		NIC("0000:01:00.1", "e1000e"),
		NIC("0000:01:00.2", ""),
		NIC("0000:01:00.3", "vfio-pci"),
		NIC("0000:01:00.4", "mlx5_core"),
		NIC("0000:01:00.5", "pci-stub"),
		NIC("0000:01:00.6", "mlx5-vfio-pci"),
		NIC("0000:01:00.7", "uio_pci_generic"),
	};
	struct bp_bind_plan *plan = plan_of(&eth1, others, 8);

	(void)state;
	plan->is_forced = true;
	REFUSED(plan, "IOMMU group 7", "0000:01:00.1 on e1000e", "0000:01:00.4 on mlx5_core",
		"0000:01:00.7 on uio_pci_generic",
		"bypath bind 0000:01:00.0 0000:01:00.1 0000:01:00.4 0000:01:00.7:");
	/* All of them on the command line. */
	plan->n = 4;
	plan->devices[1].pci = others[1];
	plan->devices[2].pci = others[4];
	plan->devices[3].pci = others[7];
	expect_refusal(plan, NULL);
	free_plan(plan);
}

static void command_for_a_large_group_is_whole(void **state)
{
	struct bp_pci_device *others = calloc(100, sizeof(*others));
	struct bp_bind_plan *plan;
	char command[2048] = "bypath bind 0000:01:00.0", why[2048];

	(void)state;
	assert_non_null(others);
	for (unsigned i = 0; i < 100; i++) {
		others[i] = eth1;
		snprintf(others[i].address, sizeof(others[i].address), "0000:02:%02x.%u", i / 8,
			 i % 8);
		strcat(strcat(command, " "), others[i].address);
	}
	strcat(command, ":");
	plan = plan_of(&eth1, others, 100);
	assert_true(bp_bind_group_is_split(plan, &plan->devices[0], why, sizeof(why)));
	if (!strstr(why, command))
		fail_msg("'%s' lacks '%s'", why, command);
	free_plan(plan);
	free(others);
}

static void stranger_in_the_group_is_to_be_unbound_by_hand(void **state)
{
	static const struct bp_pci_device sound = { .address = "0000:01:00.1",
						    .class_code = 0x040300,
						    .driver = "snd_hda_intel" };
	struct bp_bind_plan *plan = plan_of(&eth1, &sound, 1);

	(void)state;
	REFUSED(plan, "0000:01:00.1 on snd_hda_intel",
		"echo 0000:01:00.1 > /sys/bus/pci/devices/0000:01:00.1/driver/unbind",
		"then bypath bind 0000:01:00.0");
	free_plan(plan);
}

static void nic_with_a_pmd_beside_the_kernel_needs_no_binding(void **state)
{
	const struct bp_pci_device pci = NIC("0000:01:00.0", "mlx5_core");
	struct bp_bind_plan *plan = plan_of(&pci, NULL, 0);

	(void)state;
	REFUSED(plan, "mlx5_core", "nothing is to be bound", "device = 0000:01:00.0");
	free_plan(plan);
}

/* --- what lies on an interface ---------------------------------------------------------------- */

static bool has_use(const struct bp_uses *uses, const char *text, bool is_serious)
{
	for (unsigned i = 0; i < uses->n; i++)
		if (strstr(uses->v[i].text, text))
			return uses->v[i].is_serious == is_serious;
	return false;
}

static void uses_are_found_through_all_that_lies_on_it(void **state)
{
	static struct bp_netif v[] = {
		{ .ifindex = 2, .name = "eth1", .is_up = true, .master = 3 },
		{ .ifindex = 3, .name = "bond0", .kind = "bond", .master = 4 },
		{ .ifindex = 4, .name = "br0", .kind = "bridge", .has_default_v6 = true },
		{ .ifindex = 5,
		  .name = "bond0.7",
		  .kind = "vlan",
		  .lower = 3,
		  .n_addresses = 2,
		  .address = "192.0.2.1/24" },
		{ .ifindex = 6, .name = "eth2", .has_default_v4 = true, .n_addresses = 1 },
	};
	const struct bp_netifs netifs = { v, 5 };
	struct bp_uses uses = { .n = 0 };

	(void)state;
	bp_uses_of_netif(&v[0], &netifs, &uses);
	assert_true(has_use(&uses, "eth1 is up", false));
	assert_true(has_use(&uses, "eth1 is a member of bond bond0", true));
	assert_true(has_use(&uses, "bond0 is a member of bridge br0", true));
	assert_true(has_use(&uses, "default route (IPv6) through br0", true));
	assert_true(has_use(&uses, "vlan bond0.7 lies on bond0", true));
	assert_true(has_use(&uses, "address 192.0.2.1/24 and 1 more on bond0.7", true));
	assert_false(has_use(&uses, "eth2", true));
}

static void packet_socket_by_its_line(void **state)
{
	struct bp_packet_socket found = { .inode = 7 };

	(void)state;
	assert_false(bp_packets_parse(
		"sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n", &found));
	assert_false(bp_packets_parse("0000000000000000 3      3    0003   2\n", &found));
	assert_int_equal(found.inode, 7);
	assert_true(bp_packets_parse(
		"0000000000000000 3      3    88cc   12    1 0      0      38115\n", &found));
	assert_int_equal(found.protocol, 0x88cc);
	assert_int_equal(found.ifindex, 12);
	assert_int_equal(found.inode, 38115);
}

/* Interfaces of another namespace may be named as each other's lower device. */
static void circle_of_interfaces_ends(void **state)
{
	static struct bp_netif v[] = {
		{ .ifindex = 2, .name = "a", .lower = 3 },
		{ .ifindex = 3, .name = "b", .lower = 2 },
	};
	const struct bp_netifs netifs = { v, 2 };
	struct bp_uses uses = { .n = 0 };

	(void)state;
	bp_uses_of_netif(&v[0], &netifs, &uses);
	assert_in_range(uses.n, 1, BP_USES_MAX);
}

static void alternative_names_are_found_whole(void **state)
{
	static struct bp_netif v[] = {
		{ .ifindex = 2, .name = "eth1", .altnames = "enp1s0\nthe-long-name\n" },
	};
	const struct bp_netifs netifs = { v, 1 };

	(void)state;
	assert_ptr_equal(bp_netifs_find(&netifs, "eth1"), &v[0]);
	assert_ptr_equal(bp_netifs_find(&netifs, "enp1s0"), &v[0]);
	assert_ptr_equal(bp_netifs_find(&netifs, "the-long-name"), &v[0]);
	assert_null(bp_netifs_find(&netifs, "the-long"));
	assert_null(bp_netifs_find(&netifs, "name"));
	assert_null(bp_netifs_find(&netifs, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_in_full_from_every_spelling),
		cmocka_unit_test(owner_is_who_the_driver_serves),
		cmocka_unit_test(module_by_modalias),
		cmocka_unit_test(program_ends_as_it_says),
		cmocka_unit_test(program_without_end_is_killed_with_its_children),
		cmocka_unit_test(program_inherits_no_signal_settings),
		cmocka_unit_test(unknown_end_is_no_success),
		cmocka_unit_test(idle_nic_may_be_bound),
		cmocka_unit_test(use_is_refused_unless_forced),
		cmocka_unit_test(no_iommu_is_refused_even_when_forced),
		cmocka_unit_test(split_group_is_refused_with_the_whole_command),
		cmocka_unit_test(command_for_a_large_group_is_whole),
		cmocka_unit_test(stranger_in_the_group_is_to_be_unbound_by_hand),
		cmocka_unit_test(nic_with_a_pmd_beside_the_kernel_needs_no_binding),
		cmocka_unit_test(uses_are_found_through_all_that_lies_on_it),
		cmocka_unit_test(packet_socket_by_its_line),
		cmocka_unit_test(circle_of_interfaces_ends),
		cmocka_unit_test(alternative_names_are_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* `bypath bind`: give network devices to user space by vfio-pci, or back to the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bind_keep.h"
#include "cli/bind_list.h"
#include "cli/cmd.h"
#include "cli/common.h"

#include "bind/act.h"
#include "bind/holders.h"
#include "bind/lock.h"
#include "bind/plan.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHY_BYTES 8192 /* commands of hundreds of devices */

struct options {
	bool is_list, is_json, is_forced;
	enum bp_bind_target target;
	int n_words;
	char **words; /* devices */
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath bind DEVICE... [vfio-pci | kernel] [--force]\n"
	      "       bypath bind --list [--json]\n"
	      "  DEVICE     a PCI address (0000:03:00.1, 03:00.1) or an interface's name\n"
	      "  vfio-pci   give the devices to user space, for ports with a PCI address (the default)\n"
	      "  kernel     give them back to the kernel's own driver\n"
	      "  --force    also devices that are in use: a default route, an address, a bridge,\n"
	      "             a process\n"
	      "  --list     network devices on PCI: drivers, IOMMU groups, interfaces, users\n"
	      "  --json     the list as one JSON object\n"
	      "Exit codes: 0 done, 1 failed (what was changed is undone), 2 refused (nothing was "
	      "touched).\n",
	      out);
}

static int complain(const char *text)
{
	int code = bp_cli_complain("bind: %s", text);

	print_usage(stderr);
	return code;
}

static int take_words(int argc, char **argv, struct options *o)
{
	o->n_words = argc - optind;
	o->words = argv + optind;
	if (o->is_list)
		return o->n_words ? complain("--list takes no device") : 0;
	if (o->is_json)
		return complain("--json goes with --list");
	if (o->n_words && !strcmp(o->words[o->n_words - 1], "kernel")) {
		o->target = BP_BIND_KERNEL;
		o->n_words--;
	} else if (o->n_words && !strcmp(o->words[o->n_words - 1], "vfio-pci")) {
		o->n_words--;
	}
	return o->n_words ? 0 : complain("no device is named: see bypath bind --list");
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct bp_cli_option rows[] = {
		{ "list", BP_CLI_FLAG, .at = offsetof(struct options, is_list) },
		{ "json", BP_CLI_FLAG, .at = offsetof(struct options, is_json) },
		{ "force", BP_CLI_FLAG, .at = offsetof(struct options, is_forced) },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	return code ? code : take_words(argc, argv, o);
}

static const char *target_name(enum bp_bind_target target)
{
	return target == BP_BIND_VFIO ? "vfio-pci" : "the kernel's driver";
}

/* --- before anything is touched --------------------------------------------------------------- */

static int add_devices(const struct options *o, const struct bp_netifs *netifs,
		       struct bp_bind_plan *plan)
{
	char why[WHY_BYTES];
	int exit_code = BP_EXIT_OK;

	for (int i = 0; i < o->n_words; i++)
		if (bp_bind_plan_add(plan, o->words[i], netifs, why, sizeof(why))) {
			bp_cli_complain("bind %s: %s", o->words[i], why);
			exit_code = BP_EXIT_USAGE;
		}
	return exit_code;
}

static int judge_devices(const struct bp_bind_plan *plan)
{
	char why[WHY_BYTES], name[128];
	int exit_code = BP_EXIT_OK;

	for (unsigned i = 0; i < plan->n; i++) {
		const struct bp_bind_device *device = &plan->devices[i];

		if (!bp_bind_plan_refuses(plan, device, why, sizeof(why)))
			continue;
		bp_pci_name(&device->pci, name, sizeof(name));
		bp_cli_complain("bind %s to %s: refused: %s", name, target_name(plan->target), why);
		exit_code = BP_EXIT_USAGE;
	}
	return exit_code;
}

/* --- doing ------------------------------------------------------------------------------------ */

static void print_done(enum bp_bind_target target, const struct bp_pci_device *before,
		       const struct bp_pci_device *now)
{
	char name[128], file[64];

	bp_pci_name(before, name, sizeof(name));
	printf("%s: %s → %s", name, before->driver[0] ? before->driver : "no driver", now->driver);
	if (!strcmp(before->driver, now->driver) && before->override[0])
		printf(", driver_override %s taken away", before->override);
	if (target == BP_BIND_VFIO && bp_holders_group_file(now, file, sizeof(file)))
		printf(", %s", file);
	for (unsigned i = 0; i < now->n_interfaces; i++)
		printf("%s%s", i ? ", " : ", interface ", now->interfaces[i]);
	putchar('\n');
	fflush(stdout); /* before what is said on standard error */
}

static void print_already(const struct bp_bind_plan *plan, const struct bp_bind_device *device)
{
	char name[128], why[WHY_BYTES];

	bp_pci_name(&device->pci, name, sizeof(name));
	printf("%s: bound to %s already\n", name, device->pci.driver);
	fflush(stdout);
	if (plan->target == BP_BIND_VFIO && bp_bind_group_is_split(plan, device, why, sizeof(why)))
		fprintf(stderr, "bypath: warning: %s: %s\n", name, why);
}

static void restore(const struct bp_bind_plan *plan, unsigned n)
{
	while (n--) {
		const struct bp_bind_device *device = &plan->devices[n];
		const char *driver = device->pci.driver[0] ? device->pci.driver : "no driver";

		if (device->is_done)
			continue;
		if (bp_bind_restore(&device->pci))
			bp_cli_complain("bind %s: it is back with %s%s", device->pci.address,
					driver,
					device->pci.n_interfaces
						? "; addresses and the like of its interface are "
						  "to be set again"
						: "");
		else
			bp_cli_complain("bind %s: could not give it back to %s: see bypath bind "
					"--list and dmesg",
					device->pci.address, driver);
	}
}

/* The kernel waits for such a process by itself, and cannot be interrupted. */
static void announce_wait(const struct bp_bind_device *device)
{
	struct bp_holder holders[BP_HOLDERS_MAX];
	unsigned n = 0;

	if (bp_pci_owner_of(device->pci.driver) == BP_PCI_OWNER_PROCESS)
		n = bp_holders_find(&device->pci, holders);
	for (unsigned i = 0; i < n; i++)
		fprintf(stderr,
			"bypath: warning: bind %s: the kernel waits until process %d (%s) closes "
			"%s: end it\n",
			device->pci.address, (int)holders[i].pid, holders[i].program,
			holders[i].file);
}

static int bind_device(const struct bp_bind_plan *plan, const struct bp_bind_device *device)
{
	struct bp_pci_device now;
	char why[WHY_BYTES];
	int err;

	announce_wait(device);
	err = bp_bind_do(plan->target, &device->pci, &now, why, sizeof(why));
	if (err)
		bp_cli_complain("bind %s to %s: %s", device->pci.address, target_name(plan->target),
				why);
	else
		print_done(plan->target, &device->pci, &now);
	if (!err && why[0])
		fprintf(stderr, "bypath: warning: bind %s: %s\n", device->pci.address, why);
	return err;
}

/* All of them, or none. */
static int bind_devices(const struct bp_bind_plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++) {
		if (plan->devices[i].is_done) {
			print_already(plan, &plan->devices[i]);
			continue;
		}
		if (bind_device(plan, &plan->devices[i])) {
			restore(plan, i + 1);
			return BP_EXIT_FAILED;
		}
	}
	return BP_EXIT_OK;
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool has_work(const struct bp_bind_plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (!plan->devices[i].is_done)
			return true;
	return false;
}

/* A signal, or a reader of the output that is gone, must not leave a device half-way. */
static void block_signals(void)
{
	/* TTIN, TTOU: a terminal stops a background process that prints. */
	static const int others[] = { SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR2, SIGALRM };
	sigset_t set;

	bp_cli_block_signals(&set);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		sigaddset(&set, others[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int bind_all(const struct bp_bind_plan *plan)
{
	bool is_work = has_work(plan);
	char why[WHY_BYTES];
	int exit_code;

	if (is_work &&
	    (!bp_bind_may(why, sizeof(why)) || bp_bind_prepare(plan->target, why, sizeof(why)))) {
		bp_cli_complain("bind: %s", why);
		return BP_EXIT_FAILED;
	}
	block_signals();
	exit_code = bind_devices(plan);
	if (is_work && exit_code == BP_EXIT_OK && plan->target == BP_BIND_VFIO)
		bp_bind_print_how_to_keep(plan);
	else if (plan->target == BP_BIND_KERNEL && exit_code == BP_EXIT_OK)
		bp_bind_print_what_is_kept(plan);
	return exit_code;
}

static int plan_and_bind(const struct options *o)
{
	struct bp_bind_plan *plan = calloc(1, sizeof(*plan));
	struct bp_netifs netifs;
	int err = plan ? bp_netifs_read(&netifs) : -ENOMEM, exit_code;

	if (err) {
		bp_cli_complain("bind: ask the kernel for interfaces: %s", strerror(-err));
		free(plan);
		return BP_EXIT_FAILED;
	}
	plan->target = o->target;
	plan->is_forced = o->is_forced;
	exit_code = add_devices(o, &netifs, plan);
	if (!exit_code)
		exit_code = judge_devices(plan);
	if (!exit_code)
		exit_code = bind_all(plan);
	bp_netifs_free(&netifs);
	bp_bind_plan_free(plan);
	free(plan);
	return exit_code;
}

/* Without the lock, what another process changes after we have judged it would be undone or taken
 * unseen. */
static int plan_and_bind_alone(const struct options *o)
{
	char why[WHY_BYTES];
	int fd, exit_code;

	/* Nothing will be written: refusals are to be heard without root as well. */
	if (!bp_bind_may(why, sizeof(why)))
		return plan_and_bind(o);
	fd = bp_bind_lock(false, why, sizeof(why));
	if (fd == -EWOULDBLOCK) {
		fputs("bypath: warning: bind: waits for another bypath bind to end\n", stderr);
		fd = bp_bind_lock(true, why, sizeof(why));
	}
	if (fd < 0) {
		bp_cli_complain("bind: %s", why);
		return BP_EXIT_FAILED;
	}
	exit_code = plan_and_bind(o);
	close(fd);
	return exit_code;
}

static int run_command(int argc, char **argv)
{
	struct options o = { .target = BP_BIND_VFIO };
	int code = parse_options(argc, argv, &o);

	if (code)
		return code - 1;
	signal(SIGCHLD, SIG_DFL); /* ignored by the caller, it would hide how modprobe ended */
	return o.is_list ? bp_bind_list(o.is_json) : plan_and_bind_alone(&o);
}

const struct bp_command bp_command_bind = {
	.name = "bind",
	.usage = "DEVICE… [vfio-pci|kernel] [--force] | --list [--json]",
	.help = "give NICs to DPDK (vfio-pci) or back to the kernel; list them and who uses them",
	.run = run_command,
};

/* Waits, at the start of a run, for devices: for those that are not there yet, or not free yet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/wait.h"

#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/netdev.h"
#include "core/notify.h"
#include "core/pci.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_NS    100000000u
#define TEXT_BYTES 512u
#define LEFT_NS    5000000u /* between two looks whether who ends has ended */
#define LEFT_LOOKS 1000u
#define LEFT_TRIES 100u

static bool is_there(const struct bp_claim *claim)
{
	char address[BP_PCI_ADDRESS_BYTES];
	struct bp_pci_device device;

	if (claim->kind == BP_CLAIM_NETDEV)
		return claim->is_far_end || bp_netdev_index(-1, claim->name) > 0;
	if (claim->kind == BP_CLAIM_PCI && bp_pci_parse(claim->name, address))
		return bp_pci_look(address, &device) != -ENODEV;
	return true;
}

/* "eth7 (port wan), eth8 (port lan)": cut at the room there is. Returns how many. */
static unsigned list_missing(const struct bp_conf *conf, char text[TEXT_BYTES])
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n_missing = 0;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++) {
			if (is_there(&claims[k]))
				continue;
			if (len < TEXT_BYTES)
				len += (size_t)snprintf(text + len, TEXT_BYTES - len,
							"%s%.80s (port %s)", n_missing ? ", " : "",
							claims[k].name, conf->ports[i].name);
			n_missing++;
		}
	}
	return n_missing;
}

static bool is_left(const struct bp_conf *conf)
{
	struct bp_claim claims[BP_CLAIMS_MAX];

	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++)
			if (bp_lock_is_left(&claims[k]))
				return true;
	}
	return false;
}

/* Wait a while for a signal that ends; others stay pending, for the loop of the run. Its number, or 0. */
static int wait_for_signal(long ns)
{
	const struct timespec step = { .tv_nsec = ns };
	sigset_t ends;
	int number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	number = sigtimedwait(&ends, NULL, &step);
	return number > 0 ? number : 0;
}

int bp_cli_wait_for_end(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < LEFT_LOOKS && is_left(conf); i++) {
		int number = wait_for_signal(LEFT_NS);

		if (!number)
			continue;
		bp_log(BP_LOG_INFO, "SIG%s: ends while it waits for the run before it",
		       sigabbrev_np(number));
		return -EINTR;
	}
	return 0;
}

bool bp_cli_may_be_left(unsigned *tries)
{
	const struct timespec step = { .tv_nsec = LEFT_NS };

	return (*tries)++ < LEFT_TRIES && !nanosleep(&step, NULL);
}

int bp_cli_wait(const struct bp_conf *conf)
{
	uint64_t begin_ns = bp_clock_ns();
	char missing[TEXT_BYTES];
	double wait_s = conf->engine.wait_s;

	if (wait_s <= 0 || !list_missing(conf, missing))
		return 0;
	bp_log(BP_LOG_INFO, "waiting up to %g s for %s ([engine] wait)", wait_s, missing);
	bp_notify_waiting(missing, wait_s);
	do {
		int number = wait_for_signal(LOOK_NS);

		if (number) {
			bp_log(BP_LOG_INFO, "SIG%s: ends while it waits for %s",
			       sigabbrev_np(number), missing);
			return -EINTR;
		}
		if (!list_missing(conf, missing)) {
			bp_log(BP_LOG_INFO, "all devices are there, after %.1f s",
			       (double)(bp_clock_ns() - begin_ns) / 1e9);
			return 0;
		}
	} while ((double)(bp_clock_ns() - begin_ns) < wait_s * 1e9);
	bp_log(BP_LOG_ERROR,
	       "not there after %g s ([engine] wait): %s: see `ip link` for the interfaces there are, "
	       "`bypath bind` for PCI devices",
	       wait_s, missing);
	return -ETIMEDOUT;
}

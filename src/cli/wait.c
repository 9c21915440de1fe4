/* Waits, at the start of a run, for devices that are not there yet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/wait.h"

#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"
#include "core/netdev.h"
#include "core/notify.h"
#include "core/pci.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_NS    100000000u
#define TEXT_BYTES 512u

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

int bp_cli_wait(const struct bp_conf *conf, const sigset_t *signals)
{
	const struct timespec step = { .tv_nsec = LOOK_NS };
	uint64_t begin_ns = bp_clock_ns();
	char missing[TEXT_BYTES];
	double wait_s = conf->engine.wait_s;

	if (wait_s <= 0 || !list_missing(conf, missing))
		return 0;
	bp_log(BP_LOG_INFO, "waiting up to %g s for %s ([engine] wait)", wait_s, missing);
	bp_notify_waiting(missing, wait_s);
	do {
		int number = sigtimedwait(signals, NULL, &step);

		if (number == SIGINT || number == SIGTERM) {
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

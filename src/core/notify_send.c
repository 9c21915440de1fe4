/* Tells systemd, by its library. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/notify.h"

#include "core/clock.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#define START_S 60 /* for what comes behind a wait: EAL, ports */

void bp_notify_ready(void)
{
	(void)sd_notify(0, "READY=1\nSTATUS=forwarding");
}

void bp_notify_reloading(void)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reloading",
			 bp_clock_ns() / 1000);
}

void bp_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1\nSTATUS=draining");
}

void bp_notify_waiting(const char *text, double wait_s)
{
	(void)sd_notifyf(0, "STATUS=waiting for %s\nEXTEND_TIMEOUT_USEC=%.0f", text,
			 (wait_s + START_S) * 1e6);
}

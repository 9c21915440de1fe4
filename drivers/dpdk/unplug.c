/* PCI devices that are unplugged while they run: EAL says so, the control thread lets them go. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unplugging a device that vfio-pci has makes the kernel ask its user for it and wait, as long as it
 * takes. In DPDK 22.11 the PCI bus hears that by an eventfd of its own (pci_vfio_req_handler(), in EAL's
 * interrupt thread) and passes it on to whoever has registered for the device; the monitor of kernel events
 * is not needed for that. Nothing may be closed in that thread, which would wait for itself.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_dev_event_callback_*, in 22.11 */
#include "dpdk.h"

#include "bypath/log.h"

#include <rte_dev.h>
#include <rte_pause.h>

#include <errno.h>

/* In EAL's interrupt thread. */
static void on_event(const char *name, enum rte_dev_event_type event, void *arg)
{
	struct dpdk_port *dp = arg;

	(void)name;
	if (event == RTE_DEV_EVENT_REMOVE)
		atomic_store_explicit(&dp->is_asked_for, true, memory_order_relaxed);
}

void dpdk_unplug_listen(struct dpdk_port *dp)
{
	int err = dp->kind == DPDK_PCI ? rte_dev_event_callback_register(dp->name, on_event, dp)
				       : -ENOTSUP;

	dp->hears_unplug = !err;
	if (err && dp->kind == DPDK_PCI)
		bp_log(BP_LOG_WARN,
		       "port %s: %s cannot be unplugged while bypath runs: DPDK does not report the request",
		       dp->port->conf->name, dp->name);
}

void dpdk_unplug_forget(struct dpdk_port *dp)
{
	if (!dp->hears_unplug)
		return;
	/* -EAGAIN: it is being called right now. */
	while (rte_dev_event_callback_unregister(dp->name, on_event, dp) == -EAGAIN)
		rte_pause();
	dp->hears_unplug = false;
}

bool dpdk_unplug_is_due(const struct dpdk_port *dp)
{
	if (dp->eth_id == RTE_MAX_ETHPORTS)
		return false;
	return atomic_load_explicit(&((struct dpdk_port *)(uintptr_t)dp)->is_asked_for,
				    memory_order_relaxed) ||
	       rte_eth_dev_is_removed(dp->eth_id);
}

void dpdk_unplug_let_go(struct dpdk_port *dp)
{
	dpdk_device_remove(dp);
	/* Requests from now on concern the next device at this address. */
	atomic_store_explicit(&dp->is_asked_for, false, memory_order_relaxed);
}

/* Devices that EAL's interrupt thread may know of still when they are closed: brought to rest before, or not closed. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of DPDK 22.11: rte_eth_dev_close() frees net_virtio_user's device without a look at that thread, which may have left
 *
 *   - alarms: virtio_user_dev_delayed_disconnect_handler(), set by whoever finds the connection ended, and
 *     virtio_user_dev_delayed_intr_reconfig_handler(), when a server has taken the next one;
 *   - virtio_interrupt_handler(), which those two register for a server's sockets whether or not link interrupts were asked
 *     for. dev_stop takes it off only if they were, and not while it runs; dev_close does not. But dev_close talks to the vhost
 *     side, whose answers wake it: where the thread came late, it found the device freed.
 *
 * So a server asks for link interrupts, and dev_stop runs in the interrupt thread, behind its alarms, where no handler runs.
 * From then on nothing of the device is left there, nor is anything added before dev_start.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_eth_dev_conf_get(), in 22.11 */
#include "dpdk.h"

#include "bypath/log.h"

static bool any_is_left; /* control thread, and at the end of the process */

bool dpdk_quiet_applies(const struct dpdk_port *dp)
{
	return dp->kind == DPDK_VIRTIO_USER;
}

bool dpdk_quiet_wants_lsc(const struct dpdk_port *dp)
{
	return dpdk_quiet_applies(dp) && dp->is_server;
}

static int stop(struct dpdk_port *dp)
{
	return rte_eth_dev_stop(dp->eth_id);
}

int dpdk_quiet_stop(struct dpdk_port *dp)
{
	int err = dpdk_guard_run_last(stop, dp);

	if (err)
		return err;
	dp->is_started = false;
	dp->is_awake = false;
	return 0;
}

/*
 * With link interrupts dev_close of 22.11 closes descriptors first, talks to the vhost side, and closes the same numbers again,
 * which may be another thread's by then.
 */
static void give_up_lsc(const struct dpdk_port *dp)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;

	if (!dpdk_quiet_wants_lsc(dp) || rte_eth_dev_info_get(dp->eth_id, &info) ||
	    !info.nb_rx_queues || rte_eth_dev_conf_get(dp->eth_id, &conf))
		return;
	conf.intr_conf.lsc = 0;
	rte_eth_dev_configure(dp->eth_id, info.nb_rx_queues, info.nb_tx_queues, &conf);
}

bool dpdk_quiet_may_close(struct dpdk_port *dp)
{
	/* Alarms of a device that was never started, or whose peer was gone when it started. */
	bool is_quiet = !dp->is_awake && (!dpdk_quiet_applies(dp) ||
					  (!dp->is_started && !dpdk_guard_run_last(NULL, dp)));

	if (is_quiet) {
		give_up_lsc(dp);
		return true;
	}
	bp_log(BP_LOG_WARN,
	       "port %s: %s stays open until the process ends: EAL's interrupt thread may still use it",
	       dp->port->conf->name, dp->name);
	dp->is_left = true;
	any_is_left = true;
	return false;
}

bool dpdk_quiet_is_all_closed(void)
{
	return !any_is_left;
}

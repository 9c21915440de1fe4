/* What a caller with fewer rights than this process may not hand to DPDK: all that becomes code. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk.h"

#include "bypath/log.h"

#include "core/secure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Words in the arguments of the PMDs that are let through. */
static const struct {
	const char *key, *why;
} keys[] = {
	{ "xdp_prog", "loads a BPF program from a file" },
	{ "internal", "is an address in this process" },
};

static const char *device_reason(const struct dpdk_port *dp, char *why, size_t why_bytes)
{
	/* net_failsafe runs commands; others load code, or take arguments that nobody has reviewed. */
	if (dp->kind == DPDK_OTHER)
		return "is a device other than PCI, net_memif, net_af_packet, net_af_xdp, net_tap, "
		       "net_null, net_ring, net_pcap, net_vhost or net_virtio_user";
	for (size_t i = 0; i < RTE_DIM(keys); i++) {
		if (!strstr(dp->devargs, keys[i].key))
			continue;
		snprintf(why, why_bytes, "holds '%s', which %s", keys[i].key, keys[i].why);
		return why;
	}
	return NULL;
}

static int refuse(const struct dpdk_port *dp, const char *what, const char *why)
{
	bp_log(BP_LOG_ERROR,
	       "port %s: %s %s: refused, because this program has capabilities that its caller has "
	       "not: delete it, or run as root",
	       dp->port->conf->name, what, why);
	return -EPERM;
}

int dpdk_secure_check(const struct dpdk_port *dp)
{
	const struct bp_conf *conf = dp->port->env->conf;
	char text[96];
	const char *why;

	if (!bp_secure_is_on())
		return 0;
	if (conf->eal.args[0])
		return refuse(dp, "[dpdk] args", "can load code (-d) and join other processes");
	if (!conf->eal.in_memory && !conf->eal.no_huge)
		return refuse(dp, "[dpdk] in_memory = no",
			      "lets other processes of the caller plug devices in");
	why = device_reason(dp, text, sizeof(text));
	return why ? refuse(dp, "device", why) : 0;
}

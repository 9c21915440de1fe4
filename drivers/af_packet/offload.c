/* Which super-frames an interface segments by itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

static const struct {
	uint32_t type;
	const char *feature; /* as the kernel names it */
} gso_kinds[] = {
	{ BP_VNET_GSO_TCPV4, "tx-tcp-segmentation" },
	{ BP_VNET_GSO_TCPV6, "tx-tcp6-segmentation" },
	{ BP_VNET_GSO_UDP_L4, "tx-udp-segmentation" },
	{ 6, "tx-tcp-ecn-segmentation" }, /* bit 6: any type with BP_VNET_GSO_ECN */
};
#define N_KINDS (sizeof(gso_kinds) / sizeof(gso_kinds[0]))

uint32_t af_packet_gso_types(int ctl_fd, const char *ifname)
{
	const char *names[N_KINDS];
	uint32_t on = 0, types = 0;

	for (unsigned i = 0; i < N_KINDS; i++)
		names[i] = gso_kinds[i].feature;
	if (bp_netdev_features(ctl_fd, ifname, names, N_KINDS, &on))
		return 0;
	for (unsigned i = 0; i < N_KINDS; i++)
		if (on & (1u << i))
			types |= 1u << gso_kinds[i].type;
	return types;
}

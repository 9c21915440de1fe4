/* What a kernel driver's name says of the interface behind it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include <string.h>

enum bp_device_kind bp_device_kind_of(const char *driver)
{
	static const struct {
		const char *driver;
		enum bp_device_kind kind;
	} kinds[] = {
		{ "veth", BP_DEVICE_VETH },
		{ "tun", BP_DEVICE_TAP },
		{ "virtio_net", BP_DEVICE_VIRTIO },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(driver, kinds[i].driver) == 0)
			return kinds[i].kind;
	return BP_DEVICE_OTHER;
}

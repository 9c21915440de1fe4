/* Ends of paths for tests of the model, without any interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_MODEL_END_H
#define BYPATH_TEST_MODEL_END_H

#include "../port_keys.h"

#include "../../drivers/dpdk/describe.h"

#include "ledger/model.h"

#include <string.h>

#define VETH   BP_DEVICE_VETH
#define VIRTIO BP_DEVICE_VIRTIO
#define OTHER  BP_DEVICE_OTHER
#define TAP    BP_DEVICE_TAP
#define PMD    BP_DEVICE_PMD
#define NONE   BP_DEVICE_NONE

static inline struct bp_port_conf conf_of(const char *driver, const char *device)
{
	struct bp_port_conf conf = { .forward_to = BP_NO_PORT };

	strcpy(conf.driver, driver);
	strcpy(conf.device, device);
	set_default_keys(&conf);
	return conf;
}

static inline struct bp_port_info info_of(const char *device, const char *mode,
					  enum bp_device_kind kind)
{
	struct bp_port_info info = { .kind = kind };

	strcpy(info.mode, mode);
	if (!strncmp(device, "net_", 4))
		dpdk_pmd_name(device, info.device_driver);
	return info;
}

#endif

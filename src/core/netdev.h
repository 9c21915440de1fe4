/* What a kernel driver's name says of the interface behind it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETDEV_H
#define BYPATH_CORE_NETDEV_H

#include "bypath/port.h"

/*
 * The kind that a driver's name, as `ethtool -i` tells it, stands for: on it depend the kernel's
 * copies and whether partial checksums may come without metadata. BP_DEVICE_OTHER for what is not
 * known, "" included. Pure; any thread.
 */
enum bp_device_kind bp_device_kind_of(const char *driver);

#endif

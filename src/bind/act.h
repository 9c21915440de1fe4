/* Binds devices to a driver through sysfs, or gives them back as they were. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_ACT_H
#define BYPATH_BIND_ACT_H

#include "bind/plan.h"

/* May this process bind devices at all? Otherwise why says what hinders it. */
bool bp_bind_may(char *why, size_t why_bytes);

/* Have the driver that the target needs: modprobe vfio-pci where it is not there yet. Before any
 * device is touched. 0, or -errno with the reason in why. */
int bp_bind_prepare(enum bp_bind_target target, char *why, size_t why_bytes);

/*
 * Bind one device, and read back that it is bound: to vfio-pci, with the file of its group in
 * /dev/vfio; or to the kernel's driver, with its interface if /sys shows that. One thread, as root;
 * blocks up to some seconds, half a minute for modprobe, and without limit while a process holds a VFIO device (the
 * kernel waits). device: as it was before. now: as it is afterwards. 0: why is "", or a warning. -errno: why says which
 * step failed; the device is left as that step left it, for bp_bind_restore().
 */
int bp_bind_do(enum bp_bind_target target, const struct bp_pci_device *device,
	       struct bp_pci_device *now, char *why, size_t why_bytes);

/* Bring a device back to the driver and driver_override that it had; true: it has them. As
 * bp_bind_do(). */
bool bp_bind_restore(const struct bp_pci_device *before);

#endif

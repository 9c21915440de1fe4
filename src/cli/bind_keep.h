/* What `bypath bind` says about the next boot. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_BIND_KEEP_H
#define BYPATH_CLI_BIND_KEEP_H

#include "bind/plan.h"

/* Print to standard output how the devices of a plan stay bound to vfio-pci. */
void bp_bind_print_how_to_keep(const struct bp_bind_plan *plan);

/* Print what will take them away from the kernel's driver again: driverctl, the udev rule. */
void bp_bind_print_what_is_kept(const struct bp_bind_plan *plan);

#endif

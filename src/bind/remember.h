/* Which of the kernel's drivers a device had before it was given to user space. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_REMEMBER_H
#define BYPATH_BIND_REMEMBER_H

#include "core/pci.h"

/* Keep a driver's name until the next boot, in BP_BIND_FOLDER; "": forget it. It serves the list
 * alone: where it cannot be kept, nothing else is lost. For who has bp_bind_lock(). */
void bp_bind_remember(const char *address, const char *driver);

/* The driver that was kept, into driver; false, and "": none. */
bool bp_bind_remembered(const char *address, char driver[BP_PCI_NAME_BYTES]);

#endif

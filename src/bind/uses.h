/* Who uses a PCI network device: its interfaces, what lies on them, processes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_USES_H
#define BYPATH_BIND_USES_H

#include "core/netifs.h"
#include "core/pci.h"

#define BP_USES_MAX       32u
#define BP_USE_TEXT_BYTES 160u

/* One use, as text for people; one that is serious would break if the driver was taken away. */
struct bp_use {
	bool is_serious;
	char text[BP_USE_TEXT_BYTES];
};

struct bp_uses {
	unsigned n;
	struct bp_use v[BP_USES_MAX];
};

/*
 * Find the uses of a device. netifs: bp_netifs_read() of the caller's network namespace. Needs no
 * privilege, but sees other users' processes as root only. Any thread; blocks for a moment. Never
 * fails.
 */
void bp_uses_find(const struct bp_pci_device *device, const struct bp_netifs *netifs,
		  struct bp_uses *uses);

/* Add one use. The text is cut at BP_USE_TEXT_BYTES; past BP_USES_MAX it is dropped. */
void bp_uses_add(struct bp_uses *uses, bool is_serious, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The uses of one interface, and of all that lies on it: pure part of bp_uses_find(). */
void bp_uses_of_netif(const struct bp_netif *link, const struct bp_netifs *netifs,
		      struct bp_uses *uses);

#endif

/* What `bypath bind` is asked to do, and whether it may. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_PLAN_H
#define BYPATH_BIND_PLAN_H

#include "bind/uses.h"

#define BP_BIND_DEVICES_MAX 64u

enum bp_bind_target { BP_BIND_VFIO, BP_BIND_KERNEL };

struct bp_bind_device {
	struct bp_pci_device pci; /* as it was found: what a failure restores */
	struct bp_uses uses;
	struct bp_pci_device *others; /* of its IOMMU group; bp_bind_plan_free() frees them */
	size_t n_others;
	bool is_done; /* bound as asked already */
};

/* Devices of one command line. Zero but for target and is_forced before the first is added. */
struct bp_bind_plan {
	enum bp_bind_target target;
	bool is_forced;
	bool is_noiommu_allowed; /* vfio's enable_unsafe_noiommu_mode is on */
	unsigned n;
	struct bp_bind_device devices[BP_BIND_DEVICES_MAX];
};

/*
 * Add a device, given by its PCI address or its interface's name, with all that is to be known of
 * it; one that is there already is not added again. One thread; blocks for a moment. 0, or -errno
 * with the reason in why: -ENODEV no such device, -ENOTSUP no PCI network device, -ENOMEM, -E2BIG.
 * The plan is untouched on failure.
 */
int bp_bind_plan_add(struct bp_bind_plan *plan, const char *word, const struct bp_netifs *netifs,
		     char *why, size_t why_bytes);

/* Free what bp_bind_plan_add() took. */
void bp_bind_plan_free(struct bp_bind_plan *plan);

/*
 * Is one device of a complete plan to be refused? Then why says the reason, what to do included.
 * Pure.
 */
bool bp_bind_plan_refuses(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			  char *why, size_t why_bytes);

/*
 * Would the IOMMU group of one device of a complete plan be useless to a process afterwards, for
 * devices that keep other drivers than vfio's? Then why says so, what to do first, so that a cut
 * leaves the command whole. Pure.
 */
bool bp_bind_group_is_split(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			    char *why, size_t why_bytes);

#endif

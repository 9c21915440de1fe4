/* The ledger's model: which hops a packet makes, by driver, effective mode, device. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_MODEL_H
#define BYPATH_LEDGER_MODEL_H

#include "bypath/config.h"
#include "bypath/ledger.h"
#include "bypath/port.h"
#include "ledger/device.h"

enum bp_direction { BP_RX, BP_TX };

/* Who owns the bytes of a view: decides whether a TX queue takes it in place. */
enum bp_home {
	BP_HOME_ARENA = 1u << 0, /* the arena's frames, a UMEM to AF_XDP */
	BP_HOME_LOAN = 1u << 1, /* a slot of a receive ring, wanted back soon */
	BP_HOME_MBUF = 1u << 2, /* a DPDK mempool */
	BP_HOME_ANY = 7,
};

/* How the bytes pass between the kernel and its device, beside what the row itself says. */
enum bp_device_hop {
	BP_DEVICE_HOP_NONE, /* the row covers it, or there is no kernel device */
	BP_DEVICE_HOP_SKB, /* an skb that the kernel owns */
	BP_DEVICE_HOP_PAGES, /* TX: an skb with user pages attached, which some devices copy first */
};

#define BP_ROW_HOPS_MAX 4u

/*
 * One row: matches a direction of a port when driver, pmd, kinds fit and every word occurs in the
 * effective mode (for dpdk: or in the device string). The first row that matches counts.
 */
struct bp_model_row {
	const char *driver;
	enum bp_direction dir;
	const char *pmd; /* PMD's name without its instance number; NULL any */
	const char *words; /* separated by blanks; "a|b": either; "!a": must not occur; NULL none */
	uint32_t kinds; /* bit per enum bp_device_kind (below a PMD: of its interface); 0 any */
	uint32_t homes; /* RX: the pool that views come from; TX: pools taken in place */
	const char *home_place; /* TX: what a view of another pool is copied into */
	enum bp_domain home_domain; /* TX: and the domain of that */
	bool is_pci; /* any PMD of a PCI device */
	enum bp_device_hop device_hop;
	unsigned n_hops;
	struct bp_hop hops[BP_ROW_HOPS_MAX]; /* in the order that the bytes take */
};

/* The tables; each ends with driver == NULL. */
extern const struct bp_model_row bp_model_rows_kernel[];
extern const struct bp_model_row bp_model_rows_dpdk[];
extern const struct bp_model_row bp_model_rows_nic[];

/* What is known of one end of a path. All pointers are the caller's. */
struct bp_model_end {
	const struct bp_port_conf *conf;
	const struct bp_port_info *info; /* effective mode, device driver, kind */
	/* dpdk, where info says no more than BP_DEVICE_PMD: the kind of kernel device that the PMD
	 * itself opens (iface=), or BP_DEVICE_NONE. See bp_device_below(). */
	enum bp_device_kind below;
	enum bp_gather gather; /* of the kernel device that the packets go out of */
};

/* The row for one direction of a port, or NULL: not modelled. Pure; any thread. */
const struct bp_model_row *bp_model_row_find(const struct bp_model_end *end, enum bp_direction dir);

/*
 * Hops and sums of the path in → out. A side that no row matches becomes one hop with is_unknown
 * set and clears path->is_modelled. Pure; any thread. path->in_port and out_port stay 0.
 */
void bp_model_path(const struct bp_model_end *in, const struct bp_model_end *out,
		   struct bp_model_path *path);

/*
 * The PMD that serves a DPDK device string ("net_memif0,role=client" → "net_memif"; a PCI device
 * → ""). Pure. name: room for BP_NAME_BYTES.
 */
void bp_model_pmd_name(const char *device, char *name);

#endif

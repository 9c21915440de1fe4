/* What the texts of a switch's configuration say of its ports: VLANs, split-horizon groups, addresses behind them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_SWITCH_PORTS_H
#define BYPATH_FUNCTIONS_SWITCH_PORTS_H

#include "bypath/function.h"

#define BP_SWITCH_VIDS    4096u
#define BP_SWITCH_VID_MAX 4094u /* 4095 is reserved (802.1Q, table 9-2) */

/* [function.NAME] of a switch. */
struct bp_switch_conf {
	uint32_t ageing_s;
	uint32_t entries;
	uint32_t limit; /* addresses of one port, 0: no limit */
	struct bp_rate storm;
	char group[448];
	char access[1000];
	char trunk[1000];
	char addresses[1000]; /* static = */
};

#define BP_SWITCH_FIXED_MAX 64u /* no text that fits names more */

/* An address that is behind a port for good. */
struct bp_switch_static {
	uint64_t mac; /* as bp_fdb_key() wants it */
	uint16_t vid; /* 0: the switch is not aware */
	uint16_t port_id;
};

/* What the texts of a switch's configuration say. Ports are bits. */
struct bp_switch_ports {
	uint64_t all;
	uint64_t reach
		[BP_PORTS_MAX]; /* where frames of a port may go: not back, not to its own group */
	bool is_aware; /* of VLANs: access or trunk is given */
	uint64_t trunks; /* the others are access ports */
	/* Of frames that come without a VLAN, which therefore leave without it; 0: there is none (a trunk), or the switch
	 * is not aware. */
	uint16_t pvid[BP_PORTS_MAX];
	uint64_t members[BP_SWITCH_VIDS]; /* not aware: [0] has all */
	unsigned n_fixed;
	struct bp_switch_static fixed[BP_SWITCH_FIXED_MAX];
};

/*
 * Read the texts. access: PORT:VLAN, … trunk: PORT:VLANS, …, where VLANS are joined by '+', each NUMBER, FIRST-LAST, all, or
 * NUMBERu (untagged); a word without a port is about the port before it. group: PORT, PORT, …, groups are parted by '|'.
 * static: PORT:MAC[@VLAN], …, without a VLAN that of the port's frames without a tag.
 * What is wrong is complained about (check may be NULL); then *ports has what could be told. Pure else. Returns whether all
 * is right.
 */
bool bp_switch_ports_read(const struct bp_conf *conf, const struct bp_function_conf *fn,
			  struct bp_check *check, struct bp_switch_ports *ports);

/* Where frames of a port may end up at all. Pure. */
uint64_t bp_switch_ports_outs(const struct bp_switch_ports *ports, unsigned in_port);

#endif

/* The words of acts (bypath/act.h), for programs of BPF as well, which have no libc. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ACT_KIND_H
#define BYPATH_ACT_KIND_H

/* What is done to a packet that the act is for. */
enum bp_act_kind {
	BP_ACT_MACSWAP, /* its two MAC addresses change places */
	BP_ACT_VLAN_PUSH, /* an outermost tag more */
	BP_ACT_VLAN_POP, /* one less */
	BP_ACT_VLAN_REWRITE, /* the outermost tag has another VLAN, another priority */
	BP_ACT_VLAN_PASS, /* nothing */
};

/* Why an act drops a packet: the indices of the function's reasons. */
enum bp_act_drop {
	BP_ACT_RUNT,
	BP_ACT_VID_NOT_ALLOWED,
	BP_ACT_NOT_TAGGED,
	BP_ACT_NO_HEADROOM,
	BP_ACT_BAD_META,
	BP_ACT_DROPS,
};

#define BP_ACT_KEEPS_PRIORITY 8u

#endif

/* The words that stand for counters, domains or provenances in every output. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/counters.h"
#include "bypath/ledger.h"

static const char *const cnt_names[BP_CNT_N] = {
	[BP_CNT_PKTS] = "packets",
	[BP_CNT_BYTES] = "bytes",
	[BP_CNT_BURSTS] = "bursts",
	[BP_CNT_EMPTY] = "empty_polls",
	[BP_CNT_COPIES] = "user_copies",
	[BP_CNT_COPY_BYTES] = "user_copy_bytes",
	[BP_CNT_CALLS] = "crossings",
	[BP_CNT_CALL_CYCLES] = "call_cycles",
	[BP_CNT_CSUM] = "csum_completed",
	[BP_CNT_VLAN] = "vlan_inserted",
	[BP_CNT_PADDED] = "padded",
	[BP_CNT_NOT_REWRITTEN] = "not_rewritten",
	[BP_CNT_GSO_PKTS] = "gso_packets",
	[BP_CNT_GSO_SEGS] = "gso_segments",
	[BP_CNT_LOST_AFTER] = "lost_after_sent",
	[BP_DROP_TX_FULL] = "tx_full",
	[BP_DROP_TX_KERNEL] = "tx_kernel_drop",
	[BP_DROP_TX_TOO_LONG] = "tx_too_long",
	[BP_DROP_TX_NO_MEM] = "tx_no_mem",
	[BP_DROP_TX_ERROR] = "tx_error",
	[BP_DROP_TX_ABANDONED] = "tx_abandoned",
	[BP_DROP_PORT_DOWN] = "port_down",
	[BP_DROP_RUNT] = "runt",
	[BP_DROP_RX_TRUNCATED] = "rx_truncated",
	[BP_DROP_RX_BAD_META] = "rx_bad_meta",
	[BP_DROP_GSO_UNSUPPORTED] = "gso_unsupported",
};

const char *bp_cnt_name(enum bp_cnt id)
{
	return cnt_names[id];
}

const char *bp_domain_name(enum bp_domain domain)
{
	static const char *const names[] = { "device", "kernel", "shared", "user" };

	return names[domain];
}

const char *bp_provenance_name(enum bp_provenance provenance)
{
	static const char *const names[] = { "counted", "reported", "probed", "modelled" };

	return names[provenance];
}

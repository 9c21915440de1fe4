/* Expressions of pcap-filter(7), compiled by libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_EXPRESSION_H
#define BYPATH_CORE_EXPRESSION_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>

/* What the compiler needs; pcap_close(). NULL: memory lacks. Any thread. */
pcap_t *bp_expression_open(void);

/*
 * Compile an expression for Ethernet: pcap_freecode(). Refused is one that loops over a packet's headers for as long as its
 * sender likes, and one that asks what only a capturing socket knows, for which every packet would be one that does not
 * match. Names of hosts are resolved, which blocks. Any thread. False: why says what is wrong with it.
 */
bool bp_expression_compile(pcap_t *pcap, const char *text, struct bpf_program *program, char *why,
			   size_t why_bytes);

#endif

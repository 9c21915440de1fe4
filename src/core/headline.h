/* The headers of a packet in one line, for people. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_HEADLINE_H
#define BYPATH_CORE_HEADLINE_H

#include <stddef.h>
#include <stdint.h>

#define BP_HEADLINE_BYTES 320u

/*
 * "02:00:00:00:00:01 > 02:00:00:00:00:02 · VLAN 10 · IPv4 10.0.0.1 > 10.0.0.2 ttl 64 · UDP 5000 > 53" of the first n bytes of a
 * frame, whatever they are: Ethernet, tags, MPLS labels, ARP, IPv4, IPv6 with its extension headers, TCP, UDP, ICMP; what is cut
 * short or unknown ends the line. Pure.
 */
void bp_headline(const uint8_t *bytes, size_t n, char text[BP_HEADLINE_BYTES]);

#endif

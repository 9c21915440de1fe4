/* Moves the IP addresses of a frame, so that a capture's next round has other flows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_READDRESS_H
#define BYPATH_DRIVER_PCAP_READDRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Add `shift` to both addresses of the outermost IP packet, behind VLAN tags in any number: to the last 24 bits of
 * an IPv4 address, to the last 64 of an IPv6 address, modulo these. Both directions of a flow stay one flow.
 * Multicast, broadcast, reserved, unspecified addresses and IPv4's 0/8 stay. The checksums that hold
 * addresses are brought up to date by the difference (RFC 1624): IPv4's own; TCP's, UDP's, UDP-Lite's, DCCP's,
 * ICMPv6's, behind extension headers too, and in first fragments. A checksum that was wrong stays wrong; a UDP one
 * of 0 stays none.
 *
 * frame     an Ethernet frame; n_bytes of it are there (all headers must be)
 *
 * False, and the frame is as it was: no IP packet; both addresses stay; headers that are cut, or contradict their
 * lengths; an authentication header, which signs addresses; a routing header with segments left, whose last
 * address is the one that is summed. Addresses in payloads (ARP, ICMP errors, tunnels) are not
 * looked at. Reads and writes no byte past n_bytes. Any thread; never blocks.
 * Source: RFC 791, 8200, 4302, 768, 9293, 3828, 4340, 4443.
 */
bool bp_pcap_readdress(uint8_t *frame, uint32_t n_bytes, uint64_t shift);

#endif

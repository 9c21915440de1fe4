/* The headers of a packet in one line, for people. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/headline.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define ETH_BYTES 14u
#define TYPE_V4   0x0800u
#define TYPE_ARP  0x0806u
#define TYPE_TAG  0x8100u
#define TYPE_STAG 0x88a8u
#define TYPE_V6   0x86ddu
#define TYPE_MPLS 0x8847u

enum {
	HOP_BY_HOP = 0,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	GRE = 47,
	ICMP6 = 58,
	DEST_OPTIONS = 60,
	SCTP = 132
};

/* What is left of the packet, and of the line. */
struct reader {
	const uint8_t *at;
	size_t n;
	char *text;
	size_t n_room;
};

static void put(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct reader *r, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(r->text, r->n_room, fmt, args);
	va_end(args);
	n = n < 0 ? 0 : n;
	n = (size_t)n < r->n_room ? n : (int)r->n_room - 1;
	r->text += n;
	r->n_room -= (size_t)n;
}

/* Go on behind a header of n bytes. False: the packet ends within it. */
static bool skip(struct reader *r, size_t n)
{
	if (r->n < n) {
		put(r, " · cut short");
		return false;
	}
	r->at += n;
	r->n -= n;
	return true;
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put_address(struct reader *r, int family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	put(r, "%s", inet_ntop(family, address, text, sizeof(text)) ? text : "?");
}

static void put_pair(struct reader *r, int family, const uint8_t *from, const uint8_t *to)
{
	put_address(r, family, from);
	put(r, " > ");
	put_address(r, family, to);
}

/* ---- above IP ---------------------------------------------------------------------------------- */

static void put_flags(struct reader *r, unsigned flags)
{
	static const char letters[] = "FSRP.UEW";

	put(r, " ");
	for (unsigned i = 0; i < 8; i++)
		if (flags & 1u << i)
			put(r, "%c", letters[i]);
}

static void put_ports(struct reader *r, const char *name, size_t n_bytes)
{
	const uint8_t *head = r->at;

	put(r, " · %s", name);
	if (!skip(r, n_bytes))
		return;
	put(r, " %u > %u", be16(head), be16(head + 2));
	if (n_bytes == 20)
		put_flags(r, head[13]);
}

static void put_icmp(struct reader *r, bool is_v6)
{
	const uint8_t *head = r->at;
	const char *name = NULL;

	put(r, " · ICMP%s", is_v6 ? "v6" : "");
	if (!skip(r, 8))
		return;
	if (head[0] == (is_v6 ? 128 : 8))
		name = "echo request";
	else if (head[0] == (is_v6 ? 129 : 0))
		name = "echo reply";
	if (name)
		put(r, " %s id %u seq %u", name, be16(head + 4), be16(head + 6));
	else
		put(r, " type %u code %u", head[0], head[1]);
}

static void put_transport(struct reader *r, unsigned proto)
{
	switch (proto) {
	case TCP:
		put_ports(r, "TCP", 20);
		break;
	case UDP:
		put_ports(r, "UDP", 8);
		break;
	case SCTP:
		put_ports(r, "SCTP", 12);
		break;
	case ICMP:
	case ICMP6:
		put_icmp(r, proto == ICMP6);
		break;
	default:
		put(r, " · protocol %u", proto);
	}
}

/* ---- IP ---------------------------------------------------------------------------------------- */

static void put_v4(struct reader *r)
{
	const uint8_t *head = r->at;
	unsigned fragment;

	put(r, " · IPv4");
	if (!skip(r, 20))
		return;
	put(r, " ");
	put_pair(r, AF_INET, head + 12, head + 16);
	put(r, " ttl %u", head[8]);
	fragment = be16(head + 6) & 0x3fff;
	if (fragment)
		put(r, " fragment at %u", (fragment & 0x1fff) * 8);
	if (head[0] >> 4 != 4 || (head[0] & 15) < 5) {
		put(r, " · no header of IPv4");
		return;
	}
	if (skip(r, (head[0] & 15u) * 4 - 20) && !(fragment & 0x1fff))
		put_transport(r, head[9]);
}

static void put_v6(struct reader *r)
{
	const uint8_t *head = r->at;
	unsigned next;

	put(r, " · IPv6");
	if (!skip(r, 40))
		return;
	put(r, " ");
	put_pair(r, AF_INET6, head + 8, head + 24);
	put(r, " hops %u", head[7]);
	for (next = head[6];
	     next == HOP_BY_HOP || next == ROUTING || next == DEST_OPTIONS || next == FRAGMENT;
	     next = head[0]) {
		head = r->at;
		if (!skip(r, 8))
			return;
		if (next == FRAGMENT && be16(head + 2) & 0xfff8) {
			put(r, " fragment at %u", be16(head + 2) & 0xfff8);
			return;
		}
		if (next != FRAGMENT && !skip(r, head[1] * 8u))
			return;
	}
	put_transport(r, next);
}

/* ---- below IP ---------------------------------------------------------------------------------- */

static void put_arp(struct reader *r)
{
	const uint8_t *head = r->at;

	put(r, " · ARP");
	if (!skip(r, 28))
		return;
	if (be16(head + 2) != TYPE_V4 || head[4] != 6 || head[5] != 4) {
		put(r, " of other addresses");
		return;
	}
	put(r, be16(head + 6) == 1   ? " who has "
	       : be16(head + 6) == 2 ? " reply to "
				     : " other, of ");
	put_address(r, AF_INET, head + 24);
	put(r, ", by ");
	put_address(r, AF_INET, head + 14);
}

static void put_mpls(struct reader *r)
{
	bool is_last;

	do {
		const uint8_t *head = r->at;

		put(r, " · MPLS");
		if (!skip(r, 4))
			return;
		put(r, " %u", (unsigned)head[0] << 12 | (unsigned)head[1] << 4 | head[2] >> 4);
		is_last = head[2] & 1;
	} while (!is_last);
	if (r->n && r->at[0] >> 4 == 4)
		put_v4(r);
	else if (r->n && r->at[0] >> 4 == 6)
		put_v6(r);
}

static void put_mac(struct reader *r, const uint8_t *mac)
{
	put(r, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void bp_headline(const uint8_t *bytes, size_t n, char text[BP_HEADLINE_BYTES])
{
	struct reader r = { bytes, n, text, BP_HEADLINE_BYTES };
	unsigned type;

	text[0] = '\0';
	if (n < ETH_BYTES) {
		put(&r, "shorter than an Ethernet header");
		return;
	}
	put_mac(&r, bytes + 6);
	put(&r, " > ");
	put_mac(&r, bytes);
	type = be16(bytes + 12);
	skip(&r, ETH_BYTES);
	while (type == TYPE_TAG || type == TYPE_STAG) {
		const uint8_t *tag = r.at;

		put(&r, " · %s", type == TYPE_TAG ? "VLAN" : "S-VLAN");
		if (!skip(&r, 4))
			return;
		put(&r, " %u", be16(tag) & 0xfff);
		type = be16(tag + 2);
	}
	if (type == TYPE_V4)
		put_v4(&r);
	else if (type == TYPE_V6)
		put_v6(&r);
	else if (type == TYPE_ARP)
		put_arp(&r);
	else if (type == TYPE_MPLS)
		put_mpls(&r);
	else
		put(&r, " · type %04x", type);
}

/* A switch of four ports without an engine: frames in, ports out, egress on copies. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_SWITCH_BED_H
#define BYPATH_TEST_SWITCH_BED_H

#include "bypath/function.h"

#include "core/clock.h"
#include "functions/switch.h"

#include <stdlib.h>
#include <string.h>

#define SB_PORTS      4u
#define SB_ROOM_BYTES 66000u
#define SB_P(n)       (UINT64_C(1) << ((n)-1)) /* the bit of port p1 … p4 */
#define SB_FIELD      0x5a

/* A MAC address as it is written: SB_MAC(1) is 02:00:00:00:00:01. */
#define SB_MAC(n)    (UINT64_C(0x020000000000) + (n))
#define SB_BROADCAST UINT64_C(0xffffffffffff)
#define SB_MULTICAST UINT64_C(0x01005e000001)

extern const struct bp_function bp_function_switch;

/* Values that are 0 are the defaults. */
struct sb_spec {
	const char *access, *trunk, *group, *addresses;
	uint32_t entries, limit, ageing_s;
	double storm_pps;
};

struct sb {
	struct bp_conf conf;
	struct bp_fn fn;
	struct bp_switch *sw;
	uint64_t now_ns;
	uint64_t has_link;
	uint8_t why; /* of the last frame */
};

/* One packet in one view, with room before it. */
struct sb_frame {
	uint8_t room[BP_HEADROOM + SB_ROOM_BYTES];
	uint8_t *data; /* stays with the struct's copies by sb_copy() */
	struct bp_pkt pkt;
};

static inline struct bp_switch_conf *sb_own(struct bp_conf *conf)
{
	return (struct bp_switch_conf *)(void *)conf->functions[0].own;
}

/* Four ports p1 … p4, whose chains name the switch sw. */
static inline void sb_configure(struct bp_conf *conf, const struct sb_spec *spec)
{
	struct bp_switch_conf *own = sb_own(conf);

	memset(conf, 0, sizeof(*conf));
	conf->n_ports = SB_PORTS;
	conf->n_functions = 1;
	strcpy(conf->functions[0].name, "sw");
	strcpy(conf->functions[0].type, "switch");
	for (unsigned i = 0; i < SB_PORTS; i++) {
		conf->ports[i].name[0] = 'p';
		conf->ports[i].name[1] = (char)('1' + i);
		conf->ports[i].n_chain = 1;
		conf->ports[i].forward_to = BP_NO_PORT;
	}
	own->ageing_s = spec->ageing_s ? spec->ageing_s : 300;
	own->entries = spec->entries ? spec->entries : 8192;
	own->limit = spec->limit;
	if (spec->storm_pps > 0)
		own->storm = (struct bp_rate){ BP_RATE_PPS, spec->storm_pps };
	strcpy(own->access, spec->access ? spec->access : "");
	strcpy(own->trunk, spec->trunk ? spec->trunk : "");
	strcpy(own->group, spec->group ? spec->group : "");
	strcpy(own->addresses, spec->addresses ? spec->addresses : "");
}

static inline struct sb *sb_open(const struct sb_spec *spec)
{
	struct sb *b = calloc(1, sizeof(*b));
	void *state;

	if (!b)
		abort();
	sb_configure(&b->conf, spec);
	if (bp_function_switch.ops->open(&b->conf, &b->conf.functions[0], &state))
		abort();
	b->sw = state;
	b->fn.state = state;
	if (bp_function_switch.ops->enter(&b->fn))
		abort();
	b->fn.now = bp_clock_cycles();
	b->now_ns = b->sw->swept_ns;
	b->has_link = UINT64_MAX;
	return b;
}

static inline void sb_close(struct sb *b)
{
	if (bp_function_switch.ops->leave)
		bp_function_switch.ops->leave(&b->fn);
	bp_function_switch.ops->close(b->sw);
	free(b);
}

/* Time passes: the worker's clock, and the control thread's with a tick. */
static inline void sb_pass(struct sb *b, uint64_t ms)
{
	const struct bp_fn_ports ports = { SB_PORTS, b->has_link };

	b->now_ns += ms * 1000000;
	b->fn.now += bp_clock_hz() / 1000 * ms;
	bp_function_switch.ops->tick(b->sw, &ports, b->now_ns);
}

static inline void sb_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void sb_put_mac(uint8_t *p, uint64_t mac)
{
	for (unsigned i = 0; i < 6; i++)
		p[i] = (uint8_t)(mac >> (40 - 8 * i));
}

/* An untagged frame of len bytes, EtherType 0x0800, a pattern behind it. */
static inline void sb_make(struct sb_frame *f, uint64_t dst, uint64_t src, unsigned len)
{
	uint8_t header[14];

	sb_put_mac(header, dst);
	sb_put_mac(header + 6, src);
	sb_be16(header + 12, 0x0800);
	memset(f->room, SB_FIELD, BP_HEADROOM);
	f->data = f->room + BP_HEADROOM;
	memcpy(f->data, header, len < sizeof(header) ? len : sizeof(header));
	for (unsigned i = sizeof(header); i < len; i++)
		f->data[i] = (uint8_t)(i * 7 + (i >> 8));
	f->pkt = (struct bp_pkt){ .data = f->data, .len = len, .headroom = BP_HEADROOM };
}

/* A tag outside all others. */
static inline void sb_tag(struct sb_frame *f, unsigned tpid, unsigned tci)
{
	memmove(f->data + 16, f->data + 12, f->pkt.len - 12);
	sb_be16(f->data + 12, tpid);
	sb_be16(f->data + 14, tci);
	f->pkt.len += 4;
}

/* Metadata before the frame. */
static inline void sb_meta(struct sb_frame *f, struct bp_vnet_hdr meta)
{
	f->pkt.flags |= BP_PKT_VNET;
	f->pkt.headroom = (uint16_t)(f->pkt.headroom - BP_VNET_BYTES);
	memcpy(f->data - BP_VNET_BYTES, &meta, sizeof(meta));
}

static inline void sb_copy(struct sb_frame *to, const struct sb_frame *from)
{
	memcpy(to, from, sizeof(*to));
	to->data = to->room + (from->data - from->room);
	to->pkt.data = to->room + (from->pkt.data - from->room);
}

/* The frame comes in at port p<port>. Returns where it goes; 0: dropped for b->why. */
static inline uint64_t sb_give(struct sb *b, unsigned port, struct sb_frame *f)
{
	uint64_t out = BP_OUT_NEXT;

	b->why = 0;
	b->fn.port_id = (uint16_t)(port - 1);
	bp_function_switch.ops->process(&b->fn, &f->pkt, 1, &out, &b->why);
	return out;
}

/* The frame leaves at port p<port>. Returns whether it does; else b->why. */
static inline bool sb_leave(struct sb *b, unsigned port, struct sb_frame *f)
{
	uint64_t out = BP_OUT_NEXT;

	b->why = 0;
	b->fn.port_id = (uint16_t)(port - 1);
	bp_function_switch.ops->egress(&b->fn, &f->pkt, 1, &out, &b->why);
	return out == BP_OUT_NEXT;
}

/* A frame of 60 bytes from src to dst comes in. */
static inline uint64_t sb_send(struct sb *b, unsigned port, uint64_t dst, uint64_t src)
{
	static struct sb_frame f;

	sb_make(&f, dst, src, 60);
	return sb_give(b, port, &f);
}

#endif

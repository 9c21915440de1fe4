/* Stream configurations for tests of the generator. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_GEN_STREAMS_H
#define BYPATH_TEST_GEN_STREAMS_H

#include "bypath/config.h"

#include <string.h>

static inline struct bp_range range_of(const void *first, unsigned n_bytes, uint32_t n)
{
	struct bp_range r = { .n_bytes = (uint8_t)n_bytes, .n = n };

	memcpy(r.first, first, n_bytes);
	return r;
}

/* One stream of frames of one size. */
static inline struct bp_stream_conf stream_of(enum bp_protocol protocol, uint16_t size)
{
	static const uint8_t v6[2][16] = { { 0x20, 1, 0, 2, [15] = 1 },
					   { 0x20, 1, 0, 2, 0, 1, [15] = 1 } };
	struct bp_stream_conf s = {
		.name = "s",
		.protocol = protocol,
		.share = 1,
		.sizes = { .n = 1, .v = { { size, 1 } } },
		.ttl = 64,
		.src_mac = range_of("\x02\0\0\0\x01\x01", 6, 1),
		.dst_mac = range_of("\x02\0\0\0\x02\x01", 6, 1),
		.src = range_of("\xc6\x12\0\x01", 4, 1),
		.dst = range_of("\xc6\x13\0\x01", 4, 1),
		.sport = range_of("\xc0\0", 2, 1),
		.dport = range_of("\0\x09", 2, 1),
	};

	if (protocol == BP_PROTO_UDP6 || protocol == BP_PROTO_TCP6) {
		s.src = range_of(v6[0], 16, 1);
		s.dst = range_of(v6[1], 16, 1);
	}
	return s;
}

/* A generator that sends one stream from port a to port b: the caller's until the next call. */
static inline struct bp_conf *traffic_of(enum bp_protocol protocol, uint16_t size)
{
	static struct bp_conf conf;

	conf = (struct bp_conf){
		.n_ports = 2,
		.ports = { { .name = "a", .driver = "af_packet", .device = "veth0" },
			   { .name = "b", .driver = "af_xdp", .device = "veth1" } },
		.gen = { .tx = "a",
			 .rx = "b",
			 .rx_port = 1,
			 .replay_port = BP_NO_PORT,
			 .monitor_port = BP_NO_PORT,
			 .settle_s = 0.25 },
		.n_streams = 1,
	};
	conf.streams[0] = stream_of(protocol, size);
	return &conf;
}

#endif

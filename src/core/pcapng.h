/* pcapng: the blocks of a capture as they lie in memory, a file or a stream. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_PCAPNG_H
#define BYPATH_CORE_PCAPNG_H

#include <assert.h>
#include <stdint.h>

/*
 * In the byte order of this machine, which the section says. Every block is a multiple of 4 bytes, begins with its type and
 * length and ends with its length again. Source: draft-ietf-opsawg-pcapng.
 */
enum bp_pcapng_type {
	BP_PCAPNG_SECTION = 0x0a0d0d0a,
	BP_PCAPNG_INTERFACE = 1,
	BP_PCAPNG_STATISTICS = 5,
	BP_PCAPNG_PACKET = 6,
};

enum bp_pcapng_option {
	BP_PCAPNG_END = 0,
	BP_PCAPNG_COMMENT = 1,
	BP_PCAPNG_SHB_USERAPPL = 4,
	BP_PCAPNG_IF_NAME = 2,
	BP_PCAPNG_IF_DESCRIPTION = 3,
	BP_PCAPNG_IF_TSRESOL = 9,
	BP_PCAPNG_IF_FILTER = 11,
	BP_PCAPNG_EPB_FLAGS = 2,
	BP_PCAPNG_ISB_STARTTIME = 2,
	BP_PCAPNG_ISB_ENDTIME = 3,
	BP_PCAPNG_ISB_IFRECV = 4,
	BP_PCAPNG_ISB_FILTERACCEPT = 6,
	BP_PCAPNG_ISB_OSDROP = 7,
	BP_PCAPNG_ISB_USRDELIV = 8,
};

#define BP_PCAPNG_ORDER    0x1a2b3c4du
#define BP_PCAPNG_ETHERNET 1u
#define BP_PCAPNG_NS       9u /* if_tsresol: 10^-9 s */

/* epb_flags, bits 0 and 1. */
#define BP_PCAPNG_INBOUND  1u
#define BP_PCAPNG_OUTBOUND 2u

/* The longest packet of a record that readers take for Ethernet (libpcap's MAXIMUM_SNAPLEN). */
#define BP_PCAPNG_SNAP_MAX 262144u
/* No block is longer: the longest packet, its header, a comment. What is longer is no capture of ours. */
#define BP_PCAPNG_BLOCK_MAX (BP_PCAPNG_SNAP_MAX + 65536u)

struct bp_pcapng_head {
	uint32_t type;
	uint32_t n_bytes; /* of the block, with head and tail */
};

struct bp_pcapng_section {
	struct bp_pcapng_head head;
	uint32_t order;
	uint16_t major, minor;
	int32_t section_bytes[2]; /* -1: not given */
};

struct bp_pcapng_interface {
	struct bp_pcapng_head head;
	uint16_t link_type, reserved;
	uint32_t snap_bytes;
};

struct bp_pcapng_statistics {
	struct bp_pcapng_head head;
	uint32_t interface_id;
	uint32_t time_high, time_low;
};

struct bp_pcapng_packet {
	struct bp_pcapng_head head;
	uint32_t interface_id;
	uint32_t time_high, time_low; /* ns since the epoch */
	uint32_t captured_bytes, wire_bytes;
	/* captured_bytes, filled up to a multiple of 4; options; the length again */
};

struct bp_pcapng_option_head {
	uint16_t code;
	uint16_t n_bytes; /* of the value, which is filled up to a multiple of 4 */
};

static_assert(sizeof(struct bp_pcapng_section) == 24, "the file's layout");
static_assert(sizeof(struct bp_pcapng_interface) == 16, "the file's layout");
static_assert(sizeof(struct bp_pcapng_statistics) == 20, "the file's layout");
static_assert(sizeof(struct bp_pcapng_packet) == 28, "the file's layout");
static_assert(sizeof(struct bp_pcapng_option_head) == 4, "the file's layout");

/* Filled up to a multiple of 4. */
static inline uint32_t bp_pcapng_pad(uint32_t n_bytes)
{
	return (n_bytes + 3u) & ~3u;
}

#endif

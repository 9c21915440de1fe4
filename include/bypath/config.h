/* A whole deployment as values: what the INI says after parsing, defaults and validation. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_H
#define BYPATH_CONFIG_H

#include "bypath/log.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BP_PORTS_MAX   62u
#define BP_WORKERS_MAX 32u
#define BP_CONTROL_ID \
	BP_WORKERS_MAX /* the control thread's, where a worker would say its worker_id */
#define BP_OTHERS_ID     (BP_WORKERS_MAX + 1) /* of threads that are neither, one at a time */
#define BP_QUEUES_MAX    32u
#define BP_NAME_BYTES    32u
#define BP_PATH_BYTES    256u
#define BP_NO_PORT       (-1)
#define BP_MANY_PORTS    (-2)
#define BP_STREAMS_MAX   64u
#define BP_SIZES_MAX     8u
#define BP_ENCAP_MAX     8u
#define BP_FUNCTIONS_MAX 32u
#define BP_CHAIN_MAX     8u

enum bp_engine_mode { BP_ENGINE_IO, BP_ENGINE_MACSWAP };
enum bp_idle_mode { BP_IDLE_BUSY, BP_IDLE_ADAPTIVE };
/* What ends a run, beside a signal or a duration. */
enum bp_until { BP_UNTIL_SIGNAL, BP_UNTIL_REPLAYED };
enum bp_tristate { BP_NO, BP_YES, BP_AUTO };
enum bp_pass { BP_PASS_AUTO, BP_PASS_OFF };

/* One MAC address, if it is given. */
struct bp_mac {
	uint8_t bytes[6];
	bool is_given;
};

#define BP_OWN_BYTES 192u

/* [port.NAME]. Empty string: not given. What a driver has no key for stays as it is in a port of no driver
 * (validation refuses it). */
struct bp_port_conf {
	char name[BP_NAME_BYTES];
	char driver[BP_NAME_BYTES];
	char device
		[BP_PATH_BYTES]; /* interface, PCI address, DPDK device string, ring name, file */
	bool take_host; /* take an interface that carries the host's address as well */
	uint16_t n_queues; /* RX queues, 1..BP_QUEUES_MAX */
	enum bp_tristate checksum; /* BP_AUTO, or BP_NO for off */
	enum bp_pass offload; /* off: only complete frames are sent here */
	uint32_t ring_size; /* descriptors or slots per queue, power of two; 0: driver's choice */
	uint32_t mtu; /* MTU to set; 0: leave it */
	/* [forward]: the functions that its packets go through, indices of bp_conf.functions[]. */
	uint8_t n_chain;
	uint8_t chain[BP_CHAIN_MAX];
	int forward_to; /* index of the port at the end of the chain; BP_NO_PORT: a function picks, or nothing is received */
	/* Every port that its packets may go to, a bit each, by the chain's end and by its functions; 0: nothing is
	 * received here. */
	uint64_t out_ports;
	/* Not of the file: bp_plan_add_hops() (engine/plan.h) made it. What workers without a TX queue of forward_to have
	 * for that port goes through here. */
	bool is_hop;
	/* Not of the file: the port was, until a reload. Nothing is received there, nothing sent. */
	bool is_removed;
	/* The driver's own struct: drivers/NAME/describe.h has it, BP_OWN_CONST() gives it. */
	alignas(8) unsigned char own[BP_OWN_BYTES];
};

/* Take the lowest port out of a set of ports, which is not empty: its index. */
static inline unsigned bp_ports_take(uint64_t *ports)
{
	unsigned port_id = (unsigned)__builtin_ctzll(*ports);

	*ports &= *ports - 1;
	return port_id;
}

/* The one port that the port's packets go to, by a chain or without; BP_NO_PORT: there is none, or a choice. Pure. */
static inline int bp_port_one_out(const struct bp_port_conf *port)
{
	uint64_t outs = port->out_ports;

	return outs && !(outs & (outs - 1)) ? __builtin_ctzll(outs) : BP_NO_PORT;
}

/* The port that most of the port's packets go to: the end of its chain, or the one that there is; BP_NO_PORT: a choice. Pure. */
static inline int bp_port_main_out(const struct bp_port_conf *port)
{
	return port->forward_to == BP_NO_PORT ? bp_port_one_out(port) : port->forward_to;
}

#define BP_FN_OWN_BYTES 3584u

/* [function.NAME]. */
struct bp_function_conf {
	char name[BP_NAME_BYTES];
	char type[BP_NAME_BYTES];
	/* The function's own struct: BP_FN_OWN() (bypath/function.h) gives it. */
	alignas(8) unsigned char own[BP_FN_OWN_BYTES];
};

/* Values that a header field goes through, one per packet: first, first + 1, … */
struct bp_range {
	uint8_t first[16]; /* n_bytes of them, as on the wire */
	uint8_t n_bytes; /* of the field; 0: not given */
	uint32_t n; /* values, ≥ 1 */
};

/* Frame sizes, FCS included, mixed by weight. */
struct bp_sizes {
	uint16_t n; /* 1..BP_SIZES_MAX */
	struct {
		uint16_t bytes, weight;
	} v[BP_SIZES_MAX];
};

/* How much traffic: see docs/gen.md for the units. */
enum bp_rate_unit { BP_RATE_MAX, BP_RATE_PPS, BP_RATE_BPS_L2, BP_RATE_BPS_L1, BP_RATE_PERCENT };
struct bp_rate {
	enum bp_rate_unit unit;
	double value; /* frames/s, bit/s, or percent of the line */
};

#define BP_VLAN_ID_MAX 4094u /* 4095 is in no tag: IEEE 802.1Q, 9.6 */

/* VLAN ids, a bit each. */
struct bp_vlans {
	uint64_t bits[64];
};
static inline bool bp_vlans_has(const struct bp_vlans *vlans, unsigned id)
{
	return vlans->bits[id / 64 % 64] >> id % 64 & 1;
}

enum bp_protocol { BP_PROTO_UDP4, BP_PROTO_UDP6, BP_PROTO_TCP4, BP_PROTO_TCP6, BP_PROTO_ETH };

/* A header between Ethernet and the stream's own, or a tunnel with all that it brings. */
enum bp_encap_kind {
	BP_ENCAP_VLAN, /* EtherType 0x8100 */
	BP_ENCAP_QINQ, /* EtherType 0x88a8 */
	BP_ENCAP_MPLS,
	BP_ENCAP_VXLAN, /* IP, UDP, VXLAN, Ethernet */
	BP_ENCAP_GRE, /* IP, GRE */
	BP_ENCAP_GRETAP, /* IP, GRE, Ethernet */
};
struct bp_encap {
	enum bp_encap_kind kind;
	bool has_id;
	uint32_t id; /* VLAN, label, VNI, key */
};
struct bp_encaps {
	uint16_t n;
	struct bp_encap v[BP_ENCAP_MAX]; /* from the outside */
};

/* IPv6 extension headers, in the order in which they stand (RFC 8200, 4.1). */
enum bp_extension {
	BP_EXT_HOP_BY_HOP = 1u << 0,
	BP_EXT_DEST_OPTIONS = 1u << 1,
	BP_EXT_FRAGMENT = 1u << 2,
};

/* [stream.NAME]: frames of one kind that the generator makes. */
struct bp_stream_conf {
	char name[BP_NAME_BYTES];
	enum bp_protocol protocol;
	uint16_t share; /* of the packets, against the other streams' shares: 1..100 */
	struct bp_sizes sizes;
	uint16_t vlan; /* 802.1Q tag, 0: none */
	struct bp_encaps encap;
	uint8_t extensions; /* enum bp_extension */
	uint8_t ttl;
	uint8_t dscp;
	struct bp_range src_mac, dst_mac;
	struct bp_range src, dst; /* 4 or 16 bytes by protocol; eth: not given */
	struct bp_range sport, dport;
	/* Of the tunnel, if there is one: 4 or 16 bytes; of the Ethernet within it. */
	struct bp_range outer_src, outer_dst;
	struct bp_range inner_src_mac, inner_dst_mac;
};

/* [gen]: bypath gen sends on one port, receives on another. */
struct bp_gen_conf {
	/* Names of ports. monitor: what a switch floods comes there (--search rfc2889). */
	char tx[BP_NAME_BYTES], rx[BP_NAME_BYTES], replay[BP_NAME_BYTES], monitor[BP_NAME_BYTES];
	int tx_port, rx_port, replay_port, monitor_port; /* their indices, or BP_NO_PORT */
	struct bp_rate rate;
	double duration_s; /* 0: until a signal */
	uint64_t count; /* stop after so many frames, 0: never */
	double settle_s; /* quiet time that ends the wait for stragglers */
	uint16_t burst; /* frames per burst; 0: as many as suit the rate */
	bool announce; /* one frame from each destination, before each trial */
	bool payload_check; /* the receiver compares the payload's pattern */
	uint64_t first_seq; /* of every stream */
};

struct bp_conf {
	struct {
		enum bp_engine_mode mode;
		enum bp_idle_mode idle;
		enum bp_until until;
		uint16_t n_workers; /* 1..BP_WORKERS_MAX */
		uint16_t n_cores; /* 0: not given, cores are chosen */
		uint16_t cores[BP_WORKERS_MAX];
		uint16_t burst; /* views per burst, 1..BP_BURST_MAX */
		uint16_t tx_retries; /* TX attempts after the first for leftovers */
		char name[BP_NAME_BYTES]; /* of the running instance; "": the file's stem */
		bool has_control; /* listens on a socket */
		double wait_s; /* at the start, for devices that are not there yet */
	} engine;
	struct {
		bool follows_link; /* a lost link is carried on to the other side */
	} forward;
	struct {
		struct bp_rate drops; /* of one port, packets per second; BP_RATE_MAX: no alarm */
		char on_event[BP_PATH_BYTES]; /* a program; "": none */
	} alarm;
	struct {
		char listen[128]; /* "": nowhere; see core/serve.h */
	} metrics;
	struct {
		uint32_t n_frames; /* frames of the arena */
		uint32_t frame_bytes; /* 2048 or 4096, BP_HEADROOM included */
		enum bp_tristate hugepages; /* BP_YES: refuse to start without */
		bool protect; /* PROT_NONE on the arena once everything is set up */
	} memory;
	struct {
		bool in_memory;
		bool no_huge;
		uint32_t memory_mib; /* 0: EAL's choice */
		char file_prefix[BP_NAME_BYTES];
		char args[BP_PATH_BYTES]; /* further EAL arguments, split at blanks */
	} eal;
	struct bp_log_conf log;
	uint16_t n_ports;
	struct bp_port_conf ports[BP_PORTS_MAX];
	uint16_t n_functions;
	struct bp_function_conf functions[BP_FUNCTIONS_MAX];
	struct bp_gen_conf gen;
	uint16_t n_streams; /* ≥ 1 when gen.tx is given without gen.replay */
	struct bp_stream_conf streams[BP_STREAMS_MAX];
};

/*
 * Read, parse, validate an INI file and its overrides, without touching the system: no socket, no
 * device is opened.
 *
 * path         the file
 * sets         n_sets strings "section.key=value"; the section is what stands before the last dot
 * conf         filled on success, untouched on failure
 * errors       text of every error found, a line each "FILE:LINE: [section] key: …", cut at
 *              errors_bytes (≥ 1, always terminated)
 *
 * Any thread; blocks on file reads only. Returns 0, -ENOENT and the like if the file cannot be
 * read, -EINVAL if it is wrong.
 */
int bp_config_load(const char *path, const char *const *sets, size_t n_sets, struct bp_conf *conf,
		   char *errors, size_t errors_bytes);

/*
 * The port on the other side of a port's paths, where each leads to the other or one of them does, and to no third; ports that
 * only get copies (a mirror's) do not count. BP_NO_PORT: it has no path; BP_MANY_PORTS: more than one other, a function
 * that chooses, or itself. Pure; any thread.
 */
int bp_config_partner(const struct bp_conf *conf, unsigned port_id);

#define BP_CHAIN_BYTES ((BP_CHAIN_MAX + 2) * (BP_NAME_BYTES + 2))

/* The line of [forward] that a port's packets follow: "wan = edge, lan"; "" where nothing is received there. Returns
 * text. Pure; any thread. */
const char *bp_config_chain(const struct bp_conf *conf, unsigned port_id,
			    char text[BP_CHAIN_BYTES]);

#endif

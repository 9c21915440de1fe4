/* What a configuration says of a port of `pcap`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_DESCRIBE_H
#define BYPATH_DRIVER_PCAP_DESCRIBE_H

#include "bypath/facts.h"

enum bp_pcap_modes { BP_PCAP_READ, BP_PCAP_WRITE, BP_PCAP_LIVE, BP_PCAP_N_MODES };
enum bp_pcap_pace { BP_PCAP_RECORDED, BP_PCAP_MAX };

struct bp_pcap_conf {
	enum bp_pcap_modes mode;
	/* read */
	bool loop; /* start again at the end of the file */
	uint64_t rounds; /* play the file so often; 0: as loop says */
	double round_delay_s; /* between two rounds */
	enum bp_pcap_pace pace; /* rate_pps implies BP_PCAP_MAX */
	double speed; /* BP_PCAP_RECORDED: so many times faster */
	double max_gap_s; /* BP_PCAP_RECORDED: the longest wait, 0 no bound */
	uint64_t rate_pps; /* packets per second, 0 unlimited */
	uint64_t count; /* stop after so many packets, 0 never */
	bool pads_truncated; /* records that were cut get zeros up to their length */
	struct bp_mac dst_mac, src_mac; /* of every frame */
	uint16_t vlan; /* id of every frame's outermost tag, 0 as recorded */
	bool strips_vlan; /* take tags off */
	uint32_t round_shift; /* IP addresses of a round are so many higher, 0 the same */
	/* write */
	uint64_t rotate_bytes; /* longest file of several, 0: no bound */
	uint32_t rotate_s; /* a file lasts so long, 0: any time */
	uint32_t rotate_files; /* files of a run that are kept, 0: all */
};

/* Of struct pcap_stat: BP_PCAP_LIVE. */
enum bp_pcap_counter { BP_PCAP_DROP, BP_PCAP_IFDROP };
extern const struct bp_counter_row bp_pcap_counters[];

static inline const struct bp_pcap_conf *bp_pcap_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct bp_pcap_conf, port);
}

/* The word of the configuration. Static. Pure. */
const char *bp_pcap_mode_key(enum bp_pcap_modes mode);

/* Rotates the file that it writes? Pure. */
static inline bool bp_pcap_does_rotate(const struct bp_pcap_conf *conf)
{
	return conf->rotate_bytes || conf->rotate_s;
}

#endif

/* The table of paths that are compared, each with its configuration and its traffic source. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_PATHS_H
#define BYPATH_COMPARE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#define BP_CMP_PORTS_MAX 2u

/* What stands around the forwarder. */
enum bp_cmp_lab {
	BP_CMP_VETH, /* e0 ═ w0 forwarder w1 ═ e1, two namespaces */
	BP_CMP_TAP, /* the forwarder makes both interfaces; the generator sits on them */
	BP_CMP_MEMORY, /* shared memory, the generator's end first */
	BP_CMP_MEMORY_LATE, /* shared memory, the forwarder's end first */
	BP_CMP_ALONE, /* no generator: source and sink within the forwarder */
	BP_CMP_DEVICES, /* interfaces that were named */
};

enum bp_cmp_forwarder { BP_CMP_BYPATH, BP_CMP_BRIDGE, BP_CMP_TESTPMD, BP_CMP_OVS };

/* What follows from a path's ports, and is decided on. */
enum bp_cmp_trait {
	BP_CMP_BY_KERNEL =
		1u
		<< 0, /* the kernel moves the packets, on the cores where they come in, and no worker */
	BP_CMP_BY_DPDK = 1u << 1, /* ports of DPDK's: memory of EAL's, PCI devices */
	BP_CMP_GEN_BY_DPDK = 1u << 2, /* the generator's ports are */
	BP_CMP_PLAYS = 1u << 3, /* reads BP_CMP_CAPTURE */
	BP_CMP_WANTS_ZEROCOPY = 1u << 4, /* runs only where the devices have zero-copy */
	BP_CMP_HIDES_SOCKET =
		1u << 5, /* the in port does not tell what its packet socket dropped */
	BP_CMP_DROPS_TWICE =
		1u
		<< 6, /* what the in port reports as dropped, its interface counts as well (native XDP) */
};

/*
 * Texts are templates: @W and @L are the in and out device, @D the work folder, @S the frame size
 * without FCS.
 */
struct bp_cmp_path {
	const char *name, *title, *group;
	enum bp_cmp_lab lab;
	enum bp_cmp_forwarder forwarder;
	const char *in, *out; /* bypath: bodies of the port sections; testpmd: --vdev values;
			       * Open vSwitch: the interfaces' type */
	const char *via; /* body of two more ports, joined, between in and out; or NULL */
	const char *gen_tx, *gen_rx; /* bodies of the generator's port sections; NULL: of the lab */
	unsigned traits; /* enum bp_cmp_trait */
	bool needs_whole; /* passes on packets as they are, to hosts that take whole ones only */
};

/* In the work folder: the capture that a path reads. */
#define BP_CMP_CAPTURE "traffic.pcap"

static inline bool bp_cmp_has(const struct bp_cmp_path *path, enum bp_cmp_trait trait)
{
	return path->traits & trait;
}

extern const struct bp_cmp_path bp_cmp_paths[];
extern const unsigned bp_cmp_n_paths;

/* What a template's letters stand for. */
struct bp_cmp_names {
	const char *in, *out, *folder;
	unsigned frame_bytes;
};

/* Fill a template into text, cut at bytes. Returns text. */
char *bp_cmp_fill(const char *template, const struct bp_cmp_names *names, char *text, size_t bytes);

/* What decides on the paths of no list, or of one that only leaves some out. */
struct bp_cmp_choice {
	bool with_peers; /* and the group peer, whatever the list says */
	bool with_devices; /* the group ports, and no other */
	bool with_function; /* those that a function can stand on, and the group ovs */
};

/*
 * Choose paths: words of a list like "af_packet-mmap,veth,-pcap-live": names or groups; with a minus
 * before them they are left out of what stands before (of all, where nothing does). chosen has
 * bp_cmp_n_paths places. 0, or -EINVAL with a sentence in why (an unknown word, nothing left).
 */
int bp_cmp_choose(const char *list, const struct bp_cmp_choice *choice, bool *chosen, char *why,
		  size_t why_bytes);

#endif

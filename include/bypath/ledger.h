/* The ledger's vocabulary: domains, provenances, hops, with the one function that copies payload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_H
#define BYPATH_LEDGER_H

#include "bypath/counters.h"
#include "bypath/pkt.h"

#include <string.h>

/* Where a packet's bytes live. */
enum bp_domain {
	BP_DOMAIN_DEVICE,
	BP_DOMAIN_KERNEL,
	BP_DOMAIN_SHARED, /* mapped by kernel and user */
	BP_DOMAIN_USER,
};

/* How a figure came to be known. */
enum bp_provenance {
	BP_PROV_COUNTED, /* this program did it and counted it */
	BP_PROV_REPORTED, /* a counter that the kernel, device or PMD publishes */
	BP_PROV_PROBED, /* observed in the kernel by BPF */
	BP_PROV_MODELLED, /* known from the kernel's source for this mode; not observed */
};

/* The words of the output, static storage: "device" …, "counted" …. */
const char *bp_domain_name(enum bp_domain domain);
const char *bp_provenance_name(enum bp_provenance provenance);

/* How often a hop enters the kernel from a worker. */
enum bp_call_rate {
	BP_CALL_NEVER,
	BP_CALL_PER_BATCH,
	BP_CALL_PER_PKT,
	BP_CALL_ON_WAKEUP, /* only when the ring says that the kernel sleeps */
};

/* Whole-payload copies per packet: a fixed number (lo = hi), or what it ranges over. */
struct bp_copies {
	uint8_t lo, hi;
};

/* What decides where between lo and hi a packet lies. */
enum bp_decider {
	BP_BY_NOTHING, /* lo = hi */
	BP_BY_SENDER, /* who made the packet, or how it came to the device */
	BP_BY_SIZE, /* its length */
	BP_BY_POOL, /* which pool its view is of */
	BP_BY_READER, /* how fast a pipe is read */
	BP_BY_DEVICE, /* the device, which could not be asked */
};

/* The words of the output, static storage: "sender", "size" …; NULL for BP_BY_NOTHING. */
const char *bp_decider_name(enum bp_decider decider);

#define BP_COPIERS_MAX 2u

/* One movement of a packet's bytes. Strings are static. */
struct bp_hop {
	enum bp_domain from, to;
	const char *place; /* what holds the bytes afterwards: "slot of the RX ring" */
	const char *mover; /* the function or call that moves them; NULL: copiers[0] by itself */
	/* The kernel's functions that make the copies of `kernel`, each out of line, so that a probe finds it:
	 * the bytes that all of them copy together, those that one of them calls not counted twice, are the
	 * packet's, `kernel` times. A kernel may lack some. NULL behind the last; none where kernel.hi is 0. */
	const char *copiers[BP_COPIERS_MAX];
	struct bp_copies kernel; /* modelled */
	struct bp_copies user; /* see user_prov */
	enum bp_decider decider; /* of whichever of the two is a range; `why` says both cases */
	uint16_t
		user_hi_bytes; /* user.hi up to this length without FCS, user.lo beyond; 0: not known */
	uint16_t kernel_lo_bytes; /* kernel.lo up to this length for certain; 0: not known */
	enum bp_provenance user_prov; /* counted at run time; modelled inside a library or PMD */
	enum bp_call_rate rate;
	const char *call; /* the system call of `rate`, or what is called when idle; NULL: none */
	const char *why; /* one line */
	const char *source; /* where the figures were read: "linux/net/packet/af_packet.c" */
	bool is_unknown; /* nothing is known of this side: no figure counts */
	bool is_lack; /* the device lacks what would spare the copy: `why` begins with that, up to its colon */
};

#define BP_HOPS_MAX 10u

/* What the model says of one path; src/ledger fills it, the reports print it. A plain value. */
struct bp_model_path {
	uint16_t in_port, out_port; /* indices in bp_conf.ports */
	bool is_modelled; /* false: at least one side is unknown, the sums mean nothing */
	unsigned n_hops;
	unsigned n_rx_hops; /* the engine stands behind so many hops */
	/* Does a device on a bus write the bytes that are received, read those that are sent? Not where the far end
	 * is memory (veth, tap) or a hypervisor's copy (virtio). */
	bool has_rx_dma, has_tx_dma;
	/* Where a copy lies that a function has made for the out-port of what goes elsewhere too: in a frame that the port
	 * sends in place. Static; NULL: the port is not modelled. Its user copies beyond those of this path: its own one,
	 * but for the copy out of a foreign pool that it spares. */
	const char *copy_place;
	struct bp_copies copy_more;
	struct bp_hop hops[BP_HOPS_MAX];
	struct bp_copies kernel, user; /* sums over the hops */
	unsigned n_calls_per_batch, n_calls_per_pkt, n_calls_on_wakeup;
};

/*
 * Copy payload of one view in user space: the only place of the product where that happens, but for copies of lookers-on
 * (bp_ledger_copy_aside()).
 *
 * dst       room for src_len bytes, not overlapping src
 * c         counters of the queue that needs the copy; its worker only
 * pkt       the packet's first view: its `copies` goes up when is_first_view, once per packet
 *
 * Never blocks, never fails.
 */
static inline void bp_ledger_copy(struct bp_counters *c, struct bp_pkt *pkt, bool is_first_view,
				  void *dst, const void *src, size_t src_len)
{
	memcpy(dst, src, src_len);
	bp_count(c, BP_CNT_COPY_BYTES, src_len);
	if (is_first_view) {
		bp_count(c, BP_CNT_COPIES, 1);
		pkt->copies = (uint8_t)(pkt->copies + (pkt->copies < BP_COPIES_MAX));
	}
}

/*
 * Copy payload for somebody who looks on: the packet's own way has no part in it, nor has its account. n_bytes goes up: what
 * the looker counts; its worker only. Else as bp_ledger_copy().
 */
static inline void bp_ledger_copy_aside(_Atomic uint64_t *n_bytes, void *dst, const void *src,
					size_t src_len)
{
	memcpy(dst, src, src_len);
	atomic_store_explicit(n_bytes,
			      atomic_load_explicit(n_bytes, memory_order_relaxed) + src_len,
			      memory_order_relaxed);
}

/*
 * Account for a copy that a library made on this queue's behalf in user space (libpcap into its
 * own buffer, stdio): same rules as bp_ledger_copy().
 */
static inline void bp_ledger_note_copy(struct bp_counters *c, struct bp_pkt *pkt, size_t n_bytes)
{
	bp_count(c, BP_CNT_COPY_BYTES, n_bytes);
	bp_count(c, BP_CNT_COPIES, 1);
	pkt->copies = (uint8_t)(pkt->copies + (pkt->copies < BP_COPIES_MAX));
}

#endif

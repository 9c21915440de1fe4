/* What a driver says of itself: plain facts, known without its module, its library or its device. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FACTS_H
#define BYPATH_FACTS_H

#include "bypath/key.h"
#include "bypath/ledger.h"
#include "bypath/port.h"

/*
 * drivers/NAME/describe.c defines `const struct bp_facts bp_facts_NAME` and includes no header of a third
 * party: it is part of every build, also where the driver itself is left out. The configuration, `check`,
 * `explain`, `drivers`, the reference and the tables of the documentation loop over these facts.
 */

/* ---- what a port opens ----------------------------------------------------------------------- */

/* Of one port: net_pcap names up to four interfaces and files. */
#define BP_CLAIMS_MAX 4u

enum bp_claim_kind {
	BP_CLAIM_NETDEV, /* a network interface */
	BP_CLAIM_PCI, /* a PCI device, by its address */
	BP_CLAIM_VIRTUAL, /* a device that lives in this process only, by its name */
	BP_CLAIM_RING, /* in-process, with two ends */
	BP_CLAIM_FILE, /* a capture */
};

/* Which packets of an interface no longer reach the kernel's stack. */
enum bp_claim_take {
	BP_TAKE_NONE, /* it hears all of them as well */
	BP_TAKE_RECEIVED, /* all, once something is received there */
	BP_TAKE_ALWAYS, /* all, even of a port that only sends */
};

struct bp_claim {
	enum bp_claim_kind kind;
	enum bp_claim_take take; /* NETDEV */
	bool is_read; /* a file that is only read: several may */
	bool is_far_end; /* an interface that the driver makes: the port is its wire */
	bool is_output; /* a file: standard output, whatever that is */
	bool is_for_life; /* once had, the process keeps it until its end, whatever becomes of the port */
	bool is_heard; /* an interface whose packets come by packet sockets: bp_driver_ops.sockets */
	bool is_sending; /* takes no packets, so it may stand beside a port that does */
	char name[BP_PATH_BYTES]; /* as it is spelt */
};

/* ---- what its configuration may say ---------------------------------------------------------- */

/* The faults of one port, or of a driver's section. Control thread. */
struct bp_check {
	const struct bp_conf *conf;
	const char *section; /* "port.wan" */
	/* Was the key given in this section? */
	bool (*is_given)(const struct bp_check *check, const char *key);
	/* Say what is wrong with a key (NULL: with the section): 'found …; allowed …', what to do. */
	void (*complain)(struct bp_check *check, const char *key, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
};

/* What a port of this configuration cannot be used for. Each is NULL, or why: 'nothing comes out of a file
 * that is written'. */
struct bp_limits {
	const char *key; /* that the reasons speak of: "mode", "driver" */
	const char *no_rx; /* nothing is received from it */
	const char *no_tx; /* nothing can be sent to it */
	const char *no_forward; /* it is of no use on a path */
	const char *only_own; /* its paths lead from and to ports of the same driver only */
	const char *no_replay; /* bypath gen can send streams to it, but no capture */
	/* What is received there was sent by nobody now: the port makes it, or it is old. */
	const char *invents;
	bool is_capture; /* it plays a capture: what `gen` may replay and `until = replayed` waits for */
	bool is_endless; /* a capture that never ends */
	bool is_paced; /* a capture with a pace of its own */
};

/* ---- what its packets cost ------------------------------------------------------------------- */

enum bp_direction { BP_RX, BP_TX };

/* Who owns the bytes of a view: decides whether a TX queue takes it in place. */
enum bp_home {
	BP_HOME_ARENA = 1u << 0, /* the arena's frames, a UMEM to AF_XDP */
	BP_HOME_LOAN = 1u << 1, /* a slot of a receive ring, wanted back soon */
	BP_HOME_MBUF = 1u << 2, /* a DPDK mempool */
	BP_HOME_ANY = 7,
};

/* How the bytes pass between the kernel and its device, beside what the row itself says. */
enum bp_device_hop {
	BP_DEVICE_HOP_NONE, /* the row covers it, or there is no kernel device */
	BP_DEVICE_HOP_SKB, /* an skb that the kernel owns */
	BP_DEVICE_HOP_PAGES, /* TX: an skb with user pages attached, which some devices copy first */
	/* RX: an skb, made fit for a program of generic XDP that takes no fragments */
	BP_DEVICE_HOP_XDP_GENERIC,
	BP_DEVICE_HOP_XDP_NATIVE, /* RX: what a driver's native XDP runs its program on */
	BP_DEVICE_HOP_RECEIVED, /* TX: an skb as the in-device's driver or a sender made it */
	BP_DEVICE_HOP_REDIRECTED, /* TX: what XDP redirects, which the device takes as it is */
};

#define BP_ROW_HOPS_MAX 4u
#define BP_ON(kind_)    (1u << BP_DEVICE_##kind_)

/*
 * The hops of one direction of a port, where pmd, kinds fit and every word occurs in the effective mode (with
 * BP_FACT_DEVICE_STRING: or in the device string, or is what the kernel interface below offers to XDP: "xdp:generic",
 * "xdp:native", "xdp:zerocopy", none where that is not known). The first row of a driver that matches counts.
 */
struct bp_model_row {
	enum bp_direction dir;
	uint16_t below_txqs; /* only of a port that is known to have fewer TX queues; 0: any */
	const char *pmd; /* NULL: any; with is_pci: what its name begins with */
	const char *words; /* separated by blanks; "a|b": either; "!a": must not occur; NULL none */
	uint32_t kinds; /* BP_ON()s, of the kernel interface; 0 any */
	/* RX: the pool that views come from (those that TX took, where it hands them out again); TX: pools
	 * taken in place, as bp_driver_ops.accepts() says. */
	uint32_t homes;
	const char *home_place; /* TX: what a view of another pool is copied into */
	enum bp_domain home_domain; /* TX: and the domain of that */
	bool is_pci; /* PCI devices only */
	enum bp_device_hop device_hop;
	/* RX, of a driver that carries its paths: how packets come to the other port's device; NONE: as the
	 * device_hop of that port's row says. */
	enum bp_device_hop out_hop;
	unsigned n_hops; /* 0 ends a list of rows */
	struct bp_hop hops[BP_ROW_HOPS_MAX]; /* in the order that the bytes take */
};

/* ---- all of it ------------------------------------------------------------------------------- */

#define BP_RX_FILLING (2u * BP_BURST_MAX)

enum bp_fact_flag {
	/* `device` is a device string whose arguments decide what the port is. */
	BP_FACT_DEVICE_STRING = 1u << 0,
	/* Neither reads nor writes the bytes of the arena's frames (with BP_FACT_FILLS_FRAMES: of a port that only sends):
	 * [memory] protect = yes, which takes access to them away, is allowed beside it. */
	BP_FACT_TOUCHES_NOTHING = 1u << 1,
	/* What it receives may need the engine's look (checksum = auto) on every path. */
	BP_FACT_INFERS = 1u << 2,
	/* A TX queue exists only where an RX queue of the device does (AF_XDP): the number of
	 * workers that send to the port may not exceed `queues`. */
	BP_FACT_PAIRED_QUEUES = 1u << 3,
	/* The port takes one worker at most per direction (a file); the two directions may have
	 * different ones, at the same time. */
	BP_FACT_ONE_QUEUE = 1u << 4,
	/* A port of it with no other keys than a file as `device` plays that file. */
	BP_FACT_PLAYS = 1u << 5,
	/* TX keeps the views themselves, of whatever pool but a loan, until this port or another receives
	 * them: up to ring_size, or 1024 where that is 0. A pool with few frames (dpdk) is made larger by as
	 * many. */
	BP_FACT_KEEPS_VIEWS = 1u << 6,
	/* Carries the packets of its paths by itself (bp_carried): no worker touches one. */
	BP_FACT_CARRIES = 1u << 7,
	/* RX writes packets into frames of the port that they go to (bp_port_rx_frames()), and has up to
	 * BP_RX_FILLING of them per queue before they are received. */
	BP_FACT_FILLS_FRAMES = 1u << 8,
	/* Takes any network interface, to receive and to send: what messages propose where another driver cannot. */
	BP_FACT_ANY_NETDEV = 1u << 9,
	/* A port by itself hands out what was sent to it, views as they are, TX queue i at RX queue i: a hop from worker to
	 * worker. */
	BP_FACT_PASSES_ON = 1u << 10,
	/* A port of it has memory for as many workers as there are when it is opened: for more of them it is made anew. */
	BP_FACT_SIZED_BY_WORKERS = 1u << 11,
	/* It decides by [engine] burst when it is opened: for another one it is made anew. */
	BP_FACT_KNOWS_BURST = 1u << 12,
};

/* A section of the INI. A driver's own has its values in struct bp_conf. */
struct bp_section {
	const char *name;
	const char *help; /* one line */
	const struct bp_key *keys; /* ends with name NULL */
	bool is_named; /* stands for many, each with a name of its own behind a dot: [port.NAME] */
	void (*check)(struct bp_conf *conf, struct bp_check *check); /* NULL: nothing to check */
	enum bp_reload reload; /* of keys that do not say */
	const char *fixed; /* likewise */
};

/* The sections in their order, those that drivers own behind the others; NULL behind the last. The keys of
 * "port" are what every driver has: the others are bp_facts.keys; of "function" as well: bp_function.keys. */
const struct bp_section *bp_schema_section(unsigned i);

/* The section of this name, or NULL. */
const struct bp_section *bp_schema_section_of(const char *name);

/* What a reload does with another value of a key, of the section's own or of a driver or function that is chosen there; and, for
 * BP_RELOAD_START, why. Pure. */
enum bp_reload bp_schema_reload(const struct bp_section *section, const struct bp_key *key);
const char *bp_schema_fixed(const struct bp_section *section, const struct bp_key *key);

struct bp_facts {
	const char *summary; /* one line for `bypath drivers` */
	uint32_t flags; /* enum bp_fact_flag */
	const struct bp_key *keys; /* of its ports, ends with name NULL */
	const struct bp_section *section; /* NULL: none */
	/* A port for reference.ini: its name, which no other driver's has; NULL: it cannot stand there. */
	const char *example;
	/* The claims of a port; n ≤ BP_CLAIMS_MAX. By spelling only: asks nothing. Pure. NULL: none. */
	unsigned (*claims)(const struct bp_port_conf *port, struct bp_claim *claims);
	/* Values against each other; may settle what depends on others. NULL: nothing to check. */
	void (*check)(struct bp_port_conf *port, struct bp_check *check);
	/* Against this machine, beside what its claims tell; opens nothing. NULL: nothing. */
	void (*check_here)(const struct bp_port_conf *port, struct bp_check *check);
	/* Fills what differs from zeros. Pure. NULL: no limits. A port that hands out what was sent to it
	 * needs none: since it `invents` nothing, `gen` may receive there. */
	void (*limits)(const struct bp_port_conf *port, struct bp_limits *limits);
	/*
	 * What start() would put into a port's info, without opening anything: mode, device_driver, kind, mtu,
	 * caps (those that say which metadata passes), and in note what it rests on. to: the port that its packets go
	 * to, or NULL. *info is zeros before. Any thread; blocks on the kernel only. NULL: mode is the driver's name,
	 * nothing stands behind it. start() may fill port->info by it.
	 */
	void (*predict)(const struct bp_port_conf *port, const struct bp_port_conf *to,
			struct bp_port_info *info);
	const struct bp_model_row *rows; /* of both directions, ends with n_hops 0 */
	const struct bp_model_row *more_rows; /* tried after rows; NULL: none */
	/* The counters that bp_driver_ops.stats() may report beside those of the interface
	 * (core/netdev.h); ends with name NULL. NULL: none. */
	const struct bp_counter_row *counters;
};

/* The facts of a driver that the build knows, or NULL. Pure; any thread. */
const struct bp_facts *bp_facts_find(const char *driver);

/* The name of the first driver that has all of the flags, for messages; "" where the build knows none. Pure; any thread. */
const char *bp_facts_named(uint32_t flags);

/* The key of a driver's ports, or NULL. Pure. */
static inline const struct bp_key *bp_facts_key(const struct bp_facts *facts, const char *name)
{
	return bp_key_find(facts->keys, name);
}

/* A port's own struct of its driver's, which BP_KEY_OF_OWN() fills; a larger one than BP_OWN_BYTES does not compile. */
#define BP_OWN(type, port)       ((type *)(void *)(port)->own)
#define BP_OWN_CONST(type, port) ((const type *)(const void *)(port)->own)

/* bp_facts.limits of a port's driver: zeros where it has none, or where the driver is not known. */
void bp_limits_of(const struct bp_port_conf *port, struct bp_limits *limits);

#endif

/* What `kernel` is asked for, what it reports, which mode it ends with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_KERNEL_DESCRIBE_H
#define BYPATH_DRIVER_KERNEL_DESCRIBE_H

#include "bypath/facts.h"

#include "core/device.h"

/* What the INI asks for. */
enum kernel_mode { KERNEL_AUTO, KERNEL_XDP, KERNEL_TC };

struct kernel_conf {
	unsigned mode; /* enum kernel_mode */
	bool strict;
};

static inline const struct kernel_conf *kernel_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct kernel_conf, port);
}

/* Where its driver runs no program itself: generic XDP instead? */
static inline bool kernel_may_be_generic(const struct kernel_conf *conf)
{
	return !conf->strict;
}

/* How a port's packets are carried. */
enum kernel_way {
	KERNEL_NO_WAY, /* nothing is received from the port */
	KERNEL_WAY_XDP_NATIVE,
	KERNEL_WAY_XDP_GENERIC,
	KERNEL_WAY_TC,
};

/* "xdp-native", "xdp-generic", "tc", "out". Static. */
const char *kernel_way_name(enum kernel_way way);

/* What decides how packets are carried. */
struct kernel_ask {
	const struct kernel_conf *conf;
	const char *in_name, *out_name;
	struct bp_device in, out;
	bool strips_tags; /* the in-device takes VLAN tags off the frames */
	bool leads_back; /* a program of XDP stands, or may, on the out-device too */
	uint32_t version; /* of the kernel: bp_kernel_version() */
};

/* How packets from a device are best carried to another one, by what they are, with the reason in note. refusal: "" or
 * why the way cannot be taken, with what to do. */
struct kernel_choice {
	enum kernel_way way;
	char note[BP_PATH_BYTES], refusal[BP_PATH_BYTES];
};

/* Ask the kernel about both devices. Any thread; blocks for a moment. */
void kernel_ask(const struct bp_port_conf *port, const struct bp_port_conf *to,
		struct kernel_ask *ask);
/* Pure. is_native_refused: the in-device's driver has refused native XDP, whatever it tells of itself. */
void kernel_choose(const struct kernel_ask *ask, bool is_native_refused,
		   struct kernel_choice *choice);

enum kernel_counter {
	KERNEL_DEVMAP_SENT,
	KERNEL_DEVMAP_DROPS,
	KERNEL_REDIRECT_ERR,
	KERNEL_RUN_NS,
	KERNEL_RUNS,
	KERNEL_QDISC
};
extern const struct bp_counter_row kernel_counters[];

#endif

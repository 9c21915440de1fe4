/* Carries the loss of a link to the far side of a port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/carry.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/claim.h"
#include "core/netdev.h"
#include "core/netdev_hold.h"
#include "port/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WHY_BYTES 256u

/* The host's own traffic goes with an interface that is set down. 0 or -EBUSY with half a sentence. */
static int check_host(const struct bp_port_conf *conf, const char *ifname, char *why)
{
	struct bp_netifs netifs;
	const struct bp_netif *link;
	bool is_needed = false;
	char needs[192];

	if (conf->take_host || bp_netifs_read(&netifs))
		return 0;
	link = bp_netifs_find(&netifs, ifname);
	if (link)
		is_needed = bp_host_needs(&netifs, link, needs, sizeof(needs));
	bp_netifs_free(&netifs);
	if (!is_needed)
		return 0;
	snprintf(why, WHY_BYTES, "%s, and the host would lose that with it: move the address away",
		 needs);
	return -EBUSY;
}

/* The interface that carries the loss on, if it is not the driver that does. */
static bool find_interface(const struct bp_port_conf *conf, const struct bp_driver *driver,
			   struct bp_claim *claim)
{
	/* A tap is its driver's own, in whatever network namespace it is by now. */
	return bp_claim_find(conf, BP_CLAIM_NETDEV, claim) &&
	       !(claim->is_far_end && driver->ops->set_link);
}

static void log_fault(const struct bp_port_conf *conf, const char *why)
{
	bp_log(BP_LOG_ERROR,
	       "port %s: [forward] link = follow: found '%s', whose neighbour cannot be told of a lost link: %s",
	       conf->name, conf->device, why);
}

int bp_port_may_carry(const struct bp_port_conf *conf, const struct bp_driver *driver)
{
	char why[WHY_BYTES] = "its driver cannot take a link down", doubt[WHY_BYTES] = "";
	struct bp_claim claim;
	enum bp_hold how;
	int err;

	if (find_interface(conf, driver, &claim)) {
		err = bp_netdev_may_hold(claim.name, &how, why, doubt, sizeof(why));
		if (!err && how == BP_HOLD_DOWN)
			err = check_host(conf, claim.name, why);
		if (!err && how == BP_HOLD_CARRIER && !claim.is_far_end) {
			snprintf(why, sizeof(why),
				 "the program behind the tap %.80s sees no carrier", claim.name);
			err = -EOPNOTSUPP;
		}
	} else {
		err = driver->ops->set_link ? 0 : -EOPNOTSUPP;
	}
	if (doubt[0])
		bp_log(BP_LOG_WARN, "port %s: [forward] link = follow: %s", conf->name, doubt);
	if (err)
		log_fault(conf, why);
	return err;
}

int bp_port_can_carry(struct bp_port *port)
{
	struct bp_claim claim;
	int err;

	if (!port->is_started || find_interface(port->conf, port->driver, &claim))
		return 0;
	err = port->driver->ops->set_link(port, true);
	if (err == -EOPNOTSUPP)
		log_fault(port->conf, "its driver cannot take the link of this device down");
	return err == -EOPNOTSUPP ? err : 0;
}

bool bp_ports_are_one_wire(const struct bp_port_conf *a, const struct bp_port_conf *b)
{
	struct bp_claim one, other;
	struct bp_netif netif;

	return bp_claim_find(a, BP_CLAIM_NETDEV, &one) &&
	       bp_claim_find(b, BP_CLAIM_NETDEV, &other) &&
	       !bp_netif_look(-1, 0, one.name, &netif) && !strcmp(netif.kind, "veth") &&
	       netif.lower && netif.lower == bp_netdev_index(-1, other.name);
}

static int hold_interface(const char *ifname, struct bp_carry *carry)
{
	char why[WHY_BYTES], doubt[WHY_BYTES];
	int ifindex = bp_netdev_index(-1, ifname), err;
	enum bp_hold how;

	if (ifindex < 0)
		return ifindex;
	err = bp_netdev_may_hold(ifname, &how, why, doubt, sizeof(why));
	if (!err)
		err = bp_netdev_hold(ifindex, how);
	*carry = (struct bp_carry){
		.is_held = true, .shows = how == BP_HOLD_DOWN, .ifindex = ifindex, .how = (int)how
	};
	return err;
}

int bp_port_carry(struct bp_port *port, struct bp_carry *carry)
{
	struct bp_carry next = { .is_held = true, .by_driver = true };
	struct bp_claim claim;
	int err;

	if (find_interface(port->conf, port->driver, &claim)) {
		err = hold_interface(claim.name, &next);
	} else {
		err = -EOPNOTSUPP;
		if (port->is_started && port->driver->ops->set_link)
			err = port->driver->ops->set_link(port, false);
	}
	if (!err)
		*carry = next;
	return err;
}

int bp_port_carry_end(struct bp_port *port, struct bp_carry *carry)
{
	int err = 0;

	if (!carry->is_held)
		return 0;
	if (!carry->by_driver)
		err = bp_netdev_let_go(carry->ifindex, (enum bp_hold)carry->how);
	else if (port->is_started) /* else it starts with a link */
		err = port->driver->ops->set_link(port, true);
	if (!err)
		carry->is_held = false;
	return err;
}

bool bp_port_carry_is_gone(const struct bp_port *port, const struct bp_carry *carry)
{
	char ifname[IF_NAMESIZE];

	if (!carry->is_held || port->is_started)
		return false;
	return carry->by_driver || bp_netdev_name(-1, carry->ifindex, ifname) < 0;
}

void bp_ports_mend(const struct bp_conf *conf)
{
	struct bp_claim claims[BP_CLAIMS_MAX];

	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++)
			if (claims[k].kind == BP_CLAIM_NETDEV && bp_netdev_mend(claims[k].name))
				bp_log(BP_LOG_WARN,
				       "port %s: %s had been taken down by [forward] link = follow of a bypath that "
				       "was killed: it is up again",
				       conf->ports[i].name, claims[k].name);
	}
}

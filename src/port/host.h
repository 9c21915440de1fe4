/* What the host itself does on the interfaces of ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PORT_HOST_H
#define BYPATH_PORT_HOST_H

#include "bypath/port.h"

#include "core/netifs.h"

/*
 * What the host would lose with this interface: an address or a default route on it, or on what lies on it
 * (a bridge or bond that it is a member of, a VLAN), as half a sentence in text: "it carries 10.0.0.1/24".
 * IPv6 link-local addresses do not count, every interface has one. false: nothing. Pure.
 */
bool bp_host_needs(const struct bp_netifs *netifs, const struct bp_netif *link, char *text,
		   size_t text_bytes);

/*
 * Say each used port whose driver would take an interface's packets from the host that needs them, unless
 * [port.NAME] take_host allows it: as bp_ports_find_faults().
 */
unsigned bp_host_find_taken(const struct bp_conf *conf, const bool *is_used, bp_device_fn say,
			    void *arg);

#endif

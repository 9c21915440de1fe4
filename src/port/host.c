/* What the host itself does on the interfaces of ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/host.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/claim.h"
#include "core/netdev.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STACK_MAX 8 /* interfaces on top of one another: a bridge on a bond on a NIC, … */

/* ---- what the host needs --------------------------------------------------------------------- */

static bool has_traffic(const struct bp_netif *link)
{
	return link->n_addresses || link->has_default_v4 || link->has_default_v6;
}

/* A veth's peer names it as its lower one and does not lie on it. */
static bool lies_on(const struct bp_netif *upper, const struct bp_netif *lower)
{
	return bp_netif_is_on(upper, lower) &&
	       (upper->ifindex == lower->master || strcmp(upper->kind, "veth"));
}

/* link itself or the first interface on it that carries something of the host's; NULL: none. */
static const struct bp_netif *find_carrier(const struct bp_netifs *netifs,
					   const struct bp_netif *link, int depth)
{
	const struct bp_netif *found = has_traffic(link) ? link : NULL;

	for (size_t i = 0; i < netifs->n && !found && depth < STACK_MAX; i++)
		if (lies_on(&netifs->v[i], link))
			found = find_carrier(netifs, &netifs->v[i], depth + 1);
	return found;
}

bool bp_host_needs(const struct bp_netifs *netifs, const struct bp_netif *link, char *text,
		   size_t text_bytes)
{
	const struct bp_netif *carrier = find_carrier(netifs, link, 0);
	char where[64] = "it";
	bool has_route;

	if (!carrier)
		return false;
	has_route = carrier->has_default_v4 || carrier->has_default_v6;
	if (carrier != link)
		snprintf(where, sizeof(where), "%s, which lies on it,", carrier->name);
	snprintf(text, text_bytes, "%s carries %s%s%s", where,
		 carrier->n_addresses ? carrier->address : "",
		 carrier->n_addresses && has_route ? " and " : "",
		 has_route ? "the default route" : "");
	return true;
}

/* ---- ports that take all packets ------------------------------------------------------------- */

static bool receives(const struct bp_conf *conf, unsigned port_id)
{
	return conf->ports[port_id].out_ports || conf->gen.rx_port == (int)port_id ||
	       conf->gen.monitor_port == (int)port_id;
}

/* The interface of a port whose driver takes packets from the kernel, or with takes = false leaves them
 * to the kernel as well; NULL: it has none. */
static const struct bp_netif *find_link(const struct bp_conf *conf, unsigned port_id, bool takes,
					const struct bp_netifs *netifs)
{
	enum bp_claim_take from = receives(conf, port_id) ? BP_TAKE_RECEIVED : BP_TAKE_ALWAYS;
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(&conf->ports[port_id], claims);

	for (unsigned i = 0; i < n; i++)
		if (claims[i].kind == BP_CLAIM_NETDEV && (claims[i].take >= from) == takes &&
		    !claims[i].is_far_end && !claims[i].is_sending)
			return bp_netifs_find(netifs, claims[i].name);
	return NULL;
}

static bool is_taken(const struct bp_conf *conf, unsigned port_id, const struct bp_netifs *netifs,
		     char *text, size_t text_bytes)
{
	const struct bp_port_conf *port = &conf->ports[port_id];
	const struct bp_netif *link = find_link(conf, port_id, true, netifs);

	return link && !port->take_host && bp_host_needs(netifs, link, text, text_bytes);
}

/* Say so when the kernel does not tell, instead of taking that for 'no'. */
static bool read_netifs(struct bp_netifs *netifs)
{
	int err = bp_netifs_read(netifs);

	if (err)
		bp_log(BP_LOG_WARN,
		       "the kernel does not tell its interfaces, addresses, routes: %s: whether a port takes "
		       "one that the host itself uses is not known",
		       strerror(-err));
	return !err;
}

unsigned bp_host_find_taken(const struct bp_conf *conf, const bool *is_used, bp_device_fn say,
			    void *arg)
{
	struct bp_netifs netifs;
	char needs[192], text[768];
	const char *why;
	unsigned n = 0;

	if (!read_netifs(&netifs))
		return 0;
	for (unsigned i = 0; i < conf->n_ports; i++) {
		if ((is_used && !is_used[i]) || !is_taken(conf, i, &netifs, needs, sizeof(needs)))
			continue;
		/* A driver that is missing is reported by the port's own error. */
		if (!bp_driver_find(conf->ports[i].driver, &why))
			continue;
		snprintf(text, sizeof(text),
			 "found '%.80s', but %s: this driver takes every packet, so the host would "
			 "be unreachable there: move the address away, or say that you mean it by "
			 "[port.%s] take_host = yes",
			 conf->ports[i].device, needs, conf->ports[i].name);
		say(arg, i, text);
		n++;
	}
	bp_netifs_free(&netifs);
	return n;
}

/* ---- ports beside the host's stack ----------------------------------------------------------- */

/* Names of ports, for one line. */
struct names {
	unsigned n;
	char text[256];
	const struct bp_netif *first; /* interface of the first */
};

static void add_name(struct names *names, const char *name, const struct bp_netif *link)
{
	size_t used = strlen(names->text);

	if (!names->n++)
		names->first = link;
	snprintf(names->text + used, sizeof(names->text) - used, "%s%s", used ? ", " : "", name);
}

/* One line for all these ports; for_each: it ends with a command for the first one's interface. */
static __attribute__((format(printf, 3, 4))) void warn(const struct names *names, bool for_each,
						       const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	bp_log(BP_LOG_WARN, "port%s %s: %s%s", names->n > 1 ? "s" : "", names->text, text,
	       for_each && names->n > 1 ? ", and so on for each" : "");
}

static bool is_forwarding(const struct bp_netif *link, const char *family)
{
	char path[80];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding", family, link->name);
	f = fopen(path, "re");
	c = f ? fgetc(f) : EOF;
	if (f)
		fclose(f);
	return c == '1';
}

/* A host without any address has nowhere to forward to. */
static bool can_forward(const struct bp_netifs *netifs)
{
	for (size_t i = 0; i < netifs->n; i++)
		if (netifs->v[i].n_addresses && strcmp(netifs->v[i].name, "lo"))
			return true;
	return false;
}

/* Does the NIC join received segments? Unlike GRO, which keeps what cutting them again takes, LRO may not; the
 * kernel turns it off where it forwards itself. */
static bool merges_segments(const struct bp_netif *link)
{
	static const char *const names[] = { "rx-lro" };
	uint32_t on = 0;

	return !bp_netdev_features(-1, link->name, names, 1, &on) && on;
}

static void warn_beside(const struct bp_env *env, const struct bp_netifs *netifs)
{
	struct names addressed = { 0 }, local = { 0 }, routed = { 0 }, merged = { 0 };
	bool can = can_forward(netifs);

	for (unsigned i = 0; i < env->conf->n_ports; i++) {
		const char *name = env->conf->ports[i].name;
		const struct bp_netif *link = find_link(env->conf, i, false, netifs);

		if (!link || !env->ports[i] || !env->ports[i]->n_rxq)
			continue;
		if (link->n_addresses)
			add_name(&addressed, name, link);
		else if (link->has_link_local)
			add_name(&local, name, link);
		if (can && (is_forwarding(link, "ipv4") || is_forwarding(link, "ipv6")))
			add_name(&routed, name, link);
		if (merges_segments(link))
			add_name(&merged, name, link);
	}
	if (addressed.n)
		warn(&addressed, false,
		     "the host's own stack hears these packets too and answers for its address (%s on "
		     "%s): take that away where the port is to be alone",
		     addressed.first->address, addressed.first->name);
	if (local.n)
		warn(&local, true,
		     "the host's own stack sends and answers there by IPv6 link-local: sysctl -w "
		     "net.ipv6.conf.%s.disable_ipv6=1",
		     local.first->name);
	if (merged.n)
		warn(&merged, true,
		     "the NIC joins TCP segments that it receives (large-receive-offload), and they "
		     "cannot always be cut again as they were: ethtool -K %s lro off",
		     merged.first->name);
	if (routed.n)
		warn(&routed, false,
		     "this host forwards too (net.ipv4.conf.%s.forwarding, ip_forward): packets for the "
		     "interface's own MAC address leave twice: switch it off there",
		     routed.first->name);
}

/* ---- ports of one path ----------------------------------------------------------------------- */

static void warn_mtu(const struct bp_port *from, const struct bp_port *to)
{
	bp_log(BP_LOG_WARN,
	       "port %s: MTU %u, but its packets go to port %s with MTU %u: longer ones are dropped "
	       "there: give both the same",
	       from->conf->name, from->info.mtu, to->conf->name, to->info.mtu);
}

/* Of the ports that a port's packets may go to the one with the smallest MTU that is known, or NULL. */
static const struct bp_port *find_narrowest(const struct bp_env *env, uint64_t outs)
{
	const struct bp_port *narrowest = NULL;

	while (outs) {
		const struct bp_port *out = env->ports[bp_ports_take(&outs)];

		if (out && out->info.mtu && (!narrowest || out->info.mtu < narrowest->info.mtu))
			narrowest = out;
	}
	return narrowest;
}

/* Packets are lost only on the way from the larger MTU to the smaller. */
static void warn_mtus(const struct bp_env *env)
{
	for (unsigned i = 0; i < env->conf->n_ports; i++) {
		const struct bp_port *a = env->ports[i];
		const struct bp_port *b = find_narrowest(env, env->conf->ports[i].out_ports);

		if (a && b && a->info.mtu > b->info.mtu)
			warn_mtu(a, b);
	}
}

void bp_ports_warn_host(const struct bp_env *env)
{
	struct bp_netifs netifs;

	warn_mtus(env);
	if (!read_netifs(&netifs))
		return;
	warn_beside(env, &netifs);
	bp_netifs_free(&netifs);
}

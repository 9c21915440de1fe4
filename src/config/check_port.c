/* Checks one port's settings against each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "bypath/pkt.h"

#include "core/claim.h"
#include "core/devargs.h"
#include "core/pci.h"

#include "config/schema.h"
#include "config/spelling.h"

#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static bool is_given(const struct bp_load *load, unsigned port_id, const char *key)
{
	char section[BP_SECTION_BYTES];

	bp_load_section(&load->conf.ports[port_id], section);
	return bp_ini_find(&load->ini, section, key) != NULL;
}

/* Source: Linux net/core/dev.c, dev_valid_name(). */
static void check_netdev(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	const char *device = port->device;

	if (strlen(device) >= IFNAMSIZ)
		bp_load_complain(
			load, port_id, "device",
			"found «%.80s», %zu bytes; allowed: the name of a network interface, up to "
			"%d bytes",
			device, strlen(device), IFNAMSIZ - 1);
	else if (strpbrk(device, "/: \t") || !strcmp(device, ".") || !strcmp(device, ".."))
		bp_load_complain(load, port_id, "device",
				 "found «%s»; allowed: the name of a network interface%s", device,
				 strchr(device, ':') ? "; a PCI address needs driver = dpdk" : "");
}

/* A PCI address, a device with its bus before it, or a virtual device. */
static void check_dpdk_device(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	char name[BP_PATH_BYTES], hint[BP_HINT_BYTES], full[BP_PCI_ADDRESS_BYTES];
	const char *pci = name;
	bool is_pci;

	bp_devargs_name(port->device, name, sizeof(name));
	if (!strncmp(pci, "pci:", 4))
		pci += 4;
	is_pci = bp_pci_parse(pci, full);
	if (is_pci && strlen(pci) == strlen(full))
		return;
	if (isxdigit((unsigned char)pci[0]) && strchr(pci, ':') &&
	    !pci[strspn(pci, "0123456789abcdefABCDEF:.")]) {
		bp_load_complain(load, port_id, "device",
				 "found «%.80s»; a PCI address is DDDD:BB:DD.F, as 0000:03:00.1%s",
				 name, bp_hint(hint, is_pci ? full : NULL));
		return;
	}
	if (pci == name && !strchr(name, ':') && strncmp(name, "net_", 4) &&
	    strncmp(name, "eth_", 4) && strncmp(name, "virtio_user", 11))
		bp_load_complain(
			load, port_id, "device",
			"found «%.80s»; allowed: a PCI address as 0000:03:00.1, or a DPDK device "
			"string as net_memif0,role=client; for a network interface: "
			"net_af_packet0,iface=NAME",
			name);
}

static void check_rotation(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	bool does_rotate = port->rotate_bytes || port->rotate_s;

	if (port->rotate_files && !does_rotate)
		bp_load_complain(load, port_id, "rotate_files",
				 "found %u without rotate_bytes or rotate_s: say when a file ends",
				 port->rotate_files);
	if (does_rotate && bp_claim_is_output(port->device))
		bp_load_complain(
			load, port_id, port->rotate_bytes ? "rotate_bytes" : "rotate_s",
			"found beside device = -: standard output has no next file: name a "
			"file, or delete the line");
}

/* More than one? */
static bool has_rounds(const struct bp_port_conf *port)
{
	return port->rounds ? port->rounds > 1 : port->loop;
}

static void check_rounds(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];

	if (port->rounds > 1 && !port->loop && is_given(load, port_id, "loop"))
		bp_load_complain(
			load, port_id, "rounds",
			"found '%llu' beside loop = no: the two contradict each other; delete "
			"one",
			(unsigned long long)port->rounds);
	if (port->round_delay_s > 0 && !has_rounds(port))
		bp_load_complain(
			load, port_id, "round_delay",
			"found a time between rounds, but there is one round: set rounds, or "
			"loop = yes");
}

static void check_rewriting(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];

	if (port->vlan && port->strips_vlan)
		bp_load_complain(
			load, port_id, "strip_vlan",
			"found 'yes' beside vlan = %u: the two contradict each other; delete "
			"one",
			port->vlan);
	if (port->round_shift && !has_rounds(port))
		bp_load_complain(
			load, port_id, "round_shift",
			"is about further rounds, but there is one: set rounds, or loop = yes");
}

static void check_pace(struct bp_load *load, unsigned port_id)
{
	struct bp_port_conf *port = &load->conf.ports[port_id];

	if (!port->rate_pps)
		return;
	if (is_given(load, port_id, "pace") && strcmp(port->pace, "max"))
		bp_load_complain(
			load, port_id, "pace",
			"found «%s» beside rate_pps = %llu: the two contradict each other; delete "
			"one",
			port->pace, (unsigned long long)port->rate_pps);
	strcpy(port->pace, "max");
}

/* What changes the recorded pace needs it. */
static void check_recorded(struct bp_load *load, unsigned port_id, const char *key)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];

	if (is_given(load, port_id, key) && strcmp(port->pace, "recorded"))
		bp_load_complain(
			load, port_id, key,
			"changes the recorded pace, but %s sets another: delete one of the two",
			port->rate_pps ? "rate_pps" : "pace = max");
}

static void check_pcap(struct bp_load *load, unsigned port_id)
{
	struct bp_port_conf *port = &load->conf.ports[port_id];

	check_rotation(load, port_id);
	if (!strcmp(port->mode, "live"))
		check_netdev(load, port_id);
	check_rounds(load, port_id);
	check_rewriting(load, port_id);
	check_pace(load, port_id);
	check_recorded(load, port_id, "speed");
	check_recorded(load, port_id, "max_gap");
}

static void check_null(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];
	uint32_t room = load->conf.memory.frame_bytes - BP_HEADROOM;

	if (port->frame_bytes > room)
		bp_load_complain(
			load, port_id, "frame_bytes",
			"found %u bytes, allowed: %u, what a frame of [memory] frame_bytes = %u "
			"holds%s",
			port->frame_bytes, room, load->conf.memory.frame_bytes,
			load->conf.memory.frame_bytes < 4096 ? "; set that to 4096" : "");
}

static void check_required(struct bp_load *load, unsigned port_id)
{
	uint32_t driver = load->drivers[port_id];

	for (const struct bp_key *key = bp_schema; key->section; key++) {
		char allowed[256], words[300] = "";

		if (strcmp(key->section, "port") || !(key->flags & BP_KEY_REQUIRED) ||
		    is_given(load, port_id, key->name))
			continue;
		if (driver ? !(key->drivers & driver) : strcmp(key->name, "driver"))
			continue;
		bp_schema_print_allowed(key, driver, allowed, sizeof(allowed));
		if (key->words)
			snprintf(words, sizeof(words), "; allowed: %s", allowed);
		bp_load_complain(load, port_id, key->name, "is missing: add «%s = …», %s%s",
				 key->name, key->help, words);
	}
}

void bp_check_port(struct bp_load *load, unsigned port_id)
{
	bool has_device = load->conf.ports[port_id].device[0] != '\0';

	check_required(load, port_id);
	switch (has_device ? load->drivers[port_id] : load->drivers[port_id] & BP_SD_NULL) {
	case BP_SD_AF_PACKET:
	case BP_SD_AF_XDP:
	case BP_SD_TAP:
	case BP_SD_XDP_LIVE:
		check_netdev(load, port_id);
		break;
	case BP_SD_DPDK:
		check_dpdk_device(load, port_id);
		break;
	case BP_SD_PCAP:
		if (!load->has_bad_mode[port_id])
			check_pcap(load, port_id);
		break;
	case BP_SD_NULL:
		check_null(load, port_id);
		break;
	default:
		break;
	}
}

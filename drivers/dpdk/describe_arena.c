/* Which DPDK ports may send and fill mbufs whose bytes lie in the arena. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "core/devargs.h"
#include "core/pci.h"

#include <string.h>

#define RING_SIZE     1024u /* descriptors of a queue unless ring_size is given */
#define MBUF_ROOM     2048u /* what PMDs expect of an mbuf, RTE_MBUF_DEFAULT_DATAROOM */
#define LARGEST_FRAME 4096u /* [memory] frame_bytes */
#define OVERHEAD      64u /* Ethernet, tags, a PMD's own header, beside the MTU */

static bool is_pci(const struct bp_port_conf *port)
{
	char address[BP_PCI_ADDRESS_BYTES];

	return !strcmp(port->driver, "dpdk") && bp_pci_parse(port->device, address);
}

uint64_t dpdk_arena_frames_needed(const struct bp_conf *conf)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		const struct bp_port_conf *port = &conf->ports[i];

		if (is_pci(port))
			n += (uint64_t)(conf->engine.n_workers + port->n_queues) *
			     (port->ring_size ? port->ring_size : RING_SIZE);
	}
	return (n * 8 + 2) / 3;
}

/* A net_memif client whose mempool is the region that its server maps. */
static bool lends_its_pool(const char *device)
{
	char value[16];

	return bp_devargs_get(device, "zero-copy", value, sizeof(value)) && !strcmp(value, "yes");
}

/* Is an argument of the device string given, and not 0? */
static bool is_set(const struct bp_port_conf *port, const char *key)
{
	char value[16];

	return bp_devargs_get(port->device, key, value, sizeof(value)) && strcmp(value, "0") != 0;
}

bool dpdk_takes_arena(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	if (is_pci(port))
		return conf->memory.n_frames >= dpdk_arena_frames_needed(conf);
	/* net_null with copy=1 reads `size` bytes of each packet, however short that is. */
	if (dpdk_kind_of(port->device) == DPDK_NULL && is_set(port, "copy"))
		return false;
	return dpdk_pmd_has(port->device, DPDK_SENDS_AT_ONCE) && !lends_its_pool(port->device);
}

/* Does the PMD fill what it was given, gives it back soon, and says when there was none? */
static bool fills_what_it_gets(const struct bp_port_conf *port)
{
	enum dpdk_kind kind = dpdk_kind_of(port->device);

	/* Buffers of its own in the place of the frame's. */
	if (is_set(port, "ext-buffer") || is_set(port, "mprq_en"))
		return false;
	/* A super-frame takes 17 frames, and what finds none is dropped without a word. */
	if (kind == DPDK_VHOST)
		return port->offload == BP_PASS_OFF;
	/* It keeps a frame for each packet of the file. */
	if (kind == DPDK_PCAP)
		return !is_set(port, "infinite_rx");
	/* Once it has lacked an mbuf it waits for another packet to arrive; its own pool never runs out. */
	return kind != DPDK_TAP;
}

static bool has_row_for_arena_only(const struct bp_model_row *rows)
{
	for (; rows && rows->n_hops; rows++)
		if (rows->dir == BP_TX && (rows->homes & BP_HOME_ARENA) &&
		    !(rows->homes & BP_HOME_MBUF))
			return true;
	return false;
}

/* Does a port of this driver send the arena's frames as they are, and others by a copy? */
static bool sends_arena_only(const struct bp_port_conf *port)
{
	const struct bp_facts *facts = bp_facts_find(port->driver);

	return facts &&
	       (has_row_for_arena_only(facts->rows) || has_row_for_arena_only(facts->more_rows));
}

bool dpdk_arena_is_wanted(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	uint64_t outs = port->out_ports;

	if (!outs || !dpdk_takes_arena(conf, port) || !fills_what_it_gets(port))
		return false;
	while (outs)
		if (!sends_arena_only(&conf->ports[bp_ports_take(&outs)]))
			return false;
	return true;
}

/* As far as the configuration tells: the driver knows what the device says. */
static uint32_t room_needed(const struct bp_port_conf *port)
{
	uint32_t by_mtu = port->mtu + OVERHEAD;
	uint32_t room = bp_devargs_number(port->device, "bsize", MBUF_ROOM);

	if (dpdk_kind_of(port->device) == DPDK_AF_PACKET)
		room = bp_devargs_number(port->device, "framesz", UINT16_MAX);
	if (room < MBUF_ROOM)
		room = MBUF_ROOM;
	return room > by_mtu ? room : by_mtu;
}

bool dpdk_receives_arena(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	return dpdk_arena_is_wanted(conf, port) &&
	       conf->memory.frame_bytes >= room_needed(port) + DPDK_HEADROOM;
}

bool dpdk_arena_lacks_room(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	return dpdk_arena_is_wanted(conf, port) && !dpdk_receives_arena(conf, port) &&
	       room_needed(port) + DPDK_HEADROOM <= LARGEST_FRAME;
}

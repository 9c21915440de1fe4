/* Checks ports, paths, workers of one configuration against each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "core/claim.h"

#include "config/schema.h"
#include "config/spelling.h"

#include <stdio.h>
#include <string.h>

/* What makes two claims that are one a fault; further ends of a ring are taken off n_ring_ends. */
static const char *find_fault(const struct bp_claim *mine, const struct bp_claim *other,
			      unsigned *n_ring_ends)
{
	if (!bp_claims_clash(mine, other) || (mine->kind == BP_CLAIM_RING && ++*n_ring_ends < 2))
		return NULL;
	return bp_claim_rule(mine->kind);
}

/* Compare one claim with those of the ports before. Returns whether a problem was added. */
static bool check_claim(struct bp_load *load, unsigned port_id, const struct bp_claim *mine)
{
	struct bp_claim others[BP_CLAIMS_MAX];
	unsigned n_ring_ends = 0;

	for (unsigned i = 0; i < port_id; i++) {
		unsigned n = bp_claims_of(&load->conf.ports[i], others);

		for (unsigned k = 0; k < n; k++) {
			const char *fault = find_fault(mine, &others[k], &n_ring_ends);

			if (!fault)
				continue;
			bp_load_complain(load, port_id, "device",
					 "found «%.80s», which port %s uses already: %s",
					 mine->name, load->conf.ports[i].name, fault);
			return true;
		}
	}
	return false;
}

/* By spelling; whether two spellings are one device is asked at the start (bypath/port.h). */
static void check_device(struct bp_load *load, unsigned port_id)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(&load->conf.ports[port_id], claims);

	for (unsigned i = 0; i < n; i++)
		if (check_claim(load, port_id, &claims[i]))
			return;
}

/* A file goes one way only. */
static void check_direction(struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];

	if (load->drivers[port_id] != BP_SD_PCAP || load->has_bad_mode[port_id])
		return;
	if (!strcmp(port->mode, "write") && port->forward_to != BP_NO_PORT)
		bp_load_complain(
			load, port_id, "mode",
			"found «write», but [forward] %s = %s receives from here: nothing comes out "
			"of a file that is written",
			port->name, load->conf.ports[port->forward_to].name);
	if (strcmp(port->mode, "read"))
		return;
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		if (load->conf.ports[i].forward_to == (int)port_id) {
			bp_load_complain(
				load, port_id, "mode",
				"found «read», but [forward] %s = %s sends to here: forward to a "
				"port with mode = write, or to a null port",
				load->conf.ports[i].name, port->name);
			return;
		}
}

/* Makes frames of its own; neither takes any nor receives. */
static void check_source(struct bp_load *load, unsigned port_id)
{
	const struct bp_conf *conf = &load->conf;
	bool is_forwarding = conf->ports[port_id].forward_to != BP_NO_PORT;

	for (unsigned i = 0; i < conf->n_ports; i++)
		is_forwarding |= conf->ports[i].forward_to == (int)port_id;
	if (load->drivers[port_id] != BP_SD_XDP_LIVE || !is_forwarding)
		return;
	bp_load_complain(load, port_id, "driver",
			 "found «xdp_live», but [forward] names the port: this driver only sends "
			 "what bypath gen has it make; forward with af_xdp or af_packet");
}

static bool is_used(const struct bp_conf *conf, unsigned port_id)
{
	if (conf->gen.tx_port == (int)port_id || conf->gen.rx_port == (int)port_id ||
	    conf->gen.replay_port == (int)port_id)
		return true;
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].forward_to == (int)port_id)
			return true;
	return conf->ports[port_id].forward_to != BP_NO_PORT;
}

/* A port made by --set in passing is a misspelt one more often than not. */
static void complain_unused(struct bp_load *load, unsigned port_id)
{
	const struct bp_conf *conf = &load->conf;
	struct bp_nearest nearest = { .word = conf->ports[port_id].name };
	char hint[BP_HINT_BYTES];

	for (unsigned i = 0; i < conf->n_ports; i++)
		if (i != port_id)
			bp_nearest_try(&nearest, conf->ports[i].name);
	bp_load_complain(load, port_id, NULL,
			 "is used nowhere: name it in [%s], or delete the section%s",
			 conf->gen.tx[0] || conf->gen.rx[0] ? "gen" : "forward",
			 bp_hint(hint, nearest.best));
}

static void check_map(struct bp_load *load)
{
	const struct bp_conf *conf = &load->conf;
	bool is_empty = true;

	for (size_t i = 0; i < load->ini.n_items; i++)
		if (load->ini.items[i].key && !strcmp(load->ini.items[i].section, "forward"))
			is_empty = false;
	if (!conf->n_ports && !load->has_bad_port)
		bp_problem(&load->problems, (struct bp_where){ 0 }, NULL, NULL,
			   "has no port: add a section [port.NAME] with driver and device");
	if (is_empty && !conf->gen.tx[0] && !conf->gen.rx[0]) {
		bp_problem(&load->problems, bp_ini_where(&load->ini, "forward", NULL), "forward",
			   NULL, "says nothing: add FROM = TO, both names of ports");
		return;
	}
	if (load->has_bad_forward)
		return; /* a port without a path may have been meant there */
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (!is_used(conf, i))
			complain_unused(load, i);
}

static void check_workers(struct bp_load *load)
{
	struct bp_conf *conf = &load->conf;

	if (!conf->engine.n_cores)
		return;
	if (bp_ini_find(&load->ini, "engine", "workers") &&
	    conf->engine.n_workers != conf->engine.n_cores)
		bp_problem(&load->problems, bp_ini_where(&load->ini, "engine", "cores"), "engine",
			   "cores",
			   "found %u core(s) for workers = %u: give each worker one, or "
			   "delete «workers»",
			   conf->engine.n_cores, conf->engine.n_workers);
	conf->engine.n_workers = conf->engine.n_cores;
}

/* EAL's folder is its runtime folder, «/», the prefix: it must not lead elsewhere. */
static bool is_prefix(const char *text)
{
	return !strchr(text, '/') && strcmp(text, "..") && strcmp(text, ".");
}

static void check_prefix(struct bp_load *load)
{
	char args[BP_PATH_BYTES], *rest = args;

	if (!is_prefix(load->conf.dpdk.file_prefix))
		bp_problem(&load->problems, bp_ini_where(&load->ini, "dpdk", "file_prefix"), "dpdk",
			   "file_prefix", "found «%s», allowed: a name without «/»",
			   load->conf.dpdk.file_prefix);
	snprintf(args, sizeof(args), "%s", load->conf.dpdk.args);
	for (char *word; (word = strsep(&rest, " \t="));) {
		/* getopt takes a name that is cut short; the value is the next word that is not empty. */
		if (strncmp(word, "--fi", 4) || !rest)
			continue;
		rest += strspn(rest, " \t=");
		word = strsep(&rest, " \t");
		if (!is_prefix(word))
			bp_problem(&load->problems, bp_ini_where(&load->ini, "dpdk", "args"),
				   "dpdk", "args",
				   "found «%s» as file prefix, allowed: a name without «/»", word);
	}
}

/* EAL of DPDK 22.11 refuses --in-memory together with --no-huge. */
static void check_eal(struct bp_load *load)
{
	struct bp_conf *conf = &load->conf;

	if (!conf->dpdk.no_huge || !conf->dpdk.in_memory)
		return;
	if (bp_ini_find(&load->ini, "dpdk", "in_memory"))
		bp_problem(&load->problems, bp_ini_where(&load->ini, "dpdk", "in_memory"), "dpdk",
			   "in_memory",
			   "found «yes» beside no_huge = yes, which EAL refuses: delete "
			   "one of the two lines");
	conf->dpdk.in_memory = false;
}

/* What would touch the arena once nobody may: it would end by a fault at its first packet. */
static void check_protect(struct bp_load *load)
{
	const struct bp_conf *conf = &load->conf;
	struct bp_where where = bp_ini_where(&load->ini, "memory", "protect");

	if (!conf->memory.protect)
		return;
	if (conf->engine.mode != BP_ENGINE_IO)
		bp_problem(&load->problems, where, "memory", "protect",
			   "found «yes», which only [engine] mode = io can do: set one of the two");
	for (unsigned i = 0; i < conf->n_ports; i++) {
		uint32_t driver = load->drivers[i];

		if (driver & ~(uint32_t)(BP_SD_AF_XDP | BP_SD_RING | BP_SD_NULL))
			bp_problem(&load->problems, where, "memory", "protect",
				   "found «yes», but the driver of port %s touches the arena: use "
				   "af_xdp, ring, null, or delete the line",
				   conf->ports[i].name);
		else if (driver == BP_SD_AF_XDP && conf->ports[i].checksum != BP_NO)
			bp_problem(&load->problems, where, "memory", "protect",
				   "found «yes», but port %s looks at checksums: set [port.%s] "
				   "checksum = off",
				   conf->ports[i].name, conf->ports[i].name);
	}
}

static bool is_played(const struct bp_load *load, unsigned port_id)
{
	const struct bp_port_conf *port = &load->conf.ports[port_id];

	return load->drivers[port_id] == BP_SD_PCAP && !strcmp(port->mode, "read") &&
	       port->forward_to != BP_NO_PORT;
}

/* A run that is to end with its captures needs one, and each of them an end. */
static void check_until(struct bp_load *load)
{
	bool has_capture = false;

	if (load->conf.engine.until != BP_UNTIL_REPLAYED || load->has_bad_forward ||
	    load->has_bad_port)
		return;
	for (unsigned i = 0; i < load->conf.n_ports; i++) {
		const struct bp_port_conf *port = &load->conf.ports[i];

		if (load->has_bad_mode[i])
			return;
		if (!is_played(load, i))
			continue;
		has_capture = true;
		if (port->loop && !port->rounds && !port->count)
			bp_load_complain(
				load, i, "loop",
				"found 'yes' beside [engine] until = replayed: it never ends; "
				"give the port rounds or a count");
	}
	if (!has_capture)
		bp_problem(
			&load->problems, bp_ini_where(&load->ini, "engine", "until"), "engine",
			"until",
			"found 'replayed', but no capture is played: forward from a pcap port with "
			"mode = read, or delete the line");
}

void bp_check_paths(struct bp_load *load)
{
	for (unsigned i = 0; i < load->conf.n_ports; i++) {
		check_device(load, i);
		check_direction(load, i);
		check_source(load, i);
	}
	check_map(load);
	check_workers(load);
	check_until(load);
	check_eal(load);
	check_prefix(load);
	check_protect(load);
}

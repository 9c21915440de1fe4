/* Predicts a port's effective mode from its configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/predict.h"

#include "core/pci.h"
#include "ledger/device.h"
#include "ledger/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_auto(const char *word)
{
	return !word[0] || !strcmp(word, "auto");
}

static void set_mode(struct bp_prediction *p, const char *mode)
{
	snprintf(p->info.mode, sizeof(p->info.mode), "%.31s", mode);
}

static void set_note(struct bp_prediction *p, const char *note)
{
	snprintf(p->info.note, sizeof(p->info.note), "%s", note);
}

/* Fill in what the kernel knows of an interface; false: it is not there. */
static bool look(const char *ifname, struct bp_prediction *p, struct bp_device *device)
{
	bp_device_look(ifname, device);
	strcpy(p->info.device_driver, device->driver);
	p->info.kind = device->kind;
	p->info.mtu = device->mtu;
	if (!device->exists)
		snprintf(p->info.note, sizeof(p->info.note),
			 "no interface %.31s here: assumed to be an ordinary NIC (other)", ifname);
	return device->exists;
}

static void predict_af_packet(const struct bp_port_conf *conf, struct bp_prediction *p)
{
	struct bp_device device;

	look(conf->device, p, &device);
	if (!strcmp(conf->mode, "socket"))
		set_mode(p, "socket");
	else
		set_mode(p, strcmp(conf->tx, "send") ? "mmap-v2+ring" : "mmap-v2+send");
}

static void predict_af_xdp(const struct bp_port_conf *conf, struct bp_prediction *p)
{
	struct bp_device device;

	look(conf->device, p, &device);
	bp_predict_af_xdp(conf, &device, p);
}

/* As the dpdk driver names it; zero-copy is the client's alone. */
static const char *memif_mode(const char *devargs)
{
	if (strstr(devargs, "role=server") || strstr(devargs, "role=master"))
		return "server";
	return strstr(devargs, "zero-copy=yes") ? "client-zerocopy" : "client";
}

static void predict_dpdk(const struct bp_port_conf *conf, struct bp_prediction *p)
{
	char address[BP_PCI_ADDRESS_BYTES];

	bp_model_pmd_name(conf->device, p->info.device_driver);
	p->info.kind = BP_DEVICE_PMD;
	p->below = bp_device_below(conf);
	if (p->below != BP_DEVICE_NONE && (!strcmp(p->info.device_driver, "net_af_packet") ||
					   !strcmp(p->info.device_driver, "net_af_xdp")))
		p->info.kind = p->below;
	if (!strcmp(p->info.device_driver, "net_tap"))
		p->info.kind = BP_DEVICE_TAP;
	set_mode(p, "pmd");
	if (bp_pci_parse(conf->device, address) &&
	    !bp_pci_ready(address, p->info.note, sizeof(p->info.note)))
		set_note(p, "EAL finds the PMD of this PCI device at start");
	if (!strcmp(p->info.device_driver, "net_memif"))
		set_mode(p, memif_mode(conf->device));
}

static void predict_pcap(const struct bp_port_conf *conf, struct bp_prediction *p)
{
	struct bp_device device;

	set_mode(p, conf->mode);
	if (!strcmp(conf->mode, "live"))
		look(conf->device, p, &device);
}

void bp_predict_port(const struct bp_port_conf *conf, struct bp_prediction *prediction)
{
	*prediction = (struct bp_prediction){ .info = { .kind = BP_DEVICE_NONE } };
	if (!strcmp(conf->driver, "af_packet"))
		predict_af_packet(conf, prediction);
	else if (!strcmp(conf->driver, "af_xdp"))
		predict_af_xdp(conf, prediction);
	else if (!strcmp(conf->driver, "dpdk"))
		predict_dpdk(conf, prediction);
	else if (!strcmp(conf->driver, "pcap"))
		predict_pcap(conf, prediction);
	else
		set_mode(prediction, is_auto(conf->mode) ? conf->driver : conf->mode);
}

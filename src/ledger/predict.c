/* Predicts a port's effective mode from its configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/predict.h"

#include "core/claim.h"
#include "core/devargs.h"
#include "core/pci.h"
#include "ledger/device.h"
#include "ledger/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
	char role[16] = "", zero_copy[16] = "";

	(void)bp_devargs_get(devargs, "role", role, sizeof(role));
	(void)bp_devargs_get(devargs, "zero-copy", zero_copy, sizeof(zero_copy));
	if (!strcmp(role, "server") || !strcmp(role, "master"))
		return "server";
	return strcmp(zero_copy, "yes") ? "client" : "client-zerocopy";
}

/* The PMD of a PCI device by its ids, where its copies differ from what most PMDs make; else "". */
static const char *pmd_of_ids(const char *address)
{
	static const struct {
		uint16_t vendor, first, last; /* devices */
		const char *pmd;
	} pmds[] = {
		{ 0x15ad, 0x07b0, 0x07b0, "net_vmxnet3" }, { 0x1ae0, 0x0042, 0x0042, "net_gve" },
		{ 0x1af4, 0x1110, 0x1110, "net_avp" },     { 0x1d0f, 0x0ec2, 0x0ec2, "net_ena" },
		{ 0x1d0f, 0xec20, 0xec21, "net_ena" },     { 0x15b3, 0x1013, 0xffff, "mlx5_pci" },
	};
	struct bp_pci_device device;

	if (bp_pci_look(address, &device))
		return "";
	for (size_t i = 0; i < sizeof(pmds) / sizeof(pmds[0]); i++)
		if (device.vendor == pmds[i].vendor && device.device >= pmds[i].first &&
		    device.device <= pmds[i].last)
			return pmds[i].pmd;
	return "";
}

static void predict_pci(const char *address, struct bp_prediction *p)
{
	snprintf(p->info.device_driver, sizeof(p->info.device_driver), "%s", pmd_of_ids(address));
	if (bp_pci_ready(address, p->info.note, sizeof(p->info.note)))
		return;
	set_note(p, p->info.device_driver[0] ? "the PMD is told by the ids of the PCI device"
					     : "EAL finds the PMD of this PCI device at start");
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
	if (bp_pci_parse(conf->device, address))
		predict_pci(address, p);
	if (!strcmp(p->info.device_driver, "net_memif"))
		set_mode(p, memif_mode(conf->device));
}

static void predict_pcap(const struct bp_port_conf *conf, struct bp_prediction *p)
{
	struct bp_device device;
	struct stat st;

	set_mode(p, conf->mode);
	if (!strcmp(conf->mode, "live"))
		look(conf->device, p, &device);
	if (strcmp(conf->mode, "write"))
		return;
	if (bp_claim_is_output(conf->device))
		set_note(p, "standard output is taken for a pipe");
	if (bp_claim_is_output(conf->device) || (!stat(conf->device, &st) && S_ISFIFO(st.st_mode)))
		set_mode(p, "write-pipe");
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

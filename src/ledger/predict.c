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

/* mode = auto: the best that the device's driver says it can. */
static void predict_xdp_auto(const struct bp_device *device, struct bp_prediction *p)
{
	if (!device->exists) {
		set_mode(p, "native-copy");
	} else if (!device->has_xdp_features) {
		set_mode(p, device->kind == BP_DEVICE_OTHER ? "skb-copy" : "native-copy");
		set_note(p, "this kernel does not publish XDP features: guessed from the driver");
	} else if (device->kind == BP_DEVICE_VIRTIO && !device->has_access_platform) {
		set_mode(p, "native-copy");
		set_note(p, "virtio_net binds zero-copy only where the hypervisor offers "
			    "ACCESS_PLATFORM (iommu_platform=on): not here");
	} else if (device->xdp_features & BP_XDP_XSK_ZEROCOPY) {
		set_mode(p, "native-zerocopy");
		set_note(p, "the device's driver offers zero-copy; the bind decides");
	} else if (device->xdp_features & BP_XDP_BASIC) {
		set_mode(p, "native-copy");
		set_note(p, "the device's driver has native XDP but no zero-copy");
	} else {
		set_mode(p, "skb-copy");
		set_note(p, "the device's driver has no native XDP");
	}
}

static void predict_af_xdp(const struct bp_port_conf *conf, struct bp_prediction *p)
{
	struct bp_device device;
	bool exists = look(conf->device, p, &device);

	if (!strcmp(conf->mode, "skb")) {
		set_mode(p, "skb-copy");
	} else if (!strcmp(conf->mode, "copy")) {
		set_mode(p, "native-copy");
	} else if (!strcmp(conf->mode, "zerocopy") && !exists) {
		set_mode(p, "native-zerocopy");
	} else {
		predict_xdp_auto(&device, p);
		if (!strcmp(conf->mode, "zerocopy") && !strstr(p->info.mode, "zerocopy"))
			set_note(p,
				 "zerocopy was asked for, the device's driver does not offer it");
	}
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

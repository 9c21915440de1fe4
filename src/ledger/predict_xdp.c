/* Predicts the effective mode of an af_xdp port: the way that the driver goes from mode to mode. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/device.h"
#include "ledger/predict.h"

#include "core/xdp_mode.h"

#include <stdio.h>
#include <string.h>

static void set_note(struct bp_prediction *p, const char *note)
{
	snprintf(p->info.note, sizeof(p->info.note), "%s", note);
}

/* Nothing is forwarded from it: no RX queue, hence in the copy modes no XDP program. */
static bool is_send_only(const struct bp_port_conf *conf)
{
	return conf->forward_to == BP_NO_PORT;
}

static bool has_zerocopy(const struct bp_device *device)
{
	if (device->kind == BP_DEVICE_VIRTIO && !device->has_access_platform)
		return false;
	return device->has_xdp_features && device->xdp_features & BP_XDP_XSK_ZEROCOPY;
}

static bool has_native(const struct bp_device *device)
{
	if (!device->has_xdp_features)
		return device->kind != BP_DEVICE_OTHER;
	return device->xdp_features & BP_XDP_BASIC;
}

/* What the driver's attempts end with, from `first` on. */
static enum bp_xdp_mode last_step(const struct bp_port_conf *conf, const struct bp_device *device,
				  enum bp_xdp_mode first)
{
	if (first == BP_XDP_MODE_ZEROCOPY && has_zerocopy(device))
		return BP_XDP_MODE_ZEROCOPY;
	if (first <= BP_XDP_MODE_COPY && (is_send_only(conf) || has_native(device)))
		return BP_XDP_MODE_COPY;
	return BP_XDP_MODE_SKB;
}

static void note_why(const struct bp_port_conf *conf, const struct bp_device *device,
		     enum bp_xdp_mode first, enum bp_xdp_mode got, struct bp_prediction *p)
{
	if (got == BP_XDP_MODE_ZEROCOPY)
		set_note(p, "the device's driver offers zero-copy; the bind decides");
	else if (first == BP_XDP_MODE_SKB)
		p->info.note[0] = '\0';
	else if (!device->has_xdp_features && !is_send_only(conf))
		set_note(p, "this kernel does not publish XDP features: guessed from the driver");
	else if (first == BP_XDP_MODE_ZEROCOPY && device->kind == BP_DEVICE_VIRTIO &&
		 !device->has_access_platform)
		set_note(p, "virtio_net binds zero-copy only where the hypervisor offers "
			    "ACCESS_PLATFORM (iommu_platform=on): not here");
	else if (got == BP_XDP_MODE_SKB)
		set_note(p, "the device's driver has no native XDP");
	else if (first == BP_XDP_MODE_ZEROCOPY)
		set_note(p, "the device's driver has no zero-copy");
	else if (is_send_only(conf))
		set_note(p, "sends only: no XDP program is attached");
}

/* strict: the driver does not go further down. */
static void note_refusal(enum bp_xdp_mode first, struct bp_prediction *p)
{
	char why[sizeof(p->info.note)];

	snprintf(why, sizeof(why), "%s", p->info.note);
	snprintf(p->info.note, sizeof(p->info.note),
		 "a run refuses to start: mode = %s, strict = yes, and %.160s",
		 bp_xdp_mode_key(first), why);
}

void bp_predict_af_xdp(const struct bp_port_conf *conf, const struct bp_device *device,
		       struct bp_prediction *p)
{
	bool is_auto;
	enum bp_xdp_mode first = bp_xdp_mode_asked_for(conf->mode, &is_auto), got;

	if (first == BP_XDP_MODE_N) /* a word that check refuses */
		first = BP_XDP_MODE_ZEROCOPY;
	if (!device->exists) { /* no driver to ask: as asked for, or the commonest */
		got = is_auto ? BP_XDP_MODE_COPY : first;
	} else {
		got = last_step(conf, device, first);
		note_why(conf, device, first, got, p);
		if (conf->strict && !is_auto && got != first)
			note_refusal(first, p);
	}
	snprintf(p->info.mode, sizeof(p->info.mode), "%s", bp_xdp_mode_name(got));
}

/* Composes a path's hops from the rows of the model. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/model.h"

#include "core/pci.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES (BP_NAME_BYTES + BP_PATH_BYTES + 2)

static const struct bp_hop unknown_hop = {
	.place = "?",
	.mover = "not modelled",
	.why = "the model has no row for this driver, mode or device: no figure is given",
	.source = "-",
	.is_unknown = true,
};

/* The copy that bypath makes because the sender cannot use the receiver's pool; the domains and
 * the place are filled in. */
static const struct bp_hop foreign_pool_hop = {
	.mover = "bp_ledger_copy",
	.user = { 1, 1 },
	.user_prov = BP_PROV_COUNTED,
	.why = "the sender cannot send from the receiver's pool, so bypath copies into its own",
	.source = "include/bypath/ledger.h",
};

static const struct bp_hop device_rx[] = {
	[BP_DEVICE_VETH] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "skb of the sender",
			     .mover = "veth_xmit", .source = "linux/drivers/net/veth.c",
			     .why = "the peer hands its skb over: no copy" },
	[BP_DEVICE_TAP] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "tun_get_user", .source = "linux/drivers/net/tun.c",
			    .why = "the process that wrote the packet paid for the copy, not bypath" },
	[BP_DEVICE_VIRTIO] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "driver's receive page",
			       .mover = "virtqueue", .source = "linux/drivers/net/virtio_net.c",
			       .why = "the hypervisor writes the guest's page; in the guest no copy" },
	[BP_DEVICE_OTHER] = { BP_DOMAIN_DEVICE, BP_DOMAIN_KERNEL, .place = "driver's receive page",
			      .mover = "DMA", .source = "the device's driver",
			      .why = "the device writes memory itself; header pulls not counted" },
};

static const struct bp_hop device_tx[] = {
	[BP_DEVICE_VETH] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "the peer's receive path",
			     .mover = "veth_xmit", .source = "linux/drivers/net/veth.c",
			     .why = "hands the skb to the peer: no copy" },
	[BP_DEVICE_TAP] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "queue of the tap reader",
			    .mover = "tun_net_xmit", .source = "linux/drivers/net/tun.c",
			    .why = "queues the skb; the reader pays for its copy" },
	[BP_DEVICE_VIRTIO] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "virtqueue",
			       .mover = "virtqueue", .source = "linux/drivers/net/virtio_net.c",
			       .why = "the hypervisor reads the skb's pages; in the guest no copy" },
	[BP_DEVICE_OTHER] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "the wire",
			      .mover = "DMA", .source = "the device's driver",
			      .why = "the device reads the skb's memory itself" },
};

/* As device_tx, for an skb that has user pages attached instead of own bytes. */
static const struct bp_hop device_tx_pages[] = {
	[BP_DEVICE_VETH] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "the peer's receive path",
			     .mover = "veth_xmit → skb_copy_ubufs", .kernel = { 1, 1 },
			     .source = "linux/net/core/dev.c",
			     .why = "user pages may not cross to the peer: the kernel copies first" },
	[BP_DEVICE_TAP] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "queue of the tap reader",
			    .mover = "tun_net_xmit → skb_copy_ubufs", .kernel = { 1, 1 },
			    .source = "linux/drivers/net/tun.c",
			    .why = "user pages may not wait for the reader: the kernel copies first" },
	[BP_DEVICE_VIRTIO] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "virtqueue",
			       .mover = "virtqueue", .source = "linux/drivers/net/virtio_net.c" },
	[BP_DEVICE_OTHER] = { BP_DOMAIN_KERNEL, BP_DOMAIN_DEVICE, .place = "the wire",
			      .mover = "DMA", .source = "linux/net/core/dev.c" },
};

/* What gathering, or its lack, makes of such an skb: see validate_xmit_skb(). */
static const struct {
	struct bp_copies kernel;
	const char *mover, *why; /* mover NULL: as the row has it */
} gathers[] = {
	[BP_GATHER_UNKNOWN] = { { 0, 1 },
				"__pskb_pull_tail → skb_copy_bits",
				"one copy on devices without scatter-gather, else none" },
	[BP_GATHER_YES] = { { 0, 0 }, NULL, "the device gathers pages (scatter-gather): no copy" },
	[BP_GATHER_NO] = { { 1, 1 },
			   "__pskb_pull_tail → skb_copy_bits",
			   "the device has no scatter-gather: the kernel makes one piece first" },
};

static bool word_occurs(const char *text, const char *word, size_t len)
{
	for (; *text; text++)
		if (!strncmp(text, word, len))
			return true;
	return false;
}

/* One word of the row: "a", "a|b", "!a". */
static bool word_fits(const char *text, const char *word, size_t len)
{
	bool is_negated = word[0] == '!';
	const char *end = word + len;

	for (word += is_negated; word < end;) {
		const char *bar = memchr(word, '|', (size_t)(end - word));
		size_t alt = (size_t)((bar ? bar : end) - word);

		if (word_occurs(text, word, alt))
			return !is_negated;
		word += alt + 1;
	}
	return is_negated;
}

static bool words_fit(const char *text, const char *words)
{
	while (words && *words) {
		size_t len = strcspn(words, " ");

		if (!word_fits(text, words, len))
			return false;
		words += len + strspn(words + len, " ");
	}
	return true;
}

struct bp_model_end bp_model_end(const struct bp_port_conf *conf, const struct bp_port_info *info)
{
	struct bp_model_end end = { .conf = conf, .info = info };

	(void)bp_device_of(conf, &end.device);
	return end;
}

static bool pmd_fits(const struct bp_model_row *row, const struct bp_model_end *end)
{
	char address[BP_PCI_ADDRESS_BYTES];

	if (row->is_pci && !bp_pci_parse(end->conf->device, address))
		return false;
	if (!row->pmd)
		return true;
	return row->is_pci ? !strncmp(end->info->device_driver, row->pmd, strlen(row->pmd))
			   : !strcmp(end->info->device_driver, row->pmd);
}

static enum bp_device_kind kind_of(const struct bp_model_end *end)
{
	enum bp_device_kind kind = end->info->kind;

	return kind == BP_DEVICE_PMD || kind == BP_DEVICE_NONE ? end->device.kind : kind;
}

/* Mode, with the device string behind it where that decides as well, in lower case. */
static void match_text(const struct bp_model_end *end, bool has_device, char *text)
{
	snprintf(text, TEXT_BYTES, "%s %s", end->info->mode, has_device ? end->conf->device : "");
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static const struct bp_model_row *find_in(const struct bp_model_row *row, const char *text,
					  const struct bp_model_end *end, enum bp_direction dir)
{
	uint32_t kind_bit = 1u << kind_of(end);

	for (; row && row->n_hops; row++)
		if (row->dir == dir && (!row->kinds || (row->kinds & kind_bit)) &&
		    pmd_fits(row, end) && words_fit(text, row->words))
			return row;
	return NULL;
}

const struct bp_model_row *bp_model_row_find(const struct bp_model_end *end, enum bp_direction dir)
{
	const struct bp_facts *facts = bp_facts_find(end->conf->driver);
	const struct bp_model_row *row;
	char text[TEXT_BYTES];

	if (!facts)
		return NULL;
	match_text(end, facts->flags & BP_FACT_DEVICE_STRING, text);
	row = find_in(facts->rows, text, end, dir);
	return row ? row : find_in(facts->more_rows, text, end, dir);
}

static void add_hop(struct bp_model_path *path, const struct bp_hop *hop)
{
	path->hops[path->n_hops++] = *hop;
	path->kernel.lo = (uint8_t)(path->kernel.lo + hop->kernel.lo);
	path->kernel.hi = (uint8_t)(path->kernel.hi + hop->kernel.hi);
	path->user.lo = (uint8_t)(path->user.lo + hop->user.lo);
	path->user.hi = (uint8_t)(path->user.hi + hop->user.hi);
	path->n_calls_per_batch += hop->rate == BP_CALL_PER_BATCH;
	path->n_calls_per_pkt += hop->rate == BP_CALL_PER_PKT;
	path->n_calls_on_wakeup += hop->rate == BP_CALL_ON_WAKEUP;
}

/* A kernel device that could not be looked at (a PMD's, gone) counts as any other NIC. */
static enum bp_device_kind kernel_kind(const struct bp_model_end *end)
{
	enum bp_device_kind kind = kind_of(end);

	return kind == BP_DEVICE_NONE || kind == BP_DEVICE_PMD ? BP_DEVICE_OTHER : kind;
}

static void add_pages(struct bp_model_path *path, const struct bp_model_end *out)
{
	struct bp_hop hop = device_tx_pages[kernel_kind(out)];

	if (!hop.why) {
		hop.kernel = gathers[out->device.gather].kernel;
		hop.why = gathers[out->device.gather].why;
		hop.mover = gathers[out->device.gather].mover ? gathers[out->device.gather].mover
							      : hop.mover;
	}
	add_hop(path, &hop);
}

static void add_rx(struct bp_model_path *path, const struct bp_model_row *row,
		   const struct bp_model_end *in)
{
	if (row->device_hop != BP_DEVICE_HOP_NONE)
		add_hop(path, &device_rx[kernel_kind(in)]);
	for (unsigned i = 0; i < row->n_hops; i++)
		add_hop(path, &row->hops[i]);
}

static void add_tx(struct bp_model_path *path, const struct bp_model_row *row,
		   const struct bp_model_end *out)
{
	unsigned first = path->n_hops;

	for (unsigned i = 0; i < row->n_hops; i++)
		add_hop(path, &row->hops[i]);
	/* A view sent in place starts where it lies, and stays there if nothing moves it. */
	if (first && row->n_hops) {
		struct bp_hop *hop = &path->hops[first];
		bool stays = hop->from == hop->to && !hop->kernel.hi && !hop->user.hi;

		hop->from = path->hops[first - 1].to;
		hop->to = stays ? hop->from : hop->to;
	}
	if (row->device_hop == BP_DEVICE_HOP_SKB)
		add_hop(path, &device_tx[kernel_kind(out)]);
	else if (row->device_hop == BP_DEVICE_HOP_PAGES)
		add_pages(path, out);
}

static void add_foreign_copy(struct bp_model_path *path, const struct bp_model_row *rx,
			     const struct bp_model_row *tx)
{
	struct bp_hop hop = foreign_pool_hop;

	if (!(rx->homes & ~tx->homes))
		return;
	if (rx->homes & tx->homes) { /* only some of the pools the views may come from fit */
		hop.user.lo = 0;
		hop.why = "only if the view's pool is one that the sender cannot send from";
	}
	hop.from = path->n_hops ? path->hops[path->n_hops - 1].to : BP_DOMAIN_USER;
	hop.to = tx->home_domain;
	hop.place = tx->home_place;
	add_hop(path, &hop);
}

void bp_model_path(const struct bp_model_end *in, const struct bp_model_end *out,
		   struct bp_model_path *path)
{
	const struct bp_model_row *rx = bp_model_row_find(in, BP_RX);
	const struct bp_model_row *tx = bp_model_row_find(out, BP_TX);

	*path = (struct bp_model_path){ .is_modelled = rx && tx };
	if (rx)
		add_rx(path, rx, in);
	else
		add_hop(path, &unknown_hop);
	path->n_rx_hops = path->n_hops;
	if (rx && tx)
		add_foreign_copy(path, rx, tx);
	if (tx)
		add_tx(path, tx, out);
	else
		add_hop(path, &unknown_hop);
}

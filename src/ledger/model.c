/* Composes a path's hops from the rows of the model. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/model.h"

#include "core/kernel.h"
#include "core/pci.h"
#include "ledger/kernel_hops.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES (BP_NAME_BYTES + BP_PATH_BYTES + 16)

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
	struct bp_model_end end = { .conf = conf, .info = info, .kernel = bp_kernel_version() };

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

enum bp_device_kind bp_model_kind(const struct bp_model_end *end)
{
	enum bp_device_kind kind = end->info->kind;

	return kind == BP_DEVICE_PMD || kind == BP_DEVICE_NONE ? end->device.kind : kind;
}

/* Mode, with the device string behind it where that decides as well and what the interface below offers to XDP, in
 * lower case. */
static void match_text(const struct bp_model_end *end, bool has_device, char *text)
{
	static const char *const offered[] = {
		[BP_XDP_UNKNOWN] = "",
		[BP_XDP_GENERIC] = "xdp:generic",
		[BP_XDP_NATIVE] = "xdp:native",
		[BP_XDP_ZEROCOPY] = "xdp:zerocopy",
	};

	if (has_device)
		snprintf(text, TEXT_BYTES, "%s %s %s", end->info->mode,
			 offered[bp_device_xdp(&end->device)], end->conf->device);
	else
		snprintf(text, TEXT_BYTES, "%s", end->info->mode);
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static bool txqs_fit(const struct bp_model_row *row, const struct bp_model_end *end)
{
	return !row->below_txqs || (end->n_txqs && end->n_txqs < row->below_txqs);
}

static const struct bp_model_row *find_in(const struct bp_model_row *row, const char *text,
					  const struct bp_model_end *end, enum bp_direction dir)
{
	uint32_t kind_bit = 1u << bp_model_kind(end);

	for (; row && row->n_hops; row++)
		if (row->dir == dir && (!row->kinds || (row->kinds & kind_bit)) &&
		    txqs_fit(row, end) && pmd_fits(row, end) && words_fit(text, row->words))
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

static void add_kernel_hops(struct bp_model_path *path, const struct bp_model_end *end,
			    enum bp_direction dir, enum bp_device_hop what)
{
	struct bp_hop hops[BP_KERNEL_HOPS_MAX];
	unsigned n = bp_kernel_hops(end, dir, what, hops);

	for (unsigned i = 0; i < n; i++)
		add_hop(path, &hops[i]);
}

static void add_rx(struct bp_model_path *path, const struct bp_model_row *row,
		   const struct bp_model_end *in)
{
	add_kernel_hops(path, in, BP_RX, row->device_hop);
	for (unsigned i = 0; i < row->n_hops; i++)
		add_hop(path, &row->hops[i]);
	if (row->n_hops && in->info->rx_homes == BP_HOME_ARENA)
		path->hops[path->n_hops - 1].place = "frame of the arena";
}

static unsigned homes_of(const struct bp_model_row *row, const struct bp_port_info *info)
{
	if (row->dir == BP_TX)
		return row->homes | info->tx_homes;
	return info->rx_homes ? info->rx_homes : row->homes;
}

/* A copy that a PMD spares itself for mbufs of its own port's pool, which is where bypath copies foreign views to. */
static struct bp_hop settle_pool(const struct bp_hop *of_row, unsigned rx_homes, bool is_same_port)
{
	struct bp_hop hop = *of_row;

	if (hop.decider != BP_BY_POOL || (rx_homes & BP_HOME_MBUF && rx_homes != BP_HOME_MBUF))
		return hop;
	if (rx_homes == BP_HOME_MBUF && !is_same_port)
		hop.user.lo = hop.user.hi;
	else
		hop.user.hi = hop.user.lo;
	hop.decider = BP_BY_NOTHING;
	return hop;
}

/* device_hop: how the packets come to the device. */
static void add_tx(struct bp_model_path *path, const struct bp_model_row *row,
		   enum bp_device_hop device_hop, const struct bp_model_end *out, unsigned rx_homes,
		   bool is_same_port)
{
	unsigned first = path->n_hops;

	for (unsigned i = 0; i < row->n_hops; i++) {
		struct bp_hop hop = settle_pool(&row->hops[i], rx_homes, is_same_port);

		add_hop(path, &hop);
	}
	/* A view sent in place starts where it lies, and stays there if nothing moves it. */
	if (first && row->n_hops) {
		struct bp_hop *hop = &path->hops[first];
		bool stays = hop->from == hop->to && !hop->kernel.hi && !hop->user.hi;

		hop->from = path->hops[first - 1].to;
		hop->to = stays ? hop->from : hop->to;
	}
	add_kernel_hops(path, out, BP_TX, device_hop);
}

static void add_foreign_copy(struct bp_model_path *path, unsigned rx_homes,
			     const struct bp_model_row *tx, unsigned tx_homes)
{
	struct bp_hop hop = foreign_pool_hop;

	path->copy_more = (struct bp_copies){ 1, 1 };
	if (!(rx_homes & ~tx_homes))
		return;
	path->copy_more = (struct bp_copies){ 0, rx_homes & tx_homes ? 1 : 0 };
	if (rx_homes & tx_homes) { /* only some of the pools the views may come from fit */
		hop.user.lo = 0;
		hop.decider = BP_BY_POOL;
		hop.why = "only if the view's pool is one that the sender cannot send from";
	}
	hop.from = path->n_hops ? path->hops[path->n_hops - 1].to : BP_DOMAIN_USER;
	hop.to = tx->home_domain;
	hop.place = tx->home_place;
	add_hop(path, &hop);
}

static bool is_dma(const struct bp_model_end *end, enum bp_domain domain)
{
	enum bp_device_kind kind = bp_model_kind(end);

	return domain == BP_DOMAIN_DEVICE && kind != BP_DEVICE_VETH && kind != BP_DEVICE_TAP &&
	       kind != BP_DEVICE_VIRTIO;
}

/* bp_port_frames() in words. */
static const char *copy_place(const struct bp_model_row *tx)
{
	if (!tx)
		return NULL;
	return tx->home_place && !(tx->homes & BP_HOME_ARENA) ? tx->home_place
							      : "frame of the arena";
}

/* Does RX write into frames of a port's own (tx: of its row), which has some where it does not take the arena's? */
static bool fills_own(const struct bp_model_end *in, const struct bp_model_row *tx)
{
	return tx && !in->fills_arena && !(tx->homes & BP_HOME_ARENA) &&
	       bp_facts_find(in->conf->driver)->flags & BP_FACT_FILLS_FRAMES;
}

void bp_model_path(const struct bp_model_end *in, const struct bp_model_end *out,
		   struct bp_model_path *path)
{
	const struct bp_model_row *rx = bp_model_row_find(in, BP_RX);
	const struct bp_model_row *tx = bp_model_row_find(out, BP_TX);
	const struct bp_model_row *filled = in->fills ? bp_model_row_find(in->fills, BP_TX) : tx;
	bool is_own = fills_own(in, filled);
	unsigned homes = is_own ? filled->homes : rx ? homes_of(rx, in->info) : BP_HOME_ANY;

	*path = (struct bp_model_path){ .is_modelled = rx && tx };
	if (rx)
		add_rx(path, rx, in);
	else
		add_hop(path, &unknown_hop);
	if (rx && is_own) {
		path->hops[path->n_hops - 1].to = filled->home_domain;
		path->hops[path->n_hops - 1].place = filled->home_place;
	}
	path->has_rx_dma = rx && is_dma(in, path->hops[0].from);
	path->n_rx_hops = path->n_hops;
	if (rx && tx)
		add_foreign_copy(path, homes, tx, homes_of(tx, out->info));
	if (tx)
		add_tx(path, tx, rx && rx->out_hop ? rx->out_hop : tx->device_hop, out, homes,
		       (is_own && !in->fills) || in->conf == out->conf);
	else
		add_hop(path, &unknown_hop);
	path->copy_place = copy_place(tx);
	path->has_tx_dma = tx && is_dma(out, path->hops[path->n_hops - 1].to);
}

void bp_model_mover(const struct bp_hop *hop, char text[BP_MOVER_BYTES])
{
	const char *copier = hop->copiers[0];

	snprintf(text, BP_MOVER_BYTES, "%s%s%s", hop->mover ? hop->mover : "",
		 hop->mover && copier ? " → " : "", copier ? copier : "");
}

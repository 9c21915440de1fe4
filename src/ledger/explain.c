/* Draws the model of every path as text: domain to domain, who moves the bytes, at what cost. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/explain.h"

#include "core/columns.h"
#include "ledger/document.h"
#include "ledger/model.h"
#include "ledger/predict.h"

#define COLUMNS       100u
#define MOVER_AT      24u
#define COPIES_END    79u
#define CALL_AT       82u
#define DEVICE_AT     48u
#define PICTURE_BYTES (40u * (BP_HOPS_MAX + 2u))
#define FIELD_BYTES   96u

unsigned bp_explain_predict(const struct bp_conf *conf, struct bp_port_info *infos,
			    struct bp_model_path *paths)
{
	struct bp_model_end ends[BP_PORTS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		bp_predict_port(&conf->ports[i], &infos[i]);
		ends[i] = bp_model_end(&conf->ports[i], &infos[i]);
		ends[i].n_txqs = conf->engine.n_workers;
	}
	for (unsigned i = 0; i < conf->n_ports; i++) {
		int to = conf->ports[i].forward_to;

		if (to < 0 || to >= conf->n_ports)
			continue;
		bp_model_path(&ends[i], &ends[to], &paths[n]);
		paths[n].in_port = (uint16_t)i;
		paths[n++].out_port = (uint16_t)to;
	}
	return n;
}

static bool has_pair(const struct bp_model_path *paths, unsigned n, uint16_t in, uint16_t out)
{
	for (unsigned i = 0; i < n; i++)
		if (paths[i].in_port == in && paths[i].out_port == out)
			return true;
	return false;
}

unsigned bp_explain_report(const struct bp_report *report, struct bp_model_path *paths)
{
	unsigned n = 0;

	for (unsigned i = 0; i < report->n_paths && n < BP_PORTS_MAX; i++) {
		uint16_t in_port = report->paths[i].in_port, out_port = report->paths[i].out_port;
		const struct bp_report_port *from = &report->ports[in_port];
		const struct bp_report_port *to = &report->ports[out_port];
		struct bp_model_end in, out;

		if (has_pair(paths, n, in_port, out_port))
			continue;
		in = bp_model_end(from->conf, &from->info);
		out = bp_model_end(to->conf, &to->info);
		out.n_txqs = (uint16_t)report->n_workers;
		bp_model_path(&in, &out, &paths[n]);
		paths[n].in_port = in_port;
		paths[n++].out_port = out_port;
	}
	return n;
}

void bp_explain_copies(struct bp_copies copies, char *text)
{
	if (copies.lo == copies.hi)
		snprintf(text, 16, "%u", copies.lo);
	else
		snprintf(text, 16, "%u–%u", copies.lo, copies.hi);
}

static void hop_copies(const struct bp_hop *hop, char *text)
{
	char n[16];

	if (hop->is_unknown) {
		strcpy(text, "?");
	} else if (hop->kernel.hi) {
		bp_explain_copies(hop->kernel, n);
		snprintf(text, FIELD_BYTES, "%s K", n);
	} else if (hop->user.hi) {
		bp_explain_copies(hop->user, n);
		snprintf(text, FIELD_BYTES, "%s U", n);
	} else {
		strcpy(text, "0");
	}
}

static void hop_call(const struct bp_hop *hop, char *text)
{
	static const char *const often[] = {
		[BP_CALL_NEVER] = "0 (%s if idle)",
		[BP_CALL_PER_BATCH] = "%s / batch",
		[BP_CALL_PER_PKT] = "%s / packet",
		[BP_CALL_ON_WAKEUP] = "%s / wake-up",
	};

	if (hop->is_unknown)
		strcpy(text, "?");
	else if (!hop->call)
		strcpy(text, "0");
	else
		snprintf(text, FIELD_BYTES, often[hop->rate], hop->call);
}

static void put_title(FILE *out, const struct bp_conf *conf, const struct bp_model_path *path)
{
	const char *in = conf->ports[path->in_port].name, *to = conf->ports[path->out_port].name;
	unsigned used = bp_columns(in) + bp_columns(to) + 10;

	fprintf(out, "\n━━ %s → %s ", in, to);
	bp_put_n(out, "━", used < COLUMNS ? COLUMNS - used + 2 : 0);
	fputc('\n', out);
}

/* The text, or what fits of it in `columns`, the last one being '…'. */
static void put_cut(FILE *out, const char *text, unsigned columns)
{
	size_t len = strlen(text);

	fprintf(out, "%.*s%s", (int)(len <= columns ? len : columns - 1), text,
		len <= columns ? "" : "…");
}

static void put_end(FILE *out, const char *role, const struct bp_port_conf *conf,
		    const struct bp_port_info *info)
{
	const char *of = info->device_driver;
	bool has_of = of[0] && strncmp(conf->device, of, strlen(of)) != 0;
	unsigned room = COLUMNS - DEVICE_AT - (has_of ? (unsigned)strlen(of) + 3 : 0);

	fprintf(out, "   %s", role);
	bp_put_left(out, conf->name, 11);
	bp_put_left(out, conf->driver, 11);
	if (conf->device[0]) {
		bp_put_left(out, info->mode, 17);
		put_cut(out, conf->device, room);
	} else {
		fputs(info->mode, out);
	}
	if (has_of)
		fprintf(out, " (%s)", of);
	fputc('\n', out);
	if (info->note[0]) {
		fputs("                   ", out);
		bp_put_wrapped(out, info->note, 19, 19, COLUMNS);
	}
}

/* '─1K▸ shared' */
static size_t picture_hop(const struct bp_hop *hop, char *text, size_t room)
{
	char copies[FIELD_BYTES];
	int n;

	hop_copies(hop, copies);
	copies[strcspn(copies, " ")] = '\0';
	n = snprintf(text, room, " ─%s%s▸ %s", strcmp(copies, "0") ? copies : "",
		     hop->kernel.hi ? "K"
		     : hop->user.hi ? "U"
				    : "",
		     hop->is_unknown ? "?" : bp_domain_name(hop->to));
	return (size_t)n < room ? (size_t)n : room - 1;
}

/* device ─▸ kernel ─1K▸ shared ┃bypath┃ ─1U▸ user */
static void put_picture(FILE *out, const struct bp_model_path *path)
{
	char text[PICTURE_BYTES];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s",
				    path->hops[0].is_unknown ? "?"
							     : bp_domain_name(path->hops[0].from));

	for (unsigned i = 0; i < path->n_hops; i++) {
		if (i == path->n_rx_hops)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " ┃bypath┃");
		n += picture_hop(&path->hops[i], text + n, sizeof(text) - n);
	}
	fputs("\n   ", out);
	bp_put_wrapped(out, text, 3, 3, COLUMNS);
	fputc('\n', out);
}

static void put_hop(FILE *out, unsigned number, const struct bp_hop *hop)
{
	char copies[FIELD_BYTES], call[FIELD_BYTES], from_to[FIELD_BYTES], mover[BP_MOVER_BYTES];
	char detail[512];

	hop_copies(hop, copies);
	hop_call(hop, call);
	snprintf(from_to, sizeof(from_to), "%s → %s", bp_domain_name(hop->from),
		 bp_domain_name(hop->to));
	fprintf(out, "  %2u  ", number);
	bp_put_left(out, hop->is_unknown ? "?" : from_to, MOVER_AT - 6);
	bp_model_mover(hop, mover);
	bp_put_left(out, mover, COPIES_END - MOVER_AT - 8);
	bp_put_right(out, copies, 8);
	bp_put_n(out, " ", CALL_AT - COPIES_END);
	fprintf(out, "%s\n", call);
	snprintf(detail, sizeof(detail), "%s · %s · %s", hop->place, hop->why, hop->source);
	bp_put_n(out, " ", MOVER_AT);
	bp_put_wrapped(out, detail, MOVER_AT, MOVER_AT, COLUMNS);
}

/* Frames without metadata may be partial all the same, and the port may be looked through. */
static bool infers(const struct bp_port_conf *conf, const struct bp_port_info *info)
{
	return (info->caps & BP_CAP_CSUM_INFER) && conf->checksum != BP_NO;
}

/* Negotiated with a peer, whom only a run meets. */
static bool is_by_peer(const struct bp_port_conf *conf, const struct bp_port_info *info)
{
	return (info->caps & BP_CAP_VNET_BY_PEER) && conf->offload == BP_PASS_AUTO;
}

static bool has_meta(const struct bp_port_conf *conf, const struct bp_port_info *info)
{
	return info->caps & BP_CAP_VNET_BY_PEER ? is_by_peer(conf, info)
						: !(info->caps & BP_CAP_PLAIN_RX);
}

/* What the engine may have to do with a payload; NULL: nothing. As docs/offload.md has it. */
static const char *offload_of(const struct bp_conf *conf, const struct bp_port_info *infos,
			      const struct bp_model_path *path)
{
	const struct bp_port_conf *in = &conf->ports[path->in_port];
	const struct bp_port_conf *out = &conf->ports[path->out_port];
	const struct bp_port_info *in_info = &infos[path->in_port];
	const struct bp_port_info *out_info = &infos[path->out_port];

	if (!has_meta(in, in_info) && !infers(in, in_info))
		return NULL;
	if (is_by_peer(out, out_info))
		return "partial checksums and TCP super-frames pass as they are to a peer that "
		       "negotiated them; for others they are completed (every byte is read) and "
		       "cut (1 U for each packet made): a run counts both";
	if ((out_info->caps & BP_CAP_VNET_TX) && out->offload == BP_PASS_AUTO)
		return has_meta(in, in_info)
			       ? NULL
			       : "looks for partial checksums and super-frames, and says so to the "
				 "receiver: no byte summed or copied";
	return "partial checksums are completed (every byte is read, none copied); super-frames "
	       "are cut into frames that the out-port sends in place, 1 U for each packet made: a "
	       "run counts both";
}

static void put_engine(FILE *out, const struct bp_conf *conf, const struct bp_port_info *infos,
		       const struct bp_model_path *path)
{
	const char *offload = offload_of(conf, infos, path);

	fprintf(out, "  ──  bypath, mode %s\n",
		conf->engine.mode == BP_ENGINE_IO
			? (offload ? "io: passes the view on"
				   : "io: passes the view on, touches no byte")
			: "macswap: swaps the MAC addresses in place, no copy");
	if (!offload)
		return;
	bp_put_n(out, " ", MOVER_AT);
	bp_put_wrapped(out, offload, MOVER_AT, MOVER_AT, COLUMNS);
}

static void put_hops(FILE *out, const struct bp_conf *conf, const struct bp_port_info *infos,
		     const struct bp_model_path *path)
{
	fputs("   #  ", out);
	bp_put_left(out, "from → to", MOVER_AT - 6);
	bp_put_left(out, "moved by", COPIES_END - MOVER_AT - 8);
	bp_put_right(out, "copies", 8);
	fputs("   system calls\n", out);
	for (unsigned i = 0; i < path->n_hops; i++) {
		if (i == path->n_rx_hops)
			put_engine(out, conf, infos, path);
		put_hop(out, i + 1, &path->hops[i]);
	}
}

/* '2/B + 1': system calls per packet. */
static void calls_formula(const struct bp_model_path *path, char *text)
{
	int n = 0;

	text[0] = '\0';
	if (path->n_calls_per_pkt)
		n += snprintf(text, FIELD_BYTES, "%u", path->n_calls_per_pkt);
	if (path->n_calls_per_batch)
		n += snprintf(text + n, FIELD_BYTES - (size_t)n, "%s%u/B", n ? " + " : "",
			      path->n_calls_per_batch);
	if (path->n_calls_on_wakeup)
		snprintf(text + n, FIELD_BYTES - (size_t)n, "%swake-ups", n ? " + " : "");
	else if (!n)
		strcpy(text, "0");
}

/* ': 1 by bypath, which a run counts; 1 inside the PMD, modelled' */
static void put_user_parts(FILE *out, const struct bp_model_path *path)
{
	struct bp_copies own = bp_model_user_copies(path, BP_PROV_COUNTED);
	struct bp_copies library = bp_model_user_copies(path, BP_PROV_MODELLED);
	char text[16];

	if (!path->user.hi)
		fputs("a run counts what bypath copies", out);
	if (own.hi) {
		bp_explain_copies(own, text);
		fprintf(out, "%s by bypath, which a run counts", text);
	}
	if (library.hi) {
		bp_explain_copies(library, text);
		fprintf(out, "%s%s inside the PMD, modelled", own.hi ? "; " : "", text);
	}
	fputc('\n', out);
}

static void put_totals(FILE *out, const struct bp_model_path *path)
{
	char text[FIELD_BYTES];

	fputs("  ════════════════════ per packet\n", out);
	if (!path->is_modelled) {
		fputs("      not modelled: a side of this path is unknown, so no sum is given\n",
		      out);
		return;
	}
	bp_explain_copies(path->kernel, text);
	fputs("      kernel copies     ", out);
	bp_put_left(out, text, 16);
	fputs("modelled\n      user copies       ", out);
	bp_explain_copies(path->user, text);
	bp_put_left(out, text, 16);
	put_user_parts(out, path);
	calls_formula(path, text);
	fputs("      crossings         ", out);
	bp_put_left(out, text, 16);
	fprintf(out, "%s\n",
		path->n_calls_per_batch ? "B: packets per call; a run counts both"
					: "a run counts them");
}

static void put_summary(FILE *out, const struct bp_conf *conf, const struct bp_model_path *paths,
			unsigned n_paths)
{
	char text[FIELD_BYTES];

	fputs("\n   path                            kernel copies   user copies   crossings\n",
	      out);
	for (unsigned i = 0; i < n_paths; i++) {
		const struct bp_model_path *path = &paths[i];

		snprintf(text, sizeof(text), "%s → %s", conf->ports[path->in_port].name,
			 conf->ports[path->out_port].name);
		fputs("   ", out);
		bp_put_left(out, text, 32);
		bp_explain_copies(path->kernel, text);
		bp_put_right(out, path->is_modelled ? text : "?", 13);
		bp_explain_copies(path->user, text);
		bp_put_right(out, path->is_modelled ? text : "?", 14);
		calls_formula(path, text);
		fprintf(out, "   %s\n", path->is_modelled ? text : "?");
	}
}

static bool same_hops(const struct bp_model_path *a, const struct bp_model_path *b)
{
	if (a->n_hops != b->n_hops || a->n_rx_hops != b->n_rx_hops || !a->is_modelled)
		return false;
	for (unsigned i = 0; i < a->n_hops; i++)
		if (a->hops[i].mover != b->hops[i].mover || a->hops[i].why != b->hops[i].why ||
		    a->hops[i].copiers[0] != b->hops[i].copiers[0] ||
		    a->hops[i].from != b->hops[i].from || a->hops[i].to != b->hops[i].to)
			return false;
	return true;
}

/* A path whose hops were drawn already, often the way back: name it instead. */
static bool put_twin(FILE *out, const struct bp_conf *conf, const struct bp_port_info *infos,
		     const struct bp_model_path *paths, unsigned index)
{
	const struct bp_model_path *path = &paths[index];

	for (const struct bp_model_path *twin = paths; twin < path; twin++) {
		if (!same_hops(twin, path) ||
		    offload_of(conf, infos, twin) != offload_of(conf, infos, path))
			continue;
		fprintf(out, "   the same hops, figures and system calls as %s → %s\n",
			conf->ports[twin->in_port].name, conf->ports[twin->out_port].name);
		return true;
	}
	return false;
}

void bp_explain_text(FILE *out, const char *file, const struct bp_conf *conf,
		     const struct bp_port_info *infos, const struct bp_model_path *paths,
		     unsigned n_paths)
{
	fprintf(out,
		"%s: where each packet's bytes go\n"
		"Predicted from the configuration and the interfaces' drivers: no port was opened.\n"
		"K copied by the kernel (modelled) · U copied in user space · each is the whole "
		"payload, once.\n",
		file);
	for (unsigned i = 0; i < n_paths; i++) {
		const struct bp_model_path *path = &paths[i];

		put_title(out, conf, path);
		put_end(out, "in   ", &conf->ports[path->in_port], &infos[path->in_port]);
		put_end(out, "out  ", &conf->ports[path->out_port], &infos[path->out_port]);
		put_picture(out, path);
		if (put_twin(out, conf, infos, paths, i))
			continue;
		put_hops(out, conf, infos, path);
		put_totals(out, path);
	}
	if (!n_paths)
		fputs("\nNo path: [forward] names none.\n", out);
	if (n_paths > 1)
		put_summary(out, conf, paths, n_paths);
}

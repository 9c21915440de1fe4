/* Models every path of a configuration, or of a run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/explain.h"

#include "ledger/model.h"

#include <string.h>

void bp_predict_port(const struct bp_port_conf *conf, const struct bp_port_conf *to,
		     struct bp_port_info *info)
{
	const struct bp_facts *facts = bp_facts_find(conf->driver);

	*info = (struct bp_port_info){ .kind = BP_DEVICE_NONE };
	if (facts && facts->predict)
		facts->predict(conf, to, info);
	else
		strcpy(info->mode, conf->driver);
}

void bp_explain_pair(const struct bp_model_end *ends, unsigned in_port, unsigned out_port,
		     struct bp_model_path *path)
{
	struct bp_model_end in = ends[in_port];
	/* As bp_port_rx_frames(). */
	int to = bp_port_main_out(in.conf);

	in.fills_arena = to == BP_NO_PORT;
	in.fills = to == BP_NO_PORT || to == (int)out_port ? NULL : &ends[to];
	bp_model_path(&in, &ends[out_port], path);
	path->in_port = (uint16_t)in_port;
	path->out_port = (uint16_t)out_port;
}

void bp_explain_ends(const struct bp_conf *conf, const struct bp_port_info *infos,
		     struct bp_model_end *ends)
{
	for (unsigned i = 0; i < conf->n_ports; i++) {
		ends[i] = bp_model_end(&conf->ports[i], &infos[i]);
		ends[i].n_txqs = conf->engine.n_workers;
	}
}

unsigned bp_explain_predict(const struct bp_conf *conf, struct bp_port_info *infos,
			    struct bp_model_path *paths)
{
	struct bp_model_end ends[BP_PORTS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		int to = bp_port_main_out(&conf->ports[i]);

		bp_predict_port(&conf->ports[i], to == BP_NO_PORT ? NULL : &conf->ports[to],
				&infos[i]);
		ends[i] = bp_model_end(&conf->ports[i], &infos[i]);
		ends[i].n_txqs = conf->engine.n_workers;
	}
	for (unsigned i = 0; i < conf->n_ports; i++)
		for (uint64_t outs = conf->ports[i].out_ports; outs;)
			bp_explain_pair(ends, i, bp_ports_take(&outs), &paths[n++]);
	return n;
}

/* The pairs of a report's ports, one after the other. */
struct pairs {
	struct bp_model_end ends[BP_PORTS_MAX];
	uint64_t seen[BP_PORTS_MAX]; /* by in-port: a bit for each out-port */
	unsigned next; /* row of the report */
};

static void begin_pairs(struct pairs *pairs, const struct bp_report *report)
{
	memset(pairs->seen, 0, sizeof(pairs->seen));
	pairs->next = 0;
	for (unsigned i = 0; i < report->n_ports; i++) {
		pairs->ends[i] = bp_model_end(report->ports[i].conf, &report->ports[i].info);
		pairs->ends[i].n_txqs = (uint16_t)report->n_workers;
	}
}

/* The model of the next pair that none of the rows before has. False: there is no more. */
static bool model_next(struct pairs *pairs, const struct bp_report *report,
		       struct bp_model_path *path)
{
	while (pairs->next < report->n_paths) {
		const struct bp_report_path *row = &report->paths[pairs->next++];
		uint64_t bit;

		if (row->out_port == BP_PATH_NO_OUT || row->worker_id == BP_REPORT_NO_WORKER)
			continue;
		bit = UINT64_C(1) << row->out_port;
		if (pairs->seen[row->in_port] & bit)
			continue;
		pairs->seen[row->in_port] |= bit;
		bp_explain_pair(pairs->ends, row->in_port, row->out_port, path);
		return true;
	}
	return false;
}

unsigned bp_explain_report(const struct bp_report *report, struct bp_model_path *paths)
{
	struct pairs pairs;
	unsigned n = 0;

	begin_pairs(&pairs, report);
	while (model_next(&pairs, report, &paths[n]))
		n++;
	return n;
}

void bp_explain_kernel_copies(const struct bp_report *report, struct bp_copies *copies)
{
	struct bp_model_path path;
	struct pairs pairs;

	for (unsigned i = 0; i < report->n_ports * report->n_ports; i++)
		copies[i] = (struct bp_copies){ 0, UINT8_MAX };
	begin_pairs(&pairs, report);
	while (model_next(&pairs, report, &path))
		if (path.is_modelled)
			copies[path.in_port * report->n_ports + path.out_port] = path.kernel;
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

const char *bp_explain_offload(const struct bp_conf *conf, const struct bp_port_info *infos,
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

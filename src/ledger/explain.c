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

unsigned bp_explain_predict(const struct bp_conf *conf, struct bp_port_info *infos,
			    struct bp_model_path *paths)
{
	struct bp_model_end ends[BP_PORTS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		int to = conf->ports[i].forward_to;

		bp_predict_port(&conf->ports[i],
				to < 0 || to >= conf->n_ports ? NULL : &conf->ports[to], &infos[i]);
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

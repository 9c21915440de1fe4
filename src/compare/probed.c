/* Runs a row's forwarder once more, under the probe. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/probed.h"

#include "core/json.h"

#define SETTLE_S 0.05

/* The first path's copies, and the rate that there was meanwhile. */
static json_t *found(const json_t *report, double pps)
{
	json_t *probed = bp_json_at(report, "paths.0.probed");

	probed = json_is_object(probed) ? json_deep_copy(probed) : json_object();
	json_object_set(probed, "functions", bp_json_at(report, "probe.copies"));
	json_object_set_new(probed, "mpps", json_real(pps / 1e6));
	return probed;
}

void bp_cmp_probe(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	const struct bp_trial_request request = { .duration_s = cmp->options.trial_s,
						  .settle_s = SETTLE_S,
						  .frame_size = row->size->bytes };
	json_t *report = row->report; /* the row's own, whose times no probe has slowed down */
	double pps = 0;

	if (row->probed || row->path->forwarder != BP_CMP_BYPATH || !row->forwarded.n)
		return;
	row->report = NULL;
	cmp->is_probing = true;
	if (!bp_cmp_run_begin(run, cmp, row) && !bp_cmp_run_trial(run, &request))
		pps = run->answer.result.received_pps;
	bp_cmp_run_end(run, true);
	cmp->is_probing = false;
	if (pps > 0)
		row->probed = found(row->report, pps);
	json_decref(row->report);
	row->report = report;
}

/* Runs a row's forwarder once more, under the probe. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/probed.h"

#include "core/json.h"

#include <string.h>

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

/* What a run adds to a row that the row's figures do not rest on. */
struct kept {
	json_t *report; /* whose times no probe has slowed down */
	struct bp_cmp_off off;
	enum bp_cmp_status status;
	char reason[BP_CMP_TEXT_BYTES], fix[BP_CMP_TEXT_BYTES];
};

static void keep(struct bp_cmp_row *row, struct kept *kept)
{
	*kept = (struct kept){ .report = row->report, .off = row->off, .status = row->status };
	memcpy(kept->reason, row->reason, sizeof(row->reason));
	memcpy(kept->fix, row->fix, sizeof(row->fix));
	row->report = NULL;
}

static void give_back(const struct kept *kept, struct bp_cmp_row *row)
{
	json_decref(row->report);
	row->report = kept->report;
	row->off = kept->off;
	row->status = kept->status;
	memcpy(row->reason, kept->reason, sizeof(row->reason));
	memcpy(row->fix, kept->fix, sizeof(row->fix));
}

void bp_cmp_probe(struct bp_cmp_run *run, struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	const struct bp_trial_request request = { .duration_s = cmp->options.trial_s,
						  .settle_s = SETTLE_S,
						  .frame_size = row->size->bytes };
	struct kept kept;
	double pps = 0;

	if (row->probed || row->path->forwarder != BP_CMP_BYPATH || !row->forwarded.n ||
	    bp_cmp_has_ended(row))
		return;
	keep(row, &kept);
	cmp->is_probing = true;
	if (!bp_cmp_run_begin(run, cmp, row) && !bp_cmp_run_trial(run, &request))
		pps = run->answer.result.received_pps;
	bp_cmp_run_end(run, true);
	cmp->is_probing = false;
	if (pps > 0)
		row->probed = found(row->report, pps);
	else
		row->probed =
			json_pack("{s:b, s:o}", "is_all", 0, "why", bp_json_text(row->reason));
	give_back(&kept, row);
}

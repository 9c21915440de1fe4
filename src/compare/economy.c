/* CPU at a part of the load, packets per core, share of the line: each a figure, or why there is none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/economy.h"

#include "compare/stat.h"
#include "core/json.h"

double bp_cmp_bits_l1(const struct bp_cmp_row *row)
{
	return (row->size->mean_bytes + BP_WIRE_GAP_BYTES) * 8;
}

/* ---- CPU ---------------------------------------------------------------------------------------- */

static json_t *load(const struct bp_cmp_load *l, double share_of_ndr)
{
	if (!l->cores.n)
		return json_null();
	return json_pack("{s:f, s:f, s:o, s:o}", "share_of_ndr", share_of_ndr, "load_mpps",
			 bp_cmp_median(&l->pps) * 1e-6, "cores", bp_cmp_stat(&l->cores, 1), "busy",
			 bp_cmp_stat(&l->busy, 1));
}

/* Why the forwarder's CPU is not known at a load; NULL: it is. */
static const char *no_cpu(const struct bp_comparison *cmp, const struct bp_cmp_row *row)
{
	if (bp_cmp_has(row->path, BP_CMP_BY_KERNEL))
		return row->path->lab == BP_CMP_DEVICES
			       ? "the kernel forwards in softirqs on the core that the port interrupts: no "
				 "process takes that time"
			       : "the kernel forwards in softirqs on the sender's core: its time there is part "
				 "of the sender's";
	if (row->path->lab == BP_CMP_ALONE)
		return "its source is part of it: there is no load to set";
	if (row->path->lab == BP_CMP_DEVICES && cmp->generator == BP_CMP_GENERATOR_ELSEWHERE)
		return "another box sends: there is no load to set";
	return row->at_10.cores.n && row->at_50.cores.n ? NULL
	       : row->ndr.n ? "the run ended before, or no frame of that trial came back"
			    : "no NDR was found, of which to set a part";
}

static json_t *cpu(const struct bp_comparison *cmp, const struct bp_cmp_row *row)
{
	static const struct bp_cmp_load nothing;
	bool is_kernel = bp_cmp_has(row->path, BP_CMP_BY_KERNEL);

	return json_pack("{s:o, s:o, s:o}", "at_10", load(is_kernel ? &nothing : &row->at_10, 0.1),
			 "at_50", load(is_kernel ? &nothing : &row->at_50, 0.5), "why",
			 bp_json_text(no_cpu(cmp, row)));
}

static json_t *per_core(const struct bp_cmp_row *row)
{
	if (bp_cmp_has(row->path, BP_CMP_BY_KERNEL) ||
	    (!row->forwarded_per_core.n && !row->ndr_per_core.n))
		return json_null();
	return json_pack("{s:o, s:o}", "ndr_mpps", bp_cmp_stat(&row->ndr_per_core, 1e-6), "mpps",
			 bp_cmp_stat(&row->forwarded_per_core, 1e-6));
}

/* ---- the line ----------------------------------------------------------------------------------- */

static json_t *line(const struct bp_comparison *cmp, const struct bp_cmp_row *row)
{
	static const char *const no_line[] = {
		[BP_CMP_VETH] = "a veth pair has no line",
		[BP_CMP_TAP] = "a tap device has no line",
		[BP_CMP_MEMORY] = "shared memory has no line",
		[BP_CMP_MEMORY_LATE] = "shared memory has no line",
		[BP_CMP_ALONE] = "it has no network",
	};
	enum bp_cmp_lab lab = row->path->lab;
	double share = cmp->line_mbps ? bp_cmp_bits_l1(row) / (cmp->line_mbps * 1e6) : 0;

	if (lab != BP_CMP_DEVICES || !cmp->line_mbps)
		return json_pack(
			"{s:n, s:n, s:n, s:o}", "gbps", "ndr_share", "share", "why",
			bp_json_text(lab == BP_CMP_DEVICES ? cmp->line_why : no_line[lab]));
	return json_pack("{s:f, s:o, s:o, s:n}", "gbps", cmp->line_mbps * 1e-3, "ndr_share",
			 bp_cmp_stat(&row->ndr, share), "share",
			 bp_cmp_stat(&row->forwarded, share), "why");
}

void bp_cmp_economy(const struct bp_comparison *cmp, const struct bp_cmp_row *row, json_t *o)
{
	bool has_figures = row->forwarded.n > 0;

	json_object_set_new(o, "cpu", has_figures ? cpu(cmp, row) : json_null());
	json_object_set_new(o, "per_core", has_figures ? per_core(row) : json_null());
	json_object_set_new(o, "line", has_figures ? line(cmp, row) : json_null());
}

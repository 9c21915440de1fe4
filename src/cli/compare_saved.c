/* `bypath compare` on documents of earlier runs: --diff and --html-from. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/compare_options.h"
#include "cli/page.h"

#include "compare/diff.h"
#include "compare/winner.h"
#include "report/html.h"

#include <stddef.h>

static json_t *load(const char *path)
{
	return bp_cli_read_document(path, "bypath.compare/1", "comparison");
}

int bp_compare_show_diff(const struct bp_compare_arguments *a)
{
	json_t *before = load(a->before), *after = before ? load(a->after) : NULL;
	json_t *document = after ? bp_cmp_diff_document(before, a->before, after, a->after) : NULL;
	int code = BP_EXIT_USAGE;

	if (after)
		code = bp_cli_report(json_incref(document), bp_compare_has_text(a), false,
				     a->json_path);
	if (document && a->html_path && bp_report_html(document, a->html_path))
		code = BP_EXIT_FAILED;
	json_decref(document);
	json_decref(before);
	json_decref(after);
	return code;
}

int bp_compare_write_html(const struct bp_compare_arguments *a)
{
	json_t *document = load(a->from);
	int err;

	if (!document)
		return BP_EXIT_USAGE;
	/* Of a run before there were any, or of an edited one: they are a matter of its rows alone. */
	json_object_set_new(document, "verdicts",
			    bp_cmp_verdicts(json_object_get(document, "rows")));
	err = bp_report_html(document, a->html_path);
	json_decref(document);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}

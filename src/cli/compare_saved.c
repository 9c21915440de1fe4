/* `bypath compare` on documents of earlier runs: --diff and --html-from. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/compare_options.h"

#include "bypath/log.h"

#include "compare/text.h"
#include "compare/winner.h"
#include "core/json.h"
#include "report/html.h"
#include "report/json.h"

#include <stdio.h>
#include <string.h>

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *document = json_load_file(path, 0, &error);
	const char *schema = json_string_value(json_object_get(document, "schema"));

	if (!document)
		bp_log(BP_LOG_ERROR, "%s: %s (line %d)", path, error.text, error.line);
	else if (!schema || strcmp(schema, "bypath.compare/1") != 0) {
		bp_log(BP_LOG_ERROR,
		       "%s: no comparison: its schema is «%s», allowed: bypath.compare/1", path,
		       schema ? schema : "");
		json_decref(document);
		document = NULL;
	}
	return document;
}

/* Text, JSON and page of a difference, as far as they were asked for. */
static int write_diff(const struct bp_compare_arguments *a, const json_t *before,
		      const json_t *after, json_t *diff)
{
	json_t *document =
		json_pack("{s:s, s:o, s:o, s:o}", "schema", "bypath.compare-diff/1", "before",
			  bp_json_text(a->before), "after", bp_json_text(a->after), "diff", diff);
	int code = document ? BP_EXIT_OK : BP_EXIT_FAILED;

	if (!a->json_path || strcmp(a->json_path, "/dev/stdout") != 0)
		bp_cmp_print_diff(stdout, before, after, diff);
	if (a->html_path && bp_report_html(document, a->html_path))
		code = BP_EXIT_FAILED;
	if (a->json_path && bp_json_write(json_incref(document), a->json_path))
		code = BP_EXIT_FAILED;
	json_decref(document);
	return code;
}

int bp_compare_show_diff(const struct bp_compare_arguments *a)
{
	json_t *before = load(a->before), *after = before ? load(a->after) : NULL;
	int code = after ? write_diff(a, before, after, bp_cmp_diff(before, after)) : BP_EXIT_USAGE;

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

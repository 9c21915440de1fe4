/* Puts a document into the page that draws it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include "bypath/log.h"

#include "report/file.h"
#include "report/page_template.h"
#include "report/view.h"

#include <errno.h>

struct content {
	const json_t *doc, *views;
};

/* In JSON a '<' stands within strings only. Written as \u003c, none ends the element that holds it. */
static int put_json(const char *text, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++)
		if ((text[i] == '<' ? fputs("\\u003c", out) : fputc(text[i], out)) == EOF)
			return -1;
	return 0;
}

static int write_page(FILE *out, const void *arg)
{
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(12);
	const struct content *content = arg;

	if (!content->views)
		return -ENOMEM;
	fputs(page_before, out);
	if (json_dump_callback(content->views, put_json, out, flags))
		return -EIO;
	fputs(page_between, out);
	if (json_dump_callback(content->doc, put_json, out, flags))
		return -EIO;
	fputs(page_after, out);
	return 0;
}

int bp_report_html(const json_t *doc, const char *path)
{
	json_t *views;
	int err;

	if (!json_is_object(doc)) {
		bp_log(BP_LOG_ERROR,
		       "report %s: not written: the document is no JSON object: give what `bypath "
		       "compare --json` wrote",
		       path);
		return -EINVAL;
	}
	views = bp_views_json(doc);
	err = bp_file_replace(path, write_page, &(struct content){ doc, views });
	json_decref(views);
	return err;
}

/* Texts on standard output, by a thread that may have to wait for their reader. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/page.h"
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/log.h"

#include "core/outlet.h"
#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bp_cli_page_open(struct bp_cli_page *page)
{
	*page = (struct bp_cli_page){ 0 };
	page->file = open_memstream(&page->text, &page->n_bytes);
	return page->file ? 0 : -ENOMEM;
}

bool bp_cli_page_is_for_log(const struct bp_conf *conf)
{
	const struct bp_port_conf *port = bp_cli_find_capture(conf);

	if (port)
		bp_log(BP_LOG_INFO,
		       "standard output carries the capture of port %s: the report goes to "
		       "standard error",
		       port->name);
	return port != NULL;
}

static int write_to_log(const char *text, size_t n)
{
	bool is_written = fwrite(text, 1, n, bp_log_stream()) == n;

	is_written &= !fflush(bp_log_stream());
	bp_log_flush();
	return is_written ? 0 : -EIO;
}

static int write_out(const char *text, size_t n)
{
	struct bp_outlet *outlet;
	int err = bp_outlet_open(STDOUT_FILENO, n, NULL, &outlet);

	if (err)
		return err;
	bp_outlet_put(outlet, text, n);
	err = bp_outlet_drain(outlet, BP_OUTLET_UNTIL_SIGNAL);
	bp_outlet_close(outlet);
	return err;
}

int bp_cli_page_print(struct bp_cli_page *page)
{
	int err = fclose(page->file) ? -ENOMEM : 0;

	bp_log_flush();
	if (!err && page->n_bytes)
		err = page->is_for_log ? write_to_log(page->text, page->n_bytes)
				       : write_out(page->text, page->n_bytes);
	free(page->text);
	if (err)
		bp_log(BP_LOG_ERROR, "%s: the report could not be written: %s",
		       page->is_for_log ? "standard error" : "standard output",
		       err == -ETIMEDOUT ? "its reader takes nothing" : strerror(-err));
	return err;
}

json_t *bp_cli_read_document(const char *path, const char *schema, const char *what)
{
	json_error_t error;
	json_t *document = json_load_file(path, 0, &error);
	const char *own = json_string_value(json_object_get(document, "schema"));

	if (!document && error.line < 0) { /* it was not read: the text has the path, and why */
		bp_log(BP_LOG_ERROR, "%s", error.text);
	} else if (!document) {
		bp_log(BP_LOG_ERROR, "%s: %s (line %d)", path, error.text, error.line);
	} else if (!own || strcmp(own, schema) != 0) {
		bp_log(BP_LOG_ERROR, "%s: no %s: its schema is '%s', allowed: %s", path, what,
		       own ? own : "", schema);
		json_decref(document);
		document = NULL;
	}
	return document;
}

int bp_cli_report(json_t *document, bool has_text, bool is_for_log, const char *json_path)
{
	struct bp_cli_page page;
	int code = BP_EXIT_OK;

	if (!document) {
		bp_log(BP_LOG_ERROR, "no memory for the report: nothing is printed or written");
		return BP_EXIT_FAILED;
	}
	if (has_text && bp_cli_page_open(&page)) {
		bp_log(BP_LOG_ERROR, "no memory for the report's text");
		code = BP_EXIT_FAILED;
	} else if (has_text) {
		page.is_for_log = is_for_log;
		bp_view_print(page.file, document);
		if (bp_cli_page_print(&page))
			code = BP_EXIT_FAILED;
	}
	if (json_path && bp_json_write(json_incref(document), json_path))
		code = BP_EXIT_FAILED;
	json_decref(document);
	return code;
}

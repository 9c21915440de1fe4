/* Texts on standard output, by a thread that may have to wait for their reader. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/page.h"

#include "bypath/log.h"

#include "core/outlet.h"

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
		err = write_out(page->text, page->n_bytes);
	free(page->text);
	if (err)
		bp_log(BP_LOG_ERROR, "standard output: the report could not be written: %s",
		       err == -ETIMEDOUT ? "its reader takes nothing" : strerror(-err));
	return err;
}

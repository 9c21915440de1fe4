/* page DOCUMENT.json OUT.html: the page of a document that nothing has been run for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *document = argc == 3 ? json_load_file(argv[1], 0, &error) : NULL;
	int err;

	if (!document) {
		fprintf(stderr, "page: no document\n");
		return 2;
	}
	err = bp_report_html(document, argv[2]);
	json_decref(document);
	return err ? 1 : 0;
}

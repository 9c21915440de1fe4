/* Writes the HTML report of a compare document: html_from FILE.json OUT.html. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *doc;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: html_from FILE.json OUT.html\n");
		return 2;
	}
	doc = json_load_file(argv[1], 0, &error);
	if (!doc) {
		fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, error.text);
		return 1;
	}
	err = bp_report_html(doc, argv[2]);
	json_decref(doc);
	return err ? 1 : 0;
}

/* Writes documents as JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/json.h"

#include "bypath/log.h"

#include "report/file.h"

#include <errno.h>

static int write_document(FILE *out, const void *document)
{
	return json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) ||
			       fputc('\n', out) == EOF
		       ? -EIO
		       : 0;
}

int bp_json_write(json_t *document, const char *path)
{
	int err;

	/* jansson does not tell why. */
	if (!document) {
		bp_log(BP_LOG_ERROR,
		       "report %s: not written: the document cannot be made: no memory is left, or a "
		       "text in it is no UTF-8: please report the latter",
		       path);
		return -ENOMEM;
	}
	err = bp_file_replace(path, write_document, document);
	json_decref(document);
	return err;
}

int bp_json_print(FILE *out, json_t *document)
{
	int err = document ? write_document(out, document) : -ENOMEM;

	json_decref(document);
	return fflush(out) && !err ? -EIO : err;
}

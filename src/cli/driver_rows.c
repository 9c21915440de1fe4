/* The drivers of this build as rows of a document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/driver_rows.h"

#include "bypath/driver.h"

#include "core/json.h"

static json_t *make_row(const struct bp_driver_entry *entry, bool loads)
{
	const char *state = "linked in", *why = entry->missing;

	if (entry->missing) {
		state = "left out";
	} else if (entry->module && !loads) {
		state = "module";
	} else if (entry->module) {
		const struct bp_driver *driver = bp_driver_find(entry->name, &why);

		state = driver ? "module loads" : "module fails";
		why = driver ? NULL : why ? why : "reason unknown";
	}
	return json_pack("{s:s, s:s, s:o, s:s}", "name", entry->name, "state", state, "reason",
			 bp_json_text(why), "summary", entry->facts->summary);
}

json_t *bp_driver_rows(bool loads)
{
	json_t *rows = json_array();

	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		json_array_append_new(rows, make_row(entry, loads));
	return rows;
}

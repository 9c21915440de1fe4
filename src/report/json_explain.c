/* What `bypath explain` and `bypath drivers` say, as JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/json.h"

#include "report/json_model.h"

#include <errno.h>

static int print(FILE *out, json_t *root)
{
	int err = 0;

	if (!root)
		return -ENOMEM;
	if (json_dumpf(root, out, JSON_INDENT(2)) || fputc('\n', out) == EOF || fflush(out))
		err = -EIO;
	json_decref(root);
	return err;
}

int bp_report_json_explain(FILE *out, const char *file, const struct bp_conf *conf,
			   const struct bp_port_info *infos, const struct bp_model_path *paths,
			   size_t n_paths)
{
	json_t *ports = json_array(), *rows = json_array();

	for (unsigned i = 0; i < conf->n_ports; i++)
		json_array_append_new(ports, bp_json_port(&conf->ports[i], &infos[i]));
	for (size_t i = 0; i < n_paths; i++) {
		const struct bp_model_path *path = &paths[i];

		json_array_append_new(rows, json_pack("{s:s, s:s, s:o, s:o}", "in",
						      conf->ports[path->in_port].name, "out",
						      conf->ports[path->out_port].name, "modelled",
						      bp_json_modelled(path), "hops",
						      bp_json_hops(path)));
	}
	return print(out,
		     json_pack("{s:s, s:o, s:b, s:o, s:o}", "schema", "bypath.explain/1", "file",
			       bp_json_text(file), "predicted", 1, "ports", ports, "paths", rows));
}

int bp_report_json_drivers(FILE *out, const struct bp_report_driver *drivers, size_t n_drivers)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n_drivers; i++) {
		const struct bp_report_driver *d = &drivers[i];

		json_array_append_new(rows,
				      json_pack("{s:s, s:s, s:o, s:o}", "name", d->name, "state",
						d->state, "reason", bp_json_text(d->reason),
						"summary", bp_json_text(d->summary)));
	}
	return print(out, json_pack("{s:s, s:o}", "schema", "bypath.drivers/1", "drivers", rows));
}

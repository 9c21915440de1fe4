/* The settings that a configuration was made of, as a document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_SETTINGS_H
#define BYPATH_CONFIG_SETTINGS_H

#include "bypath/config.h"

#include <jansson.h>

struct bp_load;

/*
 * bp_config_load(), and where that returns 0, *settings is a new reference to the settings of what was loaded (NULL:
 * memory lacks), in the order of the file, then of the overrides:
 *
 *   {"file": path, "sections": [{"section": "port.wan", "settings": [
 *     {"key", "value", "text", "from", "kind": "file" | "override" | "default", "line"}, …]}, …]}
 *
 * value: what applies; of a file its path as it is opened. text: the same as an INI file has it, in quotes where need be.
 * from: "edge.ini:12", "command line" (--set, and options that stand for one), "default", of a key that is not given and
 * applies; line: of the file only. Any thread.
 */
int bp_config_load_settings(const char *path, const char *const *sets, size_t n_sets,
			    struct bp_conf *conf, char *errors, size_t errors_bytes,
			    json_t **settings);

/* That document of a configuration without problems, or NULL. */
json_t *bp_settings_make(struct bp_load *load);

#endif

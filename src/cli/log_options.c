/* The options of the log. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/log_options.h"

#include "bypath/key.h"
#include "bypath/log.h"

#include "config/schema.h"

#include <string.h>

const char bp_cli_log_usage[] =
	"  --log-level LEVEL         error | warning | info | debug (info)\n"
	"  --log-format FORMAT       text | json | logfmt (text)\n"
	"  --interval SECONDS|off    how often figures are logged (1 on a terminal, off elsewhere)\n";

int bp_cli_take_log(void *o, const struct bp_cli_option *option, const char *value)
{
	struct bp_cli_log *log = (struct bp_cli_log *)(void *)((char *)o + option->at);
	size_t n_key = strlen(option->key) + 1, i = 0;

	/* The last one given counts. */
	while (i < log->n && strncmp(log->sets[i], option->key, n_key - 1))
		i++;
	if (n_key + strlen(value) >= BP_CLI_LOG_SET_BYTES)
		return bp_cli_complain("--%s: found '%.40s…', which is too long: see --help",
				       option->name, value);
	snprintf(log->sets[i], sizeof(log->sets[i]), "%s=%s", option->key, value);
	log->n += i == log->n;
	return 0;
}

void bp_cli_log_expect(const struct bp_cli_log *log)
{
	static const char format[] = "log.format=";
	const struct bp_key *key = bp_schema_find("log", "format");
	const struct bp_word *word = NULL;

	for (size_t i = 0; i < log->n; i++)
		if (!strncmp(log->sets[i], format, sizeof(format) - 1))
			word = bp_key_word(key, log->sets[i] + sizeof(format) - 1);
	bp_log_open(word ? (enum bp_log_format)word->value : BP_LOG_TEXT);
}

uint64_t bp_cli_log_begin(const struct bp_conf *conf, bool is_quiet)
{
	double interval_s = conf->log.interval_s;

	bp_log_set_level(conf->log.level);
	bp_log_open(conf->log.format);
	if (interval_s < 0)
		interval_s = bp_log_is_plain() ? 1 : 0;
	return is_quiet ? 0 : (uint64_t)(interval_s * 1e9);
}

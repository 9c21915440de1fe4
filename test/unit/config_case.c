/* Runs tables of configurations. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include "bypath/driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int load_text(const char *ini, size_t n_bytes, const char *const *sets, struct bp_conf *conf,
	      char errors[CASE_ERRORS_BYTES])
{
	int fd = memfd_create("case.ini", MFD_CLOEXEC);
	char path[64], raw[CASE_ERRORS_BYTES];
	size_t n_sets = 0, len = 0;
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, ini, n_bytes), n_bytes);
	while (sets && sets[n_sets])
		n_sets++;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = bp_config_load(path, sets, n_sets, conf, raw, sizeof(raw));
	close(fd);
	for (const char *line = raw, *next; *line; line = next) {
		size_t n = strcspn(line, "\n");
		bool has_path = !strncmp(line, path, strlen(path));
		size_t skip = has_path ? strlen(path) : 0;

		n += line[n] == '\n'; /* the last line may be cut */
		next = line + n;
		len += (size_t)snprintf(errors + len, CASE_ERRORS_BYTES - len, "%s%.*s",
					has_path ? "@" : "", (int)(n - skip), line + skip);
	}
	errors[len] = '\0';
	return rc;
}

void load_right(const char *ini, const char *const *sets, struct bp_conf *conf)
{
	char errors[CASE_ERRORS_BYTES];

	if (load_text(ini, strlen(ini), sets, conf, errors))
		fail_msg("refused:\n%s", errors);
	assert_string_equal(errors, "");
}

/* Is a driver among those that a placeholder stands for? */
static bool is_meant(const struct bp_facts *facts, const char *placeholder)
{
	char key[BP_NAME_BYTES];

	if (sscanf(placeholder, "<drivers with %31[^>]>", key) == 1)
		return bp_facts_key(facts, key);
	if (!strncmp(placeholder, DRIVERS_UNTOUCHING, strlen(DRIVERS_UNTOUCHING)))
		return facts->flags & BP_FACT_TOUCHES_NOTHING;
	return true;
}

/* What is expected, with the names of drivers in place of what stands for them. */
static void expand(const char *text, char expected[CASE_ERRORS_BYTES])
{
	FILE *out = fmemopen(expected, CASE_ERRORS_BYTES, "w");

	assert_non_null(out);
	for (const char *at; (at = strstr(text, "<drivers")); text = strchr(at, '>') + 1) {
		const char *separator = "";

		fwrite(text, 1, (size_t)(at - text), out);
		for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
			if (!is_meant(entry->facts, at))
				continue;
			fprintf(out, "%s%s", separator, entry->name);
			separator = strncmp(at, DRIVERS, strlen(DRIVERS)) ? ", " : " | ";
		}
	}
	fputs(text, out);
	fputc('\0', out);
	fclose(out);
}

static bool run_case(const struct config_case *c, struct bp_conf *conf, struct bp_conf *before)
{
	char errors[CASE_ERRORS_BYTES], expected[CASE_ERRORS_BYTES];
	int rc, rc_expected = c->errors ? -EINVAL : 0;

	expand(c->errors ? c->errors : "", expected);
	memset(conf, 0xa5, sizeof(*conf));
	*before = *conf;
	rc = load_text(c->ini, c->ini_bytes ? c->ini_bytes : strlen(c->ini), c->sets, conf, errors);
	if (rc != rc_expected || strcmp(errors, expected)) {
		print_error("%s: returned %d, printed\n%sexpected\n%s", c->name, rc, errors,
			    expected);
		return false;
	}
	if (rc && memcmp(conf, before, sizeof(*conf))) {
		print_error("%s: conf was touched though loading failed\n", c->name);
		return false;
	}
	return true;
}

void run_cases(const struct config_case *cases, size_t n_cases)
{
	struct bp_conf *conf = malloc(sizeof(*conf)), *before = malloc(sizeof(*before));
	size_t n_failed = 0;

	assert_non_null(conf);
	assert_non_null(before);
	for (size_t i = 0; i < n_cases; i++)
		n_failed += !run_case(&cases[i], conf, before);
	free(conf);
	free(before);
	assert_int_equal(n_failed, 0);
}

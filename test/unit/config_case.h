/* One configuration as a test: text in, the exact errors out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_CONFIG_CASE_H
#define BYPATH_TEST_CONFIG_CASE_H

#include "bypath/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CASE_ERRORS_BYTES 16384u
#define CASE_SETS_MAX     6u

/* Stand in `errors` for names of the build's drivers: what `driver` allows ("af_packet | …"), those that have a key
 * ("af_packet, …"), those that touch no frame. */
#define DRIVERS            "<drivers>"
#define DRIVERS_WITH(key)  "<drivers with " key ">"
#define DRIVERS_UNTOUCHING "<drivers untouching>"

struct config_case {
	const char *name;
	const char *ini;
	size_t ini_bytes; /* 0: up to the terminator */
	const char *sets[CASE_SETS_MAX]; /* ends with NULL */
	/* Exactly what is printed; '@' at the begin of a line stands for the file's path.
	 * NULL: the configuration is right. */
	const char *errors;
};

/* Two ports that need nothing, with the paths between them. */
#define TWO_PORTS "[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\na = b\n"

/* Load text (n_bytes) with overrides from a file of its own. The result of bp_config_load(). */
int load_text(const char *ini, size_t n_bytes, const char *const *sets, struct bp_conf *conf,
	      char errors[CASE_ERRORS_BYTES]);

/* Load the text, which must be right. */
void load_right(const char *ini, const char *const *sets, struct bp_conf *conf);

/* Run every case of a table; each failure is printed, then the test fails. */
void run_cases(const struct config_case *cases, size_t n_cases);

#endif

/* A test bed for functions: a configuration of named ports, a function in it, bursts as the engine calls them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_FUNCTION_BED_H
#define BYPATH_TEST_FUNCTION_BED_H

#include "bypath/function.h"

#include "config/value.h"

#include "frame_build.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* The ports, by id. Packets of WAN go through the function to LAN. */
enum { WAN, LAN, MON, TAP };
#define BIT(port) (UINT64_C(1) << (port))

#define FILE_PATH_BYTES  64u
#define COMPLAINTS_BYTES 8192u
#define FN_SETS_MAX      8u
#define FN_WORKERS       2u

/* A key with its value: "id = 10" is { "id", "10" }. */
struct fn_set {
	const char *key, *value;
};

struct fn_bed {
	const struct bp_function *function;
	struct bp_conf *conf;
	struct bp_function_conf *fn_conf; /* the one function of it */
	const char *given[FN_SETS_MAX]; /* keys */
	unsigned n_given;
	void *state;
	bool is_started;
	struct bp_fn fns[FN_WORKERS];
	/* One burst; the views are in blocks of exactly their length, so that a sanitizer sees one byte too far. */
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n;
	uint64_t out[BP_BURST_MAX];
	uint8_t why[BP_BURST_MAX];
	/* What check() complained about: "KEY: TEXT\n". */
	char complaints[COMPLAINTS_BYTES];
};

/* A file with this text, for the test's life; its path. */
static inline void make_file(const char *text, size_t n_bytes, char path[FILE_PATH_BYTES])
{
	int fd = memfd_create("rules", MFD_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(path, FILE_PATH_BYTES, "/proc/self/fd/%d", fd);
	while (n_bytes) {
		ssize_t n = write(fd, text, n_bytes);

		assert_true(n > 0);
		text += n;
		n_bytes -= (size_t)n;
	}
}

/* ---- its life -------------------------------------------------------------------------------- */

/* A function of this type with its defaults, on the chain of WAN. */
static inline struct fn_bed *fn_make(const char *type)
{
	static const char *const names[] = { "wan", "lan", "mon", "tap" };
	struct fn_bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->conf = calloc(1, sizeof(*bed->conf));
	assert_non_null(bed->conf);
	for (unsigned i = 0; i < 4; i++) {
		struct bp_port_conf *port = &bed->conf->ports[bed->conf->n_ports++];

		strcpy(port->name, names[i]);
		port->forward_to = BP_NO_PORT;
	}
	bed->conf->ports[WAN].forward_to = LAN;
	bed->conf->ports[WAN].n_chain = 1;
	bed->conf->ports[WAN].chain[0] = 0;
	bed->fn_conf = &bed->conf->functions[0];
	bed->conf->n_functions = 1;
	strcpy(bed->fn_conf->name, "f");
	strcpy(bed->fn_conf->type, type);
	bed->function = bp_function_find(type);
	assert_non_null(bed->function);
	bp_value_store_defaults(bed->function->keys, bed->fn_conf);
	return bed;
}

static inline void fn_key(struct fn_bed *bed, const char *name, const char *value)
{
	const struct bp_key *key = bp_key_find(bed->function->keys, name);
	char why[BP_WHY_BYTES];

	assert_non_null(key);
	if (bp_value_store(key, value, bed->fn_conf, why))
		fail_msg("%s", why);
	assert_true(bed->n_given < FN_SETS_MAX);
	bed->given[bed->n_given++] = name;
}

static inline void fn_keys(struct fn_bed *bed, const struct fn_set *sets)
{
	for (; sets->key; sets++)
		fn_key(bed, sets->key, sets->value);
}

struct fn_check {
	struct bp_check check; /* first: found by cast */
	struct fn_bed *bed;
};

static inline bool fn_is_given(const struct bp_check *check, const char *key)
{
	const struct fn_bed *bed = ((const struct fn_check *)check)->bed;

	for (unsigned i = 0; i < bed->n_given; i++)
		if (!strcmp(bed->given[i], key))
			return true;
	return false;
}

static inline __attribute__((format(printf, 3, 4))) void
fn_complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	char *text = ((struct fn_check *)check)->bed->complaints;
	size_t len = strlen(text);
	va_list args;

	len += (size_t)snprintf(text + len, COMPLAINTS_BYTES - len, "%s: ", key ? key : "");
	va_start(args, fmt);
	len += (size_t)vsnprintf(text + len, COMPLAINTS_BYTES - len, fmt, args);
	va_end(args);
	snprintf(text + len, COMPLAINTS_BYTES - len, "\n");
}

/* What the function says of its values, a line each, "" if nothing; the bed's. */
static inline const char *fn_complaints(struct fn_bed *bed)
{
	struct fn_check check = { { bed->conf, "function.f", fn_is_given, fn_complain }, bed };

	bed->complaints[0] = '\0';
	if (bed->function->check)
		bed->function->check(bed->fn_conf, &check.check);
	return bed->complaints;
}

static inline uint64_t fn_outs(const struct fn_bed *bed)
{
	return bed->function->outs ? bed->function->outs(bed->conf, bed->fn_conf, WAN) : 0;
}

/* Open it and let two workers enter. As the engine does: an operation that a function does not have is nothing to do. */
static inline void fn_start(struct fn_bed *bed)
{
	const struct bp_function_ops *ops = bed->function->ops;

	assert_string_equal(fn_complaints(bed), "");
	bed->conf->ports[WAN].out_ports = BIT(LAN) | fn_outs(bed);
	if (ops->open)
		assert_int_equal(ops->open(bed->conf, bed->fn_conf, &bed->state), 0);
	for (uint16_t w = 0; w < FN_WORKERS; w++) {
		bed->fns[w] = (struct bp_fn){ .state = bed->state, .worker_id = w };
		if (ops->enter)
			assert_int_equal(ops->enter(&bed->fns[w]), 0);
	}
	bed->is_started = true;
}

/* A function with these keys (up to a key NULL), started. */
static inline struct fn_bed *fn_begin(const char *type, const struct fn_set *sets)
{
	struct fn_bed *bed = fn_make(type);

	fn_keys(bed, sets);
	fn_start(bed);
	return bed;
}

static inline void fn_empty(struct fn_bed *bed)
{
	for (unsigned i = 0; i < bed->n; i++)
		free(bed->pkts[i].data);
	bed->n = 0;
}

static inline void fn_end(struct fn_bed *bed)
{
	const struct bp_function_ops *ops = bed->function->ops;

	for (unsigned i = 0; bed->is_started && ops->leave && i < FN_WORKERS; i++)
		ops->leave(&bed->fns[i]);
	if (bed->state)
		ops->close(bed->state);
	fn_empty(bed);
	free(bed->conf);
	free(bed);
}

/* ---- bursts ---------------------------------------------------------------------------------- */

/* One burst of the worker, through process(). */
static inline void fn_run(struct fn_bed *bed, unsigned worker_id, struct bp_pkt *pkts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bed->out[i] = BP_OUT_NEXT;
		bed->why[i] = 0;
	}
	bed->function->ops->process(&bed->fns[worker_id], pkts, n, bed->out, bed->why);
}

static inline void fn_add_view(struct fn_bed *bed, const uint8_t *bytes, uint32_t len,
			       bool has_more)
{
	uint8_t *block = malloc(len + !len);

	assert_non_null(block);
	assert_true(bed->n < BP_BURST_MAX);
	if (len)
		memcpy(block, bytes, len);
	bed->pkts[bed->n++] =
		(struct bp_pkt){ .data = block, .len = len, .flags = has_more ? BP_PKT_MORE : 0 };
}

/* A frame of one view. */
static inline void fn_add_frame(struct fn_bed *bed, const struct fb_spec *spec)
{
	static struct fb_frame frame;

	fb_build(&frame, spec);
	fn_add_view(bed, frame.bytes, frame.len, false);
}

/* The bed's own burst, through process(). */
static inline void fn_process(struct fn_bed *bed, unsigned worker_id)
{
	fn_run(bed, worker_id, bed->pkts, bed->n);
}

/* What the function makes of one frame. */
static inline uint64_t fn_out_of(struct fn_bed *bed, const struct fb_spec *spec)
{
	fn_empty(bed);
	fn_add_frame(bed, spec);
	fn_process(bed, 0);
	return bed->out[0];
}

/* Why the packet at i was dropped; NULL: it goes on. */
static inline const char *fn_dropped(const struct fn_bed *bed, unsigned i)
{
	if (bed->out[i] == BP_OUT_NEXT)
		return NULL;
	assert_int_equal(bed->out[i], 0);
	return bed->function->reasons[bed->why[i]].name;
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* A number of what show() says: "green.packets". */
static inline double fn_shown(const struct fn_bed *bed, const char *path)
{
	json_t *doc = bed->function->ops->show(bed->state), *at = doc;
	char text[64], *word = text, *next;
	double value;

	assert_non_null(doc);
	snprintf(text, sizeof(text), "%s", path);
	for (; word; word = next) {
		next = strchr(word, '.');
		if (next)
			*next++ = '\0';
		at = json_object_get(at, word);
	}
	if (!json_is_number(at))
		fail_msg("no number %s", path);
	value = json_number_value(at);
	json_decref(doc);
	return value;
}

static inline uint64_t fn_count(const struct fn_bed *bed, const char *path)
{
	double value = fn_shown(bed, path);

	return (uint64_t)value;
}

/* What is wrong with these values is what is expected. */
static inline void fn_expect_complaints(const char *type, const struct fn_set *sets,
					const char *expected)
{
	struct fn_bed *bed = fn_make(type);

	fn_keys(bed, sets);
	assert_string_equal(fn_complaints(bed), expected);
	fn_end(bed);
}

/* Storing this value of a key is refused, with this reason. */
static inline void fn_expect_refused(const char *type, const char *key, const char *value,
				     const char *expected)
{
	struct fn_bed *bed = fn_make(type);
	char why[BP_WHY_BYTES] = "";

	assert_int_not_equal(
		bp_value_store(bp_key_find(bed->function->keys, key), value, bed->fn_conf, why), 0);
	assert_string_equal(why, expected);
	fn_end(bed);
}

#endif

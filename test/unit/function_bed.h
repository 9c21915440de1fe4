/* A test bed for functions: a configuration of named ports, a function in it, bursts through its operations. */
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

struct bed {
	struct bp_conf conf;
	struct bp_function_conf *fn_conf;
	const struct bp_function *function;
	void *state;
	struct bp_fn workers[2];
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

/* A function of this type with its defaults, on the chain of WAN. */
static inline struct bed *make_bed(const char *type)
{
	static const char *const names[] = { "wan", "lan", "mon", "tap" };
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	for (unsigned i = 0; i < 4; i++) {
		struct bp_port_conf *port = &bed->conf.ports[bed->conf.n_ports++];

		strcpy(port->name, names[i]);
		port->forward_to = BP_NO_PORT;
	}
	bed->conf.ports[WAN].forward_to = LAN;
	bed->conf.ports[WAN].n_chain = 1;
	bed->conf.ports[WAN].chain[0] = 0;
	bed->fn_conf = &bed->conf.functions[0];
	bed->conf.n_functions = 1;
	strcpy(bed->fn_conf->name, "f");
	strcpy(bed->fn_conf->type, type);
	bed->function = bp_function_find(type);
	assert_non_null(bed->function);
	bp_value_store_defaults(bed->function->keys, bed->fn_conf);
	return bed;
}

static inline void set_fn_key(struct bed *bed, const char *name, const char *value)
{
	const struct bp_key *key = bp_key_find(bed->function->keys, name);
	char why[BP_WHY_BYTES];

	assert_non_null(key);
	assert_int_equal(bp_value_store(key, value, bed->fn_conf, why), 0);
}

static inline bool bed_is_given(const struct bp_check *check, const char *key)
{
	(void)check;
	(void)key;
	return true;
}

struct bed_check {
	struct bp_check check;
	struct bed *bed;
};

static inline void bed_complain(struct bp_check *check, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static inline void bed_complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	char *text = ((struct bed_check *)check)->bed->complaints;
	size_t len = strlen(text);
	va_list args;

	len += (size_t)snprintf(text + len, COMPLAINTS_BYTES - len, "%s: ", key);
	va_start(args, fmt);
	len += (size_t)vsnprintf(text + len, COMPLAINTS_BYTES - len, fmt, args);
	va_end(args);
	snprintf(text + len, COMPLAINTS_BYTES - len, "\n");
}

/* What the function says of its values; the bed's. */
static inline const char *check_bed(struct bed *bed)
{
	struct bed_check check = { { &bed->conf, "function.f", bed_is_given, bed_complain }, bed };

	bed->complaints[0] = '\0';
	bed->function->check(bed->fn_conf, &check.check);
	return bed->complaints;
}

/* Open it and let two workers enter. */
static inline void start_bed(struct bed *bed)
{
	assert_string_equal(check_bed(bed), "");
	bed->conf.ports[WAN].out_ports =
		BIT(LAN) | bed->function->outs(&bed->conf, bed->fn_conf, WAN);
	assert_int_equal(bed->function->ops->open(&bed->conf, bed->fn_conf, &bed->state), 0);
	for (uint16_t w = 0; w < 2; w++) {
		bed->workers[w] = (struct bp_fn){ .state = bed->state, .worker_id = w };
		assert_int_equal(bed->function->ops->enter(&bed->workers[w]), 0);
	}
}

static inline void empty_burst(struct bed *bed)
{
	for (unsigned i = 0; i < bed->n; i++)
		free(bed->pkts[i].data);
	bed->n = 0;
}

static inline void free_bed(struct bed *bed)
{
	if (bed->state)
		bed->function->ops->close(bed->state);
	empty_burst(bed);
	free(bed);
}

static inline void add_view(struct bed *bed, const uint8_t *bytes, uint32_t len, bool has_more)
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
static inline void add_frame(struct bed *bed, const struct fb_spec *spec)
{
	static struct fb_frame frame;

	fb_build(&frame, spec);
	add_view(bed, frame.bytes, frame.len, false);
}

static inline void process_as(struct bed *bed, unsigned worker)
{
	for (unsigned i = 0; i < bed->n; i++) {
		bed->out[i] = BP_OUT_NEXT;
		bed->why[i] = 0;
	}
	bed->function->ops->process(&bed->workers[worker], bed->pkts, bed->n, bed->out, bed->why);
}

/* What the function makes of one frame. */
static inline uint64_t out_of(struct bed *bed, const struct fb_spec *spec)
{
	empty_burst(bed);
	add_frame(bed, spec);
	process_as(bed, 0);
	return bed->out[0];
}

/* An integer of what show() says, by its key. */
static inline uint64_t shown(const struct bed *bed, const char *key)
{
	json_t *doc = bed->function->ops->show(bed->state);
	uint64_t n;

	assert_non_null(doc);
	assert_true(json_is_integer(json_object_get(doc, key)));
	n = (uint64_t)json_integer_value(json_object_get(doc, key));
	json_decref(doc);
	return n;
}

#endif

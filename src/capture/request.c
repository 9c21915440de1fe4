/* What a client asks a capture for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/internal.h"

#include "capture/filter.h"
#include "core/pcapng.h"
#include "core/refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RING_BYTES (4u << 20) /* unless the request says so */

const char *const bp_capture_kind_names[] = { "rx", "tx", "drop", NULL };

static int read_names(const json_t *request, struct bp_capture_request *r, char *why,
		      size_t why_bytes)
{
	const json_t *names = json_object_get(request, "ports"), *name;
	size_t i;

	if (!names)
		return 0;
	if (!json_array_size(names) || json_array_size(names) > BP_PORTS_MAX)
		return bp_refuse(why, why_bytes, -EINVAL,
				 "\"ports\" is no list, allowed: 1..%u names of ports",
				 BP_PORTS_MAX);
	json_array_foreach(names, i, name) {
		r->names[i] = json_string_value(name);
		if (!r->names[i])
			return bp_refuse(why, why_bytes, -EINVAL, "\"ports\" has what is no text");
	}
	r->n_names = (unsigned)i;
	return 0;
}

static unsigned find_kind(const char *word)
{
	for (unsigned i = 0; bp_capture_kind_names[i]; i++)
		if (word && !strcmp(bp_capture_kind_names[i], word))
			return 1u << i;
	return 0;
}

static int read_kinds(const json_t *request, struct bp_capture_request *r, char *why,
		      size_t why_bytes)
{
	const json_t *kinds = json_object_get(request, "kinds"), *kind;
	size_t i;

	r->kinds = kinds ? 0 : BP_CAPTURE_RX | BP_CAPTURE_TX;
	json_array_foreach(kinds, i, kind) {
		unsigned bit = find_kind(json_string_value(kind));

		if (!bit)
			return bp_refuse(why, why_bytes, -EINVAL,
					 "found \"kinds\" '%.40s', allowed: rx, tx, drop",
					 json_is_string(kind) ? json_string_value(kind) : "");
		r->kinds |= bit;
	}
	return r->kinds ? 0
			: bp_refuse(why, why_bytes, -EINVAL,
				    "\"kinds\" is empty, allowed: rx, tx, drop");
}

/* A number lo…hi; missing: as *value was. */
static int read_number(const json_t *request, const char *name, uint64_t lo, uint64_t hi,
		       uint64_t *value, char *why, size_t why_bytes)
{
	const json_t *given = json_object_get(request, name);
	json_int_t v = json_integer_value(given);

	if (!given)
		return 0;
	if (!json_is_integer(given) || v < (json_int_t)lo || (uint64_t)v > hi)
		return bp_refuse(why, why_bytes, -EINVAL,
				 "found \"%s\" %" JSON_INTEGER_FORMAT ", allowed: %" PRIu64
				 "..%" PRIu64,
				 name, v, lo, hi);
	*value = (uint64_t)v;
	return 0;
}

/* A power of two that has so many bytes. */
static uint64_t round_up(uint64_t n_bytes)
{
	uint64_t ring_bytes = BP_CAPTURE_RING_MIN;

	while (ring_bytes < n_bytes)
		ring_bytes *= 2;
	return ring_bytes;
}

static int read_numbers(const json_t *request, struct bp_capture_request *r, char *why,
			size_t why_bytes)
{
	uint64_t snap_bytes = BP_PCAPNG_SNAP_MAX, sample = 1, ring_bytes = RING_BYTES;
	int err =
		read_number(request, "snaplen", 1, BP_PCAPNG_SNAP_MAX, &snap_bytes, why, why_bytes);

	if (!err)
		err = read_number(request, "sample", 1, 1000000000, &sample, why, why_bytes);
	if (!err)
		err = read_number(request, "count", 1, INT64_MAX, &r->count, why, why_bytes);
	if (!err)
		err = read_number(request, "buffer", BP_CAPTURE_RING_MIN, BP_CAPTURE_RING_MAX,
				  &ring_bytes, why, why_bytes);
	r->snap_bytes = (uint32_t)snap_bytes;
	r->sample = (uint32_t)sample;
	r->ring_bytes = round_up(ring_bytes);
	return err;
}

int bp_capture_request_read(const json_t *request, struct bp_capture_request *r, char *why,
			    size_t why_bytes)
{
	struct bp_capture_request read = { 0 };
	int err = read_names(request, &read, why, why_bytes);

	if (!err)
		err = read_kinds(request, &read, why, why_bytes);
	if (!err)
		err = read_numbers(request, &read, why, why_bytes);
	if (!err)
		err = bp_capture_filter_read(request, &read.filter, &read.filter_text, why,
					     why_bytes);
	if (!err)
		*r = read;
	return err;
}

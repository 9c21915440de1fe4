/* What stands in a capture before its packets, and behind them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/internal.h"

#include "core/pcapng.h"

#include <stdio.h>
#include <string.h>

static uint8_t *put(uint8_t *at, const void *bytes, size_t n_bytes)
{
	memcpy(at, bytes, n_bytes);
	return at + n_bytes;
}

static uint8_t *put_option(uint8_t *at, uint16_t code, const void *value, size_t n_bytes)
{
	struct bp_pcapng_option_head head = { code, (uint16_t)n_bytes };
	size_t n_padded = bp_pcapng_pad((uint32_t)n_bytes);

	at = put(at, &head, sizeof(head));
	memset(at, 0, n_padded);
	memcpy(at, value, n_bytes);
	return at + n_padded;
}

static uint8_t *put_text(uint8_t *at, uint16_t code, const char *text)
{
	return put_option(at, code, text, strlen(text));
}

/* Options end, so does the block that began at `begin`. */
static uint8_t *end_block(uint8_t *begin, uint8_t *at)
{
	uint32_t n_bytes;

	at = put_option(at, BP_PCAPNG_END, "", 0);
	n_bytes = (uint32_t)(at - begin) + (uint32_t)sizeof(n_bytes);
	memcpy(begin + offsetof(struct bp_pcapng_head, n_bytes), &n_bytes, sizeof(n_bytes));
	return put(at, &n_bytes, sizeof(n_bytes));
}

static uint8_t *put_section(uint8_t *begin, const char *program)
{
	struct bp_pcapng_section section = {
		.head = { .type = BP_PCAPNG_SECTION },
		.order = BP_PCAPNG_ORDER,
		.major = 1,
		.section_bytes = { -1, -1 },
	};
	uint8_t *at = put(begin, &section, sizeof(section));

	at = put_text(at, BP_PCAPNG_SHB_USERAPPL, program);
	return end_block(begin, at);
}

/* The filter as people write it: the option's first byte says so. */
static uint8_t *put_filter(uint8_t *at, const char *text)
{
	char value[1 + 1024 + 1];
	int n = snprintf(value, sizeof(value), "%c%.1024s", 0, text);

	return put_option(at, BP_PCAPNG_IF_FILTER, value, (size_t)n);
}

static uint8_t *put_interface(uint8_t *begin, const struct bp_capture *c, unsigned i,
			      const char *filter_text)
{
	struct bp_pcapng_interface interface = {
		.head = { .type = BP_PCAPNG_INTERFACE },
		.link_type = BP_PCAPNG_ETHERNET,
		.snap_bytes = c->snap_bytes,
	};
	const uint8_t resolution = BP_PCAPNG_NS;
	uint8_t *at = put(begin, &interface, sizeof(interface));

	at = put_text(at, BP_PCAPNG_IF_NAME, c->interfaces[i].name);
	at = put_text(at, BP_PCAPNG_IF_DESCRIPTION, c->interfaces[i].description);
	at = put_option(at, BP_PCAPNG_IF_TSRESOL, &resolution, sizeof(resolution));
	if (filter_text)
		at = put_filter(at, filter_text);
	return end_block(begin, at);
}

size_t bp_capture_make_head(const struct bp_capture *c, const char *program,
			    const char *filter_text, uint8_t head[BP_CAPTURE_HEAD_BYTES])
{
	uint8_t *at = put_section(head, program);

	for (unsigned i = 0; i < c->n_interfaces; i++)
		at = put_interface(at, c, i, filter_text);
	return (size_t)(at - head);
}

struct bp_capture_sum bp_capture_sum(const struct bp_capture *c, unsigned interface_id)
{
	struct bp_capture_sum sum = { 0 };

	for (unsigned i = 0; i < c->n_rings; i++) {
		struct bp_capture_figures *f = &c->rings[i]->figures[interface_id];

		sum.n_seen += atomic_load_explicit(&f->n_seen, memory_order_relaxed);
		sum.n_matched += atomic_load_explicit(&f->n_matched, memory_order_relaxed);
		sum.n_lost += atomic_load_explicit(&f->n_lost, memory_order_relaxed);
		sum.n_copy_bytes += atomic_load_explicit(&f->n_copy_bytes, memory_order_relaxed);
	}
	return sum;
}

/* A time as options have it: the higher half first. */
static uint8_t *put_time(uint8_t *at, uint16_t code, uint64_t ns)
{
	uint32_t halves[2] = { (uint32_t)(ns >> 32), (uint32_t)ns };

	return put_option(at, code, halves, sizeof(halves));
}

size_t bp_capture_make_end(const struct bp_capture *c, uint64_t begin_ns, uint64_t end_ns,
			   const _Atomic uint64_t *n_written, uint8_t end[BP_CAPTURE_END_BYTES])
{
	uint8_t *at = end;

	for (unsigned i = 0; i < c->n_interfaces; i++) {
		struct bp_capture_sum sum = bp_capture_sum(c, i);
		struct bp_pcapng_statistics statistics = {
			.head = { .type = BP_PCAPNG_STATISTICS },
			.interface_id = i,
			.time_high = (uint32_t)(end_ns >> 32),
			.time_low = (uint32_t)end_ns,
		};
		uint64_t written = atomic_load_explicit(
			&((_Atomic uint64_t *)(uintptr_t)n_written)[i], memory_order_relaxed);
		uint8_t *begin = at;

		at = put(at, &statistics, sizeof(statistics));
		at = put_time(at, BP_PCAPNG_ISB_STARTTIME, begin_ns);
		at = put_time(at, BP_PCAPNG_ISB_ENDTIME, end_ns);
		at = put_option(at, BP_PCAPNG_ISB_IFRECV, &sum.n_seen, sizeof(uint64_t));
		at = put_option(at, BP_PCAPNG_ISB_FILTERACCEPT, &sum.n_matched, sizeof(uint64_t));
		at = put_option(at, BP_PCAPNG_ISB_OSDROP, &sum.n_lost, sizeof(uint64_t));
		at = put_option(at, BP_PCAPNG_ISB_USRDELIV, &written, sizeof(uint64_t));
		at = end_block(begin, at);
	}
	return (size_t)(at - end);
}

/* The schema: every section and key of an INI file, with type, unit, range, default, help. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_SCHEMA_H
#define BYPATH_CONFIG_SCHEMA_H

#include "bypath/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A bit per driver, in the order of bp_schema_drivers. */
enum bp_schema_driver {
	BP_SD_AF_PACKET = 1u << 0,
	BP_SD_AF_XDP = 1u << 1,
	BP_SD_DPDK = 1u << 2,
	BP_SD_PCAP = 1u << 3,
	BP_SD_TAP = 1u << 4,
	BP_SD_RING = 1u << 5,
	BP_SD_NULL = 1u << 6,
	BP_SD_XDP_LIVE = 1u << 7,
	BP_SD_ALL = (1u << 8) - 1,
};

enum bp_key_type {
	BP_KEY_TEXT, /* a string that fits its field */
	BP_KEY_WORD, /* one of words, kept as a string */
	BP_KEY_CHOICE, /* one of words, kept as its value */
	BP_KEY_NUMBER, /* decimal, min … max */
	BP_KEY_CORES, /* list of core numbers */
	BP_KEY_PORT, /* name of a port: [forward] only */
	BP_KEY_SECONDS, /* decimal fraction, 0 … 1e9 */
	BP_KEY_FACTOR, /* decimal fraction, 1e-6 … 1e6 */
	BP_KEY_RATE, /* frames or bits per second, percent, max */
	BP_KEY_SIZES, /* frame sizes with weights, or imix */
	BP_KEY_MAC, /* a MAC address */
	BP_KEY_MACS, /* a MAC address, or first-last */
	BP_KEY_ADDRS, /* an IPv4 or IPv6 address, or first-last */
	BP_KEY_L4PORTS, /* a UDP or TCP port, or first-last */
	BP_KEY_ENCAP, /* a list of headers, from the outside */
	BP_KEY_EXTENSIONS, /* a list of IPv6 extension headers */
};

enum bp_key_flag {
	BP_KEY_REQUIRED = 1u << 0, /* of the drivers that it applies to */
	BP_KEY_ZERO = 1u << 1, /* 0 is allowed beside the range: see zero */
	BP_KEY_POWER_OF_2 = 1u << 2,
	BP_KEY_FIRST_WORD = 1u << 3, /* the default is the first word that the driver knows */
	BP_KEY_BESIDE =
		1u << 4, /* applies beside another key's value only, and is refused without */
};

struct bp_word {
	const char *word; /* NULL ends the list */
	unsigned value; /* BP_KEY_CHOICE: what the field gets */
	uint32_t drivers; /* which drivers know it; 0: all */
};

struct bp_key {
	const char *section; /* "engine", …; "port" and "stream" stand for [port.NAME], … */
	const char *name; /* "*" in [forward]: any port */
	enum bp_key_type type;
	uint32_t flags; /* enum bp_key_flag */
	const char *unit; /* NULL: none */
	uint64_t min, max;
	const char *zero; /* what 0 says */
	const struct bp_word *words;
	const char *fallback; /* the default as one would write it; NULL: not given */
	uint32_t drivers; /* ports only: to which drivers it applies */
	const char *mode; /* ports only: applies with this mode of the driver only */
	const char *example; /* for reference.ini, where there is no default */
	uint32_t offset; /* of the field in struct bp_conf, bp_port_conf or bp_stream_conf */
	uint16_t size;
	const char *help; /* one line */
};

struct bp_section {
	const char *name; /* "port" and "stream" stand for [port.NAME], [stream.NAME] */
	const char *help; /* one line */
};

extern const struct bp_key bp_schema[]; /* ends with section NULL; grouped by section */
extern const struct bp_section bp_schema_sections[]; /* ends with name NULL */
extern const struct bp_word bp_schema_drivers[]; /* ends with NULL */

/* The key, or NULL. section as in bp_schema. */
const struct bp_key *bp_schema_find(const char *section, const char *name);

/* The bit of a driver, 0 if there is none of this name. */
uint32_t bp_schema_driver(const char *name);

/* Does the key know this word for these drivers (0: any)? The word, or NULL. */
const struct bp_word *bp_schema_word(const struct bp_key *key, const char *word, uint32_t drivers);

/* The key's default for a driver (0: none in particular) as written, or NULL. */
const char *bp_schema_default(const struct bp_key *key, uint32_t driver);

/* "a, b, c": the drivers of a bit set. */
void bp_schema_print_drivers(uint32_t drivers, char *out, size_t out_bytes);

/* What a key allows, for people: "1..64 views", "yes | no". driver as above. */
void bp_schema_print_allowed(const struct bp_key *key, uint32_t driver, char *out,
			     size_t out_bytes);

/* Write config/reference.ini: every key of every section with its default and help. */
void bp_reference_print_ini(FILE *out);

/* Write the tables of docs/configuration.md. */
void bp_reference_print_tables(FILE *out);

#endif

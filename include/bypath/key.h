/* One key of a configuration: what it allows, where its value goes, what it is for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_KEY_H
#define BYPATH_KEY_H

#include "bypath/config.h"

enum bp_key_type {
	BP_KEY_TEXT, /* a string that fits its field */
	BP_KEY_FILE, /* the path of a file; one that is relative begins in the folder of the INI file */
	BP_KEY_DRIVER, /* the name of a driver that the build knows */
	BP_KEY_FUNCTION, /* the type of a function that the build knows */
	BP_KEY_CHOICE, /* one of words, kept as its value: the field is an enum or a bool */
	BP_KEY_NUMBER, /* decimal, min … max */
	BP_KEY_CORES, /* list of core numbers */
	BP_KEY_PORT, /* names of functions, then of a port: [forward] only */
	BP_KEY_SECONDS, /* decimal fraction, 0 … 1e9 */
	BP_KEY_INTERVAL, /* the same, 0.1 … 86400, or off, auto: a double, 0, BP_LOG_INTERVAL_AUTO */
	BP_KEY_FACTOR, /* decimal fraction, 1e-6 … 1e6 */
	BP_KEY_RATE, /* frames or bits per second, percent, max */
	BP_KEY_SIZES, /* frame sizes with weights, or imix */
	BP_KEY_MAC, /* a MAC address */
	BP_KEY_MACS, /* a MAC address, or first-last */
	BP_KEY_ADDRS, /* an IPv4 or IPv6 address, or first-last */
	BP_KEY_L4PORTS, /* a UDP or TCP port, or first-last */
	BP_KEY_ENCAP, /* a list of headers, from the outside */
	BP_KEY_EXTENSIONS, /* a list of IPv6 extension headers */
	BP_KEY_AMOUNT, /* decimal, with k or m behind it times 1024 or 1024², min … max */
	BP_KEY_VLANS, /* a list of VLAN ids and ranges of them */
};

enum bp_key_flag {
	BP_KEY_REQUIRED = 1u << 0,
	BP_KEY_ZERO = 1u << 1, /* 0 is allowed beside the range: see zero */
	BP_KEY_POWER_OF_2 = 1u << 2,
	BP_KEY_BESIDE =
		1u << 3, /* applies beside another key's value only, and is refused without */
	/* BP_KEY_RATE: a number of packets that no port changes the meaning of: 1pps … 1000mpps, or max; or a
	 * number of packets or bits: no max, no percent. */
	BP_KEY_PPS = 1u << 4,
	BP_KEY_NUMERIC = 1u << 5,
};

/* What a reload does with another value. */
enum bp_reload {
	BP_RELOAD_UNSAID, /* of a key: what its section says; of a section: BP_RELOAD_START */
	BP_RELOAD_LIVE, /* what runs takes it up */
	BP_RELOAD_ANEW, /* its port, its function is made anew under its name */
	BP_RELOAD_START, /* refuses it: it is read at the start only */
	BP_RELOAD_NEXT, /* lets it stand: it counts at the next start */
	BP_RELOAD_NONE, /* nothing: bypath run does not read it */
};

struct bp_word {
	const char *word; /* NULL ends the list */
	unsigned value;
};

/* All strings are static. */
struct bp_key {
	const char *name; /* NULL ends a list of keys; "*" in [forward]: any port */
	enum bp_key_type type;
	uint32_t flags; /* enum bp_key_flag */
	const char *unit; /* BP_KEY_NUMBER, BP_KEY_AMOUNT: "" for none; else NULL for none */
	uint64_t min, max;
	const char *zero; /* what 0 says, NULL: what any number says */
	const struct bp_word *words;
	const char *fallback; /* the default as one would write it; NULL: not given */
	/* A driver's: a bit per value of its key `mode`, the modes that the key applies to; 0: all. */
	uint32_t modes;
	const char *example; /* for reference.ini, where there is no default */
	uint32_t offset; /* of the field in struct bp_conf, or in that of a named section */
	/* BP_KEY_NUMBER, BP_KEY_AMOUNT: an unsigned field of 1, 2, 4 or 8 bytes that max fits */
	uint16_t size;
	enum bp_reload reload;
	const char *fixed; /* BP_RELOAD_START: why, half a sentence; NULL: what the section says */
	const char *help; /* one line */
};

extern const struct bp_word bp_words_yes_no[]; /* bool */
extern const struct bp_word bp_words_yes_no_auto[]; /* enum bp_tristate */
extern const struct bp_word bp_words_auto_off[]; /* enum bp_tristate */
extern const struct bp_word bp_words_pass[]; /* enum bp_pass */

/* The place of a port's field: one that all drivers share, or one of the driver's own struct. */
#define BP_KEY_OF_PORT(field)                           \
	.offset = offsetof(struct bp_port_conf, field), \
	.size = sizeof(((struct bp_port_conf *)0)->field)
/* A struct that is larger than the block does not compile. */
#define BP_KEY_OF_OWN(type, field)                                             \
	.offset = offsetof(struct bp_port_conf, own) + offsetof(type, field) + \
		  0 * sizeof(char[sizeof(type) <= BP_OWN_BYTES ? 1 : -1]),     \
	.size = sizeof(((type *)0)->field)

/*
 * Keys of the commonest kinds; place_: what stands for offset and size (and modes), as BP_KEY_OF_OWN().
 * BP_KEY_INT: 0 is allowed if min_ is 0, zero_ (or NULL) says what it means. BP_KEY_INT_OR_0: 0 is allowed
 * beside the range, and means zero_. fallback_ is text: "60".
 */
#define BP_KEY_AS(name_, type_, fallback_, place_, help_)                                  \
	{                                                                                  \
		.name = name_, .type = type_, .fallback = fallback_, place_, .help = help_ \
	}
#define BP_KEY_WORDS(name_, words_, fallback_, place_, help_)                                 \
	{                                                                                     \
		.name = name_, .type = BP_KEY_CHOICE, .words = words_, .fallback = fallback_, \
		place_, .help = help_                                                         \
	}
#define BP_KEY_INT(name_, min_, max_, unit_, zero_, fallback_, place_, help_)                  \
	{                                                                                      \
		.name = name_, .type = BP_KEY_NUMBER, .unit = unit_, .min = min_, .max = max_, \
		.zero = zero_, .fallback = fallback_, place_, .help = help_                    \
	}
#define BP_KEY_INT_OR_0(name_, min_, max_, unit_, zero_, fallback_, place_, help_)         \
	{                                                                                  \
		.name = name_, .type = BP_KEY_NUMBER, .flags = BP_KEY_ZERO, .unit = unit_, \
		.min = min_, .max = max_, .zero = zero_, .fallback = fallback_, place_,    \
		.help = help_                                                              \
	}

/*
 * The keys that drivers share, with fields of struct bp_port_conf. A driver that has one lists it among its own,
 * and reads the field (but device, take_host, queues, checksum, offload, which the engine reads as well); what
 * depends on the driver are the arguments. ring_size stays 0 where it is not given: the driver chooses then.
 */
#define BP_KEY_DEVICE(help_, example_)                                           \
	{                                                                        \
		.name = "device", .type = BP_KEY_TEXT, .flags = BP_KEY_REQUIRED, \
		BP_KEY_OF_PORT(device), .example = example_, .help = help_       \
	}
#define BP_KEY_TAKE_HOST                                                                            \
	{                                                                                           \
		.name = "take_host", .type = BP_KEY_CHOICE, .words = bp_words_yes_no,               \
		.fallback = "no", BP_KEY_OF_PORT(take_host),                                        \
		.help = "take an interface although it carries the host's address or default route" \
	}
#define BP_KEY_QUEUES                                                                \
	{                                                                            \
		.name = "queues", .type = BP_KEY_NUMBER, .unit = "queues", .min = 1, \
		.max = BP_QUEUES_MAX, .fallback = "1", BP_KEY_OF_PORT(n_queues),     \
		.help = "RX queues, spread over the workers"                         \
	}
#define BP_KEY_CHECKSUM                                                                             \
	{                                                                                           \
		.name = "checksum", .type = BP_KEY_CHOICE, .words = bp_words_auto_off,              \
		.fallback = "auto", BP_KEY_OF_PORT(checksum),                                       \
		.help = "auto: complete partial L4 checksums of packets received here when need be" \
	}
#define BP_KEY_OFFLOAD                                                                                     \
	{                                                                                                  \
		.name = "offload", .type = BP_KEY_CHOICE, .words = bp_words_pass,                          \
		.fallback = "auto", BP_KEY_OF_PORT(offload),                                               \
		.help = "auto: partial checksums, super-frames pass as they are to a port that takes them" \
	}
#define BP_KEY_RING_SIZE(max_)                                                                    \
	{                                                                                         \
		.name = "ring_size", .type = BP_KEY_NUMBER,                                       \
		.flags = BP_KEY_ZERO | BP_KEY_POWER_OF_2, .unit = "slots", .min = 8, .max = max_, \
		.zero = "driver's choice", .fallback = "0", BP_KEY_OF_PORT(ring_size),            \
		.help = "descriptors or slots per queue"                                          \
	}

/* The key of a list (ends with name NULL), or NULL. Pure. */
const struct bp_key *bp_key_find(const struct bp_key *keys, const char *name);

/* The word of a key, or the word for a value of it; NULL: it has none such. Pure. */
const struct bp_word *bp_key_word(const struct bp_key *key, const char *word);
const char *bp_key_word_of(const struct bp_key *key, unsigned value);

/* The value of a BP_KEY_CHOICE or BP_KEY_NUMBER in the struct that the key's offset counts in. Pure. */
uint64_t bp_key_value(const struct bp_key *key, const void *base);

#endif

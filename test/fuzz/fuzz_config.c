/* Feeds files with overrides to the configuration loader. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Input: the file's bytes; after a byte 0xff, overrides, divided by such bytes (0xff occurs in no
 * UTF-8 text).
 */
#include "bypath/function.h"

#include "bypath/config.h"
#include "bypath/pkt.h"

#include "demand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define DIVIDER  0xff
#define SETS_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A value that its key allows, whose ever it is. */
static void check_key(const void *base, const struct bp_key *key)
{
	uint64_t value;

	if (key->type != BP_KEY_NUMBER && key->type != BP_KEY_CHOICE)
		return;
	value = bp_key_value(key, base);
	if (key->type == BP_KEY_CHOICE)
		demand(bp_key_word_of(key, (unsigned)value) != NULL, "a word of the key");
	else
		demand((!value && (key->flags & BP_KEY_ZERO)) ||
			       (value >= key->min && value <= key->max),
		       "a number in range");
}

static bool picks(const struct bp_conf *conf, unsigned function_id)
{
	return bp_function_find(conf->functions[function_id].type)->flags & BP_FN_PICKS;
}

/* Functions, each once, then a port or a function that chooses ports, and some port that packets may go to. */
static void check_chain(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	uint64_t seen = 0;
	bool is_open = port->forward_to == BP_NO_PORT;

	demand(port->forward_to >= BP_NO_PORT && port->forward_to < conf->n_ports, "paths lead on");
	demand(is_open || port->out_ports >> port->forward_to & 1, "to where they end");
	demand(!(port->out_ports >> conf->n_ports), "to ports that there are");
	demand(port->n_chain <= BP_CHAIN_MAX, "a chain is bounded");
	for (unsigned i = 0; i < port->n_chain; i++) {
		demand(port->chain[i] < conf->n_functions, "functions that there are");
		demand(!(seen >> port->chain[i] & 1), "each once");
		seen |= UINT64_C(1) << port->chain[i];
		demand(picks(conf, port->chain[i]) == (is_open && i + 1 == port->n_chain),
		       "one that chooses stands at the end, in the place of a port");
	}
	demand(!port->n_chain || port->out_ports, "a chain leads somewhere");
}

static void check_function(const struct bp_conf *conf, const struct bp_function_conf *fn)
{
	demand(fn->name[0] && memchr(fn->name, 0, sizeof(fn->name)), "a function has a name");
	demand(memchr(fn->type, 0, sizeof(fn->type)) && bp_function_find(fn->type), "and a type");
	demand(bp_function_in_ports(conf, fn) != 0, "and is used");
	demand(bp_function_port(conf, fn->name, strlen(fn->name)) == BP_NO_PORT, "is no port");
	for (const struct bp_key *key = bp_function_find(fn->type)->keys; key->name; key++)
		check_key(fn, key);
}

static void check_port(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	demand(port->name[0] && memchr(port->name, 0, sizeof(port->name)), "a port has a name");
	demand(port->driver[0] && memchr(port->driver, 0, sizeof(port->driver)), "and a driver");
	demand(port->device[0] || !strcmp(port->driver, "null"), "and a device");
	demand(memchr(port->device, 0, sizeof(port->device)), "a device's name ends");
	demand(port->n_queues >= 1 && port->n_queues <= BP_QUEUES_MAX, "queues in range");
	demand(!(port->ring_size & (port->ring_size - 1)), "ring_size is a power of two");
	check_chain(conf, port);
	for (const struct bp_key *key = bp_facts_find(port->driver)->keys; key->name; key++)
		check_key(port, key);
}

static void check_conf(const struct bp_conf *conf)
{
	demand(conf->n_ports >= 1 && conf->n_ports <= BP_PORTS_MAX, "ports in range");
	demand(conf->engine.n_workers >= 1 && conf->engine.n_workers <= BP_WORKERS_MAX, "workers");
	demand(!conf->engine.n_cores || conf->engine.n_cores == conf->engine.n_workers, "cores");
	demand(conf->engine.burst >= 1 && conf->engine.burst <= BP_BURST_MAX, "burst");
	demand(conf->memory.frame_bytes == 2048 || conf->memory.frame_bytes == 4096, "frames");
	demand(!(conf->eal.in_memory && conf->eal.no_huge), "what EAL refuses");
	for (unsigned i = 0; i < conf->n_ports; i++)
		check_port(conf, &conf->ports[i]);
	demand(conf->n_functions <= BP_FUNCTIONS_MAX, "functions in range");
	for (unsigned i = 0; i < conf->n_functions; i++)
		check_function(conf, &conf->functions[i]);
}

/* Divide the overrides. Returns how many; the copy they lie in is the caller's. */
static size_t split_sets(char *text, const char *sets[SETS_MAX])
{
	size_t n = 0;

	while (text && n < SETS_MAX) {
		char *end = strchr(text, (char)DIVIDER);

		if (end)
			*end++ = '\0';
		sets[n++] = text;
		text = end;
	}
	return n;
}

static void load(const char *path, const char *const *sets, size_t n_sets, bool may_say_iniparser)
{
	struct bp_conf *conf = malloc(sizeof(*conf)), *before = malloc(sizeof(*before));
	char *errors = malloc(4096);
	int rc;

	demand(conf && before && errors, "there is memory");
	memset(conf, 0xa5, sizeof(*conf));
	*before = *conf;
	rc = bp_config_load(path, sets, n_sets, conf, errors, 4096);
	demand(memchr(errors, 0, 4096) != NULL, "errors end");
	if (!rc) {
		demand(!errors[0], "no error on success");
		check_conf(conf);
	} else {
		demand(errors[0] != '\0', "a refusal says why");
		demand(!memcmp(conf, before, sizeof(*conf)), "conf is untouched on failure");
		/* What the scan lets pass, iniparser does not refuse. */
		demand(may_say_iniparser || !strstr(errors, "iniparser"),
		       "iniparser takes what the scan left");
	}
	free(conf);
	free(before);
	free(errors);
}

/* Messages quote names, and section and key names in lower case. */
static bool speaks_of_iniparser(const uint8_t *data, size_t size)
{
	static const char name[] = "iniparser";

	for (size_t i = 0; i + sizeof(name) - 1 <= size; i++)
		if (!strncasecmp((const char *)&data[i], name, sizeof(name) - 1))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *divider = memchr(data, DIVIDER, size);
	size_t n_file = divider ? (size_t)(divider - data) : size;
	char *rest = divider ? strndup((const char *)divider + 1, size - n_file - 1) : NULL;
	const char *sets[SETS_MAX];
	size_t n_sets = split_sets(rest, sets);
	int fd = memfd_create("fuzz.ini", MFD_CLOEXEC);
	char path[64];

	demand(fd >= 0 && write(fd, data, n_file) == (ssize_t)n_file, "the input is written");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	load(path, sets, n_sets, speaks_of_iniparser(data, size));
	close(fd);
	free(rest);
	return 0;
}

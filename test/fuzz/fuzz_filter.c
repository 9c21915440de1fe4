/* Feeds files of rules to the function filter. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/filter_rules.h"

#include "demand.h"

#include <netdb.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAME_BYTES 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Instead of libc's: libpcap looks names of hosts up, and no input is to ask the network. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)found;
	return EAI_NONAME;
}

static void fill_conf(struct bp_conf *conf)
{
	static const char *const names[] = { "wan", "lan", "mon" };

	for (unsigned i = 0; i < 3; i++) {
		strcpy(conf->ports[i].name, names[i]);
		conf->ports[i].forward_to = BP_NO_PORT;
	}
	conf->n_ports = 3;
	conf->ports[0].forward_to = 1;
	conf->ports[0].n_chain = 1;
	conf->n_functions = 1;
}

static void count_fault(void *ctx, const char *text)
{
	demand(text[0] != '\0', "a complaint says something");
	++*(unsigned *)ctx;
}

/* A frame in a block of exactly its length: a program that reads beyond it is seen. */
static void run_rule(const struct bp_filter_rule *rule)
{
	static const uint8_t frame[FRAME_BYTES] = { [12] = 8, [14] = 0x45, [23] = 6, [47] = 80 };

	for (unsigned len = 0; len <= FRAME_BYTES; len += 9) {
		const struct pcap_pkthdr head = { .caplen = len, .len = FRAME_BYTES };
		uint8_t *block = malloc(len + !len);

		demand(block != NULL, "there is memory");
		memcpy(block, frame, len);
		pcap_offline_filter(&rule->program, &head, block);
		free(block);
	}
}

static void check_rules(const struct bp_filter_rules *rules)
{
	unsigned line = 0;

	demand(rules->n <= BP_FILTER_RULES_MAX, "rules in range");
	demand(!(rules->outs & ~UINT64_C(4)), "copies go to mon alone");
	for (unsigned i = 0; i < rules->n; i++) {
		const struct bp_filter_rule *rule = &rules->v[i];

		demand(rule->line > line, "a rule a line, in their order");
		line = rule->line;
		demand(strlen(rule->text) >= 4 && strlen(rule->text) <= BP_FILTER_LINE_BYTES,
		       "a rule has a text");
		for (const char *c = rule->text; *c; c++)
			demand(*c == '\t' || *c == '\r' || (*c >= ' ' && *c <= '~'), "of ASCII");
		demand(bpf_validate(rule->program.bf_insns, (int)rule->program.bf_len),
		       "a program ends, within itself");
		demand(!(rule->sets & ~rules->outs), "a rule's port is told");
		run_rule(rule);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bp_conf *conf = calloc(1, sizeof(*conf));
	int fd = memfd_create("rules", MFD_CLOEXEC), err;
	struct bp_filter_rules rules;
	unsigned n_faults = 0;
	char path[64];

	demand(conf && fd >= 0 && write(fd, data, size) == (ssize_t)size, "the input is written");
	fill_conf(conf);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = bp_filter_rules_read(path, conf, &conf->functions[0], count_fault, &n_faults, &rules);
	demand(!err == !n_faults, "a refusal says why, and nothing else complains");
	if (!err) {
		check_rules(&rules);
		demand(bp_filter_rules_outs(path, conf) == rules.outs, "two readers agree");
		bp_filter_rules_free(&rules);
	}
	close(fd);
	free(conf);
	return 0;
}

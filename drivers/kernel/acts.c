/* The functions of a chain that the programs do: what they are to do, the account of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.h"

#include "bypath/function.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static_assert(KERNEL_ACTS_MAX >= BP_CHAIN_MAX, "each function of a chain has its place");
static_assert(sizeof(struct bp_act_count) == sizeof(struct kernel_act_cell), "word by word");
static_assert(sizeof(((struct bp_act *)0)->ids) == sizeof(((struct kernel_act *)0)->ids),
	      "bit by bit");

#define N_WORDS (sizeof(struct bp_act_count) / sizeof(uint64_t))

int kernel_acts_open(struct kernel_acts *acts)
{
	int n = libbpf_num_possible_cpus();

	if (n < 0)
		return n;
	acts->n_cpus = (unsigned)n;
	acts->cells = calloc(acts->n_cpus, sizeof(*acts->cells));
	return acts->cells ? 0 : -ENOMEM;
}

void kernel_acts_close(struct kernel_acts *acts)
{
	free(acts->cells);
	acts->cells = NULL;
}

int kernel_acts_set(const struct bp_port *port, struct kernel_prog *prog)
{
	const struct bp_port_conf *conf = port->conf;
	struct bp_act act;

	for (uint32_t i = 0; i < conf->n_chain; i++) {
		struct kernel_act to = { 0 };

		(void)bp_function_act(port->env->conf, conf->chain[i], &act);
		to.kind = act.kind;
		to.id = act.id;
		to.to = act.to;
		to.tpid = act.tpid;
		to.priority = act.priority;
		to.has_ids = act.has_ids;
		memcpy(to.ids, &act.ids, sizeof(to.ids)); /* header */
		if (bpf_map_update_elem(kernel_prog_acts(prog), &i, &to, BPF_ANY) < 0)
			return -errno;
	}
	kernel_prog_state(prog)->n_acts = conf->n_chain;
	return 0;
}

/* The sum of all CPUs, as words. false: not known. */
static bool read_sum(struct kernel_acts *acts, int map_fd, uint32_t step, uint64_t sum[N_WORDS])
{
	memset(sum, 0, N_WORDS * sizeof(*sum));
	if (bpf_map_lookup_elem(map_fd, &step, acts->cells) < 0)
		return false;
	for (unsigned cpu = 0; cpu < acts->n_cpus; cpu++) {
		uint64_t words[N_WORDS];

		memcpy(words, &acts->cells[cpu], sizeof(words)); /* header */
		for (size_t i = 0; i < N_WORDS; i++)
			sum[i] += words[i];
	}
	return true;
}

static void count_new(struct bp_rxq *rxq, unsigned step, struct bp_act_count *told,
		      const struct bp_act_count *now)
{
	struct bp_act_count new = { .n_pkts = now->n_pkts - told->n_pkts,
				    .n_changed = now->n_changed - told->n_changed,
				    .n_untouched = now->n_untouched - told->n_untouched };

	for (unsigned i = 0; i < BP_ACT_DROPS; i++)
		new.drops[i] = now->drops[i] - told->drops[i];
	rxq->port->env->count_act(rxq, step, &new);
	*told = *now;
}

void kernel_acts_count(struct kernel_acts *acts, const struct kernel_prog *prog, struct bp_rxq *rxq)
{
	uint64_t words[N_WORDS];
	struct bp_act_count now;

	for (unsigned i = 0; i < rxq->port->conf->n_chain; i++) {
		if (!read_sum(acts, kernel_prog_acted(prog), i, words))
			continue;
		memcpy(&now, words, sizeof(now)); /* header */
		count_new(rxq, i, &acts->told[i], &now);
	}
}

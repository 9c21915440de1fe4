/* Prints how long the network's softirqs took so far, within system calls and beside them. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For a machine of one processor. Prints 'ready' once it counts; at each SIGUSR1 a line of JSON, times in ns;
 * ends at SIGTERM. Exit code 77 where the kernel refuses raw tracepoints.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "softirq.skel.h"

static void print_sums(const struct softirq_bpf *skel)
{
	printf("{\"in_calls_ns\": %llu, \"in_calls\": %llu, \"beside_ns\": %llu, \"beside\": %llu}\n",
	       (unsigned long long)skel->bss->sum_ns[1], (unsigned long long)skel->bss->n[1],
	       (unsigned long long)skel->bss->sum_ns[0], (unsigned long long)skel->bss->n[0]);
	fflush(stdout);
}

int main(void)
{
	struct softirq_bpf *skel;
	sigset_t signals;
	int got = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	skel = softirq_bpf__open_and_load();
	if (!skel || softirq_bpf__attach(skel)) {
		printf("SKIP: the kernel refuses a raw tracepoint: %s\n", strerror(errno));
		softirq_bpf__destroy(skel);
		return 77;
	}
	printf("ready\n");
	fflush(stdout);
	while (!sigwait(&signals, &got) && got == SIGUSR1)
		print_sums(skel);
	softirq_bpf__destroy(skel);
	return 0;
}

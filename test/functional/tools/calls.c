/* Prints how often each thread of this process namespace made each system call. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints 'ready' once it counts; at SIGTERM a JSON list of [thread id, call number, count].
 * Exit code 77 where the kernel refuses raw tracepoints.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "calls.skel.h"

static struct calls_bpf *attach(void)
{
	struct calls_bpf *skel;
	struct stat ns;
	int err;

	if (stat("/proc/self/ns/pid", &ns)) {
		perror("/proc/self/ns/pid");
		return NULL;
	}
	skel = calls_bpf__open();
	if (!skel)
		return NULL;
	skel->rodata->ns_dev = ns.st_dev;
	skel->rodata->ns_ino = ns.st_ino;
	err = calls_bpf__load(skel);
	if (!err)
		err = calls_bpf__attach(skel);
	if (err) {
		printf("SKIP: the kernel refuses a raw tracepoint: %s\n", strerror(-err));
		calls_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

static void print_calls(int fd)
{
	uint64_t key, count, *previous = NULL;

	printf("[");
	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (bpf_map_lookup_elem(fd, &key, &count))
			count = 0;
		printf("%s[%u, %u, %llu]", previous ? ", " : "", (unsigned)(key >> 32),
		       (unsigned)key, (unsigned long long)count);
		previous = &key;
	}
	printf("]\n");
}

int main(void)
{
	struct calls_bpf *skel;
	sigset_t signals;
	int got;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	skel = attach();
	if (!skel)
		return 77;
	printf("ready\n");
	fflush(stdout);
	sigwait(&signals, &got);
	print_calls(bpf_map__fd(skel->maps.calls));
	calls_bpf__destroy(skel);
	return 0;
}

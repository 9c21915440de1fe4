/* Takes a name and gives it back in many threads at once; fails where two have it: instances NAME ROUNDS. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/instance.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 8u

static const char *name;
static int n_rounds;
static atomic_uint n_holders, n_taken, n_wrong;

static void *work(void *arg)
{
	(void)arg;
	for (int i = 0; i < n_rounds; i++) {
		struct bp_instance instance;
		char why[256] = "";
		int err = bp_instance_open(&instance, name, true, why, sizeof(why));

		if (err && err != -EBUSY) {
			fprintf(stderr, "open: %s\n", why);
			n_wrong++;
		}
		if (err)
			continue;
		if (n_holders++)
			n_wrong++;
		n_taken++;
		sched_yield(); /* room for another one that is wrong */
		n_holders--;
		bp_instance_close(&instance);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	if (argc != 3)
		return 2;
	name = argv[1];
	n_rounds = atoi(argv[2]);
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			return 2;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%u threads, taken %u times, %u faults\n", THREADS, n_taken, n_wrong);
	return n_wrong || !n_taken;
}

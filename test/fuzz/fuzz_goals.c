/* Feeds files to the reader of comparisons' goals. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/goals.h"
#include "compare/workload.h"

#include "demand.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WHY_BYTES 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_goal(const struct bp_cmp_goal *goal)
{
	demand(goal->workload && goal->path, "a goal has a workload and a path");
	demand(goal->workload->has_size == (goal->size.bytes > 0), "a size where there is one");
	demand(!goal->size.bytes || (goal->size.bytes >= 64 && goal->size.bytes <= 1518),
	       "in range");
	demand(isfinite(goal->bound) && goal->bound > 0, "a bound above 0");
}

static void check_rows(struct bp_comparison *cmp)
{
	demand(bp_cmp_goals_rows(cmp) == 0, "there is memory");
	demand(cmp->n_figures >= 1 && cmp->n_figures <= 3 * cmp->n_goals,
	       "each goal has rows, no more than it needs");
	free(cmp->figures);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	int fd = memfd_create("goals", MFD_CLOEXEC);
	char path[64], why[WHY_BYTES] = "";

	demand(cmp && fd >= 0 && write(fd, data, size) == (ssize_t)size, "the input is written");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (bp_cmp_goals_read(path, cmp, why, sizeof(why))) {
		demand(why[0] && memchr(why, 0, sizeof(why)), "a refusal says why");
	} else {
		demand(cmp->n_goals >= 1 && cmp->n_goals <= BP_CMP_GOALS_MAX, "goals in range");
		for (unsigned i = 0; i < cmp->n_goals; i++)
			check_goal(&cmp->goals[i]);
		check_rows(cmp);
	}
	close(fd);
	free(cmp);
	return 0;
}

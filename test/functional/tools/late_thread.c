/* Preloaded: EAL's interrupt thread hears of what has happened as late as /run/t/late_ms says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

static unsigned late_ms(void)
{
	FILE *file = fopen("/run/t/late_ms", "r");
	unsigned ms = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u", &ms) != 1)
		ms = 0;
	fclose(file);
	return ms;
}

int epoll_wait(int fd, struct epoll_event *events, int n_max, int timeout_ms)
{
	int (*real)(int, struct epoll_event *, int, int) = dlsym(RTLD_NEXT, "epoll_wait");
	int n = real(fd, events, n_max, timeout_ms);
	char name[16] = "";

	if (!prctl(PR_GET_NAME, name) && !strcmp(name, "eal-intr-thread"))
		usleep(late_ms() * 1000);
	return n;
}

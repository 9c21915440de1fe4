/* Finds the instance that a command is about, and asks it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/show_ask.h"

#include "cli/cmd.h"
#include "cli/common.h"

#include "control/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int bp_ask_find(const char *name, char found[BP_INSTANCE_NAME_BYTES])
{
	char names[BP_INSTANCES_MAX][BP_INSTANCE_NAME_BYTES];
	size_t n = bp_instance_list(names);

	if (!n) {
		fputs("bypath: error: no instance runs that this user can see (bypath run FILE starts one; "
		      "[engine] control = no hides it)\n",
		      stderr);
		return BP_EXIT_FAILED + 1;
	}
	for (size_t i = 0; i < n; i++) {
		if (name ? strcmp(names[i], name) : n > 1)
			continue;
		strcpy(found, names[i]);
		return 0;
	}
	if (name)
		fprintf(stderr, "bypath: error: no instance '%s' runs: running:", name);
	else
		fputs("bypath: error: which instance? running:", stderr);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %s", i ? "," : "", names[i]);
	fputc('\n', stderr);
	return BP_EXIT_USAGE + 1;
}

int bp_ask_connect(const char *name)
{
	char path[BP_INSTANCE_PATH_BYTES];
	int fd = bp_instance_find(name, path) ? bp_client_connect(path) : -ESRCH;

	if (fd >= 0)
		return fd;
	fprintf(stderr, "bypath: error: instance '%s': %s\n", name,
		fd == -ESRCH    ? "it has ended"
		: fd == -EAGAIN ? "it does not answer"
				: strerror(-fd));
	return -1;
}

int bp_ask_why(const char *name, json_t *request, json_t **result, char why[BP_REFUSED_BYTES])
{
	int fd = bp_ask_connect(name), err;

	if (fd < 0) {
		json_decref(request);
		return -ENOTCONN;
	}
	err = bp_client_ask(fd, request, result, why, BP_REFUSED_BYTES);
	if (err)
		fprintf(stderr, "bypath: error: instance '%s': %s\n", name, why);
	close(fd);
	return err;
}

json_t *bp_ask(const char *name, json_t *request)
{
	char why[BP_REFUSED_BYTES];
	json_t *result = NULL;

	(void)bp_ask_why(name, request, &result, why);
	return result;
}

int bp_ask_to(const char *name, json_t *request)
{
	char found[BP_INSTANCE_NAME_BYTES];
	int code = bp_ask_find(name, found);
	json_t *result;

	if (code) {
		json_decref(request);
		return code - 1;
	}
	result = bp_ask(found, request);
	json_decref(result);
	return result ? BP_EXIT_OK : BP_EXIT_FAILED;
}

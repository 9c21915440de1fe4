/* A build without libmicrohttpd serves nothing over HTTP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http.h"

#include <errno.h>

int bp_http_start(struct bp_http **http, int listen_fd, bp_http_fn text, void *ctx)
{
	(void)http;
	(void)listen_fd;
	(void)text;
	(void)ctx;
	return -ENOTSUP;
}

void bp_http_stop(struct bp_http *http)
{
	(void)http;
}

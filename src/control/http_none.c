/* A build without libmicrohttpd serves nothing over HTTP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http.h"

#include <errno.h>

int bp_http_start(struct bp_http **http, int listen_fd, const struct bp_http_content *content)
{
	(void)http;
	(void)listen_fd;
	(void)content;
	return -ENOTSUP;
}

void bp_http_stop(struct bp_http *http)
{
	(void)http;
}

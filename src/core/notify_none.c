/* Without libsystemd nobody is told. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/notify.h"

void bp_notify_ready(void)
{
}

void bp_notify_reloading(void)
{
}

void bp_notify_stopping(void)
{
}

void bp_notify_waiting(const char *text, double wait_s)
{
	(void)text;
	(void)wait_s;
}

/* Tells who supervises the process what it is about to do: systemd's Type=notify-reload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NOTIFY_H
#define BYPATH_CORE_NOTIFY_H

/* Where nobody asked for it ($NOTIFY_SOCKET), and in builds without libsystemd, each does nothing. Control thread. */

/* It waits for devices, up to so many seconds: its start may take longer than usual. */
void bp_notify_waiting(const char *text, double wait_s);
/* It forwards, or does so again after a reload. */
void bp_notify_ready(void);
/* It reads its configuration again; bp_notify_ready() follows, whatever comes of it. */
void bp_notify_reloading(void);
/* It drains, and ends. */
void bp_notify_stopping(void);

#endif

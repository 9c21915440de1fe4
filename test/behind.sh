#!/bin/sh
# Runs a command at a lower priority than everything beside it: test/behind.sh NICE COMMAND...
# SPDX-License-Identifier: BSD-3-Clause
#
# Where the kernel shares the processors out by session (autogroup), a nice value counts within its session alone, SCHED_IDLE
# too. So the session gets it as well: it has to be the command's own, as each test of meson has one (else: setsid --wait).
#
# Not below 10, and not SCHED_IDLE: who is preempted where the kernel holds up others (RCU, a mutex) has to come to a processor
# again soon. Beside two tests that poll, idle compilers have held every network interface up for half a minute.
set -eu
nice=$1
shift
echo "$nice" 2>/dev/null >/proc/self/autogroup || true
exec nice -n "$nice" "$@"

# An idle forwarder sleeps: hardly any CPU time, and it wakes when packets come.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: idle.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: idle.sh KIND}
bp_lab mtu=1500
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1
# One worker more than there are paths: it has nothing to do, and takes nothing for it.
bp_pair a "$KIND" w0 "$KIND" w1 "[engine]" "idle = adaptive" "workers = 3"
bp_start a
bp_wait_forwarding 20

# CPU time of all its threads in ns: not the clock on the wall, so that a busy machine decides nothing.
used()
{
	cat "/proc/$(bp_pid a)"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}
begin=$(date +%s%N)
from=$(used)
sleep 1.5 # the subject is what happens while nothing does
to=$(used)
end=$(date +%s%N)
permille=$(((to - from) * 1000 / (end - begin)))
note "idle: $permille ‰ of a core"

# Wakes by itself, each time: 20 single packets with idle time between them.
in_h1 ping -q -c 20 -i 0.03 -w 20 10.77.0.2 >"$BP_TMP/ping.log" || fail "packets after idling are lost"
note "$(grep rtt "$BP_TMP/ping.log")"
bp_stop a
bp_expect a "dropped == 0" "summary()"
bp_expect a "all(w['waits'] > 0 for w in workers())" "workers()"
if [ "$(bp_get a "all(w['idle_by_fd'] for w in workers())")" = 1 ]; then
	[ $permille -lt 30 ] || fail "an idle forwarder with descriptors to wait on uses $permille ‰"
else
	# Backs off up to 1 ms: a thousand short looks per second, and the report says so.
	[ $permille -lt 150 ] || fail "an idle forwarder that backs off uses $permille ‰"
fi

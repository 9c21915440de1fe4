# Super-frames that the kernel has no room to queue: each is a loss under the name of that, none is 'cut'.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: no-room.sh KIND
#
# With af_packet-socket the kernel counts the loss itself: the control of af_packet-mmap, where it does not.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: no-room.sh KIND}
N=1000 # 60 MB: more than the socket's queue takes, fewer than the ring has slots
bp_lab mtu=1500
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1

arrived()
{
	in_mid cat /sys/class/net/w0/statistics/rx_packets
}

bp_pair a "$KIND" w0 "$KIND" w1
before=$(arrived)
bp_start a
wait_for 20 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "a does not start"
bp_wait_forwarding 20
kill -STOP "$(bp_pid a)"
flood h1 10.77.0.2 ${N}x 60000 1400
wait "$FLOOD"
kill -CONT "$(bp_pid a)"
bp_wait_forwarding 5
bp_stop a
arrived=$(($(arrived) - before))
[ "$arrived" -gt $N ] || fail "super-frames were cut before: $arrived packets at w0"
bp_expect a "drops_by_reason() == {}" "drops_by_reason()"
bp_expect a "reported('wan', 'tp_drops') > $N / 2" "lost_outside()"
# Each packet that reached the interface.
bp_expect a "counted('wan', 'rx', 'packets') + reported('wan', 'tp_drops') == $arrived" \
	"(counted('wan', 'rx', 'packets'), lost_outside(), $arrived)"
note "$KIND: $arrived packets, lost $(bp_get a 'lost_outside()')"

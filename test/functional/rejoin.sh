# net_virtio_user whose vhost side ends: killed, replaced by one that never answers, started again.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: rejoin.sh
#
#   h1 - a: af_packet, net_vhost ═ b: net_virtio_user, af_packet - h2

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

LAST=$(($(nproc) - 1))
SOCKET=/run/t/vhost
bp_need_driver dpdk
bp_lab mtu=1500
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1
bp_pair a af_packet-mmap w0 dpdk-vhost $SOCKET "[engine]" "cores = 0"
bp_pair b dpdk-virtio_user $SOCKET af_packet-mmap w1 "[engine]" "cores = $LAST"

# b_says N TEXT: in N lines of its log.
b_says()
{
	[ "$(grep -c "port wan: .*$2" "$BP_TMP/b.log")" -eq "$1" ]
}

has_come()
{
	[ "$(in_h1 cat /sys/class/net/e0/statistics/rx_packets)" -ge "$1" ]
}

# end_a N: a is killed under load, and b finds out, for the Nth time.
end_a()
{
	before=$(in_h1 cat /sys/class/net/e0/statistics/rx_packets)
	flood h2 10.77.0.1 20
	wait_for 5 has_come $((before + 2000)) || fail "no load crosses"
	kill -KILL "$(bp_pid a)"
	wait "$(bp_pid a)" 2>/dev/null # with all of its threads, which hold its devices
	rm "$BP_TMP/a.pid"
	wait_for 5 b_says "$1" 'is gone' || fail "b does not see that its vhost side has ended"
	kill "$FLOOD"
	wait "$FLOOD" 2>/dev/null
}

# start_a N: b is back for the Nth time, and forwards.
start_a()
{
	bp_start a --quiet
	wait_for 10 b_says "$1" 'is back' || fail "b does not come back"
	bp_wait_forwarding 10
}

n_fds()
{
	find "/proc/$(bp_pid b)/fd" -mindepth 1 | wc -l
}

bp_start a --quiet
wait_for 10 test -S $SOCKET || fail "net_vhost makes no socket"
bp_start b --quiet
bp_wait_forwarding 20
end_a 1
start_a 1
n_before=$(n_fds)

# Somebody at the socket who never answers does not hold b: it makes a report when it is asked to.
end_a 2
rm $SOCKET
"$BP_PYTHON" -c "import socket, time
s = socket.socket(socket.AF_UNIX); s.bind('$SOCKET'); s.listen(8); s.accept()
print('connected', flush=True); time.sleep(60)" >"$BP_TMP/mute.log" 2>&1 &
mute=$!
wait_for 5 grep -q connected "$BP_TMP/mute.log" || fail "b does not try to come back"
wait_for 5 bp_tells b 'wan +dpdk .* LOST +2' || fail "b is held by a vhost side that does not answer"
kill $mute
wait $mute 2>/dev/null

start_a 2
http_ok 2
[ "$(n_fds)" -le "$n_before" ] || fail "b had $n_before descriptors, and has $(n_fds)"
bp_stop b
bp_expect b "losses('wan') == 2" "losses('wan')"
bp_expect b "drops_by_reason().keys() <= {'port_down', 'tx_full', 'tx_abandoned', 'tx_error'}" "drops_by_reason()"
bp_stop a
note "b: $(bp_get b 'summary()')"

# A net_memif client outlives its server: killed and restarted again and again, under load.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: memif.sh [TIMES]

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

TIMES=${1:-12}
SOCKET=/run/t/memif.sock
LAST=$(($(nproc) - 1))
need taskset
bp_lab offloads=off
bp_need_driver dpdk

kill_server()
{
	kill -KILL "$(bp_pid b)"
	wait "$(bp_pid b)" 2>/dev/null
}

# --- full load: the client's worker is inside the PMD, copying, nearly all the time

{
	printf '[engine]\ncores = 0\nidle = busy\n'
	bp_dpdk_section
	printf '[port.source]\ndriver = null\nframe_bytes = 1400\n'
	bp_port lan dpdk-memif-client $SOCKET
	printf '[forward]\nsource = lan\n'
} | bp_ini a
{
	printf '[engine]\ncores = %s\n' "$LAST"
	bp_dpdk_section
	printf '[port.sink]\ndriver = null\n'
	bp_port lan dpdk-memif-server $SOCKET
	printf '[forward]\nlan = sink\n'
} | bp_ini b

# One core for all threads of the client: EAL's interrupt thread, which unmaps the rings, then
# interrupts the worker that uses them. Without the driver's guard it dies within a few turns.
taskset -cp 0 $$ >/dev/null
bp_start a
taskset -cp "0-$LAST" $$ >/dev/null
wait_for 10 grep -q 'no net_memif server' "$BP_TMP/a.log" || fail "the missing server is not reported"

turn=0
while [ "$turn" -lt "$TIMES" ]; do
	turn=$((turn + 1))
	bp_start b --quiet
	wait_for 20 bp_tells b '^  lan +rx 0 +0 +[1-9]' || fail "turn $turn: no traffic"
	bp_alive a || fail "turn $turn: the client has died"
	kill_server
done
bp_alive a || fail "the client has died"
bp_stop a
# Not the last one: it may end before that is noticed.
bp_expect a "losses('lan') >= $TIMES - 1" "summary()"
note "$turn servers killed under full load, traffic back each time"

# --- both ways, between two hosts

bp_pair a af_packet-mmap w0 dpdk-memif-client $SOCKET "[engine]" "cores = 0"
bp_pair b dpdk-memif-server $SOCKET af_packet-mmap w1 "[engine]" "cores = $LAST"
bp_start a
bp_start b
bp_wait_forwarding 20
for turn in 1 2 3; do
	kill_server
	bp_start b
	bp_wait_forwarding 20
done
# A server that leaves in good order is no different.
bp_stop b
bp_start b
bp_wait_forwarding 20
bp_stop b
bp_stop a

# --- nobody at the other end: the port is down, not full, whichever role it has

for role in client server; do
	{
		bp_dpdk_section
		printf '[port.source]\ndriver = null\n'
		bp_port lan dpdk-memif-$role $SOCKET
		printf '[forward]\nsource = lan\n'
	} | bp_ini alone
	bp_start alone --duration 0.3
	bp_exit alone 20 || fail "$role: ends with code $?"
	bp_law alone
	bp_expect alone "list(drops_by_reason('lan')) == ['port_down']" "summary()"
	note "a $role without a peer: $(bp_get alone 'drops_by_reason()')"
done

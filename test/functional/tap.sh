# Two tap devices that bypath makes join two hosts: TCP with the hosts' default offloads, an MTU
# raised later, a device moved to another namespace, set down, deleted under load.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need iperf3 ping
[ -e /dev/net/tun ] || skip "no /dev/net/tun: load the kernel module tun"
for ns in mid h1 h2; do
	ip netns add $ns
	bp_quiet $ns
done

bp_ini a <<'END'
[port.wan]
driver = tap
device = tap1
[port.lan]
driver = tap
device = tap2
[forward]
wan = lan
lan = wan
END

# give N: host N gets its tap out of bypath's namespace, with an address on it.
give()
{
	wait_for 10 ip -n mid link show "tap$1" || fail "bypath made no tap$1"
	ip -n mid link set "tap$1" netns "h$1" name e0 || fail "cannot move tap$1"
	# The same address each time: neighbours need not ask again.
	bp_asks_soon "h$1"
	ip -n "h$1" link set e0 address "02:00:00:00:00:0$1"
	ip -n "h$1" addr add "10.77.0.$1/24" dev e0
	ip -n "h$1" link set e0 up
}

bp_start a
give 1
give 2
bp_wait_forwarding 10
tcp_ok
tcp_ok 32 -R

# 9000-byte frames through devices that had an MTU of 1500 when bypath started.
ip -n h1 link set e0 mtu 9000
ip -n h2 link set e0 mtu 9000
wait_for 5 bp_reaches h1 10.77.0.2 -M 'do' -s 8972 || fail "no 9000-byte frames"
tcp_ok

# Down under load: counted, and back by itself.
in_h1 ping -q -i 0.002 -w 60 10.77.0.2 >"$BP_TMP/load.log" 2>&1 &
LOAD=$!
ip -n h2 link set e0 down
wait_for 5 grep -q 'lan.*down' "$BP_TMP/a.log" || fail "nobody said that lan is down"
ip -n h2 link set e0 up
bp_wait_forwarding 10

# Deleted under load: bypath makes it anew, where it was.
ip -n h2 link del e0
give 2
bp_wait_forwarding 10
kill $LOAD 2>/dev/null
bp_stop a
bp_expect a 'drops_by_reason("lan").get("port_down", 0) > 0' 'summary()'
! ip -n mid link show tap1 >/dev/null 2>&1 || fail "tap1 outlived bypath"
! ip -n h1 link show e0 >/dev/null 2>&1 || fail "the tap outlived bypath in h1"
note "$(bp_get a 'summary()')"

# A device of somebody else's stays; without multi_queue two queues are refused with the reason.
ip -n mid tuntap add keep mode tap
ip -n mid link set keep up
sed -e 's/tap1/keep/' "$BP_TMP/a.ini" >"$BP_TMP/b.ini"
bp_start b
wait_for 10 ip -n mid link show tap2 || fail "no start on a device that exists"
in_mid "$BYPATH" run "$BP_TMP/b.ini" --duration 1 >"$BP_TMP/busy.log" 2>&1 &&
	fail "two programs share one tap queue"
grep -q 'keep is held by process' "$BP_TMP/busy.log" || fail "no reason for the refusal"
bp_stop b
ip -n mid link show keep >/dev/null || fail "a device of somebody else's is gone"
in_mid "$BYPATH" run "$BP_TMP/b.ini" --set port.wan.queues=2 --set engine.workers=2 --duration 1 \
	>"$BP_TMP/queues.log" 2>&1 && fail "two queues on a device made without multi_queue"
grep -q 'without multi_queue' "$BP_TMP/queues.log" || fail "no reason for the refusal"

# Two queues and two workers on devices that bypath makes; eight flows reach both queues.
sed -e 's/^device.*/&\nqueues = 2/' "$BP_TMP/a.ini" >"$BP_TMP/c.ini"
bp_start c --set engine.workers=2
give 1
give 2
bp_wait_forwarding 10
tcp_ok 64 -P 8
bp_stop c
bp_expect c 'min(q["counted"]["packets"] for q in port("wan")["rx_queues"]) > 0' 'port("wan")'
bp_expect c 'len(port("wan")["rx_queues"]) == 2'
note "two queues: $(bp_get c 'summary()')"

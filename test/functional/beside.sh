# A VLAN tag that the sender left beside the frame, as its VLAN interface does on veth: it arrives in the frame.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: beside.sh KIND   of bypath's ports, or bridge: the kernel's own, the control. What cannot see the tag
#                         (af_xdp-skb) says so, with the remedy, which is tried.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: beside.sh KIND}
N=200
need tcpdump tc ethtool "$BP_PYTHON"
program=${BP_TOOLS:-build/test/functional/tools}/push_tag.bpf.o
[ -r "$program" ] || skip "no push_tag: built where clang, bpftool and libbpf are"
bp_lab mtu=1500

if [ "$KIND" = bridge ]; then
	ip -n mid link add br0 up type bridge mcast_snooping 0 forward_delay 0 || skip "no bridge in this kernel"
	ip -n mid link set w0 master br0 && ip -n mid link set w1 master br0 || fail "cannot set up the bridge"
else
	bp_pair a "$KIND" w0 "$KIND" w1
	bp_start a
fi
bp_wait_forwarding 20
in_h1 tc qdisc add dev e0 clsact && in_h1 tc filter add dev e0 egress bpf da obj "$program" sec tc ||
	skip "no tc programs in this kernel"

# send FILE: N frames, each with its own number, through whatever joins the wires; FILE gets what arrives.
send()
{
	rm -f "$BP_TMP/tcpdump.log"
	ip netns exec h2 tcpdump -i e0 -Q in -U -s 0 -w "$BP_TMP/$1" "tcp or (vlan and tcp)" >"$BP_TMP/tcpdump.log" 2>&1 &
	capture=$!
	wait_for 10 grep -q listening "$BP_TMP/tcpdump.log" || fail "tcpdump does not start"
	in_h1 "$BP_PYTHON" "$BP_HERE/frames.py" e0 02:00:00:00:00:02 $N 0 || fail "cannot send"
	wait_for 10 arrived "$1" "tcp or (vlan and tcp)" $N || fail "frames are lost"
	kill -INT $capture
	wait $capture
}

# arrived FILE FILTER N
arrived()
{
	[ "$(tcpdump -r "$BP_TMP/$1" -n "$2" 2>/dev/null | wc -l)" -eq "$3" ]
}

send frames
if [ "$KIND" != af_xdp-skb ]; then
	arrived frames "vlan 5 and tcp" $N || fail "tags are lost: $(tcpdump -r "$BP_TMP/frames" -c 2 -ne 2>&1)"
else
	grep -q 'come without their tag' "$BP_TMP/a.log" || fail "the loss is not said"
	arrived frames "tcp and not vlan" $N || fail "the warning is not true"
	in_h1 ethtool -K e0 txvlan off >/dev/null || fail "cannot turn it off"
	send remedied
	arrived remedied "vlan 5 and tcp" $N || fail "the remedy does not help"
fi
if [ "$KIND" != bridge ]; then
	[ "$KIND" = af_xdp-skb ] || ! grep -q 'without their tag' "$BP_TMP/a.log" || fail "a false alarm"
	bp_stop a
	bp_expect a "dropped == 0" "summary()"
fi

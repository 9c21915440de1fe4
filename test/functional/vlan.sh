# VLAN tags and partial checksums come out right: a transfer works, tcpdump finds no fault.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: vlan.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: vlan.sh KIND}
need tcpdump
bp_lab mtu=1500
# Hosts with VLAN interfaces do a transfer over them as well; not every kernel has them.
vlans=yes
for host in h1 h2; do
	ip -n $host link add link e0 name v5 type vlan id 5 2>/dev/null || {
		vlans=no
		break
	}
	ip -n $host addr add "10.78.0.${host#h}/24" dev v5
	ip -n $host link set v5 up
done
# The wires behind bypath take no partial checksum or super-frame: what leaves must be complete, so
# that the capture at the hosts sees the final bytes. The hosts keep all their offloads.
# libpcap sends complete frames only, but cuts what it receives where the interface has no offload.
for wire in w0 w1; do
	[ "$KIND" != pcap-live ] || continue
	in_mid ethtool -K $wire tx off tso off gso off >/dev/null 2>&1
done

bp_pair a "$KIND" w0 "$KIND" w1
bp_start a
bp_wait_forwarding 20

# capture FILE: frames that arrive at h2's interface, until the process CAPTURE ends.
capture()
{
	rm -f "$BP_TMP/tcpdump.log"
	ip netns exec h2 tcpdump -i e0 -Q in -U -s 0 -c 400 -w "$BP_TMP/$1" \
		>"$BP_TMP/tcpdump.log" 2>&1 &
	CAPTURE=$!
	wait_for 10 grep -q listening "$BP_TMP/tcpdump.log" || fail "tcpdump does not start"
}

# verdict FILE FILTER AT-LEAST: so many TCP frames were captured, all with a correct checksum.
verdict()
{
	kill -INT $CAPTURE 2>/dev/null
	wait $CAPTURE 2>/dev/null
	tcpdump -r "$BP_TMP/$1" -vv -n "$2" >"$BP_TMP/frames" 2>/dev/null
	good=$(grep -c 'cksum 0x[0-9a-f]* (correct)' "$BP_TMP/frames")
	bad=$(grep -c 'cksum.*incorrect' "$BP_TMP/frames")
	note "$1: $good checksums correct, $bad incorrect"
	[ "$bad" -eq 0 ] || {
		grep -m 3 -B 1 incorrect "$BP_TMP/frames" >&2
		fail "$1: $bad checksums are wrong"
	}
	[ "$good" -ge "$3" ] || fail "$1: only $good of $3 TCP checksums captured"
}

received_h2()
{
	[ "$(in_h2 cat /sys/class/net/e0/statistics/rx_packets)" -ge "$1" ]
}

# crafted VLAN: 200 frames of all lengths with partial checksums arrive, each complete.
crafted()
{
	capture "crafted-$1"
	until=$(($(in_h2 cat /sys/class/net/e0/statistics/rx_packets) + 200))
	in_h1 "$BP_PYTHON" "$BP_HERE/frames.py" e0 02:00:00:00:00:02 200 "$1" ||
		fail "cannot send crafted frames"
	wait_for 5 received_h2 $until || fail "crafted frames are lost"
	filter="tcp and src port 4000"
	[ "$1" = 0 ] || filter="vlan $1 and $filter"
	# tcpdump writes each frame at once (-U) but reads them in its own time.
	wait_for 5 captured "crafted-$1" "$filter" 200
	verdict "crafted-$1" "$filter" 200
}

captured()
{
	[ "$(tcpdump -r "$BP_TMP/$1" -n "$2" 2>/dev/null | wc -l)" -ge "$3" ]
}

crafted 0
crafted 5

capture plain
tcp_ok
wait_for 5 captured plain "tcp and not vlan and greater 1000" 50
verdict plain "tcp and not vlan and greater 1000" 50

if [ $vlans = yes ]; then
	capture tagged
	LAB_SERVER=10.78.0.2 tcp_ok
	wait_for 5 captured tagged "vlan 5 and tcp" 50
	verdict tagged "vlan 5 and tcp" 50
fi
bp_stop a
bp_expect a "dropped == 0" "summary()"
note "$(bp_get a 'summary()')"

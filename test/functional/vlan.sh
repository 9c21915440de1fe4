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
for host in h1 h2; do
	ip -n $host link add link e0 name v5 type vlan id 5
	ip -n $host addr add "10.78.0.${host#h}/24" dev v5
	ip -n $host link set v5 up
done
# The wires behind bypath take no partial checksum or super-frame: what leaves must be complete, so
# that the capture at the hosts sees the final bytes. The hosts keep all their offloads.
for wire in w0 w1; do
	in_mid ethtool -K $wire tx off tso off gso off >/dev/null 2>&1
done

bp_pair a "$KIND" w0 "$KIND" w1
bp_start a
bp_wait_forwarding 20

# capture FILE: frames that arrive at h2's interface, until the process CAPTURE ends.
capture()
{
	ip netns exec h2 tcpdump -i e0 -Q in -U -s 0 -c 400 -w "$BP_TMP/$1" \
		>"$BP_TMP/tcpdump.log" 2>&1 &
	CAPTURE=$!
	wait_for 10 grep -q listening "$BP_TMP/tcpdump.log" || fail "tcpdump does not start"
}

# verdict FILE FILTER: every TCP frame of the capture has a correct checksum.
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
	[ "$good" -ge 50 ] || fail "$1: only $good TCP checksums captured"
}

capture plain
tcp_ok 1
verdict plain "tcp and not vlan"

# The same over VLAN 5, by addresses of its own.
capture tagged
LAB_SERVER=10.78.0.2 tcp_ok 1
verdict tagged "vlan 5 and tcp"
bp_stop a
note "$(bp_get a 'summary()')"

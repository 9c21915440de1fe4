# A device whose carrier the kernel's link watch has not noticed yet carries frames: a port sends to it.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: linkwatch.sh KIND
#
#   far [e0]═══[w0] mid: bypath [w1]═══[e1] far
#
# The watch gathers its news for up to a second, unless they are urgent; of a veth whose peer has the same index
# in another network namespace, as in two fresh ones, they are not. IFF_RUNNING is off meanwhile.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: linkwatch.sh KIND}
FRAMES=200
need ip "$BP_PYTHON"
bp_need_driver "${KIND%%-*}"

wires()
{
	for i in 0 1; do
		ip -n mid link del w$i 2>/dev/null
		ip -n far link add e$i index 10$i type veth peer name w$i index 10$i netns mid &&
			ip -n far link set e$i up && ip -n mid link set w$i up || fail "cannot make a veth pair"
	done
}

# carry NETNS OUT IN SECONDS: sets ARRIVED at far's IN, and WITHOUT: sent while OUT's flags told of no link.
carry()
{
	result=$("$BP_PYTHON" "$BP_HERE/linkwatch.py" "$1" "$2" far "$3" $FRAMES "$4") || fail "the sender fails"
	ARRIVED=${result% *} WITHOUT=${result#* }
}

for netns in far mid; do
	ip netns add $netns || fail "ip netns add $netns"
	bp_quiet $netns
done

# The kernel itself, as control. News of wires that were there before make those of these ones wait.
for _ in 1 2 3 4 5; do
	wires
	carry mid w1 e1 2
	[ "$ARRIVED" -eq $FRAMES ] || fail "control: of $FRAMES frames that w1 sent $ARRIVED are at e1"
	[ "$WITHOUT" -eq 0 ] || break
done
note "control: w1 sent $FRAMES frames, $WITHOUT of them while its flags told of no link: all are at e1"

wires
link=$(in_mid "$BP_TOOLS/netdev" link w1)
note "asked at once: $link"
case $link in
'running 0, link down') skip "this kernel tells of a carrier when its link watch does" ;;
*'link up') ;;
*) fail "w1 carries frames, and its link is not up" ;;
esac

bp_pair a "$KIND" w0 "$KIND" w1
wires
bp_start a
wait_for 20 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "bypath does not start"
carry far e0 e1 2
[ "$ARRIVED" -eq $FRAMES ] || fail "of $FRAMES frames $ARRIVED have come through"
grep 'is down' "$BP_TMP/a.log" && fail "devices that carry frames are called down"

# The other side: what has no carrier is down, however often it is asked.
ip -n far link set e1 down
wait_for 5 grep -q 'lan: .*w1.* is down' "$BP_TMP/a.log" || fail "the lost link is not reported"
carry far e0 e0 0 # e1 cannot be read now
wait_for 5 bp_tells a "port_down +$FRAMES " || fail "not $FRAMES frames are dropped as port_down"
grep 'lan: .*w1.* is up' "$BP_TMP/a.log" && fail "w1 is called up without a carrier"
bp_stop a

# [forward] link = follow: where one side of a bump in the wire loses its link, the other side's falls too.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: follow.sh KIND | tap | refused

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: follow.sh KIND | tap | refused}
need ip "$BP_PYTHON"

# has_carrier HOST [INTERFACE], has_none HOST [INTERFACE]
has_carrier()
{
	[ "$(ip netns exec "$1" cat "/sys/class/net/${2:-e0}/carrier")" = 1 ]
}

has_none()
{
	[ "$(ip netns exec "$1" cat "/sys/class/net/${2:-e0}/carrier")" = 0 ]
}

said()
{
	tail -n "+${2:-1}" "$BP_TMP/a.log" | grep -q "$1"
}

lines()
{
	wc -l <"$BP_TMP/a.log"
}

# An interface of mid as it was: set up, without the name that says who holds it.
as_before()
{
	ip -n mid -o link show "$1" | grep -q '[<,]UP[,>]' && ! ip -n mid link show "$1" | grep -q bypath-holds
}

follows()
{
	grep -q '^link' "$BP_TMP/a.ini" || sed -i 's/^\[forward\]/[forward]\nlink = follow/' "$BP_TMP/a.ini"
	bp_start a
	wait_for 20 said 'info: forwarding' || fail "bypath does not start"
}

refused()
{
	"$BYPATH" check "$BP_TMP/$1.ini" --offline --set forward.link=follow >"$BP_TMP/$1.check" 2>&1 &&
		fail "$1: allowed"
	grep -q "$2" "$BP_TMP/$1.check" || fail "$1: $(cat "$BP_TMP/$1.check")"
	"$BYPATH" check "$BP_TMP/$1.ini" --offline >"$BP_TMP/$1.check" 2>&1 || fail "$1: without it: $(cat "$BP_TMP/$1.check")"
}

not_started()
{
	in_mid timeout 20 "$BYPATH" run "$BP_TMP/a.ini" --set forward.link=follow >"$BP_TMP/a.log" 2>&1 &&
		fail "$1: starts"
	said "$2" || fail "$1: $(cat "$BP_TMP/a.log")"
}

case $KIND in
refused)
	# Only where each side has one other.
	{
		for i in 0 1 2; do
			bp_port p$i af_packet-mmap w$i
		done
		printf '[forward]\np0 = sw\np1 = sw\np2 = sw\n[function.sw]\ntype = switch\n'
	} | bp_ini sw
	refused sw "link: found 'follow', but port p0 has not one port on its other side: p0 = sw: a lost link"
	{
		for i in 0 1 2; do
			bp_port p$i af_packet-mmap w$i
		done
		printf '[forward]\np0 = p1\np2 = p1\n'
	} | bp_ini two
	refused two "link: found 'follow', but port p1 has not one port on its other side: a lost link"
	bp_null_pair null
	refused null "link: found 'follow', but port a (driver = null, device = ) has no link"
	# What only gets copies is no side.
	{
		for i in 0 1 2; do
			bp_port p$i af_packet-mmap w$i
		done
		printf '[forward]\nlink = follow\np0 = m, p1\np1 = p0\n[function.m]\ntype = mirror\nto = p2\n'
	} | bp_ini mirror
	"$BYPATH" check "$BP_TMP/mirror.ini" --offline >"$BP_TMP/check.log" 2>&1 || fail "mirror: $(cat "$BP_TMP/check.log")"
	sed 's/p0/link/g' "$BP_TMP/two.ini" | bp_ini named
	"$BYPATH" check "$BP_TMP/named.ini" --offline >"$BP_TMP/check.log" 2>&1 && fail "a port named link is allowed"
	grep -q "found a port named 'link', which is a key of \[forward\]" "$BP_TMP/check.log" || fail "$(cat "$BP_TMP/check.log")"
	"$BYPATH" check "$BP_TMP/mirror.ini" --offline --set forward.link=maybe 2>"$BP_TMP/check.log" && fail "link = maybe is allowed"
	grep -q "link: found 'maybe', allowed: ignore | follow" "$BP_TMP/check.log" || fail "$(cat "$BP_TMP/check.log")"
	note "refused where there is no one other side"

	# Nobody beyond a macvlan sees it go down; the host's own address would go with it.
	bp_lab
	ip -n mid link add link w1 name m1 type macvlan mode passthru && ip -n mid link set m1 up || skip "no macvlan"
	bp_pair a af_packet-mmap w0 af_packet-mmap m1
	not_started macvlan "port lan: \[forward\] link = follow: found 'm1', whose neighbour cannot be told of a lost link: nobody beyond m1 (macvlan) sees it go down"
	ip -n mid tuntap add t1 mode tap && ip -n mid link set t1 up
	bp_pair a af_packet-mmap w0 af_packet-mmap t1
	not_started tap "port lan: .*'t1', whose neighbour cannot be told of a lost link: the program behind the tap t1 sees no carrier"
	ip -n mid addr add 192.0.2.1/24 dev w1
	bp_pair a af_packet-mmap w0 af_packet-mmap w1
	not_started address "port lan: .* it carries 192.0.2.1/24, and the host would lose that with it"
	ip -n mid addr del 192.0.2.1/24 dev w1
	ip -n mid link add v0 type veth peer name v1
	bp_pair a af_packet-mmap v0 af_packet-mmap v1
	not_started "one wire" "port wan: .* v0 and v1 are the two ends of one veth"
	note "refused where nobody would see it, the host would lose its address, or both are one wire"

	# A running one that is to follow from now on: likewise, and it goes on as before.
	bp_pair a af_packet-mmap w0 af_packet-mmap w1 "[engine]" "name = follow-refused"
	bp_start a
	wait_for 20 said 'info: forwarding' || fail "bypath does not start"
	not_taken()
	{
		"$BYPATH" reload follow-refused >"$BP_TMP/reload.log" 2>&1 && fail "$1: a reload takes it"
		grep -q "$2" "$BP_TMP/reload.log" || fail "$1: $(cat "$BP_TMP/reload.log")"
		"$BYPATH" show modes follow-refused --json >"$BP_TMP/modes.json" || fail "$1: show modes"
		bp_expect modes "[p['device'] for p in r['ports']] == ['w0', 'w1']" "r['ports']"
	}
	sed -i 's/^\[forward\]/[forward]\nlink = follow/' "$BP_TMP/a.ini"
	ip -n mid addr add 192.0.2.1/24 dev w1
	not_taken address "port lan: .* it carries 192.0.2.1/24, and the host would lose that with it"
	ip -n mid addr del 192.0.2.1/24 dev w1
	"$BYPATH" reload follow-refused >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
	# The pair is the same, one of its devices is not.
	sed -i 's/^device = w1/device = t1/' "$BP_TMP/a.ini"
	not_taken tap "port lan: .*'t1', whose neighbour cannot be told of a lost link: the program behind the tap t1 sees no carrier"
	sed -i 's/^device = w0/device = v0/; s/^device = t1/device = v1/' "$BP_TMP/a.ini"
	not_taken "one wire" "port wan: .* v0 and v1 are the two ends of one veth"
	ip -n h1 link set e0 down
	wait_for 5 has_none h2 || fail "after what was refused it follows no more"
	bp_stop a
	note "a reload that would is refused as well, before anything changes"
	exit 0
	;;
tap)
	bp_lab
	bp_pair a af_packet-mmap w0 tap bp0
	follows
	wait_for 5 ip -n mid link show bp0 || fail "no bp0"
	# Where whoever uses it has taken it.
	ip netns add host && bp_quiet host || fail "ip netns add host"
	ip -n mid link set bp0 netns host || fail "cannot move bp0"
	ip -n host addr add 10.77.0.2/24 dev bp0
	ip -n host link set bp0 up
	wait_for 20 bp_reaches h1 10.77.0.2 || fail "h1 does not reach the tap"
	ip -n h1 link set e0 down
	wait_for 10 has_none host bp0 || fail "h1's end is down, and bp0 has a carrier"
	ip -n host addr show bp0 | grep -q 10.77.0.2 || fail "the host's address on bp0 is lost"
	ip -n h1 link set e0 up
	wait_for 10 has_carrier host bp0 || fail "h1's end is up again, and bp0 has no carrier"
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "h1 does not reach the tap any more"
	# The host's side of the tap.
	ip -n host link set bp0 down
	wait_for 10 has_none h1 || fail "bp0 is down, and h1 has a carrier"
	ip -n host link set bp0 up
	wait_for 10 has_carrier h1 || fail "bp0 is up again, and h1 has no carrier"
	bp_stop a
	note "tap: its carrier falls, the host's address stays"
	exit 0
	;;
esac

bp_lab offloads=off
bp_neighbours h1 10.77.0.2 h2

# The control: what the kernel's bridge does not carry.
ip -n mid link add br0 type bridge mcast_snooping 0 || skip "no bridge"
for i in 0 1; do
	ip -n mid link set w$i master br0
done
ip -n mid link set br0 up
bp_wait_forwarding 10
ip -n h1 link set e0 down
wait_for 5 has_none mid w0 || fail "w0 keeps its carrier: this shows nothing"
bp_reaches h2 10.77.0.1 && fail "h2 reaches h1, whose end is down"
has_carrier h2 || fail "the bridge carries a lost link on: this shows nothing"
ip -n h1 link set e0 up
bp_neighbours h1 10.77.0.2 h2
ip -n mid link del br0
note "control: behind a bridge h2 keeps its carrier, and hears nothing"

bp_pair a "$KIND" w0 "$KIND" w1 "[engine]" "name = follow-$KIND"
follows
bp_wait_forwarding 20
shown_as_held()
{
	"$BYPATH" show ports "follow-$KIND" | grep -q 'DOWN, as .* is'
}

# lost_and_back HOST OTHER WIRE OF-OTHER
lost_and_back()
{
	ip -n "$1" link set e0 down
	wait_for 5 has_none "$2" || fail "$1's end is down, and $2 has a carrier"
	wait_for 5 shown_as_held || fail "$("$BYPATH" show ports "follow-$KIND")"
	ip -n "$1" link set e0 up
	wait_for 5 has_carrier "$2" || fail "$1's end is up again, and $2 has no carrier"
	wait_for 5 has_carrier "$1" || fail "$1's own carrier is gone after that"
	bp_neighbours h1 10.77.0.2 h2
	bp_wait_forwarding 10
	wait_for 5 as_before "$3" || fail "$3 is not as before: $(ip -n mid link show "$3")"
}
lost_and_back h1 h2 w1
lost_and_back h2 h1 w0
note "a lost link is carried, either way, and its return"

# Both sides at once, back in either order: nothing waits for the other for ever.
for order in "h1 h2" "h2 h1"; do
	from=$(lines)
	for host in h1 h2; do
		ip -n $host link set e0 down
	done
	wait_for 5 said 'wan: .*w0.* is down' "$from" || fail "wan's loss is not seen"
	wait_for 5 said 'lan: .*w1.* is down' "$from" || fail "lan's loss is not seen"
	for host in $order; do
		ip -n "$host" link set e0 up
	done
	for host in h1 h2; do
		wait_for 15 has_carrier $host || fail "both lost, back as $order: $host has no carrier"
	done
	bp_neighbours h1 10.77.0.2 h2
	bp_wait_forwarding 15
done
note "both at once, back in either order"

# 200 flaps, faster than a tick or so slow that ticks see some: no line each, the right state at the end, whichever that is.
flap()
{
	"$BP_PYTHON" - "$1" "$2" "$3" <<'PY'
import subprocess, sys, time
ip = subprocess.Popen(["ip", "-n", sys.argv[1], "-batch", "-"], stdin=subprocess.PIPE, text=True, bufsize=1)
for _ in range(int(sys.argv[2])):
    for state in "down", "up":
        ip.stdin.write(f"link set e0 {state}\n")
        time.sleep(float(sys.argv[3]))
ip.stdin.close()
sys.exit(ip.wait())
PY
}
from=$(lines)
flap h1 200 0.005 || fail "flap"
for host in h1 h2; do
	wait_for 15 has_carrier $host || fail "200 flaps: $host has no carrier"
done
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 15
flap h1 200 0 || fail "flap"
ip -n h1 link set e0 down
wait_for 15 has_none h2 || fail "200 flaps, then down: h2 has a carrier"
n=$(($(lines) - from))
[ $n -lt 150 ] || fail "$n lines for 400 flaps"
ip -n h1 link set e0 up
wait_for 15 has_carrier h2 || fail "200 flaps, down, up: h2 has no carrier"
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 15
note "400 flaps: $n lines, the right state"

# A port that is set down is a lost side, and one whose device is gone.
"$BYPATH" set port wan down "follow-$KIND" || fail "set port"
wait_for 5 has_none h2 || fail "wan is set down, and h2 has a carrier"
"$BYPATH" set port wan up "follow-$KIND" || fail "set port"
wait_for 5 has_carrier h2 || fail "wan is set up, and h2 has no carrier"
bp_wait_forwarding 10
ip -n h1 link del e0
wait_for 5 has_none h2 || fail "wan's device is gone, and h2 has a carrier"
bp_wire h1 w0 10.77.0.1/24
bp_neighbours h1 10.77.0.2 h2
wait_for 15 has_carrier h2 || fail "wan's device is back, and h2 has no carrier"
bp_wait_forwarding 15
note "set down, gone: likewise"

# Whoever sets the other one up meanwhile is not fought.
from=$(lines)
ip -n h1 link set e0 down
wait_for 5 has_none h2 || fail "not held"
ip -n mid link set w1 up
wait_for 5 said 'lan: w1 was set up by somebody else' "$from" || fail "not said"
has_carrier h2 || fail "w1 was set up, and h2 has no carrier"
ip -n h1 link set e0 up
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 15
lost_and_back h1 h2 w1
note "set up by somebody else: left so, until the next time"

# A reload that takes the line away lets go.
ip -n h1 link set e0 down
wait_for 5 has_none h2 || fail "not held"
sed -i 's/^link = follow/link = ignore/' "$BP_TMP/a.ini"
"$BYPATH" reload "follow-$KIND" >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
grep -q '\[forward\] link follow → ignore' "$BP_TMP/reload.log" || fail "$(cat "$BP_TMP/reload.log")"
wait_for 5 has_carrier h2 || fail "link = ignore now, and h2 has no carrier"
as_before w1 || fail "link = ignore now: $(ip -n mid link show w1)"
sed -i 's/^link = ignore/link = follow/' "$BP_TMP/a.ini"
ip -n h1 link set e0 up
wait_for 5 has_carrier mid w0 || fail "h1 has no carrier"
"$BYPATH" reload "follow-$KIND" >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
lost_and_back h1 h2 w1
note "a reload without the line lets go, with it again follows"

# One that is refused late, by a port that does not start, lets go of nothing, although the port that is held is to be another.
for i in 2 3; do
	ip -n mid link add d$i numrxqueues $i type veth peer name g$i numrxqueues $i
	ip -n mid link set g$i up
	ip -n mid link set d$i up
done
bp_pair a pcap-live w0 pcap-live w1 "[engine]" "name = follow-$KIND"
case $KIND in
pcap-*) bp_pair a af_packet-mmap w0 af_packet-mmap w1 "[engine]" "name = follow-$KIND" ;;
esac
{
	bp_port x af_packet-mmap d2
	bp_port y af_xdp-skb d3 # of one of its queues alone
	printf '[forward]\nlink = follow\nx = y\ny = x\n'
} >"$BP_TMP/more.ini"
sed -i "/^\[forward\]/{
r $BP_TMP/more.ini
d
}" "$BP_TMP/a.ini"
ip -n h1 link set e0 down
wait_for 5 has_none h2 || fail "not held"
changes=$(ip netns exec h2 cat /sys/class/net/e0/carrier_changes)
"$BYPATH" reload "follow-$KIND" >"$BP_TMP/reload.log" 2>&1 && fail "a port with one queue of three is taken"
grep -q 'port y: .*receive queues' "$BP_TMP/reload.log" || fail "$(cat "$BP_TMP/reload.log")"
shown_as_held || fail "not held after a reload that was refused: $("$BYPATH" show ports "follow-$KIND")"
[ "$(ip netns exec h2 cat /sys/class/net/e0/carrier_changes)" = "$changes" ] || fail "let go by a reload that was refused"
# Taken, with another driver behind: held again.
sed -i '/^\[port.y\]/,/^\[forward\]/s/^mode = skb/mode = skb\nqueues = 3/' "$BP_TMP/a.ini"
"$BYPATH" reload "follow-$KIND" >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
wait_for 5 shown_as_held || fail "not held after a reload: $("$BYPATH" show ports "follow-$KIND")"
ip -n h1 link set e0 up
wait_for 5 has_carrier h2 || fail "h1's end is up again, and h2 has no carrier"
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 15
lost_and_back h2 h1 w0
note "a reload that is refused lets go of nothing; one that is taken holds again"

# Its end lets go; kill -9 leaves a mark, by which the next one mends it.
ip -n h1 link set e0 down
wait_for 5 has_none h2 || fail "not held"
bp_stop a
as_before w1 || fail "after its end: $(ip -n mid link show w1)"
has_carrier h2 || fail "after its end h2 has no carrier"
ip -n h1 link set e0 up
follows
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 20
ip -n h1 link set e0 down
wait_for 5 has_none h2 || fail "not held"
kill -9 "$(bp_pid a)"
bp_exit a 10
[ $? = 137 ] || fail "kill -9"
ip -n mid link show w1 | grep -q bypath-holds || fail "kill -9 leaves no mark: $(ip -n mid link show w1)"
ip -n h1 link set e0 up
sed -i '/^link/d' "$BP_TMP/a.ini"
bp_start a # without follow, even
wait_for 20 said 'info: forwarding' || fail "does not start"
said 'port lan: w1 had been taken down .* was killed: it is up again' || fail "not said: $(cat "$BP_TMP/a.log")"
as_before w1 || fail "not mended: $(ip -n mid link show w1)"
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 15
bp_stop a
note "its end lets go; what kill -9 leaves the next one mends"

# Driver kernel: what it refuses, what is done to its programs, what becomes of each frame.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: kernel.sh xdp | tc    real TCP, macswap, exact counts, other lengths, a link that goes, a program that goes
#        kernel.sh refused     what it does not start with, and what it says then

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: kernel.sh CASE}
# shellcheck disable=SC2034 # lib.sh
KIND=kernel-$CASE
need ip bpftool "$BP_PYTHON"
bp_need_driver kernel
program=${BP_TOOLS:-build/test/functional/tools}/xdp_pass.bpf.o

said()
{
	grep -q "$1" "$BP_TMP/a.log"
}

# The ids of bypath's links to w0.
links_of_w0()
{
	awk -v w0="$(in_mid cat /sys/class/net/w0/ifindex)" '
		$1 == "link_id:" { id = $2 }
		$1 == "ifindex:" && $2 == w0 { print id }' /proc/"$(bp_pid a)"/fdinfo/*
}

# in_mid_with RIGHTS COMMAND...: with these rights alone: net_admin,net_raw.
in_mid_with()
{
	_caps=$(echo ",$1" | sed 's/,/,+/g')
	shift
	in_mid setpriv --bounding-set="-all$_caps" --inh-caps="-all$_caps" "$@"
}

start()
{
	bp_pair a "kernel-$1" w0 "kernel-$1" w1
	shift
	bp_start a "$@"
	bp_wait_forwarding 20
}

# flood COUNT SIZE [OPTION...]: frames from h1's e0, each counted.
flood()
{
	_count=$1 _size=$2
	shift 2
	in_h1 "$BYPATH" gen --tx-port af_packet:e0 --duration 20 --count "$_count" --rate 20kpps --size "$_size" "$@" \
		>"$BP_TMP/flood.log" 2>&1 || fail "bypath gen"
}

received()
{
	in_h2 cat /sys/class/net/e0/statistics/rx_packets
}

counts_exactly()
{
	before=$(received)
	flood 5000 64
	came()
	{
		[ $(($(received) - before)) -ge 5000 ]
	}
	wait_for 5 came || fail "of 5000 frames $(($(received) - before)) came"
	bp_stop a
	bp_expect a "sent_pkts('lan') >= 5000 and dropped == 0 and r['paths'][0]['counted_by'] == 'reported'" "summary()"
	bp_expect a "copies('wan', 'lan') == 0 and path('wan', 'lan')['crossings'] == 0" "summary()"
	bp_expect a "r['paths'][0]['counted']['packets_by_user_copies'][0] == sent_pkts('lan')" "r['paths'][0]"
}

# A frame for another MAC address than the hosts' goes through as well, and comes with its addresses swapped.
swaps()
{
	bp_start a --set engine.mode=macswap
	wait_for 10 said forwarding || fail "does not start"
	in_h2 tcpdump -n -e -c 1 -i e0 'ether src 02:00:00:00:00:77' >"$BP_TMP/swap.log" 2>"$BP_TMP/swap.err" &
	wait_for 10 grep -q listening "$BP_TMP/swap.err" || fail "no tcpdump"
	flood 20 64 --dst-mac 02:00:00:00:00:77
	wait_for 5 grep -q '02:00:00:00:00:77 >' "$BP_TMP/swap.log" || fail "no frame with swapped addresses"
	bp_stop a
}

# The out-device carries 1000 bytes only, then has no link: each frame has a name.
names_losses()
{
	start "$CASE"
	ip -n mid link set w1 mtu 1000
	# The driver follows the MTU within a tenth of a second.
	is_followed()
	{
		before=$(received)
		flood 20 1400
		[ $(($(received) - before)) -lt 10 ]
	}
	wait_for 5 is_followed || fail "frames of 1400 bytes pass a device with MTU 1000"
	flood 500 1400
	ip -n mid link set w1 mtu 1500
	ip -n h2 link set e0 down
	wait_for 5 said 'port lan: w1 is down' || fail "that w1 has no link is not said"
	flood 500 64
	ip -n h2 link set e0 up
	bp_stop a
	bp_expect a "drops_by_reason('lan')['tx_too_long'] >= 500 and drops_by_reason('lan')['port_down'] >= 500" "summary()"
}

# The out-device's peer takes redirected frames no more: named, with what helps.
is_refused()
{
	start xdp
	in_h2 ethtool -K e0 gro off >/dev/null 2>&1
	flood 500 64
	# Said of a tenth of a second in which none was taken: the one before may have had a ping.
	is_told()
	{
		flood 20 64
		said 'w1 took none of [0-9]* redirected frames: .*gro on'
	}
	wait_for 5 is_told || fail "that w1 takes none is not said"
	in_h2 ethtool -K e0 gro on >/dev/null 2>&1
	bp_stop a
	bp_expect a "drops('lan') >= 500 and set(drops_by_reason('lan')) <= {'tx_kernel_drop', 'tx_error'}" "summary()"
}

# What the out-device's queueing discipline drops stands beside, and a path that ends while its link is down is
# the driver's still.
tells_of_the_queue()
{
	start tc
	in_mid tc qdisc add dev w1 root tbf rate 1mbit burst 2000 limit 3000 || fail "no tbf"
	flood 2000 64
	_lost=$(in_mid tc -s qdisc show dev w1 | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p' | head -n 1)
	[ "$_lost" -gt 100 ] || fail "the tbf drops $_lost"
	ip -n h1 link set e0 down
	ip -n h2 link set e0 down
	wait_for 5 said 'port lan: w1 is down' || fail "that w1 has no link is not said"
	bp_stop a
	bp_expect a "abs(reported('lan', 'qdisc_dropped') - $_lost) <= 2" "lost_outside()"
	bp_expect a "all(p['counted_by'] == 'reported' and p['counted']['ns_per_packet'] is None for p in r['paths'] if p['counted']['packets'])" \
		"r['paths']"
	ip -n h1 link set e0 up
	ip -n h2 link set e0 up
}

# It needs no more than these.
starts_with_rights()
{
	bp_pair a "kernel-$CASE" w0 "kernel-$CASE" w1
	in_mid_with net_admin,net_raw,bpf "$BYPATH" run "$BP_TMP/a.ini" --duration 0.3 >"$BP_TMP/a.log" 2>&1 ||
		fail "does not start with CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF"
}

# Somebody detaches the program: said, and put back.
is_put_back()
{
	start "$CASE"
	links=$(links_of_w0)
	[ -n "$links" ] || fail "no link on w0"
	for link in $links; do
		in_mid bpftool link detach id "$link" || fail "cannot detach"
	done
	wait_for 5 said 'wan: the program on w0 was detached by another process' || fail "not reported"
	bp_wait_forwarding 20
	[ -n "$(links_of_w0)" ] || fail "no program on w0 again"
	programs=$(bp_programs_of a)
	bp_stop a
	# shellcheck disable=SC2086 # words
	wait_for 5 bp_programs_gone $programs || fail "a program stays"
}

refuses()
{
	! in_mid "$BYPATH" run "$BP_TMP/$1.ini" >"$BP_TMP/a.log" 2>&1 || fail "$1: starts"
	said "$2" || fail "$1: '$2' is not said"
}

case $CASE in
xdp | tc)
	need tcpdump
	bp_lab
	start "$CASE"
	tcp_ok
	http_ok 8
	counts_exactly "$CASE"
	swaps
	names_losses
	is_put_back
	if [ "$CASE" = tc ]; then tells_of_the_queue; else is_refused; fi
	starts_with_rights
	;;
refused)
	bp_lab
	bp_pair tx kernel-xdp w0 kernel-xdp w1
	in_h2 ethtool -K e0 gro off >/dev/null 2>&1
	refuses tx 'w1 takes no redirected frames: a veth does once its peer has GRO on or an XDP program: ethtool -K PEER gro on'
	{
		printf '[port.a]\ndriver = kernel\ndevice = w0\n[port.b]\ndriver = af_packet\ndevice = w1\n'
		printf '[forward]\na = b\nb = a\n'
	} | bp_ini mixed
	refuses mixed 'leads to another driver: its packets stay in the kernel'
	in_mid "$BYPATH" gen --tx-port kernel:w0 --rx-port kernel:w1 >"$BP_TMP/a.log" 2>&1
	[ $? -eq 2 ] && said 'takes no packets from a process' && said 'hands no packets to a process' ||
		fail "bypath gen on kernel ports"
	bp_pair tc kernel-tc w0 kernel-tc w1
	! in_mid setpriv --bounding-set=-all --inh-caps=-all "$BYPATH" run "$BP_TMP/tc.ini" >"$BP_TMP/a.log" 2>&1 ||
		fail "starts without any right"
	said 'run as root, or with CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF' || fail "what right is needed is not said"
	in_h1 ethtool -K e0 gro on >/dev/null 2>&1
	in_h2 ethtool -K e0 gro on >/dev/null 2>&1
	[ -s "$program" ] || skip "no foreign program: this build has no clang, bpftool or libbpf"
	ip -n mid link set w0 xdp obj "$program" sec xdp || fail "cannot attach the other's program"
	refuses tx 'another XDP program is attached to w0 already'
	ip -n mid link set w0 xdp off
	{
		printf '[port.a]\ndriver = kernel\ndevice = nothere\n[port.b]\ndriver = kernel\ndevice = w1\n'
		printf '[forward]\na = b\nb = a\n'
	} | bp_ini gone
	refuses gone 'nothere'
	;;
*) fail "no such case: $CASE" ;;
esac

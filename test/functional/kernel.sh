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

# links_to_w0 PID: ids of the process's links that are attached to w0.
links_to_w0()
{
	awk -v w0="$(in_mid cat /sys/class/net/w0/ifindex)" '
		$1 == "link_id:" { id = $2 }
		$1 == "ifindex:" && $2 == w0 { print id }' /proc/"$1"/fdinfo/*
}

# other WORD…: another process does what bpf_other.py has under these words: OTHER_PID, and OTHER, what it says.
other()
{
	rm -f "$BP_TMP/other"
	ip netns exec mid "$BP_PYTHON" "$BP_HERE/bpf_other.py" "$@" >"$BP_TMP/other" 2>"$BP_TMP/other.log" &
	OTHER_PID=$!
	wait_for 10 test -s "$BP_TMP/other" || fail "bpf_other.py $*: $(cat "$BP_TMP/other.log")"
	OTHER=$(cat "$BP_TMP/other")
}

other_ends()
{
	kill "$OTHER_PID"
	wait "$OTHER_PID" 2>/dev/null
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

# flood COUNT SIZE: frames from h1's e0, to the address of no host: nobody answers.
flood()
{
	in_h1 "$BYPATH" gen --tx-port af_packet:e0 --duration 20 --count "$1" --rate 20kpps --size "$2" \
		--dst-mac 02:00:00:00:00:77 >"$BP_TMP/flood.log" 2>&1 || fail "bypath gen"
}

received()
{
	in_h2 cat /sys/class/net/e0/statistics/rx_packets
}

# What has come: to w0, to w1, to the hosts behind them.
arrived()
{
	in_mid cat /sys/class/net/w0/statistics/rx_packets /sys/class/net/w1/statistics/rx_packets
	in_h1 cat /sys/class/net/e0/statistics/rx_packets
	received
}

begin_count()
{
	# shellcheck disable=SC2046 # words
	set -- $(arrived)
	w0=$1 w1=$2 h1=$3 h2=$4
}

# start_quiet [OPTION...]: as start, but no host sends anything before, nor later by itself.
start_quiet()
{
	bp_neighbours h1 10.77.0.2 h2
	bp_neighbours h2 10.77.0.1 h1
	bp_pair a "kernel-$CASE" w0 "kernel-$CASE" w1
	begin_count
	bp_start a "$@"
	wait_for 10 said forwarding || fail "does not start"
}

# Nothing comes any more.
is_over()
{
	_before=${_now-}
	_now=$(arrived)
	[ "$_now" = "$_before" ]
}

# stop_exactly: end it; what it counts is what the interfaces count, each packet of it.
stop_exactly()
{
	wait_for 5 is_over || fail "packets come without end"
	# shellcheck disable=SC2046 # words
	set -- $(arrived)
	bp_stop a
	bp_expect a "[counted(port, side, 'packets') - counted(port, side, 'lost_after_sent') for port, side in
		(('wan', 'rx'), ('lan', 'rx'), ('wan', 'tx'), ('lan', 'tx'))] == [$1 - $w0, $2 - $w1, $3 - $h1, $4 - $h2]" \
		"(summary(), $1 - $w0, $2 - $w1, $3 - $h1, $4 - $h2)"
}

# came COUNT: so many more than at the start have reached h2.
came()
{
	[ $(($(received) - h2)) -ge "$1" ]
}

counts_exactly()
{
	ip -n mid link set w1 mtu 1000
	other stats
	start_quiet
	flood 5000 64
	wait_for 5 came 5000 || fail "of 5000 frames $(($(received) - h2)) came"
	flood 300 1400
	ip -n h2 link set e0 down
	wait_for 5 said 'port lan: w1 is down' || fail "that w1 has no link is not said"
	flood 400 64
	stop_exactly
	other_ends
	ip -n h2 link set e0 up
	ip -n mid link set w1 mtu 1500
	bp_expect a "sent_pkts('lan') == 5000 and drops_by_reason() == {'tx_too_long': 300, 'port_down': 400}" "summary()"
	bp_expect a "r['paths'][0]['counted_by'] == 'reported' and reported('wan', 'bpf_run_ns') > 0" "r['ports']"
	bp_expect a "reported('wan', 'bpf_runs') == counted('wan', 'rx', 'packets') and abs(r['paths'][0]['program_ns_per_packet']
		- reported('wan', 'bpf_run_ns') / reported('wan', 'bpf_runs')) < 0.01" "(r['paths'][0], r['ports'])"
	bp_expect a "not any(e['counter'].startswith('bpf_') for p in r['ports'] for e in p['events'])" "r['ports']"
	grep -q 'of what a packet costs, [0-9.]* ns are that program' "$BP_TMP/a.log" || fail "the report does not say what the program takes"
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
	flood 20 64
	wait_for 5 grep -q '02:00:00:00:00:77 >' "$BP_TMP/swap.log" || fail "no frame with swapped addresses"
	bp_stop a
}

# The out-device's MTU changes while it runs, and is followed within a tenth of a second.
follows_mtu()
{
	start_quiet
	ip -n mid link set w1 mtu 1000
	# reach -gt|-lt COUNT: of 20 frames more, or fewer, than so many reach h2.
	reach()
	{
		before=$(received)
		flood 20 1400
		test $(($(received) - before)) "$@"
	}
	wait_for 5 reach -lt 10 || fail "frames of 1400 bytes pass a device with MTU 1000"
	flood 100 1400
	ip -n mid link set w1 mtu 1500
	wait_for 5 reach -gt 10 || fail "no frame of 1400 bytes passes a device with MTU 1500"
	stop_exactly
	bp_expect a "drops_by_reason('lan')['tx_too_long'] >= 100" "summary()"
	bp_expect a "(reported('wan', 'bpf_run_ns') > 0) == $(cat /proc/sys/kernel/bpf_stats_enabled)" "r['ports']"
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

# The far end's MTU is too small: a tracepoint tells, and --probe takes the frames for the run's own.
is_told_of()
{
	start_quiet --probe
	ip -n h2 link set e0 mtu 600
	flood 200 1400
	stop_exactly
	ip -n h2 link set e0 mtu 1500
	bp_expect a "drops_by_reason() == {'tx_kernel_drop': 200}" "summary()"
	[ "$(bp_get a "r['kernel_drops']['observed']")" = 1 ] || return 0
	# On Linux 6.18 a bulk has been seen that one program at the tracepoint was told of, and another was not.
	bp_expect a "[(row['port'], row['direction'], row['device'], row['reason'], row['perhaps_others'], 100 < row['packets'] <= 200)
		for row in r['kernel_drops']['rows']] == [('lan', 'tx', 'w1', 'xdp_devmap_xmit REFUSED', 0, True)]" "r['kernel_drops']['rows']"
	bp_expect a "r['kernel_drops']['of_other_senders'] == 0" "r['kernel_drops']"
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

detach()
{
	for link in $(links_to_w0 "$(bp_pid a)"); do
		in_mid bpftool link detach id "$link" || fail "cannot detach"
	done
}

# Somebody detaches the program, or puts another one in its place: said, and put back.
is_put_back()
{
	start "$CASE"
	detach
	wait_for 5 said 'wan: the program on w0 was detached by another process' || fail "not reported"
	bp_wait_forwarding 20
	other hold "$CASE"
	"$BP_PYTHON" "$BP_HERE/bpf_other.py" update "$(links_to_w0 "$(bp_pid a)")" "$OTHER" || fail "cannot replace"
	wait_for 5 said "wan: the program on w0 was replaced by program $OTHER" || fail "not reported"
	bp_wait_forwarding 20
	other_ends
	leaves_others
	programs=$(bp_programs_of a)
	bp_stop a
	# shellcheck disable=SC2086 # words
	wait_for 5 bp_programs_gone $programs || fail "a program stays"
}

# A thread that attaches a program stops when it has.
is_stopped()
{
	! grep -L ') T ' /proc/"$(bp_pid a)"/task/*/stat | grep -q .
}

# Another's program is there when the port starts again: XDP has room for one; tc's go on, each after those before it.
leaves_others()
{
	kill -STOP "$(bp_pid a)"
	wait_for 10 is_stopped || fail "does not stop"
	detach
	other hold "$CASE" w0
	kill -CONT "$(bp_pid a)"
	if [ "$CASE" = xdp ]; then
		wait_for 5 said 'another XDP program is attached to w0 already' || fail "the other's program is not named"
		! bp_reaches h1 10.77.0.2 || fail "forwards without its program"
	else
		wait_for 5 said "w0: 1 tc programs of others come before bypath's" || fail "the other's program is not named"
		bp_wait_forwarding 20
	fi
	[ -n "$(links_to_w0 "$OTHER_PID")" ] || fail "the other's program is gone"
	other_ends
	bp_wait_forwarding 20
	[ -n "$(links_to_w0 "$(bp_pid a)")" ] || fail "no program on w0"
}

# Without a word on the mode: by what the devices are, and the report says why.
chooses()
{
	printf '[port.wan]\ndriver = kernel\ndevice = w0\n[port.lan]\ndriver = kernel\ndevice = w1\n[forward]\nwan = lan\nlan = wan\n' |
		bp_ini a
	bp_start a --duration 0.2
	bp_exit a 10 || fail "does not start"
	bp_expect a "[(p['mode'], p['note']) for p in r['ports']] == [('tc', 'tc for %s: its packets may be super-frames or lack checksums,'
		' which XDP would pass on unfinished' % p['device']) for p in r['ports']]" "r['ports']"
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
	bp_stop a
	counts_exactly
	swaps
	follows_mtu
	is_put_back
	if [ "$CASE" = tc ]; then
		tells_of_the_queue
		chooses
	else
		is_refused
		is_told_of
	fi
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

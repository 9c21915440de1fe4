# What the kernel loses of a run's frames is named: why, where, how many; and nothing else is.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# drops.sh CASE
#
#   far      the host at the far end drops, or another one behind it
#   own      the out-port's interface drops; a second word is another kind of ports than af_packet's
#   carried  it does not take what the kernel redirects to it
#   rx       frames for a port are dropped before it has them: by its socket, its interface, the far end
#   mmap     its mmap ring is full, which the port counts and the kernel does not call a drop
#   xdp      an AF_XDP socket is full; a port's XDP program is taken away
#   tap      the tap's queue is full
#   host     causes that need settings of the whole machine: for the emulated one
#   control  nothing is planted: nothing is named; others' frames are not ours
#   others   another program sends by the port's interface: how many of a row may be its
#   life     two probes at once, one of them killed; an interface that is made again
#
# Each cause is planted in a run of its own kind, its frames are counted by the hosts, and the report is judged at
# the end: drops.py judge.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: drops.sh CASE}
N=${BP_DROPS_N:-1000}
: >"$BP_TMP/expected"
need tc nsenter "$BP_PYTHON"

# Without ip's mount of a sysfs for each command: an emulated machine takes half a second for it.
in_h1()
{
	nsenter --net=/run/netns/h1 "$@"
}

in_h2()
{
	nsenter --net=/run/netns/h2 "$@"
}

in_h3()
{
	nsenter --net=/run/netns/h3 "$@"
}

in_mid()
{
	nsenter --net=/run/netns/mid "$@"
}

# --- planting -----------------------------------------------------------------------------------

# The process that sends, receives and counts for all hosts.
hosts()
{
	mkfifo "$BP_TMP/ask" "$BP_TMP/answer"
	"$BP_PYTHON" -S "$BP_HERE/drops_hosts.py" serve <"$BP_TMP/ask" >"$BP_TMP/answer" 2>"$BP_TMP/hosts.log" &
	exec 8>"$BP_TMP/ask" 9<"$BP_TMP/answer"
}

# may WORD…: drops_hosts.py has the words; what it says is ANSWER. 1 where it cannot.
may()
{
	echo "$*" >&8
	read -r _said ANSWER <&9
	[ "$_said" = ok ]
}

# ask WORD…: the same of what it must be able to do.
ask()
{
	may "$@" || fail "$*: $ANSWER"
}

# send HOST [KEY=VALUE…]: N frames from its e0.
send()
{
	_host=$1
	shift
	ask send "$_host" e0 "$N" "$@"
}

# counted HOST INTERFACE COUNTER…: their sum is ANSWER.
counted()
{
	ask counted "$@"
}

# expect CAUSE LOST DIRECTION WHERE DEVICE LIKE: how the report should name it.
expect()
{
	printf '{"cause": "%s", "lost": %d, "direction": "%s", "where": "%s", "device": "%s", "like": "%s"}\n' "$@" \
		>>"$BP_TMP/expected"
}

# without CAUSE WHY: this machine cannot plant it.
without()
{
	note "without $1: $2"
}

# N frames of send's that leave w1, or are dropped there; how many is ANSWER.
send_by_w1()
{
	counted mid w1 tx_packets tx_dropped
	_before=$ANSWER
	send "$@"
	ask until $((_before + N)) mid w1 tx_packets tx_dropped
	ANSWER=$((ANSWER - _before))
}

# behind_w1 CAUSE WHERE DEVICE LIKE [KEY=VALUE…]: N frames that leave w1, and are lost there or behind.
behind_w1()
{
	_cause=$1 _where=$2 _device=$3 _like=$4
	shift 4
	send_by_w1 h1 "$@"
	expect "$_cause" "$ANSWER" tx "$_where" "$_device" "$_like"
}

far()
{
	_far_cause=$1 _far_like=$2
	shift 2
	behind_w1 "$_far_cause" 'far end' e0 "$_far_like" "$@"
}

# --- the lab ------------------------------------------------------------------------------------

# lab KIND [LINE]: both hosts know each other; what h2 would answer goes nowhere. The line is of both ports.
lab()
{
	bp_lab mtu=1500 offloads=off
	hosts
	bp_neighbours h1 10.77.0.2 h2
	bp_neighbours h2 10.77.0.1 h1
	ip -n h2 route add blackhole 10.77.0.77 || fail "no blackhole route"
	in_h2 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.e0.rp_filter=0 net.ipv4.ip_forward=1
	bp_pair a "$1" w0 "$1" w1
	[ $# = 1 ] || sed -i "/^driver = /a $2" "$BP_TMP/a.ini"
	run_probed a
}

# run_probed NAME: NAME.ini, with the probe.
run_probed()
{
	case $1 in
	a) sed -i '/^driver = af_packet$/a qdisc_bypass = no' "$BP_TMP/a.ini" ;;
	esac
	bp_start "$1" --probe
	bp_wait_forwarding "${BP_DROPS_WAIT:-30}"
}

has_begun_or_ended()
{
	grep -q 'info: forwarding' "$BP_TMP/$1.log" || bp_gone "$1"
}

# wait_forwarding NAME: where no host can be asked.
wait_forwarding()
{
	wait_for "${BP_DROPS_WAIT:-30}" has_begun_or_ended "$1"
	bp_alive "$1" || fail "$1 does not start"
}

# judge: end the run, compare. Skips where the kernel shows nothing.
judge()
{
	[ ! -e "$BP_TMP/a.pid" ] || bp_stop a
	"$BP_PYTHON" -S "$BP_HERE/drops.py" judge "$BP_TMP/a.json" "$BP_TMP/expected" && return
	_why=$(bp_get a 'r["kernel_drops"]["why"] or ""')
	case $_why in
	*CAP_BPF* | *'no BTF'* | *'no reasons'*) skip "$_why" ;;
	esac
	fail "what was lost has another name, or what was not lost has one: $(bp_get a 'r["kernel_drops"]')"
}

# shellcheck source=test/functional/drops_far.sh
. "$BP_HERE/drops_far.sh"

# --- the out-port's interface -------------------------------------------------------------------

# in_qdisc WORD: packets that w1's queueing disciplines have "dropped", or were given ("all").
in_qdisc()
{
	in_mid tc -s qdisc show dev w1 | awk -v word="$1" '
		/ Sent / { sent += $4; gsub(",", "", $7); dropped += $7 }
		/ backlog / { held += $3 }
		END { print word == "dropped" ? dropped + 0 : word == "sent" ? sent + 0 : sent + dropped + held }'
}

in_nft()
{
	in_mid nft list ruleset | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'
}

# reaches COUNT COMMAND…: it prints at least so many.
reaches()
{
	_count=$1
	shift
	[ "$("$@")" -ge "$_count" ]
}

# at_w1 CAUSE LIKE WORD: N frames for w1, of which its queueing discipline counts what it drops. WORD: what
# counts all of them.
at_w1()
{
	send h1
	wait_for 10 reaches "$N" in_qdisc "$3"
	expect "$1" "$(in_qdisc dropped)" tx 'its interface' w1 "$2"
}

# Until bypath's control thread sees it, its worker sends to an interface without a carrier. Not every kernel counts what
# is lost there; nft counts what comes by on its way there.
own_carrier()
{
	if ! in_mid nft 'table netdev t { chain c { type filter hook egress device "w1" priority 0; counter; }; }' 2>"$BP_TMP/nft.log"; then
		without 'no carrier' "$(head -n 1 "$BP_TMP/nft.log")"
		return
	fi
	if ! may freeze "$(bp_pid a)"; then
		without 'no carrier' "$ANSWER"
		return
	fi
	ip -n h2 link set e0 down
	wait_for 5 sh -c 'ip -n mid link show w1 | grep -q NO-CARRIER'
	send h1
	wait_for 10 reaches "$N" in_nft
	ask thaw "$(bp_pid a)"
	bp_stop a
	expect 'no carrier' "$(in_nft)" tx 'its interface' w1 'no carrier'
}

# What the program that carries refuses is bypath's own drop, which the kernel tells of at the in-port.
own_refusal()
{
	ip -n mid link set w1 mtu 600
	_passed=$N
	# bypath follows the MTU within a tenth of a second.
	until [ "$_passed" -lt "$N" ]; do
		counted mid w1 tx_packets tx_dropped
		_before=$ANSWER
		send h1 payload=1200
		counted mid w1 tx_packets tx_dropped
		_passed=$((ANSWER - _before))
	done
	bp_stop a
	expect 'refused' "$(bp_get a "drops_by_reason('lan')['tx_too_long']")" rx 'its interface' w0 'TC_INGRESS .* refused'
	bp_expect a "not any(row['perhaps_others'] for row in r['kernel_drops']['rows'])" "r['kernel_drops']['rows']"
}

# A chain of nftables at the egress of the interface.
own_nft()
{
	if in_mid nft 'table netdev t { chain c { type filter hook egress device "w1" priority 0; counter drop; }; }' 2>"$BP_TMP/nft.log"; then
		send h1
		wait_for 10 reaches "$N" in_nft
		expect 'nft egress' "$(in_nft)" tx 'its interface' w1 NETFILTER_DROP
		in_mid nft delete table netdev t
	else
		without 'nft egress' "$(head -n 1 "$BP_TMP/nft.log")"
	fi
}

case_own()
{
	KIND=${2:-af_packet-socket}
	lab "$KIND"
	ask sink h2 9
	if in_mid tc qdisc add dev w1 clsact 2>"$BP_TMP/tc.log" &&
		in_mid tc filter add dev w1 egress bpf da bytecode '1,6 0 0 2' 2>>"$BP_TMP/tc.log"; then
		at_w1 'tc egress' TC_EGRESS dropped
		in_mid tc qdisc del dev w1 clsact
	else
		without 'tc egress' "$(head -n 1 "$BP_TMP/tc.log")"
	fi
	if in_mid tc qdisc replace dev w1 root tbf rate 8bit burst 1500 limit 1500 2>"$BP_TMP/tc.log"; then
		at_w1 'qdisc full' 'QDISC_(DROP|OVERLIMIT) .* QDISC_' all
		expect 'queue thrown away' $(($(in_qdisc all) - $(in_qdisc dropped) - $(in_qdisc sent))) \
			tx 'its interface' w1 'NOT_SPECIFIED .*rtnl|QUEUE_PURGE'
		in_mid tc qdisc del dev w1 root
	else
		without 'qdisc full' "$(head -n 1 "$BP_TMP/tc.log")"
	fi
	case $KIND in
	kernel-*) own_refusal ;; # what tc redirects passes no chain of nftables at an egress
	*)
		own_nft
		own_carrier
		;;
	esac
	judge
}

case_carried()
{
	# shellcheck disable=SC2034 # lib.sh
	KIND=kernel-xdp
	lab kernel-xdp
	ip -n h2 link set e0 mtu 600
	counted mid w0 rx_packets
	_before=$ANSWER
	send h1 payload=1200
	ask until $((_before + N)) mid w0 rx_packets
	bp_stop a
	bp_expect a "drops_by_reason('lan') == {'tx_kernel_drop': $N}" "summary()"
	expect "the far end's MTU, redirected" "$N" tx 'its interface' w1 'xdp_devmap_xmit REFUSED'
	judge
	bp_expect a "(r['kernel_drops']['of_other_senders'], r['kernel_drops']['rows'][0]['perhaps_others']) == (0, 0)" "r['kernel_drops']"
}

# --- before the in-port -------------------------------------------------------------------------

# What bypath's counters say that was lost before a port had it.
lost_before()
{
	bp_get a "sum(e['value'] for p in r['ports'] if p['name'] == 'wan' for e in p['events'] if e['kind'] == 'drop')"
}

case_rx()
{
	lab af_packet-socket
	ask sink h2 9
	if in_h1 tc qdisc add dev e0 clsact 2>"$BP_TMP/tc.log" &&
		in_h1 tc filter add dev e0 egress bpf da bytecode '1,6 0 0 2' 2>>"$BP_TMP/tc.log"; then
		send h1
		expect "the sender's tc egress" "$N" rx 'far end' e0 TC_EGRESS
		in_h1 tc qdisc del dev e0 clsact
	else
		without "the sender's tc egress" "$(head -n 1 "$BP_TMP/tc.log")"
	fi
	ip -n mid link set w0 mtu 1000
	counted h1 e0 tx_dropped
	_before=$ANSWER
	send h1 payload=1200
	counted h1 e0 tx_dropped
	expect "the in-port's MTU" $((ANSWER - _before)) rx 'far end' e0 dev_forward_skb
	ip -n mid link set w0 mtu 1500
	if ip -n mid link set w0 xdpgeneric obj "$BP_TOOLS/xdp_verdict.bpf.o" sec xdp 2>"$BP_TMP/xdp.log"; then
		send h1 type=88b6
		expect 'another XDP program' "$N" rx 'its interface' w0 'NOT_SPECIFIED .*xdp|REASON_XDP'
		ip -n mid link set w0 xdpgeneric off
	else
		without 'another XDP program' "$(head -n 1 "$BP_TMP/xdp.log")"
	fi
	# Of what the stack takes as well, a full socket tells by its own counter alone (tp_drops): it frees nothing.
	counted mid w1 tx_packets
	_passed=$ANSWER
	stalled 'full packet socket' 'PACKET_SOCK_ERROR|NOT_SPECIFIED packet_rcv' 12000 type=88b5
	counted mid w1 tx_packets
	expect 'unhandled protocol, what was not lost before' $((ANSWER - _passed)) \
		tx 'far end' e0 UNHANDLED_PROTO
	judge
}

# What finds no slot the kernel frees as if it had been made use of: tp_drops is its only name, and no row may have it.
case_mmap()
{
	lab af_packet-mmap 'ring_size = 1024'
	counted mid w1 tx_packets
	_passed=$((ANSWER + 1024))
	kill -STOP "$(bp_pid a)"
	N=3000
	send h1 type=88b5
	kill -CONT "$(bp_pid a)"
	ask until $_passed mid w1 tx_packets
	bp_stop a
	[ "$(lost_before)" = 1976 ] || fail "of 3000 frames for a ring of 1024 the port has lost $(lost_before)"
	expect 'unhandled protocol, what an mmap ring held' 1024 tx 'far end' e0 UNHANDLED_PROTO
	judge
}

# stalled CAUSE LIKE FRAMES [KEY=VALUE…]: so many come while bypath does not run, more than its socket holds.
stalled()
{
	_all=$N
	kill -STOP "$(bp_pid a)"
	_cause=$1 _like=$2 N=$3
	shift 3
	send h1 payload=1400 "$@"
	N=$_all
	kill -CONT "$(bp_pid a)"
	bp_stop a
	expect "$_cause" "$(lost_before)" rx 'its interface' w0 "$_like"
}

has_program_w0()
{
	ip -n mid link show w0 | grep -q prog/xdp
}

case_xdp()
{
	bp_need_driver af_xdp
	need bpftool
	lab af_xdp-skb
	ask sink h2 9
	# While it does not run, it cannot put its program back.
	kill -STOP "$(bp_pid a)"
	bp_detach_xdp a
	send h1
	expect 'program detached' "$N" rx 'its interface' w0 'past the program'
	kill -CONT "$(bp_pid a)"
	wait_for 10 has_program_w0 || fail "the program does not come back"
	stalled 'full AF_XDP socket' 'xdp_redirect_err E(NOBUFS|NOMEM|NOSPC)' 6000
	judge
}

case_tap()
{
	bp_lab
	hosts
	ask sink h2 9
	bp_pair a tap tap1 af_packet-mmap w1
	bp_start a --probe
	wait_forwarding a
	in_mid ip link set tap1 txqueuelen 50 up
	kill -STOP "$(bp_pid a)"
	counted mid tap1 tx_dropped
	_before=$ANSWER
	counted mid tap1 tx_packets tx_dropped
	_sent=$((ANSWER + N))
	ask send mid tap1 "$N"
	counted mid tap1 tx_dropped
	expect 'full tap' $((ANSWER - _before)) rx 'its interface' tap1 FULL_RING
	kill -CONT "$(bp_pid a)"
	# What it has not read when it ends would be thrown away.
	ask until $_sent mid tap1 tx_packets tx_dropped
	judge
}

# --- settings of the whole machine --------------------------------------------------------------

# machine NAME=VALUE: a setting that only the machine's own network namespace has, which is the file BP_MACHINE.
machine()
{
	nsenter --net="$BP_MACHINE" sysctl -qw "$1" || fail "cannot set $1"
}

case_host()
{
	[ -e "${BP_MACHINE-}" ] || skip "settings of the whole machine: for the emulated one"
	lab af_packet-socket
	# More than the processors have in reserve, 1 MiB each, which no limit counts.
	N=3000
	machine net.ipv4.udp_mem='1 1 1'
	ask sink h2 14
	ask udp h2 MemErrors
	_errors=$ANSWER
	send_by_w1 h1 port=14 payload=1400
	ask udp h2 MemErrors
	expect 'no memory for UDP' $((ANSWER - _errors)) tx 'far end' e0 'PROTO_MEM|NOMEM|NOT_SPECIFIED .*udp'
	ask close
	N=1000
	machine net.ipv4.udp_mem='100000 100000 100000'
	# A queueing discipline sends bursts from a softirq, behind which the queue of the far end is emptied. Before it, bypath's
	# socket has them all.
	in_mid tc qdisc replace dev w1 root tbf rate 40mbit burst 20k limit 4m || fail "no tbf"
	counted mid w1 tx_packets tx_dropped
	_before=$ANSWER
	kill -STOP "$(bp_pid a)"
	send h1 port=15 dst=10.77.0.2 payload=1000
	ask backlog
	_errors=$ANSWER
	machine net.core.netdev_max_backlog=1
	kill -CONT "$(bp_pid a)"
	ask until $((_before + N)) mid w1 tx_packets tx_dropped
	machine net.core.netdev_max_backlog=1000
	ask backlog
	_dropped=$((ANSWER - _errors))
	expect 'backlog full' $_dropped tx 'far end' e0 'CPU_BACKLOG|enqueue_to_backlog'
	expect 'no socket, rest' $((N - _dropped)) tx 'far end' e0 NO_SOCKET
	judge
}

# --- nothing planted ----------------------------------------------------------------------------

# A transfer by TCP both ways, to its very end: iperf3 resets the connection while segments are under way, and these are
# lost. None is sent again because of a busy machine, and few are under way at once.
whole_stream()
{
	for _host in h1 h2; do
		ip netns exec "$_host" sysctl -qw net.ipv4.tcp_early_retrans=0
		ip -n "$_host" route change 10.77.0.0/24 dev e0 rto_min 10s || fail "no rto_min"
	done
	ask stream h1 h2 10.77.0.2 80 100
}

# Frames that arrive, while tc's copies of them do not: _mirrored is the row of these.
mirrored()
{
	_mirrored=
	third_host
	if ! in_h2 tc qdisc replace dev r0 root tbf rate 8bit burst 1500 limit 1500 2>"$BP_TMP/tc.log" ||
		! in_h2 tc qdisc add dev e0 clsact 2>"$BP_TMP/tc.log" ||
		! in_h2 tc filter add dev e0 ingress bpf bytecode '1,6 0 0 4294967295' action mirred egress mirror dev r0 2>>"$BP_TMP/tc.log"; then
		without 'tc mirror' "$(head -n 1 "$BP_TMP/tc.log")"
		return
	fi
	ask sink h2 10
	send_by_w1 h1 port=10
	in_h2 tc qdisc del dev e0 clsact
	_mirrored=$(in_h2 tc -s qdisc show dev r0 | sed -n "s/.*dropped \([0-9]*\),.*/, ('r0', None, \1)/p")
}

# Datagrams that arrive, answers, a transfer by TCP; and what another sender loses at w1.
case_control()
{
	lab "${2:-af_packet-mmap}"
	ask sink h2 10
	send h1 port=10
	in_h1 ping -q -c 50 -i 0.002 10.77.0.2 >/dev/null || fail "no answers"
	in_h2 ping -q -c 50 -i 0.002 10.77.0.1 >/dev/null || fail "no answers"
	ask close
	whole_stream
	# A capture at the far end: the stack drops what that was given.
	ask hear h2 e0
	send_by_w1 h1 mac=020000000099
	ask close
	mirrored
	if in_mid tc qdisc add dev w1 clsact 2>"$BP_TMP/tc.log"; then
		ip -n mid addr add 10.79.0.1/24 dev w1
		ip -n mid neigh add 10.79.0.2 dev w1 lladdr 02:00:00:00:00:02
		# From that address only.
		in_mid tc filter add dev w1 egress bpf da bytecode \
			'4,32 0 0 26,21 0 1 172949505,6 0 0 2,6 0 0 4294967295' || fail "cannot drop what the host sends"
		in_mid ping -q -c 20 -i 0.002 -W 1 10.79.0.2 >/dev/null
		bp_stop a
		bp_expect a "r['kernel_drops']['of_other_senders'] == $(in_qdisc dropped) > 0" "r['kernel_drops']"
	fi
	judge
	bp_expect a "sorted((row['device'], row['lost'], row['packets']) for row in r['kernel_drops']['rows']) == \
		[('e0', None, $N)$_mirrored]" "r['kernel_drops']['rows']"
}

# --- other senders ------------------------------------------------------------------------------

# perhaps DEVICE REASON PACKETS OTHERS: what the report says of a row.
perhaps()
{
	bp_expect a "[(row['packets'], row['perhaps_others']) for row in r['kernel_drops']['rows']
		if row['device'] == '$1' and '$2' in (row['reason'], row['function'])] == [($3, $4)]" "r['kernel_drops']['rows']"
}

others_send()
{
	ask send mid w1 10 "$@"
}

# holds COUNT: packets wait in w1's queueing discipline.
holds()
{
	[ $(($(in_qdisc all) - $(in_qdisc dropped) - $(in_qdisc sent))) -ge "$1" ]
}

# Two runs: what the port's own interface drops makes the bound behind it wider.
case_others()
{
	lab af_packet-mmap
	send_by_w1 h1 mac=020000000099
	_foreign=$ANSWER
	others_send type=88b5
	bp_stop a
	perhaps e0 SKB_DROP_REASON_OTHERHOST "$_foreign" 10
	perhaps e0 SKB_DROP_REASON_UNHANDLED_PROTO 10 10
	bp_start a --probe
	bp_wait_forwarding "${BP_DROPS_WAIT:-30}"
	in_mid tc qdisc replace dev w1 root tbf rate 8bit burst 1500 limit 1500 2>"$BP_TMP/tc.log" ||
		skip "no tbf: $(head -n 1 "$BP_TMP/tc.log")"
	send h1 mac=020000000099
	# bypath has sent them, the interface has not.
	wait_for 10 holds 10 || fail "the queueing discipline holds nothing"
	in_mid tc qdisc del dev w1 root
	others_send type=88b5
	ip -n h2 link set e0 mtu 1000
	send_by_w1 h1 payload=1200
	_long=$ANSWER
	others_send payload=1200
	bp_stop a
	# By the system call, where the port's own interface drops; by the interface's count and its losses behind it.
	bp_expect a "[(row['packets'], row['perhaps_others']) for row in r['kernel_drops']['rows']
		if row['device'] == 'w1' and 'forward_skb' in row['function']] == [($((_long + 10)), 10)]" "r['kernel_drops']['rows']"
	perhaps e0 SKB_DROP_REASON_UNHANDLED_PROTO 10 10
}

# --- life ---------------------------------------------------------------------------------------

case_life()
{
	need bpftool
	lab af_packet-mmap
	ip -n mid link add d0 type veth peer name d1
	ip -n mid link set d0 up
	ip -n mid link set d1 up
	bp_pair b af_packet-mmap d0 af_packet-mmap d1
	bp_start b --probe
	wait_forwarding b
	_b=$(bp_programs_of b)
	[ -n "$_b" ] || fail "the second run has no program attached"
	kill -KILL "$(bp_pid b)"
	# shellcheck disable=SC2086 # words
	wait_for 10 bp_programs_gone $_b || fail "a killed run leaves its programs"
	bp_exit b 5
	far 'MAC filter' OTHERHOST mac=020000000099
	ip -n mid link del w1
	bp_wire h2 w1 10.77.0.2/24
	bp_neighbours h2 10.77.0.1 h1
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "w1 does not come back"
	far 'unhandled protocol, when it has come back' UNHANDLED_PROTO type=88b5
	_a=$(bp_programs_of a)
	[ -n "$_a" ] || fail "the run has no program attached"
	judge
	# shellcheck disable=SC2086 # words
	wait_for 10 bp_programs_gone $_a || fail "a run that ended leaves its programs"
}

"case_$CASE" "$@"

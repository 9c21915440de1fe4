# Functions between two ports: filter, mirror, meter, vlan, chains of them, over each backend.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: functions.sh CASE KIND [KIND]

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: functions.sh CASE KIND [KIND]}
KIND_A=${2:?}
KIND_B=${3:-$2}
# shellcheck disable=SC2034 # lib.sh
KIND=$KIND_A
need tcpdump
bp_lab
bp_host h3 w2 10.77.0.3/24

# ini SECTIONS FORWARD: ports wan, lan and mon, with these function sections and paths.
ini()
{
	{
		case $KIND_A$KIND_B in
		*dpdk-*) bp_dpdk_section ;;
		esac
		bp_port wan "$KIND_A" w0
		bp_port lan "$KIND_B" w1
		printf '%s\n[forward]\n%s\n' "$1" "$2"
	} | bp_ini a
}

mon()
{
	bp_port mon "$KIND_B" w2
}

# n_heard HOST FILTER: of the frames that watch HOST recorded.
n_heard()
{
	tcpdump -r "$BP_TMP/$1.pcap" "$2" 2>/dev/null | wc -l
}

# hears_none HOST FILTER
hears_none()
{
	[ "$(n_heard "$1" "$2")" = 0 ]
}

watch()
{
	ip netns exec "$1" tcpdump -i e0 --immediate-mode -U -Z root -Q in -s 128 -w "$BP_TMP/$1.pcap" >"$BP_TMP/$1.watch.log" 2>&1 &
	wait_for 10 grep -q 'listening on' "$BP_TMP/$1.watch.log" || fail "tcpdump in $1 does not start"
}

# send N PORT [BYTES]: so many datagrams from h1 to h2.
send()
{
	in_h1 "$BP_PYTHON" -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(int(sys.argv[1])):
    s.sendto(bytes(int(sys.argv[3])), ("10.77.0.2", int(sys.argv[2])))
    if n % 32 == 31:
        time.sleep(0.002)' "$1" "$2" "${3-18}" || fail "cannot send"
}

# deliver N PORT HOST FILTER: datagrams until the host has heard so many. A busy machine loses some before bypath sees them, or
# behind it: what is judged is what bypath counted.
deliver()
{
	for _try in 1 2 3 4 5 6 7 8 9 10; do
		send "$1" "$2"
		! wait_for 2 heard "$3" "$1" "$4" || return 0
	done
	fail "$3 does not hear $1 datagrams to port $2: $(n_heard "$3" "$4")"
}

heard()
{
	[ "$(n_heard "$1" "$3")" -ge "$2" ]
}

# all_counted REPORT FILTER: all that came in at wan came to the filter, and what it dropped is what its rule matched.
all_counted()
{
	bp_expect "$1" "function('$2')['counted']['packets'] == counted('wan', 'rx', 'packets')" "function('$2')"
	bp_expect "$1" "(function('$2')['counted']['dropped'] == function('$2')['counted']['drops']['filtered'] ==
		sum(h['hits'] for h in function('$2')['doc']['hits'] if h['rule'].startswith('drop')) > 0)" "function('$2')"
}

# Through a filter by edge.rules, from wan to lan.
filter_ini()
{
	ini "[function.edge]
type = filter
rules = $BP_TMP/edge.rules" "wan = edge, lan
lan = wan"
}

# What a rule drops does not arrive, is counted by rule and reason; all else passes, byte by byte.
case_filter()
{
	printf '# comment\n\ndrop udp dst port 9\npass\n' >"$BP_TMP/edge.rules"
	filter_ini
	bp_start a
	bp_wait_forwarding 10
	watch h2
	send 1000 9
	deliver 100 7 h2 'udp dst port 7'
	hears_none h2 'udp dst port 9' || fail "what is dropped arrives"
	tcp_ok 64
	http_ok 8
	# What a function knows is also in the report of a run that goes on.
	wait_for 10 bp_tells a 'edge +rules hit +2|edge +rules_hit +2' || fail "SIGUSR1's report has no rules with hits"
	bp_stop a
	all_counted a edge
}

# A copy of each frame of one direction goes to a third port as well.
case_mirror()
{
	ini "$(mon)
[function.m]
type = mirror
to = mon" "wan = m, lan
lan = wan"
	bp_start a
	bp_wait_forwarding 10
	watch h2
	watch h3
	for host in h2 h3; do
		deliver 500 9 $host 'udp dst port 9'
	done
	tcp_ok 16
	bp_stop a
	bp_expect a 'sum(p["counted"]["replicas"] for p in r["paths"]) >= 500' 'r["paths"]'
}

# Copies for a port that is full, or away: each is dropped by that name and counted; the packets all go on.
case_full()
{
	for state in full down; do
		if [ $state = full ]; then
			mon='[port.mon]
driver = ring
device = wire
ring_size = 256'
		else
			mon=$(mon)
		fi
		ini "$mon
[function.m]
type = mirror
to = mon" "wan = m, lan
lan = wan"
		bp_start a
		bp_wait_forwarding 10
		[ $state = full ] || {
			ip -n mid link set w2 down
			wait_for 10 grep -qiE 'mon.*(down|lost|away)' "$BP_TMP/a.log" || fail "nobody says that mon is away"
		}
		watch h2
		deliver 2000 9 h2 'udp dst port 9'
		http_ok 2
		bp_stop a
		bp_expect a 'pkts("wan", "lan") == counted("wan", "rx", "packets") > 2000 and drops("mon") > 1500' 'summary()'
		bp_expect a 'function("m")["doc"]["chosen"] == counted("mon", "tx", "replicas") > 2000' 'function("m")'
		[ $state = down ] || bp_expect a \
			'list(drops_by_reason("mon")) == ["tx_full"] and counted("mon", "tx", "packets") == 256' 'summary()'
		[ $state = full ] || bp_expect a 'list(drops_by_reason("mon")) == ["port_down"]' 'summary()'
		note "mon is $state: $(bp_get a 'summary()')"
	done
}

# A rule file that is wrong stops the start by line and column; an empty one is said and lets all pass; of 100,000 rules the
# last one decides, and each packet that it drops is counted there.
case_rules()
{
	printf 'pass arp\n\ndrop tcp prot 23\n' >"$BP_TMP/edge.rules"
	filter_ini
	in_mid "$BYPATH" run "$BP_TMP/a.ini" >"$BP_TMP/wrong.txt" 2>&1
	rc=$?
	[ $rc = 2 ] || fail "a wrong rule file: exit code $rc"
	grep -q "edge.rules:3:6: 'tcp prot 23'" "$BP_TMP/wrong.txt" || fail "no line and column: $(cat "$BP_TMP/wrong.txt")"

	: >"$BP_TMP/edge.rules"
	bp_start a
	bp_wait_forwarding 10
	bp_stop a
	grep -qi 'warn.*edge.rules' "$BP_TMP/a.log" || fail "an empty rule file is not said"
	bp_expect a 'function("edge")["doc"]["rules"] == 0 and function("edge")["counted"]["dropped"] == 0' 'r["functions"]'

	awk 'BEGIN { for (i = 0; i < 99999; i++)
		printf "pass udp dst port 9 and src host 10.%d.%d.%d\n", 100 + i / 65536, i / 256 % 256, i % 256
		print "drop udp dst port 9" }' >"$BP_TMP/edge.rules"
	bp_start a
	wait_for 30 bp_reaches h1 10.77.0.2 || fail "nothing passes 100,000 rules"
	watch h2
	send 200 9
	deliver 100 7 h2 'udp dst port 7'
	hears_none h2 'udp dst port 9' || fail "what is dropped arrives"
	bp_stop a
	all_counted a edge
	bp_expect a '(lambda doc: doc["rules"] == 100000 and doc["rules_hit"] == 1)(function("edge")["doc"])' 'function("edge")["doc"]'
}

# More than the rate and the burst allow is dropped as red, and counted.
case_meter()
{
	ini "[function.slow]
type = meter
rate = 8kbps
burst = 64k" "wan = slow, lan
lan = wan"
	bp_start a
	bp_wait_forwarding 10
	watch h2
	# A busy machine loses some before bypath sees them, and takes longer: each second allows one more.
	read -r from _ </proc/uptime
	for _try in 1 2 3 4 5 6 7 8 9 10; do
		send 1000 9 958
		! wait_for 2 bp_tells a '^  wan +rx 0 +0 +[0-9]+,' || break
	done
	bp_stop a
	read -r to _ </proc/uptime
	more=$((${to%.*} - ${from%.*} + 1))
	n_red=$(bp_get a 'function("slow")["counted"]["dropped"]')
	n_sent=$(bp_get a 'sent_pkts("lan")')
	# tcpdump reads in its own time; h2 has what lan sent.
	wait_for 5 heard h2 55 'udp dst port 9'
	n=$(n_heard h2 'udp dst port 9')
	note "$n datagrams of 1000 bytes pass, $n_red packets are dropped"
	# Of 64 KiB some went to what came before.
	[ "$n" -ge 55 ] && [ "$n_sent" -le $((80 + more)) ] || fail "$n datagrams of 1000 bytes pass, of $n_sent packets"
	bp_expect a 'function("slow")["counted"]["packets"] == counted("wan", "rx", "packets") > 1000' 'summary()'
	bp_expect a 'function("slow")["counted"]["dropped"] + sent_pkts("lan") == counted("wan", "rx", "packets")' 'summary()'
}

# A wire within mid whose frames have a tag: pushed at one end, popped at the other, by two processes. TCP with default
# offloads, byte by byte.
# Two processes' net_af_packet may come to one fanout group, whose number is pid ^ ifindex, and the second is refused: the next
# pid has another.
start_beside()
{
	for _try in 1 2 3 4; do
		bp_start "$1"
		wait_for 20 grep -qE 'forwarding|error' "$BP_TMP/$1.log"
		grep -q PACKET_FANOUT "$BP_TMP/$1.log" || return
	done
}

case_vlan()
{
	ip -n mid link add x0 type veth peer name x1 || fail "cannot make a veth pair"
	for wire in x0 x1; do
		ip -n mid link set $wire up
		# A veth takes what XDP redirects to it with GRO on at its peer.
		[ "$KIND_A" != kernel-xdp ] || in_mid ethtool -K $wire gro on >/dev/null 2>&1
	done
	for end in "a w0 x0" "b w1 x1"; do
		# shellcheck disable=SC2086 # words
		set -- $end
		{
			case $KIND_A in
			dpdk-*) bp_dpdk_section ;;
			esac
			bp_port host "$KIND_A" "$2"
			bp_port wire "$KIND_A" "$3"
			printf '[function.in]\ntype = vlan\naction = push\nid = 10\n[function.out]\ntype = vlan\naction = pop\n'
			printf '[forward]\nhost = in, wire\nwire = out, host\n'
		} | bp_ini "$1"
		start_beside "$1"
	done
	bp_wait_forwarding 20
	tcp_ok 32
	http_ok 8
	bp_stop a
	bp_stop b
	# What is popped had a tag: there is no other way into the port than the wire.
	for end in a b; do
		bp_expect $end 'function("in")["doc"]["pushed"] > 100 and function("out")["doc"]["popped"] > 100' 'r["functions"]'
		bp_expect $end 'function("out")["doc"]["untouched"] == 0' 'r["functions"]'
	done
}

# A chain of four: the copy is of the packet as it is where the mirror stands.
case_chain()
{
	printf 'drop udp dst port 9\n' >"$BP_TMP/edge.rules"
	ini "$(mon)
[function.edge]
type = filter
rules = $BP_TMP/edge.rules
[function.m]
type = mirror
to = mon
[function.in]
type = vlan
action = push
id = 10
[function.out]
type = vlan
action = pop" "wan = edge, in, m, out, lan
lan = wan"
	bp_start a
	bp_wait_forwarding 10
	watch h2
	watch h3
	send 200 9
	deliver 300 7 h3 'vlan 10 and udp dst port 7' # copies have the tag,
	deliver 300 7 h2 'ip and udp dst port 7'      # the frames at the end have none
	hears_none h3 'vlan and udp dst port 9' || fail "h3 hears what was dropped before"
	tcp_ok 32
	bp_stop a
	all_counted a edge
	bp_expect a '[f["name"] for f in r["functions"]] == ["edge", "m", "in", "out"]' 'r["functions"]'
}

case $CASE in
filter | rules | mirror | full | meter | vlan | chain) "case_$CASE" ;;
*) fail "no such case: $CASE" ;;
esac

# The function switch between four hosts, over backends, beside the kernel's bridge as the control.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: switch.sh CASE KIND…: KIND of each port in turn (the last one's for the rest), or bridge

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: switch.sh CASE KIND…}
shift
KINDS=$*
need tcpdump
export PYTHONDONTWRITEBYTECODE=1
case $CASE in
jumbo) bp_lab mtu=9000 ;;
*) bp_lab ;;
esac
bp_host h3 w2 10.77.0.3/24
bp_host h4 w3 10.77.0.4/24

# kind_of N: the kind of port pN.
kind_of()
{
	_n=$1
	# shellcheck disable=SC2086 # words
	set -- $KINDS
	while [ "$_n" -gt 1 ] && [ $# -gt 1 ]; do
		shift
		_n=$((_n - 1))
	done
	echo "$1"
}

# switch_ini LINES: ports p1 … p4 on w0 … w3 behind a switch with these lines.
switch_ini()
{
	{
		case $KINDS in
		*dpdk-*) bp_dpdk_section ;;
		esac
		for _i in 1 2 3 4; do
			bp_port p$_i "$(kind_of $_i)" w$((_i - 1))
		done
		printf '[function.sw]\ntype = switch\n%s\n[forward]\np1 = sw\np2 = sw\np3 = sw\np4 = sw\n' "$1"
	} | bp_ini a
}

# The kernel's bridge over the four wires.
bridge_up()
{
	ip -n mid link add br0 type bridge || skip "no bridge"
	for _i in 0 1 2 3; do
		ip -n mid link set w$_i master br0
	done
	ip -n mid link set br0 up
}

# forwarder LINES
forwarder()
{
	if [ "$KINDS" = bridge ]; then
		bridge_up
		return
	fi
	switch_ini "$1"
	bp_start a
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "it does not start"
}

end()
{
	[ "$KINDS" = bridge ] || bp_stop a
}

# all_reach HOST ADDRESS…
all_reach()
{
	_from=$1
	shift
	for _to in "$@"; do
		wait_for 10 bp_reaches "$_from" "$_to" || fail "$_from does not reach $_to"
	done
}

# watch HOST FILTER: what HOST hears of it, in HOST.pcap, until heard.
watch()
{
	ip netns exec "$1" tcpdump -i e0 --immediate-mode -U -Z root -s 2048 -w "$BP_TMP/$1.pcap" "$2" >"$BP_TMP/$1.watch.log" 2>&1 &
	eval "WATCH_$1=$!"
	wait_for 10 grep -q 'listening on' "$BP_TMP/$1.watch.log" || fail "tcpdump in $1 does not start"
}

# heard HOST: ends watch, prints the number of frames.
heard()
{
	eval "_pid=\$WATCH_$1"
	kill "$_pid"
	wait "$_pid" 2>/dev/null
	tcpdump -r "$BP_TMP/$1.pcap" 2>/dev/null | wc -l
}

# hears HOST: it has heard something of what it watches.
hears()
{
	[ -n "$(tcpdump -r "$BP_TMP/$1.pcap" -c 1 2>/dev/null)" ]
}

# Four hosts, each reaches each; what is for one is not heard by the others once its address is known; a broadcast
# is heard by all but its sender; a transfer arrives byte by byte.
case_plain()
{
	forwarder ""
	all_reach h1 10.77.0.2 10.77.0.3 10.77.0.4
	all_reach h4 10.77.0.1 10.77.0.2 10.77.0.3
	watch h3 'tcp and host 10.77.0.2'
	tcp_ok 64
	http_ok 8
	n=$(heard h3)
	[ "$n" = 0 ] || fail "h3 hears $n frames between h1 and h2"
	for host in h1 h2 h3 h4; do
		watch $host 'ether broadcast and udp port 9'
	done
	in_h1 "$BP_PYTHON" -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for n in range(20):
    s.sendto(b"x", ("10.77.0.255", 9))' || fail "cannot send a broadcast"
	for host in h1 h2 h3 h4; do
		wait_for 5 sh -c "[ \$(tcpdump -r '$BP_TMP/$host.pcap' 2>/dev/null | wc -l) = 20 ]" ||
			fail "$host hears $(heard $host) of 20 broadcasts"
		[ "$(heard $host)" = 20 ] || fail "$host hears broadcasts twice"
	done
	end
	[ "$KINDS" = bridge ] || bp_expect a \
		'len(r["functions"]) == 1 and r["functions"][0]["doc"]["entries"] == 4' 'r["functions"]'
	[ "$KINDS" = bridge ] || bp_expect a 'sum(p["counted"]["replicas"] for p in r["paths"] if p["part"] == "edge") >= 2 * 20'
}

# far_end: h4's wire becomes a trunk: between h4 and port p4 stands a second process, which pushes tag 10 and lets tag 10
# through alone, so that kernels without VLAN interfaces can be told.
far_end()
{
	ip -n mid link set w3 name far
	ip -n mid link add w3 mtu "$LAB_MTU" type veth peer name x3 mtu "$LAB_MTU" || fail "cannot make a veth pair"
	for _wire in far w3 x3; do
		ip -n mid link set $_wire up
	done
	{
		bp_port host af_packet-mmap far
		bp_port wire af_packet-mmap x3
		printf '[function.in]\ntype = vlan\naction = push\nid = 10\n[function.out]\ntype = vlan\naction = pop\nids = 10\n'
		printf '[forward]\nhost = in, wire\nwire = out, host\n'
	} | bp_ini b
	bp_start b
}

# Access and trunk ports: who is in which VLAN reaches whom, tagged on the trunk alone, with default offloads.
case_vlan()
{
	far_end
	forwarder "access = p1:10, p2:20, p3:10
trunk = p4:10,20"
	in_mid tcpdump -i x3 --immediate-mode -U -Z root -Q in -s 64 -w "$BP_TMP/x3.pcap" vlan >"$BP_TMP/x3.watch.log" 2>&1 &
	wait_for 10 grep -q 'listening on' "$BP_TMP/x3.watch.log" || fail "tcpdump on the trunk does not start"
	all_reach h1 10.77.0.3 10.77.0.4
	! bp_reaches h1 10.77.0.2 || fail "h1 in VLAN 10 reaches h2 in VLAN 20"
	! bp_reaches h2 10.77.0.4 || fail "h2 in VLAN 20 reaches h4 in VLAN 10"
	for vid in 10 20; do
		wait_for 10 sh -c "[ \$(tcpdump -r '$BP_TMP/x3.pcap' vlan $vid 2>/dev/null | wc -l) -gt 0 ]" ||
			fail "nothing of VLAN $vid on the trunk"
	done
	watch h2 'tcp or ether src 02:00:00:00:00:01'
	ip netns exec h4 iperf3 -s -1 -B 10.77.0.4 --forceflush >"$BP_TMP/iperf-server.log" 2>&1 &
	wait_for 5 grep -q 'Server listening' "$BP_TMP/iperf-server.log" || fail "iperf3 does not start"
	timeout $((60 * BP_SLOW)) ip netns exec h1 iperf3 -c 10.77.0.4 -n 64M -J >"$BP_TMP/iperf.json" ||
		fail "no TCP from the access port to the trunk"
	bp_expect iperf 'r["end"]["sum_sent"]["bytes"] >= 64 << 20 and r["end"]["sum_received"]["bytes"] > 32 << 20'
	[ "$(heard h2)" = 0 ] || fail "h2 hears VLAN 10"
	end
	bp_stop b
}

# bridge_vlans: p1 and p3 in VLAN 10, p2 in 20, p4 a trunk of both, on the kernel's bridge. None before: VLAN 1 would be.
bridge_vlans()
{
	ip -n mid link set br0 type bridge vlan_filtering 1 vlan_default_pvid 0 mcast_snooping 0 2>/dev/null ||
		skip "no bridge with VLANs in this kernel"
	for _line in 'w0 vid 10 pvid untagged' 'w1 vid 20 pvid untagged' 'w2 vid 10 pvid untagged' 'w3 vid 10' 'w3 vid 20'; do
		# shellcheck disable=SC2086 # words
		bridge -n mid vlan add dev $_line || fail "bridge vlan add dev $_line"
	done
}

# Frame by frame: tags, VLANs, sources, reserved addresses come out as in the kernel's bridge, but for what
# docs/functions.md names.
case_rules()
{
	forwarder "access = p1:10, p2:20, p3:10
trunk = p4:10,20"
	[ "$KINDS" != bridge ] || bridge_vlans
	# shellcheck disable=SC2046 # a word or none
	"$BP_PYTHON" "$BP_HERE/switch_rules.py" $((5 * BP_SLOW)) $([ "$KINDS" != bridge ] || echo bridge) ||
		fail "not as the rules say"
	end
}

# trunk_end: h4's address moves to VLAN 10 of its wire: to a VLAN interface, or where the kernel has none behind a second
# process, with the forwarder started again. Sets TRUNK: the namespace and the device where the trunk ends.
trunk_end()
{
	if ip -n h4 link add link e0 name e0.10 type vlan id 10 2>/dev/null; then
		ip -n h4 addr del 10.77.0.4/24 dev e0
		ip -n h4 addr add 10.77.0.4/24 dev e0.10
		ip -n h4 link set e0.10 up
		# As its warning advises before Linux 6.8.
		! grep -q 'come without their tag' "$BP_TMP/a.log" 2>/dev/null || ip netns exec h4 ethtool -K e0 txvlan off >"$BP_TMP/txvlan.log" 2>&1 ||
			fail "ethtool -K e0 txvlan off"
		TRUNK="h4 e0"
		return
	fi
	[ "$KINDS" != bridge ] || skip "no VLANs in this kernel"
	end
	far_end
	forwarder "$1"
	TRUNK="mid x3"
}

# lengths: frames of every length that the MTU lets through, byte by byte; then TCP with default offloads, both ways at once,
# and datagrams cut from super-frames, from an access port to a trunk: tagged there, all of them, and at the access port none.
lengths()
{
	_lines="access = p1:10, p2:20, p3:10
trunk = p4:10,20"
	forwarder "$_lines"
	[ "$KINDS" != bridge ] || bridge_vlans
	"$BP_PYTHON" "$BP_HERE/switch_lengths.py" $((5 * BP_SLOW)) "$LAB_MTU" || fail "frames of some lengths do not come through"
	trunk_end "$_lines"
	all_reach h1 10.77.0.4
	for _end in "h1 e0" "h2 e0" "$TRUNK"; do
		# shellcheck disable=SC2086 # words
		"$BP_PYTHON" "$BP_HERE/switch_watch.py" $_end "$LAB_MTU" 10.77.0 >"$BP_TMP/at-${_end% *}.json" 2>"$BP_TMP/at-${_end% *}.log" &
		eval "AT_${_end% *}=$!"
		wait_for 10 grep -q watching "$BP_TMP/at-${_end% *}.log" || fail "nobody watches $_end"
	done
	ip netns exec h4 "$BP_PYTHON" "$BP_HERE/transfer.py" serve 10.77.0.4 7 >"$BP_TMP/serve.log" 2>&1 &
	_server=$!
	wait_for 10 grep -q listening "$BP_TMP/serve.log" || fail "the server does not start"
	_uso=uso
	case $KINDS-$(uname -r) in
	bridge-*) ;;
	# A packet socket's metadata has no word for UDP super-frames before Linux 6.2: the kernel drops them.
	*-[0-5].* | *-6.[01][.-]*) _uso= ;;
	esac
	# shellcheck disable=SC2086 # a word or none
	in_h1 "$BP_PYTHON" "$BP_HERE/transfer.py" call 10.77.0.4 7 4 $_uso || fail "what arrives is not what was sent"
	wait $_server || fail "what arrives at the trunk's end is not what was sent"
	for _host in h1 h2 "${TRUNK% *}"; do
		eval "_pid=\$AT_$_host"
		kill "$_pid"
		wait "$_pid"
		note "$_host: $(cat "$BP_TMP/at-$_host.json")"
	done
	bp_expect "at-${TRUNK% *}" 'list(r["tags"]) == ["10"] and r["tags"]["10"] > 10' 'r'
	bp_expect at-h1 'list(r["tags"]) == ["none"] and r["tags"]["none"] > 10' 'r'
	bp_expect at-h2 'not r["tags"]' 'r'
	# A veth whose peer has an XDP program makes no super-frames.
	case $KINDS in
	bridge | af_packet-*)
		bp_expect at-h1 'r["super_frames"] > 0' 'r'
		bp_expect "at-${TRUNK% *}" 'r["super_frames"] > 0' 'r'
		;;
	esac
	end
	[ ! -e "$BP_TMP/b.pid" ] || bp_stop b
}

case_jumbo()
{
	lengths
}

case_supers()
{
	lengths
}

# shown EXPRESSION: what the switch says of itself in the report: doc, learning.
shown()
{
	bp_expect a "(lambda doc: (lambda learning: $1)(doc['learning']))(r['functions'][0]['doc'])" \
		'{k: v for k, v in r["functions"][0]["doc"].items() if k != "table"}'
}

# macof REFUSED: floods of sources that nobody has, from h3, until the switch has refused more than 1000 of them by this
# count; a busy host may drop most of a flood before it is read.
macof()
{
	for _flood in 1 2 3 4 5 6 7 8; do
		in_h3 macof -i e0 -n 5000 >"$BP_TMP/macof.log" 2>&1 || fail "macof fails"
		! wait_for 1 has_refused "$1" || return 0
	done
	fail "eight floods, and no thousand addresses are refused: $1"
}

has_refused()
{
	"$BYPATH" show functions a --json >"$BP_TMP/now.json" && [ "$(bp_get now "r['functions'][0]['doc']['learning']['$1'] > 1000")" = 1 ]
}

in_h3()
{
	ip netns exec h3 "$@"
}

# still_known: h1 and h2 reach each other, and nobody else hears it.
still_known()
{
	watch h4 'tcp and host 10.77.0.2'
	tcp_ok 16
	[ "$(heard h4)" = 0 ] || fail "h1 and h2 are not known any more: h4 hears them"
}

# The tool by which tables are filled up: who is known stays known; who comes after is reached by floods; what was refused is
# named. Once the whole table is full, once the port of the one who does it.
case_macof()
{
	need macof
	forwarder "entries = 1024"
	all_reach h1 10.77.0.2
	macof refused_table_full
	still_known
	# h4 comes after: it is not learned, and a third one hears its frames.
	watch h3 'icmp[icmptype] = icmp-echoreply and dst host 10.77.0.4'
	all_reach h4 10.77.0.1
	wait_for 5 hears h3 || fail "h4 was learned by a full table"
	heard h3 >/dev/null
	end
	shown 'doc["entries"] == 1024 and doc["is_full"] and learning["refused_table_full"] > 1000'
	shown 'learning["refused_by_limit"] == 0 and {"02:00:00:00:00:01", "02:00:00:00:00:02"} <= {e["mac"] for e in doc["table"]} | set("x" * doc["table_cut"])'

	forwarder "entries = 1024
limit = 500"
	all_reach h1 10.77.0.2
	macof refused_by_limit
	still_known
	watch h3 'icmp[icmptype] = icmp-echoreply and dst host 10.77.0.4'
	all_reach h4 10.77.0.1
	wait_for 5 bp_reaches h4 10.77.0.1 || fail "h4 does not reach h1"
	heard h3 >/dev/null
	end
	shown 'doc["entries"] == 503 and not doc["is_full"] and learning["refused_by_limit"] > 1000 and learning["refused_table_full"] == 0'
	shown '[p["addresses"] for p in doc["ports"]] == [1, 1, 500, 1]'
}

# A cable between two ports: the storm limit keeps the others going, what it drops is named, and the loop is said.
case_loop()
{
	ip netns del h3
	ip netns del h4
	wait_for 5 sh -c '! ip -n mid link show w2 && ! ip -n mid link show w3' || fail "the wires stay"
	ip -n mid link add w2 type veth peer name w3
	ip -n mid link set w2 up
	ip -n mid link set w3 up
	forwarder "storm = 1000pps"
	wait_for 20 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2 beside a loop"
	# Each goes round until the limit takes it.
	in_h1 ping -q -b -c 50 -i 0.02 -W 1 10.77.0.255 >/dev/null 2>&1
	end
	shown 'doc["loops"]["seen"] > 0 and doc["storm"]["broadcast"] > 0 and set(doc["loops"]["last"]["ports"]) & {"p3", "p4"}'
	bp_expect a 'r["functions"][0]["counted"]["drops"]["storm"] == sum(v for k, v in r["functions"][0]["doc"]["storm"].items() if k != "limit_pps")' 'r["functions"]'
	grep -qi loop "$BP_TMP/a.log" || fail "the loop is not said"
}

# A port goes down at its far end, goes down itself, is renamed, is deleted and made again while h1 floods: the others
# lose none of the broadcasts, and the port has them again. Every packet and copy has its place in the account; a ring of h1's
# port that a busy host lets run over, too.
case_away()
{
	forwarder ""
	all_reach h1 10.77.0.2 10.77.0.3 10.77.0.4
	for host in h2 h4; do
		ip netns exec $host "$BP_PYTHON" "$BP_HERE/mixed.py" count 1000000 >"$BP_TMP/$host.came.json" 2>&1 &
		eval "COUNT_$host=$!"
		wait_for 10 grep -q ready "$BP_TMP/$host.came.json" || fail "$host does not listen"
	done
	ip netns exec h1 "$BP_PYTHON" "$BP_HERE/mixed.py" send 10.77.0.255 1000000 4000 0 >"$BP_TMP/flood.log" 2>&1 &
	flood=$!

	away "the far end's link" ip -n h3 link set e0 down
	back ip -n h3 link set e0 up
	away "the port itself" ip -n mid link set w2 down
	back ip -n mid link set w2 up
	# Under another name it is not the device of the configuration.
	ip -n mid link set w2 down
	ip -n mid link set w2 name other
	ip -n mid link set other up
	floods_go_on 1000
	ip -n mid link set other down
	ip -n mid link set other name w2
	back ip -n mid link set w2 up
	away "a port that is deleted" ip -n h3 link del e0
	back bp_wire h3 w2 10.77.0.3/24

	kill -TERM $flood
	wait $flood
	sent=$(sed -n 's/^sent //p' "$BP_TMP/flood.log")
	for host in h2 h4; do
		wait_for 10 heard_all $host "$sent" || true # told by its count
	done
	end
	missed=$(bp_get a "drops('p1')")
	for host in h2 h4; do
		eval "_pid=\$COUNT_$host"
		# It reads what is there first.
		kill "$_pid"
		wait "$_pid" || fail "the count of $host fails"
		sed -i /ready/d "$BP_TMP/$host.came.json"
		note "$host of $sent, less $missed: $(cat "$BP_TMP/$host.came.json")"
		bp_expect $host.came "r['small'] == $sent - $missed and not r['duplicate'] and not r['reordered'] and not r['altered']" r
	done
	shown "doc['floods']['broadcast'] >= $sent - $missed"
	bp_expect a "drops_by_reason('p3').get('port_down', 0) > 0 and drops('p3') + $missed == sum(drops_by_reason().values())" 'drops_by_reason()'
	account
}

# account: received + flood copies = sent + drops, added up from the rows of queues and functions, not by bypath.
account()
{
	bp_expect a "(sum(q['counted']['packets'] for p in r['ports'] for q in p['rx_queues']) +
		sum(q['counted']['replicas'] for p in r['ports'] for q in p['tx_queues']) ==
		sum(q['counted']['packets'] - q['counted']['lost_after_sent'] for p in r['ports'] for q in p['tx_queues']) + sum(drops_by_reason().values()) +
		sum(f['counted']['dropped'] for f in r['functions']))" 'summary()'
}

# heard_all HOST N: its interface has had so many.
heard_all()
{
	[ "$(ip netns exec "$1" cat /sys/class/net/e0/statistics/rx_packets)" -ge "$2" ]
}

# floods_go_on N: bypath has received so many more at p1.
floods_go_on()
{
	_until=$(($(ip netns exec mid cat /sys/class/net/w0/statistics/rx_packets) + $1))
	wait_for 20 eval "[ \$(ip netns exec mid cat /sys/class/net/w0/statistics/rx_packets) -ge $_until ]" ||
		fail "h1 floods no more"
}

# away WHAT COMMAND…: after it p3 is said to be away; and floods go on.
away()
{
	what=$1
	shift
	_lines=$(($(wc -l <"$BP_TMP/a.log") + 1))
	"$@" || fail "$*"
	wait_for 10 eval "tail -n +$_lines '$BP_TMP/a.log' | grep -E 'p3' | grep -qiE 'down|lost|away|gone|no longer'" ||
		fail "$what: nobody says that p3 is away"
	floods_go_on 500
}

# back COMMAND…: after it h3 hears the flood again, and can be reached.
back()
{
	"$@" || fail "$*"
	wait_for 15 bp_reaches h4 10.77.0.3 || fail "$what: h3 is not reached after $*"
	floods_go_on 100
}

# Frames that others make, beside who is in which VLAN (h1 and h3 in 10, h2 in 20, h4 on the trunk). Yersinia, which takes
# its commands from the line and its keys from a closed input: spanning tree ends in the switch, CDP and DTP are multicast of
# the VLAN, a double tag does not lead into the VLAN of its inner one. Scapy: each broadcast comes out as it was made.
# Mausezahn: as many as were sent.
case_neutral()
{
	need yersinia mausezahn
	"$BP_PYTHON" -c 'import scapy' 2>/dev/null || skip "no scapy: install it (see ./quickstart)"
	forwarder "access = p1:10, p2:20, p3:10
trunk = p4:10,20"
	for host in h2 h3; do
		watch $host 'not ip6 or ether src 02:5c:a9:00:00:01' # without the hosts' own
	done
	for attack in 'stp -attack 0' 'cdp -attack 0' 'dtp -attack 0' 'dot1q -attack 1'; do
		# shellcheck disable=SC2086 # words
		# It writes a log where it stands.
		(cd "$BP_TMP" && exec timeout $((20 * BP_SLOW)) ip netns exec h1 yersinia $attack -interface e0 </dev/null \
			>attack.log 2>&1) ||
			fail "yersinia $attack fails"
	done
	in_h1 mausezahn e0 -q -c 100 -b bcast -a 02:00:00:00:00:01 -t udp "dp=9999" -A 10.77.0.1 -B 10.77.0.255 \
		>"$BP_TMP/mausezahn.log" 2>&1 || fail "mausezahn fails"
	in_h1 "$BP_PYTHON" "$BP_HERE/scapy_frames.py" send e0 >"$BP_TMP/scapy.log" 2>&1 || fail "scapy fails"
	wait_for 10 sh -c "[ \$(tcpdump -r '$BP_TMP/h3.pcap' 'ether proto 0x88b7' 2>/dev/null | wc -l) -gt 0 ]" ||
		fail "the last frame does not come to h3"
	heard h3 >/dev/null
	[ "$(heard h2)" = 0 ] || fail "h2 in VLAN 20 hears h1 in VLAN 10"
	of_h3()
	{
		tcpdump -r "$BP_TMP/h3.pcap" "$1" 2>/dev/null | wc -l
	}
	[ "$(of_h3 'ether dst 01:80:c2:00:00:00')" = 0 ] || fail "spanning tree comes out"
	[ "$(of_h3 'ether dst 01:00:0c:cc:cc:cc')" = 2 ] || fail "CDP and DTP: $(of_h3 'ether dst 01:00:0c:cc:cc:cc') come out, not 2"
	[ "$(of_h3 'udp dst port 9999')" = 100 ] || fail "of mausezahn's 100 come out $(of_h3 'udp dst port 9999')"
	"$BP_PYTHON" "$BP_HERE/scapy_frames.py" compare "$BP_TMP/h3.pcap" || fail "scapy's frames come out otherwise"
	end
	bp_expect a '(lambda d: d["reserved"] >= 1 and d["vid_not_allowed"] >= 1)(r["functions"][0]["counted"]["drops"])' \
		'r["functions"][0]["counted"]["drops"]'
}

# Two workers, and ports of one queue each (AF_XDP): what one of them has for a port goes by a hop to the other one, which
# sends there; the hop is shown as a port, and loses nothing.
case_hops()
{
	[ "$(nproc)" -gt 1 ] || skip "one core"
	switch_ini ""
	{
		printf '[engine]\nworkers = 2\n'
		cat "$BP_TMP/a.ini"
	} >"$BP_TMP/b.ini"
	in_mid "$BYPATH" explain "$BP_TMP/b.ini" >"$BP_TMP/explain.txt" 2>&1 || fail "explain fails: $(cat "$BP_TMP/explain.txt")"
	grep -q 'p1-hop' "$BP_TMP/explain.txt" || fail "explain shows no hop"
	bp_start b
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/b.log" || fail "it does not start with two workers"
	all_reach h1 10.77.0.2 10.77.0.3 10.77.0.4
	all_reach h4 10.77.0.1 10.77.0.2 10.77.0.3
	tcp_ok 32
	http_ok 8
	bp_stop b
	bp_expect b 'sum(p["counted"]["packets"] for p in r["paths"] if p["in"].endswith("-hop")) > 1000' 'r["paths"]'
	bp_expect b 'sum(p["counted"]["packets"] for p in r["paths"] if p["out"] and p["out"].endswith("-hop")) > 1000' 'r["paths"]'
}

# The files of config/ that have functions are started as they are, but for the devices' names, and carry pings.
case_examples()
{
	n_started=0
	for file in $(grep -l '^\[function\.' "$BP_SOURCE"/config/*.ini); do
		name=${file##*/}
		[ "$name" != reference.ini ] || continue
		sed -e 's/^device = eth/device = w/' -e "s,^rules = ,rules = $BP_SOURCE/config/," "$file" | bp_ini a
		bp_start a
		case $name in
		access-trunk.ini) all_reach h1 10.77.0.3 ;;
		*) all_reach h1 10.77.0.2 ;;
		esac
		bp_stop a
		bp_expect a 'r["functions"][0]["counted"]["packets"] > 0' 'r["functions"]'
		n_started=$((n_started + 1))
		note "$name"
	done
	[ $n_started -ge 4 ] || fail "$n_started files of config/ with functions"
}

case $CASE in
plain | vlan | rules | jumbo | supers | macof | loop | away | neutral | examples | hops) "case_$CASE" ;;
*) fail "no such case: $CASE" ;;
esac

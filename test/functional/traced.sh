# `bypath trace`: the journeys of real packets, each told as it was.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: traced.sh chain | drop | flood | mirror | full | hops | carried | clients | load KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: traced.sh CASE [KIND]}
KIND_A=${2-af_packet-mmap}
need tcpdump
bp_lab
bp_host h3 w2 10.77.0.3/24
bp_host h4 w3 10.77.0.4/24

forwards()
{
	wait_for 20 grep -q 'info: forwarding' "$BP_TMP/$1.log" || fail "$1 does not start"
}

# begins OUTPUT WORD…: bypath trace in the background, recording when this returns.
begins()
{
	_output=$1
	shift
	rm -f "$BP_TMP/$_output.json" "$BP_TMP/$_output.log"
	ip netns exec mid "$BYPATH" trace "$@" --json >"$BP_TMP/$_output.json" 2>"$BP_TMP/$_output.log" &
	echo $! >"$BP_TMP/$_output.pid"
	wait_for 10 grep -q 'recording the next' "$BP_TMP/$_output.log" || fail "no trace begins: $(cat "$BP_TMP/$_output.log")"
}

# Somebody else is refused meanwhile, by what is going on.
is_taken()
{
	in_mid "$BYPATH" trace a 1 --for 0.1 >/dev/null 2>"$BP_TMP/taken.txt"
	grep -q 'a trace runs already' "$BP_TMP/taken.txt"
}

# ends OUTPUT: with all that it wanted.
ends()
{
	bp_exit "$1" 20 || fail "trace ends with code $?: $(cat "$BP_TMP/$1.log")"
	bp_expect "$1" 'r["schema"] == "bypath.trace/1" and r["seen"] == r["wanted"] == len(r["packets"])' '(r["seen"], r["wanted"])'
	bp_expect "$1" 'all(p["is_whole"] and not p["lost_steps"] for p in r["packets"])'
	# Times: each step begins where it did, none is negative, none lies before the packet was there.
	bp_expect "$1" 'all(s["ns"] >= 0 and s["at_ns"] >= 0 for p in r["packets"] for s in p["steps"])'
	bp_expect "$1" 'all(p["steps"][0]["step"] == "rx" and p["steps"][0]["at_ns"] == 0 for p in r["packets"])'
}

# has_seen N: the trace of icmp that goes on.
has_seen()
{
	is_taken && grep -q "match icmp, $1 of them seen" "$BP_TMP/taken.txt"
}

# ways OUTPUT: what each packet went through, in words.
WAYS='[[s.get("function") or s["step"] + " " + s["port"] for s in p["steps"]] for p in r["packets"]]'

# text OUTPUT PATTERN: the text of it says so.
text_of()
{
	in_mid "$BYPATH" trace "$@" >"$BP_TMP/trace.txt" 2>"$BP_TMP/trace.log"
}

# af_packet to af_xdp through a filter, a tag, a switch; ping's packets, each way. Another process takes the tag out again.
case_chain()
{
	ip -n mid link add x0 type veth peer name x1 || fail "cannot make a veth pair"
	ip -n mid link set x0 up
	ip -n mid link set x1 up
	{
		bp_port wire af_packet-mmap x1
		bp_port host af_packet-mmap w1
		printf '[function.in]\ntype = vlan\naction = push\nid = 10\n[function.out]\ntype = vlan\naction = pop\n'
		printf '[forward]\nhost = in, wire\nwire = out, host\n'
	} | bp_ini b
	bp_start b
	forwards b
	printf 'drop udp dst port 9\n' >"$BP_TMP/edge.rules"
	{
		bp_port wan af_packet-mmap w0
		bp_port lan af_xdp-native x0
		printf '[function.edge]\ntype = filter\nrules = %s\n' "$BP_TMP/edge.rules"
		printf '[function.tag]\ntype = vlan\naction = push\nid = 10\n[function.untag]\ntype = vlan\naction = pop\n'
		printf '[function.sw]\ntype = switch\n[forward]\nwan = edge, tag, sw\nlan = untag, sw\n'
	} | bp_ini a
	bp_start a
	forwards a
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2"
	begins t a 6 'icmp or (vlan and icmp)'
	in_h1 ping -q -c 3 -i 0.05 10.77.0.2 >/dev/null || fail "no answers while tracing"
	ends t
	bp_expect t 'sorted(map(tuple, '"$WAYS"')) == sorted(3 * [("rx wan", "edge", "tag", "sw", "tx lan"), ("rx lan", "untag", "sw", "tx wan")])' "$WAYS"
	bp_expect t 'all(("echo request" if p["steps"][0]["in"] == "wan" else "VLAN 10") in p["headers"] for p in r["packets"])' \
		'[p["headers"] for p in r["packets"]]'
	# The tag goes in behind the addresses, and out there.
	bp_expect t '([next(s["edit"] for s in p["steps"] if s.get("function") == "tag") for p in r["packets"] if p["steps"][0]["in"] == "wan"]
		== 3 * [{"at": 12, "removed": 0, "added": 4, "old": "", "new": "8100000a"}])' 'r["packets"][0]["steps"]'
	bp_expect t '([next(s["edit"] for s in p["steps"] if s.get("function") == "untag") for p in r["packets"] if p["steps"][0]["in"] == "lan"]
		== 3 * [{"at": 12, "removed": 4, "added": 0, "old": "8100000a", "new": ""}])' 'r["packets"]'
	bp_expect t '(all(s["ports"] == ["lan" if p["steps"][0]["in"] == "wan" else "wan"] for p in r["packets"] for s in p["steps"]
		if s.get("function") == "sw"))' 'r["packets"]'
	bp_expect t '(all(p["steps"][-1]["packets"] == 1 and p["steps"][-1]["bytes"] == p["bytes"] + (4 if p["steps"][0]["in"] == "wan" else -4)
		for p in r["packets"]))' 'r["packets"]'
	bp_stop a
	bp_stop b
	copies_agree
	text_of 1 && fail "an instance that has ended is traced"
	note "6 of 6: $(bp_get t "$WAYS"' [0]')"
}

# The copies of each packet are those that the ledger counts of its path: of all packets of a path the same.
copies_agree()
{
	for pair in "wan lan" "lan wan"; do
		_in=${pair% *} _out=${pair#* }
		each=$(bp_get t "sorted({sum(s['user_copies'] for s in p['steps'] if s['step'] in ('rx', 'tx'))
			for p in r['packets'] if p['steps'][0]['in'] == '$_in'})")
		bp_expect a "[i for i, n in enumerate(next(p['counted']['packets_by_user_copies'] for p in r['paths']
			if p['in'] == '$_in' and p['out'] == '$_out')) if n] == $each" "r['paths']"
		bp_expect t "all(c['provenance'] == ('counted' if c['by'] == 'bypath' else 'modelled')
			for p in r['packets'] for s in p['steps'] for c in s.get('copies', []))" "r['packets'][0]['steps']"
		# Modelled ones are the hops of that path, and no others.
		modelled=$(bp_get t "next((sum(c['copies']['lo'] for s in p['steps'] for c in s.get('copies', []) if c['by'] == 'kernel'),
			sum(c['copies']['hi'] for s in p['steps'] for c in s.get('copies', []) if c['by'] == 'kernel'))
			for p in r['packets'] if p['steps'][0]['in'] == '$_in')")
		bp_expect a "next((p['modelled']['kernel_copies']['lo'], p['modelled']['kernel_copies']['hi']) for p in r['paths']
			if p['in'] == '$_in' and p['out'] == '$_out') == $modelled" "r['paths']"
	done
}

# What a rule drops, and what a rule lets by: told with its reason.
case_drop()
{
	printf 'drop udp dst port 9\npass\n' >"$BP_TMP/edge.rules"
	{
		bp_port wan "$KIND_A" w0
		bp_port lan "$KIND_A" w1
		printf '[function.edge]\ntype = filter\nrules = %s\n[forward]\nwan = edge, lan\nlan = wan\n' "$BP_TMP/edge.rules"
	} | bp_ini a
	bp_start a
	forwards a
	bp_neighbours h1 10.77.0.2 h2
	begins t 2 udp dst port 9 or udp dst port 7 --port wan
	for port in 9 7; do
		in_h1 "$BP_PYTHON" -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.77.0.2', $port))"
	done
	ends t
	bp_expect t "$WAYS"' == [["rx wan", "edge"], ["rx wan", "edge", "tx lan"]]' "$WAYS"
	bp_expect t '(lambda d: d["by"] == "edge" and d["reason"] == "filtered" and d["meaning"])(r["packets"][0]["steps"][1]["dropped"])' \
		'r["packets"][0]["steps"]'
	bp_expect t 'r["packets"][0]["ends"] == ["dropped by edge: filtered"] and r["packets"][1]["ends"] == ["lan queue 0"]' \
		'[p["ends"] for p in r["packets"]]'
	bp_stop a
	bp_expect a 'function("edge")["counted"]["drops"]["filtered"] == 1' 'r["functions"]'
}

# A broadcast to three ports: each shown, two of them copies.
case_flood()
{
	for i in 1 2 3 4; do
		bp_port p$i "$KIND_A" w$((i - 1))
	done >"$BP_TMP/ports"
	{
		cat "$BP_TMP/ports"
		printf '[function.sw]\ntype = switch\naccess = p1:10, p2:10, p3:10\ntrunk = p4:10\n[forward]\n'
		printf 'p1 = sw\np2 = sw\np3 = sw\np4 = sw\n'
	} | bp_ini a
	bp_start a
	forwards a
	begins t 1 arp --port p1
	in_h1 arping -q -c 1 -w 1 -I e0 10.77.0.99 >/dev/null 2>&1 || in_h1 ping -q -c 1 -W 1 10.77.0.99 >/dev/null 2>&1
	ends t
	bp_expect t "$WAYS"' == [["rx p1", "sw", "tx p2", "tx p3", "tx p4"]]' "$WAYS"
	bp_expect t '[s for s in r["packets"][0]["steps"] if s["step"] == "function"][0]["ports"] == ["p2", "p3", "p4"]' 'r["packets"]'
	bp_expect t '[(s["is_copy"], s["packets"]) for s in r["packets"][0]["steps"] if s["step"] == "tx"] == [(True, 1), (True, 1), (False, 1)]' \
		'r["packets"]'
	# On the trunk it leaves with its tag: egress takes it out for the others.
	bp_expect t '[bool(s["edit"]) for s in r["packets"][0]["steps"] if s["step"] in ("function", "tx")].count(True) >= 1' 'r["packets"]'
	bp_expect t '[s["bytes"] - r["packets"][0]["bytes"] for s in r["packets"][0]["steps"] if s["step"] == "tx"] == [0, 0, 4]' 'r["packets"]'
	bp_stop a
	bp_expect a '[sum(p["counted"]["replicas"] for p in r["paths"] if (p["in"], p["out"]) == ("p1", out)) >= 1 for out in ("p2", "p3")] == [True, True]' \
		'r["paths"]'
}

# A mirror between a memif, or another port, and its neighbour: the copy is told with its bytes.
case_mirror()
{
	{
		bp_dpdk_section
		bp_port wan dpdk-af_packet w0
		bp_port lan dpdk-af_packet w1
		bp_port mon af_packet-mmap w2
		printf '[function.m]\ntype = mirror\nto = mon\n[forward]\nwan = m, lan\nlan = wan\n'
	} | bp_ini a
	bp_need_driver dpdk
	bp_start a
	forwards a
	wait_for 20 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2"
	begins t 4 icmp
	in_h1 ping -q -c 2 -i 0.05 -s 1000 10.77.0.2 >/dev/null || fail "no answers while tracing"
	ends t
	bp_expect t 'sorted(map(tuple, '"$WAYS"')) == sorted(2 * [("rx wan", "m", "tx mon", "tx lan"), ("rx lan", "tx wan")])' "$WAYS"
	bp_expect t '(all(s["is_copy"] and s["chosen_by"] == "m" and s["user_copies"] >= 1 and s["user_copy_bytes"] >= 1042
		for p in r["packets"] for s in p["steps"] if s["step"] == "tx" and s["port"] == "mon"))' 'r["packets"]'
	bp_expect t '([c["bytes"] for p in r["packets"] for s in p["steps"] if s.get("port") == "mon"
		for c in s["copies"] if c["by"] == "bypath"][0] == 1042)' 'r["packets"]'
	bp_expect t 'all(s["next"] and s["ports"] == ["mon"] for p in r["packets"] for s in p["steps"] if s.get("function") == "m")' 'r["packets"]'
	bp_stop a
	each=$(bp_get t "sorted({s['user_copies'] for p in r['packets'] for s in p['steps'] if s['step'] == 'tx' and s['port'] == 'mon'})")
	bp_expect a "[next(p['counted']['user_copies_per_packet'] for p in r['paths'] if p['out'] == 'mon' and p['part'] == 'edge')] == $each" \
		'r["paths"]'
}

# Copies that a full port does not take: told as tx_full; and packets to a port without a link, as port_down.
case_full()
{
	{
		bp_port wan "$KIND_A" w0
		bp_port lan "$KIND_A" w1
		printf '[port.mon]\ndriver = ring\ndevice = wire\nring_size = 64\n'
		printf '[function.m]\ntype = mirror\nto = mon\n[forward]\nwan = m, lan\nlan = wan\n'
	} | bp_ini a
	bp_start a
	forwards a
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2"
	in_h1 ping -q -c 100 -i 0.002 10.77.0.2 >/dev/null
	begins t 1 icmp --port wan
	in_h1 ping -q -c 1 10.77.0.2 >/dev/null || fail "no answer"
	ends t
	bp_expect t '(lambda s: s["port"] == "mon" and s["packets"] == 0 and s["dropped"]["reason"] == "tx_full" and s["dropped"]["by"] == "mon")(
		r["packets"][0]["steps"][2])' 'r["packets"]'
	bp_expect t 'r["packets"][0]["ends"] == ["dropped by mon: tx_full", "lan queue 0"]' 'r["packets"][0]["ends"]'
	ip -n h2 link set e0 down
	wait_for 10 grep -q 'port lan: .* is down' "$BP_TMP/a.log" || fail "nobody says that lan is down"
	bp_neighbours h1 10.77.0.2 h2
	begins t 1 icmp --port wan
	in_h1 ping -q -c 1 -W 1 10.77.0.2 >/dev/null
	ends t
	bp_expect t 'r["packets"][0]["ends"][-1] == "dropped by lan: port_down"' 'r["packets"][0]["ends"]'
	bp_stop a
}

# From worker to worker by a hop, and told to the end.
case_hops()
{
	[ "$(nproc)" -gt 1 ] || skip "one core"
	{
		printf '[engine]\nworkers = 2\n'
		for i in 1 2 3; do
			bp_port p$i af_xdp-native w$((i - 1))
		done
		printf '[function.sw]\ntype = switch\n[forward]\np1 = sw\np2 = sw\np3 = sw\n'
	} | bp_ini a
	bp_start a
	forwards a
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2"
	wait_for 10 bp_reaches h1 10.77.0.3 || fail "h1 does not reach h3"
	begins t 8 icmp
	for host in 2 3; do
		in_h1 ping -q -c 2 -i 0.05 10.77.0.$host >/dev/null || fail "no answers while tracing"
	done
	ends t
	bp_expect t 'all(p["steps"][-1]["step"] == "tx" and not p["steps"][-1]["hop"] and p["steps"][-1]["packets"] == 1 for p in r["packets"])' "$WAYS"
	bp_expect t 'any(s["followed"] for p in r["packets"] for s in p["steps"] if s["step"] == "tx")' "$WAYS"
	bp_expect t 'all(len({s["worker"] for s in p["steps"]}) == 2 for p in r["packets"] if any(s.get("hop") for s in p["steps"]))' 'r["packets"]'
	bp_expect t 'all(len(p["ends"]) == 1 and "hop" not in p["ends"][0] for p in r["packets"])' '[p["ends"] for p in r["packets"]]'
	bp_stop a
	note "$(bp_get t "$WAYS"'')"
}

# Paths that the kernel carries are not seen: said, not waited for.
case_carried()
{
	bp_need_driver kernel
	bp_pair a kernel-tc w0 kernel-tc w1
	bp_start a
	forwards a
	text_of 1 --for 1 && fail "packets that the kernel carries are traced"
	grep -q 'every port: a driver carries its packets in the kernel' "$BP_TMP/trace.log" || fail "$(cat "$BP_TMP/trace.log")"
	text_of 1 --port wan --for 1 && fail "packets that the kernel carries are traced"
	grep -q 'port wan: a driver carries' "$BP_TMP/trace.log" || fail "$(cat "$BP_TMP/trace.log")"
	bp_stop a
	# Beside others they are named, and the others are seen.
	{
		bp_port wan kernel-tc w0
		bp_port lan kernel-tc w1
		bp_port p3 "$KIND_A" w2
		bp_port p4 "$KIND_A" w3
		printf '[forward]\nwan = lan\nlan = wan\np3 = p4\np4 = p3\n'
	} | bp_ini a
	bp_start a
	forwards a
	begins t 1 icmp or arp
	in_h1 ping -q -c 1 10.77.0.2 >/dev/null || fail "the kernel carries nothing"
	in_h3 ping -q -c 1 -W 1 10.77.0.4 >/dev/null
	ends t
	bp_expect t 'r["carried_ports"] == ["wan", "lan"] and r["packets"][0]["steps"][0]["port"] in ("p3", "p4")' 'r'
	bp_stop a
}

in_h3()
{
	ip netns exec h3 "$@"
}

# Clients: what they may say; one that dies, one that is interrupted, a second one; nothing seen.
case_clients()
{
	bp_pair a "$KIND_A" w0 "$KIND_A" w1
	bp_start a
	forwards a
	refused()
	{
		_code=$1 _pattern=$2
		shift 2
		text_of "$@"
		_rc=$?
		[ $_rc -eq "$_code" ] || fail "trace $*: code $_rc, not $_code"
		grep -q -- "$_pattern" "$BP_TMP/trace.log" || fail "trace $*: does not say '$_pattern': $(cat "$BP_TMP/trace.log")"
	}
	refused 2 'N is missing'
	refused 2 "N is missing behind 'a'" a
	refused 2 "N: found '0', allowed: 1..1000" 0
	refused 2 "N: found '1001', allowed: 1..1000" 1001
	refused 2 "N: found 'icmp', allowed: 1..1000" a icmp
	refused 2 "for: found '0', allowed: 0.1..86400" 1 --for 0
	refused 2 "FILTER 'tcp prot 23'" 1 tcp prot 23
	refused 2 'found protochain' 1 ip6 protochain 6
	refused 1 "found \"port\" 'mon', allowed, since packets are received there: wan lan" 1 --port mon
	refused 2 "no instance 'b' runs" b 1
	{
		printf '[memory]\nprotect = yes\n'
		for i in 3 4; do
			bp_port p$i af_xdp-native w$((i - 1))
			echo 'checksum = off'
		done
		printf '[forward]\np3 = p4\np4 = p3\n'
	} | bp_ini p
	bp_start p
	forwards p
	refused 1 "protect = yes takes away access to packets' bytes" p 1
	bp_stop p
	text_of 3 --for 0.3 udp port 99 || fail "nothing seen is a failure"
	grep -q '0 of 3 packets that match udp port 99, in 0.3' "$BP_TMP/trace.txt" || fail "$(cat "$BP_TMP/trace.txt")"
	note "refusals, nothing seen"

	# Interrupted: what was seen until then.
	begins t 1000 icmp
	is_taken || fail "a second trace begins beside the first"
	grep -q 'of 1000 packets that match icmp, 0 of them seen' "$BP_TMP/taken.txt" || fail "$(cat "$BP_TMP/taken.txt")"
	in_h1 ping -q -c 2 -i 0.05 10.77.0.2 >/dev/null || fail "no answers while tracing"
	wait_for 5 has_seen 4 || fail "$(cat "$BP_TMP/taken.txt")"
	kill -INT "$(bp_pid t)"
	bp_exit t 10 || fail "trace ends with code $? after SIGINT"
	bp_expect t 'r["ended"] == "interrupted" and r["seen"] == 4 and len(r["packets"]) == 4' '(r["ended"], r["seen"])'
	# The place is free at once; of one that was killed after its patience.
	begins t 1000 icmp
	kill -KILL "$(bp_pid t)"
	wait "$(bp_pid t)" 2>/dev/null
	rm -f "$BP_TMP/t.pid"
	is_taken || fail "a dead client's trace ends at once: else this shows nothing"
	traces()
	{
		text_of 1 --for 0.1
	}
	wait_for 10 traces || fail "a dead client keeps its trace"
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2 any more"
	note "interrupted, killed"

	# A reload ends it with what was seen: its ports and functions may be others behind it.
	begins t 1000 icmp
	in_h1 ping -q -c 2 -i 0.05 10.77.0.2 >/dev/null || fail "no answers while tracing"
	wait_for 5 has_seen 4 || fail "$(cat "$BP_TMP/taken.txt")"
	sed -i '1i [engine]\nburst = 32' "$BP_TMP/a.ini"
	in_mid "$BYPATH" reload a >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
	bp_exit t 10 || fail "trace ends with code $? at a reload"
	bp_expect t 'r["aborted"] and r["ended"] == "over" and r["seen"] == 4' 'r'
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2 after a reload"
	begins t 2 icmp
	in_h1 ping -q -c 1 10.77.0.2 >/dev/null || fail "no answer while tracing"
	ends t
	note "a reload"

	# The control thread answers others meanwhile, and the run's end ends a trace.
	begins t 1000 icmp
	in_mid "$BYPATH" show ports >/dev/null || fail "nobody else is answered while a trace waits"
	bp_stop a
	bp_exit t 10 && fail "a trace of a run that ended says nothing of it"
	grep -q "instance 'a'" "$BP_TMP/t.log" || fail "$(cat "$BP_TMP/t.log")"
}

# Under load nothing is lost or out of order while packets are traced; the generator's sequence numbers say so.
case_load()
{
	ip -n h1 link set e0 netns 1 name g0 && ip -n h2 link set e0 netns 1 name g1 || fail "cannot take the wires"
	ip link set g0 up
	ip link set g1 up
	sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null
	printf 'drop udp dst port 99\n' >"$BP_TMP/edge.rules"
	{
		printf '[engine]\ncores = 0\n'
		bp_port wan "$KIND_A" w0
		bp_port lan "$KIND_A" w1
		printf '[function.edge]\ntype = filter\nrules = %s\n[forward]\nwan = edge, lan\nlan = wan\n' "$BP_TMP/edge.rules"
	} | bp_ini a
	bp_start a
	forwards a
	"$BYPATH" gen --cores $(($(nproc) - 1)) --tx-port af_packet:g0 --rx-port af_packet:g1 --set port.rx.ring_size=4096 --rate 10kpps --duration 4 \
		--json "$BP_TMP/gen.json" --quiet >"$BP_TMP/gen.log" 2>&1 &
	gen=$!
	n=0
	while kill -0 $gen 2>/dev/null; do
		n=$((n + 1))
		text_of 300 udp and port 5001 --port wan --for 0.2 --json
		text_of 1000 --port wan --for 0.5 --json || break
		cp "$BP_TMP/trace.txt" "$BP_TMP/t$n.json"
	done
	wait $gen || fail "gen ends with code $?"
	[ $n -ge 3 ] || fail "only $n traces while packets came"
	bp_expect gen '[(s["lost"], s["duplicate"], s["reordered"]) for s in r["streams"]] == [(0, 0, 0)]' 'r["streams"]'
	bp_expect t1 'r["seen"] > 100 and all(p["is_whole"] and p["ends"] == ["lan queue 0"] for p in r["packets"])' 'r["seen"]'
	bp_stop a
	bp_expect a 'function("edge")["counted"]["dropped"] == 0' 'r["functions"]'
	note "$n × 2 traces, 0 lost, 0 reordered of $(bp_get gen 'r["streams"][0]')"
}

case $CASE in
chain | drop | flood | mirror | full | hops | carried | clients | load) "case_$CASE" ;;
*) fail "no such case: $CASE" ;;
esac

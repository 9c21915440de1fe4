# bypath run --probe: what is seen, by whom, what it leaves behind.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: probe.sh CASE
#   seen     copies, system calls, softirqs, skbs, context switches of a forwarder, beside its own counts; without --probe
#            nothing of it
#   tagged   the tag that a driver puts back into a frame is no byte that the kernel has copied
#   blind    a kernel without BTF: the run goes on, and says that nothing was observed
#   untraced a kernel that lets no function be traced: what tracepoints tell, as a lower bound
#   renamed  a kernel that has a function under another name: the rest is counted, as a lower bound that names it
#   alone    two probes at once, a reader and a sender of others on the same device: each counts its own
#   refused  without the capabilities: says so, ends
#   killed   kill -9 leaves no program attached
#   again    a port whose interface is deleted and made again is still seen, both ways
#   detached a port whose XDP program is taken away: what went past it is no copy of the port's
#   compare  bypath compare --probe: what was seen stands beside the model, the kernel's own rows have nothing

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: probe.sh CASE}
need bpftool bpftool
if [ "$CASE" = compare ]; then
	"$BYPATH" compare --quick --duration 0.2 --probe --paths bridge,af_packet-socket --json "$BP_TMP/c.json" \
		>"$BP_TMP/compare.log" 2>&1 || fail "compare: $(cat "$BP_TMP/compare.log")"
	bp_expect c "[x['probed'] for x in r['rows'] if x['path'] == 'bridge'] == [None]"
	bp_expect c "all(x['probed']['rx'] > 0.9 and x['probed']['mpps'] > 0 for x in r['rows'] if x['path'] != 'bridge')" \
		"[x['probed'] for x in r['rows']]"
	bp_expect c "all(x['accounting']['unaccounted'] == 0 for x in r['rows'])"
	bp_expect c "r['rows'][1]['probed']['is_all'] or r['rows'][1]['probed']['why']" "r['rows']"
	grep -q 'KERNEL COPIES of a whole packet' "$BP_TMP/compare.log" || fail "the table is not there"
	exit 0
fi
bp_lab mtu=1500
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1
bp_pair a af_packet-socket w0 af_packet-socket w1

# start NAME [COMMAND…]: a run of NAME.ini under the probe, begun by COMMAND.
start()
{
	_run=$1
	shift
	# Not by `ip netns exec`, which mounts a /sys of its own.
	nsenter --net=/run/netns/mid "$@" "$BYPATH" run "$BP_TMP/$_run.ini" --probe --report "$BP_TMP/$_run.json" \
		>"$BP_TMP/$_run.log" 2>&1 &
	echo $! >"$BP_TMP/$_run.pid"
	wait_for "${BP_PROBE_WAIT:-60}" grep -q ': forwarding' "$BP_TMP/$_run.log" || fail "$_run: does not start: $(cat "$BP_TMP/$_run.log")"
}

# Where functions cannot be traced (containers, some virtual machines) the tracepoint of this path's receive
# copy is what there is: enough for what follows.
pings()
{
	in_h1 ping -q -c "$1" -i 0.01 -w 20 10.77.0.2 >"$BP_TMP/ping.log" || fail "ping: $(cat "$BP_TMP/ping.log")"
}

# passed_w1 N: so many packets have left by w1.
passed_w1()
{
	[ "$(in_mid cat /sys/class/net/w1/statistics/tx_packets)" -ge "$1" ]
}

# copied PORT WAY FUNCTION: the bytes of these copies, as an expression about a report.
copied()
{
	printf "sum(c['bytes'] for c in r['probe']['copies'] if (c['port'], c['direction'], c['function']) == ('%s', '%s', '%s'))" "$@"
}

FUNCTIONS="r['probe']['by'] == 'functions'"
RX="sum(c['bytes'] for c in r['probe']['copies'] if c['direction'] == 'rx' and c['function'] == 'skb_copy_datagram_iter')"
OWN="sum(q['counted']['bytes'] for p in r['ports'] for q in p['rx_queues'])"
# Of what is sent tracepoints tell nothing.
TX="sum(c['bytes'] for c in r['probe']['copies'] if c['direction'] == 'tx')"
OWN_TX="(sum(q['counted']['bytes'] for p in r['ports'] for q in p['tx_queues']) if $FUNCTIONS else 0)"

case $CASE in
seen)
	start a
	bp_wait_forwarding 20
	pings 50
	bp_stop a
	bp_expect a "$RX == $OWN > 0 and $TX == $OWN_TX" "r['probe']['copies']"
	# What the ledger counts as system calls, the kernel saw made.
	bp_expect a "sum(c['calls'] for c in r['probe']['system_calls'] if c['name'] == 'sendmmsg') == sum(q['counted']['crossings'] for p in r['ports'] for q in p['tx_queues']) > 0" "r['probe']['system_calls']"
	bp_expect a "sum(c['ns'] for c in r['probe']['softirqs']) > 0" "r['probe']['softirqs']"
	bp_expect a "sum(r['probe']['context_switches'].values()) > 0" "r['probe']['context_switches']"
	# An skb for each packet sent; a clone of each that the host's stack is given as well.
	for pair in skb_allocations=__alloc_skb skb_clones=skb_clone; do
		count="r['probe']['${pair%%=*}']"
		bp_expect a "($count or 0) > 0 if any(p['name'] == '${pair#*=}' and p['observed'] for p in r['probe']['places']) else $count is None" "$count"
	done
	bp_expect a "all(p['probed']['is_all'] == ($FUNCTIONS) for p in r['paths'])" "r['paths']"
	bp_expect a "all(p['probed']['finding'] is None for p in r['paths'])" "r['paths']"
	grep -q 'KERNEL COPIES BY FUNCTION' "$BP_TMP/a.log" || fail "the report shows no copies"
	in_mid "$BYPATH" explain "$BP_TMP/a.ini" --probe "$BP_TMP/a.json" --json >"$BP_TMP/e.json" ||
		fail "explain does not take what was observed"
	bp_expect e "[p['probed']['rx'] for p in r['paths']] == [1, 1]" "r['paths']"
	in_mid "$BYPATH" explain "$BP_TMP/a.ini" --probe "$BP_TMP/a.json" >"$BP_TMP/e.log"
	[ "$(grep -c 'probed: 1.00 rx' "$BP_TMP/e.log")" = 2 ] || fail "its text shows no observed copies"
	bp_start a
	bp_wait_forwarding 20
	bp_stop a
	bp_expect a "'probe' not in r and 'probed' not in r['paths'][0]" "r.keys()"
	! grep -q 'probed' "$BP_TMP/a.log" || fail "a report without a probe speaks of one"
	! in_mid "$BYPATH" explain "$BP_TMP/a.ini" --probe "$BP_TMP/a.json" >"$BP_TMP/e.log" 2>&1 &&
		grep -q 'bypath run --probe --report' "$BP_TMP/e.log" || fail "a report without a probe is not refused"
	;;
alone)
	# Beside it: another probe on a pair without traffic; a reader and a sender of other processes at the same interfaces.
	ip -n mid link add v0 type veth peer name v1
	ip -n mid link set v0 up
	ip -n mid link set v1 up
	bp_quiet mid v0 v1
	bp_pair b af_packet-socket v0 af_packet-socket v1
	in_mid "$BP_PYTHON" "$BP_HERE/drops_hosts.py" listen w0 >"$BP_TMP/listen.log" 2>&1 &
	wait_for 10 grep -q ready "$BP_TMP/listen.log" || fail "nobody else listens at w0"
	start a
	start b
	bp_wait_forwarding 20
	in_mid "$BP_PYTHON" "$BP_HERE/drops_hosts.py" send w1 200 type=88b5 payload=1000 &
	sender=$!
	pings 50
	wait "$sender" || fail "nobody else sends by w1"
	bp_stop a
	bp_stop b
	kill %1 2>/dev/null || true
	# What was sent by w1 and is not ours would be more than all that is.
	bp_expect a "$RX == $OWN > 0 and $TX == $OWN_TX < 200 * 1000" "r['probe']['copies']"
	bp_expect a "sum(c['calls'] for c in r['probe']['system_calls'] if c['name'] == 'sendmmsg') == sum(q['counted']['crossings'] for p in r['ports'] for q in p['tx_queues']) > 0" "r['probe']['system_calls']"
	bp_expect b "$RX == $OWN and $TX == $OWN_TX" "r['probe']['copies']"
	;;
refused)
	code=0
	in_mid setpriv --bounding-set=-sys_admin,-bpf,-perfmon --inh-caps=-sys_admin,-bpf,-perfmon \
		"$BYPATH" run "$BP_TMP/a.ini" --probe --duration 1 >"$BP_TMP/refused.log" 2>&1 || code=$?
	[ $code = 1 ] || fail "exit code $code: $(cat "$BP_TMP/refused.log")"
	grep -q 'error: probe: .*run as root, or with CAP_BPF and CAP_PERFMON' "$BP_TMP/refused.log" ||
		fail "it does not say what is missing: $(cat "$BP_TMP/refused.log")"
	;;
killed)
	start a
	programs=$(bp_programs_of a)
	[ -n "$programs" ] || fail "no program is attached"
	kill -9 "$(bp_pid a)"
	# shellcheck disable=SC2086 # words
	wait_for 20 bp_programs_gone $programs || fail "programs stay behind"
	;;
tagged)
	start a
	bp_wait_forwarding 20
	in_h1 "$BP_PYTHON" "$BP_HERE/drops_hosts.py" send e0 100 vlan=5 payload=20 || fail "the sender fails"
	in_h2 "$BP_PYTHON" "$BP_HERE/drops_hosts.py" send e0 100 vlan=5 payload=20 || fail "the sender fails"
	wait_for 10 passed_w1 100 || fail "what is tagged does not pass"
	bp_stop a
	bp_expect a "sum(q['counted']['vlan_inserted'] for p in r['ports'] for q in p['rx_queues']) >= 200" "r['ports']"
	bp_expect a "all(p['probed']['rx'] == 1 for p in r['paths'])" "r['paths']"
	;;
blind)
	[ -e /sys/kernel/btf/vmlinux ] || skip "this kernel has no BTF to hide"
	mount --bind /dev/null /sys/kernel/btf/vmlinux || skip "nothing may be mounted here"
	start a
	bp_wait_forwarding 20
	pings 10
	bp_stop a
	bp_expect a "r['probe']['by'] is None and r['probe']['unobserved']['why'] == 'the kernel has no BTF'" "r['probe']"
	bp_expect a "all(p['probed']['kernel_copies'] is None and p['probed']['finding'] is None for p in r['paths'])" "r['paths']"
	grep -q 'not all was seen: the kernel has no BTF' "$BP_TMP/a.log" || fail "its text does not say so"
	bp_expect a "r['kernel_drops']['observed'] is False and r['kernel_drops']['why'] == 'this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)'" "r['kernel_drops']"
	# Not zero: nobody has counted.
	bp_expect a "[r['kernel_drops'][sum] for sum in ('lost', 'of_other_senders', 'not_counted', 'recursion_misses')] == [None] * 4" "r['kernel_drops']"
	bp_expect a "r['kernel_drops']['rows'] == r['kernel_drops']['tracepoints'] == []" "r['kernel_drops']"
	grep -q "the kernel's drops stay unobserved: this kernel has no BTF" "$BP_TMP/a.log" || fail "no warning says so"
	! grep -q 'DROPS BY THE KERNEL' "$BP_TMP/a.log" || fail "the report has a table of drops that nobody has seen"
	;;
untraced)
	start a "$BP_PYTHON" "$BP_HERE/refuse.py"
	bp_wait_forwarding 20
	pings 20
	bp_stop a
	[ "$(bp_get a "r['probe']['by']")" = tracepoints ] || fail "functions are traced: $(bp_get a "r['probe']")"
	# The filter's word, or that of a host which refuses by itself; none of the loader's own.
	why=$(bp_get a "r['probe']['unobserved']['why']")
	case $why in
	*'functions be traced (Permission denied)' | *'functions be traced (Operation not permitted)' | *'functions be traced (not supported)') ;;
	*) fail "it does not say what refused: $why" ;;
	esac
	bp_expect a "[name in r['probe']['unobserved']['names'] for name in ('skb_copy_datagram_from_iter', 'skb_copy_datagram_iter')] == [True, False]" "r['probe']['unobserved']"
	# The receive copy is seen still, and the sum is a lower bound that says why; it differs from the model, and is no finding.
	bp_expect a "$RX == $OWN > 0 == $TX" "r['probe']['copies']"
	bp_expect a "all(p['probed']['rx'] == p['probed']['kernel_copies'] == 1 < p['modelled']['kernel_copies']['lo'] for p in r['paths'])" "r['paths']"
	bp_expect a "all(not p['probed']['is_all'] and '$why' in p['probed']['why'] and p['probed']['finding'] is None for p in r['paths'])" "r['paths']"
	[ "$(grep -c '≥ 1.000' "$BP_TMP/a.log")" = 2 ] || fail "its text shows no lower bound"
	tr -s '\n ' '  ' <"$BP_TMP/a.log" | grep -qF "packet_create, xsk_create: $why" || fail "its text does not say why"
	bp_expect a "r['kernel_drops']['observed']" "r['kernel_drops']['why']"
	;;
renamed)
	[ -e /sys/kernel/btf/vmlinux ] || skip "this kernel has no BTF to change"
	LC_ALL=C sed -z 's/^skb_store_bits$/skb_other_bits/' /sys/kernel/btf/vmlinux >"$BP_TMP/btf"
	! cmp -s /sys/kernel/btf/vmlinux "$BP_TMP/btf" || fail "this kernel has no skb_store_bits()"
	mount --bind "$BP_TMP/btf" /sys/kernel/btf/vmlinux || skip "nothing may be mounted here"
	start a
	bp_wait_forwarding 20
	pings 20
	bp_stop a
	bp_expect a "$RX == $OWN > 0 and $TX == $OWN_TX" "r['probe']['copies']"
	[ "$(bp_get a "r['probe']['by']")" = functions ] || skip "$(bp_get a "r['probe']['unobserved']['why']")"
	why='the kernel has no function of that name'
	bp_expect a "r['probe']['unobserved'] == {'names': ['skb_store_bits'], 'why': '$why'}" "r['probe']['unobserved']"
	bp_expect a "all((p['probed']['is_all'], p['probed']['why'], p['probed']['finding']) == (False, 'skb_store_bits: $why', None) for p in r['paths'])" "r['paths']"
	[ "$(grep -c '≥ 2.000' "$BP_TMP/a.log")" = 2 ] || fail "its text shows no lower bound"
	;;
detached)
	bp_need_driver af_xdp
	bp_pair a af_xdp-skb w0 af_packet-socket w1
	start a
	bp_wait_forwarding 20
	pings 20
	# While it does not run, it cannot put its program back.
	kill -STOP "$(bp_pid a)"
	bp_detach_xdp a
	in_h1 "$BP_PYTHON" "$BP_HERE/drops_hosts.py" send e0 200 payload=1000 || fail "the sender fails"
	kill -CONT "$(bp_pid a)"
	wait_for 10 grep -q 'XDP program on w0 was detached' "$BP_TMP/a.log" || fail "the port does not miss its program"
	bp_wait_forwarding 20
	pings 20
	bp_stop a
	bp_expect a "0 < counted('wan', 'rx', 'bytes') < 200 * 1000" "r['ports']"
	bp_expect a "$(copied lan rx skb_copy_datagram_iter) == counted('lan', 'rx', 'bytes') > 0" "r['probe']['copies']"
	if [ "$(bp_get a "r['probe']['by']")" = functions ]; then
		bp_expect a "$(copied wan rx __xsk_rcv) == counted('wan', 'rx', 'bytes')" "r['probe']['copies']"
		bp_expect a "$(copied wan tx skb_store_bits) == counted('wan', 'tx', 'bytes') > 0" "r['probe']['copies']"
		bp_expect a "$(copied lan tx skb_copy_datagram_from_iter) == counted('lan', 'tx', 'bytes') > 0" "r['probe']['copies']"
	fi
	# What tracepoints do not tell of AF_XDP is no zero: a lower bound.
	bp_expect a "all(p['probed']['is_all'] == ($FUNCTIONS) and p['probed']['finding'] is None for p in r['paths'])" "r['paths']"
	;;
again)
	start a
	bp_wait_forwarding 20
	pings 20
	ip -n h1 link del e0
	wait_for 20 grep -q 'is gone' "$BP_TMP/a.log" || fail "the port does not miss its interface"
	bp_wire h1 w0 10.77.0.1/24
	bp_wait_forwarding 20
	pings 20
	bp_stop a
	bp_expect a "$RX == $OWN > 0 and $TX == $OWN_TX" "r['probe']['copies']"
	# Before and after: two interfaces of one name.
	for function in skb_copy_datagram_iter skb_copy_datagram_from_iter; do
		bp_expect a "[c['device'] for c in r['probe']['copies'] if (c['port'], c['function']) == ('wan', '$function') and c['bytes']] == ['w0', 'w0'] * ($FUNCTIONS or '$function' == 'skb_copy_datagram_iter')" "r['probe']['copies']"
	done
	;;
esac

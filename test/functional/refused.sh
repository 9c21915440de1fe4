# Frames that the kernel drops below a port take none of those behind them, and have a name.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: refused.sh CAUSE KIND
#
#   mtu     h2's end has a smaller MTU than w1: every eleventh frame is too long for it
#   tc, nft a policy on w1's egress drops the same frames
#   tbf     a queueing discipline on w1 that is slower than what comes
#   pfifo   a short queue that is full all the time: a source without limit
#   gen     bypath gen sends frames of two sizes itself, towards a peer of smaller MTU
#
# h2 is the judge, and the kernel's own bridge in bypath's place the control.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CAUSE=${1:?usage: refused.sh CAUSE KIND}
KIND=${2:?usage: refused.sh CAUSE KIND}
N=${BP_REFUSED_N:-6000}
LONG=$((N / 10))
need tc "$BP_PYTHON"

of_w1()
{
	in_mid cat "/sys/class/net/w1/statistics/$1"
}

is_tap()
{
	[ "$KIND" = tap ] || [ "$KIND" = dpdk-tap ]
}

# --- the lab --------------------------------------------------------------------------------------

# Complete frames: what follows does not depend on who completes checksums.
bp_lab mtu=1500 offloads=off
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1
# libpcap's ring has a slot for the longest super-frame otherwise, and few of them.
in_mid ethtool -K w0 gro off gso off tso off >/dev/null 2>&1

# refuse: what drops the long frames, or the surplus.
refuse()
{
	case $CAUSE in
	mtu) ip -n h2 link set e0 mtu 1000 || fail "cannot set the MTU" ;;
	tc)
		in_mid tc qdisc replace dev w1 clsact 2>"$BP_TMP/tc.log" || skip "no clsact: this kernel lacks NET_SCH_INGRESS"
		# Longer than 1000 bytes: TC_ACT_SHOT; else on.
		in_mid tc filter replace dev w1 egress prio 1 bpf da bytecode \
			'4,128 0 0 0,37 0 1 1000,6 0 0 2,6 0 0 4294967295' 2>"$BP_TMP/tc.log" ||
			skip "no cls_bpf: this kernel lacks NET_CLS_BPF"
		;;
	nft)
		command -v nft >/dev/null || skip "no nft: install nftables"
		in_mid nft -f - 2>"$BP_TMP/nft.log" <<-'NFT' || skip "no nft egress hook: this kernel lacks NETFILTER_EGRESS"
			table netdev refused {
				chain out {
					type filter hook egress device "w1" priority 0
					meta length > 1000 drop
				}
			}
		NFT
		;;
	tbf)
		in_mid tc qdisc replace dev w1 root tbf rate 6mbit burst 10k limit 20k \
			2>"$BP_TMP/tc.log" || skip "no tbf: this kernel lacks NET_SCH_TBF"
		;;
	esac
}

# send_to_h2 LONG_BYTES: N numbered datagrams, which h2 counts until count_at_h2.
send_to_h2()
{
	rm -f "$BP_TMP/came.json" "$BP_TMP/count.log"
	ip netns exec h2 "$BP_PYTHON" "$BP_HERE/mixed.py" count "$N" >"$BP_TMP/count.log" 2>&1 &
	_counter=$!
	wait_for 5 grep -q ready "$BP_TMP/count.log" || fail "the receiver does not start"
	in_h1 "$BP_PYTHON" "$BP_HERE/mixed.py" send 10.77.0.2 "$N" 11000 "$1" >"$BP_TMP/send.log" 2>&1 ||
		fail "the sender fails"
}

# Neither w1's queueing discipline nor a processor holds a packet: the twelfth word of its line.
at_rest()
{
	! in_mid tc -s qdisc show dev w1 | grep -q 'backlog [1-9]' &&
		! awk '{ print $12 }' /proc/net/softnet_stat | grep -q '[1-9a-f]'
}

# count_at_h2: what of the datagrams has arrived, as $BP_TMP/came.json, when no more are on their way.
count_at_h2()
{
	wait_for 5 at_rest || fail "packets lie in the kernel's queues for ever"
	kill -TERM $_counter 2>/dev/null
	wait $_counter
	tail -n 1 "$BP_TMP/count.log" >"$BP_TMP/came.json"
}

came()
{
	bp_get came "$1"
}

# h2 has all that are not too long.
all_came()
{
	grep -q '"small"' "$BP_TMP/count.log"
}

# The bridge: the same frames, the same cause.
control()
{
	ip -n mid link add br0 type bridge || skip "no bridge"
	ip -n mid link set br0 up
	ip -n mid link set w0 master br0
	ip -n mid link set w1 master br0
	wait_for 10 bp_reaches h1 10.77.0.2 || fail "the bridge does not forward"
	refuse
	send_to_h2 "$1"
	count_at_h2
	ip -n mid link del br0
	note "kernel bridge: $(cat "$BP_TMP/came.json")"
}

# start_pair: a.ini with the ports of KIND, or of both kinds of A+B, and waits until it forwards.
start_pair()
{
	if is_tap; then
		start_tap
		return
	fi
	bp_pair a "${KIND%%+*}" w0 "${KIND##*+}" w1
	# Around a queueing discipline the policy would not be seen, nor the discipline.
	case $KIND in
	*af_packet-*) [ "${KIND##*+}" = dpdk-af_packet ] ||
		sed -i '/^device = w1$/a qdisc_bypass = no' "$BP_TMP/a.ini" ;;
	esac
	# net_af_packet's ring of its own has 128 slots: 11 ms of this load.
	sed -i '/net_af_packet/s/"$/,blocksz=4096,framesz=2048,framecnt=4096"/' "$BP_TMP/a.ini"
	bp_start a
	bp_wait_forwarding 20
}

# A tap takes whatever is written to it: what is dropped behind it, the writer does not learn. The
# kernel's bridge joins it to h2's wire.
start_tap()
{
	bp_pair a af_packet-mmap w0 "$KIND" tap1
	bp_start a
	wait_for 10 ip -n mid link show tap1 || fail "bypath made no tap1"
	ip -n mid link add br1 type bridge
	ip -n mid link set br1 up
	ip -n mid link set w1 master br1
	ip -n mid link set tap1 master br1
	ip -n mid link set tap1 up
	bp_wait_forwarding 20
}

# --- frames that are refused ----------------------------------------------------------------------

# What the kernel dropped, by the name that this kind has for it: all of it, and nothing else.
expect_named()
{
	case $KIND in
	tap | dpdk-tap) bp_expect a "dropped == 0 and lost_outside() == {}" "summary()" ;;
	dpdk-af_xdp)
		# The PMD takes them for sent: only the interface knows.
		bp_expect a "dropped == 0 and lost_outside() == {'dev_tx_dropped': $LONG}" \
			"summary(), lost_outside()"
		;;
	*)
		bp_expect a "drops_by_reason() == {'tx_kernel_drop': $LONG}" "summary()"
		bp_expect a "drops_by_reason('lan') == {'tx_kernel_drop': $LONG}" "summary()"
		bp_expect a "lost_outside() == {}" "lost_outside()"
		;;
	esac
}

# One run: 0 when nothing was lost before bypath had it, so that it says what is asked.
refused_once()
{
	start_pair
	refuse
	interface=$(of_w1 tx_dropped)
	send_to_h2 1200
	wait_for 2 all_came
	count_at_h2
	bp_stop a
	interface=$(($(of_w1 tx_dropped) - interface))
	note "$KIND: $(cat "$BP_TMP/came.json"); $(bp_get a 'summary()'); w1 tx_dropped $interface"
	! is_tap || ip -n mid link del br1
	[ "$(bp_get a "received >= $((N + LONG))")" = 1 ]
}

refused()
{
	control 1200
	[ "$(came 'r["small"], r["long"]')" = "($N, 0)" ] ||
		fail "the kernel's bridge loses small datagrams, or nothing refuses the long ones"
	# A machine that stops the worker for longer than its ring lasts proves nothing.
	for try in 1 2 3 last; do
		[ $try != last ] || fail "packets are lost before bypath has them, three times"
		! refused_once || break
		ip -n h2 link set e0 mtu 1500
	done
	[ "$(came 'r["small"]')" = "$N" ] ||
		fail "of $N small datagrams $(came 'r["small"]') arrive: $(bp_get a 'summary()')"
	[ "$(came 'r["long"] + r["duplicate"] + r["reordered"] + r["altered"]')" = 0 ] ||
		fail "what arrives is not what was sent: $(cat "$BP_TMP/came.json")"
	expect_named
}

# --- more than the device takes -------------------------------------------------------------------

# Each frame is at h2, or has a name; and as many get there as with the bridge.
slower()
{
	control 0
	bridge=$(came 'r["small"]')
	start_pair
	refuse
	before=$(of_w1 tx_packets)
	send_to_h2 0
	bp_stop a # what it had received has left, or was dropped
	count_at_h2
	small=$(came 'r["small"]')
	note "$KIND: $(cat "$BP_TMP/came.json"); $(bp_get a 'summary()')"
	bp_expect a "set(drops_by_reason('lan')) == {'tx_kernel_drop'}" "summary()"
	# What left w1 since then is what h2 has: bypath has no other traffic there.
	[ "$small" -eq $(($(of_w1 tx_packets) - before)) ] ||
		fail "h2 has $small, w1 sent $(($(of_w1 tx_packets) - before))"
	bp_expect a "$small <= sent_pkts('lan') <= $small + 10" "summary()"
	[ "$small" -ge $((bridge * 8 / 10)) ] || fail "h2 has $small, $bridge with the bridge"
}

# A source without limit before a short queue that a slow wire empties: each frame is at h2 or has a
# name. The control is h2's own count.
full()
{
	in_mid tc qdisc replace dev w1 root handle 1: tbf rate 10mbit burst 10k limit 1m \
		2>"$BP_TMP/tc.log" || skip "no tbf: this kernel lacks NET_SCH_TBF"
	in_mid tc qdisc replace dev w1 parent 1:1 pfifo limit 100 2>"$BP_TMP/tc.log" ||
		skip "no pfifo queueing discipline"
	{
		case $KIND in
		dpdk-*) bp_dpdk_section ;;
		esac
		printf '[port.src]\ndriver = null\nframe_bytes = 60\n'
		bp_port out "$KIND" w1
		case $KIND in
		af_packet-*) echo "qdisc_bypass = no" ;;
		esac
		printf '[forward]\nsrc = out\n'
	} | bp_ini a
	at_h2()
	{
		in_h2 cat /sys/class/net/e0/statistics/rx_packets
	}
	before=$(at_h2)
	bp_start a --duration 0.5
	bp_exit a 20 || fail "ends with code $?"
	bp_law a
	sent=$(bp_get a sent)
	all_there()
	{
		[ $(($(at_h2) - before)) -eq "$sent" ]
	}
	wait_for 5 all_there || fail "bypath says $sent sent, h2 has $(($(at_h2) - before))"
	bp_expect a "drops_by_reason()['tx_kernel_drop'] == dropped > 1000" "summary()"
	note "$KIND: $(bp_get a 'summary()'); h2 has $(($(at_h2) - before))"
	in_mid tc -s qdisc show dev w1 | grep -A 2 pfifo
}

# --- the generator --------------------------------------------------------------------------------

# Two processes: the receiver knows nothing of what the sender's port dropped.
generate()
{
	ip -n mid link set w0 mtu 1000
	case $KIND in
	xdp_live)
		bp_need_driver xdp_live
		in_mid ethtool -K w0 gro on >/dev/null 2>&1 || fail "ethtool -K w0 gro on"
		mode=
		;;
	*) mode=--set=port.tx.mode=${KIND#*-} ;;
	esac
	before=$(in_mid cat /sys/class/net/w0/statistics/rx_packets)
	in_mid "$BYPATH" gen --rx-port af_packet:w0 --count 5400 --duration 20 --quiet --json "$BP_TMP/rx.json" \
		>"$BP_TMP/rx.log" 2>&1 &
	receiver=$!
	wait_for 5 grep -q receiving "$BP_TMP/rx.log" || fail "the receiver does not start"
	in_h1 "$BYPATH" gen --tx-port "${KIND%%-*}:e0" ${mode:+"$mode"} \
		--size 64:9,1518:1 --rate 4kpps --count 6000 --quiet --json "$BP_TMP/tx.json" \
		>"$BP_TMP/tx.log" 2>&1
	code=$?
	! grep -q 'no live frames' "$BP_TMP/tx.log" || skip "no live frames in this kernel"
	[ $code -eq 0 ] || fail "the sender ends with code $code"
	wait $receiver || fail "the receiver ends with code $?"
	after=$(in_mid cat /sys/class/net/w0/statistics/rx_packets)
	[ $((after - before)) -eq 5400 ] || fail "$((after - before)) frames arrive at w0, not 5400"
	sent='r["trial"]["offered"]["frames"], r["trial"]["sent"]["frames"], r["trial"]["tx_dropped"]'
	note "$KIND: offered, sent, dropped $(bp_get tx "$sent")"
	bp_expect tx "($sent) == (6000, 5400, 600)" "r['trial']"
	bp_expect tx 'r["ports"][0]["tx"]["drops"]["tx_kernel_drop"] == 600' 'r["ports"]'
	bp_expect tx 'r["trial"]["missed"]["tx_full"] == 0' 'r["trial"]'
	bp_expect tx '"did not take" not in r["trial"]["why"]' 'r["trial"]'
	got='r["trial"]["received"], r["trial"]["lost"], r["trial"]["reordered"], r["trial"]["corrupt"]'
	note "received, lost, reordered, corrupt: $(bp_get rx "$got")"
	case $KIND in
	af_xdp-*)
		# Counted as sent before it was dropped: its number is used up.
		bp_expect rx "($got) == (5400, 600, 0, 0)" "r['trial']"
		;;
	*)
		bp_expect rx "($got) == (5400, 0, 0, 0)" "r['trial']"
		;;
	esac
}

case $CAUSE in
mtu | tc | nft) refused ;;
tbf) slower ;;
pfifo) full ;;
gen) generate ;;
*) fail "no such cause: $CAUSE" ;;
esac

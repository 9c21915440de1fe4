# What only the af_packet driver does: fanout, transmit ring, qdiscs, metadata of older kernels.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: af_packet.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: af_packet.sh CASE}
bp_lab mtu=1500

# pair LINE...: a.ini with af_packet ports wan on w0 and lan on w1, both ways; the lines go into both.
pair()
{
	for port in "wan w0" "lan w1"; do
		printf '[port.%s]\ndriver = af_packet\ndevice = %s\n' "${port% *}" "${port#* }"
		for line in "$@"; do
			echo "$line"
		done
	done | bp_ini a
	printf '[forward]\nwan = lan\nlan = wan\n' >>"$BP_TMP/a.ini"
}

# crafted VLAN: frames with partial checksums arrive in order and complete, tagged or not.
crafted()
{
	need tcpdump
	rm -f "$BP_TMP/tcpdump.log"
	ip netns exec h2 tcpdump -i e0 -Q in -U -s 0 -c 200 -w "$BP_TMP/crafted" "${2-}tcp" \
		>"$BP_TMP/tcpdump.log" 2>&1 &
	capture=$!
	wait_for 10 grep -q listening "$BP_TMP/tcpdump.log" || fail "tcpdump does not start"
	in_h1 "$BP_PYTHON" "$BP_HERE/frames.py" e0 02:00:00:00:00:02 200 "$1" ||
		fail "cannot send crafted frames"
	wait_for 5 dead $capture || fail "crafted frames are lost"
	tcpdump -r "$BP_TMP/crafted" -vv -n >"$BP_TMP/frames" 2>/dev/null
	good=$(grep -c 'cksum 0x[0-9a-f]* (correct)' "$BP_TMP/frames")
	[ "$good" -eq 200 ] || fail "VLAN $1: $good of 200 frames have a correct checksum"
	note "VLAN $1: 200 frames complete"
}

dead()
{
	! kill -0 "$1" 2>/dev/null
}

tx_dropped()
{
	in_mid cat "/sys/class/net/$1/statistics/tx_dropped"
}

# start_on_old_kernel [bypath run's options...]: as if the kernel were from before 6.2.
start_on_old_kernel()
{
	preload=${BP_TOOLS:-build/test/functional/tools}/libold_kernel.so
	[ -s "$preload" ] || skip "no old_kernel: sanitizers and preloading exclude each other"
	LD_PRELOAD=$preload bp_start a "$@"
}

case $CASE in
queues-*)
	# Two workers share a port's packets by flow: each packet arrives once.
	pair "mode = ${CASE##*-}" "queues = 2"
	case $CASE in
	*-old-kernel-*) start_on_old_kernel --set engine.workers=2 ;;
	*) bp_start a --set engine.workers=2 ;;
	esac
	bp_wait_forwarding 20
	in_h1 ping -c 100 -i 0.01 -W 1 10.77.0.2 >"$BP_TMP/ping.log" 2>&1
	! grep -q DUP "$BP_TMP/ping.log" || fail "duplicates"
	tcp_ok 64 -P 8
	flood h1 10.77.0.2 20000x
	wait "$FLOOD"
	bp_stop a
	bp_expect a "all(q['counted']['packets'] > 100 for q in port('wan')['rx_queues'])" \
		"port('wan')['rx_queues']"
	bp_expect a "dropped == 0" "summary()"
	;;
tx-ring)
	# One copy per frame, each byte once; what does not fit goes around the ring, in order.
	pair "tx = ring"
	bp_start a
	bp_wait_forwarding 20
	http_ok 8
	for length in 18 64 777 1472; do
		flood h1 10.77.0.2 20000x $length
		wait "$FLOOD"
	done
	bp_stop a
	bp_expect a "port('wan')['mode'] == 'mmap-v2+ring'" "port('wan')"
	bp_expect a "0.5 * pkts('wan', 'lan') < copies('wan', 'lan') <= pkts('wan', 'lan')" \
		"path('wan', 'lan')"
	bp_expect a "dropped == 0" "summary()"
	# Without super-frames the ring takes everything.
	in_h1 ethtool -K e0 tso off gso off >/dev/null 2>&1
	bp_start a
	bp_wait_forwarding 20
	tcp_ok
	bp_stop a
	bp_expect a "copies('wan', 'lan') == sent_pkts('lan')" "path('wan', 'lan')"
	bp_expect a "copy_bytes('wan', 'lan') == sent_bytes('lan')" "path('wan', 'lan')"
	;;
order-*)
	# Spells of load and quiet keep their order; so do those that fit no slot in between.
	sequence=${BP_TOOLS:-build/test/functional/tools}/sequence
	[ -x "$sequence" ] || fail "no $sequence"
	long=0
	[ "$CASE" = order-load ] || long=20000
	pair
	bp_start a --set engine.idle=busy
	bp_wait_forwarding 20
	in_h2 "$sequence" check e0 1 >"$BP_TMP/check.log" 2>&1 &
	checker=$!
	wait_for 5 grep -q ready "$BP_TMP/check.log" || fail "the checker does not start"
	in_h1 "$sequence" send e0 2 60 15 $long >"$BP_TMP/send.log" 2>&1 ||
		fail "cannot send"
	wait $checker
	bp_stop a
	note "$(cat "$BP_TMP/send.log") $(tail -n 1 "$BP_TMP/check.log")"
	note "$(bp_get a "port('wan')['reported']")"
	grep -q 'reordered 0 altered 0' "$BP_TMP/check.log" || fail "order or content is wrong"
	grep -q 'received [0-9]\{5\}' "$BP_TMP/check.log" || fail "hardly anything arrived"
	;;
qdisc-full)
	# A device whose queue takes little: the kernel drops the rest, each frame under its name, and
	# each frame was copied once, whatever became of it.
	in_mid tc qdisc add dev w1 root tbf rate 2mbit burst 2000 limit 4000 2>/dev/null ||
		skip "no tbf queueing discipline"
	pair "qdisc_bypass = no"
	bp_start a
	bp_wait_forwarding 20
	flood h1 10.77.0.2 20000x
	wait "$FLOOD"
	bp_stop a
	bp_expect a "drops_by_reason('lan').get('tx_kernel_drop', 0) > 1000" "summary()"
	bp_expect a "list(drops_by_reason()) == ['tx_kernel_drop']" "summary()"
	hist="[p['counted']['packets_by_user_copies'] for p in r['paths'] if p['in'] == 'wan']"
	bp_expect a "$hist == [[0, sent_pkts('lan') + drops('lan'), 0, 0]]" "$hist, summary()"
	;;
qdisc-*)
	# A queueing discipline to go around, and a device that cannot segment: super-frames must
	# not go around it, where the kernel would drop each of them.
	in_mid tc qdisc add dev w1 root pfifo limit 10000 2>/dev/null ||
		skip "no pfifo queueing discipline"
	in_mid ethtool -K w1 tso off >/dev/null 2>&1 || fail "ethtool -K w1 tso off"
	pair "qdisc_bypass = ${CASE#*-}"
	bp_start a
	bp_wait_forwarding 20
	tcp_ok
	bp_stop a
	bp_expect a "sent_bytes('lan') / sent_pkts('lan') > 3000" "port('lan')"
	dropped=$(tx_dropped w1)
	[ "$dropped" -eq 0 ] || fail "the kernel dropped $dropped packets on w1"
	# Segmentation that is switched off while bypath runs is noticed.
	in_mid ethtool -K w1 tso on >/dev/null 2>&1
	bp_start a
	bp_wait_forwarding 20
	tcp_ok
	[ "$(tx_dropped w1)" -eq 0 ] || fail "the kernel dropped packets on w1"
	in_mid ethtool -K w1 tso off >/dev/null 2>&1
	sleep 2 # the offloads are looked at once a second, and nothing shows that they were
	tcp_ok
	bp_stop a
	;;
old-kernel-*)
	# Before Linux 6.6 metadata comes in 10 bytes, and lies two bytes away from where it should.
	pair "mode = ${CASE##*-}"
	# What leaves must be complete, so that the capture sees the final bytes.
	in_mid ethtool -K w1 tx off tso off >/dev/null 2>&1
	start_on_old_kernel
	bp_wait_forwarding 20
	crafted 0
	crafted 5 "vlan 5 and "
	in_mid ethtool -K w1 tx on tso on >/dev/null 2>&1
	tcp_ok
	http_ok 8
	bp_stop a
	bp_expect a "dropped == 0" "summary()"
	;;
overrun)
	# What finds no slot is lost before bypath sees it, and reported.
	pair "ring_size = 64"
	bp_start a
	bp_wait_forwarding 20
	kill -STOP "$(bp_pid a)"
	flood h1 10.77.0.2 20000x
	wait "$FLOOD"
	kill -CONT "$(bp_pid a)"
	bp_wait_forwarding 5
	bp_stop a
	bp_expect a "lost_outside().get('tp_drops', 0) > 1000" "port('wan')['reported']"
	;;
down-at-start)
	ip -n mid link set w0 down
	pair
	bp_start a
	wait_for 5 grep -q 'w0 is down' "$BP_TMP/a.log" || fail "no warning about the interface"
	ip -n mid link set w0 up
	bp_wait_forwarding 10
	bp_stop a
	;;
mtu-change)
	# An MTU changed while bypath runs: longer frames go through, too long ones are counted.
	pair
	bp_start a
	bp_wait_forwarding 20
	for end in "h1 e0" "mid w0" "mid w1" "h2 e0"; do
		ip -n "${end% *}" link set "${end#* }" mtu 4000
	done
	for length in 18 1472 1473 3900; do
		in_h1 ping -c 20 -i 0.02 -W 2 -M "do" -s $length 10.77.0.2 >"$BP_TMP/ping.log" 2>&1 ||
			fail "no answer to $length bytes"
		grep -q ' 0% packet loss' "$BP_TMP/ping.log" || fail "$length bytes: some are lost"
	done
	ip -n mid link set w1 mtu 1000
	# Until bypath looks at the MTU (100 ms) the TX ring lets some of them go.
	in_h1 ping -c 20 -i 0.02 -W 1 -M "do" -s 1400 10.77.0.2 >"$BP_TMP/ping.log" 2>&1
	in_h1 ping -c 5 -i 0.02 -W 2 -s 900 10.77.0.2 >"$BP_TMP/ping.log" 2>&1 ||
		fail "short packets are lost as well"
	bp_stop a
	bp_expect a "0 < drops_by_reason('lan')['tx_too_long'] == dropped <= 20" "summary()"
	;;
many-ports)
	# As many ports as a configuration may have, each with every ring that the driver makes.
	for i in $(seq 2 2 28); do
		ip -n mid link add x$i type veth peer name x$((i + 1)) || fail "cannot make x$i"
		ip -n mid link set x$i up
		ip -n mid link set x$((i + 1)) up
	done
	pair "ring_size = 64"
	{
		for i in $(seq 2 29); do
			printf '[port.p%s]\ndriver = af_packet\ndevice = x%s\nring_size = 64\n' $i $i
		done
		for i in 30 31; do
			printf '[port.p%s]\ndriver = null\n' $i
		done
		sed '/forward/,$d' "$BP_TMP/a.ini"
		printf '[forward]\nwan = lan\nlan = wan\n'
		for i in $(seq 2 29); do
			echo "p$i = p30"
		done
		echo "p31 = p30"
	} >"$BP_TMP/b.ini"
	bp_start b
	bp_wait_forwarding 20
	bp_stop b
	;;
one-way-*)
	# A port that only sends, then one that only receives.
	mode=${CASE##*-}
	printf '[port.src]\ndriver = null\ncount = 1000\n' | bp_ini a
	printf '[port.wan]\ndriver = af_packet\ndevice = w0\nmode = %s\n[forward]\nsrc = wan\n' \
		"$mode" >>"$BP_TMP/a.ini"
	all_sent()
	{
		[ "$(in_mid cat /sys/class/net/w0/statistics/tx_packets)" -ge 1000 ]
	}
	bp_start a
	wait_for 10 all_sent || fail "not all of 1000 packets leave"
	bp_stop a
	bp_expect a "sent_pkts('wan') == 1000 and received == 1000" "summary()"
	printf '[port.sink]\ndriver = null\n' | bp_ini a
	printf '[port.wan]\ndriver = af_packet\ndevice = w0\nmode = %s\n[forward]\nwan = sink\n' \
		"$mode" >>"$BP_TMP/a.ini"
	bp_neighbours h1 10.77.0.2 h2
	bp_start a
	wait_for 10 grep -q forwarding "$BP_TMP/a.log" || fail "it does not start"
	flood h1 10.77.0.2 20000x
	wait "$FLOOD"
	wait_for 5 bp_tells a '^  wan +rx 0 +0 +[0-9]+,' || fail "hardly anything is received"
	bp_stop a
	bp_expect a "pkts('wan', 'sink') > 1000" "summary()"
	;;
*) fail "no case $CASE" ;;
esac
[ ! -s "$BP_TMP/a.json" ] || note "$(bp_get a 'summary()')"

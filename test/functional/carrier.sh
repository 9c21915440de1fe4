# What is sent to a device without a link has a name, and a generator's own link is not another's fault.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: carrier.sh KIND         h2's end goes down and comes back under load; the kernel's counters judge
#        carrier.sh gen KIND     the generator's own port loses its link in a trial
#
# gen: mid: bypath gen [g0]═══[d0] dut: the kernel's bridge [d1]═══[g1] mid: the same bypath gen

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: carrier.sh [gen] KIND}
AFTER=300
need ip "$BP_PYTHON"

# of INTERFACE COUNTER, in mid
of()
{
	in_mid cat "/sys/class/net/$1/statistics/$2"
}

# moved INTERFACE COUNTER FROM N: by N or more since FROM.
moved()
{
	[ $(($(of "$1" "$2") - $3)) -ge "$4" ]
}

# said NAME TEXT [LINE]: the log says so, since its line LINE.
said()
{
	tail -n "+${3:-1}" "$BP_TMP/$1.log" | grep -q "$2"
}

# --- a forwarder's out-port -----------------------------------------------------------------------

send()
{
	in_h1 "$BP_PYTHON" "$BP_HERE/mixed.py" send 10.77.0.2 "$1" 6000 0 >"$BP_TMP/send.log" 2>&1
}

all_received()
{
	moved w0 rx_packets "$1" "$2"
}

forward()
{
	bp_lab offloads=off
	bp_neighbours h1 10.77.0.2 h2
	bp_pair a "$KIND" w0 "$KIND" w1
	sent0=$(of w1 tx_packets) dropped0=$(of w1 tx_dropped)
	bp_start a
	bp_wait_forwarding 20
	# Somebody who takes them, or h2 answers that nobody does.
	ip netns exec h2 "$BP_PYTHON" -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 9000))
print("ready", flush=True)
while True:
    s.recv(2048)' >"$BP_TMP/sink.log" 2>&1 &
	wait_for 5 grep -q ready "$BP_TMP/sink.log" || fail "the receiver does not start"
	before=$(of w1 tx_packets)
	ip netns exec h1 "$BP_PYTHON" "$BP_HERE/mixed.py" send 10.77.0.2 3000 6000 0 >"$BP_TMP/load.log" 2>&1 &
	load=$!
	wait_for 5 moved w1 tx_packets "$before" 100 || fail "nothing is forwarded"
	ip -n h2 link set e0 down
	wait_for 5 said a 'lan: .*w1.* is down' || fail "the lost link is not reported"
	wait $load || fail "the sender fails"

	# From here on nothing is handed to the interface.
	dropped1=$(of w1 tx_dropped)
	rx=$(of w0 rx_packets)
	send $AFTER || fail "the sender fails"
	wait_for 5 all_received "$rx" $AFTER || fail "w0 has not received $AFTER frames"
	ip -n h2 link set e0 up
	bp_neighbours h2 10.77.0.1 h1
	wait_for 5 said a 'lan: .*w1.* is up' || fail "that the link is back is not reported"
	bp_wait_forwarding 20
	dropped2=$(of w1 tx_dropped)
	bp_stop a
	sent=$(($(of w1 tx_packets) - sent0)) dropped=$(($(of w1 tx_dropped) - dropped0))
	note "$KIND: $(bp_get a 'summary()'); w1 sent $sent, dropped $dropped"
	[ "$dropped2" -eq "$dropped1" ] ||
		fail "w1 was given $((dropped2 - dropped1)) frames after its link was known to be down"
	bp_expect a "drops_by_reason('lan')['port_down'] >= $AFTER" "summary()"
	# What the interface lost before that stands beside, not added: no frame is nameless.
	bp_expect a "reported('lan', 'dev_tx_dropped') == $dropped" "reported('lan', 'dev_tx_dropped')"
	bp_expect a "sent_pkts('lan') - counted('lan', 'tx', 'lost_after_sent') - $sent <= $dropped" \
		"sent_pkts('lan')"
	bp_expect a "drops('wan') == 0 and losses('lan') == 0" "summary()"
}

# --- a generator's own port -----------------------------------------------------------------------

# trial NAME: its report is NAME.json, and its log NAME.log.
trial()
{
	in_mid "$BYPATH" gen --tx-port "$KIND:g0" --rx-port af_packet:g1 --rate 4kpps --duration "$2" \
		--json "$BP_TMP/$1.json" >"$BP_TMP/$1.log" 2>&1
}

generate()
{
	case $KIND in
	xdp_live) bp_need_driver xdp_live ;;
	esac
	ip netns add mid
	ip netns add dut
	bp_quiet mid
	bp_quiet dut
	for i in 0 1; do
		ip -n mid link add g$i type veth peer name d$i netns dut
		ip -n mid link set g$i up
		ip -n dut link set d$i up
	done
	ip netns exec dut ethtool -K d0 gro on >/dev/null 2>&1
	ip -n dut link add br0 type bridge mcast_snooping 0 || skip "no bridge"
	ip -n dut link set d0 master br0
	ip -n dut link set d1 master br0
	ip -n dut link set br0 up

	trial quiet 0.5 || fail "bypath gen ends with code $?"
	if said quiet 'no live frames'; then
		skip "no live frames in this kernel"
	fi
	bp_expect quiet 'r["trial"]["lost"] == 0 and "no link" not in r["trial"]["why"]' 'r["trial"]'
	bp_expect quiet 'not any(p["tx"]["drops"].get("port_down") for p in r["ports"] if "tx" in p)' 'r["ports"]'

	before=$(of g0 tx_packets)
	ip netns exec mid "$BYPATH" gen --tx-port "$KIND:g0" --rx-port af_packet:g1 --rate 4kpps --duration 0 \
		--json "$BP_TMP/flap.json" >"$BP_TMP/flap.log" 2>&1 &
	echo $! >"$BP_TMP/flap.pid"
	wait_for 10 moved g0 tx_packets "$before" 100 || fail "nothing is sent"
	ip -n dut link set d0 down
	wait_for 5 said flap 'g0 is down' || fail "the lost link is not reported"
	ip -n dut link set d0 up
	wait_for 5 said flap 'g0 is up' || fail "that the link is back is not reported"
	kill -INT "$(bp_pid flap)"
	bp_exit flap 10 || fail "bypath gen ends with code $?"
	note "$KIND: $(bp_get flap 'r["trial"]')"
	bp_expect flap 'r["trial"]["generator_bound"] and "no link" in r["trial"]["why"]' 'r["trial"]'
	said flap 'its own port tx had no link' || fail "the text does not say it"
}

case $KIND in
gen)
	KIND=${2:?usage: carrier.sh gen KIND}
	generate
	;;
*) forward ;;
esac

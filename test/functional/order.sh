# Order through a queueing discipline that holds packets, on a device that cannot cut super-frames.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: order.sh bridge|socket|mmap|send|plain
#
# One flow: super-frames, and a single datagram behind each. Around the discipline the kernel takes no
# such super-frame, and whatever skips it overtakes them. bridge: the kernel's, as the control. plain:
# single datagrams alone still go around it.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: order.sh CASE}
need "$BP_PYTHON" tc
bp_lab mtu=1500
in_mid ethtool -K w1 tso off tx-udp-segmentation off >/dev/null 2>&1 ||
	fail "ethtool -K w1: segmentation stays on"
# Slower than the sender, and with room for all that it sends.
in_mid tc qdisc add dev w1 root tbf rate 40mbit burst 20k limit 4m 2>/dev/null ||
	skip "no tbf queueing discipline"
case $CASE in
bridge)
	ip -n mid link add br0 type bridge || skip "no bridge"
	for wire in w0 w1; do
		ip -n mid link set $wire master br0
	done
	ip -n mid link set br0 up
	;;
*)
	case $CASE in
	socket) lines="mode = socket" ;;
	send) lines="tx = send" ;;
	*) lines="mode = mmap" ;;
	esac
	for port in "wan w0" "lan w1"; do
		printf '[port.%s]\ndriver = af_packet\ndevice = %s\n%s\n' "${port% *}" "${port#* }" "$lines"
	done | bp_ini a
	printf '[forward]\nwan = lan\nlan = wan\n' >>"$BP_TMP/a.ini"
	bp_start a
	;;
esac
bp_neighbours h1 10.77.0.2 h2
wait_for 20 bp_reaches h1 10.77.0.2 || fail "h2 is not reached"

supers=60
[ "$CASE" != plain ] || supers=0
before=$(in_mid tc -s qdisc show dev w1 | sed -n 's/.*Sent [0-9]* bytes \([0-9]*\) pkt.*/\1/p')
in_h2 "$BP_PYTHON" "$BP_HERE/order.py" receive 10.77.0.2 $supers >"$BP_TMP/receive.log" 2>&1 &
receiver=$!
wait_for 10 grep -q ready "$BP_TMP/receive.log" || fail "the receiver does not start"
in_h1 "$BP_PYTHON" "$BP_HERE/order.py" send 10.77.0.2 $supers >"$BP_TMP/send.log" 2>&1 ||
	fail "cannot send"
wait $receiver || fail "datagrams are lost, or out of order"
note "$(tail -n 1 "$BP_TMP/receive.log")"
[ "$CASE" != bridge ] || exit 0
bp_stop a
held=$(in_mid tc -s qdisc show dev w1 | sed -n 's/.*Sent [0-9]* bytes \([0-9]*\) pkt.*/\1/p')
if [ "$CASE" = plain ]; then
	[ "$held" -eq "$before" ] || fail "$((held - before)) packets did not go around the discipline"
else
	bp_expect a "sent_bytes('lan') / sent_pkts('lan') > 2000" "port('lan')"
	[ "$held" -gt "$before" ] || fail "nothing went through the discipline"
fi

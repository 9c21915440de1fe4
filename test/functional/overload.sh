# Overload: every frame offered is sent unchanged, or dropped under a name; then all is well again.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: overload.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: overload.sh KIND}
bp_lab mtu=1500
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1

# Both directions at once, from the hosts.
bp_pair a "$KIND" w0 "$KIND" w1
bp_start a
bp_wait_forwarding 20
flood h1 10.77.0.2 60000x
one=$FLOOD
flood h1 10.77.0.2 60000x 1400
two=$FLOOD
flood h2 10.77.0.1 60000x
wait $one $two $FLOOD
bp_wait_forwarding 5
http_ok 4
bp_stop a
bp_expect a "received > 10000" "summary()"
note "$(bp_get a 'summary()')"

# A source without limit: many times what a veth port takes. What bypath calls sent is what the
# interface sent by the kernel's own count, no frame more or less; what the interface dropped has a
# name in bypath (it may have been offered twice).
{
	case $KIND in
	dpdk-*) bp_dpdk_section ;;
	esac
	printf '[port.src]\ndriver = null\nframe_bytes = 60\n'
	bp_port out "$KIND" w0
	printf '[forward]\nsrc = out\n'
} | bp_ini b
of_kernel()
{
	in_mid cat "/sys/class/net/w0/statistics/$1"
}
# has_sent N: w0, since "before".
has_sent()
{
	[ $(($(of_kernel tx_packets) - before)) -ge "$1" ]
}
before=$(of_kernel tx_packets)
dropped=$(of_kernel tx_dropped)
bp_start b
wait_for 20 has_sent 100000 || fail "b: hardly anything is sent"
bp_stop b
after=$(of_kernel tx_packets)
dropped=$(($(of_kernel tx_dropped) - dropped))
bp_expect b "sent > 10000" "summary()"
sent=$(bp_get b sent)
[ $((after - before)) -eq "$sent" ] ||
	fail "bypath says $sent sent, the kernel $((after - before)): $(bp_get b 'summary()')"
bp_expect b "$dropped <= 2 * drops_by_reason().get('tx_kernel_drop', 0)" "summary()"
note "$(bp_get b 'summary()'); the interface dropped $dropped"

# --- what cannot be sent on is dropped in bypath, by reason, and its frames come home

# A wire that nobody empties: what it does not hold is tx_full, whatever memory it lies in.
{
	case $KIND in
	dpdk-*) bp_dpdk_section ;;
	esac
	bp_port wan "$KIND" w0
	printf '[port.stuck]\ndriver = ring\ndevice = wire\nring_size = 256\n'
	printf '[forward]\nwan = stuck\n'
} | bp_ini c
bp_start c
wait_for 20 grep -q 'info: forwarding' "$BP_TMP/c.log" || fail "c does not start"
flood h1 10.77.0.2 20000x 200
wait $FLOOD
wait_for 5 bp_tells c '^  wan +rx 0 +0 +[0-9]+,' || fail "no load arrives at wan"
bp_stop c
bp_expect c "sent == 256 and received > 1000" "summary()"
bp_expect c "drops_by_reason() == {'tx_full': received - 256}" "summary()"
note "a wire that nobody empties: $(bp_get c 'drops_by_reason()')"

# A queueing discipline slower than what comes: the kernel refuses, bypath drops and says so. Others
# go around it.
case $KIND in
af_packet-*) line="qdisc_bypass = no" ;;
pcap-live) line= ;;
*) exit 0 ;;
esac
need tc
in_mid tc qdisc replace dev w0 root tbf rate 8mbit burst 20k limit 20k 2>"$BP_TMP/tc.log" ||
	skip "no tbf: this kernel lacks NET_SCH_TBF"
{
	printf '[port.src]\ndriver = null\nframe_bytes = 1000\nrate_pps = 20000\n'
	bp_port out "$KIND" w0
	printf '%s\n[forward]\nsrc = out\n' "$line"
} | bp_ini d
before=$(of_kernel tx_packets)
bp_start d
wait_for 20 has_sent 500 || fail "d: hardly anything is sent"
bp_stop d
sent=$(bp_get d sent)
all_out()
{
	[ $(($(of_kernel tx_packets) - before)) -eq "$sent" ]
}
wait_for 5 all_out || fail "bypath says $sent sent, the kernel $(($(of_kernel tx_packets) - before))"
bp_expect d "sent >= 500 and drops('out') > sent" "summary()"
bp_expect d "list(drops_by_reason()) == ['tx_kernel_drop']" "summary()"
note "a slow queueing discipline: $(bp_get d 'summary()')"

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
flood h1 10.77.0.2 3
one=$FLOOD
flood h1 10.77.0.2 3 1400
two=$FLOOD
flood h2 10.77.0.1 3
wait $one $two $FLOOD
bp_wait_forwarding 5
http_ok 4
bp_stop a
bp_expect a "received > 10000" "summary()"
note "$(bp_get a 'summary()')"

# A source without limit: many times what a veth port takes. What bypath calls sent is what the
# kernel's counters of the interface say, no frame more or less.
{
	case $KIND in
	dpdk-*) bp_dpdk_section ;;
	esac
	printf '[port.src]\ndriver = null\nframe_bytes = 60\n'
	bp_port out "$KIND" w0
	printf '[forward]\nsrc = out\n'
} | bp_ini b
kernel_sent()
{
	echo $(($(in_mid cat /sys/class/net/w0/statistics/tx_packets) +
		$(in_mid cat /sys/class/net/w0/statistics/tx_dropped)))
}
before=$(kernel_sent)
bp_start b --duration 2
bp_exit b 20 || fail "b: ends with code $?"
after=$(kernel_sent)
bp_law b
bp_expect b "sent > 10000" "summary()"
sent=$(bp_get b sent)
[ $((after - before)) -eq "$sent" ] ||
	fail "bypath says $sent sent, the kernel $((after - before))"
note "$(bp_get b 'summary()')"

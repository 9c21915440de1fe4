# A port whose interface goes down, or vanishes and comes back, harms no other port and recovers.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: link.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: link.sh KIND}
bp_lab pairs=2
bp_need_driver "${KIND%%-*}"
{
	case $KIND in
	dpdk-*) bp_dpdk_section ;;
	esac
	# p0 is the first-listed port: the one whose loss hurts most where state is shared.
	for i in 0 1 2 3; do
		bp_port p$i "$KIND" w$i
	done
	printf '[forward]\np0 = p1\np1 = p0\np2 = p3\np3 = p2\n'
} | bp_ini a

in_h3()
{
	ip netns exec h3 "$@"
}

# others_forward: the pair without the fault does not lose most of 100 packets. What is still under way
# at the end is not lost: only gaps before the last answer count. Nor does a time count in which bypath had no core:
# the smallest ring, of 128 slots, is full after a tenth of a second.
others_forward()
{
	for _try in 1 2 3 4 5; do
		waited=$(bp_waited_ms a)
		in_h3 ping -c 100 -i 0.004 -w 20 10.77.1.4 >"$BP_TMP/others.log" ||
			fail "$1: h3 → h4 does not answer 100 times in 20 s"
		lost=$(sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' "$BP_TMP/others.log" |
			awk '{ if ($1 > last) last = $1 } END { print last - NR }')
		[ "$lost" -gt 40 ] || return 0
		waited=$(($(bp_waited_ms a) - waited))
		[ $waited -ge 100 ] || break
	done
	fail "$1: h3 → h4 loses $lost packets; bypath waited $waited ms for a core"
}

# The log names the port since line $1 of it.
reports()
{
	tail -n "+$1" "$BP_TMP/a.log" | grep -E "(^|[^a-z0-9])$2([^a-z0-9]|\$)" |
		grep -qiE 'down|lost|away|gone|no longer'
}

# Faults come while both pairs are loaded.
load()
{
	kill $load1 $load2 2>/dev/null
	ip netns exec h1 ping -q -i 0.001 10.77.0.2 >/dev/null 2>&1 &
	load1=$!
	ip netns exec h4 ping -q -i 0.001 10.77.1.3 >/dev/null 2>&1 &
	load2=$!
}

bp_start a
bp_wait_forwarding 20
wait_for 10 bp_reaches h3 10.77.1.4 || fail "h3 does not reach h4"
load1=""
load2=""
load

# fault PORT WIRE HOST ADDRESS/BITS
fault()
{
	lines=$(($(wc -l <"$BP_TMP/a.log") + 1))
	ip -n mid link set "$2" down
	wait_for 5 reports "$lines" "$1" || fail "$1: interface down is not reported"
	others_forward "$1 down"
	ip -n mid link set "$2" up
	bp_wait_forwarding 15
	note "$1: down and up"

	lines=$(($(wc -l <"$BP_TMP/a.log") + 1))
	ip -n "$3" link del e0
	wait_for 5 reports "$lines" "$1" || fail "$1: interface deleted is not reported"
	others_forward "$1 deleted"
	bp_wire "$3" "$2" "$4"
	bp_wait_forwarding 15
	load
	others_forward "$1 back"
	note "$1: deleted and made again"
}

fault p0 w0 h1 10.77.0.1/24
fault p1 w1 h2 10.77.0.2/24
kill $load1 $load2
bp_stop a
bp_expect a "losses('p0') >= 1 and losses('p1') >= 1" "summary()"
bp_expect a "losses('p2') == 0 and losses('p3') == 0" "summary()"

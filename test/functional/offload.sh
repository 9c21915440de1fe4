# TCP, UDP with the hosts' default offloads: exact over every pair of ports, both families, VLAN.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: offload.sh MTU [KIND...]: every pair of these kinds of port (default: all that this build has)

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/functional/transfer.sh
. "$BP_HERE/transfer.sh"

MTU=${1:?usage: offload.sh MTU [KIND...]}
shift

# check_path IN-KIND OUT-PORT OUT-KIND: the engine did what this pair needs, not more.
check_path()
{
	_repaired="counted('$2', 'tx', 'csum_completed')"
	_cut="counted('$2', 'tx', 'gso_packets')"
	if has_meta "$3" || is_complete "$1"; then
		bp_expect a "$_repaired == 0 and $_cut == 0" "($_repaired, $_cut)"
		return
	fi
	bp_expect a "$_repaired > 0"
	if has_super "$1"; then
		bp_expect a "$_cut > 0"
	else
		bp_expect a "$_cut == 0" "$_cut"
	fi
}

try_pair()
{
	_wan=w0 _lan=w1 _uso=
	case $1 in *tap) _wan=t1 ;; esac
	case $2 in *tap) _lan=t2 ;; esac
	bp_pair a "$1" $_wan "$2" $_lan "[memory]" "frames = 8192"
	bp_start a --quiet
	# net_tap's interface is there before it has opened its queues by the interface's name.
	wait_for 10 grep -q forwarding "$BP_TMP/a.log" || fail "bypath does not start"
	[ $_wan != t1 ] || plug_tap 1
	[ $_lan != t2 ] || plug_tap 2
	give_addresses 1
	give_addresses 2
	bp_wait_forwarding 20
	# UDP super-frames cannot be told from long datagrams without metadata.
	! has_meta "$1" || _uso=uso
	transfer 10.77.0.2 $_uso
	transfer fd77::2 $_uso
	[ -z "$VLAN" ] || transfer 10.78.0.2 $_uso
	bp_stop a
	check_path "$1" lan "$2"
	check_path "$2" wan "$1"
	note "$1 - $2: $(bp_get a 'summary()')"
	unplug_tap 1
	unplug_tap 2
}

# The kinds whose driver this build has.
kinds=
[ $# -gt 0 ] || set -- af_packet-socket af_packet-mmap af_xdp-skb af_xdp-native dpdk-af_packet \
	pcap-live tap
for kind in "$@"; do
	why=$(bp_driver_missing "${kind%%-*}") || exit 1
	if [ -n "$why" ]; then
		note "left out: $kind: $why"
	else
		kinds="$kinds $kind"
	fi
done
[ -n "$kinds" ] || skip "no driver to test: this build has none of $*"

bp_lab mtu="$MTU"
find_vlan
for first in $kinds; do
	reached=
	for second in $kinds; do
		[ "$second" != "$first" ] || reached=1
		[ -z "$reached" ] || try_pair "$first" "$second"
	done
done

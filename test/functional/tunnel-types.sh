# TCP with known bytes through a kernel's own tunnels between the hosts, by bypath between them.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: tunnel-types.sh KIND [TYPE...]: a kind of port; bridge: the kernel's bridge in its place
#
# Of the types those that this kernel has; skipped where it has none. test/vm tunnels runs it where they are.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/functional/transfer.sh
. "$BP_HERE/transfer.sh"

KIND=${1:?usage: tunnel-types.sh KIND [TYPE...]}
shift
[ $# -gt 0 ] || set -- vxlan vxlan-csum vxlan-port geneve gretap gretap-csum gre ipip sit
# shellcheck disable=SC2034 # transfer.sh reads it
MIB=2

# The words of `ip link add` for a type: the host's number, the far one's.
words_of()
{
	_ends="local 10.77.0.$2 remote 10.77.0.$3"
	case $1 in
	vxlan) echo "vxlan id 5 $_ends dstport 4789 noudpcsum" ;;
	vxlan-csum) echo "vxlan id 5 $_ends dstport 4789 udpcsum" ;;
	vxlan-port) echo "vxlan id 5 $_ends dstport 4788" ;;
	geneve) echo "geneve id 5 remote 10.77.0.$3" ;;
	gretap-csum) echo "gretap $_ends csum key 5" ;;
	*) echo "$1 $_ends" ;;
	esac
}

# plug TYPE HOST FAR: the tunnel's end of a host; 1: this kernel has none.
plug()
{
	# shellcheck disable=SC2046 # words
	ip -n "h$2" link add tun9 type $(words_of "$1" "$2" "$3") 2>"$BP_TMP/plug.log" || return 1
	if [ "$1" = sit ]; then
		ip netns exec "h$2" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.tun9.disable_ipv6=0
		ip -n "h$2" addr add "fd79::$2/64" dev tun9 nodad
	else
		ip -n "h$2" addr add "10.79.0.$2/24" dev tun9
	fi
	ip -n "h$2" link set tun9 up
}

bp_lab pairs=1
if [ "$KIND" = bridge ]; then
	ip -n mid link add br0 type bridge || skip "no bridge"
	ip -n mid link set br0 up
	ip -n mid link set w0 master br0
	ip -n mid link set w1 master br0
else
	bp_pair a "$KIND" w0 "$KIND" w1
	bp_start a --quiet
fi
wait_for 20 bp_reaches h1 10.77.0.2 || fail "nothing is forwarded"

tried=
for type in "$@"; do
	# Without metadata nothing tells such a tunnel from other UDP.
	[ "$type" != vxlan-port ] || [ "$KIND" = bridge ] || has_meta "$KIND" || continue
	if ! plug "$type" 1 2; then
		note "this kernel has no $type: $(head -n 1 "$BP_TMP/plug.log")"
		continue
	fi
	plug "$type" 2 1 || fail "h2 has no $type"
	tried="$tried $type"
	if [ "$type" = sit ]; then
		transfer fd79::2
	else
		transfer 10.79.0.2
	fi
	ip -n h1 link del tun9
	ip -n h2 link del tun9
done
[ "$KIND" = bridge ] || bp_stop a
[ -n "$tried" ] || skip "this kernel has no tunnels (vxlan, geneve, gre, ipip, sit)"
note "carried:$tried"
[ "$KIND" != bridge ] || exit 0
note "$(bp_get a 'summary()')"
bp_expect a "unaccounted == 0"
bp_expect a "counted('lan', 'tx', 'csum_completed') + counted('lan', 'tx', 'gso_packets') > 0"

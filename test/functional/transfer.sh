# Known bytes between the hosts, both ways at once, with their default offloads: sourced by tests.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

need "$BP_PYTHON"
MIB=4

# Both ends of such a port speak of offloads by metadata.
has_meta()
{
	case $1 in
	af_packet-* | tap) return 0 ;;
	esac
	return 1
}

# A tap without metadata: the kernel completes and cuts whatever it hands to such a port.
is_complete()
{
	[ "$1" = dpdk-tap ]
}

# Hosts hand super-frames to such a port. (A veth whose peer has an XDP program makes none.)
has_super()
{
	case $1 in
	af_xdp-native | dpdk-af_xdp) return 1 ;;
	esac
}

# A tap takes the place of the host's end of the veth pair, under its name and address.
plug_tap()
{
	_host=h$1 _device=t$1
	wait_for 5 ip -n mid link show "$_device" || fail "bypath makes no $_device"
	ip -n "$_host" link set e0 down
	ip -n "$_host" link set e0 name veth
	ip -n mid link set "$_device" down
	ip -n mid link set "$_device" netns "$_host" name e0 mtu "$LAB_MTU" \
		address "$(bp_mac "$_host")" || fail "cannot move $_device"
	bp_asks_soon "$_host"
	ip -n "$_host" link set e0 up
}

unplug_tap()
{
	ip -n "h$1" link show veth >/dev/null 2>&1 || return 0
	wait_for 5 no_e0 "$1" || fail "the tap outlives bypath"
	ip -n "h$1" link set veth name e0
	ip -n "h$1" link set e0 up
}

no_e0()
{
	! ip -n "h$1" link show e0
}

# VLAN=yes where the hosts can have interfaces on a VLAN.
find_vlan()
{
	VLAN=
	if ip -n h1 link add link e0 name v9 type vlan id 9 2>/dev/null; then
		ip -n h1 link del v9
		VLAN=yes
	else
		note "without VLAN: this kernel has no 8021q"
	fi
}

# Addresses of host $1 on its e0, whichever that is: IPv4, IPv6, IPv4 on VLAN 5 where there are VLANs.
give_addresses()
{
	ip -n "h$1" addr replace "10.77.0.$1/24" dev e0
	ip netns exec "h$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 \
		net.ipv6.conf.e0.disable_ipv6=0 net.ipv6.conf.e0.accept_dad=0
	ip -n "h$1" addr replace "fd77::$1/64" dev e0 nodad
	[ -n "$VLAN" ] || return 0
	ip -n "h$1" link show v5 >/dev/null 2>&1 ||
		ip -n "h$1" link add link e0 name v5 type vlan id 5
	ip -n "h$1" addr replace "10.78.0.$1/24" dev v5
	ip -n "h$1" link set v5 up
}

# transfer ADDRESS [uso]
transfer()
{
	rm -f "$BP_TMP/serve.log"
	in_h2 "$BP_PYTHON" "$BP_HERE/transfer.py" serve "$1" 7000 >"$BP_TMP/serve.log" 2>&1 &
	_server=$!
	wait_for 10 grep -q listening "$BP_TMP/serve.log" || fail "no server at $1"
	in_h1 "$BP_PYTHON" "$BP_HERE/transfer.py" call "$1" 7000 $MIB "${2-}" >"$BP_TMP/call.log" 2>&1 ||
		fail "transfer to $1: not every byte came as it was sent"
	wait $_server || fail "transfer to $1: the server saw other bytes than were sent"
}

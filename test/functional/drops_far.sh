# The causes of drops.sh that lie behind the out-port.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# Sourced by drops.sh, whose functions it uses.

# h3 behind h2: r0 (10.78.0.2) ═ r1.
third_host()
{
	ip netns add h3
	bp_quiet h3
	ip -n h2 link add r0 address 02:00:00:00:01:02 type veth peer name r1 netns h3
	ip -n h2 addr add 10.78.0.2/24 dev r0
	ip -n h3 link set r1 up
	ip -n h2 link set r0 up
	in_h2 sysctl -qw net.ipv4.conf.r0.rp_filter=0 net.ipv4.neigh.r0.retrans_time_ms=100 \
		net.ipv4.neigh.r0.mcast_solicit=1
	ip -n h2 neigh add 10.78.0.3 dev r0 lladdr 02:00:00:00:01:03
}

far_headers()
{
	far 'MAC filter' OTHERHOST mac=020000000099
	far 'unhandled protocol' UNHANDLED_PROTO type=88b5
	far 'VLAN without an interface' OTHERHOST vlan=100 type=0800 port=11
	far 'IPv6 disabled' IPV6DISABLED type=86dd
	far 'bad IP checksum' IP_CSUM ipsum=wrong
	far 'bad IP header' 'IP_INHDR ip_rcv_core' version=7
	far 'truncated' PKT_TOO_SMALL cut=20
	far 'no route' 'IP_INNOROUTES|IP_INADDRERRORS|ip_error' dst=10.200.0.1
}

far_sockets()
{
	far 'no socket' NO_SOCKET
	ask sink h2 10
	far 'bad UDP checksum' UDP_CSUM port=10 udpsum=wrong
	ask sink h2 11 deaf
	far 'socket filter' SOCKET_FILTER port=11
	ask sink h2 12 full
	ask udp h2 RcvbufErrors
	_errors=$ANSWER
	send_by_w1 h1 port=12
	ask udp h2 RcvbufErrors
	expect 'full socket' $((ANSWER - _errors)) tx 'far end' e0 SOCKET_RCVBUFF
	ask close
}

far_policies()
{
	in_h2 sysctl -qw net.ipv4.conf.e0.rp_filter=1
	far 'rp_filter' IP_RPFILTER src=10.78.0.3
	in_h2 sysctl -qw net.ipv4.conf.e0.rp_filter=0
	if in_h2 nft 'table ip t { chain c { type filter hook input priority 0; udp dport 13 drop; }; }' 2>"$BP_TMP/nft.log"; then
		far 'nft' NETFILTER_DROP port=13
		in_h2 nft delete table ip t
	else
		without nft "$(head -n 1 "$BP_TMP/nft.log")"
	fi
	if in_h2 tc qdisc add dev e0 clsact 2>"$BP_TMP/tc.log" &&
		in_h2 tc filter add dev e0 ingress bpf da bytecode '1,6 0 0 2' 2>>"$BP_TMP/tc.log"; then
		far 'tc ingress' TC_INGRESS
		in_h2 tc qdisc del dev e0 clsact
	else
		without 'tc ingress' "$(head -n 1 "$BP_TMP/tc.log")"
	fi
	ip -n h2 link set e0 mtu 1000
	behind_w1 'far MTU' 'its interface' w1 dev_forward_skb payload=1200
	ip -n h2 link set e0 mtu 1500
}

# An XDP program on e0, in generic mode.
far_programs()
{
	if ! ip -n h2 link set e0 xdpgeneric obj "$BP_TOOLS/xdp_verdict.bpf.o" sec xdp 2>"$BP_TMP/xdp.log"; then
		without 'XDP at the far end' "$(head -n 1 "$BP_TMP/xdp.log")"
		return
	fi
	far 'XDP_DROP' '(NOT_SPECIFIED|REASON_XDP) .*generic' type=88b6
	far 'XDP_ABORTED' 'xdp_exception XDP_ABORTED' type=88b7
	far 'redirect fails' 'xdp_redirect_err EINVAL' type=88b8
	ip -n h2 link set e0 xdpgeneric off
}

behind_far()
{
	third_host
	far 'TTL' 'IP_INHDR ip_forward' dst=10.78.0.3 ttl=1
	ip -n h2 link set r0 mtu 600
	far 'too big to forward' PKT_TOO_BIG dst=10.78.0.3 payload=1200
	ip -n h2 link set r0 mtu 1500
	behind_w1 'no neighbour' 'behind the far end' r0 NEIGH_ dst=10.78.0.9
	wait_for 5 sh -c "ip -n h2 neigh show 10.78.0.9 dev r0 | grep -q FAILED" # those that waited are dropped as well
	if in_h2 tc qdisc replace dev r0 root tbf rate 8bit burst 1500 limit 1500 2>"$BP_TMP/tc.log"; then
		send_by_w1 h1 dst=10.78.0.3
		in_h2 tc -s qdisc show dev r0 >"$BP_TMP/qdisc"
		expect 'qdisc full, behind' "$(sed -n 's/.*dropped \([0-9]*\),.*/\1/p' "$BP_TMP/qdisc")" \
			tx 'behind the far end' r0 'QDISC_(DROP|OVERLIMIT) .* QDISC_'
		expect 'queue thrown away' "$(sed -n 's/.*backlog [^ ]* \([0-9]*\)p.*/\1/p' "$BP_TMP/qdisc")" \
			tx 'behind the far end' r0 'NOT_SPECIFIED .*rtnl|QUEUE_PURGE'
	else
		without 'qdisc full, behind' "$(head -n 1 "$BP_TMP/tc.log")"
	fi
	in_h2 tc qdisc del dev r0 root
	ip -n h3 link set r1 down
	wait_for 5 sh -c 'ip -n h2 link show r0 | grep -q NO-CARRIER'
	behind_w1 'no carrier, behind' 'behind the far end' r0 'no carrier' dst=10.78.0.3
}

# tc hands what e0 receives to r0, which is down.
far_redirect()
{
	ip -n h2 link set r0 down
	if in_h2 tc qdisc add dev e0 clsact 2>"$BP_TMP/tc.log" &&
		in_h2 tc filter add dev e0 ingress bpf bytecode '1,6 0 0 4294967295' action mirred egress redirect dev r0 2>>"$BP_TMP/tc.log"; then
		far 'tc redirect to an interface that is down' TC_INGRESS
		in_h2 tc qdisc del dev e0 clsact
	else
		without 'tc redirect' "$(head -n 1 "$BP_TMP/tc.log")"
	fi
	ip -n h2 link set r0 up
}

# behind_w1_in_parts CAUSE WHERE DEVICE LIKE [KEY=VALUE…]: as behind_w1, no more at once than a veth holds for NAPI.
behind_w1_in_parts()
{
	_cause=$1 _where=$2 _device=$3 _like=$4 _all=$N _sum=0
	shift 4
	N=$((_all / 8))
	for _ in 1 2 3 4 5 6 7 8; do
		send_by_w1 h1 "$@"
		_sum=$((_sum + ANSWER))
	done
	N=$_all
	expect "$_cause" "$_sum" tx "$_where" "$_device" "$_like"
}

# The same in native mode, and a device map that leads to r0.
far_native()
{
	ip -n h3 link set r1 up
	in_h3 ethtool -K r1 gro on || fail "r1 takes no redirected frames"
	if ! ip -n h2 link set e0 xdpdrv obj "$BP_TOOLS/xdp_verdict.bpf.o" sec xdp 2>"$BP_TMP/xdp.log"; then
		without 'native XDP' "$(head -n 1 "$BP_TMP/xdp.log")"
		return
	fi
	behind_w1_in_parts 'XDP_DROP, native' 'far end' e0 '(NOT_SPECIFIED|REASON_XDP) veth_xdp' type=88b6
	behind_w1_in_parts 'XDP_ABORTED, native' 'far end' e0 'xdp_exception XDP_ABORTED' type=88b7
	behind_w1_in_parts 'redirect fails, native' 'far end' e0 'xdp_redirect_err EINVAL' type=88b8
	_program=$(ip -n h2 link show e0 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p')
	_map=$(bpftool -j prog show id "$_program" | sed -n 's/.*"map_ids":\[\([0-9]*\)\].*/\1/p')
	_r0=$(ip -n h2 -o link show r0 | cut -d : -f 1)
	in_h2 bpftool map update id "$_map" key 0 0 0 0 value "$_r0" 0 0 0 || fail "cannot fill the program's map"
	ip -n h3 link set r1 mtu 600
	behind_w1_in_parts 'devmap target refuses' 'behind the far end' r0 'xdp_devmap_xmit' type=88b9 payload=1200
	ip -n h2 link set r0 mtu 600
	behind_w1_in_parts 'too long for the devmap target' 'far end' e0 'xdp_redirect_err EMSGSIZE' type=88b9 payload=1200
	ip -n h2 link set r0 mtu 1500 down
	behind_w1_in_parts 'devmap target down' 'far end' e0 'xdp_redirect_err ENETDOWN' type=88b9
	ip -n h2 link set r0 up
	ip -n h2 link set e0 xdpdrv off
}

is_bridge_port()
{
	in_h2 bridge link show dev e0 | grep -q "state $1"
}

# e0 as a bridge's port, which takes it from the stack.
far_bridge()
{
	if ! ip -n h2 link add name br0 type bridge mcast_snooping 0 2>"$BP_TMP/br.log"; then
		without bridge "$(head -n 1 "$BP_TMP/br.log")"
		return
	fi
	ip -n h2 link set br0 up
	ip -n h2 link set e0 master br0
	wait_for 5 is_bridge_port forwarding || fail "the bridge's port does not forward"
	in_h2 bridge link set dev e0 state 0
	wait_for 5 is_bridge_port disabled || fail "cannot disable the bridge's port"
	far 'bridge port disabled' 'BRIDGE_INGRESS_STP_STATE|br_handle_frame ' mac=020000000077
	in_h2 bridge link set dev e0 state 3
	if ip -n h2 link set br0 type bridge vlan_filtering 1 2>"$BP_TMP/br.log" &&
		in_h2 bridge vlan del dev e0 vid 1 2>>"$BP_TMP/br.log"; then
		far 'bridge VLAN filter' 'allowed_ingress | br_handle_frame_finish ' mac=020000000077 vlan=5
	else
		without 'bridge VLAN filter' "$(head -n 1 "$BP_TMP/br.log")"
	fi
	ip -n h2 link del br0
}

case_far()
{
	lab af_packet-mmap
	far_headers
	far_sockets
	far_policies
	far_programs
	behind_far
	far_redirect
	far_native
	far_bridge
	judge
}

# Frames of the arena through poll-mode drivers: sent and filled where they lie, and all of them come back.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: arena-dpdk.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: arena-dpdk.sh CASE}
bp_need_driver dpdk
bp_need_driver af_xdp
# Offloads off: no super-frame is cut, so each packet costs what its path does.
bp_lab offloads=off

# instance NAME CORE INTERFACE DPDK-DEVICE [FRAME_BYTES]: NAME.ini, an AF_XDP port and a DPDK device.
instance()
{
	{
		printf '[engine]\ncores = %s\n[memory]\nframe_bytes = %s\n' "$2" "${5:-4096}"
		bp_dpdk_section
		bp_port wan af_xdp-native "$3"
		printf '[port.lan]\ndriver = dpdk\ndevice = "%s"\n' "$4"
		# net_vhost receives into the arena without super-frames only.
		case $4 in net_vhost*) echo 'offload = off' ;; esac
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini "$1"
	in_mid "$BYPATH" explain "$BP_TMP/$1.ini" --json >"$BP_TMP/$1-explain.json" ||
		fail "explain $1.ini ends with code $?"
}

# copies NAME OUT IN: user copies of bypath per packet to and from the DPDK device, counted and as explain has it.
copies()
{
	for _way in "wan lan $2" "lan wan $3"; do
		# shellcheck disable=SC2086 # words
		set -- "$1" $_way
		bp_expect "$1" "pkts('$2', '$3') > 20" "path('$2', '$3')"
		bp_expect "$1" "path('$2', '$3')['user_copies'] == $4 * pkts('$2', '$3')" "path('$2', '$3')"
		_model=$(bp_get "$1-explain" "next((m['lo'], m['hi']) for p in r['paths'] if p['in'] == '$2'
			for m in [p['modelled']['user_copies_by_bypath']])")
		[ "$_model" = "($4, $4)" ] || fail "$1: explain says $_model from $2 to $3, counted $4"
	done
}

traffic()
{
	bp_wait_forwarding 20
	tcp_ok 8
	http_ok 2
}

case $CASE in
null)
	# It makes frames without end, and takes what it gets: the rest of the arena must last.
	instance a 0 w0 net_null0,size=64
	bp_neighbours h1 10.77.0.2 h2
	bp_start a
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "a does not start"
	flood h1 10.77.0.2 20000x 1000
	wait "$FLOOD"
	bp_stop a
	copies a 0 0
	bp_expect a "sent_bytes('lan') > 10000000" "summary()"
	# Where frames are too small for it, explain and the run say what helps.
	for bytes in 2048 4096; do
		in_mid "$BYPATH" explain --json "$BP_TMP/a.ini" --set memory.frame_bytes=$bytes >"$BP_TMP/explained" || fail "explain"
		says=$(grep -c 'received frames are copied: .memory. frame_bytes = 4096 would spare that' "$BP_TMP/explained")
		[ "$says" = $((bytes == 2048)) ] || fail "explain with frames of $bytes bytes: $(grep '"note"' "$BP_TMP/explained")"
	done
	;;
memif)
	# The PMD copies into and out of its region; bypath adds nothing to that.
	instance a 0 w0 net_memif0,role=server,socket=/run/t/arena
	instance b $(($(nproc) - 1)) w1 net_memif0,role=client,socket=/run/t/arena
	bp_start a
	bp_start b
	traffic
	bp_stop b
	bp_stop a
	copies a 0 0
	copies b 0 0
	;;
vhost)
	# What net_virtio_user lends to its peer is its own mempool: one copy each way.
	instance a 0 w0 net_vhost0,iface=/run/t/vhost
	instance b $(($(nproc) - 1)) w1 net_virtio_user0,path=/run/t/vhost
	bp_start a
	wait_for 10 test -S /run/t/vhost || fail "net_vhost makes no socket"
	bp_start b
	traffic
	bp_stop b
	bp_stop a
	copies a 0 0
	copies b 1 1
	;;
mirror)
	# A copy for another port, and the packets are made in mbufs of the chain's end all the same.
	instance a 0 w0 net_vhost0,iface=/run/t/vhost
	{
		bp_dpdk_section
		printf '[port.src]\ndriver = null\ncount = 500\n[port.mon]\ndriver = null\n'
		printf '[port.lan]\ndriver = dpdk\ndevice = "net_virtio_user0,path=/run/t/vhost"\n'
		printf '[function.m]\ntype = mirror\nto = mon\n[forward]\nsrc = m, lan\n'
	} | bp_ini b
	in_mid "$BYPATH" explain "$BP_TMP/b.ini" --json >"$BP_TMP/b-explain.json" || fail "explain b.ini ends with code $?"
	bp_start a
	wait_for 10 test -S /run/t/vhost || fail "net_vhost makes no socket"
	bp_start b
	wait_for 20 bp_tells b '500' || fail "nothing is made"
	bp_stop b
	bp_stop a
	bp_expect b "pkts('src', 'lan') == 500 and path('src', 'lan')['user_copies'] == 0" "r['paths']"
	bp_expect b "counted('mon', 'tx', 'replicas') == 500" "r['paths']"
	bp_expect b-explain "all(p['modelled']['user_copies_by_bypath'] == {'lo': 0, 'hi': 0} for p in r['paths'])" "r['paths']"
	;;
tap)
	# h2's wire ends at an interface that the PMD makes: the kernel's bridge joins them.
	instance a 0 w0 net_tap0,iface=dtap0
	bp_start a
	wait_for 10 ip -n mid link show dtap0 || fail "net_tap makes no interface"
	ip -n mid link add br0 type bridge
	ip -n mid link set br0 up
	ip -n mid link set w1 master br0
	ip -n mid link set dtap0 master br0
	ip -n mid link set dtap0 up
	traffic
	bp_stop a
	# It fills mbufs of its own pool only.
	copies a 0 1
	;;
short-frames)
	# Frames without room for an mbuf's data: sent in place, received with a copy.
	instance a 0 w0 net_pcap0,iface=w1 2048
	bp_start a
	traffic
	bp_stop a
	copies a 0 1
	bp_expect a "'frame_bytes = 4096' in port('lan')['note']" "port('lan')['note']"
	instance a 0 w0 net_pcap0,iface=w1
	bp_start a
	traffic
	bp_stop a
	copies a 0 0
	;;
*)
	fail "no such case: $CASE"
	;;
esac

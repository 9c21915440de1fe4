# Offloads through vhost-user: known bytes arrive, super-frames cross as they are, or cut where they must be.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: virtio.sh CASE
#
#   h1 - a: wan KIND, lan net_vhost ═ b: wan net_virtio_user, lan KIND - h2

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/functional/transfer.sh
. "$BP_HERE/transfer.sh"

CASE=${1:?usage: virtio.sh CASE}
LAST=$(($(nproc) - 1))
SOCKET=/run/t/vhost
N_TRANSFERS=0
TAP= # the host that has a tap in the place of its wire
bp_need_driver dpdk
bp_lab mtu=1500
find_vlan

# ends KIND-A KIND-B [LINE-OF-VIRTIO-PORT-A [OF-B]]: a.ini and b.ini.
ends()
{
	end a "$1" w0 dpdk-vhost $SOCKET 0 "${3-}"
	end b "$2" w1 dpdk-virtio_user $SOCKET "$LAST" "${4-}"
}

# end NAME KIND DEVICE KIND DEVICE CORE [LINE-OF-SECOND-PORT]: wan is a host's wire, lan leads to the other.
end()
{
	bp_pair "$1" "$2" "$3" "$4" "$5" "[engine]" "cores = $6" "[memory]" "frames = 8192"
	[ -z "${7-}" ] || sed -i "s/^\[port.lan\]/&\n$7/" "$BP_TMP/$1.ini"
}

# start_both [NAME]: NAME is a third process.
start_both()
{
	bp_start a --quiet
	wait_for 10 test -S $SOCKET || fail "net_vhost makes no socket"
	bp_start b --quiet
	[ $# -eq 0 ] || bp_start "$1" --quiet
	[ -z "$TAP" ] || plug_tap "$TAP"
	give_addresses 1
	give_addresses 2
	bp_wait_forwarding 20
}

# until_known: both ends know what their peers take, which they look for ten times a second: what goes out before is made
# complete.
until_known()
{
	! grep -q '^offload = off' "$BP_TMP/a.ini" "$BP_TMP/b.ini" || return 0
	for _name in a b; do
		! grep -qE 'net_(vhost|virtio_user)' "$BP_TMP/$_name.ini" ||
			wait_for 10 grep -q 'its peer takes' "$BP_TMP/$_name.log" ||
			fail "$_name does not say what its peer takes"
	done
}

transfers()
{
	until_known
	transfer 10.77.0.2 "${1-}"
	transfer fd77::2 "${1-}"
	[ -z "$VLAN" ] || transfer 10.78.0.2 "${1-}"
	N_TRANSFERS=$((N_TRANSFERS + 2 + ${#VLAN} / 3))
}

# passed NAME PORT [CUT]: what went out there went as it came; CUT super-frames of UDP alone were cut.
passed()
{
	bp_expect "$1" "counted('$2', 'tx', 'csum_completed') == 0"
	bp_expect "$1" "counted('$2', 'tx', 'gso_packets') == ${3:-0}" \
		"counted('$2', 'tx', 'gso_packets')"
}

# repaired NAME PORT: checksums were completed and super-frames cut on the way out there.
repaired()
{
	bp_expect "$1" "counted('$2', 'tx', 'csum_completed') > 0"
	bp_expect "$1" "counted('$2', 'tx', 'gso_packets') > 10"
}

# has_long NAME PORT: more bytes went out there than packets of the MTU could have carried.
has_long()
{
	bp_expect "$1" "sent_bytes('$2') > 1518 * sent_pkts('$2')" \
		"(sent_bytes('$2'), sent_pkts('$2'))"
}

stop_both()
{
	bp_stop b
	bp_stop a
	note "a: $(bp_get a 'summary()')"
	note "b: $(bp_get b 'summary()')"
}

case $CASE in
pass)
	# Nothing is cut but the one UDP super-frame of each transfer: virtio 1.1 has no name for it.
	# The older way of net_vhost to mark what it receives says the same.
	for arguments in "" ,legacy-ol-flags=1; do
		end a af_packet-mmap w0 dpdk-vhost $SOCKET$arguments 0
		end b af_packet-socket w1 dpdk-virtio_user $SOCKET "$LAST"
		N_TRANSFERS=0
		start_both
		transfers uso
		stop_both
		passed a lan "$N_TRANSFERS"
		passed a wan
		passed b lan
		passed b wan
		has_long a lan
		has_long b lan
	done
	;;
every)
	# Every other kind of port behind either end. What comes without metadata gets it on its way in;
	# what goes out without is complete.
	for row in a:af_xdp-skb b:af_xdp-native a:dpdk-af_packet b:dpdk-af_packet b:pcap-live a:tap; do
		end=${row%%:*} kind=${row#*:} TAP=
		why=$(bp_driver_missing "${kind%%-*}") || exit 1
		[ -z "$why" ] || { note "left out: $kind: $why"; continue; }
		if [ "$kind" = tap ]; then
			TAP=1
			end a tap t1 dpdk-vhost $SOCKET 0
			end b af_packet-mmap w1 dpdk-virtio_user $SOCKET "$LAST"
		elif [ "$end" = a ]; then
			ends "$kind" af_packet-mmap
		else
			ends af_packet-mmap "$kind"
		fi
		start_both
			transfers
		stop_both
		[ -z "$TAP" ] || unplug_tap $TAP
		passed a lan
		passed b lan
		if has_meta "$kind"; then
			passed "$end" wan
		else
			repaired "$end" wan
		fi
		! has_super "$kind" || has_long "$end" lan
	done
	;;
off)
	# offload = off at one end: nothing is promised to the other, so both complete what they send.
	ends af_packet-mmap af_packet-mmap "" "offload = off"
	start_both
	transfers
	stop_both
	repaired a lan
	repaired b lan
	passed b wan
	;;
peers)
	# The vhost side stays; peers that take more, less and more again come to it.
	ends af_packet-mmap af_packet-mmap
	start_both
	transfers
	bp_stop b
	passed b lan
	end b af_packet-mmap w1 dpdk-virtio_user $SOCKET "$LAST" "offload = off"
	bp_start b --quiet
	bp_wait_forwarding 20
	transfers
	bp_stop b
	repaired b lan
	end b af_packet-mmap w1 dpdk-virtio_user $SOCKET "$LAST"
	bp_start b --quiet
	bp_wait_forwarding 20
	transfers
	stop_both
	passed b lan
	repaired a lan
	has_long b lan
	# Peers that come and go are no losses of the port.
	bp_expect a "losses('lan') == 0" "losses('lan')"
	;;
server)
	# The other way round: the virtio side stays, vhost sides come and go. One with offload = off
	# offers no super-frames; partial checksums its PMD completes by itself.
	end a af_packet-mmap w0 dpdk-vhost $SOCKET,client=1 0
	end b af_packet-mmap w1 dpdk-virtio_user $SOCKET,server=1 "$LAST"
	bp_start b --quiet
	wait_for 10 test -S $SOCKET || fail "net_virtio_user makes no socket"
	bp_start a --quiet
	give_addresses 1
	give_addresses 2
	bp_wait_forwarding 20
	transfers
	bp_stop a
	passed a lan
	end a af_packet-mmap w0 dpdk-vhost $SOCKET,client=1 0 "offload = off"
	bp_start a --quiet
	bp_wait_forwarding 20
	transfers
	stop_both
	repaired a lan
	bp_expect b "counted('lan', 'tx', 'csum_completed') == 0"
	bp_expect b "counted('lan', 'tx', 'gso_packets') > 10"
	bp_expect b "losses('lan') == 0" "losses('lan')"
	;;
direct)
	# Between a and b, a process whose two ports are virtio: mbufs from PMD to PMD, marks and all.
	end a af_packet-mmap w0 dpdk-vhost $SOCKET.a 0
	end b af_packet-mmap w1 dpdk-virtio_user $SOCKET.b "$LAST"
	{
		# A super-frame is 33 mbufs, more than a burst here.
		printf '[engine]\nburst = 16\ncores = %s\n' "$LAST"
		bp_dpdk_section
		printf '[port.left]\ndriver = dpdk\ndevice = "net_virtio_user0,path=%s.a"\n' $SOCKET
		printf '[port.right]\ndriver = dpdk\ndevice = "net_vhost0,iface=%s.b"\n' $SOCKET
		printf '[forward]\nleft = right\nright = left\n'
	} | bp_ini m
	bp_start a --quiet
	wait_for 10 test -S $SOCKET.a || fail "net_vhost makes no socket"
	bp_start m --quiet
	wait_for 10 test -S $SOCKET.b || fail "net_vhost makes no socket"
	bp_start b --quiet
	give_addresses 1
	give_addresses 2
	bp_wait_forwarding 20
	transfers
	bp_stop b
	bp_stop m
	bp_stop a
	# b leaves before m does: what the hosts still say then (IPv6 never rests) ends at a port that is down.
	for port in left right; do
		passed m $port
		has_long m $port
		bp_expect m "drops_by_reason('$port').keys() <= {'tx_full', 'port_down'}" \
			"drops_by_reason()"
	done
	passed a lan
	passed b lan
	;;
two)
	# Two vhost ports of one process: what one's peer takes says nothing about the other's. The
	# first to come takes nothing, and nothing is sent to it.
	{
		printf '[engine]\ncores = 0\n'
		bp_dpdk_section
		printf '[memory]\nframes = 8192\n'
		bp_port wan af_packet-mmap w0
		printf '[port.lan]\ndriver = dpdk\ndevice = "net_vhost0,iface=%s"\n' $SOCKET
		printf '[port.other]\ndriver = dpdk\ndevice = "net_vhost1,iface=%s.c"\n' $SOCKET
		printf '[port.sink]\ndriver = null\n'
		printf '[forward]\nwan = lan\nlan = wan\nother = sink\n'
	} | bp_ini a
	{
		printf '[engine]\ncores = %s\n' "$LAST"
		bp_dpdk_section
		printf '[port.lan]\ndriver = dpdk\ndevice = "net_virtio_user1,path=%s.c"\n' $SOCKET
		printf 'offload = off\n'
		printf '[port.sink]\ndriver = null\n'
		printf '[forward]\nlan = sink\n'
	} | bp_ini c
	end b af_packet-mmap w1 dpdk-virtio_user $SOCKET "$LAST"
	bp_start a --quiet
	wait_for 10 test -S $SOCKET.c || fail "net_vhost makes no socket"
	bp_start c --quiet
	wait_for 10 grep -q "port other: .* is up" "$BP_TMP/a.log" || fail "the first peer does not come"
	bp_start b --quiet
	give_addresses 1
	give_addresses 2
	bp_wait_forwarding 20
	transfers
	bp_stop c
	stop_both
	passed a lan
	passed b lan
	has_long a lan
	;;
memif)
	# No metadata over net_memif: b cuts what comes from a's host, and completes.
	end a af_packet-mmap w0 dpdk-vhost $SOCKET 0
	{
		printf '[engine]\ncores = %s\n' "$LAST"
		bp_dpdk_section
		printf '[memory]\nframes = 8192\n'
		bp_port wan dpdk-memif-server /run/t/memif
		printf '[port.lan]\ndriver = dpdk\ndevice = "net_virtio_user0,path=%s"\n' $SOCKET
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini b
	bp_pair c dpdk-memif-client /run/t/memif af_packet-mmap w1 "[engine]" "cores = $LAST" \
		"[memory]" "frames = 8192"
	start_both c
	transfers
	bp_stop c
	stop_both
	passed a lan
	passed a wan
	passed b lan
	repaired b wan
	;;
testpmd)
	# DPDK's own forwarder on the vhost side, as it comes: it takes partial checksums, completes
	# them itself, and is not offered super-frames (tso=0): these are cut before.
	need dpdk-testpmd
	ip netns exec mid dpdk-testpmd --lcores="0@(0-$LAST),1@(0-$LAST)" --no-huge --no-shconf \
		-m 128 --no-pci --no-telemetry --vdev=net_vhost0,iface=$SOCKET.a \
		--vdev=net_vhost1,iface=$SOCKET.b \
		-- --forward-mode=io --total-num-mbufs=8192 --stats-period 1 --auto-start \
		>"$BP_TMP/testpmd.log" 2>&1 &
	wait_for 10 grep -q 'Port statistics' "$BP_TMP/testpmd.log" || fail "testpmd does not start"
	end a af_packet-mmap w0 dpdk-virtio_user $SOCKET.a 0
	end b af_packet-mmap w1 dpdk-virtio_user $SOCKET.b "$LAST"
	bp_start a --quiet
	bp_start b --quiet
	give_addresses 1
	give_addresses 2
	bp_wait_forwarding 20
	transfers
	stop_both
	for end in a b; do
		passed $end wan
		bp_expect $end "counted('lan', 'tx', 'csum_completed') == 0"
		bp_expect $end "counted('lan', 'tx', 'gso_packets') > 10"
	done
	;;
measure)
	# No test: one TCP stream with offloads passed on and without, interleaved (docs/performance.md).
	for round in 1 2 3; do
		for offload in auto off; do
			ends af_packet-mmap af_packet-mmap "offload = $offload" "offload = $offload"
			start_both
			tcp_for 2 >"$BP_TMP/tcp.log"
			bp_stop b
			bp_stop a
			note "round $round, offload = $offload: $TCP_GBITS Gbit/s; a drops" \
				"$(bp_get a 'drops_by_reason()')"
		done
	done
	;;
*)
	fail "no such case: $CASE"
	;;
esac

# How many super-frames wait in a virtio ring while the far side stands still, and that they all come through then.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: super-ring.sh
#
#   h1 - a: af_packet, net_vhost ═ b: net_virtio_user, af_packet - h2

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

LAST=$(($(nproc) - 1))
SOCKET=/run/t/vhost
bp_need_driver dpdk
bp_lab mtu=1500
bp_pair a af_packet-mmap w0 dpdk-vhost $SOCKET "[engine]" "cores = 0"
bp_pair b dpdk-virtio_user $SOCKET af_packet-mmap w1 "[engine]" "cores = $LAST"

# super_frames HOST N: of TCP, 60,000 bytes and headers, for a host that nobody is, slower than anybody takes them.
super_frames()
{
	ip netns exec "$1" "$BP_PYTHON" - "$2" <<'EOT' || fail "cannot send super-frames"
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_VNET_HDR = 263, 15
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
sock.bind(("e0", 0))
meta = struct.pack("<BBHHHH", 1, 1, 54, 1448, 34, 16)
ip = bytes.fromhex("4500 ea88 0001 4000 4006 0000 0a4d0001 0a4d0002")
tcp = bytes.fromhex("0400 0009 00000001 00000001 5010 ffff 0000 0000")
frame = bytes.fromhex("020000000099 020000000001 0800") + ip + tcp + bytes(60000)
for _ in range(int(sys.argv[1])):
    sock.send(meta + frame)
    time.sleep(0.002)
EOT
}

# waiting SENDER RECEIVER HOST PORT: 200 super-frames come to the sender's port while the receiver stands still.
waiting()
{
	kill -STOP "$(bp_pid "$2")"
	super_frames "$3" 200
	wait_for 5 bp_tells "$1" "$4 +rx 0 +0 +2[0-9][0-9] " || fail "$1: the super-frames do not arrive"
	kill -CONT "$(bp_pid "$2")"
}

bp_start a --quiet
wait_for 10 test -S $SOCKET || fail "net_vhost makes no socket"
bp_start b --quiet
bp_wait_forwarding 20
waiting a b h1 wan
waiting b a h2 lan
bp_wait_forwarding 10
bp_stop b
bp_stop a
# Of 200: with a descriptor for each mbuf of 2 KiB a ring of 1024 holds 31, and 169 are given up.
bp_expect a "sent_pkts('lan') > 200 and drops_by_reason('lan').get('tx_error', 0) < 100" "summary()"
bp_expect b "sent_pkts('wan') > 200 and drops_by_reason('wan').get('tx_error', 0) < 100" "summary()"
note "a: $(bp_get a 'summary()')"
note "b: $(bp_get b 'summary()')"

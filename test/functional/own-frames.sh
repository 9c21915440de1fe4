# What receives into frames of the port that sends: no copy in user space, every byte as it was sent.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: own-frames.sh
#
# Control: the capture that net_pcap writes; af_packet, which has to copy into mbufs.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_need_driver dpdk
ip netns add mid || fail "ip netns add mid"
bp_quiet mid

# into FILE SECTION-LINES...: NAME.ini, from port in to a capture by net_pcap.
into()
{
	_ini=$1
	shift
	{
		printf '[engine]\nburst = 32\n'
		bp_dpdk_section
		printf '[memory]\nframe_bytes = 4096\nframes = 1024\n[port.in]\n'
		printf '%s\n' "$@"
		printf '[port.out]\ndriver = dpdk\ndevice = "net_pcap0,tx_pcap=%s"\n' "$BP_TMP/$_ini.pcap"
		printf '[forward]\nin = out\n'
	} | bp_ini "$_ini"
}

# copies NAME N: it copied each packet N times, as explain had said.
copies()
{
	bp_expect "$1" "pkts('in', 'out') > 0 and copies('in', 'out') == $2 * pkts('in', 'out')" "path('in', 'out')"
	"$BYPATH" explain "$BP_TMP/$1.ini" --json >"$BP_TMP/explained.json" 2>/dev/null || fail "$1: explain fails"
	[ "$(bp_get explained "list(r['paths'][0]['modelled']['user_copies_by_bypath'].values())")" = "[$2, $2]" ] ||
		fail "$1: explain does not say $2 user copies"
}

# holds NAME BYTES: its capture has 500 frames as null makes them.
holds()
{
	"$BP_PYTHON" - "$BP_TMP/$1.pcap" "$2" <<'EOT'
import struct
import sys

data, n_bytes = open(sys.argv[1], "rb").read()[24:], int(sys.argv[2])
frame = bytes.fromhex("020000000201 020000000101 88b5") + bytes(n_bytes - 14)
record = 16 + n_bytes
assert len(data) == 500 * record, len(data)
for at in range(0, len(data), record):
    assert struct.unpack_from("<II", data, at + 8) == (n_bytes, n_bytes)
    assert data[at + 16:at + record] == frame, at
EOT
}

# 2048 bytes are the most that one mbuf holds.
for bytes in 60 2048; do
	into null "driver = null" "frame_bytes = $bytes" "count = 500"
	bp_start null --quiet
	wait_for 10 bp_tells null 'in +rx 0 +0 +500 ' || fail "null, $bytes bytes: no 500 frames are made"
	bp_stop null
	copies null 0
	holds null "$bytes" || fail "null, $bytes bytes: the capture has other frames"
done

# 3840 bytes take two, into a PMD that sends chains; what comes back from it is written down.
into long "driver = null" "frame_bytes = 3840" "count = 500" "rate_pps = 5000"
sed -i "s/^device = .*/device = net_ring0/" "$BP_TMP/long.ini"
printf 'out = back\n[port.back]\ndriver = pcap\nmode = write\ndevice = "%s"\n' "$BP_TMP/long.pcap" >>"$BP_TMP/long.ini"
bp_start long --quiet
wait_for 10 bp_tells long 'back +tx 0 +0 +500 ' || fail "long: 500 frames do not come through"
bp_stop long
copies long 0
holds long 3840 || fail "long: the capture has other frames"

# What a host sends into a tap, by a raw socket, is what the capture holds.
into tap "driver = tap" "device = t0"
bp_start tap --quiet
wait_for 10 in_mid test -e /sys/class/net/t0 || fail "no tap"
in_mid ip link set t0 mtu 9000 up
wait_for 5 bp_tells tap 'in +tap +tap +t0 .* 9000 +up' || fail "the tap does not come up"
in_mid "$BP_PYTHON" - "$BP_TMP/sent" <<'EOT' || fail "cannot send into the tap"
import random
import socket
import sys

random.seed(7)
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind(("t0", 0x88b5))
with open(sys.argv[1], "wb") as sent:
    for size in [60, 61, 1514, 2047, 2048] * 56:
        frame = bytes.fromhex("020000000201 020000000101 88b5") + random.randbytes(size - 14)
        sock.send(frame)
        sent.write(frame)
EOT
wait_for 5 bp_tells tap 'in +rx 0 +0 +280 ' || fail "what is sent into the tap does not arrive"
bp_stop tap
copies tap 0
"$BP_PYTHON" - "$BP_TMP/tap.pcap" "$BP_TMP/sent" <<'EOT' || fail "tap: the capture has other bytes than were sent"
import struct
import sys

data, sent, at, got = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read(), 24, b""
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    got, at = got + data[at + 16:at + 16 + length], at + 16 + length
assert got == sent, (len(got), len(sent))
EOT
note "tap: $(bp_get tap "path('in', 'out')")"

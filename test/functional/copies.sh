# Copies are true: what the report counts in user space is exactly what each path must cost.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_lab mtu=1500
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1

# both_ways NAME EXPRESSION: of the path from wan to lan and of that back.
both_ways()
{
	for path in "'wan', 'lan'" "'lan', 'wan'"; do
		bp_expect "$1" "pkts($path) > 100" "summary()"
		bp_expect "$1" "$(echo "$2" | sed "s/PATH/$path/g")" "path($path)"
	done
	note "$1: $(bp_get "$1" "path('wan', 'lan')")"
}

# 0: the same frame of the arena goes out that came in.
bp_pair xdp af_xdp-native w0 af_xdp-native w1
bp_start xdp
bp_wait_forwarding 20
tcp_ok
bp_stop xdp
both_ways xdp 'copies(PATH) == 0 and copy_bytes(PATH) == 0'

# 0: sendmmsg straight from the receive ring.
bp_pair mmap af_packet-mmap w0 af_packet-mmap w1
bp_start mmap --set port.wan.tx=send --set port.lan.tx=send
bp_wait_forwarding 20
tcp_ok
bp_stop mmap
both_ways mmap 'copies(PATH) == 0 and copy_bytes(PATH) == 0'

bp_need_driver dpdk

forwarded()
{
	[ "$(in_mid cat /sys/class/net/w0/statistics/rx_packets)" -gt $((from + 5000)) ]
}

# to_pcap NAME KIND COPIES: into a PMD that writes a capture, with so many copies per packet and byte. What went out
# is counted by who wrote it down, not by bypath.
to_pcap()
{
	{
		bp_dpdk_section
		bp_port wan "$2" w0
		printf '[port.lan]\ndriver = dpdk\ndevice = "net_pcap0,tx_pcap=%s"\n' "$BP_TMP/out.pcap"
		printf '[forward]\nwan = lan\n'
	} | bp_ini "$1"
	from=$(in_mid cat /sys/class/net/w0/statistics/rx_packets)
	bp_start "$1"
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/$1.log" || fail "it does not run"
	for length in 18 64 777 1400; do
		flood h1 10.77.0.2 0.1 $length
		wait "$FLOOD"
	done
	wait_for 5 forwarded || fail "no load arrived"
	bp_stop "$1"
	# 24 bytes of the file's header, 16 before each record; the length is the third word of these.
	written=$("$BP_PYTHON" - "$BP_TMP/out.pcap" <<'EOT'
import struct
import sys

data = open(sys.argv[1], "rb").read()
at, n_pkts, n_bytes, sizes = 24, 0, 0, set()
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    n_pkts, n_bytes, at = n_pkts + 1, n_bytes + length, at + 16 + length
    sizes.add(length)
assert at == len(data) and sizes == {60, 106, 819, 1442}, sizes
print(f"{n_pkts}, {n_bytes}")
EOT
) || fail "the capture is not whole, or lacks a size"
	bp_expect "$1" "pkts('wan', 'lan') > 1000" "summary()"
	bp_expect "$1" "(copies('wan', 'lan'), copy_bytes('wan', 'lan')) == tuple($3 * n for n in ($written))" \
		"(path('wan', 'lan'), ($written))"
	bp_expect "$1" "(sent_pkts('lan'), sent_bytes('lan')) == ($written)" "summary()"
	bp_expect "$1" "sent_pkts('lan') == pkts('wan', 'lan') - drops('lan')" "path('wan', 'lan')"
	note "$1: $(bp_get "$1" "path('wan', 'lan')"); the capture: $written"
}

# Exactly 1.000 per packet, and each byte of it once: out of a slot of the receive ring into an mbuf.
to_pcap loans af_packet-mmap 1
# 0: the PMD is given frames of the arena.
to_pcap frames af_xdp-native 0

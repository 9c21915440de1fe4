# Every kind of generated frame is decoded by tcpdump with right checksums, written and on the wire.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need tcpdump ip
bp_need_driver pcap

# All kinds in one file; VLAN, ranges and IMIX among them.
bp_ini kinds <<'INI'
[port.out]
driver = pcap
device = /run/t/kinds.pcap
mode = write
[gen]
tx = out
rate = max
count = 700
[stream.udp4]
size = imix
src = 10.1.0.1-10.1.0.200
sport = 1000-1999
[stream.udp6]
protocol = udp6
size = 84,1518
dst = 2001:2:1::fffe-2001:2:1::1:1
dscp = 46
[stream.tcp4]
protocol = tcp4
size = 76,77
dport = 80-90
src_mac = 02:00:00:00:00:01-02:00:00:00:00:20
[stream.tcp6]
protocol = tcp6
size = 96
[stream.vlan4]
size = 68,1522
vlan = 100
[stream.vlan6]
protocol = tcp6
size = 100
vlan = 4094
[stream.eth]
protocol = eth
size = 64
INI

# decoded NAME: tcpdump's words for NAME.pcap, one line per packet, in NAME.txt.
decoded()
{
	tcpdump -r "$BP_TMP/$1.pcap" -nn -e -vvv 2>"$BP_TMP/tcpdump.log" | awk '
		/^[0-9][0-9]:[0-9][0-9]:/ { if (NR > 1) print line; line = $0; next }
		{ line = line " " $0 }
		END { print line }' >"$BP_TMP/$1.txt"
}

# lines NAME PATTERN: how many packets of NAME.txt match.
lines()
{
	grep -cE -- "$2" "$BP_TMP/$1.txt"
}

expect_lines()
{
	_n=$(lines "$1" "$2")
	[ "$_n" -eq "$3" ] || fail "$1: $_n packets match '$2', not $3: $(grep -vE -- "$2" "$BP_TMP/$1.txt" | head -3)"
}

"$BYPATH" gen "$BP_TMP/kinds.ini" --quiet --json "$BP_TMP/kinds.json" >"$BP_TMP/gen.log" 2>&1 ||
	fail "bypath gen ends with code $?"
decoded kinds
[ "$(wc -l <"$BP_TMP/kinds.txt")" -eq 700 ] || fail "not 700 packets in the file"
# Of each seven packets, one is of each kind; tcpdump checks every checksum that there is.
expect_lines kinds 'udp sum ok' 300
expect_lines kinds 'cksum 0x[0-9a-f]{4} \(correct\)' 300
expect_lines kinds '[iI]ncorrect|bad (udp )?cksum|bad-len|truncated|wrong|invalid|malformed' 0
expect_lines kinds 'ethertype 802.1Q' 200
expect_lines kinds 'vlan 100,' 100
expect_lines kinds 'vlan 4094,' 100
expect_lines kinds '0x88b5' 100
expect_lines kinds 'ethertype IPv6.*UDP.*class 0xb8|class 0xb8' 100
expect_lines kinds '10\.1\.0\.7\.1006 > 198\.19\.0\.1\.9: .*' 1
# Sizes are without FCS in a capture.
expect_lines kinds 'length 60: .*10\.1\.0\.' 59
expect_lines kinds 'length 590: .*10\.1\.0\.' 33
expect_lines kinds 'length 1514: .*10\.1\.0\.' 8
expect_lines kinds 'length 1514: .*2001:2::1' 50
expect_lines kinds '> 2001:2:1::1:0\.9' 25
note "700 packets of 7 kinds decoded"

# The same on the wire, as another socket of the kernel sees it.
ip link add v0 mtu 9000 type veth peer name v1 mtu 9000
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ip link set v0 up
ip link set v1 up
for driver in af_packet af_xdp; do
	[ -z "$(bp_driver_missing $driver)" ] || continue
	rm -f "$BP_TMP/tcpdump-wire.log"
	tcpdump -i v1 -w "$BP_TMP/wire.pcap" -U -B 16384 -c 700 2>"$BP_TMP/tcpdump-wire.log" &
	dump=$!
	wait_for 5 grep -q listening "$BP_TMP/tcpdump-wire.log" || fail "tcpdump does not start"
	"$BYPATH" gen "$BP_TMP/kinds.ini" --quiet --set gen.rate=20kpps --set port.out.driver=$driver \
		--set port.out.device=v0 --set port.out.mode= >"$BP_TMP/gen.log" 2>&1 ||
		fail "$driver: bypath gen ends with code $?"
	wait_for 5 sh -c "! kill -0 $dump" || fail "$driver: tcpdump has not seen 700 packets"
	wait $dump
	decoded wire
	expect_lines wire 'udp sum ok' 300
	expect_lines wire 'cksum 0x[0-9a-f]{4} \(correct\)' 300
	expect_lines wire '[iI]ncorrect|bad (udp )?cksum|truncated' 0
	expect_lines wire '0x88b5' 100
	note "$driver: the same on the wire"
done

# Streams in tags, MPLS, VXLAN, GRE, with IPv6 extension headers: decoded, forwarded, taken by the kernel.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: gen-encap.sh decoded | kernel | path KIND (a kind of port, or bridge)

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need tcpdump ip
bp_need_driver pcap

# streams: twelve of them, of equal shares.
streams()
{
	cat <<'INI'
[stream.qinq]
encap = qinq:100, vlan:200
size = 72
sport = 1000-1999
[stream.tags]
encap = qinq:101, qinq:7, vlan:201
protocol = tcp6
size = 120
[stream.mpls]
encap = vlan:5, mpls:16, mpls:1048575
size = 100,101
src = 10.1.0.1-10.1.0.9
[stream.mpls6]
encap = mpls:17
protocol = udp6
size = 100
[stream.vxlan4]
encap = vxlan:5000
size = 200,1450
src = 10.2.0.1-10.2.0.9
sport = 1000-1004
inner_src_mac = 02:00:00:00:03:01-02:00:00:00:03:05
[stream.vxlan6]
encap = vlan:9, vxlan:16777215, vlan:11
protocol = tcp6
outer_src = 2001:db8::1-2001:db8::4
outer_dst = 2001:db8::2
size = 220,221
dst = 2001:2:1::1-2001:2:1::ff
dport = 80-90
[stream.gre]
encap = gre:0xdeadbeef
size = 120
protocol = tcp4
outer_src = 192.0.2.1-192.0.2.7
[stream.gre6]
encap = gre
outer_src = 2001:db8::1
protocol = udp6
size = 180
[stream.gretap]
encap = gretap:7
protocol = eth
size = 100
[stream.ext]
protocol = udp6
extensions = hop-by-hop, dest-options
size = 130
dport = 1-500
[stream.frag]
protocol = udp6
extensions = fragment
size = 130
[stream.mplsgre]
encap = mpls:18, gre
size = 130
INI
}

# decode FILE: tcpdump's words, a line per packet, in words.txt.
decode()
{
	tcpdump -r "$1" -nn -e -vvv 2>"$BP_TMP/tcpdump.log" | awk '
		/^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\./ { if (NR > 1) print line; line = $0; next }
		/^[ \t]+0x/ { next }
		{ line = line " " $0 }
		END { print line }' >"$BP_TMP/words.txt"
}

# expect PATTERN COUNT
expect()
{
	_n=$(grep -cE -- "$1" "$BP_TMP/words.txt")
	[ "$_n" -eq "$2" ] || fail "$_n packets match '$1', not $2: $(grep -vE -- "$1" "$BP_TMP/words.txt" | head -3)"
}

# Of each twelve packets one is of each stream: 100 each. tcpdump looks at every checksum that there is.
all_decoded()
{
	[ "$(wc -l <"$BP_TMP/words.txt")" -eq 1200 ] || fail "$(wc -l <"$BP_TMP/words.txt") packets, not 1200"
	expect 'incorrect|[[ ]bad|wrong|[Ii]nvalid|malformed|truncated' 0
	expect '0x88a8\), length 68: vlan 100,.*0x8100\), vlan 200,.*ethertype IPv4.*udp sum ok' 100
	expect '0x88a8\), length 116: vlan 101,.*0x88a8\), vlan 7,.*vlan 201,.*cksum .* \(correct\)' 100
	expect 'vlan 5,.*MPLS \(label 16, tc 0, ttl 64\).*\(label 1048575, tc 0, \[S\], ttl 64\).*udp sum ok' 100
	expect 'MPLS \(label 17, tc 0, \[S\], ttl 64\).*2001:2::1.*udp sum ok' 100
	expect '198.18.1.1.[0-9]+ > 198.19.1.1.4789: \[no cksum\] VXLAN.*vni 5000 .*udp sum ok' 100
	expect 'vlan 9,.*\.4789: \[udp sum ok\] VXLAN.*vni 16777215 .*vlan 11,.*cksum .* \(correct\)' 100
	expect '192.0.2.[1-7] > 198.19.1.1: GREv0.*key=0xdeadbeef, proto IPv4.*cksum .* \(correct\)' 100
	expect '2001:db8::1 > 2001:2:1:1::1: GREv0, Flags \[none\], proto IPv6.*udp sum ok' 100
	expect 'key=0x7, proto TEB .*0x88b5' 100
	expect 'HBH \(padn\) *DSTOPT \(padn\) .*udp sum ok' 100
	expect 'frag \(0x00000001:0\|' 100
	expect 'MPLS \(label 18,.*GREv0, Flags \[none\], proto IPv4.*udp sum ok' 100
	# Inner flows, and the tunnel's source port by them: 45 flows, from 49152 on.
	_ports=$(sed -nE 's/.*198.18.1.1.([0-9]+) > 198.19.1.1.4789.*/\1/p' "$BP_TMP/words.txt" | sort -un)
	[ "$(echo "$_ports" | head -n 1)" -ge 49152 ] || fail "VXLAN's source ports: $_ports"
	[ "$(echo "$_ports" | wc -l)" -ge 40 ] || fail "VXLAN's source ports: $_ports"
	_pairs=$(sed -nE 's/.*198.18.1.1.([0-9]+) > 198.19.1.1.4789.* (02:00:00:00:03:0.) >.* (10.2.0.[0-9]+.[0-9]+) >.*/\1 \2 \3/p' \
		"$BP_TMP/words.txt" | sort -u)
	[ "$(echo "$_pairs" | wc -l)" -eq 45 ] || fail "a flow has several source ports: $_pairs"
}

case_decoded()
{
	{
		printf '[port.out]\ndriver = pcap\nmode = write\ndevice = %s\n' "$BP_TMP/out.pcap"
		printf '[gen]\ntx = out\nrate = max\ncount = 1200\n'
		streams
	} | bp_ini out
	"$BYPATH" gen "$BP_TMP/out.ini" --quiet --json "$BP_TMP/out.json" >"$BP_TMP/out.log" 2>&1 ||
		fail "bypath gen ends with code $?"
	decode "$BP_TMP/out.pcap"
	all_decoded
	bp_expect out 'r["streams"][4]["encap"] == "vxlan:5000" and "encap" not in r["streams"][9]' 'r["streams"]'
	# A receiver finds every one of them again.
	printf '[port.in]\ndriver = pcap\nmode = read\npace = max\ndevice = %s\n[gen]\nrx = in\nduration = 1\n' \
		"$BP_TMP/out.pcap" | bp_ini back
	"$BYPATH" gen "$BP_TMP/back.ini" --quiet --json "$BP_TMP/back.json" >"$BP_TMP/back.log" 2>&1 ||
		fail "the receiver ends with code $?"
	bp_expect back 'r["trial"]["received"] == 1200 and len(r["streams"]) == 12' 'r["trial"]'
	bp_expect back 'not any(r["trial"][k] for k in ("corrupt", "foreign", "lost", "reordered"))' 'r["trial"]'
}

# Through a forwarder: every frame comes out, unchanged, as through the kernel's bridge.
case_path()
{
	for _pair in 'v0 v1' 'v2 v3'; do
		# shellcheck disable=SC2086 # two words
		set -- "$1" $_pair
		ip link add "$2" type veth peer name "$3" || fail "cannot make a veth pair"
		ip link set "$2" up && ip link set "$3" up
	done
	if [ "$1" = bridge ]; then
		ip link add br0 type bridge mcast_snooping 0 && ip link set br0 up || skip "no bridge"
		ip link set v1 master br0
		ip link set v2 master br0
	else
		bp_pair a "$1" v1 "$1" v2
		rm -f "$BP_TMP/a.log"
		"$BYPATH" run "$BP_TMP/a.ini" --quiet --report "$BP_TMP/a.json" >"$BP_TMP/a.log" 2>&1 &
		echo $! >"$BP_TMP/a.pid"
		wait_for 10 grep -q 'forwarding' "$BP_TMP/a.log" || fail "$1 does not start"
	fi
	{
		bp_port left af_packet-mmap v0
		bp_port right af_packet-mmap v3
		printf '[gen]\ntx = left\nrx = right\nrate = 5kpps\ncount = 1200\nduration = 0\nsettle = 5\n'
		streams
	} | bp_ini gen
	rm -f "$BP_TMP/tcpdump-wire.log"
	tcpdump -i v3 -Q in -w "$BP_TMP/wire.pcap" -U -B 16384 -c 1200 ether src 02:00:00:00:01:01 \
		2>"$BP_TMP/tcpdump-wire.log" &
	_dump=$!
	wait_for 5 grep -q listening "$BP_TMP/tcpdump-wire.log" || fail "tcpdump does not start"
	"$BYPATH" gen "$BP_TMP/gen.ini" --quiet --json "$BP_TMP/gen.json" >"$BP_TMP/gen.log" 2>&1 ||
		fail "bypath gen ends with code $?"
	bp_expect gen 'r["trial"]["received"] == 1200 and not r["trial"]["corrupt"]' 'r["trial"]'
	bp_expect gen 'all(s["received"] == s["sent"] == 100 for s in r["streams"])' 'r["streams"]'
	wait_for 5 sh -c "! kill -0 $_dump" || fail "tcpdump has not seen 1200 packets"
	decode "$BP_TMP/wire.pcap"
	all_decoded
	[ "$1" = bridge ] || bp_stop a
}

# taken NAME FAMILY ADDRESS ENCAP-LINE...: 50 datagrams, all of them in a socket of the kernel's own stack,
# which looks at every length and checksum on its way.
taken()
{
	_name=$1 _family=$2 _address=$3
	shift 3
	{
		bp_port out af_packet-mmap v0
		printf '[gen]\ntx = out\nrate = 10kpps\ncount = 50\nduration = 0\n[stream.%s]\n' "$_name"
		printf 'size = 200\ndst = %s\ndport = 4444\n' "$_address"
		printf '%s\n' "$@"
	} | bp_ini "$_name"
	"$BP_PYTHON" - "$_family" >"$BP_TMP/socket.log" 2>&1 <<'PYTHON' &
import socket, sys
s = socket.socket(socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4444))
s.settimeout(30)
print("ready", flush=True)
magic = [s.recv(2000)[:2] == b"\xb9\xa5" for _ in range(50)]
print("all" if all(magic) else "others", flush=True)
PYTHON
	_socket=$!
	wait_for 20 grep -q ready "$BP_TMP/socket.log" || fail "no socket"
	"$BYPATH" gen "$BP_TMP/$_name.ini" --quiet >"$BP_TMP/$_name.log" 2>&1 ||
		fail "$_name: bypath gen ends with code $?"
	wait $_socket
	grep -q all "$BP_TMP/socket.log" || fail "$_name: the kernel does not take all 50: $(nstat -az 2>/dev/null | grep -i err)"
	note "$_name: 50 of 50 in a socket"
}

# device STACK NAME WORDS-OF-ip-link...: with the inner addresses; 1: this kernel has none.
device()
{
	_stack=$1 _device=$2
	shift 2
	ip link add "$_device" "$@" 2>"$BP_TMP/device.log" || {
		note "without $_stack: $(cat "$BP_TMP/device.log")"
		return 1
	}
	[ ! -e "/proc/sys/net/ipv4/conf/$_device/rp_filter" ] ||
		echo 0 >"/proc/sys/net/ipv4/conf/$_device/rp_filter"
	ip link set "$_device" up
}

# The kernel takes label 16 off, and the packet for its own; 1: it has no MPLS.
label()
{
	modprobe -q mpls_router 2>/dev/null
	[ -e /proc/sys/net/mpls/platform_labels ] || {
		note "without mpls: no net.mpls"
		return 1
	}
	echo 100 >/proc/sys/net/mpls/platform_labels
	echo 1 >/proc/sys/net/mpls/conf/v1/input
	ip -f mpls route add 16 dev lo || fail "no route for the label"
}

case_kernel()
{
	ip link add v0 type veth peer name v1 address 02:00:00:00:02:01 || fail "cannot make a veth pair"
	echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
	echo 0 >/proc/sys/net/ipv4/conf/v1/rp_filter
	ip link set v0 up && ip link set v1 up
	ip addr add 198.19.1.1/24 dev v1
	ip -6 addr add 2001:2:1::1/64 dev v1 nodad
	ip -6 addr add 2001:2:1:1::1/64 dev v1 nodad
	ip addr add 10.9.0.1/32 dev lo
	ip route add default dev v1
	ip -6 route add default dev v1

	taken ext 6 2001:2:1::1 'protocol = udp6' 'extensions = hop-by-hop, dest-options, fragment' 'sport = 1000-1049'
	device qinq v1.100 link v1 type vlan proto 802.1ad id 100 && device qinq v1.7 link v1.100 type vlan id 7 &&
		taken qinq 4 10.9.0.1 'encap = qinq:100, vlan:7' 'sport = 1000-1049'
	device vxlan4 vx4 address 02:00:00:00:04:01 type vxlan id 5000 local 198.19.1.1 dstport 4789 &&
		taken vxlan4 4 10.9.0.1 'encap = vxlan:5000' 'src = 10.8.0.1-10.8.0.50'
	device vxlan6 vx6 address 02:00:00:00:04:01 type vxlan id 5001 local 2001:2:1:1::1 dstport 4789 &&
		taken vxlan6 4 10.9.0.1 'encap = vxlan:5001' 'outer_dst = 2001:2:1:1::1' 'outer_src = 2001:db8::1-2001:db8::5' \
			'src = 10.8.0.1-10.8.0.50'
	device gre gre9 type gre local 198.19.1.1 remote 198.18.1.1 key 9 &&
		taken gre 4 10.9.0.1 'encap = gre:9' 'src = 10.8.0.1-10.8.0.50'
	device gretap gt7 address 02:00:00:00:04:01 type gretap local 198.19.1.1 remote 198.18.1.1 key 7 &&
		taken gretap 4 10.9.0.1 'encap = gretap:7' 'src = 10.8.0.1-10.8.0.50'
	device gre6 g6 type ip6gre local 2001:2:1:1::1 remote 2001:2:0:1::1 &&
		taken gre6 6 2001:2:1::1 'protocol = udp6' 'encap = gre' 'outer_dst = 2001:2:1:1::1' 'sport = 1000-1049'
	label && taken mpls 4 10.9.0.1 'encap = mpls:16' 'src = 10.8.0.1-10.8.0.50'
	return 0
}

_case=$1
shift
"case_$_case" "$@"

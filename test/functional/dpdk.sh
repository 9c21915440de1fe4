# Poll-mode drivers of every kind under the dpdk driver, with real traffic between two hosts.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: dpdk.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: dpdk.sh CASE}
LAST=$(($(nproc) - 1))
PAGES=ordinary
bp_lab
bp_need_driver dpdk

# instance NAME CORE KIND INTERFACE DPDK-DEVICE: NAME.ini, a host's wire to a DPDK device.
instance()
{
	{
		printf '[engine]\ncores = %s\n' "$2"
		bp_dpdk_section "$PAGES"
		bp_port wan "$3" "$4"
		printf '[port.lan]\ndriver = dpdk\ndevice = "%s"\n' "$5"
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini "$1"
}

traffic()
{
	bp_wait_forwarding 20
	tcp_ok
	http_ok 4
}

case $CASE in
testpmd)
	# DPDK's own forwarder joins two bypath processes: h1 - a - testpmd - b - h2.
	need dpdk-testpmd
	ip netns exec mid dpdk-testpmd --lcores="0@(0-$LAST),1@(0-$LAST)" --no-huge --no-shconf \
		-m 64 --no-pci --no-telemetry \
		--vdev=net_memif0,role=server,socket=/run/t/m0 \
		--vdev=net_memif1,role=server,socket=/run/t/m1 \
		-- --forward-mode=io --total-num-mbufs=4096 --stats-period 1 --auto-start \
		>"$BP_TMP/testpmd.log" 2>&1 &
	wait_for 10 grep -q 'Port statistics' "$BP_TMP/testpmd.log" || fail "testpmd does not start"
	instance a 0 af_packet-mmap w0 net_memif0,role=client,socket=/run/t/m0
	instance b "$LAST" af_packet-mmap w1 net_memif0,role=client,socket=/run/t/m1
	bp_start a
	bp_start b
	traffic
	bp_stop a
	bp_stop b
	;;
queues)
	# Two queues and two workers on either end of a memif wire.
	for end in "a server w0" "b client w1"; do
		# shellcheck disable=SC2086 # words
		set -- $end
		{
			printf '[engine]\nworkers = 2\n'
			bp_dpdk_section
			bp_port wan af_packet-mmap "$3"
			printf 'queues = 2\n[port.lan]\ndriver = dpdk\nqueues = 2\n'
			printf 'device = "net_memif0,role=%s,socket=/run/t/mq"\n' "$2"
			printf '[forward]\nwan = lan\nlan = wan\n'
		} | bp_ini "$1"
		bp_start "$1"
	done
	traffic
	tcp_ok 64 -P 8
	bp_stop b
	bp_stop a
	bp_expect a "len(r['workers']) == 2" "r['workers']"
	;;
vhost | vhost-hugepages)
	if [ "$CASE" = vhost-hugepages ]; then
		bp_huge_reserve 96
		PAGES=huge
	fi
	instance a 0 af_packet-mmap w0 net_vhost0,iface=/run/t/vhost
	instance b "$LAST" af_packet-mmap w1 net_virtio_user0,path=/run/t/vhost
	bp_start a
	wait_for 10 test -S /run/t/vhost || fail "net_vhost makes no socket"
	bp_start b
	traffic
	bp_stop b
	bp_stop a
	;;
tap)
	# h2's wire ends at an interface that the PMD makes: the kernel's bridge joins them.
	instance a 0 af_packet-mmap w0 net_tap0,iface=dtap0
	bp_start a
	wait_for 10 ip -n mid link show dtap0 || fail "net_tap makes no interface"
	ip -n mid link add br0 type bridge
	ip -n mid link set br0 up
	ip -n mid link set w1 master br0
	ip -n mid link set dtap0 master br0
	ip -n mid link set dtap0 up
	traffic
	bp_stop a
	;;
af_xdp)
	instance a 0 af_packet-mmap w0 net_af_xdp0,iface=w1
	bp_start a
	traffic
	bp_stop a
	;;
pcap)
	# Frames longer than an mbuf arrive as chains of segments. This PMD sends none: they are
	# copied once into an mbuf that holds them.
	{
		bp_dpdk_section
		printf '[memory]\nframe_bytes = 4096\n'
		printf '[port.make]\ndriver = null\nframe_bytes = 3500\ncount = 1000\n'
		printf '[port.file]\ndriver = dpdk\ndevice = "net_pcap0,tx_pcap=/run/t/out.pcap"\n'
		printf 'mtu = 4000\n'
		printf '[forward]\nmake = file\n'
	} | bp_ini a
	bp_start a --duration 2
	bp_exit a 10 || fail "writing ends with code $?"
	bp_expect a "sent_pkts('file') == 1000 and sent_bytes('file') == 3500000" "summary()"
	{
		bp_dpdk_section
		printf '[port.file]\ndriver = dpdk\n'
		printf 'device = "net_pcap0,rx_pcap=/run/t/out.pcap,tx_pcap=/run/t/drop.pcap"\n'
		printf '[port.again]\ndriver = dpdk\ndevice = "net_pcap1,tx_pcap=/run/t/again.pcap"\n'
		printf 'mtu = 4000\n'
		printf '[forward]\nfile = again\n'
	} | bp_ini b
	bp_start b --duration 2
	bp_exit b 10 || fail "reading ends with code $?"
	bp_expect b "pkts('file', 'again') == 1000" "summary()"
	bp_expect b "copies('file', 'again') == 1000" "path('file', 'again')"
	bp_expect b "sent_bytes('again') == 3500000" "summary()"
	# The same frames, whatever their time stamps (24 bytes of file header, 16 per record).
	"$BP_PYTHON" - "$BP_TMP/out.pcap" "$BP_TMP/again.pcap" <<-'EOT' || fail "frames differ"
		import sys
		def frames(path):
		    data = open(path, "rb").read()
		    at, found = 24, []
		    while at < len(data):
		        n = int.from_bytes(data[at + 8:at + 12], "little")
		        found.append(data[at + 16:at + 16 + n])
		        at += 16 + n
		    return found
		a, b = (frames(path) for path in sys.argv[1:])
		sys.exit(not (len(a) == 1000 and a == b))
	EOT
	;;
hugepages)
	# EAL's memory on hugepages of its own, without a mounted hugetlbfs.
	bp_huge_reserve 32
	{
		printf '[dpdk]\nmemory = 32\n[memory]\nhugepages = no\n'
		printf '[port.a]\ndriver = dpdk\ndevice = "net_null0,size=60"\n'
		printf '[port.b]\ndriver = dpdk\ndevice = "net_null1"\n'
		# As the PMD reads numbers: mbufs that are too short for what it copies overlap.
		printf '[port.c]\ndriver = dpdk\ndevice = "net_null2,size=0x5dc,copy=1"\n'
		printf '[port.d]\ndriver = dpdk\ndevice = "net_null3,size=20,size=1500"\n'
		printf '[forward]\na = b\nc = d\nd = c\n'
	} | bp_ini a
	bp_start a --duration 1
	bp_exit a 10
	code=$?
	[ $code -eq 0 ] || fail "ends with code $code"
	bp_expect a "sent_pkts('b') > 1000000 and sent_bytes('c') == 1500 * sent_pkts('c') > 0" \
		"summary()"
	bp_expect a "sent_bytes('d') == 1500 * sent_pkts('d') > 0" "summary()"
	grep -q 'mbufs in pages of 2 MiB' "$BP_TMP/a.log" || fail "the page size is not reported"
	bp_law a
	;;
*)
	fail "no such case: $CASE"
	;;
esac

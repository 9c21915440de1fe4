# What the machine refuses: each refusal ends with exit code 1 and a message that says what to do.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: refusals.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: refusals.sh CASE}
bp_lab mtu=1500

# pair DRIVER DEVICE [LINE...]: one port of interest, and a sink.
pair()
{
	bp_need_driver "$1"
	_driver=$1 _device=$2
	shift 2
	{
		for _line in "$@"; do
			echo "$_line"
		done
		[ "$_driver" != dpdk ] || [ -n "${OWN_DPDK-}" ] || bp_dpdk_section
		printf '[port.wan]\ndriver = %s\ndevice = "%s"\n' "$_driver" "$_device"
		printf '[port.sink]\ndriver = null\n[forward]\nwan = sink\n'
	} | bp_ini a
}

# refused PATTERN [WRAPPER...]: a run ends by itself with code 1, and says PATTERN (the object) as
# well as a remedy; no crash, no half-started rest.
refused()
{
	_pattern=$1
	shift
	timeout -s KILL $((20 * BP_SLOW)) ip netns exec mid "$@" "$BYPATH" run "$BP_TMP/a.ini" \
		--duration 1 --report "$BP_TMP/a.json" >"$BP_TMP/a.log" 2>&1
	_code=$?
	[ $_code -eq 1 ] || fail "exit code $_code instead of 1"
	grep -qiE "$_pattern" "$BP_TMP/a.log" || fail "no message matches: $_pattern"
	! grep -qE 'ERROR: AddressSanitizer|runtime error' "$BP_TMP/a.log" || fail "sanitizer report"
	note "$(grep -iE "$_pattern" "$BP_TMP/a.log" | head -n 1)"
}

# accepted [WRAPPER...]: what the run does not need may be missing: it forwards.
accepted()
{
	timeout -s KILL $((20 * BP_SLOW)) ip netns exec mid "$@" "$BYPATH" run "$BP_TMP/a.ini" \
		--duration 1 --report "$BP_TMP/a.json" >"$BP_TMP/a.log" 2>&1 ||
		fail "exit code $? instead of 0"
	bp_law a
}

# nobody COMMAND...: without any privilege.
nobody()
{
	refused "$1" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all
}

case $CASE in
no-ethernet-*)
	# A tunnel of IP packets: what stands where MAC addresses would stand is an IP header.
	ip -n mid tuntap add dev ipt0 mode tun 2>"$BP_TMP/tun.log" || skip "no /dev/net/tun"
	ip -n mid link set ipt0 up
	case $CASE in
	*-af_packet) pair af_packet ipt0 ;;
	*-af_xdp) pair af_xdp ipt0 "[memory]" "frames = 4096" ;;
	*-pcap) pair pcap ipt0 && sed -i '/^device = "ipt0"/a mode = live' "$BP_TMP/a.ini" ;;
	*-dpdk) pair dpdk net_af_packet0,iface=ipt0 ;;
	esac
	refused 'ipt0.*(Ethernet|DLT_EN10MB|link type)'
	[ "$CASE" = no-ethernet-dpdk ] && exit 0
	in_mid "$BYPATH" check "$BP_TMP/a.ini" >"$BP_TMP/check.log" 2>&1 && fail "check says ok"
	grep -q 'ipt0.*Ethernet' "$BP_TMP/check.log" || fail "check does not say why"
	;;
no-interface-*)
	driver=${CASE#no-interface-}
	device=nowhere0
	[ "$driver" != dpdk ] || device=net_af_packet0,iface=nowhere0
	pair "$driver" $device
	[ "$driver" != pcap ] || echo "mode = live" | sed -i '/driver = pcap/r /dev/stdin' "$BP_TMP/a.ini"
	refused 'wan.*nowhere0|nowhere0.*wan'
	grep -qiE 'ip link|there are |does not exist' "$BP_TMP/a.log" || fail "no remedy"
	;;
bad-pci)
	pair dpdk 0000:ff:1f.7
	refused 'wan.*0000:ff:1f\.7|0000:ff:1f\.7.*wan'
	;;
no-permission-*)
	driver=${CASE#no-permission-}
	need setpriv
	device=w0
	[ "$driver" != tap ] || device=tap9
	[ "$driver" != dpdk ] || device=net_af_packet0,iface=w0
	pair "$driver" "$device"
	[ "$driver" != pcap ] || echo "mode = live" | sed -i '/driver = pcap/r /dev/stdin' "$BP_TMP/a.ini"
	# The folders above the program may be closed to others.
	mkdir -p /run/open/src/cli /run/open/drivers/modules
	cp "$BYPATH" /run/open/src/cli/bypath
	cp "$(dirname "$BYPATH")"/../../drivers/modules/*.so /run/open/drivers/modules/ 2>/dev/null
	chmod -R a+rX /run/open "$BP_TMP"
	chmod a+rwx "$BP_TMP"
	rm -f "$BP_TMP/a.json"
	BYPATH=/run/open/src/cli/bypath
	nobody 'root|CAP_|permission|permitted|privilege'
	;;
no-hugepages)
	# More than any machine of the test has: 16 GiB of hugepages.
	pair af_packet w0 "[memory]" "frames = 4194304" "frame_bytes = 4096" "hugepages = yes"
	refused 'nr_hugepages|hugepages'
	grep -qE 'nr_hugepages|hugepages = (no|auto)' "$BP_TMP/a.log" || fail "no remedy"
	;;
no-hugepages-dpdk)
	OWN_DPDK=yes
	pair dpdk net_null0 "[dpdk]" "memory = 65536"
	refused 'no_huge|hugepages'
	grep -qE 'no_huge = yes' "$BP_TMP/a.log" || fail "no remedy"
	;;
no-bpffs)
	pair af_xdp w0
	# `ip netns exec` shows a fresh /sys, where nothing is mounted on /sys/fs/bpf.
	[ "$(in_mid stat -f -c %T /sys/fs/bpf)" != bpf_fs ] || fail "bpffs is mounted"
	accepted
	;;
no-hugetlbfs)
	pair dpdk net_null0
	while umount /dev/hugepages 2>/dev/null; do :; done
	! grep -q hugetlbfs /proc/mounts || umount -a -t hugetlbfs
	accepted
	;;
memlock)
	need setpriv prlimit
	pair af_xdp w0
	# Neither the capability to lock without limit nor that to raise the limit.
	refused 'memlock|ulimit -l|CAP_IPC_LOCK' prlimit --memlock=65536:65536 \
		setpriv --bounding-set=-sys_resource,-ipc_lock --inh-caps=-sys_resource,-ipc_lock
	;;
setrlimit)
	need setpriv prlimit
	# A driver that locks no memory does not care.
	pair af_packet w0
	accepted prlimit --memlock=65536:65536 \
		setpriv --bounding-set=-sys_resource,-ipc_lock --inh-caps=-sys_resource,-ipc_lock
	;;
foreign-xdp-*)
	program=${BP_TOOLS:-build/test/functional/tools}/xdp_pass.bpf.o
	[ -s "$program" ] || skip "no foreign program: this build has no clang, bpftool or libbpf"
	hook=${CASE#foreign-xdp-}
	ip -n mid link set w0 "$hook" obj "$program" sec xdp 2>"$BP_TMP/ip.log" ||
		fail "cannot attach the foreign program"
	pair af_xdp w0
	refused 'w0.*XDP program|XDP program.*w0|another XDP'
	grep -qE 'ip link set|xdp off' "$BP_TMP/a.log" || fail "no remedy"
	# The other's program is still there.
	ip -n mid -d link show w0 | grep -q 'prog/xdp' || fail "the foreign program is gone"
	;;
*)
	fail "no such case: $CASE"
	;;
esac

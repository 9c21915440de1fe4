# TCP with the hosts' default offloads, plain and in VXLAN, byte by byte through each function, between every two
# backends.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: carried.sh CASE,… KIND…
#
#   h1, h2: KIND 1, h3, h4: KIND 2, …, all behind one switch, whose ports' chains have the function of the case. memif and
#   vhost: the host is behind a second process, the other end of the port. bridge as the only KIND: the kernel's, as the
#   control.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/functional/transfer.sh
. "$BP_HERE/transfer.sh"

CASES=${1:?usage: carried.sh CASE,… KIND…}
shift
KINDS=$*
LAST=$(($(nproc) - 1))
bp_lab

# each COMMAND: COMMAND N KIND for each host.
each()
{
	_number=1
	for _kind in $KINDS; do
		"$@" $_number "$_kind"
		# Such a device has one name: one host.
		is_far "$_kind" || "$@" $((_number + 1)) "$_kind"
		_number=$((_number + 2))
	done
}

is_far()
{
	[ "$1" = memif ] || [ "$1" = vhost ]
}

# h1 and h2 are of the lab.
make_host()
{
	[ "$1" -le 2 ] || bp_host "h$1" "w$(($1 - 1))" "10.77.0.$1/24"
}

# The tunnel's end in a host: all of them are in one VXLAN, whose floods are multicast of the outer network.
tunnel()
{
	ip -n "h$1" link add tun9 type vxlan id 5 group 239.0.0.5 dev e0 dstport 4789 udpcsum 2>/dev/null ||
		skip "this kernel has no vxlan"
	ip -n "h$1" addr add "10.79.0.$1/24" dev tun9
	ip -n "h$1" route replace 224.0.0.0/4 dev e0
	ip -n "h$1" link set tun9 up
}

port()
{
	case $2 in
	tap) bp_port "p$1" tap "t$1" ;;
	memif) bp_port "p$1" dpdk-memif-server /run/t/memif ;;
	vhost) bp_port "p$1" dpdk-vhost /run/t/vhost ;;
	*) bp_port "p$1" "$2" "w$(($1 - 1))" ;;
	esac
}

# Between such a port and its host's wire.
far_port()
{
	case $2 in
	memif) bp_port "far$1" dpdk-memif-client /run/t/memif ;;
	vhost) bp_port "far$1" dpdk-virtio_user /run/t/vhost ;;
	*) return 0 ;;
	esac
	bp_port "wire$1" af_packet-mmap "w$(($1 - 1))"
}

far_chain()
{
	! is_far "$2" || printf 'far%s = wire%s\nwire%s = far%s\n' "$1" "$1" "$1" "$1"
}

# The process with the far ends.
start_far()
{
	case $KINDS in
	*vhost*) wait_for 10 test -S /run/t/vhost || fail "net_vhost makes no socket" ;;
	esac
	{
		printf '[engine]\ncores = %s\n' "$LAST"
		bp_dpdk_section
		each far_port
		echo '[forward]'
		each far_chain
	} | bp_ini b
	bp_start b --quiet
	wait_for 30 started b
	# What the other end takes is known a little later than that it is there.
	case $KINDS in
	*vhost*) wait_for 10 grep -q 'its peer takes' "$BP_TMP/a.log" || fail "a does not say what its peer takes" ;;
	esac
}

# A tap is in the place of its host's wire; both ends of it are new in every run.
plug()
{
	[ "$2" = tap ] || return 0
	plug_tap "$1"
	ip -n "h$1" addr add "10.77.0.$1/24" dev e0
}

unplug()
{
	[ "$2" != tap ] || unplug_tap "$1"
	ip -n "h$1" link del tun9 2>/dev/null
}

# chain N KIND: the path of that port.
chain()
{
	echo "p$1 = ${CHAIN}sw"
}

numbered()
{
	printf '%s:%s ' "$1" "$2"
}

# An access port of VLAN 10 has each first host. Each second one is behind a trunk of the same kind, an own wire, and a
# port that takes the tag off: x ═ y.
trunk()
{
	[ $(($1 % 2)) = 0 ] || {
		ACCESS="$ACCESS${ACCESS:+, }p$1:10"
		return 0
	}
	_wire=$2
	[ "$2" != tap ] || _wire=af_packet-mmap
	ip -n mid link add name "x$1" type veth peer name "y$1" || fail "cannot make a veth pair"
	ip -n mid link set "x$1" up
	ip -n mid link set "y$1" up
	{
		bp_port "x$1" "$_wire" "x$1"
		bp_port "y$1" "$_wire" "y$1"
	} | sed '/^driver = dpdk/a ring_size = 256' >>"$BP_TMP/wires" # EAL's memory
	TRUNK="$TRUNK${TRUNK:+, }x$1:10"
}

trunk_chain()
{
	if [ $(($1 % 2)) = 1 ]; then
		echo "p$1 = sw"
	else
		printf 'x%s = sw\ny%s = pop, p%s\np%s = push, y%s\n' "$1" "$1" "$1" "$1" "$1"
	fi
}

# ini SECTIONS [PATHS-OF]: a.ini, with these functions beside sw.
ini()
{
	{
		printf '[engine]\ncores = 0\n[memory]\nframes = 32768\nhugepages = no\n'
		case $KINDS in
		*dpdk-* | *memif* | *vhost*) bp_dpdk_section | sed 's|^memory = .*|memory = 1024|' ;;
		esac
		each port
		[ ! -s "$BP_TMP/wires" ] || cat "$BP_TMP/wires"
		printf '%s\n[forward]\n' "$1"
		each "${2:-chain}"
	} | bp_ini a
}

# mon N KIND: a port of that kind for copies, at hN.
mon()
{
	[ -e "/run/netns/h$1" ] || bp_host "h$1" "w$(($1 - 1))" "10.77.0.$1/24"
	MONITORS="$MONITORS mon:$1:$2"
	bp_port "mon$1" "$2" "w$(($1 - 1))" >>"$BP_TMP/wires"
	MIRRORS="${MIRRORS}[function.m$1]
type = mirror
to = mon$1
"
	CHAIN="${CHAIN}m$1, "
}

# make_ini CASE
make_ini()
{
	CHAIN='' ACCESS='' TRUNK='' MIRRORS='' MONITORS=''
	rm -f "$BP_TMP/wires"
	_sw='[function.sw]
type = switch'
	case $1 in
	switch) ini "$_sw" ;;
	filter)
		printf 'drop tcp dst port 9\npass udp dst port 4789\npass tcp dst port 7000\npass tcp src port 7000\npass arp\npass igmp\ndrop ip\n' \
			>"$BP_TMP/edge.rules"
		CHAIN="edge, "
		ini "$_sw
[function.edge]
type = filter
rules = $BP_TMP/edge.rules"
		;;
	mirror)
		# One that takes super-frames and partial checksums, two for which copies are completed and cut.
		mon 101 af_packet-mmap
		mon 102 af_xdp-skb
		mon 103 pcap-live
		ini "$_sw
$MIRRORS"
		;;
	meter)
		CHAIN="slow, "
		ini "$_sw
[function.slow]
type = meter
rate = 2gbps
burst = 512k"
		;;
	vlan)
		CHAIN="push, rewrite, pop, "
		ini "$_sw
[function.push]
type = vlan
action = push
id = 10
[function.rewrite]
type = vlan
action = rewrite
id = 10
to = 20
priority = 5
[function.pop]
type = vlan
action = pop
ids = 20"
		;;
	trunk)
		each trunk
		ini "$_sw
access = $ACCESS
trunk = $TRUNK
[function.push]
type = vlan
action = push
id = 10
[function.pop]
type = vlan
action = pop
ids = 10" trunk_chain
		;;
	# There and back: a frame with its addresses swapped is for its sender. What is swapped once: tunnels.sh.
	macswap)
		CHAIN="back, again, "
		ini "$_sw
[function.back]
type = macswap
[function.again]
type = macswap"
		;;
	*) fail "no such case: $1" ;;
	esac
}

# started NAME: it forwards.
started()
{
	bp_alive "$1" || fail "$1 does not start"
	grep -q 'info: forwarding' "$BP_TMP/$1.log"
}

# transfers CASE: between the hosts as they are now.
transfers()
{
	each tunnel
	# shellcheck disable=SC2046,SC2086 # words
	"$BP_PYTHON" "$BP_HERE/carried.py" $((20 * BP_SLOW)) "$1" $(each numbered) $MONITORS >"$BP_TMP/carried.txt" 2>&1 ||
		fail "$1: $(cat "$BP_TMP/carried.txt")"
	note "$1: $(tail -n 1 "$BP_TMP/carried.txt")"
}

# carry CASE
carry()
{
	make_ini "$1"
	bp_start a --quiet
	wait_for 30 started a || fail "a does not forward"
	case $KINDS in
	*memif* | *vhost*) start_far ;;
	esac
	each plug
	transfers "$1"
	[ ! -e "$BP_TMP/b.pid" ] || bp_stop b
	bp_stop a
	note "$(bp_get a 'summary()')"
	bp_expect a 'all(f["counted"]["packets"] > 400 for f in r["functions"])' 'r["functions"]'
	each unplug
}

MONITORS=''
for driver in af_xdp dpdk pcap; do
	case $KINDS in
	*$driver-*) bp_need_driver $driver ;;
	esac
done
case $KINDS in
*memif* | *vhost*) bp_need_driver dpdk ;;
esac
each make_host
if [ "$KINDS" = bridge ]; then
	ip -n mid link add name br0 type bridge || skip "no bridge"
	ip -n mid link set w0 master br0
	ip -n mid link set w1 master br0
	ip -n mid link set br0 up
	transfers "$CASES"
	exit 0
fi
for case in $(echo "$CASES" | tr , ' '); do
	carry "$case"
done

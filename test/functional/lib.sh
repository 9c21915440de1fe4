# Private namespaces, the two-host lab, the life of bypath processes, checks: sourced by every test.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   h1 10.77.0.1 [e0]═══[w0] mid: bypath [w1]═══[e0] h2 10.77.0.2
#
# A background process is started by `ip netns exec` itself: a function in the background is a shell,
# and a signal to it reaches nobody else.
#
# Sourcing it starts the script again in namespaces of its own (mounts, network, processes), which
# die with it however it dies: nothing needs to be cleaned up, and nothing can leak. $BP_TMP is a
# folder in memory that vanishes the same way.

set -u

# --- results -----------------------------------------------------------------------------------

# End the test as skipped. The line is what `./quickstart test` shows and test/expected-skips matches.
skip()
{
	echo "SKIP: $*"
	exit 77
}

# End the test as failed, with every process's last words.
fail()
{
	echo "FAIL: $*" >&2
	for log in "$BP_TMP"/*.log; do
		[ -s "$log" ] || continue
		echo "--- ${log##*/}" >&2
		tail -n "${BP_LOG_LINES:-40}" "$log" >&2
	done
	exit 1
}

note()
{
	echo "# $*"
}

# need TOOL...: skip unless all are installed.
need()
{
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "no $tool: install it (see ./quickstart)"
	done
}

# --- the private machine ------------------------------------------------------------------------

if [ -z "${BP_PRIVATE-}" ]; then
	BP_TMP=/nonexistent
	[ "$(id -u)" = 0 ] || skip "not root: namespaces and raw sockets need it"
	need unshare ip
	unshare --mount --net --pid --fork --mount-proc true 2>/dev/null ||
		skip "unshare refused: this machine allows no private namespaces"
	# Under nohup, signals would be ignored from the start, and no shell can change that.
	BP_PRIVATE=1 exec env --default-signal unshare --mount --net --pid --fork --kill-child \
		--mount-proc sh "$0" "$@"
fi

BYPATH=${BYPATH:-${BYPATH_BUILD_ROOT:-build}/src/cli/bypath}
BP_HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # for the scripts
BP_SOURCE=${BYPATH_SOURCE_ROOT:-$(cd "$BP_HERE/../.." && pwd)}
BP_PYTHON=/usr/bin/python3
# A private /run: `ip netns`, DPDK's runtime files and memif sockets all live below it.
mount -t tmpfs -o mode=755,size=1g bypath-test /run || { echo "cannot mount a tmpfs" >&2; exit 1; }
BP_TMP=/run/t
mkdir -p "$BP_TMP" /run/netns
ip link set lo up
trap 'exit 130' INT TERM

# Sanitizers make everything several times slower: limits in seconds are multiplied by this.
case ${BYPATH_SANITIZE:-none} in
none) BP_SLOW=1 ;;
*) BP_SLOW=4 ;;
esac

# wait_for SECONDS COMMAND...: repeat until it succeeds; 1 when the time is up: after fifty tries a second, and, where a try takes
# long (a ping that nobody answers), after three times the seconds, ten tries at least.
wait_for()
{
	_wait_left=$(($1 * BP_SLOW * 50)) _wait_tries=0
	read -r _wait_at _ </proc/uptime
	_wait_end=$((${_wait_at%.*} + 3 * $1 * BP_SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		_wait_left=$((_wait_left - 1)) _wait_tries=$((_wait_tries + 1))
		read -r _wait_at _ </proc/uptime
		[ "$_wait_left" -gt 0 ] || return 1
		[ $_wait_tries -lt 10 ] || [ "${_wait_at%.*}" -le "$_wait_end" ] || return 1
		sleep 0.02
	done
}

# bp_build FOLDER: ninja there, with which tests beside this one come first.
bp_build()
{
	setsid --wait "$BP_SOURCE/test/behind.sh" 5 ninja -C "$1"
}

# --- the lab ------------------------------------------------------------------------------------

in_h1()
{
	ip netns exec h1 "$@"
}

in_h2()
{
	ip netns exec h2 "$@"
}

in_mid()
{
	ip netns exec mid "$@"
}

# bp_mac hN: its MAC address.
bp_mac()
{
	printf '02:00:00:00:00:%02x' "${1#h}"
}

# bp_wire HOST WIRE ADDRESS/BITS: (again) the veth pair of one host, with the lab's settings. The
# host keeps its MAC address, so that nobody's neighbour table is wrong afterwards.
bp_wire()
{
	ip -n "$1" link add e0 address "$(bp_mac "$1")" mtu "$LAB_MTU" numtxqueues "$LAB_QUEUES" numrxqueues "$LAB_QUEUES" \
		type veth peer name "$2" netns mid mtu "$LAB_MTU" \
		numtxqueues "$LAB_QUEUES" numrxqueues "$LAB_QUEUES" || fail "cannot make a veth pair"
	ip -n "$1" addr add "$3" dev e0
	bp_asks_soon "$1"
	if [ "$LAB_OFFLOADS" = off ]; then
		ip netns exec "$1" ethtool -K e0 tx off tso off gso off gro off sg off \
			>/dev/null 2>&1 || fail "ethtool -K e0: cannot turn offloads off"
	fi
	# What XDP redirects to a veth its peer takes with GRO on; and it passes on what is not complete.
	[ "${KIND-}" != kernel-xdp ] || ip netns exec "$1" ethtool -K e0 gro on tx off >/dev/null 2>&1 ||
		fail "ethtool -K e0 gro on tx off"
	ip -n mid link set "$2" up
	ip -n "$1" link set e0 up
}

# bp_asks_soon HOST: on its e0 it asks for a neighbour again after a tenth of a second, for as long in all
# as hosts do.
bp_asks_soon()
{
	for _family in 4 6; do
		ip netns exec "$1" sysctl -qw net.ipv$_family.neigh.e0.retrans_time_ms=100 \
			net.ipv$_family.neigh.e0.mcast_solicit=30 \
			net.ipv$_family.neigh.e0.ucast_solicit=30 2>/dev/null
	done
}

# bp_host NAME WIRE ADDRESS/BITS: a namespace with its wire to mid.
bp_host()
{
	ip netns add "$1" || fail "ip netns add $1"
	bp_quiet "$1"
	bp_wire "$1" "$2" "$3"
}

# Only the traffic of the test on the wires.
bp_quiet()
{
	ip -n "$1" link set lo up
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
}

# bp_ends NAME...: wires from here, NAME0, into mid, NAME1: a generator's ends and those of the device under test.
bp_ends()
{
	need ip
	ip netns add mid || fail "ip netns add mid"
	bp_quiet mid
	sysctl -qw net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
	for _end in "$@"; do
		ip link add "${_end}0" type veth peer name "${_end}1" netns mid || fail "cannot make a veth pair"
		ip link set "${_end}0" up
		ip -n mid link set "${_end}1" up
	done
}

# bp_lab [mtu=1500] [queues=1] [offloads=on] [pairs=1]: hosts h1 and h2 with mid between them;
# pairs=2: h3 (10.77.1.3 on w2) and h4 (10.77.1.4 on w3) as well.
bp_lab()
{
	need ip ethtool ping
	LAB_MTU=1500 LAB_QUEUES=1 LAB_OFFLOADS=on LAB_PAIRS=1
	for _arg in "$@"; do
		case $_arg in
		mtu=*) LAB_MTU=${_arg#*=} ;;
		queues=*) LAB_QUEUES=${_arg#*=} ;;
		offloads=*) LAB_OFFLOADS=${_arg#*=} ;;
		pairs=*) LAB_PAIRS=${_arg#*=} ;;
		*) fail "bp_lab: unknown option $_arg" ;;
		esac
	done
	ip netns add mid || fail "ip netns add mid"
	bp_quiet mid
	bp_host h1 w0 10.77.0.1/24
	bp_host h2 w1 10.77.0.2/24
	[ "$LAB_PAIRS" = 1 ] || {
		bp_host h3 w2 10.77.1.3/24
		bp_host h4 w3 10.77.1.4/24
	}
}

# --- bypath -------------------------------------------------------------------------------------

# bp_ini NAME: standard input becomes the configuration $BP_TMP/NAME.ini.
bp_ini()
{
	cat >"$BP_TMP/$1.ini"
}

# bp_dpdk_section [huge]: a [dpdk] section, with EAL on ordinary pages, or on hugepages that the
# caller has seen to (bp_huge_reserve).
# shellcheck disable=SC2120 # an optional argument
bp_dpdk_section()
{
	echo "[dpdk]"
	if [ "${1-}" = huge ]; then
		echo "memory = 48"
	else
		printf 'no_huge = yes\nmemory = 256\n'
	fi
}

# bp_huge_reserve PAGES: see to so many free hugepages of 2 MiB; bp_huge_release gives them back.
bp_huge_reserve()
{
	BP_HUGE_BEFORE=$(cat /proc/sys/vm/nr_hugepages)
	trap 'bp_huge_release; exit 130' INT TERM
	trap bp_huge_release EXIT
	_free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)
	[ "$_free" -ge "$1" ] || echo $((BP_HUGE_BEFORE + $1 - _free)) >/proc/sys/vm/nr_hugepages
	_free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)
	[ "$_free" -ge "$1" ] || skip "no $1 hugepages of 2 MiB to be had"
}

bp_huge_release()
{
	[ -z "${BP_HUGE_BEFORE-}" ] || echo "$BP_HUGE_BEFORE" >/proc/sys/vm/nr_hugepages
}

# bp_driver_missing NAME: why this build lacks the driver; nothing when it has it.
bp_driver_missing()
{
	[ -s "$BP_TMP/drivers.json" ] ||
		"$BYPATH" drivers --json >"$BP_TMP/drivers.json" 2>"$BP_TMP/drivers.log" ||
		fail "bypath drivers --json fails"
	bp_get drivers "next((d['reason'] or '' for d in r['drivers'] if d['name'] == '$1'), \
		'unknown driver')" || fail "bypath drivers --json: unexpected form"
}

# bp_need_driver NAME: skip unless this build has it.
bp_need_driver()
{
	_why=$(bp_driver_missing "$1") || exit 1
	[ -z "$_why" ] || skip "driver $1 is not in this build: $_why"
}

# bp_port NAME KIND INTERFACE: a [port.NAME] section; KIND is DRIVER-MODE. For dpdk-memif-* the
# third word is the socket.
bp_port()
{
	echo "[port.$1]"
	case $2 in
	af_packet-send) printf 'driver = af_packet\ndevice = %s\ntx = send\n' "$3" ;;
	af_packet-*) printf 'driver = af_packet\ndevice = %s\nmode = %s\n' "$3" "${2#*-}" ;;
	af_xdp-skb) printf 'driver = af_xdp\ndevice = %s\nmode = skb\nstrict = yes\n' "$3" ;;
	af_xdp-native) printf 'driver = af_xdp\ndevice = %s\nmode = copy\nstrict = yes\n' "$3" ;;
	dpdk-af_packet) printf 'driver = dpdk\ndevice = "net_af_packet_%s,iface=%s"\n' "$3" "$3" ;;
	dpdk-af_xdp) printf 'driver = dpdk\ndevice = "net_af_xdp_%s,iface=%s"\n' "$3" "$3" ;;
	dpdk-pcap) printf 'driver = dpdk\ndevice = "net_pcap_%s,iface=%s"\n' "$3" "$3" ;;
	dpdk-tap) printf 'driver = dpdk\ndevice = "net_tap_%s,iface=%s"\n' "$3" "$3" ;;
	dpdk-memif-*)
		printf 'driver = dpdk\ndevice = "net_memif0,role=%s,socket=%s"\n' "${2##*-}" "$3"
		;;
	dpdk-vhost) printf 'driver = dpdk\ndevice = "net_vhost0,iface=%s"\n' "$3" ;;
	dpdk-virtio_user) printf 'driver = dpdk\ndevice = "net_virtio_user0,path=%s"\n' "$3" ;;
	kernel-*) printf 'driver = kernel\ndevice = %s\nmode = %s\nstrict = yes\n' "$3" "${2#*-}" ;;
	pcap-live) printf 'driver = pcap\ndevice = %s\nmode = live\n' "$3" ;;
	tap) printf 'driver = tap\ndevice = %s\n' "$3" ;;
	*) fail "no such kind of port: $2" ;;
	esac
}

# bp_pair NAME KIND DEVICE KIND DEVICE [SECTION-LINE...]: NAME.ini with ports wan and lan, forwarding
# both ways; further lines stand before the port sections.
bp_pair()
{
	_ini=$1 _kind_a=$2 _device_a=$3 _kind_b=$4 _device_b=$5
	shift 5
	for _driver in af_xdp dpdk kernel pcap; do
		case $_kind_a$_kind_b in
		*$_driver-*) bp_need_driver $_driver ;;
		esac
	done
	{
		for _line in "$@"; do
			echo "$_line"
		done
		case $_kind_a$_kind_b in
		*dpdk-*) bp_dpdk_section ;;
		esac
		bp_port wan "$_kind_a" "$_device_a"
		bp_port lan "$_kind_b" "$_device_b"
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini "$_ini"
}

# bp_null_pair NAME [LINE...]: NAME.ini, a source and a sink without a device. The lines are of port a, and
# may open further sections.
bp_null_pair()
{
	_ini=$1
	shift
	{
		printf '[port.a]\ndriver = null\n'
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[port.b]\ndriver = null\n[forward]\na = b\n'
	} | bp_ini "$_ini"
}

# bp_eal_pair NAME DEVICE [LINE...]: NAME.ini, a DPDK device beside null, forwarding both ways, with an
# arena that takes no hugepages. The lines are of the section [dpdk].
bp_eal_pair()
{
	_ini=$1 _device=$2
	shift 2
	{
		printf '[memory]\nframes = 1024\nhugepages = no\n[dpdk]\n'
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[port.a]\ndriver = dpdk\ndevice = "%s"\n' "$_device"
		printf '[port.b]\ndriver = null\n[forward]\na = b\nb = a\n'
	} | bp_ini "$_ini"
}

# bp_start NAME [bypath run's options...]: run NAME.ini in mid, in the background. Its output is
# NAME.log, its report NAME.json.
bp_start()
{
	_name=$1
	shift
	# The log as well: the shell that empties it may run later than who looks for a line in it.
	rm -f "$BP_TMP/$_name.json" "$BP_TMP/$_name.log"
	ip netns exec mid "$BYPATH" run "$BP_TMP/$_name.ini" --report "$BP_TMP/$_name.json" "$@" \
		>"$BP_TMP/$_name.log" 2>&1 &
	echo $! >"$BP_TMP/$_name.pid"
}

bp_pid()
{
	cat "$BP_TMP/$1.pid"
}

# Ended, reaped or not.
bp_gone()
{
	_pid=$(bp_pid "$1")
	[ ! -e "/proc/$_pid/stat" ] || grep -q ') Z ' "/proc/$_pid/stat"
}

bp_alive()
{
	! bp_gone "$1"
}

# bp_waited_ms NAME: how long its threads have been ready and without a core: others had them.
bp_waited_ms()
{
	cat "/proc/$(bp_pid "$1")"/task/*/schedstat | awk '{ sum += $2 } END { printf "%.0f\n", sum / 1e6 }'
}

# Every process started is still there.
bp_all_alive()
{
	for _file in "$BP_TMP"/*.pid; do
		_n=${_file##*/}
		bp_alive "${_n%.pid}" || return 1
	done
}

# bp_reaches HOST ADDRESS [ping's options...]: an answer to one of the packets of a second.
bp_reaches()
{
	_host=$1 _address=$2
	shift 2
	ip netns exec "$_host" ping -q -c 1 -i 0.1 -w 1 "$@" "$_address" >/dev/null 2>&1
}

# bp_wait_forwarding [SECONDS]: until h1 reaches h2.
bp_wait_forwarding()
{
	_limit=$((${1:-10} * BP_SLOW))
	_end=$(($(date +%s) + _limit))
	until bp_reaches h1 10.77.0.2; do
		bp_all_alive || fail "bypath ended before it forwarded anything"
		[ "$(date +%s)" -lt "$_end" ] || fail "h1 does not reach h2 after $_limit s"
	done
}

# bp_compare OPTION...: bypath compare; what it says is compare.log.
bp_compare()
{
	"$BYPATH" compare "$@" >"$BP_TMP/compare.log" 2>&1
}

# bp_nothing_left [PROGRAM...]: compare has left no interface, namespace or folder, and no process of bypath or of these. The
# private process and network namespaces show exactly that.
bp_nothing_left()
{
	! ip -o link | grep -v ' lo:' && ! pgrep -x "$(echo bypath "$@" | tr ' ' '|')" && [ ! -e /run/bypath-compare ] &&
		! lsns -t net -n -o PID 2>/dev/null | grep -vqx ' *1'
}

# bp_tells NAME PATTERN: the report as it stands says so. It is asked for each time, and comes to the log
# a little later: for wait_for.
bp_tells()
{
	# Before it forwards, the signal would end it.
	grep -q 'info: forwarding' "$BP_TMP/$1.log" && kill -USR1 "$(bp_pid "$1")" &&
		grep -qE "$2" "$BP_TMP/$1.log"
}

# bp_exit NAME SECONDS: wait for its end; its exit code, or 124 when it does not end.
bp_exit()
{
	wait_for "$2" bp_gone "$1" || return 124
	wait "$(bp_pid "$1")"
	_rc=$?
	rm -f "$BP_TMP/$1.pid"
	return $_rc
}

# bp_programs_of NAME: ids of the BPF programs that its links attach, to whatever.
bp_programs_of()
{
	awk 'FNR == 1 { is_link = 0 } $1 == "link_id:" { is_link = 1 } is_link && $1 == "prog_id:" { print $2 }' \
		/proc/"$(bp_pid "$1")"/fdinfo/* 2>/dev/null
}

# bp_detach_xdp NAME: its XDP programs are taken off their interfaces, by another process.
bp_detach_xdp()
{
	_ids=$(cat /proc/"$(bp_pid "$1")"/fdinfo/* 2>/dev/null | awk '/^link_type:/ { is_xdp = $2 == "xdp" }
		/^link_id:/ { id = $2 } /^ifindex:/ && is_xdp { print id }')
	[ -n "$_ids" ] || fail "$1 has no XDP program attached"
	for _id in $_ids; do
		bpftool link detach id "$_id" || fail "cannot detach"
	done
}

# bp_programs_gone ID…: the kernel has none of them any more, nor a link that would hold it.
bp_programs_gone()
{
	for _id in "$@"; do
		! bpftool prog show id "$_id" >/dev/null 2>&1 || return 1
	done
}

# bp_stop NAME [SIGNAL]: ask it to end, insist on exit code 0 and on the conservation law.
bp_stop()
{
	kill -"${2:-TERM}" "$(bp_pid "$1")" || fail "$1: has ended by itself"
	bp_exit "$1" 5 || fail "$1: ends with code $? after SIG${2:-TERM}"
	bp_law "$1"
}

# bp_get NAME EXPRESSION: a value out of the report NAME.json, which Python's expression sees as r.
bp_get()
{
	"$BP_PYTHON" "$BP_HERE/get.py" "$BP_TMP/$1.json" "$2"
}

# bp_expect NAME EXPRESSION: fail unless it is true of the report.
bp_expect()
{
	_value=$(bp_get "$1" "$2") || fail "$1.json: cannot evaluate $2"
	case $_value in
	0 | None | "") fail "$1.json: not true: $2 $(bp_get "$1" "${3:-None}")" ;;
	esac
}

# The conservation law after the end: every packet accounted for, every frame back.
bp_law()
{
	[ -s "$BP_TMP/$1.json" ] || fail "$1: no report"
	bp_expect "$1" 'unaccounted == 0 and held == 0 and frames_free == frames' 'summary()'
	# A driver counts the rest of a burst that TX did not take as one more, and what a port that is set down drops.
	bp_expect "$1" 'all(sum(p["counted"]["bursts_by_packets"]) <= p["counted"]["bursts"] for p in r["paths"])' \
		'[(p["in"], p["counted"]["bursts"], p["counted"]["bursts_by_packets"]) for p in r["paths"]]'
}

# --- traffic ------------------------------------------------------------------------------------

# tcp_ok [MIB [iperf3's options...]]: a TCP transfer of so much data (32 MiB) h1 → h2, or LAB_SERVER;
# sets TCP_GBITS.
tcp_ok()
{
	_mib=${1:-32}
	[ $# -eq 0 ] || shift
	_tcp $((60 * BP_SLOW)) -n "${_mib}M" "$@"
}

# tcp_for SECONDS [iperf3's options...]: the same for so long.
tcp_for()
{
	_seconds=$1
	shift
	_tcp $((_seconds + 10 * BP_SLOW)) -t "$_seconds" "$@"
}

# _tcp LIMIT iperf3's options...
_tcp()
{
	need iperf3
	_limit=$1
	shift
	rm -f "$BP_TMP/iperf-server.log" # the line waited for may stand in the last one
	ip netns exec h2 iperf3 -s -1 -B "${LAB_SERVER:-10.77.0.2}" --forceflush >"$BP_TMP/iperf-server.log" 2>&1 &
	_server=$!
	wait_for 5 grep -q 'Server listening' "$BP_TMP/iperf-server.log" ||
		fail "iperf3 server does not start"
	timeout "$_limit" ip netns exec h1 iperf3 -c "${LAB_SERVER:-10.77.0.2}" -J "$@" \
		>"$BP_TMP/iperf.json" 2>"$BP_TMP/iperf-client.log"
	_rc=$?
	kill $_server 2>/dev/null
	wait $_server 2>/dev/null
	[ $_rc -eq 0 ] || {
		grep error "$BP_TMP/iperf.json" >&2
		fail "iperf3 ends with code $_rc"
	}
	TCP_GBITS=$(bp_get iperf 'round(r["end"]["sum_received"]["bits_per_second"] / 1e9, 3)')
	bp_expect iperf 'r["end"]["sum_received"]["bytes"] > 100000'
	note "tcp: $TCP_GBITS Gbit/s"
}

# bp_neighbours HOST ADDRESS HOST: HOST knows the other's address without asking.
bp_neighbours()
{
	ip -n "$1" neigh replace "$2" dev e0 \
		lladdr "$(bp_mac "$3")"
}

# flood HOST ADDRESS AMOUNT [BYTES [SEGMENT]]: UDP as fast as one process sends, in the background, as
# super-frames of SEGMENT bytes each; its process is FLOOD. AMOUNT: seconds, or Nx for N of them.
flood()
{
	ip netns exec "$1" "$BP_PYTHON" "$BP_HERE/flood.py" "$2" "$3" "${4:-18}" ${5:+"$5"} \
		>>"$BP_TMP/flood.log" 2>&1 &
	# shellcheck disable=SC2034 # for the scripts
	FLOOD=$!
}

# http_ok [MIB]: a random file fetched by h1 from h2 over HTTP arrives unchanged.
http_ok()
{
	need curl "$BP_PYTHON"
	mkdir -p "$BP_TMP/www"
	head -c "${1:-8}M" /dev/urandom >"$BP_TMP/www/file"
	ip netns exec h2 "$BP_PYTHON" -m http.server -b 10.77.0.2 -d "$BP_TMP/www" 8000 \
		>"$BP_TMP/http.log" 2>&1 &
	_server=$!
	wait_for 10 in_h2 curl -q -sf --noproxy '*' -o /dev/null -r 0-0 http://10.77.0.2:8000/ ||
		fail "the HTTP server does not start"
	in_h1 curl -q -sS --noproxy '*' -m $((30 * BP_SLOW)) -o "$BP_TMP/fetched" http://10.77.0.2:8000/file \
		2>"$BP_TMP/curl.log"
	_rc=$?
	kill $_server
	wait $_server 2>/dev/null
	[ $_rc -eq 0 ] || fail "curl ends with code $_rc"
	_served=$(sha256sum <"$BP_TMP/www/file")
	_fetched=$(sha256sum <"$BP_TMP/fetched")
	[ "$_served" = "$_fetched" ] || fail "the file fetched is not the file served (SHA-256)"
	note "http: ${1:-8} MiB, SHA-256 ${_served%% *} on both sides"
	rm -f "$BP_TMP/fetched" "$BP_TMP/www/file"
}

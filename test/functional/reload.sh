# A running instance follows its file: reload.sh refused | paths | drivers KIND… | functions | workers | threads | beside | storm | often [N] |
# largest [N] | flaps
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   far: gen [e0]═══[w0] mid: bypath [w1]═══[e1]   and e2═══w2, e3═══w3

# shellcheck source=test/functional/lib.sh
. "${0%/*}/lib.sh"

need ip ethtool "$BP_PYTHON"
id=r$(date +%s%N | tail -c 10)

lab()
{
	for ns in mid far; do
		ip netns add $ns || fail "ip netns add $ns"
		bp_quiet $ns
	done
	for i in 0 1 2 3; do
		ip -n far link add e$i address 02:00:00:00:00:0$i type veth peer name w$i netns mid ||
			fail "cannot make a veth pair"
		# GRO: a veth keeps its NAPI when an XDP program is taken off, and loses nothing then.
		# And what XDP redirects to a veth its peer takes with GRO on.
		ip netns exec mid ethtool -K w$i gro on >/dev/null 2>&1 || fail "ethtool -K w$i gro on"
		ip netns exec far ethtool -K e$i gro on >/dev/null 2>&1 || fail "ethtool -K e$i gro on"
		ip -n mid link set w$i up
		ip -n far link set e$i up
	done
	gen_ini gen e0 e1
	gen_ini beside e2 e3
}

# gen_ini NAME OUT IN
gen_ini()
{
	bp_ini "$1" <<INI
[port.out]
driver = af_packet
device = $2
[port.in]
driver = af_packet
device = $3
[gen]
tx = out
rx = in
settle = 2
[stream.udp]
size = 64
INI
}

# The file that the instance follows: ports and chains as given, each a line.
file()
{
	{
		printf '[engine]\nname = %s\nidle = adaptive\n' "$id"
		[ -z "${ENGINE-}" ] || echo "$ENGINE"
		bp_port wan "${WAN:-af_packet-mmap}" "${WAN_DEVICE:-w0}"
		bp_port lan "${LAN:-af_packet-mmap}" w1
		[ -z "${DMZ-}" ] || bp_port dmz "$DMZ" w2
		[ -z "${OTHER-}" ] || bp_port other "$OTHER" w3
		[ -z "${DPDK-}" ] || bp_dpdk_section
		printf '[forward]\n%s\n' "${FORWARD:-wan = lan
lan = wan}"
		[ -z "${MORE-}" ] || echo "$MORE"
	} | bp_ini run
}

# worker_goes_on KIND: packets and time of its former paths are the worker's still. Time off core is spread anew at each look, so
# that a part may be a little less.
worker_goes_on()
{
	show workers
	"$BP_PYTHON" - "$BP_TMP/before.json" "$BP_TMP/workers.json" <<'PY' || fail "$1: the worker begins anew"
import json, sys
before, now = (json.load(open(path, encoding="utf-8"))["workers"][0]["counted"] for path in sys.argv[1:])
assert now["packets"] >= before["packets"], (before, now)
assert now["busy_ns"] >= 0.5 * before["busy_ns"], (before, now)
PY
}

reload()
{
	"$BYPATH" reload "$id" "$@" >"$BP_TMP/reload.out" 2>&1
}

show()
{
	"$BYPATH" show "$1" "$id" --json >"$BP_TMP/$1.json" || fail "show $1"
}

# kernel_count NAMESPACE DEVICE COUNTER: what the kernel counted there.
kernel_count()
{
	ip netns exec "$1" cat "/sys/class/net/$2/statistics/$3"
}

# What was lost on its way from wan to lan under a name: in wan's device, as it said, or in the queues of either.
named()
{
	show ports
	bp_get ports "sum(x['value'] for p in r['ports'] if p['name'] == 'wan' for x in p['reported'] if x['is_drop'] and x['direction'] == 'rx') + sum(sum(q['counted']['drops'].values()) for p in r['ports'] for way in ('wan rx', 'lan tx') if p['name'] == way[:3] for q in p[way[4:] + '_queues'])"
}

# generate RATE SECONDS: ($RELOAD_RATE in its stead: a benchmark's) in the background; what became of it is gen.json. With
# $OTHER at 500 pps on the path that nothing changes as well: beside.json.
generate()
{
	rm -f "$BP_TMP/gen.json" "$BP_TMP/beside.json"
	came=$(kernel_count mid w0 rx_packets) went=$(kernel_count mid w1 tx_packets) ended=$(kernel_count far e1 rx_packets)
	dropped=$(named)
	ip netns exec far "$BYPATH" gen "$BP_TMP/gen.ini" --quiet --rate "${RELOAD_RATE:-$1}" --duration "$2" \
		--json "$BP_TMP/gen.json" >"$BP_TMP/gen.log" 2>&1 &
	echo $! >"$BP_TMP/gen.pid"
	if [ -n "${OTHER-}" ]; then
		came_beside=$(kernel_count mid w2 rx_packets) went_beside=$(kernel_count mid w3 tx_packets)
		ip netns exec far "$BYPATH" gen "$BP_TMP/beside.ini" --quiet --rate 500pps --duration "$2" \
			--json "$BP_TMP/beside.json" >"$BP_TMP/beside.log" 2>&1 &
		echo $! >"$BP_TMP/beside.pid"
		wait_for 10 grep -q sending "$BP_TMP/beside.log" || fail "the generator does not start"
	fi
	wait_for 10 grep -q sending "$BP_TMP/gen.log" || fail "the generator does not start"
}

# Nothing was changed of this path: what came went on.
untouched()
{
	bp_exit beside 60 || fail "$1: bypath gen beside it ends with code $?"
	bp_expect beside 'r["trial"]["sent"]["frames"] > 100' 'r["trial"]'
	bp_expect beside 'not any(r["trial"][k] for k in ("duplicate", "reordered", "corrupt"))' 'r["trial"]'
	came_beside=$(($(kernel_count mid w2 rx_packets) - came_beside))
	went_beside=$(($(kernel_count mid w3 tx_packets) - went_beside))
	[ "$came_beside" = "$went_beside" ] ||
		fail "$1: $came_beside came to dmz, which nothing changes, $went_beside went on"
}

# Every frame came once, in order.
whole()
{
	bp_exit gen 60 || fail "$1: bypath gen ends with code $?"
	bp_expect gen 'r["trial"]["sent"]["frames"] > 100' 'r["trial"]'
	bp_expect gen 'not any(r["trial"][k] for k in ("duplicate", "reordered", "corrupt"))' \
		'{k: r["trial"][k] for k in ("sent", "received", "duplicate", "reordered")}'
	# The kernel's counters stand beside it: what came to wan went on, once. On a starved host frames are lost on the
	# wires before and behind, and what the generator's own socket had no room for did come.
	came=$(($(kernel_count mid w0 rx_packets) - came)) went=$(($(kernel_count mid w1 tx_packets) - went))
	ended=$(($(kernel_count far e1 rx_packets) - ended - ${other:-0}))
	dropped=$(($(named) - dropped))
	[ "$came" = $((went + dropped - ${other:-0})) ] ||
		fail "$1: $came came, $went went on, $dropped were lost by name: $("$BYPATH" show drops "$id")"
	[ -z "${OTHER-}" ] || untouched "$1"
	bp_expect gen "r['trial']['lost'] <= r['trial']['own_rx_dropped'] + r['trial']['sent']['frames'] - $ended" \
		'{k: r["trial"][k] for k in ("sent", "received", "lost", "own_rx_dropped")}'
	note "$1: $(bp_get gen 'r["trial"]["sent"]["frames"]') sent, $came came to wan, $went went on, $dropped lost by name"
}

balanced()
{
	bp_stop run
	bp_expect run "r['conservation']['counted']['unaccounted'] == 0" "r['conservation']"
}

begin()
{
	lab
	file
	bp_start run
	wait_for 10 grep -q forwarding "$BP_TMP/run.log" || fail "does not start"
}

case $1 in
refused)
	begin
	pid=$(bp_pid run)
	reload || fail "a file that is the same: $(cat "$BP_TMP/reload.out")"
	grep -qx 'nothing changes' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	generate 2kpps 3
	echo "nonsense = 1" >>"$BP_TMP/run.ini"
	reload && fail "a wrong file is taken"
	grep -q 'run.ini:.*nonsense' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	ENGINE='control = no' MORE='[memory]
frames = 32768'
	file
	reload && fail "what only a restart changes is taken"
	for key in 'memory\] frames: .* → 32768: is read at the start only, since all ports' \
		'engine\] control: yes → no: is read at the start only, since the socket'; do
		grep -q "\[$key" "$BP_TMP/reload.out" || fail "not '$key': $(cat "$BP_TMP/reload.out")"
	done
	ip netns exec mid "$BYPATH" check "$BP_TMP/run.ini" --against "$id" >"$BP_TMP/against.out" 2>&1
	grep -q '^refused: \[memory\] frames: .* → 32768' "$BP_TMP/against.out" || fail "$(cat "$BP_TMP/against.out")"
	ENGINE='' MORE='' DMZ=af_packet-mmap FORWARD='wan = lan
lan = wan
dmz = wan'
	file
	sed -i 's/w2/nodev/' "$BP_TMP/run.ini"
	reload && fail "a device that is not there is taken"
	grep -q "port dmz: no interface 'nodev'" "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	DMZ='' FORWARD=''
	WAN=af_xdp-native WAN_DEVICE=nodev file
	reload && fail "a driver change to a device that is not there is taken"
	mv "$BP_TMP/run.ini" "$BP_TMP/away.ini"
	reload && fail "a file that is not there is taken"
	file
	reload --check || fail "reload --check: $(cat "$BP_TMP/reload.out")"
	grep -qx 'nothing changes' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	whole "refused reloads"
	[ "$(bp_pid run)" = "$pid" ] || fail "another process"
	show all
	bp_expect all 'r["reloads"]["done"] == 1 and r["reloads"]["refused"] >= 4' 'r["reloads"]'
	balanced
	;;
paths)
	begin
	generate 5kpps 3
	DMZ=af_packet-mmap FORWARD='wan = lan
lan = wan
dmz = lan'
	file
	reload --check || fail "reload --check: $(cat "$BP_TMP/reload.out")"
	grep -q 'port dmz: added' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	ip netns exec mid "$BYPATH" check "$BP_TMP/run.ini" --against "$id" >"$BP_TMP/against.out" 2>&1 ||
		fail "check --against: $(cat "$BP_TMP/against.out")"
	grep -qx 'port dmz: added' "$BP_TMP/against.out" || fail "$(cat "$BP_TMP/against.out")"
	reload || fail "a port is added: $(cat "$BP_TMP/reload.out")"
	ip netns exec mid "$BYPATH" check "$BP_TMP/run.ini" --against "$id" >"$BP_TMP/against.out" 2>&1
	grep -qx 'nothing changes' "$BP_TMP/against.out" || fail "$(cat "$BP_TMP/against.out")"
	show ports
	bp_expect ports 'any(p["name"] == "dmz" and p["link"] == "up" for p in r["ports"])' 'r["ports"]'
	# Its packets come through.
	ip netns exec far "$BP_PYTHON" - <<'PY' || fail "what dmz receives does not come to lan"
import socket
ETH_P_ALL = 3
rx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
rx.bind(("e1", 0x88b5))
rx.settimeout(10)
tx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
tx.bind(("e2", 0))
tx.send(bytes.fromhex("ffffffffffff02000000000288b5") + b"dmz" + bytes(50))
assert b"dmz" in rx.recv(2000)
PY
	DMZ='' FORWARD=''
	file
	reload || fail "a port is removed: $(cat "$BP_TMP/reload.out")"
	show ports
	bp_expect ports 'any(p["name"] == "dmz" and p["link"] == "removed" for p in r["ports"])' 'r["ports"]'
	kill -HUP "$(bp_pid run)"
	wait_for 10 grep -q 'reload: nothing to change' "$BP_TMP/run.log" || fail "SIGHUP does not reload"
	other=1 whole "dmz comes and goes"
	# Its frame is in the figures still; the path that ended has a row.
	balanced
	bp_expect run "any(p['name'] == 'dmz' and sum(q['counted']['packets'] for q in p['rx_queues']) == 1 for p in r['ports'])" \
		"r['ports']"
	bp_expect run "any(f['in'] == 'dmz' and f['out'] == 'lan' and f['counted']['packets'] == 1 for f in r['former_paths'])" \
		"r['former_paths']"
	;;
drivers)
	shift
	case $* in
	*kernel-*) bp_need_driver kernel ;;
	esac
	bp_need_driver af_xdp
	ENGINE='[memory]
frames = 16384'
	case $* in
	*dpdk*)
		bp_need_driver dpdk
		DPDK=yes
		;;
	esac
	DMZ=af_packet-mmap OTHER=af_packet-mmap FORWARD='wan = lan
lan = wan
dmz = other
other = dmz'
	begin
	last='' n_done=0
	for kind in "$@"; do
		WAN=$kind
		# What the kernel carries goes to a port of the same kind.
		case $kind in
		kernel-*) LAN=$kind ;;
		*) LAN=af_packet-mmap ;;
		esac
		file
		# It never gives its queue back: refused before anything is taken out.
		case $last-to-$kind in
		dpdk-af_xdp-to-af_xdp-*)
			reload && fail "net_af_xdp gives its queue back: say so, and allow it"
			grep -q 'does not give the device of port wan back' "$BP_TMP/reload.out" ||
				fail "$(cat "$BP_TMP/reload.out")"
			show ports
			bp_expect ports "all(p['link'] == 'up' for p in r['ports'])" 'r["ports"]'
			continue
			;;
		esac
		generate 5kpps 2
		show workers
		cp "$BP_TMP/workers.json" "$BP_TMP/before.json" || fail "cp"
		reload || fail "$kind: $(cat "$BP_TMP/reload.out")"
		worker_goes_on "$kind"
		grep -q 'port wan: made anew' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
		away=$(grep 'was away' "$BP_TMP/reload.out") && note "$kind: $away"
		note "$kind: $(tail -n 1 "$BP_TMP/reload.out")"
		# net_af_xdp of DPDK 22.11 does not tell all that its socket drops on a starved host (rx_ring_full).
		case $last$kind in
		*kernel-* | *dpdk-af_xdp)
			bp_exit gen 60 || fail "$kind: bypath gen ends with code $?"
			bp_expect gen 'not any(r["trial"][k] for k in ("duplicate", "reordered", "corrupt")) and r["trial"]["received"] > 100' \
				'{k: r["trial"][k] for k in ("sent", "received", "lost", "duplicate", "reordered")}'
			note "wan is $kind: $(bp_get gen '(r["trial"]["sent"]["frames"], r["trial"]["lost"])') sent, lost"
			untouched "wan is $kind"
			;;
		*) whole "wan is $kind" ;;
		esac
		last=$kind n_done=$((n_done + 1))
		show modes
		bp_expect modes "any(p['name'] == 'wan' and p['driver'] == '${kind%%-*}' for p in r['ports'])" 'r["ports"]'
	done
	grep 'stood still' "$BP_TMP/run.log" | tail -n 1
	balanced
	bp_expect run "len(r['former_paths']) >= $n_done" "r['former_paths']"
	;;
functions)
	begin
	generate 5kpps 4
	printf 'pass udp\n' >"$BP_TMP/some.rules"
	FORWARD='wan = f, lan
lan = wan' MORE="[function.f]
type = filter
rules = some.rules
default = drop"
	file
	reload || fail "a function is added: $(cat "$BP_TMP/reload.out")"
	grep -q 'function f: added' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	hits()
	{
		show functions
		bp_get functions "next(f['counted']['packets'] for f in r['functions'])" 2>/dev/null
	}
	seen()
	{
		[ "$(hits)" -gt "$1" ]
	}
	wait_for 10 seen 10 || fail "nothing goes through the function"
	before=$(hits)
	# The same name, another text.
	printf 'pass udp or tcp\n' >"$BP_TMP/new.rules" && mv "$BP_TMP/new.rules" "$BP_TMP/some.rules"
	reload || fail "its file is another: $(cat "$BP_TMP/reload.out")"
	grep -q 'function f: made anew: its ports or its files are others' "$BP_TMP/reload.out" ||
		fail "$(cat "$BP_TMP/reload.out")"
	seen $((before - 1)) || fail "what it counted before is gone"
	printf 'pass nonsense-here\n' >"$BP_TMP/some.rules"
	reload && fail "rules that are wrong are taken"
	grep -q 'some.rules' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	FORWARD='' MORE=''
	file
	reload || fail "a function is removed: $(cat "$BP_TMP/reload.out")"
	whole "a filter comes, changes, goes"
	balanced
	;;
workers)
	begin
	pid=$(bp_pid run)
	threads()
	{
		grep -h '^bypath-w' /proc/"$pid"/task/*/comm | sort | tr '\n' ' '
	}
	polls()
	{
		show queues
		bp_get queues "'%s' % [q['worker'] for p in r['ports'] if p['name'] == '$1' for q in p['rx_queues']]"
	}
	generate 5kpps 4
	# A capture has a buffer for each worker that there was: it is named, and ends first.
	"$BYPATH" capture "$id" wan -w "$BP_TMP/wan.pcapng" >"$BP_TMP/capture.log" 2>&1 &
	echo $! >"$BP_TMP/capture.pid"
	wait_for 10 [ -s "$BP_TMP/wan.pcapng" ] || fail "no capture: $(cat "$BP_TMP/capture.log")"
	ENGINE='workers = 2'
	file
	reload && fail "a capture that has no buffer for the worker goes on"
	grep -q 'workers: 1 → 2: a capture runs at port wan' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	kill -TERM "$(bp_pid capture)"
	bp_exit capture 10 || fail "the capture ends with code $?: $(cat "$BP_TMP/capture.log")"
	[ "$(threads)" = 'bypath-w0 ' ] || fail "refused, but there is $(threads)"
	ip netns exec mid "$BYPATH" check "$BP_TMP/run.ini" --against "$id" >"$BP_TMP/against.out" 2>&1 ||
		fail "check --against: $(cat "$BP_TMP/against.out")"
	reload --check || fail "reload --check: $(cat "$BP_TMP/reload.out")"
	tail -n +2 "$BP_TMP/against.out" | cmp -s - "$BP_TMP/reload.out" ||
		fail "check --against: $(cat "$BP_TMP/against.out"); reload --check: $(cat "$BP_TMP/reload.out")"
	reload || fail "workers 1 → 2: $(cat "$BP_TMP/reload.out")"
	grep -q '^\[engine\] workers 1 → 2$' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	grep -q 'made anew' "$BP_TMP/reload.out" && fail "$(cat "$BP_TMP/reload.out")"
	[ "$(threads)" = 'bypath-w0 bypath-w1 ' ] || fail "there is $(threads)"
	[ "$(polls wan) $(polls lan)" = '[0] [1]' ] || fail "wan is polled by $(polls wan), lan by $(polls lan)"
	# What the second worker receives it sends.
	ip netns exec far "$BP_PYTHON" - <<'PY' || fail "what lan receives does not come to wan"
import socket
rx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
rx.bind(("e0", 0x88b5))
rx.settimeout(10)
tx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
tx.bind(("e1", 0))
for _ in range(100):
    tx.send(bytes.fromhex("ffffffffffff02000000000188b5") + b"back" + bytes(50))
n = 0
while n < 100:
    n += b"back" in rx.recv(2000)
PY
	show workers
	bp_expect workers "all(w['counted']['packets'] >= 100 for w in r['workers']) and len(r['workers']) == 2" 'r["workers"]'
	# Cores: another one, one that is not there, none that is named.
	if [ "$(nproc)" -gt 1 ]; then
		ENGINE='cores = 1,0'
		file
		reload || fail "other cores: $(cat "$BP_TMP/reload.out")"
		for task in /proc/"$pid"/task/*; do
			case $(cat "$task/comm") in
			bypath-w0) grep -qx 'Cpus_allowed_list:	1' "$task/status" || fail "worker 0: $(grep Cpus_allowed_list "$task/status")" ;;
			bypath-w1) grep -qx 'Cpus_allowed_list:	0' "$task/status" || fail "worker 1: $(grep Cpus_allowed_list "$task/status")" ;;
			esac
		done
	fi
	ENGINE='cores = 0,9999'
	file
	reload && fail "a core that is not there is taken"
	grep -q 'core 9999 is not there' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	ENGINE=''
	file
	reload || fail "workers 2 → 1: $(cat "$BP_TMP/reload.out")"
	[ "$(threads)" = 'bypath-w0 ' ] || fail "there is $(threads)"
	[ "$(polls wan) $(polls lan)" = '[0] [0]' ] || fail "wan is polled by $(polls wan), lan by $(polls lan)"
	ENGINE='workers = 2'
	file
	sed -i 's/^idle = .*/idle = busy/' "$BP_TMP/run.ini"
	reload || fail "workers 1 → 2, busy: $(cat "$BP_TMP/reload.out")"
	whole "workers come and go"
	show workers
	bp_expect workers "r['workers'][1]['counted']['packets'] >= 100" 'r["workers"]'
	# Between its lives it has no time: 1 was there for less than 0.
	bp_expect workers "(lambda t: 0 < t[1] < t[0])([sum(w['counted'][k] for k in ('busy_ns', 'idle_ns', 'asleep_ns')) + w['off_core']['ns'] for w in r['workers']])" \
		'r["workers"]'
	# A switch between three ports: as many TX queues as workers, or a hop where the driver has fewer.
	DMZ=af_packet-mmap FORWARD='wan = s
lan = s
dmz = s' MORE='[function.s]
type = switch' ENGINE=''
	file
	reload || fail "a switch: $(cat "$BP_TMP/reload.out")"
	ENGINE='workers = 2'
	file
	reload || fail "two workers for a switch: $(cat "$BP_TMP/reload.out")"
	grep -q 'port wan: made anew: more workers send to it than it has TX queues' "$BP_TMP/reload.out" ||
		fail "$(cat "$BP_TMP/reload.out")"
	if [ -z "$(bp_driver_missing af_xdp)" ]; then
		WAN=af_xdp-native LAN=af_xdp-native DMZ=af_xdp-native ENGINE=''
		file
		reload || fail "af_xdp: $(cat "$BP_TMP/reload.out")"
		ENGINE='workers = 2'
		file
		reload || fail "two workers for a switch on af_xdp: $(cat "$BP_TMP/reload.out")"
		grep -q 'port wan-hop: added' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
		grep -q 'port wan: made anew' "$BP_TMP/reload.out" && fail "$(cat "$BP_TMP/reload.out")"
	fi
	balanced
	bp_expect run "r['arena']['frames_free'] == r['arena']['frames']" "r['arena']"
	;;
threads)
	# A limit that leaves room for some workers and not for others; root has none.
	need setpriv prlimit
	mkdir "$BP_TMP/runtime"
	chmod 755 "$BP_TMP"
	chown 54321:54321 "$BP_TMP/runtime"
	export XDG_RUNTIME_DIR="$BP_TMP/runtime"
	as_user()
	{
		exec prlimit --nproc=9 setpriv --reuid 54321 --regid 54321 --clear-groups "$@"
	}
	bp_null_pair run "rate_pps = 10000" "[engine]" "name = $id"
	as_user "$BYPATH" run "$BP_TMP/run.ini" --report "$BP_TMP/runtime/run.json" >"$BP_TMP/run.log" 2>&1 &
	echo $! >"$BP_TMP/run.pid"
	wait_for 10 grep -q forwarding "$BP_TMP/run.log" || fail "does not start"
	before=$(ls "/proc/$(bp_pid run)/task" | wc -l)
	reload --check || fail "the same file: $(cat "$BP_TMP/reload.out")"
	sed -i 's/^name = .*/&\nworkers = 16/' "$BP_TMP/run.ini"
	reload && fail "there are threads for 16 workers, by a limit of 9"
	grep -q 'workers: 1 → 16: there are no threads for them: Resource temporarily unavailable: see' "$BP_TMP/reload.out" ||
		fail "$(cat "$BP_TMP/reload.out")"
	[ "$(ls "/proc/$(bp_pid run)/task" | wc -l)" = "$before" ] || fail "a refused reload leaves threads"
	sed -i 's/^workers = 16/workers = 2/' "$BP_TMP/run.ini"
	reload || fail "there is a thread for a second worker: $(cat "$BP_TMP/reload.out")"
	show workers
	bp_expect workers "len(r['workers']) == 2" 'r["workers"]'
	kill -TERM "$(bp_pid run)"
	bp_exit run 10 || fail "ends with code $?"
	mv "$BP_TMP/runtime/run.json" "$BP_TMP/run.json"
	bp_law run
	;;
beside)
	begin
	ip -n mid link set lo up
	web()
	{
		timeout 60 ip netns exec mid "$BP_PYTHON" "${0%/*}/reload_web.py" "$@"
	}
	# listen WHERE: by a reload.
	listen()
	{
		MORE="[metrics]
listen = $1"
		file
		reload || fail "listen = $1: $(cat "$BP_TMP/reload.out")"
	}
	# kept WHERE: no counter is less there than it was anywhere before.
	kept()
	{
		web "$1" figures >"$BP_TMP/now.txt" || fail "no figures at $1"
		[ -s "$BP_TMP/then.txt" ] || cp "$BP_TMP/now.txt" "$BP_TMP/then.txt"
		"$BP_PYTHON" - "$BP_TMP/then.txt" "$BP_TMP/now.txt" <<'PY' || fail "counters at $1 began anew"
import sys
then, now = ({r[0]: float(r[1]) for r in (line.rstrip("\n").rsplit(" ", 1) for line in open(f))} for f in sys.argv[1:])
less = {k: (v, now.get(k)) for k, v in then.items() if k.split("{")[0].endswith("_total") and not now.get(k, -1) >= v}
sys.exit(f"less: {less}" if less else 0)
PY
		cp "$BP_TMP/now.txt" "$BP_TMP/then.txt"
	}
	generate 2kpps 0
	listen 127.0.0.1:9477
	grep -qx '\[metrics\] listen none → 127.0.0.1:9477' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	kept 127.0.0.1:9477
	web 127.0.0.1:9477 follow "$BP_TMP/events.txt" &
	wait_for 10 grep -q event "$BP_TMP/events.txt" || fail "no events"
	# Nothing is changed, nothing ends.
	reload && grep -qx 'nothing changes' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	# An address that the old one is part of, one that another program has, a path.
	listen 0.0.0.0:9477
	wait_for 10 grep -qx end "$BP_TMP/events.txt" || fail "who listens is not told the end: $(cat "$BP_TMP/events.txt")"
	grep -q 'whoever reaches this address may read' "$BP_TMP/run.log" || fail "an open address is not warned of"
	kept 127.0.0.1:9477
	ip netns exec mid "$BP_PYTHON" -c 'import socket, time
s = socket.create_server(("127.0.0.1", 9500)); print("there", flush=True); time.sleep(600)' >"$BP_TMP/taken.txt" &
	taken=$!
	wait_for 10 grep -q there "$BP_TMP/taken.txt" || fail "nobody listens at 9500"
	MORE='[metrics]
listen = 127.0.0.1:9500
[alarm]
on_event = /bin/true'
	file
	reload && fail "an address that is taken is taken"
	grep -q 'listen = 127.0.0.1:9500: Address already in use' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	show config
	grep -q 9500 "$BP_TMP/config.json" && fail "it is refused, and says that it runs so"
	kill $taken
	kept 127.0.0.1:9477
	listen "unix:$BP_TMP/m.sock"
	kept "unix:$BP_TMP/m.sock"
	web 127.0.0.1:9477 gone || fail "the old address"
	# Back and forth, with somebody who has sent half a request: an address that was given up is free at once, and nothing of it
	# stays.
	holds()
	{
		echo "$(ls "/proc/$(bp_pid run)/fd" | wc -l) $(ls "/proc/$(bp_pid run)/task" | wc -l)"
	}
	before=$(holds)
	is_as_before()
	{
		[ "$(holds)" = "$before" ]
	}
	for i in 1 2 3 4 5; do
		ip netns exec mid "$BP_PYTHON" "${0%/*}/reload_web.py" "unix:$BP_TMP/m.sock" half "$BP_TMP/half.txt" &
		wait_for 10 grep -q there "$BP_TMP/half.txt" || fail "nobody has sent half a request"
		listen 127.0.0.1:9477
		wait $! || fail "who has sent half a request is not told the end"
		rm "$BP_TMP/half.txt"
		listen "unix:$BP_TMP/m.sock"
	done
	wait_for 10 is_as_before || fail "descriptors and threads: $before before, $(holds) after"
	kept "unix:$BP_TMP/m.sock"
	# A reload that fails for another reason.
	DMZ=af_packet-mmap FORWARD='wan = lan
lan = wan
dmz = wan' MORE='[metrics]
listen = 127.0.0.1:9478'
	file
	sed -i 's/w2/nodev/' "$BP_TMP/run.ini"
	reload && fail "a device that is not there is taken"
	DMZ='' FORWARD=''
	kept "unix:$BP_TMP/m.sock"
	web 127.0.0.1:9478 gone || fail "a reload that has failed listens"
	MORE=''
	file
	reload || fail "listen is taken away: $(cat "$BP_TMP/reload.out")"
	[ ! -e "$BP_TMP/m.sock" ] || fail "the path stays"
	listen 127.0.0.1:9477
	kept 127.0.0.1:9477

	# The program of alarms: none, one, another, none. hook NAME: writes its name into told.
	hook()
	{
		printf '#!/bin/sh\necho "%s $BYPATH_STATE $BYPATH_INSTANCE" >>%s/told\n' "$1" "$BP_TMP" >"$BP_TMP/$1"
		chmod 755 "$BP_TMP/$1"
	}
	touch "$BP_TMP/told"
	for name in first second; do
		hook $name
		MORE="[alarm]
on_event = $BP_TMP/$name"
		file
		reload || fail "on_event = $name: $(cat "$BP_TMP/reload.out")"
		"$BYPATH" set port lan down "$id" >/dev/null || fail "set port"
		wait_for 10 grep -qx "$name raised $id" "$BP_TMP/told" || fail "$name is not told: $(cat "$BP_TMP/told")"
		"$BYPATH" set port lan up "$id" >/dev/null || fail "set port"
		wait_for 10 grep -qx "$name cleared $id" "$BP_TMP/told" || fail "$name is not told: $(cat "$BP_TMP/told")"
	done
	MORE=''
	file
	reload || fail "on_event is taken away: $(cat "$BP_TMP/reload.out")"
	is_down()
	{
		show alarms
		[ "$(bp_get alarms "any(a['alarm'] == 'port_down' and a['subject'] == 'lan' and a['raised'] for a in r['alarms'])")" = 1 ]
	}
	"$BYPATH" set port lan down "$id" >/dev/null || fail "set port"
	wait_for 10 is_down || fail "no alarm: $(cat "$BP_TMP/alarms.json")"
	"$BYPATH" set port lan up "$id" >/dev/null || fail "set port"
	# Not for the present, but from the next start on.
	ENGINE='wait = 5'
	file
	reload || fail "wait: $(cat "$BP_TMP/reload.out")"
	grep -qx '\[engine\] wait 0 → 5 (at the next start)' "$BP_TMP/reload.out" || fail "$(cat "$BP_TMP/reload.out")"
	kill -INT "$(bp_pid gen)"
	bp_exit gen 60 || fail "bypath gen ends with code $?"
	bp_expect gen 'not any(r["trial"][k] for k in ("duplicate", "reordered", "corrupt"))' 'r["trial"]'
	balanced
	[ "$(wc -l <"$BP_TMP/told")" = 4 ] || fail "told $(cat "$BP_TMP/told")"
	;;
often)
	n=${2:-100}
	begin
	measure()
	{
		_pid=$(bp_pid run)
		echo "$(ls "/proc/$_pid/fd" | wc -l) $(ls "/proc/$_pid/task" | wc -l) \
			$(awk '/VmRSS/ { print $2 }' "/proc/$_pid/status")"
	}
	generate 2kpps 0
	i=0
	while [ $i -lt "$n" ]; do
		i=$((i + 1))
		case $((i % 4)) in
		1) WAN=af_xdp-native ;;
		2) DMZ=af_packet-mmap ENGINE='workers = 2' FORWARD='wan = lan
lan = wan
dmz = lan' ;;
		3) WAN=af_packet-mmap MORE='[function.m]
type = meter
rate = 1gbps' FORWARD='wan = m, lan
lan = wan
dmz = lan' ;;
		0) DMZ='' MORE='' ENGINE='' FORWARD='' ;;
		esac
		file
		reload || fail "reload $i: $(cat "$BP_TMP/reload.out")"
		[ $i -ne 20 ] || first=$(measure)
	done
	last=$(measure)
	note "descriptors, threads, RSS in KiB after 20 reloads: $first, after $n: $last"
	# shellcheck disable=SC2086 # two triples
	set -- $first $last
	[ "$1" = "$4" ] && [ "$2" = "$5" ] || fail "descriptors or threads are others: $first → $last"
	# A sanitizer keeps what was freed for a while.
	[ "$BP_SLOW" -gt 1 ] || [ "$6" -le $(($3 + 4096)) ] || fail "memory grows: $first → $last"
	kill -INT "$(bp_pid gen)"
	whole "$n reloads"
	balanced
	;;
storm)
	bp_need_driver af_xdp
	DMZ=af_packet-mmap FORWARD='wan = lan
lan = wan
dmz = lan'
	begin
	generate 2kpps 0
	"$BYPATH" capture "$id" wan -w "$BP_TMP/wan.pcapng" >"$BP_TMP/capture.log" 2>&1 &
	echo $! >"$BP_TMP/capture.pid"
	wait_for 10 [ -s "$BP_TMP/wan.pcapng" ] || fail "no capture: $(cat "$BP_TMP/capture.log")"
	(
		until [ -e "$BP_TMP/enough" ]; do
			ip -n far link set e2 down
			ip -n far link set e2 up
		done
	) &
	flaps=$!
	i=0
	while [ $i -lt 20 ]; do
		i=$((i + 1))
		case $((i % 4)) in
		1) DMZ=af_xdp-native ;;
		2) WAN=af_xdp-native ;;
		3) DMZ=af_packet-mmap ;;
		0) WAN=af_packet-mmap ;;
		esac
		file
		# Two at once: one of them does it, the other finds nothing to do.
		"$BYPATH" reload "$id" >"$BP_TMP/other.out" 2>&1 &
		other_pid=$!
		reload || fail "reload $i: $(cat "$BP_TMP/reload.out")"
		wait $other_pid || fail "reload $i beside it: $(cat "$BP_TMP/other.out")"
	done
	touch "$BP_TMP/enough"
	wait $flaps
	kill -TERM "$(bp_pid capture)"
	bp_exit capture 10 || fail "the capture ends with code $?: $(cat "$BP_TMP/capture.log")"
	kill -INT "$(bp_pid gen)"
	whole "20 times two reloads at once, a link that flaps, a capture"
	n=$(tcpdump -nr "$BP_TMP/wan.pcapng" 2>/dev/null | wc -l)
	[ "$n" -gt 100 ] || fail "the capture has $n packets"
	show all
	bp_expect all 'r["reloads"]["done"] == 40 and not r["reloads"]["refused"]' 'r["reloads"]'
	balanced
	;;
largest)
	n=${2:-3}
	lab
	# 60 ports beside wan and lan, on 30 veth pairs, with 8 queues and 30 functions of 50 rules each.
	i=0
	while [ $i -lt 60 ]; do
		echo "link add p$i type veth peer name p$((i + 1))"
		printf 'link set p%d up\n' $i $((i + 1))
		i=$((i + 2))
	done | ip -n mid -batch - || fail "cannot make 30 veth pairs"
	awk 'BEGIN { for (i = 0; i < 50; i++) printf "drop udp dst port %d and src net 198.18.%d.0/24\n", 1000 + i, i }' \
		>"$BP_TMP/some.rules"
	largest()
	{
		"$BP_PYTHON" "$BP_HERE/reloads.py" file "$id" "$1" | bp_ini run
	}
	largest 2
	bp_start run
	wait_for 60 grep -q forwarding "$BP_TMP/run.log" || fail "does not start"
	generate 5kpps 0
	"$BP_PYTHON" "$BP_HERE/reloads.py" time "/run/bypath/$id.sock" "$n" "$(bp_pid run)" "the largest file, nothing changed" ||
		fail "reloads of the largest file"
	kill -INT "$(bp_pid gen)"
	whole "reloads of the largest file"
	# With as many ports as there is packet memory for, one is made anew in the place of another.
	largest 1
	reload || fail "one worker: $(cat "$BP_TMP/reload.out")"
	note "from 2 workers to 1: $(tail -n 1 "$BP_TMP/reload.out")"
	largest 2
	reload || fail "two workers: $(cat "$BP_TMP/reload.out")"
	note "and back: $(tail -n 1 "$BP_TMP/reload.out")"
	# Refused late, when wan has been halted: all goes on.
	largest 1
	sed -i '/^\[port.p0\]/,/^queues/{
s/af_packet/tap/
/^ring_size\|^queues/d
}' "$BP_TMP/run.ini"
	reload && fail "a tap with the name of a veth is taken"
	note "refused: $(tail -n 1 "$BP_TMP/reload.out")"
	show ports
	bp_expect ports "all(p['link'] == 'up' for p in r['ports'])" "[p for p in r['ports'] if p['link'] != 'up']"
	balanced
	;;
flaps)
	# 200 losses of the link of a port that goes on, and of one that changes its driver meanwhile.
	bp_need_driver af_xdp
	DMZ=af_packet-mmap FORWARD='wan = lan
lan = wan
dmz = wan'
	begin
	generate 2kpps 0
	yes "$(printf 'link set e2 down\nlink set e2 up')" | head -n 400 >"$BP_TMP/flaps.batch"
	ip -n far -batch "$BP_TMP/flaps.batch" >"$BP_TMP/flaps.log" 2>&1 &
	echo $! >"$BP_TMP/flaps.pid"
	i=0
	until [ $i -ge 6 ] && bp_gone flaps; do
		i=$((i + 1))
		case $((i % 2)) in
		1) DMZ=af_xdp-native ;;
		0) DMZ=af_packet-mmap ;;
		esac
		file
		reload || fail "reload $i: $(cat "$BP_TMP/reload.out")"
	done
	bp_exit flaps 60 || fail "$(cat "$BP_TMP/flaps.log")"
	dmz_is_up()
	{
		show ports
		[ "$(bp_get ports "next(p['link'] for p in r['ports'] if p['name'] == 'dmz')")" = up ]
	}
	wait_for 10 dmz_is_up || fail "after the last flap dmz is not up: $("$BYPATH" show ports "$id")"
	n=$(grep -c 'port dmz: w2 is' "$BP_TMP/run.log")
	[ "$n" -lt 100 ] || fail "$n lines for 200 flaps"
	kill -INT "$(bp_pid gen)"
	whole "200 flaps, $i reloads"
	balanced
	;;
*) fail "no such case: $1" ;;
esac

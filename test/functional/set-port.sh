# A port that is set down moves nothing, keeps its account, and is as before when it is set up again.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: set-port.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: set-port.sh KIND}
need ip "$BP_PYTHON"
bp_lab offloads=off
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1
bp_pair a "$KIND" w0 "$KIND" w1 "[engine]" "name = set-$KIND"

set_port()
{
	"$BYPATH" set port "$@" "set-$KIND" 2>"$BP_TMP/set.err"
}

# of INTERFACE COUNTER, in mid
of()
{
	in_mid cat "/sys/class/net/$1/statistics/$2"
}

shows()
{
	"$BYPATH" show ports "set-$KIND" | grep -q "$1"
}

bp_start a
bp_wait_forwarding 20

# Either direction, from and to the port.
for port in lan wan; do
	set_port $port down || fail "set port $port down: $(cat "$BP_TMP/set.err")"
	shows "$port .*down (set by uid 0)" || fail "show ports: $("$BYPATH" show ports "set-$KIND")"
	sent0=$(of w0 tx_packets) sent1=$(of w1 tx_packets)
	bp_reaches h1 10.77.0.2 -c 3 -w 0.3 && fail "h1 reaches h2 although $port is set down"
	bp_reaches h2 10.77.0.1 -c 3 -w 0.3 && fail "h2 reaches h1 although $port is set down"
	[ "$(of w0 tx_packets) $(of w1 tx_packets)" = "$sent0 $sent1" ] || fail "$port is set down, and frames leave"
	set_port $port down || fail "again: $(cat "$BP_TMP/set.err")"
	set_port $port up || fail "set port $port up: $(cat "$BP_TMP/set.err")"
	# At once, and nothing old comes first.
	bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2 although $port is up again"
	shows 'set by' && fail "$port is up, and called set down"
done
note "down: nothing leaves; up: forwards at once"

# What becomes of the link meanwhile changes nothing of it.
said()
{
	grep -q "$1" "$BP_TMP/a.log"
}
set_port lan down || fail "$(cat "$BP_TMP/set.err")"
ip -n h2 link set e0 down
wait_for 5 shows 'DOWN, down (set by' || fail "the lost link is not shown: $("$BYPATH" show ports "set-$KIND")"
ip -n h2 link set e0 up
bp_neighbours h2 10.77.0.1 h1
wait_for 5 said 'lan: w1 is up\|lan: .*w1.* is up' || fail "that the link is back is not seen"
bp_reaches h1 10.77.0.2 -w 0.3 && fail "the link is back, and lan is no longer down"
ip -n h2 link del e0
wait_for 5 said 'lan: .*w1.* is gone' || fail "a port that is set down does not see its device go"
bp_wire h2 w1 10.77.0.2/24
bp_neighbours h2 10.77.0.1 h1
wait_for 10 said 'lan: .*w1.* is back' || fail "a port that is set down does not see its device come back"
bp_reaches h1 10.77.0.2 -w 0.3 && fail "the device is back, and lan is no longer down"
set_port lan up || fail "$(cat "$BP_TMP/set.err")"
bp_wait_forwarding 10
note "a link that is lost and back, a device that is gone and back: it stays down"

# Nor does a reload that makes the port anew.
if [ "$KIND" = af_packet-mmap ]; then
	set_port lan down || fail "$(cat "$BP_TMP/set.err")"
	sed -i 's/^\[port.lan\]/[port.lan]\nchecksum = off/' "$BP_TMP/a.ini"
	"$BYPATH" reload "set-$KIND" >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
	grep -q 'port lan: made anew' "$BP_TMP/reload.log" || fail "$(cat "$BP_TMP/reload.log")"
	shows 'lan .*down (set by uid 0)' || fail "a reload has set it up"
	bp_reaches h1 10.77.0.2 -w 0.3 && fail "lan is made anew, and no longer down"
	set_port lan up || fail "$(cat "$BP_TMP/set.err")"
	bp_wait_forwarding 10
	note "made anew by a reload: it stays down"
fi

for words in "lam down" "lan sideways"; do
	# shellcheck disable=SC2086 # two words
	set_port $words && fail "set port $words is done"
	case $words in
	lam*) grep -q "found \"port\" 'lam', allowed: wan, lan" "$BP_TMP/set.err" ;;
	*) grep -q "found \"state\" 'sideways', allowed: up, down" "$BP_TMP/set.err" ;;
	esac || fail "set port $words: $(cat "$BP_TMP/set.err")"
done
"$BYPATH" set port lan 2>"$BP_TMP/set.err" && fail "set port lan is done"
grep -q 'port PORT up|down' "$BP_TMP/set.err" || fail "$(cat "$BP_TMP/set.err")"

# 200 times in a row under load, either port: every packet has its place.
flood h1 10.77.0.2 60
load=$FLOOD
threads=$(ls "/proc/$(bp_pid a)/task" | wc -l) fds=$(ls "/proc/$(bp_pid a)/fd" | wc -l)
"$BP_PYTHON" - "/run/bypath/set-$KIND.sock" 200 <<'PY' || fail "200 times: $(tail -n 3 "$BP_TMP/a.log")"
import json, socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
lines = client.makefile()
for i in range(int(sys.argv[2])):
    for state in "down", "up":
        client.sendall(json.dumps({"command": "set", "port": ("wan", "lan")[i % 2], "state": state,
                                   "uid": 4711}).encode() + b"\n")
        answer = json.loads(lines.readline())
        assert answer["ok"] and answer["result"]["state"] == state, answer
PY
kill $load
wait $load 2>/dev/null
bp_reaches h1 10.77.0.2 || fail "h1 does not reach h2 after 200 times"
[ "$(ls "/proc/$(bp_pid a)/task" | wc -l) $(ls "/proc/$(bp_pid a)/fd" | wc -l)" = "$threads $fds" ] ||
	fail "threads, descriptors: $threads $fds before, $(ls "/proc/$(bp_pid a)/task" | wc -l) $(ls "/proc/$(bp_pid a)/fd" | wc -l) after"
grep -q 'uid 4711' "$BP_TMP/a.log" && fail "a client says who it is, and is believed"
[ "$(wc -l <"$BP_TMP/a.log")" -lt 200 ] || fail "the log has $(wc -l <"$BP_TMP/a.log") lines of it"
bp_stop a
note "$KIND, 200 times: $(bp_get a 'summary()')"
bp_expect a "drops_by_reason('lan').get('port_down', 0) > 0" "summary()"
case $KIND in
kernel-*) ;; # its program drops them on their way to lan
*) bp_expect a "drops_by_reason('wan').get('set_down', 0) > 0" "summary()" ;;
esac

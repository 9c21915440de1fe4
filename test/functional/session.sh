# The recorded session of docs/session.txt, made again: session.sh [record]: into docs/. Its structure is compared, not its figures.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

need iperf3 tshark
bp_need_driver af_xdp
bp_lab
bp_ini edge <<'INI'
[engine]
idle = adaptive
[port.wan]
driver = af_packet
device = w0
[port.lan]
driver = af_packet
device = w1
mode = socket
[function.bridge]
type = switch
[forward]
wan = bridge
lan = bridge
INI
cd "$BP_TMP" || fail "cd"
ip netns exec mid "$BYPATH" run edge.ini >"$BP_TMP/edge.log" 2>&1 &
echo $! >"$BP_TMP/edge.pid"
wait_for 10 grep -q forwarding "$BP_TMP/edge.log" || fail "does not start"
wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "no way through"
ip netns exec h2 iperf3 -s -1 >"$BP_TMP/server.log" 2>&1 &
ip netns exec h2 iperf3 -s -1 -p 5202 >"$BP_TMP/second.log" 2>&1 &
wait_for 10 ip netns exec h2 sh -c 'ss -Hlnt | grep -q :5201 && ss -Hlnt | grep -q :5202' || fail "no server"
ip netns exec h1 iperf3 -u -b 50M -l 1000 -t 120 -c 10.77.0.2 >"$BP_TMP/client.log" 2>&1 &
client=$!
moves()
{
	"$BYPATH" show counters edge --json | "$BP_PYTHON" -c \
		'import json, sys; sys.exit(json.load(sys.stdin)["counters"]["port.wan.rx.0.packets"] < 1000)'
}
wait_for 20 moves || fail "no traffic"
timeout 100 "$BP_PYTHON" "$BP_HERE/session.py" "$BYPATH" edge "$BP_TMP/session.txt" "$BP_TMP/session.cast" \
	"$BP_TMP/session-watch.svg" >"$BP_TMP/session.log" 2>&1 || fail "$(cat "$BP_TMP/session.log")"
kill $client
bp_exit edge 10 || fail "drain does not end it"
if [ "${1-}" = record ]; then
	cp "$BP_TMP/session.txt" "$BP_TMP/session.cast" "$BP_TMP/session-watch.svg" "$BP_SOURCE/docs/" ||
		fail "cannot write docs/session.txt"
	exit 0
fi
# The same commands, each with the same headings and, where it lists a set-up's parts, as many rows.
"$BP_PYTHON" - "$BP_SOURCE/docs/session.txt" "$BP_TMP/session.txt" "$BP_SOURCE/docs/session.cast" \
	"$BP_SOURCE/docs/session-watch.svg" <<'PY' ||
import html, json, re, sys
def skeleton(path):
    """The commands, each with its titles, headings and sections, without what is measured."""
    steps = []
    for line in open(path, encoding="utf-8"):
        if line.startswith("$ "):
            steps.append([line.strip()])
        elif steps and re.match(r"(  )?[A-Z]{5,}|\[[a-z]", line):
            steps[-1].append(" ".join(re.findall(r"[A-Za-z]{3,}", line)) if "DROPS" not in line else "DROPS")
    return steps
old, new = skeleton(sys.argv[1]), skeleton(sys.argv[2])
assert [s[0] for s in old] == [s[0] for s in new], (old, new)
for a, b in zip(old, new):
    assert a == b, (a, b)
assert len(old) > 10 and any("WORKERS" in line for step in old for line in step), old
for path in sys.argv[1:3]:
    text = open(path, encoding="utf-8").read()
    for what, n in ((r"^ *\d+ [\d.]+ +10\.77\.0\.1 → 10\.77\.0\.2 +UDP", 5), ("^━━ packet", 3), (r"^\[ +\d+\].* receiver$", 1)):
        assert len(re.findall(what, text, re.M)) == n, (what, path)
rows = [json.loads(line) for line in open(sys.argv[3], encoding="utf-8")]
assert rows[0]["version"] == 2 and all(a[0] <= b[0] for a, b in zip(rows[1:], rows[2:]))
# The picture is of the screen that stands in the text.
drawn = [html.unescape(run) for run in re.findall(r"<text x[^>]*>([^<]*)<", open(sys.argv[4], encoding="utf-8").read())]
screen = open(sys.argv[1], encoding="utf-8").read().split("$ bypath show --watch")[1].split("\n\n")[0].split("\n")[1:]
assert len(screen) > 15 and drawn == [run for line in screen for run in re.findall(r"\S+(?: \S+)*", line)], (drawn, screen)
PY
	fail "docs/session.txt is not what a session looks like today: sh test/functional/session.sh record"
note "docs/session.txt has the structure of a session made now"

# Makes the pictures of the documentation from a run under traffic, its live page and a Prometheus: pictures.sh [FOLDER, docs/]
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

PATH=$PATH:$BP_SOURCE/build/quickstart/unpacked/usr/bin${BP_PROMETHEUS:+:$BP_PROMETHEUS/usr/bin}
need chromium iperf3 prometheus
bp_need_driver af_xdp
folder=$(realpath "${1:-$BP_SOURCE/docs}")
SECONDS_LONG=75

bp_lab
echo 'drop udp port 9' >"$BP_TMP/edge.rules"
write()
{
	bp_ini edge <<END
[engine]
name = edge
idle = adaptive
[metrics]
listen = 127.0.0.1:9477
[port.wan]
driver = $1
device = w0
[port.lan]
driver = af_packet
device = w1
mode = socket
[function.rules]
type = filter
rules = $BP_TMP/edge.rules
[function.sw]
type = switch
[forward]
wan = rules, sw
lan = sw
END
}
write af_packet
bp_start edge
bp_wait_forwarding
bp_neighbours h1 10.77.0.2 h2
cat >"$BP_TMP/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs:
  - job_name: bypath
    static_configs: [{targets: ["127.0.0.1:9477"], labels: {instance: edge}}]
END
ip netns exec mid prometheus --config.file="$BP_TMP/prometheus.yml" --storage.tsdb.path="$BP_TMP/tsdb" \
	--web.listen-address=127.0.0.1:9099 >"$BP_TMP/prometheus.log" 2>&1 &
server=$!

# Three rates both ways, what the filter drops in the middle, and wan from af_packet to af_xdp.
traffic()
{
	for rate in 20M 50M 35M; do
		in_h2 iperf3 -s -1 >/dev/null 2>&1 &
		wait_for 10 in_h2 sh -c 'ss -Hlnt | grep -q :5201' || return 1
		in_h1 iperf3 -u --bidir -b $rate -l 1200 -t $((SECONDS_LONG / 3)) -c 10.77.0.2 >/dev/null 2>&1
		wait $!
	done
}
traffic &
traffic=$!
timeout 200 ip netns exec mid "$BP_PYTHON" "$BP_HERE/pictures.py" "$BP_TMP" http://127.0.0.1:9477/ $((SECONDS_LONG * 3 / 4)) \
	>"$BP_TMP/pictures.log" 2>&1 &
pictures=$!
sleep $((SECONDS_LONG / 3))
in_h1 "$BP_PYTHON" - $((SECONDS_LONG / 3)) <<'PY'
import socket, sys, time
to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
to.connect(("10.77.0.2", 9))
end = time.monotonic() + int(sys.argv[1])
while time.monotonic() < end:
    for _ in range(40):
        to.send(bytes(200))
    time.sleep(0.02)
PY
write af_xdp
"$BYPATH" reload edge || fail "reload"
wait $pictures || fail "pictures of the live page"
wait $traffic
ip netns exec mid "$BP_PYTHON" "$BP_SOURCE/docs/dashboard-svg.py" http://127.0.0.1:9099 "$BP_SOURCE/docs/metrics/dashboard.json" \
	$SECONDS_LONG >"$BP_TMP/dashboard.svg" || fail "dashboard.svg"
kill $server
wait $server
bp_stop edge
mkdir -p "$folder/metrics"
cp "$BP_TMP"/live-*.png "$folder/" && cp "$BP_TMP/dashboard.svg" "$folder/metrics/" || fail "cannot write into $folder"
for file in "$folder"/live-*.png "$folder/metrics/dashboard.svg"; do
	bytes=$(stat -c %s "$file")
	[ "$bytes" -le $((150 << 10)) ] || fail "$file has $bytes bytes, more than 150 KiB"
	note "$file: $bytes bytes"
done

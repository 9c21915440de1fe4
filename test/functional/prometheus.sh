# A real Prometheus scrapes a run under traffic; every panel of the dashboard has data, each alert fires when it must:
# prometheus.sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

# Debian's package starts a service where it is installed: ./quickstart test unpacks it only.
PATH=$PATH:$BP_SOURCE/build/quickstart/unpacked/usr/bin${BP_PROMETHEUS:+:$BP_PROMETHEUS/usr/bin}
command -v prometheus >/dev/null && command -v promtool >/dev/null ||
	skip "no prometheus: ./quickstart test unpacks Debian's package"
need curl
metrics=$BP_SOURCE/docs/metrics

promtool check rules "$metrics/alerts.yml" >"$BP_TMP/rules.log" 2>&1 || fail "$(cat "$BP_TMP/rules.log")"
promtool test rules "$metrics/alerts-test.yml" >"$BP_TMP/rules.log" 2>&1 || fail "$(cat "$BP_TMP/rules.log")"
# The control: of rules that are made blind, one after the other, each is missed.
cp "$metrics/alerts-test.yml" "$BP_TMP/"
alerts=$(sed -n 's/^ *- alert: //p' "$metrics/alerts.yml")
for alert in $alerts; do
	sed "/alert: $alert\$/,/labels:/ s/expr: .*/expr: vector(0) > 1 #&/" "$metrics/alerts.yml" |
		sed '/vector(0) > 1 #.*>-$/,/for:/ { /^          /d }' >"$BP_TMP/alerts.yml"
	promtool check rules "$BP_TMP/alerts.yml" >"$BP_TMP/rules.log" 2>&1 || fail "blind $alert: $(cat "$BP_TMP/rules.log")"
	promtool test rules "$BP_TMP/alerts-test.yml" >"$BP_TMP/rules.log" 2>&1 && fail "nobody misses $alert"
	grep -q "alertname: $alert" "$BP_TMP/rules.log" || fail "blind $alert: $(cat "$BP_TMP/rules.log")"
done
note "$(echo "$alerts" | wc -l) alerts fire when they must, and are missed when they do not"

bp_lab
ip -n mid link set w1 mtu 600 # so that something is dropped there
bp_pair m af_packet-mmap w0 af_packet-socket w1 "[engine]" "name = m" "[metrics]" "listen = 127.0.0.1:9477" \
	"[function.slow]" "type = meter" "rate = 1mbps" "burst = 4k"
sed -i 's/^wan = lan/wan = slow, lan/' "$BP_TMP/m.ini"
bp_start m
bp_wait_forwarding
bp_neighbours h1 10.77.0.2 h2
in_h1 ping -q -c 3 -i 0.1 -W 1 -s 1000 10.77.0.2 >/dev/null 2>&1 && fail "what is too long comes through"
flood h1 10.77.0.2 600 200
in_mid curl -sf http://127.0.0.1:9477/metrics | promtool check metrics >"$BP_TMP/check.log" 2>&1 ||
	fail "promtool check metrics: $(cat "$BP_TMP/check.log")"
[ ! -s "$BP_TMP/check.log" ] || fail "promtool check metrics: $(cat "$BP_TMP/check.log")"
echo 'bypath_odd 1' | promtool check metrics >/dev/null 2>&1 && fail "promtool check metrics finds nothing"

cat >"$BP_TMP/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$metrics/alerts.yml]
scrape_configs:
  - job_name: bypath
    static_configs: [{targets: ["127.0.0.1:9477"]}]
END
ip netns exec mid prometheus --config.file="$BP_TMP/prometheus.yml" --storage.tsdb.path="$BP_TMP/tsdb" \
	--web.listen-address=127.0.0.1:9099 >"$BP_TMP/prometheus.log" 2>&1 &
server=$!
timeout 100 ip netns exec mid "$BP_PYTHON" "$BP_HERE/prometheus.py" 127.0.0.1:9099 "$BYPATH" "$metrics" "$(bp_pid m)" \
	"$BP_TMP/m.ini" >"$BP_TMP/asked.log" 2>&1 || fail "$(cat "$BP_TMP/asked.log")"
note "$(cat "$BP_TMP/asked.log")"
kill $server $FLOOD
wait $server
bp_exit m 10 || fail "the run ends with $?"
bp_law m

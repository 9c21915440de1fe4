# Asks a Prometheus what it has of a run: prometheus.py ADDRESS BYPATH DOCS/METRICS PID-OF-RUN INI.
# SPDX-License-Identifier: BSD-3-Clause
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SERVER, BYPATH, DOCS, RUN, INI = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
# What issue and documentation promise: type, unit, labels beside those that Prometheus adds.
PROMISED = {
    "bypath_build_info": ("gauge", "", {"version", "instance_name"}),
    "bypath_run_seconds": ("gauge", "seconds", set()),
    "bypath_arena_frames": ("gauge", "frames", set()),
    "bypath_unaccounted_packets": ("gauge", "packets", set()),
    "bypath_reloads_total": ("counter", "", {"result"}),
    "bypath_alarm": ("gauge", "", {"alarm", "subject"}),
    "bypath_alarms_raised_total": ("counter", "", {"alarm", "subject"}),
    "bypath_port_up": ("gauge", "", {"port", "driver", "device", "mode"}),
    "bypath_port_losses_total": ("counter", "", {"port"}),
    "bypath_port_rx_packets_total": ("counter", "packets", {"port", "queue"}),
    "bypath_port_rx_bytes_total": ("counter", "bytes", {"port", "queue"}),
    "bypath_port_rx_bursts_total": ("counter", "bursts", {"port", "queue"}),
    "bypath_port_rx_empty_polls_total": ("counter", "polls", {"port", "queue"}),
    "bypath_port_tx_packets_total": ("counter", "packets", {"port", "queue"}),
    "bypath_port_tx_bytes_total": ("counter", "bytes", {"port", "queue"}),
    "bypath_port_tx_bursts_total": ("counter", "bursts", {"port", "queue"}),
    "bypath_port_tx_held_packets": ("gauge", "packets", {"port", "queue"}),
    "bypath_port_dropped_packets_total": ("counter", "packets", {"port", "direction"}),
    "bypath_drops_total": ("counter", "", {"port", "direction", "queue", "reason", "provenance"}),
    "bypath_worker_seconds_total": ("counter", "seconds", {"worker", "state"}),
    "bypath_worker_call_seconds_total": ("counter", "seconds", {"worker"}),
    "bypath_worker_core": ("gauge", "", {"worker"}),
    "bypath_worker_packets_total": ("counter", "packets", {"worker"}),
    "bypath_path_packets_total": ("counter", "packets", {"path"}),
    "bypath_path_bytes_total": ("counter", "bytes", {"path"}),
    "bypath_system_calls_total": ("counter", "", {"path"}),
    "bypath_copies_total": ("counter", "", {"path", "domain", "provenance"}),
    "bypath_burst_packets": ("histogram", "packets", {"path"}),
    "bypath_function_packets_total": ("counter", "packets", {"function", "type"}),
    "bypath_function_drops_total": ("counter", "", {"function", "type", "reason"}),
    "bypath_function_seconds_total": ("counter", "seconds", {"function", "type"}),
    "bypath_function_state": ("gauge", "", {"function", "what"}),
}
ADDED = {"__name__", "job", "instance"}


def api(path, **parameters):
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"http://{SERVER}/api/v1/{path}?{query}", timeout=10) as answer:
        return json.load(answer)["data"]


def query(expression):
    return api("query", query=expression)["result"]


def until(what, ask, limit_s=40):
    end = time.monotonic() + limit_s
    while True:
        try:
            found = ask()
        except (urllib.error.URLError, ConnectionError):
            found = None
        if found:
            return found
        assert time.monotonic() < end, f"not after {limit_s} s: {what}"
        time.sleep(0.1)


def check_families():
    metadata = api("metadata")
    # Prometheus has the metadata of OpenMetrics by the family's name, without what a sample's adds.
    for name, (kind, unit, labels) in PROMISED.items():
        family = re.sub("_total$|_info$", "", name)
        known = metadata.get(family) or metadata.get(name)
        assert known, f"{name} has no metadata: {sorted(metadata)}"
        assert known[0]["type"] in (kind, "info" if name.endswith("_info") else kind), (name, known)
        assert known[0]["unit"] == unit and known[0]["help"].endswith("."), (name, known)
        samples = query(name + ("_count" if kind == "histogram" else ""))
        assert samples, f"{name} has no samples"
        for sample in samples:
            assert set(sample["metric"]) - ADDED <= labels, (name, sample["metric"])
            # An empty label is none to Prometheus: what an alarm of the whole run is about.
            assert labels <= set(sample["metric"]) | ({"subject"} if name.startswith("bypath_alarm") else set()) or \
                name == "bypath_drops_total", (name, sample["metric"])
    found = {m for m in api("label/__name__/values") if m.startswith("bypath_")}
    found = {re.sub("_bucket$|_sum$|_count$", "", m) for m in found}
    assert found == set(PROMISED), found ^ set(PROMISED)


def show(what):
    return json.loads(subprocess.run([BYPATH, "show", what, "m", "--json"], check=True, capture_output=True).stdout)


def check_values():
    """What Prometheus has lies between what bypath show said before and says after."""
    def received():
        return {p["name"]: sum(q["counted"]["packets"] for q in p["rx_queues"]) for p in show("queues")["ports"]}
    before, at = received(), time.time()
    assert before["wan"] > 100, before
    until("a later scrape", lambda: float(query("min(timestamp(bypath_port_rx_packets_total))")[0]["value"][1]) > at)
    scraped = {s["metric"]["port"]: float(s["value"][1]) for s in query("sum by (port) (bypath_port_rx_packets_total)")}
    after = received()
    for port in before:
        assert before[port] <= scraped[port] <= after[port], (port, before[port], scraped[port], after[port])
    long = query('sum by (queue, provenance) (bypath_drops_total{port="lan",direction="tx",reason="tx_too_long"})')
    dropped = query('bypath_port_dropped_packets_total{port="lan",direction="tx"}')
    assert [s["metric"] for s in long] == [{"queue": "0", "provenance": "counted"}], long
    assert long[0]["value"][1] == dropped[0]["value"][1] == "3", (long, dropped)
    bursts = {s["metric"]["path"]: float(s["value"][1]) for s in query("bypath_burst_packets_count")}
    assert bursts["wan>lan"] > 0, bursts
    seconds = sum(float(s["value"][1]) for s in query('bypath_worker_seconds_total{worker="0"}'))
    run = float(query("bypath_run_seconds")[0]["value"][1])
    assert abs(seconds - run) < 0.05 * run + 1, (seconds, run)


def expressions():
    with open(os.path.join(DOCS, "dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
            yield variable["name"], f"count by ({label}) ({metric})"


def check_dashboard():
    n = 0
    for title, expression in expressions():
        expression = expression.replace("$__rate_interval", "5s").replace("$instance", ".*").replace("$job", ".*")
        assert "$" not in expression, expression
        found = [float(s["value"][1]) for s in query(expression)]
        assert any(map(math.isfinite, found)), (title, expression, found)
        n += 1
    assert n > 20
    for title in ("Received packets", "Drops by functions", "Workers' time", "Packets per burst, mean"):
        expression = dict(expressions())[title].replace("$__rate_interval", "5s").replace("$instance", ".*")
        assert max(float(s["value"][1]) for s in query(expression)) > 0, title
    assert not query("bypath_port_rx_packets_total{instance='nosuch'}")
    return n


def n_scrapes():
    return float(query("count_over_time(bypath_build_info[5m])")[0]["value"][1])


def check_reloads():
    """A second worker and queue come and go: Prometheus sees no counter begin anew, and no more packets than there were."""
    with open(INI, encoding="utf-8") as file:
        text = file.read()
    two = text.replace("[engine]\n", "[engine]\nworkers = 2\n").replace("device = w0\n", "device = w0\nqueues = 2\n")
    for changed in (two, text):
        with open(INI, "w", encoding="utf-8") as file:
            file.write(changed)
        subprocess.run([BYPATH, "reload", "m"], check=True, capture_output=True)
        n = n_scrapes()
        until("two more scrapes", lambda n=n: n_scrapes() >= n + 2)
    names = [name for name in api("label/__name__/values") if re.match("bypath_.*_(total|count|bucket|sum)$", name)]
    anew = {name: query(f"resets({name}[5m]) > 0") for name in names}
    assert len(names) > 20 and not any(anew.values()), {name: found for name, found in anew.items() if found}
    # Sums of rates, as the panels have them, less what is there in all.
    grown, = query('sum by (path) (increase(bypath_path_packets_total{path="wan>lan"}[5m]))')
    received = query('sum by (port) (increase(bypath_port_rx_packets_total{port="wan"}[5m]))')
    most = max(float(s["value"][1]) for s in query('max_over_time(bypath_path_packets_total{path="wan>lan"}[5m])'))
    # Prometheus extends what it saw to the range's ends, by one interval at most.
    assert 0 < float(grown["value"][1]) <= 1.3 * most, (grown, most)
    assert 0 < float(received[0]["value"][1]) <= 1.3 * most + 100, (received, most)
    return 2


def check_alerts():
    rules = [rule for group in api("rules")["groups"] for rule in group["rules"]]
    assert rules and all(rule["health"] == "ok" for rule in rules), rules
    states = {rule["name"]: rule["state"] for rule in rules}
    assert states["BypathGone"] == states["BypathPortDown"] == "inactive", states
    os.kill(RUN, signal.SIGTERM)
    until("an alert that the instance is gone", lambda: any(
        alert["labels"]["alertname"] == "BypathGone" for alert in api("alerts")["alerts"]))
    return len(rules)


def main():
    until("a few scrapes", lambda: float(query("count_over_time(bypath_build_info[1m])")[0]["value"][1]) > 7
          if query("bypath_build_info") else None)
    check_families()
    check_values()
    n = check_dashboard()
    print(f"{len(PROMISED)} families, {n} expressions of the dashboard, {check_reloads()} reloads without a counter that begins "
          f"anew, {check_alerts()} alerts")


main()

# Reads [metrics] as Prometheus does, with its own client library: metrics.py ADDRESS|unix:PATH CASE.
# SPDX-License-Identifier: BSD-3-Clause
import http.client
import re
import socket
import sys

from prometheus_client import parser as classic
from prometheus_client.openmetrics import parser as openmetrics

WHERE = sys.argv[1]
OPEN = "application/openmetrics-text; version=1.0.0"


def connect():
    if not WHERE.startswith("unix:"):
        host, _, port = WHERE.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), 10)
    client = socket.socket(socket.AF_UNIX)
    client.connect(WHERE[5:])
    client.settimeout(10)
    return client


def get(path="/metrics", accept="*/*", method="GET", host="localhost"):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connect()
    connection.request(method, path, headers={"Accept": accept, "Host": host})
    answer = connection.getresponse()
    return answer, answer.read().decode()


def families(text, parser):
    found = {family.name: family for family in parser.text_string_to_metric_families(text)}
    samples = {(s.name, tuple(sorted(s.labels.items()))) for f in found.values() for s in f.samples}
    assert len(samples) == sum(len(f.samples) for f in found.values()), "a sample stands twice"
    for family in found.values():
        assert family.documentation and family.type in ("counter", "gauge", "histogram", "info"), family
        assert all(s.value >= 0 for s in family.samples if s.name != "bypath_unaccounted_packets"), family
    return found


def value(found, family, **labels):
    return sum(s.value for s in found[family].samples if labels.items() <= s.labels.items())


def scrape():
    answer, text = get(accept=OPEN)
    assert answer.status == 200 and answer.getheader("Content-Type").startswith("application/openmetrics-text"), answer
    found = families(text, openmetrics)
    assert text.endswith("# EOF\n")
    answer, text = get()
    assert answer.getheader("Content-Type").startswith("text/plain; version=0.0.4"), answer
    old = families(text, classic)
    assert {f + "_info" * (found[f].type == "info") for f in found} == {f for f in old}, set(found) ^ set(old)
    for name in ("bypath_port_up", "bypath_port_rx_packets", "bypath_drops", "bypath_worker_seconds", "bypath_copies",
                 "bypath_system_calls", "bypath_unaccounted_packets", "bypath_function_packets", "bypath_build",
                 "bypath_burst_packets", "bypath_reloads"):
        assert name in found, (name, sorted(found))
    bursts = {s.labels.get("le", s.name[21:]): s.value for s in found["bypath_burst_packets"].samples}
    assert 0 < bursts["count"] == bursts["+Inf"] == bursts["64.0"] <= bursts["sum"] <= 64 * bursts["count"], bursts
    assert value(found, "bypath_reloads", result="refused") == 0
    for name in ("bypath_port_rx_bytes", "bypath_worker_seconds"):
        assert found[name].unit == name.rsplit("_", 1)[1], found[name]
    rx = value(found, "bypath_port_rx_packets", port="a")
    later = families(get(accept=OPEN)[1], openmetrics)
    assert 0 < rx <= value(later, "bypath_port_rx_packets", port="a")
    assert value(found, "bypath_function_packets", function="f") > 0
    assert value(found, "bypath_function_drops", function="f") > 0
    assert {s.labels["state"] for s in found["bypath_worker_seconds"].samples} == {"busy", "idle", "asleep", "off_core"}
    assert found["bypath_function_state"].samples, "what the function says of itself"
    assert {s.labels["domain"] for s in found["bypath_copies"].samples} <= {"user", "kernel"}
    print(f"{sum(len(f.samples) for f in found.values())} samples of {len(found)} families")


def others():
    answer, page = get("/")
    assert answer.status == 200 and answer.getheader("Content-Type").startswith("text/html"), answer
    assert "EventSource" in page and "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy")
    assert not re.search(r"<link|<img|@import|url\(|https?:(?!//www\.w3\.org/2000/svg)", page), "refers to elsewhere"
    assert get("/nothing")[0].status == 404
    assert get(method="POST")[0].status == 405
    assert get(method="HEAD")[1] == ""
    for _ in range(9):  # none of these listens
        assert get("/events", method="HEAD")[0].status == 200
    # A name that leads to this address is not asked for by who means this machine (DNS rebinding).
    if not WHERE.startswith("unix:"):
        for path in ("/", "/metrics", "/events"):
            for host in ("evil.example", "evil.example:9477", "127.0.0.1.evil.example", "localhost.evil.example"):
                assert get(path, host=host)[0].status in (400, 421), (path, host)
        for host in ("localhost", "LOCALHOST:9477", "127.0.0.1:9477", "[::1]:9477"):
            assert get("/", host=host)[0].status == 200, host


def reloaded():
    """Prints what a reload changes: the ports that are up, reloads, and packets of port a."""
    found = families(get(accept=OPEN)[1], openmetrics)
    print(",".join(sorted(s.labels["port"] for s in found["bypath_port_up"].samples)),
          *(int(value(found, "bypath_reloads", result=result)) for result in ("done", "refused")),
          "c" in {s.labels["port"] for s in found["bypath_port_rx_packets"].samples})


def stalled():
    """Those that never read, ask in pieces, or send garbage keep nobody out."""
    clients = [connect() for _ in range(8)]
    for k, client in enumerate(clients):
        client.sendall((b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50, b"GET /met", b"\x00\xff" * 100, b"")[k % 4])
    for _ in range(20):
        assert get()[0].status == 200


{f.__name__: f for f in (scrape, others, reloaded, stalled)}[sys.argv[2]]()

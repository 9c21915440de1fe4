# Clients of a run's web server that lack manners: metrics_clients.py PID-OF-RUN CASE.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import resource
import socket
import sys
import time

PID = int(sys.argv[1])
EVENTS = b"GET /events HTTP/1.0\r\n\r\n"  # not in chunks
METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
CONNECTIONS, LISTENERS, SILENCE_S = 32, 8, 10


def connect(limit_s=20, buffer=None):
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(limit_s)
    client.connect(("127.0.0.1", 9477))
    return client


def send(text, **options):
    client = connect(**options)
    client.sendall(text)
    return client


def lines(client):
    data = b""
    while True:
        more = client.recv(65536)
        if not more:
            return
        data += more
        *whole, data = data.split(b"\n")
        yield from whole


def events(client):
    """Documents, until the stream ends; None: that it is full."""
    name = None
    for line in lines(client):
        if line.startswith(b"event: "):
            name = line[7:]
        elif line.startswith(b"data: "):
            yield None if name == b"full" else json.loads(line[6:])
            name = None


def scrape(limit_s=20):
    client = send(b"GET /metrics HTTP/1.0\r\n\r\n", limit_s=limit_s)
    text = b""
    while more := client.recv(1 << 20):
        text += more
    assert text.startswith(b"HTTP/1.") and b" 200 " in text[:20] and b"bypath_build_info" in text, text[:200]
    return text


def until(what, ask, limit_s=40):
    end = time.monotonic() + limit_s
    while True:
        try:
            found = ask()
        except (OSError, AssertionError) as error:
            found, what = None, f"{what}: {error}"[:300]
        if found:
            return found
        assert time.monotonic() < end, f"not after {limit_s} s: {what}"
        time.sleep(0.05)


def listen():
    """Events, once there is a place."""
    def first():
        stream = events(send(EVENTS))
        return stream if next(stream) else None
    return until("a place for a listener", first)


def threads():
    """Name → seconds on a processor, of those that serve; libmicrohttpd names its own."""
    found = {}
    for task in os.listdir(f"/proc/{PID}/task"):
        with open(f"/proc/{PID}/task/{task}/stat", encoding="utf-8") as file:
            name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
        fields = rest.split()
        if name.startswith(("bypath-http", "MHD")):
            found[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    assert len(found) == 2, f"threads that serve: {found}"
    return found


def busy(seconds=2):
    """Share of a processor that the serving threads take now, together."""
    before, at = sum(threads().values()), time.monotonic()
    time.sleep(seconds)
    return (sum(threads().values()) - before) / (time.monotonic() - at)


def descriptors():
    return len(os.listdir(f"/proc/{PID}/fd"))


def resident():
    with open(f"/proc/{PID}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def case_events():
    """All who listen get each second's event; one more is told that it is full; who goes makes room."""
    clients = [send(EVENTS) for _ in range(LISTENERS)]
    streams = [events(client) for client in clients]
    firsts = [next(stream) for stream in streams]
    assert all(first["schema"] == "bypath.live/1" and len(first["ports"]) == 60 for first in firsts)
    seconds = [[next(stream)["run"]["elapsed_s"] for _ in range(3)] for stream in streams]
    for times in seconds:
        assert all(0.5 < b - a < 10 for a, b in zip(times, times[1:])), times
    later = next(streams[0])
    assert later["rates"]["ports"][0]["rx_pps"] > 0, later["rates"]["ports"][0]
    assert list(events(send(EVENTS))) == [None], "a ninth listener"
    scrape()
    clients[3].close()
    listen()
    for client in clients:
        client.close()
    return f"{LISTENERS} listeners, one more is told so"


def case_stalled():
    """Who asks a lot and never reads, and who listens and stalls, are let go; the others are served meanwhile."""
    before, memory = descriptors(), resident()
    stalled = [send(METRICS * 50, buffer=4096) for _ in range(8)]
    good = listen()
    stalled += [send(EVENTS, buffer=2048) for _ in range(LISTENERS - 1)]
    assert busy() < 0.5
    begin = time.monotonic()
    while descriptors() > before + 1:
        assert next(good), "full"
        scrape()
        assert time.monotonic() - begin < 60, f"{descriptors()} descriptors, {before} before"
    grown = resident() - memory
    assert grown < 16384, f"{grown} KiB"
    listen()
    return f"{len(stalled)} that take nothing are gone after {time.monotonic() - begin:.0f} s, memory grew by {max(grown, 0)} KiB"


def case_many():
    """A thousand connections: those beyond the limit are closed, and when the silent are gone others are served."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    before, memory, clients = descriptors(), resident(), []
    for _ in range(1000):
        clients.append(connect())
    until("those beyond the limit are closed", lambda: descriptors() <= before + CONNECTIONS + 1)
    assert busy(1) < 0.5
    assert resident() - memory < 8192, f"{resident() - memory} KiB"
    until("served again", scrape)
    for client in clients:
        client.close()
    return "1000 connections"


def case_slow():
    """Who dribbles a header, a byte now and then, locks nobody out, and is let go, also behind a whole request."""
    before = descriptors()
    begin = time.monotonic()
    clients = [send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ") for _ in range(CONNECTIONS)]
    until("all are there", lambda: descriptors() >= before + CONNECTIONS)
    for _ in range(3):
        scrape(limit_s=5)
    assert descriptors() > before + CONNECTIONS // 2, "they are gone already: else this shows nothing"
    page = send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nX: ")
    assert page.recv(15) == b"HTTP/1.1 200 OK"
    clients.append(page)
    # More often than the limit of silence, so that it never counts.
    while descriptors() > before:
        for client in clients:
            try:
                client.sendall(b"x")
            except OSError:
                pass
        assert time.monotonic() - begin < 4 * SILENCE_S, f"{descriptors()} descriptors, {before} before"
        time.sleep(0.2)
    assert time.monotonic() - begin > SILENCE_S / 2, "let go too early"
    for client in clients:
        client.close()
    return f"{len(clients)} that send a byte now and then are gone after {time.monotonic() - begin:.0f} s, others are served"


def case_few():
    """Descriptors lack: it rests, and goes on when there are some again."""
    limits = resource.prlimit(PID, resource.RLIMIT_NOFILE)
    used = set(map(int, os.listdir(f"/proc/{PID}/fd")))
    lowest = next(fd for fd in range(1 << 20) if fd not in used)
    resource.prlimit(PID, resource.RLIMIT_NOFILE, (lowest, limits[1]))
    clients = []
    for _ in range(200):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", 9477))
        clients.append(client)
    share = busy()
    resource.prlimit(PID, resource.RLIMIT_NOFILE, limits)
    for client in clients:
        client.close()
    assert share < 0.03, f"{share:.0%} of a processor for nothing"
    until("served again", scrape)
    return f"200 connections without a descriptor for one: {share:.1%} of a processor"


def case_held():
    stream = events(send(EVENTS, limit_s=30))
    next(stream)
    print("listening", flush=True)
    for _ in stream:
        pass
    return "ended"


print(globals()["case_" + sys.argv[2]](), flush=True)

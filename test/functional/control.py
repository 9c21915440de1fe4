# Clients of the control socket that behave badly: control.py SOCKET CASE.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import resource
import signal
import socket
import sys

PATH = sys.argv[1]


def connect(seconds=10):
    client = socket.socket(socket.AF_UNIX)
    client.connect(PATH)  # waits where many do
    client.settimeout(seconds)
    return client


def read_line(client):
    data = b""
    while not data.endswith(b"\n"):
        more = client.recv(65536)
        if not more:
            return None
        data += more
    return json.loads(data)


def ask(client, text):
    client.sendall(text)
    return read_line(client)


def ping():
    client = connect()
    answer = ask(client, b'{"command": "ping"}\n')
    assert answer["ok"] and answer["v"] == 1, answer
    return answer["result"]


def partial():
    """A line in pieces is answered when it is whole; one that stays half ends with the client."""
    client = connect()
    for piece in (b'{"comm', b'and": "pi', b'ng"}'):
        client.sendall(piece)
    ping()
    assert ask(client, b"\n")["ok"]
    half = connect()
    half.sendall(b'{"command": ')
    half.close()
    ping()


def long():
    """A line without end is refused at 64 KiB, whatever follows."""
    client = connect()
    piece = b"x" * 65536
    sent = 0
    try:
        while sent < 1 << 30:
            sent += client.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert sent < 1 << 24, sent
    ping()


def garbage():
    for text, code in ((b"\x00\xff\xfe\n", "bad-request"), (b"[]\n", "bad-request"), (b"\n", "bad-request"),
                       (b'{"command": 1}\n', "bad-request"), (b'{"v": 9, "command": "ping"}\n', "unknown-version"),
                       (b'{"command": "fly"}\n', "unknown-command"),
                       (b'{"command": "reload", "check": 1}\n', "bad-request"), (b'{"command": "reload", "check": null}\n', "bad-request"), (b"[" * 60000 + b"\n", "bad-request"),
                       (b'{"command": "show", "what": "money"}\n', "unknown-what")):
        answer = ask(connect(), text)
        assert not answer["ok"] and answer["error"]["code"] == code, (text[:40], answer)
    ping()


def many():
    """A thousand that say nothing keep nobody out."""
    clients = [connect() for _ in range(1000)]
    ping()
    for client in clients[:-40]:
        assert client.recv(1) == b"", "the oldest are let go of"
    assert ask(clients[-1], b'{"command": "ping"}\n')["ok"], "the newest are served"


def stalled():
    """Who asks and does not read is served no further, and nobody waits for it."""
    client = connect(1)
    request = b'{"command": "show", "what": "all"}\n'
    try:
        for _ in range(100000):
            client.sendall(request)
    except (socket.timeout, BrokenPipeError, ConnectionResetError):
        pass
    else:
        raise AssertionError("it takes requests without end")
    for _ in range(20):
        ping()


def few_descriptors():
    """Where descriptors lack, those that say nothing keep nobody out either."""
    pid = ping()["pid"]
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, ([n for n in range(100) if n not in used][6], limits[1]))
    try:
        silent = [connect() for _ in range(20)]
        for _ in range(5):
            ping()
        assert silent[0].recv(1) == b"", "the oldest has made room"
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def gave_up():
    """Who has gone before the request was read is not served: it was told that nobody answers."""
    answer = ask(connect(), b'{"command": "show", "what": "ports"}\n')["result"]
    port, pid = answer["ports"][0]["name"], answer["run"]["pid"]
    request = json.dumps({"command": "set", "port": port, "state": "down"}).encode() + b"\n"
    os.kill(pid, signal.SIGSTOP)
    try:
        gone, waits = connect(), connect()
        gone.sendall(request)
        gone.close()
        # The control: this one only sends no more.
        waits.sendall(b'{"command": "show", "what": "ports"}\n')
        waits.shutdown(socket.SHUT_WR)
    finally:
        os.kill(pid, signal.SIGCONT)
    for answer in (read_line(waits), ask(connect(), b'{"command": "show", "what": "ports"}\n')):
        assert answer["ok"] and not answer["result"]["ports"][0].get("set_down_by"), answer


def pipelined():
    client = connect()
    client.sendall(b'{"command": "ping"}\n' * 50)
    data = b""
    while data.count(b"\n") < 50:
        data += client.recv(65536)
    assert all(json.loads(line)["ok"] for line in data.splitlines())


{f.__name__: f for f in (ping, partial, long, garbage, many, stalled, few_descriptors, gave_up, pipelined)}[sys.argv[2]]()

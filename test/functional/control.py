# Clients of the control socket that behave badly: control.py SOCKET CASE.
# SPDX-License-Identifier: BSD-3-Clause
import json
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


def pipelined():
    client = connect()
    client.sendall(b'{"command": "ping"}\n' * 50)
    data = b""
    while data.count(b"\n") < 50:
        data += client.recv(65536)
    assert all(json.loads(line)["ok"] for line in data.splitlines())


{f.__name__: f for f in (ping, partial, long, garbage, many, stalled, pipelined)}[sys.argv[2]]()

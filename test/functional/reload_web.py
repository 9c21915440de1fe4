# Clients of a run that is reloaded: reload_web.py LISTEN figures | gone | follow FILE | half FILE.
# SPDX-License-Identifier: BSD-3-Clause
import socket
import sys


def connect(listen):
    if listen.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(listen[5:])
        return client
    host, port = listen.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def get(listen, path):
    client = connect(listen)
    client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    return client


def figures(listen):
    """The counters of a scrape, as NAME{LABELS} VALUE."""
    client, text = get(listen, "/metrics"), b""
    while more := client.recv(1 << 20):
        text += more
    assert b" 200 " in text[:20], text[:200]
    lines = text.decode().split("\r\n\r\n", 1)[1].splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line[0] != "#"}


def gone(listen):
    try:
        connect(listen)
    except (ConnectionRefusedError, FileNotFoundError):
        return
    sys.exit("somebody still listens there")


def follow(listen, file):
    """Events until they end, which is no error; FILE has a line for each, then 'end'."""
    client, data = get(listen, "/events"), b""
    with open(file, "w", encoding="utf-8", buffering=1) as out:
        while more := client.recv(1 << 16):
            data += more
            *whole, data = data.split(b"\n")
            for line in whole:
                if line.startswith(b"data: "):
                    print("event", file=out)
        print("end" if not data.strip() else f"cut: {data[:80]}", file=out)


def half(listen, file):
    """Half a request, until the other side ends it; FILE says 'there' meanwhile."""
    client = connect(listen)
    client.sendall(b"GET /metrics HTTP/1.1\r\nHo")
    with open(file, "w", encoding="utf-8") as out:
        out.write("there\n")
    try:
        assert not client.recv(1)
    except ConnectionResetError:
        pass


if __name__ == "__main__":
    if sys.argv[2] == "figures":
        for name, value in figures(sys.argv[1]).items():
            print(name, value)
    elif sys.argv[2] == "gone":
        gone(sys.argv[1])
    elif sys.argv[2] == "half":
        half(sys.argv[1], sys.argv[3])
    else:
        follow(sys.argv[1], sys.argv[3])

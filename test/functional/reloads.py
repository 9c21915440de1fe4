#!/usr/bin/python3
# Has an instance reload the largest file, in which nothing changes, and says how long that took.
# SPDX-License-Identifier: BSD-3-Clause
"""reloads.py file NAME WORKERS: wan and lan on w0 and w1, 60 ports with 8 queues beside them, 30 filters by some.rules.
reloads.py time SOCKET N PID WHAT: N reloads by one client, so that no process starts in what is measured."""

import json
import socket
import statistics
import sys
import time

N_PORTS = 60


def print_file(name, workers):
    print(f"[engine]\nname = {name}\nidle = adaptive\nworkers = {workers}\n[memory]\nframes = 65536\n"
          "[port.wan]\ndriver = af_packet\ndevice = w0\n[port.lan]\ndriver = af_packet\ndevice = w1")
    for i in range(N_PORTS):
        print(f"[port.p{i}]\ndriver = af_packet\ndevice = p{i}\nring_size = 64\nqueues = 8")
    for i in range(N_PORTS // 2):
        print(f"[function.f{i}]\ntype = filter\nrules = some.rules\ndefault = pass")
    print("[forward]\nwan = lan\nlan = wan")
    for i in range(N_PORTS // 2):
        print(f"p{2 * i} = f{i}, p{2 * i + 1}\np{2 * i + 1} = p{2 * i}")


def used_ms(pid):
    """Of the thread that reads the file, whatever else the host has to do."""
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def spread(v):
    return f"{statistics.median(v):.1f} ({min(v):.1f}-{max(v):.1f})"


def measure(path, n, pid, what):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.settimeout(60)
    asked, used, pause = [], [], []
    for _ in range(int(n)):
        begin, before = time.monotonic(), used_ms(pid)
        client.sendall(b'{"command": "reload"}\n')
        answer = b""
        while not answer.endswith(b"\n"):
            answer += client.recv(1 << 20)
        asked.append(1e3 * (time.monotonic() - begin))
        result = json.loads(answer)["result"]
        assert "refused" not in result and result["empty"], result
        used.append(used_ms(pid) - before)
        pause.append(result["pause_ms"])
    print(f"# {what}: asked and answered in {spread(asked)} ms, {spread(used)} of a processor, "
          f"workers stood still {spread(pause)}, {len(asked)} reloads")


if __name__ == "__main__":
    {"file": print_file, "time": measure}[sys.argv[1]](*sys.argv[2:])

#!/usr/bin/python3
# Has an instance reload a file in which nothing changes, N times, and says how long that took.
# SPDX-License-Identifier: BSD-3-Clause
"""reloads.py SOCKET N PID WHAT: one client for all, so that no process starts in what is measured."""

import json
import socket
import statistics
import sys
import time

PATH, N, PID, WHAT = sys.argv[1:5]


def used_ms():
    """Of the thread that reads the file, whatever else the host has to do."""
    with open(f"/proc/{PID}/task/{PID}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def spread(v):
    return f"{statistics.median(v):.1f} ({min(v):.1f}-{max(v):.1f})"


def main():
    client = socket.socket(socket.AF_UNIX)
    client.connect(PATH)
    client.settimeout(60)
    asked, used, pause = [], [], []
    for _ in range(int(N)):
        begin, before = time.monotonic(), used_ms()
        client.sendall(b'{"command": "reload"}\n')
        answer = b""
        while not answer.endswith(b"\n"):
            answer += client.recv(1 << 20)
        asked.append(1e3 * (time.monotonic() - begin))
        result = json.loads(answer)["result"]
        assert "refused" not in result and result["empty"], result
        used.append(used_ms() - before)
        pause.append(result["pause_ms"])
    print(f"# {WHAT}: asked and answered in {spread(asked)} ms, {spread(used)} of a processor, "
          f"workers stood still {spread(pause)}, {len(asked)} reloads")


main()

#!/usr/bin/python3
# Judges what a run wrote while its machine's wall clock was set forward and back.
# SPDX-License-Identifier: BSD-3-Clause
"""clock.py log FILE WINDOWS: each line's time (JSON) lies in a window, lines of one window after those of the window before.
clock.py figures FILE MAX WINDOWS: each line of FILE is a JSON document; no number in it is negative, no rate is more than MAX packets/s.
clock.py capture FILE WINDOWS: each packet's time (pcapng) lies in a window, in order, and each window has packets.

WINDOWS: a file of lines 'FROM TO', seconds of the wall clock between two steps, in the order in which they were."""

import datetime
import json
import struct
import sys

ROOM_S = 0.002  # a stamp has milliseconds
RATES = ("pps", "bps", "per_s")
BITS = 12304  # of a frame, at most
SIGNED = ("unaccounted", "offset", "priority")


def read_windows(path):
    with open(path, encoding="ascii") as file:
        return [tuple(map(float, line.split())) for line in file]


def place(times, windows, what):
    """The number of times in each window; they stay in one until they go on to a later one."""
    counts, at = [0] * len(windows), 0
    for t in times:
        while at < len(windows) and not windows[at][0] - ROOM_S <= t <= windows[at][1] + ROOM_S:
            at += 1
        assert at < len(windows), f"{what} of {t}: in none of the windows that are left, of {windows}"
        counts[at] += 1
    return counts


def judge_log(path, windows):
    with open(path, encoding="utf-8") as file:
        times = [datetime.datetime.fromisoformat(json.loads(line)["time"]).timestamp() for line in file]
    print(*place(times, windows, "a line"))


def numbers(value, name=""):
    if isinstance(value, dict):
        for key, below in value.items():
            yield from numbers(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from numbers(below, name)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, value


def judge_figures(path, most):
    n = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            for name, value in numbers(json.loads(line)):
                n += name.endswith(RATES)
                assert value >= 0 or name in SIGNED, f"{name} is {value}: {line}"
                room = most * BITS if name.endswith("bps") else most
                assert value <= room or not name.endswith(RATES), f"{name} is {value}: {line}"
    assert n, "no rate in it"
    print(n)


def packet_times(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            high, low = struct.unpack_from("<II", data, at + 12)
            yield (high << 32 | low) / 1e9
        at += size


def main():
    what, path = sys.argv[1:3]
    windows = read_windows(sys.argv[-1])
    if what == "log":
        judge_log(path, windows)
    elif what == "figures":
        judge_figures(path, float(sys.argv[3]))
    else:
        counts = place(packet_times(path), windows, "a packet")
        assert all(counts), f"a window has no packet: {counts}"
        print(*counts)


main()

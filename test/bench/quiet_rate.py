#!/usr/bin/python3
# Rate of a forwarder from those moments in which nothing else had its core.
# SPDX-License-Identifier: BSD-3-Clause
"""quiet_rate.py SECONDS FORWARDER SOURCE RECEIVER: process ids; RECEIVER lives in the namespace whose
e0 receives. Prints "PPS CPU_NS_PER_PACKET WINDOWS": medians over the windows of 50 ms in which the
forwarder's busiest thread waited for its core less than 3 % of the time, and the source less than
10 %; "- - 0" when there were none."""

import glob
import statistics
import sys
import time

SECONDS, FORWARDER, SOURCE, RECEIVER = float(sys.argv[1]), *sys.argv[2:5]


def schedule(task):
    """Nanoseconds on a core, nanoseconds waiting for one."""
    with open(f"{task}/schedstat", encoding="ascii") as file:
        ran, waited = file.read().split()[:2]
    return int(ran), int(waited)


def busiest(pid):
    return max(glob.glob(f"/proc/{pid}/task/*"), key=lambda task: schedule(task)[0])


def received():
    with open(f"/proc/{RECEIVER}/net/dev", encoding="ascii") as file:
        for line in file:
            if line.strip().startswith("e0:"):
                return int(line.split(":")[1].split()[1])
    raise SystemExit("no e0")


def look(forwarder, source):
    return (time.perf_counter(), received(), *schedule(forwarder), *schedule(source))


def main():
    forwarder, source = busiest(FORWARDER), busiest(SOURCE)
    end = time.perf_counter() + SECONDS
    rates, costs = [], []
    try:
        while time.perf_counter() < end:
            a = look(forwarder, source)
            time.sleep(0.05)
            b = look(forwarder, source)
            seconds, pkts, ran, waited, _, starved = (y - x for x, y in zip(a, b))
            if pkts > 1000 and waited < 0.03e9 * seconds and starved < 0.1e9 * seconds:
                rates.append(pkts / seconds)
                costs.append(ran / pkts)
    except FileNotFoundError:
        pass  # the source has ended
    if rates:
        print(round(statistics.median(rates)), round(statistics.median(costs)), len(rates))
    else:
        print("- - 0")


main()

#!/usr/bin/python3
# Holds the report's crossings against the kernel's count of each worker's system calls.
# SPDX-License-Identifier: BSD-3-Clause
"""crossings.py WITNESS.json REPORT.json: exit code 1 unless they agree to the call, but for the few reads of
files and wake-ups."""

import json
import sys

from get import Report

# x86-64 numbers of what moves packets or waits for them. None of the kinds tried reads packets by read(), but
# a worker reads files of /proc so when it begins and ends, and an eventfd when it is woken, which is a wait.
READ = 0
PATH = {
    1: "write", 7: "poll", 16: "ioctl", 19: "readv", 20: "writev", 44: "sendto",
    45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 55: "getsockopt", 232: "epoll_wait",
    271: "ppoll", 281: "epoll_pwait", 299: "recvmmsg", 307: "sendmmsg", 35: "nanosleep",
    230: "clock_nanosleep", 24: "sched_yield",
}
# A worker's birth and death, and the faults that parking needs: never once per packet.
ELSEWHERE_MAX = 100


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        seen = json.load(file)
    report = Report(sys.argv[2])
    wrong = 0
    for worker in report.workers():
        mine = {number: count for tid, number, count in seen if tid == worker["tid"]}
        on_path = {PATH[n]: c for n, c in mine.items() if n in PATH}
        elsewhere = {n: c for n, c in mine.items() if n not in PATH}
        counted = report.calls_of(worker["worker"]) + worker["waits"]
        kernel = sum(on_path.values())
        print(f"# worker {worker['worker']}: report {counted} "
              f"({worker['waits']} of them waits), kernel {kernel}: {on_path}")
        print(f"# worker {worker['worker']}: elsewhere, by number: {elsewhere}")
        if not kernel <= counted <= kernel + mine.get(READ, 0) or not kernel:
            wrong += 1
        if sum(elsewhere.values()) > ELSEWHERE_MAX:
            print("# calls outside the packet path while forwarding")
            wrong += 1
    if not report.workers():
        wrong += 1
    sys.exit(1 if wrong else 0)


main()

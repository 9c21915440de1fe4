#!/usr/bin/python3
# Counts what comes in at a host's device by its VLAN tag, until SIGTERM.
# SPDX-License-Identifier: BSD-3-Clause
"""switch_watch.py HOST DEVICE MTU PREFIX: says "watching" on stderr, and in the end a line of JSON, of IPv4 packets to addresses that
begin so: tags (VLAN or none → frames), longest (bytes, without tag), super_frames (longer than the MTU lets a frame be)."""

import collections
import json
import select
import signal
import sys

from switch_lab import open_socket, receive

ETHERNET_BYTES = 14


class Ended(Exception):
    pass


def end(*_):
    raise Ended


def look(frame, prefix, seen):
    tag, rest = "none", frame[12:]
    if rest[:2] == b"\x81\x00":
        tag, rest = str(int.from_bytes(rest[2:4], "big") & 0xFFF), rest[4:]
    if rest[:2] == b"\x08\x00" and rest[18:18 + len(prefix)] == prefix:
        seen["tags"][tag] += 1
        seen["lengths"].append(12 + len(rest))


def main():
    host, device, mtu, text = sys.argv[1:]
    prefix = bytes(map(int, text.split(".")))
    seen = {"tags": collections.Counter(), "lengths": []}
    signal.signal(signal.SIGTERM, end)
    sock = open_socket(host, device)
    try:
        print("watching", file=sys.stderr, flush=True)
        while True:
            select.select([sock], [], [])
            look(receive(sock), prefix, seen)
    except Ended:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while select.select([sock], [], [], 0)[0]:
        look(receive(sock), prefix, seen)
    print(json.dumps({"tags": seen["tags"], "longest": max(seen["lengths"], default=0),
                      "super_frames": sum(length > int(mtu) + ETHERNET_BYTES for length in seen["lengths"])}))


main()

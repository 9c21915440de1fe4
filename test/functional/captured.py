#!/usr/bin/python3
# Reads captures strictly, pcapng of bypath's and pcap of tcpdump's; sends numbered frames.
# SPDX-License-Identifier: BSD-3-Clause
"""captured.py frames FILE [INTERFACE [in|out]]: each frame of them, in hex, a line each.
captured.py whole FILE: fails unless it ends with the statistics of each interface; prints PACKETS MATCHED LOST.
captured.py valid FILE...: fails unless each is made of whole blocks; prints PACKETS of all, then BYTES of the longest file.
captured.py comments FILE: each comment with how often it occurs.
captured.py send ADDRESS PORT COUNT: UDP datagrams of 0 to 1400 bytes, numbered.
"""

import collections
import socket
import struct
import sys
import time

SECTION, INTERFACE, STATISTICS, PACKET = 0x0A0D0D0A, 1, 5, 6
Frame = collections.namedtuple("Frame", "interface way ns wire data comment")


def options(body):
    found, at = {}, 0
    while True:
        code, size = struct.unpack_from("<HH", body, at)
        if code == 0:
            assert size == 0 and at + 4 == len(body), "options end before the block does"
            return found
        assert at + 4 + size <= len(body), "an option is longer than its block"
        found[code] = body[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


def blocks(data):
    at = 0
    while at < len(data):
        assert at + 12 <= len(data), "ends within a block's head"
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0 and at + size <= len(data), "ends within a block"
        assert struct.unpack_from("<I", data, at + size - 4)[0] == size, "its length stands there twice"
        yield kind, data[at + 8:at + size - 4]
        at += size


class Pcapng:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.n_bytes, self.interfaces, self.frames, self.statistics = len(data), [], [], {}
        for number, (kind, body) in enumerate(blocks(data)):
            assert (kind == SECTION) == (number == 0), "one section"
            if kind == SECTION:
                assert struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
                assert options(body[16:])[4].startswith(b"bypath ")
            elif kind == INTERFACE:
                assert not self.frames, "interfaces come first"
                link, _, self.snap = struct.unpack_from("<HHI", body)
                found = options(body[8:])
                assert link == 1 and found[9] == b"\x09", "Ethernet, nanoseconds"
                self.interfaces.append(found[2].decode())
            elif kind == PACKET:
                self.add(body)
            elif kind == STATISTICS:
                interface, = struct.unpack_from("<I", body)
                found = options(body[12:])
                assert interface not in self.statistics
                self.statistics[interface] = {code: struct.unpack("<Q", found[code])[0] for code in (4, 6, 7, 8)}
            else:
                raise AssertionError(f"a block of type {kind}")

    def add(self, body):
        interface, high, low, size, wire = struct.unpack_from("<IIIII", body)
        assert interface < len(self.interfaces) and size <= wire and size <= self.snap
        found = options(body[20 + (size + 3) // 4 * 4:])
        way = {1: "in", 2: "out"}[struct.unpack("<I", found[2])[0] & 3]
        ns = high << 32 | low
        assert abs(ns / 1e9 - time.time()) < 3600, "a time of now"
        self.frames.append(Frame(self.interfaces[interface], way, ns, wire, body[20:20 + size],
                                 found.get(1, b"").decode()))


def tcpdump_frames(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at < len(data):
        _, _, size, wire = struct.unpack_from("<IIII", data, at)
        assert size == wire
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def print_frames(path, interface=None, way=None):
    with open(path, "rb") as file:
        is_pcap = file.read(4) != b"\x0a\x0d\x0d\x0a"
    if is_pcap:
        for data in tcpdump_frames(path):
            print(data.hex())
        return
    for frame in Pcapng(path).frames:
        if interface in (None, frame.interface) and way in (None, frame.way):
            print(frame.data.hex())


def whole(path):
    capture = Pcapng(path)
    assert capture.statistics.keys() == set(range(len(capture.interfaces))), "the statistics of each interface"
    rows = capture.statistics.values()
    for number, name in enumerate(capture.interfaces):
        n_frames = sum(frame.interface == name for frame in capture.frames)
        assert n_frames == capture.statistics[number][8], "as many as it says"
    assert sum(row[4] for row in rows) >= sum(row[6] for row in rows) >= len(capture.frames)
    print(len(capture.frames), sum(row[6] for row in rows), sum(row[7] for row in rows))


def valid(paths):
    captures = [Pcapng(path) for path in paths]
    print(sum(len(capture.frames) for capture in captures), max(capture.n_bytes for capture in captures))


def comments(path):
    for comment, count in sorted(collections.Counter(frame.comment for frame in Pcapng(path).frames).items()):
        print(count, comment)


def send(address, port, count):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(int(count)):
        out.sendto(struct.pack(">I", number) * (number * 37 % 350), (address, int(port)))
        if number % 16 == 15:
            time.sleep(0.001)


if __name__ == "__main__":
    if sys.argv[1] == "valid":
        valid(sys.argv[2:])
    else:
        {"frames": print_frames, "whole": whole, "comments": comments, "send": send}[sys.argv[1]](*sys.argv[2:])

#!/usr/bin/python3
# Makes a capture of numbered frames, reads captures strictly: every record whole, its number, its bytes.
# SPDX-License-Identifier: BSD-3-Clause
"""records.py make FILE COUNT: COUNT frames of 60 to 1514 bytes, numbered from 0.
records.py check FILE...: reads them one behind the other; prints COUNT FIRST LAST N_GAPS N_BACKWARDS, of
the numbers in all. An end within a record is an error, an end without any record is not.
records.py stall FIFO GO OUT: opens FIFO, reads nothing until GO exists, then all of it into OUT.
"""

import os
import struct
import sys
import time

HEADER = struct.Struct("<IHHIIII")
RECORD = struct.Struct("<IIII")


def frame(number):
    size = 60 + number * 37 % 1455
    head = bytes.fromhex("020000000002020000000001" "88b5") + struct.pack(">I", number)
    return head + bytes([number & 255]) * (size - len(head))


def make(path, count):
    with open(path, "wb") as file:
        file.write(HEADER.pack(0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for number in range(count):
            data = frame(number)
            file.write(RECORD.pack(1700000000, number, len(data), len(data)) + data)


def numbers(path):
    with open(path, "rb") as file:
        data = file.read()
    assert len(data) >= HEADER.size, f"{path}: no header in {len(data)} bytes"
    magic, major, minor, _, _, snaplen, link = HEADER.unpack_from(data)
    assert (magic, major, minor, snaplen, link) == (0xA1B23C4D, 2, 4, 262144, 1), f"{path}: header"
    at = HEADER.size
    while at < len(data):
        assert at + RECORD.size <= len(data), f"{path}: ends within a record's header"
        _, _, captured, wire = RECORD.unpack_from(data, at)
        at += RECORD.size
        assert captured == wire and at + captured <= len(data), f"{path}: ends within a record"
        number, = struct.unpack_from(">I", data, at + 14)
        assert data[at:at + captured] == frame(number), f"{path}: frame {number} is another"
        at += captured
        yield number


def check(paths):
    seen = [number for path in paths for number in numbers(path)]
    steps = [b - a for a, b in zip(seen, seen[1:])]
    print(len(seen), seen[0] if seen else "-", seen[-1] if seen else "-",
          sum(step > 1 for step in steps), sum(step < 1 for step in steps))


def stall(fifo, go, out):
    with open(fifo, "rb", buffering=0) as source, open(out, "wb", buffering=0) as target:
        print("open", flush=True)
        while not os.path.exists(go):
            time.sleep(0.02)
        while data := source.read(1 << 20):
            target.write(data)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "check":
        check(sys.argv[2:])
    else:
        stall(*sys.argv[2:])

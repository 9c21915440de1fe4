#!/usr/bin/python3
# Writes captures for the pcap tests, sound ones and damaged ones.
# SPDX-License-Identifier: BSD-3-Clause
"""capture.py FILE KIND [COUNT]: COUNT frames (100), 60 to 1514 bytes, 20 ms apart.

KIND: good, big-endian (microseconds), wifi (another link type), cut (snapped to 40 bytes), torn (ends
inside the last record), lying (record 50 claims 4 GiB), runts (every other frame has 8 bytes), empty
(a header only), long (frames of 20000 bytes), garbage.
"""

import struct
import sys

NANO, MICRO = 0xA1B23C4D, 0xA1B2C3D4
ETHERNET, WIFI = 1, 105


def frame(number, kind):
    if kind == "runts" and number % 2:
        return bytes(8)
    size = 20000 if kind == "long" else 60 + number * 37 % 1455
    head = bytes.fromhex("020000000002020000000001" "88b5")
    return head + bytes((number + i * 7) & 255 for i in range(size - len(head)))


def main():
    path, kind = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    order = ">" if kind == "big-endian" else "<"
    magic = MICRO if kind == "big-endian" else NANO
    link = WIFI if kind == "wifi" else ETHERNET
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 262144, link)
    for number in range(0 if kind == "empty" else count):
        data = frame(number, kind)
        kept = data[:40] if kind == "cut" else data
        told = 0xFFFFFFFF if kind == "lying" and number == 50 else len(kept)
        ticks = number % 50 * 20 * (1000 if kind == "big-endian" else 1000000)
        out += struct.pack(order + "IIII", 1700000000 + number // 50, ticks, told, len(data)) + kept
    if kind == "torn":
        out = out[:-30]
    if kind == "garbage":
        out = b"no capture at all, but a text of more than twenty-four bytes"
    with open(path, "wb") as file:
        file.write(out)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# Captures made by hand, and what stands in one that came out.
# SPDX-License-Identifier: BSD-3-Clause
"""trace.py write FILE EXPRESSION: the capture that the expression makes of the functions below.
trace.py expect FILE EXPRESSION: fail unless it is true of `frames`, the list of the capture's frames.
"""

import struct
import sys

ETHERNET, RAW, SLL, SLL2, IPV4, IPV6 = 1, 101, 113, 276, 228, 229
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def record(data, wire=None, ns=0):
    head = struct.pack("<IIII", 1 + ns // 10**9, ns % 10**9, len(data), len(data) if wire is None else wire)
    return head + data


def pcap(records, link=ETHERNET):
    return struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link) + b"".join(records)


def frame(number, size=60):
    """Ethernet of a kind that nobody speaks; its number and a pattern."""
    return MAC_B + MAC_A + b"\x88\xb5" + bytes((number + i) & 255 for i in range(size - 14))


def load(path):
    """The frames of a capture, as (wire length, bytes)."""
    with open(path, "rb") as file:
        data = file.read()
    at, frames = 24, []
    while at < len(data):
        kept, wire = struct.unpack_from("<II", data, at + 8)
        frames.append((wire, data[at + 16:at + 16 + kept]))
        at += 16 + kept
    return frames


def main():
    command, path, expression = sys.argv[1:4]
    names = dict(globals())
    if command == "write":
        with open(path, "wb") as file:
            file.write(eval(expression, names))  # the tests' own expressions
        return
    names["frames"] = load(path)
    if not eval(expression, names):
        for wire, data in names["frames"][:8]:
            print(wire, data.hex(), file=sys.stderr)
        sys.exit(f"{path}, {len(names['frames'])} frames: not true: {expression}")


if __name__ == "__main__":
    main()

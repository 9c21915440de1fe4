#!/usr/bin/python3
# Captures made by hand, and what stands in one that came out.
# SPDX-License-Identifier: BSD-3-Clause
"""trace.py write FILE EXPRESSION: the capture that the expression makes of the functions below.
trace.py expect FILE EXPRESSION: fail unless it is true of `frames`, the list of the capture's frames.
"""

import ipaddress
import struct
import sys

ETHERNET, RAW, SLL, SLL2, IPV4, IPV6 = 1, 101, 113, 276, 228, 229
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def record(data, wire=None, ns=0):
    head = struct.pack("<IIII", 1 + ns // 10**9, ns % 10**9, len(data), len(data) if wire is None else wire)
    return head + data


def pcap(records, link=ETHERNET):
    return struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link) + b"".join(records)


def v4(number, size=46):
    """An IPv4 packet of a protocol that nobody speaks."""
    head = struct.pack("!BBHHHBB", 0x45, 0, size, number, 0, 64, 253)
    return head + b"\0\0" + bytes([198, 18, 0, 1, 198, 19, 0, 1]) + bytes(number + i & 255 for i in range(size - 20))


def v6(number, size=46):
    """Likewise, without a next header."""
    return struct.pack("!IHBB", 0x60000000, size - 40, 59, 64) + bytes(31) + b"\1" + bytes([number & 255] * (size - 40))


def sll(protocol, payload, arphrd=1):
    return struct.pack("!HHH8sH", 0, arphrd, 6, MAC_A, protocol) + payload


def sll2(protocol, payload, arphrd=1):
    return struct.pack("!HHIHBB8s", protocol, 0, 2, arphrd, 0, 6, MAC_A) + payload


def eth(protocol, payload):
    return MAC_B + MAC_A + struct.pack("!H", protocol) + payload


def frame(number, size=60):
    """Ethernet of a kind that nobody speaks; its number and a pattern."""
    return MAC_B + MAC_A + b"\x88\xb5" + bytes((number + i) & 255 for i in range(size - 14))


def add(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ip(source, destination, proto, data, fragment=0):
    """An IP packet of either version with transport header and payload, the checksums (at 0 in data) left to whole()."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 6:
        return struct.pack("!IHBB", 0x60000000, len(data), proto, 64) + source.packed + destination.packed + data
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(data), 7, fragment, 64, proto)
    addresses = source.packed + destination.packed
    return head + struct.pack("!H", add(head + addresses) ^ 0xFFFF) + addresses + data


def whole(source, destination, proto, data):
    """The transport data with its checksum."""
    at = {6: 16, 17: 6, 58: 2}[proto]
    pseudo = b"".join(ipaddress.ip_address(a).packed for a in (source, destination))
    total = add(pseudo + struct.pack("!HH", proto, len(data)) + data) ^ 0xFFFF
    return data[:at] + struct.pack("!H", total or 0xFFFF) + data[at + 2:]


def udp(source, destination, size=100):
    return whole(source, destination, 17, struct.pack("!HHHH", 5000, 6000, size + 8, 0) + bytes(i & 255 for i in range(size)))


def tcp(source, destination, size=100):
    return whole(source, destination, 6, struct.pack("!HHIIBBHHH", 5000, 80, 1, 1, 0x50, 0x10, 999, 0, 0) + bytes([7] * size))


def echo(source, destination):
    return whole(source, destination, 58, struct.pack("!BBHHH", 128, 0, 0, 1, 1) + bytes(range(32)))


def packets(source, destination, source6, destination6):
    """One flow of each protocol between two hosts, a datagram in two fragments, one UDP packet without a checksum."""
    long = udp(source, destination, 200)
    bare = udp(source, destination)
    return [eth(0x800, ip(source, destination, 17, udp(source, destination))),
            eth(0x800, ip(source, destination, 6, tcp(source, destination))),
            eth(0x800, ip(source, destination, 17, long[:104], 0x2000)),
            eth(0x800, ip(source, destination, 17, long[104:], 104 // 8)),
            eth(0x800, ip(source, destination, 17, bare[:6] + b"\0\0" + bare[8:])),
            eth(0x8100, b"\0\x05\x86\xdd" + ip(source6, destination6, 6, tcp(source6, destination6))),
            eth(0x86dd, ip(source6, destination6, 17, udp(source6, destination6))),
            eth(0x86dd, ip(source6, destination6, 58, echo(source6, destination6)))]


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
    if not eval(f"({expression})", names):
        for wire, data in names["frames"][:8]:
            print(wire, data.hex(), file=sys.stderr)
        sys.exit(f"{path}, {len(names['frames'])} frames: not true: {expression}")


if __name__ == "__main__":
    main()

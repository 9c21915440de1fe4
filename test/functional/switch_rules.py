#!/usr/bin/python3
# Frames into each port of a switch with VLANs: where each comes out, and with which tag.
# SPDX-License-Identifier: BSD-3-Clause
"""switch_rules.py LIMIT_S [bridge]: hosts h1 … h4 (namespaces) have e0 at ports p1 … p4; p1 and p3 are in VLAN 10, p2 in 20,
p4 is a trunk of both. bridge: what differs there is expected as the kernel's bridge has it. 0 when all rows are right.

A row is over when marks that were sent behind its frame have come out everywhere: nothing is waited for in vain."""

import ctypes
import os
import select
import socket
import struct
import sys
import time

LIMIT_S = float(sys.argv[1])
BRIDGE = sys.argv[2:] == ["bridge"]
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 0x10, 0x40
CLONE_NEWNET = 0x40000000
MAGIC = b"bp-rule:"
BARE = b"\x88\xb6"  # an EtherType, with which a frame of 14 bytes ends

PORTS = (1, 2, 3, 4)
VLAN = {1: 10, 2: 20, 3: 10}
BROADCAST = b"\xff" * 6


def mac(n):
    return bytes((2, 0, 0, 0, 1, n))


def reserved(n):
    return bytes((1, 0x80, 0xC2, 0, 0, n))


def tags(*pairs):
    """From the outside: (0x8100, 10), …"""
    return b"".join(struct.pack("!HH", *pair) for pair in pairs)


def open_socket(host):
    """A raw socket at e0 of another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{host}", os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {host}")
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind(("e0", ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.setblocking(False)
    if libc.setns(here, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns back")
    os.close(here)
    os.close(there)
    return sock


def receive(sock):
    """A frame with the tag that the kernel took out of it."""
    frame, control, _, _ = sock.recvmsg(2048, 256)
    for level, kind, data in control:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame


class Switch:
    def __init__(self):
        self.sockets = {port: open_socket(f"h{port}") for port in PORTS}
        self.numbers = iter(range(1 << 32))
        self.came = {}  # number → {port: frames}

    def send(self, port, dst, src, tag=b""):
        """Returns the frame's number."""
        number = next(self.numbers)
        self.came[number] = {}
        payload = bytes(range(38)) + MAGIC + struct.pack("!I", number)
        self.sockets[port].send(dst + src + tag + b"\x88\xb5" + payload)
        return number

    def send_bare(self, port, tag, rest):
        """A broadcast with hardly a payload; its source is in its number's place."""
        number = next(self.numbers)
        self.came[number] = {}
        self.sockets[port].send(BROADCAST + bytes((2, 0xBA)) + struct.pack("!I", number) + tag + BARE + rest)
        return number

    def hear(self, limit_s):
        for sock in select.select(list(self.sockets.values()), [], [], limit_s)[0]:
            port = next(p for p, s in self.sockets.items() if s is sock)
            frame = receive(sock)
            at = frame.rfind(MAGIC)
            if frame[6:8] == bytes((2, 0xBA)):
                self.came.get(struct.unpack_from("!I", frame, 8)[0], {}).setdefault(port, []).append(frame[12:])
            elif at >= 0:
                number = struct.unpack_from("!I", frame, at + len(MAGIC))[0]
                self.came.get(number, {}).setdefault(port, []).append(frame)

    def wait(self, wanted):
        """Until each number has come out at its ports."""
        end = time.monotonic() + LIMIT_S
        while any(set(self.came[number]) != ports for number, ports in wanted.items()):
            if time.monotonic() > end:
                sys.exit(f"marks stay away: wanted {wanted}, came { {n: sorted(self.came[n]) for n in wanted} }")
            self.hear(0.1)

    def settle(self, port):
        """Marks behind what was sent at port, then to every access port behind those."""
        if port in VLAN:
            others = {p for p in VLAN if VLAN[p] == VLAN[port] and p != port} | {4}
            self.wait({self.send(port, BROADCAST, mac(0xE0 + port)): others})
        self.wait({self.send(4, BROADCAST, mac(0xE4), tags((0x8100, vid))): {p for p in VLAN if VLAN[p] == vid}
                   for vid in (10, 20)})

    def outcome(self, port, dst, src, tag):
        """{port: tags that the frame has there}, of a frame that comes in with tag."""
        number = self.send(port, dst, src, tag)
        self.settle(port)
        found = {}
        for out, frames in self.came[number].items():
            if len(frames) != 1 or frames[0][:12] != dst + src:
                found[out] = f"{len(frames)} frames, {frames[0].hex()}"
                continue
            found[out] = frames[0][12:frames[0].rfind(b"\x88\xb5" + bytes(range(38)))]
        return found


NONE, Q10, Q20 = b"", tags((0x8100, 10)), tags((0x8100, 20))
# name, port, destination, tags; where it comes out with which tags; the same of the kernel's bridge where it differs
ROWS = [
    ("untagged at an access port", 1, BROADCAST, NONE, {3: NONE, 4: Q10}),
    ("untagged in the other VLAN", 2, BROADCAST, NONE, {4: Q20}),
    ("an access port's own tag", 1, BROADCAST, Q10, {3: NONE, 4: Q10}),
    ("another VLAN's tag", 1, BROADCAST, Q20, {}),
    ("a priority tag", 1, BROADCAST, tags((0x8100, 0xF000)), {3: NONE, 4: tags((0x8100, 0xF00A))}),
    ("a priority tag at a trunk", 4, BROADCAST, tags((0x8100, 0xF000)), {}),
    ("untagged at a trunk", 4, BROADCAST, NONE, {}),
    ("a trunk's VLAN 10", 4, BROADCAST, Q10, {1: NONE, 3: NONE}),
    ("a trunk's VLAN 20 with priority 5", 4, BROADCAST, tags((0x8100, 0xA014)), {2: NONE}),
    ("a VLAN that a trunk has not", 4, BROADCAST, tags((0x8100, 30)), {}),
    ("VLAN 4095", 4, BROADCAST, tags((0x8100, 4095)), {}),
    ("QinQ at an access port", 1, BROADCAST, tags((0x88A8, 30), (0x8100, 20)),
     {3: tags((0x88A8, 30), (0x8100, 20)), 4: tags((0x8100, 10), (0x88A8, 30), (0x8100, 20))}),
    ("QinQ at a trunk", 4, BROADCAST, tags((0x88A8, 30), (0x8100, 20)), {}),
    ("a service tag of a VLAN's number", 4, BROADCAST, tags((0x88A8, 10)), {}),
    ("two tags at a trunk", 4, BROADCAST, tags((0x8100, 20), (0x8100, 10)), {2: Q10}),
    ("a tag behind a priority tag", 1, BROADCAST, tags((0x8100, 0x6000), (0x8100, 20)),
     {3: Q20, 4: tags((0x8100, 0x600A), (0x8100, 20))}),
    ("to itself", 1, mac(1), NONE, {}),
    ("to who is known at the trunk", 1, mac(4), NONE, {4: Q10}),
    ("to who is known in another VLAN", 2, mac(1), NONE, {4: Q20}),
    ("to who is known at an access port", 4, mac(1), Q10, {1: NONE}),
    ("back to where it came from", 4, mac(4), Q10, {}),
    ("multicast", 1, bytes((1, 0, 0x5E, 0, 0, 1)), NONE, {3: NONE, 4: Q10}),
    ("just above the reserved addresses", 1, reserved(0x10), NONE, {3: NONE, 4: Q10}),
    ("spanning tree's address", 1, reserved(0), NONE, {}, {3: NONE, 4: Q10}),
] + [(f"reserved address {n:02x}", 1, reserved(n), NONE, {}) for n in range(1, 16)]

# Sources that no host has: nothing goes on.
SOURCES = [("a broadcast source", BROADCAST), ("a multicast source", bytes((1, 0, 0x5E, 0, 0, 1))), ("no source", bytes(6))]


# Frames of 14 bytes, and the shortest that Linux receives with a tag, which are 20 (skb_vlan_untag() drops others: what
# leaves at the trunk with 18 is not heard there). Port, tag, further bytes; where they come out, with which tags.
BARES = [(1, NONE, b"", {3: NONE}), (1, NONE, b"\1\2", {3: NONE, 4: Q10}), (2, NONE, b"\1\2", {4: Q20}),
         (4, Q10, b"\1\2", {1: NONE, 3: NONE}), (4, Q20, b"\1\2", {2: NONE}), (4, NONE, b"", {})]


def count_wrong_bares(switch):
    n_wrong = 0
    for port, tag, rest, want in BARES:
        number = switch.send_bare(port, tag, rest)
        switch.settle(port)
        found = switch.came[number]
        if found != {out: [tags_out + BARE + rest] for out, tags_out in want.items()}:
            n_wrong += 1
            print(f"{14 + len(tag + rest)} bytes at port {port}: wanted {want}, found {found}")
    return n_wrong


def main():
    switch = Switch()
    n_wrong = count_wrong_bares(switch)
    rows = [(name, port, dst, mac(port), tag, ours, *kernel) for name, port, dst, tag, ours, *kernel in ROWS]
    rows += [(name, 1, BROADCAST, src, NONE, {}) for name, src in SOURCES]
    for name, port, dst, src, tag, *wanted in rows:
        want = wanted[-1] if BRIDGE else wanted[0]
        found = switch.outcome(port, dst, src, tag)
        if found != want:
            n_wrong += 1
            print(f"{name}: wanted {want}, found {found}")
    print(f"{len(rows) + len(BARES)} rows, {n_wrong} wrong")
    sys.exit(n_wrong > 0)


main()

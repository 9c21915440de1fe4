# Frames into the ports of a switch by raw sockets of its hosts, and where each comes out.
# SPDX-License-Identifier: BSD-3-Clause
"""Hosts h1 … h4 (namespaces) have e0 at ports 1 … 4. Nothing is waited for in vain: a frame's way is over when marks that were sent
behind it have come out everywhere."""

import ctypes
import errno
import os
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 0x10, 0x40
CLONE_NEWNET = 0x40000000
MAGIC = b"bp-rule:"
TRAILER_BYTES = len(MAGIC) + 4  # of every frame: its number
TEST_TYPE = b"\x88\xb5"
PATTERN = bytes(range(38))
BARE_SOURCE = bytes((2, 0xBA))  # begins the source of a frame without room for a number behind its headers
ROOM = 8 << 20
SO_RCVBUFFORCE = 33

PORTS = (1, 2, 3, 4)
BROADCAST = b"\xff" * 6


def mac(n):
    return bytes((2, 0, 0, 0, 1, n))


def tags(*pairs):
    """From the outside: (0x8100, 10), …"""
    return b"".join(struct.pack("!HH", *pair) for pair in pairs)


def open_socket(host, device="e0"):
    """A raw socket at an interface of another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{host}", os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {host}")
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((device, ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    sock.setblocking(False)
    if libc.setns(here, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns back")
    os.close(here)
    os.close(there)
    return sock


def receive(sock):
    """A frame with the tag that the kernel took out of it; empty when the link has just gone down."""
    try:
        frame, control, _, _ = sock.recvmsg(1 << 17, 256)
    except OSError as error:
        if error.errno != errno.ENETDOWN:
            raise
        return b""
    for level, kind, data in control:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame


class Switch:
    """marks: {port: [(tags of a broadcast that is sent there, ports where it comes out)]}."""

    def __init__(self, limit_s, marks):
        self.limit_s, self.marks = limit_s, marks
        self.sockets = {port: open_socket(f"h{port}") for port in PORTS}
        self.numbers = iter(range(1 << 32))
        self.came = {}  # number → {port: frames}

    def send(self, port, dst, src, tag=b"", body=TEST_TYPE + PATTERN):
        """Returns the frame's number, which stands behind its body."""
        number = next(self.numbers)
        self.came[number] = {}
        frame = dst + src + tag + body + MAGIC + struct.pack("!I", number)
        end = time.monotonic() + self.limit_s
        while True:
            try:
                self.sockets[port].send(frame)
                return number
            except OSError as error:
                # On a busy host a veth may be refused by its processor's backlog.
                if error.errno not in (errno.ENOBUFS, errno.EAGAIN) or time.monotonic() > end:
                    raise
            self.hear(0.01)

    def send_bare(self, port, rest):
        """A broadcast with hardly a payload: its number is in its source. came has what is behind its addresses."""
        number = next(self.numbers)
        self.came[number] = {}
        self.sockets[port].send(BROADCAST + BARE_SOURCE + struct.pack("!I", number) + rest)
        return number

    def hear(self, limit_s):
        for sock in select.select(list(self.sockets.values()), [], [], limit_s)[0]:
            port = next(p for p, s in self.sockets.items() if s is sock)
            frame = receive(sock)
            at = frame.rfind(MAGIC)
            if frame[6:8] == BARE_SOURCE:
                self.came.get(struct.unpack_from("!I", frame, 8)[0], {}).setdefault(port, []).append(frame[12:])
            elif at >= 0:
                number = struct.unpack_from("!I", frame, at + len(MAGIC))[0]
                self.came.get(number, {}).setdefault(port, []).append(frame)

    def wait(self, wanted, limit_s=None):
        """Until each number has come out at its ports; ends the test when it does not, or returns False within limit_s."""
        end = time.monotonic() + (limit_s or self.limit_s)
        while any(set(self.came[number]) != ports for number, ports in wanted.items()):
            if time.monotonic() > end:
                if limit_s:
                    return False
                sys.exit(f"marks stay away: wanted {wanted}, came { {n: sorted(self.came[n]) for n in wanted} }")
            self.hear(0.1)
        return True

    def mark(self, port):
        """Marks sent at a port: {number: ports where it comes out}."""
        return {self.send(port, BROADCAST, mac(0xE0 + port), tag): set(ports) for tag, ports in self.marks.get(port, ())}

    def forwards(self):
        """Wait until marks of every port come out where they should, also behind a link that was down."""
        for sock in self.sockets.values():
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        for port in self.marks:
            end = time.monotonic() + self.limit_s
            while not self.wait(self.mark(port), 0.5):
                if time.monotonic() > end:
                    sys.exit(f"frames of port {port} do not come through")

    def settle(self, port):
        """Marks behind what was sent at port, then to every port behind those."""
        for first in (port, *(p for p in self.marks if p != port)):
            self.wait(self.mark(first))

    def outcomes(self, port, frames):
        """[{port: tags that the frame has there}], of frames (dst, src, tags, body) that come in one behind the other."""
        numbers = [self.send(port, *frame) for frame in frames]
        self.settle(port)
        return [self.found(number, *frame) for number, frame in zip(numbers, frames)]

    def found(self, number, dst, src, _, body=TEST_TYPE + PATTERN):
        """{port: tags, or what is wrong}: once, whole, unchanged behind the tags."""
        found = {}
        for out, frames in self.came[number].items():
            frame, whole = frames[0], body + MAGIC + struct.pack("!I", number)
            if len(frames) != 1 or frame[:12] != dst + src or not frame.endswith(whole):
                found[out] = f"{len(frames)} frames, {frame[:200].hex()}"
                continue
            found[out] = frame[12:len(frame) - len(whole)]
        return found

    def outcome(self, port, dst, src, tag=b""):
        return self.outcomes(port, [(dst, src, tag)])[0]

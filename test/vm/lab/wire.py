# The host's ends of the guest's NICs, and the frames that go over them.
# SPDX-License-Identifier: BSD-3-Clause
"""A wire carries raw Ethernet frames, without FCS, between this program and one NIC of the guest.

exchange() sends numbered frames into one NIC, receives them from the other, and compares every byte
with what was sent. What it counts is the measure of loss: frames sent here less frames received here.
"""

import collections
import dataclasses
import os
import pathlib
import random
import select
import socket
import struct
import time

from guest import GuestError

MAGIC = b"bpvm"
FLOWS = 64
PROBE_WAY = 9
PAYLOAD = random.Random(1).randbytes(1 << 17)
SOL_PACKET, AUXDATA, IGNORE_OUTGOING = 263, 8, 23
TAG_VALID = 1 << 4  # TP_STATUS_VLAN_VALID
ETH_P_ALL = 3


class Wire:
    """nic: one of the guest's, not yet or already there; clock: for how long to wait for what comes. close() it before another
    takes its place."""

    def __init__(self, out, nic, clock):
        self.nic, self.clock = nic, clock
        self.peer = self.path = None
        if nic.tap:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
            self.socket.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
            self.socket.setsockopt(SOL_PACKET, AUXDATA, 1)
            self.socket.bind((nic.tap, 0))
        else:
            self.peer = f"{out}/{nic.name}-q.sock"
            self.path = pathlib.Path(f"{out}/{nic.name}-h.sock")
            self.path.unlink(missing_ok=True)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            self.socket.bind(str(self.path))
        self.socket.setblocking(False)

    def send(self, data):
        """False: not taken now, try again."""
        try:
            if self.peer:
                self.socket.sendto(data, self.peer)
            else:
                self.socket.send(data)
            return True
        except (BlockingIOError, ConnectionRefusedError):
            return False

    def receive(self):
        """The next frame, or None."""
        try:
            if self.peer:
                return self.socket.recv(1 << 17)
            data, more, _, _ = self.socket.recvmsg(1 << 17, 256)
        except BlockingIOError:
            return None
        for level, kind, aux in more:
            if (level, kind) == (SOL_PACKET, AUXDATA) and len(aux) >= 20:
                data = put_tag_back(data, aux)
        return data

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while self.receive() is not None:
                pass
            time.sleep(0.01)

    def close(self):
        self.socket.close()
        if self.path:
            self.path.unlink(missing_ok=True)


def put_tag_back(data, aux):
    """A packet socket hands a frame's VLAN tag over beside the frame (struct tpacket_auxdata)."""
    status, = struct.unpack_from("I", aux)
    tci, tpid = struct.unpack_from("HH", aux, 16)
    return data[:12] + struct.pack("!HH", tpid, tci) + data[12:] if status & TAG_VALID else data


@dataclasses.dataclass(frozen=True)
class Frames:
    """How frames look: sizes in turn, without FCS and tag; dst: a MAC address that is not the NIC's
    (None), or the one given; vlan: the ID of an 802.1Q tag, 0: none."""

    sizes: tuple = (60, 64, 65, 127, 128, 256, 512, 1024, 1513, 1514)
    dst: str = None
    vlan: int = 0

    def build(self, seq, way, salt):
        size = self.sizes[seq % len(self.sizes)]
        dst = bytes.fromhex(self.dst.replace(":", "")) if self.dst else b"\x02\0\0\0" + bytes([way, 2])
        src = b"\x02\0\0\0" + bytes([way, 1])
        tag = struct.pack("!HH", 0x8100, self.vlan) if self.vlan else b""
        length = size - 42
        data = MAGIC + struct.pack("!BxHI", way, salt, seq)
        at = seq * 61 % (1 << 16)
        data = (data + PAYLOAD[at:at + length])[:length]
        udp = struct.pack("!HHHH", 1000 + seq % FLOWS, 9, 8 + length, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + length, seq & 0xffff, 0, 64, 17, 0,
                         bytes([198, 18, way, 1]), bytes([198, 19, way, 1 + seq % 16]))
        total = sum(struct.unpack("!10H", ip))
        total = (total & 0xffff) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", 0xffff ^ ((total & 0xffff) + (total >> 16))) + ip[12:]
        return dst + src + tag + b"\x08\x00" + ip + udp + data


def read_marks(data, salt=None):
    """(way, seq) of a frame of the exchange with that salt; None for others. Without a salt, of any
    exchange's frame; its way is then the probes' or None."""
    at = data.find(MAGIC, 0, 64)
    if at < 0 or len(data) < at + 12:
        return None
    way, salted, seq = struct.unpack_from("!BxHI", data, at + 4)
    if salt is None:
        return (way if way == PROBE_WAY else None, seq)
    return (way, seq) if salted == salt else None


class Count(collections.Counter):
    """What became of one way's frames: sent, received, bad, dup, reordered; foreign: not made here;
    stray: of another exchange or way, so that a frame went where it should not."""

    def __init__(self, name):
        super().__init__()
        self.name, self.sample = name, ""

    @property
    def problem(self):
        """What is wrong, "" when nothing is."""
        lost = self["sent"] - self["received"]
        faults = [f"{n} {word}" for word, n in
                  (("lost", lost), *((word, self[word]) for word in ("bad", "dup", "reordered", "stray"))) if n]
        if not faults:
            return ""
        return f"{self.name}: of {self['sent']} frames {', '.join(faults)}{self.sample}"


class Way:
    """One direction of an exchange."""

    def __init__(self, number, tx, rx, frames, arriving, n, salt, macswap, per_flow):
        self.number, self.tx, self.rx, self.n, self.salt = number, tx, rx, n, salt
        self.frames, self.arriving = frames, arriving
        self.macswap, self.per_flow = macswap, per_flow
        self.count = Count(f"{tx.nic.name} → {rx.nic.name}")
        self.seen = bytearray(n)
        self.next = [0] * (FLOWS if per_flow else 1)
        self.given_up = 0

    def send_some(self, window):
        count, begin = self.count, self.count["sent"]
        while count["sent"] < self.n and count["sent"] - count["received"] - self.given_up < window:
            if not self.tx.send(self.frames.build(count["sent"], self.number, self.salt)):
                break
            count["sent"] += 1
        return count["sent"] != begin

    def receive_all(self):
        moved = False
        while (data := self.rx.receive()) is not None:
            moved |= self.take(data)
        return moved

    def take(self, data):
        count, marks = self.count, read_marks(data, self.salt) or read_marks(data)
        if not marks or marks[0] == PROBE_WAY:
            count["foreign"] += 1
            return False
        if marks[0] != self.number or marks[1] >= self.n:
            count["stray"] += 1
            return False
        seq = marks[1]
        expected = self.arriving.build(seq, self.number, self.salt)
        if self.macswap:
            expected = expected[6:12] + expected[:6] + expected[12:]
        if data != expected:
            count["bad"] += 1
            count.sample = count.sample or describe(data, expected)
            return True
        count["dup" if self.seen[seq] else "received"] += 1
        self.seen[seq] = 1
        flow = seq % len(self.next)
        count["reordered"] += seq < self.next[flow]
        self.next[flow] = max(self.next[flow], seq + 1)
        return True


def describe(data, expected):
    at = next((i for i, (a, b) in enumerate(zip(data, expected)) if a != b), min(len(data), len(expected)))
    return (f" (first bad one: {len(data)} bytes, {len(expected)} expected, differs from byte {at}: "
            f"{data[at:at + 16].hex()} for {expected[at:at + 16].hex()})")


def passes(tx, rx, frames, limit_s):
    """Until one frame goes from wire to wire; False when none does. Links need their time to come up."""
    salt = int.from_bytes(os.urandom(2), "big")
    end = rx.clock.now() + limit_s
    while rx.clock.now() < end:
        tx.send(frames.build(0, PROBE_WAY, salt))
        stop = time.monotonic() + 0.2
        while time.monotonic() < stop:
            data = rx.receive()
            if data is None:
                time.sleep(0.005)
            elif read_marks(data, salt):
                return True
    return False


def exchange(a, b, frames, n, ways=2, back=None, arriving=None, macswap=False, per_flow=False, window=96, stall_s=3, limit_s=60,
             probe_s=15):
    """n frames from wire a to wire b (one way), and as many back (two): a Count for each way.

    frames, back: how they look in each direction; arriving: how those of both must look there, where they change on the
    way. per_flow: order counts within a flow only, for several queues. window: frames in flight at most. After stall_s without progress those in flight are
    lost. probe_s: wait so long until a first frame passes; those are not counted; GuestError when none
    does. 0: no waiting, every frame counts.
    """
    salt = int.from_bytes(os.urandom(2), "big")
    looks = (frames, back or frames)
    directions = list(zip((a, b), (b, a), looks, arriving or looks))[:ways]
    if probe_s:
        for tx, rx, look, _ in directions:
            if not passes(tx, rx, look, probe_s):
                raise GuestError(f"{tx.nic.name} → {rx.nic.name}: no frame passes within {probe_s} s")
        for wire in (a, b):
            wire.drain(0.1)
    pairs = [Way(number, *direction, n, salt, macswap, per_flow) for number, direction in enumerate(directions)]
    begin = last = a.clock.now()
    while a.clock.now() - begin < limit_s:
        moved = [way.send_some(window) | way.receive_all() for way in pairs]
        now = a.clock.now()
        if any(moved):
            last = now
        elif all(way.count["received"] == n for way in pairs):
            break
        elif now - last > stall_s:
            if all(way.count["sent"] == n for way in pairs):
                break
            for way in pairs:
                way.given_up = way.count["sent"] - way.count["received"]
            last = now
        else:
            select.select([a.socket, b.socket], [], [], 0.01)
    return [way.count for way in pairs]


def pass_all(*words, **options):
    """exchange(), and GuestError that says what did not come through unchanged and in order."""
    problems = [count.problem for count in exchange(*words, **options) if count.problem]
    if problems:
        raise GuestError("; ".join(problems))

# One TCP stream in bursts, as a kernel merges it on reception: what goes in must come out.
# SPDX-License-Identifier: BSD-3-Clause
import struct
import time

from guest import GuestError
from wire import Frames, passes

MSS = 1448
SEGMENTS = 256
BURST = 32
STALL_S = 3
HEADERS = 14 + 20 + 32
HOSTS = bytes([198, 18, 0, 1, 198, 19, 0, 1])


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return 0xffff ^ total


def tag_of(vlan):
    return struct.pack("!HH", 0x8100, vlan) if vlan else b""


def segment(number, dst, vlan=0):
    """dst: a MAC address, None: one that no NIC has; vlan: the ID of its tag, 0: none."""
    payload = struct.pack("!I", number) * (MSS // 4)
    ip = struct.pack("!BBHHHBBH8s", 0x45, 0, 52 + MSS, number & 0xffff, 0x4000, 64, 6, 0, HOSTS)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    tcp = struct.pack("!HHIIBBHHH", 4000, 5001, 1 + number * MSS, 1, 8 << 4, 0x10, 5000, 0, 0)
    tcp += b"\x01\x01\x08\x0a" + struct.pack("!II", 1000, 1)
    pseudo = HOSTS + struct.pack("!BBH", 0, 6, len(tcp) + MSS)
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
    to = bytes.fromhex(dst.replace(":", "")) if dst else b"\x02\0\0\0\0\x02"
    return to + b"\x02\0\0\0\0\x01" + tag_of(vlan) + b"\x08\x00" + ip + tcp + payload


class Receiver:
    """Puts the stream together again. Behind a tap (partial) what comes may be a super-frame whose
    checksum the next device completes. vlan: of the tag that each frame has, 0: it has none."""

    def __init__(self, partial, vlan=0):
        self.partial, self.payload, self.frames, self.faults = partial, b"", 0, []
        self.tag = tag_of(vlan)

    def take(self, data):
        if data[12:14] == b"\x81\x00" or self.tag:
            if data[12:16] != self.tag:
                self.faults += [f"tag {data[12:16].hex()}"] * (HOSTS in data[:64])
                return
            data = data[:12] + data[16:]
        if len(data) < HEADERS or data[12:14] != b"\x08\x00" or data[23] != 6 or data[26:34] != HOSTS:
            return
        self.frames += 1
        total = struct.unpack_from("!H", data, 16)[0]
        seq = struct.unpack_from("!I", data, 38)[0]
        pseudo = data[26:34] + struct.pack("!BBH", 0, 6, total - 20)
        if checksum(data[14:34]):
            self.faults.append(f"IP checksum wrong in frame {self.frames}")
        if not self.partial and checksum(pseudo + data[34:14 + total]):
            self.faults.append(f"TCP checksum wrong in frame {self.frames}")
        if not self.partial and len(data) > 14 + 1500:
            self.faults.append(f"a frame of {len(data)} bytes")
        if seq != 1 + len(self.payload):
            self.faults.append(f"sequence {seq}, {1 + len(self.payload)} expected")
        self.payload += data[HEADERS:14 + total]


def check(tx, rx, dst, limit_s=20, vlan=0, arriving=0):
    """SEGMENTS segments from tx to rx, in bursts; GuestError unless all of the stream comes in order. vlan, arriving: the tags
    that they are sent with and that they must have there."""
    if not passes(tx, rx, Frames(dst=dst, vlan=vlan), 15):
        raise GuestError("no frame passes within 15 s")
    receiver = Receiver(rx.nic.tap is not None, arriving)
    wanted = b"".join(segment(i, dst)[HEADERS:] for i in range(SEGMENTS))
    sent, last = 0, rx.clock.now()
    end = last + limit_s
    while len(receiver.payload) < len(wanted) and rx.clock.now() < min(end, last + STALL_S):
        if sent < SEGMENTS and sent * MSS - len(receiver.payload) <= BURST * MSS:
            for _ in range(BURST):
                sent += sent < SEGMENTS and tx.send(segment(sent, dst, vlan))
        while (data := rx.receive()) is not None:
            receiver.take(data)
            last = rx.clock.now()
        time.sleep(0.002)
    if receiver.faults:
        raise GuestError(f"{len(receiver.faults)} faults, the first: {receiver.faults[0]}")
    if receiver.payload != wanted:
        raise GuestError(f"{len(receiver.payload)} bytes of {len(wanted)} came, in {receiver.frames} frames, "
                         f"{sent} segments sent")

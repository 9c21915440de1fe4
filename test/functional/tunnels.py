#!/usr/bin/python3
# Frames within tunnels as a host hands them to its device, out of a tap; and what must come of them.
# SPDX-License-Identifier: BSD-3-Clause
"""tunnels.py send TAP KINDS: makes the tap, sends when a line comes on standard input.
tunnels.py receive INTERFACE KINDS [swapped]: prints a JSON document of what came; swapped: with its outermost two
addresses changed about.

KINDS: a list of partial (checksums left over), super (TCP packets to be cut), any-port (tunnels that only
metadata shows), sctp, by commas. The MTU is 1500."""

import fcntl
import json
import os
import select
import socket
import struct
import sys
import time

TUNSETIFF, TAP, NO_PI, VNET_HDR = 0x400454CA, 0x0002, 0x1000, 0x4000
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR = 263, 8, 15
VLAN_VALID = 0x10
NEEDS_CSUM, GSO = 1, {4: 1, 6: 4}
MTU = 1500
MACS = bytes.fromhex("0200000000020200000000f1")
IS_SWAPPED = "swapped" in sys.argv
V4 = {"in": bytes([10, 9, 0, 1, 10, 9, 0, 2]), "out": bytes([192, 0, 2, 1, 192, 0, 2, 2])}
V6 = {side: bytes([0xFD, len(side)] + [0] * 13 + [1] + [0xFD, len(side)] + [0] * 13 + [2]) for side in V4}
TYPES = {4: 0x0800, 6: 0x86DD}


def add(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def pseudo(version, side, proto, length):
    return (V4 if version == 4 else V6)[side] + struct.pack("!II", length, proto)


def ip(version, side, proto, number, payload):
    if version == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), proto, 64) + V6[side] + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number & 0xFFFF, 0x4000, 64, proto, 0) + V4[side]
    return head[:10] + struct.pack("!H", add(head) ^ 0xFFFF) + head[12:] + payload


def tcp(version, number, payload, partial, last=True):
    head = struct.pack("!HHIIBBHHH", 4000, 5000, number, 1, 5 << 4, 0x18 if last else 0x10, 500, 0, 0)
    total = add(pseudo(version, "in", 6, len(head) + len(payload)))
    csum = total if partial else add(struct.pack("!H", total) + head + payload) ^ 0xFFFF
    return head[:16] + struct.pack("!H", csum) + head[18:] + payload


def sctp(payload, partial):
    head = struct.pack("!HHI", 4000, 5000, 77)
    crc = 0 if partial else crc32c(head + bytes(4) + payload)
    return head + struct.pack("<I", crc) + payload


def udp(version, port, payload, csum):
    head = struct.pack("!HHHH", 40001, port, 8 + len(payload), 0)
    if not csum:
        return head + payload
    if csum == "partial":
        value = add(pseudo(version, "out", 17, 8 + len(payload)))
    else:
        value = add(pseudo(version, "out", 17, 8 + len(payload)) + head + payload) ^ 0xFFFF or 0xFFFF
    return head[:6] + struct.pack("!H", value) + payload


def gre(kind, payload, csum, key):
    flags = (0x8000 if csum else 0) | (0x2000 if key else 0)
    head = struct.pack("!HH", flags, kind) + (bytes(4) if csum else b"") + (b"\0\0\0\5" if key else b"")
    if csum:
        head = head[:4] + struct.pack("!H", add(head + payload) ^ 0xFFFF) + head[6:]
    return head + payload


def wrap(kind, outer, inner, number, packet, csum):
    """The tunnel's packet as a list: EtherType, bytes. packet: IP of version `inner`."""
    bridged = MACS[6:] + MACS[:6] + struct.pack("!H", TYPES[inner]) + packet
    if kind == "plain":
        return TYPES[inner], packet
    if kind == "vlans":
        return 0x8100, b"\0\5" + b"\x81\0\0\6" * 3 + struct.pack("!H", TYPES[inner]) + packet
    if kind == "mpls":
        return 0x8847, bytes([0, 0, 0x10, 64, 0, 1, 1, 64]) + packet
    if kind == "ip":
        return TYPES[outer], ip(outer, "out", 4 if inner == 4 else 41, number, packet)
    if kind in ("gre", "gretap"):
        body = gre(0x6558, bridged, csum, True) if kind == "gretap" else gre(TYPES[inner], packet, csum, False)
        return TYPES[outer], ip(outer, "out", 47, number, body)
    if kind == "gtp":
        port, body = 2152, struct.pack("!BBHIHBB", 0x32, 255, 4 + len(packet), 7, 1, 0, 0) + packet
    elif kind == "geneve":
        port, body = 6081, bytes([1, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 0]) + bridged
    elif kind == "fou":
        port, body = 5555, packet
    else:
        port, body = 4788 if kind == "vxlan-odd" else 4789, bytes([8, 0, 0, 0, 0, 0, 5, 0]) + bridged
    return TYPES[outer], ip(outer, "out", 17, number, udp(outer, port, body, csum))


def build(shape, number, payload, partial, csum, last=True, sequence=None):
    kind, outer, inner, carried = shape
    proto = 132 if carried == "sctp" else 6
    segment = sctp(payload, partial) if proto == 132 else tcp(inner, sequence or number, payload, partial, last)
    kind, body = wrap(kind, outer, inner, number, ip(inner, "in", proto, number, segment), csum)
    return MACS + struct.pack("!H", kind) + body


def shapes(kinds):
    known = ["vxlan", "geneve", "gtp", "gre", "gretap", "ip", "mpls", "vlans"]
    known += ["vxlan-odd", "fou"] if "any-port" in kinds else []
    for kind in known:
        for outer, inner in ((4, 4), (4, 6), (6, 4)):
            yield kind, outer, inner, "tcp"


def frames(kinds):
    """What is sent: metadata, frame; and the frames that must come of it."""
    number = 0
    for shape in shapes(kinds) if "partial" in kinds else ():
        number += 1000
        payload = bytes(i * 7 + number & 0xFF for i in range(201))
        whole = build(shape, number, payload, False, True)
        left = build(shape, number, payload, True, True)
        at = whole.index(payload) - 20
        # The outer checksum is right once the inner one is complete.
        yield (NEEDS_CSUM, 0, 0, 0, at, 16), whole[:at] + left[at:at + 20] + whole[at + 20:], [whole]
    for shape in shapes(kinds) if "super" in kinds else ():
        if shape[0] == "vlans":
            continue
        number += 1000
        payload = bytes((i * 7 >> 3) + number & 0xFF for i in range(6000))
        frame = build(shape, number, payload, True, "partial")
        at = frame.index(payload)
        mss = MTU + 14 - at
        yield (NEEDS_CSUM, GSO[shape[2]], at, mss, at - 20, 16), frame, [
            build(shape, number + i, payload[i * mss:(i + 1) * mss], False, True, (i + 1) * mss >= 6000,
                  number + i * mss) for i in range((6000 + mss - 1) // mss)]
    for shape in (("plain", 4, 4), ("plain", 4, 6), ("gre", 4, 4)) if "sctp" in kinds else ():
        number += 1000
        payload = bytes(i * 5 + number & 0xFF for i in range(120))
        whole = build((*shape, "sctp"), number, payload, False, None)
        at = whole.index(payload) - 12
        yield (NEEDS_CSUM, 0, 0, 0, at, 8), build((*shape, "sctp"), number, payload, True, None), [whole]


def send(tap, kinds):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", tap.encode(), TAP | NO_PI | VNET_HDR))
    print("ready", flush=True)
    sys.stdin.readline()
    for meta, frame, _ in frames(kinds):
        os.write(fd, struct.pack("<BBHHHH", *meta) + frame)
        time.sleep(0.002)
    print("sent", flush=True)
    sys.stdin.readline()


def take_frame(sock):
    """A frame as it was on the wire: the kernel takes the outer tag off, and tells it beside."""
    data, control, _, _ = sock.recvmsg(70000, 256)
    frame = completed(data)
    for _, kind, aux in control:
        status, tci, tpid = struct.unpack("=I12xHH", aux[:20])
        if frame is not None and kind == PACKET_AUXDATA and status & VLAN_VALID:
            frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame


def completed(data):
    """The frame, its checksum completed where the metadata says that it is to be; None: not of ours."""
    flags, gso, _, _, start, offset = struct.unpack("<BBHHHH", data[:10])
    frame = data[10:]
    if IS_SWAPPED:
        frame = frame[6:12] + frame[:6] + frame[12:]
    if frame[6:12] != MACS[6:]:
        return None
    if gso:
        return b"a super-frame" + frame
    if flags & NEEDS_CSUM:
        csum = add(frame[start:]) ^ 0xFFFF
        frame = frame[:start + offset] + struct.pack("!H", csum) + frame[start + offset + 2:]
    return frame


def compare(came, wanted):
    for i, (frame, want) in enumerate(zip(came, wanted)):
        if frame != want:
            at = next((k for k in range(min(len(frame), len(want))) if frame[k] != want[k]), -1)
            return {"good": i, "fault": f"frame {i}, {len(frame)} bytes for {len(want)}, differs at byte {at}: "
                    f"{frame[:140].hex()} for {want[:140].hex()}"}
    return {"good": min(len(came), len(wanted)), "fault": "" if len(came) == len(wanted) else "too few or many"}


def receive(interface, kinds):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)  # SO_RCVBUFFORCE
    sock.bind((interface, 3))
    wanted = [frame for _, _, outcome in frames(kinds) for frame in outcome]
    print("ready", flush=True)
    came, limit = [], 20
    while len(came) < len(wanted) and select.select([sock], [], [], limit)[0]:
        frame = take_frame(sock)
        if frame is not None:
            came.append(frame)
            limit = 2
    print(json.dumps({"came": len(came), "wanted": len(wanted), **compare(came, wanted)}), flush=True)


if __name__ == "__main__":
    {"send": send, "receive": receive}[sys.argv[1]](sys.argv[2], sys.argv[3].split(","))

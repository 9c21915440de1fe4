#!/usr/bin/python3
# Sends frames that a host drops for a known cause, receives as badly as it is told, judges a report of drops.
# SPDX-License-Identifier: BSD-3-Clause
"""drops.py send INTERFACE N [KEY=VALUE…]: N UDP frames; see frame() for what can be wrong with them.
drops.py sink PORT [full|deaf]: a socket; prints 'ready', ends at SIGTERM. full: small, and nobody reads it; deaf: with
a filter that refuses all.
drops.py take PORT: a TCP server, the same, that sends back what it receives; give ADDRESS PORT N: sends it N blocks of 8 KiB,
each when the last is back; 1 where one does not come back.
drops.py listen INTERFACE: a packet socket that reads all, the same.
drops.py judge REPORT EXPECTED: EXPECTED has a line of JSON for each cause that was planted: 'cause', 'lost',
'direction', 'where', 'device', 'like' (of 'REASON FUNCTION CAUSE'). A line per cause; 1 where less than 99.9 % of what is
lost has the right name and place, or where a loss is named that nobody planted.
drops.py table OUTPUT…: the lines of judge, from several kernels, as the table of docs/drops.md."""

import json
import os
import re
import signal
import socket
import struct
import sys
import time

RCVBUFFORCE = 33
ATTACH_FILTER = 26
SOURCE_MAC = "020000000001"
NEEDED_SHARE = 0.999


def add(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) & 1)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def frame(mac="020000000002", type="0800", vlan="", src="10.77.0.77", dst="10.77.0.2", ttl="64", proto="17",
          port="9", payload="64", version="4", ipsum="ok", udpsum="ok", cut="0"):
    """An Ethernet frame with IPv4 and UDP. cut: bytes that are missing at its end."""
    udp = struct.pack("!HHHH", 4000, int(port), 8 + int(payload), 0) + bytes(int(payload))
    addresses = socket.inet_aton(src) + socket.inet_aton(dst)
    total = add(addresses + struct.pack("!BBH", 0, 17, len(udp)) + udp) ^ 0xFFFF
    udp = udp[:6] + struct.pack("!H", total if udpsum == "ok" else total ^ 0x5555) + udp[8:]
    ip = struct.pack("!BBHHHBBH", int(version) << 4 | 5, 0, 20 + len(udp), 1, 0x4000, int(ttl), int(proto),
                     0) + addresses
    total = add(ip) ^ 0xFFFF
    ip = ip[:10] + struct.pack("!H", total if ipsum == "ok" else total ^ 0x5555) + ip[12:]
    tag = struct.pack("!HH", 0x8100, int(vlan)) if vlan else b""
    whole = bytes.fromhex(mac + SOURCE_MAC) + tag + bytes.fromhex(type) + ip + udp
    return whole[:len(whole) - int(cut)]


def send(interface, n, *words):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((interface, 0))
    one = frame(**dict(word.split("=") for word in words))
    for i in range(int(n)):
        if i % 32 == 31:
            time.sleep(0.002)  # no more at once than a forwarder's socket holds
        try:
            sock.send(one)
        except OSError:
            pass  # the sender's own host refused it


def sink(port, manner=""):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF if manner == "full" else RCVBUFFORCE,
                    2048 if manner == "full" else 64 << 20)
    if manner == "deaf":
        # One instruction: return 0.
        code = struct.pack("HBBI", 6, 0, 0, 0)
        import ctypes  # pylint: disable=import-outside-toplevel
        room = ctypes.create_string_buffer(code)
        sock.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HxxxxxxQ", 1, ctypes.addressof(room)))
    sock.bind(("", int(port)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    while True:
        if manner:
            signal.pause()
        else:
            sock.recv(2048)


def take(port):
    server = socket.create_server(("", int(port)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    while True:
        with server.accept()[0] as stream:
            for data in iter(lambda: stream.recv(65536), b""):
                stream.sendall(data)


def give(address, port, n):
    block = bytes(8192)
    with socket.create_connection((address, int(port))) as stream:
        for _ in range(int(n)):
            stream.sendall(block)
            if len(stream.recv(len(block), socket.MSG_WAITALL)) != len(block):
                return 1
        stream.shutdown(socket.SHUT_WR)
        return int(stream.recv(1) != b"")


def listen(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((interface, 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    while True:
        sock.recv(2048)


def is_of(row, cause):
    place = [row[key] == cause[key] for key in ("direction", "where", "device")]
    return all(place) and re.search(cause["like"], f"{row['reason']} {row['function']} {row['cause']}")


def name_of(row):
    inside = f" in {row['function']}()" if "NOT_SPECIFIED" in row["reason"] else ""
    return row["reason"].replace("SKB_DROP_REASON_", "") + inside


def judge(report, expected):
    with open(report, encoding="utf-8") as file:
        drops = json.load(file)["kernel_drops"]
    if not drops["observed"]:
        print(f"not observed: {drops['why']}")
        return 1
    planted = [json.loads(line) for line in open(expected, encoding="utf-8")]
    lost = [row for row in drops["rows"] if row["lost"]]
    failed, told = False, []
    for cause in planted:
        rows = [row for row in lost if is_of(row, cause)]
        told += rows
        # The kernel may have one name for several of them.
        alike = [other for other in planted if any(is_of(row, other) for row in rows)] or [cause]
        named, wanted = sum(row["packets"] for row in rows), sum(other["lost"] for other in alike)
        is_right = cause["lost"] > 0 and abs(named - wanted) <= wanted * (1 - NEEDED_SHARE)
        failed |= not is_right
        print(json.dumps({"kernel": os.uname().release, **cause, "named": named * cause["lost"] // wanted if wanted else named,
                          "with": [other["cause"] for other in alike if other is not cause],
                          "reasons": sorted({name_of(row) for row in rows}), "right": is_right}))
    left = [row for row in lost if row not in told]
    for row in left:
        print("nobody planted", json.dumps(row))
    if drops["not_counted"] or drops["recursion_misses"]:
        print(f"not counted {drops['not_counted']}, missed {drops['recursion_misses']}")
        failed = True
    return int(failed or bool(left))


def table(*outputs):
    rows, kernels = {}, []
    for path in outputs:
        with open(path, encoding="utf-8") as file:
            for line in file:
                at = line.find('{"kernel"')
                if at < 0:
                    continue
                row = json.loads(line[at:])
                kernel = re.match(r"\d+\.\d+", row["kernel"]).group()
                kernels += [kernel] if kernel not in kernels else []
                rows.setdefault((row["cause"], f"{row['direction']}, {row['where']}"), {})[kernel] = row
    print("| planted | way, where |" + "".join(f" {kernel} |" for kernel in kernels))
    print("|---|---|" + "---|" * len(kernels))
    for (cause, where), by_kernel in rows.items():
        cells = []
        for kernel in kernels:
            row = by_kernel.get(kernel)
            cells.append(f"`{'`, `'.join(row['reasons'])}` {row['named']} of {row['lost']}" if row else "–")
        print(f"| {cause} | {where} | " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit({"send": send, "sink": sink, "take": take, "give": give, "listen": listen, "judge": judge, "table": table}[sys.argv[1]](*sys.argv[2:]))

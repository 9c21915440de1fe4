#!/usr/bin/python3
# Sends numbered frames into one interface, counts those that come out at another.
# SPDX-License-Identifier: BSD-3-Clause
"""linkwatch.py NETNS OUT NETNS IN COUNT SECONDS: prints how many have arrived, SECONDS after the last at
most, and during how many OUT's flags said that it has no link."""

import ctypes
import fcntl
import select
import socket
import struct
import sys
import time

SIOCGIFFLAGS, IFF_RUNNING = 0x8913, 0x40
HEADER = bytes.fromhex("02000000020102000000010188b5")  # to nobody, the EtherType for experiments


def tap(netns, device):
    with open(f"/run/netns/{netns}", "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0):
            raise OSError(ctypes.get_errno(), f"setns {netns}")
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x88B5)
    sock.bind((device, 0x88B5))
    return sock


def has_link(sock, device):
    answer = fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16s24x", device.encode()))
    return bool(struct.unpack_from("H", answer, 16)[0] & IFF_RUNNING)


def main():
    out, end = tap(*sys.argv[1:3]), tap(*sys.argv[3:5])
    count, seconds = int(sys.argv[5]), float(sys.argv[6])
    arrived, n_without = set(), 0

    def take(wait):
        while select.select([end], [], [], wait)[0]:
            arrived.add(end.recv(100)[14:18])

    for number in range(count):
        n_without += not has_link(out, sys.argv[2])
        out.send(HEADER + number.to_bytes(4, "big") + bytes(42))
        take(0.001)
    limit = time.monotonic() + seconds
    while len(arrived) < count and time.monotonic() < limit:
        take(0.05)
    print(len(arrived), n_without)


main()

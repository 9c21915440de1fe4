#!/usr/bin/python3
# One flow of super-frames with single datagrams between them, numbered, and the order in which they arrive.
# SPDX-License-Identifier: BSD-3-Clause
"""order.py send ADDRESS N: N super-frames of SEGMENTS datagrams, a single datagram behind each; N = 0:
single ones alone.
order.py receive ADDRESS N: prints 'ready'; ends with code 1 unless all of them come, in their order."""

import socket
import struct
import sys

PORT = 9000
SEGMENTS = 8
BYTES = 1000
UDP_SEGMENT = 103
RCVBUFFORCE = 33
ROUNDS_PLAIN = 200
WAIT_S = 60


def datagrams(first, n):
    return b"".join(struct.pack("!I", first + i).ljust(BYTES, b"o") for i in range(n))


def send(address, n_supers):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((address, PORT))
    seq = 0
    for _ in range(n_supers or ROUNDS_PLAIN):
        if n_supers:
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, BYTES)
            sock.send(datagrams(seq, SEGMENTS))
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
            seq += SEGMENTS
        sock.send(datagrams(seq, 1))
        seq += 1


def receive(address, n_supers):
    n_all = n_supers * (SEGMENTS + 1) or ROUNDS_PLAIN
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 16 << 20)
    sock.bind((address, PORT))
    sock.settimeout(WAIT_S)
    print("ready", flush=True)
    seen = []
    try:
        while len(seen) < n_all:
            seen.append(struct.unpack_from("!I", sock.recv(2048))[0])
    except TimeoutError:
        pass
    late = sum(1 for i in range(1, len(seen)) if seen[i] < seen[i - 1])
    print(f"received {len(seen)} of {n_all}, {late} times out of order")
    sys.exit(seen != list(range(n_all)))


{"send": send, "receive": receive}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))

#!/usr/bin/python3
# Moves known bytes both ways at once over TCP, and datagrams over UDP; checks each byte at its end.
# SPDX-License-Identifier: BSD-3-Clause
"""transfer.py serve ADDRESS PORT: until one transfer is done.
transfer.py call ADDRESS PORT MIB [uso]: 0 when every byte arrived unchanged at both ends."""

import hashlib
import random
import socket
import sys
import threading

CHUNK = 1 << 20
UDP_SEGMENT = 103
LIMIT_S = 60


def stream(seed, mib):
    """The bytes that this side sends: long runs, for super-frames, and writes of odd lengths."""
    rng = random.Random(seed)
    for _ in range(mib):
        yield rng.randbytes(CHUNK - 512)
        for length in (1, 3, 55, 453):
            yield rng.randbytes(length)


def send_all(sock, seed, mib):
    for piece in stream(seed, mib):
        sock.sendall(piece)
    sock.shutdown(socket.SHUT_WR)


def both_ways(sock, seed_out, seed_in, mib):
    """Send one stream while the other arrives. True if what arrives is what the other side made."""
    sock.settimeout(LIMIT_S)
    sender = threading.Thread(target=send_all, args=(sock, seed_out, mib), daemon=True)
    sender.start()
    want, got = hashlib.sha256(), hashlib.sha256()
    while data := sock.recv(CHUNK):
        got.update(data)
    sender.join(LIMIT_S)
    for piece in stream(seed_in, mib):
        want.update(piece)
    return got.digest() == want.digest() and not sender.is_alive()


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def echo(sock, stop):
    while not stop.is_set():
        try:
            data, peer = sock.recvfrom(65536)
        except TimeoutError:
            continue
        sock.sendto(data, peer)


def serve(address, port):
    udp = socket.socket(family(address), socket.SOCK_DGRAM)
    udp.bind((address, port))
    udp.settimeout(0.1)
    stop = threading.Event()
    threading.Thread(target=echo, args=(udp, stop), daemon=True).start()
    with socket.create_server((address, port), family=family(address)) as listener:
        print("listening", flush=True)
        sock, _ = listener.accept()
        mib = int.from_bytes(sock.recv(1), "big")
        ok = both_ways(sock, "server", "client", mib)
    stop.set()
    return ok


def datagrams(address, port, uso):
    """Datagrams of many lengths come back unchanged; with uso, cut from super-frames."""
    rng = random.Random("datagrams")
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.connect((address, port))
    sock.settimeout(LIMIT_S)
    waiting = set()
    for length in (0, 1, 2, 17, 18, 19, 100, 999, 1400, 1401):
        waiting.add(rng.randbytes(length))
    for data in waiting:
        sock.send(data)
    if uso:
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1001)
        data = rng.randbytes(10 * 1001 + 7)
        sock.send(data)
        waiting.update(data[i:i + 1001] for i in range(0, len(data), 1001))
    try:
        while waiting:
            waiting.discard(sock.recv(65536))
    except TimeoutError:
        print("datagrams lost or changed, by length:", sorted(map(len, waiting)))
    return not waiting


def call(address, port, mib, uso):
    sock = socket.create_connection((address, port), LIMIT_S)
    ok = datagrams(address, port, uso)
    sock.sendall(bytes([mib]))
    if not both_ways(sock, "client", "server", mib):
        print("tcp: what arrived is not what was sent")
        ok = False
    return ok


def main():
    address, port = sys.argv[2], int(sys.argv[3])
    if sys.argv[1] == "serve":
        ok = serve(address, port)
    else:
        ok = call(address, port, int(sys.argv[4]), "uso" in sys.argv[5:])
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()

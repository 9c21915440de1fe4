#!/usr/bin/python3
# Numbered small datagrams with a long one beside each tenth, and what of them arrives.
# SPDX-License-Identifier: BSD-3-Clause
"""mixed.py send ADDRESS N [PPS [LONG_BYTES]]: N small datagrams, or as many as until SIGTERM, a long one of LONG_BYTES
(default 1200, 0: none) after each tenth; prints how many.
mixed.py count N: prints 'ready', then, when N small ones have come or SIGTERM says that no more are on
their way, as a JSON object what has come."""

import json
import signal
import socket
import struct
import sys
import time

PORT = 9000
EVERY = 10
SMALL_BYTES = 100
STEP_S = 0.001
RCVBUFFORCE = 33
LOOK_S = 0.02
WAIT_S = 60


def send(address, n_small, pps=11000, long_bytes=1200):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.connect((address, PORT))
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    begin = time.monotonic()
    for seq in range(n_small):
        late = begin + seq / pps - time.monotonic()
        if late > STEP_S:
            time.sleep(late)
        if told:
            n_small = seq
            break
        sock.send(struct.pack("!I", seq).ljust(SMALL_BYTES, b"s"))
        if long_bytes and seq % EVERY == EVERY - 1:
            sock.send(struct.pack("!I", seq).ljust(long_bytes, b"l"))
    print("sent", n_small)


def datagrams(sock):
    """What comes, until nothing is left to read after SIGTERM."""
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    sock.settimeout(LOOK_S)
    end = time.monotonic() + WAIT_S
    print("ready", flush=True)
    while time.monotonic() < end:
        was_told = bool(told)
        try:
            yield sock.recv(2048)
        except TimeoutError:
            if was_told:
                return


def count(n_small):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 64 << 20)
    sock.bind(("", PORT))
    seen, last = set(), -1
    came = {"small": 0, "long": 0, "duplicate": 0, "reordered": 0, "altered": 0}
    for data in datagrams(sock):
        if len(data) != SMALL_BYTES:
            came["long"] += 1
            continue
        seq = struct.unpack("!I", data[:4])[0]
        came["duplicate"] += seq in seen
        came["reordered"] += seq < last
        came["altered"] += data[4:] != b"s" * (SMALL_BYTES - 4)
        last = max(seq, last)
        seen.add(seq)
        if len(seen) == n_small:
            break
    came["small"] = len(seen)
    print(json.dumps(came), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], *(int(arg) for arg in sys.argv[3:]))
    else:
        count(int(sys.argv[2]))

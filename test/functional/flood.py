#!/usr/bin/python3
# Sends UDP datagrams as fast as it can, for a time or so many.
# SPDX-License-Identifier: BSD-3-Clause
"""flood.py ADDRESS AMOUNT PAYLOAD_BYTES [SEGMENT_BYTES]: prints how many datagrams it sent. AMOUNT is a
number of seconds, or Nx for N datagrams, for which it takes half a minute at most.

With SEGMENT_BYTES each send is a super-frame of datagrams of that size."""

import math
import socket
import sys
import time

FLOWS = 32
UDP_SEGMENT = 103
LIMIT_S = 30


def main():
    address, amount, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    wanted, seconds = math.inf, amount
    if amount.endswith("x"):
        wanted, seconds = int(amount[:-1]), LIMIT_S
    # Several flows, so that devices with several queues use them all.
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)]
    for sock in socks:
        sock.connect((address, 9))
        if len(sys.argv) > 4:
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, int(sys.argv[4]))
    payload = bytes(size)
    end = time.monotonic() + float(seconds)
    sent = 0
    while sent < wanted and time.monotonic() < end:
        for i in range(min(256, wanted - sent)):
            try:
                socks[i % FLOWS].send(payload)
                sent += 1
            except OSError:
                pass  # refused by the other host, or the link is away for now
    print("sent", sent)


main()

#!/usr/bin/python3
# Sends UDP datagrams as fast as it can for a bounded time.
# SPDX-License-Identifier: BSD-3-Clause
"""flood.py ADDRESS SECONDS PAYLOAD_BYTES [SEGMENT_BYTES]: prints how many datagrams it sent.

With SEGMENT_BYTES each send is a super-frame of datagrams of that size."""

import socket
import sys
import time

FLOWS = 32
UDP_SEGMENT = 103


def main():
    address, seconds, size = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    # Several flows, so that devices with several queues use them all.
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)]
    for sock in socks:
        sock.connect((address, 9))
        if len(sys.argv) > 4:
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, int(sys.argv[4]))
    payload = bytes(size)
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end:
        for i in range(256):
            try:
                socks[i % FLOWS].send(payload)
                sent += 1
            except OSError:
                pass  # refused by the other host, or the link is away for now
    print("sent", sent)


main()

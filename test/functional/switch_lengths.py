#!/usr/bin/python3
# Frames of many lengths between access ports and a trunk: unchanged, with the tags that belong there.
# SPDX-License-Identifier: BSD-3-Clause
"""switch_lengths.py LIMIT_S MTU: hosts h1 … h4 (namespaces) have e0 at ports p1 … p4; p1 and p3 are in VLAN 10, p2 in 20, p4 is a
trunk of both. 0 when all frames come out so."""

import random
import sys

from switch_lab import TEST_TYPE, TRAILER_BYTES, Switch, mac, tags

LIMIT_S, MTU = float(sys.argv[1]), int(sys.argv[2])
ETHERNET_BYTES, EACH = 14, 5
LENGTHS = sorted({60, 1499, 1500, 1513, 1514, 1515, 2048, 3521, 4082, 4096, 4097, 8191, 8999, 9000, 9013, 9014, MTU + 13, MTU + 14})
NONE, Q10, Q20, PRIORITY = b"", tags((0x8100, 10)), tags((0x8100, 20)), tags((0x8100, 0xE00A))
MARKS = {1: [(NONE, {3, 4})], 2: [(NONE, {4})], 3: [(NONE, {1, 4})], 4: [(Q10, {1, 3}), (Q20, {2})]}
# name, port, tags; where it comes out with which tags. Lengths are without tags.
WAYS = [
    ("access", 1, NONE, {3: NONE, 4: Q10}),
    ("access with a tag", 1, Q10, {3: NONE, 4: Q10}),
    ("the other VLAN", 2, NONE, {4: Q20}),
    ("trunk", 4, Q10, {1: NONE, 3: NONE}),
    ("trunk with a priority", 4, PRIORITY, {1: NONE, 3: NONE}),
    ("trunk, the other VLAN", 4, Q20, {2: NONE}),
]


def main():
    switch, rng, n_wrong = Switch(LIMIT_S, MARKS), random.Random(MTU), 0
    switch.forwards()
    lengths = [length for length in LENGTHS if length <= MTU + ETHERNET_BYTES]
    for name, port, tag, wanted in WAYS:
        for length in lengths:
            size = length - ETHERNET_BYTES - TRAILER_BYTES
            sent = [(mac(0xFD), mac(port), tag, TEST_TYPE + rng.randbytes(size)) for _ in range(EACH)]
            for found in switch.outcomes(port, sent):
                if found != wanted:
                    n_wrong += 1
                    print(f"{name}, {length} bytes: wanted {wanted}, found {found}")
    print(f"{len(WAYS) * len(lengths) * EACH} frames, {n_wrong} wrong")
    sys.exit(n_wrong > 0)


main()

#!/usr/bin/python3
# Frames into each port of a switch with VLANs: where each comes out, and with which tag.
# SPDX-License-Identifier: BSD-3-Clause
"""switch_rules.py LIMIT_S [bridge]: hosts h1 … h4 (namespaces) have e0 at ports p1 … p4; p1 and p3 are in VLAN 10, p2 in 20,
p4 is a trunk of both. bridge: what differs there is expected as the kernel's bridge has it. 0 when all rows are right.
"""

import sys

from switch_lab import BROADCAST, Switch, mac, tags

LIMIT_S = float(sys.argv[1])
BRIDGE = sys.argv[2:] == ["bridge"]
BARE = b"\x88\xb6"  # an EtherType, with which a frame of 14 bytes ends


def reserved(n):
    return bytes((1, 0x80, 0xC2, 0, 0, n))


NONE, Q10, Q20 = b"", tags((0x8100, 10)), tags((0x8100, 20))
MARKS = {1: [(NONE, {3, 4})], 2: [(NONE, {4})], 3: [(NONE, {1, 4})], 4: [(Q10, {1, 3}), (Q20, {2})]}
# name, port, destination, tags; where it comes out with which tags; the same of the kernel's bridge where it differs
ROWS = [
    ("untagged at an access port", 1, BROADCAST, NONE, {3: NONE, 4: Q10}),
    ("untagged in the other VLAN", 2, BROADCAST, NONE, {4: Q20}),
    ("an access port's own tag", 1, BROADCAST, Q10, {3: NONE, 4: Q10}),
    ("another VLAN's tag", 1, BROADCAST, Q20, {}),
    ("a priority tag", 1, BROADCAST, tags((0x8100, 0xF000)), {3: NONE, 4: tags((0x8100, 0xF00A))}),
    ("a priority tag at a trunk", 4, BROADCAST, tags((0x8100, 0xF000)), {}),
    ("untagged at a trunk", 4, BROADCAST, NONE, {}),
    ("a trunk's VLAN 10", 4, BROADCAST, Q10, {1: NONE, 3: NONE}),
    ("a trunk's VLAN 20 with priority 5", 4, BROADCAST, tags((0x8100, 0xA014)), {2: NONE}),
    ("a VLAN that a trunk has not", 4, BROADCAST, tags((0x8100, 30)), {}),
    ("VLAN 4095", 4, BROADCAST, tags((0x8100, 4095)), {}),
    ("QinQ at an access port", 1, BROADCAST, tags((0x88A8, 30), (0x8100, 20)),
     {3: tags((0x88A8, 30), (0x8100, 20)), 4: tags((0x8100, 10), (0x88A8, 30), (0x8100, 20))}),
    ("QinQ at a trunk", 4, BROADCAST, tags((0x88A8, 30), (0x8100, 20)), {}),
    ("a service tag of a VLAN's number", 4, BROADCAST, tags((0x88A8, 10)), {}),
    ("two tags at a trunk", 4, BROADCAST, tags((0x8100, 20), (0x8100, 10)), {2: Q10}),
    ("a tag behind a priority tag", 1, BROADCAST, tags((0x8100, 0x6000), (0x8100, 20)),
     {3: Q20, 4: tags((0x8100, 0x600A), (0x8100, 20))}),
    ("to itself", 1, mac(1), NONE, {}),
    ("to who is known at the trunk", 1, mac(4), NONE, {4: Q10}),
    ("to who is known in another VLAN", 2, mac(1), NONE, {4: Q20}),
    ("to who is known at an access port", 4, mac(1), Q10, {1: NONE}),
    ("back to where it came from", 4, mac(4), Q10, {}),
    ("multicast", 1, bytes((1, 0, 0x5E, 0, 0, 1)), NONE, {3: NONE, 4: Q10}),
    ("just above the reserved addresses", 1, reserved(0x10), NONE, {3: NONE, 4: Q10}),
    ("spanning tree's address", 1, reserved(0), NONE, {}, {3: NONE, 4: Q10}),
] + [(f"reserved address {n:02x}", 1, reserved(n), NONE, {}) for n in range(1, 16)]

# Sources that no host has: nothing goes on.
SOURCES = [("a broadcast source", BROADCAST), ("a multicast source", bytes((1, 0, 0x5E, 0, 0, 1))), ("no source", bytes(6))]


# Frames of 14 bytes, and the shortest that Linux receives with a tag, which are 20. Port, tag, further bytes; where they
# come out, with which tags. What leaves at the trunk with 18 is heard there by Linux 6.1, dropped by later ones
# (skb_vlan_untag()): either is right.
BARES = [(1, NONE, b"", {3: NONE, 4: Q10}), (1, NONE, b"\1\2", {3: NONE, 4: Q10}), (2, NONE, b"\1\2", {4: Q20}),
         (4, Q10, b"\1\2", {1: NONE, 3: NONE}), (4, Q20, b"\1\2", {2: NONE}), (4, NONE, b"", {})]


def count_wrong_bares(switch):
    n_wrong = 0
    for port, tag, rest, want in BARES:
        number = switch.send_bare(port, tag + BARE + rest)
        switch.settle(port)
        found = switch.came[number]
        heard = {out: [tags_out + BARE + rest] for out, tags_out in want.items()}
        if found not in (heard, {out: came for out, came in heard.items() if want[out] == NONE or rest}):
            n_wrong += 1
            print(f"{14 + len(tag + rest)} bytes at port {port}: wanted {want}, found {found}")
    return n_wrong


def main():
    switch = Switch(LIMIT_S, MARKS)
    switch.forwards()
    n_wrong = count_wrong_bares(switch)
    rows = [(name, port, dst, mac(port), tag, ours, *kernel) for name, port, dst, tag, ours, *kernel in ROWS]
    rows += [(name, 1, BROADCAST, src, NONE, {}) for name, src in SOURCES]
    for name, port, dst, src, tag, *wanted in rows:
        want = wanted[-1] if BRIDGE else wanted[0]
        found = switch.outcome(port, dst, src, tag)
        if found != want:
            n_wrong += 1
            print(f"{name}: wanted {want}, found {found}")
    print(f"{len(rows) + len(BARES)} rows, {n_wrong} wrong")
    sys.exit(n_wrong > 0)


main()

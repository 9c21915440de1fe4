#!/usr/bin/python3
# Broadcasts made by scapy, of many protocols: sent, and looked for in a capture byte by byte, in their order.
# SPDX-License-Identifier: BSD-3-Clause
"""scapy_frames.py send INTERFACE
scapy_frames.py compare CAPTURE: 0 when each of them is there once, as it was made."""

import sys

# pylint: disable=no-name-in-module
from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, GRE, ICMP, IP, LLC, SCTP, SNAP, STP, TCP, UDP, Dot1AD, Dot1Q, Dot3, Ether,
                       ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, Raw, VXLAN, conf, rdpcap)

ALL, SRC = "ff:ff:ff:ff:ff:ff", "02:5c:a9:00:00:01"
INNER = Ether(dst="02:00:00:00:00:0a", src="02:00:00:00:00:0b") / IP(src="10.9.0.1", dst="10.9.0.2") / UDP(dport=5)


def frames():
    eth = Ether(dst=ALL, src=SRC)
    four, six = IP(src="10.77.0.1", dst="10.77.0.255"), IPv6(src="fe80::1", dst="ff02::1")
    made = [
        eth / ARP(hwsrc=SRC, psrc="10.77.0.1", pdst="10.77.0.200"),
        eth / four / ICMP() / Raw(b"ping"),
        eth / four / TCP(dport=9, flags="S", options=[("MSS", 1460), ("WScale", 7)]),
        eth / four / UDP(sport=68, dport=67) / BOOTP(chaddr=b"\2\0\0\0\0\1") / DHCP(options=[("message-type", "discover"), "end"]),
        eth / four / UDP(dport=53) / DNS(rd=1, qd=DNSQR(qname="example.org")),
        eth / four / SCTP(dport=9),
        eth / IP(src="10.77.0.1", dst="10.77.0.255", flags="MF", frag=0) / Raw(bytes(64)),
        eth / IP(src="10.77.0.1", dst="10.77.0.255", options=[b"\x94\4\0\0"]) / UDP(dport=9),
        eth / four / GRE() / IP(src="10.9.0.2", dst="10.9.0.1") / UDP(dport=9),
        eth / four / UDP(dport=4789) / VXLAN(vni=5) / INNER,
        eth / six / ICMPv6EchoRequest(data=b"x" * 33),
        eth / six / IPv6ExtHdrHopByHop() / UDP(dport=9),
        eth / six / IPv6ExtHdrFragment(id=7, m=1) / Raw(bytes(64)),
        eth / Dot1AD(vlan=30) / Dot1Q(vlan=20) / four / UDP(dport=9),
        Dot3(dst=ALL, src=SRC) / LLC() / SNAP() / Raw(b"snap"),
        Dot3(dst=ALL, src=SRC) / LLC() / STP(),
        eth / four / UDP(dport=9) / Raw(bytes(i & 255 for i in range(1472))),
        Ether(dst=ALL, src=SRC, type=0x88B7) / Raw(b"the last one"),
    ]
    return [bytes(frame) for frame in made]


def main():
    if sys.argv[1] == "send":
        with conf.L2socket(iface=sys.argv[2]) as sock:
            for frame in frames():
                sock.send(Raw(frame))
        return
    source = bytes.fromhex(SRC.replace(":", ""))
    came = [bytes(frame) for frame in rdpcap(sys.argv[2]) if bytes(frame)[6:12] == source]
    wanted = frames()
    for number, (frame, want) in enumerate(zip(came, wanted)):
        if frame != want:
            sys.exit(f"frame {number}: {frame.hex()} for {want.hex()}")
    if len(came) != len(wanted):
        sys.exit(f"{len(came)} frames for {len(wanted)}")


main()

#!/usr/bin/python3
# Sends TCP frames whose checksum is left to the device, as a host's stack does, tagged or not.
# SPDX-License-Identifier: BSD-3-Clause
"""frames.py INTERFACE DESTINATION_MAC COUNT VLAN: VLAN 0 sends without a tag."""

import socket
import struct
import sys
import time

SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CSUM = 1


def add(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def frame(destination, source, vlan, number):
    """Ethernet, IPv4 and TCP; the TCP checksum holds the pseudo-header's sum only."""
    payload = bytes((number * 7 + i) & 0xFF for i in range(2 * (number % 500)))
    addresses = socket.inet_aton("10.77.0.1") + socket.inet_aton("10.77.0.2")
    length = 20 + len(payload)
    pseudo = add(addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, length))
    tcp = struct.pack("!HHIIBBHHH", 4000, 5000, number, 0, 5 << 4, 0x10, 1000, pseudo, 0)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, number, 0x4000, 64,
                     socket.IPPROTO_TCP, 0) + addresses
    ip = ip[:10] + struct.pack("!H", add(ip) ^ 0xFFFF) + ip[12:]
    tag = struct.pack("!HH", 0x8100, vlan) if vlan else b""
    link = destination + source + tag + struct.pack("!H", 0x0800)
    header = struct.pack("<BBHHHH", NEEDS_CSUM, 0, 0, 0, len(link) + 20, 16)
    return header + link + ip + tcp + payload


def main():
    interface, mac, count, vlan = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.bind((interface, 0))
    source = sock.getsockname()[4]
    destination = bytes.fromhex(mac.replace(":", ""))
    for number in range(count):
        if number % 32 == 31:
            time.sleep(0.02)  # fewer at once than the smallest receive ring has slots
        sock.send(frame(destination, source, vlan, number))


main()

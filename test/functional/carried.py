#!/usr/bin/python3
# TCP between every two kinds of ports, plain and in VXLAN: each byte arrives as it was sent, each copy is right.
# SPDX-License-Identifier: BSD-3-Clause
"""carried.py LIMIT_S CASE N:KIND… [mon:N:KIND]…: host N is the namespace hN, 10.77.0.N and in VXLAN 10.79.0.N. One
transfer each way at once, for each pair of kinds and network. CASE trunk: between hosts of odd and even numbers. At a
mon, copies of plain transfers are looked at. 0 when all is right."""

import ctypes
import itertools
import os
import random
import select
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
ETH_P_ALL, SO_RCVBUFFORCE = 3, 33
PORT = 7000
BYTES = 400_001
NETS = {"plain": 77, "vxlan": 79}
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)
LIBC = ctypes.CDLL(None, use_errno=True)


def within(number, make):
    """What make() opens is in the host's namespace."""
    there = os.open(f"/run/netns/h{number}", os.O_RDONLY)
    try:
        if LIBC.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns h{number}")
        return make()
    finally:
        LIBC.setns(HOME, CLONE_NEWNET)
        os.close(there)


def listener():
    sock = socket.create_server(("0.0.0.0", PORT))
    sock.setblocking(False)
    return sock


def tap():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    sock.bind(("e0", ETH_P_ALL))
    sock.setblocking(False)
    return sock


class End:
    """One side of a transfer."""

    def __init__(self, sock, data):
        self.sock, self.data = sock, data
        self.sent, self.got = 0, bytearray()

    def can_write(self):
        return self.sent < len(self.data)

    def write(self):
        # Odd lengths at times; else as much as the socket takes, for super-frames.
        room = 333 if self.sent % 5 == 1 else 200_000
        self.sent += self.sock.send(self.data[self.sent:self.sent + room])

    def read(self):
        data = self.sock.recv(1 << 20)
        if not data:
            raise OSError("the other side has closed")
        self.got += data


class Copies:
    """What came to a port for copies of one transfer: by direction, how many bytes, whether they are right."""

    def __init__(self, sock):
        self.sock = sock
        self.streams = {}  # source address → bytes that it sent
        self.begins, self.came, self.wrong = {}, {}, 0

    def begin(self, streams):
        self.streams, self.begins, self.wrong = streams, {}, 0
        self.came = {address: bytearray(len(data)) for address, data in streams.items()}

    def read(self):
        try:
            while True:
                self.look(self.sock.recv(70000))
        except BlockingIOError:
            pass

    def look(self, frame):
        address = socket.inet_ntoa(frame[26:30])
        if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP or address not in self.streams:
            return
        tcp = 14 + 4 * (frame[14] & 15)
        seq, flags = struct.unpack_from("!I", frame, tcp + 4)[0], frame[tcp + 13]
        if flags & 2:
            self.begins[address] = seq + 1
            return
        payload = frame[tcp + 4 * (frame[tcp + 12] >> 4):14 + struct.unpack_from("!H", frame, 16)[0]]
        if not payload or address not in self.begins:
            return
        at = seq - self.begins[address] & 0xFFFFFFFF
        self.wrong += payload != self.streams[address][at:at + len(payload)]
        self.came[address][at:at + len(payload)] = b"\1" * len(payload)

    def missing(self):
        return sum(marks.count(0) for marks in self.came.values())


class Lab:
    def __init__(self, limit_s, hosts, monitors):
        self.limit_s = limit_s
        self.listeners = {number: within(number, listener) for number in hosts}
        self.copies = {name: Copies(within(number, tap)) for number, name in monitors.items()}

    def dial(self, caller, answerer, net):
        """Both ends of a new connection."""
        sock = within(caller, socket.socket)
        sock.settimeout(self.limit_s)
        sock.connect((f"10.{net}.0.{answerer}", PORT))
        select.select([self.listeners[answerer]], [], [], self.limit_s)
        return sock, self.listeners[answerer].accept()[0]

    def transfer(self, caller, answerer, name):
        """Why it is not right, or None."""
        net = NETS[name]
        rng = random.Random(f"{caller} {answerer} {name}")
        data = [rng.randbytes(BYTES) for _ in range(2)]
        copies = list(self.copies.values()) if name == "plain" else []
        for monitor in copies:
            monitor.begin(dict(zip((f"10.{net}.0.{caller}", f"10.{net}.0.{answerer}"), data)))
        try:
            socks = self.dial(caller, answerer, net)
        except OSError as error:
            return f"no connection: {error}"
        ends = [End(sock, each) for sock, each in zip(socks, data)]
        try:
            fault = self.exchange(ends, copies)
        except OSError as error:
            fault = str(error)
        for sock in socks:
            sock.close()
        return fault

    def exchange(self, ends, copies):
        for end in ends:
            end.sock.setblocking(False)
        by_sock = {thing.sock: thing for thing in ends + copies}
        until = time.monotonic() + self.limit_s
        while any(len(end.got) < BYTES for end in ends) or any(monitor.missing() for monitor in copies):
            if time.monotonic() > until:
                return (f"of {BYTES} bytes each way {[len(end.got) for end in ends]} came, of their "
                        f"copies are missing {[monitor.missing() for monitor in copies]}")
            writers = [end.sock for end in ends if end.can_write()]
            readable, writable, _ = select.select(list(by_sock), writers, [], 1)
            for sock in readable:
                by_sock[sock].read()
            for sock in writable:
                by_sock[sock].write()
        if ends[0].got != ends[1].data or ends[1].got != ends[0].data:
            return "other bytes came than were sent"
        if any(monitor.wrong for monitor in copies):
            return f"copies with other bytes: {[monitor.wrong for monitor in copies]}"
        return None


def pairs_of(case, hosts):
    """A pair of hosts for each pair of kinds; both orders where the ends differ."""
    numbers = {}
    for number, kind in hosts.items():
        numbers.setdefault(kind, []).append(number)
    if case == "trunk":
        return [(a[0], b[1]) for a, b in itertools.product(numbers.values(), repeat=2)]
    pairs = itertools.combinations_with_replacement(numbers.values(), 2)
    return [(a[0], b[-1]) for a, b in pairs if a[0] != b[-1]]


def main():
    limit_s, case = float(sys.argv[1]), sys.argv[2]
    words = [word.split(":") for word in sys.argv[3:]]
    hosts = {int(word[0]): word[1] for word in words if word[0] != "mon"}
    lab = Lab(limit_s, hosts, {int(word[1]): word[2] for word in words if word[0] == "mon"})
    n_wrong = n_done = 0
    begin = time.monotonic()
    for (one, other), name in itertools.product(pairs_of(case, hosts), NETS):
        fault = lab.transfer(one, other, name)
        n_done += 1
        if fault:
            n_wrong += 1
            print(f"{hosts[one]} (h{one}) and {hosts[other]} (h{other}), {name}: {fault}", flush=True)
            if n_wrong > 8:
                break
    print(f"{n_done} transfers of {BYTES} bytes each way in {time.monotonic() - begin:.1f} s, {n_wrong} wrong")
    sys.exit(n_wrong > 0)


main()

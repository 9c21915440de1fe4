#!/usr/bin/python3
# The hosts of a test of drops: sends frames that are wrong in a known way, receives badly, reads the kernels' counters.
# SPDX-License-Identifier: BSD-3-Clause
"""drops_hosts.py send INTERFACE N [KEY=VALUE…]: N UDP frames; see frame() for what can be wrong with them.
drops_hosts.py listen INTERFACE: a packet socket that reads all; prints 'ready', ends at SIGTERM.
drops_hosts.py serve: one process for all hosts, since starting one takes a second in an emulated machine. It does what the
lines of its standard input say, and answers each with 'ok' and a value, or with 'failed' and why; HOST is a network namespace:

  send HOST INTERFACE N [KEY=VALUE…]  and waits until no processor holds a received packet: on a busy machine they wait for
                                      ksoftirqd, and must meet what was planted for them
  counted HOST INTERFACE COUNTER…     the sum of some of COLUMNS
  until N HOST INTERFACE COUNTER…     waits until that sum is N and no packet is held; the sum
  udp HOST FIELD                      of /proc/net/snmp
  backlog                             packets that were dropped for a full queue of a processor
  sink HOST PORT [full|deaf]          a UDP socket that nobody reads, with room for all; full: for few; deaf: a filter refuses all
  hear HOST INTERFACE                 a packet socket for all frames
  stream FROM TO ADDRESS PORT N       N blocks of 8 KiB by TCP, each sent when the last has come back
  freeze THREAD                       the rest of its process goes on
  thaw THREAD
  close                               all sockets"""

import ctypes
import os
import signal
import socket
import struct
import sys
import time

RCVBUFFORCE = 33
ATTACH_FILTER = 26
NEWNET = 0x40000000
SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
ETH_P_ALL = 3
SOURCE_MAC = "020000000001"
LIMIT_S = 120
AT_ONCE = 32  # no more than a forwarder's socket holds
BLOCK = 8192
COLUMNS = {"rx_packets": 1, "rx_dropped": 3, "tx_packets": 9, "tx_dropped": 11}  # of /proc/net/dev
DROPPED, HELD = 1, 11  # of /proc/net/softnet_stat


def add(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) & 1)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def frame(mac="020000000002", type="0800", vlan="", src="10.77.0.77", dst="10.77.0.2", ttl="64", proto="17",
          port="9", payload="64", version="4", ipsum="ok", udpsum="ok", cut="0"):
    """An Ethernet frame with IPv4 and UDP. cut: bytes that are missing at its end."""
    udp = struct.pack("!HHHH", 4000, int(port), 8 + int(payload), 0) + bytes(int(payload))
    addresses = socket.inet_aton(src) + socket.inet_aton(dst)
    total = add(addresses + struct.pack("!BBH", 0, 17, len(udp)) + udp) ^ 0xFFFF
    udp = udp[:6] + struct.pack("!H", total if udpsum == "ok" else total ^ 0x5555) + udp[8:]
    ip = struct.pack("!BBHHHBBH", int(version) << 4 | 5, 0, 20 + len(udp), 1, 0x4000, int(ttl), int(proto),
                     0) + addresses
    total = add(ip) ^ 0xFFFF
    ip = ip[:10] + struct.pack("!H", total if ipsum == "ok" else total ^ 0x5555) + ip[12:]
    tag = struct.pack("!HH", 0x8100, int(vlan)) if vlan else b""
    whole = bytes.fromhex(mac + SOURCE_MAC) + tag + bytes.fromhex(type) + ip + udp
    return whole[:len(whole) - int(cut)]


def send(interface, n, *words):
    one = frame(**dict(word.split("=") for word in words))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((interface, 0))
        for i in range(int(n)):
            if i % AT_ONCE == AT_ONCE - 1:
                time.sleep(0.002)
            try:
                sock.send(one)
            except OSError:
                pass  # the sender's own host refused it


def hear(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 64 << 20)
    sock.bind((interface, 0))
    return sock


def listen(interface):
    sock = hear(interface)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    while True:
        sock.recv(2048)


# --- one process for all hosts ------------------------------------------------------------------------

libc = ctypes.CDLL(None, use_errno=True)


def enter(host):
    """What is opened from now on, and /proc/net, is that host's."""
    with open(f"/run/netns/{host}", encoding="ascii") as file:
        if libc.setns(file.fileno(), NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {host}")


def softnet(column):
    """The sum over all processors."""
    with open("/proc/net/softnet_stat", encoding="ascii") as file:
        return sum(int(line.split()[column], 16) for line in file)


def wait(what, is_so):
    end = time.monotonic() + LIMIT_S
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {LIMIT_S} s")
        time.sleep(0.01)


def rest():
    wait("packets lie in the kernel's queues", lambda: not softnet(HELD))


def counted(host, interface, *counters):
    enter(host)
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, values = line.partition(":")
            if name.strip() == interface:
                words = values.split()
                return sum(int(words[COLUMNS[counter]]) for counter in counters)
    raise KeyError(f"{host} has no {interface}")


def until(n, host, interface, *counters):
    wait(f"{interface} has not counted {n}", lambda: counted(host, interface, *counters) >= int(n))
    rest()
    return counted(host, interface, *counters)


def udp(host, field):
    enter(host)
    with open("/proc/net/snmp", encoding="ascii") as file:
        names, values = [line.split() for line in file if line.startswith("Udp:")]
    return values[names.index(field)]


def sink(host, port, manner=""):
    enter(host)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF if manner == "full" else RCVBUFFORCE,
                    2048 if manner == "full" else 64 << 20)
    if manner == "deaf":
        code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # return 0
        sock.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))
    sock.bind(("", int(port)))
    return sock


def take(stream):
    data = b""
    while len(data) < BLOCK:
        more = stream.recv(BLOCK - len(data))
        if not more:
            raise ConnectionError("the stream ends early")
        data += more
    return data


def stream(source, target, address, port, n):
    """To its very end on both sides."""
    enter(target)
    with socket.create_server(("", int(port))) as server:
        enter(source)
        with socket.create_connection((address, int(port)), LIMIT_S) as near, server.accept()[0] as far:
            far.settimeout(LIMIT_S)
            for _ in range(int(n)):
                near.sendall(bytes(BLOCK))
                far.sendall(take(far))
                take(near)
            near.shutdown(socket.SHUT_WR)
            if far.recv(1):
                raise ConnectionError("more comes than was sent")
            far.shutdown(socket.SHUT_WR)
            if near.recv(1):
                raise ConnectionError("more comes back than was sent")


def ptrace(request, thread):
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(thread), None, None):
        raise OSError(ctypes.get_errno(), f"cannot trace {thread}")


def freeze(thread):
    ptrace(SEIZE, int(thread))
    ptrace(INTERRUPT, int(thread))
    os.waitpid(int(thread), WALL)


def thaw(thread):
    ptrace(DETACH, int(thread))


def answer(words, sockets):
    verb, *rest_of = words
    if verb == "send":
        enter(rest_of[0])
        send(*rest_of[1:])
        rest()
        return ""
    if verb == "hear":
        enter(rest_of[0])
        sockets.append(hear(rest_of[1]))
        return ""
    if verb == "sink":
        sockets.append(sink(*rest_of))
        return ""
    if verb == "close":
        while sockets:
            sockets.pop().close()
        return ""
    return {"counted": counted, "until": until, "udp": udp, "stream": stream, "freeze": freeze, "thaw": thaw,
            "backlog": lambda: softnet(DROPPED)}[verb](*rest_of)


def serve():
    sockets = []
    for line in sys.stdin:
        try:
            value = answer(line.split(), sockets)
            print("ok", "" if value is None else value, flush=True)
        except (OSError, KeyError, ValueError, TypeError) as error:
            print("failed", type(error).__name__, error, flush=True)


if __name__ == "__main__":
    sys.exit({"send": send, "listen": listen, "serve": serve}[sys.argv[1]](*sys.argv[2:]))

# How soon a side forwards after its start, how much memory it takes.
# SPDX-License-Identifier: BSD-3-Clause
import ctypes
import os
import select
import socket
import threading
import time

from lab import SideError
from traffic import ETH, WARM_S, Source, wait_flow

CLONE_NEWNET = 0x40000000
FIRST_S = 10
# To nobody: destination, source, the EtherType for experiments.
FRAME = bytes.fromhex("02000000020102000000010188b5") + bytes(46)


def sockets_in(netns, devices):
    """Packet sockets on devices of another namespace; a thread goes there to open them."""
    found, errors = [], []

    def open_there():
        try:
            fd = os.open(f"/run/netns/{netns}", os.O_RDONLY)
            if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            os.close(fd)
            for device in devices:
                sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
                sock.bind((device, 0x88b5))
                found.append(sock)
        except OSError as err:
            errors.append(err)

    thread = threading.Thread(target=open_there)
    thread.start()
    thread.join()
    if errors:
        raise SideError(f"packet sockets in {netns}: {errors[0]}")
    return found


def first_packet(ctx, side):
    """One round: ns from the start of the process until the first packet is at the far end."""
    ctx.lab.wires()
    near, far = sockets_in("gen", ("e0", "e1"))
    try:
        begin = time.monotonic_ns()
        starter = threading.Thread(target=side.start_process)
        starter.start()
        while True:
            try:
                near.send(FRAME)
            except OSError:
                pass  # a device that is being opened may refuse for a moment
            if select.select([far], [], [], 0.0005)[0]:
                far.recv(2048)
                value = time.monotonic_ns() - begin
                break
            if time.monotonic_ns() - begin > FIRST_S * 1e9:
                side.process.fail(f"forwards nothing within {FIRST_S} s")
        starter.join()
        side.wait_ready()
        side.stop()
        return {"value": value, "facts": side.facts}
    finally:
        near.close()
        far.close()
        side.abandon()


def resident(pid):
    """Bytes of all mappings in memory: ordinary pages, hugepages."""
    small = huge = 0
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            key, _, rest = line.partition(":")
            if key == "Rss":
                small += int(rest.split()[0]) * 1024
            elif key in ("Private_Hugetlb", "Shared_Hugetlb"):
                huge += int(rest.split()[0]) * 1024
    return small, huge


def memory(ctx, side):
    """One round: bytes resident under load, the packet arena not counted."""
    ctx.lab.wires()
    source = None
    try:
        side.start()
        source = Source(ctx, 64, options=ETH)
        wait_flow(ctx, side, source)
        time.sleep(WARM_S)
        small, huge = resident(side.process.popen.pid)
        source.stop()
        side.stop()
        arena = side.report["arena"]["bytes"] if side.report else 0
        return {"value": small + huge - arena, "rss_bytes": small, "hugepage_bytes": huge,
                "arena_bytes": arena, "facts": side.facts}
    finally:
        if source:
            source.abandon()
        side.abandon()

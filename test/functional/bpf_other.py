#!/usr/bin/python3
# What another process does in BPF: it puts its program into somebody's link, or beside somebody's.
# SPDX-License-Identifier: BSD-3-Clause
"""bpf_other.py update LINK_ID PROGRAM_ID: puts the program into the link, as a process with the right to open it by its id can.
bpf_other.py hold xdp|tc [INTERFACE]: loads a program that passes every packet on, and attaches it by a link, tc by tcx, where an
interface is named; prints its id, and holds both until it is killed.
bpf_other.py stats: has the kernel count what programs run, until it is killed."""

import ctypes
import os
import signal
import socket
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
PROG_LOAD, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD = 5, 13, 15
LINK_CREATE, LINK_UPDATE, LINK_GET_FD_BY_ID, ENABLE_STATS = 28, 29, 30, 32
ATTR_BYTES = 128
# Program type, where it expects to be attached, where it is, verdict: BPF_PROG_TYPE_XDP for and at BPF_XDP, XDP_PASS;
# BPF_PROG_TYPE_SCHED_CLS at BPF_TCX_INGRESS, TCX_NEXT.
KINDS = {"xdp": (6, 37, 37, 2), "tc": (3, 0, 46, -1)}


def bpf(command, form, *words):
    attr = ctypes.create_string_buffer(struct.pack(form, *words), ATTR_BYTES)
    result = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, command, attr, ATTR_BYTES)
    if result < 0:
        sys.exit(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return result


def update(link_id, program_id):
    link = bpf(LINK_GET_FD_BY_ID, "=I", int(link_id))
    program = bpf(PROG_GET_FD_BY_ID, "=I", int(program_id))
    bpf(LINK_UPDATE, "=II", link, program)


def id_of(program):
    """struct bpf_prog_info: type, then id."""
    info = ctypes.create_string_buffer(8)
    bpf(OBJ_GET_INFO_BY_FD, "=IIQ", program, len(info), ctypes.addressof(info))
    return struct.unpack("=II", info.raw)[1]


def hold(kind, interface=None):
    program_type, expected, attach_type, verdict = KINDS[kind]
    # r0 = verdict; exit
    code = ctypes.create_string_buffer(struct.pack("=BBhi", 0xB7, 0, 0, verdict) + struct.pack("=BBhi", 0x95, 0, 0, 0))
    license_name = ctypes.create_string_buffer(b"GPL")
    program = bpf(PROG_LOAD, "=IIQQ44xI", program_type, 2, ctypes.addressof(code), ctypes.addressof(license_name), expected)
    if interface:
        bpf(LINK_CREATE, "=III", program, socket.if_nametoindex(interface), attach_type)
    print(id_of(program), flush=True)
    signal.pause()


def stats():
    bpf(ENABLE_STATS, "=I", 0)
    print("counting", flush=True)
    signal.pause()


if __name__ == "__main__":
    {"update": update, "hold": hold, "stats": stats}[sys.argv[1]](*sys.argv[2:])

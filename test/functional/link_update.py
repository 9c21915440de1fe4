#!/usr/bin/python3
# Puts another program into a BPF link, as a process with the right to open it by its id can.
# SPDX-License-Identifier: BSD-3-Clause
"""link_update.py LINK_ID PROGRAM_ID"""

import ctypes
import os
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
PROG_GET_FD_BY_ID, LINK_UPDATE, LINK_GET_FD_BY_ID = 13, 29, 30
ATTR_BYTES = 64


def bpf(command, *words):
    attr = ctypes.create_string_buffer(struct.pack(f"={len(words)}I", *words), ATTR_BYTES)
    result = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, command, attr, ATTR_BYTES)
    if result < 0:
        sys.exit(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return result


link = bpf(LINK_GET_FD_BY_ID, int(sys.argv[1]))
program = bpf(PROG_GET_FD_BY_ID, int(sys.argv[2]))
bpf(LINK_UPDATE, link, program)

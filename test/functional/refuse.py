#!/usr/bin/python3
# A host that lets no BPF program be attached to a function of the kernel: a seccomp filter, as containers have.
# SPDX-License-Identifier: BSD-3-Clause
"""refuse.py COMMAND…: runs it, and bpf(BPF_LINK_CREATE) fails with EACCES there. Raw tracepoints are opened by another
command of bpf(), so these may be used. Exit code 77 on a machine whose system calls are not known here."""

import ctypes
import errno
import os
import platform
import struct
import sys

BPF = {"x86_64": 321, "aarch64": 280}  # the system call's number
BPF_LINK_CREATE = 28
SET_SECCOMP, SET_NO_NEW_PRIVS, FILTER = 22, 38, 2  # of prctl()
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data; of the latter the low half
FAIL, ALLOW = 0x00050000, 0x7fff0000


def main():
    number = BPF.get(platform.machine())
    if number is None:
        print(f"the number of bpf() on {platform.machine()} is not known")
        return 77
    rules = ((LOAD_WORD, 0, 0, NUMBER), (JUMP_IF_EQUAL, 0, 3, number), (LOAD_WORD, 0, 0, FIRST_ARGUMENT),
             (JUMP_IF_EQUAL, 0, 1, BPF_LINK_CREATE), (RETURN, 0, 0, FAIL | errno.EACCES), (RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(SET_SECCOMP, FILTER, program, 0, 0):
        print(f"prctl: {os.strerror(ctypes.get_errno())}")
        return 77
    os.execvp(sys.argv[1], sys.argv[1:])
    return 1


if __name__ == "__main__":
    sys.exit(main())

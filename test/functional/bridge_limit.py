"""Sets how many addresses a bridge of the kernel learns at most, where the kernel can: iproute2 before 6.7 cannot say it.

usage: bridge_limit.py BRIDGE N; exit 1 where the kernel (before 6.7) has no such limit
"""
# SPDX-License-Identifier: BSD-3-Clause

import socket
import struct
import sys

RTM_NEWLINK, RTM_GETLINK = 16, 18
NLM_F_REQUEST, NLM_F_ACK = 1, 4
IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA = 18, 1, 2
IFLA_BR_FDB_MAX_LEARNED = 49
NESTED = 0x8000


def attribute(kind, value):
    size = 4 + len(value)
    return struct.pack("=HH", size, kind) + value + bytes(-size % 4)


def attributes(data):
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def ask(kind, flags, index, more):
    """The answer's attributes; those of an acknowledgement are empty."""
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0) + more
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as s:
        s.send(struct.pack("=IHHII", 16 + len(body), kind, flags | NLM_F_REQUEST, 1, 0) + body)
        answer = s.recv(65536)
    size, kind = struct.unpack_from("=IH", answer)
    if kind == 2:  # NLMSG_ERROR
        error = struct.unpack_from("=i", answer, 16)[0]
        if error:
            sys.exit(f"netlink: error {-error}")
        return {}
    return attributes(answer[32:size])


def main():
    index, limit = socket.if_nametoindex(sys.argv[1]), struct.pack("=I", int(sys.argv[2]))
    data = attribute(IFLA_INFO_DATA | NESTED, attribute(IFLA_BR_FDB_MAX_LEARNED, limit))
    info = attribute(IFLA_LINKINFO | NESTED, attribute(IFLA_INFO_KIND, b"bridge") + data)
    ask(RTM_NEWLINK, NLM_F_ACK, index, info)
    # An older kernel may pass over what it does not know.
    now = ask(RTM_GETLINK, 0, index, b"")
    data = attributes(attributes(now[IFLA_LINKINFO])[IFLA_INFO_DATA])
    if data.get(IFLA_BR_FDB_MAX_LEARNED) != limit:
        sys.exit("the kernel has no limit")


main()

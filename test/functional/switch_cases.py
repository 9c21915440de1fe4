#!/usr/bin/python3
# The cases of the kernel's own tests of its bridge, asked of a switch and of that bridge by the same frames.
# SPDX-License-Identifier: BSD-3-Clause
"""switch_cases.py groups                      the groups of cases that share a configuration
switch_cases.py ini GROUP                   the configuration's lines behind its ports p1 … p4
switch_cases.py bridge GROUP                the same for the kernel's bridge: commands
switch_cases.py ask GROUP LIMIT_S           the answers, a line each: SCRIPT CASE, a tab, yes or what was otherwise; part: there are more
switch_cases.py compare PAGE COLUMN ANSWERS 0 when they are those of the page's table, by the name of a column

Hosts h1 … h4 (namespaces) have e0 at ports p1 … p4, whose devices are w0 … w3, in namespace mid. SWITCH_INI: the file of the
switch that is asked, instance a; without it the bridge is. yes: it does what the kernel's script wants."""

import contextlib
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import time

from switch_lab import BROADCAST, PATTERN, PORTS, TEST_TYPE, TRAILER_BYTES, Switch, mac, tags

STRANGER = bytes.fromhex("deadbeef1337")
MULTICAST = bytes.fromhex("01005e000001")
OTHER_TPID = tags((0x88A8, 3), (0x8100, 5))
VIDS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000, 4094)
AGEING_S = 10
IP_PAYLOAD_BYTES = len(PATTERN) + TRAILER_BYTES
LIMIT = 16  # the least that `entries` takes
STATIC = mac(0xC0)
VLAN_3 = tags((0x8100, 3))
ANSWERED = re.compile(r"\| `((?:bridge|no)_\w+)` \| ([^|]+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$")


class Group:
    """vlans: {port: {VLAN: has a tag there}}, or None; switches: ports that are one Ethernet; static: port and VLAN of STATIC."""

    def __init__(self, ask, keys="", bridge="", vlans=None, switches=(PORTS,), isolated=(), limit=0, static=None):
        self.ask, self.keys, self.bridge, self.limit = ask, keys, bridge, limit
        self.vlans, self.switches, self.isolated, self.static = vlans, switches, isolated, static

    def members(self, port):
        return (self.vlans or {}).get(port, {0: False})

    def reached(self, port, vid):
        return {to for ports in self.switches if port in ports for to in ports if to != port and vid in self.members(to)
                and not {port, to} <= set(self.isolated)}

    def marks(self):
        return {port: [(tags((0x8100, vid)) if has_tag else b"", self.reached(port, vid))
                       for vid, has_tag in self.members(port).items()]
                for ports in self.switches for port in ports}

    def ini(self):
        text = ""
        for number, ports in enumerate(self.switches):
            text += f"[function.sw{number}]\ntype = switch\n{self.keys}"
            lines = {"access": [], "trunk": []}
            for port in ports if self.vlans else ():
                words = [f"{vid}{'' if has_tag else 'u'}" for vid, has_tag in self.members(port).items()]
                is_access = len(words) == 1 and words[0].endswith("u")
                lines["access" if is_access else "trunk"].append(f"p{port}:{words[0].rstrip('u') if is_access else '+'.join(words)}")
            text += "".join(f"{key} = {', '.join(found)}\n" for key, found in lines.items() if found)
        if self.static:
            port, vid = self.static
            text += f"static = p{port}:{STATIC.hex(':')}{f'@{vid}' if vid else ''}\n"
        text += "[forward]\n" + "".join(f"p{port} = sw{number}\n" for number, ports in enumerate(self.switches) for port in ports)
        return text

    def commands(self):
        """For the namespace with the devices."""
        text = ""
        for number, ports in enumerate(self.switches):
            vlans = "vlan_filtering 1 vlan_default_pvid 0" if self.vlans else ""
            text += f"ip link add br{number} type bridge mcast_snooping 0 {self.bridge} {vlans}\n"
            for port in ports:
                device = f"w{port - 1}"
                text += f"ip link set {device} master br{number}\n"
                for vid, has_tag in self.members(port).items() if self.vlans else ():
                    text += f"bridge vlan add dev {device} vid {vid} {'' if has_tag else 'pvid untagged'}\n"
                if port in self.isolated:
                    text += f"bridge link set dev {device} isolated on\n"
            text += f"ip link set br{number} up\n"
        if self.static:
            port, vid = self.static
            text += f"bridge fdb add {STATIC.hex(':')} dev w{port - 1} master static sticky {f'vlan {vid}' if vid else ''}\n"
        if self.limit:
            text += f"{sys.executable} {pathlib.Path(__file__).resolve()} limit br0 {self.limit}\n"
        return text


class Wrong(Exception):
    """The answer is no."""


@contextlib.contextmanager
def case(script, name):
    """Prints what the case's body finds out."""
    try:
        yield
        answer = "yes"
    except Wrong as wrong:
        answer = f"no: {wrong}"
    print(f"{script} {name}\t{answer}", flush=True)


def want(what, found, wanted):
    if found != wanted:
        raise Wrong(f"{what}: found {found}, wanted {wanted}")


def run(words):
    return subprocess.run(words.split(), capture_output=True, check=False).returncode == 0


def pings(switch, ip, pairs):
    """pairs: {(from, to): whether it comes}."""
    address = {4: "10.77.0.{}", 6: "fd00:77::{}"}[ip]
    for (a, b), comes in pairs.items():
        often = f"-w {switch.limit_s:.0f}" if comes else "-w 1"
        found = run(f"ip netns exec h{a} ping -{ip} -q -c 1 -i 0.2 {often} {address.format(b)}")
        want(f"h{a} reaches h{b}", found, comes)


@contextlib.contextmanager
def ipv6(ports):
    """Only here: hosts with IPv6 send frames of their own."""
    for port in ports:
        run(f"ip netns exec h{port} sysctl -qw net.ipv6.conf.e0.disable_ipv6=0")
        run(f"ip -n h{port} addr add fd00:77::{port}/64 dev e0 nodad")
    try:
        yield
    finally:
        for port in ports:
            run(f"ip netns exec h{port} sysctl -qw net.ipv6.conf.e0.disable_ipv6=1")


def port_sections(path):
    """{port: its section}"""
    text = pathlib.Path(path).read_text(encoding="utf-8").partition("[function.")[0]
    return {int(section[0]): f"[port.p{section}" for section in text.split("[port.p")[1:]}


def change(switch, group, *commands):
    """While frames may come: to another group's configuration by a reload, or the bridge by commands."""
    path = os.environ.get("SWITCH_INI")
    if path:
        switch.sections = getattr(switch, "sections", None) or port_sections(path)
        ports = sorted(port for ports in group.switches for port in ports)
        pathlib.Path(path).write_text("".join(switch.sections[port] for port in ports) + group.ini(), encoding="utf-8")
        commands = (f"{os.environ['BYPATH']} reload a",)
    for command in commands:
        done = subprocess.run(f"ip netns exec mid {command}".split(), capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"{command}: {done.stderr.decode()}")
    switch.marks = group.marks()
    switch.forwards()


def ask_pings(script, switch, pairs):
    with case(script, "ping_ipv4"):
        pings(switch, 4, pairs)
    if not pathlib.Path("/proc/sys/net/ipv6").exists():
        print("part")
        return
    with case(script, "ping_ipv6"), ipv6({port for pair in pairs for port in pair}):
        pings(switch, 6, pairs)


def ask_learning(script, switch):
    with case(script, "learning: a frame's source, and frames to it"):
        want("to a stranger", set(switch.outcome(2, STRANGER, mac(2))), {1, 3, 4})
        switch.outcome(1, mac(0xFE), STRANGER)
        want("to who has spoken", switch.outcome(2, STRANGER, mac(2)), {1: b""})


def ask_ageing(script, switch):
    """Behind ask_learning()."""
    with case(script, "learning: it is forgotten"):
        end = time.monotonic() + 3 * AGEING_S + switch.limit_s
        while set(found := switch.outcome(2, STRANGER, mac(2))) == {1} and time.monotonic() < end:
            time.sleep(0.05)
        want("long after it spoke", set(found), {1, 3, 4})


def ask_flooding(script, switch):
    with case(script, "flooding: unknown unicast"):
        want("to a stranger", switch.outcome(1, mac(0xFD), mac(1)), {2: b"", 3: b"", 4: b""})
    with case(script, "flooding: unregistered multicast"):
        want("to a group", switch.outcome(1, MULTICAST, mac(1)), {2: b"", 3: b"", 4: b""})


def ask_unaware(switch):
    script = "bridge_vlan_unaware"
    ask_learning(script, switch)
    ask_pings(script, switch, {(1, 2): True})
    ask_flooding(script, switch)
    with case("bridge_fdb_learning_limit", "check_accounting: 16 that are learned"):
        teach(switch, range(16))
        want("ports", known(switch, range(16)), [{1}] * 16)
    ask_ageing(script, switch)


def ask_aware(switch):
    script = "bridge_vlan_aware"
    ask_learning(script, switch)
    ask_pings(script, switch, {(1, 2): True})
    ask_flooding(script, switch)
    with case(script, "other_tpid: learned in the PVID"):
        source = mac(0x88)
        switch.outcome(1, mac(0xFD), source, OTHER_TPID)
        want("untagged, to its source", switch.outcome(2, source, mac(2)), {1: b""})
        # p3 and p4 are in VLAN 3 as well.
        want("in VLAN 3, to its source", set(switch.outcome(3, source, mac(3), tags((0x8100, 3)))), {4})
    with case(script, "other_tpid: passed on like a frame without a tag"):
        want("where it comes out", switch.outcome(1, mac(0xFD), mac(1), OTHER_TPID), dict.fromkeys((2, 3, 4), OTHER_TPID))
    ask_8021p(switch, "PVID 1")
    with case(script, "extern_learn: an address roams"):
        source = mac(0x77)
        switch.outcome(1, BROADCAST, source)
        switch.outcome(3, BROADCAST, source)
        want("where it was last", switch.outcome(2, source, mac(2)), {3: b""})
    ask_vlan_deletion(script, switch)
    ask_ageing(script, switch)


def ask_vlan_deletion(script, switch):
    """Behind ask_learning(): the stranger is at p1."""
    tag = tags((0x8100, 10))
    with case(script, "vlan_deletion"):
        change(switch, WITH_10, "bridge vlan add dev w0 vid 10", "bridge vlan add dev w2 vid 10")
        want("a frame with VLAN 10", switch.outcome(1, mac(0xFD), mac(1), tag), {3: tag})
        change(switch, GROUPS["aware"], "bridge vlan del dev w0 vid 10", "bridge vlan del dev w2 vid 10")
        want("a frame with VLAN 10, behind that", switch.outcome(1, mac(0xFD), mac(1), tag), {})
        pings(switch, 4, {(1, 2): True})
        switch.outcome(1, mac(0xFE), STRANGER)


def ask_8021p(switch, name):
    with case("bridge_vlan_aware", f"8021p: {name}"):
        want("a frame with VLAN 0", switch.outcome(1, mac(0xFD), mac(1), tags((0x8100, 0))), {2: b"", 3: b"", 4: b""})


def ask_pvid_10(switch):
    """All ports have VLAN 1."""
    change(switch, PVID_10, *(f"bridge vlan {words}" for port in PORTS for words in (
        f"del dev w{port - 1} vid 1", f"add dev w{port - 1} vid 10 pvid untagged")))
    ask_8021p(switch, "PVID 10")
    with case("bridge_vlan_aware", "8021p: PVID 10, behind PVID 1"):
        want("a frame with VLAN 1", switch.outcome(1, mac(0xFD), mac(1), tags((0x8100, 1))), {})


def check_no_pvid(switch, vid, to):
    want("untagged", switch.outcome(1, mac(0xFD), mac(1)), {})
    want("a frame with VLAN 0", switch.outcome(1, mac(0xFD), mac(1), tags((0x8100, 0))), {})
    pings(switch, 4, {(1, 2): False})
    want(f"a frame with VLAN {vid}", set(switch.outcome(1, mac(0xFD), mac(1), tags((0x8100, vid)))), to)


def ask_no_pvid(switch):
    with case("bridge_vlan_aware", "other_tpid: no PVID"):
        want("where it comes out", switch.outcome(1, mac(0xFD), mac(1), OTHER_TPID), {})
    with case("bridge_vlan_aware", "drop_untagged: VLAN 1 is not the PVID"):
        check_no_pvid(switch, 1, {2, 3, 4})


def ask_no_vlan(switch):
    with case("bridge_vlan_aware", "drop_untagged: not in VLAN 1"):
        check_no_pvid(switch, 2, {4})
    with case("bridge_vlan_aware", "drop_untagged: the link goes down and up"):
        for state in ("down", "up"):
            run(f"ip -n h1 link set e0 {state}")
        switch.forwards()
        check_no_pvid(switch, 2, {4})
    with case("bridge_vlan_aware", "drop_untagged: leaves the bridge and joins it again"):
        change(switch, WITHOUT_P1, "ip link set w0 nomaster")
        want("a frame with VLAN 2", switch.outcome(1, mac(0xFD), mac(1), tags((0x8100, 2))), {})
        change(switch, GROUPS["no-vlan"], "ip link set w0 master br0", "bridge vlan add dev w0 vid 2")
        check_no_pvid(switch, 2, {4})


def ask_isolated(switch):
    script = "bridge_port_isolation"
    ask_pings(script, switch, {(1, 2): False, (3, 2): True})
    with case(script, "flooding"):
        want("from an isolated port", set(switch.outcome(1, STRANGER, mac(1))), {3, 4})
        want("from another one", set(switch.outcome(3, STRANGER, mac(3))), {1, 2, 4})


def teach(switch, numbers):
    switch.outcomes(1, [(mac(0xFD), mac(n), b"") for n in numbers])


def known(switch, numbers):
    """The ports where frames to these addresses come out."""
    return [set(found) for found in switch.outcomes(2, [(mac(n), mac(0xE2), b"") for n in numbers])]


def ask_limit(switch):
    script, n_free = "bridge_fdb_learning_limit", LIMIT - len(PORTS)  # the marks' sources are there
    with case(script, "check_limit: as many as there may be"):
        teach(switch, range(2 * LIMIT))
        want("ports", known(switch, range(n_free)), [{1}] * n_free)
    with case(script, "check_limit: one more that speaks"):
        want("ports", known(switch, range(n_free, 2 * LIMIT)), [{1, 3, 4}] * (2 * LIMIT - n_free))


def ask_limit_static(switch):
    """The table is full."""
    ask_limit(switch)
    for name in "check_accounting", "check_limit":
        with case("bridge_fdb_learning_limit", f"{name}: static"):
            want("to the static one", switch.outcome(2, STATIC, mac(0xE2)), {3: b""})


def ask_sticky(switch):
    """p1, p3 and p4 are in VLAN 3 with a tag, and STATIC is at p1 there."""
    script = "bridge_sticky_fdb"
    with case(script, "sticky"):
        want("before it speaks", switch.outcome(4, STATIC, mac(4), VLAN_3), {1: VLAN_3})
        want("what comes from it at p3", switch.outcome(3, BROADCAST, STATIC, VLAN_3), {1: VLAN_3, 4: VLAN_3})
        want("to it, behind that", switch.outcome(4, STATIC, mac(4), VLAN_3), {1: VLAN_3})
    with case(script, "sticky: in another VLAN it is another address"):
        want("before it speaks", set(switch.outcome(2, STATIC, mac(2))), {1, 3, 4})
        switch.outcome(3, BROADCAST, STATIC)
        want("where it was last", switch.outcome(2, STATIC, mac(2)), {3: b""})
    with case(script, "sticky: the link goes down and up"):
        for state in ("down", "up"):
            run(f"ip -n h1 link set e0 {state}")
        switch.forwards()
        want("to it", switch.outcome(4, STATIC, mac(4), VLAN_3), {1: VLAN_3})


def ip4(to):
    """EtherType, header and payload; the lengths include what stands behind each body."""
    head = struct.pack("!BBHIBBH4s4s", 0x45, 0, 20 + IP_PAYLOAD_BYTES, 0, 64, 253, 0,
                       socket.inet_aton("192.0.2.1"), socket.inet_aton(to))
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return b"\x08\x00" + head[:10] + struct.pack("!H", total ^ 0xFFFF) + head[12:] + PATTERN


def ip6(to):
    head = struct.pack("!IHBB", 6 << 28, IP_PAYLOAD_BYTES, 253, 64)
    return b"\x86\xdd" + head + b"".join(socket.inet_pton(socket.AF_INET6, ip) for ip in ("2001:db8:1::1", to)) + PATTERN


def ip_frames():
    """{name: (destination, EtherType and what follows)}: what no_forwarding sends. A bridge looks into IP as well."""
    unicast = mac(2)
    return {
        "unicast, no IP": (unicast, TEST_TYPE + PATTERN),
        "multicast, no IP": (bytes.fromhex("010203040506"), TEST_TYPE + PATTERN),
        "broadcast, no IP": (BROADCAST, TEST_TYPE + PATTERN),
        "unicast IPv4": (unicast, ip4("192.0.2.2")),
        "multicast IPv4": (MULTICAST, ip4("224.0.0.1")),
        "unicast IPv6": (unicast, ip6("2001:db8:1::2")),
        "multicast IPv6": (bytes.fromhex("333300000001"), ip6("ff02::1")),
    }


def ask_no_forwarding(name, passed):
    """Nothing from p1 comes to p2, which has its address; passed(VLAN or None): where it comes out instead."""
    def ask(switch):
        switch.outcome(2, BROADCAST, mac(2))
        sent = [(None, b""), *((vid, tags((0x8100, vid))) for vid in VIDS)]
        for kind, (to, body) in ip_frames().items():
            with case("no_forwarding", f"{name}: {kind}"):
                found = switch.outcomes(1, [(to, mac(1), tag, body) for _, tag in sent])
                for (vid, tag), outs in zip(sent, found):
                    want("untagged" if vid is None else f"VLAN {vid}", outs, passed(vid, tag))
    return ask


APART = ((1, 3), (2, 4))
GROUPS = {
    # First: hosts that have been pinged ask for their neighbours some seconds later, and would be learned.
    "limit": Group(ask_limit_static, keys=f"entries = {LIMIT}\n", limit=LIMIT, static=(3, 0)),
    "unaware": Group(ask_unaware, keys=f"ageing = {AGEING_S}\n", bridge=f"ageing_time {100 * AGEING_S}"),
    "aware": Group(ask_aware, keys=f"ageing = {AGEING_S}\n", bridge=f"ageing_time {100 * AGEING_S}",
                   vlans={1: {1: False}, 2: {1: False}, 3: {1: False, 3: True}, 4: {1: False, 3: True}}),
    "sticky": Group(ask_sticky, static=(1, 3), vlans={1: {1: False, 3: True}, 2: {1: False}, 3: {1: False, 3: True},
                                                      4: {1: False, 3: True}}),
    "pvid-10": Group(ask_pvid_10, vlans={port: {1: False} for port in PORTS}),
    "no-pvid": Group(ask_no_pvid, vlans={1: {1: True}, 2: {1: False}, 3: {1: False}, 4: {1: True}}),
    "no-vlan": Group(ask_no_vlan, vlans={1: {2: True}, 2: {1: False}, 3: {1: False}, 4: {1: False, 2: True}}),
    "isolated": Group(ask_isolated, keys="group = p1, p2\n", isolated=(1, 2)),
    "standalone": Group(ask_no_forwarding("standalone", lambda vid, tag: {}), switches=((2, 3, 4),)),
    "two-bridges": Group(ask_no_forwarding("two_bridges", lambda vid, tag: {3: tag}), switches=APART),
    "two-pvids": Group(ask_no_forwarding("one_bridge_two_pvids", lambda vid, tag: {3: b""} if vid in (None, 0, 1) else {}),
                       vlans={port: {1 if port in APART[0] else 2: False} for port in PORTS}),
}

# What is changed to while it runs.
WITH_10 = Group(None, keys=GROUPS["aware"].keys,
                vlans={1: {1: False, 10: True}, 2: {1: False}, 3: {1: False, 3: True, 10: True}, 4: {1: False, 3: True}})
PVID_10 = Group(None, vlans={port: {10: False} for port in PORTS})
WITHOUT_P1 = Group(None, switches=((2, 3, 4),), vlans=GROUPS["no-vlan"].vlans)


def set_limit(bridge, limit):
    """fdb_max_learned of a bridge, which not every `ip` knows; 77 when the kernel does not (before Linux 6.7)."""
    max_learned, link_info, info_kind, info_data, ext_mask = 49, 18, 1, 2, 29
    new, get, request, ack = 16, 18, 1, 4

    def attribute(kind, data):
        return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)

    def ask(kind, flags, attributes):
        body = struct.pack("BxHiII", 0, 0, socket.if_nametoindex(bridge), 0, 0) + attributes
        link.send(struct.pack("IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        return link.recv(1 << 16)

    value = attribute(max_learned, struct.pack("I", limit))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        ask(new, request | ack, attribute(link_info, attribute(info_kind, b"bridge\0") + attribute(info_data, value)))
        return 0 if value in ask(get, request, attribute(ext_mask, bytes(4))) else 77


def read_page(path):
    """({(script, case): {column: cell}}, problems), of the page's table."""
    rows, names, problems = {}, None, []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("| script |"):
            names = [cell.strip() for cell in line.strip("|").split("|")]
        elif found := ANSWERED.match(line):
            cells = dict(zip(names, map(str.strip, found.groups())))
            if not cells[names[-1]]:
                problems.append(f"{found[1]} {found[2]}: the page does not say what is asked, or why it is not")
            rows[f"{found[1]} {found[2]}"] = cells
    return rows, problems


def compare(page, column, path):
    """What the page and the answers do not have in common. A line "part" among the answers: not everything could be asked here."""
    rows, problems = read_page(page)
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    is_whole = "part" not in lines
    answers = dict(line.split("\t", 1) for line in lines if "\t" in line)
    for name, answer in answers.items():
        cell = rows.get(name, {}).get(column, "no row")
        if answer != cell:
            problems.append(f"{name}: the page has '{cell}' for {column}, the run '{answer}'")
    problems += [f"{name}: the page has '{cells[column]}' for {column}, and nothing was asked"
                 for name, cells in rows.items() if is_whole and cells[column] != "–" and name not in answers]
    print("".join(f"{problem}\n" for problem in problems) +
          f"{len(answers)} answers of {sum(cells[column] != '–' for cells in rows.values())}, {len(rows)} cases in the list")
    return bool(problems) or not answers


def main():
    word, *rest = sys.argv[1:]
    if word == "compare":
        return compare(*rest)
    if word == "limit":
        return set_limit(rest[0], int(rest[1]))
    if word == "groups":
        print("\n".join(GROUPS))
        return 0
    group = GROUPS[rest[0]]
    if word == "ask":
        switch = Switch(float(rest[1]), group.marks())
        switch.forwards()
        group.ask(switch)
    else:
        print({"ini": group.ini, "bridge": group.commands}[word](), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

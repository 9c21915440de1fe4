# Two veth pairs in a guest, and a host beyond them that sends from one to the other.
# SPDX-License-Identifier: BSD-3-Clause
"""w0 and w1 are a forwarder's ports; their peers g0 and g1 lie in the namespace `far`."""

import json

from lab import BYPATH

PORTS = ("w0", "w1")
FAR = {"w0": "g0", "w1": "g1"}


def make(lab):
    """Once for each guest, whichever suites use them."""
    if "far" in lab.guest.names("/run/netns"):
        return
    lab.guest.sh("ip netns add far\n" + "".join(
        f"ip link add {near} type veth peer name {far} netns far\n"
        f"echo 1 > /proc/sys/net/ipv6/conf/{near}/disable_ipv6\n"
        f"ip netns exec far sh -c 'echo 1 > /proc/sys/net/ipv6/conf/{far}/disable_ipv6'\n"
        # Redirected frames a veth takes where its peer has GRO on.
        f"ip netns exec far ethtool -K {far} gro on\n"
        f"ip link set {near} up\nip -n far link set {far} up\n" for near, far in FAR.items()))


def set_mtu(lab, mtu):
    lab.guest.sh("".join(f"ip link set {near} mtu {mtu}\nip -n far link set {far} mtu {mtu}\n"
                         for near, far in FAR.items()))


def generate(lab, sizes, n, words=""):
    """bypath gen sends n frames of these sizes from g0, by sockets of another namespace: (its trial, what it printed)."""
    path = lab.guest.out / "send.ini"
    path.write_text("".join(f"[port.{name}]\ndriver = af_packet\ndevice = {name}\nmode = socket\n"
                            for name in FAR.values() if name in "g0" + words) +
                    f"[gen]\ntx = g0\n{words}\nrate = 2000pps\ncount = {n}\nduration = 20\n"
                    f"[stream.s]\nsize = {', '.join(map(str, sizes))}\n")
    said = lab.guest.do("ip", "netns", "exec", "far", BYPATH, "gen", "/out/send.ini", "--json", "/out/send.json")
    return json.loads((lab.guest.out / "send.json").read_text())["trial"], said


def send(lab, sizes, n):
    """From g0 to g1: each comes once, and as it was sent."""
    trial, said = generate(lab, sizes, n, "rx = g1")
    assert trial["received_once"]["frames"] == n and not trial["corrupt"], said

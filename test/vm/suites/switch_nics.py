# The function switch between an access port and a trunk on emulated NICs: jumbo frames, and a TCP stream that GRO merges.
# SPDX-License-Identifier: BSD-3-Clause
"""A switch on each pair: the first NIC is in VLAN 10 without tag, the second one has the VLAN with its tag. Control: the kernel's
bridge with VLANs on the same NICs."""

import boots
import stream
from lab import Port
from wire import Frames

PAIRS = {"virtio": ("v0", "v1"), "virtio-sg": ("t0", "t1"), "e1000e": ("e0", "e1"), "vmxnet3": ("x0", "x1")}
PMDS = ("virtio", "e1000e", "vmxnet3")
# QEMU 7.2's e1000e makes IP fragments of super-frames, its vmxnet3 segments with wrong checksums.
NO_TSO = ("e1000e", "vmxnet3")
VLAN, MTU = 10, 9000
SIZES = (60, 1514, 1515, 2048, 4096, 8999, 9014)
UNTAGGED, TAGGED = Frames(sizes=SIZES), Frames(sizes=SIZES, vlan=VLAN)
N_FRAMES = 210


def run(lab):
    nics = [nic for pair in PAIRS.values() for nic in pair]
    lab.guest.sh("".join(f"ip link set {name} mtu {MTU}\n" for name in lab.kernel(*nics)) +
                 "".join(f"ethtool -K {lab.interface(nic)} tso off\n" for kind in NO_TSO for nic in PAIRS[kind]))
    for nic in PAIRS["virtio-sg"]:
        boots.ip("link", "set", lab.guest.by_name[nic].tap, "mtu", str(MTU))
    control(lab)
    with switched(lab, PAIRS, "af_packet", mode="mmap") as run:
        exchanges(lab, "af_packet-mmap", PAIRS, run.exchange)
        streams(lab, "af_packet-mmap", run.ready, lambda nic: lab.guest.by_name[nic].mac)
    with lab.case("af_packet-mmap-adds-up"):
        run.adds_up()
    with lab.case("af_packet-mmap-merged"):
        for nic in nics:
            n_pkts = sum(queue["counted"]["packets"] for queue in run.port(nic)["rx_queues"])
            assert N_FRAMES < n_pkts < N_FRAMES + stream.SEGMENTS // 2, f"{nic}: {n_pkts} packets received: no super-frames"
    pairs = {kind: PAIRS[kind] for kind in PMDS}
    lab.vfio(*(nic for pair in pairs.values() for nic in pair))
    with switched(lab, pairs, "dpdk", mtu=MTU, ring_size=512) as run:
        exchanges(lab, "dpdk", pairs, run.exchange)
    with lab.case("dpdk-adds-up"):
        run.adds_up()


def switched(lab, pairs, driver, **keys):
    """bypath with a switch on each pair."""
    sections = {f"function.sw{n}": {"type": "switch", "access": f"{a}:{VLAN}", "trunk": f"{b}:{VLAN}"}
                for n, (a, b) in enumerate(pairs.values())}
    chains = {nic: f"sw{n}" for n, pair in enumerate(pairs.values()) for nic in pair}
    return lab.forward(*(Port(nic, driver, **keys) for pair in pairs.values() for nic in pair), sections=sections, chains=chains)


def exchanges(lab, what, pairs, exchange):
    """What goes in at the access port comes out with the tag, and what goes in with it comes out without."""
    for kind, (a, b) in pairs.items():
        with lab.case(f"{kind}-{what}-jumbo"):
            exchange(a, b, UNTAGGED, N_FRAMES, back=TAGGED, arriving=(TAGGED, UNTAGGED), per_flow=True)


def streams(lab, what, ready, mac):
    for kind, (a, b) in PAIRS.items():
        for way, tx, rx, vlan, arriving in (("to-trunk", a, b, 0, VLAN), ("to-access", b, a, VLAN, 0)):
            with lab.case(f"{kind}-{what}-gro-stream-{way}"):
                ready()
                stream.check(lab.wire(tx), lab.wire(rx), mac(tx), vlan=vlan, arriving=arriving)


def control(lab):
    for kind, (a, b) in PAIRS.items():
        access, trunk = lab.interface(a), lab.interface(b)
        lab.guest.sh(f"ip link add {kind} type bridge vlan_filtering 1 vlan_default_pvid 0 mcast_snooping 0\n"
                     f"echo 1 >/proc/sys/net/ipv6/conf/{kind}/disable_ipv6\n"
                     f"ip link set {access} master {kind}\nip link set {trunk} master {kind}\n"
                     f"bridge vlan add dev {access} vid {VLAN} pvid untagged\nbridge vlan add dev {trunk} vid {VLAN}\n"
                     f"ip link set {kind} up\n")
    exchanges(lab, "control-bridge", PAIRS, lab.pass_all)
    # What is for the bridge's own addresses goes up, not on.
    streams(lab, "control-bridge", lambda: None, lambda nic: None)
    for kind in PAIRS:
        lab.guest.do("ip", "link", "del", kind)

# Frames of odd lengths that driver kernel carries by XDP, with raw sockets that have them cloned.
# SPDX-License-Identifier: BSD-3-Clause
"""In front of a program that takes several buffers Linux 6.9 to 7.1 may leave the end of an skb misaligned (see
fragments.py). A machine with split-lock detection ends when somebody clones that one; here such clones are counted."""
import contextlib
import json
import pathlib
import re

import tracing
import veth
from guest import GuestError
from kernel import Missing
from lab import Port
from suites.fragments import PROGRAM
from wire import Frames

NICS = ("v0", "v1")
GUEST = pathlib.Path(__file__).resolve().parent.parent / "guest"
# MTU: lengths, the program that carries.
ODD = {1500: (tuple(range(1501, 1514, 2)), "bypath_carry"),
       9000: ((3521, 4097, 5001, 8999, 9013), "bypath_carry_frags")}
N_ODD = 210
FAULTS = re.compile(r"WARNING:|BUG:|\bOops\b|split.lock|refcount_t:|general protection")


def run(lab):
    lab.kernel(*NICS)
    veth.make(lab)
    for mtu, (sizes, program) in ODD.items():
        if mtu > 1500 and lab.guest.kernel.numbers < (6, 3):
            with lab.case(f"kernel-xdp-mtu-{mtu}"):
                raise Missing("virtio_net gives XDP frames of one buffer only before Linux 6.3")
            continue
        set_mtu(lab, mtu)
        odd_lengths(lab, mtu, sizes, program)
    control(lab)
    set_mtu(lab, 1500)
    with lab.case("kernel-is-quiet"):
        said = [line for line in lab.guest.do("dmesg").splitlines() if FAULTS.search(line)]
        assert not said, "\n".join(said)


def set_mtu(lab, mtu):
    lab.guest.sh("".join(f"ip link set {lab.interface(nic)} mtu {mtu}\n" for nic in NICS))
    veth.set_mtu(lab, mtu)


def odd_lengths(lab, mtu, sizes, program):
    """Bytes intact at the far end, with raw sockets at the in-devices and beyond; no program for several buffers where
    one is enough; no skb is cloned whose buffer lies askew."""
    ports = [Port(nic, "kernel", mode="xdp") for nic in (*NICS, *veth.PORTS)]
    what = f"kernel-xdp-mtu-{mtu}"
    with clones(lab) as n_clones, listening(lab) as n_read, lab.forward(*ports) as run:
        with lab.case(f"{what}-virtio"):
            run.exchange(*NICS, Frames(sizes=sizes), n=N_ODD, per_flow=True)
        with lab.case(f"{what}-veth"):
            run.ready()
            veth.send(lab, sizes, N_ODD)
        with lab.case(f"{what}-program"):
            run.ready()
            for port in ports:
                assert attached(lab, port.nic) == program, f"{port.nic}: {attached(lab, port.nic)}"
    with lab.case(f"{what}-adds-up"):
        run.adds_up()
    with lab.case(f"{what}-clones-lie-straight"):
        assert not askew(n_clones, n_read, "g1"), n_clones


def askew(n_clones, n_read, name):
    """Clones that lie askew, where raw sockets have read the frames at that interface."""
    assert n_read.get(name, 0) >= N_ODD, f"of {N_ODD} frames the raw sockets read {n_read}"
    if not n_clones:
        raise Missing("this kernel's trace events know no fields of arguments")
    assert n_clones["all"] >= N_ODD, n_clones
    return n_clones["askew"]


def control(lab):
    """The same frames in front of a program with fragments that passes them up: some lie askew."""
    name, (sizes, _) = veth.PORTS[0], ODD[9000]
    with lab.case("control-passed-up"):
        if lab.guest.kernel.numbers < (6, 3):
            raise Missing("its frames are the jumbo ones, which were not sent")
        if not PROGRAM.exists():
            raise Missing(f"no {PROGRAM}")
        with clones(lab) as n_clones, listening(lab) as n_read:
            lab.guest.sh(f"ip link set dev {name} xdpdrv obj {PROGRAM} sec xdp.frags")
            try:
                veth.generate(lab, sizes, N_ODD)
            finally:
                lab.guest.sh(f"ip link set dev {name} xdpdrv off")
        if not askew(n_clones, n_read, name):
            raise Missing(f"Linux {lab.guest.kernel.version} lays them straight")


def attached(lab, nic):
    """The name of the XDP program on a port's interface."""
    interface = nic if nic in veth.PORTS else lab.interface(nic)
    said = lab.guest.do("ip", "link", "show", "dev", interface)
    found = re.search(r"prog/xdp id (\d+)", said)
    return json.loads(lab.guest.do("bpftool", "-j", "prog", "show", "id", found[1]))["name"] if found else said


@contextlib.contextmanager
def listening(lab):
    """Raw sockets on the in-devices and on the peers of the veth; a dictionary that has the frames that each interface's
    have read, once the block has ended."""
    near = [*(lab.interface(nic) for nic in NICS), *veth.PORTS]
    readers = [lab.guest.begin(*words, GUEST / "listen", *names)
               for words, names in (((), near), (("ip", "netns", "exec", "far"), veth.FAR.values()))]
    n_read = {}
    try:
        for reader in readers:
            reader.until("listening", 60)
        yield n_read
    finally:
        for reader in readers:
            reader.stop(2)
            with contextlib.suppress(ValueError):  # it had not begun
                n_read.update(json.loads(reader.output.splitlines()[-1]))


@contextlib.contextmanager
def clones(lab):
    """A dictionary that has the skbs that were cloned in the block, once it has ended: all, and those whose head is not
    aligned; {} where the kernel cannot tell."""
    n_clones, counted = {}, {}
    with contextlib.suppress(GuestError):
        for name, words in (("all", ""), ("askew", " if head & 7")):
            tracing.make_kprobe(lab, f"bypath_{name}", "skb_clone head=skb->head:x64")
            counted[name] = tracing.Histogram(lab, f"kprobes/bypath_{name}", f"keys=common_pid{words}")
    try:
        yield n_clones
    finally:
        for name, histogram in counted.items():
            n_clones[name] = histogram.hits()
            histogram.end()
            tracing.drop_kprobe(lab, f"bypath_{name}")

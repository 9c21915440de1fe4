# What the kernel makes of long skbs in front of XDP programs: one buffer where that is enough, intact in any case.
# SPDX-License-Identifier: BSD-3-Clause
"""skb_pp_cow_data() copies an skb into fragments for programs that take several buffers (Linux 6.9 and later).
An odd length leaves the end of the next skb misaligned, and whoever clones that one ends a machine with
split-lock detection. An emulated one has none: calls of the function are counted, and clones of skbs whose buffer lies
askew."""
import contextlib
import json
import pathlib
import re

import stream
import tracing
import veth
from guest import GuestError
from kernel import Missing
from lab import BYPATH, Port
from wire import Frames

PAIRS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1")}
NICS = [nic for pair in PAIRS.values() for nic in pair]
GUEST = pathlib.Path(__file__).resolve().parent.parent / "guest"
PROGRAM = pathlib.Path(BYPATH).parents[2] / "drivers/af_xdp/bypath_xdp.bpf.o"
# Of driver kernel: MTU, lengths, the program that carries.
ODD = {1500: (tuple(range(1501, 1514, 2)), "bypath_carry"),
       9000: ((3521, 4097, 5001, 8999, 9013), "bypath_carry_frags")}
N_ODD = 210
FAULTS = re.compile(r"WARNING:|BUG:|Oops|split lock|refcount_t|general protection", re.I)


def run(lab):
    lab.kernel(*NICS)
    lab.guest.sh("".join(f"ethtool -K {lab.interface(nic)} tso off\n" for nic in PAIRS["e1000e"]))
    whole_streams(lab)
    veth.make(lab)
    for mtu, (sizes, program) in ODD.items():
        set_mtu(lab, mtu)
        veth.set_mtu(lab, mtu)
        odd_lengths(lab, mtu, sizes, program)
    odd_lengths_control(lab)
    set_mtu(lab, 1500)
    veth.set_mtu(lab, 1500)
    with lab.case("kernel-is-quiet"):
        said = [line for line in lab.guest.do("dmesg").splitlines() if FAULTS.search(line)]
        assert not said, "\n".join(said)


def whole_streams(lab):
    """af_xdp in skb mode: no skb is copied into fragments."""
    try:
        tracing.make_kprobe(lab, "bypath_cow", "skb_pp_cow_data")
    except GuestError:
        with lab.case("no-fragments"):
            raise Missing("this kernel has no skb_pp_cow_data()") from None
        return
    cowed = tracing.Histogram(lab, "kprobes/bypath_cow", "keys=common_pid")
    control(lab, cowed)
    for mtu in (1500, 9000):
        set_mtu(lab, mtu)
        bypath(lab, mtu, cowed)
    cowed.end()


def set_mtu(lab, mtu):
    lab.guest.sh("".join(f"ip link set {lab.interface(nic)} mtu {mtu}\n" for nic in NICS))


def control(lab, cowed):
    """A bridge of the kernel's behind a program that says it takes several buffers: the function is called."""
    a, b = PAIRS["e1000e"]
    names = [lab.interface(nic) for nic in (a, b)]
    with lab.case("control-program-with-fragments"):
        if not PROGRAM.exists():
            raise Missing(f"no {PROGRAM}")
        lab.guest.sh("ip link add br0 type bridge\nip link set br0 up\n"
                     "echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6\n" +
                     "".join(f"ip link set {name} master br0\n"
                             f"ip link set dev {name} xdpgeneric obj {PROGRAM} sec xdp.frags\n" for name in names))
        before = cowed.hits()
        try:
            stream.check(lab.wire(a), lab.wire(b), None)
        finally:
            lab.guest.sh("ip link del br0\n" + "".join(f"ip link set dev {name} xdpgeneric off\n" for name in names))
        assert cowed.hits() > before, "no call was counted: the cases prove nothing"


def bypath(lab, mtu, cowed):
    """A stream that GRO merges comes whole through skb mode, at the MTU of one frame and of several."""
    before = cowed.hits()
    with lab.forward(*(Port(nic, "af_xdp", mode="skb") for nic in NICS)) as run:
        for kind, (a, b) in PAIRS.items():
            with lab.case(f"{kind}-mtu-{mtu}-gro-stream"):
                run.ready()
                stream.check(lab.wire(a), lab.wire(b), lab.guest.by_name[a].mac)
    with lab.case(f"mtu-{mtu}-no-fragments"):
        assert cowed.hits() == before, f"{cowed.hits() - before} skbs were copied into fragments"
    with lab.case(f"mtu-{mtu}-adds-up"):
        run.adds_up()


# --- odd lengths, carried by driver kernel --------------------------------------------------------

def odd_lengths(lab, mtu, sizes, program):
    """Bytes intact at the far end, with raw sockets at the in-devices and beyond; no program for several buffers where
    one is enough; no skb is cloned whose buffer lies askew."""
    ports = [Port(nic, "kernel", mode="xdp") for nic in (*PAIRS["virtio"], *veth.PORTS)]
    what = f"kernel-xdp-odd-mtu-{mtu}"
    with clones(lab) as n_clones, listening(lab) as n_read, lab.forward(*ports) as run:
        with lab.case(f"{what}-virtio"):
            run.exchange(*PAIRS["virtio"], Frames(sizes=sizes), n=N_ODD, per_flow=True)
        with lab.case(f"{what}-veth"):
            run.ready()
            veth.send(lab, sizes, N_ODD)
        with lab.case(f"{what}-program"):
            run.ready()
            for port in ports:
                assert attached(lab, port.nic) == program[:15], f"{port.nic}: {attached(lab, port.nic)}"
    with lab.case(f"{what}-adds-up"):
        run.adds_up()
    with lab.case(f"{what}-clones-lie-straight"):
        none_lies_askew(n_clones, n_read["g1"])


def none_lies_askew(n_clones, n_read):
    assert n_read >= N_ODD, f"the raw sockets read {n_read} frames of {N_ODD}"
    if not n_clones:
        raise Missing("this kernel's trace events know no fields of arguments")
    assert n_clones["all"] >= N_ODD and not n_clones["askew"], n_clones


def odd_lengths_control(lab):
    """The same frames in front of a program with fragments that passes them up: some lie askew."""
    name, (sizes, _) = veth.PORTS[0], ODD[9000]
    with lab.case("control-odd-lengths-passed-up"):
        if not PROGRAM.exists():
            raise Missing(f"no {PROGRAM}")
        with clones(lab) as n_clones, listening(lab) as n_read:
            lab.guest.sh(f"ip link set dev {name} xdpdrv obj {PROGRAM} sec xdp.frags")
            try:
                veth.generate(lab, sizes, N_ODD)
            finally:
                lab.guest.sh(f"ip link set dev {name} xdpdrv off")
        try:
            none_lies_askew(n_clones, n_read[name])
        except AssertionError:
            return
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
    near = [*(lab.interface(nic) for nic in PAIRS["virtio"]), *veth.PORTS]
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

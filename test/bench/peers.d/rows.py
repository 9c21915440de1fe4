# The rows: what is measured against what, and the goal. Those of one path in the veth lab are in test/bench/goals.
# SPDX-License-Identifier: BSD-3-Clause
from functools import partial

import alone
import generators as gen
import memif
import switching
from sides import Bare, Bypath, Testpmd, kernel_ini
from traffic import saturate, send_only, through

KERNEL_DRIVERS = ("af_packet", "af_xdp")


# Kind of a row whose other side is another build: it is to be no worse.
BUILD = "build"


class SideSpec:
    """How to make a side anew for each round, how to measure one round of it. may_fail: not every kernel or build runs it."""

    def __init__(self, name, make, measure, may_fail=False):
        self.name, self.make, self.measure, self.may_fail = name, make, measure, may_fail


class Row:
    """goal: (">=" or "<=", bound) or None; kind: of the ratio, of ours alone ("absolute"), or BUILD."""

    def __init__(self, name, title, ours, theirs=None, goal=None, kind="ratio", unit="kpps",
                 scale=1e-3, note=""):
        self.name, self.title, self.ours, self.theirs = name, title, ours, theirs
        self.goal, self.kind, self.unit, self.scale, self.note = goal, kind, unit, scale, note


def bypath(driver, extra="", name="bypath", measure=saturate, ini=None, arguments=(), **options):
    text = ini or kernel_ini(driver, extra)
    return SideSpec(name, lambda ctx: Bypath(ctx.program, text, arguments), partial(measure, **options))


# The frames of a null port have the size that the generator's have without FCS.
TX_ONLY = """[port.made]
driver = null
frame_bytes = 60
[port.w1]
driver = af_xdp
device = w1
[forward]
made = w1
"""


def tx_rows():
    return [Row("af_xdp-tx-only", "af_xdp, veth io, 64 B, of its own TX-only rate", bypath("af_xdp"),
                bypath("", name="null → af_xdp", ini=TX_ONLY, measure=send_only), (">=", 0.95))]


def alone_rows():
    def ours(ini):
        return bypath("", ini=ini, measure=alone.run_alone)

    def theirs(mode="io"):
        return SideSpec("testpmd net_null", lambda ctx: Testpmd(("net_null0", "net_null1"), mode),
                        alone.watch_testpmd)

    mpps = {"unit": "Mpps", "scale": 1e-6}
    return [Row("dpdk-memif", "dpdk net_memif, io, 64 B, one direction",
                bypath("", ini=memif.INI, measure=memif.saturate),
                SideSpec("testpmd net_memif", lambda ctx: Testpmd([memif.device(0), memif.device(1)]),
                         memif.saturate), (">=", 1.0), **mpps),
            Row("dpdk-null-io", "dpdk net_null, io, both ports summed",
                ours(alone.dpdk_null("io")), theirs(), (">=", 1.05), **mpps),
            Row("dpdk-null-macswap", "dpdk net_null, macswap, both ports summed",
                ours(alone.dpdk_null("macswap")), theirs("macswap"), (">=", 1.05), **mpps),
            Row("ring", "ring → ring beside net_null io, both directions summed",
                ours(alone.RING_RING), theirs(), (">=", 1.5), **mpps),
            Row("null", "null → null beside net_null io, both directions summed",
                ours(alone.NULL_NULL), theirs(), (">=", 1.5), **mpps)]


FLOWS = ("--protocol", "udp4", "--src")


def flows(n):
    last = 0xc6120001 + n - 1
    return (*FLOWS, "198.18.0.1-" + ".".join(str(last >> s & 255) for s in (24, 16, 8, 0)))


def scale_rows():
    def many(driver, n):
        return bypath("", ini=kernel_ini(driver, ports=[f"w{i}" for i in range(n)]), n_pairs=n,
                      name=f"{n} ports")

    queues = [SideSpec(f"{n} worker{'s' if n > 1 else ''}", partial(queued, n=n),
                       partial(saturate, queues=2, options=flows(64))) for n in (2, 1)]
    rows = [Row("queues-2", "af_packet: two queues, two workers beside one, 64 flows", *queues,
                note="the second worker shares its core with the generator")]
    for driver in KERNEL_DRIVERS:
        rows.append(Row(f"ports-16-{driver}", f"{driver}: 16 ports beside 2, traffic on one pair",
                        many(driver, 16), many(driver, 2), (">=", 1 / 1.1)))
    for driver in KERNEL_DRIVERS:
        rows.append(Row(f"flows-1024-{driver}", f"{driver}: 1024 flows beside 1",
                        bypath(driver, name="1024 flows", options=flows(1024)),
                        bypath(driver, name="1 flow", options=flows(1)), (">=", 1 / 1.1)))
    return rows


def queued(ctx, n):
    return Bypath(ctx.program, kernel_ini("af_packet", f"queues = {n}\n", engine=f"workers = {n}"))


def kernel_rows():
    rows = []
    for way, size in (("xdp", 64), ("tc", 64), ("tc", 1518)):
        rows.append(Row(f"kernel-{way}-{size}", f"driver kernel by {way} beside a bare redirect, {size} B",
                        bypath("kernel", f"mode = {way}\n", measure=through, size=size),
                        SideSpec(f"bare {way}", lambda ctx, way=way: Bare(ctx.program, way),
                                 partial(through, size=size)), (">=", 0.97),
                        note="source and forwarder share a core: one share of the time is the source's"))
    return rows


def probe_rows():
    """What the probe costs, with what this kernel lets it attach."""
    paths = (("af_packet", "af_packet", ""), ("af_xdp-skb", "af_xdp", "mode = skb\n"),
             ("af_xdp-native", "af_xdp", "mode = copy\n"))
    return [Row(f"probe-{name}", f"{name}, 64 B, with --probe beside without",
                bypath(driver, extra, arguments=("--probe",)), bypath(driver, extra, name="without"))
            for name, driver, extra in paths]


# The goal holds in between: at 1 kpps a host's stalls are all that shows, 1 Mpps is beyond what veth carries on some machines.
GAPS = (("1k", 1000, None), ("10k", 10000, 0.5), ("100k", 100000, 0.5), ("500k", 500000, 0.5), ("1m", 1000000, None))


def gen_rows():
    """Frames per second of one core, then how far from their places on an even schedule frames are."""
    def row(name, title, ours, theirs, measure, goal=(">=", 1.0), **named):
        return Row(name, title, SideSpec("bypath gen", ours, measure),
                   SideSpec(theirs[0], theirs[1], named.pop("measure_theirs", measure),
                            may_fail=theirs[0] == "xdp-trafficgen"), goal, **named)

    others = (("trafgen", gen.trafgen()), ("tcpreplay", gen.tcpreplay()),
              ("testpmd", gen.testpmd("net_af_packet0,iface=e0", "txonly")))
    rows = [row(f"gen-af_packet-{name}", f"gen on af_packet beside {name}, 64 B, one core",
                gen.bypath_gen("af_packet:e0"), (name, make), gen.send) for name, make in others]
    others = (*others[:2], ("testpmd", gen.testpmd("net_af_xdp0,iface=e0", "txonly")))
    rows += [row(f"gen-af_xdp-{name}", f"gen on af_xdp beside {name}, 64 B, one core",
                 gen.bypath_gen("af_xdp:e0"), (name, make), gen.send) for name, make in others]
    rows.append(row("gen-xdp_live", "gen on xdp_live beside xdp-trafficgen, 64 B, one core",
                    gen.bypath_gen("xdp_live:e0"), ("xdp-trafficgen", gen.xdp_trafficgen()),
                    partial(gen.send, near_gro="on")))
    mpps = {"unit": "Mpps", "scale": 1e-6}
    memory = ("--set", "dpdk.memory=48")
    rows.append(row("gen-net_null", "gen on dpdk net_null beside testpmd flowgen",
                    gen.bypath_gen("dpdk:net_null0", options=memory),
                    ("testpmd flowgen", gen.testpmd("net_null0", "flowgen")), gen.counted_alone,
                    measure_theirs=gen.shown_alone, **mpps))
    rows.append(row("gen-memif", "gen on dpdk net_memif beside testpmd flowgen",
                    gen.bypath_gen(f"dpdk:{memif.device(1)}", options=memory),
                    ("testpmd flowgen", gen.testpmd(memif.device(1), "flowgen")), gen.into_memif, **mpps))
    for name, pps, bound in GAPS:
        measure = partial(gen.arrive, pps=pps, figure="place_p99_ns")
        for driver in KERNEL_DRIVERS:
            rows.append(row(f"gaps-{driver}-{name}", f"gen on {driver} at {pps} frames/s: off an even schedule, p99",
                            gen.bypath_gen(f"{driver}:e0", pps), ("trafgen", gen.trafgen(pps)), measure,
                            bound and ("<=", bound), unit="µs", scale=1e-3))
    return rows


def switch_maker(driver, n_ports):
    n = n_ports * switching.stations_each(n_ports)
    return lambda ctx: switching.Switch(ctx.program, switching.switch_ini(driver, n_ports), n)


def switch_side(driver, n_ports, name="bypath", **named):
    return SideSpec(name, switch_maker(driver, n_ports), partial(switching.load, n_ports=n_ports, **named))


def bridge_rows():
    """The bridge has its work done by the sender's core, unless RPS gives it one of its own: both are its figures."""
    rows = []
    for way, name, has_core in (("", "bridge", False), ("-rps", "bridge, RPS", True)):
        def make(_ctx, has_core=has_core):
            return switching.Bridge(2, has_core)

        for driver, bound in (("af_xdp", 1.4), ("af_packet", 1.1)):
            rows.append(Row(f"switch-{driver}{way}", f"switch on {driver}, 2 ports, 1024 addresses, 64 B, beside the {name}",
                            switch_side(driver, 2), SideSpec(name, make, switching.load), (">=", bound)))
            measure = partial(switching.latency, half=switching.HalfLoad(switch_maker(driver, 2), make))
            rows.append(Row(f"switch-p99-{driver}{way}", f"the same at half of the lower rate: latency, p99, beside the {name}",
                            SideSpec("bypath", switch_maker(driver, 2), measure), SideSpec(name, make, measure),
                            ("<=", 1.0), unit="µs", scale=1e6))
    return rows


def switch_rows():
    rows = bridge_rows()
    memif_side = SideSpec("bypath", lambda ctx: switching.Switch(ctx.program, switching.MEMIF_INI, 2),
                          partial(memif.saturate, announce=True))
    for name, make, bound in (("ovs", lambda ctx: switching.Ovs(), 2.0),
                              ("macswap", lambda ctx: Testpmd([memif.device(0), memif.device(1)], "macswap"), 0.8)):
        rows.append(Row(f"switch-memif-{name}", f"switch on dpdk net_memif, 64 B, one direction, beside {name}", memif_side,
                        SideSpec(name, make, partial(memif.saturate, announce=True)), (">=", bound), unit="Mpps", scale=1e-6))
    for driver in KERNEL_DRIVERS:
        rows += [Row(f"switch-ports-{n}-{driver}", f"switch on {driver}: {n} ports beside 2, all send",
                     switch_side(driver, n, f"{n} ports", n_senders=n), switch_side(driver, 2, "2 ports", n_senders=2),
                     (">=", 1 / 1.2)) for n in (16, 62)]
        rows.append(Row(f"switch-flood-{driver}", f"switch on {driver}: floods to 16 ports, copies beside frames to one port",
                        switch_side(driver, 17, "flood", flood=True), switch_side(driver, 2, "one port"), (">=", 0.9)))
    return rows


def all_rows():
    return switch_rows() + tx_rows() + alone_rows() + scale_rows() + kernel_rows() + probe_rows() + gen_rows()

# The rows: what is measured against what, and the goal.
# SPDX-License-Identifier: BSD-3-Clause
from functools import partial

import alone
import memif
from life import first_packet, memory
from search import latency, loss_free
from sides import Bridge, Bypath, Testpmd, kernel_ini, vdevs
from tcp import transfer
from traffic import saturate, send_only

# A frame's size counts the FCS, as the generator and RFC 2544 do: 64 is 60 bytes on a veth.
SIZES = {"64": 64, "512": 512, "1514": 1518}
PEER_OF = {"af_packet": "net_af_packet", "af_xdp": "net_af_xdp"}


class SideSpec:
    """How to make a side anew for each round, how to measure one round of it."""

    def __init__(self, name, make, measure):
        self.name, self.make, self.measure = name, make, measure


class Row:
    """goal: (">=" or "<=", bound) or None; kind: of the ratio, or absolute: of ours."""

    def __init__(self, name, title, ours, theirs=None, goal=None, kind="ratio", unit="kpps",
                 scale=1e-3, note=""):
        self.name, self.title, self.ours, self.theirs = name, title, ours, theirs
        self.goal, self.kind, self.unit, self.scale, self.note = goal, kind, unit, scale, note


def bypath(driver, extra="", name="bypath", measure=saturate, ini=None, **options):
    text = ini or kernel_ini(driver, extra)
    return SideSpec(name, lambda ctx: Bypath(ctx.program, text), partial(measure, **options))


def testpmd(pmd, measure=saturate, **options):
    return SideSpec(f"testpmd {pmd}", lambda ctx: Testpmd(vdevs(pmd)), partial(measure, **options))


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


def rate_rows():
    rows = []
    for driver, goal in (("af_packet", 1.35), ("af_xdp", 1.1)):
        for label, size in SIZES.items():
            rows.append(Row(f"{driver}-{label}", f"{driver}, veth io, {label} B",
                            bypath(driver, size=size), testpmd(PEER_OF[driver], size=size),
                            (">=", goal)))
    rows.append(Row("af_xdp-tx-only", "af_xdp, veth io, 64 B, of its own TX-only rate",
                    bypath("af_xdp"), bypath("", name="null → af_xdp", ini=TX_ONLY,
                                             measure=send_only), (">=", 0.95)))
    rows.append(Row("af_xdp-skb", "af_xdp skb, veth io, 64 B", bypath("af_xdp", "mode = skb\n"),
                    testpmd("net_af_packet"), (">=", 1.2)))
    return rows


def loss_rows():
    rows = []
    for driver, pmd in PEER_OF.items():
        rows.append(Row(f"ndr-{driver}", f"{driver}, highest rate with 0.1 % loss, 64 B",
                        bypath(driver, measure=loss_free), testpmd(pmd, measure=loss_free),
                        (">=", 1.3)))
    for driver, pmd in PEER_OF.items():
        at_half = partial(latency_at_half, pmd=pmd)
        rows.append(Row(f"p99-{driver}", f"{driver}, p99 latency at half the peer's NDR, 64 B",
                        bypath(driver, measure=at_half), testpmd(pmd, measure=at_half),
                        ("<=", 0.8), unit="µs"))
    return rows


def latency_at_half(ctx, side, pmd):
    """The peer's NDR is its row's of this run, or measured once."""
    if pmd not in ctx.ndr:
        ctx.ndr[pmd] = loss_free(ctx, Testpmd(vdevs(pmd)))["value"]
    return latency(ctx, side, rate=ctx.ndr[pmd] / 2)


def tcp_rows():
    rows = []
    for n in (1, 4):
        streams = f"{n} stream{'s' if n > 1 else ''}"
        rows.append(Row(f"tcp-{n}", f"TCP, {streams}, af_packet, default offloads",
                        bypath("af_packet", measure=transfer, n_streams=n),
                        SideSpec("kernel bridge", lambda ctx: Bridge(),
                                 partial(transfer, n_streams=n)),
                        (">=", 0.8), unit="Gbit/s", scale=1e-9))
    for n in (1, 4):
        streams = f"{n} stream{'s' if n > 1 else ''}"
        options = {"measure": transfer, "n_streams": n, "offloads": "off"}
        rows.append(Row(f"tcp-off-{n}", f"TCP, {streams}, af_packet, offloads off",
                        bypath("af_packet", **options), testpmd("net_af_packet", **options),
                        (">=", 0.8), unit="Gbit/s", scale=1e-9))
    return rows


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


KERNEL_BACKENDS = {"af_packet": ("af_packet", ""), "af_packet-socket": ("af_packet", "mode = socket\n"),
                   "af_xdp": ("af_xdp", ""), "af_xdp-skb": ("af_xdp", "mode = skb\n"),
                   "pcap": ("pcap", "mode = live\n")}


def life_rows():
    rows = []
    for label, (driver, extra) in KERNEL_BACKENDS.items():
        peer = testpmd(PEER_OF[driver], measure=first_packet) if driver in PEER_OF else None
        rows.append(Row(f"start-{label}", f"{label}: start to first forwarded packet",
                        bypath(driver, extra, measure=first_packet), peer, ("<=", 150),
                        kind="absolute", unit="ms", scale=1e-6))
    for driver in PEER_OF:
        rows.append(Row(f"memory-{driver}", f"{driver}: resident beyond the packet arena, two ports",
                        bypath(driver, measure=memory), None, ("<=", 48), kind="absolute",
                        unit="MiB", scale=1 / (1 << 20)))
    return rows


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
    for driver in PEER_OF:
        rows.append(Row(f"ports-16-{driver}", f"{driver}: 16 ports beside 2, traffic on one pair",
                        many(driver, 16), many(driver, 2), (">=", 1 / 1.1)))
    for driver in PEER_OF:
        rows.append(Row(f"flows-1024-{driver}", f"{driver}: 1024 flows beside 1",
                        bypath(driver, name="1024 flows", options=flows(1024)),
                        bypath(driver, name="1 flow", options=flows(1)), (">=", 1 / 1.1)))
    return rows


def queued(ctx, n):
    return Bypath(ctx.program, kernel_ini("af_packet", f"queues = {n}\n", engine=f"workers = {n}"))


def all_rows():
    return (rate_rows() + loss_rows() + tcp_rows() + alone_rows() + life_rows() + scale_rows())

# Rows of bypath beside another build of itself: what a change costs on each path.
# SPDX-License-Identifier: BSD-3-Clause
"""Wires, sources and servers are this build's for both sides; only the program under test differs. A row is worse when all
of its interval is below 1."""

from functools import partial

import alone
import generators as gen
import memif
import tcp
from rows import BUILD, TX_ONLY, Row, SideSpec
from sides import Bypath, kernel_ini
from traffic import saturate, send_only, swallow, through

SIZES = (64, 512, 1518)
MPPS = {"unit": "Mpps", "scale": 1e-6}
MEMORY = ("--set", "dpdk.memory=48")


def pair(name, title, make, measure, **named):
    """make(program, ctx): the side."""
    return Row(name, title, SideSpec("this build", lambda ctx: make(ctx.program, ctx), measure),
               SideSpec("before", lambda ctx: make(ctx.before, ctx), measure, may_fail=True), kind=BUILD, **named)


def forwarder(name, title, ini, measure=saturate, options=None, **named):
    return pair(name, title, lambda program, _ctx: Bypath(program, ini), partial(measure, **(options or {})), **named)


def generator(name, title, port, measure, options=(), **named):
    return pair(name, title, lambda program, ctx: gen.start_gen(ctx, program, port, options=options), measure, **named)


def two(first, second, back="b = a\n"):
    """Ports of two drivers, joined both ways, or one way only."""
    (driver_a, a), (driver_b, b) = first, second
    memory = "[dpdk]\nmemory = 48\n" if "dpdk" in (driver_a, driver_b) else ""
    return f"""{memory}[port.a]
driver = {driver_a}
device = "{a}"
[port.b]
driver = {driver_b}
device = "{b}"
[forward]
a = b
{back}"""


def wire_rows():
    rows = [forwarder(f"{name}-{size}", f"{name}, veth io, {size} B", kernel_ini(driver), options={"size": size})
            for name, driver in (("af_packet-mmap", "af_packet"), ("af_xdp-native", "af_xdp")) for size in SIZES]
    for name, driver, extra in (("af_packet-socket", "af_packet", "mode = socket\n"), ("af_xdp-skb", "af_xdp", "mode = skb\n"),
                                ("pcap-live", "pcap", "mode = live\n")):
        rows.append(forwarder(f"{name}-64", f"{name}, veth io, 64 B", kernel_ini(driver, extra)))
    rows.append(forwarder("mixed-64", "af_xdp → af_packet, 64 B", two(("af_xdp", "w0"), ("af_packet", "w1"))))
    rows.append(forwarder("dpdk-af_packet-64", "dpdk net_af_packet, veth io, 64 B",
                          two(("dpdk", "net_af_packet0,iface=w0"), ("dpdk", "net_af_packet1,iface=w1"))))
    rows += [forwarder(f"af_xdp-net_null-{size}", f"af_xdp → dpdk net_null, {size} B, by busy time",
                       two(("af_xdp", "w0"), ("dpdk", "net_null0"), ""), swallow, {"size": size}, **MPPS) for size in (64, 1518)]
    rows.append(forwarder("af_xdp-tx-only", "null → af_xdp, 64 B", TX_ONLY, send_only))
    rows += [forwarder(f"ports-16-{driver}", f"{driver}: 16 ports, traffic on one pair",
                       kernel_ini(driver, ports=[f"w{i}" for i in range(16)]), options={"n_pairs": 16})
             for driver in ("af_packet", "af_xdp")]
    rows += [forwarder(f"kernel-{way}-64", f"driver kernel by {way}, 64 B", kernel_ini("kernel", f"mode = {way}\n"), through,
                       options={"size": 64}) for way in ("xdp", "tc")]
    return rows


def tcp_rows():
    return [forwarder(f"tcp{suffix}-{n}", f"TCP, {n} stream{'s' * (n > 1)}, af_packet, offloads {state}",
                      kernel_ini("af_packet"), tcp.transfer, {"n_streams": n, "offloads": state},
                      unit="Gbit/s", scale=1e-9)
            for suffix, state in (("", "on"), ("-off", "off")) for n in (1, 4)]


def alone_rows():
    inis = (("dpdk-null-io", "dpdk net_null, io", alone.dpdk_null("io")),
            ("dpdk-null-macswap", "dpdk net_null, macswap", alone.dpdk_null("macswap")),
            ("ring", "ring → ring", alone.RING_RING), ("null", "null → null", alone.NULL_NULL))
    return [forwarder("dpdk-memif", "dpdk net_memif, io, 64 B, one direction", memif.INI, memif.saturate, **MPPS),
            *(forwarder(name, f"{title}, both directions summed", ini, alone.run_alone, **MPPS)
              for name, title, ini in inis)]


def gen_rows():
    rows = [generator(f"gen-{driver}", f"gen on {driver}, 64 B", f"{driver}:e0",
                      partial(gen.send, near_gro="on" if driver == "xdp_live" else "off"))
            for driver in ("af_packet", "af_xdp", "xdp_live")]
    return rows + [generator("gen-net_null", "gen on dpdk net_null", "dpdk:net_null0", gen.counted_alone, MEMORY, **MPPS),
                   generator("gen-memif", "gen on dpdk net_memif", f"dpdk:{memif.device(1)}", gen.into_memif, MEMORY, **MPPS)]


def all_rows():
    return wire_rows() + tcp_rows() + alone_rows() + gen_rows()

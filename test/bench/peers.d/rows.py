# The rows: what is measured against what, and the goal.
# SPDX-License-Identifier: BSD-3-Clause
from functools import partial

from sides import Bypath, Testpmd, kernel_ini, vdevs
from traffic import saturate, send_only

# A frame's size counts the FCS, as the generator and RFC 2544 do: 64 is 60 bytes on a veth.
SIZES = {"64": 64, "512": 512, "1514": 1518}


class SideSpec:
    """How to make a side anew for each round, how to measure one round of it."""

    def __init__(self, name, make, measure):
        self.name, self.make, self.measure = name, make, measure


class Row:
    def __init__(self, name, title, ours, theirs=None, goal=None, kind="ratio", unit="kpps",
                 scale=1e-3, note=""):
        self.name, self.title, self.ours, self.theirs = name, title, ours, theirs
        self.goal, self.kind, self.unit, self.scale, self.note = goal, kind, unit, scale, note


def bypath(driver, extra="", name="bypath", measure=saturate, ini=None, **options):
    text = ini or kernel_ini(driver, extra)
    return SideSpec(name, lambda ctx: Bypath(ctx.program, text), partial(measure, **options))


def testpmd(pmd, name=None, measure=saturate, **options):
    return SideSpec(name or f"testpmd {pmd}", lambda ctx: Testpmd(vdevs(pmd)),
                    partial(measure, **options))


def veth_rows():
    rows = []
    for driver, pmd, goal in (("af_packet", "net_af_packet", 1.35), ("af_xdp", "net_af_xdp", 1.1)):
        for label, size in SIZES.items():
            rows.append(Row(f"{driver}-{label}", f"{driver}, veth io, {label} B",
                            bypath(driver, size=size), testpmd(pmd, size=size), (">=", goal)))
    rows.append(Row("af_xdp-tx-only", "af_xdp, veth io, 64 B, of its own TX-only rate",
                    bypath("af_xdp"), bypath("", name="null → af_xdp", ini=TX_ONLY,
                                             measure=send_only), (">=", 0.95)))
    rows.append(Row("af_xdp-skb", "af_xdp skb, veth io, 64 B", bypath("af_xdp", "mode = skb\n"),
                    testpmd("net_af_packet"), (">=", 1.2)))
    return rows


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


def all_rows():
    return veth_rows()

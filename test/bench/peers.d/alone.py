# Forwarders without a wire: both sides make and swallow their packets themselves.
# SPDX-License-Identifier: BSD-3-Clause
"""There is no far end to count at: each side's own counters stand, which both keep in every run."""

import re
import statistics
import time

from lab import FOLDER, Process
from sides import START_S


def run_alone(ctx, side):
    """One round of bypath: packets out of all paths, per second."""
    with open(f"{FOLDER}/bypath.ini", "w", encoding="utf-8") as file:
        file.write(side.ini)
    side.command += f" --duration {ctx.duration:g}"
    side.process = Process("bypath", "mid", side.program, "run", f"{FOLDER}/bypath.ini", "--quiet",
                           "--report", f"{FOLDER}/bypath.json", "--duration", f"{ctx.duration:g}")
    try:
        side.process.wait_end(START_S + ctx.duration + 10)
        side.read()
    finally:
        side.abandon()
    n_out = sum(p["counted"]["packets_out"] for p in side.report["paths"]
                if p["in"] != "seed")
    return {"value": n_out / side.report["run"]["elapsed_s"], "facts": side.facts}


def shown_rates(process, n_ports=2):
    """Packets per second of all ports, of each show that is complete; the first two have the start
    in them."""
    shows = [re.findall(r"Tx-pps:\s+(\d+)\s", show)
             for show in re.split(r"Port statistics =+", process.log())[1:]]
    return [sum(int(pps) for pps in show) for show in shows if len(show) == n_ports][2:]


def watch_testpmd(ctx, side):
    """One round of testpmd: transmitted packets of all ports, per second, as it shows each second.
    It shows late when its main thread waits for a core: shows are counted, not seconds."""
    n_wanted = max(1, round(ctx.duration))
    try:
        side.start()
        end = time.monotonic() + START_S + ctx.duration
        while len(shown_rates(side.process)) < n_wanted:
            side.check()
            if time.monotonic() > end:
                side.process.fail(f"shows no rate in {START_S + ctx.duration:.0f} s")
            time.sleep(0.05)
        rates = shown_rates(side.process)
        side.stop()
    finally:
        side.abandon()
    return {"value": statistics.median(rates), "shown": rates}


NULL_NULL = """[port.a]
driver = null
[port.b]
driver = null
[forward]
a = b
b = a
"""

# Packets that a third port made at the start go round between two loops.
RING_RING = """[port.a]
driver = ring
device = loop-a
[port.b]
driver = ring
device = loop-b
[port.seed]
driver = null
count = 512
[forward]
a = b
b = a
seed = a
"""


def dpdk_null(mode):
    return f"""[engine]
mode = {mode}
[dpdk]
memory = 48
[port.a]
driver = dpdk
device = net_null0
[port.b]
driver = dpdk
device = net_null1
[forward]
a = b
b = a
"""

# Loads a side with the fastest source on veth, reads at the far end what it forwards.
# SPDX-License-Identifier: BSD-3-Clause
import os
import shlex
import time

from lab import Process, SideError, cpu_times, steal_share
from sides import GEN_CORE

FLOW_S = 8  # until the first packets come out at the far end
WARM_S = 0.3
FCS = 4


class Context:
    """What a measurement needs to know: the lab, the program, how long a round lasts; before: another build of it, or None."""

    def __init__(self, lab, program, duration, before=None):
        self.lab, self.program, self.duration, self.before = lab, program, duration, before


class Feed:
    """What every source of traffic is: a process that has to live as long as the round."""

    def __init__(self, program, arguments):
        self.command = f"{os.path.basename(program)} {shlex.join(arguments)}"
        self.process = Process("source", "gen", program, *arguments)

    def check(self):
        if not self.process.is_alive():
            self.process.fail(f"ended early, code {self.process.popen.returncode}")

    def abandon(self):
        self.process.kill()


class Source(Feed):
    """bypath gen, sending live XDP frames from e0 on the generator's core as fast as it goes."""

    def __init__(self, ctx, size, options):
        super().__init__(ctx.program, [
            "gen", "--tx-port", "xdp_live:e0", "--rate", "max", "--duration",
            f"{ctx.duration + FLOW_S + 5:g}", "--size", str(size), "--cores", str(GEN_CORE),
            "--quiet", "--set", "memory.hugepages=no", *options])


class BareSource(Feed):
    """test/bench/veth-source: the same frame again and again. Nobody reads these frames, and a
    program that writes a number and a time into each takes of the core that receives as well."""

    def __init__(self, ctx, size):
        program = os.path.join(os.path.dirname(ctx.program), "../../test/bench/veth-source")
        program = os.path.normpath(program)
        if not os.access(program, os.X_OK):
            raise SideError(f"{program}: not there: build it (ninja -C build)")
        arguments = ["e0", f"{ctx.duration + FLOW_S + 5:g}", str(size - FCS), str(GEN_CORE)]
        super().__init__(program, arguments)


def wait_flow(ctx, side, source):
    """Until packets come out at the far end."""
    _, _, before = ctx.lab.look()
    end = time.monotonic() + FLOW_S
    while ctx.lab.look()[2] < before + 1000:
        side.check()
        if source:
            source.check()
        if time.monotonic() > end:
            side.process.fail(f"forwards nothing after {FLOW_S} s of traffic") if side.process \
                else None
            raise SideError(f"{side.name}: forwards nothing after {FLOW_S} s of traffic")
        time.sleep(0.01)


def window(ctx, side):
    """Rates at the near and the far end while the traffic goes on."""
    time.sleep(WARM_S)
    cpu = cpu_times()
    begin, offered, forwarded = ctx.lab.look()
    time.sleep(ctx.duration)
    end, offered_end, forwarded_end = ctx.lab.look()
    side.check()
    seconds = end - begin
    return {"value": (forwarded_end - forwarded) / seconds, "offered":
            (offered_end - offered) / seconds, "seconds": round(seconds, 3),
            "steal": round(steal_share(cpu, cpu_times()), 4)}


def saturate(ctx, side, size=64, n_pairs=2, queues=1, options=(), takes_xdp=False):
    """One round of one side under full load: packets per second at the far end. options: of
    bypath gen, where the frames differ. takes_xdp: the generator's ends take redirected frames."""
    source = None
    ctx.lab.wires(n_pairs, queues, "on" if takes_xdp else "off")
    try:
        side.start()
        source = Source(ctx, size, options) if options else BareSource(ctx, size)
        wait_flow(ctx, side, source)
        result = window(ctx, side)
        source.check()
        result["generator"] = source.command
        side.stop()
        result["facts"] = side.facts
        return result
    finally:
        if source:
            source.abandon()
        side.abandon()


def swallow(ctx, side, size=64):
    """One round of a side that swallows what it receives: packets per second of its worker's busy time, which its report has."""
    source = None
    ctx.lab.wires(1)
    try:
        side.start()
        source = BareSource(ctx, size)
        time.sleep(WARM_S)
        cpu = cpu_times()
        time.sleep(ctx.duration)
        source.check()
        steal = round(steal_share(cpu, cpu_times()), 4)
        side.stop()
        if not side.facts.get("ns_per_packet"):
            raise SideError(f"{side.name}: no packet came")
        return {"value": 1e9 / side.facts["ns_per_packet"], "generator": source.command, "steal": steal, "facts": side.facts}
    finally:
        if source:
            source.abandon()
        side.abandon()


def through(ctx, side, size):
    """One round of a side whose work the sender's core does: packets per second at the far end. Nothing can be offered
    beyond what it forwards."""
    result = saturate(ctx, side, size, takes_xdp=True)
    del result["offered"]
    return result


def send_only(ctx, side):
    """One round of a side that makes its own frames: what it can transmit at all."""
    ctx.lab.wires()
    try:
        side.start()
        wait_flow(ctx, side, None)
        result = window(ctx, side)
        del result["offered"]
        side.stop()
        result["facts"] = side.facts
        return result
    finally:
        side.abandon()

# bypath gen beside other generators on the same device: how fast, and how even.
# SPDX-License-Identifier: BSD-3-Clause
"""The generator sends from e0 on its core; w0, where nobody forwards, counts what comes, on the same core (without GRO there is
no NAPI that would wait for ksoftirqd). Figures are read there, but for net_null, which has no far end."""

import json
import os
import shlex
import signal
import statistics
import struct
import time

import memif
from alone import shown_rates
from lab import FOLDER, Process, SideError, cpu_times, steal_share
from sides import DUT_CORE, EAL, GEN_CORE, MBUFS, START_S, TESTPMD

FRAME = bytes.fromhex("020000000002" "020000000001" "88b5") + bytes(46)
SIZE = len(FRAME) + 4
FLOW_S = 8
WARM_S = 0.5
GAPS_S = 2


class Generator:
    """A process that sends until it is stopped."""

    def __init__(self, name, arguments):
        self.name, self.arguments, self.process = name, arguments, None
        self.command = shlex.join(os.path.basename(a) if n == 0 else a for n, a in enumerate(arguments))

    def start(self):
        self.process = Process("generator", "gen", *self.arguments)

    def check(self):
        if not self.process.is_alive():
            self.process.fail(f"ended early, code {self.process.popen.returncode}")

    def abandon(self):
        """With its children: trafgen's go on without it."""
        if not self.process:
            return
        self.process.stop(2)
        try:
            os.killpg(self.process.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def start_gen(ctx, program, port, pps=None, options=()):
    rate = "max" if pps is None else f"{pps}pps"
    return Generator("bypath gen", [
        program, "gen", "--tx-port", port, "--tx-only", "--rate", rate, "--duration",
        f"{ctx.duration + FLOW_S + GAPS_S + 10:g}", "--size", str(SIZE), "--cores", str(GEN_CORE),
        "--protocol", "eth", "--quiet", *options])


def bypath_gen(port, pps=None, options=()):
    return lambda ctx: start_gen(ctx, ctx.program, port, pps, options)


def trafgen(pps=None):
    def make(_ctx):
        path = f"{FOLDER}/trafgen.cfg"
        with open(path, "w", encoding="ascii") as file:
            file.write("{ " + ", ".join(f"0x{byte:02x}" for byte in FRAME) + " }\n")
        return Generator("trafgen", ["trafgen", "--dev", "e0", "--conf", path, "--cpus", "1",
                                     *(["--rate", f"{pps}pps"] if pps else [])])
    return make


def tcpreplay(pps=None):
    def make(_ctx):
        path = f"{FOLDER}/replay.pcap"
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for n in range(1000):
                file.write(struct.pack("<IIII", 1, n, len(FRAME), len(FRAME)) + FRAME)
        return Generator("tcpreplay", ["taskset", "-c", str(GEN_CORE), "tcpreplay", "--preload-pcap",
                                       "--loop=100000000", "--intf1=e0",
                                       f"--pps={pps}" if pps else "--topspeed", path])
    return make


def testpmd(vdev, mode):
    def make(_ctx):
        return Generator("dpdk-testpmd", [
            TESTPMD, f"--lcores=0@{DUT_CORE},1@{GEN_CORE}", *EAL, f"--vdev={vdev}", "--",
            f"--forward-mode={mode}", f"--txpkts={len(FRAME)}", MBUFS, "--stats-period", "1", "--auto-start"])
    return make


def xdp_trafficgen():
    def make(_ctx):
        return Generator("xdp-trafficgen", ["taskset", "-c", str(GEN_CORE), "xdp-trafficgen", "udp", "e0"])
    return make


def received(ctx):
    return time.perf_counter(), ctx.lab.rx_packets("mid", "w0")


def wait_flow(ctx, side):
    end = time.monotonic() + FLOW_S
    before = received(ctx)[1]
    while received(ctx)[1] < before + 100:
        side.check()
        if time.monotonic() > end:
            side.process.fail(f"nothing of it arrives in {FLOW_S} s")
        time.sleep(0.01)


def send(ctx, side, near_gro="off"):
    """One round without a pause: frames per second at the far end. A veth takes redirected frames with GRO only."""
    ctx.lab.wires(1, near_gro=near_gro)
    try:
        side.start()
        wait_flow(ctx, side)
        time.sleep(WARM_S)
        cpu = cpu_times()
        begin, before = received(ctx)
        time.sleep(ctx.duration)
        end, after = received(ctx)
        side.check()
        return {"value": (after - before) / (end - begin),
                "steal": round(steal_share(cpu, cpu_times()), 4)}
    finally:
        side.abandon()


def arrive(ctx, side, pps, figure):
    """One round at a rate: a figure of bench-gaps at the far end; `facts` has them all."""
    program = os.path.normpath(os.path.join(os.path.dirname(ctx.program), "../../test/bench/bench-gaps"))
    ctx.lab.wires(1, near_gro="off")
    receiver = Process("gaps", "mid", program, "mid", "w0", str(GAPS_S), str(pps), str(DUT_CORE))
    try:
        receiver.wait_said("ready", 5)
        cpu = cpu_times()
        side.start()
        receiver.wait_end(GAPS_S + START_S)
        side.check()
        facts = json.loads(receiver.log().splitlines()[-1])
        if facts["lost"]:
            raise SideError(f"the receiver lost {facts['lost']} frames: no gaps can be read")
        return {"value": facts[figure], "facts": facts, "steal": round(steal_share(cpu, cpu_times()), 4)}
    finally:
        side.abandon()
        receiver.kill()


def shown_alone(ctx, side):
    """One round of testpmd on net_null: as it shows each second."""
    try:
        side.start()
        end = time.monotonic() + START_S + ctx.duration
        while len(shown_rates(side.process, 1)) < max(1, round(ctx.duration)):
            side.check()
            if time.monotonic() > end:
                side.process.fail("shows no rate")
            time.sleep(0.05)
        return {"value": statistics.median(shown_rates(side.process, 1))}
    finally:
        side.abandon()


def counted_alone(ctx, side):
    """One round of bypath gen on net_null: what its report counts as sent."""
    path = f"{FOLDER}/gen.json"
    side.arguments += ["--json", path]
    side.arguments[side.arguments.index("--duration") + 1] = f"{ctx.duration:g}"
    try:
        side.start()
        side.process.wait_end(START_S + ctx.duration)
        with open(path, encoding="utf-8") as file:
            return {"value": json.load(file)["trial"]["sent"]["pps"]}
    finally:
        side.abandon()


def into_memif(ctx, side):
    """One round into a memif server that takes frames without a look at them."""
    wire = None
    try:
        wire = memif.Wire(ctx, core=DUT_CORE, only_takes=True)
        return wire.measure(ctx, side)
    finally:
        side.abandon()
        if wire:
            wire.end()

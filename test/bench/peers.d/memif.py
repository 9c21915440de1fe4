# Loads a side between two memif connections whose servers touch no byte.
# SPDX-License-Identifier: BSD-3-Clause
import os
import subprocess
import time

from lab import FOLDER, SideError, cpu_times, steal_share
from sides import GEN_CORE

FLOW_S = 8
WARM_S = 0.3
FRAME_BYTES = 60  # size 64 with FCS


def device(i):
    return f"net_memif{i},role=client,id=0,socket={FOLDER}/memif{i}.sock,socket-abstract=no"


INI = f"""[dpdk]
memory = 48
[port.a]
driver = dpdk
device = "{device(0)}"
[port.b]
driver = dpdk
device = "{device(1)}"
[forward]
a = b
b = a
"""


class Wire:
    """The program of both servers, on the generator's core; only_takes: of the second one alone.
    announce: the frames' destination speaks first, at the second one."""

    def __init__(self, ctx, core=GEN_CORE, only_takes=False, announce=False):
        program = os.path.join(os.path.dirname(ctx.program), "../../test/bench/memif-wire")
        if not os.access(program, os.X_OK):
            raise SideError(f"no {os.path.normpath(program)}: build first")
        arguments = ["-" if only_takes else f"{FOLDER}/memif0.sock", f"{FOLDER}/memif1.sock",
                     str(FRAME_BYTES), str(core), *(["announce"] if announce else [])]
        self.command = "memif-wire " + " ".join(arguments)
        self.popen = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      start_new_session=True)
        self.line()

    def line(self):
        line = self.popen.stdout.readline()
        if not line:
            raise SideError(f"memif-wire: {self.popen.stderr.read().strip()}")
        return line

    def look(self):
        """(time, given, taken); answers only once both clients are there."""
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()
        gave, taken = (int(word) for word in self.line().split())
        return time.perf_counter(), gave, taken

    def measure(self, ctx, side):
        """Starts the side; packets per second that come out of the second connection, once they flow."""
        side.start()
        end = time.monotonic() + FLOW_S
        while self.look()[2] < 1000:
            side.check()
            if time.monotonic() > end:
                side.process.fail(f"nothing of it arrives in {FLOW_S} s")
            time.sleep(0.02)
        time.sleep(WARM_S)
        cpu = cpu_times()
        begin, _, before = self.look()
        time.sleep(ctx.duration)
        now, _, after = self.look()
        side.check()
        return {"value": (after - before) / (now - begin), "generator": self.command,
                "steal": round(steal_share(cpu, cpu_times()), 4)}

    def end(self):
        self.popen.kill()
        self.popen.wait()


def saturate(ctx, side, announce=False):
    """One round of a forwarder between the two."""
    wire = None
    try:
        wire = Wire(ctx, announce=announce)
        result = wire.measure(ctx, side)
        side.stop()
        result["facts"] = side.facts
        return result
    finally:
        side.abandon()
        if wire:
            wire.end()

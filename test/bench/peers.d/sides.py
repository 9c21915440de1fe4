# The two sides of a row: how bypath and dpdk-testpmd are started, recognised as ready, stopped.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import shlex

from lab import FOLDER, Process, SideError

START_S = 15
STOP_S = 20  # of 62 ports: the kernel waits for its readers at each
DUT_CORE, GEN_CORE = 1, 0
TESTPMD = "dpdk-testpmd"
# Both get hugepages for their packets; as many mbufs as bypath has frames.
EAL = ["--in-memory", "-m", "48", "--no-pci", "--no-telemetry"]
MBUFS = "--total-num-mbufs=16384"


class Side:
    """One forwarder, running. `command` is what a person would type."""

    def __init__(self, name):
        self.name, self.command, self.process, self.facts = name, "", None, {}

    def start_process(self):
        """The part that takes no time to speak of."""

    def wait_ready(self):
        """Until it says that it forwards."""

    def start(self):
        self.start_process()
        self.wait_ready()

    def check(self):
        if self.process and not self.process.is_alive():
            self.process.fail(f"died with code {self.process.popen.returncode}")

    def stop(self):
        """Ends it; raises if it did not do what it must."""

    def abandon(self):
        if self.process:
            self.process.kill()


class Bypath(Side):
    """bypath run with a configuration that says nothing but the ports and where packets go."""

    def __init__(self, program, ini, options=()):
        super().__init__("bypath")
        self.program, self.ini, self.options, self.report = program, ini, options, None
        self.command = " ".join(["bypath run FILE.ini", *options]) + ", FILE.ini: " + \
            " / ".join(ini.split("\n")).strip(" /")

    def start_process(self):
        with open(f"{FOLDER}/bypath.ini", "w", encoding="utf-8") as file:
            file.write(self.ini)
        self.process = Process("bypath", "mid", self.program, "run", f"{FOLDER}/bypath.ini",
                               "--quiet", "--report", f"{FOLDER}/bypath.json", *self.options)

    def wait_ready(self):
        self.process.wait_said("forwarding", START_S)

    def stop(self):
        self.check()
        if not self.process.stop(STOP_S) or self.process.popen.returncode:
            self.process.fail(f"ends with code {self.process.popen.returncode} when asked to")
        self.read()

    def read(self):
        """Its report, which must account for every packet."""
        with open(f"{FOLDER}/bypath.json", encoding="utf-8") as file:
            self.report = json.load(file)
        law = self.report["conservation"]["counted"]
        if law["unaccounted"] or law["held"]:
            self.process.fail(f"packets are not accounted for: {law}")
        # Where packets go to several ports, the rows of paths are parts: their sum is the whole.
        paths = [p["counted"] for p in self.report["paths"] if p.get("part", "whole") == "whole"]
        paths += [fan["whole"]["counted"] for fan in self.report.get("fan_outs", [])]
        paths = [counted for counted in paths if counted["packets"]]
        self.facts = {"modes": [p["mode"] for p in self.report["ports"]],
                      "arena_page_bytes": self.report["arena"]["page_bytes"],
                      "cycle_hz": self.report["machine"].get("cycle_hz")}
        if paths:
            busiest = max(paths, key=lambda p: p["packets"])
            self.facts.update({key: busiest.get(key) for key in (
                "ns_per_packet", "ns_per_packet_user", "ns_per_packet_calls", "mean_burst",
                "crossings_per_packet", "user_copies_per_packet")})


class Testpmd(Side):
    """dpdk-testpmd with its own defaults. Without a terminal it needs --stats-period to go on; it places
    its threads itself, which taskset would prevent."""

    def __init__(self, vdevs, forward_mode="io"):
        super().__init__("dpdk-testpmd")
        self.arguments = [TESTPMD, f"--lcores=0@{GEN_CORE},1@{DUT_CORE}", *EAL,
                          *(f"--vdev={v}" for v in vdevs), "--", f"--forward-mode={forward_mode}",
                          MBUFS, "--stats-period", "1", "--auto-start"]
        self.command = shlex.join(self.arguments)

    def start_process(self):
        self.process = Process("dpdk-testpmd", "mid", *self.arguments)

    def wait_ready(self):
        self.process.wait_said("Port statistics", START_S)

    def stop(self):
        self.check()
        # net_af_packet may wait in poll() for longer than anybody wants to.
        self.process.stop(4)


class Bare(Side):
    """Two programs of two instructions that redirect: the least that a way through the kernel can be."""

    def __init__(self, program, way):
        super().__init__("bare-redirect")
        self.program = os.path.normpath(os.path.join(os.path.dirname(program),
                                                     "../../test/bench/bare-redirect"))
        self.way, self.others = way, []
        self.command = f"bare-redirect w0 w1 {way} & bare-redirect w1 w0 {way}"

    def start_process(self):
        self.process = Process("bare-0", "mid", self.program, "w0", "w1", self.way)
        self.others = [Process("bare-1", "mid", self.program, "w1", "w0", self.way)]

    def wait_ready(self):
        for process in (self.process, *self.others):
            process.wait_said("ready", START_S)

    def stop(self):
        self.check()
        self.abandon()

    def abandon(self):
        for process in (self.process, *self.others):
            if process:
                process.kill()


def kernel_ini(driver, extra="", ports=("w0", "w1"), engine=""):
    """Ports of one driver, neighbours joined both ways."""
    text = f"[engine]\n{engine}\n" if engine else ""
    for device in ports:
        text += f"[port.{device}]\ndriver = {driver}\ndevice = {device}\n{extra}"
    text += "[forward]\n"
    for a, b in zip(ports[::2], ports[1::2]):
        text += f"{a} = {b}\n{b} = {a}\n"
    return text


def find_bypath(source_root):
    program = os.environ.get("BYPATH") or os.path.join(
        os.environ.get("BYPATH_BUILD_ROOT", os.path.join(source_root, "build")), "src/cli/bypath")
    if not os.access(program, os.X_OK):
        raise SideError(f"no bypath at {program}: build first (./quickstart build)")
    return os.path.abspath(program)

# Rows of the switch: beside the kernel's bridge on the same wires, OVS and dpdk-testpmd on memif, itself with more ports.
# SPDX-License-Identifier: BSD-3-Clause
"""Ports e0, e1 … with stations behind each, known to both sides before a trial counts. A side's figure is read at the far ends;
ours must have counted in its function what came, and have learned exactly the stations that spoke."""

import json
import os
import shutil
import time

import memif
from lab import FOLDER, Process, SideError, cpu_times, run, steal_share
from sides import DUT_CORE, GEN_CORE, START_S, Bypath, Side
from traffic import FCS, FLOW_S, WARM_S, Feed

STATIONS = 1024  # of all ports together
ANNOUNCE_S = 0.3
SENT_SHARE, LATENCY_LOSS = 0.98, 0.01  # as bypath compare wants them
LATENCY_S, LATENCY_TRIES = 0.15, 16  # short trials: other programs of the machine need a core a few times a second
OFF_CORE_SHARE = 0.004  # of a trial: what waits behind that is less than a hundredth, which would be its 99th percentile
PIN = format(1 << DUT_CORE, "x")


def switch_ini(driver, n_ports):
    ports = [f"w{i}" for i in range(n_ports)]
    return "".join(f"[port.{p}]\ndriver = {driver}\ndevice = {p}\n" for p in ports) + \
        "[function.sw]\ntype = switch\n[forward]\n" + "".join(f"{p} = sw\n" for p in ports)


MEMIF_INI = memif.INI.replace("a = b\nb = a\n", "a = sw\nb = sw\n[function.sw]\ntype = switch\n")


class Switch(Bypath):
    """bypath run with one switch. n_stations: those that it must have learned, and no other; n_flooded: unknown unicast that it
    may have flooded, those frames that came before the trial."""

    has_core = True

    def __init__(self, program, ini, n_stations):
        super().__init__(program, ini)
        self.n_stations, self.n_flooded = n_stations, None

    def learned(self):
        """Cannot be asked while it runs: read() looks afterwards."""
        return self.n_stations

    def read(self):
        super().read()
        function = self.report["functions"][0]
        doc, counted = function["doc"], function["counted"]
        received = self.report["conservation"]["counted"]["received"]
        if counted["packets"] != received:
            self.process.fail(f"the switch saw {counted['packets']} packets, its ports received {received}")
        if doc["entries"] != self.n_stations:
            self.process.fail(f"learned {doc['entries']} addresses, {self.n_stations} spoke")
        if self.n_flooded is not None and doc["floods"]["unknown"] > self.n_flooded:
            self.process.fail(f"flooded {doc['floods']['unknown']} frames, more than the {self.n_flooded} before the trial")
        self.facts.update({"switch_ns_per_packet": counted["ns_per_packet"], "switch_packets": counted["packets"],
                           "floods": doc["floods"], "entries": doc["entries"]})


class Bridge(Side):
    """The kernel's bridge. has_core: RPS takes its work to the forwarder's core; else the sender's core does it, and nothing can be
    offered beyond what it forwards."""

    def __init__(self, n_ports, has_core):
        super().__init__("bridge")
        self.ports, self.has_core = [f"w{i}" for i in range(n_ports)], has_core
        self.command = "ip link add br0 type bridge; ip link set w0 master br0 …" + \
            (f"; echo {PIN} >/sys/class/net/w0/queues/rx-0/rps_cpus …" if has_core else "")

    def start(self):
        run("ip", "-n", "mid", "link", "add", "br0", "type", "bridge")
        run("ip", "-n", "mid", "link", "set", "br0", "up")
        for port in self.ports:
            run("ip", "-n", "mid", "link", "set", port, "master", "br0")
        if self.has_core:
            run("ip", "netns", "exec", "mid", "sh", "-c",
                f"for d in {' '.join(self.ports)}; do echo {PIN} >/sys/class/net/$d/queues/rx-0/rps_cpus || exit 1; done")

    def learned(self):
        lines = run("bridge", "-n", "mid", "fdb", "show", "br", "br0").splitlines()
        return sum(1 for line in lines if "permanent" not in line and "self" not in line)

    def abandon(self):
        run("ip", "-n", "mid", "link", "del", "br0", check=False)


class Ovs(Side):
    """OVS with its datapath in user space, two memif ports of its DPDK, one PMD thread on the forwarder's core."""

    PROGRAM = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
    HOME = f"{FOLDER}/ovs"
    DB = f"unix:{HOME}/db.sock"

    def __init__(self):
        super().__init__("ovs")
        self.database = None
        extra = "--in-memory --no-pci --no-telemetry"
        self.settings = ["other_config:dpdk-init=true", f"other_config:dpdk-extra={extra}",
                         "other_config:dpdk-socket-mem=48", f"other_config:dpdk-lcore-mask={1 << GEN_CORE:#x}",
                         f"other_config:pmd-cpu-mask={1 << DUT_CORE:#x}"]
        self.ports = [["add-port", "br0", f"p{i}", "--", "set", "Interface", f"p{i}", "type=dpdk",
                       f'options:dpdk-devargs="{memif.device(i)}"'] for i in (0, 1)]
        self.command = f"ovs-vswitchd-dpdk; ovs-vsctl set Open_vSwitch . {' '.join(self.settings)}; " + \
            "ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev; " + "; ".join(" ".join(p) for p in self.ports)

    def vsctl(self, *arguments):
        run("ovs-vsctl", "--timeout=10", f"--db={self.DB}", *arguments)

    def start(self):
        shutil.rmtree(self.HOME, ignore_errors=True)
        os.makedirs(self.HOME)
        os.environ["OVS_RUNDIR"] = self.HOME
        run("ovsdb-tool", "create", f"{self.HOME}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
        self.database = Process("ovsdb", "mid", "ovsdb-server", f"{self.HOME}/conf.db", f"--remote=p{self.DB}")
        end = time.monotonic() + START_S
        while not os.path.exists(f"{self.HOME}/db.sock"):
            if not self.database.is_alive() or time.monotonic() > end:
                self.database.fail("no socket")
            time.sleep(0.01)
        self.vsctl("--no-wait", "init")
        self.vsctl("--no-wait", "set", "Open_vSwitch", ".", *self.settings)
        self.process = Process("ovs-vswitchd", "mid", self.PROGRAM, self.DB, f"--unixctl={self.HOME}/ctl")
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        for port in self.ports:
            self.vsctl(*port)

    def stop(self):
        """It must have sent by what it learned: a flood would go to its own port br0 as well."""
        self.check()
        flows = run("ovs-appctl", "-t", f"{self.HOME}/ctl", "dpctl/dump-flows")
        known = [f for f in flows.splitlines() if "dst=02:00:00:00:02:01" in f]
        if len(known) != 1 or "," in known[0].rpartition("actions:")[2]:
            self.process.fail(f"does not send frames to the one port where their destination is:\n{flows}")
        self.abandon()

    def abandon(self):
        super().abandon()
        if self.database:
            self.database.kill()


class Stations(Feed):
    """test/bench/veth-source with addresses: n_senders ports send, each to its neighbour's stations, or to all."""

    def __init__(self, ctx, seconds, n_senders, n_each, size=64, flood=False):
        program = os.path.normpath(os.path.join(os.path.dirname(ctx.program), "../../test/bench/veth-source"))
        if not os.access(program, os.X_OK):
            raise SideError(f"{program}: not there: build it (ninja -C build)")
        super().__init__(program, ["e0", f"{seconds:g}", str(size - FCS), str(GEN_CORE), str(n_senders), str(n_each),
                                   *(["flood"] if flood else [])])


def announce(ctx, side, n_ports, n_each):
    """Every station speaks; the side knows each of them afterwards."""
    source = Stations(ctx, ANNOUNCE_S, n_ports, n_each)
    try:
        source.process.wait_end(ANNOUNCE_S + 5)
    finally:
        source.abandon()
    side.check()
    if side.learned() != n_ports * n_each:
        raise SideError(f"{side.name}: knows {side.learned()} stations, {n_ports * n_each} spoke")
    wait_still(ctx)
    side.n_flooded = sum(n for name, n in ctx.lab.rx_of_all("mid").items() if name.startswith("w"))


def wait_still(ctx):
    """Until nothing comes out any more."""
    end, before = time.monotonic() + FLOW_S, None
    while (now := ctx.lab.rx_of_all("gen")) != before:
        if time.monotonic() > end:
            raise SideError("frames do not cease")
        before = now
        time.sleep(0.05)


def look(ctx, n_senders, takers):
    """(time, offered, what came out of the takers)."""
    mid, gen = ctx.lab.rx_of_all("mid"), ctx.lab.rx_of_all("gen")
    return time.perf_counter(), sum(mid[f"w{i}"] for i in range(n_senders)), sum(gen[f"e{i}"] for i in takers)


def stations_each(n_ports):
    """Behind each of so many ports: a power of two."""
    return 1 << (STATIONS // n_ports).bit_length() - 1


def load(ctx, side, n_ports=2, n_senders=1, flood=False):
    """One round: packets per second that come out of all ports that the frames are for."""
    source, n_each = None, stations_each(n_ports)
    takers = range(1, n_ports) if flood else range(n_ports) if n_senders > 1 else (1,)
    n_copies = n_ports - 1 if flood else 1
    ctx.lab.wires(n_ports)
    try:
        side.start()
        announce(ctx, side, n_ports, n_each)
        source = Stations(ctx, ctx.duration + FLOW_S + 5, n_senders, n_each, flood=flood)
        before, end = look(ctx, n_senders, takers)[2], time.monotonic() + FLOW_S
        while look(ctx, n_senders, takers)[2] < before + 1000:
            side.check()
            source.check()
            if time.monotonic() > end:
                raise SideError(f"{side.name}: forwards nothing after {FLOW_S} s of traffic")
            time.sleep(0.01)
        time.sleep(WARM_S)
        cpu = cpu_times()
        begin, offered, delivered = look(ctx, n_senders, takers)
        time.sleep(ctx.duration)
        now, offered_end, delivered_end = look(ctx, n_senders, takers)
        source.check()
        steal = round(steal_share(cpu, cpu_times()), 4)
        source.abandon()
        side.stop()
        result = {"value": (delivered_end - delivered) / (now - begin), "steal": steal, "generator": source.command,
                  "facts": side.facts}
        if side.has_core:
            result["offered"] = (offered_end - offered) * n_copies / (now - begin)
        return result
    finally:
        if source:
            source.abandon()
        side.abandon()



class HalfLoad:
    """Half of what the slower of two sides carries of this generator's frames, measured when it is first asked for."""

    def __init__(self, *makers):
        self.makers, self.rate = makers, None

    def pps(self, ctx):
        if self.rate is None:
            trials = [in_lab(ctx, make(ctx), lambda side: undisturbed(ctx, side, "max"))[0] for make in self.makers]
            self.rate = int(min(t["sent"]["pps"] * (1 - t["loss_ratio"]) for t in trials) / 2)
        return self.rate


def in_lab(ctx, side, measure):
    """measure(side), with a side that runs and knows all stations."""
    ctx.lab.wires()
    try:
        side.start()
        announce(ctx, side, 2, stations_each(2))
        result = measure(side)
        side.stop()
        return result
    finally:
        side.abandon()


def generate(ctx, side, rate):
    """A trial of bypath gen from e0 to e1, in one thread, as its document has it; with `off_share`: of the time that a packet
    thread, the generator's or the side's, was ready and had no core."""
    path, each = f"{FOLDER}/latency.json", stations_each(2)
    macs = [f"02:00:01:{p:02x}:00:00-02:00:01:{p:02x}:{(each - 1) >> 8:02x}:{(each - 1) & 255:02x}" for p in (0, 1)]
    delay = side.process.delay_ns("bypath-w") if side.process else 0
    gen = Process("gen", "gen", ctx.program, "gen", "--tx-port", "af_packet:e0", "--rx-port", "af_packet:e1", "--rate", rate,
                  "--duration", f"{LATENCY_S:g}", "--size", "64", "--protocol", "eth", "--src-mac", macs[0], "--dst-mac", macs[1],
                  "--cores", str(GEN_CORE), "--quiet", "--json", path)
    try:
        gen.wait_end(LATENCY_S + START_S)
    finally:
        gen.kill()
    delay = (side.process.delay_ns("bypath-w") if side.process else 0) - delay
    with open(path, encoding="utf-8") as file:
        trial = json.load(file)["trial"]
    trial["off_share"] = max(trial["off_core"]["share"], delay * 1e-9 / LATENCY_S)
    return trial


def undisturbed(ctx, side, rate):
    """Trials, until one is undisturbed; with their number."""
    for n in range(1, LATENCY_TRIES + 1):
        trial = generate(ctx, side, rate)
        if trial["off_share"] <= OFF_CORE_SHARE:
            break
    return trial, n


def latency(ctx, side, half):
    """One round at half load: the 99th percentile, in seconds. A trial in which other programs had one of the cores is made again."""
    pps, cpu = half.pps(ctx), cpu_times()
    trial, n_trials = in_lab(ctx, side, lambda side: undisturbed(ctx, side, f"{pps}pps"))
    sent, lost, off = trial["sent"]["pps"], trial["loss_ratio"], trial["off_share"]
    result = {"value": trial["latency_ns"]["p99"] * 1e-9, "steal": round(steal_share(cpu, cpu_times()), 4), "facts": side.facts,
              "latency_ns": trial["latency_ns"], "asked_pps": pps, "sent_pps": sent, "loss_ratio": lost, "off_share": off,
              "n_trials": n_trials}
    if off > OFF_CORE_SHARE:
        result["unmeasurable"] = f"in each of {n_trials} trials a packet thread was off its core, in the last one for {off:.1%} of it"
    elif sent < SENT_SHARE * pps or lost > LATENCY_LOSS:
        result["unmeasurable"] = f"the generator sends {sent * 1e-3:.0f} of {pps * 1e-3:.0f} kpps, {lost:.2%} of them are lost"
    return result

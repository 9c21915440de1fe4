# One emulated machine: starts QEMU, talks to the agent and to QEMU's monitor, judges its end.
# SPDX-License-Identifier: BSD-3-Clause
"""Guest(kernel, out, nics): a machine whose root is this host's, read-only, under memory.

out is an empty folder that host and guest share, uncached, as /out in the guest; sockets of wires and
logs lie there as well. Each NIC stands behind a PCIe root port of its own, so that it has an IOMMU
group of its own and can be unplugged: the n-th NIC of the first bus is PCI device 0000:0n:00.0.
"""

import collections
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import threading
import time

from kernel import Missing
from patience import Clock

HERE = pathlib.Path(__file__).resolve().parent.parent
BOOT_LIMIT_S = 240
QDISC = "pfifo"  # fq_codel, the default of Debian's kernels, drops what a slow guest lets wait: without a fault of anybody's
PANICS = re.compile(rb"Kernel panic - not syncing|^.*\bOops\b.*$|BUG: unable to handle|general protection fault"
                    rb"|kernel BUG at", re.MULTILINE)


class GuestError(Exception):
    """The guest did not do what a case needs; its text says what was asked and what came."""


class GuestLost(GuestError):
    """The guest is gone or hangs: no further case can run in it."""


class GuestPanic(GuestLost):
    """Its kernel said that it panics."""


def emulator():
    return os.environ.get("QEMU") or "qemu-system-x86_64"


@dataclasses.dataclass(frozen=True)
class Bus:
    """A PCI root bus beside the first one, close to a NUMA node; number: of the bus, the NICs on it have
    the next ones."""

    name: str
    number: int
    node: int

    def arguments(self):
        return ["-device", f"pxb-pcie,id={self.name},bus=pcie.0,bus_nr={self.number},numa_node={self.node}"]


class Nic:
    """name; device: QEMU's device with its properties. Its other end is a tap interface with queues in
    this namespace (tap), another NIC of the guest (wired_to), the other NICs of a number (hub), which get its
    frames while it sends them, or two datagram sockets in the shared folder, one raw frame each. bus: the Bus
    that its root port stands on, None: the first."""

    def __init__(self, name, device, tap=None, queues=1, wired_to=None, hub=None, bus=None):
        self.name, self.device, self.tap, self.queues, self.bus, self.hub = name, device, tap, queues, bus, hub
        self.remote = f"{wired_to}-q.sock" if wired_to else f"{name}-h.sock"
        self.number = self.bus_number = 0  # set by the guest
        self.mac = ""

    @property
    def address(self):
        return f"0000:{self.bus_number:02x}:00.0"

    def arguments(self, out):
        if self.tap:
            netdev = f"tap,id={self.name},ifname={self.tap},script=no,downscript=no,vhost=off"
            if self.queues > 1:
                netdev += f",queues={self.queues}"
        elif self.hub is not None:
            netdev = f"hubport,id={self.name},hubid={self.hub}"
        else:
            netdev = (f"dgram,id={self.name},local.type=unix,local.path={out}/{self.name}-q.sock,"
                      f"remote.type=unix,remote.path={out}/{self.remote}")
        port = f"rp{self.number}"
        bus = self.bus.name if self.bus else "pcie.0"
        return ["-netdev", netdev,
                "-device", f"pcie-root-port,id={port},bus={bus},chassis={self.number},slot={self.number}",
                "-device", self.plug(port)]

    def plug(self, port):
        return f"{self.device},netdev={self.name},id={self.name}-dev,mac={self.mac},bus={port}"


class Process:
    """A program in the guest. output: what it has printed so far."""

    def __init__(self, guest, argv, path):
        self.guest, self.argv, self.path = guest, argv, path
        self.pid = guest.ask("start", argv=argv, output=f"/out/{path.name}")["pid"]
        self.ended = guest.send("wait", pid=self.pid)

    @property
    def output(self):
        return self.path.read_text(errors="replace")

    @property
    def is_running(self):
        return self.ended.empty()

    def wait(self, limit_s=60):
        """Its exit code (-N: signal N)."""
        reply = self.guest.receive(self.ended, limit_s, f"end of {' '.join(self.argv)}")
        self.ended.put(reply)
        return reply["code"]

    def stop(self, signal=15, limit_s=60):
        if self.is_running:
            self.guest.ask("kill", pid=self.pid, signal=signal)
        return self.wait(limit_s)

    def until(self, text, limit_s=60):
        """Wait until it has printed text; GuestError when it ends before, or does not."""
        end = self.guest.clock.now() + limit_s
        while text not in self.output:
            if not self.is_running:
                raise GuestError(f"{' '.join(self.argv)}: ended with code {self.wait()}:\n{self.output}")
            if self.guest.clock.now() > end:
                raise GuestError(f"{' '.join(self.argv)}: no '{text}' within {limit_s} s:\n{self.output}")
            self.guest.check()
            time.sleep(0.05)


class Guest:
    def __init__(self, kernel, out, nics, smp=2, memory=1536, hugepages=192, nodes=1, extra=(), behind=(),
                 iommu=True, append="", qdisc=QDISC, limit_s=840, boot_limit_s=BOOT_LIMIT_S):
        """nodes: NUMA nodes, over which processors, memory (MiB) and hugepages are spread evenly; extra,
        behind: QEMU's further words, before and behind the NICs'; append: further words of the kernel's command
        line; qdisc: the queueing discipline of its interfaces, "": the kernel's own choice."""
        self.kernel, self.out, self.nics, self.iommu = kernel, pathlib.Path(out), nics, iommu
        self.smp, self.memory, self.hugepages, self.nodes = smp, memory, hugepages, nodes
        self.extra, self.behind, self.append = list(extra), list(behind), append
        self.append += qdisc and f" sysctl.net.core.default_qdisc={qdisc}"
        self.buses = list(dict.fromkeys(nic.bus for nic in nics if nic.bus))
        after = collections.Counter({bus: bus.number for bus in self.buses})
        for number, nic in enumerate(nics, 1):
            nic.number, nic.mac = number, f"52:54:00:00:00:{number:02x}"
            after[nic.bus] += 1
            nic.bus_number = after[nic.bus]
        self.by_name = {nic.name: nic for nic in nics}
        self.replies, self.ids = {}, itertools.count(1)
        self.files, self.leaving = itertools.count(1), set()
        self.qemu = self.agent = None
        self.clock = Clock()
        self.boot_s, self.limit_s, self.begin_s = 0.0, limit_s, self.clock.now()
        self.boot_limit_s = boot_limit_s

    # --- life ---

    def command(self):
        if not shutil.which(emulator()):
            raise Missing(f"no {emulator()}: install qemu-system-x86 (see ./quickstart)")
        # no_timer_check: a host that is busy for a moment is no broken timer, of which the kernel would panic.
        append = (f"console=ttyS0 quiet no_timer_check panic=-1 oops=panic intel_iommu=on iommu=pt hugepages={self.hugepages} "
                  f"modules={self.kernel.modules} guest={HERE}/guest/second {self.append}")
        command = [
            emulator(), "-accel", "tcg,thread=single", "-cpu", "max", "-M", "q35,kernel-irqchip=split",
            "-m", f"{self.memory}M", "-smp", str(self.smp), "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-serial", f"file:{self.out}/serial",
            "-qmp", f"unix:{self.out}/qmp.sock,server=on,wait=off",
            "-kernel", str(self.kernel.image), "-initrd", str(self.kernel.initrd), "-append", append,
            "-fsdev", "local,id=root,path=/,readonly=on,security_model=none,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=root,mount_tag=hostroot",
            "-fsdev", f"local,id=out,path={self.out},security_model=none",
            "-device", "virtio-9p-pci,fsdev=out,mount_tag=out",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self.out}/agent.sock,server=on,wait=off",
            "-device", "virtserialport,chardev=agent"]
        if self.iommu:
            command += ["-device", "intel-iommu,intremap=on,caching-mode=on,device-iotlb=on"]
        command += self.node_arguments() + self.extra
        for bus in self.buses:
            command += bus.arguments()
        for nic in self.nics:
            command += nic.arguments(self.out)
        return command + self.behind

    def node_arguments(self):
        arguments = []
        for node in range(self.nodes if self.nodes > 1 else 0):
            first, last = (self.smp * at // self.nodes for at in (node, node + 1))
            arguments += ["-object", f"memory-backend-ram,id=memory{node},size={self.memory // self.nodes}M",
                          "-numa", f"node,nodeid={node},memdev=memory{node},cpus={first}-{last - 1}"]
        return arguments

    def start(self):
        """Boot; returns when the agent answers. Missing without QEMU, GuestLost when it does not come up."""
        begin = self.begin_s = self.clock.now()
        with open(self.out / "qemu.log", "wb") as log:
            self.qemu = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                         stderr=subprocess.STDOUT)
        self.clock.watch(self.qemu.pid)
        self.agent = self.connect("agent.sock", begin)
        hello = self.replies[0] = queue.SimpleQueue()
        threading.Thread(target=self.read_replies, daemon=True).start()
        self.receive(hello, self.boot_limit_s, "the agent's first word")
        self.boot_s = self.clock.now() - begin

    def connect(self, name, begin):
        connection = socket.socket(socket.AF_UNIX)
        while connection.connect_ex(str(self.out / name)):
            try:
                self.check()
                if self.clock.now() - begin > 20:
                    raise GuestLost(f"QEMU does not open {name}")
            except GuestError:
                connection.close()
                raise
            time.sleep(0.02)
        return connection

    def read_replies(self):
        """A thread of its own; ends with QEMU."""
        with contextlib.suppress(OSError), self.agent.makefile("rb") as lines:
            for line in lines:
                reply = json.loads(line)
                self.replies.pop(reply["id"]).put(reply)

    def check(self):
        """GuestPanic or GuestLost unless it runs."""
        serial = self.out / "serial"
        said = PANICS.search(serial.read_bytes()) if serial.exists() else None
        if said:
            raise GuestPanic(f"the guest's kernel: {said.group().decode(errors='replace').strip()}")
        if self.qemu.poll() is not None:
            log = (self.out / "qemu.log").read_text(errors="replace").strip()
            raise GuestLost(f"QEMU ended with code {self.qemu.returncode}: {log[-500:]}")
        if self.clock.now() - self.begin_s > self.limit_s:
            raise GuestLost(f"the boot has taken more than its {self.limit_s} s")

    def halt(self):
        """Power off; how long the guest was up. Never raises."""
        if self.agent and self.qemu.poll() is None:
            try:
                self.send("halt")
                self.qemu.wait(10)
            except (OSError, GuestError, subprocess.TimeoutExpired):
                pass
        self.kill()

    def kill(self):
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
            self.qemu.wait()
        if self.agent:
            # Wakes the thread that reads, too.
            with contextlib.suppress(OSError):
                self.agent.shutdown(socket.SHUT_RDWR)
            self.agent.close()

    # --- what can be asked of it ---

    def send(self, verb, **words):
        number = next(self.ids)
        reply = self.replies[number] = queue.SimpleQueue()
        try:
            self.agent.sendall(json.dumps({"id": number, "do": verb, **words}).encode() + b"\n")
        except OSError as error:
            self.gone(f"{verb}: {error}")
        return reply

    def gone(self, what):
        """QEMU's end of a connection is closed: say what became of the guest."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.qemu.wait(2)
        self.check()
        raise GuestLost(what)

    def receive(self, reply, limit_s, what):
        end = self.clock.now() + limit_s
        while True:
            try:
                return reply.get(timeout=0.5)
            except queue.Empty:
                self.check()
                if self.clock.now() > end:
                    raise GuestLost(f"{what}: nothing within {limit_s} s") from None

    def ask(self, verb, limit_s=30, **words):
        reply = self.receive(self.send(verb, **words), limit_s, f"{verb} {words}")
        if "error" in reply:
            raise GuestError(f"{verb} {words.get('path', words.get('argv', ''))}: {reply['error']}")
        return reply

    def read(self, path):
        return self.ask("read", path=path)["text"]

    def write(self, path, text):
        self.ask("write", path=path, text=text)

    def names(self, path):
        """A folder's names; [] where there is none."""
        try:
            return self.ask("list", path=path)["names"]
        except GuestError:
            return []

    def link(self, path):
        """Where a path really leads; "" where there is none."""
        try:
            return self.ask("link", path=path)["target"]
        except GuestError:
            return ""

    def begin(self, *argv):
        return Process(self, list(map(str, argv)), self.out / f"{next(self.files):03}-{pathlib.Path(argv[0]).name}.txt")

    def run(self, *argv, limit_s=60):
        """(exit code, output) of a program that ends by itself."""
        process = self.begin(*argv)
        code = process.wait(limit_s)
        return code, process.output

    def do(self, *argv, limit_s=60):
        """The output of a program that must succeed."""
        code, output = self.run(*argv, limit_s=limit_s)
        if code:
            raise GuestError(f"{' '.join(map(str, argv))}: exit code {code}: {output.strip()[-2000:]}")
        return output

    def sh(self, script, limit_s=60):
        return self.do("/bin/sh", "-ec", script, limit_s=limit_s)

    def monitor(self, line):
        """One line to QEMU's monitor for people; what it says."""
        return self.qmp("human-monitor-command", **{"command-line": line}).strip()

    def set_link(self, nic, up):
        self.qmp("set_link", name=self.by_name[nic].name, up=up)

    def unplug(self, nic):
        """Ask the guest to let it go, as the button at the slot does."""
        self.qmp("device_del", id=f"{nic}-dev")
        self.leaving.add(nic)

    def is_leaving(self, nic):
        """It was asked to go, and nothing was plugged in there since."""
        return nic in self.leaving

    def is_plugged(self, nic):
        return any(device["name"] == f"{nic}-dev" for device in self.qmp("qom-list", path="/machine/peripheral"))

    def plug(self, nic):
        found = self.by_name[nic]
        said = self.monitor("device_add " + found.plug(f"rp{found.number}"))
        if said:
            raise GuestError(f"device_add {nic}: {said}")
        self.leaving.discard(nic)

    def until(self, what, true, limit_s=30):
        """Wait until true() is; GuestError naming what did not happen."""
        end = self.clock.now() + limit_s
        while not true():
            self.check()
            if self.clock.now() > end:
                raise GuestError(f"{what}: not within {limit_s} s")
            time.sleep(0.1)

    def converse(self, command, arguments):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(20)
            monitor.connect(str(self.out / "qmp.sock"))
            with monitor.makefile("rw") as lines:
                lines.readline()
                for word, given in (("qmp_capabilities", {}), (command, arguments)):
                    lines.write(json.dumps({"execute": word, "arguments": given}) + "\n")
                    lines.flush()
                    reply = json.loads(lines.readline())
                    while "event" in reply:
                        reply = json.loads(lines.readline())
        return reply

    def qmp(self, command, **arguments):
        """One command to QEMU's monitor."""
        try:
            reply = self.converse(command, arguments)
        except (OSError, ValueError) as error:
            self.gone(f"QEMU: {command}: {error}")
        if "error" in reply:
            raise GuestError(f"QEMU: {command}: {reply['error']['desc']}")
        return reply["return"]

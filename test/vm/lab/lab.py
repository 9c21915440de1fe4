# What suites do in a guest: bind NICs, run bypath between them, exchange frames, read reports.
# SPDX-License-Identifier: BSD-3-Clause
"""Lab: one booted guest, its NICs by name, the report. Port: one [port.NAME] section."""

import contextlib
import json
import os
import pathlib
import re

from guest import GuestError, GuestLost, Nic
from kernel import Missing
from wire import Frames, Wire, exchange, pass_all

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
BYPATH = os.path.abspath(os.environ.get("BYPATH") or
                         pathlib.Path(os.environ.get("BYPATH_BUILD_ROOT") or ROOT / "build") / "src/cli/bypath")
FRAMES_EACH_WAY = 300
SKIPPED = 77  # exit code of a test
EAL = {"memory": "192"}
LOSS = re.compile(r"(drop|err|miss|no_buf|fifo|timeout|restart|discard|hang)\w*:? *[1-9]|(requeues|backlog) [1-9]")
VIRTUAL = Nic("", "")  # an interface of the guest that the kernel made: its name is the port's


class Port:
    """One attachment to a NIC: keys are the section's further lines, those that are None left out; device, where it is
    not the NIC itself."""

    def __init__(self, nic, driver, **keys):
        self.nic, self.driver = nic, driver
        self.keys = {key: value for key, value in keys.items() if value is not None}


class Lab:
    def __init__(self, guest, report, options=None):
        self.guest, self.report, self.options = guest, report, options
        self.wires, self.runs, self.suite = {}, 0, ""

    @contextlib.contextmanager
    def case(self, name):
        """A case of the suite: what its body raises is its failure, unless the guest is gone."""
        with self.report.case(self.suite, name):
            try:
                yield
            except GuestLost:
                raise
            except Exception:
                self.guest.check()
                raise

    def functional(self, script, *words, limit_s, env=()):
        """The output of a functional test's script, run in the guest; Missing where it skips."""
        code, output = self.guest.run("env", f"BYPATH={BYPATH}", *env, "sh", str(ROOT / "test/functional" / script), *words,
                                      limit_s=limit_s)
        if code == SKIPPED:
            raise Missing(output.strip().splitlines()[-1])
        if code:
            raise GuestError(output[-3000:])
        return output

    def wire(self, name):
        if name not in self.wires:
            self.wires[name] = Wire(self.guest.out, self.guest.by_name[name], self.guest.clock)
        return self.wires[name]

    # --- binding ---

    def device(self, name):
        return f"/sys/bus/pci/devices/{self.guest.by_name[name].address}"

    def bound_to(self, name):
        return self.guest.link(self.device(name) + "/driver").rpartition("/")[2]

    def vfio(self, *names):
        """NICs to vfio-pci."""
        todo = [name for name in names if self.bound_to(name) != "vfio-pci"]
        if todo:
            self.bind(todo, "vfio-pci")

    def kernel(self, *names, up=True):
        """NICs to the kernel's own drivers, up; their interfaces' names."""
        todo = [name for name in names if not self.interface(name)]
        if todo:
            self.bind(todo, "kernel")
        interfaces = [self.interface(name) for name in names]
        for name, interface in zip(names, interfaces):
            if not interface:
                raise GuestError(f"{name}: no interface")
            self.guest.write(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6", "1")
        if up:
            self.guest.sh("".join(f"ip link set {interface} up\n" for interface in interfaces))
        return interfaces

    def bind(self, names, driver):
        self.guest.do(BYPATH, "bind", *(self.guest.by_name[name].address for name in names), driver, limit_s=90)

    def settled(self, name, quiet_s=0.8):
        """Until the NIC's carrier is there and has not changed for quiet_s."""
        folder = f"/sys/class/net/{self.interface(name)}"
        last, since = None, self.guest.clock.now()

        def is_quiet():
            nonlocal last, since
            now = (self.guest.read(f"{folder}/carrier_changes"), self.guest.read(f"{folder}/carrier").strip())
            if now != last:
                last, since = now, self.guest.clock.now()
            return now[1] == "1" and self.guest.clock.now() - since > quiet_s

        self.guest.until(f"{name}'s link settled", is_quiet, 20)

    def interface(self, name):
        """The NIC's interface, "" without one; a virtio NIC's stands a level deeper."""
        top = self.device(name)
        for below in [top] + [f"{top}/{sub}" for sub in self.guest.names(top) if sub.startswith("virtio")]:
            for found in self.guest.names(below + "/net"):
                return found
        return ""

    def pass_all(self, a, b, *words, **options):
        """wire.pass_all() between two NICs; what the guest's kernel says of its losses stands beside what did not come."""
        try:
            pass_all(self.wire(a), self.wire(b), *words, **options)
        except GuestError as error:
            said = self.guest.run("sh", "-c", "dmesg | tail -n 6")[1]
            raise GuestError("\n".join([str(error), *map(self.losses, (a, b)), said.strip()])) from None

    def losses(self, name):
        """What of a NIC's counters and its queueing disciplines' tells of losses, those that are 0 left out."""
        interface = self.interface(name)
        if not interface:
            return f"{name}: no interface"
        folder = f"/sys/class/net/{interface}/statistics"
        code, said = self.guest.run("sh", "-c", f"grep -rv '^0$' {folder}; ethtool -S {interface}; "
                                                f"tc -s qdisc show dev {interface}")
        found = [line.removeprefix(f"{folder}/").strip() for line in said.splitlines() if LOSS.search(line)]
        return f"{name}: {'; '.join(found) or f'no losses counted (exit code {code})'}"

    # --- bypath ---

    def device_of(self, port):
        nic = self.guest.by_name.get(port.nic)
        return port.nic if not nic else nic.address if port.driver == "dpdk" else self.interface(port.nic)

    def ini(self, ports, sections=None, chains=None):
        """A configuration of pairs: ports 0 and 1, 2 and 3, … forward to each other, but for those with a chain of their own."""
        text = "".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
                       for name, keys in (sections or {}).items())
        if any(port.driver == "dpdk" for port in ports) and "dpdk" not in (sections or {}):
            text += "[dpdk]\n" + "".join(f"{key} = {value}\n" for key, value in EAL.items())
        for port in ports:
            nic, keys = self.guest.by_name.get(port.nic, VIRTUAL), {"device": self.device_of(port), **port.keys}
            if port.driver == "af_xdp" and nic.device == "vmxnet3":
                # One queue for each processor, which its driver does not let anybody change.
                keys = {"queues": self.guest.smp, **keys}
            text += f"[port.{port.nic}]\ndriver = {port.driver}\n"
            text += "".join(f"{key} = {value}\n" for key, value in keys.items())
        text += "[forward]\n"
        for a, b in zip(ports[::2], ports[1::2]):
            for port, to in ((a, b), (b, a)):
                text += f"{port.nic} = {(chains or {}).get(port.nic, to.nic)}\n"
        self.runs += 1
        path = self.guest.out / f"run-{self.runs}.ini"
        path.write_text(text)
        return path

    def forward(self, *ports, sections=None, chains=None, limit_s=60, under=()):
        """bypath run between pairs of ports: see run()."""
        return self.run(self.ini(ports, sections, chains), limit_s, under)

    @contextlib.contextmanager
    def run(self, ini, limit_s=60, under=(), options=()):
        """bypath run; under: words before it; options: words behind. Without raising when it does not start: each
        case that uses the run fails with the reason."""
        run = Run(self, ini, under, options)
        run.start(limit_s)
        try:
            yield run
        finally:
            run.end()


class Run:
    """A running bypath. report: its JSON report, once ended."""

    def __init__(self, lab, ini, under, options):
        self.lab, self.ini, self.under, self.options = lab, ini, under, options
        self.in_guest = f"/out/{ini.name}"
        self.problem = ""
        self.process = self.report = None

    def start(self, limit_s):
        self.process = self.lab.guest.begin(*self.under, BYPATH, "run", self.in_guest,
                                             "--report", self.in_guest + ".json", *self.options)
        try:
            self.process.until("forwarding", limit_s)
        except GuestError as error:
            self.problem = str(error)

    def ready(self):
        if self.problem:
            raise GuestError(self.problem)
        if not self.process.is_running:
            raise GuestError(f"bypath has ended with code {self.process.wait()}:\n{self.process.output[-2000:]}")

    def exchange(self, a, b, frames=Frames(), n=FRAMES_EACH_WAY, **options):
        """All of n frames each way come through unchanged and in order, or GuestError says what did not."""
        self.ready()
        try:
            self.lab.pass_all(a, b, frames, n, **options)
        except GuestError as error:
            raise GuestError(f"{error}{self.last_words()}") from None

    def count(self, a, b, frames=Frames(), n=FRAMES_EACH_WAY, **options):
        self.ready()
        return exchange(self.lab.wire(a), self.lab.wire(b), frames, n, **options)

    def last_words(self):
        return "\n" + "\n".join(self.process.output.splitlines()[-8:])

    def end(self):
        """Stop it by SIGINT; what it reports stands in report. One that ended before has failed."""
        is_running = self.process.is_running
        code = self.process.stop(2)
        if not self.problem and (code or not is_running):
            self.problem = (f"bypath ended with code {code}{'' if is_running else ', by itself'}:\n"
                            f"{self.process.output[-2000:]}")
        report = pathlib.Path(f"{self.ini}.json")
        if report.exists() and report.stat().st_size:
            self.report = json.loads(report.read_text())

    def refused(self, *words):
        """It ended by itself with a failure, and a line of its output has all the words."""
        assert not self.process.is_running and self.process.wait() > 0, self.process.output[-2000:]
        assert any(all(word in line for word in words) for line in self.process.output.splitlines()), \
            self.process.output[-2000:]

    def explained(self):
        """The modes that `bypath explain` predicts, by port."""
        # What it says beside (that the devices are held by the run) is not the document.
        document = json.loads(self.lab.guest.sh(f"{BYPATH} explain --json {self.in_guest} 2>/tmp/explain.log || "
                                                "{ cat /tmp/explain.log; exit 1; }"))
        return {port["name"]: port["mode"] for port in document["ports"]}

    def adds_up(self):
        """After the end: exit code 0, every packet accounted for, every frame back."""
        report = self.finished()
        totals, arena = report["conservation"]["counted"], report["arena"]
        assert totals["unaccounted"] == 0 and totals["held"] == 0, totals
        assert arena["frames_free"] == arena["frames"], arena

    def port(self, name):
        return next(port for port in self.finished()["ports"] if port["name"] == name)

    def path(self, name):
        """The path from the port of that name."""
        return next(path for path in self.finished()["paths"] if path["in"] == name)

    def copies(self, name):
        """Of the path from the port of that name: packets that reached the device, user copies of them. What
        came before the out-port had its link is dropped at its border, uncopied."""
        path = self.path(name)
        dropped = sum(queue["counted"]["drops"].get("port_down", 0) for queue in self.port(path["out"])["tx_queues"])
        return path["counted"]["packets_out"] - dropped, path["counted"]["user_copies"]

    def finished(self):
        if self.problem or not self.report:
            raise GuestError(self.problem or "bypath wrote no report")
        return self.report

    def n_lines(self):
        return len(self.process.output.splitlines())

    def until_said(self, *words, since=0, limit_s=15):
        """Until a line of its output has all the words: one behind the first `since`."""
        def said():
            self.ready()
            return any(all(word in line for word in words) for line in self.process.output.splitlines()[since:])

        self.lab.guest.until(f"'{' … '.join(words)}' in bypath's output", said, limit_s)

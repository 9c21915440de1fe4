#!/usr/bin/python3
# The runner itself: what it does when QEMU is absent, a guest panics, hangs or ends, a case passes.
# SPDX-License-Identifier: BSD-3-Clause
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "lab"), str(HERE)]
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import boots  # noqa: E402
import guest as guests  # noqa: E402
import kernel  # noqa: E402
import wire  # noqa: E402
from patience import Clock, waited_s  # noqa: E402
from report import Expected, Report  # noqa: E402


def load_run():
    loader = importlib.machinery.SourceFileLoader("vm_run", str(HERE / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("vm_run", loader))
    loader.exec_module(module)
    return module


# Stands for QEMU: opens the agent's socket as QEMU does, then does what FAKE says.
FAKE_QEMU = """#!/usr/bin/python3
import os, pathlib, socket, sys, time
out = pathlib.Path(next(w for w in sys.argv if w.startswith("file:"))[5:]).parent
if os.environ["FAKE"] == "ends":
    sys.exit("qemu: no such machine")
server = socket.socket(socket.AF_UNIX)
server.bind(str(out / "agent.sock"))
server.listen()
agent, _ = server.accept()
if os.environ["FAKE"] == "panics":
    (out / "serial").write_text("[ 1.0] Kernel panic - not syncing: Attempted to kill init!\\n")
if os.environ["FAKE"].startswith("talks"):
    agent.sendall(b'{"id": 0, "uptime": 1.0}\\n')
if os.environ["FAKE"] == "talks, then panics":
    time.sleep(0.5)
    (out / "serial").write_text("BUG: unable to handle page fault\\n")
    sys.exit(0)
time.sleep(30)
"""


class FakeKernel:
    image, initrd, modules, version = "vmlinuz", "initrd.img", "/lib/modules/0", "0"


class GuestTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = pathlib.Path(self.folder.name)
        emulator = self.out / "qemu"
        emulator.write_text(FAKE_QEMU)
        emulator.chmod(0o755)
        self.environment = dict(os.environ)
        os.environ["QEMU"] = str(emulator)
        self.guest = None

    def tearDown(self):
        if self.guest:
            self.guest.kill()
        os.environ.clear()
        os.environ.update(self.environment)
        self.folder.cleanup()

    def boot(self, fake, **options):
        os.environ["FAKE"] = fake
        self.guest = guests.Guest(FakeKernel, self.out, [], **options)
        self.guest.start()

    def test_panic_is_recognised(self):
        with self.assertRaises(guests.GuestPanic):
            self.boot("panics")

    def test_emulator_that_ends_is_lost_with_its_words(self):
        with self.assertRaisesRegex(guests.GuestLost, "no such machine"):
            self.boot("ends")

    def test_boot_that_hangs_ends_at_its_limit(self):
        with self.assertRaisesRegex(guests.GuestLost, "more than its 1 s"):
            self.boot("hangs", limit_s=1)

    def test_question_without_answer_is_lost(self):
        self.boot("talks")
        with self.assertRaisesRegex(guests.GuestLost, "nothing within 1 s"):
            self.guest.ask("read", limit_s=1, path="/proc/uptime")

    def test_panic_between_two_questions_is_recognised(self):
        self.boot("talks, then panics")
        self.guest.qemu.wait(10)
        with self.assertRaises(guests.GuestPanic):
            self.guest.ask("read", path="/proc/uptime")

    def test_no_emulator_is_a_missing_part(self):
        os.environ["QEMU"] = "/nonexistent/qemu"
        with self.assertRaisesRegex(kernel.Missing, "no /nonexistent/qemu"):
            self.guest = guests.Guest(FakeKernel, self.out, [])
            self.guest.start()


def make_fake_kernel(folder):
    (folder / "k" / "lib" / "modules" / "0").mkdir(parents=True)
    return folder / "k"


def emulators(path):
    """Processes of this emulator, in whatever namespace."""
    return subprocess.run(["pgrep", "-f", str(path)], capture_output=True, check=False).stdout.split()


class RunTest(unittest.TestCase):
    def setUp(self):
        self.module = load_run()
        self.report = Report(Expected(pathlib.Path("/dev/null")))
        self.boot = boots.Boot("b", ("s",), list)
        self.said = io.StringIO()

    def run_with(self, *outcomes):
        """run_all() with boots that end so: an exception, or a case that passes."""
        left = list(outcomes)

        def run_boot(boot, given, report, options):
            del given, options
            outcome = left.pop(0)
            if outcome == "half, then panic":
                report.add("passed", boot.suites[0], "first", "")
                raise guests.GuestPanic("Oops")
            if outcome:
                raise outcome
            report.add("passed", boot.suites[0], "first", "")
            report.add("passed", boot.suites[0], "second", "")

        self.module.run_boot = run_boot
        self.module.check_before = lambda boot, options: None
        with contextlib.redirect_stdout(self.said):
            self.module.run_all([self.boot], {}, self.report)
            return self.report.finish(0)

    def test_panic_is_retried_once_and_said(self):
        self.assertEqual(self.run_with("half, then panic", None), 0)
        self.assertEqual(self.report.tally["s"]["passed"], 2)
        self.assertIn("booting once more", self.said.getvalue())

    def test_second_panic_is_a_failure(self):
        self.assertEqual(self.run_with("half, then panic", guests.GuestPanic("Oops")), 1)

    def test_lost_guest_is_not_retried(self):
        self.assertEqual(self.run_with(guests.GuestLost("hangs"), None), 1)

    def test_missing_part_is_a_skip_with_its_reason(self):
        self.assertEqual(self.run_with(kernel.Missing("no qemu")), 77)
        self.assertIn("SKIP: s/all: no qemu", self.said.getvalue())

    def test_no_emulator_ends_with_77(self):
        run = subprocess.run([sys.executable, HERE / "run", "pmd"], capture_output=True, text=True, check=False,
                             env={**os.environ, "QEMU": "/nonexistent/qemu", "BYPATH": "/bin/true"})
        self.assertEqual(run.returncode, 77, run.stderr)
        self.assertRegex(run.stdout, r"SKIP: no /nonexistent/qemu")

    @staticmethod
    @contextlib.contextmanager
    def hanging_runs():
        """A fake emulator that hangs, and a cache that needs no network: the emulator, what starts a run."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            emulator = folder / "qemu"
            emulator.write_text(FAKE_QEMU)
            emulator.chmod(0o755)
            given = {"kernels": {boots.LANE: [str(make_fake_kernel(folder)), ""]}}
            environment = {**os.environ, "QEMU": str(emulator), "FAKE": "hangs", "BYPATH": "/bin/true",
                           "BYPATH_BUILD_ROOT": name, "VM_RUN_GIVEN": json.dumps(given)}

            def start():
                return subprocess.Popen([sys.executable, HERE / "test_run.py", "--inner"], env=environment,
                                        stdout=subprocess.DEVNULL)

            yield emulator, start

    def test_interrupted_run_ends_and_leaves_nothing(self):
        with self.hanging_runs() as (emulator, start):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                with start() as run:
                    self.wait_for(lambda: emulators(emulator), 20)
                    run.send_signal(number)
                    run.wait(15)
                self.wait_for(lambda: not emulators(emulator), 10)

    def test_two_runs_at_once_do_not_meet(self):
        """The end of one takes nothing from the other, and each has its logs."""
        with self.hanging_runs() as (emulator, start), start() as one, start() as two:
            self.wait_for(lambda: len(emulators(emulator)) == 2, 20)
            one.terminate()
            one.wait(15)
            self.assertEqual(len(emulators(emulator)), 1)
            self.assertIsNone(two.poll())
            two.terminate()
            two.wait(15)
            self.wait_for(lambda: not emulators(emulator), 10)
            self.assertEqual(len(list((emulator.parent / "vm-logs").iterdir())), 2)

    def wait_for(self, true, limit_s):
        end = time.monotonic() + limit_s
        while not true():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_unknown_suite_is_bad_usage(self):
        run = subprocess.run([sys.executable, HERE / "run", "nosuch"], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 2)
        self.assertIn("nosuch", run.stderr)


class ReportTest(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("s/known-* | issue 1 | it is known | lost\ns/never | issue 1 | so | x\n")
            file.flush()
            self.report = Report(Expected(pathlib.Path(file.name)))

    def case(self, name, error=None):
        with contextlib.redirect_stdout(io.StringIO()), self.report.case("s", name):
            if error:
                raise error

    def test_expected_failure_that_passes_is_an_error(self):
        self.case("known-fault")
        self.assertEqual(self.report.failures, ["s/known-fault"])

    def test_expected_failure_that_fails_is_expected(self):
        self.case("known-fault", guests.GuestError("3 lost"))
        self.assertEqual((self.report.failures, list(self.report.reasons)), ([], ["s/known-fault"]))

    def test_expected_failure_that_fails_otherwise_is_an_error(self):
        for error in (guests.GuestError("it has crashed"), KeyError("lost")):
            self.report.failures.clear()
            self.case("known-fault", error)
            self.assertEqual(self.report.failures, ["s/known-fault"])

    def test_expectation_that_no_case_meets_is_an_error(self):
        self.case("known-fault", guests.GuestError("3 lost"))
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(self.report.finish(0), 1)
        self.assertRegex(self.report.failures[-1], "s/never: .* names no case")

    def test_mistake_in_a_suite_is_a_failure_that_says_where(self):
        self.case("other", KeyError("name"))
        self.assertEqual(self.report.failures, ["s/other"])

    def test_lost_guest_fails_the_case_and_ends_the_boot(self):
        with self.assertRaises(guests.GuestLost):
            self.case("known-fault", guests.GuestLost("hangs"))
        self.assertEqual(self.report.failures, ["s/known-fault"])


class ClockTest(unittest.TestCase):
    """Limits do not count what a busy host takes."""

    def test_waiting_for_a_processor_does_not_count(self):
        clock, begin = Clock(), time.monotonic()
        command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), sys.executable, "-c", "while True: pass"]
        spinning = [subprocess.Popen(command) for _ in range(2)]
        try:
            while waited_s(spinning[0].pid) < 0.3:
                self.assertLess(time.monotonic() - begin, 60)
                time.sleep(0.05)
            clock.watch(spinning[0].pid)
            self.assertLess(clock.now(), time.monotonic() - 0.3)
        finally:
            for process in spinning:
                process.kill()
                process.wait()

    def test_it_never_goes_back_and_somebody_gone_waits_no_more(self):
        clock = Clock()
        clock.watch(1 << 30)
        times = [clock.now() for _ in range(1000)]
        self.assertEqual(times, sorted(times))
        self.assertEqual(waited_s(1 << 30), 0)


class WireTest(unittest.TestCase):
    """exchange() against a forwarder in this process that can lose, spoil, swap and repeat frames."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        out = self.folder.name
        self.wires = [wire.Wire(out, guests.Nic(name, "e1000e"), Clock()) for name in ("a", "b")]
        self.ends = []
        for name in ("a", "b"):
            end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            end.bind(f"{out}/{name}-q.sock")
            end.settimeout(0.05)
            self.ends.append(end)
        self.stop = threading.Event()
        self.n = 0
        self.threads = []

    def tearDown(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        for opened in self.wires + self.ends:
            opened.close()
        self.folder.cleanup()

    def forward(self, change):
        """change(number, frame) → the frames to pass on."""
        out = self.folder.name

        def work():
            while not self.stop.is_set():
                with contextlib.suppress(TimeoutError):
                    data = self.ends[0].recv(65536)
                    for frame in change(self.n, data):
                        self.pass_on(frame, f"{out}/b-h.sock")
                    self.n += wire.read_marks(data, self.salt_of(data))[0] != wire.PROBE_WAY

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def pass_on(self, frame, to):
        """Until whoever reads there has room."""
        while not self.stop.is_set():
            with contextlib.suppress(TimeoutError):
                self.ends[1].sendto(frame, to)
                return

    @staticmethod
    def salt_of(data):
        at = data.find(wire.MAGIC)
        return int.from_bytes(data[at + 6:at + 8], "big")

    def exchange(self, change):
        self.forward(change)
        return wire.exchange(*self.wires, wire.Frames(), 200, ways=1, stall_s=2)[0]

    def test_all_frames(self):
        count = self.exchange(lambda n, data: [data])
        self.assertEqual((count.problem, count["received"]), ("", 200))

    def test_lost_frame(self):
        count = self.exchange(lambda n, data: [] if n == 50 else [data])
        self.assertIn("1 lost", count.problem)

    def test_spoilt_byte(self):
        count = self.exchange(lambda n, data: [data[:-1] + bytes([data[-1] ^ 1])] if n == 19 else [data])
        self.assertIn("1 bad", count.problem)

    def test_longer_frame(self):
        count = self.exchange(lambda n, data: [data + b"\0"] if n == 20 else [data])
        self.assertIn("1 bad", count.problem)

    def test_repeated_frame(self):
        count = self.exchange(lambda n, data: [data, data] if n == 7 else [data])
        self.assertIn("1 dup", count.problem)

    def test_frames_out_of_order(self):
        held = []

        def swap(n, data):
            if n == 30:
                held.append(data)
                return []
            return [data] + [held.pop()] if held else [data]

        self.assertIn("1 reordered", self.exchange(swap).problem)

    def test_nothing_passes_is_said(self):
        self.forward(lambda n, data: [])
        with self.assertRaisesRegex(guests.GuestError, "no frame passes"):
            wire.exchange(*self.wires, wire.Frames(), 10, ways=1, probe_s=0.5)


def inner():
    """The runner with kernels given, so that nothing is fetched."""
    module = load_run()
    module.find_kernels = lambda lanes: json.loads(os.environ["VM_RUN_GIVEN"])["kernels"]
    sys.argv = [str(HERE / "run"), "pmd"]
    return module.main()


if __name__ == "__main__":
    if sys.argv[1:] == ["--inner"]:
        sys.exit(inner())
    unittest.main()

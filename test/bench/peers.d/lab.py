# The private lab: namespaces, veth pairs between them, processes inside, counters of interfaces.
# SPDX-License-Identifier: BSD-3-Clause
"""
  gen: generator [e0]═══[w0] mid: forwarder [w1]═══[e1] the same gen

Further pairs are e2═w2, e3═w3 … The forwarder's ends take XDP frames (GRO on, which veth asks for);
the generator's ends are plain interfaces, at which nobody listens: what arrives there is counted and
dropped by the kernel. Both sides of a row get the same wires, made anew for each measurement.
"""

import os
import signal
import subprocess
import time

FOLDER = "/run/peers"


class SideError(Exception):
    """A side died, or does not do what it must; the text is for people."""


class Interrupted(Exception):
    """SIGINT or SIGTERM came."""


def run(*command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise SideError(f"{' '.join(command)}: code {done.returncode}: {done.stdout.strip()}")
    return done.stdout


class Process:
    """A program in a namespace, its output in a file. `ip netns exec` becomes the program itself."""

    def __init__(self, name, netns, *command):
        self.name, self.command = name, command
        self.log_path = f"{FOLDER}/{name}.log"
        self.begin = time.monotonic()
        with open(self.log_path, "w", encoding="utf-8") as log:
            # A session of its own: Ctrl-C is for this program, which ends the others in order.
            self.popen = subprocess.Popen(["ip", "netns", "exec", netns, *command], stdout=log,
                                          stderr=log, stdin=subprocess.DEVNULL,
                                          start_new_session=True)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def last_lines(self, n=8):
        lines = [line for line in self.log().splitlines() if line.strip()]
        return "\n".join(lines[-n:]) or "(it said nothing)"

    def is_alive(self):
        return self.popen.poll() is None

    def delay_ns(self, thread):
        """How long its threads of that name, or one that begins so, were ready and had no core."""
        total, tasks = 0, f"/proc/{self.popen.pid}/task"
        for tid in os.listdir(tasks):
            with open(f"{tasks}/{tid}/comm", encoding="ascii") as file:
                if not file.read().startswith(thread):
                    continue
            with open(f"{tasks}/{tid}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[1])
        return total

    def fail(self, what):
        raise SideError(f"{self.name}: {what}; its last lines:\n{self.last_lines()}")

    def wait_said(self, word, seconds):
        end = time.monotonic() + seconds
        while word not in self.log():
            if not self.is_alive() and word not in self.log():
                self.fail(f"ended with code {self.popen.returncode} before '{word}'")
            if time.monotonic() > end:
                self.fail(f"no '{word}' after {seconds} s")
            time.sleep(0.005)

    def wait_end(self, seconds):
        """Its end by itself; the exit code must be 0."""
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self.fail(f"still there after {seconds:.0f} s")
        if self.popen.returncode:
            self.fail(f"ended with code {self.popen.returncode}")

    def stop(self, seconds=5):
        """Ask it to end; whether it did."""
        if self.is_alive():
            self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.kill()
            return False

    def kill(self):
        if self.is_alive():
            self.popen.kill()
        self.popen.wait()


class Lab:
    def __init__(self):
        self.ends = []
        self.holders = {}
        for netns in ("gen", "mid"):
            self.add_netns(netns)

    def add_netns(self, netns):
        run("ip", "netns", "add", netns)
        run("ip", "-n", netns, "link", "set", "lo", "up")
        run("ip", "netns", "exec", netns, "sysctl", "-qw",
            "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1",
            check=False)
        # Shows the namespace's counters below /proc without a process for each look.
        self.holders[netns] = Process("holder-" + netns, netns, "sleep", "infinity")

    def clear(self):
        """No wire is left; what forwarded on them has ended before."""
        for netns, device in self.ends:
            run("ip", "-n", netns, "link", "del", device, check=False)
        self.ends = []

    def wires(self, n=2, queues=1, far_gro="off", near_gro="on"):
        """Pairs made anew."""
        self.clear()
        for i in range(n):
            netns = "gen"
            run("ip", "-n", netns, "link", "add", f"e{i}", "address", f"02:00:00:00:{i + 1:02x}:00",
                "numtxqueues", str(queues), "numrxqueues", str(queues), "type", "veth",
                "peer", "name", f"w{i}", "netns", "mid", "address", f"02:00:00:00:{i + 1:02x}:09",
                "numtxqueues", str(queues), "numrxqueues", str(queues))
            self.ends.append((netns, f"e{i}"))
            run("ip", "-n", netns, "link", "set", f"e{i}", "up")
            run("ip", "-n", "mid", "link", "set", f"w{i}", "up")
            run("ip", "netns", "exec", netns, "ethtool", "-K", f"e{i}", "tx", "off", "tso", "off",
                "gso", "off", "sg", "off", "gro", far_gro, check=False)
            run("ip", "netns", "exec", "mid", "ethtool", "-K", f"w{i}", "gro", near_gro)

    def hosts(self, near, far, offloads="on"):
        """Two pairs between hosts with addresses: gen's e0, and e1 in a namespace of its own, 'far'."""
        self.wires()
        if "far" not in self.holders:
            self.add_netns("far")
        run("ip", "-n", "gen", "link", "set", "e1", "netns", "far")
        self.ends = [("gen", "e0"), ("far", "e1")]
        for netns, device, address in (("gen", "e0", near), ("far", "e1", far)):
            run("ip", "-n", netns, "link", "set", device, "up")
            run("ip", "-n", netns, "addr", "add", address, "dev", device)
            run("ip", "netns", "exec", netns, "ethtool", "-K", device, "tx", offloads, "sg", offloads, "tso", offloads,
                "gso", offloads, "gro", offloads, check=False)
            run("ip", "netns", "exec", "mid", "ethtool", "-K", device.replace("e", "w"), "tx", offloads, "tso", offloads,
                "gso", offloads, check=False)

    def rx_of_all(self, netns):
        """Packets received, by interface."""
        with open(f"/proc/{self.holders[netns].popen.pid}/net/dev", encoding="ascii") as file:
            lines = (line.partition(":") for line in file if ":" in line)
            return {name.strip(): int(rest.split()[1]) for name, _, rest in lines}

    def rx_packets(self, netns, device):
        found = self.rx_of_all(netns)
        if device not in found:
            raise SideError(f"no interface {device} in {netns}")
        return found[device]

    def look(self):
        """(time, offered to the forwarder, forwarded to the far end), packets since the beginning."""
        offered = self.rx_packets("mid", "w0")
        forwarded = self.rx_packets("gen", "e1")
        return time.perf_counter(), offered, forwarded

    def close(self):
        self.clear()
        for holder in self.holders.values():
            holder.kill()
        for netns in self.holders:
            run("ip", "netns", "del", netns, check=False)


def steal_share(before, after):
    """Share of the machine's time that its host took away between two looks at /proc/stat."""
    total = sum(after) - sum(before)
    return (after[7] - before[7]) / total if total > 0 else 0.0


def cpu_times():
    with open("/proc/stat", encoding="ascii") as file:
        return [int(word) for word in file.readline().split()[1:9]]


def prepare_folder():
    os.makedirs("/run/netns", exist_ok=True)
    os.makedirs(FOLDER, exist_ok=True)

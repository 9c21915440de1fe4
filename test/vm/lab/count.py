# Instructions per packet: runs a row in a guest whose clock counts instructions, and reads what it cost.
# SPDX-License-Identifier: BSD-3-Clause
"""Row: what is measured. Counter(lab): measures rows in a guest that was started with ICOUNT.

Such a guest's time stamp counter goes on by one with each instruction that the machine executes, user code
and kernel alike, and does not stand still for the host: so the nanoseconds of bypath's report are instructions.
The count is the machine's. Hence one processor, one process, and no sender beside it: frames of a capture,
played once links are up, circulate between the two ends of a wire for the rest of the run.
"""

import contextlib
import dataclasses
import json
import pathlib
import re
import struct

from guest import GuestError
from kernel import Missing
from lab import BYPATH

# QEMU's words, and the kernel's: one instruction is one nanosecond, and an idle processor skips to its next timer.
ICOUNT = ("-icount", "shift=0,sleep=off")
CLOCK = "tsc=reliable clocksource=tsc"
TOOLS = pathlib.Path(BYPATH).parent.parent.parent / "test" / "vm" / "tools"
GUEST = pathlib.Path(__file__).resolve().parent.parent / "guest"
TESTPMD = "/usr/bin/dpdk-testpmd"
# Frames in flight: four bursts, so that each burst is a full one wherever the wire holds two.
N_SEEDS = 256
BURST = 64
PLAYED = 1200000  # bytes of frames of a capture that is read again and again
SEED = "/run/seed.pcap"  # in memory; what lies in /out would be waited for
LINKS_UP_S = 1.5  # the guest's seconds, which it spends asleep
PEER_GONE_S = 6.0  # the same beside guest/peer
MEASURED_S = 0.3
WITNESSED_S = 0.1  # where only softirqs are looked at
LIMIT_S = 900  # of a run, on a busy host
# Start-up is most of what a row takes: no more memory than it needs.
MEMORY = {"memory": {"frames": "4096"}, "dpdk": {"memory": "96"}}


@dataclasses.dataclass(frozen=True)
class Row:
    """path: the driver and its mode; a, b: sections of ports without their heads, {NAME} in them is the device of
    that NIC. Frames go from port a to port b, and come back to a by the wire. a alone is a source that makes
    packets by itself, and b takes them away. kind: what measures it. need: NICs, by what drives them. peer_socket:
    where a waits for a vhost side before b can be it."""

    path: str
    device: str
    size: int
    a: str = ""
    b: str = ""
    kind: str = "loop"
    need: tuple = ()
    peer_socket: str = ""
    is_vfio: bool = False
    is_gate: bool = False

    @property
    def played_at_s(self):
        """When frames come: once links are up. Else they are made from the start."""
        return 0.0 if self.kind != "loop" else PEER_GONE_S if self.peer_socket else LINKS_UP_S

    @property
    def is_eal(self):
        return self.path in ("dpdk", "testpmd")

    @property
    def name(self):
        return f"{self.path}-{self.device}-{self.size}" if self.device else f"{self.path}-{self.size}"


@dataclasses.dataclass
class Figure:
    """Instructions per packet. user: outside of system calls; calls: within; both without rounds that found nothing to do.
    softirq_in, softirq_beside: the network's softirqs, within calls (a part of calls) and beside them. None: not
    known."""

    user: float
    calls: float
    burst: float
    n_pkts: int
    softirq_in: float = None
    softirq_beside: float = None

    @property
    def whole(self):
        return self.user + self.calls + (self.softirq_beside or 0)


def capture(path, size, n, at_s=0.0):
    """A capture of n frames that are due at_s after its first record, which is cut, so that it is passed over."""
    # Local experiments' EtherType: no stack looks into these, GRO leaves them alone.
    frame = bytes.fromhex("020000000201" "020000000101" "88b5") + bytes(size - 14)
    whole = struct.pack("<IIII", int(at_s), round(at_s % 1 * 1e6), size, size) + frame
    cut = struct.pack("<IIII", 0, 0, 14, size) + frame[:14]
    path.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + cut + whole * n)


def section(name, lines):
    return f"[{name}]\n" + "".join(line.strip() + "\n" for line in lines.split(";"))


def figure_of(report):
    """What the rounds cost that found something to do, per packet that came to b; None when none did. Both paths':
    the seed's rounds find frames that b's TX holds, and send them."""
    # Where packets go to several ports, the rows of paths are parts: their sum is the whole.
    rows = [(path["in"], path["counted"]) for path in report["paths"] if path.get("part", "whole") == "whole"]
    rows += [(fan["in"], fan["whole"]["counted"]) for fan in report.get("fan_outs", ())]
    paths = [counted for _, counted in rows]
    path = next(counted for name, counted in rows if name == "a")
    n_pkts = path["packets_out"]
    if not n_pkts:
        return None

    def all_of(key):
        return sum((path[key] or 0) * path["packets_out"] for path in paths)

    calls = all_of("ns_per_packet_calls")
    return Figure((all_of("ns_per_packet") - calls) / n_pkts, calls / n_pkts, path["mean_burst"], n_pkts)


class Counter:
    def __init__(self, lab):
        self.lab, self.guest, self.witness = lab, lab.guest, None
        self.carrying = ""  # sections of ports that lie between vb and wa

    # --- the machine ---

    def device_of(self, row):
        """What {NAME} stands for in the row's sections."""
        find = (lambda nic: self.guest.by_name[nic].address) if row.is_vfio else self.lab.interface
        return {nic: find(nic) for nic in row.need}

    def make_wires(self):
        """veth pairs va-vb and wa-wb, a bridge between two taps, one for vb and wa."""
        self.guest.sh("""
            sysctl -qw net.ipv6.conf.default.disable_ipv6=1
            modprobe tun
            ip link add va type veth peer name vb
            ip link add wa type veth peer name wb
            ip link add taps type bridge
            ip link add bridge type bridge
            for tap in ta tb; do
                ip tuntap add $tap mode tap vnet_hdr
                ip link set $tap master taps
            done
            for link in va vb wa wb ta tb taps bridge; do
                ip link set $link arp off
                ip link set $link up
            done""")

    def keep_pmds(self):
        """Into the guest's memory: each EAL loads all of them, which takes twice as long from the host's files."""
        self.guest.sh("""
            for pmds in /usr/lib/*/dpdk/pmds-*/; do
                [ -d "$pmds" ] || continue
                kept=/run/$(basename "$pmds")
                cp -a "$pmds" "$kept"
                mount --bind "$kept" "$pmds"
            done""", limit_s=LIMIT_S)

    def begin_witness(self):
        """Softirqs are counted from now on, at a price that their callers pay."""
        tool = TOOLS / "softirq"
        if not tool.exists():
            raise Missing(f"no {tool}: this build has no clang, bpftool or libbpf")
        self.witness = self.guest.begin(tool)
        self.witness.until("ready", 90)

    def end_witness(self):
        if self.witness:
            self.witness.stop(15)
            self.witness = None

    def softirqs(self):
        """What the witness has counted so far."""
        n_lines = len(self.witness.output.splitlines())
        self.guest.ask("kill", pid=self.witness.pid, signal=10)
        self.guest.until("the witness's answer", lambda: self.witness.output.count("\n") > n_lines, 20)
        return json.loads(self.witness.output.splitlines()[-1])

    # --- bypath ---

    def ini(self, row):
        """The row as a configuration; what it plays lies in the guest's memory."""
        text = "[engine]\ncores = 0\n"
        for name, values in MEMORY.items():
            if name != "dpdk" or row.a.startswith("driver = dpdk"):
                text += section(name, ";".join(f"{key} = {value}" for key, value in values.items()))
        if row.kind == "loop":
            self.play(row, N_SEEDS, row.played_at_s)
            text += section("port.seed", f"driver = pcap; device = {SEED}")
        elif SEED in row.a:
            self.play(row, PLAYED // row.size)
        devices = self.device_of(row)
        text += section("port.a", row.a.format(**devices)) + section("port.b", row.b.format(**devices))
        text += self.carrying
        text += "[forward]\n" + ("seed = b\n" if row.kind == "loop" else "") + "a = b\n"
        text += "carried = beyond\n" if self.carrying else ""
        self.lab.runs += 1
        path = self.guest.out / f"run-{self.lab.runs}.ini"
        path.write_text(text)
        return path

    def play(self, row, n, at_s=0.0):
        capture(self.guest.out / "seed.pcap", row.size, n, at_s)
        self.guest.do("/bin/cp", "/out/seed.pcap", SEED)

    def run_bypath(self, row, under=(), seconds=MEASURED_S):
        """The report of a run that measures for so long."""
        ini = self.ini(row)
        if row.peer_socket:
            under = (*under, GUEST / "peer", row.peer_socket)
        self.guest.do(*under, BYPATH, "run", f"/out/{ini.name}", "--duration", row.played_at_s + seconds, "--quiet",
                      "--report", f"/out/{ini.name}.json", limit_s=LIMIT_S)
        report = json.loads(pathlib.Path(f"{ini}.json").read_text(encoding="utf-8"))
        totals = report["conservation"]["counted"]
        if totals["unaccounted"]:
            raise GuestError(f"{row.name}: {totals}")
        return report

    def figure_of_bypath(self, row, under=()):
        figure = figure_of(self.run_bypath(row, under))
        if not figure:
            raise GuestError(f"{row.name}: no packet came round")
        # With fewer packets at once a packet costs more: that would be another row.
        if figure.burst < 0.9 * BURST and row.is_gate:
            raise GuestError(f"{row.name}: bursts of {figure.burst:.1f} packets, not {BURST}")
        return figure

    # --- others ---

    def figure_of_testpmd(self, row):
        devices = self.device_of(row)
        words = [word.format(**devices) for word in row.a.split()]
        # Both threads on the one processor: the first waits for its standard input.
        output = self.guest.do(GUEST / "testpmd", str(MEASURED_S), TESTPMD,
                               "--lcores", "0@0,1@0", "-n", "1", "--in-memory", "-m", MEMORY["dpdk"]["memory"], *words, "--", "-i",
                               "--forward-mode=io", f"--burst={BURST}", "--total-num-mbufs=4096",
                               f"--txpkts={row.size}", "--record-core-cycles", "--record-burst-stats", limit_s=LIMIT_S)
        found = re.search(r"CPU cycles/packet=([0-9.]+) \(total cycles=\d+ / total (?:RX|io) packets=(\d+)\)", output)
        if not found:
            raise GuestError(f"{row.name}: dpdk-testpmd does not say what a packet took: {output[-2000:]}")
        return Figure(float(found[1]), 0.0, BURST, int(found[2]))

    @contextlib.contextmanager
    def bridged(self):
        """A bridge between vb and wa."""
        self.guest.sh("ip link set vb master bridge; ip link set wa master bridge")
        try:
            yield
        finally:
            self.guest.sh("ip link set vb nomaster; ip link set wa nomaster")

    @contextlib.contextmanager
    def carried(self, mode):
        """Driver kernel from vb to wa, in the sender's process. Its frames a veth takes where its peer has GRO on."""
        self.carrying = "".join(section(f"port.{name}", f"driver = kernel; device = {device}; mode = {mode}")
                                for name, device in (("carried", "vb"), ("beyond", "wa")))
        self.guest.do("ethtool", "-K", "wb", "gro", "on")
        try:
            yield
        finally:
            self.carrying = ""
            self.guest.do("ethtool", "-K", "wb", "gro", "off")

    def between(self, row):
        return self.bridged() if row.path == "bridge" else self.carried(row.path.partition("-")[2])

    def figure_between(self, row):
        """What lies between vb and wa adds to a sender's calls, in the place of the drop at an interface where nobody
        listens."""
        alone = self.figure_of_bypath(row)
        with self.between(row):
            whole = self.figure_of_bypath(row)
        return Figure(0.0, whole.calls - alone.calls, whole.burst, whole.n_pkts)

    # --- rows ---

    def measure(self, row):
        kinds = {"testpmd": self.figure_of_testpmd, "between": self.figure_between}
        return kinds.get(row.kind, self.figure_of_bypath)(row)

    def add_softirqs(self, row, figure):
        """Runs the row once more beside the witness."""
        inside, beside = self.witnessed(row)
        if row.kind == "between":
            with self.between(row):
                whole = self.witnessed(row)
            inside, beside = whole[0] - inside, whole[1] - beside
        figure.softirq_in, figure.softirq_beside = inside, beside

    def witnessed(self, row):
        """Softirqs' instructions per packet: (within calls, beside them)."""
        before = self.softirqs()
        n_pkts = figure_of(self.run_bypath(row, seconds=WITNESSED_S)).n_pkts
        after = self.softirqs()
        return tuple((after[key] - before[key]) / n_pkts for key in ("in_calls_ns", "beside_ns"))

# Two NUMA nodes: where arena, rings, mbufs and workers are, seen by the kernel; what is far is said.
# SPDX-License-Identifier: BSD-3-Clause
"""v0, v1, e0, e1 stand on node 1, n0, n1 on node 0; processors 0 to 2 are on node 0, 3 to 5 on node 1."""
import contextlib
import json
import re

from guest import GuestError
from lab import BYPATH, Port
from wire import Frames

HUGE = 2 << 20
HUGEPAGES = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
# Memory comes from node 0 unless bypath says otherwise: set_mempolicy(MPOL_PREFERRED, node 0).
ELSEWHERE = ("/usr/bin/python3", "-IS", "-c", "import ctypes, os, sys; "
             "mask = ctypes.c_ulong(1); ctypes.CDLL(None).syscall(238, 1, ctypes.byref(mask), 64); "
             "os.execv(sys.argv[1], sys.argv[1:])")
FAR = ("is on NUMA node 1, but worker 0, which polls it, is on core 0 of node 0: its packets cross between the nodes: "
       "choose [engine] cores = among those of node 1: 3-5")


def run(lab):
    kernel_nodes(lab)
    lab.kernel("v0", "v1", "n0", "n1")
    kernel_backend(lab, "af_xdp", "copy")
    kernel_backend(lab, "af_packet", "mmap")
    worker_moves(lab)
    mismatch(lab)
    ports_apart(lab)
    generator(lab)
    lab.vfio("e0", "e1")
    pmd(lab, "dpdk", {})
    pmd(lab, "dpdk-memory", {"memory": "96"})
    control_testpmd(lab)
    with without_hugepages(lab):
        arena_elsewhere(lab)
        pmd_refused(lab)


# --- what the kernel says -------------------------------------------------------------------------

def kernel_nodes(lab):
    """The control: what the kernel itself knows."""
    with lab.case("control-kernel"):
        nodes = {nic: lab.guest.read(lab.device(nic) + "/numa_node").strip() for nic in lab.guest.by_name}
        assert nodes == {"v0": "1", "v1": "1", "e0": "1", "e1": "1", "n0": "0", "n1": "0"}, nodes
        cpus = [lab.guest.read(f"/sys/devices/system/node/node{node}/cpulist").strip() for node in (0, 1)]
        assert cpus == ["0-2", "3-5"], cpus


def bytes_on(lab, process, pattern):
    """[bytes on node 0, on node 1] of a process's mappings whose file matches."""
    found = [0, 0]
    for line in lab.guest.read(f"/proc/{process.pid}/numa_maps").splitlines():
        name = re.search(r" file=(\S+)", line)
        if not name or not re.search(pattern, name.group(1)):
            continue
        kib = int(re.search(r"kernelpagesize_kB=(\d+)", line).group(1))
        for node, pages in re.findall(r" N(\d+)=(\d+)", line):
            found[int(node)] += int(pages) * kib * 1024
    return found


def worker_cpus(lab, process):
    """Where the workers' threads may run, by their names."""
    tasks = f"/proc/{process.pid}/task"
    found = {}
    for task in lab.guest.names(tasks):
        name = lab.guest.read(f"{tasks}/{task}/comm").strip()
        if name.startswith("bypath-w"):
            status = lab.guest.read(f"{tasks}/{task}/status")
            found[name] = re.search(r"Cpus_allowed_list:\s*(\S+)", status).group(1)
    return found


def nodes_of(report):
    return ([port.get("numa_node") for port in report["ports"]], [worker.get("numa_node") for worker in report["workers"]])


def own_frames(lab, a, b):
    return {"frames": Frames(dst=lab.guest.by_name[a].mac), "back": Frames(dst=lab.guest.by_name[b].mac)}


# --- cases ----------------------------------------------------------------------------------------

def kernel_backend(lab, driver, mode):
    """Arena, rings and worker are on the ports' node, though the process's memory comes from the other."""
    with lab.forward(Port("v0", driver, mode=mode), Port("v1", driver, mode=mode), under=ELSEWHERE) as run:
        with lab.case(f"{driver}-forwards"):
            run.exchange("v0", "v1", per_flow=True, **own_frames(lab, "v0", "v1"))
        with lab.case(f"{driver}-control-heap"):
            run.ready()
            heap = bytes_on(lab, run.process, "bypath$")
            assert heap[0] > 0, "the process's own memory is not on node 0: the cases prove nothing"
        with lab.case(f"{driver}-arena"):
            run.ready()
            arena = bytes_on(lab, run.process, "^/anon_hugepage")
            assert arena[0] == 0 and arena[1] >= 32 << 20, arena
        with lab.case(f"{driver}-rings"):
            run.ready()
            rings = bytes_on(lab, run.process, "^socket:")
            assert rings[0] == 0 and rings[1] > 0, rings
        with lab.case(f"{driver}-worker"):
            run.ready()
            assert worker_cpus(lab, run.process) == {"bypath-w0": "5"}, worker_cpus(lab, run.process)
        with lab.case(f"{driver}-nothing-said"):
            run.ready()
            assert "NUMA" not in run.process.output, run.process.output
    with lab.case(f"{driver}-report"):
        assert nodes_of(run.finished()) == ([1, 1], [1]), nodes_of(run.report)
        assert re.search(r"lost +node\n.* 1\n.* 1\n", run.process.output), run.process.output
    with lab.case(f"{driver}-adds-up"):
        run.adds_up()


def worker_moves(lab):
    """The last core is on node 1: for ports on node 0 it is not the one to take."""
    with lab.forward(Port("n0", "af_packet", mode="socket"), Port("n1", "af_packet", mode="socket")) as run:
        with lab.case("near-worker"):
            run.ready()
            assert worker_cpus(lab, run.process) == {"bypath-w0": "2"}, worker_cpus(lab, run.process)
            assert "NUMA" not in run.process.output, run.process.output
    with lab.case("near-report"):
        assert nodes_of(run.finished()) == ([0, 0], [0]), nodes_of(run.report)


def mismatch(lab):
    """Core and NIC differ: log and report say so, and the arena has a slice on each."""
    with lab.forward(Port("v0", "af_xdp", mode="copy"), Port("v1", "af_xdp", mode="copy"), sections={"engine": {"cores": "0"}}) as run:
        with lab.case("mismatch-forwards"):
            run.exchange("v0", "v1", per_flow=True, **own_frames(lab, "v0", "v1"))
        with lab.case("mismatch-log"):
            for nic in ("v0", "v1"):
                said = f"bypath: warning: port {nic}: {lab.interface(nic)} {FAR}\n"
                assert run.process.output.count(said) == 1, run.process.output
        with lab.case("mismatch-arena"):
            run.ready()
            arena = bytes_on(lab, run.process, "^/anon_hugepage")
            assert arena[0] == arena[1] > 0, arena
    with lab.case("mismatch-report"):
        assert nodes_of(run.finished()) == ([1, 1], [0]), nodes_of(run.report)
        for nic in ("v0", "v1"):
            assert f"  note on {nic}: it is on NUMA node 1, worker 0 on node 0: " in run.process.output
    with lab.case("mismatch-adds-up"):
        run.adds_up()


def ports_apart(lab):
    """Ports on both nodes: each of two workers is near to the port that it polls; for one there is no such core."""
    ports = [Port("n0", "af_xdp", mode="copy"), Port("v0", "af_xdp", mode="copy")]
    with lab.forward(*ports, sections={"engine": {"workers": "2"}}) as run:
        with lab.case("apart-each-on-its-node"):
            run.exchange("n0", "v0", per_flow=True, **own_frames(lab, "n0", "v0"))
            assert worker_cpus(lab, run.process) == {"bypath-w0": "2", "bypath-w1": "5"}, worker_cpus(lab, run.process)
    with lab.case("apart-report"):
        assert nodes_of(run.finished()) == ([0, 1], [0, 1]), nodes_of(run.report)
    with lab.forward(*ports) as run:
        with lab.case("apart-one-worker"):
            run.ready()
            assert "port n0: " in run.process.output and run.process.output.count("NUMA") == 1, run.process.output
            assert "no core is near to all ports of that worker" in run.process.output, run.process.output


def generator(lab):
    """bypath gen leaves the last core to the device under test, of its ports' node; what is far is said."""
    words = [word for way, nic in (("--tx-port", "v0"), ("--rx-port", "v1"))
             for word in (way, f"af_packet:{lab.interface(nic)}")]
    for what, cores, found in (("near", (), [3, 4]), ("far", ("--cores", "0"), [0])):
        with lab.case(f"gen-{what}"):
            # What it sends nobody brings back: its exit code says that.
            _, output = lab.guest.run(BYPATH, "gen", *words, "--rate", "100pps", "--duration", "0.2", "--quiet",
                                      "--json", f"/out/gen-{what}.json", *cores)
            report = json.loads((lab.guest.out / f"gen-{what}.json").read_text())
            assert report["cores"] == found, report["cores"]
            assert output.count("is on NUMA node 1, but worker 0, which") == (2 if what == "far" else 0), output


def pmd(lab, what, eal):
    """mbufs and worker are on the NICs' node."""
    with lab.forward(Port("e0", "dpdk"), Port("e1", "dpdk"), sections={"dpdk": eal}) as run:
        with lab.case(f"{what}-forwards"):
            run.exchange("e0", "e1")
        with lab.case(f"{what}-mbufs"):
            run.ready()
            mbufs = bytes_on(lab, run.process, "^/memfd:")
            # On node 0 is what EAL makes for itself.
            assert mbufs[1] >= (int(eal.get("memory", 16)) << 20) and mbufs[0] <= 2 * HUGE, mbufs
        with lab.case(f"{what}-worker"):
            run.ready()
            assert worker_cpus(lab, run.process) == {"bypath-w0": "5"}, worker_cpus(lab, run.process)
            assert "NUMA" not in run.process.output, run.process.output
    with lab.case(f"{what}-report"):
        assert nodes_of(run.finished()) == ([1, 1], [1]), nodes_of(run.report)
    with lab.case(f"{what}-adds-up"):
        run.adds_up()


def control_testpmd(lab):
    """Where dpdk-testpmd, told to run on node 1, has its mbufs."""
    allow = [word for nic in ("e0", "e1") for word in ("-a", lab.guest.by_name[nic].address)]
    with lab.case("dpdk-control-testpmd"):
        process = lab.guest.begin("/usr/bin/dpdk-testpmd", "-l", "4,5", "-n", "1", "--in-memory", *allow, "--",
                                  "--forward-mode=io", "--stats-period=1", "--total-num-mbufs=8192")
        try:
            process.until("Port statistics", 60)
            mbufs = bytes_on(lab, process, r"hugepage|memfd|hugetlb|huge")
            assert mbufs[1] >= 16 << 20 and mbufs[0] <= 2 * HUGE, mbufs
        finally:
            process.stop(2)


@contextlib.contextmanager
def without_hugepages(lab):
    """Node 1 has none, for as long as the block lasts."""
    before = lab.guest.read(HUGEPAGES).strip()
    lab.guest.write(HUGEPAGES, "0")
    try:
        yield
    finally:
        lab.guest.write(HUGEPAGES, before)


def arena_elsewhere(lab):
    """A strict binding would end the process by SIGBUS."""
    with lab.forward(Port("v0", "af_packet", mode="mmap"), Port("v1", "af_packet", mode="mmap")) as run:
        with lab.case("no-hugepages-forwards"):
            run.exchange("v0", "v1", per_flow=True, **own_frames(lab, "v0", "v1"))
        with lab.case("no-hugepages-log"):
            assert "arena: 32 of the 32 MiB for NUMA node 1 lie on another node" in run.process.output, run.process.output
            assert f"{HUGEPAGES}' with 16 more than there are" in run.process.output, run.process.output
    with lab.case("no-hugepages-adds-up"):
        run.adds_up()


def pmd_refused(lab):
    """DPDK needs them where the NIC is; the error's own remedy helps."""
    ini = lab.ini([Port("e0", "dpdk"), Port("e1", "dpdk")], {"dpdk": {}})
    with lab.case("no-hugepages-dpdk-refused"):
        code, output = lab.guest.run(BYPATH, "run", f"/out/{ini.name}", "--duration", "1")
        assert code == 1, (code, output)
        said = re.search(r"DPDK finds 0 MiB of free hugepages on NUMA node 1, .* as root: (echo \d+ > \S+),", output)
        if not said:
            raise GuestError(output)
        # What the arena took of node 0 it then takes here.
        lab.guest.sh(said.group(1) + f"\necho $(($(cat {HUGEPAGES}) + 16)) >{HUGEPAGES}")
        lab.guest.do(BYPATH, "run", f"/out/{ini.name}", "--duration", "1")

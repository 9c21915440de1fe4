# A running instance follows its file while numbered frames go through NICs: what a reload loses there.
# SPDX-License-Identifier: BSD-3-Clause
"""`bypath gen` on the host sends into the tap behind one NIC and receives from the tap behind another one. What it misses is
held against the counters of the taps, which are the wires, and what bypath reports as dropped: on emulated processors a burst finds
a full ring now and then. A driver that starts its NIC anew loses what lies in its rings: STOPS says which ones."""
import contextlib
import json
import pathlib
import signal
import subprocess
import tempfile
import time

from guest import GuestError
from lab import BYPATH, Port

PAIRS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1"), "igb": ("i0", "i1")}
OTHERS = ("x0", "x1")
RATE_PPS = 500
MORE = 200  # frames that come behind a reload
ZERO_COPY = {"virtio": (6, 13), "igb": (6, 14)}
# What becomes of the first NIC of a kind → why its driver loses frames then.
STRIPPING = "its driver starts the NIC anew where it is to strip VLAN tags, or no more"
FIRST_PROGRAM = "its driver starts the NIC anew where an XDP program comes, or goes"
STOPS = {**{("e1000e-stripping", f"{way}-skb"): STRIPPING for way in ("to", "from")},
         **{("igb", f"{way}-{mode}"): FIRST_PROGRAM for way in ("to", "from") for mode in ("copy", "zerocopy")}}


def run(lab):
    nics = [nic for kind, pair in PAIRS.items() if kind_is_there(lab, kind) for nic in pair]
    lab.kernel(*nics, *OTHERS)
    lab.guest.sh("".join(f"ethtool -L {lab.interface(nic)} combined 1\n" for nic in nics if nic in PAIRS["igb"]))
    for kind, pair in PAIRS.items():
        if kind_is_there(lab, kind):
            # af_xdp would take it off, since XDP does not see such tags.
            lab.guest.sh(f"ethtool -K {lab.interface(pair[0])} rxvlan off || true")
            reloads(lab, kind, pair)
    stripping(lab)


def kind_is_there(lab, kind):
    return PAIRS[kind][0] in lab.guest.by_name


def modes(lab, kind):
    """What af_xdp can be asked for on this kind."""
    found = ["skb"]
    if kind != "e1000e":
        found.append("copy")
    if lab.guest.kernel.numbers >= ZERO_COPY.get(kind, (99,)):
        found.append("zerocopy")
    return found


def reloads(lab, kind, pair):
    """Nothing changes; other ports come and go; the first NIC's driver is another one, and back."""
    a, b = pair
    packet = [Port(a, "af_packet", mode="mmap"), Port(b, "af_packet", mode="mmap")]
    others = [Port(nic, "af_packet", mode="mmap") for nic in OTHERS]
    with instance(lab, packet) as run:
        run.kind, run.pair = kind, pair
        step(run, "nothing", packet)
        step(run, "ports-added", packet + others)
        step(run, "ports-removed", packet)
        for mode in modes(lab, kind):
            step(run, f"to-{mode}", [Port(a, "af_xdp", mode=mode, strict="yes"), packet[1]])
            mode_is(run, f"{mode}-mode", a, mode)
            step(run, f"from-{mode}", packet)
    with lab.case(f"{kind}-adds-up"):
        run.adds_up()


def stripping(lab):
    """As the NIC comes: what is lost is lost in it, before its kernel counts, and less than a second's."""
    a, b = PAIRS["e1000e"]
    lab.guest.sh(f"ethtool -K {lab.interface(a)} rxvlan on")
    packet = [Port(a, "af_packet", mode="mmap"), Port(b, "af_packet", mode="mmap")]
    with instance(lab, packet) as run:
        run.kind, run.pair = "e1000e-stripping", (a, b)
        step(run, "to-skb", [Port(a, "af_xdp", mode="skb", strict="yes"), packet[1]])
        step(run, "from-skb", packet)
    with lab.case("e1000e-stripping-adds-up"):
        run.adds_up()


@contextlib.contextmanager
def instance(lab, listed):
    with lab.run(text(lab, listed)) as run:
        yield run


def text(lab, listed):
    return lab.ini(listed, {"engine": {"name": "reload", "idle": "adaptive"}, "memory": {"frames": "16384"}})


def step(run, what, listed):
    lab = run.lab
    with lab.case(f"{run.kind}-{what}"):
        run.ready()
        with generating(lab, run.pair) as seen:
            run.ini.write_text(text(lab, listed).read_text())
            seen["said"] = lab.guest.do(BYPATH, "reload", "reload").strip().splitlines()
        judge(run, what, seen)


def mode_is(run, what, nic, mode):
    with run.lab.case(f"{run.kind}-{what}"):
        document = json.loads(run.lab.guest.do(BYPATH, "show", "modes", "reload", "--json"))
        got = next(port["mode"] for port in document["ports"] if port["name"] == nic)
        assert got == {"skb": "skb-copy", "copy": "native-copy", "zerocopy": "native-zerocopy"}[mode], got


def judge(run, what, seen):
    """Every frame that reached the first NIC came to the far end once, in order."""
    trial, wires = seen["trial"], seen["wires"]
    lost = trial["lost"] - trial["own_rx_dropped"] - wires["full"] - seen["named"]
    print(f"#       {run.kind}, {what}: {trial['sent']['frames']} sent, {trial['received']} received, {wires['full']} found no room "
          f"in the wire, {seen['named']} are drops with a name, {lost} lost; by the guest's kernel {seen['came']} came to the NIC, "
          f"{seen['went']} went on; {seen['said'][-1]}", flush=True)
    assert not any(trial[word] for word in ("duplicate", "reordered", "corrupt")), trial
    why = STOPS.get((run.kind, what))
    if why and lost > 0:
        print(f"#       {run.kind}, {what}: {why}", flush=True)
    assert lost <= (RATE_PPS if why else 0), f"{lost} lost: {seen['drops']}"


# --- traffic --------------------------------------------------------------------------------------

COLUMNS = {"rx_packets": 1, "tx_dropped": 11}  # of /proc/net/dev; /sys is of the network namespace outside


def count(tap, name):
    rows = dict(line.strip().split(":") for line in pathlib.Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:])
    return int(rows[tap].split()[COLUMNS[name]])


def kernel_count(lab, nic, name):
    return int(lab.guest.read(f"/sys/class/net/{lab.interface(nic)}/statistics/{name}"))


def drops(lab, nic):
    """{reason: packets} of the instance, of its kernel's counters those of the NIC that receives."""
    found = {}
    for port in json.loads(lab.guest.do(BYPATH, "show", "ports", "reload", "--json"))["ports"]:
        for queue in port["rx_queues"] + port["tx_queues"]:
            for reason, n in queue["counted"]["drops"].items():
                found[f"{port['name']} {reason}"] = found.get(f"{port['name']} {reason}", 0) + n
        for row in port["reported"]:
            if row["is_drop"] and port["name"] == nic and row["direction"] == "rx":
                found[f"{nic} {row['name']}"] = row["value"]
    return found


@contextlib.contextmanager
def generating(lab, pair):
    """Frames go from the first NIC's wire to the second one's, before, in and for a while after the block. A dictionary that
    has what became of them, once it has ended."""
    (a, tap_a), (b, tap_b) = ((nic, lab.guest.by_name[nic].tap) for nic in pair)
    seen = {}
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        ini, log, out = (pathlib.Path(folder) / name for name in ("gen.ini", "gen.log", "gen.json"))
        ini.write_text(f"[port.out]\ndriver = af_packet\ndevice = {tap_a}\n[port.in]\ndriver = af_packet\ndevice = {tap_b}\n"
                       f"[gen]\ntx = out\nrx = in\nrate = {RATE_PPS}pps\nsettle = 2\n[stream.udp]\nsize = 64\n")
        before = drops(lab, a)
        full, came, went = count(tap_a, "tx_dropped"), kernel_count(lab, a, "rx_packets"), kernel_count(lab, b, "tx_packets")
        with log.open("wb") as file:
            gen = subprocess.Popen([BYPATH, "gen", str(ini), "--quiet", "--duration", "0", "--json", str(out)],
                                   stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            passed(lab, tap_b, MORE, gen, log)
            yield seen
            passed(lab, tap_b, MORE, gen, log)
        finally:
            gen.send_signal(signal.SIGINT)
            code = gen.wait(60)
        if code:
            raise GuestError(f"bypath gen ends with code {code}: {log.read_text()}")
        after = drops(lab, a)
        seen["drops"] = {reason: n - before.get(reason, 0) for reason, n in after.items() if n != before.get(reason, 0)}
        seen["named"] = sum(seen["drops"].values())
        seen.update(trial=json.loads(out.read_text())["trial"], wires={"full": count(tap_a, "tx_dropped") - full},
                    came=kernel_count(lab, a, "rx_packets") - came, went=kernel_count(lab, b, "tx_packets") - went)


def passed(lab, tap, n, gen, log):
    """Until n more frames have come over a wire."""
    least = count(tap, "rx_packets") + n

    def is_past():
        if gen.poll() is not None:
            raise GuestError(f"bypath gen has ended: {log.read_text()}")
        return count(tap, "rx_packets") >= least

    begin = time.monotonic()
    lab.guest.until(f"{n} frames over {tap}, {time.monotonic() - begin:.0f} s", is_past, 60)

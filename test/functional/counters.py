#!/usr/bin/python3
# Has an instance change in many ways under traffic, and looks whether any of its counters falls.
# SPDX-License-Identifier: BSD-3-Clause
"""counters.py file NAME FOLDER STEP: write the step's configuration as FOLDER/run.ini.
counters.py send DEVICE: UDP of many flows, about 2000 packets a second.
counters.py reloads NAME FOLDER BYPATH: all steps, one reload each; what was seen last is FOLDER/seen.json then.
counters.py rest NAME FOLDER BYPATH: nothing moves any more: do the sums agree?
counters.py report NAME FOLDER: is anything less in the final report FOLDER/run.json?"""

import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time

from reload_web import figures

WAN, LAN = "driver = af_packet\ndevice = w0", "driver = af_packet\ndevice = w1"
PLAIN = "wan = lan\nlan = wan"
DMZ = "[port.dmz]\ndriver = af_packet\ndevice = w2"
FILTER = "[function.f]\ntype = filter\nrules = some.rules"
METER = "[function.f]\ntype = meter\nrate = 200kbps"
XDP = "driver = af_xdp\ndevice = w0\nmode = copy"


def step(what, wan=WAN, lan=LAN, engine="", forward=PLAIN, more=""):
    return what, f"{engine}\n[port.wan]\n{wan}\n[port.lan]\n{lan}\n{more}\n[forward]\n{forward}\n"


TWO = "workers = 2"
STEPS = [
    step("two workers, two queues each", WAN + "\nqueues = 2", LAN + "\nqueues = 2", TWO),
    step("one worker", WAN + "\nqueues = 2", LAN + "\nqueues = 2"),
    step("two again", WAN + "\nqueues = 2", LAN + "\nqueues = 2", TWO),
    step("the cores the other way round", WAN + "\nqueues = 2", LAN + "\nqueues = 2", "cores = 1, 0"),
    step("one queue of wan", lan=LAN + "\nqueues = 2", engine=TWO),
    step("two queues of wan", WAN + "\nqueues = 2", LAN + "\nqueues = 2", TWO),
    step("three workers", WAN + "\nqueues = 2", engine="workers = 3"),
    step("another driver", XDP),
    step("the driver of before"),
    step("the kernel carries", WAN.replace("af_packet", "kernel") + "\nmode = tc",
         LAN.replace("af_packet", "kernel") + "\nmode = tc"),
    step("bypath again"),
    step("a filter", forward="wan = f, lan\nlan = wan", more=FILTER),
    step("the filter, two workers", WAN + "\nqueues = 2", engine=TWO, forward="wan = f, lan\nlan = wan", more=FILTER),
    step("the filter, one worker", WAN + "\nqueues = 2", forward="wan = f, lan\nlan = wan", more=FILTER),
    step("its rules are others", forward="wan = f, lan\nlan = wan", more=FILTER + "\ndefault = pass"),
    step("no filter"),
    step("the filter again", forward="wan = f, lan\nlan = wan", more=FILTER),
    step("a meter by its name", forward="wan = f, lan\nlan = wan", more=METER),
    step("a switch, two workers", WAN + "\nqueues = 2", engine=TWO, forward="wan = s\nlan = s\ndmz = s",
         more=DMZ + "\n[function.s]\ntype = switch"),
    step("a switch, one worker", forward="wan = s\nlan = s\ndmz = s", more=DMZ + "\n[function.s]\ntype = switch"),
    step("no path from wan", forward="lan = wan"),
    step("the path from wan again"),
    step("a third port", forward=PLAIN + "\ndmz = lan", more=DMZ),
    step("the third port is gone"),
    step("the third port again, by another driver", forward=PLAIN + "\ndmz = lan",
         more=DMZ.replace("af_packet", "af_xdp") + "\nmode = copy"),
    step("as at first", WAN + "\nqueues = 2", LAN + "\nqueues = 2", TWO),
]


def write(name, folder, text):
    with open(f"{folder}/run.ini", "w", encoding="utf-8") as file:
        file.write(f"[engine]\nname = {name}\nidle = adaptive\n{text}[metrics]\nlisten = unix:{folder}/m.sock\n")


def send(device):
    tx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    tx.bind((device, 0))
    ethernet = bytes.fromhex("020000000000 020000000001 0800")
    for i in range(1 << 32):
        address = socket.inet_aton(f"10.1.0.{1 + i % 250}") + socket.inet_aton("10.1.1.1")
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 46, 0, 0, 64, 17, 0) + address
        udp = struct.pack("!HHHH", 1000 + i % 17, 2000, 26, 0) + bytes(18)
        try:
            tx.send(ethernet + ip + udp)
        except OSError:  # no room for it, on a starved host
            pass
        if i % 20 == 19:
            time.sleep(0.01)  # a pace


# ---- what must not fall ------------------------------------------------------------------------

COUNTER = re.compile(r"_total$|_count$|_bucket$|_sum$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def split(series):
    name, _, labels = series.partition("{")
    return name, dict(LABEL.findall(labels))


def sums_of(series):
    """Counters over their queues: these add up to a port's, which is there as long as the run. What is of a worker, a function
    or a model goes with it, and is back with it."""
    sums = {}
    for key, value in series.items():
        name, labels = split(key)
        if "worker" in labels or "function" in labels or labels.get("provenance") == "modelled":
            continue
        group = name, tuple(sorted((k, v) for k, v in labels.items() if k != "queue"))
        sums[group] = sums.get(group, 0) + value
    return sums


def counters_of(document):
    """The integers of a report's rows by what they are of."""
    found = {}

    def add(key, row):
        for member, value in row.items():
            if isinstance(value, dict):
                add(f"{key}.{member}", value)
            elif isinstance(value, int) and not isinstance(value, bool) and member != "held":
                found[f"{key}.{member}"] = value

    for port in document["ports"]:
        for queue in port["rx_queues"] + port["tx_queues"]:
            add(f"port {port['name']} {queue['direction']} {queue['queue']}", queue["counted"])
        for row in port["reported"]:
            found[f"port {port['name']} {row['name']}"] = row["value"]
        found[f"port {port['name']} losses"] = port["losses"]
    for worker in document["workers"]:
        counted = {k: v for k, v in worker["counted"].items() if k in ("packets", "rounds", "idle_calls")}
        add(f"worker {worker['worker']}", counted)
    for path in document["path_totals"]:
        add(f"path {path['in']}>{path['out'] or ''}", path["counted"])
    for function in document["functions"]:
        add(f"function {function['name']} {function['type']}", function["counted"])
    return found


class Seen:
    """The most that was ever seen of each counter."""

    def __init__(self):
        self.most, self.fallen = {}, {}

    def look(self, what, values, may_vanish=True):
        for key, value in values.items():
            if value < self.most.get(key, value):
                self.fallen.setdefault(key, f"{what}: {key}: {self.most[key]:g} → {value:g}")
            self.most[key] = max(value, self.most.get(key, value))
        if not may_vanish:
            for key in self.most.keys() - values.keys():
                self.fallen.setdefault(key, f"{what}: {key}: {self.most[key]:g} → none")


class Watch:
    """Scrapes, before reloads, after them, and meanwhile."""

    def __init__(self, folder):
        self.listen = f"unix:{folder}/m.sock"
        self.series, self.sums, self.rows = Seen(), Seen(), Seen()
        self.n, self.what = 0, "the start"
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    def scrape(self):
        with self.lock:
            series = figures(self.listen)
            counters = {k: v for k, v in series.items() if COUNTER.search(split(k)[0])}
            self.series.look(self.what, counters)
            self.sums.look(self.what, sums_of(counters), may_vanish=False)
            self.n += 1
        return series

    def go_on(self):
        while not self.is_over.wait(0.01):
            self.scrape()

    def fallen(self):
        return [*self.series.fallen.values(), *self.sums.fallen.values(), *self.rows.fallen.values()]


def path_sum(series, prefix):
    return sum(v for k, v in series.items() if k.startswith(f'bypath_path_packets_total{{path="{prefix}'))


def show(bypath, name, what):
    return json.loads(subprocess.run([bypath, "show", what, name, "--json"], check=True, capture_output=True).stdout)


def reload(what, name, bypath):
    """On a starved host a worker may make no round for as long as a reload waits, which then changes nothing."""
    for _ in range(10):
        done = subprocess.run([bypath, "reload", name], capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        if "has made no round" not in done.stdout + done.stderr:
            break
    sys.exit(f"{what}: {done.stdout}{done.stderr}")


def there(bypath):
    """The steps that this build can do."""
    drivers = json.loads(subprocess.run([bypath, "drivers", "--json"], check=True, capture_output=True).stdout)["drivers"]
    lacks = [driver["name"] for driver in drivers if driver["reason"]]
    return [(what, text) for what, text in STEPS if not any(f"driver = {driver}\n" in text for driver in lacks)]


def reloads(name, folder, bypath):
    steps = there(bypath)
    watch = Watch(folder)
    beside = threading.Thread(target=watch.go_on)
    watch.scrape()
    beside.start()
    for what, text in [*steps[1:], steps[0]]:
        # Under traffic: what was counted since the last one would be missed. Of both ways, where there are two.
        before = now = watch.scrape()
        while any(path_sum(now, way) < path_sum(before, way) + 100 for way in ("wan>", "lan>")
                  if way != "wan>" or watch.what != "no path from wan"):
            now = watch.scrape()
        watch.rows.look(watch.what, counters_of(show(bypath, name, "all")))
        watch.what = what
        write(name, folder, text)
        reload(what, name, bypath)
        watch.scrape()
        watch.rows.look(watch.what, counters_of(show(bypath, name, "all")))
    watch.is_over.set()
    beside.join()
    if watch.fallen():
        sys.exit(f"{len(watch.fallen())} fall:\n" + "\n".join(watch.fallen()))
    with open(f"{folder}/seen.json", "w", encoding="utf-8") as file:
        json.dump(watch.rows.most, file)
    print(f"{len(steps)} reloads, {watch.n} scrapes: none of {len(watch.series.most)} counters falls, of "
          f"{len(watch.rows.most)} of the report neither")


def rest(name, folder, bypath):
    """Every packet that a port received is one path's, once; what the report says is what is scraped."""
    listen = f"unix:{folder}/m.sock"
    series = figures(listen)
    for _ in range(100):
        if not series["bypath_unaccounted_packets"]:
            break
        series = figures(listen)
    assert series["bypath_unaccounted_packets"] == 0, series["bypath_unaccounted_packets"]
    report = show(bypath, name, "all")
    for port in ("wan", "lan", "dmz"):
        received = sum(v for k, v in series.items() if k.startswith(f'bypath_port_rx_packets_total{{port="{port}"'))
        on_paths = sum(v for k, v in series.items() if k.startswith(f'bypath_burst_packets_sum{{path="{port}>'))
        assert received == on_paths, f"{port} received {received}, its paths {on_paths}"
        assert port == "dmz" or received > 1000, f"{port} received {received}"
    for path in report["path_totals"]:
        scraped = series[f'bypath_path_packets_total{{path="{path["in"]}>{path["out"] or ""}"}}']
        assert scraped == path["counted"]["packets"], (path, scraped)
    print("what ports received is what paths did, by scrape and report")


def less_in_report(folder):
    with open(f"{folder}/run.json", encoding="utf-8") as file, open(f"{folder}/seen.json", encoding="utf-8") as seen:
        now, before = counters_of(json.load(file)), json.load(seen)
    # Workers and functions that are not there at the end have no row.
    less = {k: (v, now.get(k)) for k, v in before.items()
            if now.get(k, v if k.split()[0] in ("worker", "function") else -1) < v}
    assert not less, less
    print(f"{len(before)} counters are in the final report")


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2])
    elif sys.argv[1] == "file":
        write(sys.argv[2], sys.argv[3], STEPS[int(sys.argv[4])][1])
    elif sys.argv[1] == "report":
        less_in_report(sys.argv[3])
    else:
        {"reloads": reloads, "rest": rest}[sys.argv[1]](*sys.argv[2:])

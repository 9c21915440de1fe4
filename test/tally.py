#!/usr/bin/python3
# Adds up meson's own test logs, and holds every skip against the list of those allowed.
# SPDX-License-Identifier: BSD-3-Clause
"""tally.py EXPECTED_SKIPS BUILD_FOLDER[:SUITE]...

Last line: 'N passed, N failed, N skipped'. A build folder without a log, a test of SUITE (all
suites, when none is named) that the log lacks and a skip that EXPECTED_SKIPS does not allow are
failures. Exit code 1 when anything failed: above it stand the last lines of what the first ones
printed, for a reader who has nothing but the end of the output.
"""

import fnmatch
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys


TOLD, LINES, COLUMNS = 4, 20, 400  # of failed tests: how many, how much of the output of each


def no_device(*_):
    """Features that no machine of this kind has: nothing to look for."""
    return False


def has_xdp():
    try:
        socket.socket(44, socket.SOCK_RAW).close()  # AF_XDP
        return True
    except OSError:
        return False


def has_netns():
    run = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"],
                         capture_output=True, check=False)
    return run.returncode == 0


def in_namespace(tool, *command):
    return shutil.which(tool) is not None and not subprocess.run(
        ["unshare", "--net", tool, *command], capture_output=True, check=False).returncode


def has_tbf():
    return in_namespace("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst",
                        "2k", "limit", "4k")


def has_clsact():
    return in_namespace("tc", "qdisc", "add", "dev", "lo", "clsact")


def has_nft():
    return in_namespace("nft", "add table netdev t; add chain netdev t c { type filter hook egress "
                        "device lo priority 0; }")


def has_hugepages():
    path = "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read()) > 0
    except OSError:
        return False


def has_filesystem(name):
    with open("/proc/filesystems", encoding="utf-8") as file:
        return name in file.read().split()


def pkg(name):
    return subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0


# The host features that expected-skips may name: true when this machine has it, so that a skip for
# want of it is not allowed.
FEATURES = {
    "root": lambda: os.geteuid() == 0,
    "namespaces": has_netns,
    "af_xdp": has_xdp,
    "raw-tracepoint": lambda: os.path.exists("/sys/kernel/btf/vmlinux") and os.geteuid() == 0,
    "hugepages": has_hugepages,
    "libdpdk": lambda: pkg("libdpdk"),
    "libxdp": lambda: pkg("libxdp"),
    "chromium": lambda: shutil.which("chromium") is not None,
    "prometheus": lambda: shutil.which("prometheus") is not None,
    "guest-kernel": lambda: not subprocess.run(["apt-cache", "show", "linux-image-6.12-amd64"],
                                               capture_output=True, check=False).returncode,
    "ovs": lambda: shutil.which("ovsdb-server") is not None,
    "qemu": lambda: shutil.which("qemu-system-x86_64") is not None,
    "libpcap": lambda: pkg("libpcap"),
    "systemd": lambda: os.path.exists("/lib/systemd/systemd"),
    "overlay": lambda: has_filesystem("overlay"),
    "cgroup2": lambda: has_filesystem("cgroup2"),
    "libbpf": lambda: pkg("libbpf"),
    "live-frames": lambda: tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 18),
    "clang": lambda: shutil.which("clang") is not None,
    "python": lambda: True,
    "tun": lambda: os.path.exists("/dev/net/tun"),
    "tbf": has_tbf,
    "fresh-carrier": lambda: tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 8),
    "clsact": has_clsact,
    "nft": has_nft,
    "two-cores": lambda: len(os.sched_getaffinity(0)) >= 2,
    "ordinary-build": no_device,
    "recorded-build": no_device,
    "zero-copy-nic": no_device,
}


def read_allowed(path):
    """Rows 'test pattern | feature | reason pattern'."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split("|", 2)]
            if len(parts) != 3 or parts[1] not in FEATURES:
                sys.exit(f"{path}:{number}: expected TEST | FEATURE | REASON, FEATURE one of "
                         f"{', '.join(sorted(FEATURES))}")
            rows.append((parts[0], parts[1], re.compile(parts[2])))
    return rows


def refused(rows, name, reason):
    """Why this skip is not allowed; None when it is."""
    for pattern, feature, expected in rows:
        if fnmatch.fnmatch(name, pattern) and expected.search(reason):
            if FEATURES[feature]():
                return f"allowed only without {feature}, which this machine has"
            return None
    return "no line of expected-skips allows it"


def read_logs(folder):
    """What was run there, at once or by several runs, each with a log of its own."""
    entries = []
    for path in sorted(glob.glob(os.path.join(folder, "meson-logs", "*.json"))):
        with open(path, encoding="utf-8") as file:
            entries += [json.loads(line) for line in file if line.strip()]
    return entries


def name_of(entry):
    """The log says 'project:suite / name'."""
    return entry["name"].split(" / ", 1)[-1]


def listed(folder, suite):
    """Names of the tests that the build folder defines."""
    path = os.path.join(folder, "meson-info", "intro-tests.json")
    with open(path, encoding="utf-8") as file:
        return [test["name"] for test in json.load(file)
                if not suite or any(s.split(":")[-1] in suite.split(",") for s in test["suite"])]


def reason_of(entry):
    # A script's last words, or the plan of a program that speaks TAP.
    found = re.findall(r"^(?:SKIP: |1\.\.0 # SKIP )(.*)$", entry.get("stdout", ""), re.MULTILINE)
    return found[-1] if found else "no reason given"


def last_words(entry):
    """The end of what a test printed, long lines cut."""
    lines = (entry.get("stdout", "") + entry.get("stderr", "")).rstrip().splitlines()[-LINES:]
    return "".join(f"    {line[:COLUMNS]}\n" for line in lines)


def main():
    rows = read_allowed(sys.argv[1])
    passed, failures, skips, told = 0, [], [], []
    for argument in sys.argv[2:]:
        folder, _, suite = argument.partition(":")
        try:
            entries = read_logs(folder)
            missing = listed(folder, suite)
        except (OSError, ValueError) as error:
            failures.append((folder, f"built or tested nothing: {error}"))
            continue
        if not entries:
            failures.append((folder, "the log has no tests"))
        for entry in entries:
            if name_of(entry) in missing:
                missing.remove(name_of(entry))
        failures += [(f"{folder}: {name}", "was not run") for name in missing]
        for entry in entries:
            name = name_of(entry)
            where = f"{folder}: {name}"
            if entry["result"] in ("OK", "EXPECTEDFAIL"):
                passed += 1
            elif entry["result"] == "SKIP":
                reason = reason_of(entry)
                why_not = refused(rows, name, reason)
                if why_not:
                    failures.append((where, f"skipped ({reason}): {why_not}"))
                else:
                    skips.append((where, reason))
            else:
                failures.append((where, f"{entry['result']}, exit code {entry['returncode']}"))
                told.append(f"--- {where}\n{last_words(entry)}")
    print("".join(told[:TOLD]), end="")
    for title, items in (("failed", failures), ("skipped", skips)):
        for where, reason in items:
            print(f"{title}: {where}: {reason}")
    print(f"{passed} passed, {len(failures)} failed, {len(skips)} skipped")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# Rules of the house that a compiler does not know, one check per run.
# SPDX-License-Identifier: BSD-3-Clause
"""lint.py CHECK SOURCE_ROOT BUILD_ROOT: 0 clean, 1 findings, 77 a tool is missing."""

import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = sys.argv[2]
BUILD = sys.argv[3]
FOLDERS = ("include", "src", "drivers", "test", "docs", "config", ".ci")

LIBC = {
    "assert", "errno", "inttypes", "limits", "stdalign", "stdarg", "stdatomic", "stdbool",
    "stddef", "stdint", "stdio", "stdlib", "string", "time", "sys/types",
}
# The layers are a star: every folder of src and every driver uses include/bypath and src/core. The few folders that
# stand on others name them here, no more than they use; src/cli does the wiring and uses them all.
CLI = "src/cli"
USES = {
    "src/compare": {"src/gen", "src/lab", "src/port"},
    "src/engine": {"src/handover"},
}
# Third-party header (a prefix of its name) → the folders that own it. Tests may use any.
OWNERS = {
    "rte_": {"drivers/dpdk"},
    "iniparser": {"src/config"},
    "xdp/": {"drivers/af_xdp"},
    "bpf/": {"drivers/af_xdp", "drivers/kernel", "drivers/xdp_live", "src/core", "src/handover", "src/probe"},
    "numa": {"src/core"},
    "pcap": {"drivers/pcap", "src/capture", "src/core", "src/functions"},
    "libmnl/": {"src/core"},
    "microhttpd": {"src/control"},
    "jansson.h": {"src/core", "src/report", "src/engine", "src/functions", "src/ledger", "src/cli", "src/gen",
                  "src/compare", "src/probe", "src/control", "src/capture", "src/config"},
}
LINES_MAX = 800


def files(*suffixes, folders=FOLDERS, top=True):
    """Paths relative to ROOT of the sources with one of the suffixes."""
    found = []
    if top:
        found += [n for n in sorted(os.listdir(ROOT))
                  if n.endswith(suffixes) and os.path.isfile(os.path.join(ROOT, n))]
    for folder in folders:
        for path, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = sorted(d for d in dirs if d not in ("__pycache__", "corpus"))
            found += [os.path.relpath(os.path.join(path, n), ROOT)
                      for n in sorted(names) if n.endswith(suffixes)]
    return found


def lines(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def house(path):
    """The folder that a layer rule speaks of: src/core, drivers/null, include/bypath."""
    return "/".join(path.split("/")[:2])


def skip(reason):
    print("SKIP: " + reason)
    sys.exit(77)


def need(tool, package):
    if not shutil.which(tool):
        skip(f"no {tool}: install the package {package}")


def owners_of(name):
    """The prefix of a third-party header's name, or None."""
    return next((prefix for prefix in OWNERS if name.startswith(prefix)), None)


def include_allowed(path, form, name):
    own = house(path)
    if own == "include/bypath":
        if form == "<":
            return name[:-2] in LIBC
        return name.startswith("bypath/")
    if form == '"':
        if own == CLI or own.startswith("test/"):
            return True
        folder, _, rest = name.partition("/")
        if own == "src/report":  # prints documents, and knows no struct of those who make them
            return folder in ("core", "report") or name == "bypath/log.h"
        return not rest or folder == "bypath" or "src/" + folder in {own, "src/core"} | USES.get(own, set())
    return own.startswith("test/") or own in OWNERS.get(owners_of(name), {own})


def circles(uses, folder, above=()):
    """Chains of folders that lead from folder back to itself."""
    if folder in above:
        return [" → ".join((*above[above.index(folder):], folder))]
    return [c for other in sorted(uses.get(folder, ())) for c in circles(uses, other, (*above, folder))]


def check_layers():
    used, owners = {}, {prefix: set() for prefix in OWNERS}
    for path in files(".c", ".h", ".c.in", top=False):
        own = house(path)
        for number, line in enumerate(lines(path), 1):
            match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            if not include_allowed(path, *match.groups()):
                yield f"{path}:{number}: {match.group(2)} is not for {own} to include"
            if match.group(1) == "<" and owners_of(match.group(2)):
                owners[owners_of(match.group(2))].add(own)
            folder = "src/" + match.group(2).partition("/")[0]
            if own.startswith("src/") and folder != own and os.path.isdir(os.path.join(ROOT, folder)):
                used.setdefault(own, set()).add(folder)
    for own, folders in sorted(USES.items()):
        for folder in sorted(folders - used.get(own, set())):
            yield f"test/lint/lint.py: {own} does not use {folder}: take it out of USES"
    for prefix, folders in OWNERS.items():
        for folder in sorted(folders - owners[prefix]):
            yield f"test/lint/lint.py: {folder} includes no {prefix}…: take it out of OWNERS"
    for circle in sorted({c for own in used for c in circles(used, own)}):
        yield f"circle of folders: {circle}"


# core/netdev alone asks the kernel about interfaces. The lab makes interfaces; core/pci asks sysfs which of them
# stand on a device.
ASKING = re.compile(r"\bSIOC[A-Z]\w*|\bNETLINK_[A-Z]\w*|libmnl/|\bmnl_\w+|\bif_(?:nametoindex|indextoname|nameindex)\b"
                    r"|\bgetifaddrs\b|/sys/class/net|/net/dev\b")
ASKERS = ("src/core/netdev", "src/core/netifs", "src/core/netlink", "src/core/pci.c", "src/lab/")


def check_interfaces():
    for path in files(".c", ".h", folders=("include", "src", "drivers"), top=False):
        if path.startswith(ASKERS):
            continue
        for number, line in enumerate(lines(path), 1):
            match = ASKING.search(line)
            if match:
                yield f"{path}:{number}: {match.group()}: interfaces are asked in core/netdev"


def driver_names():
    """The rows of drivers/meson.build."""
    return re.findall(r"^  '(\w+)': ", "\n".join(lines("drivers/meson.build")), re.M)


# What speaks of drivers by name: the paths that are compared, and the command that runs them.
NAMING = ("src/compare/", "src/cli/cmd_compare.c", "src/cli/compare_")
# A word of a key, a kind of device of the kernel's, that reads like a driver's name.
KEY_WORD = re.compile(r'\{ "\w+", [A-Z]\w+ \}')
DEVICE_KIND = re.compile(r"\[BP_DEVICE_\w+\] = \"\w+\"")
STRING = r'"(?:[^"\\\n]|\\.)*"'
# Comments, includes and characters are read over; strings that follow each other are one.
CODE = re.compile(r"/\*.*?\*/|^\s*#\s*include[^\n]*|'(?:[^'\\\n]|\\.)+'"
                  rf"|(?P<text>{STRING}(?:\s*{STRING})*)|(?P<symbol>\bbp_(?:driver|facts)_\w+)", re.S | re.M)


def named_drivers(text, names):
    """The drivers and PMDs that a string names. Of names that are words of the field as well (kernel, ring) only what
    says 'driver', or 'port' behind it; and the string that is nothing else, but for kernel, which tables count."""
    alone = [n for n in names if "_" in n or n == "dpdk"]
    words = "|".join(n for n in names if n not in alone)
    named = re.compile(r"(?<![\w/-])(?:(%s|net_[a-z]\w*)|(?<=driver )(%s)|(?<=driver = )(%s)|(%s)(?= ports?\b))(?![\w/-]|\.[ch]\b)"
                       % ("|".join(alone), words, words, words))
    found = [next(g for g in m.groups() if g) for m in named.finditer(text)]
    return found + [n for n in names if n == text and n not in alone and n != "kernel"]


def check_drivers():
    """No driver's name in code outside its folder."""
    names = driver_names()
    for path in files(".c", ".h", folders=("include", "src", "drivers"), top=False):
        if path.startswith(NAMING):
            continue
        own = path.split("/")[1] if path.startswith("drivers/") else None
        code = DEVICE_KIND.sub("", "\n".join(lines(path)))
        if path.endswith("/describe.c"):
            code = KEY_WORD.sub("", code)
        for match in CODE.finditer(code):
            text = "".join(part[1:-1] for part in re.findall(STRING, match.group("text") or ""))
            symbol = re.fullmatch(r"bp_(?:driver|facts)_(%s)" % "|".join(names), match.group("symbol") or "")
            for found in named_drivers(text, names) + ([symbol.group(1)] if symbol else []):
                name = "dpdk" if found.startswith("net_") else found
                if name != own:
                    number = code.count("\n", 0, match.start()) + 1
                    yield (f"{path}:{number}: {found}: what a driver is stands in drivers/{name}/describe.c; "
                           "messages name one by bp_facts_named()")


# Who looks for words in a text of somebody else's: the kernel's files, DPDK's log, what a child prints. What this program
# decides by is a field, not a part of a name, a label or a configuration.
READERS = {"drivers/dpdk/device.c", "drivers/dpdk/hugepages.c", "src/cli/bind_keep.c", "src/compare/forwarder.c", "src/core/numa.c",
           "src/control/http.c", "src/core/cgroup.c", "src/core/pci.c", "src/lab/child.c", "src/probe/kernel_names.c"}


def check_words():
    looking = {path: number for path in files(".c", ".h", folders=("include", "src", "drivers"), top=False)
               for number, line in enumerate(lines(path), 1) if re.search(r"\bstr(?:case)?str\(", line)}
    for path in sorted(looking.keys() - READERS):
        yield f"{path}:{looking[path]}: strstr(): decide by a field"
    for path in sorted(READERS - looking.keys()):
        yield f"test/lint/lint.py: {path} looks for no word: take it out of READERS"


# Fields of struct bp_port_conf that the house reads for every driver.
HOUSE_FIELDS = {"device", "take_host", "n_queues", "checksum", "offload"}


def check_keys():
    """Each key that a driver describes is read."""
    shared = {}
    text = "\n".join(lines("include/bypath/key.h"))
    for match in re.finditer(r"#define (BP_KEY_[A-Z_]+)(?:\([^)]*\))? \\\n((?:.*\\\n)*.*)", text):
        field = re.search(r"BP_KEY_OF_PORT\((\w+)\)", match.group(2))
        if field:
            shared[match.group(1)] = field.group(1)
    house_text = "\n".join("\n".join(lines(p)) for p in files(".c", ".h", folders=("src/engine", "src/port"), top=False))
    for name in driver_names():
        folder = f"drivers/{name}"
        own = "\n".join("\n".join(lines(p)) for p in files(".c", ".h", folders=(folder,), top=False)
                        if not p.endswith("/describe.c"))
        described = "\n".join(lines(folder + "/describe.c"))
        fields = set(re.findall(r"\b(?:OWN|READ|WRITE|EAL|BP_KEY_OF_PORT|BP_KEY_OF_OWN)\((?:struct \w+, )?(\w+)\)",
                                described)) - {"field"}
        fields |= {field for macro, field in shared.items() if re.search(rf"\b{macro}\b", described)}
        for field in sorted(fields):
            reader = house_text if field in HOUSE_FIELDS else own
            if not re.search(rf"(?:->|\.){field}\b", reader):
                yield f"{folder}/describe.c: nobody reads {field}: a key that does nothing"


def check_rigs():
    """Each driver is held to the contract by a rig, or docs/conformance.md says why not."""
    rigs = re.findall(r"^  '([\w-]+)',$", "\n".join(lines("test/conformance/meson.build")), re.M)
    without = re.findall(r"^- `(\w+)`: ", "\n".join(lines("docs/conformance.md")), re.M)
    for name in driver_names():
        if any(rig.split("-")[0] == name for rig in rigs) == (name in without):
            yield f"drivers/{name}: a rig in test/conformance/meson.build, or the reason in docs/conformance.md, not both"


def pkg_cflags(package):
    run = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True,
                         check=False)
    return run.stdout.split() if run.returncode == 0 else None


def check_headers():
    for path in files(".h", folders=("include", "src", "drivers"), top=False):
        text = "\n".join(lines(path))
        if path.endswith(".bpf.h") or ".skel.h" in text:
            continue  # for the BPF target, or needs what the build generates
        flags = ["-I" + os.path.join(ROOT, d) for d in ("include", "src", house(path))]
        if house(path) == "drivers/dpdk":
            extra = pkg_cflags("libdpdk")
            if extra is None:
                continue
            flags += extra
        run = subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall",
                              "-Wextra", "-Wno-unused-function", "-x", "c", *flags, "-"],
                             input=f'#include "{os.path.join(ROOT, path)}"\n',
                             capture_output=True, text=True, check=False)
        if run.stderr:
            yield f"{path} does not compile alone:\n{run.stderr}"


def check_memcpy():
    calls = re.compile(r"\b(?:__builtin_)?(?:memcpy|memmove|mempcpy|bcopy|rte_memcpy|rte_mov\w+)"
                       r"\s*\(")
    for path in files(".c", ".h", folders=("drivers",), top=False):
        for number, line in enumerate(lines(path), 1):
            if calls.search(line) and "/* header */" not in line:
                yield (f"{path}:{number}: payload moves by bp_ledger_copy() only; headers say "
                       f"/* header */: {line.strip()}")


# What one thread changes for all of them.
SHARED = re.compile(r"\b(?:umask|chdir|fchdir|setlocale)\s*\(")


def check_shared():
    for path in files(".c", ".h", folders=("include", "src", "drivers"), top=False):
        for number, line in enumerate(lines(path), 1):
            match = SHARED.search(line)
            if match:
                yield f"{path}:{number}: {match.group()}…): is every thread's, others would find it changed"


def check_globals():
    """Writable symbols of our objects, against the list of those allowed."""
    need("objdump", "binutils")
    allowed = {line.split()[0] for line in lines("test/lint/allowed-globals")
               if line.strip() and not line.startswith("#")}
    seen = set()
    objects = []
    for path, _, names in os.walk(BUILD):
        if re.search(r"(libbypath\.a|bypath|bypath-\w+\.so)\.p$", path):
            objects += [os.path.join(path, n) for n in names
                        if n.endswith(".o") and not n.endswith(".bpf.o")]
    if not objects:
        yield f"no objects below {BUILD}: build first"
    for path in sorted(objects):
        table = subprocess.run(["objdump", "-t", path], capture_output=True, text=True, check=True)
        for line in table.stdout.splitlines():
            match = re.match(r"\S+ .{7} (\.data(?!\.rel\.ro)\S*|\.t?bss\S*|\.tdata\S*)\s+"
                             r"[0-9a-f]+ (?:\.hidden )?(\S+)$", line)
            if not match or match.group(2).startswith("."):
                continue
            name = re.sub(r"\.\d+$", "", match.group(2))
            seen.add(name)
            if name not in allowed:
                yield f"{os.path.relpath(path, BUILD)}: mutable global {name}"
    for name in sorted(allowed - seen):
        print(f"note: test/lint/allowed-globals names {name}, which is not in this build")


# What the names of a driver's external symbols begin with, where that is not the folder's name: libpcap has pcap_.
PREFIXES = {"pcap": "bp_pcap_"}


def check_names():
    """External symbols of drivers/NAME, in its objects of this build."""
    need("nm", "binutils")
    drivers = sorted(n for n in os.listdir(os.path.join(ROOT, "drivers"))
                     if n != "modules" and os.path.isdir(os.path.join(ROOT, "drivers", n)))
    n_objects = 0
    for path, _, names in os.walk(BUILD):
        match = re.search(r"/(?:libbypath\.a|bypath-\w+\.so)\.p$", path)
        for name in sorted(names) if match else ():
            owner = re.match(r"(?:drivers|\.\.)_(" + "|".join(drivers) + r")_\w+\.c\.o$", name)
            if not owner:
                continue
            n_objects += 1
            prefix = PREFIXES.get(owner.group(1), owner.group(1) + "_")
            run = subprocess.run(["nm", "-g", "--defined-only", "-f", "posix", os.path.join(path, name)],
                                 capture_output=True, text=True, check=True)
            for symbol in (line.split()[0] for line in run.stdout.splitlines()):
                # bp_driver, bp_driver_NAME, bp_facts_NAME: what the table of drivers looks for.
                if not symbol.startswith((prefix, "bp_driver", "bp_facts_")):
                    yield f"{name}: {symbol}: external names of drivers/{owner.group(1)} begin with {prefix}"
    if not n_objects:
        yield f"no objects of drivers below {BUILD}: build first"


def tidy_sources(*options):
    """What clang-tidy finds in src and drivers."""
    need("clang-tidy", "clang-tidy")
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        sources = {os.path.normpath(os.path.join(c["directory"], c["file"])) for c in json.load(file)}
    below = tuple(os.path.join(os.path.abspath(ROOT), d) + os.sep for d in ("src", "drivers"))

    def tidy(path):
        return subprocess.run(["clang-tidy", "--quiet", "-p", BUILD, "--extra-arg=-Wno-unknown-warning-option", *options, path],
                              capture_output=True, text=True, check=False)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for run in pool.map(tidy, sorted(s for s in sources if s.startswith(below))):
            if run.returncode or run.stdout.strip():
                yield run.stdout.strip() or run.stderr.strip()


def check_tidy():
    """.clang-tidy has the checks, with the reason for each that is left out."""
    return tidy_sources()


def check_analyze():
    """By hand, a quarter of an hour. insecureAPI forbids strcpy(); valist does not see va_start() in release 14."""
    return tidy_sources("--checks=-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.*,"
                        "-clang-analyzer-valist.Uninitialized")


def text_files():
    """Every file of text in the tree, but the corpora of the fuzz targets."""
    for path in files("", folders=FOLDERS):
        try:
            yield path, lines(path)
        except UnicodeDecodeError:
            continue


def check_quotes():
    for path, text in text_files():
        for number, line in enumerate(text, 1):
            if "\u00ab" in line or "\u00bb" in line:
                yield f"{path}:{number}: quotes are '…' or \"…\""


def check_spelling():
    need("codespell", "codespell")
    run = subprocess.run(["codespell", "--ignore-words", "test/lint/spelling-ignore", "--skip", "corpus,*.svg,*.pcap*",
                          *[path for path, _ in text_files()]], cwd=ROOT, capture_output=True, text=True, check=False)
    yield from run.stdout.splitlines()
    if run.returncode and not run.stdout:
        yield run.stderr.strip()


def scripts():
    found = files(".sh", ".py")
    for path in ("quickstart", ".ci/run"):
        if os.path.exists(os.path.join(ROOT, path)):
            found.append(path)
    return found


def check_length():
    for path in files(".c", ".h", ".c.in") + scripts():
        count = len(lines(path))
        if count > LINES_MAX:
            yield f"{path}: {count} lines, more than {LINES_MAX}: split it"


# Columns, a tab being 8: what a terminal of two panes shows, and what GitHub shows of a table without a scroll bar.
# clang-format keeps code within 100; comments and texts of messages may go on.
COLUMNS = 130
COLUMNS_README = 100


def check_width():
    for path in ["README.md", *files(".c", ".h")]:
        columns = COLUMNS_README if path == "README.md" else COLUMNS
        for number, line in enumerate(lines(path), 1):
            if len(line.expandtabs(8)) > columns:
                yield f"{path}:{number}: {len(line.expandtabs(8))} columns, more than {columns}"


def check_format():
    need("clang-format", "clang-format")
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *files(".c", ".h")],
                         cwd=ROOT, capture_output=True, text=True, check=False)
    places = collections.Counter(re.findall(r"^(\S+?):\d+:\d+: error: ", run.stderr, re.MULTILINE))
    if run.returncode and not places:
        yield run.stderr
    for path, count in sorted(places.items()):
        yield f"{path}: {count} places differ: clang-format -i {path}"


def anchor_of(title):
    title = re.sub(r"[`*\[\]]|\([^)]*\)(?<=\))", "", title) if "](" in title else title
    title = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return title.replace(" ", "-")


def check_links():
    for path in files(".md"):
        fenced = False
        for number, line in enumerate(lines(path), 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if fenced:
                continue
            line = re.sub(r"`[^`]*`", "", line)
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                other = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if not os.path.exists(os.path.join(ROOT, other)):
                    yield f"{path}:{number}: {target} does not exist"
                elif anchor and other.endswith(".md"):
                    titles = {anchor_of(t.lstrip("#")) for t in lines(other)
                              if t.startswith("#")}
                    if anchor not in titles:
                        yield f"{path}:{number}: {other} has no heading #{anchor}"


def check_heads():
    """First comment: the file's one job; then the licence."""
    for path in files(".c", ".h", ".c.in"):
        text = lines(path)
        if not text or not text[0].startswith("/* ") or \
                not " ".join(text[:4]).split("*/")[0].rstrip().endswith("."):
            yield f"{path}: the first comment says the file's one job in a sentence"
        if not any("SPDX-License-Identifier: BSD-3-Clause" in line for line in text[:6]):
            yield f"{path}: no SPDX-License-Identifier: BSD-3-Clause in its first lines"
    for path in scripts():
        if not any("SPDX-License-Identifier: BSD-3-Clause" in line for line in lines(path)[:6]):
            yield f"{path}: no SPDX-License-Identifier: BSD-3-Clause in its first lines"


def check_shell():
    need("shellcheck", "shellcheck")
    for path in scripts():
        if path.endswith(".py"):
            continue
        run = subprocess.run(["shellcheck", "--severity=warning", "-x", "-P", os.path.dirname(path) or ".", path],
                             cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode:
            yield run.stdout


def main():
    findings = 0
    for finding in globals()["check_" + sys.argv[1]]():
        print(finding)
        findings += 1
    print(f"{sys.argv[1]}: {findings} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()

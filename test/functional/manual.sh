# The manual page has every option that a command's --help names, below that command, and no other; every WHAT of show; every section.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

"$BP_PYTHON" - "$BYPATH" "$BP_SOURCE/docs/bypath.1" <<'PY' || fail "docs/bypath.1 is not what --help says"
import re
import subprocess
import sys


def run(*arguments):
    return subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, check=False)


def options_of(command):
    """What its --help names and it takes: a word about another command's option is refused."""
    names = set(re.findall(r"--([a-z][a-z-]*)", run(command, "--help").stdout))
    return {name for name in names
            if f"unrecognized option '--{name}=" not in run(command, f"--{name}=", "--no-such-option").stderr}


page = open(sys.argv[2], encoding="utf-8").read()
described = {}
for section in page.split("\n.Ss ")[1:]:
    command, _, text = section.partition("\n")
    rows = re.findall(r"^\.It (Fl .*)$", text.split("\n.Sh ")[0], re.M)
    described[command] = {name for row in rows for name in re.findall(r"Fl -([a-z-]+)", row)}
commands = re.findall(r"^  bypath (\w+) ", run("--help").stdout, re.M)
assert len(commands) > 5, commands
faults = [] if list(described) == commands else [f"sections {list(described)}, commands {commands}"]
for command in commands:
    options = options_of(command)
    faults += [f"{command} --{name}: not in the page" for name in options - described.get(command, set())]
    faults += [f"{command} --{name}: not in --help" for name in described.get(command, set()) - options]
# Pieces of a running instance, sections of a file: those that the program knows.
pieces = set(re.findall(r"^    (\w+)  ", run("show", "--help").stdout, re.M))
named = set(re.findall(r"\w+", page.split("\n.Ss show\n")[1].split(".Ar WHAT\nis\n")[1].split("\nNothing is reset")[0]))
faults += [f"show {what}: not in the page" for what in pieces - named]
sections = set(re.findall(r"^\.Sh \[([\w.]+)\]", run("check", "--reference=man").stdout, re.M))
named = set(re.findall(r"^\.Li \[([\w.]+)\]", page.split("\n.Sh CONFIGURATION\n")[1], re.M))
assert len(pieces) > 10 and len(sections) > 8, (pieces, sections)
faults += [f"[{name}]: not in the page's CONFIGURATION, or nowhere else" for name in sections ^ named]
print("\n".join(sorted(faults)))
sys.exit(bool(faults))
PY

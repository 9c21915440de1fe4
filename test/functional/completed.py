# Types into an interactive shell and looks at what its completion makes of it: completed.py SHELL SCRIPT BYPATH FOLDER.
# SPDX-License-Identifier: BSD-3-Clause
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

SHELL, SCRIPT, BYPATH, FOLDER = sys.argv[1:5]
INSTANCE, PORT = sys.argv[5:7]

SETUP = {
    "bash": ["bind 'set show-all-if-ambiguous on'", "bind 'set completion-query-items 0'",
             "bind 'set page-completions off'", "bind 'set bell-style none'", "bind 'set enable-bracketed-paste off'",
             f"source {SCRIPT}"],
    "zsh": ["LISTMAX=0", "unsetopt auto_menu list_beep", "zstyle ':completion:*' list-prompt ''",
            f"fpath=({os.path.dirname(SCRIPT)} $fpath)", "autoload -Uz compinit", "compinit -u -D"],
}[SHELL]
ARGV = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[SHELL]


class Terminal:
    """A shell on a terminal of 200 columns."""

    def __init__(self):
        self.fd, follower = pty.openpty()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 200, 0, 0))
        env = {"PATH": os.path.dirname(BYPATH) + ":/usr/bin:/bin", "HOME": FOLDER, "TERM": "xterm", "PS1": "$ ",
               "LC_ALL": "C.UTF-8"}
        self.shell = subprocess.Popen(ARGV, stdin=follower, stdout=follower, stderr=follower, env=env, cwd=FOLDER,
                                      start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(follower)
        self.n = 0
        for line in SETUP:
            self.run(line)

    def write(self, text):
        os.write(self.fd, text.encode())

    def until(self, is_there, what, seconds=30):
        """What comes until it is there, with blanks for what moves the cursor."""
        raw, end = "", time.monotonic() + seconds
        while True:
            text = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\x1b[=>]|\r", " ", re.sub(r"\x1b\[[0-9;]*m|\x07|.\x08", "", raw))
            if is_there(text):
                return text
            left = end - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], f"{what} never comes:\n{text}"
            raw += os.read(self.fd, 65536).decode(errors="replace")

    def run(self, line):
        """The mark is made by the shell: the line that asks for it does not have it."""
        self.n += 1
        self.write(f"{line}\necho end-$(({self.n} + 1000))\n")
        return self.until(lambda text: f"end-{self.n + 1000}" in text, f"the end of '{line}'")


def offers(terminal, line, wanted, unwanted=()):
    """A tab behind the line shows these words; then the line is taken back."""
    def words(text):
        return set(text.split())
    terminal.write(line + "\t")
    text = terminal.until(lambda text: set(wanted) <= words(text), f"'{line}': {wanted}")
    terminal.write("\x15")
    text += terminal.run("")
    wrong = set(unwanted) & (words(text) - words(line))
    assert not wrong, f"'{line}': {wrong} are offered"


def becomes(terminal, line, wanted):
    """A tab behind the line makes this of it."""
    terminal.write(line + "\t")
    terminal.until(lambda text: wanted in "".join(text.split()), f"'{line}': '{wanted}'")
    terminal.write("\x15")
    terminal.run("")


usages = subprocess.run([BYPATH, "--help"], capture_output=True, text=True, check=True).stdout
commands = re.findall(r"^  bypath (\w+) ", usages, re.M)
assert "run" in commands and "show" in commands, commands
t = Terminal()
offers(t, "bypath ", commands)
offers(t, "bypath sho", ["show"])
offers(t, "bypath show ", ["instances", "ports", "config", "ledger", INSTANCE])
offers(t, "bypath show ports ", [INSTANCE], ["ports", "ledger"])
offers(t, "bypath show --", ["--watch", "--json", "--help"], ["--probe"])
offers(t, "bypath run ", ["edge.ini", "folder/"], ["notes.txt"])
becomes(t, "bypath run folder/", "folder/inner.ini")  # and not notes.txt
offers(t, "bypath run --log-level ", ["error", "warning", "info", "debug"])
becomes(t, "bypath run --log-level=deb", "--log-level=debug")
offers(t, "bypath run edge.ini --set engine.", ["engine.idle=", "engine.burst="])
becomes(t, "bypath run edge.ini --set engine.idle=b", "engine.idle=busy")
becomes(t, f"bypath run edge.ini --set port.{PORT}.rate", f"port.{PORT}.rate_pps=")
offers(t, "bypath set ", ["log"])
offers(t, "bypath set log ", ["error", "warning", "info", "debug"], [INSTANCE])
offers(t, "bypath set log debug ", [INSTANCE], ["error"])
offers(t, "bypath drain ", [INSTANCE])
offers(t, "bypath bind eth0 ", ["vfio-pci", "kernel"])
if re.search(r"^  bypath set .*\bport PORT\b", usages, re.M):
    offers(t, "bypath set port ", [PORT])
t.write("exit\n")
assert t.shell.wait(10) is not None

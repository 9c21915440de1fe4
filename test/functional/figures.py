# Two runs on terminals: `bypath set log error` silences the figures of one: figures.py BYPATH ONE.ini TWO.ini.
# SPDX-License-Identifier: BSD-3-Clause
import os
import pty
import select
import subprocess
import sys
import time

BYPATH = sys.argv[1]


class Run:
    """A run on a terminal of its own; how many lines of figures came."""

    def __init__(self, ini):
        self.name = os.path.basename(ini)[:-len(".ini")]
        self.fd, follower = pty.openpty()
        self.process = subprocess.Popen([BYPATH, "run", ini, "--interval", "0.1"], stdin=follower, stdout=subprocess.DEVNULL,
                                        stderr=follower)
        os.close(follower)
        self.n, self.text = 0, ""

    def take(self):
        while select.select([self.fd], [], [], 0)[0]:
            self.text += os.read(self.fd, 65536).decode(errors="replace")
        self.n = self.text.count("copies/p")
        return self.n

    def wait_for_more(self, n, seconds=30):
        end, before = time.monotonic() + seconds, self.take()
        while self.take() < before + n:
            assert time.monotonic() < end, f"{self.name}: {self.n - before} of {n} lines:\n{self.text}"
            select.select([self.fd], [], [], 0.5)

    def set_log(self, level):
        subprocess.run([BYPATH, "set", "log", level, self.name], check=True)


one, two = Run(sys.argv[2]), Run(sys.argv[3])
one.wait_for_more(3)
two.wait_for_more(3)
one.set_log("error")
two.wait_for_more(2)  # one that was under way
before = one.take()
two.wait_for_more(10)
assert one.take() == before, f"{one.n - before} lines of figures behind 'set log error'"
one.set_log("info")
one.wait_for_more(3)
for run in (one, two):
    run.process.terminate()
    assert run.process.wait(20) == 0

# A clock for limits, on a host that has other things to do.
# SPDX-License-Identifier: BSD-3-Clause
"""Time in which nobody had to wait for a processor: a limit by this clock says that something hangs, not that the host is
busy."""
import os
import pathlib
import time

LOOK_S = 0.1


class Clock:
    """watch(pid): the emulator, too. The kernel tells what a thread has waited for a processor when it gets one."""

    def __init__(self):
        self.pids, self.last, self.waited, self.looked = [os.getpid()], 0.0, 0.0, 0.0

    def watch(self, pid):
        self.pids.append(pid)

    def now(self):
        """Seconds; never goes back."""
        wall = time.monotonic()
        if wall - self.looked > LOOK_S:
            self.waited, self.looked = sum(map(waited_s, self.pids)), wall
        self.last = max(self.last, wall - self.waited)
        return self.last


def waited_s(pid):
    """What that thread of a process which waited longest has waited since it began; 0 where the kernel does not count."""
    waits = [0.0]
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            waits.append(int(path.read_text(encoding="ascii").split()[1]) / 1e9)
        except (OSError, IndexError, ValueError):  # it has just ended
            pass
    return max(waits)

# A terminal of 80 × 24 that looks at `bypath show --watch`: watched.py BYPATH NAME PID-OF-RUN START-AGAIN…
# SPDX-License-Identifier: BSD-3-Clause
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

BYPATH, NAME, RUN = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Screen:
    """What a terminal would show: cursor home, erase line, erase below, new lines."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines, self.row = [""] * 200, 0
        self.widest = self.lowest = 0

    def feed(self, text):
        for piece in re.findall(r"\x1b\[[?0-9]*[a-zA-Z]|[^\x1b]+", text):
            if piece == "\x1b[H":
                self.row, self.lines[0] = 0, ""
            elif piece == "\x1b[J":
                self.lines[self.row + 1:] = [""] * (199 - self.row)
            elif piece == "\x1b[2J":
                self.lines, self.row = [""] * 200, 0
            elif not piece.startswith("\x1b"):
                for k, line in enumerate(piece.replace("\r", "").split("\n")):
                    if k:
                        self.row += 1
                        self.lines[self.row] = ""
                    self.lines[self.row] += line
                    self.widest = max(self.widest, len(self.lines[self.row]))
                    self.lowest = max(self.lowest, self.row + 1)

    def text(self):
        return "\n".join(self.lines)


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def wait_for(screen, fd, condition, what, seconds=15):
    end = time.monotonic() + seconds
    os.set_blocking(fd, False)
    text = b""
    while not condition(screen):
        assert time.monotonic() < end, f"{what}: never seen:\n{screen.text()}"
        try:
            text += os.read(fd, 65536)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        screen.feed(text.decode(errors="ignore"))
        text = b""


leader, follower = pty.openpty()
resize(leader, 24, 80)
show = subprocess.Popen([BYPATH, "show", NAME, "--watch", "--interval", "0.2"], stdin=follower, stdout=follower,
                        stderr=subprocess.DEVNULL, close_fds=True)
screen = Screen(24, 80)
wait_for(screen, leader, lambda s: "PORTS" in s.text() and "WORKERS" in s.text() and "PATHS" in s.text(), "the screen")
wait_for(screen, leader, lambda s: re.search(r"last 0\.[2-9] s", s.text()), "a redrawn screen")
assert screen.widest <= 80 and screen.lowest <= 24, (screen.widest, screen.lowest)
print(screen.text().rstrip())
resize(leader, 6, 40)
small = Screen(6, 40)
wait_for(small, leader, lambda s: s.text().count("… more") > 0, "a small screen")
small = Screen(6, 40)  # from a whole one on
wait_for(small, leader, lambda s: "PORTS" in s.text() and "… more" in s.text(), "a whole small screen")
assert small.widest <= 40 and small.lowest <= 6, (small.widest, small.lowest)
resize(leader, 24, 80)
os.kill(RUN, signal.SIGKILL)
gone = Screen(24, 80)
wait_for(gone, leader, lambda s: "waiting for it" in s.text(), "the end of the instance")
again = subprocess.Popen(sys.argv[4:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
back = Screen(24, 80)
wait_for(back, leader, lambda s: "PORTS" in s.text(), "the instance again")
again.terminate()
assert again.wait(10) == 0
show.send_signal(signal.SIGINT)
assert show.wait(10) == 0

# A terminal that a test looks at.
# SPDX-License-Identifier: BSD-3-Clause
import fcntl
import os
import re
import struct
import termios
import time


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

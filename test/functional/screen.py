# A terminal that a test looks at.
# SPDX-License-Identifier: BSD-3-Clause
import fcntl
import html
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


CELL_WIDTH, CELL_HEIGHT, EDGE, BAR = 8.4, 18, 14, 30  # px, of 14 px letters
LOOKS = """text{font:14px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre;fill:#1a2129}
.bar{font-size:12px;fill:#55606c}.ground{fill:#fff;stroke:#d5dbe1}
@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.bar{fill:#9aa7b4}.ground{fill:#11161c;stroke:#303a45}}"""


def picture(text, rows, columns, title):
    """A screen as an SVG: each run of letters at its cell, whatever the reader's letters are like."""
    width, height = 2 * EDGE + columns * CELL_WIDTH, BAR + rows * CELL_HEIGHT + EDGE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
           f'aria-label="{html.escape(title)}"><style>{LOOKS}</style>',
           f'<rect class="ground" x=".5" y=".5" width="{width - 1:g}" height="{height - 1:g}" rx="8"/>',
           f'<text class="bar" x="{EDGE}" y="20">{html.escape(title)} · {columns} × {rows}</text>']
    for row, line in enumerate(text.split("\n")):
        for run in re.finditer(r"\S+(?: \S+)*", line):
            out.append(f'<text x="{EDGE + run.start() * CELL_WIDTH:g}" y="{BAR + row * CELL_HEIGHT + 14:g}" '
                       f'textLength="{len(run.group()) * CELL_WIDTH:g}" lengthAdjust="spacingAndGlyphs">'
                       f'{html.escape(run.group())}</text>')
    return "\n".join(out) + "\n</svg>\n"


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

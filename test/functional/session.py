# Records a terminal session with a running instance: session.py BYPATH INSTANCE OUT.txt OUT.cast OUT.svg.
# SPDX-License-Identifier: BSD-3-Clause
"""Each step is a command as one types it; a further one is a further row of STEPS."""
import json
import os
import pty
import select
import subprocess
import sys
import time

from screen import Screen, picture, resize

BYPATH, INSTANCE, TEXT, CAST, PICTURE = sys.argv[1:6]
COLUMNS, ROWS = 120, 40  # of the recording; screens that are redrawn have 80 × 24

STEPS = [
    ("Which instances run here?", "bypath show instances"),
    ("Their ports: driver, effective mode, link.", "bypath show ports"),
    ("What it was started with, and where each line stands.", "bypath show config"),
    ("Traffic and time of each path.", "bypath show paths"),
    ("What each packet costs: copies and crossings, counted and modelled.", "bypath show ledger"),
    ("What functions do, and what they know.", "bypath show functions"),
    ("", "bypath show tables"),
    ("Drops, by reason.", "bypath show drops"),
    ("Workers: busy, idle, asleep, off core.", "bypath show workers"),
    ("All of it, redrawn; here its last screen.", "bypath show --watch --interval 0.5 --count 4"),
    ("Counters since a moment of one's own: nothing is reset.", "bypath show counters --json >before.json"),
    ("", "bypath show counters --since before.json"),
    ("The ways of the next three packets.", "bypath trace 3 udp"),
    ("Five packets as they come in, into tshark.", "bypath capture wan rx udp -c 5 -w - 2>/dev/null | tshark -n -r - 2>/dev/null"),
    ("Another driver for wan, in the file: what would that change?",
     "sed -i '0,/driver = af_packet/s//driver = af_xdp/' edge.ini; bypath reload --check"),
    ("Then do it, in the middle of three seconds of iperf3: Lost is what its server missed.",
     "ip netns exec h1 iperf3 -u -b 10M -l 1000 -t 3 -p 5202 -c 10.77.0.2 & sleep 1.5; bypath reload; wait"),
    ("The path as it is now, and as it was.", "bypath show paths"),
    ("What is wrong now, and what was.", "bypath show alarms"),
    ("More of the log, from now on.", "bypath set log debug"),
    ("Send what is held, report, end.", "bypath drain"),
]


class Recording:
    """The text, and asciicast's second version."""

    def __init__(self):
        self.text = []
        self.events = []
        self.now = 0.0

    def put(self, text, seconds=0.0):
        self.now += seconds
        self.events.append([round(self.now, 3), "o", text])

    def type(self, line):
        self.put("$ ", 0.4)
        for key in line:
            self.put(key, 0.03)
        self.put("\r\n", 0.2)

    def write(self):
        with open(TEXT, "w", encoding="utf-8") as out:
            out.write("\n".join(self.text) + "\n")
        with open(CAST, "w", encoding="utf-8") as out:
            head = {"version": 2, "width": COLUMNS, "height": ROWS, "title": "bypath show"}
            for row in [head, *self.events]:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


def run(line, rows, columns):
    """What a command writes to a terminal, as (seconds since the last piece, text)."""
    fd, follower = pty.openpty()
    resize(fd, rows, columns)
    command = subprocess.Popen(["sh", "-c", line], stdin=follower, stdout=follower, stderr=follower,
                               env={**os.environ, "PATH": os.path.dirname(BYPATH) + ":" + os.environ["PATH"]})
    os.close(follower)
    last, pieces = time.monotonic(), []
    while True:
        is_over = command.poll() is not None
        if select.select([fd], [], [], 0 if is_over else 0.05)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            now = time.monotonic()
            pieces.append((now - last, data))
            last = now
        elif is_over:
            break
    assert command.wait() == 0, (line, b"".join(data for _, data in pieces).decode())
    return pieces


recording = Recording()
for what, line in STEPS:
    if what:
        recording.text.append(f"# {what}")
        recording.put(f"\x1b[2m# {what}\x1b[0m\r\n", 1.0)
    recording.type(line)
    recording.text.append(f"$ {line}")
    is_drawn = "--watch" in line
    has_times = is_drawn or "iperf3" in line
    pieces = run(line, *((24, 80) if is_drawn else (ROWS, COLUMNS)))
    for seconds, data in pieces:
        recording.put(data.decode(errors="replace"), seconds if has_times else 0.0)
    output = b"".join(data for _, data in pieces).decode()
    if is_drawn:
        screen = Screen(24, 80)
        screen.feed(output)
        output = screen.text().rstrip()
        assert screen.widest <= 80 and output.count("\n") < 24, (screen.widest, output)
        with open(PICTURE, "w", encoding="utf-8") as out:
            out.write(picture(output, 24, 80, line.split(" --interval")[0]))
    recording.text += [row.rstrip() for row in output.replace("\r", "").strip("\n").split("\n") if output.strip()]
    recording.text.append("")
recording.write()

# A terminal of 80 × 24 that looks at `bypath show --watch`: watched.py BYPATH NAME PID-OF-RUN START-AGAIN…
# SPDX-License-Identifier: BSD-3-Clause
import os
import pty
import re
import signal
import subprocess
import sys

from screen import Screen, resize, wait_for

BYPATH, NAME, RUN = sys.argv[1], sys.argv[2], int(sys.argv[3])


leader, follower = pty.openpty()
resize(leader, 24, 80)
show = subprocess.Popen([BYPATH, "show", NAME, "--watch", "--interval", "0.2"], stdin=follower, stdout=follower,
                        stderr=subprocess.DEVNULL, close_fds=True)
screen = Screen(24, 80)
wait_for(screen, leader, lambda s: "PORTS" in s.text() and "WORKERS" in s.text() and "PATHS" in s.text(), "the screen")
# All there is, with the function and what it says, of which the screen has room for a part. A screen may be read while it is
# drawn anew, line by line.
WORDS = ("PORTS", "busy", "in calls", "asleep", "PATHS", "user/p", "kernel", "calls/p", "DROPS", "FUNCTIONS", "TABLES")
wait_for(screen, leader, lambda s: re.search(r"last 0\.[2-9] s", s.text()) and all(w in s.text() for w in WORDS),
         "a redrawn screen with " + ", ".join(WORDS))
assert screen.widest <= 80 and screen.lowest <= 24, (screen.widest, screen.lowest)
print(screen.text().rstrip())
assert all("show tables" in line for line in screen.text().split("\n") if "…" in line), screen.text()
# A window that changes is drawn anew at once, not at the next interval.
other, other_end = pty.openpty()
resize(other, 24, 80)
hourly = subprocess.Popen([BYPATH, "show", NAME, "--watch", "--interval", "3600"], stdin=other_end, stdout=other_end,
                          stderr=subprocess.DEVNULL, close_fds=True)
wait_for(Screen(24, 80), other, lambda s: "TABLES" in s.text(), "the only screen of an hour")
resize(other, 6, 40)
hourly.send_signal(signal.SIGWINCH)
wait_for(Screen(6, 40), other, lambda s: "… more" in s.text(), "the same on a small window")
hourly.send_signal(signal.SIGINT)
assert hourly.wait(10) == 0
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

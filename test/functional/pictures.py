# Takes pictures of a live page under traffic, when it remembers so many seconds: pictures.py FOLDER URL SECONDS.
# SPDX-License-Identifier: BSD-3-Clause
import os
import sys

from browser import Browser

FOLDER, PAGE, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
# As wide as a page of documentation shows it, and a telephone.
LOOKS = {"live-light": (900, 1150, "light"), "live-dark": (900, 1150, "dark"), "live-narrow": (380, 1610, "light")}
STATE = "document.documentElement?.dataset.state"

browser = Browser(FOLDER)
try:
    browser.look(900, 1150)
    browser.go(PAGE)
    browser.until(f"{STATE} === 'live'")
    samples = "Math.max(0, ...[...document.querySelectorAll('.past polyline')].map(e => e.points.length))"
    browser.until(f"{samples} >= {SECONDS}", 3 * SECONDS)
    for name, (width, height, scheme) in LOOKS.items():
        browser.look(width, height, scheme)
        browser.shoot(os.path.join(FOLDER, name + ".png"), is_whole=False)
    assert not browser.said, browser.said
finally:
    browser.close()

# Looks at the live page of a run: live_page.py FOLDER BYPATH PID-OF-FLOOD PID-OF-RUN.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import signal
import subprocess
import sys
import time

from browser import Browser

FOLDER, BYPATH, FLOOD, RUN = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
SHOTS = os.environ.get("BP_SHOTS")
PAGE = "http://127.0.0.1:9477/"
FIGURES = """Object.fromEntries([...document.querySelectorAll('[data-figure]')].map(e =>
    [e.dataset.figure, e.textContent.replace(/\\u202f/g, '').replace('\\u2212', '-')]))"""
STATE = "document.documentElement?.dataset.state"


def show(what):
    return json.loads(subprocess.run([BYPATH, "show", what, "edge", "--json"], check=True, capture_output=True).stdout)


def expected():
    """What the page has to say, of what bypath show says."""
    figures = {}
    report = show("all")
    for port in report["ports"]:
        sums = {way: {key: sum(q["counted"][key] for q in port[way + "_queues"]) for key in ("packets", "dropped")}
                for way in ("rx", "tx")}
        for way in ("rx", "tx"):
            figures[f"port.{port['name']}.{way}.packets"] = sums[way]["packets"]
        figures[f"port.{port['name']}.dropped"] = sums["rx"]["dropped"] + sums["tx"]["dropped"]
    for path in report["paths"]:
        for key in ("packets", "bytes", "user_copies", "crossings"):
            figures[f"path.{path['worker']}.{path['in']}.{path['out'] or ''}.{key}"] = path["counted"][key]
    for path in report["path_totals"]:
        for key in ("packets", "bytes", "user_copies", "crossings") if path["renewed"] else ():
            figures[f"total.{path['in']}.{path['out'] or ''}.{key}"] = path["counted"][key]
    for fn in report["functions"]:
        figures[f"function.{fn['name']}.packets"] = fn["counted"]["packets"]
        figures[f"function.{fn['name']}.dropped"] = fn["counted"]["dropped"]
    for owner in report["ports"] + report["functions"]:
        for event in owner["events"]:
            if event["kind"] == "drop":
                figures[f"drop.{owner['name']}.{event['counter']}"] = event["value"]
    conservation = report["conservation"]["counted"]
    figures.update(unaccounted=conservation["unaccounted"], received=conservation["received"], sent=conservation["sent"])
    return figures


def shoot(browser, name):
    if SHOTS:
        browser.shoot(os.path.join(SHOTS, name + ".png"))


def check_moving(browser):
    """Figures of each second while packets move."""
    browser.until(f"{STATE} === 'live'")
    browser.until("document.querySelectorAll('#workers li').length > 0")
    before = browser.ask(FIGURES)
    shown = {name: value for name, value in expected().items() if name != "unaccounted"}
    for name in ("port.wan.rx.packets", "function.slow.dropped", "received"):
        browser.until(f"Number(({FIGURES})['{name}']) > {before[name]}")
        assert int(before[name]) <= shown[name], (name, before[name], shown[name])
    text = browser.ask("document.body.innerText")
    for word in ("edge", "wan → slow → lan", "kernel copies (modelled)", "in system calls", "af_packet"):
        assert word in text, (word, text)
    browser.until("/[1-9.]+\\u202fk?pps/.test(document.querySelector('.facts .large').textContent)")


def check_rates():
    """Of a path that drops nearly all it receives: time in system calls is part of the time that a worker is busy."""
    watched = subprocess.run([BYPATH, "show", "edge", "--watch", "--interval", "1", "--count", "2", "--json"], check=True,
                             capture_output=True).stdout.splitlines()
    rates = json.loads(watched[-1])
    for worker in rates["workers"]:
        assert 0 < worker["calls"] <= worker["busy"] + 0.05, worker
    slow, = rates["functions"]
    red, = (drop for drop in rates["drops"] if drop["where"] == "slow")
    assert 0 < red["pps"] <= 1.01 * slow["pps"] and abs(red["pps"] - slow["drop_pps"]) < 1, (red, slow)
    for port in rates["ports"]:
        assert port["rx_pps"] * 60 * 8 <= port["rx_bps"] + 1 and port["tx_pps"] * 42 * 8 <= port["tx_bps"] + 1, port


def check_looks(browser):
    """Narrow and wide, light and dark: nothing sticks out, and a picture to look at."""
    for width, height in ((380, 800), (1400, 1000)):
        for scheme in ("light", "dark"):
            browser.look(width, height, scheme)
            widest = browser.ask("document.documentElement.scrollWidth")
            assert widest <= width, (widest, width)
            shoot(browser, f"live-{width}-{scheme}")
    ground = browser.ask("getComputedStyle(document.body).backgroundColor")
    browser.look(1400, 1000, "light")
    assert ground != browser.ask("getComputedStyle(document.body).backgroundColor"), "dark looks as light does"
    odd = browser.ask("document.body.innerText.match(/\\bNaN\\b|undefined|Infinity|\\[object/)")
    assert not odd, odd


def reload_with(workers):
    path = os.path.join(FOLDER, "edge.ini")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("[engine]\n", f"[engine]\nworkers = {workers}\n"))
    subprocess.run([BYPATH, "reload", "edge"], check=True, capture_output=True)


def check_still(browser):
    """When nothing moves any more, the page has what bypath show has, every figure, also of what a reload has ended."""
    reload_with(2)
    os.kill(FLOOD, signal.SIGTERM)
    end = time.monotonic() + 20
    while True:
        now = {name: str(value) for name, value in expected().items()}
        shown = browser.ask(FIGURES)
        if shown == now:
            break
        assert time.monotonic() < end, {name: (now.get(name), shown.get(name)) for name in now.keys() | shown.keys()
                                        if now.get(name) != shown.get(name)}
        time.sleep(0.1)
    assert len(now) >= 16 and int(now["port.wan.rx.packets"]) > 100, now
    assert any(name.startswith("total.") for name in now), now
    return len(now)


def check_silent(browser):
    """An instance that stands still is no news; then it goes on."""
    os.kill(RUN, signal.SIGSTOP)
    browser.until(f"{STATE} === 'silent'")
    os.kill(RUN, signal.SIGCONT)
    browser.until(f"{STATE} === 'live'")


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def check_gone(browser):
    """The page says that the instance is gone, and goes on by itself with the next one."""
    os.kill(RUN, signal.SIGTERM)
    browser.until(f"{STATE} === 'gone'")
    text = browser.ask("document.querySelector('.state').textContent")
    assert "instance gone" in text, text
    shoot(browser, "live-gone")
    end = time.monotonic() + 10
    while not has_ended(RUN):  # its name is taken until then
        assert time.monotonic() < end, "it does not end"
        time.sleep(0.02)
    log = open(os.path.join(FOLDER, "again.log"), "wb")
    again = subprocess.Popen([BYPATH, "run", os.path.join(FOLDER, "edge.ini")], stdout=log, stderr=log)
    try:
        browser.until(f"{STATE} === 'live'")
        browser.until(f"Number(({FIGURES})['port.wan.rx.packets']) < 1000")
    finally:
        again.terminate()
        again.wait(10)
    assert again.returncode == 0, again.returncode


def main():
    browser = Browser(FOLDER)
    try:
        browser.look(1400, 1000)
        browser.go(PAGE)
        check_moving(browser)
        check_rates()
        check_looks(browser)
        n = check_still(browser)
        check_silent(browser)
        assert not browser.said, browser.said
        check_gone(browser)
        # What is refused meanwhile the browser reports by itself.
        said = [text for text in browser.said if "net::ERR_" not in text]
        assert not said, said
    finally:
        browser.close()
    print(f"{n} figures as bypath show has them; two widths, two schemes; gone, and back by itself")


main()

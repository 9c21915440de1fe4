# The highest rate that a side forwards with hardly any loss; latency at a given rate.
# SPDX-License-Identifier: BSD-3-Clause
"""
On a machine with two cores a generator that receives as well has half a core for sending. Here it
only sends; what comes out is read at the far interface, so that trials reach the rates of interest.
"""

import json
import os
import shlex
import time

from lab import FOLDER, Process, SideError
from sides import GEN_CORE
from traffic import ETH, Source, wait_flow

LOSS = 0.001
WIDTH = 0.05  # between the bounds, of the upper one
LOWEST = 5000
TRIAL_S = 0.4
TRIALS_MAX = 24
SETTLE_S = 0.05
LATENCY_LOSS = 0.05  # of the frames, above which the others' latency is not the side's
BOUND_SHARE = 0.9  # of the rate asked for, under which the generator was the limit


class Bounds:
    """Pure: what rate to try next, what is known. A rate is carried when two of up to three trials
    lose at most LOSS: one hiccup of the machine is no limit of the side."""

    def __init__(self, first, highest):
        self.lower, self.upper, self.highest = 0.0, None, highest
        self.rate, self.step = min(first, highest), WIDTH
        self.clean, self.lossy = 0, 0
        self.sent = []  # in the clean trials at this rate
        self.value = 0.0  # what was really sent at the lower bound

    def next(self):
        """The next rate to try; None when the search has ended."""
        if self.upper is None:
            return self.rate if self.lower < self.highest else None
        if (self.upper - self.lower) / self.upper <= WIDTH or self.rate < LOWEST:
            return None
        return self.rate

    def take(self, sent, loss):
        """A trial at the rate that next() said."""
        if loss <= LOSS:
            self.clean += 1
            self.sent.append(sent)
        else:
            self.lossy += 1
        if max(self.clean, self.lossy) >= 2:
            self.decide(self.clean >= 2)

    def decide(self, is_carried):
        if is_carried:
            self.lower, self.value = self.rate, min(self.sent)
        else:
            self.upper = self.rate
        self.clean = self.lossy = 0
        self.sent = []
        self.step *= 2
        if self.upper is None:
            self.rate = min(self.highest, self.rate * (1 + self.step))
        elif not self.lower:
            self.rate = self.upper * (1 - min(self.step, 0.5))
        else:
            self.rate = (self.upper * self.lower) ** 0.5


def trial(ctx, side, rate):
    """(sent per second, loss ratio) of one trial."""
    before = ctx.lab.look()[2]
    source = Source(ctx, 64, f"{rate:.0f}pps" if rate else "max", TRIAL_S, ETH)
    try:
        source.process.wait_end(TRIAL_S + 10)
        sent = source.read()["sent"]
    finally:
        source.abandon()
    received, still = ctx.lab.look()[2], 0
    end = time.monotonic() + 2
    while still < SETTLE_S and time.monotonic() < end:
        time.sleep(0.01)
        now = ctx.lab.look()[2]
        still = still + 0.01 if now == received else 0
        received = now
    side.check()
    return sent["pps"], max(0.0, 1 - (received - before) / sent["frames"])


def loss_free(ctx, side):
    """One round: a whole search."""
    ctx.lab.wires()
    source = None
    try:
        side.start()
        source = Source(ctx, 64, "20000pps", options=ETH)
        wait_flow(ctx, side, source)
        source.stop()
        highest, loss = trial(ctx, side, None)
        bounds = Bounds(highest * (1 - loss), highest)
        trials, note = [[round(highest), None, loss]], None
        while len(trials) < TRIALS_MAX:
            rate = bounds.next()
            if rate is None:
                break
            sent, loss = trial(ctx, side, rate)
            trials.append([round(rate), round(sent), round(loss, 6)])
            if sent < BOUND_SHARE * rate and loss <= LOSS:
                bounds.highest = bounds.rate  # faster than the generator: nothing to find above
            bounds.take(sent, loss)
        if bounds.upper is None:
            note = f"the generator reaches {highest / 1e3:.0f} kpps, which is carried without loss"
        elif not bounds.lower:
            note = "frames are lost at every rate tried"
        side.stop()
        return {"value": bounds.value, "upper": bounds.upper, "trials": trials,
                "unmeasurable": note, "at_least": bounds.upper is None,
                "facts": side.facts,
                "generator": f"bypath gen --tx-port xdp_live:e0 --rate … --duration {TRIAL_S}"}
    finally:
        if source:
            source.abandon()
        side.abandon()


def latency(ctx, side, rate=None):
    """One round: the 99th percentile in ns at a rate, by a generator that sends and receives in turn."""
    ctx.lab.wires()
    process, path = None, f"{FOLDER}/latency.json"
    if os.path.exists(path):
        os.unlink(path)
    arguments = ["gen", "--tx-port", "af_packet:e0", "--rx-port", "af_packet:e1", "--rate",
                 f"{rate:.0f}pps", "--duration", f"{ctx.duration:g}", "--cores", str(GEN_CORE),
                 "--size", "64", "--quiet", "--set", "memory.hugepages=no", "--set",
                 "port.rx.ring_size=16384", *ETH, "--json", path]
    try:
        side.start()
        process = Process("generator", "gen", ctx.program, *arguments)
        process.wait_end(ctx.duration + 20)
        side.check()
        with open(path, encoding="utf-8") as file:
            result = json.load(file)["trial"]
        side.stop()
    except (OSError, ValueError, KeyError) as err:
        raise SideError(f"no report of the generator: {err}") from err
    finally:
        if process:
            process.kill()
        side.abandon()
    spans = result["latency_ns"]
    if not spans:
        raise SideError(f"{side.name}: nothing came back")
    note = None
    if result["sent"]["pps"] < BOUND_SHARE * rate:
        note = (f"the generator sends {result['sent']['pps'] / 1e3:.0f} of {rate / 1e3:.0f} kpps "
                "when it receives as well")
    elif result["loss_ratio"] > LATENCY_LOSS:
        note = f"{result['loss_ratio']:.0%} of the frames are lost, which have no latency"
    return {"value": spans["p99"], "latency_ns": spans, "load_pps": result["sent"]["pps"],
            "loss_ratio": result["loss_ratio"], "unmeasurable": note, "facts": side.facts,
            "generator": "bypath " + shlex.join(arguments)}

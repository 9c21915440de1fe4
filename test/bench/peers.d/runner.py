# Goes through rows and rounds, keeps what was measured whatever happens.
# SPDX-License-Identifier: BSD-3-Clause
import signal
import sys
import time

from lab import Interrupted, Lab, SideError, prepare_folder
from output import row_document
from traffic import Context
from verdict import note_of


def fresh(spec):
    return {"name": spec.name, "command": None, "error": None, "unmeasurable": None,
            "may_fail": spec.may_fail, "rounds": []} if spec else None


def one_round(ctx, spec, side):
    """Adds a figure to the side, or says what went wrong."""
    forwarder = spec.make(ctx)
    side["command"] = forwarder.command
    try:
        result = spec.measure(ctx, forwarder)
    except SideError as err:
        side["error"] = str(err)
        return
    side["rounds"].append(result)
    side["unmeasurable"], side["at_least"] = note_of(side["rounds"])


def measure_row(ctx, row, n_rounds, state):
    for number in range(n_rounds):
        pairs = [(row.ours, state["ours"]), (row.theirs, state["theirs"])]
        # Which side goes first changes from round to round: neither always follows the other.
        for spec, side in pairs if number % 2 == 0 else pairs[::-1]:
            if spec and not side["error"]:
                one_round(ctx, spec, side)


def say(row, document, seconds):
    ratio = f" {document['ratio']:.2f}×" if document["ratio"] is not None else ""
    print(f"peers: {row.name}:{ratio} {document['verdict']} ({seconds:.0f} s)", file=sys.stderr,
          flush=True)


def run_rows(options, program, doc, save):
    def interrupt(_number, _frame):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted

    prepare_folder()
    lab = Lab()
    ctx = Context(lab, program, options.duration, options.before)
    row = state = None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        for row in options.chosen:
            begin = time.monotonic()
            state = {"ours": fresh(row.ours), "theirs": fresh(row.theirs)}
            measure_row(ctx, row, options.rounds, state)
            doc["rows"].append(row_document(row, state))
            state = None
            save()
            say(row, doc["rows"][-1], time.monotonic() - begin)
    except Interrupted:
        doc["run"]["interrupted"] = True
        if state:
            doc["rows"].append(row_document(row, state))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        lab.close()

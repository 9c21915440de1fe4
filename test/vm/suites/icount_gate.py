# The rows that no commit may make dearer unsaid: their user code against test/vm/icount.expected.
# SPDX-License-Identifier: BSD-3-Clause
import pathlib

from count import TOOLS, Counter
from figures import Recorded, built_with
from kernel import Missing
from suites import icount

EXPECTED = pathlib.Path(__file__).resolve().parent.parent / "icount.expected"
PLANTED = 100
TRIES = 4


def check(options):
    """Missing where the figures of the file do not hold; before anything is booted."""
    if options.rewrite:
        return
    difference = Recorded(EXPECTED).difference(built_with())
    if difference:
        raise Missing(f"test/vm/{EXPECTED.name} is of another build: {difference}")


def run(lab):
    recorded = Recorded(EXPECTED)
    chosen = icount.chosen("icount-gate", lab.options.rows)
    found = icount.measure(lab, chosen)
    planted(lab)
    if lab.options.rewrite:
        assert len(found) == len(chosen), f"not rewritten: of {len(chosen)} rows {len(found)} were measured"
        rows = {row.name: figure.user for row, figure in found}
        recorded.write(built_with(), {**(recorded.rows if lab.options.rows else {}), **rows})
        print(f"#     {EXPECTED} is rewritten", flush=True)
        return
    for row, figure in found:
        with lab.case(f"{row.name}-is-no-dearer"):
            problem, note = recorded.judge(row.name, figure.user)
            assert not problem, problem
            print(f"#     {row.name}: {note}", flush=True)
    with lab.case("no-row-is-gone"):
        gone = set(recorded.rows) - {row.name for row in icount.GATE}
        assert not gone, f"test/vm/{EXPECTED.name} has rows that nothing measures: {', '.join(sorted(gone))}"


def planted(lab):
    """The control: instructions that are planted, one call a packet, are found to the instruction."""
    row = next(row for row in icount.ROWS if row.path == "null")
    library = TOOLS / "libplant.so"
    with lab.case("planted-instructions"):
        if not library.exists():
            raise Missing(f"no {library}: this build has no tests, or another processor")
        counter = Counter(lab)
        lowest = [float("inf")] * 2
        for _ in range(TRIES):  # what the kernel does beside a run adds to it, and takes nothing away
            for i, n in enumerate((0, PLANTED)):
                planted_run = ("/usr/bin/env", f"LD_PRELOAD={library}", f"PLANT={n}")
                lowest[i] = min(lowest[i], counter.figure_of_bypath(row, planted_run).user)
            difference = lowest[1] - lowest[0]
            if abs(difference - PLANTED) < 1:
                break
        assert abs(difference - PLANTED) < 1, f"{PLANTED} planted, {difference:.2f} found: {lowest}"

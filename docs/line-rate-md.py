#!/usr/bin/python3
# Makes the tables of docs/line-rate.md: costs of what `test/bench/peers` left, bounds of the standards' arithmetic.
# SPDX-License-Identifier: BSD-3-Clause
"""line-rate-md.py [PEERS.json…]: with files, their rounds go to line-rate.json beside the page first, a row of a later
file instead of that of an earlier one. Writes line-rate.md anew between its markers. --check: says whether it would."""
import json
import math
import pathlib
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGE, DATA = HERE / "line-rate.md", HERE / "line-rate.json"

# Rows of peers and which of their sides: what the page calls the path, what the path copies.
PATHS = {
    ("ring", "ours"): "ring → ring, the loop itself",
    ("null", "ours"): "null → null",
    ("dpdk-null-io", "ours"): "dpdk net_null → net_null, mbufs taken and freed",
    ("dpdk-memif", "ours"): "dpdk net_memif → net_memif, two copies",
    ("probe-af_xdp-native", "theirs"): "af_xdp native-copy on veth",
    ("probe-af_xdp-skb", "theirs"): "af_xdp skb-copy on veth",
    ("probe-af_packet", "theirs"): "af_packet mmap on veth, TX ring",
}
FACTS = {"ns": "ns_per_packet", "user_ns": "ns_per_packet_user", "calls_ns": "ns_per_packet_calls",
         "mean_burst": "mean_burst", "cycle_hz": "cycle_hz"}

LINES = (10e9, 25e9, 100e9)
SIZES = (64, 128, 256, 512, 1024, 1280, 1518)
IMIX = {64: 7, 594: 4, 1518: 1}
WIRE = 20  # preamble 7, SFD 1, gap 12
FCS = 4
SLOTS = {"3.0 x8": (8, 203), "3.0 x16": (16, 168)}  # lanes, bytes between two acknowledgements, two updates
CHANNEL = 25.6e9


# ---- the data ----------------------------------------------------------------------------------


def rounds_of(row, side):
    """What the page needs of each round."""
    return [{"steal": taken.get("steal"), **{ours: taken["facts"].get(theirs) for ours, theirs in FACTS.items()}}
            for taken in row[side]["rounds"]]


def taken_from(path):
    """The rows of a peers document that the page has."""
    document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    run = {key: document["run"][key] for key in ("begun", "commit", "rounds", "duration_s")}
    machine = {key: document["machine"][key] for key in ("cpu", "cores", "kernel", "dpdk")}
    return {row["row"]: {"row": row["row"], "side": side, "run": run, "machine": machine, "rounds": rounds_of(row, side)}
            for row in document["rows"] for name, side in PATHS if name == row["row"]}


def gather(paths):
    kept = {}
    if DATA.exists():
        kept = {row["row"]: row for row in json.loads(DATA.read_text(encoding="utf-8"))["rows"]}
    for path in paths:
        kept.update(taken_from(path))
    rows = ",\n".join(json.dumps(kept[name]) for name, _ in PATHS if name in kept)
    DATA.write_text(f'{{"schema": "bypath.line-rate-costs/1", "rows": [\n{rows}\n]}}\n', encoding="utf-8")


# ---- costs -------------------------------------------------------------------------------------


def middle(values, form):
    """Median (lowest–highest)."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def digits(value, n=3):
    """So many significant digits, and no exponent."""
    return f"{value:.{max(0, n - 1 - math.floor(math.log10(value)))}f}"


def median_ns(row):
    return statistics.median(taken["ns"] for taken in row["rounds"])


def has_calls(row):
    return any(taken["calls_ns"] for taken in row["rounds"])


def counter_hz(rows):
    """The machine's, which older reports do not have."""
    return statistics.median(taken["cycle_hz"] for row in rows for taken in row["rounds"] if taken["cycle_hz"])


def cost_row(row, hz):
    cycles = {key: [taken[key] * hz / 1e9 for taken in row["rounds"]] for key in ("ns", "user_ns")}
    return (f"{PATHS[row['row'], row['side']]} (`{row['row']}`)", middle(cycles["user_ns"], "{:.0f}"),
            middle(cycles["ns"], "{:.0f}") if has_calls(row) else "no calls",
            middle([taken["ns"] for taken in row["rounds"]], "{:.1f}" if median_ns(row) < 100 else "{:.0f}"),
            digits(1000 / median_ns(row), 2))


def sources(rows):
    """One line for each run."""
    of_run = {}
    for row in rows:
        of_run.setdefault(json.dumps([row["run"], row["machine"]]), []).append(row)
    lines = []
    for key, named in of_run.items():
        run, machine = json.loads(key)
        names = [f"`{row['row']}`" for row in named]
        steal = max(taken["steal"] or 0 for row in named for taken in row["rounds"])
        lines.append(f"- {', '.join(names)}: {run['rounds']} rounds of {run['duration_s']:g} s "
                     f"({run['begun']}, commit {run['commit']}); the host took at most {100 * steal:.1f} % of a round's time. "
                     f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, DPDK {machine['dpdk']}.")
    return "\n".join(lines)


def costs(rows):
    table = markdown(("path (row of `peers`)", "user code, cycles per packet", "with system calls, cycles", "ns",
                      "Mpps a core"), [cost_row(row, counter_hz(rows)) for row in rows])
    return f"{table}\n\nThe counter has {counter_hz(rows) / 1e9:.3f} GHz.\n\n{sources(rows)}"


def cores(rows):
    """Cores of that machine for the line at 64 bytes, as far as user code takes them."""
    def cells(row):
        user_ns = statistics.median(taken["user_ns"] for taken in row["rounds"])
        sign = "≥ " if has_calls(row) else ""
        return (PATHS[row["row"], row["side"]],
                *(f"{sign}{math.ceil(frames_per_s(line, 64) * user_ns / 1e9 - 1e-9)}" for line in LINES))

    return markdown(("cores for 64-byte frames", *(f"{line / 1e9:.0f} Gbit/s" for line in LINES)), map(cells, rows))


# ---- the standards -----------------------------------------------------------------------------


def frames_per_s(line, size):
    return line / 8 / (size + WIRE)


def lines_table():
    mean = sum(size * n for size, n in IMIX.items()) / sum(IMIX.values())
    rows = []
    for name, size in [*((str(size), size) for size in SIZES), ("imix", mean)]:
        cells = [(f"{frames_per_s(line, size):,.0f}/s", f"{1e9 / frames_per_s(line, size):.1f} ns") for line in LINES]
        rows.append((name, *(cell for pair in cells for cell in pair)))
    return markdown(("size", *(cell for line in LINES for cell in (f"{line / 1e9:.0f} Gbit/s", ""))), rows)


def slot_frames_per_s(slot, size):
    """Of frames received, and as many sent, by one NIC: the direction that is full first."""
    lanes, update = SLOTS[slot]
    room = 8e9 * lanes * 128 / 130 / 8 * (1 - 2 * 8 / update - 4 / 1538)
    n = size - FCS
    descriptors, doorbell = (4 * 16 + 20) / 4, 28 / 32
    up = n + 24 * math.ceil(n / 256) + 28 + 24 * math.ceil(n / 512) + 28
    down = n + 20 * math.ceil(n / 256) + 2 * (descriptors + doorbell)
    return room / max(up, down)


def memory_frames_per_s(size, copies):
    """Both ways: two paths share the channel."""
    return CHANNEL / (2 * (size - FCS) * (2 + 2 * copies))


def bounds_table():
    rows = [(str(size), *(digits(slot_frames_per_s(slot, size) / 1e6) for slot in SLOTS),
             *(digits(memory_frames_per_s(size, copies) / 1e6) for copies in range(3))) for size in SIZES]
    return markdown(("size", *SLOTS, "DRAM, no copy", "one copy", "two copies"), rows)


# ---- the page ----------------------------------------------------------------------------------


def markdown(head, rows):
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |")
                     for cells in (head, *rows)).replace("\n", f"\n|{'---|' * len(head)}\n", 1)


def made(text):
    rows = json.loads(DATA.read_text(encoding="utf-8"))["rows"]
    for name, table in (("lines", lines_table()), ("costs", costs(rows)), ("bounds", bounds_table()),
                        ("cores", cores(rows))):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main():
    arguments = sys.argv[1:]
    is_check = arguments == ["--check"]
    if arguments and not is_check:
        gather(arguments)
    text = PAGE.read_text(encoding="utf-8")
    if is_check:
        sys.exit(None if made(text) == text else f"{PAGE}: is not what {__file__} makes of {DATA}: run it")
    PAGE.write_text(made(text), encoding="utf-8")
    print(f"{PAGE}: written")


if __name__ == "__main__":
    main()

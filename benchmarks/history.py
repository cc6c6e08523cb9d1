"""What was, at size: an import of queue_log, figures beside duckdb and pandas, reports beside a busy daemon.

    python benchmarks/history.py [--lines 1000000] [--visits 10000000] [--calls 1000000] [--rounds 5] [--reports 10]
                                 [--only import|figures|reports] [--folder /var/tmp/callcenter-benchmark]

import   a queue_log of the simulated PBX, in a process of its own: lines a second, peak of memory, the same again, and
         whether every count and sum by queue is what the simulator itself counted
figures  all figures, counts and sums of visits by queue and quarter of an hour, the same numbers by each of the three,
         in turns; the medians count, and processor time beside them where the machine is shared. Memory: the peak
         beyond the columns, each in a process of its own
reports  a store with a month of calls; a daemon goes on with it beside a simulated PBX at ten calls a second, as
         reports of the whole month are made: time from POST to done, and how late the daemon reads meanwhile

The log that was made stays in the folder. Exit status 1: a number is wrong, not merely slow.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import reporting
from figures_beside import RIVALS, cells_of, columns, differences, in_cells, size_of
from made_log import NAMES, Truth, made_log

import kpi
from callcenter.history.archive import Archive
from callcenter.history.history import History

HERE = Path(__file__).parent
FASTER_THAN_PANDAS, SLOWER_THAN_DUCKDB, MEMORY = 5.0, 1.5, 1.5
REPORT_S, LAG_S = 2.0, 0.25


def alone(script: str, *words: object) -> dict[str, Any]:
    """What a script tells that runs in a process of its own."""
    command = [sys.executable, str(HERE / script), *map(str, words)]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


# ---- import ------------------------------------------------------------------------------------------------------


def imports(options: argparse.Namespace) -> bool:
    log, truth = made_log(options.folder, options.lines)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for when in ("import", "again"):
            told = alone("take_in.py", log, folder)
            speed = told["lines"] / told["seconds"]
            print(f"{when:<8} {told['lines']} lines, {told['added']} new, {told['visits']} visits, "
                  f"{told['seconds']:.1f} s, {speed:.0f} lines/s, at most {told['peak_mb']:.0f} MB", flush=True)
        wrong = against(Archive(Path(folder), "main", "IR"), truth)
    for line in wrong:
        print(f"         WRONG {line}")
    if not wrong:
        print(f"         {len(NAMES)} counts and sums of each of {len(truth)} queues are what the simulator counted")
    return not wrong


def against(archive: Archive, truth: Truth) -> list[str]:
    """What differs."""
    found = History(archive, archive.folder / "no store", lambda number: None).columns((0.0, 4e9))
    sums = kpi.sum_visits(found.visits, len(found.queues))
    if set(found.queues) != set(truth):
        return [f"queues: {set(found.queues) ^ set(truth)}"]
    return [
        f"{queue}: {name} is {getattr(sums, name)[n]:g}, the simulator counted {truth[queue].get(name, 0)}"
        for n, queue in enumerate(found.queues)
        for name in NAMES
        if getattr(sums, name)[n] != truth[queue].get(name, 0)
    ]


# ---- figures -----------------------------------------------------------------------------------------------------


def figures(options: argparse.Namespace) -> bool:
    memory = {name: alone("figures_beside.py", name, options.visits) for name in RIVALS}
    visits = columns(options.visits)
    works = {name: make(visits) for name, make in RIVALS.items()}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    answers: dict[str, Any] = {}
    for _ in range(options.rounds):
        for name, work in works.items():
            answers.pop(name, None)
            began, used = time.perf_counter(), time.process_time()
            answers[name] = work()
            took[name].append((time.perf_counter() - began, time.process_time() - used))
    cells = cells_of(visits)
    wrong = {
        name: found for name in works if (found := differences(answers["kpi"], in_cells(answers[name], cells)))
    }
    s, cpu = ({name: statistics.median(one[n] for one in each) for name, each in took.items()} for n in (0, 1))
    print(f"figures  {options.visits} visits in {cells} cells, columns of {size_of(visits) / 2**20:.0f} MB")
    for name in works:
        beyond = memory[name]["beyond"] / memory[name]["columns"]
        print(f"         {name:<8} {s[name]:7.2f} s, {cpu[name]:.2f} s of processor, "
              f"columns and {beyond:.2f} x their memory beyond them")  # fmt: skip
    print(f"         {s['pandas'] / s['kpi']:.1f} x as fast as pandas (aim >= {FASTER_THAN_PANDAS:g}), "
          f"{cpu['pandas'] / cpu['kpi']:.1f} x by processor time")  # fmt: skip
    print(f"         {s['kpi'] / s['duckdb']:.2f} x the time of duckdb (aim <= {SLOWER_THAN_DUCKDB:g})")
    beyond = memory["kpi"]["beyond"] / memory["kpi"]["columns"]
    print(f"         {1 + beyond:.2f} x the columns' memory in all (aim <= {MEMORY:g})")
    for name, differs in wrong.items():
        print(f"         WRONG {name} differs in {', '.join(differs)}")
    return not wrong


# ---- reports -----------------------------------------------------------------------------------------------------


def reports(options: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        m = reporting.measured(Path(folder), options.calls, options.reports)
    print(f"reports  a store of {m.store_gb:.2f} GB with {m.calls} calls, made in {m.filled_s:.0f} s")
    print(f"         keep {m.kept_s[0]:.1f} s, again {m.kept_s[1]:.1f} s")
    each = " ".join(f"{s:.2f}" for s in m.took_s)
    print(f"         {each} s from POST to done, median {statistics.median(m.took_s):.2f} s (aim <= {REPORT_S:g})")
    for what, lags in (("without reports", m.lags_before), ("meanwhile", m.lags_meanwhile)):
        p50, p99, most = (lags[int((len(lags) - 1) * q)] * 1e3 for q in (0.5, 0.99, 1.0))
        print(f"         read {p50:.1f} ms late {what}, p99 {p99:.1f}, at most {most:.1f} ({len(lags)} samples)")
    print(f"         (aim of p99 < {LAG_S * 1e3:g} ms)")
    if m.offered != m.there:
        print(f"         WRONG reports tell of {m.offered} calls offered, the store has {m.there}")
    return m.offered == m.there


PARTS = {"import": imports, "figures": figures, "reports": reports}


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lines", type=int, default=1_000_000)
    words.add_argument("--visits", type=int, default=10_000_000)
    words.add_argument("--calls", type=int, default=1_000_000)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--reports", type=int, default=10)
    words.add_argument("--only", choices=PARTS)
    words.add_argument("--folder", type=Path, default=Path("/var/tmp/callcenter-benchmark"))
    options = words.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    right = [part(options) for name, part in PARTS.items() if options.only in (None, name)]
    return int(not all(right))


if __name__ == "__main__":
    sys.exit(main())

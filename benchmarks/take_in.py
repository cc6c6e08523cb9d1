"""One file of queue_log into a history, in a process of its own: prints as JSON what it took. Used by ``history.py``.

    python benchmarks/take_in.py FILE FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from callcenter.history import importing
from callcenter.history.archive import Archive
from callcenter.numbers import e164


def quiet(what: str, done: int, total: int) -> None:
    """No progress is shown."""


def peak_mb() -> float:
    """The most memory that this process ever had."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def main(file: str, folder: str) -> None:
    archive = Archive(Path(folder), "main", "IR")
    began = time.perf_counter()
    with archive.alone():
        done = importing.import_file(archive, Path(file), quiet)
        visits, _ = importing.make(archive, lambda number: e164(number, "IR"), quiet)
    took = time.perf_counter() - began
    told = {"lines": done.lines, "added": done.added, "broken": done.broken, "visits": visits, "seconds": took}
    print(json.dumps(told | {"peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

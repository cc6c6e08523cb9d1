"""Asterisk's own queue_log: one line a happening, folded into one row a queue visit. Pure but for :func:`read`.

Format (``ast_queue_log`` in ``main/logger.c``): ``time|callid|queue|agent|event|data1|…``. It counts whole seconds.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from callcenter.errors import InputError
from callcenter.floor.records import Outcome


class Line(NamedTuple):
    at: float
    call: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]


class LoggedVisit:
    """A visit as queue_log tells it. ``outcome`` is None while it is open. Seconds are whole."""

    __slots__ = ("call", "entered_at", "outcome", "queue", "ring_no_answer", "talk_s", "transferred", "wait_s")

    def __init__(self, call: str, queue: str, entered_at: float) -> None:
        self.call, self.queue, self.entered_at = call, queue, entered_at
        self.outcome: Outcome | None = None
        self.wait_s = self.talk_s = 0.0
        self.transferred = False
        self.ring_no_answer = 0


ENDS: dict[str, tuple[Outcome, int]] = {
    "CONNECT": (Outcome.ANSWERED, 0),
    "ABANDON": (Outcome.ABANDONED, 2),
    "EXITWITHTIMEOUT": (Outcome.TIMED_OUT, 2),
    "EXITWITHKEY": (Outcome.EXITED, 3),
    "EXITEMPTY": (Outcome.LEFT_EMPTY, 2),
    "WITHDRAW": (Outcome.WITHDRAWN, 2),
}
"""Event → (outcome, which datum is the wait in seconds). After an AGENTDUMP the caller waits on."""

TALKS = {"COMPLETECALLER": 1, "COMPLETEAGENT": 1, "BLINDTRANSFER": -2, "ATTENDEDTRANSFER": -2}
"""Event → which datum is the talk time in seconds; of a transfer, whose target has two or three fields, from the end.
"""


def parse(line: str, where: str) -> Line:
    """Raises InputError that begins with ``where`` when it is no line of a queue_log."""
    fields = line.rstrip("\r\n").split("|")
    try:
        at = float(fields[0])
    except ValueError:
        at = -1.0
    if len(fields) < 5 or not 0 <= at < 1e11 or not fields[4].isupper():
        raise InputError(f"{where}: not a line of a queue_log: {line.strip()[:60]!r}")
    return Line(at, fields[1], fields[2], fields[3], fields[4], tuple(fields[5:]))


def read(path: Path) -> Iterator[Line]:
    """The lines of a queue_log file (plain or .gz). Raises InputError with file and line."""
    try:
        with gzip.open(path, "rt", errors="replace") if path.suffix == ".gz" else path.open(errors="replace") as f:
            for n, line in enumerate(f, 1):
                if line.strip():
                    yield parse(line, f"{path}:{n}")
    except (OSError, EOFError, zlib.error) as e:
        raise InputError(f"cannot read {path}: {getattr(e, 'strerror', None) or e}") from e


def fold(lines: Iterable[Line]) -> list[LoggedVisit]:
    """One row a visit, in the order they entered. The same call may enter the same queue again: a new visit.

    The end of a conversation goes to the visit that its agent is connected with, whatever channel it is logged under:
    an attended transfer to a phone that still rings has that of the consultation (``handle_attended_transfer`` in
    ``apps/app_queue.c``), and a caller sent back to the same queue has entered it again by then.
    """
    newest: dict[tuple[str, str], LoggedVisit] = {}
    talking: dict[tuple[str, str], LoggedVisit] = {}
    visits: list[LoggedVisit] = []
    for line in lines:
        key = (line.call, line.queue)
        if line.event == "ENTERQUEUE":
            newest[key] = LoggedVisit(line.call, line.queue, line.at)
            visits.append(newest[key])
        elif line.event in TALKS and (line.queue, line.agent) in talking:
            _take(talking.pop((line.queue, line.agent)), line)
        elif visit := newest.get(key):
            _take(visit, line)
            if line.event == "CONNECT":
                talking[line.queue, line.agent] = visit
    return visits


def _take(visit: LoggedVisit, line: Line) -> None:
    if line.event == "RINGNOANSWER":
        visit.ring_no_answer += 1
    elif line.event in ENDS and visit.outcome is None:
        visit.outcome, wait = ENDS[line.event]
        visit.wait_s = _number(line, wait)
    elif line.event in TALKS:
        visit.talk_s = _number(line, TALKS[line.event])
        visit.transferred = line.event.endswith("TRANSFER")


def _number(line: Line, index: int) -> float:
    """A datum as seconds; 0 where there is none ("nan" is none: no sum with it would ever differ)."""
    try:
        seconds = float(line.data[index])
    except (IndexError, ValueError):
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0


def counts(visits: Iterable[LoggedVisit]) -> dict[str, Counter[str]]:
    """Queue → counts and sums, named as in the API."""
    out: dict[str, Counter[str]] = {}
    for v in visits:
        row = out.setdefault(v.queue, Counter())
        add(row, v.outcome, v.wait_s, v.talk_s, v.transferred, v.ring_no_answer)
    return out


def add(row: Counter[str], outcome: Outcome | None, wait_s: float, talk_s: float, transferred: bool, rna: int) -> None:
    """One visit into a queue's counts and sums (seconds; fractions are kept)."""
    sums: dict[str, float] = {
        "offered": 1, outcome or "open": 1, "ring_no_answer": rna, "transferred": int(transferred), "talk_s": talk_s
    }
    if outcome in (Outcome.ANSWERED, Outcome.ABANDONED):
        sums[f"wait_{outcome}_s"] = wait_s
    row.update(sums)

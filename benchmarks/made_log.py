"""A long queue_log from the simulated PBX, and what the simulator itself knows of it: what an import is held to.

It takes minutes for a million lines, so a log that is made is kept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callcenter.ami.simulator import world
from callcenter.ami.simulator.plan import DAY, make
from callcenter.ami.simulator.visits import Visit

LINES_A_CALL = 3
STARTS_AT = 1_760_000_000.0
"""Long ago; it is 9 October 2025."""
THRESHOLD_S, SHORT_S = 20, 5
ENDINGS = {"ABANDON": "abandoned", "EXITWITHTIMEOUT": "timed_out", "EXITEMPTY": "left_empty"}
HEARD = ("enter", "abandon", "not_answered", "connect", "complete", "write")
"""What of a visit tells what becomes of it."""
NAMES = (
    "offered", "answered", "abandoned", "short_abandoned", "timed_out", "exited", "left_empty", "withdrawn",
    "refused_full", "refused_empty", "pbx_lost", "unknown", "waiting", "answered_in_time", "abandoned_in_time",
    "ring_no_answer", "transferred", "wait_answered_s", "wait_abandoned_s", "talk_s", "hold_s", "wrap_up_s",
)  # fmt: skip
"""What is compared, all of it whole numbers: fields of :class:`kpi.VisitSums`."""

Truth = dict[str, dict[str, int]]
"""Queue → name → number; what is not there is 0."""


class Told:
    """Counts what the simulator's visits do."""

    def __init__(self) -> None:
        self.of: Counter[tuple[str, str]] = Counter()

    def enter(self, visit: Visit, done: Any, *given: Any) -> None:
        self._add(visit, offered=1)

    def abandon(self, visit: Visit, done: Any, what: str) -> None:
        self._add(visit, **{ENDINGS[what]: 1})
        if what == "ABANDON":
            waited = visit.waited
            self._add(visit, wait_abandoned_s=waited, short_abandoned=int(waited < SHORT_S),
                      abandoned_in_time=int(waited <= THRESHOLD_S))  # fmt: skip

    def not_answered(self, visit: Visit, done: Any, *given: Any) -> None:
        self._add(visit, ring_no_answer=1)

    def connect(self, visit: Visit, done: Any, *given: Any) -> None:
        waited = visit.connected - visit.joined
        self._add(visit, answered=1, wait_answered_s=waited, answered_in_time=int(waited <= THRESHOLD_S))

    def complete(self, visit: Visit, done: int, reason: str, line: tuple[str, ...], *given: Any) -> None:
        self._add(visit, talk_s=done, transferred=int(line[0].endswith("TRANSFER")))

    def write(self, visit: Visit, done: Any, member: str, what: str, *given: Any) -> None:
        self._add(visit, exited=int(what == "EXITWITHKEY"))

    def _add(self, visit: Visit, **numbers: int) -> None:
        for name, number in numbers.items():
            self.of[visit.queue, name] += number

    def truth(self) -> Truth:
        out: Truth = {}
        for (queue, name), number in self.of.items():
            out.setdefault(queue, {})[name] = number
        return out


@contextmanager
def telling() -> Iterator[Told]:
    """Each visit of the simulator is counted."""
    told = Told()
    before = {name: getattr(Visit, name) for name in HEARD}
    for name, method in before.items():
        setattr(Visit, name, _heard(method, getattr(told, name)))
    try:
        yield told
    finally:
        for name, method in before.items():
            setattr(Visit, name, method)


def _heard(method: Any, hear: Any) -> Any:
    def heard(visit: Visit, *given: Any, **more: Any) -> Any:
        done = method(visit, *given, **more)
        hear(visit, done, *given)
        return done

    return heard


def made_log(folder: Path, lines: int) -> tuple[Path, Truth]:
    """About so many lines, and what they come to."""
    log, truth = folder / f"queue_log.{lines}", folder / f"queue_log.{lines}.json"
    if not truth.exists():
        plan = make(200, 20, seed=1, starts_at=STARTS_AT, curve=DAY)
        with log.open("w") as file, telling() as told:
            for _ in world.run(plan, lines // LINES_A_CALL, lambda line: file.write(line + "\n")):
                pass
        truth.write_text(json.dumps(told.truth()))
    return log, json.loads(truth.read_text())

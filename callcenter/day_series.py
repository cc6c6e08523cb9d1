"""The business day by intervals of the site's clock: counts and figures of each, and how much of it was seen. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from callcenter.config import Site
from callcenter.figures import Series, Window, business_day
from callcenter.figures.rows import Column
from callcenter.floor.records import Hole
from callcenter.floor.wallboard import Wallboard
from callcenter.report.periods import by_clock
from callcenter.shown import rfc3339
from kpi.columns import Bools, Floats
from kpi.table import COUNTS, SUMS_S

LEAST_S = 1.0
"""A day that has just begun is taken for so long, that it has an interval at all."""
SAME_S = 1e-3
"""Holes are told to the millisecond."""


COUNTED = frozenset({*COUNTS, *SUMS_S})
"""What is 0 in a queue that nobody called; figures have no value there."""


@dataclass(frozen=True, slots=True)
class DaySeries:
    """``borders``: of the intervals, seconds since the epoch; the last is now. ``blind_s`` and ``missing_s``: how much
    of each was not seen, and of that what no queue_log has told since. ``queues``: see :data:`Series`."""

    borders: Floats
    blind_s: Floats
    missing_s: Floats
    queues: Series

    @property
    def blank(self) -> Bools:
        """The intervals of which nobody saw anything."""
        return self.missing_s >= np.diff(self.borders) - SAME_S


def day_series(day: Window, board: Wallboard, every_s: float, site: Site) -> DaySeries:
    """The day of ``board`` until its moment, in intervals of ``every_s`` (which divides a day)."""
    at = board.now.at
    began = business_day(at, site.zone, site.day_starts)
    borders = by_clock((began, max(at, began + LEAST_S)), every_s, site.zone)
    unrepaired = [hole for hole in board.holes if not hole.repaired]
    queues = day.series(borders, at, board.now.unseen)
    return DaySeries(borders, covered_s(board.holes, borders), covered_s(unrepaired, borders), queues)


def covered_s(holes: Iterable[Hole], borders: Floats) -> Floats:
    """Seconds of each interval that lie in a hole. Holes do not overlap."""
    covered = np.zeros(len(borders) - 1)
    for hole in holes:
        end = np.inf if hole.to is None else hole.to
        covered += np.clip(np.minimum(borders[1:], end) - np.maximum(borders[:-1], hole.from_), 0.0, None)
    return covered


def plain(
    series: DaySeries, every: str, queues: Iterable[str], only: str | None, names: Collection[str], site: Site
) -> dict[str, Any]:
    """As the API tells it, of one queue or of each: ``queues`` are those of now, the day may know others. ``names``: of
    counts, sums and figures, none: all."""
    at = [rfc3339(border, site.zone) for border in series.borders.tolist()]
    rows = zip(at[:-1], at[1:], _states(series), series.blind_s.tolist(), strict=True)
    asked = [only] if only is not None else [q for q in dict.fromkeys([*queues, *series.queues]) if q]
    nobody = {name: np.full(len(at) - 1, 0 if name in COUNTED else np.nan) for name in series.queues[""]}
    return {
        "window": "today",
        "every": every,
        "from": at[0],
        "to": at[-1],
        "intervals": [{"from": a, "to": b, "seen": state, "blind_s": round(s, 3)} for a, b, state, s in rows],
        "queues": {q: _columns(series.queues.get(q, nobody), series.blank, names) for q in asked},
        "all": _columns(series.queues[""], series.blank, names),
    }


def _states(series: DaySeries) -> list[str]:
    """``nothing``: all of it was missed; else as :func:`callcenter.shown.seen_in_short` says it."""
    rules = [series.blank, series.missing_s > 0, series.blind_s > 0]
    states: list[str] = np.select(rules, ["nothing", "partial", "repaired"], "whole").tolist()
    return states


def _columns(of: Mapping[str, Column], blank: Bools, names: Collection[str]) -> dict[str, list[float | None]]:
    """A count of an interval that nobody saw is not 0 but unknown, unless something is known of it all the same."""
    came = of["offered"] + of["refused_full"] + of["refused_empty"]
    known = (~blank | (came > 0)).tolist()
    return {
        name: [v if sure and math.isfinite(v) else None for v, sure in zip(column.tolist(), known, strict=True)]
        for name, column in of.items()
        if not names or name in names
    }

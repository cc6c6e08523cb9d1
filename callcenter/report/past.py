"""The figures of the last weeks' whole days, as pages and metrics show them beside the live ones. A shell that reads.

Figures of whole calls (was the caller helped?) are known after days only: no live window can have them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from callcenter import clock
from callcenter.config import Config
from callcenter.figures import business_day
from callcenter.history.columns import Range
from callcenter.report import work
from callcenter.report.compute import report
from callcenter.report.values import Ask, By, Every, Report
from kpi.table import CALL_FIGURES, COUNTS, FIGURES, SUMS_S

DAYS = {"7d": 7, "28d": 28}
"""Window → how many whole business days before today."""

EVERYTHING = (*COUNTS, *SUMS_S, *(figure.name for figure in (*FIGURES, *CALL_FIGURES)))
"""Also what has no value: it is null, as in a live window."""

Figures = dict[str, dict[str, float | None]]
"""Queue ("" for all of them) → count, sum or figure → its value."""


class Past(msgspec.Struct, frozen=True):
    """One window; what of it was seen as in :class:`callcenter.report.values.Trust`."""

    range: Range
    unknown_s: float
    repaired: int
    imported: int
    unknown: int
    figures: Figures


def windows(config: Config, progress: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Past]:
    """Raises InputError, StoreError."""
    calendar, history, now = work.calendar_of(config), work.history_of(config), clock.now()
    targets = work.targets_of(config, history.thresholds())
    out = {}
    for n, (name, days) in enumerate(DAYS.items(), 1):
        end = business_day(now, config.site.zone, config.site.day_starts)
        first = end
        for _ in range(days):
            first = business_day(first - 1.0, config.site.zone, config.site.day_starts)
        columns = history.columns((first, end))
        ask = Ask((first, end), Every.RANGE, By.QUEUE, figures=EVERYTHING)
        made = report(columns, ask, site=config.site.name, calendar=calendar, made_at=now, targets=targets)
        out[name] = _past(made)
        progress(n, len(DAYS))
    return out


def _past(made: Report) -> Past:
    trust = made.trust
    figures = {
        name: {column.name: _number(float(column.values[-1, n])) for column in made.columns}
        for n, name in enumerate((*made.names, ""))
    }  # fmt: skip
    return Past(made.ask.range, trust.unknown_s, trust.repaired, trust.imported, trust.unknown, figures)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value

"""Columns from rows as dicts, and a report as dicts. A row says what matters, the rest is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import numpy as np

from callcenter.history.columns import Attempts, Columns, Range
from callcenter.report.compute import report
from callcenter.report.site_calendar import SiteCalendar
from callcenter.report.values import Ask, Report, Targets
from kpi import Calls, Spans, Visits

Row = Mapping[str, Any]
QUEUES, AGENTS = ("support", "sales"), ("ben", "anna", "carl")
MARGIN_S = 7 * 86_400.0
IN_UTC = SiteCalendar(UTC)

FLOATS = {"entered_at", "wait_s", "talk_s", "hold_s", "wrap_up_s", "at", "start", "end", "started_at", "points",
          "points_possible"}  # fmt: skip
BOOLS = {"transferred", "unanswered", "answered", "surveyed", "in_ivr", "self_served", "callback_requested",
         "callback_done"}  # fmt: skip
NOTHING = {"answered_by": -1, "customer": -1, "resolved": -1, "survey_resolved": -1, "membership": 0}


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def column(rows: Iterable[Row], name: str) -> np.ndarray[Any, Any]:
    kind = float if name in FLOATS else bool if name in BOOLS else int
    return np.array([row.get(name, NOTHING.get(name, 0)) for row in rows], kind)


def rows_of(kind: type, rows: Iterable[Row]) -> Any:
    rows = list(rows)
    return kind(**{f.name: column(rows, f.name) for f in fields(kind)})


def columns(
    range_: Range, visits: Iterable[Row] = (), attempts: Iterable[Row] = (), spans: Iterable[Row] = (),
    calls: Iterable[Row] = (), *, memberships: Any = ((1, 1),), known: tuple[Range, ...] | None = None,
    until: float | None = None, queues: tuple[str, ...] = QUEUES, agents: tuple[str, ...] = AGENTS,
    calls_by: bool = True,
) -> Columns:
    visits, calls = list(visits), list(calls)
    return Columns(
        range_, queues, agents, rows_of(Visits, visits), column(visits, "answered_by"), column(visits, "source"),
        rows_of(Attempts, attempts), rows_of(Spans, spans), np.array(memberships, bool),
        rows_of(Calls, calls), MARGIN_S, (range_,) if known is None else known,
        range_[1] if until is None else until, column(calls, "answered_by") if calls_by else None,
    )  # fmt: skip


def made(of: Columns, ask: Ask, calendar: SiteCalendar = IN_UTC, **more: Any) -> Report:
    given = {"site": "Kish", "made_at": ask.range[1], "targets": lambda _: Targets(), **more}
    return report(of, ask, calendar=calendar, **given)


def values(of: Report) -> dict[str, list[list[float]]]:
    """Column → periods, the range last → names, all together last."""
    return {column.name: column.values.tolist() for column in of.columns}

"""Panels of the figures in ``kpi.table``: each with the queue's own target as a band behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from callcenter.metrics.dashboards.values import Kind, Panel, Query, Words, of_queue, site, words
from callcenter.metrics.table import figure_metric
from kpi.table import Better, Figure

GOOD, NEAR = "green", "yellow"
UNITS = {"ratio": "percentunit", "s": "s"}
LIVE = "~15m|30m|60m|today"
DAYS = "~7d|28d"

ON_TARGET = (words("on target, from", "در حد هدف، از"), words("on target, up to", "در حد هدف، تا"))
NEAR_TARGET = (words("near the target, from", "نزدیک هدف، از"), words("near the target, up to", "نزدیک هدف، تا"))

ABOUT = words(
    "Each line is one window. The band is what the queue aims at, as configured, else as is usual in the field; no "
    "band: no target. A gap is no value, never 0.",
    "هر خط یک بازه است. نوار رنگی هدف همین صف است: آنچه تنظیم شده، وگرنه هدف رایج؛ نبود نوار یعنی هدفی نیست. جای خالی "
    "یعنی عددی نیست، نه صفر.",
)


def metric_of(figure: Figure[Any], by_queue: bool) -> str:
    return figure_metric(figure.name, figure.unit, by_queue)


def over_time(figure: Figure[Any], windows: str = LIVE, *, width: int = 8, repeat: bool = False) -> Panel:
    """The figure of one queue in its windows. Of several queues: one panel each, for each has targets of its own."""
    queries = (Query(of_queue(metric_of(figure, True), window=windows), "{{window}}"), *_bands(figure))
    most = 1.0 if figure.unit == "ratio" else None
    return Panel(Kind.LINES, figure.label, ABOUT, queries, UNITS[figure.unit], width, 8, repeat=repeat, most=most)


def _bands(figure: Figure[Any]) -> tuple[Query, ...]:
    """Pairs of edges, lower and upper. Nothing where the figure has no target."""
    if figure.target is None:
        return ()
    low, high = (of_queue(f"callcenter_queue_target_{end}", figure=figure.name) for end in ("low", "high"))
    match figure.better:
        case Better.HIGHER:
            return _band(low, f"{low} ^ 0", ON_TARGET, GOOD)  # up to 1, all that a ratio can be
        case Better.LOWER:
            return _band(f"0 * {low}", low, ON_TARGET, GOOD) + _band(low, high, NEAR_TARGET, NEAR)
        case _:
            return _band(low, high, ON_TARGET, GOOD)


def _band(low: str, high: str, names: tuple[Words, Words], colour: str) -> tuple[Query, ...]:
    return Query(low, names[0], dashed=colour), Query(high, names[1], dashed=colour, fill=colour)


def by_window(figures: Iterable[Figure[Any]], title: Words, about: Words, windows: str, height: int) -> Panel:
    """All queues together: a line a window, a column a figure."""
    queries = tuple(
        Query(f"sum by (window) ({site(metric_of(f, False), window=windows)})", f.label, UNITS[f.unit]) for f in figures
    )
    return Panel(Kind.TABLE, title, about, queries, "none", 24, height)


def by_queue(figures: Iterable[Figure[Any]], title: Words, about: Words, window: str, height: int) -> Panel:
    """One window: a line a queue, a column a figure."""
    queries = tuple(
        Query(f"sum by (queue) ({of_queue(metric_of(f, True), window=window)})", f.label, UNITS[f.unit])
        for f in figures
    )
    return Panel(Kind.TABLE, title, about, queries, "none", 24, height)

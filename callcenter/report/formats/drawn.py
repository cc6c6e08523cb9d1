"""Which charts a report gets, and what they show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from callcenter.report.formats import steps
from callcenter.report.formats.axis import MOST_LABELS
from callcenter.report.formats.cells import aim, column, judged, label, shown
from callcenter.report.formats.charts import Series, columns_chart, level_chart, levels_chart, rows_chart
from callcenter.report.formats.dates import Calendar, Mark
from callcenter.report.formats.numerals import aimed, whole
from callcenter.report.formats.words import RTL, WORDS, fill
from callcenter.report.values import By, Column, Report
from kpi.columns import Floats

_ROWS = slice(None, -1)


@dataclass(frozen=True, slots=True)
class Chart:
    """``legend``: class and words of each colour; ``notes``: what has to be known to read it."""

    title: str
    svg: Markup
    legend: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def charts(report: Report, language: str) -> list[Chart]:
    """Those that the report's columns allow; none of an empty report."""
    drawn = _Drawn(report, language)
    makers = (drawn.calls, drawn.level) if len(report.periods) > 1 else ()
    by_name = (drawn.calls_by_name, drawn.level_by_name) if report.ask.by is not By.SITE and report.names else ()
    return [chart for make in (*makers, *by_name) if report.periods for chart in make()]


class _Drawn:
    def __init__(self, report: Report, language: str) -> None:
        self.report, self.language, self.words = report, language, WORDS[language]
        self.rtl = language in RTL
        self.step = steps.step(len(report.periods), report.ask.every)
        self.names = _busiest(report)

    def calls(self) -> Iterator[Chart]:
        series = self._series(lambda of: steps.added(of.values[_ROWS, -1], self.step))
        if series:
            void = self._void()
            svg = columns_chart(self._marks(), series, void, self.rtl, self.language, self.words["time_axis"])
            yield Chart(self.words["calls_title"], svg, self._legend(series, any(void)), self._step_note())

    def level(self) -> Iterator[Chart]:
        level, values = column(self.report, "service_level"), self._levels()
        if level is None or values is None:
            return
        target, void = aim(self.report, level, None), self._void()
        low = None if target is None else target[0]
        svg = level_chart(self._marks(), values, low, void, self.rtl, self.language, self.words["time_axis"])
        legend = [("line-level", label(level, self.language))]
        if target:
            legend.append(("line-aim", fill(self.words["aim_is"], p=aimed(target[0], self.language))))
        if any(void):
            legend.append(("void", self.words["nothing"]))
        differ = () if target else (self.words["aims_differ"],)
        yield Chart(self.words["level_title"], svg, tuple(legend), (*self._step_note(), *differ))

    def calls_by_name(self) -> Iterator[Chart]:
        series = self._series(lambda of: of.values[-1, self.names])
        if series:
            svg = rows_chart(self._shown_names(), series, self.rtl, self.language)
            yield Chart(self._by("calls_by_title"), svg, self._legend(series, False), self._names_note())

    def level_by_name(self) -> Iterator[Chart]:
        level = column(self.report, "service_level")
        if level is None:
            return
        values = level.values[-1, self.names]
        aims = [aim(self.report, level, self.report.names[n]) for n in self.names]
        css = [judged(float(v), level.better, a) for v, a in zip(values, aims, strict=True)]
        at = [None if a is None else a[0] for a in aims]
        svg = levels_chart(self._shown_names(), values, at, css, self.rtl, self.language)
        states = ("good", "near", "bad")
        legend: list[tuple[str, str]] = [(state, self.words[state]) for state in states if state in css]
        if any(a is not None for a in at):
            legend.append(("tick-aim", self.words["target"]))
        yield Chart(self._by("level_by_title"), svg, tuple(legend), self._names_note())

    def _series(self, of: Callable[[Column], Floats]) -> list[Series]:
        """Answered, abandoned, and the rest of what was offered, as far as there are such columns."""
        picked = {name: of(c) for name in ("answered", "abandoned", "offered") if (c := column(self.report, name))}
        if not {"answered", "abandoned"} <= picked.keys():
            return []
        series = [Series(self.words[name], name, picked[name]) for name in ("answered", "abandoned")]
        if "offered" in picked:
            rest = picked["offered"] - picked["answered"] - picked["abandoned"]
            series.append(Series(self.words["other"], "other", np.maximum(rest, 0.0)))
        return series

    def _levels(self) -> Floats | None:
        """None where longer steps cannot be computed exactly from what there is."""
        columns = [column(self.report, name) for name in ("service_level", "offered", "short_abandoned")]
        level, offered, short = (None if c is None else c.values[_ROWS, -1] for c in columns)
        if level is None or self.step == 1:
            return level
        return None if offered is None or short is None else steps.weighted(level, offered - short, self.step)

    def _void(self) -> list[bool]:
        """Which steps hold a period that was not seen, or not whole."""
        counted = column(self.report, "offered") or column(self.report, "answered")
        periods = range(len(self.report.periods))
        unknown = [self.report.partly_seen(p) or (counted is not None and np.isnan(counted.values[p, -1]))
                   for p in periods]  # fmt: skip
        return [any(unknown[i : i + self.step]) for i in range(0, len(unknown), self.step)]

    def _marks(self) -> list[Mark]:
        calendar = Calendar(self.language, self.report.zone, self.report.day_starts)
        return [calendar.mark(period, self.report.ask.every) for period in self.report.periods[:: self.step]]

    def _shown_names(self) -> list[str]:
        return [shown(self.report.names[n]) for n in self.names]

    def _by(self, title: str) -> str:
        return self.words[title].format(by=self.words[f"by_{self.report.ask.by.value}"].lower())

    def _legend(self, series: Sequence[Series], unknown: bool) -> tuple[tuple[str, str], ...]:
        legend = [(one.css, one.label) for one in series if np.nansum(one.values) > 0]
        return (*legend, ("void", self.words["nothing"])) if unknown else tuple(legend)

    def _step_note(self) -> tuple[str, ...]:
        if self.step == 1:
            return ()
        length, rest = (self._length(n) for n in (self.step, len(self.report.periods) % self.step))
        last = (fill(self.words["last_step"], n=rest),) if len(self.report.periods) % self.step else ()
        return (" ".join([fill(self.words["steps"], n=length), *last]),)

    def _length(self, periods: int) -> str:
        text = self.words[f"{self.report.ask.every.value}_n"].format(n=whole(periods, self.language))
        return text.removesuffix("s") if periods == 1 else text

    def _names_note(self) -> tuple[str, ...]:
        shown_, all_ = len(self.names), len(self.report.names)
        note = fill(self.words["names_cut"], n=whole(shown_, self.language), m=whole(all_, self.language))
        return (note,) if shown_ < all_ else ()


def _busiest(report: Report) -> list[int]:
    """The names that a chart has room for, in alphabetical order; the ones with the most calls where there are more."""
    most = column(report, "offered") or column(report, "answered")
    if len(report.names) <= MOST_LABELS or most is None:
        return list(range(min(len(report.names), MOST_LABELS)))
    order = np.argsort(-np.nan_to_num(most.values[-1, :-1]), kind="stable")[:MOST_LABELS]
    return sorted(int(n) for n in order)

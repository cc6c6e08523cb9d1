"""What a forecast comes to by interval and by day: agents, bands, and what another staffing would change. Pure.

Where a number is not known (a model has none, a target of 100 % that no staff reaches) what follows from it is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

import numpy as np

from callcenter.forecast.arrays import over
from callcenter.forecast.series import intervals_of
from callcenter.forecast.staffing import Change, Outlook, Policy, changed, outlook, required
from callcenter.forecast.values import Forecast
from callcenter.history.columns import Range
from kpi.columns import Bools, Floats

TENTH = 1.2815515655446004
"""The normal distribution's ninetieth percentile."""
ENOUGH = 4.0
"""Calls: the band of an interval of fewer is mostly rounding and tells nothing of the queue's unrest."""


def range_of(day: date, zone: tzinfo) -> Range:
    """From the local day's first moment to the next day's."""
    return intervals_of(day, 1, zone).range


def part(forecast: Forecast, span: Range) -> Forecast:
    """Its intervals that begin within ``span``."""
    at = (span[0] <= forecast.start) & (forecast.start < span[1])
    numbers = (forecast.calls, forecast.low, forecast.high, forecast.handle_time_s)
    return Forecast(
        forecast.made_at, forecast.model, forecast.learnt, forecast.queues, forecast.start[at],
        *(x[:, at] for x in numbers),
    )  # fmt: skip


def agents_of(calls: Floats, handle_time_s: Floats, queues: Sequence[str], policy: Policy) -> Floats:
    """:func:`required` [queue, interval]. InputError when the policy is out of range."""
    known = _known(calls, handle_time_s)
    agents = required(np.where(known, calls, 0.0), np.where(known, handle_time_s, 1.0), queues, policy)
    return np.where(known, agents, np.nan)


def expected(forecast: Forecast, agents: Floats, policy: Policy) -> Outlook:
    """:func:`outlook` of so many agents on the phones [queue, interval]."""
    known = _known(forecast.calls, forecast.handle_time_s)
    calls, handle = np.where(known, forecast.calls, 0.0), np.where(known, forecast.handle_time_s, 1.0)
    return outlook(calls, handle, agents, forecast.queues, policy)


def _known(calls: Floats, handle_time_s: Floats) -> Bools:
    return np.isfinite(calls) & ((calls <= 0) | (handle_time_s > 0))


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What to expect ``before`` and ``after`` the changes; ``changed`` [queue, interval]: where there were any."""

    forecast: Forecast
    before: Outlook
    after: Outlook
    changed: Bools


def what_if(forecast: Forecast, changes: Sequence[Change], policy: Policy, agents: Floats | None = None) -> WhatIf:
    """``agents`` [queue, interval] are those on the phones before; by default as many as the forecast asks for,
    without shrinkage. InputError for a queue that there is not or a time beyond the forecast."""
    if agents is None:
        bare = replace(policy, shrinkage=0.0)
        agents = agents_of(forecast.calls, forecast.handle_time_s, forecast.queues, bare)
    after = changed(agents, forecast.start, forecast.queues, changes)
    touched = np.zeros(after.shape, np.bool_)
    for change in changes:
        within = (change.range[0] <= forecast.start) & (forecast.start < change.range[1])
        touched[forecast.queues.index(change.queue)] |= within
    return WhatIf(forecast, expected(forecast, agents, policy), expected(forecast, after, policy), touched)


@dataclass(frozen=True, slots=True)
class Day:
    """A queue's day: ``calls`` with their tenth and ninetieth percentile, the mean handle time of those calls of which
    it is known, and what the busiest interval asks for: ``required`` agents at ``busiest``. NaN: not known; ``busiest``
    is NaN too where nobody is asked for."""

    day: date
    queue: str
    calls: float
    low: float
    high: float
    handle_time_s: float
    busiest: float
    required: float


def days_of(forecast: Forecast, policy: Policy, zone: tzinfo) -> list[Day]:
    """Each local day of each queue, in order."""
    need = agents_of(forecast.calls, forecast.handle_time_s, forecast.queues, policy)
    dates = np.array([datetime.fromtimestamp(float(at), zone).date().toordinal() for at in forecast.start], np.intp)
    unrest = [_unrest(*of) for of in zip(forecast.calls, forecast.low, forecast.high, strict=True)]
    return [
        _day(forecast, q, dates == ordinal, need[q], unrest[q], date.fromordinal(int(ordinal)))
        for ordinal in np.unique(dates)
        for q in range(len(forecast.queues))
    ]


def _day(forecast: Forecast, q: int, at: Bools, need: Floats, unrest: float, day: date) -> Day:
    known = at & np.isfinite(forecast.calls[q])
    calls = forecast.calls[q, known]
    total = float(calls.sum()) if known.any() else np.nan
    off = TENTH * float(np.sqrt(total + unrest * total**2))
    return Day(
        day, forecast.queues[q], total, max(total - off, 0.0), total + off,
        _mean(forecast.handle_time_s[q, known], calls), *_busiest(forecast.start[known], need[known]),
    )  # fmt: skip


def _mean(handle_time_s: Floats, calls: Floats) -> float:
    """Of the calls whose handle time is known; NaN without any."""
    weights = np.where(np.isfinite(handle_time_s), calls, 0.0)
    return float(over((weights * np.nan_to_num(handle_time_s)).sum(), weights.sum(), np.nan))


def _busiest(start: Floats, need: Floats) -> tuple[float, float]:
    """When most agents are asked for, and how many. Where nobody is asked for there is no such moment."""
    most = float(np.nanmax(need)) if np.isfinite(need).any() else np.nan
    if most > 0:
        return float(start[np.nanargmax(need)]), most
    return np.nan, np.nan if np.isnan(need).any() else most  # how many the others ask for may not be known


def _unrest(calls: Floats, low: Floats, high: Floats) -> float:
    """The relative variance of a queue's calls beyond chance, as the bands of its busy intervals have it.

    Chance makes each interval off by itself, so a day's band is far narrower than its intervals' together; what is
    beyond it is taken to last all day. Wilson and Hilferty's approximation (1931), by which bands are made, taken back.
    """
    busy = calls >= ENOUGH
    mean = calls[busy]
    if not len(mean):
        return 0.0
    width = np.cbrt(high[busy] / mean) - np.cbrt(low[busy] / mean)
    beyond = np.square(3 * width / (2 * TENTH)) - 1 / mean
    return max(float((beyond * mean).sum() / mean.sum()), 0.0)

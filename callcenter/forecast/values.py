"""A forecast, as it is made and kept, and what a model gives for it. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from callcenter.errors import InputError
from callcenter.forecast.series import Intervals, Series
from callcenter.history.columns import Range
from kpi.columns import Floats

Row = tuple[float, str, float, float, str, float, float, float, float, float]
"""made_at, model, learnt from, learnt to, queue, start, calls, low, high, handle_time_s."""


@dataclass(frozen=True, slots=True)
class Expected:
    """[queue, interval] of what a model expects: calls offered, the band of its tenth and ninetieth percentile, and
    seconds a call. NaN: the model has no number there."""

    calls: Floats
    low: Floats
    high: Floats
    handle_time_s: Floats


class Model(Protocol):
    """Learns from a history and says what to expect of the intervals ahead, all of them later than the history.

    ``days_off``: the holidays of both. InputError when the history does not suffice.
    """

    def __call__(self, history: Series, ahead: Intervals, days_off: Set[date]) -> Expected: ...


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was expected, at the moment ``made_at`` (seconds since the epoch), by the ``model`` of that name that had
    learnt from the history of ``learnt``.

    ``start``: when each interval of a quarter of an hour begins, in order. [queue, interval]: ``calls`` offered, of
    which ``low`` and ``high`` are the tenth and ninetieth percentile, and the mean ``handle_time_s`` of a call
    (talk, hold and wrap-up).
    """

    made_at: float
    model: str
    learnt: Range
    queues: tuple[str, ...]
    start: Floats
    calls: Floats
    low: Floats
    high: Floats
    handle_time_s: Floats

    def rows(self) -> list[Row]:
        """One a queue and interval, for a store."""
        head = (self.made_at, self.model, *self.learnt)
        columns = (self.calls, self.low, self.high, self.handle_time_s)
        return [
            (*head, queue, *row)
            for at, queue in enumerate(self.queues)
            for row in zip(self.start.tolist(), *(c[at].tolist() for c in columns), strict=True)
        ]


def from_rows(rows: Iterable[Row]) -> Forecast:
    """The forecast of its rows, in whatever order; NaN where a queue has no row of an interval.

    InputError when there is no row, or rows are of more than one forecast.
    """
    told = list(rows)
    heads = {row[:4] for row in told}
    if len(heads) != 1:
        raise InputError(f"a forecast's rows must be of one forecast, these are of {len(heads)}")
    queues = sorted({row[4] for row in told})
    starts = sorted({row[5] for row in told})
    codes, places = {name: at for at, name in enumerate(queues)}, {start: at for at, start in enumerate(starts)}
    numbers = np.full((4, len(queues), len(starts)), np.nan)
    at = [codes[row[4]] for row in told], [places[row[5]] for row in told]
    numbers[:, at[0], at[1]] = np.array([row[6:] for row in told]).T
    made_at, model, begun, ended = heads.pop()
    return Forecast(made_at, model, (begun, ended), tuple(queues), np.array(starts), *numbers)

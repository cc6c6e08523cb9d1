"""Which visit that the store saw is which of an imported queue_log. Pure.

As in :mod:`callcenter.queue_log.pairing`: queue_log names the caller's channel, the store the Linkedid. They are the
same for most; a call that is logged under another channel than its first is known by its queue and its moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter.queue_log.pairing import NEAR_S, SAME_S, matched
from kpi.columns import REFUSED, Bools, Floats

Tables = dict[str, pa.Table]


class Row(NamedTuple):
    """A visit: where it stands in its table, what it is known by."""

    place: int
    call: str
    queue: str
    entered_at: float


def same_visits(seen: Tables, imported: Tables, doubtful: Bools) -> list[tuple[int, int]]:
    """Places of the visits that are the same one, those nearest to each other first.

    Looked at are the ``doubtful`` ones of the store and what may be taken for one of them.
    """
    own, log = seen["visits"], imported["visits"]
    of_doubtful = own.filter(pa.array(doubtful))
    moments = np.sort(numbers(of_doubtful["entered_at"]))
    ours = rows_of(own, in_calls_of(own, of_doubtful) & ~np.isin(numbers(own["outcome"]), REFUSED))
    theirs = rows_of(log, in_calls_of(log, of_doubtful) | _near(moments, numbers(log["entered_at"])))
    same = matched(
        (gap, n, m) for n, row, m, other in _beside(ours, theirs, ("call", "queue"))
        if (gap := abs(row.entered_at - other.entered_at)) <= NEAR_S
    )  # fmt: skip
    taken, met = {n for n, _ in same}, {m for _, m in same}
    strange = ~in_calls_of(log, own) & ~in_calls_of(log, seen["calls"])
    ours = [row for row in ours if row.place not in taken and doubtful[row.place]]
    theirs = [row for row in theirs if row.place not in met and strange[row.place]]
    customer = _customers(seen["calls"], ours) | _customers(imported["calls"], theirs)
    return same + matched(
        (gap, n, m) for n, row, m, other in _beside(ours, theirs, ("queue",))
        if (gap := abs(row.entered_at - other.entered_at)) <= SAME_S
        and len({customer.get(row.call), customer.get(other.call)} - {None}) < 2
    )  # fmt: skip


def rows_of(visits: pa.Table, which: Bools) -> list[Row]:
    places = np.flatnonzero(which)
    some = visits.take(places)
    columns = (some[name].to_pylist() for name in ("call", "queue", "entered_at"))
    return [Row(*row) for row in zip(places.tolist(), *columns, strict=True)]


def _near(moments: Floats, at: Floats) -> Bools:
    """Which of ``at`` are near to one of ``moments``, which are in order."""
    next_ = np.append(moments, np.inf)[np.searchsorted(moments, at - SAME_S)]
    near: Bools = next_ <= at + SAME_S
    return near


def _beside(ours: Iterable[Row], theirs: Iterable[Row], names: tuple[str, ...]) -> Iterable[tuple[int, Row, int, Row]]:
    """All that agree in ``names``, with their places."""
    others: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in theirs:
        others[tuple(getattr(row, name) for name in names)].append(row)
    for row in ours:
        for other in others.get(tuple(getattr(row, name) for name in names), ()):
            yield row.place, row, other.place, other


def _customers(calls: pa.Table, of: list[Row]) -> dict[str, int]:
    some = calls.filter(pc.is_in(calls["call"], pa.array([row.call for row in of], pa.string())))
    told = zip(some["call"].to_pylist(), some["customer"].to_pylist(), strict=True)
    return {call: customer for call, customer in told if customer is not None}


def numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    """Nulls of fractions become NaN."""
    values: NDArray[Any] = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(False)
    return values


def in_calls_of(rows: pa.Table, others: pa.Table) -> Bools:
    """The rows whose call is one of the others'."""
    return numbers(pc.is_in(rows["call"], others["call"].combine_chunks()))

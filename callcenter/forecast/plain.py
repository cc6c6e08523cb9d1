"""Forecasts as plain rows, for files and for the API: times as RFC 3339, None for what is not known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

import numpy as np

from callcenter.floor.records import rfc3339
from callcenter.forecast.handle_time import UNKNOWN_S
from callcenter.forecast.plan import WhatIf, agents_of
from callcenter.forecast.series import INTERVAL_S, Series
from callcenter.forecast.staffing import Outlook, Policy
from callcenter.forecast.values import Forecast
from kpi.columns import Floats

Plain = dict[str, Any]

COLUMNS = ("queue", "start", "calls", "low", "high", "handle_time_s", "required")


def head(forecast: Forecast, zone: tzinfo) -> Plain:
    """What all its intervals have in common."""
    learnt = {"from": rfc3339(forecast.learnt[0], zone), "to": rfc3339(forecast.learnt[1], zone)}
    return {"made_at": rfc3339(forecast.made_at, zone), "model": forecast.model, "learnt": learnt}


def intervals(
    forecast: Forecast, policy: Policy, zone: tzinfo, actual: Mapping[str, Floats] | None = None
) -> list[Plain]:
    """One a queue and interval, with :data:`COLUMNS`. ``required``: agents, shrinkage included.

    ``actual`` [interval] by queue, NaN for what is not known, makes another column.
    """
    need = agents_of(forecast.calls, forecast.handle_time_s, forecast.queues, policy)
    starts = [rfc3339(at, zone) for at in forecast.start.tolist()]
    out = []
    for q, queue in enumerate(forecast.queues):
        columns = [_rounded(x[q], 3) for x in (forecast.calls, forecast.low, forecast.high, forecast.handle_time_s)]
        rows = zip(starts, *columns, _rounded(need[q], 0), strict=True)
        out += [dict(zip(COLUMNS, (queue, *row), strict=True)) for row in rows]
        if actual is not None:
            came = _rounded(actual.get(queue, np.full(len(starts), np.nan)), 0)
            out[-len(starts) :] = [{**row, "actual": n} for row, n in zip(out[-len(starts) :], came, strict=True)]
    return out


def assumed(forecast: Forecast, history: Series) -> str:
    """The queues that calls are forecast of and no conversation is known of, and what their handle time is then, in a
    line; '' where there are none."""
    heard = np.nansum(history.handled, axis=1) > 0
    needed = ((forecast.calls > 0) & np.isfinite(forecast.handle_time_s)).any(axis=1)
    names = [queue for queue, of in zip(forecast.queues, needed & ~heard, strict=True) if of]
    taken = "that of the other queues" if heard.any() else f"{UNKNOWN_S:.0f} s, which is a default"
    return f"handle time of {', '.join(names)}: {taken}, as no conversation is known" if names else ""


def what_if(answer: WhatIf, zone: tzinfo) -> list[Plain]:
    """Of each queue that was changed the service level of all intervals before and after, and those that changed."""
    forecast, before, after = answer.forecast, answer.before, answer.after
    return [
        {
            "queue": queue,
            "service_level_before": _rounded(before.overall[q : q + 1], 4)[0],
            "service_level_after": _rounded(after.overall[q : q + 1], 4)[0],
            "intervals": [_compared(answer, q, at, zone) for at in np.flatnonzero(answer.changed[q]).tolist()],
        }
        for q, queue in enumerate(forecast.queues)
        if answer.changed[q].any()
    ]


def _compared(answer: WhatIf, q: int, at: int, zone: tzinfo) -> Plain:
    start = float(answer.forecast.start[at])
    plain: Plain = {
        "from": rfc3339(start, zone), "to": rfc3339(start + INTERVAL_S, zone),
        "calls": _rounded(answer.forecast.calls[q, at : at + 1], 3)[0],
    }  # fmt: skip
    for when, of in (("before", answer.before), ("after", answer.after)):
        plain |= {f"{name}_{when}": value for name, value in _expected(of, q, at).items()}
    return plain


def _expected(of: Outlook, q: int, at: int) -> Plain:
    values = (of.agents, of.service_level, of.occupancy)
    agents, level, busy = (_rounded(x[q, at : at + 1], 4)[0] for x in values)
    return {"agents": agents, "service_level": level, "occupancy": busy}


def _rounded(values: Floats, digits: int) -> list[float | int | None]:
    """Whole numbers for 0 digits."""
    known = np.isfinite(values)
    rounded = np.round(np.where(known, values, 0.0), digits)
    plain = (rounded if digits else rounded.astype(np.int64)).tolist()
    return [value if there else None for value, there in zip(plain, known.tolist(), strict=True)]

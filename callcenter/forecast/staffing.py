"""How many agents a forecast asks for, and what to expect of those there are. Pure; the model is :mod:`kpi.erlang`.

All arrays are [queue, interval] of calls an interval; whatever fits by numpy's broadcasting may stand for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from callcenter.errors import InputError
from callcenter.forecast.arrays import over
from callcenter.forecast.series import INTERVAL_S
from callcenter.history.columns import Range
from callcenter.report.values import Targets
from kpi import agents_required, service_level_expected
from kpi.columns import Floats


@dataclass(frozen=True, slots=True)
class Policy:
    """``shrinkage``: the share of paid time that goes to breaks, training and absence; ``max_occupancy``: how busy
    agents may be; ``targets`` by queue, of others the default."""

    shrinkage: float = 0.0
    max_occupancy: float = 0.85
    targets: Mapping[str, Targets] | None = None

    def of(self, queues: Sequence[str]) -> tuple[Floats, Floats]:
        """The threshold in seconds and the service level aimed at, [queue, 1]."""
        own = [(self.targets or {}).get(name, Targets()) for name in queues]
        threshold_s, level = [t.threshold_s for t in own], [t.service_level for t in own]
        return np.array(threshold_s, np.float64).reshape(-1, 1), np.array(level, np.float64).reshape(-1, 1)


def required(calls: Floats, handle_time_s: Floats, queues: Sequence[str], policy: Policy) -> Floats:
    """The agents that each queue asks for; 0 where no call is expected, NaN for a queue with a target of 100 %, that no
    staff reaches.

    InputError when the policy is out of range, a handle time is missing or calls are negative.
    """
    threshold_s, target = policy.of(queues)
    never = target == 1
    try:
        agents = agents_required(
            calls, handle_time_s, INTERVAL_S, threshold_s, np.where(never, 0.0, target), policy.max_occupancy,
            policy.shrinkage,
        )  # fmt: skip
    except ValueError as wrong:
        raise InputError(f"agents required: {wrong}") from None
    return np.where(never, np.nan, agents)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What so many agents make of so many calls, [queue, interval]: the expected ``service_level`` (NaN without calls)
    and ``occupancy`` (1 where they cannot carry the load, NaN without agents); ``overall`` [queue + 1]: the service
    level of all the calls of a queue, the last of all queues."""

    agents: Floats
    service_level: Floats
    occupancy: Floats
    overall: Floats


def outlook(calls: Floats, handle_time_s: Floats, agents: Floats, queues: Sequence[str], policy: Policy) -> Outlook:
    """What to expect of these ``agents`` on the phones (without shrinkage).

    Agents who shared their time are no whole number: the service level lies between those of the whole numbers beside
    it, by their share. NaN agents (not known): NaN. InputError as :func:`required`.
    """
    calls, handle_time_s, agents = np.broadcast_arrays(calls, handle_time_s, np.asarray(agents, np.float64))
    known = np.isfinite(agents)
    staff = np.where(known, agents, 0.0)
    fewer = np.floor(staff)
    threshold_s, _ = policy.of(queues)
    try:
        low, high = (
            service_level_expected(n.astype(np.int64), calls, handle_time_s, INTERVAL_S, threshold_s)
            for n in (fewer, fewer + 1)
        )
    except ValueError as wrong:
        raise InputError(f"service level expected: {wrong}") from None
    level = np.where(known, low + (staff - fewer) * (high - low), np.nan)
    load = np.where(calls > 0, calls * handle_time_s / INTERVAL_S, 0.0)
    busy = np.where(known, np.minimum(over(load, staff, np.nan), 1.0), np.nan)
    return Outlook(agents, level, busy, _overall(calls, level))


def _overall(calls: Floats, level: Floats) -> Floats:
    """Weighted by calls, over the intervals that have a level; NaN without any."""
    counted = np.where(np.isnan(level), 0.0, calls)
    met = (counted * np.nan_to_num(level)).sum(axis=1)
    every = counted.sum(axis=1)
    return over(np.append(met, met.sum()), np.append(every, every.sum()), np.nan)


@dataclass(frozen=True, slots=True)
class Change:
    """So many ``agents`` more (or fewer) of a ``queue`` in the intervals that begin within ``range``."""

    queue: str
    range: Range
    agents: int


def changed(agents: Floats, start: Floats, queues: Sequence[str], changes: Sequence[Change]) -> Floats:
    """The agents after these changes, never below 0. InputError for a queue that there is not, or a range in which no
    interval begins."""
    after = np.array(agents, np.float64)
    for change in changes:
        if change.queue not in queues:
            raise InputError(f"no such queue in the forecast: {change.queue!r}")
        within = (change.range[0] <= start) & (start < change.range[1])
        if not within.any():
            raise InputError(f"no interval of the forecast begins within the change of queue {change.queue!r}")
        after[list(queues).index(change.queue), within] += change.agents
    return np.maximum(after, 0.0)

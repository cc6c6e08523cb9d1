"""Where each queue stands now: what was forecast beside what came, agents required beside those there are. Pure.

*Required* and *staffed* mean the same, agents on the phones: required is without shrinkage, and who is paused is not
staffed but told beside (:func:`kpi.staffing_gap`; :data:`callcenter.forecast.staffed.ON_THE_PHONES`). An agent in
several queues counts in each for a share of that, by the work that the forecast has for each now, or evenly where it
has none: the queues add up to the people there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from callcenter.floor.records import AgentState
from callcenter.floor.wallboard import AgentNow, Wallboard
from callcenter.forecast.arrays import over
from callcenter.forecast.plan import agents_of
from callcenter.forecast.series import INTERVAL_S
from callcenter.forecast.staffing import Policy
from callcenter.forecast.values import Forecast
from callcenter.report.values import Targets
from kpi import staffing_gap
from kpi.columns import Floats, Integers

AWAY = frozenset({AgentState.LOGGED_OUT, AgentState.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Staffing:
    """Of one queue now; None: not known (of what is forecast: there is no forecast of the queue).

    ``forecast`` and ``actual``: calls since the business day began; ``forecast_interval``: of the whole interval under
    way, with its ``handle_time_s``. ``required``, ``staffed`` and ``paused`` agents; ``gap``: required - staffed.
    """

    queue: str
    forecast: float | None
    actual: int | None
    forecast_interval: float | None
    handle_time_s: float | None
    required: int | None
    staffed: float
    paused: float
    gap: float | None


def policy_of(board: Wallboard, policy: Policy) -> Policy:
    """``policy`` with the targets that are in force on the board."""
    targets = {
        name: Targets(of.get("threshold_s", Targets().threshold_s), of.get("service_level", Targets().service_level))
        for name, of in board.targets.items()
    }
    return replace(policy, targets=targets)


def staffing(board: Wallboard, began: float, forecast: Forecast | None, policy: Policy) -> list[Staffing]:
    """Each queue of the board, in its order. ``began``: when the business day did; ``forecast``: made before that;
    ``policy``: with the targets in force.

    InputError when the policy is out of range.
    """
    names = [queue.name for queue in board.now.queues]
    now = _of(forecast, names, began, board.now.at)
    need = agents_of(now[1], now[2], names, replace(policy, shrinkage=0.0))
    work = np.nan_to_num(now[1] * now[2])[:, 0]
    there, paused = (_shared(agents, names, work) for agents in (_on_the_phones(board), _paused(board)))
    gap = staffing_gap(need[:, 0], there)  # type: ignore[arg-type]  # NaN: not known what is required
    today = board.figures.get("today", {})
    return [
        Staffing(
            name, _known(now[0][q, 0]), _actual(today, name), _known(now[1][q, 0]),
            _known(now[2][q, 0]), _count(_known(need[q, 0])), float(there[q]), float(paused[q]), _known(gap[q]),
        )
        for q, name in enumerate(names)
    ]  # fmt: skip


def came(offered: Mapping[str, Integers], start: Floats, board: Wallboard, began: float) -> dict[str, Floats]:
    """Calls of each queue in the intervals that begin at ``start``, of what was counted in each; NaN where that is not
    all: of before the business day, not over yet, or not seen."""
    end = start + INTERVAL_S
    known = (start >= began) & (end <= board.now.at)
    for hole in board.holes:
        if not hole.repaired:
            known &= (end <= hole.from_) | (start >= (np.inf if hole.to is None else hole.to))
    return {queue: np.where(known, counts, np.nan) for queue, counts in offered.items()}


def _of(forecast: Forecast | None, names: Sequence[str], began: float, at: float) -> tuple[Floats, Floats, Floats]:
    """[queue, 1]: calls forecast from ``began`` to ``at``, those of the interval under way, and its handle time."""
    nothing = np.full((len(names), 1), np.nan)
    if forecast is None:
        return nothing, nothing, nothing
    start = forecast.start
    share = np.clip((np.minimum(start + INTERVAL_S, at) - np.maximum(start, began)) / INTERVAL_S, 0.0, 1.0)
    sums = np.where(share > 0, forecast.calls * share, 0.0).sum(axis=1, keepdims=True)
    running = (start <= at) & (at < start + INTERVAL_S)
    if not running.any():
        return nothing, nothing, nothing
    columns = (sums, forecast.calls[:, running], forecast.handle_time_s[:, running])
    codes = {name: code for code, name in enumerate(forecast.queues)}
    rows = [codes.get(name, -1) for name in names]
    so_far, calls, handle = (np.concatenate([x, [[np.nan]]])[rows] for x in columns)
    return so_far, calls, handle


Places = Iterable[tuple[str, ...]]
"""The queues of each agent."""


def _on_the_phones(board: Wallboard) -> Places:
    return (_queues(a) for a in board.now.agents if a.state not in AWAY and a.state is not AgentState.PAUSED)


def _paused(board: Wallboard) -> Places:
    return (a.queues for a in board.now.agents if a.state is AgentState.PAUSED)


def _queues(agent: AgentNow) -> tuple[str, ...]:
    """Those that can call him now; who is still at a call though paused in all of them is busy for all."""
    return tuple(queue for queue in agent.queues if queue not in agent.paused_in) or agent.queues


def _shared(agents: Places, names: Sequence[str], work: Floats) -> Floats:
    """Agents of each queue."""
    place: Mapping[str, int] = {name: at for at, name in enumerate(names)}
    sums = np.zeros(len(names))
    for queues in agents:
        at = [place[queue] for queue in queues if queue in place]
        if at:
            own = work[at]
            sums[at] += over(own, own.sum(), 1 / len(at)) if own.sum() > 0 else 1 / len(at)
    return sums


def _actual(today: Mapping[str, Mapping[str, float | None]], name: str) -> int | None:
    """A queue that the day's figures do not know had no visit."""
    return _count(today[name].get("offered")) if name in today else 0 if today else None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _count(value: float | None) -> int | None:
    return None if value is None else round(value)

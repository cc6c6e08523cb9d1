"""What is wrong in the queues now, judged from the board: for the ticker of the wallboard and for operators. Pure.

The limits are those of ``deploy/prometheus/callcenter.rules.yml`` where both look at the same, each queue's own, and
both are silent of queues while the PBX is not seen; a wall tells at once what Prometheus waits some minutes for, and
nothing of forecasts. Of the daemon itself its alarms tell (:mod:`callcenter.metrics.health`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callcenter.floor.records import AgentState
from callcenter.floor.wallboard import QueueAlert, QueueNow, Wallboard
from kpi.table import FIGURES

WINDOW = "30m"
LATE = 3.0
"""A caller who waits longer than so many thresholds waits too long; the wallboard's cards say so too (judge.js)."""
LEVEL_OFFERED, ABANDON_OFFERED = 10, 20
"""Visits of the window below which a ratio says little."""
AWAY = frozenset({AgentState.LOGGED_OUT, AgentState.UNREACHABLE})

_ABANDON_TARGET = next(figure.target for figure in FIGURES if figure.name == "abandon_rate") or (0.05, 0.08)


def alerts(board: Wallboard) -> tuple[QueueAlert, ...]:
    """The worst first: callers whom nobody can answer, callers who wait too long, then ratios; within each, the
    farthest from its limit. None while the link is down: nothing is known of now."""
    if not board.now.link:
        return ()
    figures = board.figures.get(WINDOW, {})
    found = [
        alert
        for queue in board.now.queues
        for alert in _of(queue, board.targets.get(queue.name, {}), figures.get(queue.name, {}), board.now.at)
    ]
    return tuple(sorted(found, key=lambda alert: (RANK[alert.kind], -_excess(alert), alert.queue)))


RANK = {kind: rank for rank, kind in enumerate(
    ("nobody_logged_in", "waits_too_long", "service_level_low", "abandon_rate_high")
)}  # fmt: skip


def _of(
    queue: QueueNow, targets: dict[str, Any], figures: dict[str, float | None], at: float
) -> Iterator[QueueAlert]:
    if queue.waiting and not any(n for state, n in queue.agents.items() if state not in AWAY):
        yield QueueAlert("nobody_logged_in", queue.name, queue.waiting, 0)
    waited_s = 0.0 if queue.oldest_at is None else at - queue.oldest_at
    threshold_s = targets.get("threshold_s")
    if threshold_s is not None and waited_s > LATE * threshold_s:
        yield QueueAlert("waits_too_long", queue.name, round(waited_s, 3), LATE * threshold_s)
    offered = figures.get("offered") or 0
    level, aim = figures.get("service_level"), targets.get("service_level")
    if level is not None and aim is not None and offered >= LEVEL_OFFERED and level < aim:
        yield QueueAlert("service_level_low", queue.name, level, aim)
    rate, most = figures.get("abandon_rate"), targets.get("figures", {}).get("abandon_rate", _ABANDON_TARGET)[1]
    if rate is not None and offered >= ABANDON_OFFERED and rate > most:
        yield QueueAlert("abandon_rate_high", queue.name, rate, most)


def _excess(alert: QueueAlert) -> float:
    """How far beyond its limit, as a share of it; of callers whom nobody can answer, how many."""
    return abs(alert.value - alert.limit) / (alert.limit or 1)

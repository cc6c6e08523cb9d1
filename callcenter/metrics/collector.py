"""Metrics read at scrape time from the newest board and the counters. Pure but for the call that gets the board.

A figure without a value has no series: Prometheus would keep a 0 as a truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from callcenter import __version__
from callcenter.figures.window import Figures
from callcenter.floor.records import AgentState, Outcome
from callcenter.floor.wallboard import Wallboard
from callcenter.metrics.counters import WAITED, Counters, Waits
from callcenter.metrics.health import Health
from callcenter.metrics.known import DRIFTS, DROPS
from callcenter.metrics.of_daemon import of_daemon
from callcenter.metrics.of_planning import Planning, of_planning
from callcenter.metrics.of_targets import of_targets
from callcenter.metrics.table import DAEMON, METRICS, PLANNING, SINCE_START, STATE, WINDOWED, Row, figure_metric
from callcenter.numbers import no_number
from kpi.table import CALL_FIGURES, FIGURES

NONE_YET = Waits()

Samples = Iterator[tuple[tuple[str, ...], float]]

FAMILIES: dict[str, Callable[..., Any]] = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}
"""Those whose samples are one number each."""

FROM_PBX = frozenset({"queue", "agent", "name"})
"""Labels whose values are Asterisk's; the others are words of ours."""
VISIT_COUNTS = ("offered", *(outcome.value for outcome in Outcome))


def _bare(row: Row, labels: Iterable[str]) -> list[str]:
    return [no_number(value) if name in FROM_PBX else value for name, value in zip(row.labels, labels, strict=True)]


class BoardCollector(Collector):
    """``board`` gives the newest Wallboard; ``counters`` is fed with every Change; ``health`` tells of the daemon;
    ``past``: figures of windows of past days, as the board's; ``names``: the metrics that are wanted, empty: all."""

    def __init__(
        self, board: Callable[[], Wallboard], counters: Counters, health: Callable[[], Health],
        planning: Planning | None = None, past: Mapping[str, Figures] | None = None, names: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._wanted = names or METRICS
        self._board = board
        self._counters = counters
        self._health = health
        self._planning = planning
        self._past = past or {}

    def collect(self) -> Iterable[Metric]:
        board = self._board()
        health = self._health()
        samples = _of_now(board) | _since_start(self._counters, board) | _windowed({**board.figures, **self._past})
        samples |= of_daemon(health, board, self._counters) | of_planning(self._planning, board)
        for row in (*STATE, *WINDOWED, *SINCE_START, *PLANNING, *DAEMON):
            if row.type in FAMILIES and row.name in self._wanted:
                family = FAMILIES[row.type](row.name, row.help, labels=row.labels)
                for labels, value in samples[row.name]:
                    family.add_metric(_bare(row, labels), value)
                yield family
        yield from (one for one in (_waits(self._counters.waits, board), _writes(health)) if one.name in self._wanted)


def registry(
    board: Callable[[], Wallboard], counters: Counters, health: Callable[[], Health] = Health,
    planning: Planning | None = None, past: Mapping[str, Figures] | None = None, names: Collection[str] = (),
) -> CollectorRegistry:
    """A registry of its own: nothing of the process-wide one of prometheus_client comes along."""
    own = CollectorRegistry()
    own.register(BoardCollector(board, counters, health, planning, past, names))
    return own


def text(own: CollectorRegistry) -> bytes:
    """The Prometheus text format 0.0.4."""
    return generate_latest(own)


def scrape(
    board: Wallboard, counters: Counters, health: Health, planning: Planning | None = None,
    past: Mapping[str, Figures] | None = None, names: Collection[str] = (),
) -> bytes:
    """The text of one moment. It takes a while in a big centre: give it a picture of the counters, beside the loop."""
    return text(registry(lambda: board, counters, lambda: health, planning, past, names))


def _of_now(board: Wallboard) -> dict[str, Samples]:
    now, c = board.now, "callcenter_"
    return {
        c + "queue_waiting": (((q.name,), q.waiting) for q in now.queues),
        c + "queue_longest_wait_seconds": (
            ((q.name,), max(0.0, now.at - q.oldest_at)) for q in now.queues if q.oldest_at is not None
        ),
        c + "queue_talking": (((q.name,), q.talking) for q in now.queues),
        c + "queue_agents": (((q.name, s.value), q.agents.get(s, 0)) for q in now.queues for s in AgentState),
        c + "agent_state": (((a.interface, a.name, a.state.value), 1) for a in now.agents),
        c + "calls_up": iter([((), now.calls)]),
        c + "link_up": iter([((now.pbx,), float(now.link))]),
        **of_targets(board),
        c + "build_info": iter([((__version__,), 1)]),
    }


def _windowed(windows: Mapping[str, Figures]) -> dict[str, Samples]:
    out: dict[str, Samples] = {"callcenter_queue_window_visits": _window_visits(windows)}
    for f in (*FIGURES, *CALL_FIGURES):
        out[figure_metric(f.name, f.unit, True)] = _figure(windows, f.name, True)
        out[figure_metric(f.name, f.unit, False)] = _figure(windows, f.name, False)
    return out


def _window_visits(windows: Mapping[str, Figures]) -> Samples:
    for window, per in windows.items():
        for queue, figures in per.items():
            for count in VISIT_COUNTS if queue else ():
                value = figures.get(count)
                if value is not None:
                    yield (queue, window, count), value


def _figure(windows: Mapping[str, Figures], name: str, of_queue: bool) -> Samples:
    for window, per in windows.items():
        for queue, figures in per.items():
            value = figures.get(name)
            if bool(queue) is of_queue and value is not None and math.isfinite(value):
                yield ((queue, window) if of_queue else (window,)), value


def _since_start(counters: Counters, board: Wallboard) -> dict[str, Samples]:
    c = "callcenter_"
    queues = [q.name for q in board.now.queues]
    return {
        c + "queue_entered_total": _by_kind(counters.entered, queues),
        c + "queue_visits_total": _by_outcome(counters.visits, queues),
        c + "queue_talk_seconds_total": _by_kind(counters.talk_s, queues),
        c + "queue_transferred_total": _by_kind(counters.transferred, queues),
        c + "queue_ring_no_answer_total": _by_kind(counters.ring_no_answer, queues),
        c + "calls_started_total": iter([((), counters.calls)]),
        c + "drift_total": _by_kind(counters.drift, DRIFTS),
        c + "link_lost_total": iter([((), counters.link_lost)]),
        c + "ami_events_total": iter([((), counters.ami_events)]),
        c + "ami_dropped_total": _by_kind(counters.ami_dropped, DROPS),
        c + "queue_log_repaired_visits_total": _by_outcome(counters.repaired, queues),
    }


def _by_kind(counts: Mapping[str, float], known: Iterable[str]) -> Samples:
    """A counter begins at 0 for each queue or kind that is known, so that the first increase is seen as one."""
    return (((kind,), counts.get(kind, 0)) for kind in dict.fromkeys((*known, *counts)))


def _by_outcome(counts: Mapping[tuple[str, str], float], queues: list[str]) -> Samples:
    cells = dict.fromkeys((*((q, outcome.value) for q in queues for outcome in Outcome), *counts))
    return ((cell, counts.get(cell, 0)) for cell in cells)


def _writes(health: Health) -> Metric:
    row = METRICS["callcenter_store_write_seconds"]
    return SummaryMetricFamily(row.name, row.help, health.store_writes, health.store_write_seconds)


def _waits(waits: dict[tuple[str, str], Waits], board: Wallboard) -> Metric:
    """Each begins with nothing in it, as the counters do: the first wait is an increase too."""
    known = {(q.name, outcome): NONE_YET for q in board.now.queues for outcome in WAITED}
    row = METRICS["callcenter_queue_wait_seconds"]
    histogram = HistogramMetricFamily(row.name, row.help, labels=row.labels)
    for labels, one in (known | waits).items():
        histogram.add_metric(_bare(row, labels), one.cumulative(), one.sum_s)
    return histogram

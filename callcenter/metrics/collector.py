"""What there is to tell at a scrape, from the newest board and the counters. Pure.

A figure without a value has no series: Prometheus would keep a 0 as a truth.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping

from callcenter import __version__
from callcenter.figures.window import Figures
from callcenter.floor.records import AgentState, Outcome
from callcenter.floor.wallboard import Wallboard
from callcenter.metrics.counters import WAITED, Counters, Waits
from callcenter.metrics.exposition import Family, Samples
from callcenter.metrics.health import Health
from callcenter.metrics.known import DRIFTS, DROPS
from callcenter.metrics.of_daemon import of_daemon
from callcenter.metrics.of_planning import Planning, of_planning
from callcenter.metrics.of_targets import of_targets
from callcenter.metrics.table import METRICS, figure_metric
from kpi.table import CALL_FIGURES, FIGURES

NONE_YET = Waits()

VISIT_COUNTS = ("offered", *(outcome.value for outcome in Outcome))


def families(
    board: Wallboard, counters: Counters, health: Health, planning: Planning | None = None,
    past: Mapping[str, Figures] | None = None, names: Collection[str] = (),
) -> Iterator[Family]:
    """What there is to tell of one moment, in the order of the table. ``counters`` are fed with every Change;
    ``past``: figures of windows of past days, as the board's; ``names``: the metrics that are wanted, empty: all."""
    samples = _of_now(board) | _since_start(counters, board) | _windowed({**board.figures, **(past or {})})
    samples |= of_daemon(health, board, counters) | of_planning(planning, board)
    for row in METRICS.values():
        if row.name in (names or METRICS):
            yield row, samples[row.name]


def _of_now(board: Wallboard) -> dict[str, Samples]:
    now, c = board.now, "callcenter_"
    return {
        c + "queue_waiting": (((q.name,), q.waiting) for q in now.queues),
        c + "queue_longest_wait_seconds": (
            ((q.name,), now.lasts_s(q.oldest_at)) for q in now.queues if q.oldest_at is not None
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
        out[figure_metric(f.name, f.unit, True)] = _figure(windows, f.name)
        out[figure_metric(f.name, f.unit, False)] = _figure_of_all(windows, f.name)
    return out


def _window_visits(windows: Mapping[str, Figures]) -> Samples:
    for window, per in windows.items():
        for queue, figures in per.items():
            for count in VISIT_COUNTS if queue else ():
                value = figures.get(count)
                if value is not None:
                    yield (queue, window, count), value


def _figure(windows: Mapping[str, Figures], name: str) -> Samples:
    for window, per in windows.items():
        for queue, figures in per.items():
            value = figures.get(name)
            if queue and value is not None and math.isfinite(value):
                yield (queue, window), value


def _figure_of_all(windows: Mapping[str, Figures], name: str) -> Samples:
    for window, per in windows.items():
        value = per.get("", {}).get(name)
        if value is not None and math.isfinite(value):
            yield (window,), value


def _since_start(counters: Counters, board: Wallboard) -> dict[str, Samples]:
    c = "callcenter_"
    queues = [q.name for q in board.now.queues]
    return {
        c + "queue_entered_total": _by_kind(counters.entered, queues),
        c + "queue_wait_seconds": _waits(counters.waits, board),
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


def _waits(waits: dict[tuple[str, str], Waits], board: Wallboard) -> Samples:
    """Each begins with nothing in it, as the counters do: the first wait is an increase too."""
    known = {(q.name, outcome): NONE_YET for q in board.now.queues for outcome in WAITED}
    for cell, one in (known | waits).items():
        buckets = one.cumulative()
        yield from ((("_bucket", *cell, bound), n) for bound, n in buckets)
        yield ("_count", *cell), buckets[-1][1]
        yield ("_sum", *cell), one.sum_s

"""A report takes memory for its rows and its cells, not for what they are multiplied by each other."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from report_tables import columns, made, values

from callcenter.history.columns import Columns
from callcenter.report import sums
from callcenter.report.values import Ask, By, Every
from kpi import AgentTime, State, sum_time_by_period

DAY_S = 86_400.0
MOST_MB = 200
"""Three kinds of sums are made side by side; multiplied by each other rows and cells would be gigabytes."""


def peak_mb(of: Columns, ask: Ask) -> float:
    tracemalloc.start()
    try:
        made(of, ask)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def at_work(agents: int, end: float) -> Columns:
    """Each is available all the time."""
    names = tuple(f"a{n:05}" for n in range(agents))
    spans = [{"agent": n, "queue": -1, "state": State.AVAILABLE, "start": 0.0, "end": end} for n in range(agents)]
    return columns((0.0, end), spans=spans, agents=names)


def test_twenty_thousand_agents_fit() -> None:
    assert peak_mb(at_work(20_000, DAY_S), Ask((0.0, DAY_S), Every.RANGE, By.AGENT)) < MOST_MB


def test_long_spans_fit_in_a_year_by_interval() -> None:
    year = 365 * DAY_S
    assert peak_mb(at_work(100, year), Ask((0.0, year), Every.INTERVAL, By.SITE)) < MOST_MB


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_what_is_counted_in_pieces_is_the_same(by: By, pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(pieces)
    ends = np.sort(random.uniform(-7200, DAY_S + 7200, 80))
    spans = [
        {"agent": n % 3, "queue": int(random.integers(-1, 2)), "membership": int(random.integers(0, 2)),
         "state": int(random.integers(0, 8)), "start": start, "end": end}
        for n, (start, end) in enumerate(zip(ends, ends[random.integers(1, 9):], strict=False))
    ]  # fmt: skip
    told = columns((0.0, DAY_S), spans=spans, memberships=((1, 0), (1, 1)), until=DAY_S - 5000)
    ask = Ask((0.0, DAY_S), Every.HOUR, by, figures=("occupancy", "utilisation"))
    whole = values(made(told, ask))
    monkeypatch.setattr(sums, "PIECES", pieces)
    for name, of_pieces in values(made(told, ask)).items():
        np.testing.assert_allclose(of_pieces, whole[name], rtol=1e-12)


def test_a_membership_of_each_queue_alone_needs_no_matrix() -> None:
    random = np.random.default_rng(5)
    agent, queue, state, period = (random.integers(low, high, 200) for low, high in ((0, 6), (-1, 6), (0, 8), (0, 4)))
    time = AgentTime(agent, queue, agent, state, random.uniform(0, 100, 200))
    alone = sum_time_by_period(time, period, 4, 6, None)
    by_matrix = sum_time_by_period(time, period, 4, 6, np.eye(6, dtype=np.bool_))
    for name in ("busy_s", "ringing_s", "available_s", "logged_in_s"):
        np.testing.assert_allclose(getattr(alone, name), getattr(by_matrix, name), rtol=1e-12)

"""Where each queue stands now, by hand."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from synthetic import TEHRAN

from callcenter.floor.records import AgentState, Hole
from callcenter.floor.wallboard import AgentNow, FloorNow, QueueNow, Wallboard
from callcenter.forecast.staffing import Policy
from callcenter.forecast.today import came, policy_of, staffing
from callcenter.forecast.values import Forecast
from callcenter.report.values import Targets

MIDNIGHT = datetime(2026, 3, 9, tzinfo=TEHRAN).timestamp()
START = MIDNIGHT + 900.0 * np.arange(96)
AT = MIDNIGHT + 10 * 3600 + 300
"""Five past ten: a third of the quarter of an hour is over."""
S = AgentState


def agent(state: AgentState, *queues: str, paused_in: tuple[str, ...] = ()) -> AgentNow:
    return AgentNow("PJSIP/1", "a", state, 0.0, "", None, None, queues, paused_in)


def board(*agents: AgentNow, at: float = AT, **more: Any) -> Wallboard:
    queues = tuple(QueueNow(name, 0, None, (), 0, {}) for name in ("sales", "support"))
    figures = {"today": {"sales": {"offered": 31}, "": {"offered": 31}}}
    targets = {"sales": {"threshold_s": 20.0, "service_level": 0.8, "short_abandon_s": 5.0}}
    made = Wallboard(1, FloorNow(at, "main", True, 0.0, 0, {}, queues, agents), figures, targets)
    return msgspec.structs.replace(made, **more)


def forecast(*queues: str) -> Forecast:
    """6 calls in each quarter of an hour from eight to ten, 50 in those from ten to noon; 180 s a call."""
    calls = np.zeros((len(queues), 96))
    calls[:, 32:40], calls[:, 40:48] = 6.0, 50.0
    return Forecast(MIDNIGHT - 9, "seasonal", (0.0, 1.0), queues, START, calls, calls, calls,
                    np.full(calls.shape, 180.0))  # fmt: skip


PLAIN = Policy(0.3, 1.0)


def of(board: Wallboard, forecast: Forecast | None, began: float = MIDNIGHT) -> dict[str, Any]:
    return {row.queue: row for row in staffing(board, began, forecast, policy_of(board, PLAIN))}


def test_calls_forecast_so_far_stand_beside_those_that_came() -> None:
    sales = of(board(), forecast("sales"))["sales"]
    assert sales.forecast == pytest.approx(8 * 6 + 50 / 3), "of the interval under way a third"
    assert (sales.actual, sales.forecast_interval, sales.handle_time_s) == (31, 50, 180)


def test_a_business_day_that_begins_at_half_past_nine_counts_from_there() -> None:
    sales = of(board(), forecast("sales"), MIDNIGHT + 9.5 * 3600)["sales"]
    assert sales.forecast == pytest.approx(2 * 6 + 50 / 3)
    sales = of(board(), forecast("sales"), MIDNIGHT + 9.5 * 3600 + 450)["sales"]
    assert sales.forecast == pytest.approx(1.5 * 6 + 50 / 3)


def test_required_are_agents_on_the_phones_and_so_are_staffed() -> None:
    """10 erlangs, 80 % within 20 s: 14 agents (callcentrehelper.com); the shrinkage of a roster is no part of it."""
    agents = [agent(S.AVAILABLE, "sales") for _ in range(5)] + [
        agent(S.TALKING, "sales"), agent(S.WRAP_UP, "sales"), agent(S.RINGING, "sales"), agent(S.HOLDING, "sales"),
        agent(S.PAUSED, "sales", paused_in=("sales",)), agent(S.UNREACHABLE, "sales"), agent(S.LOGGED_OUT),
        agent(S.LOGGED_OUT, "sales"),
    ]  # fmt: skip
    sales = of(board(*agents), forecast("sales"))["sales"]
    assert (sales.required, sales.staffed, sales.paused, sales.gap) == (14, 9, 1, 5)


def test_who_is_in_two_queues_is_shared_out_by_the_work_of_each() -> None:
    made = forecast("sales", "support")
    made.calls[1, 40] = 25.0
    made.handle_time_s[1, 40] = 90.0  # a quarter of the work
    there = of(board(agent(S.AVAILABLE, "sales", "support"), agent(S.AVAILABLE, "support")), made)
    assert there["sales"].staffed == pytest.approx(0.8)
    assert there["support"].staffed == pytest.approx(1.2)
    assert sum(row.staffed for row in there.values()) == pytest.approx(2), "nobody is counted twice"
    even = of(board(agent(S.AVAILABLE, "sales", "support")), None)
    assert (even["sales"].staffed, even["support"].staffed) == (0.5, 0.5)


def test_who_is_paused_in_one_queue_is_there_for_the_other() -> None:
    both = of(board(agent(S.AVAILABLE, "sales", "support", paused_in=("sales",))), None)
    assert (both["sales"].staffed, both["support"].staffed) == (0, 1)
    busy = of(board(agent(S.TALKING, "sales", paused_in=("sales",))), None)
    assert busy["sales"].staffed == 1, "still at a call"


def test_without_a_forecast_nothing_is_forecast_and_nothing_is_nought() -> None:
    for made in (None, forecast("other")):
        sales = of(board(agent(S.AVAILABLE, "sales")), made)["sales"]
        assert (sales.forecast, sales.forecast_interval, sales.required, sales.gap) == (None, None, None, None)
        assert (sales.staffed, sales.actual) == (1, 31)
    late = of(board(at=MIDNIGHT + 86_400 + 1), forecast("sales"))["sales"]
    assert (late.forecast, late.required) == (None, None), "a forecast of yesterday says nothing"


def test_a_pbx_without_queues_has_no_staffing() -> None:
    without = board()
    without = msgspec.structs.replace(without, now=msgspec.structs.replace(without.now, queues=()))
    for made in (None, forecast(), forecast("sales")):
        assert of(without, made) == {}


def test_a_queue_without_a_call_today_had_none() -> None:
    assert of(board(), None)["support"].actual == 0
    assert of(board(figures={}), None)["support"].actual is None, "no figures yet"


def test_a_target_that_nobody_reaches_asks_for_nobody_knows_how_many() -> None:
    always = {"sales": {"threshold_s": 20.0, "service_level": 1.0, "short_abandon_s": 5.0}}
    both = of(board(targets=always), forecast("sales", "support"))
    assert (both["sales"].required, both["sales"].gap) == (None, None)
    assert both["support"].required == 14


def test_the_targets_in_force_are_the_boards() -> None:
    assert policy_of(board(), Policy()).targets == {"sales": Targets(20.0, 0.8)}


def test_what_came_is_told_of_intervals_that_are_over_and_were_seen() -> None:
    holes = (
        Hole("main", MIDNIGHT + 3600, MIDNIGHT + 3601, "", False),
        Hole("main", MIDNIGHT + 7200, MIDNIGHT + 7300, "", True),
        Hole("main", MIDNIGHT + 9.5 * 3600, None, "", False),
    )
    told = came({"sales": np.arange(96)}, START, board(holes=holes), MIDNIGHT + 1800)["sales"]
    known = [n for n in range(96) if not math.isnan(told[n])]
    assert known == [n for n in range(2, 38) if n != 4]
    assert [told[n] for n in known] == known
    assert math.isnan(came({"sales": np.arange(96)}, START, board(), MIDNIGHT)["sales"][40]), "under way"

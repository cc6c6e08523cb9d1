"""Forecast and staffing over the API: what was kept comes out, wrong questions get a problem."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from memory_source import MemorySource
from sample_boards import AT

from callcenter.floor.records import AgentState
from callcenter.forecast.values import Forecast
from callcenter.web.planning_models import ForecastShape, StaffingShape, WhatIfShape

MIDNIGHT = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
NOW = 41
"""The quarter of an hour of 10:22 that is under way."""


@pytest.fixture(autouse=True)
def made(source: MemorySource) -> Forecast:
    """Two days; 50 calls of 180 s in each quarter of an hour from ten to eleven: 14 agents (callcentrehelper.com)."""
    start = MIDNIGHT + 900.0 * np.arange(192)
    calls = np.zeros((2, 192))
    calls[:, 40:44] = calls[:, 136:140] = 50.0
    forecast = Forecast(MIDNIGHT - 3600, "seasonal", (MIDNIGHT - 9e6, MIDNIGHT - 86_400), ("sales", "=1+1"), start,
                        calls, calls - 1, calls + 1, np.full(calls.shape, 180.0))  # fmt: skip
    source.planning.forecast = forecast
    return forecast


async def problem(answer: httpx.Response, status: int, says: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert says in answer.json()["detail"]


async def test_the_forecast_of_a_day_is_told_by_interval(api: httpx.AsyncClient, source: MemorySource) -> None:
    source.planning.offered = 47
    answer = await api.get("/api/v1/forecast", params={"queue": "sales"})
    told = ForecastShape.model_validate_json(answer.content)
    assert (told.day, told.model, told.made_at.timestamp()) == (date(2026, 11, 16), "seasonal", MIDNIGHT - 3600)
    assert [i.start.timestamp() for i in told.intervals] == [MIDNIGHT + 900 * n for n in range(96)]
    ten = told.intervals[40]
    assert (ten.calls, ten.low, ten.high, ten.handle_time_s, ten.actual) == (50, 49, 51, 180, 47)
    assert ten.required == 20, "on the roster: 14 on the phones and 30 % shrinkage"
    assert [i.actual for i in told.intervals[NOW:]] == [None] * 55, "not over yet"
    every = ForecastShape.model_validate_json((await api.get("/api/v1/forecast?day=2026-11-17")).content)
    assert {i.queue for i in every.intervals} == {"sales", "=1+1"} and len(every.intervals) == 192


async def test_each_queue_is_told_as_it_stands_now(api: httpx.AsyncClient, source: MemorySource) -> None:
    board = source.board()
    told = StaffingShape.model_validate_json((await api.get("/api/v1/staffing")).content)
    assert told.at.timestamp() == pytest.approx(AT, abs=0.001)
    assert told.made_at and told.made_at.timestamp() == MIDNIGHT - 3600
    rows = {row.queue: row for row in told.queues}
    assert list(rows) == [queue.name for queue in board.now.queues]
    sales, other = rows["sales"], rows["support"]
    assert sales.forecast == pytest.approx(50 + 50 * (AT - MIDNIGHT - NOW * 900) / 900, abs=0.001)
    assert sales.actual == board.figures["today"]["sales"]["offered"]
    assert (sales.forecast_interval, sales.required, sales.handle_time_s) == (50, 14, 180)
    assert sales.gap == pytest.approx(14 - sales.staffed, abs=0.001)
    assert (other.forecast, other.required, other.gap) == (None, None, None)
    away = (AgentState.PAUSED, AgentState.UNREACHABLE, AgentState.LOGGED_OUT)
    there = sum(agent.state not in away for agent in board.now.agents)
    assert sum(row.staffed for row in told.queues) == pytest.approx(there, abs=0.01)


async def test_without_a_forecast_there_is_staffing_and_no_forecast(
    api: httpx.AsyncClient, source: MemorySource
) -> None:
    source.planning.forecast = None
    told = StaffingShape.model_validate_json((await api.get("/api/v1/staffing")).content)
    assert told.made_at is None and {row.forecast for row in told.queues} == {None}
    await problem(await api.get("/api/v1/forecast"), 404, "no forecast of 2026-11-16 is kept")
    await problem(await what_if(api, {}), 404, "no forecast of 2026-11-16 is kept")


async def what_if(api: httpx.AsyncClient, more: dict[str, Any], **change: Any) -> httpx.Response:
    asked = {"queue": "sales", "from": "10:00", "to": "10:30", "agents": 2} | change
    return await api.post("/api/v1/staffing/what-if", json={"changes": [asked]} | more)


async def test_two_agents_more_are_compared_and_nothing_is_kept(api: httpx.AsyncClient, source: MemorySource) -> None:
    before = source.planning.forecast
    told = WhatIfShape.model_validate_json((await what_if(api, {})).content)
    (queue,) = told.queues
    assert queue.queue == "sales" and len(queue.intervals) == 2
    assert (queue.intervals[0].agents_before, queue.intervals[0].agents_after) == (14, 16)
    assert queue.intervals[0].service_level_before == pytest.approx(0.888, abs=0.001), "as published"
    assert queue.intervals[0].service_level_after == pytest.approx(0.971, abs=0.001)
    assert queue.service_level_before == pytest.approx(0.888, abs=0.001)
    assert queue.service_level_after == pytest.approx((0.888 + 0.971) / 2, abs=0.001)
    assert source.planning.forecast is before
    later = WhatIfShape.model_validate_json((await what_if(api, {"day": "2026-11-17"}, queue="=1+1")).content)
    assert later.queues[0].intervals[0].from_.date() == date(2026, 11, 17)


async def test_those_who_are_there_now_may_be_what_is_compared_with(
    api: httpx.AsyncClient, source: MemorySource
) -> None:
    staffed = {of.queue: of.staffed for of in source.planning.staffing(source.board())}
    told = WhatIfShape.model_validate_json((await what_if(api, {"base": "staffed"}, agents=-1)).content)
    assert told.queues[0].intervals[0].agents_before == pytest.approx(staffed["sales"], abs=1e-4)
    assert told.queues[0].intervals[0].agents_after == pytest.approx(max(staffed["sales"] - 1, 0), abs=1e-4)
    gone = WhatIfShape.model_validate_json((await what_if(api, {"base": "staffed"}, queue="=1+1")).content)
    assert gone.queues[0].intervals[0].agents_before is None, "no such queue on the board"


@pytest.mark.parametrize(("path", "status", "says"), [
    ("/api/v1/forecast?queue=nope", 404, "no such queue in the forecast: nope"),
    ("/api/v1/forecast?day=2027-01-01", 404, "no forecast of 2027-01-01 is kept that was made before that day began"),
    ("/api/v1/forecast?day=0001-01-01", 404, "no forecast of 0001-01-01"),
    ("/api/v1/forecast?day=9999-12-31", 404, "no forecast of 9999-12-31"),
    ("/api/v1/forecast?day=soon", 400, "day: not a day like 2026-11-23"),
    ("/api/v1/forecast?day=0", 400, "day: not a day like 2026-11-23"),
    ("/api/v1/forecast?day=1795000000", 400, "day: not a day like 2026-11-23"),
    ("/api/v1/forecast?day=20261123", 400, "day: not a day like 2026-11-23"),
    ("/api/v1/forecast?day=2026-11-23T00:00:00", 400, "day: not a day like 2026-11-23"),
    ("/api/v1/forecast?day=2026-02-30", 400, "day: "),
    ("/api/v1/forecast?day=2026-11-23&day=2026-11-24", 400, "given more than once: day"),
    ("/api/v1/forecast?days=1", 400, "no such parameter: days; known here: day, queue"),
    ("/api/v1/staffing?queue=sales", 400, "no such parameter: queue"),
])  # fmt: skip
async def test_a_wrong_question_gets_a_problem(api: httpx.AsyncClient, path: str, status: int, says: str) -> None:
    await problem(await api.get(path), status, says)


@pytest.mark.parametrize(("change", "more", "status", "says"), [
    ({"queue": "nope"}, {}, 400, "no such queue in the forecast: 'nope'"),
    ({"from": "11:00"}, {}, 400, "11:00-10:30 ends before it begins"),
    ({"from": "10:01", "to": "10:14"}, {}, 400, "no interval of the forecast begins within"),
    ({"from": "25:00"}, {}, 400, "changes.0.from"), ({"agents": "many"}, {}, 400, "changes.0.agents"),
    ({"agents": 10_000}, {}, 400, "changes.0.agents"), ({"x": 1}, {}, 400, "changes.0.x"),
    ({}, {"base": "rota"}, 400, "base"), ({}, {"changes": []}, 400, "changes"), ({}, {"dya": 1}, 400, "dya"),
    ({}, {"day": "2027-01-01"}, 404, "no forecast of 2027-01-01"),
    ({}, {"day": 0}, 400, "day: not a day like 2026-11-23"), ({}, {"day": "0"}, 400, "day: not a day like 2026-11-23"),
])  # fmt: skip
async def test_a_wrong_change_gets_a_problem(
    api: httpx.AsyncClient, change: dict[str, Any], more: dict[str, Any], status: int, says: str
) -> None:
    await problem(await what_if(api, more, **change), status, says)


async def test_a_body_that_is_no_json_gets_a_problem(api: httpx.AsyncClient) -> None:
    await problem(await api.post("/api/v1/staffing/what-if", content=b"{"), 400, "")
    await problem(await api.get("/api/v1/staffing/what-if"), 405, "")


async def test_a_forecast_that_cannot_be_read_is_a_503(api: httpx.AsyncClient, source: MemorySource) -> None:
    source.planning.fails = "/x.parquet: cannot be read"
    await problem(await api.get("/api/v1/forecast"), 503, "/x.parquet: cannot be read")


async def test_a_forecast_with_gaps_is_told_with_nulls(api: httpx.AsyncClient, source: MemorySource) -> None:
    """The naive model has no number where it has no history."""
    assert source.planning.forecast is not None
    source.planning.forecast.calls[0, NOW] = np.nan
    told = ForecastShape.model_validate_json((await api.get("/api/v1/forecast?queue=sales")).content)
    assert (told.intervals[NOW].calls, told.intervals[NOW].required) == (None, None)
    row = StaffingShape.model_validate_json((await api.get("/api/v1/staffing")).content).queues[1]
    assert (row.queue, row.forecast, row.required, row.gap) == ("sales", None, None, None)
    compared = WhatIfShape.model_validate_json((await what_if(api, {}, to="11:00")).content).queues[0]
    assert compared.intervals[1].service_level_after is None
    assert compared.service_level_after is not None


def test_the_sample_board_has_what_is_asked_for_here(source: MemorySource) -> None:
    assert [queue.name for queue in source.board().now.queues][:2] == ["support", "sales"]
    assert msgspec.to_builtins(source.board())["figures"]["today"]["sales"]["offered"]

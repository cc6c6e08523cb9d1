"""The API of forecast and staffing: what was forecast, where each queue stands, what other agents would change. Reads
what was kept and the newest board only."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import Response

from callcenter import shown
from callcenter.errors import CallcenterError, InputError
from callcenter.forecast import plain
from callcenter.forecast.asked import span_of
from callcenter.forecast.plan import part, range_of, what_if
from callcenter.forecast.staffing import Change
from callcenter.forecast.today import Staffing
from callcenter.forecast.values import Forecast
from callcenter.web.answers import ONLY_KNOWN, Day, Queue, json
from callcenter.web.planning_models import ForecastShape, StaffingShape, WhatIfAsked, WhatIfShape
from callcenter.web.problems import bad, documented, failed, missing
from callcenter.web.source import Source
from kpi.columns import Floats

AskedDay = Annotated[Day, Query(description="of the site's calendar, like 2026-11-23; today by default")]


def router(source: Source) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["planning"], dependencies=ONLY_KNOWN, responses=documented(400))
    site = source.config.site

    async def of_day(day: date | None) -> tuple[date, Forecast]:
        that = day or datetime.fromtimestamp(source.board().now.at, site.zone).date()
        try:
            made, span = await source.planning.of_day(that), range_of(that, site.zone)
        except (OverflowError, ValueError):
            raise missing(f"no forecast of {that}") from None
        except CallcenterError as problem:
            raise failed(str(problem)) from problem
        if made is None:
            raise missing(f"no forecast of {that} is kept that was made before that day began")
        return that, part(made, span)

    @api.get("/forecast", response_model=ForecastShape, responses=documented(404, 503))
    async def forecast(queue: Queue = None, day: AskedDay = None) -> Response:
        """The forecast of a day by queue and interval, and what came where that is known."""
        that, made = await of_day(day)
        if queue is not None and queue not in made.queues:
            raise missing(f"no such queue in the forecast: {queue}")
        board = source.board()
        came = await source.planning.came(board, made.start)
        policy = source.planning.policy(board)

        def answer() -> Response:
            rows = plain.intervals(_only(made, queue), policy, site.zone, came)
            return json({"day": that} | plain.head(made, site.zone) | {"intervals": rows})

        return await asyncio.to_thread(answer)

    @api.get("/staffing", response_model=StaffingShape)
    async def staffing() -> Response:
        """Each queue now: calls forecast and come, agents required and staffed, and the gap between them."""
        board, made = source.board(), source.planning.forecast
        queues = await asyncio.to_thread(source.planning.staffing, board)
        return json({
            "at": shown.rfc3339(board.now.at, site.zone),
            "made_at": None if made is None else shown.rfc3339(made.made_at, site.zone),
            "seen": shown.seen_in_short(board, "today", site),
            "queues": [_rounded(of) for of in queues],
        })

    @api.post("/staffing/what-if", response_model=WhatIfShape, responses=documented(404, 503))
    async def compare(asked: WhatIfAsked) -> Response:
        """What more or fewer agents would change in the service level of a day. Nothing is kept of it."""
        that, made = await of_day(asked.day)
        board = source.board()
        staffed = await asyncio.to_thread(source.planning.staffing, board) if asked.base == "staffed" else None
        agents = None if staffed is None else _staffed(made, staffed)
        try:
            changes = [Change(c.queue, span_of(c.from_, c.to, that, site.zone), c.agents) for c in asked.changes]
            answer = await asyncio.to_thread(what_if, made, changes, source.planning.policy(board), agents)
        except InputError as problem:
            raise bad(str(problem)) from problem
        queues = plain.what_if(answer, site.zone)
        return json({"day": that, "made_at": shown.rfc3339(made.made_at, site.zone), "queues": queues})

    return api


def _only(made: Forecast, queue: str | None) -> Forecast:
    if queue is None:
        return made
    at = [made.queues.index(queue)]
    numbers = (x[at] for x in (made.calls, made.low, made.high, made.handle_time_s))
    return Forecast(made.made_at, made.model, made.learnt, (queue,), made.start, *numbers)


def _staffed(made: Forecast, queues: list[Staffing]) -> Floats:
    """[queue, interval] of the forecast: those of now all day; NaN for a queue that the board does not have."""
    there = {of.queue: of.staffed for of in queues}
    now = np.array([[there.get(queue, np.nan)] for queue in made.queues])
    return np.repeat(now, len(made.start), axis=1)


def _rounded(of: Staffing) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(of).items()}

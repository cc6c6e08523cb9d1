"""The API of now: queues, agents, figures. Reads the newest board only."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from callcenter import shown
from callcenter.day_series import plain
from callcenter.floor.records import AgentState
from callcenter.report.past import DAYS
from callcenter.web.answers import ONLY_KNOWN, Queue, json, known_queue, page
from callcenter.web.figures import ROWS
from callcenter.web.models import AgentPage, FigurePage, KpiIntervals, Kpis, QueuePage
from callcenter.web.problems import bad, documented, missing
from callcenter.web.source import Source
from kpi.table import COUNTS, SUMS_S, VISIT_FIGURES

Window = Annotated[
    Literal["today", "15m", "30m", "60m", "7d", "28d"],
    Query(description="the business day so far (`today`), the last 15, 30 or 60 minutes, or the last 7 or 28 whole "
          "business days: only those have figures of whole calls, such as first-call resolution"),
]
Day = Annotated[Literal["today"], Query(description="the business day so far")]
Every = Annotated[Literal["15m", "30m", "60m"], Query(description="how long an interval is")]
Names = Annotated[list[str], Query(description="only these counts, sums and figures; none named: all")]
OF_VISITS = frozenset({*COUNTS, *SUMS_S, *(figure.name for figure in VISIT_FIGURES)})
State = Annotated[AgentState | None, Query(description="only agents in this state")]


def router(source: Source) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["now"], dependencies=ONLY_KNOWN, responses=documented(400))
    site = source.config.site

    @api.get("/queues", response_model=QueuePage)
    async def queues() -> Response:
        """Every queue as it is now."""
        board = source.board()
        return page([shown.queue(q, board.now, board.targets.get(q.name, {}), site.zone) for q in board.now.queues])

    @api.get("/agents", response_model=AgentPage, responses=documented(404))
    async def agents(queue: Queue = None, state: State = None) -> Response:
        """Every agent as it is now; those of one queue, those in one state."""
        board = source.board()
        known_queue(board, queue)
        wanted = [a for a in board.now.agents if queue is None or queue in a.queues]
        return page([shown.agent(a, board.now, site.zone) for a in wanted if state is None or a.state is state])

    @api.get("/kpis", response_model=Kpis, responses=documented(404, 503))
    async def kpis(window: Window = "today", queue: Queue = None) -> Response:
        """The figures of one window, for each queue (or one) and for all of them together."""
        board = source.board()
        if window not in DAYS:
            return json(shown.kpis(board, window, known_queue(board, queue), site))
        if (past := source.past.get(window)) is None:
            raise HTTPException(503, "the figures of past days are not computed yet")
        if queue is not None and queue not in past.figures:
            raise missing(f"no such queue: {queue}")
        return json(shown.past_kpis(board, window, past, queue, site))

    @api.get("/kpis/intervals", response_model=KpiIntervals, responses=documented(404, 503))
    async def intervals(
        window: Day = "today", every: Every = "15m", queue: Queue = None, figure: Names = []  # noqa: B006
    ) -> Response:
        """The business day so far by intervals of the site's clock, of each queue (or one) and of all together."""
        board = source.board()
        known_queue(board, queue)
        if unknown := [name for name in figure if name not in OF_VISITS]:
            raise bad(f"figure: not known by interval: {unknown[0]!r}")
        series = await source.day.of(board, 60.0 * int(every.removesuffix("m")), site)
        queues = [q.name for q in board.now.queues]
        return await asyncio.to_thread(lambda: json(plain(series, every, queues, queue, figure, site)))

    @api.get("/figures", response_model=FigurePage)
    async def figures() -> Response:
        """What each figure and count is called in English, Persian and Arabic, and its unit."""
        return page(list(ROWS))

    return api

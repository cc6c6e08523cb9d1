"""The API of now: queues, agents, figures. Reads the newest board only."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from callcenter.floor.records import AgentState
from callcenter.web import shown
from callcenter.web.answers import Name, json, known_queue, page
from callcenter.web.figures import ROWS
from callcenter.web.models import AgentShape, FigureShape, Kpis, PageOf, QueueShape
from callcenter.web.problems import documented
from callcenter.web.source import Source

Window = Literal["today", "15m", "30m", "60m"]


def router(source: Source) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["now"])
    site = source.config.site

    @api.get("/queues", response_model=PageOf[QueueShape])
    async def queues() -> Response:
        """Every queue as it is now."""
        board = source.board()
        return page([shown.queue(q, board.now, board.targets.get(q.name, {}), site.zone) for q in board.now.queues])

    @api.get("/agents", response_model=PageOf[AgentShape], responses=documented(404))
    async def agents(queue: Name = None, state: AgentState | None = None) -> Response:
        """Every agent as it is now; those of one queue, those in one state."""
        board = source.board()
        known_queue(board, queue)
        wanted = [a for a in board.now.agents if queue is None or queue in a.queues]
        return page([shown.agent(a, board.now, site.zone) for a in wanted if state is None or a.state is state])

    @api.get("/kpis", response_model=Kpis, responses=documented(404))
    async def kpis(window: Annotated[Window, Query()] = "today", queue: Name = None) -> Response:
        """The figures of one window, for each queue (or one) and for all of them together."""
        board = source.board()
        return json(shown.kpis(board, window, known_queue(board, queue), site))

    @api.get("/figures", response_model=PageOf[FigureShape])
    async def figures() -> Response:
        """What each figure and count is called in English, Persian and Arabic, and its unit."""
        return page(list(ROWS))

    return api

"""The live stream (server-sent events): each client gets the newest board, never a backlog. Shell.

A board is encoded once for all clients. A client that does not read stops in its own ``send``: uvicorn's flow control
holds at most one board for it (64 KiB and what the socket holds), and when it reads again it gets the newest one.
All streams together send no more than ``BYTES_S``: the more pages are open, the longer each waits for its next board.

``id`` is the board's ``seq``; each 15 s without a board there is a comment and a ``beat`` event, because a page can
see no comments and has to know that the silence is alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from starlette.responses import Response, StreamingResponse

from callcenter.config import Site
from callcenter.floor.wallboard import Wallboard
from callcenter.web import shown
from callcenter.web.answers import ONLY_KNOWN
from callcenter.web.problems import documented
from callcenter.web.source import Source

HEARTBEAT_S = 15.0
LOOK_S = 1.0
"""How often a stream without news looks whether the server stops."""

BYTES_S = 20e6
"""What all streams together may send in a second."""

RETRY = b"retry: 2000\n\n"
BEAT = b": heartbeat\nevent: beat\ndata: {}\n\n"


class Streams:
    """All streams of one server: they end when it stops."""

    def __init__(self, source: Source, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.source = source
        self.heartbeat_s = heartbeat_s
        self.stopping = False
        self.open = 0
        self._encoded = encoder(source.config.site)

    async def boards(self) -> AsyncIterator[bytes]:
        """What one client is sent."""
        self.open += 1
        try:
            yield RETRY
            async for event in self._events():
                yield event
                await asyncio.sleep(min(LOOK_S, len(event) * self.open / BYTES_S))
        finally:
            self.open -= 1

    async def _events(self) -> AsyncIterator[bytes]:
        board = self.source.board()
        yield self._encoded(board)
        quiet_s = 0.0
        while not self.stopping:
            try:
                async with asyncio.timeout(min(LOOK_S, self.heartbeat_s)):
                    board = await self.source.next_board(board.seq)
            except TimeoutError:
                quiet_s += min(LOOK_S, self.heartbeat_s)
                if quiet_s < self.heartbeat_s:
                    continue
                yield BEAT
            else:
                yield self._encoded(board)
            quiet_s = 0.0


def encoder(site: Site) -> Callable[[Wallboard], bytes]:
    """A function that encodes a board as one event, and does so once for all clients that ask for the same."""
    last: tuple[Wallboard | None, bytes] = (None, b"")

    def encoded(board: Wallboard) -> bytes:
        nonlocal last
        if last[0] is not board:
            data = msgspec.json.encode(shown.board(board, site))
            last = board, b"id: %d\nevent: board\ndata: %s\n\n" % (board.seq, data)
        return last[1]

    return encoded


def router(streams: Streams) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["now"], dependencies=ONLY_KNOWN, responses=documented(400))
    schema = {"$ref": "#/components/schemas/BoardShape"}
    answer: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/event-stream": {"schema": schema}}, "description": "`board` events, each a BoardShape"},
    }

    @api.get("/events", responses=answer, response_class=Response)
    async def events() -> StreamingResponse:
        """The wallboard as server-sent events: now, and whenever something changed. Newest only."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(streams.boards(), headers=headers, media_type="text/event-stream")

    return api


def of(app: FastAPI) -> Streams:
    streams: Streams = app.state.streams
    return streams

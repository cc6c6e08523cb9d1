"""The live stream (server-sent events): each client gets the newest board, never a backlog. Shell.

A board is encoded and packed once for all clients: a fully flushed deflate block needs nothing of what was before it,
so each client's gzip stream is a header and the same blocks as everybody's (RFC 1952; zlib's ``Z_FULL_FLUSH``). A
client that does not read stops in its own ``send``: uvicorn's flow control holds at most one board for it (64 KiB and
what the socket holds), and when it reads again it gets the newest one; the kernel ends it after a while (see the
server). All streams together send no more than ``BYTES_S``: the more pages are open, the longer each waits.

``id`` is the board's ``seq``; each 5 s without a board there is a comment and a ``beat`` event, because a page can
see no comments and has to know that the silence is alive. First comes a ``pages`` event: which version of the pages'
files is served, so that a page which has been open since before an update loads itself anew.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response, StreamingResponse

from callcenter import shown
from callcenter.config import Site
from callcenter.floor.wallboard import Wallboard
from callcenter.web.answers import ONLY_KNOWN
from callcenter.web.problems import documented
from callcenter.web.source import Source

HEARTBEAT_S = 5.0
"""stream.js takes twice as much silence, and a second, for the end of the stream."""
LOOK_S = 1.0
"""How often a stream without news looks whether the server stops."""

BYTES_S = 40e6
"""What all streams together may send in a second."""

RETRY = b"retry: 2000\n\n"
BEAT = b": heartbeat\nevent: beat\ndata: {}\n\n"

GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""Deflate, no name, no time, made by an unknown system."""
FAST = 1
"""zlib's level: 330 kB become 54 in 3 ms; the best level makes 37 of them in 6."""


class Streams:
    """All streams of one server: they end when it stops."""

    def __init__(self, source: Source, heartbeat_s: float = HEARTBEAT_S, pages: str = "") -> None:
        self.source = source
        self._hello = RETRY + b'event: pages\ndata: "%s"\n\n' % pages.encode()
        self.heartbeat_s = heartbeat_s
        self.stopping = False
        self.open = 0
        self._encoded = encoder(source.config.site)
        self._packed = packer()

    async def boards(self, gzip: bool) -> AsyncIterator[bytes]:
        """What one client is sent."""
        self.open += 1
        try:
            yield GZIP_HEADER + packed(self._hello) if gzip else self._hello
            async for event in self._events():
                sent = self._packed(event) if gzip else event
                yield sent
                await self._rest(len(sent))
        finally:
            self.open -= 1

    async def _rest(self, sent: int) -> None:
        """As long as all may rest when each was sent so many bytes."""
        rest_s = min(self.heartbeat_s, sent * self.open / BYTES_S)
        while not self.stopping:
            await asyncio.sleep(min(LOOK_S, rest_s))
            rest_s -= LOOK_S
            if rest_s <= 0:
                return

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


def packed(event: bytes) -> bytes:
    """A piece of a deflate stream that stands for itself."""
    deflate = zlib.compressobj(FAST, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(event) + deflate.flush(zlib.Z_FULL_FLUSH)


def packer() -> Callable[[bytes], bytes]:
    """A function that packs an event, and does so once for all clients that ask for the same."""
    last = b"", b""

    def pack(event: bytes) -> bytes:
        nonlocal last
        if last[0] is not event:
            last = event, packed(event)
        return last[1]

    return pack


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client's Accept-Encoding has gzip, and not with ``q=0``."""
    offers = [offer.replace(" ", "").lower().partition(";q=") for offer in accept_encoding.split(",")]
    return any(coding == "gzip" and (not q or q.strip("0.") != "") for coding, _, q in offers)


def router(streams: Streams) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["now"], dependencies=ONLY_KNOWN, responses=documented(400))
    schema = {"$ref": "#/components/schemas/BoardShape"}
    said = "`board` events, each a BoardShape; `beat` and `pages` for the wallboard"
    answer: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/event-stream": {"schema": schema}}, "description": said},
    }

    @api.get("/events", responses=answer, response_class=Response)
    async def events(request: Request) -> StreamingResponse:
        """The wallboard as server-sent events: now, and whenever something changed. Newest only."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept-Encoding"}
        gzip = takes_gzip(request.headers.get("Accept-Encoding", ""))
        headers |= {"Content-Encoding": "gzip"} if gzip else {}
        return StreamingResponse(streams.boards(gzip), headers=headers, media_type="text/event-stream")

    return api


def of(app: FastAPI) -> Streams:
    streams: Streams = app.state.streams
    return streams

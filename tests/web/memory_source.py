"""A Source in memory, and a real server around an application. Test material."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection

from fastapi import FastAPI
from memory_planning import MemoryPlanning

from callcenter.config import Config
from callcenter.crm.ticket import Ticket
from callcenter.day_kept import DayKept
from callcenter.figures import Targets, Window
from callcenter.floor.wallboard import Wallboard
from callcenter.jobs import Jobs
from callcenter.metrics.health import Health
from callcenter.report.past import Past
from callcenter.store.values import JournalRow, Page, StoredCall
from callcenter.web.server import serve
from callcenter.web.source import Newest


class MemoryStore:
    """Keeps rows in lists; a cursor is the index of the next row. ``asked`` holds the arguments of the last query."""

    def __init__(self) -> None:
        self.rows: list[StoredCall] = []
        self.journal: list[JournalRow] = []
        self.ticket_rows: list[Ticket] = []
        self.asked: dict[str, object] = {}

    async def calls(self, *, cursor: str | None, limit: int, **asked: object) -> Page[StoredCall]:
        self.asked = asked
        return _page(self.rows, cursor, limit)

    async def call(self, id: str) -> StoredCall | None:
        return next((row for row in self.rows if row.record.id == id), None)

    async def timeline(self, id: str) -> list[JournalRow]:
        return [row for row in self.journal if row.call == id]

    async def tickets(self, *, cursor: str | None, limit: int, **asked: object) -> Page[Ticket]:
        self.asked = asked
        return _page(self.ticket_rows, cursor, limit)


def _page(rows: list, cursor: str | None, limit: int) -> Page:  # type: ignore[type-arg]
    first = int(cursor) if cursor else 0
    last = first + limit
    return Page(tuple(rows[first:last]), str(last) if last < len(rows) else None)


class MemorySource(Newest):
    def __init__(self, config: Config, board: Wallboard) -> None:
        super().__init__(board)
        self.config = config
        self.store = MemoryStore()
        self.planning = MemoryPlanning(config)
        self.is_so = Health()
        self.text = b"callcenter_link_up 1.0\n"
        self.past: dict[str, Past] = {}
        self.window = Window(lambda queue: Targets(), config.site.zone, config.site.day_starts)
        self.day = DayKept(self.window.picture)
        self.jobs = Jobs(lambda: self.config)

    def health(self) -> Health:
        return self.is_so

    async def metrics(self, names: Collection[str] = ()) -> bytes:
        return self.text


async def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    """Wait until a condition of the process holds. Raises TimeoutError when it does not."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 (what is waited for is a number, it tells nobody)
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """``app`` served on 127.0.0.1, on a free port unless one is named, until the block ends."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, "127.0.0.1", port, ready.set_result))
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield f"http://127.0.0.1:{ready.result()}"
    finally:
        task.cancel()
        await asyncio.wait({task})

"""The API of what was: calls with their timelines, and tickets. Reads the store only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from callcenter import shown
from callcenter.crm.ticket import Kind
from callcenter.store.values import Page, StoredCall
from callcenter.web.answers import ONLY_KNOWN, Agent, Cursor, Limit, Number, Queue, Since, Until, json, page, seconds
from callcenter.web.models import CallPage, CallShape, JournalPage, TicketPage
from callcenter.web.problems import bad, documented, missing
from callcenter.web.source import Source

T = TypeVar("T")
CallId = Annotated[str, Path(max_length=256, description="`id` of the call")]
Open = Annotated[Literal["open", "ended"] | None, Query(description="only calls that are up, or only those that ended")]
OfKind = Annotated[Kind | None, Query(description="only tickets of this kind")]
Status = Annotated[Literal["open", "closed"] | None, Query(description="only open or only closed tickets")]


def router(source: Source) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["history"], dependencies=ONLY_KNOWN, responses=documented(400, 503))
    config = source.config

    @api.get("/calls", response_model=CallPage)
    async def calls(
        queue: Queue = None, agent: Agent = None, number: Number = None, state: Open = None,
        since: Since = None, until: Until = None, cursor: Cursor = None, limit: Limit = 50,
    ) -> Response:
        """Calls, the newest first. ``since`` and ``until`` are about the start of the call."""
        found = await _read(cursor, source.store.calls(
            queue=queue, agent=agent, number=number, state=state, since=seconds(since), until=seconds(until),
            cursor=cursor, limit=limit,
        ))
        return await _page(lambda c: shown.call(c, config), found)

    @api.get("/calls/{id}", response_model=CallShape, responses=documented(404))
    async def call(id: CallId) -> Response:
        """One call."""
        return json(shown.call(await _known(source, id), config))

    @api.get("/calls/{id}/timeline", response_model=JournalPage, responses=documented(404))
    async def timeline(id: CallId) -> Response:
        """Why the call was counted so: all that Asterisk said about it and what it was taken for, in order."""
        await _known(source, id)
        rows = tuple(await source.store.timeline(id))
        return await _page(lambda row: shown.journal_row(row, config.site.zone), Page(rows, None))

    @api.get("/tickets", response_model=TicketPage)
    async def tickets(
        kind: OfKind = None, status: Status = None, number: Number = None,
        cursor: Cursor = None, limit: Limit = 50,
    ) -> Response:
        """Tickets, the newest first. ``number`` is the caller's."""
        found = await _read(
            cursor, source.store.tickets(kind=kind, status=status, number=number, cursor=cursor, limit=limit)
        )
        return await _page(lambda t: shown.ticket(t, config.site.zone), found)

    return api


async def _page(plain: Callable[[T], Any], found: Page[T]) -> Response:
    """A page of what was found. Five hundred calls take a tenth of a second: they are written out beside the loop."""
    return await asyncio.to_thread(lambda: page([plain(item) for item in found.items], found.next))


async def _known(source: Source, id: str) -> StoredCall:
    found = await source.store.call(id)
    if found is None:
        raise missing(f"no such call: {id}")
    return found


async def _read(cursor: str | None, rows: Awaitable[T]) -> T:
    """``rows``; a cursor that the store did not make is the asker's mistake."""
    try:
        return await rows
    except ValueError as e:
        if cursor is None:
            raise
        raise bad("cursor: none that this list has given") from e

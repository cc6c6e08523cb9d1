"""The API of what was: calls with their timelines, and tickets. Reads the store only."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path
from starlette.responses import Response

from callcenter.crm.ticket import Kind
from callcenter.store.values import StoredCall
from callcenter.web import shown
from callcenter.web.answers import Cursor, Limit, Name, Time, json, page, seconds
from callcenter.web.models import CallShape, JournalShape, PageOf, TicketShape
from callcenter.web.problems import bad, documented, missing
from callcenter.web.source import Source

T = TypeVar("T")
CallId = Annotated[str, Path(max_length=256)]


def router(source: Source) -> APIRouter:
    api = APIRouter(prefix="/api/v1", tags=["history"])
    config = source.config

    @api.get("/calls", response_model=PageOf[CallShape])
    async def calls(
        queue: Name = None, agent: Name = None, number: Name = None, state: Literal["open", "ended"] | None = None,
        since: Time = None, until: Time = None, cursor: Cursor = None, limit: Limit = 50,
    ) -> Response:
        """Calls, the newest first. ``since`` and ``until`` are about the start of the call."""
        found = await _read(cursor, source.store.calls(
            queue=queue, agent=agent, number=number, state=state, since=seconds(since), until=seconds(until),
            cursor=cursor, limit=limit,
        ))
        return page([shown.call(c, config) for c in found.items], found.next)

    @api.get("/calls/{id}", response_model=CallShape, responses=documented(404))
    async def call(id: CallId) -> Response:
        """One call."""
        return json(shown.call(await _known(source, id), config))

    @api.get("/calls/{id}/timeline", response_model=PageOf[JournalShape], responses=documented(404))
    async def timeline(id: CallId) -> Response:
        """Why the call was counted so: all that Asterisk said about it and what it was taken for, in order."""
        await _known(source, id)
        return page([shown.journal_row(row, config.site.zone) for row in await source.store.timeline(id)])

    @api.get("/tickets", response_model=PageOf[TicketShape])
    async def tickets(
        kind: Kind | None = None, status: Literal["open", "closed"] | None = None, number: Name = None,
        cursor: Cursor = None, limit: Limit = 50,
    ) -> Response:
        """Tickets, the newest first. ``number`` is the caller's."""
        found = await _read(
            cursor, source.store.tickets(kind=kind, status=status, number=number, cursor=cursor, limit=limit)
        )
        return page([shown.ticket(t, config.site.zone) for t in found.items], found.next)

    return api


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

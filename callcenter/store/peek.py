"""Read a store without taking it: a daemon may be writing to it meanwhile. A shell."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.errors import StoreError
from callcenter.floor.records import CallRecord
from callcenter.store import opening, reading
from callcenter.store.schema import agent_span, call, journal

Range = tuple[float, float]


async def all_calls(url: str) -> tuple[list[CallRecord], Range]:
    """Every call of the store at ``url``, oldest first, and the first and the newest moment that the store knows of.

    Raises StoreError; a store that is not there is not made.
    """
    path = opening.path_of(url)
    if not path.is_file():
        raise StoreError(f"store {path}: no such file")
    found: list[CallRecord] = []
    cursor: str | None = None
    nothing = dict.fromkeys(("queue", "agent", "number", "state", "since", "until"))
    with opening.translated(path):
        engine = opening.connect(path, 5.0, "BEGIN")
        try:
            async with engine.begin() as connection:
                while True:
                    page = await reading.calls(connection, nothing, cursor, 1000)
                    found += [item.record for item in page.items]
                    if (cursor := page.next) is None:
                        break
                told = await _told(connection)
        finally:
            await engine.dispose()
    return found[::-1], told


async def _told(connection: AsyncConnection) -> Range:
    """(0, 0) for a store without anything.

    A call that was up when the daemon began started before it: only those that were seen whole tell when that was.
    The journal is read at its two ends, in the order of arrival; its old lines are pruned, calls and spans stay.
    """
    events = select(journal.c.at).where(journal.c.source == "event").limit(1)
    whole = call.c.seen == "whole"
    firsts = (events.order_by(journal.c.id), select(func.min(agent_span.c.from_)),
              select(func.min(call.c.started_at)).where(whole))  # fmt: skip
    lasts = (events.order_by(journal.c.id.desc()), select(func.max(agent_span.c.to)), select(func.max(call.c.ended_at)))
    first = [at for query in firsts if (at := (await connection.execute(query)).scalar()) is not None]
    last = [at for query in lasts if (at := (await connection.execute(query)).scalar()) is not None]
    return min(first, default=0.0), max(last, default=0.0)

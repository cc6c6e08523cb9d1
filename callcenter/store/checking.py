"""Is a database what was written? Its structure when it is opened; each row in a backup. A shell over a connection."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.errors import StoreDamaged
from callcenter.floor.records import Hole, Span
from callcenter.store import digests, paging, reading
from callcenter.store.rows import plain_of_row
from callcenter.store.schema import agent_span, hole, meta

COMMITS = "commits"
"""Key in ``meta``: the number of the newest transaction."""

WHOLE_BYTES = 128 * 2**20
"""Files up to this size have their indexes compared with their tables when they are opened (2 s); of larger ones only
the structure is looked at (4 s a GB), and all of it with each backup."""


def structure(path: Path, connection: Connection, whole: bool | None = None) -> None:
    """Raises StoreDamaged. ``whole``: indexes too; None: it depends on the size."""
    if whole is None:
        whole = path.stat().st_size <= WHOLE_BYTES
    check = "integrity_check" if whole else "quick_check"
    found = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalar_one()
    if found != "ok":
        raise StoreDamaged(f"the file is damaged ({' '.join(str(found).split())}): {digests.RESTORE}")


def newest_commit(path: Path, acknowledged: int) -> int:
    """The number of the newest transaction. Raises StoreDamaged when it is not the newest that was acknowledged."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT value, digest FROM meta WHERE key = ?", (COMMITS,)).fetchone()
    if found is not None:
        digests.check(found[1], digests.of_text(COMMITS, str(found[0])), f"meta {COMMITS}")
    commits = int(found[0]) if found else 0
    if commits < acknowledged:
        raise StoreDamaged(
            f"the newest {acknowledged - commits} transactions are missing (the file or its -wal is damaged or an old "
            f"one): {digests.RESTORE}; removing {path}.lock takes what is there"
        )
    return commits


async def every_row(connection: AsyncConnection) -> int:
    """Reads everything there is; returns how many journal lines, calls, tickets and spans. Raises StoreDamaged."""
    rows = await _journal(connection)
    for read in (reading.calls, reading.tickets):
        cursor: str | None = None
        while True:
            page = await read(connection, {}, cursor, paging.MOST)
            rows += len(page.items)
            if (cursor := page.next) is None:
                break
    async for found in await connection.stream(select(agent_span)):
        plain_of_row(Span, found, agent_span)
        rows += 1
    for found in await connection.execute(select(hole)):
        plain_of_row(Hole, found, hole)
    for key in (await connection.execute(select(meta.c.key))).scalars().all():
        await reading.get_meta(connection, key)
    return rows


async def _journal(connection: AsyncConnection) -> int:
    """The most of all rows, so as they are."""
    lines = 0
    found = await connection.stream(text("SELECT id, call, at, source, name, data, digest FROM journal"))
    async for id, call, at, source, name, data, digest in found:
        digests.check(digest, digests.of_line(id, call, at, source, name, data.encode()), f"journal line {id}")
        lines += 1
    return lines

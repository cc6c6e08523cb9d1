"""The store: one writer, one reader, one file. A shell; what is said to the database is in ``writing`` and ``reading``.

The reader has a connection of its own: in WAL mode it sees the last committed state and never waits for the writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcenter.crm.ticket import Kind, Ticket
from callcenter.errors import RowRefused, StoreDamaged
from callcenter.floor.records import CallRecord, Hole, Span, Visit
from callcenter.store import acknowledged, opening, reading, writing
from callcenter.store.checking import COMMITS
from callcenter.store.harmless import harmless
from callcenter.store.values import Batch, JournalRow, Page, StoredCall

PRUNED_AT_ONCE = 10_000
"""Journal lines removed in one transaction, so that a batch never waits long."""

CLOSED_S = 10.0
"""How long the end waits for the connections to close."""

OF_THE_ROW = (
    SQLAlchemyError, msgspec.MsgspecError, UnicodeError, OverflowError, TypeError, AttributeError, StoreDamaged,
)  # fmt: skip
"""What a batch may be refused with; some of it tells of the database as well."""


log = structlog.get_logger(__name__)


def _of_the_database(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError)


def _append(path: Path, line: Any) -> None:
    with path.open("ab") as f:
        f.write(msgspec.json.encode(line) + b"\n")


class Store:
    """An open store. Every method raises StoreError when the database fails, and leaves it as it was then.

    ``damaged`` says what was found to be so while reading; '' as long as nothing was.
    """

    def __init__(self, path: Path, lock: int, commits: int, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.path = path
        self.damaged = ""
        self.refused = Path(f"{path}.refused.jsonl")
        self._lock = lock
        self._commits = commits
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, url: str, busy_s: float = 1.0) -> Store:
        """Opens (and makes, or migrates) the store at ``url``, ``sqlite+aiosqlite:///FILE``.

        ``busy_s``: how long a statement waits for somebody else's lock; the pipeline tries again. Raises StoreError:
        the file cannot be used, is damaged or of a newer version, or another daemon has it.
        """
        path = opening.path_of(url)
        lock, commits = await asyncio.to_thread(opening.prepare, path, busy_s)
        writer, reader = (opening.connect(path, busy_s, begin) for begin in ("BEGIN IMMEDIATE", "BEGIN"))
        return cls(path, lock, commits, writer, reader)

    async def close(self, within_s: float = CLOSED_S) -> None:
        """Closes both connections, then lets go of the lock.

        A connection that hangs in the disk is left behind after ``within_s``; the lock is then kept until the process
        ends: what hangs may be written yet.
        """
        closing = asyncio.gather(self._reader.dispose(), self._writer.dispose(), return_exceptions=True)
        await asyncio.wait({closing}, timeout=within_s)
        if closing.done():
            opening.release(self._lock)
        else:
            log.error("the store is not closed: it does not answer")

    async def write(self, batch: Batch) -> None:
        """One transaction: all of it or none. Writing the same again changes nothing but the journal, which grows.

        Raises RowRefused when it is ``batch`` that is at fault, and not the database.
        """
        with opening.translated(self.path):
            try:
                await self._write(batch)
            except OF_THE_ROW as e:
                if _of_the_database(e):
                    raise
                await self._write_cleaned(batch)

    async def _write_cleaned(self, batch: Batch) -> None:
        """There was a value that no database holds; or something else that comes again now."""
        try:
            await self._write(harmless(batch))
        except OF_THE_ROW as e:
            if _of_the_database(e):
                raise
            cause = e.orig if isinstance(e, DBAPIError) else e
            raise RowRefused(f"store {self.path}: {str(cause).splitlines()[0]}") from e

    async def _write(self, batch: Batch) -> None:
        async with self._transaction() as connection:
            await writing.write(connection, batch)

    async def set_aside(self, batch: Batch, reason: str) -> None:
        """Appends what the database refuses to ``<file>.refused.jsonl``, for somebody to look at."""
        with opening.translated(self.path):
            await asyncio.to_thread(_append, self.refused, {"reason": reason, "refused": msgspec.to_builtins(batch)})

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """One that is counted. Others wait for the only connection, so the count is read where nobody else writes."""
        async with self._writer.begin() as connection:
            commits = int(await reading.get_meta(connection, COMMITS) or 0) + 1
            yield connection
            await writing.set_meta(connection, COMMITS, str(commits))
        self._commits = max(commits, self._commits)
        acknowledged.note(self._lock, self._commits)

    async def prune_journal(self, before: float) -> int:
        """Removes the journal's lines older than ``before``; returns how many."""
        pruned, last = 0, PRUNED_AT_ONCE
        with opening.translated(self.path):
            while last == PRUNED_AT_ONCE:
                async with self._transaction() as connection:
                    last = await writing.prune_journal(connection, before, PRUNED_AT_ONCE)
                pruned += last
        return pruned

    async def set_meta(self, key: str, value: str) -> None:
        with opening.translated(self.path):
            async with self._transaction() as connection:
                await writing.set_meta(connection, key, value)

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[AsyncConnection]:
        try:
            with opening.translated(self.path):
                async with self._reader.begin() as connection:
                    yield connection
        except StoreDamaged as e:
            self.damaged = str(e)
            raise

    async def calls(
        self, *, queue: str | None = None, agent: str | None = None, number: str | None = None,
        state: str | None = None, since: float | None = None, until: float | None = None,
        ids: Collection[str] | None = None, cursor: str | None = None, limit: int = 50,
    ) -> Page[StoredCall]:
        """Newest first. ``agent``: name or interface of one who talked; ``number``: as dialled or E.164, from or to;
        ``state``: "open" or "ended"; ``since`` <= started_at < ``until``. Raises ValueError for a wrong
        ``cursor``, ``state`` or ``limit`` (1 to 1000)."""
        which = {
            "queue": queue, "agent": agent, "number": number, "state": state, "since": since, "until": until, "ids": ids
        }  # fmt: skip
        async with self._read() as connection:
            return await reading.calls(connection, which, cursor, limit)

    async def call(self, id: str) -> StoredCall | None:
        async with self._read() as connection:
            return await reading.one_call(connection, id)

    async def timeline(self, id: str) -> list[JournalRow]:
        """The call's journal, in order of arrival; empty for an unknown call."""
        async with self._read() as connection:
            return await reading.timeline(connection, id)

    async def tickets(
        self, *, kind: Kind | str | None = None, status: str | None = None, number: str | None = None,
        cursor: str | None = None, limit: int = 50,
    ) -> Page[Ticket]:
        """Newest first. Raises ValueError for a wrong ``cursor``, ``kind`` or ``limit`` (1 to 1000)."""
        async with self._read() as connection:
            return await reading.tickets(connection, {"kind": kind, "status": status, "number": number}, cursor, limit)

    async def since(self, at: float) -> tuple[list[tuple[str, Visit]], list[Span]]:
        """What the figures of the day are restored from: (call id, visit) entered at or after ``at``, and spans that
        ended after it (they may have begun before)."""
        async with self._read() as connection:
            return await reading.visits_since(connection, at), await reading.spans_since(connection, at)

    async def open_calls(self) -> list[CallRecord]:
        """Oldest first."""
        async with self._read() as connection:
            return await reading.open_calls(connection)

    async def holes_since(self, at: float) -> list[Hole]:
        """Those that ended after ``at`` or are still open, oldest first."""
        async with self._read() as connection:
            return await reading.holes_since(connection, at)

    async def boot(self) -> int:
        """When the PBX booted, as the ids of its calls have it; 0 when nothing was ever written."""
        return int(await self.get_meta(writing.BOOT) or 0)

    async def alive(self) -> float:
        """The PBX's time up to which everything that was seen is committed; 0 when nothing ever was."""
        return float(await self.get_meta(writing.ALIVE) or 0)

    async def put_hole(self, hole: Hole) -> None:
        """Written at once; one of the same PBX and beginning is replaced."""
        await self.write(Batch(holes=(hole,)))

    async def counts(self) -> dict[str, int]:
        """{"calls", "open_calls", "tickets", "journal"}."""
        async with self._read() as connection:
            return await reading.counts(connection)

    async def get_meta(self, key: str) -> str | None:
        async with self._read() as connection:
            return await reading.get_meta(connection, key)

"""From the Floor to the store: gathers what changed and writes it, a batch a transaction. A shell.

Group commit: while one batch is being written the next one gathers. Nothing is dropped: what a failed write held
stays pending and is written when the store is back. Only the newest record of a call is written, so a long outage
costs memory for the journal and for one record a call.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Protocol

import structlog

from callcenter import clock
from callcenter.crm.rules import ticket_of
from callcenter.errors import StoreError
from callcenter.floor.changes import AgentChanged, CallMerged, Change, Drift, LinkChanged, MemberChanged, PbxRestarted
from callcenter.floor.records import CallRecord, Hole, Span
from callcenter.store.values import Batch, JournalRow

GATHER_S = 0.05
"""How long a change may wait for company before it is written: a commit costs the same for one call as for ten."""

CALLS_AT_ONCE = 200
JOURNAL_AT_ONCE = 2_000
SPANS_AT_ONCE = 1_000

BACK_OFF_S = (0.1, 5.0)
"""First and longest pause after a failed write; it doubles."""

ALIVE_S = 5.0
"""How often it is written that nothing happened, so that a later process knows until when this one was there."""

_OF_NO_CALL = (AgentChanged, MemberChanged, LinkChanged, PbxRestarted, Drift)

log = structlog.get_logger(__name__)


def _drop(pending: deque[Any], oldest: int) -> None:
    for _ in range(oldest):
        pending.popleft()


class Sink(Protocol):
    async def write(self, batch: Batch) -> None:
        """All of it or none; raises StoreError."""


class Pipeline:
    """What is pending for the store.

    ``healthy`` and ``reason`` say whether the last write succeeded; ``writes`` and ``write_seconds`` count
    committed batches and the time they took; ``failed_at`` says since when (by our clock) nothing can be written.

    ``alive``, when set, is asked with each batch for the PBX's time up to which everything that was seen has been put
    here: no later than what the newest of the events applied, and the newest sign of life, tell.
    """

    def __init__(self, sink: Sink, country: str, internal: bool) -> None:
        self.healthy = True
        self.reason = ""
        self.failed_at: float | None = None
        self.writes = 0
        self.write_seconds = 0.0
        self.alive: Callable[[], float] | None = None
        self._told_alive = 0.0
        self._sink = sink
        self._country = country
        self.internal = internal
        self._calls: dict[str, CallRecord] = {}
        self._spans: deque[Span] = deque()
        self._journal: deque[JournalRow] = deque()
        self._merged: deque[tuple[str, str]] = deque()
        self._holes: dict[tuple[str, float], Hole] = {}
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def pending(self) -> int:
        """Calls, spans, merges, holes and journal lines that are not committed yet."""
        return len(self._calls) + len(self._spans) + len(self._journal) + len(self._merged) + len(self._holes)

    def put(
        self, changes: Iterable[Change], journal: Iterable[JournalRow], records: Callable[[str], CallRecord | None]
    ) -> None:
        """Takes what one chunk of messages brought; never waits.

        ``records`` gives the record of a touched call as it is now (None: not known any more).
        """
        touched: dict[str, None] = {}
        for change in changes:
            if isinstance(change, AgentChanged):
                self._spans.extend((change.ended,) if change.ended else ())
            elif isinstance(change, CallMerged):
                self._merged.append((change.call, change.into))
                touched[change.into] = None
            if change.call and not isinstance(change, _OF_NO_CALL):
                touched[change.call] = None
        found = {id: record for id in touched if (record := records(id)) is not None}
        self._calls.update(found)
        self._journal.extend(journal)
        if self.pending:
            self._work.set()

    def keep(self, spans: Iterable[Span]) -> None:
        """Spans that are not over: a longer one takes the place of a shorter one with the same beginning."""
        self._spans.extend(spans)
        if self._spans:
            self._work.set()

    def keep_holes(self, holes: Iterable[Hole]) -> None:
        """The newest state of each; a hole is known by its PBX and its beginning."""
        self._holes.update({(hole.pbx, hole.from_): hole for hole in holes})
        if self._holes:
            self._work.set()

    async def run(self) -> None:
        """Writes for ever; returns once :meth:`drain` has emptied it. Store failures do not end it."""
        pause = BACK_OFF_S[0]
        while not self._stopping.is_set():
            if await self._work_within(ALIVE_S):
                await self._stopped_within(GATHER_S)
            try:
                await self._write_gathered()
                pause = BACK_OFF_S[0]
            except StoreError:
                await self._stopped_within(pause)
                pause = min(2 * pause, BACK_OFF_S[1])

    async def drain(self, within_s: float = 5.0) -> None:
        """Writes what is pending and ends :meth:`run`; while the store fails, tries for ``within_s``.

        Raises StoreError that says what was not written. Call it before ``run`` is cancelled.
        """
        self._stopping.set()
        self._work.set()
        deadline = clock.monotonic() + within_s
        whole = False
        while self.pending or not whole:
            try:
                await self._write_gathered()
                whole = True
            except StoreError as e:
                if not self.pending:
                    break
                if clock.monotonic() >= deadline:
                    raise StoreError(f"not written: {self.pending} rows: {e}") from e
                await asyncio.sleep(BACK_OFF_S[0])

    async def _work_within(self, seconds: float) -> bool:
        """Waits for something to write; False when nothing came."""
        try:
            async with asyncio.timeout(seconds):
                return await self._work.wait()
        except TimeoutError:
            return False

    async def _stopped_within(self, seconds: float) -> None:
        """Waits ``seconds``, less when it is time to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _write_gathered(self) -> None:
        """A batch, and more as long as they are full: what trickles in meanwhile is worth the next gathering.

        Raises StoreError; what was not committed stays pending.
        """
        async with self._turn:
            full = True
            while full:
                batch = self._next_batch()
                if not self.pending and batch.alive == self._told_alive:
                    break
                await self._write(batch)
                full = self.pending > 0 and (len(batch.calls) == CALLS_AT_ONCE or len(batch.journal) == JOURNAL_AT_ONCE)
            if not self.pending:
                self._work.clear()

    async def _write(self, batch: Batch) -> None:
        began = time.perf_counter()
        try:
            await self._sink.write(batch)
        except StoreError as e:
            self._failed(str(e))
            raise
        self.writes += 1
        self.write_seconds += time.perf_counter() - began
        self._forget(batch)
        self._recovered()

    def _next_batch(self) -> Batch:
        """The oldest of what is pending; it stays pending until it is committed."""
        calls = tuple(islice(self._calls.values(), CALLS_AT_ONCE))
        tickets = (ticket_of(record, self._country, self.internal) for record in calls)
        all_calls = len(calls) == len(self._calls)
        everything = all_calls and len(self._journal) <= JOURNAL_AT_ONCE and len(self._spans) <= SPANS_AT_ONCE
        return Batch(
            calls=calls,
            tickets=tuple(ticket for ticket in tickets if ticket is not None),
            spans=tuple(islice(self._spans, SPANS_AT_ONCE)),
            journal=tuple(islice(self._journal, JOURNAL_AT_ONCE)),
            # A merge is written on rows that are there: never before the records of its calls.
            merged=tuple(self._merged) if all_calls else (),
            holes=tuple(self._holes.values()),
            alive=self.alive() if self.alive and everything else self._told_alive,
        )

    def _forget(self, batch: Batch) -> None:
        for record in batch.calls:
            if self._calls[record.id] is record:  # else it changed while it was written
                del self._calls[record.id]
        _drop(self._spans, len(batch.spans))
        _drop(self._journal, len(batch.journal))
        _drop(self._merged, len(batch.merged))
        for hole in batch.holes:
            if self._holes[hole.pbx, hole.from_] is hole:
                del self._holes[hole.pbx, hole.from_]
        self._told_alive = batch.alive

    def _failed(self, reason: str) -> None:
        if self.healthy:
            log.error("store failed; keeping everything in memory", reason=reason)
            self.failed_at = clock.now()
        self.healthy, self.reason = False, reason

    def _recovered(self) -> None:
        if not self.healthy:
            log.info("store is back", pending=self.pending)
        self.healthy, self.reason, self.failed_at = True, "", None

"""From the Floor to the store: gathers what changed and writes it, a batch a transaction. A shell.

Group commit: while one batch is being written the next one gathers. What a failed write held stays pending and is
written when the store is back. Only the newest record of a call is written, so a long outage costs memory for one
record a call, and for the journal, whose oldest lines go when there are too many (:mod:`callcenter.backlog`); calls and
tickets never. What the store will never take is set aside, so that it does not keep back all the rest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec
import structlog

from callcenter import clock
from callcenter.crm.rules import ticket_of
from callcenter.crm.ticket import Ticket
from callcenter.errors import NotWritten, RowRefused, StoreError
from callcenter.floor.changes import Change
from callcenter.floor.records import CallRecord, Hole, Span
from callcenter.pending import Pending
from callcenter.store.values import Batch, JournalRow, halves

GATHER_S = 0.05
"""How long a change may wait for company before it is written: a commit costs the same for one call as for ten."""

CALLS_AT_ONCE = 200
JOURNAL_AT_ONCE = 2_000
SPANS_AT_ONCE = 1_000

BACK_OFF_S = (0.1, 5.0)
"""First and longest pause after a failed write; it doubles."""

ALIVE_S = 5.0
"""How often it is written that nothing happened, so that a later process knows until when this one was there."""

HANGS_S = 10.0
"""A write that takes longer is told of: a disk that does not answer fails nothing, and writes nothing."""
HANGS = "the store does not answer"

LAST_S = 1.0
"""How much longer than its time the end waits for a write that is under way."""

log = structlog.get_logger(__name__)


class Sink(Protocol):
    async def write(self, batch: Batch) -> None:
        """All of it or none; raises StoreError, RowRefused when it would take something else."""

    async def set_aside(self, batch: Batch, reason: str) -> None:
        """Keeps what it will never take for somebody to look at; raises StoreError."""


class Pipeline:
    """What is pending for the store.

    ``healthy`` and ``reason`` say whether the last write succeeded, and whether one hangs; ``writes`` and
    ``write_seconds`` count committed batches and the time they took; ``failed_at`` says since when (by our clock)
    nothing can be written; ``refused`` counts what the store would never take.

    ``alive``, when set, is asked with each batch for the PBX's time up to which everything that was seen has been put
    here: no later than what the newest of the events applied, and the newest sign of life, tell. ``boot``: when the
    PBX booted; it is written with the first of the calls whose ids have it.
    """

    def __init__(self, sink: Sink, country: str, internal: bool) -> None:
        self.healthy = True
        self.reason = ""
        self.failed_at: float | None = None
        self.writes = 0
        self.write_seconds = 0.0
        self.refused = 0
        self.alive: Callable[[], float] | None = None
        self.boot: Callable[[], int] = lambda: 0
        self._told_boot = 0
        self._sink = sink
        self._country = country
        self.internal = internal
        self._pending = Pending()
        self._work = asyncio.Event()
        self._ticketless: dict[str, tuple[CallRecord, str]] = {}
        self._stopping = asyncio.Event()
        self._given_up = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def pending(self) -> int:
        """Calls, spans, merges, holes and journal lines that are not committed yet."""
        return len(self._pending)

    @property
    def dropped(self) -> int:
        """Journal lines for which there was no memory left while the store was away."""
        return self._pending.journal.dropped

    @property
    def alarms(self) -> list[str]:
        """What is lost or waits for somebody to look at it."""
        told = (
            (self.refused, "records were refused by the database and set aside"),
            (self.dropped, "journal lines were dropped: the store was away for too long"),
        )
        return [f"store: {count} {what}" for count, what in told if count]

    def waiting(self, id: str) -> CallRecord | None:
        """The newest record of a call, while it is not committed yet."""
        return self._pending.call(id)

    def put(
        self, changes: Iterable[Change], journal: Iterable[JournalRow], records: Callable[[str], CallRecord | None]
    ) -> None:
        """Takes what one chunk of messages brought; never waits.

        ``records`` gives the record of a touched call as it is now (None: not known any more).
        """
        self._pending.put(changes, journal, records)
        self._wake()

    def keep(self, spans: Iterable[Span]) -> None:
        """Spans that are not over: the newest takes the place of another one with the same beginning."""
        self._pending.keep(spans)
        self._wake()

    def move(self, keys: Iterable[tuple[str, float]]) -> None:
        """Spans that are not over, by (agent, beginning), begin at another time: those that are stored go."""
        self._pending.move(keys)
        self._wake()

    def keep_holes(self, holes: Iterable[Hole]) -> None:
        """The newest state of each; a hole is known by its PBX and its beginning."""
        self._pending.keep_holes(holes)
        self._wake()

    def _wake(self) -> None:
        if self.pending:
            self._work.set()

    async def run(self) -> None:
        """Writes for ever; returns once :meth:`drain` has emptied it or given up. Store failures do not end it."""
        writing = asyncio.create_task(self._write_for_ever())
        given_up = asyncio.create_task(self._given_up.wait())
        try:
            await asyncio.wait({writing, given_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up.cancel()
            writing.cancel()
            if not self._given_up.is_set():  # else it hangs, and would not hear of it
                await asyncio.gather(writing, return_exceptions=True)

    async def _write_for_ever(self) -> None:
        pause = BACK_OFF_S[0]
        while not self._stopping.is_set():
            if await _within(ALIVE_S, self._work):
                await _within(GATHER_S, self._stopping)
            try:
                await self._write_gathered(lambda: not self._stopping.is_set())
                pause = BACK_OFF_S[0]
            except Exception as e:
                if not isinstance(e, StoreError):  # a bug of ours must not end the writing
                    self._failed(_said(e))
                await _within(pause, self._stopping)
                pause = min(2 * pause, BACK_OFF_S[1])

    async def drain(self, within_s: float = 6.0) -> None:
        """Writes what is pending and ends :meth:`run`; tries for ``within_s``, calls and tickets before their journal.

        Raises NotWritten that says what was not; a write under way is waited for ``LAST_S`` longer. Call it before
        ``run`` is cancelled.
        """
        self._stopping.set()
        self._work.set()
        trying = asyncio.create_task(self._drained(clock.monotonic() + within_s))
        try:
            await asyncio.wait({trying}, timeout=within_s + LAST_S)
            if trying.done():
                return trying.result()
            self._given_up.set()
            before = "" if self.healthy or self.reason.startswith(HANGS) else f"; before: {self.reason}"
            raise NotWritten(f"not written: {self.pending} rows: {HANGS}{before}")
        except NotWritten as problem:
            log.error(str(problem))  # what else hangs at the end must not keep it back
            raise
        finally:
            trying.cancel()

    async def _drained(self, deadline: float) -> None:
        why = ""
        while clock.monotonic() < deadline or not why:
            try:
                await self._write_gathered(lambda: clock.monotonic() < deadline)
                why = "there was no time for more"
            except Exception as e:
                why = _said(e)
                await asyncio.sleep(BACK_OFF_S[0])
            else:
                if not self.pending:
                    return
        if self.pending:  # that we were alive until now may stay unsaid
            raise NotWritten(f"not written: {self.pending} rows: {why}")

    async def _write_gathered(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """A batch, and more as long as they are full: what trickles in meanwhile is worth the next gathering.

        Another one is begun only if ``go_on``. Raises StoreError; what was not committed stays pending.
        """
        async with self._turn:
            full = True
            while full:
                batch = self._next_batch()
                if not self.pending and batch.alive == self._pending.told_alive and not batch.boot:
                    break
                await self._write(batch)
                full = len(batch.calls) == CALLS_AT_ONCE or len(batch.journal) == JOURNAL_AT_ONCE
                full = full and self.pending > 0 and go_on()
            if not self.pending:
                self._work.clear()

    def _next_batch(self) -> Batch:
        alive = self.alive() if self.alive else 0.0
        batch = self._pending.batch(CALLS_AT_ONCE, JOURNAL_AT_ONCE, SPANS_AT_ONCE, self._ticket, alive)
        boot = self.boot()
        return batch if boot == self._told_boot else msgspec.structs.replace(batch, boot=boot)

    def _ticket(self, record: CallRecord) -> Ticket | None:
        """A bug of ours in the rules for one call must not keep back all others: it is written without a ticket."""
        try:
            return ticket_of(record, self._country, self.internal)
        except Exception as e:
            self._ticketless[record.id] = record, f"no ticket: {_said(e)}"
            return None

    async def _write(self, batch: Batch) -> None:
        began = time.perf_counter()
        try:
            await self._write_all_it_takes(batch)
            for id, (record, reason) in list(self._ticketless.items()):
                await self._set_aside(Batch(calls=(record,)), reason)
                del self._ticketless[id]
        except StoreError as e:
            self._failed(str(e))
            raise
        self.writes += 1
        self._told_boot = batch.boot or self._told_boot
        self.write_seconds += time.perf_counter() - began
        self._recovered()

    async def _write_all_it_takes(self, batch: Batch) -> None:
        """Halves what is refused until it is one thing, which is set aside."""
        try:
            with self._hanging_is_told():
                await self._sink.write(batch)
        except RowRefused as e:
            if parts := halves(batch):
                for part in parts:
                    await self._write_all_it_takes(part)
                return
            await self._set_aside(batch, str(e))
        self._pending.forget(batch)

    async def _set_aside(self, batch: Batch, reason: str) -> None:
        with self._hanging_is_told():
            await self._sink.set_aside(batch, reason)
        self.refused += 1
        if self.refused == 1:
            log.error("the store refuses a record for good; it and any others are set aside", reason=reason)

    @contextmanager
    def _hanging_is_told(self) -> Iterator[None]:
        reason = f"{HANGS}: one write takes more than {HANGS_S:g} s"
        alarm = asyncio.get_running_loop().call_later(HANGS_S, self._failed, reason, HANGS_S)
        try:
            yield
        finally:
            alarm.cancel()

    def _failed(self, reason: str, since_s: float = 0.0) -> None:
        if self.healthy:
            log.error("store failed; keeping everything in memory", reason=reason)
            self.failed_at = clock.now() - since_s
        self.healthy, self.reason = False, reason

    def _recovered(self) -> None:
        if not self.healthy:
            log.info("store is back", pending=self.pending)
        self.healthy, self.reason, self.failed_at = True, "", None


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Whether ``event`` came in so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False

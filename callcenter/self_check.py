"""Our counts against the PBX's queue_log, all the time. A shell over :mod:`callcenter.queue_log.audit`.

What differs outside of holes is never mended in silence: it is said once, with the calls, and shown while it is so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Protocol

import structlog

from callcenter import clock
from callcenter.figures import Window
from callcenter.floor.records import Hole
from callcenter.queue_log.audit import INTERVAL_S, Counted, Gap, audit, counted, named
from callcenter.queue_log.visits import Book, LoggedVisit
from callcenter.store.values import Page, StoredCall

EACH_S = 60.0
OVERDUE_S = 3 * EACH_S
"""What was compared so long ago says nothing of now."""
BACK_S = 3600.0
"""So far back each audit looks."""
KEPT_S = 86_400.0
"""So long a difference is shown."""
SAFE_S = 30.0
"""What was decided later than this ago may not have been heard of, or mended, by both sides."""
SAME_MOMENT_S = 2.0
STARTED_S = 3600.0
"""So long before it entered a queue a call may have begun."""

Key = tuple[str, float, str, int]

log = structlog.get_logger()


class Calls(Protocol):
    """The part of the store that is asked."""

    async def calls(
        self, *, since: float | None = None, until: float | None = None, ids: Collection[str] | None = None,
        cursor: str | None = None, limit: int = 50,
    ) -> Page[StoredCall]: ...  # fmt: skip


class SelfCheck:
    """``differences``: as the last audits found them."""

    def __init__(self, window: Window, store: Calls) -> None:
        self.window, self.store = window, store
        self.differences: tuple[Gap, ...] = ()
        self._due = 0.0
        self._from = 0.0
        self._suspected: set[Key] = set()
        self._compared: tuple[str, ...] = ()
        self._compared_at = 0.0

    def differing(self) -> dict[str, int]:
        """Queue → visits by which our counts differ from the log's; 0 for one that was just compared and does not."""
        overdue = clock.monotonic() - self._compared_at > OVERDUE_S
        out = dict.fromkeys(() if overdue else self._compared, 0)
        for gap in self.differences:
            out[gap.queue] = out.get(gap.queue, 0) + abs(gap.ours - gap.theirs)
        return out

    def sees_from(self, at: float) -> None:
        """What an earlier process counted it compared itself; since then the PBX's clock may have been set. ``at``:
        where what it saw ends."""
        self._from = self._from or at

    def shifted(self, at: float) -> None:
        """The PBX's clock was set: what we counted has moved along, the log's times have not. Who entered just before
        it is not compared: borders are whole seconds."""
        self._from, self._suspected, self._compared = at + SAME_MOMENT_S, set(), ()

    async def look(self, book: Book, read_at: float, holes: Iterable[Hole]) -> None:
        """Compare when it is time to. ``read_at``: up to when ``book`` knows all. Raises StoreError."""
        if clock.monotonic() >= self._due:
            self._due = clock.monotonic() + EACH_S
            blind = [read_at if hole.to is None else hole.to for hole in holes if not hole.repaired]
            first = min((visit.entered_at for visit in book.visits), default=read_at)
            back = (read_at - BACK_S) // INTERVAL_S * INTERVAL_S
            await self._audit(book, max([self._from, back, first, *blind]), read_at - SAFE_S)

    async def _audit(self, book: Book, since: float, until: float) -> None:
        """A difference is one when it is there twice: what happens just now is told by one side before the other."""
        from_, picture, visits = self._from, self.window.picture(), list(book.visits)
        gaps, compared = await asyncio.to_thread(_gaps, picture, visits, since, until)
        if self._from != from_:  # the PBX's clock was set meanwhile
            return
        self._compared, self._compared_at = compared, clock.monotonic()
        confirmed = [gap for gap in gaps if gap.key in self._suspected]
        self._suspected = {gap.key for gap in gaps}
        known = {gap.key: gap for gap in self.differences}
        now = [known.get(gap.key) or await self._told(gap, book) for gap in confirmed]
        older = [gap for gap in self.differences if until - KEPT_S < gap.to <= since]
        self.differences = (*older, *now)

    async def _told(self, gap: Gap, book: Book) -> Gap:
        """The difference with its calls, said once."""
        ours: list[tuple[str, Counted]] = []
        cursor: str | None = None
        while True:
            page = await self.store.calls(since=gap.from_ - STARTED_S, until=gap.to, cursor=cursor, limit=200)
            ours += [(item.record.linkedid, counted(v)) for item in page.items for v in item.record.visits]
            if (cursor := page.next) is None:
                break
        found = named(gap, ours, book.visits)
        log.error("our counts differ from queue_log", queue=found.queue, from_=found.from_, to=found.to,
                  what=found.name, ours=found.ours, theirs=found.theirs, calls=found.calls)  # fmt: skip
        return found


def _gaps(
    picture: Window, visits: list[LoggedVisit], since: float, until: float
) -> tuple[list[Gap], tuple[str, ...]]:
    """What differs, and the queues that were compared. Beside the loop.

    What is written into a visit meanwhile is younger than ``until``, and open as of then."""
    near = since - SAME_MOMENT_S  # the log's whole second began before the visit did
    ours = [Counted(*row) for row in picture.counted(near, until)]
    theirs = [visit for visit in visits if near <= visit.entered_at < until]
    queues = dict.fromkeys((*(one.queue for one in ours), *(one.queue for one in theirs)))
    return audit(ours, theirs, since, until), tuple(queues)

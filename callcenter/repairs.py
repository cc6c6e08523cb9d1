"""What happened in holes, from the PBX's queue_log, which is followed as it is written. A shell.

After a hole its calls are mended (:mod:`callcenter.queue_log.repair`): those that are up on the Floor, those that are
over in the store; then the hole counts as repaired. All of it follows from the store and the log: a daemon that is
killed in the midst does it again. Outside of holes nothing is mended: :mod:`callcenter.self_check` says what differs.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from datetime import tzinfo
from itertools import islice
from pathlib import Path

import structlog

from callcenter import clock
from callcenter.consumer import Consumer
from callcenter.errors import InputError, StoreError
from callcenter.floor import events as e
from callcenter.floor.changes import Change, LinkChanged, TimeShifted, VisitEnded, VisitRepaired
from callcenter.floor.records import CallRecord, Hole
from callcenter.known_calls import KnownCalls, made_at
from callcenter.queue_log.audit import INTERVAL_S
from callcenter.queue_log.beside import Beside, Source
from callcenter.queue_log.evidence import Evidence, too_late
from callcenter.queue_log.follow import Follower
from callcenter.queue_log.lines import Line
from callcenter.queue_log.pairing import NEAR_S, pair
from callcenter.queue_log.repair import Changed, Looks, repair, touched, unseen_in
from callcenter.queue_log.table import Table
from callcenter.queue_log.visits import Book
from callcenter.self_check import BACK_S, KEPT_S, Calls, SelfCheck

LOOK_S = 1.0
SETTLES_S = 8.0
"""By then a snapshot's suspicions are settled and calls that waited for their AgentComplete are over."""
LATE_S = 3.0
"""Lines that are older than this when they are read come late, as from another machine's disk."""
SET_BACK_S = 10.0
"""Lines of several threads of the PBX are out of order by less."""
EARLIER_S = 7200.0
"""How long before a hole somebody may have entered the queue that he was in."""
CALLS_AT_ONCE = 50
MENDS_S = 1.0
"""After so long the log is read on before more is mended."""
FORGET_EACH_S = 60.0
ASKED = 20
"""So many visits of the log are looked up to know whether it is this PBX's, …"""
ASK_AGAIN_S = 10.0
"""… and again after so long, while a hole waits for it."""

log = structlog.get_logger()


def needed_from(holes: Iterable[Hole], now: float) -> float:
    """From when on the log has to be read, for these holes and the first comparisons."""
    return min([now - BACK_S, *(hole.from_ for hole in holes if not hole.repaired)]) - EARLIER_S


def source_of(where: str, zone: tzinfo, since: float) -> Follower | Table:
    """A file by its path; a table by an SQLAlchemy URL (see :class:`Table`), whose times are of ``zone``."""
    return Table(where, zone, since) if "://" in where else Follower(Path(where), since)


class Repairs:
    """``read_at``: up to when the log was read, by the PBX's clock. ``check`` has what differs outside of holes."""

    def __init__(self, source: Source, consumer: Consumer, store: Calls) -> None:
        self.source, self.consumer, self.store = source, consumer, store
        self._reading = Beside(source)
        self.book = Book()
        self.known = KnownCalls(consumer, store, self.book)
        self.check = SelfCheck(consumer.window, store)
        self._unread = "not read yet"
        self.read_at = self._logged_at = 0.0
        self._waits, self._forget_due = "", 0.0
        self.evidence = Evidence()
        earlier = [row[1] for row in consumer.window.counted(0.0, math.inf)]
        self._seen_from = min(earlier, default=math.inf)
        self._earlier_to = max(earlier, default=-math.inf)
        self._strange = (-math.inf, "")
        self._ours_at = clock.monotonic()
        self._forgotten_to = -math.inf
        """What the log told before this was forgotten though a hole waited for it."""
        self._looks = Looks()
        self._due: list[str] = []
        self._unwritten: dict[float, set[str]] = {}
        self._beyond: dict[float, str] = {}
        consumer.sinks.setdefault(TimeShifted, []).append(self._shifted)
        consumer.sinks.setdefault(LinkChanged, []).append(self._link_changed)
        consumer.sinks.setdefault(VisitEnded, []).append(self.evidence.ended)

    @property
    def failure(self) -> str:
        """Why the log cannot be read, or not as far back as a hole of the last day; '' when nothing is wrong."""
        return self._unread or "; ".join(why for at, why in self._beyond.items() if at > self.read_at - KEPT_S)

    @property
    def lag_s(self) -> float | None:
        """How long ago all that the log had was read, None while it has never been."""
        return max(0.0, self.consumer.now() - self.read_at) if self.read_at else None

    def differing(self) -> dict[str, int]:
        """Queue → visits by which our counts differ from the log's, outside of holes."""
        return self.check.differing()

    async def run(self) -> None:
        """For ever; what fails is tried again."""
        while True:
            try:
                await self.look()
                self._waits = ""
            except InputError as problem:
                if self._unread != str(problem):
                    log.warning("queue_log cannot be read: holes stay as they are", reason=str(problem))
                self._unread = str(problem)
            except StoreError as problem:
                if not self._waits:
                    log.warning("repair waits for the store", reason=str(problem))
                self._waits = str(problem)
            except Exception as bug:  # a bug of ours here must not end the watching of the PBX
                failure = f"repair failed: {type(bug).__name__}: {bug}"
                if self._unread != failure:
                    log.exception("repair failed: holes stay as they are")
                self._unread = failure
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read what is new; mend and compare while we see everything ourselves. Raises InputError, StoreError."""
        await self._read()
        if strange := await self._strangers():
            if clock.monotonic() > self._ours_at + KEPT_S:  # a hole may wait for a week
                self._forgotten_to = max(self._forgotten_to, self._forget())
            raise InputError(strange)
        if self.consumer.floor.synced:  # else nobody asked
            self._ours_at = clock.monotonic()
        if self._unread:
            self._trusted()
        holes = self.consumer.holes
        if self.consumer.floor.link and self.consumer.floor.synced and holes.open is None:
            await self._mend()
            await self.check.look(self.book, self.read_at, holes.all)
            done = all(hole.repaired or hole.from_ in self._beyond for hole in holes.all)
            if done:
                self._forget()

    def _forget(self) -> float:
        """The log of longer ago; returns up to when, -inf when it is not due."""
        if clock.monotonic() < self._forget_due:
            return -math.inf
        self._forget_due = clock.monotonic() + FORGET_EACH_S
        # A hole that nobody knows of yet begins after the newest event, however long we were stopped.
        before = min(self.read_at, self.consumer.newest or self.read_at) - BACK_S - INTERVAL_S
        self.book.forget(before)
        return before

    async def _read(self) -> None:
        began_at = self.consumer.now()
        late: set[str] = set()
        while lines := await self._reading.read():
            for line in lines:
                self._mind_the_order(line)
                self.book.take(line, None if self._unread else began_at)
                self.evidence.line(line, began_at)
                if line.at < self.read_at - LATE_S:
                    late.add(line.call)
            await asyncio.sleep(0)
        for hole in self._closed() if late else ():
            self._looks.begin(touched(self.book.of_calls(late), hole))
        zone = self.consumer.config.site.zone
        if problem := self.evidence.problem(self.source.where, self.source.skipped, began_at, zone):
            raise InputError(problem)
        self.read_at = began_at

    def _mind_the_order(self, line: Line) -> None:
        """A log that is read from the past goes back where the PBX's clock was set back: what was logged before that
        is older than what follows, whatever its times say. While we look on, the clock itself tells."""
        back_s, self._logged_at = self._logged_at - line.at, line.at
        if not self.read_at and back_s > SET_BACK_S:
            self.book.shift(-back_s)
            self.evidence.set_back(back_s)

    def _trusted(self) -> None:
        log.info("queue_log is read", newest=self.book.newest_at)
        self._unread = ""
        self._mind_the_past(self.read_at)

    async def _strangers(self) -> str:
        """Why it is the log of another PBX; '' when it is not, or nothing says so. Asked before a hole is mended."""
        waiting = [hole for hole in self._closed() if not hole.repaired and hole.from_ not in self._unwritten]
        if not waiting or not self.consumer.floor.synced:
            return ""
        if clock.monotonic() >= self._strange[0] + ASK_AGAIN_S:
            self._strange = clock.monotonic(), await self._unknown_calls()
        return self._strange[1]

    async def _unknown_calls(self) -> str:
        """Whether most of the newest visits of the log that we must have seen whole are none of ours."""
        unseen, until = unseen_in(self.consumer.holes.all), self.read_at - SETTLES_S
        whole = (v for v in reversed(self.book.visits) if self._seen_from <= v.entered_at < until)
        logged = list(islice((v for v in whole if not unseen(v.entered_at - NEAR_S, v.entered_at + NEAR_S)), ASKED))
        stored = await self.known.stored([v.call for v in logged])
        told = pair(self.known.newest(stored, logged), logged, self.known.linkedid)
        unknown = sum(place is None for call in told for place, _ in call.visits)
        if 2 * unknown <= len(logged):
            return ""
        where = self.source.where
        return f"{unknown} of {len(logged)} calls in {where} are unknown to us: is it this PBX's queue_log?"

    def _closed(self) -> list[Hole]:
        return [hole for hole in self.consumer.holes.all if hole.to is not None]

    # ---- mending --------------------------------------------------------------------------------------------

    async def _mend(self) -> None:
        settled = self.read_at - SETTLES_S
        for hole in self._closed():
            if not hole.repaired and hole.to is not None and hole.to <= settled and hole.from_ not in self._unwritten:
                self._looks.begin(touched(self.book.visits, hole))
                self._unwritten[hole.from_] = set()
        due = self._looks.due(self.book.visits, self._is_up, settled)
        self._due = sorted({*self._due, *due}, key=made_at) if due else self._due
        until = clock.monotonic() + MENDS_S
        while self._due:
            written = await self._mend_calls(self._due[:CALLS_AT_ONCE])
            del self._due[:CALLS_AT_ONCE]
            for waiting in self._unwritten.values():
                waiting |= written
            if clock.monotonic() >= until:
                break
        if not self._due:
            await self._mark_repaired()

    def _is_up(self, channel: str) -> bool:
        return self.known.linkedid(channel) in self.consumer.floor.calls

    async def _mark_repaired(self) -> None:
        """A hole is repaired once all that was mended is committed: else a crash would leave it half done."""
        for hole in self._closed():
            waiting = self._unwritten.get(hole.from_)
            if waiting is None:
                continue
            waiting -= {id for id in waiting if self.consumer.pipeline.waiting(id) is None}
            told = hole.to is not None and self.evidence.reaches(hole.to, self.consumer.floor.boot)
            if not waiting and told and await self._reaches_back(hole):
                del self._unwritten[hole.from_]
                self.consumer.holes.repaired(hole)
                self.consumer.figures_due = True
                log.info("hole filled from queue_log", since=hole.from_, until=hole.to)
        kept = {hole.from_ for hole in self._closed()}
        self._beyond = {from_: why for from_, why in self._beyond.items() if from_ in kept}

    async def _reaches_back(self, hole: Hole) -> bool:
        """Whether the log begins before the hole; or with the PBX itself, of which we know no older call."""
        logged = self.source.begins_at
        begins = self.evidence.begins(logged)
        all_told = begins <= hole.from_ or (
            self.evidence.from_start(logged) and await self.known.none_before(begins - LATE_S)
        )
        if all_told and self._forgotten_to <= hole.from_:
            return True
        if hole.from_ not in self._beyond:
            begins, zone = max(begins, self._forgotten_to), self.consumer.config.site.zone
            why = too_late(self.source.where, begins, hole.from_, self.source.broken, zone)
            self._beyond[hole.from_] = why
            log.warning("queue_log does not reach back: a hole stays as it is", reason=why)
        return False

    async def _mend_calls(self, calls: list[str]) -> set[str]:
        """Mends these calls; returns the ids of the records that changed."""
        stored = await self.known.stored(calls)
        self.consumer.take([], clock.now())  # a step of the PBX's clock that waits: log and Floor are of one clock then
        logged = self.book.of_calls(calls)
        unseen, house = unseen_in(self.consumer.holes.all), self.known.house()
        written = set()
        for told in pair(self.known.newest(stored, logged), logged, self.known.linkedid):
            result = repair(told, unseen, house)
            if result is not None:
                self._keep(*result)
                written.add(result[0].id)
        return written

    def _keep(self, record: CallRecord, visits: tuple[Changed, ...]) -> None:
        now = self.consumer.now()
        known = self.consumer.floor.call(record.linkedid)
        if known and known.id == record.id:
            self.consumer.take(e.VisitsLogged(now, record.linkedid, record, visits), clock.now())
            return
        told = visits or ((record.visits[-1], record.visits[-1]),)  # so that the store hears of what else was mended
        changes: list[Change] = [VisitRepaired(now, record.id, before, after) for before, after in told]
        self.consumer.mended(record, changes)

    def _link_changed(self, change: LinkChanged) -> None:
        if change.up:
            self._seen_from = min(self._seen_from, change.at)
            hidden = [hole.from_ for hole in self.consumer.holes.all[-1:]]  # what is repaired there is compared, too
            seen_from = min([change.at, *hidden])
            self.check.sees_from(seen_from)
            if self._earlier_to > seen_from + LATE_S:  # the clock was set back while an earlier process saw it
                self.check.shifted(self._earlier_to + LATE_S)
            self._earlier_to = -math.inf
            self._mind_the_past(change.at)  # last: what came into the log behind that process is of later yet

    def _mind_the_past(self, now: float) -> None:
        """A log that is ahead of the time is of before the clock was set back: nothing is compared with that."""
        if self.book.newest_at > now + LATE_S:
            self.check.shifted(self.book.newest_at)

    def _shifted(self, change: TimeShifted) -> None:
        self._unwritten.clear()
        self._beyond.clear()
        self.book.shift(change.by_s)
        self.read_at += change.by_s
        self.evidence.shift(change.by_s, change.at)
        self._seen_from += change.by_s
        self._forgotten_to += change.by_s
        self.check.shifted(change.at)

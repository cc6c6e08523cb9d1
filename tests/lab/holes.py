"""A recorded stream with holes in it: one observer misses what happened there, another one that saw all plays the PBX.

At the end of a hole the observer gets a snapshot of what the other knows then, and its calls are mended from the
queue_log as far as it was written by that time.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec

from callcenter.ami.replay import Replay
from callcenter.figures import Targets, Window
from callcenter.floor import events as e
from callcenter.floor.changes import Change, VisitRepaired
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Hole, Span, Visit
from callcenter.floor.revive import under_way
from callcenter.queue_log import Book, Line, LoggedVisit, read
from callcenter.queue_log.pairing import pair
from callcenter.queue_log.repair import House, Looks, repair, touched, unseen_in

SETTLES_S = 8.0
RECONCILED_S = 20.0
"""A snapshot is taken so often."""

CAPTURES = sorted((Path(__file__).parents[1] / "captures").glob("*.ami.gz"))


def name_of(path: Path) -> str:
    return path.name.removesuffix(".ami.gz")


def events_of(path: Path) -> list[e.Event]:
    return [event for event, _ in Replay(Floor()).play([gzip.decompress(path.read_bytes())])]


def lines_of(path: Path) -> list[Line]:
    return list(read(path.with_name(name_of(path) + ".queue_log")))


def snapshot(all_seeing: Floor, at: float) -> Iterator[e.Event]:
    """What the lists of QueueStatus and CoreShowChannels say at ``at``."""
    yield e.SnapshotBegan(at)
    for agent in all_seeing.agents.all.values():
        for member in agent.members.values():
            yield msgspec.structs.replace(member, at=at, snapshot=True)
    for queue in all_seeing.queues.values():
        yield e.QueueSeen(at, queue.name, queue.strategy, 20.0)
        for place, visit in enumerate(sorted(queue.waiting.values(), key=lambda v: v.entered_at), 1):
            leg, waited = visit.leg, float(math.floor(max(0.0, at - visit.entered_at)))
            yield e.EntrySeen(at, queue.name, leg.uid, leg.channel, place, waited, leg.number, leg.call.name)
    yield e.QueuesListed(at)
    for leg in all_seeing.legs.values():
        yield e.LegSeen(at, leg.uid, leg.call.linkedid, leg.channel, leg.state, leg.number, "", leg.exten, "",
                        leg.bridge, float(math.floor(max(0.0, at - leg.created_at))))  # fmt: skip
    yield e.LegsListed(at)


class Observer:
    """What the daemon knows: its Floor, its figures, the records that it has written."""

    def __init__(self) -> None:
        self.stored: dict[str, CallRecord] = {}
        self.changes: list[Change] = []
        self.repairs = 0
        self._begin()

    def _begin(self) -> None:
        self.floor = Floor()
        self.window = Window(lambda queue: Targets(), UTC, "00:00")

    def play(self, *events: e.Event) -> None:
        for event in events:
            self.take(self.floor.apply(event))

    def take(self, changes: Iterable[Change]) -> None:
        changes = list(changes)
        self.changes += changes
        for change in changes:
            self.window.apply(change)
        touched = {change.call for change in changes if change.call}
        records = {call: record for call in touched if (record := self.floor.record(call))}
        self.stored |= records | self.floor.take_finished()

    def crash(self, at: float) -> None:
        """A new process remembers what the old one had written."""
        spans: list[Span] = self.floor.running_spans()
        self._begin()
        up = [record for record in self.stored.values() if record.ended_at is None]
        ids = {record.id for record in up}
        self.window.restore([v for v in self.visits() if not (self._call(v) in ids and under_way(v))], spans)
        self.take(self.floor.remember(up, spans))
        self.play(e.LinkDown(at, "not connected yet"))

    def _call(self, visit: Visit) -> str:
        return next(record.id for record in self.stored.values() if any(v is visit for v in record.visits))

    def visits(self) -> list[Visit]:
        return [visit for record in self.stored.values() for visit in record.visits]

    def up(self, linkedid: str) -> bool:
        call = self.floor.call(linkedid)
        return call is not None and call.id in self.floor.by_id

    def mended(self, logged: Iterable[LoggedVisit], holes: Sequence[Hole]) -> list[tuple[CallRecord, Any]]:
        names = {agent.name: interface for interface, agent in self.floor.agents.all.items()}
        house = House(
            "main", lambda call, _: f"main-0-{call}", lambda _, name: names.get(name, name),
            lambda number: 0 < len(number) <= 5,
        )  # fmt: skip
        found = [repair(told, unseen_in(holes), house) for told in pair(self.stored.values(), logged)]
        return [mended for mended in found if mended is not None]

    def repair(self, book: Book, calls: Iterable[str], holes: Sequence[Hole], at: float) -> None:
        for record, visits in self.mended(book.of_calls(calls), holes):
            self.repairs += len(visits)
            if self.floor.call(record.linkedid):
                self.play(e.VisitsLogged(at, record.linkedid, record, visits))
            else:
                self.stored[record.id] = record
                for before, after in visits:
                    self.window.apply(VisitRepaired(at, record.id, before, after))


def watch(events: Sequence[e.Event], lines: Sequence[Line], holes: Sequence[Hole], crashing: bool = False) -> Observer:
    """Play ``events``; what happens within ``holes`` (in order, apart) only the queue_log tells."""
    observer, pbx, book, looks = Observer(), Floor(), Book(), Looks()
    unread, todo, due = list(lines), list(holes), list[Hole]()
    hole: Hole | None = None
    next_list = next_look = 0.0
    observer.play(e.LinkUp(events[0].at), e.LegsListed(events[0].at))
    for event in [*events, *(e.Tick(events[-1].at + n) for n in range(1, 40))]:
        at = event.at
        if hole is not None and hole.to is not None and at >= hole.to:
            observer.play(e.LinkUp(hole.to), *snapshot(pbx, hole.to))
            due.append(hole)
            hole, next_list = None, hole.to + RECONCILED_S
        if hole is None and todo and at >= todo[0].from_ and not isinstance(event, e.Tick):
            hole = todo.pop(0)
            if crashing:
                observer.crash(hole.from_)
            else:
                observer.play(e.LinkDown(hole.from_, "cut", hole.from_))
        while unread and unread[0].at <= at - 1.0:
            book.take(unread.pop(0))
        if hole is None:
            if next_list and at >= next_list:
                observer.play(*snapshot(pbx, at))
                next_list = at + RECONCILED_S
            while due and at >= (due[0].to or 0.0) + SETTLES_S:
                looks.begin(touched(book.visits, due.pop(0)))
            if at >= next_look and (calls := looks.due(book.visits, observer.up, at - SETTLES_S)):
                observer.play(e.Tick(at))
                observer.repair(book, calls, holes, at)
            next_look = at + 1.0 if at >= next_look else next_look
        pbx.apply(event)
        if hole is None:
            observer.play(event)
    return observer

"""The one consumer: applies what the link delivered, in order, and hands the Changes to the sinks. A shell.

Each sink has a queue of its own behind it: the store never drops, boards keep only the newest. All times in here are
the PBX's (see :mod:`callcenter.ami.pbx_clock`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from callcenter import clock
from callcenter.ami.framing import Message
from callcenter.ami.pbx_clock import PbxClock
from callcenter.board import targets_of
from callcenter.config import Config
from callcenter.figures import Window
from callcenter.floor import events as e
from callcenter.floor.changes import Change, Drift, LinkChanged, PbxRestarted, TimeShifted
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Hole, Span, Visit
from callcenter.floor.revive import under_way
from callcenter.floor.translate import translate
from callcenter.holes import Holes
from callcenter.metrics.counters import Counters
from callcenter.pipeline import Pipeline
from callcenter.store.values import JournalRow

LOOK_AGAIN_S = 1.0
"""How long late events are taken for late without asking the PBX for its time again."""

LATE_FOR_S = 10.0
"""How long after late events others are taken to be as late."""

Item = list[Message] | e.Event
Sink = Callable[[Any], None]
Taker = Callable[[list[Change], Callable[[str], CallRecord | None]], None]
"""Takes what became true, and how to get the newest record of a call."""

log = structlog.get_logger()


class Consumer:
    """``inbox`` takes (item, moment of arrival by our clock) and is never full.

    ``look_at_clock`` asks the PBX for its time; ``drifted`` is told of each Drift. ``newest`` is the time of the newest
    event that was applied.
    """

    def __init__(
        self, config: Config, pipeline: Pipeline, pbx_clock: PbxClock, boot: int,
        look_at_clock: Callable[[], Awaitable[None]], drifted: Callable[[Drift], None],
    ) -> None:  # fmt: skip
        pbx, site = config.pbx[0], config.site
        self.config, self.pipeline, self.clock = config, pipeline, pbx_clock
        self.floor = Floor(
            pbx.name, pbx.trunks, pbx.extension_digits, lambda queue: self.config.queue(queue).wrap_up_s, boot
        )
        self.window = Window(lambda name: targets_of(self.config, self.floor, name), site.zone, site.day_starts)
        self.counters = Counters()
        self.holes = Holes(pbx.name)
        self.inbox: asyncio.Queue[tuple[Item, float]] = asyncio.Queue()
        self.changed = asyncio.Event()
        self.events = 0
        self._lag_s = 0.0
        self.newest = 0.0
        self._lag_at = 0.0
        self._began_at: float | None = None
        self.journal_on = True
        self.figures_due = False
        self._look_at_clock, self._look_due = look_at_clock, 0.0
        self._drifted = drifted
        self.takers: list[Taker] = []
        own: dict[Any, Sink] = {
            Drift: drifted,
            LinkChanged: self._link_changed,
            TimeShifted: self._shifted,
            PbxRestarted: self._restarted,
        }
        self.sinks = sinks_of(self.window.handlers, self.counters.rules, own)

    def now(self) -> float:
        """The PBX's time now."""
        return clock.now() + self.clock.offset

    async def run(self) -> None:
        while True:
            self._began_at = None
            item, arrival = await self.inbox.get()
            self._began_at = clock.monotonic()
            try:
                await self._mind_the_clock(item, arrival)
            finally:
                self.take(item, arrival)  # also when the daemon stops meanwhile
            await asyncio.sleep(0)  # get() of an inbox that is not empty does not wait: the reading must have its turn

    @property
    def lag_s(self) -> float:
        """How late the last events came; of long ago it says nothing of those to come."""
        return self._lag_s if clock.now() - self._lag_at < LATE_FOR_S else 0.0

    @property
    def idle(self) -> bool:
        """Whether everything that came is applied."""
        return self._began_at is None and self.inbox.empty()

    def at_one_item_s(self) -> float:
        """How long it has been at the item that it applies now, 0 while it waits for one."""
        return 0.0 if self._began_at is None else clock.monotonic() - self._began_at

    async def _mind_the_clock(self, item: Item, arrival: float) -> None:
        """Before events that seem to be of long ago: did they come late, or was the PBX's clock set back?

        Only what is applied waits for the answer; the reading goes on.
        """
        if isinstance(item, list) and item and clock.monotonic() >= self._look_due:
            first = translate(item[0], arrival + self.clock.offset)
            if first is not None and self.clock.late(first.at, arrival):
                self._look_due = clock.monotonic() + LOOK_AGAIN_S
                await self._look_at_clock()

    def take(self, item: Item, arrival: float) -> None:
        """Apply what one segment brought, and hand its Changes to the sinks."""
        at = arrival + self.clock.offset
        if isinstance(item, e.SnapshotAsked):
            at = arrival + item.ahead_s + self.clock.stepped_s
        events = _events(item, at)
        if isinstance(item, list) and (told := [event.at for event in events if event.at != at]):
            self._told(max(told), arrival)
        if by_s := self.clock.take_step():
            self.pipeline.move(self.floor.under_way())
            events = [e.ClockStepped(arrival + self.clock.offset, by_s), *self._moved(events, arrival)]
        elif isinstance(item, list):
            events = self._moved(events, arrival)
        changes: list[Change] = []
        journal: list[JournalRow] = []
        apply = self.floor.apply
        for event in events:
            try:
                made = apply(event)
            except Exception:
                made = self._bug_in(event)
            if self.journal_on and self.floor.touched:
                journal.append(_row(self.floor.touched.id, event.at, "event", event))
            if made:
                self._tell(made, journal)
                changes += made
        self.events += len(events)
        finished = self.floor.take_finished()
        self._give(changes, journal, lambda call: finished.get(call) or self.floor.record(call))
        self._keep_holes()
        self.changed.set()

    def _moved(self, events: list[e.Event], arrival: float) -> list[e.Event]:
        """Those that were on their way while the PBX's clock was set forward tell the time by the clock of before."""
        if not self.clock.forward_s:
            return events
        missing = self.clock.missing
        return [msgspec.structs.replace(event, at=event.at + missing(event.at, arrival)) for event in events]

    def _keep_holes(self) -> None:
        if self.holes.changed:
            self.pipeline.keep_holes(self.holes.take_changed())

    def _tell(self, made: list[Change], journal: list[JournalRow]) -> None:
        sinks = self.sinks
        for change in made:
            for sink in sinks.get(type(change), ()):
                sink(change)
            if self.journal_on and change.call:
                journal.append(_row(change.call, change.at, "change", change))

    def mended(self, record: CallRecord, changes: list[Change]) -> None:
        """A call that is over was repaired: the store and the figures are told, the Floor has forgotten it."""
        journal: list[JournalRow] = []
        self._tell(changes, journal)
        self._give(changes, journal, lambda _: record)
        self.changed.set()

    def _give(
        self, changes: list[Change], journal: list[JournalRow], records: Callable[[str], CallRecord | None]
    ) -> None:
        self.pipeline.put(changes, journal, records)
        for taker in self.takers if changes else ():
            taker(changes, records)

    def _told(self, newest: float, arrival: float) -> None:
        """Events brought a time of their own (rows of lists do not): it says how late they are."""
        self.clock.heard(newest, arrival)
        newest += self.clock.missing(newest, arrival)
        self._lag_s, self._lag_at = max(0.0, arrival + self.clock.offset - newest), arrival
        self.newest = max(self.newest, newest)

    def tick(self) -> None:
        """Time passes: as far as the events that have come, when these come late; what waits brings its own time."""
        if self.inbox.empty():
            self.take(e.Tick(0.0), clock.now() - self.lag_s)

    def drain(self) -> None:
        """Apply all that came, and the time since."""
        while not self.inbox.empty():
            self.take(*self.inbox.get_nowait())
        self.tick()

    def _bug_in(self, event: e.Event) -> list[Change]:
        """A bug of ours in one event must not end the reading of all others; the snapshot mends what it left."""
        log.exception("event not applied", kind=type(event).__name__)
        self.floor.drifts["bug"] += 1
        drift = Drift(event.at, "", "bug", type(event).__name__)
        self.counters.apply(drift)
        self._drifted(drift)
        return []

    def _link_changed(self, change: LinkChanged) -> None:
        """A snapshot tells the queues' own service levels: the figures are due at once."""
        self.figures_due = True
        self.holes.link_changed(change)

    def _restarted(self, _: PbxRestarted) -> None:
        self.figures_due = True

    def _shifted(self, change: TimeShifted) -> None:
        log.warning("the PBX's clock was set", by_s=round(change.by_s, 1))
        self.holes.shift(change.by_s)
        self.newest = change.at
        self.keep_spans(self.newest)  # who takes the calls up after us knows by them who is on hold

    # ---- an earlier process ---------------------------------------------------------------------------------

    def remember(
        self, visits: list[tuple[str, Visit]], spans: list[Span], calls: list[CallRecord], holes: list[Hole],
        alive: float, told: bool = True,
    ) -> None:
        """What an earlier process wrote. Visits that are under way in an open call come by way of the Floor.

        ``alive``: up to when it saw everything; since then nobody looked. ``told``: the store said so.
        """
        up = {record.id for record in calls}
        self.window.restore([v for call, v in visits if not (call in up and under_way(v))], spans)
        for change in self.floor.remember(calls, spans, alive if told else float("inf")):
            self.window.apply(change)
        self.holes.all = sorted(holes, key=lambda hole: hole.from_)
        self.holes.begin(alive, "callcenter was not running")

    def forget(self, before: float) -> None:
        """Drop from memory what no live window reaches any more; the store keeps it."""
        self.window.forget(before)
        self.holes.forget(before)

    def keep_spans(self, seen_until: float) -> None:
        """Give the store what the agents do, up to when the PBX was heard of last (0: it tells no times), so that
        little of it is lost with the process. No more: the link may be dead without anybody knowing yet."""
        self.pipeline.keep(self.floor.running_spans(seen_until or math.inf))


def sinks_of(*tables: Mapping[Any, Sink]) -> dict[type[Change], list[Sink]]:
    """Who wants to hear of which kind of Change, from the tables of each sink."""
    merged: dict[type[Change], list[Sink]] = {}
    for table in tables:
        for kind, sink in table.items():
            merged.setdefault(kind, []).append(sink)
    return merged


def _events(item: Item, at: float) -> list[e.Event]:
    """``at``: the PBX's time of arrival, for what brings none of its own."""
    if isinstance(item, e.Event):
        return [msgspec.structs.replace(item, at=at)]
    return [event for message in item if (event := translate(message, at)) is not None]


def _row(call: str, at: float, source: str, what: e.Event | Change) -> JournalRow:
    data = msgspec.to_builtins(what)
    return JournalRow(call, at, source, data.pop(source), data)

"""The composition root: builds the parts, starts their tasks, and ends them in order. A shell.

One consumer applies what the link delivered, in order. Each sink takes Changes or a board and has a queue of its own:
the store never drops, boards keep only the newest.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
import structlog

from callcenter.ami.framing import Message
from callcenter.ami.link import Link
from callcenter.board import targets_of, wallboard
from callcenter.config import Config
from callcenter.errors import CallcenterError
from callcenter.figures import Window, business_day
from callcenter.floor import events as e
from callcenter.floor.changes import Change, Drift, LinkChanged
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Span, Visit
from callcenter.floor.revive import under_way
from callcenter.floor.translate import translate
from callcenter.floor.wallboard import Wallboard
from callcenter.metrics import collector
from callcenter.metrics.counters import Counters
from callcenter.pipeline import Pipeline
from callcenter.store.store import Store
from callcenter.store.values import JournalRow
from callcenter.web.app import create_app
from callcenter.web.server import serve
from callcenter.web.source import Newest

FIGURES_S = 1.0
BOARD_S = 0.02
"""No board follows another sooner: at twenty calls a second five hundred events a second change something."""
REST = 5.0
"""What is computed for the eye rests so many times as long as it took: a big centre's board comes less often."""
MINUTE_S = 60.0
HOUR_S = 3600.0

log = structlog.get_logger()


class Daemon:
    """Everything that lives as long as the process; it is what the web sees of it (its Source)."""

    def __init__(self, config: Config, store: Store, boot: int) -> None:
        self.config, self.store = config, store
        pbx = config.pbx[0]
        self.floor = Floor(
            pbx.name, pbx.trunks, pbx.extension_digits, lambda queue: config.queue(queue).wrap_up_s, boot
        )
        site = config.site
        self.window = Window(lambda name: targets_of(config, self.floor, name), site.zone, site.day_starts)
        self.counters = Counters()
        self.pipeline = Pipeline(store, config.site.country, config.tickets.internal)
        self.inbox: asyncio.Queue[tuple[list[Message] | e.Event, float]] = asyncio.Queue()
        self.link = Link(pbx, lambda item, arrival: self.inbox.put_nowait((item, arrival)))
        self.changed = asyncio.Event()
        self.events = 0
        self.journal_on = True
        self._drifts_told: set[str] = set()
        own: dict[Any, Sink] = {Drift: self._drifted, LinkChanged: self._link_changed}
        self.sinks = sinks_of(self.window.handlers, self.counters.rules, own)
        self._figures_due = 0.0
        self.figures = self.window.figures(time.time())
        self._newest = Newest(self._board(0))
        self._registry = collector.registry(self.board, self.counters)

    # ---- what the web asks (Source) -------------------------------------------------------------------------

    def board(self) -> Wallboard:
        return self._newest.board()

    async def next_board(self, seq: int) -> Wallboard:
        return await self._newest.next_board(seq)

    def ready(self) -> list[str]:
        """Why not; empty when the link is up, its snapshot applied and the store writable."""
        reasons = []
        if not self.floor.link:
            reasons.append(f"ami: {self.link.failure or 'no link'}")
        elif not self.floor.synced:
            reasons.append("ami: the first snapshot is not applied yet")
        if not self.pipeline.healthy:
            reasons.append(f"store: {self.pipeline.reason}")
        return reasons

    def metrics(self) -> bytes:
        protocol = self.link.protocol
        framer = protocol.framer if protocol else None
        self.counters.ami_events = self.link.heard + (framer.seen if framer else 0)
        self.counters.ami_dropped = self.link.dropped + framer.dropped if framer else self.link.dropped
        self.counters.store_pending = self.pipeline.pending
        return collector.text(self._registry)

    # ---- the one consumer -----------------------------------------------------------------------------------

    async def consume(self) -> None:
        while True:
            item, arrival = await self.inbox.get()
            self.take(item, arrival)

    def take(self, item: list[Message] | e.Event, arrival: float) -> None:
        """Apply what one segment brought, and hand its Changes to the sinks."""
        changes: list[Change] = []
        journal: list[JournalRow] = []
        events = _events(item, arrival + self.link.offset)
        apply, sinks = self.floor.apply, self.sinks
        for event in events:
            try:
                made = apply(event)
            except Exception:
                made = self._bug_in(event)
            if self.journal_on and self.floor.touched:
                journal.append(_row(self.floor.touched.id, event.at, "event", event))
            for change in made:
                for sink in sinks.get(type(change), ()):
                    sink(change)
                if self.journal_on and change.call:
                    journal.append(_row(change.call, change.at, "change", change))
            changes += made
        self.events += len(events)
        if isinstance(item, list) and events:
            self.link.note_time(max([event.at for event in events]), arrival)
        finished = self.floor.take_finished()
        self.pipeline.put(changes, journal, lambda call: finished.get(call) or self.floor.record(call))
        self.changed.set()

    def _bug_in(self, event: e.Event) -> list[Change]:
        """A bug of ours in one event must not end the reading of all others; the snapshot mends what it left."""
        log.exception("event not applied", kind=type(event).__name__)
        self.floor.drifts["bug"] += 1
        self._drifted(Drift(event.at, "", "bug", type(event).__name__))
        return []

    def _drifted(self, drift: Drift) -> None:
        """Say so once a kind, and look how it really is."""
        self.link.snapshot_wanted = True
        if drift.kind not in self._drifts_told:
            self._drifts_told.add(drift.kind)
            log.warning("drift: the PBX did what we took for impossible", kind=drift.kind, detail=drift.detail)

    def _link_changed(self, _: LinkChanged) -> None:
        """A snapshot tells the queues' own service levels: the figures are due at once."""
        self._figures_due = 0.0

    def remember(self, visits: list[tuple[str, Visit]], spans: list[Span], calls: list[CallRecord]) -> None:
        """What an earlier process wrote. Visits that are under way in an open call come by way of the Floor."""
        up = {record.id for record in calls}
        self.window.restore([v for call, v in visits if not (call in up and under_way(v))], spans)
        for change in self.floor.remember(calls, spans):
            self.window.apply(change)

    def keep_spans(self) -> None:
        """Give the store what the agents do now, so that little of it is lost with the process."""
        self.pipeline.keep(self.floor.running_spans())

    # ---- boards ---------------------------------------------------------------------------------------------

    def now(self) -> float:
        """The PBX's time now."""
        return time.time() + self.link.offset

    def _board(self, seq: int) -> Wallboard:
        return wallboard(seq, self.floor.now(self.now()), self.figures, self.config, self.floor)

    def refresh(self) -> None:
        """Compute the figures anew."""
        began = time.monotonic()
        self.figures = self.window.figures(self.now())
        self._figures_due = began + max(FIGURES_S, REST * (time.monotonic() - began))

    async def boards(self) -> None:
        """A new board whenever something changed, and each second in any case."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIGURES_S):
                    await self.changed.wait()
            if time.monotonic() >= self._figures_due:
                self.take(e.Tick(time.time()), time.time())
                self.refresh()
            self.changed.clear()
            began = time.monotonic()
            self._newest.publish(self._board(self.board().seq + 1))
            await asyncio.sleep(max(BOARD_S, REST * (time.monotonic() - began)))

    async def housekeeping(self) -> None:
        """Each hour: forget yesterday's rows and the old journal."""
        while True:
            await asyncio.sleep(HOUR_S)
            now = self.now()
            self.window.forget(business_day(now, self.config.site.zone, self.config.site.day_starts) - HOUR_S)
            with contextlib.suppress(CallcenterError):
                await self.store.prune_journal(now - self.config.store.journal_days * 86_400)

    async def minutes(self) -> None:
        while True:
            await asyncio.sleep(MINUTE_S)
            self.keep_spans()

    async def keep_boot(self) -> None:
        """Remember when the PBX booted: it is part of a call's id, and known to a second only."""
        known = self.floor.boot
        while True:
            await asyncio.sleep(FIGURES_S)
            if self.floor.boot != known:
                known = self.floor.boot
                with contextlib.suppress(CallcenterError):
                    await self.store.set_meta("boot", str(known))


Sink = Callable[[Any], None]


def sinks_of(*tables: Mapping[Any, Sink]) -> dict[type[Change], list[Sink]]:
    """Who wants to hear of which kind of Change, from the tables of each sink."""
    merged: dict[type[Change], list[Sink]] = {}
    for table in tables:
        for kind, sink in table.items():
            merged.setdefault(kind, []).append(sink)
    return merged


def _events(item: list[Message] | e.Event, at: float) -> list[e.Event]:
    """``at``: the PBX's time of arrival, for what brings none of its own."""
    if isinstance(item, e.Event):
        return [msgspec.structs.replace(item, at=at)]
    return [event for message in item if (event := translate(message, at)) is not None]


def _row(call: str, at: float, source: str, what: e.Event | Change) -> JournalRow:
    data = msgspec.to_builtins(what)
    return JournalRow(call, at, source, data.pop(source), data)


def settle_memory() -> None:
    """What was built at the start stays: keep the garbage collector from walking it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@contextlib.asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Daemon]:
    """A daemon over its store, with the day's figures as they were; the store is closed at the end."""
    store = await Store.open(config.store.url)
    try:
        now = time.time()
        daemon = Daemon(config, store, int(await store.get_meta("boot") or 0))
        day = business_day(now, config.site.zone, config.site.day_starts)
        visits, spans = await store.since(day - HOUR_S)
        daemon.remember(visits, spans, await store.open_calls())
        yield daemon
    finally:
        await store.close()


async def run(config: Config, on_ready: Callable[[int], None], stop: asyncio.Event | None = None) -> None:
    """Run until SIGTERM, SIGINT or ``stop``; then write everything that is pending. Raises CallcenterError."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(config) as daemon:
        writer = asyncio.create_task(daemon.pipeline.run())
        settle_memory()
        try:
            await _serve_until(daemon, on_ready, stop)
        finally:
            while not daemon.inbox.empty():
                daemon.take(*daemon.inbox.get_nowait())
            daemon.keep_spans()
            await daemon.pipeline.drain()
            await writer


async def _serve_until(daemon: Daemon, on_ready: Callable[[int], None], stop: asyncio.Event) -> None:
    """All tasks of the daemon; the first that fails ends the others, and its error is raised."""
    web = daemon.config.web
    parts = (
        daemon.link.run(), daemon.consume(), daemon.boards(), daemon.housekeeping(), daemon.minutes(),
        daemon.keep_boot(), serve(create_app(daemon), web.host, web.port, on_ready),
    )  # fmt: skip
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(part) for part in parts]
            await stop.wait()
            for task in running:
                task.cancel()
    except* CallcenterError as problems:
        raise problems.exceptions[0] from None

"""The composition root: builds the parts, starts their tasks, and ends them in order. A shell."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
from collections.abc import AsyncIterator, Callable, Collection

import msgspec
import structlog

from callcenter import clock, notify
from callcenter.ami import session
from callcenter.ami.link import Link
from callcenter.boards import Boards
from callcenter.config import Config
from callcenter.consumer import Consumer
from callcenter.day_kept import DayKept
from callcenter.ending import left_when_it_hangs
from callcenter.errors import CallcenterError, LinkError
from callcenter.figures import business_day
from callcenter.floor.changes import Drift
from callcenter.floor.doubts import KINDS
from callcenter.floor.wallboard import Wallboard
from callcenter.history.seen import THRESHOLDS
from callcenter.holes import KEPT_S
from callcenter.jobs import Failed, Jobs
from callcenter.lookback import LookBack
from callcenter.memory import settle_memory
from callcenter.metrics import collector
from callcenter.metrics.exposition import Exposition
from callcenter.metrics.health import Health, alarms, stuck
from callcenter.mqtt import outlet
from callcenter.mqtt.outlet import Outlet
from callcenter.pipeline import Pipeline
from callcenter.planning import Planning
from callcenter.reload import Reload, reload
from callcenter.repairs import Repairs, needed_from, source_of
from callcenter.report.past import Past
from callcenter.store.backup_times import Backups
from callcenter.store.store import Store
from callcenter.unhandled import unhandled
from callcenter.web.app import create_app
from callcenter.web.server import serve

MINUTE_S = 60.0
HOUR_S = 3600.0
DRAIN_S = 5.0
"""From the signal on the store has so long for what is pending."""
CLOSED_S = 7.5
"""So long after the end was asked for the store is to be closed, for it must be over within ten seconds."""

log = structlog.get_logger()


class Daemon:
    """Everything that lives as long as the process; it is what the web sees of it (its Source)."""

    def __init__(self, config: Config, store: Store, boot: int) -> None:
        self.config, self.store = config, store
        pbx = config.pbx[0]
        self.pipeline = Pipeline(store, config.site.country, config.tickets.internal)
        self.link = Link(pbx, lambda item, arrival: self.consumer.inbox.put_nowait((item, arrival)))
        self.consumer = Consumer(config, self.pipeline, self.link.clock, boot, self._look_at_clock, self._drifted)
        self.pipeline.alive = self.alive
        self.pipeline.boot = lambda: self.consumer.floor.boot
        self._exposition = Exposition()
        self.floor, self.window, self.counters = self.consumer.floor, self.consumer.window, self.consumer.counters
        self.repairs: Repairs | None = None
        self.backups: Backups | None = None
        self._reloaded = asyncio.Event()
        self._drifts_told: set[str] = set()
        self.boards = Boards(self.consumer, self.health)
        self.mqtt = Outlet(config, self)
        self.consumer.takers.append(self.mqtt.take)
        self.jobs = Jobs(lambda: self.config)
        self.lookback = LookBack()
        self.planning = Planning(lambda: self.config, self.now, self.window.picture)
        self.day = DayKept(self.window.picture)
        self.asked_to_end_at: float | None = None

    async def _look_at_clock(self) -> None:
        with contextlib.suppress(LinkError):
            await self.link.look_at_clock()

    def alive(self) -> float:
        """The PBX's time up to which all that it did is applied here; a later process takes it up from there."""
        if not (self.floor.link and self.floor.synced):
            lost_at = self.floor.unseen.lost_at  # an earlier process may have been the last that saw anything
            return lost_at if math.isfinite(lost_at) else 0.0
        events = self.link.events
        told = events.known_until(self.link.clock) if events else self.link.known_until
        return max(self.consumer.newest, told) if self.consumer.idle else self.consumer.newest

    def _drifted(self, drift: Drift) -> None:
        """Say so once a kind, and look how it really is."""
        if drift.kind not in KINDS:
            self.link.snapshot_wanted = True
        if drift.kind not in self._drifts_told:
            self._drifts_told.add(drift.kind)
            log.warning("drift: the PBX did what we took for impossible", kind=drift.kind, detail=drift.detail)

    # ---- what the web asks (Source) -------------------------------------------------------------------------

    def board(self) -> Wallboard:
        return self.boards.newest.board()

    async def next_board(self, seq: int) -> Wallboard:
        return await self.boards.newest.next_board(seq)

    def health(self) -> Health:
        """How we are: the link, the consumer, the store."""
        floor, link, pipeline, consumer = self.floor, self.link, self.pipeline, self.consumer
        return Health(
            link=floor.link, link_since=floor.link_since, link_failure=link.failure, synced=floor.synced,
            actions_failure=link.actions_failure if floor.link else "",
            refused="; ".join(said for name, said in link.refused.items() if name != "CoreStatus"),
            lag_s=consumer.lag_s if floor.link else None,
            clock_offset_s=link.clock.offset if link.clock.known else None, inbox=consumer.inbox.qsize(),
            consumer_at_s=consumer.at_one_item_s(), board_age_s=self.boards.age_s,
            store_failure=pipeline.reason, store_damaged=self.store.damaged,
            store_failed_since=None if pipeline.failed_at is None else pipeline.failed_at + link.clock.offset,
            store_pending=pipeline.pending, store_writes=pipeline.writes, store_write_seconds=pipeline.write_seconds,
            store_dropped_journal=pipeline.dropped, store_refused_rows=pipeline.refused,
            queue_log_failure=self.repairs.failure if self.repairs else "",
            queue_log_lag_s=self.repairs.lag_s if self.repairs else None,
            queue_log_differences=self.repairs.differing() if self.repairs else {},
            backup_failure=self.backups.failure if self.backups else "",
            backup_failures=self.backups.failures if self.backups else 0,
            backup_at=self.backups.newest_at if self.backups else None,
            backup_age_s=self.backups.age_s if self.backups else None,
            backup_old_s=self.backups.old_s if self.backups else 0.0,
            mqtt_up=self.mqtt.up, mqtt_failure=self.mqtt.failure, mqtt_published=self.mqtt.published,
            mqtt_logins=self.mqtt.logins, mqtt_dropped_calls=self.mqtt.dropped_calls,
        )  # fmt: skip

    async def metrics(self, names: Collection[str] = ()) -> bytes:
        self.counters.ami_events, self.counters.ami_dropped = self.link.counted()
        board = self.board()
        counters = self.counters.picture(board.now.at)
        past = {window: one.figures for window, one in self.past.items()}
        told = collector.families(board, counters, self.health(), self.planning, past, names)
        return await asyncio.to_thread(self._exposition.page, told)

    @property
    def past(self) -> dict[str, Past]:
        return self.lookback.windows

    def reload(self, reread: Callable[[], Config]) -> None:
        """Take up a changed configuration; a wrong one is said and changes nothing."""
        notify.tell(notify.reloading())
        try:
            self._take_up(reload(self.config, reread()))
        except CallcenterError as problem:
            log.error("configuration not reloaded", reason=str(problem))
        notify.tell(notify.READY)

    def _take_up(self, result: Reload) -> None:
        self.config = self.consumer.config = result.config
        self.pipeline.internal = result.config.tickets.internal
        self.consumer.figures_due = True
        self._reloaded.set()
        log.info("configuration reloaded", taken_up=result.at_once, after_a_restart=result.after_restart)

    # ---- what is done now and then --------------------------------------------------------------------------

    def now(self) -> float:
        """The PBX's time now."""
        return self.consumer.now()

    async def housekeeping(self) -> None:
        """Each hour: forget yesterday's rows and the old journal."""
        while True:
            await asyncio.sleep(HOUR_S)
            now = self.now()
            self.consumer.forget(business_day(now, self.config.site.zone, self.config.site.day_starts) - HOUR_S)
            with contextlib.suppress(CallcenterError):
                await self.store.prune_journal(now - self.config.store.journal_days * 86_400)

    async def minutes(self) -> None:
        while True:
            await asyncio.sleep(MINUTE_S)
            self.consumer.keep_spans(self.alive())
            with contextlib.suppress(CallcenterError):  # tried again in a minute
                await self._keep_thresholds()

    async def _keep_thresholds(self) -> None:
        """The PBX's own, for reports; of a queue that is gone the last one: its past is counted with it."""
        of_pbx = {q.name: q.service_level_s for q in self.floor.queues.values() if q.service_level_s is not None}
        kept = await self.store.get_meta(THRESHOLDS)
        known = msgspec.json.decode(kept, type=dict[str, float]) if kept else {}
        if (now := known | of_pbx) != known:
            await self.store.set_meta(THRESHOLDS, msgspec.json.encode(now).decode())

    async def keep_history(self) -> None:
        """What reports are made from, prepared while nobody waits for it."""
        said = ""
        while True:
            await asyncio.sleep(HOUR_S)
            try:
                await self.jobs.do("keep", {})
                said = ""
            except Failed as problem:
                if str(problem) != said:
                    log.error("the history is not prepared for reports", reason=str(problem))
                said = str(problem)

    async def back_up(self) -> None:
        """A backup now and then, as the newest configuration says."""
        while True:
            store = self.config.store
            self._reloaded.clear()
            self.backups = None
            working = None
            if store.backups is not None:
                self.backups = Backups(store.url, store.backups, store.backup_every_h, store.backups_kept)
                working = asyncio.create_task(self.backups.run())
            try:
                await self._reloaded.wait()
            finally:
                if working is not None:
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)

    def ending_for_s(self) -> float:
        return 0.0 if self.asked_to_end_at is None else clock.monotonic() - self.asked_to_end_at

    async def repair(self) -> None:
        """Fill holes from the PBX's queue_log, where it can be read."""
        where = self.config.pbx[0].queue_log
        if where is None:
            return
        source = source_of(where, self.config.site.zone, needed_from(self.consumer.holes.all, self.now()))
        try:
            self.repairs = Repairs(source, self.consumer, self.store)
            await self.repairs.run()
        finally:
            source.close()

    async def tell_systemd(self) -> None:
        """That we live, while we do: a consumer that is stuck is no life."""
        within_s = notify.watchdog_s()
        while True:
            health = self.health()
            problem = stuck(health) or "; ".join(alarm.detail for alarm in alarms(health))
            state = notify.status(problem or f"{len(self.floor.by_id)} calls up")
            notify.tell(state, *(() if stuck(health) else (notify.ALIVE,)))
            await asyncio.sleep(min(MINUTE_S, within_s / 3) if within_s else MINUTE_S)


@contextlib.asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Daemon]:
    """A daemon over its store, with the day's figures as they were; the store is closed at the end."""
    store = await Store.open(config.store.url)
    daemon: Daemon | None = None
    try:
        daemon = Daemon(config, store, await store.boot())
        alive, now = await store.alive(), clock.now()
        # Ours may be wrong, and nobody has told the PBX's time yet: what was of today then is looked at in any case.
        before = business_day(min(now, alive or now), config.site.zone, config.site.day_starts) - HOUR_S
        visits, spans = await store.since(before)
        holes, calls = await store.holes_since(before - KEPT_S), await store.open_calls()
        daemon.consumer.remember(visits, spans, calls, holes, alive or before, bool(alive))
        daemon.consumer.holes.forget(before)
        yield daemon
    finally:
        if daemon is not None:
            await daemon.jobs.close()
        await store.close(max(0.5, CLOSED_S - (daemon.ending_for_s() if daemon else 0.0)))


async def run(
    config: Config,
    on_ready: Callable[[int], None],
    stop: asyncio.Event | None = None,
    reread: Callable[[], Config] | None = None,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Run until SIGTERM, SIGINT or ``stop``; then write everything that is pending. Raises CallcenterError.

    ``on_stop`` is called with the signal. SIGHUP: take up what ``reread`` gives, without dropping the link.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(unhandled)

    def asked_to_end() -> None:
        on_stop()
        stop.set()

    _look_at_secrets(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_end)
    if reread is not None:
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # while the store is opened: the configuration is new
    async with opened(config) as daemon:
        if reread is not None:
            loop.add_signal_handler(signal.SIGHUP, daemon.reload, reread)
        writer = asyncio.create_task(daemon.pipeline.run())
        settle_memory()
        try:
            await _serve_until(daemon, on_ready, stop)
        finally:
            notify.tell(notify.STOPPING)
            try:
                daemon.consumer.drain()
                daemon.consumer.keep_spans(daemon.alive())
            except Exception:  # a bug in the last item must not cost what is pending
                log.exception("not all that had come was applied")
            try:
                await daemon.pipeline.drain(DRAIN_S - daemon.ending_for_s())
            finally:
                await asyncio.wait({writer}, timeout=1.0)  # one that hangs in a write is left behind
                writer.cancel()


def _look_at_secrets(config: Config) -> None:
    """Before anything is opened, and said to listen. Raises ConfigError for a secret or a CA that cannot be read."""
    pbx, mqtt = config.pbx[0], config.mqtt
    pbx.password()
    if pbx.tls:
        session.tls_context(pbx)
    if mqtt.host:
        mqtt.secret()
        if mqtt.tls:
            outlet.tls_context(mqtt)


def told(on_ready: Callable[[int], None]) -> Callable[[int], None]:
    """Also to systemd."""

    def ready(port: int) -> None:
        notify.tell(notify.READY)
        on_ready(port)

    return ready


async def _serve_until(daemon: Daemon, on_ready: Callable[[int], None], stop: asyncio.Event) -> None:
    """All tasks of the daemon; the first that fails ends the others, and its error is raised."""
    if stop.is_set():  # while the store was opened; parts that never begin would be warned of
        return
    web = daemon.config.web
    parts = (
        daemon.link.run(), daemon.consumer.run(), daemon.boards.run(), daemon.housekeeping(), daemon.minutes(),
        daemon.keep_history(), daemon.planning.run(), daemon.planning.make(daemon.jobs),
        daemon.lookback.run(daemon.jobs), daemon.repair(), daemon.back_up(), daemon.tell_systemd(), daemon.mqtt.run(),
        serve(create_app(daemon), web.host, web.port, told(on_ready)),
    )  # fmt: skip
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(left_when_it_hangs(part)) for part in parts]
            await stop.wait()
            daemon.asked_to_end_at = clock.monotonic()
            for task in running:
                task.cancel()
    except* CallcenterError as problems:
        raise problems.exceptions[0] from None

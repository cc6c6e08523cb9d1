"""The daemon's consumer, store and repairs as one process, without its link: it is told what happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from callcenter import clock
from callcenter.ami.pbx_clock import PbxClock
from callcenter.config import parse
from callcenter.consumer import Consumer
from callcenter.figures import business_day
from callcenter.floor import events as e
from callcenter.pipeline import Pipeline
from callcenter.queue_log.follow import Follower
from callcenter.repairs import Repairs
from callcenter.store.store import Store


class Process:
    """A daemon without its link: it is told events, and its PBX's clock is where the story is."""

    def __init__(self, store: Store, queue_log: Path) -> None:
        self.store = store
        self.config = parse({"pbx": [{"secret": "-", "clock_step_s": 0}]}, "test")
        self.pipeline = Pipeline(store, "IR", internal=False)
        self.clock = PbxClock(0.0)
        self.consumer = Consumer(self.config, self.pipeline, self.clock, 1, self._nothing, lambda drift: None)
        self.follower = Follower(queue_log, 0.0)
        self.repairs = Repairs(self.follower, self.consumer, store)

    async def _nothing(self) -> None:
        pass

    def at(self, moment: float) -> None:
        now = clock.now()
        self.clock.told(moment, now, now)

    def play(self, events: Iterable[e.Event]) -> None:
        """As the consumer takes them, each at its own time."""
        for event in events:
            self.consumer.take(event, event.at - self.clock.offset)

    async def remember(self, alive: float) -> None:
        day = business_day(alive, self.config.site.zone, "00:00")
        visits, spans = await self.store.since(day)
        self.consumer.remember(visits, spans, await self.store.open_calls(), await self.store.holes_since(day), alive)

    async def look(self) -> None:
        """Until nothing is left to do."""
        for _ in range(4):
            await self.repairs.look()
            self.play([e.Tick(self.consumer.now())])
            await self.written()

    async def written(self) -> None:
        async with asyncio.timeout(60):
            while self.pipeline.pending:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(folder: Path, queue_log: Path) -> AsyncIterator[Process]:
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/callcenter.db")
    process = Process(store, queue_log)
    writer = asyncio.create_task(process.pipeline.run())
    try:
        yield process
    finally:
        process.follower.close()
        await process.pipeline.drain()
        await writer
        await store.close()


def says(queue_log: Path, *lines: str) -> None:
    with queue_log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)

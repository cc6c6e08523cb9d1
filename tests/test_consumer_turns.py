"""A full inbox does not keep the others of the loop waiting: the reading of the socket is one of them."""

from __future__ import annotations

import asyncio

from callcenter import clock
from callcenter.ami.pbx_clock import PbxClock
from callcenter.config import parse
from callcenter.consumer import Consumer
from callcenter.floor import events as e
from callcenter.pipeline import Pipeline
from callcenter.store.values import Batch

ITEMS = 500


class Nowhere:
    async def write(self, batch: Batch) -> None:
        pass


async def nothing() -> None:
    pass


async def test_others_have_a_turn_after_each_item_however_many_wait() -> None:
    pipeline = Pipeline(Nowhere(), "IR", False)  # type: ignore[arg-type, unused-ignore]
    config = parse({"pbx": [{"secret": "s"}]}, "test")
    consumer = Consumer(config, pipeline, PbxClock(0.0), 0, nothing, lambda drift: None)
    for _ in range(ITEMS):
        consumer.inbox.put_nowait((e.Tick(0.0), clock.now()))
    turns = 0
    running = asyncio.create_task(consumer.run())
    while not consumer.inbox.empty():
        await asyncio.sleep(0)
        turns += 1
    running.cancel()
    assert turns >= ITEMS - 1

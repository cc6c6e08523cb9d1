"""A link at a tiny manager, and all that it put."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tiny_manager import TinyManager

from callcenter.ami.framing import Message
from callcenter.ami.link import Link
from callcenter.config import Pbx
from callcenter.floor import events as e


class Heard:
    def __init__(self) -> None:
        self.flat: list[Message | e.Event] = []
        self.more = asyncio.Event()

    def put(self, item: list[Message] | e.Event, arrival: float) -> None:
        self.flat += item if isinstance(item, list) else [item]
        self.more.set()

    def of(self, kind: type[e.Event]) -> list[Any]:
        return [one for one in self.flat if isinstance(one, kind)]

    def lists(self) -> int:
        return sum(isinstance(one, Message) and one.name == b"CoreShowChannelsComplete" for one in self.flat)

    async def until(self, holds: Any, within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                self.more.clear()
                await self.more.wait()


@contextlib.asynccontextmanager
async def linked(pbx: TinyManager, heard: Heard, wait: bool = True) -> AsyncIterator[Link]:
    link = Link(Pbx(port=pbx.port, secret="demo"), heard.put)
    task = asyncio.create_task(link.run())
    try:
        if wait:
            await heard.until(heard.lists)
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

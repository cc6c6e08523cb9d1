"""panoramisk's protocol, hardened. A shell around :mod:`callcenter.ami.framing`.

panoramisk builds actions and matches responses. What is mended here: it decodes each TCP segment by itself (a letter
split over two is lost), parses every event, runs callbacks inside ``data_received`` (one that raises closes the
link), sends unanswered actions again after a cut (an Originate would dial twice), and leaves their futures pending.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message as Response

from callcenter.ami.framing import Framer, Message
from callcenter.errors import LinkError
from callcenter.floor.translate import WANTED

Deliver = Callable[[list[Message], float], None]


class _Everything:
    """panoramisk re-sends actions that are not "forgetable": all are."""

    def __contains__(self, name: object) -> bool:
        return True


class _Owner:
    """What panoramisk's protocol expects of its Manager, without the reconnecting."""

    forgetable_actions = _Everything()

    def __init__(self) -> None:
        self.awaiting_actions: deque[Any] = deque()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: object) -> None:
        if not self.lost.done():
            self.lost.set_result(str(exc) if exc else "closed by the other side")


class Protocol(AMIProtocol):  # type: ignore[misc]
    """One connection. ``deliver`` gets the events of each segment with their arrival; it may only enqueue."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self.framer = Framer(WANTED)
        self.heard_at = time.monotonic()
        self.greeted: asyncio.Event = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = _Owner()
        self.encoding = "utf-8"

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        if not self.greeted.is_set() and data:
            self.greeted.set()
        events = []
        for message in self.framer.feed(data):
            if message.name:
                events.append(message)
            else:
                self.answer(message)
        if events:
            self.deliver(events, time.time())

    def answer(self, message: Message) -> None:
        response = Response.from_line(message.raw.decode("utf-8", "replace"))
        if response is not None:
            self.handle_message(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the wait of everyone who still waits for an answer; none of their actions is sent again."""
        for waiting in {id(a): a for a in self.responses.values()}.values():
            if not waiting.future.done():
                waiting.future.set_exception(LinkError("the link was lost before the answer"))
                waiting.future.exception()
        super().connection_lost(exc)

    @property
    def lost(self) -> asyncio.Future[str]:
        owner: _Owner = self.factory
        return owner.lost

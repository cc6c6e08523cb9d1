"""panoramisk's protocol, hardened. A shell around :mod:`callcenter.ami.framing`.

panoramisk builds actions and reads responses. What is mended here: it decodes each TCP segment by itself (a letter
split over two is lost), parses every event, runs callbacks inside ``data_received`` (one that raises closes the
link), sends unanswered actions again after a cut (an Originate would dial twice), leaves their futures pending, and
takes what a caller forged into a response for an event of its own (which closes the link too).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message as Response

from callcenter import clock
from callcenter.ami.framing import ACTION_ID, LIST_EVENTS, Framer, Message, header
from callcenter.errors import LinkError
from callcenter.floor.translate import WANTED

Deliver = Callable[[list[Message], float], None]

BANNER = b"Asterisk Call Manager"
LONGEST_GREETING = 200


class _Everything:
    """panoramisk re-sends actions that are not "forgetable": all are."""

    def __contains__(self, name: object) -> bool:
        return True


class _Owner:
    """What panoramisk's protocol expects of its Manager, without the reconnecting."""

    forgetable_actions = _Everything()

    def __init__(self) -> None:
        self.awaiting_actions: deque[Any] = deque()


class Protocol(AMIProtocol):  # type: ignore[misc]
    """One connection. ``deliver`` gets the events of each segment with their arrival; it may only enqueue.

    ``greeted`` is set by the first line of the other side, ``greeting``, and by the end of the connection; ``lost``
    is done at its end and says why it ended. ``newest``: the last event that came, and when.
    """

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self.framer = Framer(WANTED | dict.fromkeys(LIST_EVENTS, b""), self.asked)
        self.heard_at = clock.monotonic()
        self.greeting = b""
        self.newest: tuple[Message, float] | None = None
        self.greeted = asyncio.Event()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = _Owner()
        self.encoding = "utf-8"

    def data_received(self, data: bytes) -> None:
        self.heard_at = clock.monotonic()
        if not self.greeted.is_set():
            self._greet(data)
        events = []
        for message in self.framer.feed(data):
            if message.name:
                events.append(message)
            else:
                self.answer(message)
        if events:
            arrival = clock.now()
            self.newest = events[-1], arrival
            self.deliver(events, arrival)

    def _greet(self, data: bytes) -> None:
        self.greeting += data[:LONGEST_GREETING]
        if b"\n" in self.greeting or len(self.greeting) >= LONGEST_GREETING:
            self.greeting = self.greeting.partition(b"\n")[0].strip()
            self.greeted.set()

    def asked(self, action_id: bytes) -> bool:
        """Whether somebody waits for the answer to this action."""
        return action_id.decode("utf-8", "replace") in self.responses

    def answer(self, message: Message) -> None:
        """Hand a response to who waits for it; one that nobody waits for (any more) is nothing."""
        waiting = self.responses.pop(header(message.raw, ACTION_ID).decode("utf-8", "replace"), None)
        response = Response.from_line(message.raw.decode("utf-8", "replace")) if waiting else None
        if response is not None and not waiting.future.done():
            waiting.future.set_result(response)

    def close(self) -> None:
        """End the wait of everyone who still waits for an answer; none of their actions is sent again."""
        for waiting in self.responses.values():
            if not waiting.future.done():
                waiting.future.set_exception(LinkError("the link was lost before the answer"))
                waiting.future.exception()
        super().close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()
        self.greeted.set()
        if not self.lost.done():
            self.lost.set_result(str(exc) if exc else "closed by the other side")

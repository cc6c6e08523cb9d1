"""List replies (QueueStatus, CoreShowChannels) of one session, each as a whole or not at all. A shell."""

from __future__ import annotations

import asyncio

from callcenter.ami import commands
from callcenter.ami.framing import Message
from callcenter.ami.session import Session
from callcenter.errors import ActionTimeout, LinkError

LIST_S = 30.0
"""For a list that keeps coming: a silent session is noticed sooner."""

QUEUES = (commands.queue_status(), b"QueueStatusComplete")
CHANNELS = (commands.core_show_channels(), b"CoreShowChannelsComplete")
ENDS = frozenset((QUEUES[1], CHANNELS[1]))

Rows = list[tuple[list[Message], float]]


class Lists:
    """``deliver`` takes what the session brings: the rows of the one list that is asked for."""

    def __init__(self) -> None:
        self.rows: Rows = []
        self.ended = asyncio.Event()

    def deliver(self, messages: list[Message], arrival: float) -> None:
        self.rows.append((messages, arrival))
        if any(message.name in ENDS for message in messages):
            self.ended.set()

    async def fetch(self, session: Session, ask: commands.Action) -> Rows:
        """All rows, with the moments of their arrival.

        Raises ActionRefused, or LinkError when the list does not end: the session is then of no more use.
        """
        self.rows, name = [], ask["Action"]
        self.ended.clear()
        session.protocol.lost.add_done_callback(self._lost)
        try:
            await session.ask(ask, LIST_S)
            async with asyncio.timeout(LIST_S):
                await self.ended.wait()
        except (TimeoutError, ActionTimeout):
            raise LinkError(f"{session.where}: {name}: no end within {LIST_S:g} s") from None
        finally:
            session.protocol.lost.remove_done_callback(self._lost)
        if session.protocol.lost.done():
            raise LinkError(f"{session.where}: {name}: the link was lost before the end of the list")
        return self.rows

    def _lost(self, lost: asyncio.Future[str]) -> None:
        self.ended.set()

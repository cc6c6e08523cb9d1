"""List replies (QueueStatus, CoreShowChannels) of one session, each as a whole or not at all. A shell.

Asterisk writes a queue's members while it holds that queue's lock, and waits ``writetimeout`` for each line that finds
the socket's buffers full (``apps/app_queue.c:manager_queues_status``, ``main/manager.c:send_string``): callers wait for
that lock. So queues are asked for one by one, the next when the last was read: each reply finds empty buffers.

A row may be dropped for the text of a caller that stands in it. A list without all the rows that its end counts is
given without its end: its rows are taken, and nobody whom it lacks is taken for gone.
"""

from __future__ import annotations

import asyncio
import contextlib

from callcenter.ami import commands
from callcenter.ami.framing import LIST_EVENTS, Message, header
from callcenter.ami.session import Session
from callcenter.errors import ActionRefused, ActionTimeout, LinkError

LIST_S = 30.0
"""Without another row of a list: a silent session is noticed sooner, and one that keeps coming is waited for."""

ENDS = frozenset(name for name in LIST_EVENTS if name.endswith(b"Complete"))
ROWS = frozenset(LIST_EVENTS) - ENDS

Rows = list[tuple[list[Message], float]]


class Lists:
    """``deliver`` takes what the session brings: the rows of the one list that is asked for.

    ``at_once``: why all queues had to be asked for at once the last time; '' where they were asked for one by one.
    """

    def __init__(self) -> None:
        self.rows: Rows = []
        self.ended = asyncio.Event()
        self.at_once = ""

    def deliver(self, messages: list[Message], arrival: float) -> None:
        """Rows alone: nothing else comes where no events are asked for, unless a caller's number has forged it."""
        listed = [message for message in messages if message.name in LIST_EVENTS]
        if listed:
            self.rows.append((listed, arrival))
        if any(message.name in ENDS for message in listed):
            self.ended.set()

    async def queues(self, session: Session) -> Rows:
        """All rows of QueueStatus, with one end behind them where none is missing. Raises what :meth:`fetch` raises.

        A queue that is not found by its name is gone since, or Asterisk does not find it (it skips blanks before a
        value): then all are asked for at once, so that nobody in that queue is taken for gone. So it is where the
        names are not told, and where there are none: that list is short.
        """
        try:
            rows = await self._one_by_one(session)
            self.at_once = ""
        except ActionRefused as no:
            rows, self.at_once = [], str(no)
        return rows or await self.fetch(session, commands.queue_status())

    async def channels(self, session: Session) -> Rows:
        return await self.fetch(session, commands.core_show_channels())

    async def _one_by_one(self, session: Session) -> Rows:
        """Nothing where there is no queue. Raises ActionRefused for the first that cannot be asked for."""
        rows: Rows = []
        summary = await self.fetch(session, commands.queue_summary())
        end = only(summary, ENDS)
        for name in names(summary):
            listed = await self.fetch(session, commands.queue_status(name))
            if not any(message.name == b"QueueParams" for messages, _ in listed for message in messages):
                raise ActionRefused(f"{session.where}: QueueStatus: no queue {name!r}")
            end = end and only(listed, ENDS)
            rows += only(listed, ROWS)
        return rows and rows + end

    async def fetch(self, session: Session, ask: commands.Action) -> Rows:
        """All rows and the end, with the moments of their arrival; without the end where it counts other rows.

        Raises ActionRefused, or LinkError when the list does not end: the session is then of no more use.
        """
        self.rows, name = [], ask["Action"]
        self.ended.clear()
        session.protocol.lost.add_done_callback(self._lost)
        try:
            await session.ask(ask, LIST_S)
            await self._end()
        except (TimeoutError, ActionTimeout):
            raise LinkError(f"{session.where}: {name}: no more of it for {LIST_S:g} s, and no end") from None
        finally:
            session.protocol.lost.remove_done_callback(self._lost)
        if session.protocol.lost.done():
            raise LinkError(f"{session.where}: {name}: the link was lost before the end of the list")
        rows, self.rows = self.rows, []  # of a big centre they are megabytes: not to be kept until the next list
        return rows if whole(rows) else only(rows, ROWS)

    async def _end(self) -> None:
        """Raises TimeoutError when the list stands still."""
        before = -1
        while not self.ended.is_set():
            if len(self.rows) == before:
                raise TimeoutError
            before = len(self.rows)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LIST_S):
                    await self.ended.wait()

    def _lost(self, lost: asyncio.Future[str]) -> None:
        self.ended.set()


def names(summary: Rows) -> list[str]:
    """Of all queues that a QueueSummary lists. What is no UTF-8 is replaced: Asterisk will not find that name."""
    return [
        str(header(message.raw, b"\r\nQueue: "), "utf-8", "replace")
        for messages, _ in summary for message in messages if message.name == b"QueueSummary"
    ]  # fmt: skip


def whole(rows: Rows) -> bool:
    """Whether as many rows came as the list's end counts, if it does."""
    items = [header(message.raw, b"\r\nListItems: ") for messages, _ in only(rows, ENDS) for message in messages]
    came = sum(len(messages) for messages, _ in rows) - len(items)
    return all(count in (b"", b"%d" % came) for count in items)


def only(rows: Rows, which: frozenset[bytes]) -> Rows:
    kept = (([message for message in messages if message.name in which], arrival) for messages, arrival in rows)
    return [one for one in kept if one[0]]

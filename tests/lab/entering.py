"""How long callers need to get into a queue, as a manager session of its own sees it, beside any daemon. Shell.

From the dialplan's step Queue() (Newexten) to QueueCallerJoin of the same channel, both by the PBX's own Timestamp:
app_queue.c joins a caller under the queue's lock, and who holds that lock for long keeps callers out.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .ami import action_bytes, parse, session
from .asterisk import LISTENS, RECORDER

STEP, JOIN, GONE = "Newexten", "QueueCallerJoin", "Hangup"
END = b"\r\n\r\n"


@dataclass(slots=True)
class Entering:
    """``took``: (moment of Queue(), seconds until the caller was in). ``before``: channels that are not in yet."""

    took: list[tuple[float, float]] = field(default_factory=list)
    before: dict[str, float] = field(default_factory=dict)

    def saw(self, event: dict[str, str]) -> None:
        name, channel = event.get("Event"), event.get("Uniqueid", "")
        if name not in (STEP, JOIN, GONE):
            return
        at, began = float(event["Timestamp"]), self.before.pop(channel, None)
        if name == JOIN and began is not None:
            self.took.append((began, at - began))
        elif name == STEP and event.get("Application") == "Queue":
            self.before[channel] = at

    def between(self, since: float, until: float) -> list[float]:
        """Seconds that those who came to Queue() in [since, until) needed; for who is not in yet, those so far."""
        still = [(began, time.time() - began) for began in self.before.values()]
        return sorted(took for began, took in self.took + still if since <= began < until)


@asynccontextmanager
async def entering(port: int) -> AsyncIterator[Entering]:
    """Watches from the login on. Raises ConnectionError when the session was lost: nothing measured is then sure."""
    reader, writer = await asyncio.open_connection(LISTENS, port)
    headers = {"Username": RECORDER.username, "Secret": RECORDER.secret, "Events": "call,dialplan,agent"}
    writer.write(action_bytes("Login", **headers))
    seen = Entering()
    await reader.readuntil(b"Authentication accepted")
    watching = asyncio.create_task(_watch(reader, seen))
    try:
        yield seen
        if watching.done():
            raise ConnectionError("the PBX dropped the session that measured")
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            await watching
        writer.close()


async def _watch(reader: asyncio.StreamReader, seen: Entering) -> None:
    while True:
        text = await reader.readuntil(END)
        if b"Event: " in text:
            seen.saw(parse(text.decode(errors="replace")))


async def crowd(port: int, queue: str, members: int) -> None:
    """Adds so many paused members to a queue: nobody rings them, but each is a part of the PBX's list of members."""
    async with session(port) as ami:
        for number in range(members):
            await ami.act(
                "QueueAdd", Queue=queue, Interface=f"Local/{queue}{number}@agents", MemberName=f"One of {number}",
                Paused="true",
            )  # fmt: skip

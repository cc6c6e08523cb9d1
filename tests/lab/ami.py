"""The lab's own little manager client: acts on the PBX, and a recorder of the raw stream. Shell.

It shares no code with the daemon on purpose: a mistake there must not hide itself here.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .asterisk import LISTENS, RECORDER, Account

_ids = itertools.count(1)


class Ami:
    """A manager session without events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.turn = asyncio.Lock()  # acts of several scripts share one session

    async def act(self, action: str, **headers: str) -> dict[str, str]:
        """Sends one action and returns its response. Not for actions that answer with a list."""
        headers |= {"ActionID": f"lab-{next(_ids)}"}
        async with self.turn:
            self.writer.write(action_bytes(action, **headers))
            while True:
                answer = parse((await self.reader.readuntil(b"\r\n\r\n")).decode(errors="replace"))
                if answer.get("ActionID") == headers["ActionID"]:
                    return answer


def action_bytes(action: str, **headers: str) -> bytes:
    lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def parse(text: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in text.split("\r\n") if ": " in line)
    return {name: value for name, _, value in pairs}


@asynccontextmanager
async def session(port: int, account: Account = RECORDER) -> AsyncIterator[Ami]:
    """A logged-in session. Raises ConnectionError with Asterisk's words when the login is refused."""
    reader, writer = await asyncio.open_connection(LISTENS, port)
    try:
        await reader.readline()
        ami = Ami(reader, writer)
        answer = await ami.act("Login", Username=account.username, Secret=account.secret, Events="off")
        if answer.get("Response") != "Success":
            raise ConnectionError(answer.get("Message", "no answer"))
        yield ami
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def recording(port: int, out: Path, account: Account = RECORDER) -> AsyncIterator[None]:
    """Writes the raw stream to ``out`` from the login on, with both snapshots at its start."""
    reader, writer = await asyncio.open_connection(LISTENS, port)
    login = action_bytes("Login", Username=account.username, Secret=account.secret, ActionID="cap-login")
    writer.write(login + action_bytes("QueueStatus", ActionID="cap-qs"))
    writer.write(action_bytes("CoreShowChannels", ActionID="cap-csc"))
    task = asyncio.create_task(_pour(reader, out))
    try:
        yield
    finally:
        writer.write(action_bytes("Logoff", ActionID="cap-logoff"))
        await asyncio.wait_for(task, 10)
        writer.close()


async def _pour(reader: asyncio.StreamReader, out: Path) -> None:
    with out.open("wb") as sink:
        while chunk := await reader.read(1 << 16):
            sink.write(chunk)

"""A manager interface on a free port that says what a test wants. It shares no code with the link."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
CHALLENGE = "840415273"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 10\r\nLastReload: 10\r\nStatus: Fully Booted\r\n\r\n"

Action = dict[str, str]
Answer = Callable[[Action], bytes | None]


def reply(action: Action, response: str, *headers: str) -> bytes:
    lines = [f"Response: {response}", f"ActionID: {action.get('ActionID', '')}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def denied(action: Action) -> bytes:
    return reply(action, "Error", "Message: Permission denied")


def of_list(action: Action, *events: str) -> bytes:
    """A list reply; events are names and headers without the ActionID: it is a row's last header, the end's first."""
    given = f"ActionID: {action['ActionID']}"
    out = [reply(action, "Success", "EventList: start", "Message: will follow")]
    for event in events:
        name, *headers = event.split("\r\n")
        lines = [name, given, *headers] if name.endswith("Complete") else [name, *headers, given]
        out.append(("Event: " + "\r\n".join(lines) + "\r\n\r\n").encode())
    return b"".join(out)


class TinyManager:
    """``asked``: all actions in order. ``answers`` overrides the usual answers by action; None: say nothing.

    After a refused login the connection is closed, as Asterisk does; ``cut`` closes all, or the sessions
    ``with_events`` or without. ``deaf``: sessions that say nothing more, as behind a cable that was pulled.
    """

    def __init__(self, secret: str, banner: bytes) -> None:
        self.secret, self.banner, self.port = secret, banner, 0
        self.asked: list[Action] = []
        self.raw = b""
        self.connections = self.ended = 0
        self.changed = asyncio.Event()
        self.writers: dict[asyncio.StreamWriter, bool | None] = {}
        self.deaf: set[asyncio.StreamWriter] = set()
        self.answers: dict[str, Answer] = {
            "Challenge": lambda a: reply(a, "Success", f"Challenge: {CHALLENGE}"),
            "Login": self._login,
            "Ping": lambda a: reply(a, "Success", "Ping: Pong", "Timestamp: 1795298527.5"),
            "QueueSummary": lambda a: of_list(a, "QueueSummary\r\nQueue: sales", "QueueSummaryComplete"),
            "QueueStatus": lambda a: of_list(a, "QueueParams\r\nQueue: sales", "QueueStatusComplete\r\nListItems: 1"),
            "CoreShowChannels": lambda a: of_list(a, "CoreShowChannelsComplete\r\nListItems: 0"),
        }

    def _login(self, action: Action) -> bytes:
        key = hashlib.md5((CHALLENGE + self.secret).encode()).hexdigest()
        if action.get("Key") == key or action.get("Secret") == self.secret:
            return reply(action, "Success", "Message: Authentication accepted") + BOOTED
        return reply(action, "Error", "Message: Authentication failed")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers[writer] = None
        self._tell()
        writer.write(self.banner)
        try:
            while self._answer(await reader.readuntil(b"\r\n\r\n"), writer):
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.pop(writer, None)
            writer.close()
            self.ended += 1
            self._tell()

    def _answer(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        if writer in self.deaf:
            return True
        self.raw += data
        pairs = (line.partition(": ") for line in data.decode().split("\r\n") if line)
        action = {key: value for key, _, value in pairs}
        self.asked.append(action)
        if action["Action"] == "Login":
            self.writers[writer] = action["Events"] == "on"
        said = self.answers.get(action["Action"], lambda a: reply(a, "Success"))(action)
        if writer not in self.deaf:
            writer.write(said or b"")
        self._tell()
        return not (said and action["Action"] == "Login" and said.startswith(b"Response: Error"))

    def _tell(self) -> None:
        self.changed.set()

    def of(self, with_events: bool | None) -> list[asyncio.StreamWriter]:
        """Sessions with events or without; None: all, also those that have not logged in."""
        return [writer for writer, events in self.writers.items() if with_events in (None, events)]

    def say(self, data: bytes) -> None:
        """Events go to the sessions that want them, answers to all: each knows its own, and a new one knows none."""
        for writer in self.of(None if data.startswith((b"Response:", b"Asterisk", b"nager")) else True):
            if writer not in self.deaf:
                writer.write(data)

    def cut(self, with_events: bool | None = None) -> None:
        for writer in self.of(with_events):
            writer.transport.abort()

    def deafen(self, with_events: bool | None = None) -> None:
        self.deaf |= set(self.of(with_events))
        self._tell()

    def count(self, name: str) -> int:
        return sum(a["Action"] == name for a in self.asked)

    def logins(self, with_events: bool) -> int:
        return sum(a["Action"] == "Login" and (a["Events"] == "on") is with_events for a in self.asked)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something about this manager holds."""
        async with asyncio.timeout(60):
            while not holds():
                self.changed.clear()
                await self.changed.wait()


@contextlib.asynccontextmanager
async def manager(
    secret: str = "demo", banner: bytes = BANNER, context: ssl.SSLContext | None = None
) -> AsyncIterator[TinyManager]:
    tiny = TinyManager(secret, banner)
    server = await asyncio.start_server(tiny.serve, "127.0.0.1", 0, ssl=context)
    tiny.port = server.sockets[0].getsockname()[1]
    try:
        yield tiny
    finally:
        server.close()
        tiny.cut()
        await tiny.until(lambda: tiny.ended == tiny.connections)
        await server.wait_closed()

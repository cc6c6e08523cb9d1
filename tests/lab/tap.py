"""A relay between daemon and PBX that knows the moment at which the daemon has said something. Shell.

In a test: ``tap.when(b"Action: QueueStatus", stop)`` and ``stop`` is called as soon as these bytes are passed on.
Unlike :mod:`lab.proxy` it can be ``narrow``: the buffers of the way from the PBX are those of a poor network, not the
megabytes of a loopback device, and nothing is kept in between. A reader that stops is then soon felt by the PBX.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from .asterisk import LISTENS

ASKS, ASKS_AT_ONCE = b"\r\nQueue: sales\r\n", b"Action: QueueStatus\r\n"
"""What the daemon says when it asks for the members of a queue; of all queues."""
NAMES, NO_NAMES = b"Action: QueueSummary\r\n", b"Action: NoNames\r\n"
READ_BYTES = 16_384
SEGMENT_BYTES, WINDOW_BYTES = 536, 4096


class Tap:
    """``port`` is where it listens; ``accepted`` counts connections.

    ``at_once``: the daemon does not learn the queues' names and asks for all their members at once.
    """

    def __init__(self, pbx: int, narrow: bool = False, at_once: bool = False) -> None:
        self.pbx, self.narrow, self.at_once, self.port, self.accepted = pbx, narrow, at_once, 0, 0
        self.asks = ASKS_AT_ONCE if at_once else ASKS
        self._words, self._act = b"", lambda: None
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.Task[None]] = set()

    def when(self, words: bytes, act: Callable[[], None]) -> None:
        """Call ``act`` once, when the daemon has sent ``words``; nothing more is taken from the PBX until go_on()."""
        self._words, self._act = words, act

    def go_on(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        """End every connection."""
        for task in self._open:
            task.cancel()

    async def accept(self, near: socket.socket) -> None:
        loop, far = asyncio.get_running_loop(), socket.socket()
        if self.narrow:  # before the connection: the PBX's own buffer grows with what its peer offers
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
        far.setblocking(False)
        with near, far, contextlib.suppress(OSError):
            await loop.sock_connect(far, (LISTENS, self.pbx))
            ways = [asyncio.create_task(self._up(near, far)), asyncio.create_task(self._down(far, near))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self, near: socket.socket, far: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(near, READ_BYTES):
            await loop.sock_sendall(far, data.replace(NAMES, NO_NAMES) if self.at_once else data)
            if self._words and self._words in data:
                self._words = b""
                self._flows.clear()
                self._act()

    async def _down(self, far: socket.socket, near: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._flows.wait()
            data = await loop.sock_recv(far, READ_BYTES)
            if not data:
                return
            await self._flows.wait()
            await loop.sock_sendall(near, data)

    async def listen(self, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            near, _ = await loop.sock_accept(server)
            near.setblocking(False)
            self.accepted += 1
            task = asyncio.create_task(self.accept(near))
            self._open.add(task)
            task.add_done_callback(self._open.discard)


@asynccontextmanager
async def tapped(pbx: int, narrow: bool = False, at_once: bool = False) -> AsyncIterator[Tap]:
    """A tap before the manager port ``pbx``."""
    with socket.create_server((LISTENS, 0)) as server:
        server.setblocking(False)
        tap = Tap(pbx, narrow, at_once)
        tap.port = server.getsockname()[1]
        listening = asyncio.create_task(tap.listen(server))
        try:
            yield tap
        finally:
            listening.cancel()
            tap.cut()
            await asyncio.gather(listening, *tap._open, return_exceptions=True)

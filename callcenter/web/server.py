"""uvicorn inside the daemon's event loop: one coroutine that serves until it is cancelled. Shell.

uvicorn's own ways are turned off where they would hurt a guest: it takes no signals (it would raise SIGTERM again),
it exits no process when the port is in use, and open streams cannot hold the stop up.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from callcenter.errors import ConfigError
from callcenter.web import stream

STUCK_S = 60
"""A client that acknowledges nothing for so long is gone: the kernel ends its connection (TCP_USER_TIMEOUT)."""

SEND_BYTES = 256 * 1024
"""What the kernel holds for one client at most (it doubles it); left to itself it would grow to 4 MB for each who does
not read."""

STOP_S = 2


async def serve(app: FastAPI, host: str, port: int, on_ready: Callable[[int], None]) -> None:
    """Serve ``app`` until cancelled. ``on_ready`` is called once with the port (0: any free one was asked for).

    Raises ConfigError when the address cannot be bound.
    """
    listener = bound(host, port)
    server = _Embedded(app, lambda: on_ready(listener.getsockname()[1]))
    try:
        await server.serve([listener])
    finally:
        listener.close()
    if server.cancelled:
        raise asyncio.CancelledError


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address; what is accepted from it inherits its options."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, proto)
    except OSError as e:
        raise ConfigError(f"web.host: {host}: {e.strerror}") from e
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_S * 1000)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        listener.bind(address)
        listener.listen(1024)
    except OSError as e:
        listener.close()
        raise ConfigError(f"web: cannot listen on {host}:{port}: {e.strerror}") from e
    return listener


class _Embedded(uvicorn.Server):
    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=STOP_S,
        ))
        self._app = app
        self._on_ready = on_ready
        self.cancelled = False

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        stream.of(self._app).stopping = False
        await super().startup(sockets)
        self._on_ready()

    async def main_loop(self) -> None:
        try:
            await super().main_loop()
        except asyncio.CancelledError:
            # Told by serve() again once everything is closed.
            self.cancelled = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stream.of(self._app).stopping = True
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()

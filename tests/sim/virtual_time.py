"""An event loop whose time is virtual, and a process on it that can be killed at any moment. Shell.

When nothing is ready, time jumps to the next timer; work that would be done in a thread (aiosqlite's, ``to_thread``) is
done by the loop itself and takes virtual time, so that every run of the same seed takes the same course.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

DEAD = "this process is dead"
"""What a killed one hears from its disk, and may say before the simulation is done with it."""
EPOCH = 1_795_329_000.0
"""What the daemon's clock shows at the loop's time 0: 22 November 2026, 10:00 in Tehran."""
JUST_AFTER_S = 1e-6


class Starved(RuntimeError):
    """Nothing is ready and no timer is set: everybody waits for ever."""


class _NoSockets(selectors.DefaultSelector):
    """Waiting for sockets is what makes virtual time pass."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Starved("everybody waits for ever")
        if timeout > 0:
            self.loop.moment += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """``network`` makes its connections."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.network: Any = None
        selector = _NoSockets()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.moment

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as problem:
            future.set_exception(problem)
        return future

    def add_signal_handler(self, *args: Any) -> None:
        pass

    def remove_signal_handler(self, sig: int) -> bool:
        return False

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:  # type: ignore[override]
        return await self.network.connect(protocol_factory, port)

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:  # type: ignore[override]
        return self.network.listen(protocol_factory, port)


class Disk:
    """What the database of one process takes and how it fails. ``kill_at``: dies with that many statements more."""

    def __init__(self) -> None:
        self.statement_s = 0.0002
        self.failing = ""
        self.statements = 0
        self.kill_at: int | None = None


class Process:
    """One life of the daemon: from :meth:`kill` on nothing of it reaches the disk or the network."""

    def __init__(self, loop: VirtualLoop, disk: Disk) -> None:
        self.loop, self.disk = loop, disk
        self.alive = True
        self.task: asyncio.Task[None] | None = None
        self.connections: list[sqlite3.Connection] = []

    def kill(self) -> None:
        """What was not committed is rolled back, sockets are closed by the kernel, the objects go their way unheard."""
        if self.alive:
            self.alive = False
            for connection in self.connections:
                with contextlib.suppress(sqlite3.Error):
                    connection.rollback()  # a cursor that is still open would keep its transaction over the close
                connection.close()
            self.loop.network.process_died(self)
            if self.task is not None:
                self.task.cancel()


PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)

_FAIL = frozenset({"execute", "executemany", "commit"})


class InlineQueue:
    """In place of the queue to aiosqlite's thread: jobs are done in turn, each after some virtual time."""

    def __init__(self) -> None:
        self.process = PROCESS.get()
        self.free_at = 0.0

    def put_nowait(self, job: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        loop = asyncio.get_running_loop()
        takes = self.process.disk.statement_s if self.process else JUST_AFTER_S
        self.free_at = max(loop.time(), self.free_at) + takes
        loop.call_at(self.free_at, self._do, *job)

    def _do(self, future: asyncio.Future[Any] | None, function: Callable[[], Any]) -> None:
        result: Any = None
        problem: BaseException | None = None
        try:
            result = self._done(function)
        except BaseException as e:
            problem = e
        if future is None or future.done():
            return
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)

    def _done(self, function: Callable[[], Any]) -> Any:
        process = self.process
        name = getattr(getattr(function, "func", function), "__name__", "")
        if process is None or name == "close_and_stop":
            return function()
        if not process.alive and name in ("close", "rollback"):
            return None
        disk = process.disk
        disk.statements += 1
        if disk.kill_at is not None and disk.statements >= disk.kill_at:
            disk.kill_at = None
            process.kill()
        if not process.alive:
            raise sqlite3.OperationalError(DEAD)
        if disk.failing and name in _FAIL:
            raise sqlite3.OperationalError(disk.failing)
        result = function()
        if isinstance(result, sqlite3.Connection):
            process.connections.append(result)
        return result


class NoThread:
    """In place of aiosqlite's thread."""

    daemon = True

    def __init__(self, **_: Any) -> None:
        pass

    def start(self) -> None:
        pass


"""The whole daemon (without its web server) as a process on virtual time: started, stopped, killed. Shell."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import random
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import aiosqlite.core
import virtual_time
from panoramisk.utils import IdGenerator
from virtual_time import PROCESS, Disk, InlineQueue, NoThread, Process, VirtualLoop

from callcenter import boards, clock, daemon
from callcenter.ami.simulator import server
from callcenter.config import Config
from callcenter.store import opening

FIGURES_S = 30.0


@contextlib.contextmanager
def patched(loop: VirtualLoop, seed: int) -> Iterator[None]:
    """Virtual time, seeded chance and no threads, for everything that runs meanwhile."""
    random.seed(f"daemon {seed}")
    IdGenerator.reset("sim")
    with contextlib.ExitStack() as stack:
        for where, name, value in (
            (clock, "monotonic", loop.time),
            (clock, "now", lambda: virtual_time.EPOCH + loop.time()),
            (aiosqlite.core, "SimpleQueue", InlineQueue),
            (aiosqlite.core, "Thread", NoThread),
            (aiosqlite.core.Connection, "__del__", lambda self: None),
            (server, "secrets", types.SimpleNamespace(randbelow=lambda most: random.randrange(most))),
            (server, "LONGEST_NAP_S", 0.25),
            (opening, "lock", lambda path: os.open(os.devnull, os.O_RDONLY)),
            (opening, "_SETTINGS", ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON")),
            (daemon, "create_app", lambda made: made),
            (daemon, "serve", _serve),
            (daemon, "settle_memory", lambda: None),
            (daemon, "Jobs", _NoJobs),
            (boards.Boards, "run", _boards),
        ):
            stack.enter_context(mock.patch.object(where, name, value))
        yield


async def _serve(made: Any, host: str, port: int, on_ready: Callable[[Any], None]) -> None:
    """In place of the web server: nothing asks."""
    on_ready(made)
    await asyncio.get_running_loop().create_future()


class _NoJobs:
    """Reports and forecasts are made by processes of their own, on real time: here their work never ends."""

    def __init__(self, config: Callable[[], Config]) -> None:
        pass

    async def do(self, work: str, words: dict[str, Any]) -> bytes:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def close(self) -> None:
        pass


async def _boards(made: boards.Boards) -> None:
    """Time passes for the Floor each second, as by the daemon's own boards; nobody looks at them, figures are dear."""
    while True:
        await asyncio.sleep(1.0)
        made.consumer.tick()


class Machine:
    """The machine that the daemon runs on: a disk that stays, processes that follow one another."""

    def __init__(self, loop: VirtualLoop, config: Config, tell: Callable[[str, Any], None]) -> None:
        self.loop, self.config, self.tell = loop, config, tell
        self.disk = Disk()
        self.process: Process | None = None
        self.daemon: daemon.Daemon | None = None
        self.lives: list[tuple[float, float | None]] = []
        self.stop_event = asyncio.Event()
        self.stopped_at = 0.0
        """When it was last asked to stop and did so: all that it had seen is in the store."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        process = self.process = Process(self.loop, self.disk)
        self.stop_event = asyncio.Event()
        context = contextvars.copy_context()
        context.run(PROCESS.set, process)
        process.task = self.loop.create_task(self._life(process, self.stop_event), context=context)
        self._tasks.append(process.task)

    async def _life(self, process: Process, stop: asyncio.Event) -> None:
        def made(one: Any) -> None:
            if process.alive:
                self.daemon = one
                self._watch(process, one)

        try:
            await daemon.run(self.config, made, stop)
        except Exception as problem:
            if process.alive:
                self.tell("daemon failed", repr(problem))
                raise

    def _watch(self, process: Process, made: daemon.Daemon) -> None:
        put = made.pipeline.put

        def told(changes: Any, *rest: Any) -> None:
            changes = list(changes)
            if process.alive:
                for change in changes:
                    self.tell("change", change)
            put(changes, *rest)

        made.pipeline.put = told  # type: ignore[method-assign]

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    @property
    def up(self) -> bool:
        return self.daemon is not None and self.process is not None and self.process.alive

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
        self.daemon = None

    async def stop(self) -> None:
        """SIGTERM, and what the daemon still does then. Raises what it raised."""
        if self.process is not None and self.process.alive and self.process.task is not None:
            asked = self.loop.time()
            self.stop_event.set()
            await self.process.task
            self.process.alive = False
            self.stopped_at = asked
        self.daemon = None

    async def bury(self) -> None:
        """Wait for what dead processes left behind."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


def store_path(config: Config) -> Path:
    return opening.path_of(config.store.url)

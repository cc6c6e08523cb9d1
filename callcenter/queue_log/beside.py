"""A queue_log is read beside the loop, in a thread that holds up nobody: a server that does not answer lets a reading
hang for ever. A shell."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Protocol, TypeVar

from callcenter.errors import InputError
from callcenter.queue_log.lines import Line

HANGS_S = 30.0

T = TypeVar("T")


class Source(Protocol):
    """``where`` names it; ``skipped`` counts what is no line of a queue_log. Before ``begins_at`` it does not tell
    all; that is infinite before the first line. ``broken``: what of it cannot be read, '' for nothing."""

    @property
    def where(self) -> str: ...

    @property
    def skipped(self) -> int: ...

    @property
    def begins_at(self) -> float: ...

    @property
    def broken(self) -> str: ...

    def read(self) -> list[Line]:
        """What is new since the last time, some thousands of lines at most. Raises InputError. It may block."""


class Beside:
    """One reading at a time of ``source``."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._threads = _Threads()
        self._reading: asyncio.Future[list[Line]] | None = None

    async def read(self) -> list[Line]:
        """As the source's own. Raises InputError, also when it hangs; then the same reading is waited for again."""
        if self._reading is None:
            self._reading = asyncio.get_running_loop().run_in_executor(self._threads, self.source.read)
        try:
            await asyncio.wait({self._reading}, timeout=HANGS_S)
        except asyncio.CancelledError:
            self._reading.cancel()  # nobody asks any more what it comes to
            raise
        if not self._reading.done():
            raise InputError(f"cannot read {self.source.where}: it has not answered for {HANGS_S:.0f} s")
        done, self._reading = self._reading, None
        return done.result()


class _Threads(Executor):
    """Each call has a thread of its own; those of asyncio's are waited for when the process ends."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as problem:
                future.set_exception(problem)

        threading.Thread(target=work, name="queue_log", daemon=True).start()
        return future

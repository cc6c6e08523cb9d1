"""Processes of :mod:`callcenter.worker`: begun, ended, and one that waits for the next order. A shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from callcenter import worker

WAITS_S = 900.0
"""So long after a user's last order the next one finds a process that has loaded what it needs: a second less."""
MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
"""pyarrow's own pool takes more than it fills, and has the kernel clear it all: half of a report's processor time."""


async def begin(work: str) -> Process:
    """One that loads what the work needs, then reads its order. Raises OSError."""
    words = (sys.executable, "-m", worker.__name__, work)
    return await asyncio.create_subprocess_exec(
        *words, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=MEMORY | os.environ
    )


async def end(process: Process) -> None:
    """It is gone when this returns, and its pipes are closed."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


class Spare:
    """At most one process that waits for its order."""

    def __init__(self) -> None:
        self._waiting: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def take(self, work: str) -> Process:
        """The one that waits, else a new one. Raises OSError."""
        process, self._waiting = self._waiting, None
        if self._keeping is not None:
            self._keeping.cancel()  # not waited for: who took it may be stopped meanwhile, and it would be nobody's
        return process if process is not None and process.returncode is None else await begin(work)

    async def renew(self, work: str) -> None:
        """Another one, for a while."""
        await self.close()
        self._keeping = asyncio.create_task(self._keep(work))

    async def close(self) -> None:
        if self._keeping is not None:
            if not self._keeping.cancelling():  # once more, and it would not wait for the process that it ends
                self._keeping.cancel()
            await asyncio.wait({self._keeping})
            self._keeping = None

    async def _keep(self, work: str) -> None:
        with contextlib.suppress(OSError):  # the next order will say why none can be begun
            process = self._waiting = await begin(work)
            try:
                await asyncio.sleep(WAITS_S)
            finally:
                if self._waiting is process:
                    self._waiting = None
                    await end(process)

"""A backup every so many hours, made by a process of its own. A shell.

A failure is logged once, stays in ``failure`` until one succeeds, and is tried again after an hour at most. Whatever it
is, it does not end the trying.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import structlog

from callcenter import clock
from callcenter.errors import StoreError
from callcenter.store import backup_names

AGAIN_S = 3600.0
DEADLINE_S = 3600.0
"""One that takes longer hangs: millions of calls take minutes."""
LOOKED_S = 60.0
"""A folder that is not listed by then hangs, as one of a server that is away."""
KILLED_S = 1.0
"""How long a killed one is waited for: it does not die while it hangs in a disk that does not answer."""
OLD = 2.0
"""The last good one is old after so many times what should be between two."""

log = structlog.get_logger(__name__)


class Backups:
    """``newest_at``: when the newest was made (our clock), or None. ``failure``: '' when all is well.

    ``failures`` counts what was tried in vain; ``old_s`` is the age from which on the newest is too old.
    """

    def __init__(self, url: str, folder: Path, every_h: float, kept: int) -> None:
        self.failure = ""
        self.failures = 0
        self.newest_at: float | None = None
        self.old_s = OLD * every_h * 3600.0
        self._url, self._folder, self._every_s, self._kept = url, folder, every_h * 3600.0, kept
        self._made: tuple[Path, float] | None = None
        self._looking: asyncio.Task[float] | None = None

    @property
    def age_s(self) -> float | None:
        """Of the newest, as files tell it; None while there is none."""
        return None if self.newest_at is None else clock.now() - self.newest_at

    async def run(self) -> None:
        """For ever; one that another process made counts as well."""
        while True:
            wait_s = await self._made_if_due()
            await asyncio.sleep(wait_s)

    async def _made_if_due(self) -> float:
        """How long to wait before the next look."""
        again_s = min(AGAIN_S, self._every_s)
        try:
            if (due_s := await self._looked()) <= 0:
                await self._make()
                due_s = await self._looked()
            return min(max(due_s, 0.0), again_s)
        except Exception as e:
            self._failed(e)
            return again_s

    async def _looked(self) -> float:
        """Raises StoreError while the folder does not answer; it is looked at once at a time, however long it takes."""
        self._looking = self._looking or asyncio.create_task(asyncio.to_thread(self._due_s))
        await asyncio.wait({self._looking}, timeout=LOOKED_S)
        if not self._looking.done():
            raise StoreError(f"backup: {self._folder} does not answer")
        looking, self._looking = self._looking, None
        return looking.result()

    def _due_s(self) -> float:
        """Our own one was made when it was made, even though the clock of the machine was set since we began."""
        ours = self._made[1] if self._made and self._made[0].exists() else None
        known = [at for at in (backup_names.newest_at(self._folder), ours) if at is not None]
        self.newest_at = max(known, default=None)
        return 0.0 if self.newest_at is None else self.newest_at + self._every_s - clock.now()

    async def _make(self) -> None:
        made = await made_apart(self._url, self._folder, self._kept)
        self._made = made, clock.now()
        self.failure = ""
        log.info("backup made", file=str(made))

    def _failed(self, problem: Exception) -> None:
        expected = isinstance(problem, StoreError | OSError)
        reason = str(problem) if expected else f"{type(problem).__name__}: {problem}"
        if not self.failure:
            log.error("no backup", reason=reason, exc_info=None if expected else problem)
        self.failure = reason
        self.failures += 1


async def made_apart(url: str, folder: Path, kept: int, within_s: float = DEADLINE_S) -> Path:
    """By another process, which ends with this task. Raises StoreError, also when it is not done ``within_s``."""
    words = (sys.executable, "-m", "callcenter.store.backups", url, str(folder), str(kept))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(within_s):
            said, complained = await process.communicate()
    except TimeoutError:
        raise StoreError(f"backup: not done within {within_s:g} s") from None
    finally:
        await _killed(process)
    if process.returncode != 0:
        lines = complained.decode(errors="replace").split("\n")
        raise StoreError(lines[-2] if len(lines) > 1 else f"backup: ended with status {process.returncode}")
    return Path(said.decode().strip())


async def _killed(process: asyncio.subprocess.Process) -> None:
    """If it runs still; what it leaves is removed by the next one."""
    if process.returncode is None:
        process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(KILLED_S):
                await process.wait()

"""A backup every so many hours, made by a process of its own. A shell.

A failure is logged once, stays in ``failure`` until one succeeds, and is tried again after an hour at most.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog

from callcenter import clock
from callcenter.errors import StoreError
from callcenter.store import backup_names

AGAIN_S = 3600.0

log = structlog.get_logger(__name__)


class Backups:
    """``newest_at``: when the newest was made (our clock), or None. ``failure``: '' when all is well."""

    def __init__(self, url: str, folder: Path, every_h: float, kept: int) -> None:
        self.failure = ""
        self.newest_at: float | None = None
        self._url, self._folder, self._every_s, self._kept = url, folder, every_h * 3600.0, kept

    def _look(self) -> float | None:
        self.newest_at = backup_names.newest_at(self._folder)
        return self.newest_at

    async def run(self) -> None:
        """For ever; one that another process made counts as well."""
        while True:
            newest = self._look()
            due = 0.0 if newest is None else newest + self._every_s - clock.now()
            if due > 0:
                await asyncio.sleep(min(due, self._every_s))
            elif not await self.make():
                await asyncio.sleep(min(AGAIN_S, self._every_s))

    async def make(self) -> bool:
        """One now; whether it succeeded."""
        try:
            made = await made_apart(self._url, self._folder, self._kept)
        except (StoreError, OSError) as e:
            if not self.failure:
                log.error("no backup", reason=str(e))
            self.failure = str(e)
            return False
        self.failure = ""
        self._look()
        log.info("backup made", file=str(made))
        return True


async def made_apart(url: str, folder: Path, kept: int) -> Path:
    """By another process, which ends with this task. Raises StoreError."""
    words = (sys.executable, "-m", "callcenter.store.backups", url, str(folder), str(kept))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=pipe)
    try:
        said, complained = await process.communicate()
    except asyncio.CancelledError:
        process.kill()  # what it leaves is removed by the next one
        await process.wait()
        raise
    if process.returncode != 0:
        lines = complained.decode(errors="replace").split("\n")
        raise StoreError(lines[-2] if len(lines) > 1 else f"backup: ended with status {process.returncode}")
    return Path(said.decode().strip())

"""Work that takes a while, each in a process of its own: begun, looked at, stopped. A shell."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from callcenter import clock, worker
from callcenter.config import Config
from callcenter.errors import CallcenterError

AT_ONCE = 1
"""Processes beside the daemon and the PBX."""
KEPT = 20
"""Jobs that are remembered when they are over; the oldest is forgotten, with its result."""


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Job:
    """``done`` of ``total`` steps; ``problem`` when it failed; ``result``: the file, once it is done."""

    def __init__(self, work: str, words: dict[str, Any]) -> None:
        self.id = secrets.token_urlsafe(9)
        self.work, self.words = work, words
        self.result: Path | None = None
        self.state, self.problem = State.WAITING, ""
        self.done = self.total = 0
        self.made_at = clock.now()
        self.over_at: float | None = None
        self.task: asyncio.Task[None] | None = None


class Busy(CallcenterError):
    """There are as many jobs as are kept, and none of them is over."""


class Jobs:
    """``config`` gives what is in force when a job begins."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._folder: TemporaryDirectory[str] | None = None
        self._free = asyncio.Semaphore(AT_ONCE)
        self.all: dict[str, Job] = {}

    def begin(self, work: str, words: dict[str, Any]) -> Job:
        """Raises Busy."""
        self._make_room()
        job = Job(work, words)
        self.all[job.id] = job
        job.task = asyncio.create_task(self._run(job))
        return job

    async def stop(self, job: Job) -> None:
        """Its process is gone when this returns."""
        if job.task is not None and not job.task.done():
            job.task.cancel()
            await asyncio.wait({job.task})

    async def forget(self, job: Job) -> None:
        """Stopped, if it is not over, and its result is gone."""
        await self.stop(job)
        self._drop(job)

    async def close(self) -> None:
        for job in list(self.all.values()):
            await self.stop(job)
        if self._folder is not None:
            self._folder.cleanup()

    def _drop(self, job: Job) -> None:
        if job.result is not None:
            job.result.unlink(missing_ok=True)
        self.all.pop(job.id, None)

    def _make_room(self) -> None:
        over = [job for job in self.all.values() if job.over_at is not None]
        if len(self.all) < KEPT:
            return
        if not over:
            raise Busy(f"{len(self.all)} jobs are under way: wait for one, or stop one")
        self._drop(over[0])

    async def _run(self, job: Job) -> None:
        try:
            async with self._free:
                job.state = State.RUNNING
                await self._work(job)
                job.state = State.FAILED if job.problem else State.DONE
        except asyncio.CancelledError:
            job.state = State.STOPPED
        except OSError as e:
            job.state, job.problem = State.FAILED, f"cannot begin: {e.strerror or e}"
        finally:
            job.over_at = clock.now()

    async def _work(self, job: Job) -> None:
        pipe = asyncio.subprocess.PIPE
        self._folder = self._folder or TemporaryDirectory(prefix="callcenter-", ignore_cleanup_errors=True)
        job.result = Path(self._folder.name) / job.id
        with job.result.open("wb") as result:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", worker.__name__, stdin=pipe, stdout=result, stderr=pipe
            )
            try:
                assert process.stdin is not None and process.stderr is not None
                process.stdin.write(worker.order(self._config(), job.work, job.words))
                process.stdin.close()
                async for line in process.stderr:
                    self._heard(job, line)
                status = await process.wait()
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if status and not job.problem:
            job.problem = f"the work ended with status {status}"

    def _heard(self, job: Job, line: bytes) -> None:
        """A line that is no JSON is of a bug: the last one of its trace says which."""
        try:
            told = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            job.problem = line.decode(errors="replace").strip() or job.problem
            return
        job.done, job.total = told.get("done", job.done), told.get("total", job.total)
        job.problem = told.get("error", job.problem)

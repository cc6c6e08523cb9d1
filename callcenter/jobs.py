"""Work that takes a while, each in a process of its own: begun, looked at, stopped. A shell."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import structlog

from callcenter import clock, worker, worker_processes
from callcenter.config import Config
from callcenter.errors import CallcenterError
from callcenter.worker_processes import Spare

KEPT = 20
"""Jobs that are remembered when they are over; the oldest is forgotten, with its result."""
HEARD = 1 << 16
"""Bytes of a line that a worker says; more of it tells nothing."""

log = structlog.get_logger()


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


class Failed(CallcenterError):
    """Work of the house did not come to its end."""


class Jobs:
    """``config`` gives what is in force when a job begins. ``all``: what users asked for, the oldest first.

    Beside the daemon and the PBX at most two processes work: one of what was asked, one of the house (each by a few
    threads, which give way to all others). Who asked may ask again soon: for a while a third waits.
    """

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._folder: TemporaryDirectory[str] | None = None
        self._free, self._free_for_house = asyncio.Semaphore(1), asyncio.Semaphore(1)
        self._of_house: set[Job] = set()
        self._spare = Spare()
        self.all: dict[str, Job] = {}

    def begin(self, work: str, words: dict[str, Any]) -> Job:
        """What a user asks for. Raises Busy."""
        self._make_room()
        job = Job(work, words)
        self.all[job.id] = job
        job.task = asyncio.create_task(self._run(job, self._free, asked=True))
        return job

    async def do(self, work: str, words: dict[str, Any]) -> bytes:
        """Work of the house: the result. Raises Failed."""
        job = Job(work, words)
        self._of_house.add(job)
        job.task = asyncio.create_task(self._run(job, self._free_for_house, asked=False))
        try:
            await asyncio.wait({job.task})
            if job.state is not State.DONE or job.result is None:
                raise Failed(job.problem or f"the work was {job.state}")
            return await asyncio.to_thread(job.result.read_bytes)
        except OSError as e:
            raise Failed(f"no result: {e.strerror or e}") from e
        finally:
            self._of_house.discard(job)
            await self.stop(job)
            self._drop(job)

    async def stop(self, job: Job) -> None:
        """Its process is gone when this returns."""
        if job.task is not None and not job.task.done():
            job.task.cancel()
            await asyncio.wait({job.task})
        if job.over_at is None:  # it had not even begun
            job.state, job.over_at = State.STOPPED, clock.now()

    async def forget(self, job: Job) -> None:
        """Stopped, if it is not over, and its result is gone."""
        await self.stop(job)
        self._drop(job)

    async def close(self) -> None:
        for job in [*self.all.values(), *self._of_house]:
            await self.stop(job)
        await self._spare.close()
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

    async def _run(self, job: Job, free: asyncio.Semaphore, asked: bool) -> None:
        try:
            async with free:
                job.state = State.RUNNING
                await self._work(job, asked)
                job.state = State.FAILED if job.problem else State.DONE
        except asyncio.CancelledError:
            job.state = State.STOPPED
        except OSError as e:
            job.state, job.problem = State.FAILED, f"cannot begin: {e.strerror or e}"
        except Exception as e:
            log.exception("a job failed", work=job.work)
            job.state, job.problem = State.FAILED, f"{type(e).__name__}: the daemon's log says more"
        finally:
            job.over_at = clock.now()

    def _place(self, job: Job) -> Path:
        """Where its result goes; who tidies up /tmp may have taken the folder away."""
        if self._folder is not None and not Path(self._folder.name).is_dir():
            self._folder.cleanup()
            self._folder = None
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="callcenter-", ignore_cleanup_errors=True)
        return Path(self._folder.name) / job.id

    async def _work(self, job: Job, asked: bool) -> None:
        job.result = self._place(job)
        order = worker.order(self._config(), job.work, job.words, job.result)
        process = await (self._spare.take(job.work) if asked else worker_processes.begin(job.work))
        try:
            assert process.stdin is not None and process.stderr is not None
            process.stdin.write(order)
            process.stdin.close()
            await self._listen(job, process.stderr)
            status = await process.wait()
        finally:
            await worker_processes.end(process)
        if status and not job.problem:
            killed = "the work was killed: was memory short?" if status == -9 else ""
            job.problem = killed or f"the work ended with status {status}"
        if asked and not job.problem:
            await self._spare.renew(job.work)

    async def _listen(self, job: Job, said: asyncio.StreamReader) -> None:
        rest = b""
        while piece := await said.read(HEARD):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[:HEARD]
            for line in lines:
                self._heard(job, line)
        if rest:
            self._heard(job, rest)

    def _heard(self, job: Job, line: bytes) -> None:
        """A line that is no JSON is of a bug: the last one of its trace says which."""
        try:
            told = msgspec.json.decode(line, type=worker.Said)
        except msgspec.DecodeError:
            job.problem = line.decode(errors="replace").strip()[:1000] or job.problem
            return
        job.done, job.total = told.done or job.done, told.total or job.total
        job.problem = told.error or job.problem
